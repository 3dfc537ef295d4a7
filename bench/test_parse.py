"""The same cases under pytest-benchmark: ``pytest bench --benchmark-only`` guards the parse path.

``--benchmark-autosave`` and ``--benchmark-compare`` tell a change's before from its after.
"""

from __future__ import annotations

import pytest

from bench.__main__ import all_cases
from bench.case import Case

CASES = all_cases(0.1)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_parse(case: Case, benchmark) -> None:
    case.check()
    benchmark.extra_info["octets"] = case.octets
    benchmark.extra_info["units"] = case.units
    benchmark(case.ours.run)

"""README's Python examples run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).resolve().parent.parent.parent / "README.md"
EXAMPLE = re.compile(r"<!-- runs as a test -->\n```python\n(.*?)```", re.DOTALL)


def examples() -> list[str]:
    """The code of each marked block; none beside tests that run on an installed wheel."""
    return EXAMPLE.findall(README.read_text()) if README.exists() else []


@pytest.mark.parametrize("code", examples(), ids=lambda code: code.splitlines()[0])
def test_example(code: str) -> None:
    exec(compile(code, str(README), "exec"), {})


def test_every_python_block_is_marked() -> None:
    if not README.exists():
        pytest.skip("README.md is not beside these tests")
    assert README.read_text().count("```python") == len(examples()) == 4

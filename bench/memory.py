"""Memory held per envelope row, by what tracemalloc counts."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

from bench import corpora, rivals
from bench.fetch import rows

GOAL = 1000


def held(make: Callable[[], Any]) -> int:
    """Octets that the result of *make* holds."""
    make()
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    result = make()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return after - before


def table(scale: float = 1.0) -> list[tuple[str, int]]:
    """Octets a row for each parser that is installed, rows untouched."""
    count = max(50, int(2000 * scale))
    stream = corpora.fetch_envelopes(count)
    units = stream.splitlines(keepends=True)
    makers = {
        "mailproto": lambda: rows(stream),
        "imap-codec as_dict": rivals.codec_dicts(units),
        "imapclient": rivals.imapclient_fetch(stream),
    }
    return [(name, held(make) // count) for name, make in makers.items() if make is not None]


def row(scale: float = 1.0) -> tuple[list[str], bool]:
    """Lines to print; there is no answer to be wrong."""
    found = table(scale)
    lines = ["memory held per untouched envelope row"]
    for name, octets in found:
        mark = "" if name != "mailproto" else f"  goal under {GOAL:,} {'ok' if octets < GOAL else 'SHORT'}"
        lines.append(f"    {name:<20} {octets:>14,} octets{mark}")
    return lines, False

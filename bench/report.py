"""One run's figures as the table of docs/performance.md, between the two marks there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.case import Case

BEGIN = "<!-- figures: make bench BENCH_ARGS='--write docs/performance.md' -->"
END = "<!-- end of figures -->"


def table(measured: Sequence[tuple[Case, Mapping[str, float]]]) -> list[str]:
    """A line for each rival of each case; ours and the unit's size on the first of them."""
    lines = [
        "| work | octets | ours | against | theirs | ratio | goal | |",
        "|---|--:|--:|---|--:|--:|--:|---|",
    ]
    for case, best in measured:
        ours = best["ours"]
        first = f"| {case.name} | {case.octets // case.units:,} | {ours:,.0f} ns |"
        for name, spent in best.items():
            if name == "ours":
                continue
            goal = case.goals.get(name)
            ratio = spent / ours
            reached = "" if goal is None else "ok" if ratio >= goal else "short"
            wanted = "" if goal is None else f"{goal:g}x"
            lines.append(f"{first} {name} | {spent:,.0f} ns | {ratio:.1f}x | {wanted} | {reached} |")
            first = "| | | |"
    return lines


def write(path: Path, measured: Sequence[tuple[Case, Mapping[str, float]]], others: Sequence[str]) -> None:
    """Put the table and the lines of the rows that have no case between the marks of *path*."""
    before, found, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"{path} lacks the marks of the figures")
    indented = [f"    {line}" for line in others]
    made = [BEGIN, "", *table(measured), "", *indented, "", END]
    path.write_text(before + "\n".join(made) + after, encoding="utf-8")

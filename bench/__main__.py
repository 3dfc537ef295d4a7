"""``python -m bench``: the table of ratios, all taken in one run.

``--smoke`` checks every answer on small corpora and times each just once: for CI, where time means nothing.
``--only WORD`` keeps the rows whose name has the word.
``--rounds N`` sets how many turns each contestant gets.
``--write FILE`` puts the figures between the marks in FILE, which is docs/performance.md.
"""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

import mailproto
from bench import commands, core, fetch, lists, memory, pop3, report, streaming
from bench.case import Case, measure

SUBJECTS = (fetch, lists, commands, pop3)


def all_cases(scale: float = 1.0) -> list[Case]:
    """Every case of every subject."""
    return [case for subject in SUBJECTS for case in subject.cases(scale)]


def _row(case: Case, best: dict[str, float], smoke: bool) -> list[str]:
    """The lines of one case: ours, then each rival with its ratio; the goal where time means anything."""
    ours = best["ours"]
    lines = [f"{case.name}  ({case.octets // case.units} octets): {ours:,.0f} ns"]
    for name, spent in best.items():
        if name == "ours":
            continue
        ratio = spent / ours
        goal = None if smoke else case.goals.get(name)
        mark = "" if goal is None else f"  goal {goal:g}x {'ok' if ratio >= goal else 'SHORT'}"
        lines.append(f"    {name:<20} {spent:>14,.0f} ns  {ratio:7.1f}x{mark}")
    return lines


def main() -> int:
    """Check, time, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="small corpora, one round: answers only")
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose name has the word")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="turns for each contestant (15)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures of all rows into FILE")
    options = parser.parse_args()
    if options.write and (options.smoke or options.only):
        parser.error("--write wants every row, measured")
    scale, rounds = (0.01, 1) if options.smoke else (1.0, options.rounds)
    print(
        f"mailproto {mailproto.__version__}, {platform.python_implementation()} {platform.python_version()}, "
        f"{platform.machine()}; best of {rounds}, thread CPU time, garbage collection off"
    )
    wrong = 0
    measured: list[tuple[Case, dict[str, float]]] = []
    others: list[str] = []
    for case in all_cases(scale):
        if options.only.lower() not in case.name.lower():
            continue
        try:
            case.check()
        except AssertionError as error:
            print(f"{case.name}: WRONG ANSWER: {error}")
            wrong += 1
            continue
        measured.append((case, measure(case, rounds)))
        print("\n".join(_row(*measured[-1], options.smoke)), flush=True)
    for name, lines_of in (
        ("memory", lambda: memory.row(scale)),
        ("streamed", lambda: streaming.memory(scale)),
        ("tape", lambda: core.tape(scale, rounds)),
        ("linear", core.growth),
    ):
        if options.only.lower() in name:
            lines, failed = lines_of()
            print("\n".join(lines), flush=True)
            others += lines
            wrong += failed
    if options.write and not wrong:
        report.write(options.write, measured, others)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""What a benchmark is: the same work done by us and by the others, checked, then timed in turns."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Contestant:
    """One way of doing a case's work.

    ``run`` does it and returns what it made, which is kept until the clock has stopped; ``plain`` turns that
    into builtins that can be compared with what the others made.
    """

    run: Callable[[], Any]
    plain: Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """One row of the table: ``units`` responses (or commands, or bodies) of ``octets`` octets in all."""

    name: str
    units: int
    octets: int
    ours: Contestant
    rivals: Mapping[str, Contestant]
    #: Rival's name -> how many times faster we mean to be.
    goals: Mapping[str, float] = field(default_factory=dict)

    def check(self) -> None:
        """Raise AssertionError when any contestant's answer differs from ours."""
        mine = self.ours.plain(self.ours.run())
        for name, rival in self.rivals.items():
            theirs = rival.plain(rival.run())
            if mine != theirs:
                raise AssertionError(
                    f"{self.name}: {name} answers otherwise: {_first_difference(mine, theirs)}"
                )


def _first_difference(mine: Any, theirs: Any) -> str:
    if isinstance(mine, list) and isinstance(theirs, list):
        if len(mine) != len(theirs):
            return f"{len(mine)} items, theirs {len(theirs)}"
        for index, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            if a != b:
                return f"item {index}: {str(a)[:400]}, theirs {str(b)[:400]}"
    return f"{str(mine)[:200]}, theirs {str(theirs)[:200]}"


def _once(run: Callable[[], Any]) -> int:
    """Thread CPU nanoseconds of one run, garbage collection off, the result kept meanwhile."""
    gc.collect()
    gc.disable()
    try:
        start = time.thread_time_ns()
        result = run()
        spent = time.thread_time_ns() - start
    finally:
        gc.enable()
    del result
    return spent


def measure(case: Case, rounds: int) -> dict[str, float]:
    """Best nanoseconds a unit for ``ours`` and each rival, the contestants taking turns within each round."""
    contestants = {"ours": case.ours, **case.rivals}
    best: dict[str, float] = dict.fromkeys(contestants, float("inf"))
    for _ in range(rounds):
        for name, contestant in contestants.items():
            best[name] = min(best[name], _once(contestant.run) / case.units)
    return best

"""Run a coroutine at once, and make a task of it only where it really waits.

Most commands never wait: the store reads within the loop. A task for each would cost more than the
command itself, and before Python 3.12 asyncio has no eager tasks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any


class Begun:
    """A coroutine that has begun and waits for something: await it to go on."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        coroutine, waits_for = self._coroutine, self._waits_for
        while True:
            try:
                value = yield waits_for
            except BaseException as error:
                thrown: BaseException | None = error
            else:
                thrown = None
            try:
                waits_for = coroutine.send(value) if thrown is None else coroutine.throw(thrown)
            except StopIteration:
                return


def eagerly(coroutine: Coroutine[Any, Any, None]) -> Awaitable[None] | None:
    """Run the coroutine up to its first wait: ``None`` when it ended, else what to await so that it goes on.

    Until that first wait ``asyncio.current_task()`` is not the coroutine's own, so it must not use
    ``asyncio.timeout``.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration:
        return None
    return Begun(coroutine, waits_for)

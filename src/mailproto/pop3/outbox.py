"""Bytes on their way out: what is small is joined, what is large is passed through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

Buffer = bytes | bytearray | memoryview

#: Buffers up to this many octets are joined: copying a little costs less than one more buffer in a system
#: call.
COALESCE: Final = 4096


class Outbox:
    """A queue of buffers to send."""

    __slots__ = ("_buffers",)

    def __init__(self) -> None:
        self._buffers: list[Buffer] = []

    def __bool__(self) -> bool:
        return bool(self._buffers)

    def push(self, buffers: Iterable[Buffer]) -> None:
        """Add *buffers*, in order."""
        self._buffers.extend(buffers)

    def clear(self) -> None:
        """Drop what was not taken."""
        self._buffers.clear()

    def take(self) -> list[Buffer]:
        """All that waits, in order. Large buffers are the very objects that were pushed."""
        if len(self._buffers) < 2:
            taken, self._buffers = self._buffers, []
            return taken
        result: list[Buffer] = []
        small: list[Buffer] = []
        for buffer in self._buffers:
            if len(buffer) <= COALESCE:
                small.append(buffer)
                continue
            if small:
                result.append(b"".join(small))
                small.clear()
            result.append(buffer)
        if small:
            result.append(b"".join(small))
        self._buffers.clear()
        return result

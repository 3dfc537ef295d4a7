"""Bytes on their way out, held back where a synchronising literal waits for the peer's ``+``.

RFC 9051 section 4.3: a client that announces a literal as ``{5}`` must wait for a continuation request before
it sends the five octets, and must send nothing else meanwhile. So a command is encoded as a list of fragments
with a marker (``SYNC``) after each such header, and everything behind the marker, later commands included,
stays here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

#: Fragments up to this many octets are joined with their neighbours; larger ones are passed through as they
#: are. Copying a little costs less than one more buffer in a system call.
COPY_UP_TO: Final = 4096
#: Octets of one joined buffer, at most.
JOINED: Final = 64 * 1024

_BYTES_LIKE: Final = (bytes, bytearray, memoryview)


class _Unit(NamedTuple):
    """What is still unsent of one command (or of a line that belongs to none: then the tag is ``None``)."""

    tag: str | None
    fragments: deque[Any]


class Outbox:
    """A queue of units, each a list of fragments: bytes-like objects, and sync points (anything else)."""

    __slots__ = ("_partly", "_units", "_waiting")

    def __init__(self) -> None:
        self._units: deque[_Unit] = deque()
        self._waiting: str | None = None
        self._partly = False  # whether the first unit has been handed out in part

    @property
    def waiting(self) -> str | None:
        """The tag of the command that waits for ``+``, if one does."""
        return self._waiting

    def __bool__(self) -> bool:
        """Whether anything is left, sendable or not."""
        return bool(self._units)

    def holds(self, tag: str) -> bool:
        """Whether any part of the command *tag* has not been handed out yet."""
        return any(unit.tag == tag for unit in self._units)

    def untouched(self, tag: str) -> bool:
        """Whether no part of the command *tag* has been handed out yet, though it is here."""
        for index, unit in enumerate(self._units):
            if unit.tag == tag:
                return index > 0 or not self._partly
        return False

    def push(self, fragments: Iterable[Any], tag: str | None = None) -> None:
        """Queue one unit. *tag* names the command, so that :meth:`drop` can find what is left of it."""
        units = self._units
        if tag is None and units and units[-1].tag is None:
            units[-1].fragments.extend(fragments)  # lines that belong to no command need no unit of their own
            return
        unit = deque(fragments)
        if unit:
            units.append(_Unit(tag, unit))

    def take(self) -> list[Any]:
        """All that may be sent now, as buffers in order: small neighbours joined, large ones uncopied."""
        buffers: list[Any] = []
        small: list[Any] = []
        size = 0
        for fragment in self._sendable():
            length = len(fragment)
            if small and (length > COPY_UP_TO or size + length > JOINED):
                buffers.append(b"".join(small))
                small, size = [], 0
            if length > COPY_UP_TO:
                buffers.append(fragment)
            elif length:
                small.append(fragment)
                size += length
        if small:
            buffers.append(b"".join(small))
        return buffers

    def _sendable(self) -> Iterator[Any]:
        """Take fragments off until a sync point or the end."""
        units = self._units
        while units and self._waiting is None:
            tag, fragments = units[0]
            self._partly = True
            while fragments:
                fragment = fragments.popleft()
                if not isinstance(fragment, _BYTES_LIKE):
                    self._waiting = tag or ""
                    return
                yield fragment
            units.popleft()
            self._partly = False

    def go_on(self) -> bool:
        """The peer's ``+`` came: release what waits for it. False where nothing does."""
        if self._waiting is None:
            return False
        self._waiting = None
        if self._units and not self._units[0].fragments:  # a sync point with nothing after it
            self._units.popleft()
            self._partly = False
        return True

    def drop(self, tag: str) -> bool:
        """Forget what is left of the command *tag*, which the peer refused; whether anything was left."""
        for index, unit in enumerate(self._units):
            if unit.tag == tag:
                del self._units[index]
                if index == 0:
                    self._waiting = None
                    self._partly = False
                return True
        return False

    def clear(self) -> None:
        """Forget everything: nothing more may be sent on this connection."""
        self._units.clear()
        self._waiting = None
        self._partly = False

"""A log of what passes over the wire, for people: one line a line, secrets replaced before they get here.

Sessions hand over what they send and receive as values turned back into bytes, with ``***`` where a secret
stood, so that no secret can slip through because of how the bytes happened to be cut. This file only makes
text of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

#: What stands where a secret was.
HIDDEN: Final = b"***"

#: Octets of one line, literal or body that are shown; of longer ones, only how long they are.
SHOWN: Final = 1024

# C0 and C1 control characters could command the terminal that shows the log.
_ESCAPES: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0x100))}


class WireLog:
    """Turns traffic into lines of text and hands each to *sink*, such as ``logger.debug`` or ``print``.

    Lines begin with ``C:`` where the client speaks, ``S:`` where the server does, and ``--`` for remarks.
    """

    __slots__ = ("_sink",)

    def __init__(self, sink: Callable[[str], object]) -> None:
        self._sink = sink

    def client(self, data: Any) -> None:
        """The client says *data*: a bytes-like object, or an iterable of fragments as sessions send them."""
        self._show("C: ", data)

    def server(self, data: Any) -> None:
        """The server says *data*; as :meth:`client`."""
        self._show("S: ", data)

    def note(self, text: str) -> None:
        """A remark about the connection."""
        self._sink("-- " + printable(text.encode("utf-8", "backslashreplace")))

    def _show(self, who: str, data: Any) -> None:
        for line in _lines([data] if isinstance(data, (bytes, bytearray, memoryview)) else data):
            self._sink(who + line)


def printable(data: bytes) -> str:
    """One line of text that any terminal may show: printable ASCII, all else as escapes."""
    return data.decode("latin-1").translate(_ESCAPES)


def _lines(fragments: Iterable[Any]) -> Iterable[str]:
    line = b""
    for fragment in fragments:
        if not isinstance(fragment, (bytes, bytearray, memoryview)):
            continue  # a sync point
        if len(fragment) > SHOWN:
            line += b"<%d octets>" % len(fragment)
            continue
        *whole, line = (line + bytes(fragment)).split(b"\r\n")
        for each in whole:
            yield printable(each if len(each) <= SHOWN else b"<%d octets>" % len(each))
    if line:
        yield printable(line)

"""Golden transcripts: read them, and cut them whole, octet by octet and at every single point.

A transcript lies in ``tests/golden/<server brand>/<subject>.txt``, one line a wire line, marked ``C:`` or
``S:``; each stands for the line with CRLF.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from mailproto import NEED_DATA, ParseError

GOLDEN = Path(__file__).parent / "golden"


class Reader(Protocol):
    """What a transcript is fed to."""

    def feed(self, data: bytes, /) -> None: ...
    def next(self) -> Any: ...


def transcripts() -> list[Path]:
    """Every IMAP transcript, in order; those of POP3 have a test of their own."""
    return sorted(path for path in GOLDEN.glob("*/*.txt") if path.parent.name != "pop3")


def side(path: Path, mark: str) -> bytes:
    """What the side *mark* (``C`` or ``S``) sends in the transcript."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return b"".join(line[3:].encode() + b"\r\n" for line in lines if line.startswith(f"{mark}: "))


def read(reader: Reader, pieces: Iterator[bytes] | list[bytes]) -> list[Any]:
    """What the reader gives for the pieces; an error that does not end the stream is an event too."""
    events: list[Any] = []
    for piece in pieces:
        reader.feed(piece)
        while True:
            try:
                value = reader.next()
            except ParseError as error:
                events.append(("error", error.offset, error.expected, error.fatal))
                continue
            if value is NEED_DATA:
                break
            events.append(value)
    return events


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """Octet by octet, then in two at every point."""
    yield [data[i : i + 1] for i in range(len(data))]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]

"""Counting a reader's work: octets moved and memory held, never time."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from mailproto import NEED_DATA, MailprotoError


def waiting(reader: Any) -> int:
    """How many octets the reader holds that it has not turned into values."""
    held: int = reader.buffered if hasattr(reader, "buffered") else reader.pending
    return held


def drained(reader: Any) -> list[Any]:
    """All that the reader has now; errors as values."""
    got: list[Any] = []
    while True:
        try:
            value = reader.next()
        except MailprotoError as error:
            got.append(error)
            continue
        if value is NEED_DATA:
            return got
        got.append(value)


def lend(reader: Any, piece: bytes) -> None:
    """Have the reader receive *piece* as a socket would: into memory that it lends."""
    view = reader.get_buffer(len(piece))
    take = min(len(piece), len(view))
    view[:take] = piece[:take]
    view.release()
    reader.buffer_updated(take)
    if take < len(piece):
        reader.feed(piece[take:])


#: The ways of octets into a reader: lent memory, bytes that are read in place, and others, that are copied.
WAYS: dict[str, Callable[[Any, bytes], None]] = {
    "lent": lend,
    "bytes": lambda reader, piece: reader.feed(piece),
    "bytearray": lambda reader, piece: reader.feed(bytearray(piece)),
}


def octets_moved(reader: Any, wire: bytes, step: int, way: str = "lent") -> int:
    """Have *wire* read in pieces of *step*: the octets that the reader moved within its memory.

    A reader that copies what it holds again for every piece moves of the order of the square.
    """
    take = WAYS[way]
    for start in range(0, len(wire), step):
        take(reader, wire[start : start + step])
        drained(reader)
    moved: int = reader.octets_moved
    return moved


def memory_held(make: Callable[[], Any], pieces: Iterator[bytes], early: int) -> tuple[int, int]:
    """Octets allocated after the first *early* pieces, and after all of them, values thrown away."""
    reader = make()
    gc.collect()
    tracemalloc.start()
    try:
        first = 0
        for number, piece in enumerate(pieces):
            reader.feed(piece)
            drained(reader)
            if number == early:
                first = tracemalloc.get_traced_memory()[0]
        return first, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def peak(work: Callable[[], Any]) -> int:
    """The most octets allocated at once while *work* ran."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

"""Two threads: a reader each, and one value that both look into. With and without the interpreter's lock.

Where an interpreter without the lock is at hand, run the tests with it: ``sys._is_gil_enabled()`` is then
false, and stays so, for every module says that it needs no lock.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailproto import NEED_DATA, ParseError
from mailproto.imap import CommandReader, FetchTable, ResponseReader, SequenceSet, parse_response
from mailproto.pop3 import CommandReader as Pop3CommandReader
from mailproto.pop3 import ReplyReader

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
THREADS = 4


def stream(mark: str) -> bytes:
    found = []
    for path in sorted(GOLDEN.glob("*/*.txt")):
        if path.parent.name != "pop3":
            lines = path.read_text(encoding="utf-8").split("\n")
            found += [line[3:].encode() + b"\r\n" for line in lines if line.startswith(f"{mark}: ")]
    return b"".join(found)


def together(work: Callable[[int], Any]) -> list[Any]:
    """What *work* gives in each of several threads that start at the same moment."""
    barrier = threading.Barrier(THREADS)
    results: list[Any] = [None] * THREADS
    errors: list[BaseException] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except BaseException as error:
            errors.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert errors == []
    return results


def read(reader: Any, data: bytes, step: int) -> list[str]:
    found = []
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
        while True:
            try:
                value = reader.next()
            except ParseError as error:
                found.append(repr(error))
                continue
            if value is NEED_DATA:
                break
            found.append(repr(value) + str(getattr(value, "defects", "")))
            hash(value) if not hasattr(value, "error") else None
    return found


def replies() -> ReplyReader:
    reader = ReplyReader()
    reader.expect(*["LIST", "RETR 1", "NOOP"] * 400)
    return reader


@pytest.mark.parametrize(
    ("make", "data"),
    [
        (ResponseReader, stream("S") * 3),
        (CommandReader, stream("C") * 6),
        (replies, b"+OK\r\n1 2\r\n.\r\n+OK\r\n..x\r\n.\r\n-ERR [AUTH] no\r\n" * 400),
        (Pop3CommandReader, b"USER a\r\nPASS b\r\nLIST\r\nBAD LINE\r\nTOP 1 2\r\n" * 400),
    ],
    ids=["responses", "commands", "replies", "POP3 commands"],
)
def test_a_reader_each(make: Callable[[], Any], data: bytes) -> None:
    alone = read(make(), data, 1000)
    assert len(alone) > 100
    for found in together(lambda number: read(make(), data, 700 + 100 * number)):
        assert found == alone


def test_a_table_each() -> None:
    data = b"".join(
        b"* %d FETCH (UID %d FLAGS (\\Seen k%d) RFC822.SIZE 9)\r\n" % (n, n, n % 70) for n in range(1, 2000)
    )

    def columns(number: int) -> Any:
        table = FetchTable()
        for start in range(0, len(data), 999 + number):
            table.feed(data[start : start + 999 + number])
        return table.uid.tolist(), table.flags.tolist(), table.flag_names, table.extra_flags

    first, *others = together(columns)
    assert all(other == first for other in others)


ROW = (
    b'* 1 FETCH (UID 4 ENVELOPE ("d" "=?utf-8?q?s?=" (("A" NIL "a" "h")("B" NIL "b" "h")) NIL NIL NIL'
    b' NIL NIL NIL "<m>") BODYSTRUCTURE (("T" "P" ("k" "v") NIL NIL "7BIT" 1 1)'
    b'("A" "B" NIL NIL NIL "7BIT" 1) "M"))\r\n'
)
BROKEN = b'* 1 FETCH (ENVELOPE (("x") NIL) BODYSTRUCTURE ("a" (("b"))))\r\n'


@pytest.mark.parametrize("wire", [ROW, BROKEN], ids=["good", "broken"])
def test_the_first_look_into_a_lazy_item_by_many_threads(wire: bytes) -> None:
    for _ in range(300):
        row = parse_response(wire)

        def look(number: int, row: Any = row) -> Any:
            if number % 2:
                defects = row.defects
                return row.envelope, row.body_structure, defects
            structure, envelope = row.body_structure, row.envelope
            return envelope, structure, row.defects

        first, *others = together(look)
        assert all(other == first for other in others)
        if first[0] is not None:
            assert all(other[0] is first[0] for other in others)  # decoded once, or one of them won


def test_one_set_read_by_many_threads() -> None:
    numbers = SequenceSet(range(1, 20_000, 3))

    def look(number: int) -> Any:
        return sum(numbers), 4 in numbers, 5 in numbers, len(bytes(numbers)), hash(numbers)

    first, *others = together(look)
    assert all(other == first for other in others)


def test_one_reader_in_two_threads_does_not_crash() -> None:
    """Against the rules (one thread at a time); what comes is undefined, but it is no crash."""
    reader = ResponseReader()
    data = stream("S")

    def work(number: int) -> None:
        for start in range(0, len(data), 50 + number):
            try:
                reader.feed(data[start : start + 50 + number])
                for value in reader:
                    repr(value)
            except (ParseError, RuntimeError, BufferError):
                continue

    together(work)


def test_the_lock_stays_off_where_it_is_off() -> None:
    if not hasattr(sys, "_is_gil_enabled"):
        pytest.skip("this interpreter always has its lock")
    import sysconfig

    assert sys._is_gil_enabled() != bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

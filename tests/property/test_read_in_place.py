"""What a reader is given as large bytes it reads where they are: the answers may not depend on that."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pytest

from mailproto import NEED_DATA, ParseError
from mailproto.imap import FetchTable, ResponseReader, parse_response
from mailproto.imap.responses import Envelope

BAD_NUMBERS = (b"0", b"4294967296", b"12345678901", b"1x", b"1\x00", b"-1", b"1,2", b"9" * 17)
BODY = b"line of a body\r\n" * 700


def _stream(seed: int) -> bytes:
    rng = random.Random(seed)
    units = [
        b"* 1 EXISTS\r\n",
        b'* 2 FETCH (UID 7 FLAGS (\\Seen) ENVELOPE (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n',
        b'* LIST () "/" {5}\r\na/b\xff!\r\n',
        b"* 3 FETCH (BODY[] {%d}\r\n%b BODY[TEXT] {%d}\r\n%b)\r\n" % (len(BODY), BODY, len(BODY), BODY),
        b"* 4 FETCH (UID 4294967295 BODY[1] {0}\r\n)\r\n",
        b"* SEARCH " + b" ".join(b"%d" % rng.randrange(1, 10**9) for _ in range(900)) + b"\r\n",
        b"* BROKEN {3}\r\n(((\r\n* 5 FETCH (BROKEN\r\n",
        b"A1 OK done\r\n",
    ]
    return b"".join(rng.choices(units, k=24))


def _read(pieces: list[Any]) -> list[Any]:
    reader, found = ResponseReader(), []
    for piece in pieces:
        reader.feed(piece)
        while True:
            try:
                value = reader.next()
            except ParseError as error:
                found.append((error.offset, error.expected))
                continue
            if value is NEED_DATA:
                break
            found.append(value)
    assert reader.buffered == 0
    return found


@pytest.mark.parametrize("seed", range(30))
def test_given_bytes_and_copies_agree(seed: int) -> None:
    """Whole, in reads of many sizes, as bytes (in place) and as bytearrays (copied)."""
    stream = _stream(seed)
    whole = _read([bytearray(stream)])
    assert _read([stream]) == whole
    rng = random.Random(seed)
    for step in (4096, 5000, 9999, 16384, 65536):
        pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
        assert _read(pieces) == whole
        assert _read([bytearray(piece) if rng.random() < 0.5 else piece for piece in pieces]) == whole


def test_given_bytes_then_more_before_reading() -> None:
    """Fed twice before anything is read, through get_buffer too."""
    stream = _stream(3)
    reader = ResponseReader()
    reader.feed(stream[:5000])
    reader.feed(stream[5000:15_000])
    view = reader.get_buffer(len(stream))
    view[: len(stream) - 15_000] = stream[15_000:]
    reader.buffer_updated(len(stream) - 15_000)
    assert reader.buffered == len(stream)
    found = []
    while (value := _next(reader)) is not NEED_DATA:
        found.append(value)
    assert found == _read([bytearray(stream)])


def _next(reader: ResponseReader) -> Any:
    try:
        return reader.next()
    except ParseError as error:
        return (error.offset, error.expected)


@pytest.mark.parametrize("digits", range(1, 11))
def test_search_numbers_of_every_width(digits: int) -> None:
    """Numbers that all have one width, or any width up to it, against Python's own reading."""
    rng = random.Random(digits)
    for lowest in (1, 10 ** (digits - 1)):
        for count in (1, 7, 8, 9, 63, 300):
            numbers = [rng.randrange(lowest, min(10**digits, 2**32)) for _ in range(count)]
            numbers += [numbers[-1] % (2**32 - 1) + 1]
            line = b"* SEARCH " + b" ".join(b"%d" % number for number in numbers)
            assert parse_response(line + b"\r\n").numbers.to_list() == numbers
            found = parse_response(line + b" (MODSEQ 917162500)\r\n")
            assert found.numbers.to_list() == numbers
            assert found.modseq == 917162500
            twice = parse_response(line.replace(b" ", b"  ").replace(b"*  SEARCH", b"* SEARCH") + b"\r\n")
            assert twice.numbers.to_list() == numbers
            assert "extra-space" in twice.defects
            for bad in BAD_NUMBERS:
                for place in {0, count // 2, count}:
                    words = [b"%d" % number for number in numbers]
                    words[place] = bad
                    with pytest.raises(ParseError):
                        parse_response(b"* SEARCH " + b" ".join(words) + b"\r\n")


@pytest.mark.parametrize("seed", range(10))
def test_columns_do_not_depend_on_how_rows_come(seed: int) -> None:
    """Whole, and in pieces of many sizes, with rows that are broken or spelled oddly in between."""
    rng = random.Random(seed)
    units = [
        b"* %d FETCH (UID %d FLAGS (\\Seen $Label%d) RFC822.SIZE %d)\r\n",
        b"* %d FETCH (uid %d  FLAGS (\\Answered (%d)) MODSEQ (%d))\r\n",
        b"* %d UIDFETCH (FLAGS () RFC822.SIZE %d MODSEQ (%d) X-%d NIL)\r\n",
        b"* %d FETCH (FLAGS (NonJunk%d) BODY[] {3}\r\nab%d RFC822.SIZE %d)\r\n",
        b"* %d FETCH (UID %d FLAGS (%d %d \r\n",
    ]
    stream = b"".join(
        rng.choice(units) % tuple(rng.randrange(1, 9) for _ in range(4)) for _ in range(rng.randrange(1, 400))
    )
    whole = _columns([stream])
    for step in (1, 7, 64, 1000):
        assert _columns([stream[at : at + step] for at in range(0, len(stream), step)]) == whole


def _columns(pieces: list[bytes]) -> Any:
    table = FetchTable()
    for piece in pieces:
        with contextlib.suppress(ParseError):
            table.feed(piece)
    columns = (table.seq, table.uid, table.size, table.modseq, table.flags, table.present)
    return [column.tolist() for column in columns], table.flag_names, table.extra_flags, table.others


@pytest.mark.parametrize("seed", range(20))
def test_rows_scanned_and_rows_through_the_tape_agree(seed: int) -> None:
    """A LIST, LSUB or STATUS row, and the same row with a space too many, which goes through the tape."""
    rng = random.Random(seed)
    names = (
        b"INBOX",
        b'"a b"',
        b'"INBOX"',
        b"Entw&APw-rfe",
        b'""',
        b'"%"',
        b"a/b",
        b'"x&y"',
        b"NIL",
        b'"\\\\"',
        b"\xc3\xa9",
    )
    for _ in range(50):
        name = rng.choice(names)
        if rng.random() < 0.5:
            flags = b" ".join(
                rng.choices((b"\\HasChildren", b"\\noselect", b"x", b"\\*"), k=rng.randrange(4))
            )
            rest = b"(%b) %b %b" % (flags, rng.choice((b'"/"', b"NIL", b'"."', b'"\\\\"')), name)
            row = rng.choice((b"LIST ", b"LSUB ", b"list ")) + rest
        else:
            items = [
                b"%b %d"
                % (
                    rng.choice((b"MESSAGES", b"UNSEEN", b"uidnext", b"X-A", b"SIZE")),
                    rng.choice((0, 7, 2**31, 2**63 - 1)),
                )
                for _ in range(rng.randrange(1, 20))
            ]
            row = b"STATUS %b (%b)" % (name, b" ".join(items))
        short = parse_response(b"* " + row + b"\r\n")
        long = parse_response(b"* " + row.replace(b" (", b"  (") + b"\r\n")
        assert short == long
        assert "extra-space" in long.defects
        assert set(short.defects) == set(long.defects) - {"extra-space"}
        if not short.defects:
            assert parse_response(bytes(short)) == short


@pytest.mark.parametrize(
    "row",
    [
        b'LIST () "/" a "b"', b'LIST () "/" "a', b'LIST (\\A "/" a', b"LIST () NIL", b'LIST () "//" a',
        b"STATUS a (MESSAGES)x", b"STATUS a (MESSAGES 1", b"STATUS a (MESSAGES 1))", b"STATUS a MESSAGES 1",
        b"STATUS a (MESSAGES 9223372036854775808 {)",
    ],
)  # fmt: skip
def test_broken_rows_are_errors_by_either_way(row: bytes) -> None:
    """Nothing that breaks the grammar slips through the short way."""
    for line in (row, row.replace(b" ", b"  ", 1)):
        with pytest.raises(ParseError):
            parse_response(b"* " + line + b"\r\n")


@pytest.mark.parametrize("sender", [b"(%b)", b'((NIL NIL "x" "y"))', b"NIL", b"( %b)", b"(%b )"])
@pytest.mark.parametrize("reply", [b"(%b)", b'((NIL NIL "x" "y"))', b"NIL", b" (%b)"])
@pytest.mark.parametrize("rest", [b'BODY ("a" "b" NIL NIL NIL "7BIT" 1)', b"RFC822.SIZE 1"])
def test_what_repeats_in_an_envelope_is_given_back(sender: bytes, reply: bytes, rest: bytes) -> None:
    """A row keeps one copy of from where sender and reply-to repeat it; nobody can tell."""
    people = b'("A B" NIL "a" "b.example")("C" NIL "c" {1}\r\nd)'
    parts = [part.replace(b"%b", people) for part in (b"(%b)", sender, reply, b"(%b)")]
    wire = b'("date" "sub\\"ject" ' + b" ".join(parts) + b' NIL NIL NIL "<id>")'
    row = parse_response(b"* 1 FETCH (ENVELOPE " + wire + b" " + rest + b")\r\n")
    alone = Envelope.from_wire(wire)
    assert row.raw["ENVELOPE"] == wire
    assert row.envelope == alone
    assert row.envelope.defects == alone.defects
    assert row.raw["ENVELOPE"] == wire
    assert row.raw.get("BODY", rest[5:]) == rest[5:]
    assert parse_response(bytes(row)) == row

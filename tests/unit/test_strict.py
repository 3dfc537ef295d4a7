"""What is no grammar and read all the same: each leaves its defect, and a strict reader refuses it."""

from __future__ import annotations

import contextlib

import pytest

from mailproto.errors import ParseError
from mailproto.imap import ResponseReader, parse_response
from mailproto.imap.responses import Exists, StatusResponse

#: A unit, the one defect that it has, and the same without it.
ODD = [
    # the head
    (b"* 7 FETCH(UID 1)", "missing-space", b"* 7 FETCH (UID 1)"),
    (b"* OK[LIMIT] x", "missing-space", b"* OK [LIMIT] x"),
    (b"a NO[LIMIT] x", "missing-space", b"a NO [LIMIT] x"),
    (b"*  OK x", "extra-space", b"* OK x"),
    (b"a  OK x", "extra-space", b"a OK x"),
    (b"* 7  EXISTS", "extra-space", b"* 7 EXISTS"),
    (b"* FLAGS(a)", "missing-space", b"* FLAGS (a)"),
    (b'* LIST() "/" a', "missing-space", b'* LIST () "/" a'),
    (b"* X-FOO(a)", "missing-space", b"* X-FOO (a)"),
]


@pytest.mark.parametrize(
    ("unit", "defect", "plain"), ODD, ids=[unit.decode("latin-1")[:50] for unit, _, _ in ODD]
)
def test_named_and_refused(unit: bytes, defect: str, plain: bytes) -> None:
    value = parse_response(unit + b"\r\n")
    assert value.defects == (defect,)
    assert parse_response(bytes(value)) == value
    with pytest.raises(ParseError):
        parse_response(unit + b"\r\n", strict=True)
    assert parse_response(plain + b"\r\n", strict=True).defects == ()


@pytest.mark.parametrize(
    "line",
    [
        b"* OK x {9}",
        b"* [ALERT] x {9}",
        b"* OK[ALERT] x {9}",
        b"*  OK x {9}",
        b"*\tOK x {9}",
        b" * OK x {9}",
        b"*OK x {9}",
        b"* 5 NO x {9}",
        b"* NO [BADCHARSET (x)] x {9}",
        b"A1  NO x {9}",
        b"A1\tNO x {9}",
        b"A1 OK[ALERT] x {9}",
        b"+ x {9}",
        b"+x {9}",
    ],
)
def test_text_that_ends_like_a_literal_swallows_nothing(line: bytes) -> None:
    reader = ResponseReader()
    reader.feed(line + b"\r\n* 2 EXISTS\r\n")
    read: list[object] = []
    for _ in range(2):  # some of the lines are none that can be read
        with contextlib.suppress(ParseError):
            read.extend(reader)
    assert read[-1] == Exists(2)


def test_the_text_of_a_missing_status_is_kept() -> None:
    reader = ResponseReader()
    reader.feed(b"* [ALERT] hello {20}\r\n")
    (value,) = reader
    assert isinstance(value, StatusResponse)
    assert value.text == "hello {20}"

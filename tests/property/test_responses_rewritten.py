"""Whatever reading makes of a damaged response, it can be written, and what is written reads as the same."""

from __future__ import annotations

import json
import pickle
import random
from typing import Any

import pytest
from tests.golden_helper import side, transcripts
from tests.unit import test_response_codes, test_responses_data

from mailproto import IncompleteError, ParseError
from mailproto.imap import parse_response

ROUNDS = 2500

#: What is put in: all that has a meaning somewhere.
PIECES = [
    b" ", b"(", b")", b'"', b"\\", b"NIL", b"{1}\r\na", b"{3}\r\nabc", b"~{1}\r\n\0", b"{0}\r\n", b"\xff",
    b"\xc3\xa9", b"[", b"]", b"*", b"%", b"0", b"9", b"99999999999", b"a", b"=", b":", b",", b"$", b"-",
    b"<", b">", b"\t", b"\0", b"{", b'""', b'"x"', b"()", b"\x7f", b"&", b"+",
]  # fmt: skip

FETCHES = [
    b'* 1 FETCH (EMAILID (M1) THREADID (T1) X-GM-LABELS (a "b" \\Inbox) PREVIEW "x")\r\n',
    b'* 1 FETCH (BINARY.SIZE[1] 5 BODY[HEADER.FIELDS (A "b c")]<3> {1}\r\na RFC822.SIZE 44)\r\n',
    b'* 1 FETCH (SAVEDATE " 7-Feb-1994 21:52:25 -0800" MODSEQ (17))\r\n',
    b'* 1 FETCH (FLAGS (\\Seen a) UID 3 INTERNALDATE "17-Jul-1996 02:44:25 -0700" MODSEQ (5))\r\n',
    b'* 1 FETCH (ENVELOPE ("d" "s" (("n" NIL "m" "h")) NIL NIL NIL NIL NIL NIL "<x>"))\r\n',
    b'* 1 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" ("a" "x") NIL NIL "8" 1 2 NIL ("a" ("b" "c")) ("de") "l" 5)'
    b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 5 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) '
    b'("A" "B" NIL NIL NIL "7BIT" 1) 3) "MIXED" ("a" "b")))\r\n',
]


def units() -> list[bytes]:
    """One of each kind, and what servers sent."""
    lines = [line for line, _ in test_responses_data.PLAIN] + [
        line for line, _, _ in test_responses_data.MENDED
    ]
    made = [b"* " + line.encode("latin-1") + b"\r\n" for line in lines]
    made += [b"* OK [" + wire.strip(b"[]") + b"] x\r\n" for wire, _, _ in test_response_codes.SAMPLES]
    for path in transcripts():
        made += [line + b"\r\n" for line in side(path, "S").split(b"\r\n") if 8 < len(line) < 400]
    return made + FETCHES * 4


UNITS = units()


def damaged(rng: random.Random) -> bytes:
    data = rng.choice(UNITS)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(2, max(3, len(data) - 1))
        match rng.randrange(7):
            case 0 | 1 | 2:
                data = data[:at] + rng.choice(PIECES) + data[at:]
            case 3 | 4:
                data = data[:at] + rng.choice(PIECES) + data[at + rng.randrange(1, 4) :]
            case 5:
                data = data[:at] + data[at + rng.randrange(1, 6) :]
            case _:
                other = rng.choice(UNITS)
                start = rng.randrange(len(other))
                data = data[:at] + other[start : start + rng.randrange(1, 12)] + data[at:]
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def check(value: Any) -> None:
    wire = bytes(value)
    again = parse_response(wire)
    assert again == value
    assert type(again) is type(value)
    assert bytes(again) == wire
    assert hash(again) == hash(value)
    copy = pickle.loads(pickle.dumps(value))
    assert (copy, copy.defects) == (value, value.defects)
    json.dumps(value.to_dict())
    assert repr(value)


@pytest.mark.parametrize("seed", range(8))
def test_what_was_read_can_be_written(seed: int) -> None:
    rng = random.Random(seed)
    read = 0
    for _ in range(ROUNDS):
        data = damaged(rng)
        try:
            value = parse_response(data)
        except (ParseError, IncompleteError):
            continue
        read += 1
        try:
            check(value)
        except Exception as error:
            raise AssertionError(f"{data!r} reads as {value!r}") from error
    assert read > ROUNDS // 4


@pytest.mark.parametrize(
    "line",
    [
        "1 FETCH (EMAILID bc\xff)",
        "OK [URLMECH INTERNAL \xffX=a] x",
        "OK [URLMECH INTERNAL X\xff=YQ==] x",
        "STATUS a ({1}\r\n{aMESSAGES 9999999999)",
        'ESEARCH (TAG "a"-1 $MAILBOX "\tfoo" UIDVALIDITY 5) UID ALL 1:3',
        "ESEARCH UID ADDTO (())",
        "ESEARCH UID REMOVEFROM (() 7)",
        "URLFETCH a (FOOx)",
        "URLFETCH NIL NIL",
        'URLFETCH "u" (X 9)99Y ("text" "plain" NIL NIL) (BINARY ~{1}\r\na)',
        "1 FETCH (EMAILID {1}\r\na THREADID NIL)",
        "1 FETCH (THREADID ( T1) EMAILID ( 5))",
        'LIST () "/" x ("C\\HILDINFO" ("SUBSCRIBED"))',
        'NO [BADEVENT (abc"xyz")] x',
        'NO [NOUPDATE "] x',
        'NO [NEWNAME "a b] x',
        'NO [BADCHARSET "] x',
        'NO [NEWNAME "old "new ]name"] x',
        'NO [INPROGRES\xff("A]0 1" 175 NIL)] x',
        'NO [INPRO""("A0IT] x\r01" 175 NIL)] x',
        'NO [UNDEFINED-FILTER "nil"] x',
        'NO [NEWNAME "nil" "Nil"] x',
    ],
)
def test_what_was_once_lost(line: str) -> None:
    check(parse_response(b"* " + line.encode("latin-1") + b"\r\n"))


def test_a_name_of_digits_is_none() -> None:
    """It would be written as the number before a name."""
    for line in (b"* 9()\r\n", b"* 99999999999(x)\r\n"):
        with pytest.raises(ParseError):
            parse_response(line)

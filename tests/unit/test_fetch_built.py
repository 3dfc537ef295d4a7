"""Fetch from Python: what its constructor refuses; and rows that pass no constructor when pickled."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from mailproto.imap import BodyStructure, Envelope, ResponseReader, commands, parse_response
from mailproto.imap.responses import Fetch

NO_NAMES = [
    "BODY[] NIL UID 5 BODY[TEXT]",
    "BODY[1] X",
    "BODY[1]X",
    "BODY[] ",
    " BODY[]",
    "BODY[",
    "BODY[]<1",
    "BODY[(]",
    "BODY[)]",
    "BODY[HEADER.FIELDS (a]",
    'BODY[HEADER.FIELDS ("a)]',
    "BODY[HEADER.FIELDS ({3}\r\nabc)]",
    "BODY[\r\n]",
    "BODY[\0]",
    "BODY[\xe9]",
    "BODY[] (",
    "BODY[]) * 2 FETCH (BODY[]",
    "",
    "(",
    '"BODY[]"',
]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_is_one_from_end_to_end(name: str) -> None:
    with pytest.raises(ValueError, match="name of a FETCH item"):
        Fetch(1, sections={name: b"a"})
    with pytest.raises(ValueError, match="name of a FETCH item"):
        Fetch(1, others={name: "a"})


def test_what_is_named_belongs_where_it_is_given() -> None:
    for sections in ({"X": b""}, {"FLAGS": b""}, {"BODY": b""}, {"body[]": b"", "BODY[]": b""}):
        with pytest.raises(ValueError):
            Fetch(1, sections=sections)
    for others in ({"BODY[]": b""}, {"FLAGS": ("a",)}, {"body": b""}, {"uid": 5}, {"x": 1, "X": 2}):
        with pytest.raises(ValueError):
            Fetch(1, others=others)
    for wrong in ({1: b""}, {None: b""}, {b"BODY[]": b""}, [("BODY[]", b"")], 5, "BODY[]"):
        with pytest.raises(TypeError):
            Fetch(1, sections=wrong)  # type: ignore[arg-type]


def test_a_section_of_the_command_names_that_of_the_answer() -> None:
    section = commands.Section((1, 2), "HEADER.FIELDS", ("Date", "a b", 'q"q'), partial=(7, 10), peek=True)
    assert section.response_name == 'BODY[1.2.HEADER.FIELDS (Date "a b" "q\\"q")]<7>'
    binary = commands.BinarySection((3,), partial=(0, 1))
    row = Fetch(1, sections={section: b"x", binary: None}, others={commands.BinarySize((1,)): 5})
    assert list(row.sections) == ['BODY[1.2.HEADER.FIELDS (DATE "a b" "q\\"q")]<7>', "BINARY[3]<0>"]
    assert row.binary_sizes == {"1": 5}
    assert section.response_name in row
    assert binary.response_name in row
    assert parse_response(bytes(row), strict=True) == row


NO_LISTS = [
    b"",
    b" ",
    b"NIL",
    b"a\r\nb",
    b"\0",
    b'"',
    b") UID 5 (",
    b"(a) ",
    b" (a)",
    b"(a)(b)",
    b"(a",
    b"(a))",
    b'("a)',
    b'("a\\")',
    b"(\r\n)",
    b"(a\nb)",
    b"(\0)",
    b'("\0")',
    b'("\r\n")',
    b"({5}\r\na)",
    b"({1}\na)",
    b"({1+}\r\na)",
    b"({99999999999}\r\na)",
    b"(" * 500 + b")" * 500,
]


@pytest.mark.parametrize("wire", NO_LISTS)
@pytest.mark.parametrize("name", ["envelope", "body", "body_structure"])
def test_a_wire_form_is_one_list(name: str, wire: bytes) -> None:
    with pytest.raises(ValueError, match="must be one list"):
        Fetch(1, **{name: wire})


def test_a_wire_form_is_passed_on_as_it_is() -> None:
    wire = b'(NIL {3}\r\na\nb NIL NIL NIL NIL NIL NIL "x (\\"" NIL)'
    row = Fetch(1, envelope=wire, body=b"()", body_structure=b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)')
    assert wire in bytes(row)
    assert row.envelope == Envelope(subject=b"a\nb", in_reply_to=b'x ("')
    assert row.body is None
    assert row.body_structure == BodyStructure("TEXT", "PLAIN", size=1, lines=1)
    assert parse_response(bytes(row)) == row


def streamed(*units: bytes) -> Any:
    reader = ResponseReader(stream_above=2)
    for unit in units:
        reader.feed(unit)
    return list(reader)[-1]


READ = [
    b"* 4 FETCH (FLAGS (\\Se\xffn))\r\n",
    b"* 0 FETCH (UID 0)\r\n",
    b"* 1 FETCH (binary.size[2] x)\r\n",
    b"* 1 FETCH (THREADID (a$) EMAILID (a(b)))\r\n",
    b'* 12 FETCH (BODY[HEADER.FIELDS ("Subje%t" DATE)] "")\r\n',
    b"* 1 FETCH (BODYST]UCTURE 5)\r\n",
    b"* 1 FETCH (ENVELOPE (1 2) BODY (x) FLAGS (a))\r\n",
    b'* 1 FETCH (BODY ((NIL "a" NIL NIL NIL "7BIT" 1)("text" "b" NIL NIL NIL NIL 2 3) "mixed"))\r\n',
    b'* 1 FETCH (ENVELOPE (NIL "a\xff" ((NIL NIL a b)) ((NIL NIL a b)) NIL NIL NIL NIL NIL NIL))\r\n',
]


@pytest.mark.parametrize("unit", READ)
def test_what_was_read_tolerantly_is_pickled(unit: bytes) -> None:
    row = parse_response(unit)
    again = pickle.loads(pickle.dumps(row))
    assert again == row
    assert (again.defects, dict(again.raw), bytes(again)) == (row.defects, dict(row.raw), bytes(row))
    for name in ("envelope", "body"):
        value = getattr(row, name)
        assert pickle.loads(pickle.dumps(value)) == value
        assert value is None or pickle.loads(pickle.dumps(value)).defects == value.defects


@pytest.mark.parametrize(
    "unit",
    [
        b"* 1 FETCH (BODY[] {6}\r\nabcdef)\r\n",
        b"* 1 FETCH (ENVELOPE (NIL {3}\r\nabc NIL NIL ((NIL NIL {3}\r\nabc NIL)) NIL NIL NIL NIL NIL))\r\n",
        b'* 1 FETCH (BODYSTRUCTURE (("A" "B" NIL {3}\r\nabc NIL "x" 5)("C" "D" NIL NIL NIL "x" 6) "M"))\r\n',
        b"* 1 FETCH (X (1 ({5}\r\nabcde)))\r\n",
    ],
)
def test_what_was_streamed_is_pickled(unit: bytes) -> None:
    row = streamed(unit)
    assert type(row) is Fetch
    assert "Streamed" in repr(row)
    again = pickle.loads(pickle.dumps(row))
    assert again == row
    assert repr(again) == repr(row)
    assert again.defects == row.defects


def test_a_deep_body_is_pickled() -> None:
    body = BodyStructure("A", "B")
    for _ in range(200):
        body = BodyStructure(subtype="mixed", parts=(BodyStructure("C", "D"), body, BodyStructure("E", "F")))
    again = pickle.loads(pickle.dumps(body))
    assert again == body
    assert again.is_multipart
    assert bytes(again) == bytes(body)

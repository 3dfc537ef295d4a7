"""Every field of Limits: what is at the bound passes, one more is a LimitError that names the field."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from mailproto import NEED_DATA, LimitError, Limits
from mailproto._core.mime import parse_message
from mailproto.imap import CommandReader, ResponseReader, parse_response
from mailproto.imap.responses import BodyStructure, Envelope
from mailproto.pop3 import CommandReader as Pop3CommandReader
from mailproto.pop3 import ReplyReader
from mailproto.pop3.commands import BadCommand


def response(wire: bytes) -> Callable[[Limits], Any]:
    def read(limits: Limits) -> Any:
        reader = ResponseReader(limits=limits)
        for octet in wire[:-1]:  # the answer must not depend on how the bytes were cut
            reader.feed(bytes([octet]))
            assert reader.next() is NEED_DATA
        reader.feed(wire[-1:])
        value = reader.next()
        assert value == parse_response(wire, limits=limits)
        return value

    return read


def envelope(addresses: int) -> bytes:
    one = b'(NIL NIL "m" "h")'
    return b"(NIL NIL (" + one * (addresses - 1) + b") NIL NIL (" + one + b") NIL NIL NIL NIL)"


def body(parameters: int) -> bytes:
    return b'("A" "B" (' + b" ".join(b'"k" "v"' for _ in range(parameters)) + b') NIL NIL "7BIT" 1)'


def parts(count: int) -> bytes:
    return b"(" + body(1) * (count - 1) + b' "MIXED")'


def pop3_body(limits: Limits) -> Any:
    reader = ReplyReader(limits=limits)
    reader.expect("RETR 1")
    reader.feed(b"+OK\r\nabcdef\r\n.\r\n")
    return reader.next()


def pop3_command(limits: Limits) -> Any:
    reader = Pop3CommandReader(limits=limits)
    reader.feed(b"USER abcde\r\n")
    value = reader.next()
    if isinstance(value, BadCommand):
        raise value.error
    return value


HEADER = b"Subject: abc\r\n\r\n"
CASES: dict[str, tuple[int, Callable[[Limits], Any]]] = {
    "max_line": (12, response(b"* 1 EXISTS\r\n")),
    "max_literal": (3, response(b"* X {3}\r\nabc\r\n")),
    "max_unit": (14, response(b"* X {3}\r\nabc\r\n")),
    "max_literals": (2, response(b"* X {1}\r\na {0}\r\n\r\n")),
    "max_depth": (2, response(b"* X ((a))\r\n")),
    "max_elements": (3, response(b"* X a (b)\r\n")),
    "max_addresses": (3, lambda limits: Envelope.from_wire(envelope(3), limits)),
    "max_parameters": (4, lambda limits: BodyStructure.from_wire(body(4), limits)),
    "max_parts": (4, lambda limits: BodyStructure.from_wire(parts(4), limits)),
    "max_header": (len(HEADER), lambda limits: parse_message(HEADER + b"text", limits, strict=True)),
    "max_body": (8, pop3_body),
    "max_pop3_command": (12, pop3_command),
}


def test_every_field_has_its_case() -> None:
    assert set(CASES) == {field.name for field in dataclasses.fields(Limits)}


@pytest.mark.parametrize("field", sorted(CASES))
def test_at_the_bound_and_one_less(field: str) -> None:
    bound, read = CASES[field]
    read(Limits(**{field: bound}))
    read(Limits(**{field: bound + 1}))
    with pytest.raises(LimitError) as caught:
        read(Limits(**{field: bound - 1}))
    assert caught.value.limit == field


@pytest.mark.parametrize(
    "wire",
    [
        b"* FLAGS (a b)\r\n",
        b"* 1 FETCH (FLAGS (a b c))\r\n",
        b"* OK [CAPABILITY a b c] x\r\n",
        b"* OK [PERMANENTFLAGS (a b c)] x\r\n",
        b"* 1 FETCH (X (a b))\r\n",
    ],
)
def test_words_in_a_row_are_elements(wire: bytes) -> None:
    parse_response(wire, limits=Limits(max_elements=3))
    with pytest.raises(LimitError) as caught:
        parse_response(wire, limits=Limits(max_elements=2))
    assert (caught.value.limit, caught.value.fatal) == ("max_elements", False)


def test_a_limit_inside_a_lazy_item_is_a_defect() -> None:
    row = parse_response(b"* 1 FETCH (ENVELOPE " + envelope(3) + b")\r\n", limits=Limits(max_addresses=2))
    assert row.envelope is None
    assert row.defects == ("bad-envelope",)
    assert row.raw["ENVELOPE"] == envelope(3)


def test_a_wire_form_is_a_unit() -> None:
    Envelope.from_wire(envelope(2), Limits(max_unit=len(envelope(2))))
    with pytest.raises(LimitError) as caught:
        Envelope.from_wire(envelope(2), Limits(max_unit=len(envelope(2)) - 1))
    assert caught.value.limit == "max_unit"


@pytest.mark.parametrize("make", [ResponseReader, CommandReader, ReplyReader, Pop3CommandReader])
def test_bounds_past_what_can_be_counted(make: Callable[..., Any]) -> None:
    make(limits=Limits(**{field.name: 1 << 70 for field in dataclasses.fields(Limits)}))


def test_what_is_no_bound() -> None:
    with pytest.raises(ValueError, match="max_depth"):
        Limits(max_depth=-1)
    with pytest.raises(TypeError, match="max_line"):
        Limits(max_line=1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="max_line"):
        Limits(max_line=None)  # type: ignore[arg-type]

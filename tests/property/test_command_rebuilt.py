"""What is read without a defect is what Python code can build: it is written, read again and built alike."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.command_examples import EXAMPLES

from mailproto import IncompleteError, ParseError
from mailproto.imap import commands, parse_command
from mailproto.imap.commands_base import Value

PIECES = [
    *(
        b" ",
        b"(",
        b")",
        b'"',
        b"\\",
        b"{1}\r\n",
        b"~{1}\r\n",
        b"NIL",
        b"*",
        b"%",
        b"1",
        b"0",
        b",",
        b":",
        b"$",
    ),
    *(b"]", b"[", b"+", b"-", b"/", b".", b"=", b"a", b"X", b"()", b'""', b"&", b"\xff", b"\xc3\xa9", b"\t"),
    *(b"\x01", b"\x7f", b"UTF-8", b"SELECTED", b"REVERSE"),
]
edits = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 2), st.sampled_from(PIECES)), min_size=1, max_size=3
)
units = st.sampled_from(sorted({bytes(command) for command in EXAMPLES}))


def edited(unit: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for at, removed, piece in changes:
        place = at % len(unit)
        unit = unit[:place] + piece + unit[place + removed :]
    return unit


def rebuilt(value: Any) -> Any:
    """*value* as Python code would build it."""
    if isinstance(value, tuple):
        return tuple(rebuilt(item) for item in value)
    if isinstance(value, Value):
        names = inspect.signature(type(value)).parameters
        return type(value)(**{name: rebuilt(getattr(value, name)) for name in names})
    return value


def assert_written_and_read(command: commands.Command) -> None:
    assert parse_command(bytes(command)) == command
    for utf8 in (False, True):
        wire = b"".join(f for f in command.encode(utf8=utf8, literals="plus") if isinstance(f, bytes))
        again = parse_command(wire, utf8=utf8)
        charset = getattr(command, "charset", None)
        if not (utf8 and charset and charset.upper() == "UTF-8"):  # not sent in this mode
            assert again == command


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(units, edits)
@example(b"a GETMETADATA a /\r\n", [(2, 0, b"")])
@example(b'a ID ("a" "b" "A" "c")\r\n', [(2, 0, b"")])
@example(b'a CANCELUPDATE "*1"\r\n', [(2, 0, b"")])
@example(b'a LIST (:X) "" *\r\n', [(2, 0, b"")])
def test_what_is_read_can_be_written_and_built(unit: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    try:
        command = parse_command(edited(unit, changes))
    except (ParseError, IncompleteError):
        return
    assert_written_and_read(command)
    if not command.defects:
        assert rebuilt(command) == command


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: command.name)
def test_the_examples_are_built_of_their_own_fields(command: commands.Command) -> None:
    assert rebuilt(command) == command
    assert_written_and_read(command)


FIELDS = b" ".join(b'"%d" NIL' % n for n in range(31))


@pytest.mark.parametrize(
    ("unit", "legal"),
    [
        (b'a ID ("name" "x" "NAME" "y")\r\n', False),
        (b'a ID ("na\\"me" "x" {5}\r\nNA"me "y")\r\n', False),
        (b'a ID ("na\\"me" "x" {6}\r\nNA\\"me "y")\r\n', True),
        (b'a ID ("%s" "x")\r\n' % (b"n" * 30), True),
        (b'a ID ("%s" "x")\r\n' % (b"n" * 31), False),
        (b'a ID ("%s" "x")\r\n' % (b"n" * 29 + b"\\\\"), True),
        (b'a ID ("n" "%s")\r\n' % (b"x" * 1024), True),
        (b'a ID ("n" "%s")\r\n' % (b"x" * 1025), False),
        (b"a ID (%s)\r\n" % FIELDS, False),
        (b"a ID (%s)\r\n" % FIELDS[: -len(b' "30" NIL')], True),
        (b"a ID ()\r\n", True),
    ],
)
def test_pairs_of_id_that_no_client_should_send(unit: bytes, legal: bool) -> None:
    command = parse_command(unit)
    assert command.defects == (() if legal else ("odd-pair",))
    assert parse_command(bytes(command)) == command
    if legal:
        assert rebuilt(command) == command
    else:
        with pytest.raises(ValueError, match="parameters"):
            rebuilt(command)
        with pytest.raises(ParseError):
            parse_command(unit, strict=True)

"""Hostile names, patterns, headers and bodies of mail, numbered as in the project's list of attacks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from mailproto import LimitError, Limits, ParseError
from mailproto._core.mailbox_name import match_list_pattern
from mailproto._core.mime import parse_message
from mailproto.imap import MailboxName, commands, parse_command, parse_response, responses
from mailproto.imap.responses import Envelope

SOURCE = Path(__file__).resolve().parents[2] / "src"


# 12. Messages that are large or deep, read as MIME.


def test_attack_12_a_header_of_10_mb() -> None:
    header = b"To: " + b"a@b,\r\n " * 1_500_000 + b"c@d\r\n\r\ntext"
    with pytest.raises(LimitError) as caught:
        parse_message(header, Limits.server(), strict=True)
    assert caught.value.limit == "max_header"
    assert parse_message(header, Limits.client()) is not None


def test_attack_12_a_hundred_thousand_parts() -> None:
    message = (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 100_000 + b"--x--\r\n"
    )
    with pytest.raises(LimitError) as caught:
        parse_message(message, Limits.client(), strict=True)
    assert caught.value.limit == "max_parts"


def test_attack_12_messages_in_messages() -> None:
    message = b"Content-Type: message/rfc822\r\n\r\n" * 20_000 + b"Subject: innermost\r\n\r\ntext"
    with pytest.raises(LimitError) as caught:
        parse_message(message, Limits.client(), strict=True)
    assert caught.value.limit in ("max_depth", "max_parts")


def test_attack_12_a_hundred_thousand_parameters() -> None:
    message = b"Content-Type: text/plain" + b";\r\n name*0=x" * 100_000 + b"\r\n\r\ntext"
    with pytest.raises(LimitError) as caught:
        parse_message(message, Limits.client(), strict=True)
    assert caught.value.limit == "max_parameters"


def test_attack_12_addresses_in_a_header() -> None:
    message = b"From: " + b"g: a@b; " * 200_000 + b"\r\n\r\ntext"
    with pytest.raises(LimitError) as caught:
        parse_message(message, Limits.client(), strict=True)
    assert caught.value.limit == "max_addresses"


# 13. Matching without going back.


@pytest.mark.parametrize("pattern", ["*%" * 5_000, "*a" * 5_000, "%a" * 5_000 + "*", "*" * 10_000 + "b"])
def test_attack_13_list_patterns_cost_no_more_than_pattern_times_name(pattern: str) -> None:
    # 10,000 by 10,000 steps at most; an exponential match would never end.
    assert match_list_pattern(pattern, "a" * 10_000 + "c", "/") in (True, False)
    assert not match_list_pattern("*a" * 5_000 + "b", "a" * 10_000, "/")


@pytest.mark.parametrize(
    "wire",
    [
        b"a APPEND\r\n",
        b"a APPEND x\r\n",
        b"a APPEND x {3}\r\nabc {3}\r\nabc\r\n" * 2,
        b"a APPEND x (\\Seen {3}\r\nabc\r\n",
        b'a APPEND x "32-Jan-2024 00:00:00 +0000" {3}\r\nabc\r\n',
        b"a APPEND x {3}\r\nabcd\r\n",
    ],
)
def test_attack_13_a_malformed_append_ends(wire: bytes) -> None:
    try:
        parse_command(wire)
    except ParseError:
        return
    assert wire.count(b"{3}") == 2


def patterns() -> Iterator[tuple[str, str]]:
    """Every regular expression of the package, as far as it is written as a literal."""
    for path in sorted(SOURCE.rglob("*.py*")):
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id == "re"
                    and node.args
                ):
                    argument = node.args[0]
                    if isinstance(argument, ast.Constant):
                        found = argument.value
                        yield path.name, found.decode("latin-1") if isinstance(found, bytes) else found
        elif path.suffix == ".pyx":
            assert "re.compile" not in path.read_text(), path  # the core needs none


def ambiguous(tree: Any, inside: bool = False) -> bool:
    """Whether a repetition holds another that nothing fixed sets apart: the forms that backtrack."""
    for op, value in tree:
        if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            _, high, body = value
            endless = high is codes.MAXREPEAT
            if endless and inside:
                return True
            starts_fixed = len(body) > 0 and body[0][0] is codes.LITERAL
            if ambiguous(body, inside or (endless and not starts_fixed)):
                return True
        elif op is codes.SUBPATTERN:
            if ambiguous(value[3], inside):
                return True
        elif op is codes.BRANCH and any(ambiguous(branch, inside) for branch in value[1]):
            return True
    return False


def test_attack_13_no_backtracking_regular_expression() -> None:
    assert ambiguous(_parser.parse(r"(a+)+b"))
    assert ambiguous(_parser.parse(r"(?:a|b*)*c"))
    found = list(patterns())
    assert len(found) > 3
    assert [(name, text) for name, text in found if ambiguous(_parser.parse(text))] == []


# 22. Names of mailboxes.

NAMES = [
    b"..", b"../../etc/passwd", b"/", b"a/../b", b"&", b"&-", b"&AAA-", b"&AGEAYg-", b"&2AA-", b"&3AA-",
    b"&2ADcAA-", b"&AOk", b"&AOk-&AOk-", b"&!!!-", b"&AOkA-", b"\xff\xfe", b"\xc3\xa9", b"\xed\xa0\x80",
    b"\xc0\xae\xc0\xae", b"inbox", b"iNBoX", b"INBOX/x", b"a" * 100_000, b"&" * 10_000, b"\x1b[2J",
    b"\x7f", b"~root", b"|x", b"a\\b",
]  # fmt: skip


@pytest.mark.parametrize("wire", NAMES, ids=lambda wire: repr(wire[:20]))
def test_attack_22_every_name_is_read_and_comes_back(wire: bytes) -> None:
    """No crash, no NUL out of nothing, the same octets back; what is not canonical says so."""
    for utf8 in (False, True):
        name = MailboxName.from_wire(wire, utf8)
        assert name.encode_wire(utf8) == wire or name == "INBOX" or name.defects
        assert MailboxName.from_wire(name.encode_wire(utf8), utf8) == name
        hash(name)
        repr(name)
    row = parse_response(b"* LIST () NIL {%d}\r\n%b\r\n" % (len(wire), wire))
    assert parse_response(bytes(row)) == row
    select = parse_command(b"a SELECT {%d}\r\n%b\r\n" % (len(wire), wire))
    assert parse_command(bytes(select)) == select
    assert (row.mailbox == "INBOX") == (wire.upper() == b"INBOX")


def test_attack_22_two_spellings_are_never_one_canonical_name() -> None:
    """Were `&AGE-` the same name as `a`, without a mark, a check of one would let the other through."""
    for wire, plain in ((b"&AGE-", "a"), (b"&AC8-", "/"), (b"&AC4ALg-", ".."), (b"&ACY-", "&")):
        name = MailboxName.from_wire(wire)
        assert name != plain or "mailbox-not-canonical" in name.defects
        assert name.wire == wire


def test_attack_22_names_with_nul_cannot_be_built_into_commands() -> None:
    for name in ("a\0b", "\0"):
        with pytest.raises(ValueError, match=r".+"):
            bytes(commands.Select(MailboxName(name), tag="a"))
        with pytest.raises(ValueError, match=r".+"):
            bytes(commands.Create(name, tag="a"))


def test_attack_22_surrogates() -> None:
    for name in ("\ud800", "a\udc41", "\udfff\ud800"):
        try:
            wire = MailboxName(name).wire
        except ValueError:
            continue
        assert MailboxName.from_wire(wire).wire == wire
    envelope = Envelope(subject=b"=?utf-16?B?2AA=?= =?utf-8?Q?=ED=A0=80?=")
    assert envelope.subject_text is not None
    envelope.subject_text.encode("utf-8", "surrogatepass")


def test_attack_22_what_a_server_shows_a_terminal() -> None:
    """Escapes in what a server says stay inside ``repr`` and JSON, which a terminal shows as text."""
    bell = "\x1b]0;owned\x07\x1b[2J"
    for value in (
        responses.StatusResponse(None, "OK", None, bell),
        parse_response(b'* LIST () NIL "%b"\r\n' % bell.encode()),
        parse_response(b'* ID ("name" "%b")\r\n' % bell.encode()),
    ):
        assert not re.search("[\x00-\x1f]", repr(value))

"""The wire log: both directions, readable, and never a secret."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import Wire, drain, greeted, sent, serving

from mailproto import RemoteError, sasl
from mailproto.imap import commands, responses
from mailproto.imap.client import ClientSession
from mailproto.imap.server import ServerSession
from mailproto.imap.shown import shown
from mailproto.wirelog import WireLog, printable

SECRET = "tops3cret"


def logs() -> tuple[list[str], list[str], Wire]:
    ours: list[str] = []
    theirs: list[str] = []
    client = ClientSession(log=WireLog(ours.append))
    server = ServerSession(log=WireLog(theirs.append))
    server.greet("ready")
    return ours, theirs, Wire(client, server)


def test_both_directions_at_both_ends_say_the_same() -> None:
    ours, theirs, wire = logs()
    wire.client.send(commands.Login("user", SECRET))
    wire.client.send(commands.Noop())
    wire.run()
    assert sorted(ours) == sorted(theirs)
    assert ours[0] == "S: * OK ready"
    assert ours[1] == "C: A1 LOGIN user ***"
    assert "S: A1 OK LOGIN done" in ours


@pytest.mark.parametrize("password", [SECRET, f'{SECRET}"', f"{SECRET}\r\n", f"{SECRET}é"])
def test_no_password_in_any_form(password: str) -> None:
    ours, theirs, wire = logs()
    wire.client.send(commands.Login("user", password))
    wire.run()
    text = "\n".join(ours + theirs)
    assert "LOGIN user ***" in text
    assert SECRET not in text


@pytest.mark.parametrize("greeting", [b"* OK hi\r\n", b"* OK [CAPABILITY IMAP4rev1 SASL-IR] hi\r\n"])
def test_no_sasl_response_on_the_client(greeting: bytes) -> None:
    lines: list[str] = []
    session = greeted(greeting, log=WireLog(lines.append))
    session.authenticate(sasl.client("PLAIN", username="user", password=SECRET))
    data = sent(session)
    if b"\r\n" not in data[:-2] and data.count(b" ") == 2:
        session.receive_data(b"+ \r\n")
        drain(session)
        data += sent(session)
    assert b"AHVzZXIAdG9wczNjcmV0" in data
    text = "\n".join(lines)
    assert "AHVzZXIAdG9wczNjcmV0" not in text
    assert SECRET not in text
    assert "***" in text


def test_no_sasl_exchange_on_the_server() -> None:
    lines: list[str] = []
    session = serving(log=WireLog(lines.append))
    session.receive_data(b"a AUTHENTICATE LOGIN dG9wczNjcmV0\r\n")
    drain(session)
    session.challenge(b"more secrets")
    session.receive_data(b"dG9wczNjcmV0\r\n")
    drain(session)
    session.bad("no")
    text = "\n".join(lines)
    assert "dG9wczNjcmV0" not in text
    assert "bW9yZSBzZWNyZXRz" not in text
    assert "C: a AUTHENTICATE LOGIN ***" in lines
    assert "C: ***" in lines
    assert "S: + ***" in lines


def test_a_command_that_cannot_be_read_is_not_shown() -> None:
    lines: list[str] = []
    session = serving(log=WireLog(lines.append))
    session.receive_data(b"a LOGIN user " + SECRET.encode() + b" extra\r\n")
    drain(session)
    assert any(line.startswith("C: a <cannot be read") for line in lines)
    assert SECRET not in "\n".join(lines)


def test_a_protocol_error_is_noted() -> None:
    lines: list[str] = []
    session = greeted(log=WireLog(lines.append))
    session.receive_data(b"Z OK what\r\n")
    with pytest.raises(RemoteError):
        drain(session)
    assert lines[-1].startswith("-- protocol error: ")


def test_bodies_are_shown_as_their_length_only() -> None:
    lines: list[str] = []
    session = greeted(b"* PREAUTH hi\r\n", log=WireLog(lines.append))
    session.send(commands.Append("INBOX", b"x" * 5000))
    assert not any("xxxx" in line for line in lines)
    assert any("<5000 octets>" in line for line in lines)


def test_what_we_would_not_send_ourselves_is_shown_all_the_same() -> None:
    lines: list[str] = []
    session = greeted(log=WireLog(lines.append))
    session.receive_data(
        b"* FLAGS (\\Seen \xff\x1b)\r\n* 0 FETCH (FLAGS ())\r\n* OK [ALERT] \xff\x1b[2J\r\n* STATUS x ()\r\n"
    )
    drain(session)
    assert len(lines) == 5
    assert all(line.isascii() and line.isprintable() for line in lines)


def test_nothing_that_could_command_a_terminal() -> None:
    assert printable(b"\x1b]0;owned\x07\x9b1m\xff") == "\\x1b]0;owned\\x07\\x9b1m\\xff"
    lines: list[str] = []
    log = WireLog(lines.append)
    log.server(b"one\r\ntwo\x1b[2J\r\nthree")
    log.note("a\nb")
    assert lines == ["S: one", "S: two\\x1b[2J", "S: three", "-- a\\x0ab"]


URL = b"imap://sam@example.org/INBOX/;uid=1;urlauth=anonymous:internal:91354a473744909de610943775f92038"


@pytest.mark.parametrize(
    "value",
    [
        responses.GenUrlAuth((URL, b"imap://b")),
        responses.UrlFetch(((URL, b"text"), (b"imap://b", None))),
        responses.StatusResponse("a", "NO", responses.ResponseCode("BADURL", URL), "no such URL"),
        commands.Append(
            "x", commands.AppendMessage(parts=[b"text", commands.CatenateUrl(URL.decode())]), tag="a"
        ),
        commands.Replace(1, "x", commands.AppendMessage(parts=[commands.CatenateUrl(URL.decode())]), tag="a"),
    ],
)
def test_no_url_that_lets_whoever_has_it_read(value: Any) -> None:
    """URLAUTH (RFC 4467 section 3): the URL is all that is asked for."""
    for line in (shown(value), shown(value, value.encode())):
        assert b"91354a47" not in line
        assert b"***" in line

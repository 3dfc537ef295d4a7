"""Every command through both sessions: sent in a state in which it may come, read as it was, answered."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import Wire, drain, logged_in, sent
from tests.command_examples import EXAMPLES

from mailproto import LocalError
from mailproto.imap import commands, responses, search
from mailproto.imap.client import ClientSession
from mailproto.imap.events import CommandDone
from mailproto.imap.server import ServerSession
from mailproto.imap.states import State, may_send
from mailproto.wirelog import WireLog

#: Those whose turns are more than a command and its answer; they have tests of their own.
OTHERWISE = {"AUTHENTICATE", "IDLE", "STARTTLS", "LOGOUT"}
CAPABILITIES = ("IMAP4rev1", "LITERAL+", "ENABLE", "BINARY", "METADATA", "UTF8=ACCEPT")


def wired(state: State, *, utf8: bool = False, **options: Any) -> Wire:
    """Two sessions in *state*; *utf8*: with UTF8=ACCEPT enabled."""
    server = ServerSession(**options)
    server.greet("ready", code=responses.ResponseCode("CAPABILITY", CAPABILITIES))
    wire = Wire(ClientSession(), server)
    if state is not State.NOT_AUTHENTICATED:
        wire.client.send(commands.Login("user", "secret"))
    if utf8:
        enable_utf8(wire)
    if state is State.SELECTED:
        wire.client.send(commands.Select("INBOX"))
    wire.run()
    assert wire.client.state is state
    if state is not State.NOT_AUTHENTICATED:
        server.send(responses.Capability(CAPABILITIES))
        wire.run()
    return wire


def enable_utf8(wire: Wire) -> None:
    def serve(event: Any) -> None:
        if isinstance(event, commands.Enable):
            wire.server.send(responses.Enabled(("UTF8=ACCEPT",)))
        wire.default_serve(event)

    wire.serve = serve
    wire.client.send(commands.Enable(["UTF8=ACCEPT"]))
    wire.run()
    assert wire.client.utf8
    wire.serve = wire.default_serve


def states_of(name: str) -> list[State]:
    return [
        state
        for state in (State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED)
        if may_send(state, name)
    ]


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.name not in OTHERWISE], ids=lambda e: e.name)
def test_sent_read_and_answered(example: commands.Command) -> None:
    assert states_of(example.name)
    for state in states_of(example.name):
        appended = example.messages if isinstance(example, commands.Append) else ()
        wire = wired(state, utf8=any(message.utf8 for message in appended))
        seen: list[Any] = []

        def serve(event: Any, wire: Wire = wire, seen: list[Any] = seen) -> None:
            seen.append(event)
            wire.default_serve(event)

        wire.serve = serve
        tag = wire.client.send(example.with_tag(None))
        events = wire.run()
        read = [event for event in seen if isinstance(event, commands.Command)]
        assert read == [example.with_tag(tag)]
        (done,) = (event for event in events if isinstance(event, CommandDone))
        assert done.tag == tag


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_out_of_place(example: commands.Command) -> None:
    """Neither side lets a command through in a state in which it may not come."""
    for state in (State.NOT_AUTHENTICATED, State.AUTHENTICATED):
        if may_send(state, example.name):
            continue
        wire = wired(state)
        with pytest.raises(LocalError):
            wire.client.send(example.with_tag(None))
        fragments = example.encode(literals="plus")
        wire.server.receive_data(b"".join(f for f in fragments if isinstance(f, bytes)))
        assert not any(isinstance(event, commands.Command) for event in drain(wire.server))
        assert sent(wire.server).startswith(b"a BAD ")


def test_secrets_of_urls_are_in_no_log() -> None:
    url = (
        "imap://fred@example.com/INBOX/;uid=20;urlauth=submit+fred:internal:91354a473744909de610943775f92038"
    )
    lines: list[str] = []
    session = logged_in(log=WireLog(lines.append))
    session.receive_data(bytes(commands.UrlFetch(url, tag="a1")))
    (command,) = drain(session)
    assert command == commands.UrlFetch([url], tag="a1")
    assert "91354a47" not in repr(command)
    assert "91354a47" not in str(command.to_dict())
    assert "91354a47" in str(command.to_dict(secrets=True))
    assert "91354a47" not in "\n".join(lines)
    assert any(line.endswith("a1 URLFETCH ***") for line in lines)


def test_literals_as_the_server_offers() -> None:
    for capability, headers in (
        ("LITERAL+", [b"~{4+}", b"~{5000+}"]),
        ("LITERAL-", [b"~{4+}", b"~{5000}"]),
        ("IDLE", [b"~{4}"]),
    ):
        capability += " BINARY"
        session = ClientSession()
        session.receive_data(b"* PREAUTH [CAPABILITY IMAP4rev1 %s] hi\r\n" % capability.encode())
        drain(session)
        small = commands.AppendMessage(b"a\0bc", binary=True)
        large = commands.AppendMessage(b"\0" * 5000, binary=True)
        session.send(commands.Append("INBOX", [small, large]))
        data = sent(session)
        assert all(header in data for header in headers)
        if capability == "IDLE BINARY":
            assert data.endswith(b"~{4}\r\n")


BINARY = commands.Append("x", commands.AppendMessage(b"a\0b", binary=True))
JOINED = commands.Append("x", commands.AppendMessage(parts=[b"a\0b"]))
UTF8 = commands.Append("x", [b"a", commands.AppendMessage(b"b", utf8=True)])
REPLACE = commands.Replace("1", "x", commands.AppendMessage(b"a\0b", binary=True))
ANNOTATION = commands.SetMetadata("", {"/private/x": b"a\0b"})


@pytest.mark.parametrize(
    ("command", "announced", "legal"),
    [
        (BINARY, "LITERAL+", False),
        (BINARY, "IMAP4rev2", False),
        (BINARY, "UTF8=ACCEPT METADATA", False),
        (BINARY, "binary", True),
        (JOINED, "CATENATE", False),
        (JOINED, "CATENATE BINARY", True),
        (REPLACE, "LITERAL+ REPLACE", False),
        (REPLACE, "BINARY REPLACE", True),
        (UTF8, "BINARY UTF8=ACCEPT", False),
        (ANNOTATION, "BINARY", False),
        (ANNOTATION, "METADATA", True),
        (ANNOTATION, "METADATA-SERVER", True),
        (commands.SetMetadata("", {"/private/x": b"ab"}), "LITERAL+", True),
        (commands.Append("x", b"ab"), "LITERAL+", True),
    ],
)
def test_a_literal8_goes_only_to_a_server_that_knows_it(
    command: commands.Command, announced: str, legal: bool
) -> None:
    session = ClientSession()
    session.receive_data(b"* PREAUTH [CAPABILITY IMAP4rev1 %s] hi\r\n" % announced.encode())
    drain(session)
    select = session.send(commands.Select("INBOX"))
    assert sent(session)
    session.receive_data(select.encode() + b" OK done\r\n")
    drain(session)
    if not legal:
        with pytest.raises(LocalError, match="literal8"):
            session.send(command)
        assert not sent(session)
        session.send(commands.Noop())  # the session goes on
        assert sent(session).endswith(b"NOOP\r\n")
    else:
        session.send(command)
        assert sent(session)


def test_a_literal8_waits_for_what_is_said_after_login() -> None:
    session = ClientSession()
    session.receive_data(b"* OK [CAPABILITY IMAP4rev1 LITERAL+ BINARY] hi\r\n")
    drain(session)
    tag = session.send(commands.Login("u", "p"))
    with pytest.raises(LocalError, match="literal8"):
        session.send(BINARY)
    sent(session)
    session.receive_data(tag.encode() + b" OK in\r\n")
    drain(session)
    assert session.capabilities is None
    with pytest.raises(LocalError, match="literal8"):
        session.send(BINARY)
    session.receive_data(b"* CAPABILITY IMAP4rev1 BINARY\r\n")
    drain(session)
    session.send(BINARY)
    assert sent(session).endswith(b"~{3}\r\n")


def test_append_utf8_goes_once_it_is_enabled() -> None:
    session = ClientSession()
    session.receive_data(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ ENABLE UTF8=ACCEPT] hi\r\n")
    drain(session)
    tag = session.send(commands.Enable(["UTF8=ACCEPT"]))
    with pytest.raises(LocalError, match="ENABLE UTF8=ACCEPT"):
        session.send(UTF8)
    sent(session)
    session.receive_data(b"* ENABLED UTF8=ACCEPT\r\n" + tag.encode() + b" OK\r\n")
    drain(session)
    session.send(UTF8)
    assert b"UTF8 (~{1+}\r\nb)" in sent(session)


def test_what_was_announced_and_no_more_waits_for_the_server() -> None:
    session = ClientSession()
    session.receive_data(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ BINARY] hi\r\n")
    drain(session)
    idle = session.send(commands.Idle())
    sent(session)
    session.receive_data(b"+ idling\r\n")
    drain(session)
    session.done()
    session.send(BINARY)
    sent(session)
    session.receive_data(b"* CAPABILITY IMAP4rev1 LITERAL+\r\n" + idle.encode() + b" OK\r\n")
    drain(session)
    assert b"~{3+}" not in sent(session)


def test_a_search_key_inside_fuzzy_counts_for_the_ambiguity_rule() -> None:
    session = ClientSession()
    session.receive_data(b"* PREAUTH hi\r\n")
    drain(session)
    session.send(commands.Select("INBOX"))
    session.send(commands.Search(search.Fuzzy(search.Sequence("1")), uid=True))
    assert b"SEARCH" not in sent(session)

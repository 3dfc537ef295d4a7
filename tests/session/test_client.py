"""The client session: what it sends when, what it makes of what arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers import FEEDERS, by_buffer, drain, greeted, selected, sent

from mailproto import NEED_DATA, Limits, LocalError, RemoteError
from mailproto.imap import commands, responses
from mailproto.imap.client import ClientSession
from mailproto.imap.events import (
    Closed,
    CommandDone,
    Unsolicited,
)
from mailproto.imap.states import State

# Greeting and tags


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (b"* OK hello\r\n", State.NOT_AUTHENTICATED),
        (b"* PREAUTH hello\r\n", State.AUTHENTICATED),
        (b"* BYE go away\r\n", State.LOGOUT),
    ],
)
def test_greeting(line: bytes, state: State) -> None:
    session = ClientSession()
    assert session.state is State.NOT_GREETED
    session.receive_data(line)
    (event,) = drain(session)
    assert isinstance(event, responses.StatusResponse)
    assert session.state is state


@pytest.mark.parametrize(
    "line",
    [b"* NO\r\n", b"* BAD x\r\n", b"* 3 EXISTS\r\n", b"A1 OK x\r\n", b"+ x\r\n", b"HTTP/1.1 200 OK\r\n"],
)
def test_what_is_no_greeting(line: bytes) -> None:
    session = ClientSession()
    session.receive_data(line)
    for _ in range(2):
        with pytest.raises(RemoteError):
            session.next_event()


def test_nothing_is_sent_before_the_greeting() -> None:
    session = ClientSession()
    assert session.send(commands.Noop()) == "A1"
    assert sent(session) == b""
    session.receive_data(b"* OK hi\r\n")
    drain(session)
    assert sent(session) == b"A1 NOOP\r\n"


def test_tags_count_up_and_may_be_given() -> None:
    session = greeted(tag_prefix="x.")
    assert session.send(commands.Noop()) == "x.1"
    assert session.send(commands.Noop(tag="mine")) == "mine"
    assert session.send(commands.Noop()) == "x.2"
    with pytest.raises(LocalError):
        session.send(commands.Noop(tag="mine"))
    with pytest.raises(ValueError, match="tag"):
        ClientSession(tag_prefix="a b")


def test_a_command_done_carries_command_and_answer() -> None:
    session = greeted()
    tag = session.send(commands.Noop())
    sent(session)
    session.receive_data(b"A1 OK done\r\n")
    (event,) = drain(session)
    assert isinstance(event, CommandDone)
    assert (event.tag, event.command, event.ok) == (tag, commands.Noop(tag="A1"), True)
    assert event.response.text in ("done", b"done")
    assert session.in_progress == ()


def test_a_tagged_no_is_no_error() -> None:
    session = greeted()
    session.send(commands.Login("user", "wrong"))
    sent(session)
    session.receive_data(b"A1 NO [AUTHENTICATIONFAILED] no\r\n")
    (event,) = drain(session)
    assert not event.ok
    assert session.state is State.NOT_AUTHENTICATED
    session.send(commands.Login("user", "right"))


# Pipelining and literals


def test_pipelining_and_the_ambiguity_rule() -> None:
    session = selected()
    session.send(commands.Fetch("1", ("FLAGS",)))
    session.send(commands.Store("1", "+FLAGS", ("\\Seen",)))
    session.send(commands.Noop())
    session.send(commands.Fetch("1", ("FLAGS",)))
    session.send(commands.Fetch("1", ("FLAGS",), uid=True))
    assert sent(session) == b"A3 FETCH 1 FLAGS\r\nA4 STORE 1 +FLAGS (\\Seen)\r\nA5 NOOP\r\n"
    assert session.in_progress == ("A3", "A4", "A5", "A6", "A7")
    session.receive_data(b"A3 OK\r\nA4 OK\r\n")
    drain(session)
    assert sent(session) == b""
    session.receive_data(b"A5 OK\r\n")
    drain(session)
    assert sent(session) == b"A6 FETCH 1 FLAGS\r\nA7 UID FETCH 1 FLAGS\r\n"


def test_login_select_and_uid_fetch_go_out_together() -> None:
    session = greeted()
    session.send(commands.Login("user", "secret"))
    session.send(commands.Select("INBOX"))
    session.send(commands.Fetch("1:*", ("FLAGS",), uid=True))
    assert sent(session).count(b"\r\n") == 3


def test_a_literal_waits_and_a_refused_one_is_dropped() -> None:
    session = greeted(b"* PREAUTH hi\r\n")
    body = b"x" * 10_000
    session.send(commands.Append("INBOX", body))
    session.send(commands.Noop())
    assert sent(session) == b"A1 APPEND INBOX {10000}\r\n"
    session.receive_data(b"+ go on\r\n")
    assert drain(session) == []
    buffers = session.data_to_send()
    assert any(buffer is body for buffer in buffers)
    assert b"".join(buffers) == body + b"\r\nA2 NOOP\r\n"
    session.send(commands.Append("INBOX", body))
    sent(session)
    session.receive_data(b"A1 OK\r\nA2 OK\r\nA3 NO [TOOBIG] too big\r\n")
    assert [event.ok for event in drain(session)] == [True, True, False]
    session.send(commands.Noop())
    assert sent(session) == b"A4 NOOP\r\n"


@pytest.mark.parametrize(
    ("capability", "size", "header"),
    [
        (b"LITERAL+", 5000, b"{5000+}"),
        (b"LITERAL-", 4096, b"{4096+}"),
        (b"LITERAL-", 4097, b"{4097}"),
        (b"IMAP4rev2", 4096, b"{4096+}"),
        (b"IMAP4rev1", 10, b"{10}"),
    ],
)
def test_literals_follow_the_capabilities(capability: bytes, size: int, header: bytes) -> None:
    session = greeted(b"* PREAUTH [CAPABILITY IMAP4rev1 %s] hi\r\n" % capability)
    session.send(commands.Append("INBOX", b"x" * size))
    data = sent(session)
    assert data.startswith(b"A1 APPEND INBOX " + header + b"\r\n")
    assert data.endswith(b"x\r\n") is (b"+" in header)


@pytest.mark.parametrize("answer", [b"A1 OK too soon\r\n", b"A2 OK\r\n", b"A2 NO\r\n"])
def test_an_answer_to_what_was_not_sent_in_full_is_an_error(answer: bytes) -> None:
    session = greeted(b"* PREAUTH hi\r\n")
    session.send(commands.Append("INBOX", b"x" * 10))
    session.send(commands.Noop())
    sent(session)
    session.receive_data(answer)
    with pytest.raises(RemoteError):
        drain(session)


def test_a_continuation_nobody_waits_for_is_an_error() -> None:
    session = greeted()
    session.send(commands.Noop())
    sent(session)
    session.receive_data(b"+ what\r\n")
    with pytest.raises(RemoteError):
        drain(session)


# Solicited or not


def test_responses_belong_to_the_command_that_asked() -> None:
    session = selected()
    session.send(commands.Fetch("1:2", ("FLAGS",), uid=True))
    sent(session)
    session.receive_data(
        b"* 1 FETCH (UID 10 FLAGS (\\Seen))\r\n* 2 FETCH (FLAGS ())\r\n* 4 EXISTS\r\n"
        b"* 2 FETCH (UID 11 FLAGS ())\r\n"
        b"* OK still here\r\nA3 OK done\r\n"
    )
    events: list[tuple[type, str | None]] = []
    while (event := session.next_event()) is not NEED_DATA:
        events.append((type(event), session.owner))
    assert events == [
        (responses.Fetch, "A3"),
        (Unsolicited, None),  # it lacks the UID that was asked for
        (Unsolicited, None),
        (responses.Fetch, "A3"),
        (responses.StatusResponse, "A3"),
        (CommandDone, "A3"),
    ]
    assert session.mailbox is not None
    assert session.mailbox.exists == 4
    assert (session.mailbox.uid(1), session.mailbox.uid(2)) == (10, 11)


def test_nothing_is_solicited_while_nothing_is_asked() -> None:
    session = selected()
    session.receive_data(
        b'* 1 FETCH (FLAGS (\\Seen))\r\n* 4 EXISTS\r\n* OK hm\r\n* LIST () "/" x\r\n* XYZZY 1\r\n'
    )
    events = drain(session)
    assert len(events) == 5
    assert all(isinstance(event, Unsolicited) for event in events)


def test_a_silent_store_asks_for_no_fetch() -> None:
    session = selected()
    session.send(commands.Store("1", "+FLAGS", ("\\Seen",), silent=True))
    sent(session)
    session.receive_data(b"* 1 FETCH (FLAGS (\\Seen))\r\nA3 OK\r\n")
    assert isinstance(drain(session)[0], Unsolicited)
    session.send(commands.Store("1", "+FLAGS", ("\\Seen",)))
    sent(session)
    session.receive_data(b"* 1 FETCH (FLAGS (\\Seen))\r\nA4 OK\r\n")
    assert isinstance(drain(session)[0], responses.Fetch)


# Feeding


SCRIPT = (
    b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n",
    b"A1 OK in\r\n",
    b"* FLAGS (\\Seen)\r\n* 2 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 3] v\r\nA2 OK [READ-WRITE] x\r\n",
    b"* 1 FETCH (UID 4 FLAGS (\\Seen) BODY[] {11}\r\nhello\r\nyou\n)\r\n* 3 EXISTS\r\nA3 OK done\r\n",
    b"+ idling\r\n* 1 EXPUNGE\r\n",
    b"A4 OK idled\r\n",
    b"* BYE bye\r\nA5 OK out\r\n",
)


def play(feed: Callable[[Any, bytes], Any]) -> list[Any]:
    session = ClientSession(limits=Limits.client())
    session.send(commands.Login("user", "secret"))
    events = list(feed(session, SCRIPT[0]))
    sent(session)
    events += feed(session, SCRIPT[1])
    session.send(commands.Select("INBOX"))
    sent(session)
    events += feed(session, SCRIPT[2])
    session.send(commands.Fetch("1", ("FLAGS", commands.Section()), uid=True))
    sent(session)
    events += feed(session, SCRIPT[3])
    session.send(commands.Idle())
    sent(session)
    events += feed(session, SCRIPT[4])
    session.done()
    session.send(commands.Logout())
    sent(session)
    events += feed(session, SCRIPT[5])
    sent(session)
    events += feed(session, SCRIPT[6])
    session.receive_data(b"")
    return events + drain(session)


@pytest.mark.parametrize("feed", FEEDERS[1:])
def test_events_do_not_depend_on_how_the_bytes_were_cut(feed: Callable[[Any, bytes], Any]) -> None:
    expected = play(FEEDERS[0])
    assert isinstance(expected[-1], Closed)
    assert len(expected) == 16
    assert play(feed) == expected


def test_the_buffer_way_in_sees_the_end_too() -> None:
    session = greeted()
    list(by_buffer(session, b"* OK x\r\n"))
    session.buffer_updated(0)
    assert drain(session) == [Closed(False)]

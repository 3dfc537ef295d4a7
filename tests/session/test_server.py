"""The server session: what it gives out, and what it answers by itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from helpers import FEEDERS, drain, idling, in_state, logged_in, sent, serving, status

from mailproto import NEED_DATA, LocalError, RemoteError
from mailproto.imap import commands, responses, search
from mailproto.imap.events import Closed
from mailproto.imap.server import MAX_BAD_COMMANDS, ServerSession
from mailproto.imap.states import State, may_receive
from mailproto.imap.view import MailboxView

# Greeting


@pytest.mark.parametrize(
    ("word", "state"),
    [("OK", State.NOT_AUTHENTICATED), ("PREAUTH", State.AUTHENTICATED), ("BYE", State.CLOSED)],
)
def test_greeting(word: str, state: State) -> None:
    session = ServerSession()
    with pytest.raises(LocalError):
        session.send(responses.Exists(1))
    session.greet("hello", status=word)
    assert session.state is state
    assert sent(session) == b"* %s hello\r\n" % word.encode()
    assert (drain(session) == [Closed(True)]) is (word == "BYE")


def test_nothing_is_read_before_the_greeting() -> None:
    session = ServerSession()
    session.receive_data(b"a NOOP\r\n")
    assert session.next_event() is NEED_DATA
    session.greet("hello")
    assert drain(session) == [commands.Noop(tag="a")]


# One command at a time, in order


def test_pipelined_commands_come_one_by_one_in_the_state_that_those_before_led_to() -> None:
    session = serving()
    session.receive_data(b"a LOGIN user secret\r\nb SELECT INBOX\r\nc CHECK\r\nd LOGOUT\r\ne NOOP\r\n")
    assert drain(session) == [commands.Login("user", "secret", tag="a")]
    assert session.next_event() is NEED_DATA
    session.ok("in")
    assert drain(session) == [commands.Select("INBOX", tag="b")]
    session.mailbox = MailboxView([1])
    session.ok("selected")
    assert session.state is State.SELECTED
    assert drain(session) == [commands.Check(tag="c")]
    session.ok("checked")
    assert drain(session) == [commands.Logout(tag="d")]
    session.send(status("BYE", "bye"))
    session.ok("out")
    assert drain(session) == [Closed(True)]
    assert session.closed
    assert sent(session) == b"a OK in\r\nb OK selected\r\nc OK checked\r\n* BYE bye\r\nd OK out\r\n"


def test_a_failed_login_leaves_the_pipelined_rest_illegal() -> None:
    session = serving()
    session.receive_data(b"a LOGIN user wrong\r\nb SELECT INBOX\r\nc NOOP\r\n")
    drain(session)
    session.no("no", code="AUTHENTICATIONFAILED")
    assert drain(session) == [commands.Noop(tag="c")]
    assert sent(session).startswith(b"a NO [AUTHENTICATIONFAILED] no\r\nb BAD ")


EVERY_COMMAND = [
    commands.Capability(tag="t"),
    commands.Noop(tag="t"),
    commands.Logout(tag="t"),
    commands.StartTls(tag="t"),
    commands.Authenticate("PLAIN", tag="t"),
    commands.Login("u", "p", tag="t"),
    commands.Enable(["CONDSTORE"], tag="t"),
    commands.Select("x", tag="t"),
    commands.Examine("x", tag="t"),
    commands.Create("x", tag="t"),
    commands.Delete("x", tag="t"),
    commands.Rename("x", "y", tag="t"),
    commands.Subscribe("x", tag="t"),
    commands.Unsubscribe("x", tag="t"),
    commands.List("", ("*",), tag="t"),
    commands.Lsub("", "*", tag="t"),
    commands.Namespace(tag="t"),
    commands.Status("x", ("MESSAGES",), tag="t"),
    commands.Idle(tag="t"),
    commands.Check(tag="t"),
    commands.Close(tag="t"),
    commands.Unselect(tag="t"),
    commands.Expunge(tag="t"),
    commands.Expunge("1", True, tag="t"),
    commands.Search(search.Key("ALL"), tag="t"),
    commands.Fetch("1", ("FLAGS",), tag="t"),
    commands.Fetch("1", ("FLAGS",), uid=True, tag="t"),
    commands.Store("1", "FLAGS", ("\\Seen",), tag="t"),
    commands.Copy("1", "x", tag="t"),
    commands.Move("1", "x", tag="t"),
    commands.Id(None, tag="t"),
]


@pytest.mark.parametrize(
    ("state", "command"),
    list(product([State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED], EVERY_COMMAND)),
    ids=lambda value: value.value if isinstance(value, State) else value.name,
)
def test_attack_28_every_command_in_every_state(state: State, command: commands.Command) -> None:
    session = in_state(state)
    session.receive_data(bytes(command))
    events = drain(session)
    if may_receive(state, command.name):
        assert events == [command]
        assert sent(session) == b""
        session.no("not today")
        assert session.state is (State.AUTHENTICATED if command.name in ("SELECT", "EXAMINE") else state)
        return
    assert events == []
    assert sent(session).startswith(b"t BAD ")
    session.receive_data(b"n NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="n")]


# Bad commands


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"a FROBNICATE\r\n", b"a BAD "),
        (b"a LOGIN onlyuser\r\n", b"a BAD "),
        (b"\r\n", b"* BAD "),
        (b"a LOGIN {3+}\r\nx\r\n {4+}\r\nNOOP extra\r\n", b"a BAD "),
        (b"x FOO {18+}\r\nb LOGIN eve evil\r\n\r\n", b"x BAD "),
    ],
)
def test_a_bad_command_is_answered_and_the_session_goes_on(line: bytes, answer: bytes) -> None:
    session = serving()
    session.receive_data(line)
    while (event := session.next_event()) is not NEED_DATA:
        assert isinstance(event, commands.LiteralAnnounced)
        session.accept_literal()
    data = sent(session)
    assert data.startswith(answer)
    assert data.count(b"\r\n") == 1
    session.receive_data(b"n NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="n")]


def test_a_strange_tag_is_answered_as_it_came() -> None:
    session = serving()
    session.receive_data(b"a]1 NOOP\r\n")
    drain(session)
    session.ok("done")
    assert sent(session) == b"a]1 OK done\r\n"


def test_too_many_bad_commands_end_the_connection() -> None:
    session = serving()
    session.receive_data(b"GET / HTTP/1.1\r\n" * (MAX_BAD_COMMANDS + 5))
    for _ in range(2):
        with pytest.raises(RemoteError):
            drain(session)
    data = sent(session)
    assert data.count(b" BAD ") == MAX_BAD_COMMANDS
    assert data.count(b"\r\n* BYE ") == 1


def test_an_endless_line_is_capped_told_and_closed() -> None:
    """ATTACKS 8."""
    session = serving()
    with pytest.raises(RemoteError):
        for _ in range(100):
            session.receive_data(b"a" * 1000)
            drain(session)
    assert sent(session).startswith(b"* BYE ")
    with pytest.raises(RemoteError):
        session.next_event()
    session.receive_data(b"\r\nn NOOP\r\n")
    with pytest.raises(RemoteError):
        session.next_event()


# The end


@pytest.mark.parametrize(
    ("data", "closed"),
    [
        (b"", Closed(False)),
        (b"a NO", Closed(False, truncated=True)),
        (b"a APPEND x {5", Closed(False, truncated=True)),
    ],
)
def test_the_client_goes_away(data: bytes, closed: Closed) -> None:
    session = serving()
    if data:
        session.receive_data(data)
    session.receive_data(b"")
    assert drain(session) == [closed]
    assert session.state is State.CLOSED
    assert session.next_event() is NEED_DATA
    with pytest.raises(LocalError):
        session.send(responses.Exists(1))


def test_the_client_goes_away_during_idle() -> None:
    session = idling()
    session.receive_data(b"")
    assert drain(session) == [Closed(False, ("i",))]


def test_bye_from_our_side() -> None:
    session = logged_in()
    session.bye("too idle", code="UNAVAILABLE")
    assert drain(session) == [Closed(True)]
    assert sent(session) == b"* BYE [UNAVAILABLE] too idle\r\n"


def test_the_last_commands_are_answered_after_the_client_closed_its_side() -> None:
    session = serving()
    session.receive_data(b"a NOOP\r\nb NOOP\r\n")
    session.receive_data(b"")
    assert drain(session) == [commands.Noop(tag="a")]
    session.ok("done")
    assert drain(session) == [commands.Noop(tag="b")]
    session.ok("done")
    assert drain(session) == [Closed(False)]


# Feeding

SCRIPT = (
    b'a LOGIN {4+}\r\nuser "se\\"cret"\r\nb SELECT INBOX\r\nc FETCH 1:* (UID FLAGS)\r\n'
    b"d APPEND INBOX (\\Seen) {12+}\r\nhello\r\nyou\r\n\r\ne WHAT\r\nf IDLE\r\nDONE\r\ng LOGOUT\r\n"
)


def play(feed: Callable[[Any, bytes], Any]) -> tuple[list[Any], bytes]:
    session = serving()
    events = []

    def handle(event: Any) -> None:
        events.append(event)
        match event:
            case commands.LiteralAnnounced():
                session.accept_literal()
            case commands.Idle():
                session.send(responses.Continuation("idling"))
            case commands.IdleDone():
                session.ok("idled")
            case commands.Command():
                session.ok("done")

    def answering(data: bytes) -> None:
        for event in feed(session, data):
            handle(event)
            while (more := session.next_event()) is not NEED_DATA:
                handle(more)

    answering(SCRIPT)
    return events, sent(session)


@pytest.mark.parametrize("feed", FEEDERS[1:])
def test_events_do_not_depend_on_how_the_bytes_were_cut(feed: Callable[[Any, bytes], Any]) -> None:
    events, data = play(FEEDERS[0])
    assert isinstance(events[-1], Closed)
    assert len(events) == 10
    assert data.count(b"\r\n") == 8
    assert play(feed) == (events, data)

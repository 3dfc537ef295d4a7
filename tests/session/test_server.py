"""The server session: what it gives out, what it answers by itself, what it refuses to send."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from helpers import FEEDERS, drain, logged_in, sent, serving, status

from mailproto import NEED_DATA, Limits, LocalError, RemoteError
from mailproto.imap import commands, responses, search
from mailproto.imap.events import Closed, StartTls
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


def in_state(state: State) -> ServerSession:
    if state is State.NOT_AUTHENTICATED:
        return serving()
    session = logged_in()
    if state is State.SELECTED:
        session.receive_data(b"s1 SELECT INBOX\r\n")
        drain(session)
        session.mailbox = MailboxView([1])
        session.ok("selected")
        sent(session)
    return session


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


# Literals


def announced(session: ServerSession, line: bytes) -> commands.LiteralAnnounced:
    session.receive_data(line)
    (event,) = drain(session)
    assert isinstance(event, commands.LiteralAnnounced)
    return event


def test_a_synchronising_literal_is_let_in() -> None:
    session = serving()
    event = announced(session, b"a LOGIN {4}\r\n")
    assert (event.tag, event.size, event.sync) == ("a", 4, True)
    assert sent(session) == b""
    session.accept_literal()
    assert sent(session).startswith(b"+ ")
    assert announced(session, b"user {6}\r\n").size == 6
    session.accept_literal()
    sent(session)
    session.receive_data(b"secret\r\n")
    assert drain(session) == [commands.Login("user", "secret", tag="a")]
    with pytest.raises(LocalError):
        session.accept_literal()


def test_a_non_synchronising_literal_gets_no_continuation() -> None:
    session = serving()
    assert not announced(session, b"a LOGIN {4+}\r\nuser {6+}\r\nsecret\r\n").sync
    session.accept_literal()
    (event,) = drain(session)
    assert isinstance(event, commands.LiteralAnnounced)
    session.accept_literal()
    assert drain(session) == [commands.Login("user", "secret", tag="a")]
    assert sent(session) == b""


def test_a_rejected_synchronising_literal() -> None:
    session = logged_in()
    announced(session, b"a APPEND INBOX {100}\r\n")
    session.reject_literal("not now", code="LIMIT")
    assert sent(session) == b"a NO [LIMIT] not now\r\n"
    session.receive_data(b"n NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="n")]


def test_attack_28_a_literal_of_a_command_that_is_not_legal_now_is_not_asked_for() -> None:
    session = serving()
    session.receive_data(b"a APPEND INBOX {100}\r\n")
    assert drain(session) == []
    assert sent(session) == b"a BAD APPEND is not legal while not authenticated\r\n"
    body = b"x LOGOUT\r\n" * 10
    session.receive_data(
        b"b uid search subject {100+}\r\n" + body + b" {100+}\r\n" + body + b"\r\nn NOOP\r\n"
    )
    assert drain(session) == [commands.Noop(tag="n")]
    assert sent(session) == b"b BAD SEARCH is not legal while not authenticated\r\n"
    session.ok("done")
    session = logged_in()
    session.receive_data(b"c LOGIN {3}\r\n")
    assert drain(session) == []
    assert sent(session) == b"c BAD LOGIN is not legal while authenticated\r\n"


def test_attack_28_such_literals_count_as_bad_commands() -> None:
    session = serving()
    session.receive_data(b"a APPEND INBOX {1}\r\n" * (MAX_BAD_COMMANDS - 1))
    assert drain(session) == []
    session.receive_data(b"a APPEND INBOX {1}\r\n")
    with pytest.raises(RemoteError, match="too many"):
        drain(session)


def test_attack_4_an_oversize_literal_is_swallowed_never_run() -> None:
    session = logged_in(append_limit=50)
    body = b"x LOGOUT\r\n" * 10
    session.receive_data(b"a APPEND INBOX {100+}\r\n" + body + b"\r\nn NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="n")]
    assert sent(session).startswith(b"a NO [TOOBIG] ")


def test_an_append_within_the_limit() -> None:
    session = logged_in(append_limit=100)
    announced(session, b"a APPEND INBOX {100}\r\n")
    session.accept_literal()
    session.receive_data(b"m" * 100 + b"\r\n")
    (command,) = drain(session)
    assert isinstance(command, commands.Append)
    assert command.messages[0].data == b"m" * 100
    session.receive_data(b"")
    session.ok("done")
    announced_size = logged_in(append_limit=100)
    announced_size.receive_data(b"a APPEND INBOX {101}\r\n")
    assert drain(announced_size) == []
    assert sent(announced_size).startswith(b"a NO [TOOBIG] ")


def test_an_append_limit_above_the_other_limits_makes_room() -> None:
    limits = Limits.server()
    session = logged_in(append_limit=limits.max_unit + 1)
    assert session.limits.max_literal == limits.max_unit + 1
    assert announced(session, b"a APPEND INBOX {%d}\r\n" % (limits.max_unit + 1)).size == limits.max_unit + 1


def test_limits_widen_at_login_and_not_before() -> None:
    limits = Limits.before_login()
    line = b"a NOOP " + b"x" * (limits.max_line + 10)
    session = serving()
    session.receive_data(line)
    with pytest.raises(RemoteError):
        drain(session)
    session = logged_in()
    session.receive_data(line + b"\r\n")
    assert drain(session) == []
    assert sent(session).startswith(b"a BAD ")


# AUTHENTICATE


def test_authenticate() -> None:
    session = serving()
    session.receive_data(b"a AUTHENTICATE XTEST\r\nYW5zd2Vy\r\n")
    assert drain(session) == [commands.Authenticate("XTEST", tag="a")]
    session.challenge(b"challenge")
    assert drain(session) == [commands.SaslResponse(b"answer")]
    session.ok("in")
    assert session.state is State.AUTHENTICATED
    assert sent(session) == b"+ Y2hhbGxlbmdl\r\na OK in\r\n"


@pytest.mark.parametrize("line", [b"*\r\n", b"!!!\r\n", b"abc\r\n"])
def test_attack_23_authenticate_cancelled_or_not_base64(line: bytes) -> None:
    session = serving()
    session.receive_data(b"a AUTHENTICATE XTEST\r\n")
    drain(session)
    session.challenge(b"")
    with pytest.raises(LocalError):
        session.no("the client still owes a line")
    session.receive_data(line)
    assert drain(session) == [commands.SaslResponse(None)]
    session.bad("cancelled")
    assert session.state is State.NOT_AUTHENTICATED
    session.receive_data(b"n NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="n")]


def test_a_challenge_is_only_sent_when_due() -> None:
    session = serving()
    with pytest.raises(LocalError):
        session.challenge(b"")
    with pytest.raises(LocalError):
        session.send(responses.Continuation("x"))


# IDLE


def idling() -> ServerSession:
    session = in_state(State.SELECTED)
    session.receive_data(b"i IDLE\r\n")
    assert drain(session) == [commands.Idle(tag="i")]
    session.send(responses.Continuation("idling"))
    assert session.idling
    sent(session)
    return session


def test_idle() -> None:
    session = idling()
    assert session.mailbox is not None
    session.mailbox.note_new(2)
    session.mailbox.note_expunged(1)
    assert session.announce()
    assert sent(session) == b"* 1 EXPUNGE\r\n* 1 EXISTS\r\n"
    assert not session.announce()
    session.receive_data(b"DONE\r\n")
    assert drain(session) == [commands.IdleDone()]
    session.ok("done")
    assert sent(session) == b"i OK done\r\n"
    assert not session.idling


@pytest.mark.parametrize("line", [b"n NOOP\r\n", b"n APPEND INBOX {5+}\r\n", b"x\r\n"])
def test_attack_28_another_command_during_idle(line: bytes) -> None:
    session = idling()
    session.receive_data(line)
    assert drain(session) == [commands.IdleDone()]
    session.ok("done")
    assert sent(session).startswith(b"i BAD ")
    assert session.state is State.SELECTED


# News of the mailbox


def news_after(line: bytes) -> bytes:
    session = in_state(State.SELECTED)
    session.mailbox = MailboxView([1, 2, 3], recent=[3])
    session.mailbox.note_expunged(2)
    session.mailbox.note_new(4)
    session.mailbox.note_flags(3, ["\\Seen"])
    assert not session.announce()
    session.receive_data(line)
    drain(session)
    session.ok("done")
    return sent(session)


@pytest.mark.parametrize("line", [b"a FETCH 1 FLAGS\r\n", b"a STORE 1 FLAGS ()\r\n", b"a SEARCH ALL\r\n"])
def test_no_expunge_during_fetch_store_search(line: bytes) -> None:
    data = news_after(line)
    assert b"EXPUNGE" not in data
    assert data.startswith(b"* 4 EXISTS\r\n* 3 FETCH ")
    assert data.endswith(b"a OK done\r\n")


@pytest.mark.parametrize("line", [b"a NOOP\r\n", b"a UID FETCH 1 FLAGS\r\n", b"a CHECK\r\n"])
def test_expunge_during_other_commands(line: bytes) -> None:
    data = news_after(line)
    assert data.startswith(b"* 2 EXPUNGE\r\n* 3 EXISTS\r\n* 2 FETCH ")
    assert data.endswith(b"a OK done\r\n")


@pytest.mark.parametrize(
    ("line", "state"),
    [(b"a CLOSE\r\n", State.AUTHENTICATED), (b"a UNSELECT\r\n", State.AUTHENTICATED)],
)
def test_the_view_goes_with_the_mailbox(line: bytes, state: State) -> None:
    session = in_state(State.SELECTED)
    session.receive_data(line)
    drain(session)
    session.ok("closed")
    assert session.mailbox is None
    assert session.state is state


# What the application may not send


def test_expunge_is_never_sent_when_it_is_forbidden() -> None:
    session = in_state(State.SELECTED)
    with pytest.raises(LocalError):
        session.send(responses.Expunge(1))
    session.receive_data(b"a FETCH 1 FLAGS\r\n")
    drain(session)
    with pytest.raises(LocalError):
        session.send(responses.Expunge(1))
    session.ok("done")
    session.receive_data(b"a EXPUNGE\r\n")
    drain(session)
    session.send(responses.Expunge(1))


def test_only_the_command_in_progress_can_be_completed() -> None:
    session = serving()
    with pytest.raises(LocalError):
        session.ok("what?")
    session.receive_data(b"a NOOP\r\n")
    drain(session)
    for wrong in (status("OK", "x", tag="b"), status("PREAUTH", "x")):
        with pytest.raises(LocalError):
            session.send(wrong)
    session.ok("done")
    with pytest.raises(LocalError):
        session.ok("twice")


# STARTTLS


def test_starttls() -> None:
    session = serving()
    session.receive_data(b"a STARTTLS\r\n")
    assert drain(session) == [commands.StartTls(tag="a")]
    session.ok("begin")
    assert drain(session) == [StartTls()]
    assert sent(session) == b"a OK begin\r\n"
    session.tls_started()
    assert session.secure
    session.receive_data(b"b STARTTLS\r\nc LOGIN user secret\r\n")
    assert drain(session) == [commands.Login("user", "secret", tag="c")]
    assert sent(session).startswith(b"b BAD ")
    with pytest.raises(LocalError):
        session.tls_started()


def test_starttls_refused() -> None:
    session = serving()
    session.receive_data(b"a STARTTLS\r\n")
    drain(session)
    session.no("no certificate")
    session.receive_data(b"b NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="b")]


@pytest.mark.parametrize("split", [0, 1, 2, 3])
def test_attack_15_what_follows_starttls_in_the_clear_is_discarded_and_the_end(split: int) -> None:
    """CVE-2021-33515: in one segment, after the command was given out, after OK, and half a line."""
    session = serving()
    evil = b"A2 LOGIN eve evil\r\n"
    if split in (0, 3):
        session.receive_data(b"a STARTTLS\r\n" + (evil if split == 0 else evil[:4]))
    else:
        session.receive_data(b"a STARTTLS\r\n")
        assert drain(session) == [commands.StartTls(tag="a")]
        if split == 2:
            session.ok("begin")
            assert drain(session) == [StartTls()]
        session.receive_data(evil)
    for _ in range(2):
        with pytest.raises(RemoteError):
            session.next_event()
    assert b"* BYE " in sent(session)
    with pytest.raises(RemoteError):
        session.tls_started()


def test_attack_15_through_the_buffer_too() -> None:
    session = serving()
    session.receive_data(b"a STARTTLS\r\n")
    drain(session)
    session.ok("begin")
    drain(session)
    memory = session.get_buffer(-1)
    memory[:6] = b"A NOOP"
    del memory
    session.buffer_updated(6)
    with pytest.raises(RemoteError):
        session.tls_started()


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

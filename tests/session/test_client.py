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
    BadResponse,
    Closed,
    CommandDone,
    ContinuationRequested,
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


# The mailbox


def test_the_view_follows_what_the_server_says() -> None:
    session = selected(3)
    mailbox = session.mailbox
    assert mailbox is not None
    assert (mailbox.name, mailbox.exists, mailbox.uidvalidity, mailbox.uidnext) == ("INBOX", 3, 7, 100)
    assert mailbox.flags == ("\\Seen", "\\Deleted")
    assert not mailbox.read_only
    session.receive_data(
        b"* 1 FETCH (UID 5)\r\n* 2 FETCH (UID 6)\r\n* 3 FETCH (UID 9)\r\n* 2 EXPUNGE\r\n"
        b"* 4 EXISTS\r\n* 1 RECENT\r\n"
    )
    drain(session)
    assert (mailbox.exists, mailbox.recent) == (4, 1)
    assert [mailbox.uid(seq) for seq in (1, 2, 3)] == [5, 9, None]
    assert mailbox.seq(9) == 2


def test_selecting_another_mailbox_begins_a_new_view() -> None:
    session = selected(3)
    session.send(commands.Examine("Other"))
    sent(session)
    # The last news about INBOX and the first about Other, with nothing between them: no error.
    session.receive_data(
        b"* 2 EXPUNGE\r\n* 7 EXISTS\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 8] v\r\nA3 OK [READ-ONLY] ok\r\n"
    )
    drain(session)
    mailbox = session.mailbox
    assert mailbox is not None
    assert (mailbox.name, mailbox.exists, mailbox.uidvalidity, mailbox.read_only) == ("Other", 1, 8, True)


@pytest.mark.parametrize(
    ("command", "answer", "state"),
    [
        (commands.Close(), b"OK", State.AUTHENTICATED),
        (commands.Unselect(), b"OK", State.AUTHENTICATED),
        (commands.Close(), b"NO", State.SELECTED),
        (commands.Select("x"), b"NO", State.AUTHENTICATED),
        (commands.Select("x"), b"BAD", State.SELECTED),
    ],
)
def test_the_mailbox_closes(command: commands.Command, answer: bytes, state: State) -> None:
    session = selected()
    session.send(command)
    sent(session)
    session.receive_data(b"A3 %s x\r\n" % answer)
    drain(session)
    assert session.state is state
    assert (session.mailbox is None) is (state is State.AUTHENTICATED)


def test_data_for_a_mailbox_no_longer_selected_is_only_reported() -> None:
    """ATTACKS 28."""
    session = selected()
    session.send(commands.Close())
    sent(session)
    session.receive_data(b"A3 OK\r\n* 9 EXPUNGE\r\n* 2 EXISTS\r\n* 7 FETCH (UID 1)\r\n")
    events = drain(session)
    assert [type(event) for event in events[1:]] == [Unsolicited] * 3
    assert session.mailbox is None


# ENABLE and capabilities


def test_enable_is_tracked_only_when_asked_for() -> None:
    session = greeted(b"* PREAUTH hi\r\n")
    session.receive_data(b"* ENABLED UTF8=ACCEPT\r\n")
    drain(session)
    assert not session.enabled
    session.send(commands.Enable(["utf8=accept", "condstore"]))
    sent(session)
    session.receive_data(b"* ENABLED CONDSTORE UTF8=ACCEPT QRESYNC\r\nA1 OK\r\n")
    drain(session)
    assert session.enabled == {"CONDSTORE", "UTF8=ACCEPT"}
    assert session.utf8


def test_attack_18_capabilities_are_dropped_after_login() -> None:
    session = greeted(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n")
    assert session.capabilities == {"IMAP4REV1", "AUTH=PLAIN", "SASL-IR"}
    session.send(commands.Login("user", "secret"))
    sent(session)
    session.receive_data(b"A1 OK in\r\n")
    drain(session)
    assert session.capabilities is None


@pytest.mark.parametrize(
    "answer", [b"A1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n", b"* CAPABILITY IMAP4rev1 IDLE\r\nA1 OK in\r\n"]
)
def test_capabilities_told_with_the_login_stay(answer: bytes) -> None:
    session = greeted(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n")
    session.send(commands.Login("user", "secret"))
    sent(session)
    session.receive_data(answer)
    drain(session)
    assert session.capabilities == {"IMAP4REV1", "IDLE"}
    assert session.has_capability("idle")


def test_login_is_refused_under_logindisabled() -> None:
    session = greeted(b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n")
    with pytest.raises(LocalError, match="LOGINDISABLED"):
        session.send(commands.Login("user", "secret"))
    assert sent(session) == b""


# AUTHENTICATE


def test_authenticate_by_hand() -> None:
    session = greeted()
    session.send(commands.Authenticate("XTEST"))
    session.send(commands.Noop())
    assert sent(session) == b"A1 AUTHENTICATE XTEST\r\n"
    session.receive_data(b"+ Y2hhbGxlbmdl\r\n")
    assert drain(session) == [ContinuationRequested("A1", b"challenge")]
    with pytest.raises(LocalError):
        session.done()
    session.respond(b"answer")
    assert sent(session) == b"YW5zd2Vy\r\n"
    with pytest.raises(LocalError):
        session.respond(b"twice")
    session.receive_data(b"A1 OK in\r\n")
    drain(session)
    assert session.state is State.AUTHENTICATED
    assert sent(session) == b"A2 NOOP\r\n"


def test_authenticate_can_be_cancelled() -> None:
    session = greeted()
    session.send(commands.Authenticate("XTEST"))
    sent(session)
    session.receive_data(b"+ \r\n")
    assert drain(session) == [ContinuationRequested("A1", b"")]
    session.respond(None)
    assert sent(session) == b"*\r\n"
    session.receive_data(b"A1 BAD cancelled\r\n")
    drain(session)
    assert session.state is State.NOT_AUTHENTICATED


def test_the_initial_response_goes_inline_only_where_it_may() -> None:
    session = greeted(b"* OK [CAPABILITY IMAP4rev1 SASL-IR] hi\r\n")
    session.send(commands.Authenticate("PLAIN", b"\0u\0p"))
    assert sent(session) == b"A1 AUTHENTICATE PLAIN AHUAcA==\r\n"
    session = greeted()
    session.send(commands.Authenticate("PLAIN", b"\0u\0p"))
    assert sent(session) == b"A1 AUTHENTICATE PLAIN\r\n"
    session.receive_data(b"+ \r\n")
    assert drain(session) == []
    assert sent(session) == b"AHUAcA==\r\n"


def test_a_challenge_that_is_not_base64_cancels() -> None:
    session = greeted()
    session.send(commands.Authenticate("XTEST"))
    sent(session)
    session.receive_data(b"+ !!!\r\n")
    assert drain(session) == []
    assert sent(session) == b"*\r\n"


# IDLE


def test_idle() -> None:
    session = selected()
    session.send(commands.Idle())
    assert sent(session) == b"A3 IDLE\r\n"
    with pytest.raises(LocalError, match="done"):
        session.send(commands.Noop())
    session.receive_data(b"+ idling\r\n* 4 EXISTS\r\n")
    first, second = drain(session)
    assert first == ContinuationRequested("A3", None)
    assert isinstance(second, Unsolicited)
    session.done()
    session.send(commands.Noop())
    assert sent(session) == b"DONE\r\nA4 NOOP\r\n"
    session.receive_data(b"A3 OK\r\nA4 OK\r\n")
    assert [event.tag for event in drain(session)] == ["A3", "A4"]
    with pytest.raises(LocalError):
        session.done()


def test_done_before_the_server_lets_idle_begin() -> None:
    session = selected()
    session.send(commands.Idle())
    session.done()
    session.send(commands.Noop())
    assert sent(session) == b"A3 IDLE\r\n"
    session.receive_data(b"+ idling\r\n")
    assert drain(session) == []
    assert sent(session) == b"DONE\r\nA4 NOOP\r\n"


def test_two_idles_whose_ends_were_asked_for_at_once() -> None:
    session = selected()
    for _ in range(2):
        session.send(commands.Idle())
        session.done()
    assert sent(session) == b"A3 IDLE\r\n"
    session.receive_data(b"+ idling\r\n")
    drain(session)
    assert sent(session) == b"DONE\r\nA4 IDLE\r\n"
    session.receive_data(b"A3 OK\r\n+ idling\r\n")
    drain(session)
    assert sent(session) == b"DONE\r\n"


def test_idle_refused() -> None:
    session = selected()
    session.send(commands.Idle())
    sent(session)
    session.receive_data(b"A3 NO not now\r\n")
    drain(session)
    assert not session.idling
    session.send(commands.Noop())
    assert sent(session) == b"A4 NOOP\r\n"


# The end


def test_logout() -> None:
    session = selected()
    session.send(commands.Logout())
    sent(session)
    with pytest.raises(LocalError):
        session.send(commands.Noop())
    session.receive_data(b"* BYE\r\nA3 OK\r\n")
    bye, done = drain(session)
    assert isinstance(bye, responses.StatusResponse)
    assert done.ok
    session.receive_data(b"")
    assert drain(session) == [Closed(True)]
    assert session.state is State.CLOSED
    assert session.next_event() is NEED_DATA


@pytest.mark.parametrize(
    ("data", "closed"),
    [
        (b"", Closed(False, ("A3",))),
        (b"* 1 FET", Closed(False, ("A3",), truncated=True)),
        (b"* BYE bye\r\n", Closed(True, ("A3",))),
    ],
)
def test_the_server_goes_away(data: bytes, closed: Closed) -> None:
    session = selected()
    session.send(commands.Noop())
    sent(session)
    if data:
        session.receive_data(data)
    session.receive_data(b"")
    assert drain(session)[-1] == closed
    with pytest.raises(LocalError):
        session.send(commands.Noop())


def test_nothing_goes_out_after_bye() -> None:
    session = selected()
    session.send(commands.Noop())
    session.send(commands.Fetch("1", ("FLAGS",)))
    assert sent(session) == b"A3 NOOP\r\n"
    session.receive_data(b"* BYE bye\r\nA3 OK\r\n")
    drain(session)
    assert sent(session) == b""
    session.receive_data(b"")
    assert drain(session) == [Closed(True, ("A4",))]


def test_a_fetch_of_message_0_does_no_harm() -> None:
    session = selected(1)
    session.receive_data(b"* 1 FETCH (UID 5)\r\n* 0 FETCH (UID 6)\r\n")
    drain(session)
    assert session.mailbox is not None
    assert session.mailbox.uid(1) == 5


def test_a_fetch_with_or_without_the_envelope_that_was_asked_for() -> None:
    session = selected(2)
    session.send(commands.Fetch("1:2", ("ENVELOPE", "BODYSTRUCTURE", commands.Section(text="HEADER"))))
    sent(session)
    session.receive_data(
        b"* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) BODY[HEADER] {2}\r\n\r\n"
        b' BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1))\r\n'
        b"* 2 FETCH (FLAGS (\\Seen))\r\nA3 OK\r\n"
    )
    first, second, _ = drain(session)
    assert isinstance(first, responses.Fetch)
    assert isinstance(second, Unsolicited)


def test_a_response_that_cannot_be_read_is_skipped_but_an_answer_is_not() -> None:
    session = selected()
    session.send(commands.Noop())
    sent(session)
    session.receive_data(b"* 1 FETCH FLAGS\r\n* 5 EXISTS\r\n")
    bad, news = drain(session)
    assert isinstance(bad, BadResponse)
    assert isinstance(news, Unsolicited)
    session.receive_data(b"A3 WHAT\r\n")
    with pytest.raises(RemoteError):
        drain(session)


# Hostile servers


def test_attack_28_an_answer_to_a_tag_never_sent() -> None:
    session = greeted()
    session.receive_data(b"Z9 OK hm\r\n")
    for _ in range(3):
        with pytest.raises(RemoteError):
            session.next_event()
    with pytest.raises(RemoteError):
        session.send(commands.Noop())


@pytest.mark.parametrize(
    "lines",
    [
        b"* 4 EXPUNGE\r\n",
        b"* 1 EXPUNGE\r\n" * 4,
        b"* 2 EXISTS\r\n",
        b"* 1 FETCH (UID 9)\r\n* 2 FETCH (UID 9)\r\n",
        b"* 2 FETCH (UID 9)\r\n* 1 FETCH (UID 9)\r\n",
        b"* 1 FETCH (UID 9)\r\n* 1 FETCH (UID 8)\r\n",
        b"* 4 FETCH (UID 9)\r\n",
        b"* OK [UIDVALIDITY 8] changed\r\n",
        b"* CAPABILITY" + b" X" * 2000 + b"\r\n",
        b"* OK [CAPABILITY" + b" X" * 2000 + b"] x\r\n",
        b"* FLAGS (" + b" ".join(b"k%d" % n for n in range(20_000)) + b")\r\n",
    ],
)
def test_attack_30_a_view_that_cannot_be_true_is_a_typed_error(lines: bytes) -> None:
    session = selected(3)
    session.receive_data(lines)
    with pytest.raises(RemoteError):
        drain(session)


def test_attack_30_endless_untagged_lines_take_no_memory() -> None:
    import tracemalloc

    session = selected(1)
    session.send(commands.Noop())
    sent(session)
    block = b'* OK still here\r\n* LIST () "/" x\r\n* 1 FETCH (FLAGS ())\r\n* 2 RECENT\r\n' * 50
    session.receive_data(block)
    drain(session)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(100):
            session.receive_data(block)
            while session.next_event() is not NEED_DATA:
                pass
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100_000


def test_attack_30_one_short_fetch_does_not_allocate_for_billions() -> None:
    import tracemalloc

    session = selected(4_294_967_295)
    tracemalloc.start()
    try:
        session.receive_data(b"* 4294967295 FETCH (UID 4294967295)\r\n")
        drain(session)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


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

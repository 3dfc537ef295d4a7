"""The client session in AUTHENTICATE and IDLE, at the end, and with servers that mean harm."""

from __future__ import annotations

import pytest
from helpers import drain, greeted, selected, sent

from mailproto import NEED_DATA, LocalError, RemoteError
from mailproto.imap import commands, responses
from mailproto.imap.events import (
    BadResponse,
    Closed,
    ContinuationRequested,
    Unsolicited,
)
from mailproto.imap.states import State

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

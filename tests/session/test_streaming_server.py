"""A server session that takes a client's messages as they come: events through it, its answers, its log."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import drain, logged_in, sent, serving

from mailproto import NEED_DATA, LocalError, Streamed
from mailproto.imap import LiteralBegin, LiteralChunk, LiteralEnd, commands
from mailproto.wirelog import WireLog

BODY = b"Subject: hush\r\n\r\nsecret words\r\n" * 50


def joined(events: list[Any]) -> list[Any]:
    found: list[Any] = []
    for event in events:
        if isinstance(event, LiteralChunk):
            if found and isinstance(found[-1], bytes):
                found[-1] += bytes(event.data)
            else:
                found.append(bytes(event.data))
        else:
            found.append(event)
    return found


def accepting(session: Any) -> list[Any]:
    """Every event that is there, literals let in."""
    events = []
    while (event := session.next_event()) is not NEED_DATA:
        events.append(event)
        if isinstance(event, commands.LiteralAnnounced):
            session.accept_literal()
    return events


@pytest.mark.parametrize("step", [1, 7, 4096])
def test_two_messages(step: int) -> None:
    session = logged_in(stream_above=100)
    events = []
    wire = b"a APPEND x (\\Seen) {%d+}\r\n%b {5}\r\n" % (len(BODY), BODY)
    for at in range(0, len(wire), step):
        session.receive_data(wire[at : at + step])
        events += accepting(session)
    assert sent(session) == b"+ go on\r\n"
    session.receive_data(b"short\r\n")
    events += accepting(session)
    first, begin, body, end, second, append = joined(events)
    assert (first.size, second.size) == (len(BODY), 5)
    assert (begin, body, end) == (LiteralBegin(("APPEND", 0), len(BODY)), BODY, LiteralEnd())
    assert [message.data for message in append.messages] == [Streamed(len(BODY)), b"short"]
    session.ok("kept")
    assert sent(session) == b"a OK kept\r\n"


def test_one_literal_into_memory_of_the_application() -> None:
    session = logged_in()
    session.receive_data(b"a APPEND x {%d}\r\n" % len(BODY))
    assert isinstance(session.next_event(), commands.LiteralAnnounced)
    session.accept_literal(stream=True)
    assert sent(session) == b"+ go on\r\n"
    assert isinstance(session.next_event(), LiteralBegin)
    memory = bytearray(len(BODY))
    session.read_literal_into(memory)
    view = session.get_buffer()
    view[:] = BODY
    view.release()
    session.buffer_updated(len(BODY))
    session.receive_data(b"\r\n")
    chunk, end, append = drain(session)
    assert chunk.data.obj is memory
    assert memory == BODY
    assert end == LiteralEnd()
    assert append.messages[0].data == Streamed(len(BODY))


def test_a_literal_may_be_kept_or_refused() -> None:
    session = logged_in(stream_above=3)
    session.receive_data(b"a APPEND x {4+}\r\nabcd {4+}\r\n")
    session.next_event()
    session.accept_literal()
    assert isinstance(session.next_event(), LiteralBegin)
    session.keep_literal()
    assert isinstance(session.next_event(), commands.LiteralAnnounced)
    session.reject_literal("enough", code="OVERQUOTA")
    assert sent(session) == b"a NO [OVERQUOTA] enough\r\n"
    session.receive_data(b"efgh\r\nb NOOP\r\n")
    assert session.next_event() == commands.Noop(tag="b")
    with pytest.raises(ValueError, match="just begun"):
        session.keep_literal()
    with pytest.raises(LocalError):
        session.accept_literal(stream=True)


def test_a_command_that_is_bad_after_all() -> None:
    """The session answers, as ever."""
    session = logged_in(stream_above=3)
    session.receive_data(b"a APPEND x {4+}\r\nab\0d\r\nb APPEND x {4+}\r\nabcd what\r\n")
    events = accepting(session)
    assert not any(isinstance(event, commands.Command) for event in events)
    assert [line[:6] for line in sent(session).splitlines()] == [b"a BAD ", b"b BAD "]


def test_the_log_does_not_show_what_was_streamed() -> None:
    lines: list[str] = []
    session = logged_in(stream_above=100, log=WireLog(lines.append))
    session.receive_data(b"a APPEND x {%d+}\r\n%b\r\n" % (len(BODY), BODY))
    accepting(session)
    assert any("Append(" in line for line in lines)
    assert not any("hush" in line for line in lines)


def test_the_threshold_outlives_starttls() -> None:
    session = serving(stream_above=3)
    session.receive_data(b"a STARTTLS\r\n")
    drain(session)
    session.ok("begin")
    drain(session)
    session.tls_started()
    session.receive_data(b"l LOGIN a b\r\n")
    drain(session)
    session.ok("in")
    session.receive_data(b"b APPEND x {4+}\r\nabcd\r\n")
    assert accepting(session)[1] == LiteralBegin(("APPEND", 0), 4)
    with pytest.raises(TypeError, match="stream_above"):
        serving(stream_above="much")

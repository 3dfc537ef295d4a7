"""A server session that takes a client's messages as they come: events through it, its answers, its log."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import drain, logged_in, sent, serving

from mailproto import NEED_DATA, LocalError, Streamed
from mailproto.imap import LiteralBegin, LiteralChunk, LiteralEnd, LiteralsVoid, commands
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
    assert [event for event in events if isinstance(event, LiteralsVoid)] == [
        LiteralsVoid("a"),
        LiteralsVoid("b"),
    ]
    assert [line[:6] for line in sent(session).splitlines()] == [b"a BAD ", b"b BAD "]


class Naive:
    """A server that gives each ``Streamed`` the next of the messages that came."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.waiting: list[bytes] = []
        self.kept: list[bytes] = []

    def run(self) -> None:
        while (event := self.session.next_event()) is not NEED_DATA:
            match event:
                case commands.LiteralAnnounced():
                    self.session.accept_literal()
                case LiteralBegin():
                    self.waiting.append(b"")
                case LiteralChunk(data):
                    self.waiting[-1] += bytes(data)
                case LiteralsVoid():
                    self.waiting.clear()
                case commands.Append(messages=messages):
                    for message in messages:
                        self.kept.append(
                            self.waiting.pop(0) if isinstance(message.data, Streamed) else message.data
                        )
                    self.session.ok("kept")
                case commands.Command():
                    self.session.ok("done")


@pytest.mark.parametrize(
    "refused",
    [
        b"a APPEND x {5+}\r\nwrong {5+}\r\nwrong)\r\n",
        b"a APPEND x {5+}\r\nwr\0ng\r\n",
        b"a APPEND x {5+}\r\nwrong what\r\n",
        b"a APPEND x {5+}\r\nwrong {99999+}\r\n" + b"x" * 99999 + b"\r\n",  # more than an APPEND may have
    ],
)
@pytest.mark.parametrize("step", [1, 9, 1 << 20])
def test_a_refused_message_is_not_taken_for_the_next(refused: bytes, step: int) -> None:
    session = logged_in(stream_above=3, append_limit=1000)
    server = Naive(session)
    wire = refused + b"b NOOP\r\nc BAD\r\nd APPEND x {5+}\r\nright {2+}\r\nok\r\n"
    step = max(step, len(wire) // 2000)
    for at in range(0, len(wire), step):
        session.receive_data(wire[at : at + step])
        server.run()
    assert server.kept == [b"right", b"ok"]
    assert [line.split()[:2] for line in sent(session).splitlines()] == [
        [b"a", b"NO" if b"99999" in refused else b"BAD"], [b"b", b"OK"], [b"c", b"BAD"], [b"d", b"OK"]
    ]  # fmt: skip


def test_a_command_without_streamed_literals_leaves_nothing_void() -> None:
    session = logged_in(stream_above=3)
    session.receive_data(b"a APPEND x {4+}\r\nabcd {4+}\r\nabcd\r\n")
    assert isinstance(accepting(session)[-1], commands.Append)
    session.ok("kept")
    session.receive_data(b"b APPEND x {2+}\r\na\0\r\nc APPEND x {4+}\r\n")
    events = accepting(session)
    assert not any(isinstance(event, LiteralsVoid) for event in events)
    assert isinstance(events[-1], LiteralBegin)
    session.keep_literal()
    session.receive_data(b"ab\0d\r\n")
    assert not any(isinstance(event, LiteralsVoid) for event in accepting(session))


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

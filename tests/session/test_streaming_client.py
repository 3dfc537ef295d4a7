"""A client session with stream_above: literal events through it, its log, and the clients on it."""

from __future__ import annotations

import io
import tracemalloc
from typing import Any

import pytest
from helpers import drain, selected, sent

from mailproto import NEED_DATA, CommandFailed, RemoteError, Streamed
from mailproto.clients import imap as operations
from mailproto.clients.conversation import Conversation
from mailproto.imap import LiteralBegin, LiteralChunk, LiteralEnd, commands
from mailproto.imap.events import BadResponse, CommandDone, Unsolicited
from mailproto.imap.responses import Fetch
from mailproto.wirelog import WireLog

BODY = b"Subject: hush\r\n\r\nsecret words\r\n" * 50
ROW = b"* 2 FETCH (UID 5 BODY[] {%d}\r\n%b)\r\n" % (len(BODY), BODY)
WHOLE = commands.Section(peek=True)


def asking(**options: Any) -> Any:
    session = selected(stream_above=100, **options)
    session.send(commands.Fetch("5", [WHOLE], uid=True))
    sent(session)
    return session


@pytest.mark.parametrize("step", [1, 7, 4096])
def test_events_come_through_the_session(step: int) -> None:
    session = asking()
    events = []
    stream = ROW + b"A3 OK done\r\n"
    for at in range(0, len(stream), step):
        session.receive_data(stream[at : at + step])
        events += drain(session)
    chunks = [event for event in events if isinstance(event, LiteralChunk)]
    assert b"".join(chunk.data for chunk in chunks) == BODY
    begin, end, row, done = (event for event in events if not isinstance(event, LiteralChunk))
    assert begin == LiteralBegin(("FETCH", 2, "BODY[]"), len(BODY))
    assert end == LiteralEnd()
    assert isinstance(row, Fetch) and row.sections == {"BODY[]": Streamed(len(BODY))}
    assert isinstance(done, CommandDone) and done.ok


def test_a_literal_may_be_kept() -> None:
    """At its beginning, and not later."""
    session = asking()
    with pytest.raises(ValueError, match="just begun"):
        session.keep_literal()
    session.receive_data(ROW[:40])
    assert isinstance(session.next_event(), LiteralBegin)
    session.keep_literal()
    assert session.next_event() is NEED_DATA
    session.receive_data(ROW[40:] + ROW)
    assert session.next_event().sections == {"BODY[]": BODY}
    assert isinstance(session.next_event(), LiteralBegin)
    assert isinstance(session.next_event(), LiteralChunk)
    with pytest.raises(ValueError, match="just begun"):
        session.keep_literal()


def test_into_memory_of_the_application() -> None:
    session = asking()
    session.receive_data(ROW[:34])
    begin = session.next_event()
    memory = bytearray(begin.size)
    session.read_literal_into(memory)
    assert session.next_event() is NEED_DATA
    view = session.get_buffer()
    assert view.obj is memory
    rest = ROW[34 : 34 + len(view)]
    view[: len(rest)] = rest
    session.buffer_updated(len(rest))
    session.receive_data(ROW[34 + len(rest) :])
    events = drain(session)
    assert events[0].data.obj is memory
    assert memory == BODY
    assert events[2].sections == {"BODY[]": Streamed(len(BODY))}


def test_the_log_shows_no_chunks() -> None:
    lines: list[str] = []
    session = asking(log=WireLog(lines.append))
    session.receive_data(ROW)
    drain(session)
    assert "secret" not in "".join(line for line in lines if not line.startswith("C: A1 LOGIN"))
    assert sum("Streamed(size=" in line for line in lines) == 1


def test_a_response_that_breaks_behind_its_literal() -> None:
    """The octets were given; the response is not. What follows is read."""
    session = asking()
    session.receive_data(
        ROW.replace(b"BODY[]", b"BODY[}", 1) + ROW[:-3] + b" MODSEQ (%d))\r\n" % (2**63) + b"A3 OK done\r\n"
    )
    kinds = [type(event) for event in drain(session)]
    assert kinds[-2:] == [BadResponse, CommandDone]


def test_news_with_a_large_literal() -> None:
    """A FETCH that nobody asked for is Unsolicited, its literal streamed all the same."""
    session = selected(stream_above=100)
    session.receive_data(ROW)
    *_, news = drain(session)
    assert isinstance(news, Unsolicited)


# ---- the clients


class Talk:
    """A conversation whose server is the test."""

    def __init__(self) -> None:
        self.session = selected(stream_above=100)
        self.conversation = Conversation(self.session)
        self.conversation.greeting = object()

    def start(self, operation: Any, *, streaming: bool = False) -> Any:
        running = self.conversation.start(operation, streaming=streaming)
        sent(self.session)
        return running

    def say(self, data: bytes) -> None:
        self.session.receive_data(data)
        self.conversation.pump()


def test_only_who_asked_for_chunks_gets_them() -> None:
    """An ordinary FETCH has its bytes in the value, however large."""
    talk = Talk()
    running = talk.start(operations.fetch("5", [WHOLE], uid=True))
    talk.say(ROW + b"A3 OK done\r\n")
    assert running.result()[0].sections == {"BODY[]": BODY}


def download(talk: Talk, message: int = 5) -> tuple[Any, operations.Download, io.BytesIO]:
    file = io.BytesIO()
    running = talk.start(operations.fetch_section(message, WHOLE, uid=True), streaming=True)
    return running, operations.Download(message, file, uid=True), file


def test_a_message_into_a_file() -> None:
    talk = Talk()
    running, into, file = download(talk)
    talk.say(ROW + b"A3 OK done\r\n")
    kinds = {type(event) for event in running.responses}
    for event in running.responses:
        into.take(event)
    assert {LiteralBegin, LiteralChunk, LiteralEnd, Fetch} == kinds
    assert into.finish() == len(BODY)
    assert file.getvalue() == BODY


def test_beside_another_fetch_it_is_kept_first() -> None:
    """Whose a literal is shows only behind it."""
    talk = Talk()
    running, into, file = download(talk)
    other = talk.start(operations.fetch("6", [WHOLE], uid=True))
    talk.say(ROW.replace(b"2 FETCH (UID 5", b"3 FETCH (UID 6") + ROW + b"A3 OK done\r\nA4 OK done\r\n")
    for event in running.responses:
        into.take(event)
    assert into.finish() == len(BODY)
    assert file.getvalue() == BODY
    assert other.done


@pytest.mark.parametrize("answer", [b"", b"* 3 FETCH (UID 6 FLAGS ())\r\n", ROW.replace(b"UID 5", b"UID 6")])
def test_another_message_or_none(answer: bytes) -> None:
    talk = Talk()
    running, into, _ = download(talk)
    talk.say(answer + b"A3 OK done\r\n")
    with pytest.raises((CommandFailed, RemoteError)):
        for event in running.responses:
            into.take(event)
        into.finish()


@pytest.mark.parametrize("text", [b"NIL", b"{5}\r\nabcde", b"{200}\r\n" + b"y" * 200])
def test_no_such_part_is_no_empty_file(text: bytes) -> None:
    """NIL stands for a message that is gone meanwhile, too."""
    talk = Talk()
    running, into, _ = download(talk)
    talk.say(b"* 2 FETCH (UID 5 BODY[] " + text + b")\r\nA3 OK done\r\n")
    for event in running.responses:
        into.take(event)
    if text == b"NIL":
        with pytest.raises(CommandFailed, match="no such part"):
            into.finish()
    else:
        assert into.finish() in {5, 200}


@pytest.mark.parametrize("again", [ROW, b'* 2 FETCH (UID 5 BODY[] "abc")\r\n'])
@pytest.mark.parametrize("first", [ROW, b'* 2 FETCH (UID 5 BODY[] "abc")\r\n'])
def test_a_message_that_comes_twice_is_not_written_twice(first: bytes, again: bytes) -> None:
    talk = Talk()
    running, into, file = download(talk)
    talk.say(first + again + b"A3 OK done\r\n")
    with pytest.raises(RemoteError, match="more than"):
        for event in running.responses:
            into.take(event)
    assert file.getvalue() in {BODY, b"abc"}


@pytest.mark.parametrize("message", ["1:*", "5", None, 0, [5]])
def test_one_message_is_asked_for(message: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="message must be"):
        operations.Download(message, io.BytesIO(), uid=True)


def test_what_no_message_can_be_written_to() -> None:
    with pytest.raises(TypeError, match="file must be"):
        operations.Download(5, "name", uid=True)  # type: ignore[arg-type]
    for section in (None, "BODY[]", "RFC822", commands.BinarySize()):
        with pytest.raises(TypeError, match="section must be"):
            operations.fetch_section(5, section, uid=True)  # type: ignore[arg-type]


class _Slow(io.BytesIO):
    """Takes little at a time, as a file without buffer may; or nothing."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def write(self, data: Any) -> int:
        return super().write(data[: self.most])


def test_a_file_that_takes_little_at_a_time() -> None:
    for most in (7, 0):
        talk = Talk()
        running, _, _ = download(talk)
        file = _Slow(most)
        into = operations.Download(5, file, uid=True)
        talk.say(ROW + b"A3 OK done\r\n")
        if not most:
            with pytest.raises(OSError, match="no more"):
                [into.take(event) for event in running.responses]
            continue
        for event in running.responses:
            into.take(event)
        assert into.finish() == len(BODY)
        assert file.getvalue() == BODY


def test_a_message_of_64_mib_into_a_file() -> None:
    """What the client holds does not grow with the message."""
    talk = Talk()
    running = talk.start(operations.fetch_section(5, WHOLE, uid=True), streaming=True)
    into = operations.Download(5, _Nowhere(), uid=True)  # type: ignore[arg-type]
    size, piece = 64 << 20, bytes(65536)
    talk.say(b"* 2 FETCH (UID 5 BODY[] {%d}\r\n" % size)
    tracemalloc.start()
    for _ in range(size // len(piece)):
        talk.say(piece)
        while running.responses:
            into.take(running.responses.popleft())
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    talk.say(b")\r\nA3 OK done\r\n")
    while running.responses:
        into.take(running.responses.popleft())
    assert into.finish() == size


class _Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)

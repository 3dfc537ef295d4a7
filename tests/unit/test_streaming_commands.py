"""Messages that a client appends, handed over as they come: events, errors, fixed memory."""

from __future__ import annotations

import dataclasses
import tracemalloc
from typing import Any

import pytest

from mailproto import NEED_DATA, IncompleteError, LimitError, Limits, Streamed
from mailproto.imap import CommandReader, LiteralBegin, LiteralChunk, LiteralEnd, commands
from mailproto.imap.commands import Append, AppendMessage, BadCommand, LiteralAnnounced

MIB = 1 << 20
NOOP = commands.Noop(tag="z")


def read(reader: CommandReader) -> list[Any]:
    """All that there is, the chunks of a literal joined to ``bytes``; what is announced is accepted."""
    found: list[Any] = []
    while (value := reader.next()) is not NEED_DATA:
        if isinstance(value, LiteralAnnounced):
            reader.accept()
        elif isinstance(value, LiteralChunk):
            assert value.data
            if found and isinstance(found[-1], bytes):
                found[-1] += bytes(value.data)
            else:
                found.append(bytes(value.data))
        else:
            found.append(value)
    return found


def stream(data: bytes, above: int = 3, **options: Any) -> list[Any]:
    reader = CommandReader(stream_above=above, **options)
    reader.feed(data)
    found = read(reader)
    reader.feed_eof()
    assert reader.buffered == 0
    return found


def literal(number: int, data: bytes, command: str = "APPEND") -> list[Any]:
    return [LiteralBegin((command, number), len(data)), data, LiteralEnd()]


@pytest.mark.parametrize("announce", [False, True])
def test_an_append(announce: bool) -> None:
    found = stream(b"a APPEND x (\\Seen) {6+}\r\nabcdef\r\nz NOOP\r\n", announce=announce)
    assert found == [*literal(0, b"abcdef"), Append("x", found[3].messages, tag="a"), NOOP]
    (message,) = found[3].messages
    assert (message.data, message.flags) == (Streamed(6), ("\\Seen",))
    with pytest.raises(ValueError, match="streamed"):
        bytes(found[3])
    assert found[3].to_dict()["messages"][0]["data"] == {"streamed": 6}
    hash(found[3])


def test_what_is_no_message_stays_in_its_command() -> None:
    """A mailbox's name, a URL, the arguments of other commands."""
    found = stream(
        b"a APPEND {4+}\r\nmail {5+}\r\nabcde {2+}\r\nxy\r\n"
        b"b LOGIN {4+}\r\nuser {4+}\r\npass\r\n"
        b"c APPEND x CATENATE (URL {4+}\r\n/url TEXT {4+}\r\ntext UTF8 (~{4+}\r\n\0\0\0\0))\r\n"
    )
    assert found[:3] == literal(1, b"abcde")
    assert found[3].mailbox == "mail"
    assert [message.data for message in found[3].messages] == [Streamed(5), b"xy"]
    assert found[4] == commands.Login("user", "pass", tag="b")
    assert found[5:11] == literal(1, b"text") + literal(2, b"\0\0\0\0")
    (message,) = found[11].messages
    assert message.parts == (commands.CatenateUrl("/url"), Streamed(4), Streamed(4))


def test_replace() -> None:
    found = stream(b"a UID REPLACE 5 x {6}\r\nabcdef\r\n")
    assert found[:3] == literal(0, b"abcdef", "REPLACE")
    assert (found[3].uid, found[3].message.data) == (True, Streamed(6))


def test_the_threshold() -> None:
    wire = b"a APPEND x {4+}\r\nabcd\r\n"
    assert stream(wire, 4) == [Append("x", b"abcd", tag="a")]
    assert stream(wire, 3)[0] == LiteralBegin(("APPEND", 0), 4)
    assert stream(b"a APPEND x {0+}\r\n\r\n", 0) == [Append("x", b"", tag="a")]
    for wrong, error in ((-1, ValueError), (True, TypeError), ("1", TypeError)):
        with pytest.raises(error, match="stream_above"):
            CommandReader(stream_above=wrong)  # type: ignore[arg-type]
    assert stream(wire, 2**70) == [Append("x", b"abcd", tag="a")]


def test_accept_decides_for_one_literal() -> None:
    for above, decision, streamed in (
        (None, None, False),
        (None, True, True),
        (0, None, True),
        (0, False, False),
        (9, True, True),
    ):
        reader = CommandReader(announce=True, stream_above=above)
        reader.feed(b"a APPEND x {6+}\r\nabcdef\r\n")
        assert reader.next() == LiteralAnnounced("a", 6, False, "APPEND")
        assert reader.next() is NEED_DATA
        reader.accept(stream=decision)
        found = read(reader)
        assert (len(found) == 4) is streamed
        assert found[-1].messages[0].data == (Streamed(6) if streamed else b"abcdef")
    reader.feed(b"a LOGIN {6}\r\n")
    reader.next()
    with pytest.raises(TypeError, match="stream"):
        reader.accept(stream=1)  # type: ignore[arg-type]
    reader.accept(stream=True)
    reader.feed(b"abcdef x\r\n")
    assert read(reader) == [commands.Login("abcdef", "x", tag="a")]


def test_refused_after_one_was_streamed() -> None:
    """The second message of a MULTIAPPEND: its command gives no value, and the next is read."""
    for sync in (b"", b"+"):
        reader = CommandReader(announce=True, stream_above=3)
        reader.feed(b"a APPEND x {6+}\r\nabcdef {7%b}\r\n" % sync)
        reader.next()
        reader.accept()
        assert [type(reader.next()) for _ in range(4)] == [
            LiteralBegin,
            LiteralChunk,
            LiteralEnd,
            LiteralAnnounced,
        ]
        reader.reject()
        reader.feed(b"1234567\r\nz NOOP\r\n" if sync else b"z NOOP\r\n")
        assert read(reader) == [NOOP]
        reader.feed_eof()


def test_past_a_bound_after_one_was_streamed() -> None:
    limits = dataclasses.replace(Limits.server(), max_literal=10)
    found = stream(b"a APPEND x {6+}\r\nabcdef {11+}\r\n12345678901\r\nz NOOP\r\n", limits=limits)
    assert found[:3] == literal(0, b"abcdef")
    assert isinstance(found[3], BadCommand)
    assert isinstance(found[3].error, LimitError)
    assert found[3].error.offset == 31
    assert b"{6+}" in found[3].error.unit
    assert found[4] == NOOP


#: Right and wrong, large literals and small ones; all of it one after the other.
WIRES = [
    b"a APPEND x {5+}\r\nabcde\r\n",
    b"a APPEND x {5+}\r\nab\0de\r\n",
    b"a APPEND x ~{5+}\r\nab\0de\r\n",
    b'a APPEND x {5+}\r\nabcde (\\Seen) "17-Jul-1996 02:44:25 -0700" {6+}\r\nfghijk\r\n',
    b"a APPEND x {5+}\r\nabcde {6+}\r\nfg\0ijk\r\n",
    b"a APPEND x {5+}\r\nabcde {6+}\r\nfg\0ijk {3+}\r\n123 BAD\r\n",
    b"a APPEND x {5+}\r\nabcde {6+}\r\nfghijk BAD {4+}\r\n1234\r\n",
    b"a APPEND x {5+}\r\nabcde)\r\n",
    b"a APPEND x y {5+}\r\nabcde\r\n",
    b"a APPEND x CATENATE (TEXT {5+}\r\nabcde URL /x TEXT {6+}\r\nfghijk)\r\n",
    b"a APPEND x CATENATE (TEXT {5+}\r\nabcde URL {4+}\r\n/x\r\n)\r\n",
    b"a APPEND x UTF8 (~{5+}\r\nabcde)\r\n",
    b"a APPEND {5+}\r\nabcde {0+}\r\n\r\n",
    b"+ APPEND x {5+}\r\nabcde\r\n",
    b"z NOOP\r\n",
]


def put_back(found: list[Any]) -> list[Any]:
    """What was streamed, as it would have been without: an error by what it says."""
    plain: list[Any] = []
    texts: list[bytes] = []
    for value in found:
        if isinstance(value, bytes):
            texts.append(value)
        elif isinstance(value, Append):
            messages = []
            for message in value.messages:
                if isinstance(message.data, Streamed):
                    message = AppendMessage(
                        texts.pop(0), message.flags, message.date, binary=message.binary, utf8=message.utf8
                    )
                elif message.parts is not None:
                    parts = [texts.pop(0) if isinstance(part, Streamed) else part for part in message.parts]
                    message = AppendMessage(b"", message.flags, message.date, parts=parts)
                messages.append(message)
            plain.append(Append(value.mailbox, messages, tag=value.tag))
            texts = []
        elif isinstance(value, BadCommand):
            error = value.error
            plain.append((value.tag, error.offset, error.expected, error.unit[:12]))
            texts = []
        elif not isinstance(value, LiteralBegin | LiteralEnd):
            plain.append(value)
    return plain


@pytest.mark.parametrize("announce", [False, True])
def test_streamed_or_not_and_however_cut_it_is_the_same(announce: bool) -> None:
    """Commands, and errors with their offsets."""
    wire = b"".join(WIRES)
    plain = CommandReader()
    plain.feed(wire)
    wanted = put_back(read(plain))
    assert len(wanted) == len(WIRES)
    assert [type(value) for value in wanted].count(tuple) == 8
    for cut in range(len(wire) + 1):
        reader = CommandReader(announce=announce, stream_above=4)
        reader.feed(wire[:cut])
        found = read(reader)
        reader.feed(bytearray(wire[cut:]) if cut % 2 else wire[cut:])
        found += read(reader)
        # A chunk may end at the cut.
        joined: list[Any] = []
        for value in found:
            if isinstance(value, bytes) and joined and isinstance(joined[-1], bytes):
                joined[-1] += value
            else:
                joined.append(value)
        assert put_back(joined) == wanted
    octets = CommandReader(announce=announce, stream_above=4)
    found = []
    for octet in wire:
        octets.feed(bytes((octet,)))
        for value in read(octets):
            if isinstance(value, bytes) and found and isinstance(found[-1], bytes):
                found[-1] += value
            else:
                found.append(value)
    assert put_back(found) == wanted


def test_64_mib_in_fixed_memory() -> None:
    size = 64 * MIB
    reader = CommandReader(announce=True, stream_above=65536)
    reader.feed(b"a APPEND x {%d}\r\n" % size)
    assert reader.next() == LiteralAnnounced("a", size, True, "APPEND")
    reader.accept()
    assert isinstance(reader.next(), LiteralBegin)
    got, filling = 0, b"x" * 65536
    tracemalloc.start()
    try:
        base = tracemalloc.get_traced_memory()[0]
        while got < size:
            view = reader.get_buffer(65536)
            count = min(len(view), size - got)
            view[:count] = filling[:count]
            view.release()
            reader.buffer_updated(count)
            while (value := reader.next()) is not NEED_DATA and isinstance(value, LiteralChunk):
                got += len(value.data)
            del value
        most = tracemalloc.get_traced_memory()[1] - base
    finally:
        tracemalloc.stop()
    assert most < MIB
    assert reader.octets_moved < 100_000
    reader.feed(b"\r\nz NOOP\r\n")
    command, after = read(reader)
    assert command.messages[0].data == Streamed(size)
    assert after == NOOP
    # What the literal needed is given back: the next loan is a small one.
    assert len(reader.get_buffer()) <= 16384


def test_into_the_callers_memory() -> None:
    reader = CommandReader(announce=True)
    reader.feed(b"a APPEND x {6}\r\n")
    reader.next()
    reader.accept(stream=True)
    assert reader.next() == LiteralBegin(("APPEND", 0), 6)
    memory = bytearray(4)
    reader.read_literal_into(memory)
    view = reader.get_buffer()
    assert view.obj is memory and len(view) == 4
    view[:] = b"a\0cd"
    view.release()
    reader.buffer_updated(4)
    chunk = reader.next()
    assert isinstance(chunk, LiteralChunk) and bytes(chunk.data) == b"a\0cd"
    assert memory == b"a\0cd"
    reader.feed(b"ef\r\nz NOOP\r\n")
    rest, end, bad, after = read(reader)
    assert (rest, end, after) == (b"ef", LiteralEnd(), NOOP)
    # Only a literal8 may hold NUL.
    assert (bad.tag, bad.error.offset, bad.error.expected) == ("a", 17, "CHAR8")


def test_a_literal_may_be_kept() -> None:
    reader = CommandReader(stream_above=3)
    reader.feed(b"a APPEND x {6}\r\nabc")
    assert isinstance(reader.next(), LiteralBegin)
    reader.keep_literal()
    assert reader.next() is NEED_DATA
    reader.feed(b"def\r\n")
    assert read(reader) == [Append("x", b"abcdef", tag="a")]


def test_a_large_message_is_received_where_it_stays() -> None:
    """Without streaming: it is not copied as a whole, nor does anything else need as much memory."""
    size = 4 * MIB
    reader = CommandReader()
    reader.feed(b"a APPEND x {%d+}\r\n" % size)
    assert reader.next() is NEED_DATA
    tracemalloc.start()
    try:
        got = 0
        while got < size:
            view = reader.get_buffer()
            count = min(len(view), size - got)
            view[:count] = b"x" * count
            view.release()
            reader.buffer_updated(count)
            got += count
            assert reader.next() is NEED_DATA
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 1.6 * size
    reader.feed(b"\r\n")
    (command,) = read(reader)
    assert command.messages[0].data == b"x" * size


def test_the_end_inside_a_literal() -> None:
    reader = CommandReader(stream_above=3)
    reader.feed(b"a APPEND x {6}\r\nabc")
    assert read(reader) == [LiteralBegin(("APPEND", 0), 6), b"abc"]
    assert reader.buffered == 16
    with pytest.raises(IncompleteError):
        reader.feed_eof()


def test_what_was_streamed_can_be_thrown_away() -> None:
    """STARTTLS or the end of a connection: the reader begins anew."""
    reader = CommandReader(stream_above=3)
    reader.feed(b"a APPEND x {6}\r\nabc")
    read(reader)
    assert reader.discard() == 16
    reader.feed(b"z NOOP\r\n")
    assert read(reader) == [NOOP]
    with pytest.raises(ValueError, match="no literal"):
        reader.read_literal_into(bytearray(3))
    with pytest.raises(ValueError, match="just begun"):
        reader.keep_literal()

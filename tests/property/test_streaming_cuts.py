"""Streamed or not, cut anywhere, by whatever way octets come in: the same response and the same octets."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mailproto import NEED_DATA, ParseError, Streamed
from mailproto.imap import LiteralBegin, LiteralChunk, LiteralEnd, ResponseReader
from mailproto.imap.responses import Fetch

OCTETS = st.binary(max_size=40) | st.integers(0, 40_000).map(lambda n: (b"0123456)\r\n" * (n // 10 + 1))[:n])


def announce(data: bytes, form: int) -> bytes:
    return (b"~" if form & 1 else b"") + b"{%d%b}\r\n" % (len(data), b"+" if form & 2 else b"") + data


@st.composite
def fetches(draw: st.DrawFn) -> bytes:
    """A FETCH with literals as sections and inside lists."""
    parts = [b"UID 7"]
    for index in range(draw(st.integers(0, 4))):
        data, form = draw(OCTETS), draw(st.integers(0, 3))
        parts.append(
            draw(
                st.sampled_from(
                    [
                        b"BODY[%d] " % index + announce(data, form & 2),
                        b"BINARY[%d] " % index + announce(data, form),
                        b'X-%d (a (%b "b" %b) c)' % (index, announce(data[:50], form), announce(data, form)),
                        b'BODY[HEADER.FIELDS ({2}\r\nTo "C")]<%d> %b' % (index, announce(data, form & 2)),
                    ]
                )
            )
        )
    if draw(st.booleans()):
        subject, name = draw(OCTETS), draw(OCTETS)
        parts.append(
            b'ENVELOPE (NIL %b (("x" NIL %b "y")) NIL NIL NIL NIL NIL NIL NIL)'
            % (announce(subject, 0), announce(name, 2))
        )
    if draw(st.integers(0, 9)) == 0:
        parts.append(b"]")
    return b"* 3 FETCH (" + b" ".join(parts) + b")\r\n"


OTHERS = st.builds(
    lambda a, b, form: b'* METADATA "x" (/a %b /b "c" /d %b)\r\n' % (announce(a, form), announce(b, form)),
    OCTETS,
    OCTETS,
    st.integers(0, 3),
)
STREAMS = st.lists(fetches() | OTHERS | st.just(b"* 4 EXISTS\r\n"), min_size=1, max_size=4).map(b"".join)


class Octets:
    """Takes a stream in, in pieces, by one of three ways, and notes what comes of it."""

    def __init__(self, above: int | None, way: int, memory: int) -> None:
        self.reader = ResponseReader(stream_above=above)
        self.way = way
        self.memory = memory
        self.found: list[Any] = []
        self.literals: list[bytes] = []

    def run(self, stream: bytes, cuts: list[int]) -> list[Any]:
        for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            piece = stream[begin:end]
            if self.way == 0:
                self.reader.feed(piece)
                self.read()
                continue
            while piece:
                view = self.reader.get_buffer()
                count = min(len(view), len(piece))
                view[:count] = piece[:count]
                self.reader.buffer_updated(count)
                piece = piece[count:]
                self.read()
        self.reader.feed_eof()
        assert self.reader.buffered == 0
        return self.found

    def read(self) -> None:
        while True:
            try:
                value = self.reader.next()
            except ParseError as error:
                assert not error.fatal
                self.found.append((error.offset, error.expected))
                continue
            if value is NEED_DATA:
                return
            if isinstance(value, LiteralBegin):
                self.literals.append(b"")
                self.found.append(value)
                if self.way == 2:
                    self.reader.read_literal_into(bytearray(self.memory))
                if self.way == 3:
                    self.reader.keep_literal()
            elif isinstance(value, LiteralChunk):
                assert value.data
                self.literals[-1] += value.data
                begin = next(v for v in reversed(self.found) if isinstance(v, LiteralBegin))
                if self.way == 2 and len(self.literals[-1]) < begin.size:
                    self.reader.read_literal_into(bytearray(self.memory))
            else:
                self.found.append(value)


def values(found: list[Any]) -> list[Any]:
    return [v for v in found if not isinstance(v, (LiteralBegin, LiteralEnd))]


def strings(value: Any) -> list[Any]:
    """All that was a literal or might have been, in the order of the wire."""
    if isinstance(value, Fetch):
        return [*value.sections.values(), *strings(tuple(value.others.values())), *envelope(value)]
    if isinstance(value, tuple):
        return [s for item in value for s in strings(item)]
    return [value] if isinstance(value, (bytes, Streamed)) else []


def envelope(row: Fetch) -> list[Any]:
    found = row.envelope
    return [] if found is None else [found.subject, *(a.mailbox for a in found.from_ or ())]


@given(
    STREAMS, st.integers(0, 60) | st.integers(0, 40_000), st.integers(0, 3), st.integers(1, 5000), st.data()
)
@settings(max_examples=120, deadline=None)
def test_cuts_and_ways_do_not_matter(
    stream: bytes, above: int, way: int, memory: int, data: st.DataObject
) -> None:
    """Whole and cut, fed and received, in chunks and into memory: the same events, the same octets."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    whole = Octets(above, 0, 1)
    whole.run(stream, [])
    cut = Octets(above, way, memory)
    cut.run(stream, cuts)
    plain = Octets(None, 0, 1).run(stream, [])
    assert Octets(None, min(way, 1), 1).run(stream, cuts) == plain
    if way == 3:  # all kept: as if nothing had been streamed
        assert values(cut.found) == plain
        return
    assert cut.found == whole.found
    assert cut.literals == whole.literals
    begins = [v for v in whole.found if isinstance(v, LiteralBegin)]
    assert [len(octets) for octets in whole.literals] == [begin.size for begin in begins]
    assert all(begin.size > above for begin in begins)
    streamed, kept = values(whole.found), plain
    assert len(streamed) == len(kept)
    left = list(whole.literals)
    for a, b in zip(streamed, kept, strict=True):
        if isinstance(a, tuple) or isinstance(b, tuple):
            assert a == b  # the error's place
            continue
        if not isinstance(a, Fetch):
            continue
        for one, other in zip(strings(a), strings(b), strict=True):
            if isinstance(one, Streamed):
                assert one.size == len(other)
                assert other in left
            else:
                assert one == other
        assert a.defects == b.defects

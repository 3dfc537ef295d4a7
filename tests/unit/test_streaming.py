"""Literals that are handed over as they come: events, places, fixed memory, a caller's own memory."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from mailproto import NEED_DATA, IncompleteError, LimitError, Limits, ParseError, Streamed, pop3
from mailproto.imap import LiteralBegin, LiteralChunk, LiteralEnd, ResponseReader
from mailproto.imap.responses import Fetch, MailboxList, UnknownResponse

MIB = 1 << 20


def read(reader: ResponseReader) -> list[Any]:
    """All that there is, the chunks of a literal joined to ``bytes``."""
    found: list[Any] = []
    while True:
        try:
            value = reader.next()
        except ParseError as error:
            found.append(error)
            continue
        if value is NEED_DATA:
            return found
        if isinstance(value, LiteralChunk):
            assert value.data
            if found and isinstance(found[-1], bytes):
                found[-1] += bytes(value.data)
            else:
                found.append(bytes(value.data))
        else:
            found.append(value)


def stream(data: bytes, above: int = 3, **options: Any) -> list[Any]:
    reader = ResponseReader(stream_above=above, **options)
    reader.feed(data)
    found = read(reader)
    reader.feed_eof()
    assert reader.buffered == 0
    return found


def literal(*path: str | int, data: bytes) -> list[Any]:
    return [LiteralBegin(path, len(data)), data, LiteralEnd()]


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        (b"* 7 FETCH (UID 4 BODY[] %b FLAGS ())", ("FETCH", 7, "BODY[]")),
        (b"* 7 fetch (body[header.fields (to)]<0> %b)", ("FETCH", 7, "BODY[HEADER.FIELDS (TO)]<0>")),
        (b"* 7 FETCH (BINARY[1.2] ~%b)", ("FETCH", 7, "BINARY[1.2]")),
        (b"* 7 FETCH (RFC822.TEXT %b)", ("FETCH", 7, "RFC822.TEXT")),
        (b"* 7 FETCH (X-ODD (1 (2 %b)))", ("FETCH", 7, "X-ODD", 1, 1)),
        (b"* 7 UIDFETCH (BODY[] %b)", ("UIDFETCH", 7, "BODY[]")),
        (
            b"* 7 FETCH (ENVELOPE (NIL %b NIL NIL NIL NIL NIL NIL NIL NIL))",
            ("FETCH", 7, "ENVELOPE", 1),
        ),
        (b'* METADATA "" (/a "b" /c %b)', ("METADATA", 1, 3)),
        (b"* METADATA INBOX (/c ~%b)", ("METADATA", 1, 1)),
        (b'* URLFETCH "imap://a" "" "imap://b" %b', ("URLFETCH", 3)),
        (b'* ID ("name" %b)', ("ID", 0, 1)),
        (b"* X-UNHEARD-OF %b", ("X-UNHEARD-OF", 0)),
        (b'* NO [BADCHARSET ("x" %b)] no', ("NO", "BADCHARSET", 1)),
        (b"a1 BAD [BADCHARSET (%b)] no", ("BAD", "BADCHARSET", 0)),
        (b"* NO  [BADCHARSET (%b)] no", ("NO", "BADCHARSET", 0)),
        (b"* NO[BADCHARSET (%b)] no", ("NO", "BADCHARSET", 0)),
        (b"* 7 FETCH (UID 5BODY[] %b)", ("FETCH", 7, "BODY[]")),
    ],
)
@pytest.mark.parametrize("plus", [b"", b"+"])
def test_where_a_literal_stands(wire: bytes, path: tuple[str | int, ...], plus: bytes) -> None:
    """The path, for either form of the announcement; the value holds Streamed and cannot be written."""
    *events, value = stream(wire.replace(b"%b", b"{4%b}\r\nabcd" % plus) + b"\r\n")
    assert events == literal(*path, data=b"abcd")
    assert "{'streamed': 4}" in str(value.to_dict(secrets=True))
    with pytest.raises(ValueError, match="streamed"):
        bytes(value)
    assert "abcd" not in json.dumps(value.to_dict(secrets=True))
    assert value == stream(wire.replace(b"%b", b"{4%b}\r\nefgh" % plus) + b"\r\n")[-1]
    assert value != stream(wire.replace(b"%b", b"{5%b}\r\nabcde" % plus) + b"\r\n")[-1]


def test_any_number_of_literals_in_one_response() -> None:
    """Two sections and nested strings, shorter ones within the value."""
    found = stream(
        b'* 1 FETCH (BODY[1] {4}\r\n\r\n)( BODY[2] {3}\r\nxyz ENVELOPE ("d" {5}\r\nabcde'
        b' (("n" NIL {6}\r\nabcdef "h")) NIL NIL NIL NIL NIL NIL NIL) BODY[3] {4+}\r\n{9}\r'
        b' BODYSTRUCTURE ("A" "B" ("C" {4}\r\nabcd) NIL NIL "7BIT" 1))\r\n'
    )
    row = found.pop()
    assert found == [
        *literal("FETCH", 1, "BODY[1]", data=b"\r\n)("),
        *literal("FETCH", 1, "ENVELOPE", 1, data=b"abcde"),
        *literal("FETCH", 1, "ENVELOPE", 2, 0, 2, data=b"abcdef"),
        *literal("FETCH", 1, "BODY[3]", data=b"{9}\r"),
        *literal("FETCH", 1, "BODYSTRUCTURE", 2, 1, data=b"abcd"),
    ]
    assert row.sections == {"BODY[1]": Streamed(4), "BODY[2]": b"xyz", "BODY[3]": Streamed(4)}
    assert row.envelope.subject == Streamed(5)
    assert row.envelope.from_[0].mailbox == Streamed(6)
    assert row.body_structure.params == ((b"C", Streamed(4)),)
    assert row.defects == ()


def test_what_is_streamed_is_not_remembered() -> None:
    """Readers keep words and addresses; what stands for a literal is not in what they go by."""
    reader = ResponseReader(stream_above=1)
    for size in (4, 5, 4, 6):
        row = (
            b'* 1 FETCH (ENVELOPE (NIL NIL ((NIL NIL {%d}\r\n%b "h")) NIL NIL NIL NIL NIL NIL NIL)'
            b' BODYSTRUCTURE ("A" "B" ("C" {%d}\r\n%b) NIL NIL "7BIT" 1))\r\n'
        ) % (size, b"x" * size, size, b"x" * size)
        reader.feed(row)
        value = read(reader)[-1]
        assert value.envelope.from_[0].mailbox == Streamed(size)
        assert value.body_structure.params == ((b"C", Streamed(size)),)


def test_a_name_that_is_streamed() -> None:
    """A mailbox name cannot be Streamed: the response comes as one without a class."""
    *events, value = stream(b'* LIST (\\Noselect) "/" {5}\r\na/b c\r\n')
    assert events == literal("LIST", 2, data=b"a/b c")
    assert (type(value), value.name) == (UnknownResponse, "LIST")
    assert value.values == (("\\Noselect",), b"/", Streamed(5))
    (value,) = stream(b'* LIST () "/" {5}\r\na/b c\r\n', above=5)
    assert type(value) is MailboxList


def test_the_name_of_a_section_is_never_streamed() -> None:
    """Its literal is part of the key under which the text is found."""
    *events, value = stream(b"* 1 FETCH (BODY[HEADER.FIELDS ({7}\r\nSubject {2}\r\nTo)] {4}\r\nTo: )\r\n")
    assert events == literal("FETCH", 1, "BODY[HEADER.FIELDS (SUBJECT TO)]", data=b"To: ")
    assert value.sections == {"BODY[HEADER.FIELDS (SUBJECT TO)]": Streamed(4)}


def test_the_threshold() -> None:
    """More than so many octets; an empty literal never."""
    wire = b"* 1 FETCH (BODY[1] {4}\r\nabcd BODY[2] {0}\r\n)\r\n"
    assert len(stream(wire, above=4)) == 1
    assert len(stream(wire, above=3)) == 4
    assert stream(wire, above=0)[-1].sections == {"BODY[1]": Streamed(4), "BODY[2]": b""}
    for wrong in (-1, True, 1.5, "4"):
        with pytest.raises((TypeError, ValueError)):
            ResponseReader(stream_above=wrong)  # type: ignore[arg-type]
    assert len(stream(wire, above=10**30)) == 1


def test_errors_count_the_streamed_octets() -> None:
    """Offsets and the unit's first octets are the wire's, announcement and all; the next response is read."""
    wire = b"* 1 FETCH (BODY[] {0004}\r\nabcd BODY[1] {9}\r\n123456789 MODSEQ (%d))\r\n* 2 EXISTS\r\n" % (
        2**63
    )
    (plain, _) = read_plain(wire)
    *events, error, value = stream(wire)
    assert events == [
        *literal("FETCH", 1, "BODY[]", data=b"abcd"),
        *literal("FETCH", 1, "BODY[1]", data=b"123456789"),
    ]
    assert error.offset == plain.offset
    assert error.unit == b"* 1 FETCH (BODY[] {0004}\r\n BODY[1] {9}\r\n MODSEQ (%d))\r\n" % (2**63)
    assert value.count == 2


@pytest.mark.parametrize(
    ("wire", "kind"),
    [
        (b"* LIST () NIL {3}\r\nab\r\n", MailboxList),
        (b"* 1 FETCH (FLAGS () BODY[] {3+}\r\nx)\r\n", Fetch),
        (b"* X {4}\nab\r\n {1}\r\n\r\n", UnknownResponse),
    ],
)
def test_the_cr_of_a_literal_is_not_that_of_a_line_end(wire: bytes, kind: type) -> None:
    """The line ends in LF alone behind a literal whose last octet is CR: streamed or not, the same."""
    plain, following = read_plain(wire + b"* 5 EXISTS\r\n")
    assert type(plain) is kind
    assert "bare-lf" in plain.defects
    assert bytes(following) == b"* 5 EXISTS\r\n"
    streamed = stream(wire, above=0)[-1]
    assert type(streamed) is (UnknownResponse if kind is MailboxList else kind)
    assert "bare-lf" in streamed.defects


def read_plain(wire: bytes) -> list[Any]:
    reader = ResponseReader()
    reader.feed(wire)
    return read(reader)


def test_what_is_no_response() -> None:
    """Its literals are passed over in fixed memory as well, at no place."""
    *events, error, value = stream(b"hello {5}\r\nworld\r\n* 1 EXISTS\r\n")
    assert events == [LiteralBegin((), 5), b"world", LiteralEnd()]
    assert isinstance(error, ParseError) and not error.fatal
    assert value.count == 1


def test_limits_count_the_streamed_octets() -> None:
    """One literal, all of a unit, their number; the error is final, with the wire's offset."""
    wire = b"* 1 FETCH (BODY[1] {20}\r\n" + b"x" * 20 + b" BODY[2] {20}\r\n" + b"y" * 20 + b")\r\n"
    for limits, limit in (
        (Limits(max_literal=19), "max_literal"),
        (Limits(max_unit=len(wire) - 1), "max_unit"),
        (Limits(max_literals=1), "max_literals"),
        (Limits(max_line=len(wire) - 41), "max_line"),
    ):
        *_, error = stream(wire, limits=limits)
        assert isinstance(error, LimitError) and error.fatal and error.limit == limit
        reader = ResponseReader(limits=limits)
        reader.feed(wire)
        (plain,) = read(reader)
        assert plain.offset == error.offset
    exact = Limits(max_literal=20, max_unit=len(wire), max_literals=2, max_line=len(wire) - 40)
    assert isinstance(stream(wire, limits=exact)[-1], Fetch)


def test_a_literal_larger_than_memory() -> None:
    """Octets that are streamed may be more than a unit in memory may have."""
    reader = ResponseReader(stream_above=1000, limits=Limits(max_literal=1 << 50, max_unit=1 << 51))
    reader.feed(b"* 1 FETCH (BODY[] {%d}\r\n" % (1 << 50))
    assert reader.next() == LiteralBegin(("FETCH", 1, "BODY[]"), 1 << 50)
    reader = ResponseReader(limits=Limits(max_literal=1 << 50, max_unit=1 << 51))
    reader.feed(b"* 1 FETCH (X-ODD {%d}\r\n" % (1 << 50))
    with pytest.raises(LimitError) as caught:
        reader.next()
    assert caught.value.limit == "max_unit"


def test_the_end_of_the_stream_inside_a_literal() -> None:
    """Before, within and behind the octets of one."""
    wire = b"* 1 FETCH (BODY[] {6}\r\nabcdef)\r\n"
    for cut in range(1, len(wire)):
        reader = ResponseReader(stream_above=3)
        reader.feed(wire[:cut])
        read(reader)
        with pytest.raises(IncompleteError):
            reader.feed_eof()


def test_64_mib_in_fixed_memory() -> None:
    """Fed, or received into the reader's memory: what is held does not depend on the size."""
    size, piece = 64 * MIB, bytes(65536)
    for received in (False, True):
        reader = ResponseReader(stream_above=4096)
        tracemalloc.start()
        reader.feed(b"* 1 FETCH (BODY[] {%d}\r\n" % size)
        assert next(reader) == LiteralBegin(("FETCH", 1, "BODY[]"), size)
        base, total, left = tracemalloc.get_traced_memory()[0], 0, size
        tracemalloc.reset_peak()
        while left:
            if received:
                view = reader.get_buffer()
                count = min(len(view), left, len(piece))
                view[:count] = piece[:count]
                reader.buffer_updated(count)
            else:
                count = len(piece)
                reader.feed(piece)
            left -= count
            for event in reader:
                total += len(event.data) if isinstance(event, LiteralChunk) else 0
        assert tracemalloc.get_traced_memory()[1] - base < 400_000
        tracemalloc.stop()
        reader.feed(b")\r\n")
        assert total == size
        assert next(reader).sections["BODY[]"] == Streamed(size)


def test_many_literals_cost_what_their_octets_cost() -> None:
    """The place of each is found going on from the one before: no part of a response is looked at twice."""
    wire = b"* X (" + b" ".join(b"{1}\r\nx" for _ in range(50_000)) + b")\r\n"
    found = stream(wire, above=0)
    assert found[-4].path == ("X", 0, 49_999)
    assert len(found) == 150_001


# ---- a caller's own memory


def test_into_the_callers_memory() -> None:
    """What came already is copied; then get_buffer lends the caller's memory itself."""
    body = bytes(range(256)) * 40
    memory = bytearray(len(body))
    reader = ResponseReader(stream_above=100)
    reader.feed(b"* 1 FETCH (BODY[] {%d}\r\n" % len(body) + body[:10])
    assert isinstance(reader.next(), LiteralBegin)
    reader.read_literal_into(memory)
    assert reader.next() is NEED_DATA
    view = reader.get_buffer()
    assert memory[:10] == body[:10]
    assert view.obj is memory
    assert len(view) == len(body) - 10
    view[:1000] = body[10:1010]
    reader.buffer_updated(1000)
    with pytest.raises(ValueError, match="released"):
        view[0] = 1
    assert memory[:1010] == body[:1010]
    with pytest.raises(BufferError):
        memory.append(0)  # it is in use
    assert reader.next() is NEED_DATA
    reader.feed(body[1010:] + b" FLAGS ())\r\n* 1 EXISTS\r\n")
    chunk = reader.next()
    assert chunk.data.obj is memory
    assert memory == body == chunk.data
    assert reader.next() == LiteralEnd()
    assert reader.next().sections == {"BODY[]": Streamed(len(body))}
    assert reader.next().count == 1
    chunk.data.release()
    memory.append(0)


def test_into_memory_smaller_than_the_literal() -> None:
    """Filled again and again, and left: the rest comes in chunks."""
    body = bytes(range(250)) * 4
    reader = ResponseReader(stream_above=100)
    reader.feed(b"* 1 FETCH (BODY[] {%d}\r\n" % len(body))
    assert isinstance(reader.next(), LiteralBegin)
    memory, got = bytearray(100), b""
    for _ in range(5):
        reader.read_literal_into(memory)
        with pytest.raises(ValueError, match="another"):
            reader.read_literal_into(memory)
        while (event := reader.next()) is NEED_DATA:
            view = reader.get_buffer()
            assert view.obj is memory
            at = len(got) + 100 - len(view)
            view[:60] = body[at : at + min(60, len(view))]
            reader.buffer_updated(min(60, len(view)))
        got += event.data
    assert got == body[:500]
    assert reader.get_buffer().obj is not memory
    reader.feed(body[500:] + b")\r\n")
    assert b"".join(e.data for e in reader if isinstance(e, LiteralChunk)) == body[500:]


def test_into_memory_that_will_not_do() -> None:
    """Read-only, empty, too late, too early."""
    reader = ResponseReader(stream_above=1)
    with pytest.raises(ValueError, match="no literal"):
        reader.read_literal_into(bytearray(5))
    reader.feed(b"* 1 FETCH (BODY[] {6}\r\n")
    with pytest.raises(ValueError, match="no literal"):
        reader.read_literal_into(bytearray(5))
    assert isinstance(reader.next(), LiteralBegin)
    for wrong in (b"read-only", bytearray(), memoryview(bytearray(5))[::2]):
        with pytest.raises(ValueError, match="writable"):
            reader.read_literal_into(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="buffer must be"):
        reader.read_literal_into("text")  # type: ignore[arg-type]
    reader.feed(b"abcdef")
    assert reader.next() == LiteralChunk(b"abcdef")
    with pytest.raises(ValueError, match="no literal"):
        reader.read_literal_into(bytearray(5))
    assert reader.next() == LiteralEnd()


def test_memory_taken_back() -> None:
    """feed and read_literal_into between get_buffer and buffer_updated end the loan."""
    reader = ResponseReader(stream_above=1)
    reader.feed(b"* 1 FETCH (BODY[] {600}\r\n")
    reader.next()
    reader.get_buffer()
    reader.read_literal_into(bytearray(600))
    with pytest.raises(ValueError, match="room"):
        reader.buffer_updated(1)
    reader.get_buffer()
    reader.feed(b"x")
    with pytest.raises(ValueError, match="room"):
        reader.buffer_updated(1)


# ---- large sections that are kept


def test_a_large_section_is_received_where_it_stays() -> None:
    """Memory follows what came, not what was announced, and the end costs no second copy."""
    size = 8 * MIB
    reader = ResponseReader()
    tracemalloc.start()
    reader.feed(b"* 1 FETCH (BODY[] {%d}\r\n" % size)
    assert reader.next() is NEED_DATA
    assert tracemalloc.get_traced_memory()[0] < 200_000
    got = 0
    while got < size:
        view = reader.get_buffer(65536)
        count = min(len(view), 65536, size - got)
        view[:count] = bytes(count)
        reader.buffer_updated(count)
        assert reader.next() is NEED_DATA
        got += count
        assert tracemalloc.get_traced_memory()[0] < 3 * got + 400_000
    tracemalloc.reset_peak()
    reader.feed(b")\r\n")
    row = next(reader)
    assert tracemalloc.get_traced_memory()[1] < size + 400_000
    tracemalloc.stop()
    assert row.sections["BODY[]"] == bytes(size)


def test_a_kept_view_cannot_change_the_value() -> None:
    """Who holds on to lent memory writes into memory that nobody reads."""
    size = MIB
    reader = ResponseReader()
    reader.feed(b"* 1 FETCH (BODY[] {%d}\r\n" % size)
    assert reader.next() is NEED_DATA
    kept = []
    got = 0
    while got < size:
        view = reader.get_buffer()
        kept.append(view[:])
        count = min(len(view), size - got)
        view[:count] = b"a" * count
        reader.buffer_updated(count)
        got += count
        reader.next()
    reader.feed(b")\r\n")
    body = next(reader).sections["BODY[]"]
    for view in kept:
        view[:] = b"b" * len(view)
    assert body == b"a" * size


@pytest.mark.parametrize("size", [16384, 16385, 40_000, 200_000, 300_000])
def test_large_literals_in_every_place(size: int) -> None:
    """In reads of several sizes: where a literal is held does not show."""
    body = (b"0123456789abcde\r" * (size // 16 + 1))[:size]
    places = [
        b"* 1 FETCH (UID 4 BODY[] %b FLAGS (\\Seen) BODY[TEXT] %b)",
        b"* 1 FETCH (RFC822 %b RFC822.HEADER %b rfc822.text %b)",
        b'* 1 FETCH (ENVELOPE (NIL %b NIL NIL NIL NIL NIL NIL NIL "x") BINARY[1] ~%b)',
        b"* 1 FETCH (RFC822.SIZE %b INTERNALDATE %b FLAGS %b UID %b BODY[] %b)",
        b"* 1 FETCH (X-ODD %b BODY[] %b X-ODD (%b))",
        b'* LIST () "/" %b',
        b"* METADATA x (/a %b)",
        b"* 1 FETCH (BODY[] %b ]",
        b"* 1 FETCH (MODSEQ %b BODY[] %b)",
    ]
    wire = b"".join(p.replace(b"%b", b"{%d}\r\n" % size + body) + b"\r\n* 1 EXISTS\r\n" for p in places)

    def values(found: list[Any]) -> list[Any]:
        return [(v.offset, v.expected) if isinstance(v, ParseError) else (v, v.defects) for v in found]

    whole = values(read_plain(wire))
    assert len(whole) == 2 * len(places)
    for step in (997, 16384, 65536, 100_000):
        fed, received = ResponseReader(), ResponseReader()
        fed_found: list[Any] = []
        received_found: list[Any] = []
        for at in range(0, len(wire), step):
            piece = wire[at : at + step]
            fed.feed(piece)
            fed_found += read(fed)
            while piece:
                view = received.get_buffer()
                count = min(len(view), len(piece))
                view[:count] = piece[:count]
                received.buffer_updated(count)
                piece = piece[count:]
                received_found += read(received)
        assert values(fed_found) == whole
        assert values(received_found) == whole


def test_one_streamed_for_both_protocols() -> None:
    """pop3.Streamed is the same class."""
    assert pop3.Streamed is Streamed
    with pytest.raises(ValueError, match="streamed"):
        bytes(Streamed(4))


KEPT = [
    b'* LIST () "/" {19}\r\nLiteral Folder Name\r\n',
    b'* LIST (\\HasNoChildren) "/" {5}\r\nnam\r\n (CHILDINFO ("SUBSCRIBED") "OLDNAME" ({3}\r\nold))\r\n',
    b"* STATUS {4}\r\nname (MESSAGES 3)\r\n",
    b"* QUOTAROOT {4}\r\nname {4}\r\nroot\r\n",
    b'* NAMESPACE (({6}\r\nINBOX. ".")) NIL NIL\r\n',
    b"* METADATA {4}\r\nname (/private/comment {5}\r\nvalue)\r\n",
    b"* ACL {4}\r\nname {3}\r\nsam lrs\r\n",
    b"* ID ({4}\r\nname {6}\r\nserver)\r\n",
    b"* 1 FETCH (BODY[] {5}\r\nabcde ENVELOPE (NIL {7}\r\nsubject NIL NIL NIL NIL NIL NIL NIL NIL))\r\n",
    b"* OK [BADCHARSET ({5}\r\nUTF-8)] text\r\n",
    b"* XSTRANGE {4}\r\nname (a {3}\r\nb c)\r\n",
    b"* STATUS {4}\r\nname (MESSAGES x)\r\n",
    b"* STATUS {4}\r\nname MESSAGES\r\n",
    b"* ACL {4}\r\nname {3}\r\nsam\r\n",
]


def kept(wire: bytes, strict: bool, step: int, **options: Any) -> list[Any]:
    """What a reader makes of *wire*, each literal that begins kept; errors by what they say."""
    reader = ResponseReader(strict=strict, **options)
    seen: list[Any] = []
    for at in range(0, len(wire), step):
        reader.feed(wire[at : at + step])
        while True:
            try:
                value = reader.next()
            except ParseError as error:
                seen.append((error.offset, error.expected))
                continue
            if value is NEED_DATA:
                break
            if isinstance(value, LiteralBegin):
                reader.keep_literal()
            else:
                seen.append((type(value), value, value.defects))
    return seen


@pytest.mark.parametrize("wire", KEPT, ids=lambda wire: repr(wire)[2:40])
@pytest.mark.parametrize("strict", [False, True])
def test_a_kept_literal_is_like_any_other(wire: bytes, strict: bool) -> None:
    """The value has its class, its defects, its errors."""
    wire += b"* 3 EXISTS\r\n"
    expected = kept(wire, strict, len(wire))
    assert len(expected) == 2
    for step in (1, 11, len(wire)):
        for above in (0, 3, 4):
            assert kept(wire, strict, step, stream_above=above) == expected

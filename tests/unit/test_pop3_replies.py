"""ReplyReader and the values that it gives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailproto import NEED_DATA, IncompleteError, LimitError, Limits, ParseError, pop3
from mailproto.pop3 import (
    Continuation,
    Reply,
    ReplyReader,
    Streamed,
    Stuffer,
    commands,
    events,
    replies,
    stuff,
    unstuff,
)


def read(data: bytes, *expected: Any, **options: Any) -> list[Any]:
    reader = ReplyReader(**options)
    reader.expect(*expected)
    reader.feed(data)
    return list(reader)


def test_the_queue_decides_what_has_a_body() -> None:
    stream = b"+OK 2 320\r\n+OK\r\nA: b\r\n\r\n..dot\r\n.\r\n+OK 1 120\r\n+OK\r\n1 120\r\n.\r\n+OK bye\r\n"
    found = read(stream, "STAT", commands.Retr(1), b"LIST 1", "list", "QUIT")
    assert [reply.body for reply in found] == [None, b"A: b\r\n\r\n.dot\r\n", None, b"1 120\r\n", None]
    assert [reply.command for reply in found] == ["STAT", "RETR", "LIST", "LIST", "QUIT"]


def test_nothing_queued_is_a_single_line() -> None:
    (reply,) = read(b"+OK POP3 ready <1@host>\r\n")
    assert reply == Reply("+OK", None, "POP3 ready <1@host>") and reply.command is None


def test_an_error_never_has_a_body() -> None:
    assert read(b"-ERR no such message\r\n+OK\r\nx\r\n.\r\n", "RETR 1", "RETR 2") == [
        replies.Err("no such message"),
        replies.Ok(body=b"x\r\n"),
    ]


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        (b"-ERR [IN-USE] busy", "IN-USE", "busy"),
        (b"-ERR [sys/temp] later", "SYS/TEMP", "later"),
        (b"-ERR [LOGIN-DELAY]", "LOGIN-DELAY", ""),
        (b"-ERR [AUTH]bad", "AUTH", "bad"),
        (b"-ERR [not a code] x", None, "[not a code] x"),
        (b"-ERR []", None, "[]"),
        (b"+OK", None, ""),
        (b"+OK caf\xc3\xa9", None, "café"),
    ],
)
def test_status_lines(line: bytes, code: str | None, text: str) -> None:
    (reply,) = read(line + b"\r\n")
    assert (reply.code, reply.text, reply.defects) == (code, text, ())
    assert read(bytes(reply)) == [reply]


@pytest.mark.parametrize(
    ("line", "defect"),
    [
        (b"+OK a\rb\r\n", "control-octet-in-text"),
        (b"+OK a\0b\r\n", "control-octet-in-text"),
        (b"+OK caf\xe9\r\n", "text-not-utf8"),
        (b"+OK hi\n", "bare-lf"),
        (b"+ok\r\n", "lower-case-status"),
        (b"-err gone\r\n", "lower-case-status"),
        (b"+OK\thi\r\n", "loose-blanks"),
        (b"-ERR  [AUTH] no\r\n", "loose-blanks"),
    ],
)
def test_defects_are_named_or_refused(line: bytes, defect: str) -> None:
    (reply,) = read(line)
    assert reply.defects == (defect,) and reply.raw == line
    assert read(bytes(reply)) == [reply]
    reader = ReplyReader(strict=True)
    reader.feed(line + b"+OK\r\n")
    with pytest.raises(ParseError):
        reader.next()
    assert reader.next() == replies.Ok()


@pytest.mark.parametrize("line", [b"OK 2 320", b"", b"+OKAY", b"* OK", b"-", b"+ c2Vj"])
def test_a_line_that_is_no_status_line_is_refused_and_the_next_is_read(line: bytes) -> None:
    reader = ReplyReader()
    reader.expect("STAT", "NOOP")
    reader.feed(line + b"\r\n+OK\r\n")
    with pytest.raises(ParseError) as caught:
        reader.next()
    assert not caught.value.fatal and caught.value.unit == line + b"\r\n"
    assert reader.next().command == "NOOP"


def test_continuations_leave_the_queue_alone() -> None:
    found = read(b"+ aGk=\r\n+\r\n+ !\r\n+OK\r\n", "AUTH PLAIN")
    assert found == [Continuation(b"aGk="), Continuation(b""), Continuation(b"!"), replies.Ok()]
    assert [value.data for value in found[:3]] == [b"hi", b"", None]
    assert found[2].defects == ("bad-base64",)


@pytest.mark.parametrize(
    ("command", "data", "entries", "defects"),
    [
        ("LIST", b"1 120\r\n2 200\r\n", ((1, 120), (2, 200)), ()),
        ("LIST", b"1 120\r\nx\r\n\r\n-1 5\r\n3 30 more\r\n", ((1, 120), (3, 30)), ("bad-listing-line",)),
        ("LIST", b"1 99999999999999999999\r\n", (), ("bad-listing-line",)),
        ("UIDL", b"1 abc\r\n2 d!~\r\n", ((1, "abc"), (2, "d!~")), ()),
        ("UIDL", b"1   abc\r\n2\r\n", ((1, "abc"),), ("bad-listing-line", "loose-unique-id")),
        ("CAPA", b"TOP\r\nSASL PLAIN LOGIN\r\n", (("TOP", ()), ("SASL", ("PLAIN", "LOGIN"))), ()),
        ("LANG", b"en English\r\n", (("en", "English"),), ()),
        ("LIST", b"", (), ()),
    ],
)
def test_listings(command: str, data: bytes, entries: Any, defects: Any) -> None:
    (reply,) = read(b"+OK\r\n" + stuff(data), command)
    assert reply.listing == entries
    assert reply.defects == defects


def test_listings_in_one_line() -> None:
    found = read(b"+OK 2 320 more\r\n+OK 1 120\r\n+OK 1 abc\r\n+OK\r\n", "STAT", "LIST 1", "UIDL 1", "STAT")
    assert [reply.listing for reply in found] == [((2, 320),), ((1, 120),), ((1, "abc"),), ()]
    assert found[3].defects == ("bad-listing-line",)
    assert read(b"+OK\r\n-ERR\r\n", "NOOP", "STAT")[0].listing is None


def test_a_listing_of_many_is_quick() -> None:
    body = b"".join(b"%d %d\r\n" % (n, n * 10) for n in range(1, 200_001))
    (reply,) = read(b"+OK\r\n" + stuff(body), "LIST")
    assert len(reply.listing) == 200_000 and reply.listing[-1] == (200_000, 2_000_000)


def test_bare_lf_lines_end_a_body_only_behind_a_bare_lf_status_line() -> None:
    (loose,) = read(b"+OK\na\n..b\n.\n", "RETR 1")
    assert loose.body == b"a\n.b\n" and loose.defects == ("bare-lf",)
    (strict,) = read(b"+OK\r\na\n.\n..b\n.\r\nc\r\n.\r\n", "RETR 1")
    assert strict.body == b"a\n.\n..b\n.\r\nc\r\n" and not strict.defects


@pytest.mark.parametrize(
    "line", [b".", b"..", b".\r", b".\n", b".\r\r", b"\n.", b"\r.", b".\x00", b".a", b"\r\n."]
)
@pytest.mark.parametrize("command", ["RETR 1", "TOP 1 0"])
def test_the_terminator_cannot_be_forged(line: bytes, command: str) -> None:
    """ATTACKS 21."""
    for body in (line + b"\r\n", b"a\r\n" + line + b"\r\nb\r\n", line, b"a" + line + b"\r\n"):
        whole = body if body.endswith(b"\r\n") else body + b"\r\n"
        wire = b"+OK\r\n" + stuff(body) + b"+OK next\r\n"
        for split in range(len(wire) + 1):
            reader = ReplyReader()
            reader.expect(command, "NOOP")
            reader.feed(wire[:split])
            found = list(reader)
            reader.feed(wire[split:])
            found += list(reader)
            assert [found[0].body, found[1].text] == [whole, "next"]


def test_a_body_is_handed_over_whatever_the_size_and_the_way() -> None:
    for size in (0, 1, 1000, 32_768, 70_000, 1_000_000):
        body = (b"x" * 70 + b"\r\n..\r\n.\r\n") * (size // 80) + b"\r\n"
        wire = b"+OK\r\n" + stuff(body) + b"+OK next\r\n"
        for step in (999, 65_536, len(wire)):
            for way in ("feed", "buffer", "view kept"):
                reader = ReplyReader()
                reader.expect("RETR 1", "NOOP")
                found: list[Any] = []
                kept = []
                at = 0
                while at < len(wire):
                    if way == "feed":
                        reader.feed(wire[at : at + step])
                        at += step
                    else:
                        view = reader.get_buffer(-1)
                        if way == "view kept":
                            kept.append(memoryview(view))  # as uvloop holds it
                        count = min(step, len(view), len(wire) - at)
                        assert len(view) > 0
                        view[:count] = wire[at : at + count]
                        reader.buffer_updated(count)
                        at += count
                    found += list(reader)
                assert found[0].body == body and found[1].text == "next"
                reader.feed_eof()


def test_a_body_handed_over_does_not_change_when_more_comes() -> None:
    reader = ReplyReader()
    reader.expect("RETR 1", "RETR 2")
    body = b"a" * 200_000 + b"\r\n"
    reader.feed(b"+OK\r\n" + body[:100_000])
    assert reader.next() is NEED_DATA
    view = memoryview(reader.get_buffer())
    rest = body[100_000:] + b".\r\n"
    while rest:
        count = min(len(view), len(rest))
        view[:count] = rest[:count]
        reader.buffer_updated(count)
        rest = rest[count:]
        if rest:
            view = memoryview(reader.get_buffer())
    first = reader.next().body
    assert first == body
    view[:] = b"z" * len(view)  # a socket that writes where it should not any more
    assert first == body


def test_memory_follows_what_was_received() -> None:
    """ATTACKS 2, for POP3: what the server announces in its text means nothing."""
    (reply,) = read(b"+OK 99999999999999 octets\r\n.\r\n", "RETR 1")
    assert reply.body == b""


def test_streaming() -> None:
    body = b"line\r\n.dot\r\n" * 50_000
    wire = b"+OK mail\r\n" + stuff(body) + b"+OK next\r\n"
    reader = ReplyReader(stream_above=1000)
    reader.expect("RETR 1", "NOOP")
    found: list[Any] = []
    for at in range(0, len(wire), 5000):
        reader.feed(wire[at : at + 5000])
        for event in reader:
            assert not isinstance(event, events.BodyChunk) or 0 < len(event.data) <= 65_537
            found.append(event)
    assert found[0] == events.BodyBegin("RETR", "mail")
    assert b"".join(event.data for event in found[1:-3]) == body
    assert found[-3] == events.BodyEnd(len(body))
    assert found[-2].body == Streamed(len(body)) and found[-1].text == "next"
    with pytest.raises(ValueError, match="streamed"):
        bytes(found[-2])
    with pytest.raises(ValueError, match="streamed"):
        bytes(found[-2].body)


@pytest.mark.parametrize(("size", "streamed"), [(100, False), (101, True)])
def test_streaming_begins_above_the_bound(size: int, streamed: bool) -> None:
    body = b"x" * (size - 2) + b"\r\n"
    found = read(b"+OK\r\n" + stuff(body), "RETR 1", stream_above=100)
    assert isinstance(found[-1].body, Streamed) == streamed


def test_the_line_limit() -> None:
    limits = Limits(max_line=100)
    line = b"+OK " + b"x" * 94 + b"\r\n"
    assert len(read(line, limits=limits)) == 1
    reader = ReplyReader(limits)
    reader.feed(line[:-2] + b"x\r\n+OK\r\n")
    with pytest.raises(LimitError) as caught:
        reader.next()
    assert caught.value.fatal and caught.value.limit == "max_line"
    reader.feed(b"+OK\r\n")
    assert reader.next() is NEED_DATA


@pytest.mark.parametrize("size", [1000, 200_000])
@pytest.mark.parametrize("stream_above", [None, 500])
def test_the_body_limit(size: int, stream_above: int | None) -> None:
    body = b"x" * (size - 2) + b"\r\n"
    for limit, passes in ((size, True), (size - 1, False)):
        reader = ReplyReader(Limits(max_body=limit), stream_above=stream_above)
        reader.expect("RETR 1")
        wire = b"+OK\r\n" + stuff(body)
        caught = None
        for at in range(0, len(wire), 10_000):
            reader.feed(wire[at : at + 10_000])
            try:
                found = list(reader)
            except LimitError as error:
                caught = error
        if passes:
            assert caught is None and found[-1].ok
        else:
            assert caught is not None and caught.limit == "max_body" and caught.fatal
            assert reader.next() is NEED_DATA


def test_the_end_of_the_stream() -> None:
    for data in (b"+OK", b"+OK\r\nbody\r\n", b"+OK\r\nbody\r\n."):
        reader = ReplyReader()
        reader.expect("RETR 1")
        reader.feed(data)
        assert reader.next() is NEED_DATA
        with pytest.raises(IncompleteError):
            reader.feed_eof()
    reader = ReplyReader()
    reader.feed(b"")
    reader.feed_eof()


def test_buffers_are_accounted_for() -> None:
    reader = ReplyReader()
    with pytest.raises(ValueError, match="lent"):
        reader.buffer_updated(1)
    view = reader.get_buffer(10)
    with pytest.raises(ValueError, match="lent"):
        reader.buffer_updated(len(view) + 1)
    reader.buffer_updated(0)
    with pytest.raises(ValueError, match="released"):
        view[0] = 1


@pytest.mark.parametrize(
    "build",
    [
        replies.Ok, replies.Err, lambda text: replies.Err("x", code=text),
        lambda text: replies.capa([text]), lambda text: replies.uidl(1, text),
        lambda text: replies.uidl_listing([(1, text)]), lambda text: replies.lang_listing([("en", text)]),
        lambda text: Continuation(text.encode()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("evil", ["a\r\n+OK b", "a\nb", "a\rb", "a\0b", "a\r\n.\r\n"])
def test_nothing_a_server_says_can_be_split(build: Any, evil: str) -> None:
    """ATTACKS 20."""
    with pytest.raises(ValueError):
        build(evil)


def test_a_text_cannot_pass_for_a_code() -> None:
    with pytest.raises(ValueError, match="code"):
        replies.Err("[IN-USE] not really")
    assert replies.Ok("[not a code]").text == "[not a code]"


def test_values_as_builtins() -> None:
    reply = replies.Ok("hi", body=b"\xff")
    assert json.loads(json.dumps(reply.to_dict())) == {
        "status": "+OK",
        "code": None,
        "text": "hi",
        "body": {"b64": "/w=="},
    }
    assert replies.Ok(body=b"x").to_dict()["body"] == "x"
    assert Continuation(b"c2VjcmV0").to_dict() == {"status": "+", "text": "***"}
    assert hash(replies.Ok("a")) == hash(replies.Ok("a"))
    assert "x" * 10 not in repr(replies.Ok(body=b"x" * 10))


def test_what_servers_say() -> None:
    assert bytes(replies.stat(2, 320)) == b"+OK 2 320\r\n"
    assert bytes(replies.scan_listing([(1, 120)], "1 message")) == b"+OK 1 message\r\n1 120\r\n.\r\n"
    assert bytes(replies.uidl_listing([(1, ".a")])) == b"+OK\r\n1 .a\r\n.\r\n"
    assert bytes(replies.capa(["TOP", ".x"])) == b"+OK Capability list follows\r\nTOP\r\n..x\r\n.\r\n"
    assert bytes(replies.message(b"a")) == b"+OK 1 octets\r\na\r\n.\r\n"
    assert pop3.parse_reply(bytes(replies.message(b"a")), commands.Retr(1)).body == b"a\r\n"
    assert bytes(replies.Err("busy", code="in-use")) == b"-ERR [IN-USE] busy\r\n"


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (b"", b".\r\n"), (b"a", b"a\r\n.\r\n"), (b"a\r\n", b"a\r\n.\r\n"), (b".", b"..\r\n.\r\n"),
        (b"a\r\n.\r\n", b"a\r\n..\r\n.\r\n"), (b"a\r", b"a\r\r\n.\r\n"), (b"a\n.b", b"a\n.b\r\n.\r\n"),
    ],
)  # fmt: skip
def test_stuff(data: bytes, wire: bytes) -> None:
    assert stuff(data) == stuff(bytearray(data)) == stuff(memoryview(data)) == wire
    stuffer = Stuffer()
    assert b"".join([stuffer.update(data[i : i + 1]) for i in range(len(data))]) + stuffer.finish() == wire


def test_what_needs_no_dot_is_not_copied() -> None:
    data = b"a\r\nb." * 1000
    assert Stuffer().update(data) is data
    assert replies.message(data).encode()[1] is data


def test_unstuff_wants_the_terminator_and_nothing_behind_it() -> None:
    for data in (b"", b"a\r\n", b"a\r\n.", b"a\r\n.\r", b"a\n.\r\n", b"..\r\n"):
        with pytest.raises(IncompleteError):
            unstuff(data)
    with pytest.raises(ParseError) as caught:
        unstuff(b"a\r\n.\r\nb")
    assert caught.value.offset == 6
    with pytest.raises(TypeError):
        unstuff("text")  # type: ignore[arg-type]

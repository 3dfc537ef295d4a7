"""What hostile POP3 servers and clients send, numbered as in the project's list of attacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from work import drained, memory_held, peak, waiting

from mailproto import LimitError, Limits, ParseError
from mailproto.pop3 import CommandReader, Reply, ReplyReader, commands, replies, stuff, unstuff


def replying(*asked: str, **options: Any) -> ReplyReader:
    reader = ReplyReader(**options)
    reader.expect(*asked)
    return reader


def told(events: list[Any]) -> list[Any]:
    """Comparable: errors by what they say."""
    return [
        (type(e), e.offset, e.expected, e.fatal)
        if isinstance(e, ParseError)
        else (e.keyword, e.error.offset, e.error.expected)
        if isinstance(e, commands.BadCommand)
        else (e, getattr(e, "defects", ()))
        for e in events
    ]


def test_attack_01_sizes_that_are_none_stay_text() -> None:
    for size in ("4294967295", "18446744073709551616", "-1", "0x10", ""):
        reader = replying("LIST 1", "STAT")
        reader.feed(f"+OK 1 {size}\r\n+OK {size} 1\r\n".encode())
        for reply in drained(reader):
            assert reply.ok
            listing = reply.listing
            assert all(0 <= number < 2**63 for row in listing or () for number in row)


def test_attack_02_an_announced_body_takes_no_memory() -> None:
    def read() -> None:
        reader = replying("RETR 1")
        reader.feed(b"+OK 2147483647 octets\r\n" + b"x" * 1000)
        assert drained(reader) == []
        view = reader.get_buffer(2**31 - 1)  # what an adapter that believed the server would ask for
        assert len(view) < 2**31 - 1
        view.release()

    assert peak(read) < 9_000_000


REPLIES = (
    b"+OK ready <1.2@x>\r\n+OK\r\n1 120\r\n2 x\r\n.\r\n-ERR [SYS/TEMP] caf\xc3\xa9\r\nrubbish\r\n"
    b"+OK\r\nSubject: a\r\n\r\n..\r\n...x\r\n.a\r\n\r.\n.\r\n.\r\n+OK\n.a\n.\n+ VXNlcg==\r\n+OK done\r\n"
)
ASKED = ("LIST", "NOOP", "NOOP", "RETR 1", "TOP 1 1", "AUTH LOGIN")
COMMANDS = (
    b"USER a b\r\nPASS \xc3\xa9 \r\nLIST\r\nLIST 0\r\nTOP 1 2\r\nXTND \xff\r\nNOOP\n"
    b"AUTH PLAIN AAA=\r\n\r\nQUIT\r\n"
)


def test_attack_06_every_split_point_gives_the_same() -> None:
    def run(reader: Any, pieces: list[bytes]) -> list[Any]:
        events = []
        for piece in pieces:
            reader.feed(piece)
            events += drained(reader)
        return told(events)

    def reply_reader() -> ReplyReader:
        reader = ReplyReader()
        reader.expect("STAT")
        reader.expect(*ASKED)
        return reader

    for make, wire in ((reply_reader, REPLIES), (CommandReader, COMMANDS)):
        whole = run(make(), [wire])
        assert len(whole) > 6
        for cut in range(len(wire)):
            assert run(make(), [wire[:cut], wire[cut:]]) == whole, cut
        for step in (1, 2, 3):
            assert run(make(), [wire[at : at + step] for at in range(0, len(wire), step)]) == whole


@pytest.mark.parametrize("odd", [b"a\0b", b"a\rb", b"a\nb", b"\xff", b"\\"])
def test_attack_07_octets_that_do_not_belong(odd: bytes) -> None:
    reader = replying("NOOP", "NOOP")
    reader.feed(b"+OK " + odd + b"\r\n+OK next\r\n")
    first, *rest = drained(reader)
    if isinstance(first, ParseError):
        assert not first.fatal
    else:
        assert first.defects or b"\\" in odd or b"\n" in odd
    assert isinstance(rest[-1], Reply | ParseError)
    for line in (b"USER " + odd + b"\r\n", b"RETR " + odd + b"\r\n", odd + b"\r\n"):
        server = CommandReader()
        server.feed(line + b"NOOP\r\n")
        assert drained(server)[-1] == commands.Noop()


@pytest.mark.parametrize("wire", [b"+OK " + b"x" * 5000, b"x" * 5000, b"+ " + b"A" * 5000])
def test_attack_08_an_endless_line_is_told_once(wire: bytes) -> None:
    for reader, limit in (
        (replying("AUTH PLAIN", limits=Limits(max_line=20_000)), "max_line"),
        (CommandReader(dataclasses.replace(Limits.before_login(), max_line=20_000)), "max_line"),
    ):
        errors = []
        for _ in range(50):
            reader.feed(wire.replace(b"\r\n", b""))
            errors += drained(reader)
        assert [(type(error), error.limit, error.fatal) for error in errors] == [(LimitError, limit, True)]
        assert waiting(reader) == 0
        reader.feed(b"NOOP\r\n+OK\r\n")
        assert drained(reader) == []


def test_attack_11_numbers_at_their_ends() -> None:
    for number in (0, 1, 2**31 - 1, 2**31, 2**32, 2**63, 10**30):
        server = CommandReader()
        server.feed(f"RETR {number}\r\nTOP 1 {number}\r\nNOOP\r\n".encode())
        retr, top, noop = drained(server)
        assert isinstance(retr, commands.Retr) == (0 < number < 2**31)
        assert isinstance(top, commands.Top) == (number < 2**31)
        assert noop == commands.Noop()


@pytest.mark.parametrize("command", ["LIST", "UIDL", "CAPA"])
def test_attack_12_a_listing_past_the_limit(command: str) -> None:
    reader = replying(command, limits=Limits(max_body=100_000))
    errors = []
    for _ in range(1000):
        reader.feed(b"1 1\r\n" * 100 if errors or waiting(reader) else b"+OK\r\n" + b"1 1\r\n" * 100)
        errors += drained(reader)
    assert [(type(e), e.limit, e.fatal) for e in errors] == [(LimitError, "max_body", True)]
    assert waiting(reader) == 0


def test_attack_14_a_flood_of_words_leaves_memory_flat() -> None:
    def commands_of_all_names() -> Iterator[bytes]:
        for number in range(20_000):
            yield b"X%d %d\r\nAUTH M%d\r\n" % (number, number, number)

    early, late = memory_held(CommandReader, commands_of_all_names(), 2_000)
    assert late < early + 50_000

    def reply_reader() -> ReplyReader:
        return replying(*["NOOP"] * 20_000)

    early, late = memory_held(
        reply_reader, (b"+OK [C%d] t%d\r\n" % (number, number) for number in range(20_000)), 2_000
    )
    assert late < early + 50_000


HOSTILE = ["x\r\nDELE 1", "x\nDELE 1\n", "x\rz", "x\0y", "\r\n", "x\r\n.\r\n", ".\r\n"]


@pytest.mark.parametrize("cls", sorted(commands.BY_NAME.values(), key=lambda cls: cls.__name__))
def test_attack_19_no_argument_of_a_command_splits_it(cls: type[commands.Command]) -> None:
    """Each argument in turn takes each hostile text, as str and as bytes, beside harmless ones."""
    harmless: dict[str, Any] = {
        "username": "u", "password": "p", "digest": "d", "mechanism": "PLAIN", "initial_response": b"x",
        "number": 1, "lines": 1, "tag": "de",
    }  # fmt: skip
    fields = [field.name for field in dataclasses.fields(cls)]
    given = {name: harmless[name] for name in fields}
    assert bytes(cls(**given)).count(b"\n") == 1
    for name in fields:
        for hostile in HOSTILE:
            for shape in (hostile, hostile.encode(), bytearray(hostile.encode())):
                try:
                    wire = bytes(cls(**{**given, name: shape}))
                except (ValueError, TypeError):
                    continue
                assert wire.endswith(b"\r\n")
                assert not {13, 10, 0} & set(wire[:-2])


@pytest.mark.parametrize("evil", [*HOSTILE, "+OK", "-ERR", "[X] y", "."])
def test_attack_20_nothing_that_a_server_says_splits_a_reply(evil: str) -> None:
    builders = [
        lambda: Reply("+OK", None, evil),
        lambda: Reply("-ERR", evil, "text"),
        lambda: Reply("-ERR", None, evil),
        lambda: Reply("+OK", None, evil, b"body\r\n"),
        lambda: replies.uidl(1, evil),
        lambda: replies.uidl_listing([(1, evil)]),
        lambda: replies.capa([evil]),
        lambda: replies.lang_listing([(evil, "x"), ("x", evil)]),
        lambda: replies.message(evil.encode()),
    ]
    for build in builders:
        try:
            reply = build()
        except ValueError:
            continue
        reader = replying("RETR 1" if reply.body is not None else "NOOP", "NOOP")
        reader.feed(bytes(reply) + b"+OK after\r\n")
        first, after = drained(reader)
        assert after.text == "after"
        assert (first.status, first.code, first.text) == (reply.status, reply.code, reply.text)
        if isinstance(reply.body, bytes):
            assert first.body == unstuff(stuff(reply.body))


@pytest.mark.parametrize("command", ["RETR 1", "TOP 1 0"])
@pytest.mark.parametrize(
    "line", [b".", b"..", b".\r", b".\r\r", b"\r.", b".a", b".\n.", b"\n.", b"a\n.", b".\0", b"\xff."]
)
@pytest.mark.parametrize("above", [None, 0])
def test_attack_21_the_terminator_cannot_be_forged(line: bytes, command: str, above: int | None) -> None:
    """A line of the message that looks like the end is none, wherever chunks meet, streamed or kept."""
    body = b"Subject: x\r\n\r\n" + line + b"\r\nafter\r\n"
    wire = b"+OK\r\n" + stuff(body)
    for cut in range(1, len(wire)):
        reader = replying(command, "NOOP", stream_above=above)
        events = []
        for piece in (wire[:cut], wire[cut:] + b"+OK next\r\n"):
            reader.feed(piece)
            events += drained(reader)
        assert events[-1].text == "next"
        chunks = b"".join(bytes(event.data) for event in events if hasattr(event, "data"))
        assert (events[-2].body if above is None else chunks) == body


def test_attack_22_names_hold_no_control_octets() -> None:
    for name in ("a\0b", "a\r\nb", ""):
        with pytest.raises(ValueError, match="username"):
            commands.User(name)
    assert bytes(commands.User("../../etc/passwd")) == b"USER ../../etc/passwd\r\n"
    for first, second in pairwise(("é", "e\u0301")):
        assert bytes(commands.User(first)) != bytes(commands.User(second))

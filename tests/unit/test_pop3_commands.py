"""POP3 commands: values, what they refuse, and CommandReader."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailproto import NEED_DATA, IncompleteError, LimitError, Limits, ParseError
from mailproto.imap.events import LiteralChunk
from mailproto.pop3 import CommandReader, commands, replies
from mailproto.pop3.events import BodyChunk

SAMPLES: list[tuple[commands.Command, bytes]] = [
    (commands.User("mrose"), b"USER mrose\r\n"),
    (commands.User("two words"), b"USER two words\r\n"),
    (commands.Pass(" secret "), b"PASS  secret \r\n"),
    (commands.Pass("pässword"), "PASS pässword\r\n".encode()),
    (commands.Apop("mrose", "c4c9"), b"APOP mrose c4c9\r\n"),
    (commands.Auth(), b"AUTH\r\n"),
    (commands.Auth("plain"), b"AUTH PLAIN\r\n"),
    (commands.Auth("PLAIN", b""), b"AUTH PLAIN =\r\n"),
    (commands.Auth("PLAIN", b"\0tim\0x"), b"AUTH PLAIN AHRpbQB4\r\n"),
    (commands.Stat(), b"STAT\r\n"),
    (commands.List(), b"LIST\r\n"),
    (commands.List(1), b"LIST 1\r\n"),
    (commands.Uidl(), b"UIDL\r\n"),
    (commands.Uidl(2), b"UIDL 2\r\n"),
    (commands.Retr(3), b"RETR 3\r\n"),
    (commands.Dele(2**31 - 1), b"DELE 2147483647\r\n"),
    (commands.Top(1, 0), b"TOP 1 0\r\n"),
    (commands.Noop(), b"NOOP\r\n"),
    (commands.Rset(), b"RSET\r\n"),
    (commands.Quit(), b"QUIT\r\n"),
    (commands.Capa(), b"CAPA\r\n"),
    (commands.Stls(), b"STLS\r\n"),
    (commands.Utf8(), b"UTF8\r\n"),
    (commands.Lang(), b"LANG\r\n"),
    (commands.Lang("*"), b"LANG *\r\n"),
    (commands.Lang("en-boont"), b"LANG en-boont\r\n"),
    (commands.UnknownCommand("XTND", b"XMIT a b"), b"XTND XMIT a b\r\n"),
]


def read(data: bytes, **options: Any) -> list[Any]:
    reader = CommandReader(**options)
    reader.feed(data)
    return list(reader)


@pytest.mark.parametrize(("command", "wire"), SAMPLES, ids=lambda value: str(value)[:30])
def test_both_ways(command: commands.Command, wire: bytes) -> None:
    assert bytes(command) == b"".join(command.encode()) == wire
    assert read(wire) == [command]
    assert hash(read(wire)[0]) == hash(command)
    keyword, _, rest = wire.partition(b" ")
    assert read(keyword.lower() + (b" " + rest if rest else b"")) == [command]
    json.dumps(command.to_dict())


def test_every_sample_at_every_split() -> None:
    stream = b"".join(wire for _, wire in SAMPLES)
    expected = [command for command, _ in SAMPLES]
    for split in range(len(stream) + 1):
        reader = CommandReader()
        reader.feed(stream[:split])
        found = list(reader)
        reader.feed(stream[split:])
        assert found + list(reader) == expected


@pytest.mark.parametrize("evil", ["a\r\nQUIT", "a\nb", "a\rb", "a\0b", ""])
@pytest.mark.parametrize(
    "build",
    [
        commands.User,
        commands.Pass,
        lambda text: commands.User(text.encode()),
        commands.Auth,
        commands.Lang,
        lambda text: commands.Apop(text, "d"),
        lambda text: commands.Apop("u", text),
        lambda text: commands.UnknownCommand(text),
        lambda text: commands.UnknownCommand("X", text.encode() or b"\n"),
    ],
)
def test_nothing_can_be_injected(build: Any, evil: str) -> None:
    """ATTACKS 19. The refusal does not show the argument, which may be a password."""
    with pytest.raises(ValueError) as caught:
        build(evil)
    assert "QUIT" not in str(caught.value)


@pytest.mark.parametrize(
    "build",
    [
        lambda: commands.Retr(0),
        lambda: commands.Retr(-1),
        lambda: commands.Retr(2**31),
        lambda: commands.List(0),
        lambda: commands.Top(1, -1),
        lambda: commands.Top(0, 1),
        lambda: commands.Auth("A B"),
        lambda: commands.Auth(None, b"x"),
        lambda: commands.Apop("two words", "d"),
        lambda: commands.Lang("a b"),
    ],
)
def test_values_out_of_range(build: Any) -> None:
    with pytest.raises(ValueError):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: commands.Retr("1\r\nQUIT"),
        lambda: commands.Retr(True),
        lambda: commands.Top(1, "1"),
        lambda: commands.User(None),
        lambda: commands.Auth(1),
        lambda: commands.Auth("PLAIN", "text"),
    ],
)
def test_values_of_the_wrong_kind(build: Any) -> None:
    with pytest.raises(TypeError):
        build()


@pytest.mark.parametrize(
    "command",
    [
        commands.Pass("hunter2"),
        commands.Auth("PLAIN", b"hunter2"),
        commands.Apop("u", "hunter2"),
        commands.SaslResponse(b"hunter2"),
        commands.UnknownCommand("PASSS", b"hunter2"),
    ],
)
def test_secrets_are_not_shown(command: Any) -> None:
    assert "hunter2" not in repr(command) + str(command) + json.dumps(command.to_dict())
    assert "hunter2" in json.dumps(command.to_dict(secrets=True))
    (read_back,) = read(bytes(command)) if isinstance(command, commands.Command) else [command]
    assert "hunter2" not in repr(read_back)


@pytest.mark.parametrize(
    ("line", "keyword"),
    [
        (b"", None),
        (b" ", None),
        (b" STAT", None),
        (b"\x80\x80\x80\x80", None),
        (b"\0", None),
        (b"a\x7fb", None),
        (b"LIST a", "LIST"),
        (b"LIST 0", "LIST"),
        (b"LIST 2147483648", "LIST"),
        (b"TOP 1", "TOP"),
        (b"TOP 1 -1", "TOP"),
        (b"USER", "USER"),
        (b"USER ", "USER"),
        (b"PASS a\0b", "PASS"),
        (b"PASS a\rb", "PASS"),
        (b"AUTH PLAIN !", "AUTH"),
        (b"AUTH PLAIN AA", "AUTH"),
        (b"QUIT now", "QUIT"),
        (b"AUTH \xff", "AUTH"),
        (b"PASS " + b"x" * 249, "PASS"),
        (b"QUIT\xff", None),
        (b"x" * 65, None),
        (b"x" * 300, None),
    ],
)
def test_a_bad_line_is_told_and_the_next_is_read(line: bytes, keyword: str | None) -> None:
    for end in (b"\r\n", b"\n"):
        bad, good = read(line + end + b"NOOP\r\n")
        assert isinstance(bad, commands.BadCommand) and bad.keyword == keyword
        assert isinstance(bad.error, ParseError) and not bad.error.fatal
        assert bad.error.unit == b"" and good == commands.Noop()


def test_a_bare_lf_is_refused() -> None:
    bad, good = read(b"STAT\nNOOP\r\n")
    assert bad.error.expected == "CRLF" and good == commands.Noop()


def test_the_limit_of_a_command_line_is_255_octets() -> None:
    """RFC 2449 section 4; one below, one above. AUTH may be longer (RFC 5034 section 4)."""
    assert read(b"PASS " + b"x" * 248 + b"\r\n") == [commands.Pass(b"x" * 248)]
    (bad,) = read(b"PASS " + b"x" * 249 + b"\r\n")
    assert isinstance(bad.error, LimitError) and bad.error.limit == "max_pop3_command"
    (auth,) = read(b"AUTH XOAUTH2 " + b"A" * 4000 + b"\r\n")
    assert len(auth.initial_response) == 3000
    assert read(b"PASS " + b"x" * 249 + b"\r\n", limits=Limits(max_pop3_command=256)) == [
        commands.Pass(b"x" * 249)
    ]


def test_a_line_without_end_is_final() -> None:
    """ATTACKS 8."""
    reader = CommandReader(Limits(max_line=1000))
    reader.feed(b"PASS " + b"x" * 994)
    assert reader.next() is NEED_DATA
    reader.feed(b"x")
    with pytest.raises(LimitError) as caught:
        reader.next()
    assert caught.value.fatal and caught.value.limit == "max_line" and caught.value.unit == b""
    reader.feed(b"\r\nNOOP\r\n")
    assert reader.next() is NEED_DATA and reader.pending == 0


def test_sasl_lines() -> None:
    reader = CommandReader()
    for line, data in ((b"AHRpbQ==", b"\0tim"), (b"", b""), (b"*", None), (b"A" * 8000, b"\0" * 6000)):
        reader.expect_line("sasl")
        reader.feed(line + b"\r\n")
        assert reader.next() == commands.SaslResponse(data)
    reader.expect_line("sasl")
    reader.feed(b"not base64\r\nNOOP\r\n")
    bad, good = list(reader)
    assert bad.keyword is None and bad.error.expected == "base64" and good == commands.Noop()
    with pytest.raises(ValueError):
        reader.expect_line("idle")


def test_the_end_of_the_stream() -> None:
    reader = CommandReader()
    reader.feed(b"NOOP\r\nQU")
    assert list(reader) == [commands.Noop()]
    with pytest.raises(IncompleteError):
        reader.feed_eof()


def test_what_was_not_read_can_be_thrown_away() -> None:
    reader = CommandReader()
    reader.feed(b"STLS\r\nUSER evil\r\n")
    assert reader.next() == commands.Stls()
    assert reader.pending == 11 and reader.discard() == 11
    reader.feed(b"NOOP\r\n")
    assert reader.next() == commands.Noop()


def test_a_reader_starts_small() -> None:
    """ATTACKS 27: a server has one for each of many connections."""
    assert len(CommandReader().get_buffer()) <= 4096


def test_repr_shows_that_there_is_a_secret_and_not_what() -> None:
    assert repr(commands.Pass("s3cret")) == "Pass(password=***)"
    assert repr(commands.Apop("joe", "abc")) == "Apop(username=b'joe', digest=***)"
    assert repr(commands.Auth("plain", b"x")) == "Auth(mechanism='PLAIN', initial_response=***)"
    assert repr(commands.Auth("plain")) == "Auth(mechanism='PLAIN')"
    assert repr(commands.UnknownCommand("xyz", b"secret")) == "UnknownCommand(keyword='XYZ', arguments=***)"
    assert repr(commands.SaslResponse(b"secret")) == "SaslResponse(***)"
    assert repr(commands.SaslResponse(None)) == "SaslResponse(None)"
    assert repr(replies.Continuation(b"c2VjcmV0")) == "Continuation(***)"
    assert repr(BodyChunk(b"abc")) == "BodyChunk(<3 octets>)"
    assert repr(LiteralChunk(memoryview(b"abcd"))) == "LiteralChunk(<4 octets>)"

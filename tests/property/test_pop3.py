"""POP3: what holds for any octets, cut anywhere."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mailproto import ParseError
from mailproto.pop3 import (
    Capabilities,
    Capability,
    CommandReader,
    Reply,
    ReplyReader,
    Stuffer,
    commands,
    parse_command,
    parse_reply,
    replies,
    stuff,
    unstuff,
)

#: Octets that matter to the machines, and some that do not.
BODIES = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"a", b"\0", b"\xff"])).map(
    b"".join
)
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)
CODES = st.none() | st.from_regex(r"[A-Z0-9-]{1,8}(/[A-Z0-9-]{1,8}){0,2}", fullmatch=True)
NUMBERS = st.integers(1, 2**31 - 1)
SECRETS = st.text(st.characters(exclude_characters="\0\r\n", codec="utf-8"), min_size=1, max_size=40)


def replies_strategy() -> st.SearchStrategy[Reply]:
    def build(ok: bool, code: str | None, text: str, body: bytes | None) -> Reply | None:
        try:
            return Reply("+OK", code, text, body) if ok else Reply("-ERR", code, text)
        except ValueError:
            return None

    return st.builds(build, st.booleans(), CODES, TEXTS, st.none() | BODIES).filter(lambda x: x is not None)


TAGS = st.from_regex(r"\*|[A-Za-z0-9-]{1,20}", fullmatch=True)
WORDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
COMMANDS = st.one_of(
    st.sampled_from(
        [cls() for name, cls in commands.BY_NAME.items() if name in "STAT NOOP RSET QUIT CAPA STLS UTF8"]
    ),
    st.builds(commands.User, SECRETS),
    st.builds(commands.Pass, SECRETS),
    st.builds(commands.Apop, WORDS, WORDS),
    st.builds(commands.Retr, NUMBERS),
    st.builds(commands.Dele, NUMBERS),
    st.builds(commands.Top, NUMBERS, st.integers(0, 2**31 - 1)),
    st.builds(commands.List, st.none() | NUMBERS),
    st.builds(commands.Uidl, st.none() | NUMBERS),
    st.builds(commands.Lang, st.none() | TAGS),
    st.builds(commands.Auth, st.sampled_from(["PLAIN", "x-a_b"]), st.none() | st.binary(max_size=60)),
    st.just(commands.Auth()),
    st.builds(
        commands.UnknownCommand,
        WORDS.filter(lambda word: word.upper() not in commands.BY_NAME),
        st.just(b"") | SECRETS.map(str.encode).filter(lambda text: text.strip(b" ") != b""),
    ),
)
#: Each a command, and an answer to it that a server can make.
ANSWERS = st.one_of(
    st.tuples(st.just("STAT"), st.builds(replies.stat, NUMBERS, NUMBERS)),
    st.tuples(st.just("LIST 1"), st.builds(replies.scan, st.just(1), NUMBERS)),
    st.tuples(st.just("UIDL 1"), st.builds(replies.uidl, st.just(1), WORDS)),
    st.tuples(st.just("LIST"), st.builds(replies.scan_listing, st.lists(st.tuples(NUMBERS, NUMBERS)))),
    st.tuples(st.just("UIDL"), st.builds(replies.uidl_listing, st.lists(st.tuples(NUMBERS, WORDS)))),
    st.tuples(
        st.just("LANG"),
        st.builds(
            replies.lang_listing,
            st.lists(st.tuples(TAGS.filter(lambda tag: tag != "*"), WORDS | st.just(""))),
        ),
    ),
    st.tuples(st.just("LANG en"), st.builds(replies.lang, st.just("en"), WORDS)),
    st.tuples(st.just("AUTH"), st.builds(replies.mechanism_listing, st.lists(WORDS))),
    st.tuples(
        st.just("CAPA"),
        st.builds(
            lambda lines: replies.capa(
                Capabilities(tuple({name.upper(): Capability(name, words) for name, words in lines}.values()))
            ),
            st.lists(st.tuples(WORDS.map("X".__add__), st.lists(WORDS, max_size=3).map(tuple))),
        ),
    ),
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(at)]


CUTS = st.lists(st.integers(0, 10_000), max_size=8)


def outcomes(reader: Any, chunks: list[bytes]) -> list[Any]:
    found: list[Any] = []
    for chunk in chunks:
        reader.feed(chunk)
        while True:
            try:
                for value in reader:
                    found.append(value)  # what came before an error counts
                break
            except ParseError as error:
                found.append((error.offset, error.expected, error.unit, error.fatal))
    return found


@given(BODIES, CUTS, st.booleans())
def test_what_is_stuffed_comes_back(body: bytes, cuts: list[int], any_lf: bool) -> None:
    wire = stuff(body)
    missing = b"" if not body or body.endswith(b"\r\n") else b"\r\n"
    assert unstuff(wire) == body + missing
    stuffer = Stuffer(any_lf=any_lf)
    parts = [stuffer.update(piece) for piece in pieces(body, cuts)]
    assert b"".join([*parts, stuffer.finish()]) == stuff(body, any_lf=any_lf)


@given(BODIES)
def test_no_client_sees_a_forged_terminator_from_a_server_that_minds_bare_lf(body: bytes) -> None:
    """ATTACKS 21: not even one that reads up to LF and takes the rest of the line for the terminator."""
    wire = stuff(body, any_lf=True)
    lines = wire.split(b"\n")
    assert [line for line in lines if line in (b".", b".\r")] == [b".\r"]
    assert wire.endswith(b".\r\n")


@given(BODIES)
def test_unstuff_agrees_with_the_rule_as_it_reads(wire: bytes) -> None:
    """RFC 1939 section 3, a line at a time."""
    wire = wire + b"\r\n.\r\n"
    expected = []
    for line in wire.split(b"\r\n"):
        if line == b".":
            break
        expected.append(line[1:] if line.startswith(b".") else line)
    body = b"".join(line + b"\r\n" for line in expected)
    reader = ReplyReader()
    reader.expect("RETR 1")
    reader.feed(b"+OK\r\n" + wire)
    assert reader.next().body == body


@given(st.lists(replies_strategy(), max_size=5), CUTS)
def test_replies_round_trip_wherever_they_are_cut(values: list[Reply], cuts: list[int]) -> None:
    stream = b"".join(bytes(value) for value in values)
    reader = ReplyReader()
    reader.expect(*["NOOP" if value.body is None else "RETR 1" for value in values])
    found = outcomes(reader, pieces(stream, cuts))
    completed = [
        value
        if value.body is None
        else replies.Reply("+OK", value.code, value.text, unstuff(stuff(value.body)))
        for value in values
    ]
    assert found == completed


@given(ANSWERS)
def test_what_a_server_says_is_what_a_client_reads(answer: tuple[str, Reply]) -> None:
    command, reply = answer
    found = parse_reply(bytes(reply), command, strict=True)
    assert found == reply and hash(found) == hash(reply)
    assert isinstance(found, Reply) and found.listing is not None
    json.dumps(found.to_dict())
    # Each entry is again a line that reads as itself.
    if found.body is not None:
        assert b"".join([bytes(entry) + b"\r\n" for entry in found.listing]) == found.body
    if command == "CAPA":
        assert found.capabilities is not None and bytes(found.capabilities) == found.body


@given(COMMANDS)
def test_a_command_is_read_as_itself(command: commands.Command) -> None:
    wire = bytes(command)
    assert wire.count(b"\n") == 1 and wire.endswith(b"\r\n") and b"".join(command.encode()) == wire
    found = parse_command(wire)
    assert found == command and hash(found) == hash(command) and bytes(found) == wire
    json.dumps(found.to_dict())
    json.dumps(found.to_dict(secrets=True))


@given(st.lists(COMMANDS, max_size=6), CUTS)
def test_commands_round_trip_wherever_they_are_cut(values: list[commands.Command], cuts: list[int]) -> None:
    stream = b"".join(bytes(value) for value in values)
    assert outcomes(CommandReader(), pieces(stream, cuts)) == values


NOISE = st.lists(
    st.sampled_from(
        [
            b"+OK",
            b"-ERR",
            b"+ ",
            b" ",
            b"[",
            b"]",
            b"/",
            b"A",
            b"1",
            b"\r\n",
            b"\n",
            b"\r",
            b".",
            b"\xff",
            b"\0",
        ]
    ),
    max_size=60,
).map(b"".join)


@given(NOISE, CUTS, st.lists(st.sampled_from(["RETR 1", "LIST", "STAT", "AUTH X", "CAPA"]), max_size=6))
def test_any_stream_reads_the_same_wherever_it_is_cut(data: bytes, cuts: list[int], asked: list[str]) -> None:
    def run(chunks: list[bytes], **options: Any) -> list[Any]:
        reader = ReplyReader(**options)
        reader.expect(*asked)
        found = outcomes(reader, chunks)
        return [(value, getattr(value, "defects", None), getattr(value, "listing", None)) for value in found]

    assert run(pieces(data, cuts)) == run([data])
    for value, _, _ in run([data]):
        if isinstance(value, Reply):
            again = ReplyReader()
            again.expect("NOOP" if value.body is None else "RETR 1")
            again.feed(bytes(value))
            assert again.next() == value


@given(NOISE, CUTS)
def test_any_commands_read_the_same_wherever_they_are_cut(data: bytes, cuts: list[int]) -> None:
    def run(chunks: list[bytes]) -> list[Any]:
        return [
            (value.keyword, value.error.offset, value.error.expected)
            if isinstance(value, commands.BadCommand)
            else value
            for value in outcomes(CommandReader(), chunks)
        ]

    found = run([data])
    assert run(pieces(data, cuts)) == found
    for value in found:
        if isinstance(value, commands.Command):
            assert outcomes(CommandReader(), [bytes(value)]) == [value]

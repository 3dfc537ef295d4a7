"""Bad input: whatever the octets, a value or an error that says where and what, and the stream goes on.

Valid units are damaged at random, with a fixed seed, and read whole, through readers and in pieces.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailproto import NEED_DATA, IncompleteError, LimitError, Limits, MailprotoError, ParseError
from mailproto.imap import CommandReader, ResponseReader, commands, parse_command, parse_response, responses
from mailproto.pop3 import CommandReader as Pop3CommandReader
from mailproto.pop3 import ReplyReader
from mailproto.pop3 import commands as pop3_commands

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SECRET = b"hunter2hunter2"
SPICE = [bytes([octet]) for octet in b' ()"\\\n\r\0\xff[]*0<>.%&'] + [
    b"{3}", b"{3}\r\n", b"\r\n", b"\xc3\xa9", b"NIL", b"+ ", b"{99999999999}\r\n", b"~{1}\r\nx",
    b"4294967296", b"-1", b"((((((((((", SECRET, b"=?utf-8?q?",
]  # fmt: skip


def lines(mark: str, *folders: str) -> list[bytes]:
    """The lines of one side of the golden transcripts."""
    found = []
    for path in sorted(GOLDEN.glob("*/*.txt")):
        if (path.parent.name == "pop3") == ("pop3" in folders):
            text = path.read_text(encoding="utf-8").split("\n")
            found += [line[3:].encode() + b"\r\n" for line in text if line.startswith(f"{mark}: ")]
    return found


def damaged(units: list[bytes], seed: int, count: int) -> Iterator[bytes]:
    """*count* units with one to four places changed."""
    dice = random.Random(seed)
    for _ in range(count):
        unit = bytearray(dice.choice(units))
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(unit) + 1)
            match dice.randrange(5):
                case 0:
                    unit[at : at + dice.randint(1, 4)] = b""
                case 1:
                    unit[at:at] = dice.choice(SPICE)
                case 2:
                    unit[at : at + 1] = dice.choice(SPICE)
                case 3:
                    unit[at : at + 1] = bytes([dice.randrange(256)])
                case _:
                    end = dice.randrange(at, len(unit) + 1)
                    unit[at:at] = unit[at : min(end, at + 20)]
        yield bytes(unit)


def sound(error: MailprotoError, unit: bytes) -> None:
    """What every error promises."""
    assert isinstance(error, ParseError | IncompleteError), repr(error)
    shown = f"{error}{error!r}"
    assert SECRET.decode() not in shown
    if isinstance(error, ParseError):
        assert 0 <= error.offset <= len(unit), (error, unit)
        assert error.expected
        assert len(error.unit) <= ParseError.UNIT_CAP
        assert unit.startswith(error.unit) or error.unit in unit
        assert isinstance(error.fatal, bool)
        if isinstance(error, LimitError):
            assert hasattr(Limits(), error.limit)


def looked_into(value: Any) -> None:
    """Everything in *value*, lazy items too: broken ones are None with a defect, and never raise."""
    defects = value.defects
    assert all(isinstance(name, str) and name for name in defects)
    value.to_dict()
    value.to_dict(secrets=True)
    repr(value)
    hash(value)
    if isinstance(value, responses.Fetch):
        for item, name in ((value.envelope, "ENVELOPE"), (value.body_structure, "BODYSTRUCTURE")):
            if item is None and name in value.raw:
                assert value.defects
            elif item is not None:
                item.to_dict()
                _ = item.defects
        if value.envelope is not None:
            _ = value.envelope.subject_text
            for address in value.envelope.from_ or ():
                _ = (address.display_name, address.addr_spec)
    assert value.defects == defects


UNITS_SERVER = lines("S")
UNITS_CLIENT = lines("C")


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_responses(seed: int, strict: bool) -> None:
    for unit in damaged(UNITS_SERVER, seed, 1500):
        try:
            value = parse_response(unit, strict=strict)
        except MailprotoError as error:
            sound(error, unit)
            continue
        looked_into(value)
        if strict:
            assert value.defects == ()
        assert parse_response(bytes(value)) == value


@pytest.mark.parametrize("utf8", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_commands(seed: int, utf8: bool) -> None:
    for unit in damaged(UNITS_CLIENT, seed, 1500):
        try:
            value = parse_command(unit, utf8=utf8)
        except MailprotoError as error:
            sound(error, unit)
            continue
        looked_into(value)
        assert (
            parse_command(b"".join(f for f in value.encode(utf8=utf8) if isinstance(f, bytes)), utf8=utf8)
            == value
        )


def events(reader: Any, pieces: list[bytes]) -> list[Any]:
    found: list[Any] = []
    for piece in pieces:
        reader.feed(piece)
        while True:
            try:
                value = reader.next()
            except MailprotoError as error:
                found.append(error)
                assert len(found) < 10_000
                continue
            if value is NEED_DATA:
                break
            found.append(value)
    return found


def cut(data: bytes, seed: int) -> list[bytes]:
    dice = random.Random(seed)
    places = sorted(dice.sample(range(len(data) + 1), min(len(data), 9)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def key(event: Any) -> Any:
    if isinstance(event, ParseError):
        # A unit that cannot be told from the rest has no end: of it there is what had come by then.
        return (type(event), event.offset, event.expected, event.fatal, None if event.fatal else event.unit)
    if isinstance(event, commands.BadCommand | pop3_commands.BadCommand):
        return (repr(event), event.error.offset, event.error.expected)
    return (event, getattr(event, "defects", None))


def tight(limits: Limits) -> Limits:
    return replace(
        limits, max_line=400, max_literal=60, max_unit=500, max_literals=3, max_depth=5, max_elements=30
    )


READERS: dict[str, tuple[Callable[[], Any], list[bytes]]] = {
    "responses": (ResponseReader, UNITS_SERVER),
    "responses, strict": (lambda: ResponseReader(strict=True), UNITS_SERVER),
    "responses, tight limits": (lambda: ResponseReader(limits=tight(Limits.client())), UNITS_SERVER),
    "commands": (CommandReader, UNITS_CLIENT),
    "commands, tight limits": (lambda: CommandReader(limits=tight(Limits.server())), UNITS_CLIENT),
    "commands, announced": (lambda: CommandReader(announce=True), UNITS_CLIENT),
    "replies": (lambda: asked(ReplyReader()), lines("S", "pop3")),
    "replies, streamed": (lambda: asked(ReplyReader(stream_above=3)), lines("S", "pop3")),
    "POP3 commands": (Pop3CommandReader, lines("C", "pop3")),
}


def asked(reader: ReplyReader) -> ReplyReader:
    reader.expect("NOOP", "RETR 1", "LIST", "AUTH PLAIN", "UIDL 2", "CAPA", "TOP 1 0", *["STAT"] * 40)
    return reader


@pytest.mark.parametrize("what", READERS)
def test_streams(what: str) -> None:
    """Five damaged units and some whole ones: cuts make no difference, a fatal error is the last event."""
    make, units = READERS[what]
    dice = random.Random(what)
    streamed = "streamed" in what
    for seed in range(150):
        parts = [*damaged(units, seed, 5), *dice.sample(units, 3)]
        stream = b"".join(parts)
        whole = events(make(), [stream])
        for event in whole:
            if isinstance(event, MailprotoError):
                sound(event, stream)
        pieces = events(make(), cut(stream, seed))
        if not streamed:  # how a body is cut into chunks follows the input
            assert list(map(key, pieces)) == list(map(key, whole))
        fatal = [at for at, event in enumerate(whole) if isinstance(event, ParseError) and event.fatal]
        assert fatal in ([], [len(whole) - 1])
        if fatal:
            reader = make()
            events(reader, [stream])
            assert events(reader, [parts[-1], b"\r\n", parts[-1]]) == []
            reader.feed_eof()


def goes_on(make: Callable[[], Any], unit: bytes, after: bytes) -> Any:
    found = events(make(), [unit, after])
    assert not any(isinstance(event, ParseError) and event.fatal for event in found)
    return found[-1]


@pytest.mark.parametrize("seed", range(3))
def test_after_a_grammar_error_comes_the_next_unit(seed: int) -> None:
    """Any one line that announces no literal, however broken, costs one event."""
    for units, make, after, wanted in (
        (UNITS_SERVER, ResponseReader, b"* 4711 EXISTS\r\n", responses.Exists(4711)),
        (UNITS_CLIENT, CommandReader, b"z NOOP\r\n", commands.Noop(tag="z")),
    ):
        for unit in damaged(units, seed, 700):
            line = unit.replace(b"\r", b"").replace(b"\n", b"").replace(b"{", b"") + b"\r\n"
            assert goes_on(make, line, after) == wanted, line


def test_lazy_items_that_are_broken_never_raise() -> None:
    envelope = b'("d" "s" (("a" NIL "b" "c")) NIL NIL (("a" NIL "b" "c")) NIL NIL "<r>" "<m>")'
    body = (
        b'(("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 2 1)("message" "rfc822" NIL NIL NIL "7bit" 9 '
    )
    body += (
        envelope
        + b' ("text" "plain" NIL NIL NIL "7bit" 2 1) 3) "mixed" ("boundary" "x") ("inline" NIL) NIL NIL)'
    )
    tails = (b")\r\n", b' UID 3 FLAGS (a) BODY[1] "x")\r\n')
    for seed in range(4):
        for item, good in ((b"ENVELOPE", envelope), (b"BODYSTRUCTURE", body), (b"BODY", body)):
            for broken in damaged([good], seed, 150):
                for tail in tails:
                    unit = b"* 1 FETCH (" + item + b" " + broken + tail
                    try:
                        row = parse_response(unit)
                    except MailprotoError as error:
                        sound(error, unit)
                        continue
                    if isinstance(row, responses.Fetch):
                        looked_into(row)
                        again = parse_response(bytes(row))
                        assert again == row

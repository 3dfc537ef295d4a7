"""Readers used as nobody should: called from within themselves, by two threads at once, their memory kept."""

from __future__ import annotations

import contextlib
import gc
import random
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest

from mailproto import NEED_DATA, Limits, ParseError
from mailproto._core import command as compiled_command
from mailproto._core.command_build import Builder
from mailproto.imap import (
    CommandReader,
    FetchTable,
    LiteralBegin,
    ResponseReader,
    commands,
    parse_command,
    parse_response,
    search,
)
from mailproto.pop3 import CommandReader as Pop3CommandReader
from mailproto.pop3 import ReplyReader

COMMANDS = b"a1 NOOP\r\na2 LOGIN {3+}\r\nabc {4+}\r\nwxyz\r\nbad\r\na3 STATUS box (MESSAGES)\r\n" * 20
APPENDS = (
    b"a APPEND x {5}\r\nabcde {20000+}\r\n"
    + b"x" * 20_000
    + b" {40}\r\n"
    + b"y" * 40
    + b"\r\nb NOOP\r\nc NOOP {9}\r\n"
) * 5
RESPONSES = (
    b"* 1 EXISTS\r\n* 2 FETCH (BODY[] {20000}\r\n"
    + b"x" * 20_000
    + b" BODY[1] {5}\r\nabcde)\r\n* LIST () NIL a\r\n"
) * 5
REPLIES = b"+OK\r\n+OK body\r\n..x\r\n" + b"line\r\n" * 9000 + b".\r\n"


def replies() -> ReplyReader:
    reader = ReplyReader(stream_above=1000)
    reader.expect(*(["NOOP", "RETR 1"] * 200))
    return reader


READERS: list[tuple[Callable[[], Any], bytes]] = [
    (CommandReader, COMMANDS),
    (lambda: CommandReader(announce=True), COMMANDS),
    (lambda: CommandReader(announce=True, stream_above=10), APPENDS),
    (lambda: CommandReader(stream_above=10), APPENDS),
    (CommandReader, APPENDS),
    (ResponseReader, RESPONSES),
    (lambda: ResponseReader(stream_above=100), RESPONSES),
    (Pop3CommandReader, b"USER a\r\nPASS b\r\nSTAT\r\nbad\r\n" * 20),
    (replies, REPLIES * 3),
]
EACH = pytest.mark.parametrize(("make", "stream"), READERS)


def play(reader: Any, stream: bytes, rng: random.Random, steps: int) -> None:
    """Anything in any order. ValueError and ParseError are the answers to misuse."""
    view = memoryview(bytearray(1))
    for _ in range(steps):
        with contextlib.suppress(ValueError, ParseError):
            match rng.randrange(10):
                case 0:
                    at = rng.randrange(len(stream))
                    reader.feed(stream[at : at + rng.choice((1, 10, 5000, 100_000))])
                case 1:
                    view = reader.get_buffer(rng.choice((-1, 1, 70_000)))
                case 2:
                    view[: min(len(view), 50)] = stream[: min(len(view), 50)]
                case 3:
                    reader.buffer_updated(rng.choice((0, 1, 50, 1 << 20)))
                case 4:
                    reader.buffer_updated(len(view))
                case 5 if hasattr(reader, "accept"):
                    rng.choice((reader.accept, reader.reject, reader.discard))()
                case 6 if hasattr(reader, "keep_literal"):
                    rng.choice((reader.keep_literal, lambda: reader.read_literal_into(bytearray(99))))()
                case 7:
                    reader.feed(stream[:30_000])
                case _:
                    reader.next()


@EACH
@pytest.mark.parametrize("seed", range(4))
def test_calls_in_any_order(make: Callable[[], Any], stream: bytes, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(5):
        play(make(), stream, rng, 100)


@EACH
def test_two_threads_on_one_reader(make: Callable[[], Any], stream: bytes) -> None:
    """Not supported, and no crash."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        reader = make()
        failed: list[BaseException] = []

        def run(seed: int) -> None:
            try:
                play(reader, stream, random.Random(seed), 150)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=run, args=(seed,)) for seed in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    # What went wrong is an exception of Python's, whatever it says.
    assert all(isinstance(error, Exception) for error in failed)


@EACH
def test_two_threads_with_a_reader_each(make: Callable[[], Any], stream: bytes) -> None:
    def values() -> list[str]:
        reader, found = make(), []
        for at in range(0, len(stream), 999):
            reader.feed(stream[at : at + 999])
            while True:
                try:
                    value = reader.next()
                except ParseError as error:
                    value = error
                if value is NEED_DATA:
                    break
                found.append(repr(value))
                if "LiteralAnnounced" in found[-1]:
                    reader.accept()
        return found

    expected = values()
    results: list[list[str]] = []
    threads = [threading.Thread(target=lambda: results.append(values())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected, expected]


@EACH
def test_from_within_a_collection(make: Callable[[], Any], stream: bytes) -> None:
    """The cyclic collector may run any code whenever a value is made."""
    reader = make()
    busy = False

    class Meddler:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            nonlocal busy
            if busy:
                return
            busy = True
            try:
                play(reader, stream, rng, 3)
            finally:
                busy = False

    rng = random.Random(5)
    before = gc.get_threshold()
    gc.set_threshold(10)
    try:
        for _ in range(60):
            Meddler()
            play(reader, stream, rng, 2)
    finally:
        gc.set_threshold(*before)


def test_a_value_that_reads_on_while_it_is_made() -> None:
    """Classes that were handed over may do anything when one is made."""
    calls = 0

    class Meddling(commands.BadCommand):
        __slots__ = ()

        def __init__(self, *arguments: Any) -> None:
            nonlocal calls
            super().__init__(*arguments)
            calls += 1
            if calls % 3 == 0 and calls < 150:
                reader.feed(COMMANDS[:100])
                reader.get_buffer()
            if calls < 100:
                reader.next()
            if calls == 50:
                reader.discard()

    module = types.SimpleNamespace(**{**vars(commands), "BadCommand": Meddling})
    reader = compiled_command.CommandReader(Builder(module, search))
    for _ in range(20):
        reader.feed(COMMANDS)
        for _value in reader:
            pass
    assert calls > 100


@EACH
def test_views_that_are_kept(make: Callable[[], Any], stream: bytes) -> None:
    """Written to long after buffer_updated, and after the reader is gone."""
    reader = make()
    kept = []
    for _ in range(30):
        view = reader.get_buffer()
        kept.append(view[:])
        view[:40] = stream[:40]
        reader.buffer_updated(40)
        with contextlib.suppress(ParseError):
            while (value := reader.next()) is not NEED_DATA:
                if isinstance(value, LiteralBegin):
                    reader.keep_literal()
        for other in kept:
            other[:] = b"\r\n" * (len(other) // 2) + b"x" * (len(other) % 2)
    del reader
    gc.collect()
    for other in kept:
        other[:] = bytes(len(other))


@EACH
def test_numbers_that_no_memory_has(make: Callable[[], Any], stream: bytes) -> None:
    reader = make()
    for hint in (2**70, -(2**70), 2**62, 0, True):
        assert 0 < len(reader.get_buffer(hint)) <= 2**30
        for count in (2**70, -(2**70), -1):
            with pytest.raises(ValueError, match="lent"):
                reader.buffer_updated(count)
    for wrong in (None, "1", 1.5):
        with pytest.raises(TypeError, match="hint must be an int"):
            reader.get_buffer(wrong)
        with pytest.raises(TypeError, match="count must be an int"):
            reader.buffer_updated(wrong)
    del stream


@pytest.mark.parametrize("kind", [CommandReader, ResponseReader, ReplyReader, Pop3CommandReader, FetchTable])
def test_limits_of_the_wrong_kind(kind: Any) -> None:
    for wrong in (5, "server", Limits, {}, 0, ""):
        with pytest.raises(TypeError, match="limits must be Limits, not"):
            kind(limits=wrong)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (CommandReader, "strict"),
        (CommandReader, "announce"),
        (CommandReader, "utf8"),
        (ResponseReader, "strict"),
        (ReplyReader, "strict"),
        (lambda **what: parse_response(b"* 1 EXISTS\r\n", **what), "strict"),
        (lambda **what: parse_command(b"a NOOP\r\n", **what), "strict"),
        (lambda **what: parse_command(b"a NOOP\r\n", **what), "utf8"),
    ],
)
def test_switches_of_the_wrong_kind(call: Callable[..., Any], name: str) -> None:
    for wrong in ("no", 1, None):
        with pytest.raises(TypeError, match=f"{name} must be a bool"):
            call(**{name: wrong})


@pytest.mark.parametrize("call", [parse_response, parse_command])
def test_limits_of_the_wrong_kind_for_one_unit(call: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="limits must be Limits, not int"):
        call(b"", limits=5)

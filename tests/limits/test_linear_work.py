"""However a stream is cut, reading it moves octets in linear work: counted, not timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from work import WAYS, drained, lend, octets_moved

from mailproto import Limits, pop3
from mailproto.imap import CommandReader, ResponseReader

WIDE = replace(Limits.client(), max_line=1 << 30, max_literals=1 << 20, max_elements=1 << 22)


def commanding() -> CommandReader:
    return CommandReader(limits=WIDE)


def responding() -> ResponseReader:
    return ResponseReader(limits=WIDE)


Input = Callable[[int], bytes]


def literals(size: int) -> Input:
    item = b" {%d}\r\n" % size + b"x" * size
    return lambda n: b"* X (" + (item * (n // len(item)))[1:] + b")\r\n"


def replying() -> pop3.ReplyReader:
    reader = pop3.ReplyReader(limits=WIDE)
    reader.expect("RETR 1")
    return reader


#: What is read with, and inputs of about n octets: finished, and left open.
INPUTS: dict[str, tuple[Callable[[], Any], Input]] = {
    "empty literals": (responding, literals(0)),
    "small literals": (responding, literals(7)),
    "literals of a page": (responding, literals(4096)),
    "large literals": (responding, literals(20_000)),
    "search": (responding, lambda n: b"* SEARCH" + b" 1" * (n // 2) + b"\r\n"),
    "open list": (responding, lambda n: b"* X (" + b"a " * (n // 2)),
    "body": (ResponseReader, lambda n: b"* 1 FETCH (BODY[] {%d}\r\n" % n + b"\n" * n + b" UID 1)\r\n"),
    "open body": (ResponseReader, lambda n: b"* 1 FETCH (BODY[] {%d}\r\n" % (2 * n) + b"x" * n),
    "two bodies": (
        responding,
        lambda n: b"* 1 FETCH (BODY[1] {%d}\r\n%b BODY[2] {%d}\r\n%b)\r\n" % (n, b"x" * n, n, b"y" * n),
    ),
    "streamed": (
        lambda: ResponseReader(stream_above=100),
        lambda n: b"* 1 FETCH (BODY[] {%d}\r\n" % n + b"x" * n + b")\r\n",
    ),
    "many responses": (ResponseReader, lambda n: b"* 1 FETCH (UID 1 FLAGS ())\r\n" * (n // 28)),
    "commands": (CommandReader, lambda n: b"a NOOP\r\n" * (n // 8)),
    "command's empty literals": (
        commanding,
        lambda n: b"a LOGIN" + b" {0+}\r\n" * (n // 7),
    ),
    "command's literals": (
        commanding,
        lambda n: b"a LOGIN" + b" {1+}\r\nx" * (n // 8),
    ),
    "command's line": (commanding, lambda n: b"a LOGIN " + b"x" * n),
    "append": (CommandReader, lambda n: b"a APPEND x {%d+}\r\n" % n + b"x" * n + b"\r\n"),
    "open append": (CommandReader, lambda n: b"a APPEND x {%d+}\r\n" % (n + 10) + b"x" * n),
    "set": (commanding, lambda n: b"a FETCH " + b"1," * (n // 2) + b"1 FLAGS\r\n"),
    "dotted body": (replying, lambda n: b"+OK\r\n" + b"..a\r\n" * (n // 5) + b".\r\n"),
    "open reply": (replying, lambda n: b"+OK\r\n" + b"line\r\n" * (n // 6)),
    "long status": (replying, lambda n: b"+OK " + b"x" * n),
    "long POP3 command": (lambda: pop3.CommandReader(WIDE), lambda n: b"X" * n + b"\r\n"),
    "POP3 commands": (lambda: pop3.CommandReader(WIDE), lambda n: b"DELE 1\r\n" * (n // 8)),
}

#: Octets of an input, by the size of the pieces: n; then 2n and 4n.
SIZES = {1: 5_000, 100: 50_000, 5_000: 200_000, 70_000: 400_000}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", SIZES)
@pytest.mark.parametrize("name", INPUTS)
def test_attack_05_work_is_linear(name: str, step: int, way: str) -> None:
    make, build = INPUTS[name]
    for factor in (1, 2, 4):
        wire = build(factor * SIZES[step])
        assert octets_moved(make(), wire, step, way) <= 4 * (len(wire) + step)


def test_what_is_moved_is_counted() -> None:
    """Memory that doubles moves what it holds each time, and nothing else moves any."""
    reader = CommandReader(limits=WIDE)
    assert reader.octets_moved == 0
    reader.feed(b"a NOOP\r\n")
    drained(reader)
    assert reader.octets_moved == 0
    sizes = []
    for _ in range(2000):
        lend(reader, b"x" * 100)
        drained(reader)
        if not sizes or reader.octets_moved != sizes[-1]:
            sizes.append(reader.octets_moved)
    assert sizes[0] == 0
    assert len(sizes) > 4
    assert sizes[-1] > 100_000
    with pytest.raises(AttributeError):
        reader.octets_moved = 0  # type: ignore[misc]


def test_a_reader_that_moves_everything_again_would_be_found() -> None:
    """Who keeps every view that was lent has the reader replace its memory each time: the square, counted."""
    reader, kept = CommandReader(limits=WIDE), []
    for _ in range(500):
        view = reader.get_buffer(100)
        view[:100] = b"x" * 100
        kept.append(memoryview(view))
        reader.buffer_updated(100)
        drained(reader)
    assert reader.octets_moved > 10 * 500 * 100

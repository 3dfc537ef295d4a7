"""Every POP3 unit of the wire corpus that lies beside the project, where it does (it is no part of it)."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mailproto import IncompleteError, ParseError
from mailproto.pop3 import CommandReader, Continuation, ReplyReader, commands

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "wire"


def load() -> list[dict[str, Any]]:
    units = []
    for path in sorted(CORPUS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            unit = json.loads(line)
            if unit["protocol"] == "pop3":
                unit["bytes"] = (
                    unit["text"].encode() if "text" in unit else base64.b64decode(unit["bytes_b64"])
                )
                units.append(unit)
    return units


UNITS = load() if CORPUS.is_dir() else []
REPLIES = [unit for unit in UNITS if unit["direction"] == "server"]
COMMANDS = [unit for unit in UNITS if unit["direction"] == "client"]

#: Lines labelled ok that are no commands: a server's test sent each in order to be refused. Why each is.
_NUMBERED = "message numbers begin with 1 (RFC 1939 section 4)"
_NO_NUMBER = "the argument is a message number (RFC 1939 section 5)"
REFUSED = {
    b"TOP\r\n": "both arguments are required (RFC 1939 section 7)",
    b"USER\r\n": "the name is required (RFC 1939 section 7)",
    b"LIST a\r\n": _NO_NUMBER,
    b"LIST 0\r\n": _NUMBERED,
    b"UIDL a\r\n": _NO_NUMBER,
    b"UIDL 0\r\n": _NUMBERED,
    b"RETR a\r\n": _NO_NUMBER,
    b"RETR 0\r\n": _NUMBERED,
    b"TOP 1 a\r\n": "lines are a non-negative number (RFC 1939 section 7)",
    b"TOP 1 -1\r\n": "lines are a non-negative number (RFC 1939 section 7)",
    b"TOP a 1\r\n": _NO_NUMBER,
    b"TOP 0 1\r\n": _NUMBERED,
}

#: Listings about another message than was asked for, or with a number left out.
WRONG_MESSAGE = {
    b"+OK 99 1024\r\n",
    b"+OK\r\n1 1024\r\n2 2048\r\n3 3072\r\n4 4096\r\n5 5120\r\n6 6144\r\n8 8192\r\n.\r\n",
}

pytestmark = pytest.mark.skipif(not UNITS, reason=f"no wire corpus at {CORPUS}")


def chunked(data: bytes, how: str) -> list[bytes]:
    if how == "whole":
        return [data]
    if how == "octets":
        return [data[i : i + 1] for i in range(len(data))]
    dice, chunks = random.Random(len(data)), []
    while data:
        size = dice.randint(1, 1 + len(data) // 2)
        chunks.append(data[:size])
        data = data[size:]
    return chunks


def read(data: bytes, context: str, how: str) -> list[Any]:
    """What a reader gives for *data* and a reply to NOOP behind it."""
    reader = ReplyReader()
    if context != "GREETING":
        reader.expect(context)
    found: list[Any] = []
    for chunk in chunked(data, how):
        reader.feed(chunk)
        while True:
            try:
                for value in reader:
                    found.append(value)  # what came before an error counts
                break
            except ParseError as error:
                found.append(("error", error.offset, error.expected, error.fatal))
    try:
        reader.feed_eof()
    except IncompleteError:
        found.append("incomplete")
    return found


@pytest.mark.parametrize("how", ["whole", "octets", "chunks"])
@pytest.mark.parametrize("unit", REPLIES, ids=lambda unit: f"{unit['kind']}-{unit['expect']}-{unit['id']}")
def test_reply(unit: dict[str, Any], how: str) -> None:
    data, expect = unit["bytes"], unit["expect"]
    if how == "octets" and len(data) > 20_000:
        data = data[:2000] + data[-2000:]
    after = b"+OK the next\r\n"
    found = read(data, unit["context"], how)
    assert found == read(data, unit["context"], "whole")
    if expect == "incomplete":
        assert found == ["incomplete"]
        return
    assert len(found) == 1
    # Whatever it was, the stream goes on behind it.
    follows = read(data + after, unit["context"], how)
    assert len(follows) == 2 and follows[1].text == "the next"
    value = found[0]
    expected = unit["expected"]
    if isinstance(value, Continuation):
        assert expected["status"] == "+" and value.text == expected["text"]
        return
    if expect == "error":
        # No status line, or the value is wrong for what was asked. Whether a listing is the right one (its
        # numbers in order, the message that was asked about) is not for a reader to say.
        assert isinstance(value, tuple) or value.defects or data in WRONG_MESSAGE
        return
    again = ReplyReader()
    again.expect(unit["context"])
    again.feed(bytes(value))
    assert again.next() == value
    if "\n" in expected["status"]:
        return  # the reference did not know lines that end in a bare LF
    assert value.status == expected["status"]
    said = f"[{value.code}] {value.text}" if value.code else value.text
    assert said == expected["text"]
    if how == "octets" and data != unit["bytes"]:
        return
    if "lines" in expected:
        assert value.body.decode().splitlines() == expected["lines"]
        assert len(value.listing) == len(expected["lines"])
    elif "body_len" in expected:
        assert len(value.body) == expected["body_len"]
        assert hashlib.sha1(value.body).hexdigest() == expected["body_sha1"]
    else:
        assert value.body is None


@pytest.mark.parametrize("how", ["whole", "octets", "chunks"])
@pytest.mark.parametrize("unit", COMMANDS, ids=lambda unit: f"{unit['expect']}-{unit['id']}")
def test_command(unit: dict[str, Any], how: str) -> None:
    data = unit["bytes"]
    reader = CommandReader()
    if len(data) > 20 and b" " not in data:
        reader.expect_line("sasl")
    found: list[Any] = []
    for chunk in chunked(data + b"NOOP\r\n", how):
        reader.feed(chunk)
        found += list(reader)
    assert len(found) == 2 and found[1] == commands.Noop()
    if data in REFUSED:
        assert isinstance(found[0], commands.BadCommand), REFUSED[data]
        assert found[0].keyword == data.split()[0].decode()
    else:
        assert not isinstance(found[0], commands.BadCommand)
        assert bytes(found[0]) == data


def test_pass_rates(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints, with ``pytest -s``, how many units of each kind are read as the corpus says."""
    total: Counter[tuple[str, str]] = Counter()
    good: Counter[tuple[str, str]] = Counter()
    for unit in UNITS:
        kind = (unit["kind"], unit["expect"])
        total[kind] += 1
        try:
            (test_reply if unit in REPLIES else test_command)(unit, "whole")
            good[kind] += unit["bytes"] not in REFUSED
        except AssertionError:
            pass
    with capsys.disabled():
        print()
        for kind, count in sorted(total.items()):
            print(f"  pop3 {kind[0]:10} {kind[1]:10} {good[kind]:3} of {count}")
    assert sum(good.values()) + len([u for u in COMMANDS if u["bytes"] in REFUSED]) == sum(total.values())

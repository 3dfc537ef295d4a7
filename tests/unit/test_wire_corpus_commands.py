"""The commands of the wire corpus, which lies beside the repository and is no part of it."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mailproto import NEED_DATA, IncompleteError, Limits, ParseError
from mailproto.imap import CommandReader, commands, parse_command, parse_command_prefix

CORPUS = Path(__file__).parents[3] / "shared" / "wire"


def units(*kinds: str) -> list[dict[str, Any]]:
    if not CORPUS.is_dir():
        return []
    found = []
    for path in sorted(CORPUS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            unit = json.loads(line)
            if unit["protocol"] == "imap" and unit["direction"] == "client" and unit["kind"] in kinds:
                unit["wire"] = (
                    unit["text"].encode() if "text" in unit else base64.b64decode(unit["bytes_b64"])
                )
                found.append(unit)
    return found


UNITS = units("command")
pytestmark = pytest.mark.skipif(not UNITS, reason="the wire corpus is not beside the repository")


# A reading of our own output that knows no grammar: words, strings and lists, as the corpus writes them.

TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|~?\{(\d+)\}\r\n|([()])|((?:[^\s()"\[]|\[[^\]]*\])+)| ')


def tree(wire: bytes) -> list[Any]:
    stack: list[list[Any]] = [[]]
    at = 0
    while at < len(wire):
        match = TOKEN.match(wire, at)
        assert match, wire[at:]
        at = match.end()
        string, size, bracket, word = match.groups()
        if string is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", string))
        elif size is not None:
            stack[-1].append(wire[at : at + int(size)])
            at += int(size)
        elif bracket == b"(":
            stack.append([])
        elif bracket == b")":
            done = stack.pop()
            stack[-1].append(done)
        elif word is not None:
            stack[-1].append(word)
    (result,) = stack
    return result


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, list):
        return False
    if isinstance(theirs, dict) and "sha1" in theirs:
        return len(ours) == theirs["len"] and hashlib.sha1(ours).hexdigest() == theirs["sha1"]
    if isinstance(theirs, dict):
        wanted = theirs["s"].encode() if "s" in theirs else base64.b64decode(theirs["b64"])
    else:
        wanted = b"NIL" if theirs is None else str(theirs).encode()
    # A digit alone, or behind a 0, as the day of a date-time is written with the space that is wanted.
    # A range of one number is that number.
    plain = [
        re.sub(rb"(?<![\d*])(\d+|\*):\1(?!\d)", rb"\1", text.replace(b'"', b"").lower().strip())
        for text in (ours, wanted)
    ]
    plain = [re.sub(rb"^0(?=\d-[a-z]{3}-)", b"", text) for text in plain]
    return plain[0] == plain[1]


def grouped(options: list[Any]) -> list[Any]:
    """Options with the value of each, in an order of their own: they may come in any."""
    groups: list[list[Any]] = []
    for option in options:
        if groups and (isinstance(option, list | int) or re.match(rb"-?\d", as_bytes(option))):
            groups[-1].append(option)
        else:
            groups.append([option])
    return sorted(groups, key=lambda group: as_bytes(group[0]).lower())


def as_bytes(word: Any) -> bytes:
    return word if isinstance(word, bytes) else str(word).encode()


def canonical(name: str, args: list[Any]) -> list[Any]:
    """The arguments without the freedom that the grammar gives."""
    args = list(args)
    name = name.removeprefix("UID ")
    if name == "FETCH" and not isinstance(args[1], list):
        args[1] = [args[1]]
    if name == "FETCH" and len(args) == 3:
        args[2] = grouped(args[2])
    if name in ("SELECT", "EXAMINE") and len(args) == 2:
        args[1] = grouped(args[1])
    if name == "STORE" and not isinstance(args[-1], list):
        first = next(
            i for i, a in enumerate(args) if isinstance(a, str | bytes) and "FLAGS" in str(a).upper()
        )
        args[first + 1 :] = [args[first + 1 :]]
    if name == "LIST":
        if args[0] == []:
            del args[0]
        pattern = 2 if isinstance(args[0], list) else 1
        if not isinstance(args[pattern], list):
            args[pattern] = [args[pattern]]
        if args[pattern + 1 :] == ["RETURN", []]:
            del args[pattern + 1 :]
    if name == "SETQUOTA":
        args[1:] = [[word for group in args[1:] for word in group]]
    if name == "NOTIFY":
        # with or without parentheses around the events
        args = [arg if not isinstance(arg, list) else flat(arg) for arg in args]
    return args


def flat(group: list[Any]) -> list[Any]:
    return [word for item in group for word in (flat(item) if isinstance(item, list) else [item])]


def agrees(value: commands.Command, expected: dict[str, Any]) -> bool:
    wire = bytes(value)
    words = tree(wire[:-2])
    name = words[1].decode()
    skip = 2
    if name == "UID":
        name, skip = f"UID {words[2].decode()}", 3
    return (
        value.tag == expected["tag"]
        and name == expected["name"]
        and same(canonical(name, words[skip:]), canonical(name, expected["args"]))
    )


def chunked(wire: bytes, sizes: Any) -> list[Any]:
    reader, values, at = CommandReader(), [], 0
    while at < len(wire):
        size = sizes()
        reader.feed(wire[at : at + size])
        at += size
        values += list(reader)
    return values


NO_TAG = "a template of a command without its tag (what is read as one is the command's name)"
ANNOTATE = "ANNOTATE-EXPERIMENT-1 (RFC 5257), which is experimental and not read"
BATCHES = "UIDBATCHES takes an nz-number and a range of two: the parser that it tests answers BAD"

#: id of a unit that is labelled ok and refused here, and why the label does not hold.
DISAGREE = {
    **dict.fromkeys(
        (
            *("011d379c1e89", "02b8db0efe0c", "96d328b7a394", "fced2fb6b27b", "5d490e33c51b", "67d111571e54"),
            *("f62a4e813926", "1323027e599f", "110c8d199749", "c124f4840c47", "588dfde62496", "1eebc56ab6e2"),
            *("23d0446ae37e", "820766ad9865", "f10243973017", "53be3b12d53e", "6bc44a02a3bb", "d8f56a0ee265"),
            "37e38ee5310f",
        ),
        NO_TAG,
    ),
    **dict.fromkeys(
        (
            *("c58e9b756021", "4130f63d5865", "c24ddd5e3110", "761393c2b739", "96819866cdee", "c9edc93f6e53"),
            *("e40fb75cff68", "1ca37d50e736", "d9bae744eed8", "844368f75403", "bd92d4fb3088", "56b75488e621"),
        ),
        ANNOTATE,
    ),
    **dict.fromkeys(
        ("352c667f41c3", "b313a007f961", "1a5ec16936c9", "170ef190ae32", "a945c3356aae"), BATCHES
    ),
    "6a3cb0f1ca8e": "two backslashes: flag-extension is one and an atom",
    "72306fd993f2": "APPEND without arguments",
    "199b8439b2ac": "APPEND without a message",
    "29f235e6cfde": "APPEND without a message",
    "8dd603dc4e60": "STATUS (): at least one status-att; the corpus has the same as an error elsewhere",
    "fccc3a75edd3": "a command of ManageSieve",
    "2510fe3a7b32": "BODY[MIME]: section-msgtext has no MIME, it needs a part before it",
    "2f77fde1d38e": "BODY[MIME]: section-msgtext has no MIME, it needs a part before it",
    "2d958cd253cd": "FULLL is no word of the grammar",
}
#: id of a unit that is labelled ok and read with a defect: strict reading refuses it.
DEFECTS = {
    "269ff17c7fd9": "empty-items",
    "632fbc5ab39f": "missing-space",
    **dict.fromkeys(
        (
            *("921e0c39fe0e", "f67c2639e093", "bcaed84f723f", "ada6426298e3", "123f0cb6670b"),
            "5af23125045d",
        ),
        "keyword-form",
    ),
    "4a42db8f2227": "separate-lists",
    **dict.fromkeys(("8f562fcc4cd4", "e63a568dc3a3"), "bare-events"),
}


def test_what_is_right_is_read_as_expected(record_property: Any) -> None:
    counts: Counter[str] = Counter()
    wrong = []
    for unit in UNITS:
        if unit["expect"] != "ok":
            continue
        counts["total"] += 1
        try:
            value = parse_command(unit["wire"])
        except ParseError as error:
            if unit["id"] in DISAGREE:
                counts["refused for a reason"] += 1
            else:
                wrong.append((unit["id"], str(error), unit["wire"][:200]))
            continue
        assert unit["id"] not in DISAGREE
        assert parse_command(bytes(value)) == value
        if value.defects:
            counts["with a defect"] += 1
            if value.defects not in (("macro-in-list",), ("atom-string",)):
                assert value.defects == (DEFECTS[unit["id"]],), unit
            with pytest.raises(ParseError):
                parse_command(unit["wire"], strict=True)
        else:
            assert unit["id"] not in DEFECTS
            assert parse_command(unit["wire"], strict=True) == value
        expected = unit["expected"].get("command")
        if expected is None or agrees(value, expected):
            counts["agree"] += 1
        else:
            wrong.append((unit["id"], bytes(value), expected))
    for name, count in counts.items():
        record_property(name, count)
    print(dict(counts))
    assert not wrong, "\n".join(map(str, wrong))
    assert counts["total"] > 1100


def test_what_is_incomplete_waits() -> None:
    for unit in UNITS:
        if unit["expect"] == "incomplete":
            with pytest.raises(IncompleteError):
                parse_command(unit["wire"])
            assert chunked(unit["wire"], lambda: 1) == []


def test_nothing_breaks_the_stream() -> None:
    for unit in UNITS:
        if unit["expect"] == "incomplete":
            continue
        values = chunked(unit["wire"] + b"next NOOP\r\n", lambda: 4096)
        assert values[-1] == commands.Noop(tag="next"), unit
        assert len(values) == 2, unit


def test_chunks_make_no_difference() -> None:
    dice = random.Random(1)
    for unit in UNITS:
        wire = unit["wire"]
        whole = [repr(value) for value in chunked(wire, lambda: 1 << 20)]
        assert [repr(value) for value in chunked(wire, lambda: 1)] == whole
        assert [repr(value) for value in chunked(wire, lambda: dice.randint(1, 9))] == whole


def test_what_follows_the_first_unit() -> None:
    for unit in units("command+rest"):
        assert parse_command_prefix(unit["wire"])[1] == unit["expected"]["consumed"]


def test_parts_of_commands() -> None:
    for unit in units("command-part"):
        note, wire = unit.get("note", ""), unit["wire"]
        expected = "idle" if "idle" in note or note.endswith("_done") else "sasl"
        reader = CommandReader(announce="announced" in note)
        if "announced" not in note:
            reader.expect_line(expected)  # type: ignore[arg-type]
        reader.feed(wire)
        value = reader.next()
        if "announced" in note:
            assert isinstance(value, commands.LiteralAnnounced), unit
        elif unit["expect"] == "incomplete":
            assert value is NEED_DATA, unit
        elif unit["expect"] == "error":
            assert isinstance(value, commands.BadCommand), unit
        else:
            assert isinstance(value, commands.SaslResponse | commands.IdleDone), unit


def test_what_follows_a_line_that_is_waited_for() -> None:
    for unit in units("command-part+rest"):
        reader = CommandReader()
        reader.expect_line("idle" if unit["wire"][:1] in b"dD" else "sasl")
        reader.feed(unit["wire"])
        assert isinstance(reader.next(), commands.SaslResponse | commands.IdleDone)
        assert len(unit["wire"]) - reader.buffered == unit["expected"]["consumed"]


def test_tags() -> None:
    for unit in units("tag"):
        wire = unit["wire"]
        if unit["expect"] != "ok" or b" " not in wire:
            continue
        (value,) = chunked(wire.split(b" ")[0] + b" NOOP\r\n", lambda: 99)
        assert value.tag == unit["expected"]["tag"]
    assert Limits.server().max_line >= 8192

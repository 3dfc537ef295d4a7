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

#: Commands that are read; the others of the corpus belong to extensions that come later.
READ = re.compile(
    "CAPABILITY|NOOP|LOGOUT|STARTTLS|AUTHENTICATE|LOGIN|SELECT|EXAMINE|CREATE|DELETE|RENAME|SUBSCRIBE|UNSUBSCRIBE"
    "|LIST|LSUB|STATUS|APPEND|CHECK|CLOSE|IDLE|UNSELECT|NAMESPACE|ID|ENABLE"
    "|(UID )?(EXPUNGE|SEARCH|FETCH|STORE|COPY|MOVE)"
)
#: Options and items of later extensions within those commands.
LATER = re.compile(
    rb"\b(QRESYNC|ANNOTAT(E|ION)|OBJECTID|PARTIAL|FUZZY|PREVIEW|RELEVANCY|CONTEXT|UPDATE|UTF8 \(|EMAILID"
    rb"|THREADID|MAILBOXID|SAVEDATE|SAVEDBEFORE|SAVEDON|SAVEDSINCE|SAVEDATESUPPORTED|BINARY|METADATA"
    rb"|X-GM-[A-Z]+|FILTER|XLIST|CATENATE|REMOVE|ADD|RECENTONLY|X-[A-Z-]+)\b|~\{",
    re.IGNORECASE,
)


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


def later(unit: dict[str, Any]) -> bool:
    command = unit.get("expected", {}).get("command")
    if command is None:
        return True  # nothing to compare with
    return not READ.fullmatch(command["name"]) or bool(LATER.search(unit["wire"]))


# A reading of our own output that knows no grammar: words, strings and lists, as the corpus writes them.

TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|\{(\d+)\}\r\n|([()])|((?:[^\s()"\[]|\[[^\]]*\])+)| ')


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
    # A digit alone as the day of a date-time is written with the space that the grammar wants.
    # A range of one number is that number.
    plain = [
        re.sub(rb"(?<![\d*])(\d+|\*):\1(?!\d)", rb"\1", text.replace(b'"', b"").lower().strip())
        for text in (ours, wanted)
    ]
    return plain[0] == plain[1]


def canonical(name: str, args: list[Any]) -> list[Any]:
    """The arguments without the freedom that the grammar gives."""
    args = list(args)
    name = name.removeprefix("UID ")
    if name == "FETCH" and not isinstance(args[1], list):
        args[1] = [args[1]]
    if name == "FETCH" and len(args) == 3:
        args[2] = sorted(args[2], key=str)
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
    return args


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


#: id of a unit that is labelled ok and refused here, and why the label does not hold.
DISAGREE = {
    "269ff17c7fd9": "FETCH (): at least one fetch-att (RFC 3501 section 9, fetch)",
    "6a3cb0f1ca8e": "two backslashes: flag-extension is one and an atom",
    "632fbc5ab39f": "no SP before store-modifiers (RFC 4466 section 2.6)",
    "72306fd993f2": "APPEND without arguments",
    "199b8439b2ac": "APPEND without a message",
    "29f235e6cfde": "APPEND without a message",
    "921e0c39fe0e": "KEYWORD: flag-keyword is an atom, no system flag",
    "f67c2639e093": "UNKEYWORD: flag-keyword is an atom, no system flag",
    "bcaed84f723f": "KEYWORD: flag-keyword is an atom, no string",
    "ada6426298e3": "UNKEYWORD: flag-keyword is an atom, no string",
    "123f0cb6670b": "KEYWORD: flag-keyword is an atom",
    "5af23125045d": "UNKEYWORD: flag-keyword is an atom",
    "8dd603dc4e60": "STATUS (): at least one status-att; the corpus has the same as an error elsewhere",
    "fccc3a75edd3": "a command of ManageSieve",
    "2f77fde1d38e": "BODY[MIME]: section-msgtext has no MIME, it needs a part before it",
    "2d958cd253cd": "FULLL is no word of the grammar",
}


def test_what_is_right_is_read_as_expected(record_property: Any) -> None:
    counts: Counter[str] = Counter()
    wrong = []
    for unit in UNITS:
        if unit["expect"] != "ok":
            continue
        if later(unit):
            counts["later extensions"] += 1
            try:
                parse_command(unit["wire"])
                counts["later extensions, read"] += 1
            except ParseError:
                pass
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
        assert parse_command(bytes(value)) == value
        if agrees(value, unit["expected"]["command"]):
            counts["agree"] += 1
        else:
            wrong.append((unit["id"], bytes(value), unit["expected"]["command"]))
    for name, count in counts.items():
        record_property(name, count)
    print(dict(counts))
    assert not wrong, "\n".join(map(str, wrong))
    assert counts["total"] > 900


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


def test_tags() -> None:
    for unit in units("tag"):
        wire = unit["wire"]
        if unit["expect"] != "ok" or b" " not in wire:
            continue
        (value,) = chunked(wire.split(b" ")[0] + b" NOOP\r\n", lambda: 99)
        assert value.tag == unit["expected"]["tag"]
    assert Limits.server().max_line >= 8192

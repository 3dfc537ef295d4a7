"""Every server unit of the wire corpus beside the checkout, where there is one."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailproto import NEED_DATA, IncompleteError, Limits, MailprotoError, ParseError
from mailproto.imap import Address, BodyStructure, Envelope, ResponseReader, parse_response, responses

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("MAILPROTO_WIRE", ROOT.parent / "shared" / "wire"))
UNITS = ("response", "greeting", "continuation", "bodystructure", "envelope")

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="no wire corpus beside the checkout")

#: Units whose expected reading we do not share, by id, with the reason.
DISAGREE: dict[str, str] = {
    "a39e8c998716": "NIL in a flag list is a flag-keyword like any other atom",
    "2100d4584273": "Sent Items is one mailbox, as the client meant that the unit is taken from",
    "f8f19700b2e7": "My files is one mailbox, likewise",
    "ee5896009771": 'a delimiter of "" is read as NIL, with a defect',
    "abf38fe35303": "MODSEQ without parentheses has a defect, not another value",
    "2f5f01768d80": "a number without a name is no status item; it has a defect",
    "4843913543d1": "the same",
    "b901232e01ca": "attributes are atoms, which hold no space",
    "9ebbf8a67502": "the missing namespace is NIL, with a defect",
    "9900a7bc5bfc": "an empty list of namespaces is NIL",
    "bc2cd0df5555": "a namespace without prefix or delimiter has empty ones, with a defect",
    "5f5ffe1459b4": "the same without delimiter",
    "09a046c857a2": "RFC 5524 section 5 puts each item in parentheses of its own, and so do we",
}
#: Units that are said to be right and that we refuse, by id, with the reason.
REFUSED: dict[str, str] = {
    "47e769fe0222": "SEARCH A: no nz-number (the corpus itself calls `* SEARCH 1 2 x` an error)",
    "94e866ac02b3": 'LIST () "ab": the delimiter is one QUOTED-CHAR',
}


def _units() -> Iterator[dict[str, Any]]:
    if not CORPUS.is_dir():
        return
    for path in sorted(CORPUS.glob("*.jsonl")):
        with path.open() as lines:
            for line in lines:
                unit = json.loads(line)
                if unit["protocol"] == "imap" and unit["direction"] == "server":
                    text = unit.get("text")
                    unit["data"] = (
                        text.encode("latin-1") if text is not None else base64.b64decode(unit["bytes_b64"])
                    )
                    yield unit


ALL = list(_units())


def _select(kinds: tuple[str, ...], *expect: str) -> list[Any]:
    return [
        pytest.param(u, id=f"{u['kind']}-{u['id']}")
        for u in ALL
        if u["kind"] in kinds and u["expect"] in expect
    ]


# ---- from our values to the corpus's trees ----------------------------


def octets(value: bytes) -> Any:
    if len(value) > 256:
        return {"len": len(value), "sha1": hashlib.sha1(value).hexdigest()}
    try:
        return {"s": value.decode()}
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}


def plain(value: Any) -> Any:
    """A string inside an ENVELOPE or body: the corpus writes it bare."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        made = octets(value)
        return made.get("s", made)
    return value


def tree(value: Any) -> Any:
    if isinstance(value, tuple):
        return [tree(item) for item in value]
    return octets(value) if isinstance(value, bytes) else value


def address(value: Address) -> Any:
    return [plain(value.name), plain(value.route), plain(value.mailbox), plain(value.host)]


def envelope(value: Envelope) -> Any:
    made: dict[str, Any] = {"date": plain(value.date), "subject": plain(value.subject)}
    for name in ("from_", "sender", "reply_to", "to", "cc", "bcc"):
        addresses = getattr(value, name)
        made[name.rstrip("_")] = None if addresses is None else [address(a) for a in addresses]
    return {**made, "in_reply_to": plain(value.in_reply_to), "message_id": plain(value.message_id)}


def body(value: BodyStructure) -> Any:
    made: dict[str, Any]
    if value.is_multipart:
        made = {"multipart": plain(value.subtype), "parts": [body(part) for part in value.parts]}
        if value.params or value.disposition or value.language or value.location:
            made["params"] = plain(value.params)
    else:
        made = {
            "type": f"{plain(value.type)}/{plain(value.subtype)}",
            "params": plain(value.params),
            "id": plain(value.id),
            "description": plain(value.description),
            "encoding": plain(value.encoding),
            "size": value.size,
        }
        if value.lines is not None:
            made["lines"] = value.lines
        if value.envelope is not None and value.body is not None:
            made["envelope"], made["body"] = envelope(value.envelope), body(value.body)
        made["md5"] = plain(value.md5)
    disposition = value.disposition
    made["disposition"] = (
        None if disposition is None else [plain(disposition[0]), plain(disposition[1]) or None]
    )
    made["language"], made["location"] = plain(value.language), plain(value.location)
    if value.extensions:
        made["extra"] = len(value.extensions)
    return made


def fetch_items(row: responses.Fetch) -> dict[str, Any]:
    made: dict[str, Any] = {name: octets(v) if v is not None else None for name, v in row.sections.items()}
    for name, value in row.others.items():
        match name, value:
            case (("EMAILID" | "THREADID"), str()):
                made[name] = [value]
            case "X-GM-LABELS", tuple():
                made[name] = [octets(label.wire) for label in value]
            case "SAVEDATE", datetime.datetime():
                made[name] = value
            case _:
                made[name] = tree(value)
    if row.flags is not None:
        made["FLAGS"] = list(row.flags)
    if row.internal_date is not None:
        made["INTERNALDATE"] = row.internal_date
    for name, value in (("UID", row.uid), ("RFC822.SIZE", row.size)):
        if value is not None:
            made[name] = value
    if row.modseq is not None:
        made["MODSEQ"] = [row.modseq]
    if row.envelope is not None:
        made["ENVELOPE"] = envelope(row.envelope)
    for name, structure in (("BODY", row.body), ("BODYSTRUCTURE", row.body_structure)):
        if structure is not None:
            made[name] = body(structure)
    return made


def code_text(code: responses.ResponseCode | None) -> str | None:
    if code is None:
        return None
    status = responses.StatusResponse(None, "OK", code, "")
    return bytes(status).decode()[6:-4]


def expected_code(expected: dict[str, Any]) -> str | None:
    code = expected.get("code")
    return "BADCHARSET" if code == "BADCHARSET ()" else code  # an empty list says no more than none


def loose(value: Any) -> Any:
    """What two readings may differ in and mean the same: case of atoms, numbers as text, NIL lists."""
    if isinstance(value, dict):
        if set(value) == {"s"}:
            return value["s"].lower()
        return {
            key.lower(): loose(item)
            for key, item in value.items()
            if item not in (None, []) and not (key in ("s",) and item is None)
        }
    if isinstance(value, list):
        return [loose(item) for item in value]
    return value.lower() if isinstance(value, str) else str(value) if isinstance(value, int) else value


def agrees(value: Any, expected: dict[str, Any]) -> str | None:
    """None, or what differs."""

    def same(ours: Any, theirs: Any, what: str) -> str | None:
        return None if loose(ours) == loose(theirs) else f"{what}: {loose(ours)!r} is not {loose(theirs)!r}"

    kind, name = expected["type"], expected.get("name", "").upper()
    if kind == "continuation":
        wrong = same(value.text, expected.get("text", ""), "text")
        return wrong or same(code_text(value.code), expected.get("code"), "code")
    if isinstance(value, responses.StatusResponse):
        if name.startswith("[") and "missing-status" in value.defects:
            return None
        for ours, theirs, what in (
            (value.status, name, "status"),
            (value.tag, expected.get("tag"), "tag"),
            (value.text.replace("\ufffd", "\0"), expected["text"], "text"),
            (code_text(value.code), expected_code(expected), "code"),
        ):
            if wrong := same(ours, theirs, what):
                return wrong
        return None
    if isinstance(value, responses.Fetch):
        if "items" not in expected:  # the reference did not read UIDFETCH as a FETCH
            flat = expected["args"][0]
            expected = {**expected, "items": [[flat[i], flat[i + 1]] for i in range(0, len(flat) - 1, 2)]}
        if name == "UIDFETCH":
            expected["items"].append(["UID", expected["num"]])
        elif value.seq != expected["num"]:
            return f"seq: {value.seq}"
        ours = {key.lower(): item for key, item in fetch_items(value).items()}
        theirs = {parse_name(key): item for key, item in expected["items"]}
        for key, item in theirs.items():
            if key not in ours:
                if item is None:
                    continue
                return f"{key} is missing from {sorted(ours)}"
            mine = ours[key]
            if isinstance(mine, datetime.datetime):
                if (
                    mine
                    != parse_response(
                        b'* 1 FETCH (INTERNALDATE "' + item["s"].encode() + b'")\r\n'
                    ).internal_date
                ):
                    return f"{key}: {mine!r}"
            elif wrong := same(mine, item, key):
                return wrong
        present = [key for key, item in theirs.items() if item is not None or key in ours]
        return None if len(ours) == len(present) else f"items {sorted(ours)} are not {sorted(theirs)}"
    if isinstance(value, responses.ESearch):  # the items come in any order
        return same(
            sorted(repr(loose(item)) for item in generic(bytes(value))),
            sorted(repr(loose(item)) for item in [name, *expected["args"]]),
            "args",
        )
    reparsed = generic(bytes(value))
    theirs_list = ([expected["num"]] if "num" in expected else []) + [name, *expected["args"]]
    return same(reparsed, theirs_list, "args")


def parse_name(name: str) -> str:
    """An item's name as ours: strings among the header fields as atoms."""
    if "[" not in name:
        return name.lower()
    row = parse_response(b"* 1 FETCH (" + name.encode("latin-1") + b" NIL)\r\n")
    return next(iter([*row.sections, *row.others]), name).lower()


def generic(wire: bytes) -> list[Any]:
    """Our wire form, read as generic trees by hiding its name from the reader."""
    value = parse_response(b"* XX " + wire[2:])
    return [tree(item) for item in value.values]


# ---- the tests ----------------------------


@pytest.mark.parametrize("unit", _select(UNITS, "ok"))
def test_ok_units_parse_to_the_expected_value(unit: dict[str, Any]) -> None:
    if unit["id"] in REFUSED:
        with pytest.raises(ParseError):
            parse_response(unit["data"])
        return
    value = parse_response(unit["data"])
    if unit["id"] not in DISAGREE and "response" in unit.get("expected", {}):
        assert agrees(value, unit["expected"]["response"]) is None
    assert parse_response(bytes(value)) == value
    value.to_dict()
    hash(value)
    repr(value)


@pytest.mark.parametrize("unit", _select((*UNITS, "transcript"), "incomplete"))
def test_incomplete_units_wait(unit: dict[str, Any]) -> None:
    reader = ResponseReader()
    reader.feed(unit["data"])
    list(reader)
    with pytest.raises(IncompleteError):
        if not unit["data"]:
            parse_response(b"")
        reader.feed_eof()


@pytest.mark.parametrize("unit", _select(UNITS, "tolerant", "error"))
def test_the_stream_goes_on_after_any_unit(unit: dict[str, Any]) -> None:
    if unit.get("error_level") == "framing":
        return
    reader = ResponseReader()
    reader.feed(unit["data"])
    reader.feed(b"* 4711 EXISTS\r\n")
    try:
        value = reader.next()
        assert parse_response(bytes(value)) == value
        if unit["expect"] == "tolerant" and "response" in unit.get("expected", {}):
            _ = value.defects
    except ParseError as error:
        assert not error.fatal
        assert unit["expect"] == "error" or "reference reading fails" in unit.get("quirk", ""), str(error)
    assert reader.next() == responses.Exists(4711)


def _events(data: bytes, cuts: list[int]) -> list[Any]:
    reader = ResponseReader()
    got: list[Any] = []
    start = 0
    for cut in [*cuts, len(data)]:
        reader.feed(data[start:cut])
        start = cut
        while True:
            try:
                value = reader.next()
            except MailprotoError as error:
                got.append((type(error), str(error)))
                continue
            if value is NEED_DATA:
                break
            got.append((value, value.defects))
    return got


@pytest.mark.parametrize("unit", _select((*UNITS, "transcript", "session"), "ok", "tolerant", "error"))
def test_every_way_of_cutting_gives_the_same(unit: dict[str, Any]) -> None:
    data = unit["data"] + b"* 1 EXISTS\r\n"
    whole = _events(data, [])
    if len(data) < 20_000:
        assert _events(data, list(range(1, len(data)))) == whole
    rng = random.Random(unit["id"])
    for _ in range(3):
        assert _events(data, sorted(rng.sample(range(len(data)), min(len(data) - 1, 7)))) == whole


def _expecting(key: str) -> list[Any]:
    """Transcripts and sessions that tell *key*."""
    chosen = _select(("transcript", "session"), "ok", "tolerant")
    return [unit for unit in chosen if key in unit.values[0].get("expected", {})]


@pytest.mark.parametrize("unit", _expecting("turns"))
def test_each_turn_of_a_session_ends_with_a_unit(unit: dict[str, Any]) -> None:
    reader = ResponseReader(limits=Limits())
    at = 0
    for turn in unit["expected"]["turns"]:
        reader.feed(unit["data"][at : at + turn["server_len"]])
        at += turn["server_len"]
        while True:
            try:
                if reader.next() is NEED_DATA:
                    break
            except ParseError as error:
                assert not error.fatal
        assert reader.buffered == 0
    assert at == len(unit["data"])


@pytest.mark.parametrize("unit", _expecting("frames"))
def test_transcripts_are_cut_where_expected(unit: dict[str, Any]) -> None:
    frames = unit["expected"]["frames"]
    reader = ResponseReader(limits=Limits())
    got = []
    for offset, length in frames:
        chunk = unit["data"][offset : offset + length]
        reader.feed(chunk[:-1])
        assert reader.next() is NEED_DATA
        reader.feed(chunk[-1:])
        try:
            value = reader.next()
            assert value is not NEED_DATA
            assert parse_response(bytes(value)) == value
        except ParseError as error:
            assert not error.fatal
            got.append((offset, str(error)))
        reader.feed_eof()
    if unit["expect"] == "ok":
        assert got == []

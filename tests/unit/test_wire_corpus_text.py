"""The small texts of the wire corpus: names, sets, patterns, strings and values from the tests of others.

The corpus is not part of the project; where it is not there, these tests are skipped. ``-s`` shows the rates.
"""

import base64
import json
from pathlib import Path

import pytest

from mailproto import IncompleteError, ParseError
from mailproto._core.mailbox_name import MailboxName, match_list_pattern
from mailproto._core.sequence_set import SequenceSet
from mailproto.imap import parse_command, parse_response, parse_response_prefix

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "wire"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="no wire corpus beside the project")


def units(kind):
    for path in sorted(CORPUS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            unit = json.loads(line)
            if unit["kind"] == kind:
                data = base64.b64decode(unit["bytes_b64"]) if "bytes_b64" in unit else unit["text"].encode()
                yield unit, data


def check(kind, agrees):
    """Run *agrees* over every unit: True, False, or None for one that we read otherwise on purpose."""
    results = {unit["id"]: agrees(unit, data) for unit, data in units(kind)}
    failed = [key for key, result in results.items() if result is False]
    counted = [result for result in results.values() if result is not None]
    print(f"{kind}: {sum(counted)} of {len(counted)} agree, {len(results) - len(counted)} left out")
    assert results
    assert failed == []


def test_mailbox_names():
    def agrees(unit, data):
        name = MailboxName.from_wire(data)
        assert name == "INBOX" or name.wire == data
        if unit["expect"] == "error":
            return name.defects != ()
        if unit["expect"] == "tolerant":
            return name.defects != ()
        # One upstream test decodes `&ACE-`, which no encoder should write.
        canonical = MailboxName(str(name)).wire == data
        return name == unit["expected"]["decoded"] and (
            canonical or name.defects == ("mailbox-not-canonical",)
        )

    check("mailbox-utf7", agrees)


def test_sequence_sets():
    def agrees(unit, data):
        try:
            numbers = SequenceSet(data)
        except ParseError:
            return unit["expect"] in ("error", "tolerant")
        if unit["expect"] != "ok":
            return False
        expected = unit.get("expected")
        if expected is None:
            return numbers.saved
        ranges = expected["ranges"] if isinstance(expected, dict) else expected
        return numbers.ranges == tuple((0 if a == "*" else a, 0 if b == "*" else b) for a, b in ranges)

    check("sequence-set", agrees)


def test_list_patterns():
    def agrees(unit, data):
        expected = unit["expected"]
        if expected.get("reference") or data.startswith(b"/"):
            return None  # how a reference name goes before a pattern is each server's own
        if expected.get("inbox_case_insensitive") is False and expected["name"] == "INBOX":
            return None  # RFC 3501 section 5.1 knows no INBOX that is case-sensitive
        if "\u0305" in expected["name"]:
            return None  # a pattern knows characters: no RFC says that a mark is one with its letter
        delimiter = unit["context"].rsplit("'", 2)[1]
        return match_list_pattern(data.decode(), expected["name"], delimiter) == expected["match"]

    check("list-match", agrees)


def test_strings():
    """One string, and where it stops: what precedes that is the user name of a LOGIN."""

    def username(token):
        try:
            return parse_command(b"a LOGIN " + token + b" x\r\n").username
        except ParseError:
            return None

    def agrees(unit, data):
        reader, token = unit["context"].split(":")[0], data.rstrip(b" ")
        if unit["expect"] != "ok":
            # What an atom may hold differs from one reader of theirs to the other.
            return None if unit["expect"] == "tolerant" else username(data) is None
        if (
            any(escaped in data for escaped in (b"\\b", b"\\\n", b"\\\r", b"\0"))
            or b"*" in data
            or b"%" in data
        ):
            return None  # RFC 9051 section 9: not a QUOTED-CHAR, not a CHAR8, no ASTRING-CHAR; refused here
        expected = unit["expected"]["value"]
        if expected is None:
            return reader in ("getnastring", "getnstring", "getbnstring")
        wanted = expected.replace("\\xbf", "\xbf").encode("latin-1")
        return any(username(token[:end]) == wanted for end in range(len(token), 0, -1))

    check("string", agrees)


def test_values():
    """Values as they stand behind the name of a response that is not known."""

    def plain(value):
        if isinstance(value, tuple):
            return [plain(item) for item in value]
        if isinstance(value, bytes | str):
            return {"s": value.decode() if isinstance(value, bytes) else value}
        return value

    def agrees(unit, data):
        if unit["context"] == "argument line" and unit["expect"] != "ok":
            return None  # limits of the parser that is tested there, and lines that are none here
        try:
            values = parse_response(b"* X " + data.removesuffix(b"\r\n") + b"\r\n").values
        except (ParseError, IncompleteError):
            return unit["expect"] == "error"
        if unit["expect"] != "ok":
            return False
        if "expected" not in unit:
            return True
        wanted = unit["expected"]["value"]
        if b"[" in data and not data.startswith(b'"'):
            return None  # brackets join words in the name of a FETCH section and nowhere else
        return plain(values) in (wanted, [wanted])

    check("value", agrees)


def test_what_follows_the_first_response():
    def agrees(unit, data):
        return parse_response_prefix(data)[1] == unit["expected"]["consumed"]

    check("greeting+rest", agrees)
    check("response+rest", agrees)


#: Every other kind of the corpus has a test, here or in the files beside this one.
LEFT_OUT = {"imap-url": "no value of ours is a URL: URLAUTH's are passed on as they are"}
TESTED = {
    *(
        "bodystructure",
        "command",
        "command+rest",
        "command-part",
        "command-part+rest",
        "continuation",
        "envelope",
    ),
    *("greeting", "greeting+rest", "list-match", "mailbox-utf7", "response", "response+rest", "sequence-set"),
    *("session", "string", "tag", "transcript", "value"),
}


def test_every_kind_is_tested_or_left_out_for_a_reason():
    kinds = {
        json.loads(line)["kind"] for path in CORPUS.glob("*.jsonl") for line in path.read_text().splitlines()
    }
    assert kinds == TESTED | set(LEFT_OUT)

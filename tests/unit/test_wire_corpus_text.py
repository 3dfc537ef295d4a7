"""The small texts of the wire corpus: names, sets and patterns as other projects' tests have them.

The corpus is not part of the project; where it is not there, these tests are skipped. ``-s`` shows the rates.
"""

import base64
import json
from pathlib import Path

import pytest

from mailproto import ParseError
from mailproto._core.mailbox_name import MailboxName, match_list_pattern
from mailproto._core.sequence_set import SequenceSet

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

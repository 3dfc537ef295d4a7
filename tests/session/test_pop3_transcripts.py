"""Golden POP3 transcripts: what both readers make of them, however the stream is cut.

Beside each ``NAME.txt`` (lines marked ``C:`` and ``S:``) stands ``NAME.json``: what either reader gives, as
builtins. ``MAILPROTO_GOLDEN=write pytest`` writes the JSON anew; look at the difference before it is
committed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mailproto.pop3 import CommandReader, Continuation, ReplyReader, commands

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "pop3"
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))


def turns(path: Path) -> list[tuple[str, bytes]]:
    """The transcript as ``(who, octets)``, the lines of one side in a row joined."""
    found: list[tuple[str, bytes]] = []
    for line in path.read_text().splitlines():
        who, octets = line[0], line[3:].encode() + b"\r\n"
        if found and found[-1][0] == who:
            found[-1] = (who, found[-1][1] + octets)
        else:
            found.append((who, octets))
    return found


def as_builtins(value: Any) -> dict[str, Any]:
    if isinstance(value, commands.BadCommand):
        return {"bad": value.keyword, "expected": value.error.expected}
    result: dict[str, Any] = value.to_dict()
    if getattr(value, "listing", None) is not None:
        result["listing"] = json.loads(json.dumps(value.listing))
    return result


def run(path: Path, cut: int | None) -> list[dict[str, Any]]:
    """Read the transcript; each turn in two pieces that meet at *cut*, or (``None``) octet by octet."""
    client, server = ReplyReader(), CommandReader()
    found: list[dict[str, Any]] = []
    asked: list[bytes] = []
    for who, octets in turns(path):
        reader = client if who == "S" else server
        pieces = [octets[:cut], octets[cut:]] if cut is not None else [bytes([octet]) for octet in octets]
        if who == "C":
            if asked and asked[-1] == b"+":
                server.expect_line("sasl")
                asked.pop()
            else:
                client.expect(octets)
        for piece in pieces:
            reader.feed(piece)
            for value in reader:
                found.append({"from": who, **as_builtins(value)})
                if isinstance(value, Continuation):
                    asked.append(b"+")
    client.feed_eof()
    server.feed_eof()
    assert client.expected == 0
    return found


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path) -> None:
    golden = path.with_suffix(".json")
    found = run(path, 0)
    if os.environ.get("MAILPROTO_GOLDEN") == "write":
        golden.write_text("[\n" + ",\n".join(json.dumps(value) for value in found) + "\n]\n")
    assert found == json.loads(golden.read_text())
    longest = max(len(octets) for _, octets in turns(path))
    for cut in [*range(1, longest), None]:
        assert run(path, cut) == found


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) >= 3

"""Seeds for the fuzz targets, made of what the tests hold: golden transcripts and the C tests' strings.

Each target reads the first octet or two of its input as switches (see the top of each
``csrc/fuzz/fuzz_*.c``); every seed is written with several, so that no way of reading has to be found.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 1500

#: What stands before the octets: the switches of each target.
PREFIXES = {
    "command": [b"\x00\x03", b"\x03\x01", b"\x07\x02"],
    "frame": [b"\x00\x01", b"\x02\x03"],
    "mime": [b"\x00", b"\x03"],
    "pop3": [b"\x00\x03", b"\x01\x01"],
    "response": [b"\x03", b"\x01"],
    "seqset": [b""],
    "utf7": [b"\x02"],
}
#: Which C tests hold strings for which target.
TESTS = {
    "command": ["test_command*.c"],
    "frame": ["test_frame*.c"],
    "mime": ["test_mime*.c"],
    "pop3": ["test_pop3*.c"],
    "response": ["test_response*.c", "test_fetch*.c", "test_tape*.c"],
    "seqset": ["test_seqset*.c", "test_date*.c", "test_list_match*.c"],
    "utf7": ["test_utf7*.c"],
}

LITERALS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)")
NAMED = {"n": "\n", "r": "\r", "t": "\t"}


def unescaped(match: re.Match[str]) -> str:
    """The octet that a C escape stands for, as a Latin-1 character."""
    code = match[1]
    if code[0] == "x":
        return chr(int(code[1:], 16) & 255)
    if code[0].isdigit():
        return chr(int(code, 8) & 255)
    return NAMED.get(code, code)


def c_strings(path: Path) -> Iterator[bytes]:
    """Every string literal of a C file, adjacent ones joined."""
    text = re.sub(r"^\s*#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for literal in LITERALS.findall(text):
        inner = "".join(part[1:-1] for part in re.findall(r'"(?:[^"\\\n]|\\.)*"', literal))
        octets = re.sub(
            ESCAPE, unescaped, "".join(c if c < "\x80" else c.encode().decode("latin-1") for c in inner)
        )
        if len(octets) > 1:
            yield octets.encode("latin-1")


def pieces(path: Path, side: str) -> Iterator[bytes]:
    """What one side of a golden transcript sends, cut between lines where it is long."""
    piece = b""
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line.startswith(f"{side}: "):
            continue
        octets = line[3:].encode() + b"\r\n"
        if piece and len(piece) + len(octets) > LONGEST:
            yield piece
            piece = b""
        piece += octets
    if piece:
        yield piece


def seeds() -> Iterator[tuple[str, bytes]]:
    """Pairs of a target's subject and a seed, the switches not yet before it."""
    for path in sorted((ROOT / "tests" / "golden").glob("*/*.txt")):
        for side in "CS":
            for piece in pieces(path, side):
                if path.parent.name == "pop3":
                    yield "pop3", piece
                    continue
                yield "frame", piece
                yield ("command" if side == "C" else "response"), piece
    for subject, patterns in TESTS.items():
        for pattern in patterns:
            for path in sorted((ROOT / "csrc" / "tests").glob(pattern)):
                for string in c_strings(path):
                    yield subject, string
                    if subject in ("command", "response", "pop3") and not string.endswith(b"\n"):
                        yield subject, string + b"\r\n"


def write_seeds(folder: Path) -> dict[str, int]:
    """Write ``folder/<subject>/<digest>`` and return how many there are of each subject."""
    counts: dict[str, int] = {}
    for subject, octets in seeds():
        (folder / subject).mkdir(parents=True, exist_ok=True)
        for number, prefix in enumerate(PREFIXES[subject]):
            seed = prefix + octets[: 2 * LONGEST]
            if subject == "frame" and number == 0:  # what a client sends, and what a server sends
                seed = bytes([5]) + seed[1:]
            path = folder / subject / hashlib.sha1(seed).hexdigest()[:16]
            if not path.exists():
                path.write_bytes(seed)
            counts[subject] = counts.get(subject, 0) + 1
    return counts


if __name__ == "__main__":
    for name, count in write_seeds(Path(sys.argv[1])).items():
        print(f"{name}: {count} seeds")

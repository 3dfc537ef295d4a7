"""Write csrc/src/command_hash.h, where names are found. Run it when imap_command.h has new ones.

::

    python tools/command_words.py

Open addressing in a table of twice the size, filled here so that no table is built at run time; the two
multipliers are those, out of a fixed range, that leave the fewest second looks. ``csrc/tests/test_command.c``
fails when the tables lack a name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
HEADER: Final = ROOT / "csrc/include/mailproto/imap_command.h"
TARGET: Final = ROOT / "csrc/src/command_hash.h"


def texts(header: str, macro: str) -> list[str]:
    """The texts of an X macro, in order."""
    body = header[header.index(f"#define {macro}(X)") :]
    body = body[: body.index("typedef enum")]
    return re.findall(r'X\(\w+, "([^"]+)"\)', body)


def hash_of(text: str, first: int, last: int) -> int:
    """What hash_of in csrc/src/command_words.c computes, before it is cut to the table."""
    folded = [ord(c) & 0xDF for c in text]
    return len(text) * 7 + folded[0] * first + folded[len(text) // 2] * 5 + folded[-1] * last


def table(names: list[str], base: int) -> tuple[int, int, list[int]]:
    """The multipliers and the table, whose entries are the index of a name plus *base*, or 0."""
    size = 64
    while size < 2 * len(names):
        size *= 2
    best: tuple[int, int, int, list[int]] | None = None
    for first in range(1, 64, 2):
        for last in range(1, 64, 2):
            slots, looks = [0] * size, 0
            for index, name in enumerate(names):
                at = hash_of(name, first, last) % size
                while slots[at]:
                    at = (at + 1) % size
                    looks += 1
                slots[at] = index + base
            if best is None or looks < best[0]:
                best = (looks, first, last, slots)
    assert best is not None
    return best[1:]


def written(prefix: str, names: list[str], base: int) -> str:
    """The C of one table."""
    first, last, slots = table(names, base)
    rows = [", ".join(map(str, slots[at : at + 20])) for at in range(0, len(slots), 20)]
    return (
        f"enum {{ {prefix.upper()}_SLOTS = {len(slots)}, {prefix.upper()}_FIRST = {first}, "
        f"{prefix.upper()}_LAST = {last} }};\n"
        f"static const uint16_t {prefix}_slots[{prefix.upper()}_SLOTS] = {{\n    "
        + ",\n    ".join(rows)
        + ",\n};\n"
    )


def main() -> None:
    """Write the file."""
    header = HEADER.read_text()
    words = texts(header, "MP_WORDS")
    commands = texts(header, "MP_COMMANDS")
    TARGET.write_text(
        "/* Written by tools/command_words.py from imap_command.h: hash tables of the names, "
        "0 for a free slot. */\n" + written("word", words, 1) + "\n" + written("name", commands, 1)
    )


if __name__ == "__main__":
    main()

"""Write the tables of docs/imap.md that the code itself holds: defects, response codes, limits.

Usage: ``doc_tables.py [--write]``. Without it, exit 1 and name the file if a table is out of step.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from mailproto import Limits, limits
from mailproto._core.response_code import CODES
from mailproto.imap import DEFECTS

DOC = Path(__file__).resolve().parent.parent / "docs" / "imap.md"
TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
COMMENTED_FIELD = re.compile(r"((?: *#: .*\n)+) *(\w+): int")

# The kinds of CODES, and what ``ResponseCode.value`` is for each.
VALUES = {
    "plain": "`None`",
    "number": "`int`",
    "atoms": "`tuple` of `str`",
    "flags": "`tuple` of `str`",
    "charsets": "`tuple` of `bytes`",
    "words": "`tuple` of `str`",
    "mailboxes": "`tuple` of two `MailboxName`",
    "text": "`bytes`",
    "string": "`str`",
    "objectid": "`str`",
    "set": "`SequenceSet`",
    "appenduid": "`AppendUid`",
    "copyuid": "`CopyUid`",
    "mechanisms": "`tuple` of `UrlMechanism`",
    "metadata": "`MetadataRefused`",
    "progress": "`InProgress`",
    "limit": "`MessageLimit`",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table in Markdown, line by line."""
    head = tuple(head)
    for cells in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(cells) + " |\n"


def defects() -> Iterator[str]:
    """What each defect means and who is known for it."""
    return table(
        ("defect", "known from", "what is wrong, and how it is read"),
        ((f"`{d.name}`", d.seen, d.reading) for d in DEFECTS.values()),
    )


def codes() -> Iterator[str]:
    """The codes of each kind, by RFC."""
    kinds: dict[tuple[str, int], list[str]] = {}
    for name, key in CODES.items():
        kinds.setdefault(key, []).append(name)
    rows = ((", ".join(names), f"RFC {rfc}", VALUES[kind]) for (kind, rfc), names in kinds.items())
    return table(("code", "from", "`value`"), rows)


def bounds() -> Iterator[str]:
    """Each limit with its unit, its reason and the three sets of defaults."""
    comments = COMMENTED_FIELD.findall(Path(limits.__file__).read_text())
    told = {
        name: " ".join(line.strip(" #:\n") for line in text.splitlines()).replace("``", "`")
        for text, name in comments
    }
    profiles = (Limits.client(), Limits.server(), Limits.before_login())
    rows = (
        (f"`{field.name}`", told[field.name], *(shown(getattr(profile, field.name)) for profile in profiles))
        for field in dataclasses.fields(Limits)
    )
    return table(("limit", "bounds", "client", "server", "before login"), rows)


def shown(number: int) -> str:
    """Whole MiB and KiB as such."""
    for unit, size in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if number and number % size == 0:
            return f"{number // size:,} {unit}"
    return f"{number:,}"


TABLES = {"defects": defects, "codes": codes, "limits": bounds}


def filled(text: str) -> str:
    """The document with its tables written anew."""
    return TABLE.sub(lambda found: found[1] + "".join(TABLES[found[2]]()) + found[3], text)


def main() -> int:
    """See the top of the file."""
    before = DOC.read_text()
    after = filled(before)
    if "--write" in sys.argv[1:]:
        DOC.write_text(after)
    elif before != after:
        print(f"{DOC.name} is out of step with the code: run tools/doc_tables.py --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""SEARCH keys (RFC 3501 section 6.4.4): what a message must match.

Each key is a frozen value; the boolean ones hold others. Building one checks its arguments: TypeError for the
wrong kind of object, ValueError for a value that the protocol cannot carry.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mailproto import exact
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Value

#: Keys without an argument.
KEYS: Final = frozenset(
    [
        "ALL",
        "ANSWERED",
        "DELETED",
        "DRAFT",
        "FLAGGED",
        "NEW",
        "OLD",
        "RECENT",
        "SAVEDATESUPPORTED",
        "SEEN",
        "UNANSWERED",
        "UNDELETED",
        "UNDRAFT",
        "UNFLAGGED",
        "UNSEEN",
    ]
)
TEXT_KEYS: Final = frozenset(
    ["BCC", "BODY", "CC", "FROM", "SUBJECT", "TEXT", "TO", "X-GM-LABELS", "X-GM-RAW"]
)
DATE_KEYS: Final = frozenset(
    [
        "BEFORE",
        "ON",
        "SINCE",
        "SENTBEFORE",
        "SENTON",
        "SENTSINCE",
        "SAVEDBEFORE",
        "SAVEDON",
        "SAVEDSINCE",
    ]
)
SIZE_KEYS: Final = frozenset(("LARGER", "SMALLER"))
WITHIN_KEYS: Final = frozenset(("OLDER", "YOUNGER"))
OBJECT_ID_KEYS: Final = frozenset(("EMAILID", "THREADID"))
GMAIL_ID_KEYS: Final = frozenset(("X-GM-MSGID", "X-GM-THRID"))
_KEYWORD: Final = re.compile(r'\\?[^\x00-\x20(){%*"\\\]\x7f-\U0010ffff]+')
_OTHER_KEYS: Final = "; keys with an argument are classes of their own, such as Keyword, Text and Date"
_ENTRY_TYPES: Final = frozenset(("PRIV", "SHARED", "ALL"))


class SearchKey(Value):
    """Base class of all search keys."""

    __slots__ = ()

    def children(self) -> tuple[SearchKey, ...]:
        """The keys directly inside this one."""
        return ()

    def walk(self) -> Iterator[SearchKey]:
        """This key and every one inside it, without recursion, in the order written."""
        pending: list[SearchKey] = [self]
        while pending:
            key = pending.pop()
            yield key
            pending.extend(reversed(key.children()))

    def _write(self, writer: Writer, utf8: bool) -> None:
        write_parts(writer, [self])

    def _write_leaf(self, writer: Writer) -> None:
        """The wire form of a key that holds no other."""
        raise NotImplementedError

    def _parts(self) -> tuple[str | SearchKey, ...]:
        """The wire form of a key that holds others: its text and those, in order."""
        return ()


def write_keys(writer: Writer, criteria: And) -> None:
    """The keys of a whole search, which stand side by side without parentheses."""
    write_parts(writer, list(_spaced(criteria.keys)))


def write_parts(writer: Writer, parts: list[str | SearchKey]) -> None:
    """Write text and keys in order; without recursion, so that no nesting is too deep."""
    pending = parts[::-1]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            writer.raw(part)
        elif inner := part._parts():
            pending.extend(reversed(inner))
        else:
            part._write_leaf(writer)


def _spaced(keys: tuple[SearchKey, ...]) -> Iterator[str | SearchKey]:
    for index, key in enumerate(keys):
        if index:
            yield " "
        yield key


def _key(value: object, what: str) -> SearchKey:
    if not isinstance(value, SearchKey):
        raise TypeError(f"{what} must be search keys, such as search.Key('UNSEEN')")
    return value


@dataclass(frozen=True, slots=True, repr=False)
class Key(SearchKey):
    """A key without argument: ``Key("UNSEEN")``."""

    name: str

    def _check(self) -> None:
        self._set("name", check.one_of(self.name, KEYS, "name", _OTHER_KEYS))

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(self.name)


@dataclass(frozen=True, slots=True, repr=False)
class Keyword(SearchKey):
    """KEYWORD, or UNKEYWORD when *negated*: messages with (without) a keyword."""

    flag: str
    negated: bool = False

    def _check(self) -> None:
        self._set("negated", exact.boolean(self.negated, "negated"))
        # flag-keyword = atom: the system flags have keys of their own.
        self._set("flag", check.atom(self.flag, "flag"))

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(b"UNKEYWORD " if self.negated else b"KEYWORD ")
        # One that was read tolerantly may be a system flag, or what only a string can carry.
        if _KEYWORD.fullmatch(self.flag):
            writer.raw(self.flag)
        else:
            writer.string(self.flag)


@dataclass(frozen=True, slots=True, repr=False)
class Text(SearchKey):
    """BCC, BODY, CC, FROM, SUBJECT, TEXT, TO: *value* occurs there. ``str`` is sent as UTF-8.

    X-GM-RAW: *value* is a search as in Gmail; X-GM-LABELS: the message has this label.
    """

    name: str
    value: bytes

    def __init__(self, name: str, value: check.StringLike) -> None:
        self._keep(name=check.one_of(name, TEXT_KEYS, "name"), value=check.string(value, "value"))

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(self.name).sp().astring(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Header(SearchKey):
    """HEADER: the header *field* contains *value*; an empty value asks only that the field is there."""

    field: str
    value: bytes

    def __init__(self, field: str, value: check.StringLike) -> None:
        self._keep(field=check.text(field, "field"), value=check.string(value, "value"))

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(b"HEADER ").astring(self.field).sp().astring(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Date(SearchKey):
    """BEFORE, ON, SINCE (INTERNALDATE), SENTBEFORE, SENTON, SENTSINCE (the Date field), SAVEDBEFORE, SAVEDON,
    SAVEDSINCE (the save date, RFC 8514), time and zone disregarded.
    """

    name: str
    date: datetime.date

    def _check(self) -> None:
        self._set("name", check.one_of(self.name, DATE_KEYS, "name"))
        self._set("date", exact.date(self.date, "date"))

    def _write_leaf(self, writer: Writer) -> None:
        month = check.MONTHS[self.date.month - 1]
        writer.raw(f"{self.name} {self.date.day}-{month}-{self.date.year:04}")


@dataclass(frozen=True, slots=True, repr=False)
class Size(SearchKey):
    """LARGER, SMALLER: than *octets*."""

    name: str
    octets: int

    def _check(self) -> None:
        self._set("name", check.one_of(self.name, SIZE_KEYS, "name"))
        self._set("octets", exact.integer(self.octets, "octets", most=exact.MAX_NUMBER64))

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(f"{self.name} {self.octets}")


@dataclass(frozen=True, slots=True, repr=False)
class Within(SearchKey):
    """OLDER, YOUNGER: than *seconds*, at least 1 (RFC 5032)."""

    name: str
    seconds: int

    def _check(self) -> None:
        self._set("name", check.one_of(self.name, WITHIN_KEYS, "name"))
        self._set("seconds", exact.integer(self.seconds, "seconds", least=1))

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(f"{self.name} {self.seconds}")


@dataclass(frozen=True, slots=True, repr=False)
class ObjectId(SearchKey):
    """EMAILID, THREADID: the message has this object identifier (RFC 8474)."""

    name: str
    id: str

    def _check(self) -> None:
        self._set("name", check.one_of(self.name, OBJECT_ID_KEYS, "name"))
        self._set("id", check.object_id(self.id, "id"))

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(f"{self.name} {self.id}")


@dataclass(frozen=True, slots=True, repr=False)
class GmailId(SearchKey):
    """X-GM-MSGID, X-GM-THRID: the message has this number of 64 bits at Gmail."""

    name: str
    id: int

    def _check(self) -> None:
        self._set("name", check.one_of(self.name, GMAIL_ID_KEYS, "name"))
        self._set("id", exact.integer(self.id, "id", most=2**64 - 1))

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(f"{self.name} {self.id}")


@dataclass(frozen=True, slots=True, repr=False)
class Filter(SearchKey):
    """FILTER: what the filter stored under *name* matches (RFC 5466)."""

    name: str

    def _check(self) -> None:
        self._set("name", check.atom(self.name, "name"))
        if "/" in self.name:
            raise ValueError("name must not hold /")

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(f"FILTER {self.name}")


@dataclass(frozen=True, slots=True, repr=False)
class Sequence(SearchKey):
    """Messages with these sequence numbers."""

    set: SequenceSet

    def __init__(self, set: check.SetLike) -> None:
        self._keep(set=check.sequence_set(set, "set"))

    def _write_leaf(self, writer: Writer) -> None:
        writer.sequence_set(self.set)


@dataclass(frozen=True, slots=True, repr=False)
class Uid(SearchKey):
    """UID: messages with these unique identifiers."""

    set: SequenceSet

    def __init__(self, set: check.SetLike) -> None:
        self._keep(set=check.sequence_set(set, "set"))

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(b"UID ").sequence_set(self.set)


@dataclass(frozen=True, slots=True, repr=False)
class ModSeq(SearchKey):
    """MODSEQ: mod-sequence at or above *value* (RFC 7162 section 3.1.5).

    *entry* (``"/flags/\\\\seen"``) and *entry_type* (``priv``, ``shared``, ``all``) come together or not at
    all.
    """

    value: int
    entry: str | None = None
    entry_type: str | None = None

    def _check(self) -> None:
        self._set("value", exact.integer(self.value, "value", most=exact.MAX_NUMBER64))
        if (self.entry is None) != (self.entry_type is None):
            raise ValueError("entry and entry_type come together")
        if self.entry is not None:
            self._set("entry", check.text(self.entry, "entry"))
            self._set("entry_type", check.one_of(self.entry_type, _ENTRY_TYPES, "entry_type").lower())

    def _write_leaf(self, writer: Writer) -> None:
        writer.raw(b"MODSEQ ")
        if self.entry is not None and self.entry_type is not None:
            # Always quoted, whatever is in it (RFC 7162 section 7, entry-name): a backslash begins every
            # system flag.
            writer.raw('"' + self.entry.replace("\\", "\\\\").replace('"', '\\"') + '"').sp().raw(
                self.entry_type
            ).sp()
        writer.number(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Not(SearchKey):
    """NOT: messages that *key* does not match."""

    key: SearchKey

    def _check(self) -> None:
        _key(self.key, "key")

    def children(self) -> tuple[SearchKey, ...]:
        return (self.key,)

    def _parts(self) -> tuple[str | SearchKey, ...]:
        return ("NOT ", self.key)


@dataclass(frozen=True, slots=True, repr=False)
class Fuzzy(SearchKey):
    """FUZZY: messages that *key* matches approximately (RFC 6203)."""

    key: SearchKey

    def _check(self) -> None:
        _key(self.key, "key")

    def children(self) -> tuple[SearchKey, ...]:
        return (self.key,)

    def _parts(self) -> tuple[str | SearchKey, ...]:
        return ("FUZZY ", self.key)


@dataclass(frozen=True, slots=True, repr=False)
class Or(SearchKey):
    """OR: messages that either key matches."""

    left: SearchKey
    right: SearchKey

    def _check(self) -> None:
        _key(self.left, "left")
        _key(self.right, "right")

    def children(self) -> tuple[SearchKey, ...]:
        return (self.left, self.right)

    def _parts(self) -> tuple[str | SearchKey, ...]:
        return ("OR ", self.left, " ", self.right)


@dataclass(frozen=True, slots=True, repr=False)
class And(SearchKey):
    """Messages that every one of *keys* matches; a parenthesised list unless it is the whole search."""

    keys: tuple[SearchKey, ...]

    def __init__(self, keys: Iterable[SearchKey]) -> None:
        given = exact.items(keys, "keys", "search keys, such as search.Key('UNSEEN')")
        self._keep(keys=tuple([_key(key, "keys") for key in given]))

    def _check(self) -> None:
        if not self.keys:
            raise ValueError("keys must not be empty")

    def children(self) -> tuple[SearchKey, ...]:
        return self.keys

    def _parts(self) -> tuple[str | SearchKey, ...]:
        return ("(", *_spaced(self.keys), ")")

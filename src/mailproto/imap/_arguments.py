"""Checks for what Python code puts into a command: nothing passes that could change the structure around it.

Each function takes the value, and the name of the argument for the error text, and returns the form that is
kept, made of exact builtins (:mod:`mailproto.exact`). Each raises TypeError for the wrong kind of object and
ValueError for a value that the grammar cannot carry. Error texts name the argument and never show its value,
which may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mailproto import exact
from mailproto._core.flags import canonical_flag
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet

#: What a caller may give where the protocol carries a string: str goes out as UTF-8.
StringLike = str | bytes | bytearray | memoryview
#: What a caller may give where the protocol wants a sequence-set.
SetLike = SequenceSet | str | int | Iterable[int]

#: date-month (RFC 3501 section 9). No strftime anywhere: its months are those of the locale.
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# RFC 3501 section 9: ATOM-CHAR is any CHAR but atom-specials. fullmatch on one class: no backtracking.
_ATOM: Final = re.compile(r'[^\x00-\x20(){%*"\\\]\x7f-\U0010ffff]+')
_TAG: Final = re.compile(r'[^\x00-\x20(){%*"\\+\x7f-\U0010ffff]+')
# list-char, of which the atoms inside a parameter's value may consist.
_LIST_CHARS: Final = re.compile(r'[^\x00-\x20(){"\\\x7f-\U0010ffff]+')
_SET_CHARS: Final = re.compile(r"[0-9*$:,]+")
_HOSTILE: Final = re.compile("[\x00\r\n]")
#: objectid (RFC 8474 section 7).
OBJECT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")


def tag(value: object, what: str = "tag") -> str:
    """tag = 1*<any ASTRING-CHAR except "+"> (RFC 3501 section 9)."""
    kept = exact.text(value, what)
    if not _TAG.fullmatch(kept):
        raise ValueError(f"{what} holds a character that a tag cannot carry")
    return kept


def atom(value: object, what: str) -> str:
    """atom = 1*ATOM-CHAR."""
    kept = exact.text(value, what)
    if not _ATOM.fullmatch(kept):
        raise ValueError(f"{what} must be an IMAP atom")
    return kept


def word(value: object, what: str) -> str:
    """An atom of the fixed vocabulary, kept in upper case."""
    return atom(value, what).upper()


def words(values: object, what: str, *, least: int = 0) -> tuple[str, ...]:
    """Several such atoms."""
    return _enough([word(value, what) for value in exact.items(values, what)], what, least)


def _enough(values: list[Any], what: str, least: int) -> tuple[Any, ...]:
    if len(values) < least:
        raise ValueError(f"{what} must not be empty")
    return tuple(values)


def one_of(value: object, choices: frozenset[str], what: str, others: str = "") -> str:
    """An upper-case word out of *choices*; *others* ends the error text, with what else may be given."""
    kept = exact.text(value, what)
    upper = kept.upper()
    if upper not in choices or not kept.isascii():  # a dotless i has an ASCII capital
        raise ValueError(f"{what} must be one of {', '.join(sorted(choices))}{others}")
    return upper


def string(value: object, what: str) -> bytes:
    """The octets of a string. CR and LF pass, for they make it a literal; NUL does not: no CHAR8 is NUL."""
    data = exact.string(value, what)
    if b"\0" in data:
        raise ValueError(f"{what} must not hold NUL")
    return data


def text(value: object, what: str) -> str:
    """ASCII for an astring that is text to both sides: a header field's name, a charset."""
    kept = exact.text(value, what)
    if not kept.isascii() or _HOSTILE.search(kept):
        raise ValueError(f"{what} must be ASCII without CR, LF and NUL")
    return kept


def mailbox(value: object, what: str) -> MailboxName:
    """A mailbox name. One that came from the wire may be odd; a plain str must be clean text."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be str or MailboxName")
    if isinstance(value, MailboxName):
        name = value if type(value) is MailboxName else MailboxName(value)
        if "\0" in name or b"\0" in name.wire:
            raise ValueError(f"{what} must not hold NUL")
        return name
    kept = exact.text(value, what)
    if _HOSTILE.search(kept):
        raise ValueError(f"{what} must not hold CR, LF or NUL")
    return MailboxName(kept)


def mailboxes(values: object, what: str, *, least: int = 0) -> tuple[MailboxName, ...]:
    """Several mailbox names; a ``str`` alone stands for one."""
    given = (values,) if isinstance(values, str) else exact.items(values, what)
    return _enough([mailbox(value, what) for value in given], what, least)


def any_set(value: object, what: str) -> SequenceSet:
    """A sequence-set, or one that is empty, which no command can carry."""
    if isinstance(value, (bytes, bytearray, memoryview)) or not isinstance(
        value, (SequenceSet, str, int, Iterable)
    ):
        raise TypeError(f"{what} must be a SequenceSet, str, int or an iterable of int")
    return value if isinstance(value, SequenceSet) else SequenceSet(value)


def sequence_set(value: object, what: str) -> SequenceSet:
    """A sequence-set with at least one number in it."""
    result = any_set(value, what)
    if not result:
        raise ValueError(f"{what} must not be empty")
    return result


def flags(values: object, what: str = "flags") -> tuple[str, ...]:
    """flag = "\\" atom / atom; system flags are kept in canonical case."""
    return tuple([flag(value, what) for value in exact.items(values, what)])


def flag(value: object, what: str = "flag") -> str:
    """One flag or keyword."""
    kept = exact.text(value, what)
    if not _ATOM.fullmatch(kept.removeprefix("\\")):
        raise ValueError(f"{what} must be an IMAP flag")
    return canonical_flag(kept)


def object_id(value: object, what: str) -> str:
    """objectid (RFC 8474 section 7)."""
    kept = exact.text(value, what)
    if not OBJECT_ID.fullmatch(kept):
        raise ValueError(f"{what} must be 1 to 255 letters, digits, _ and -")
    return kept


def pairs(value: object, what: str) -> tuple[tuple[Any, Any], ...]:
    """The pairs of a mapping, or of an iterable of pairs, unchecked."""
    if isinstance(value, Mapping):
        return tuple([(key, value[key]) for key in value])
    result = []
    for item in exact.items(value, what, "pairs"):
        first, second = exact.items(item, what, "pairs")
        result.append((first, second))
    return tuple(result)


def id_parameters(value: object, what: str) -> tuple[tuple[bytes, bytes | None], ...] | None:
    """Field-value pairs of ID (RFC 2971 section 3.3).

    At most 30 of them, 30 octets a field, 1024 a value; no field twice.
    """
    if value is None:
        return None
    result = [
        (string(field, what), None if content is None else string(content, what))
        for field, content in pairs(value, what)
    ]
    if len(result) > 30 or any(len(f) > 30 or (v is not None and len(v) > 1024) for f, v in result):
        raise ValueError(f"{what} is larger than RFC 2971 section 3.3 allows")
    if len({field.lower() for field, _ in result}) != len(result):
        raise ValueError(f"{what} names a field twice")
    return tuple(result)


#: The value of a parameter that no class here knows (RFC 4466, tagged-ext-val): an atom, a string, a list.
Tagged = str | bytes | tuple["Tagged", ...]

#: How deep lists in a parameter's value may be: as deep as ``Limits.server()`` reads them.
MAX_DEPTH: Final = 64


def label(value: object, what: str) -> str:
    """tagged-ext-label (RFC 4466 section 3), in upper case: an atom that is no number and no set."""
    result = word(value, what)
    if _SET_CHARS.match(result):
        raise ValueError(f"{what} must not begin with what a set is made of")
    return result


def labels(values: object, what: str) -> tuple[str, ...]:
    """At least one such atom."""
    return _enough([label(value, what) for value in exact.items(values, what)], what, 1)


def tagged(value: object, what: str) -> Tagged | None:
    """tagged-ext-val: None for none, a set or number as ``str``, or a list of atoms, strings and lists."""
    if value is None:
        return None
    if isinstance(value, str):
        kept = exact.text(value, what)
        if not _SET_CHARS.fullmatch(kept):
            raise ValueError(f"{what} must be a number, a sequence set or a list")
        return kept
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{what} must be str, tuple or None")
    return _part(value, what, 0)


def _part(value: object, what: str, depth: int) -> Tagged:
    if isinstance(value, str):
        kept = exact.text(value, what)
        if not _LIST_CHARS.fullmatch(kept):
            raise ValueError(f"{what} holds a str that is no atom; give bytes for a string")
        return kept
    if isinstance(value, (bytes, bytearray, memoryview)):
        return string(value, what)
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{what} holds what is neither str, bytes nor tuple")
    if depth == MAX_DEPTH:
        raise ValueError(f"{what} is too deep")
    return tuple([_part(item, what, depth + 1) for item in value])


def texts(values: object, what: str, *, least: int = 0) -> tuple[str, ...]:
    """Several texts of ASCII; a ``str`` alone stands for one."""
    given = (values,) if isinstance(values, str) else exact.items(values, what)
    return _enough([text(value, what) for value in given], what, least)


def entry(value: object, what: str) -> str:
    """The name of a METADATA entry (RFC 5464 section 3.2): ASCII from "/" on, no wildcards or empty parts."""
    result = text(value, what)
    if not result.startswith("/") or not result.isprintable() or "*" in result or "%" in result:
        raise ValueError(f"{what} must begin with / and hold neither *, % nor controls")
    if result.endswith("/") or "//" in result:
        raise ValueError(f"{what} must not have empty parts between its slashes")
    return result


def entries(values: object, what: str) -> tuple[str, ...]:
    """At least one entry; a ``str`` alone stands for one."""
    return tuple([entry(value, what) for value in texts(values, what, least=1)])


def part_numbers(values: object, what: str) -> tuple[int, ...]:
    """section-part: ``(1, 2)`` is ``1.2``."""
    return tuple([exact.integer(n, what, least=1) for n in exact.items(values, what, "int")])


def octet_range(value: object, what: str) -> tuple[int, int]:
    """partial of a section: the first octet, and how many (RFC 9051 section 9: numbers of 63 bits)."""
    first, count = exact.pair(value, what)
    most = exact.MAX_NUMBER64
    return exact.integer(first, what, most=most), exact.integer(count, what, least=1, most=most)


def result_range(value: object, what: str, *, negative: bool = True) -> tuple[int, int]:
    """partial-range (RFC 9394): two numbers from 1 on, or both from -1 down, which count from the end."""
    one, other = exact.pair(value, what)
    first = exact.integer(one, what, least=-exact.MAX_NUMBER)
    last = exact.integer(other, what, least=-exact.MAX_NUMBER)
    if not (first > 0 and last > 0) and not (negative and first < 0 and last < 0):
        raise ValueError(f"{what} must be two numbers above 0" + (", or two below" if negative else ""))
    return first, last


#: What SEARCH and SORT may be asked to return: a word, or ``("PARTIAL", (1, 10))``.
SearchOption = str | tuple[str, tuple[int, int]]

_SEARCH_OPTIONS: Final = frozenset(("MIN", "MAX", "ALL", "COUNT", "SAVE", "CONTEXT", "UPDATE", "RELEVANCY"))
_PARTIAL: Final = frozenset(("PARTIAL",))


def search_options(values: object, what: str) -> tuple[SearchOption, ...] | None:
    """search-return-opts (RFC 4731, RFC 5182, RFC 5267, RFC 6203, RFC 9394); None: no RETURN at all."""
    if values is None:
        return None
    result: list[SearchOption] = []
    for value in exact.items(values, what, "return options"):
        if isinstance(value, tuple):
            name, bounds = exact.pair(value, what)
            result.append((one_of(name, _PARTIAL, what), result_range(bounds, what)))
        else:
            result.append(one_of(value, _SEARCH_OPTIONS, what))
    return tuple(result)

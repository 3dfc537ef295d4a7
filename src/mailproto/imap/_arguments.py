"""Checks for what Python code puts into a command: nothing passes that could change the structure around it.

Each function takes the value, and the name of the argument for the error text, and returns the form that is
kept. Each raises TypeError for the wrong kind of object and ValueError for a value that the grammar cannot
carry. Error texts name the argument and never show its value, which may be a secret.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Final

from mailproto._core.flags import canonical_flag
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet

#: What a caller may give where the protocol carries a string: str goes out as UTF-8.
StringLike = str | bytes | bytearray | memoryview
#: What a caller may give where the protocol wants a sequence-set.
SetLike = SequenceSet | str | int | Iterable[int]

MAX_NUMBER: Final = 2**32 - 1
MAX_MODSEQ: Final = 2**63 - 1

#: date-month (RFC 3501 section 9). No strftime anywhere: its months are those of the locale.
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# RFC 3501 section 9: ATOM-CHAR is any CHAR but atom-specials. fullmatch on one class: no backtracking.
_ATOM: Final = re.compile(r'[^\x00-\x20(){%*"\\\]\x7f-\U0010ffff]+')
_TAG: Final = re.compile(r'[^\x00-\x20(){%*"\\+\x7f-\U0010ffff]+')
# list-char, of which the atoms inside a parameter's value may consist.
_LIST_CHARS: Final = re.compile(r'[^\x00-\x20(){"\\\x7f-\U0010ffff]+')
_SET_CHARS: Final = re.compile(r"[0-9*$:,]+")
_HOSTILE: Final = re.compile("[\x00\r\n]")


def tag(value: object) -> str:
    """tag = 1*<any ASTRING-CHAR except "+"> (RFC 3501 section 9)."""
    if not isinstance(value, str):
        raise TypeError("tag must be a str")
    if not _TAG.fullmatch(value):
        raise ValueError("tag holds a character that a tag cannot carry")
    return value


def atom(value: object, what: str) -> str:
    """atom = 1*ATOM-CHAR."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str")
    if not _ATOM.fullmatch(value):
        raise ValueError(f"{what} must be an IMAP atom")
    return value


def word(value: object, what: str) -> str:
    """An atom of the fixed vocabulary, kept in upper case."""
    return atom(value, what).upper()


def words(values: object, what: str) -> tuple[str, ...]:
    """Several such atoms."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be an iterable of str")
    return tuple(word(value, what) for value in values)


def one_of(value: object, choices: frozenset[str], what: str) -> str:
    """An upper-case word out of *choices*."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str")
    upper = value.upper()
    if upper not in choices:
        raise ValueError(f"{what} must be one of {', '.join(sorted(choices))}")
    return upper


def string(value: object, what: str) -> bytes:
    """The octets of a string. CR and LF pass, for they make it a literal; NUL does not: no CHAR8 is NUL."""
    if isinstance(value, str):
        data = value.encode("utf-8")
    elif isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
    else:
        raise TypeError(f"{what} must be str or bytes")
    if b"\0" in data:
        raise ValueError(f"{what} must not hold NUL")
    return data


def text(value: object, what: str) -> str:
    """ASCII for an astring that is text to both sides: a header field's name, a charset."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str")
    if not value.isascii() or _HOSTILE.search(value):
        raise ValueError(f"{what} must be ASCII without CR, LF and NUL")
    return value


def mailbox(value: object, what: str) -> MailboxName:
    """A mailbox name. A MailboxName came from the wire or was checked before; a plain str must be clean
    text.
    """
    if isinstance(value, MailboxName):
        if "\0" in value or b"\0" in value.wire:
            raise ValueError(f"{what} must not hold NUL")
        return value
    if not isinstance(value, str):
        raise TypeError(f"{what} must be str or MailboxName")
    if _HOSTILE.search(value):
        raise ValueError(f"{what} must not hold CR, LF or NUL")
    return MailboxName(value)


def sequence_set(value: object, what: str) -> SequenceSet:
    """A sequence-set with at least one number in it."""
    if isinstance(value, SequenceSet):
        result = value
    elif isinstance(value, bool) or value is None:
        raise TypeError(f"{what} must be a SequenceSet, str, int or an iterable of int")
    elif isinstance(value, (str, int, Iterable)) and not isinstance(value, (bytes, bytearray, memoryview)):
        result = SequenceSet(value)
    else:
        raise TypeError(f"{what} must be a SequenceSet, str, int or an iterable of int")
    if not result:
        raise ValueError(f"{what} must not be empty")
    return result


def flags(values: object, what: str = "flags") -> tuple[str, ...]:
    """flag = "\\" atom / atom; system flags are kept in canonical case."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be an iterable of str")
    return tuple(flag(value, what) for value in values)


def flag(value: object, what: str = "flag") -> str:
    """One flag or keyword."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str")
    if not _ATOM.fullmatch(value[1:] if value.startswith("\\") else value):
        raise ValueError(f"{what} must be an IMAP flag")
    return canonical_flag(value)


def number(value: object, what: str, *, least: int = 0, most: int = MAX_NUMBER) -> int:
    """An integer within bounds; a bool is no number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be an int")
    if not least <= value <= most:
        raise ValueError(f"{what} must be from {least} to {most}")
    return int(value)


def boolean(value: object, what: str) -> bool:
    """A true bool, so that a stray string does not switch something on."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be a bool")
    return value


def moment(value: object, what: str) -> datetime.datetime:
    """An INTERNALDATE: aware, to the second, year 1 to 9999, zone in whole minutes."""
    if not isinstance(value, datetime.datetime):
        raise TypeError(f"{what} must be a datetime")
    offset = value.utcoffset()
    if offset is None:
        raise ValueError(f"{what} must be aware of its time zone")
    if offset % datetime.timedelta(minutes=1):
        raise ValueError(f"{what} must have a zone offset of whole minutes")
    zone = datetime.timezone(offset)
    return value.astimezone(zone).replace(microsecond=0)


def day(value: object, what: str) -> datetime.date:
    """A date without time."""
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise TypeError(f"{what} must be a datetime.date")
    return value


def pairs(value: object, what: str) -> tuple[tuple[bytes, bytes | None], ...] | None:
    """Field-value pairs of ID (RFC 2971): at most 30 octets a field, 1024 a value, 30 pairs, no field
    twice.
    """
    if value is None:
        return None
    source = value.items() if isinstance(value, Mapping) else value
    if isinstance(source, (str, bytes)) or not isinstance(source, Iterable):
        raise TypeError(f"{what} must be a mapping, an iterable of pairs or None")
    result = []
    for field, content in source:
        result.append((string(field, what), None if content is None else string(content, what)))
    if len(result) > 30 or any(len(f) > 30 or (v is not None and len(v) > 1024) for f, v in result):
        raise ValueError(f"{what} is larger than RFC 2971 section 3.3 allows")
    if len({field.lower() for field, _ in result}) != len(result):
        raise ValueError(f"{what} names a field twice")
    return tuple(result)


def octets(value: object, what: str) -> bytes:
    """Any octets, NUL too: they leave in base64, or are checked further by the caller."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{what} must be bytes")
    return bytes(value)


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


def tagged(value: object, what: str) -> Tagged | None:
    """tagged-ext-val: None for none, a set or number as ``str``, or a list of atoms, strings and lists."""
    if value is None:
        return None
    if isinstance(value, str):
        if not _SET_CHARS.fullmatch(value):
            raise ValueError(f"{what} must be a number, a sequence set or a list")
        return value
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{what} must be str, tuple or None")
    return _part(value, what, 0)


def _part(value: object, what: str, depth: int) -> Tagged:
    if isinstance(value, str):
        if not _LIST_CHARS.fullmatch(value):
            raise ValueError(f"{what} holds a str that is no atom; give bytes for a string")
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return string(value, what)
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{what} holds what is neither str, bytes nor tuple")
    if depth == MAX_DEPTH:
        raise ValueError(f"{what} is too deep")
    return tuple(_part(item, what, depth + 1) for item in value)


def texts(values: object, what: str, *, least: int = 0) -> tuple[str, ...]:
    """Several texts of ASCII; a ``str`` alone stands for one."""
    if isinstance(values, str):
        values = (values,)
    if isinstance(values, bytes) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be str or an iterable of str")
    result = tuple(text(value, what) for value in values)
    if len(result) < least:
        raise ValueError(f"{what} must not be empty")
    return result


def entry(value: object, what: str) -> str:
    """The name of a METADATA entry (RFC 5464 section 3.2): ASCII from "/" on, no wildcards, no controls."""
    result = text(value, what)
    if not result.startswith("/") or not result.isprintable() or "*" in result or "%" in result:
        raise ValueError(f"{what} must begin with / and hold neither *, % nor controls")
    return result


def entries(values: object, what: str) -> tuple[str, ...]:
    """At least one entry; a ``str`` alone stands for one."""
    return tuple(entry(value, what) for value in texts(values, what, least=1))


def part_numbers(values: object, what: str) -> tuple[int, ...]:
    """section-part: ``(1, 2)`` is ``1.2``."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be an iterable of int")
    return tuple(number(n, what, least=1) for n in values)


def octet_range(value: object, what: str) -> tuple[int, int] | None:
    """partial of a section: the first octet, and how many."""
    if value is None:
        return None
    if not isinstance(value, tuple) or len(value) != 2:
        raise TypeError(f"{what} must be a pair of int")
    return number(value[0], what), number(value[1], what, least=1)


def result_range(value: object, what: str, *, negative: bool = True) -> tuple[int, int]:
    """partial-range (RFC 9394): two numbers from 1 on, or both from -1 down, which count from the end."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise TypeError(f"{what} must be a pair of int")
    first, last = (number(n, what, least=-MAX_NUMBER) for n in value)
    if not (first > 0 and last > 0) and not (negative and first < 0 and last < 0):
        raise ValueError(f"{what} must be two numbers above 0" + (", or two below" if negative else ""))
    return first, last


def identifiers(values: object, what: str) -> tuple[str, ...]:
    """Atoms in upper case; a ``str`` alone stands for one."""
    return words((values,) if isinstance(values, str) else values, what)


#: What SEARCH and SORT may be asked to return: a word, or ``("PARTIAL", (1, 10))``.
SearchOption = str | tuple[str, tuple[int, int]]

_SEARCH_OPTIONS: Final = frozenset(("MIN", "MAX", "ALL", "COUNT", "SAVE", "CONTEXT", "UPDATE", "RELEVANCY"))


def search_options(values: object, what: str) -> tuple[SearchOption, ...] | None:
    """search-return-opts (RFC 4731, RFC 5182, RFC 5267, RFC 6203, RFC 9394); None: no RETURN at all."""
    if values is None:
        return None
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be an iterable")
    result: list[SearchOption] = []
    for value in values:
        if isinstance(value, tuple) and len(value) == 2:
            one_of(value[0], frozenset(("PARTIAL",)), what)
            result.append(("PARTIAL", result_range(value[1], what)))
        else:
            result.append(one_of(value, _SEARCH_OPTIONS, what))
    return tuple(result)

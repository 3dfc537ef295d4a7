"""Arguments from Python as plain builtins: the first step of every check.

A subclass of ``int``, ``str`` or ``bytes``, an enum's member for one, may format, encode, compare or iterate
itself as it likes. So each argument is first made an object of exactly the builtin type, from what it holds
and not from what its methods say; only that is checked, kept and written. Each function takes the value and
the name of the argument for the error text, and returns what is to be kept: use that, never the argument
again. Each raises TypeError for the wrong kind of object; error texts never show the value, which may be a
secret.

::

    self._set("size", exact.integer(self.size, "size", least=1))
    self._set("name", exact.text(self.name, "name"))
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any, Final

#: Largest numbers: of 32 bits, and of 63 (a mod-sequence).
MAX_NUMBER: Final = 2**32 - 1
MAX_NUMBER64: Final = 2**63 - 1

_DATE: Final = (datetime.date.year, datetime.date.month, datetime.date.day)
_TIME: Final = (datetime.datetime.hour, datetime.datetime.minute, datetime.datetime.second)


def integer(value: object, what: str, *, least: int = 0, most: int = MAX_NUMBER) -> int:
    """An int of these bounds, or ValueError; a bool is no number."""
    if type(value) is not int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{what} must be an int")
        value = int.__int__(value)
    if not least <= value <= most:
        raise ValueError(f"{what} must be from {least} to {most}")
    return value


def text(value: object, what: str) -> str:
    """The characters of a str."""
    if type(value) is str:
        return value
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str")
    return str.__str__(value)


def octets(value: object, what: str) -> bytes:
    """The octets of bytes, a bytearray or a memoryview."""
    if type(value) is bytes:
        return value
    if isinstance(value, bytes):
        return bytes.__getitem__(value, slice(None))
    if isinstance(value, bytearray):
        return bytes(bytearray.__getitem__(value, slice(None)))
    if isinstance(value, memoryview):
        return bytes(value)
    raise TypeError(f"{what} must be bytes")


def string(value: object, what: str, *, errors: str = "strict") -> bytes:
    """The octets of what the protocol carries as a string: those given, or a str's in UTF-8.

    *errors* as in ``str.encode``: a lone surrogate is a ValueError unless it is ``"surrogateescape"``.
    """
    if isinstance(value, str):
        return text(value, what).encode("utf-8", errors)
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{what} must be str or bytes")
    return octets(value, what)


def boolean(value: object, what: str) -> bool:
    """A true bool, so that a stray string does not switch something on."""
    if value is True or value is False:
        return value
    raise TypeError(f"{what} must be a bool")


def items(values: object, what: str, of: str = "str") -> tuple[Any, ...]:
    """What an iterable gives, unchecked, as a tuple; a str or bytes is refused, whose items nobody means.

    *of* names the items in the error text.
    """
    if isinstance(values, (str, bytes, bytearray, memoryview)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be an iterable of {of}")
    return tuple(values)


def pair(value: object, what: str) -> tuple[Any, Any]:
    """The two items of a tuple, unchecked; a list is none, nor a tuple of another length."""
    if not isinstance(value, tuple) or tuple.__len__(value) != 2:
        raise TypeError(f"{what} must be a pair")
    return tuple.__getitem__(value, 0), tuple.__getitem__(value, 1)


def date(value: object, what: str) -> datetime.date:
    """A date without time."""
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise TypeError(f"{what} must be a datetime.date")
    year, month, day = (part.__get__(value) for part in _DATE)
    return datetime.date(year, month, day)


def moment(value: object, what: str) -> datetime.datetime:
    """A date and time to the second in a fixed zone of whole minutes; ValueError for any other zone."""
    if not isinstance(value, datetime.datetime):
        raise TypeError(f"{what} must be a datetime")
    offset = datetime.datetime.utcoffset(value)
    if offset is None:
        raise ValueError(f"{what} must be aware of its time zone, not naive")
    offset = datetime.timedelta.__pos__(offset)  # of a time zone of the caller's
    if offset % datetime.timedelta(minutes=1):
        raise ValueError(f"{what} must have a zone offset of whole minutes")
    year, month, day, hour, minute, second = (part.__get__(value) for part in _DATE + _TIME)
    return datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.timezone(offset))

"""What is computed of a message once, when it is stored."""

from __future__ import annotations

import datetime
import email.utils
from dataclasses import dataclass
from typing import Final

from mailproto import Limits
from mailproto._core import mime
from mailproto.errors import ParseError
from mailproto.store.errors import MessageRefused

#: How far into a header the Date field is looked for.
_DATE_WITHIN: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """A message and what FETCH and SEARCH ask of it."""

    data: bytes
    header_size: int  #: Octets up to and with the empty line.
    sent: int | None  #: Day of the Date field, time and zone disregarded (``date.toordinal``), or None.
    envelope: bytes
    body: bytes
    body_structure: bytes
    structure: bytes


def analyse(data: bytes, limits: Limits | None = None) -> Content:
    """Read a message's structure. Any octets are a message; what passes ``limits`` (``Limits.server()``) is
    told of as one opaque part. MessageRefused for a message that no IMAP number can count.

    Takes time in proportion to the message: call it in a thread for large ones.
    """
    try:
        parsed = mime.parse_message(data, limits)
    except ParseError as error:
        raise MessageRefused(f"the message's structure cannot be kept: {error}") from error
    where = parsed.span((), "HEADER")
    header_size = where[1] if where is not None else 0
    fields = mime.parse_header(data[: min(header_size, _DATE_WITHIN)])
    return Content(
        data=data,
        header_size=header_size,
        sent=next((sent_day(value) for name, value in fields if name.lower() == b"date"), None),
        envelope=parsed.envelope,
        body=parsed.body,
        body_structure=parsed.body_structure,
        structure=parsed.to_bytes(),
    )


def sent_day(value: bytes) -> int | None:
    """The day that a Date field names, as it is written there, or None if it names none."""
    try:
        parsed = email.utils.parsedate(value[:200].decode("ascii", "replace"))
        return None if parsed is None else datetime.date(*parsed[:3]).toordinal()
    except (ValueError, IndexError, TypeError, OverflowError):
        return None

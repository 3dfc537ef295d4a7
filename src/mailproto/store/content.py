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
    """Read a message's structure. Any octets are a message; only past the limits: MessageRefused.

    Takes time in proportion to the message: call it in a thread for large ones.
    """
    try:
        parsed = mime.parse_message(data, limits)
    except ParseError as error:
        raise MessageRefused(f"the message's structure cannot be kept: {error}") from error
    head_size = header_octets(data)
    return Content(
        data=data,
        header_size=head_size,
        sent=sent_day(header_value(data[: min(head_size, _DATE_WITHIN)], b"date")),
        envelope=parsed.envelope,
        body=parsed.body,
        body_structure=parsed.body_structure,
        structure=parsed.to_bytes(),
    )


def header_octets(data: bytes) -> int:
    """Octets of the header with the empty line that ends it; everything when there is none."""
    if data.startswith(b"\r\n"):
        return 2
    if data.startswith(b"\n"):
        return 1
    ends = [at + len(end) for end in (b"\r\n\r\n", b"\n\n", b"\n\r\n") if (at := data.find(end)) >= 0]
    return min(ends, default=len(data))


def header_value(head: bytes, name: bytes) -> bytes | None:
    """The value of the first field of that (lower-case) name, unfolded, or None."""
    lowered = head[: len(name) + 1].lower()
    at = 0 if lowered == name + b":" else head.lower().find(b"\n" + name + b":") + 1
    if at == 0 and lowered != name + b":":
        return None
    start = at + len(name) + 1
    end = start
    while True:
        end = head.find(b"\n", end)
        if end < 0:
            end = len(head)
            break
        if head[end + 1 : end + 2] not in (b" ", b"\t"):
            break
        end += 1
    return head[start:end].replace(b"\r", b"").replace(b"\n", b"").strip()


def sent_day(value: bytes | None) -> int | None:
    """The day that a Date field names, as it is written there, or None if it names none."""
    if value is None:
        return None
    try:
        parsed = email.utils.parsedate(value[:200].decode("ascii", "replace"))
        return None if parsed is None else datetime.date(*parsed[:3]).toordinal()
    except (ValueError, IndexError, TypeError, OverflowError):
        return None

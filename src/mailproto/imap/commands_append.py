"""APPEND (RFC 3501 section 6.3.11) and REPLACE (RFC 8508), with what may stand for a message in them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command, Value


@dataclass(frozen=True, slots=True, repr=False)
class CatenateUrl(Value):
    """A part of a message that the server takes from elsewhere: an IMAP URL (RFC 4469 section 5).

    It is a secret: one with an authorisation (RFC 4467) lets whoever has it read the message.
    """

    _secret: ClassVar[frozenset[str]] = frozenset(("url",))

    url: str

    def _check(self) -> None:
        self._set("url", check.text(self.url, "url"))

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(b"URL ").astring(self.url)


@dataclass(frozen=True, slots=True, repr=False)
class AppendMessage(Value):
    """One message of an APPEND: its octets, its flags, its INTERNALDATE (aware, kept to the second).

    *binary*: sent as a literal8, which a server with BINARY takes and which may hold NUL (RFC 3516 section
    4.4). *utf8*: sent in the wrapper ``UTF8 (...)``, for a message with UTF-8 in its header (RFC 9755 section
    4). *parts*: instead of *data*, which is then empty, what the server joins (CATENATE, RFC 4469): octets
    and :class:`CatenateUrl`. What a reader streamed (``CommandReader(stream_above=...)``) is
    :class:`~mailproto.Streamed` here.
    """

    data: bytes
    flags: tuple[str, ...] = ()
    date: datetime.datetime | None = None
    binary: bool = False
    utf8: bool = False
    parts: tuple[bytes | CatenateUrl, ...] | None = None

    def __init__(
        self,
        data: bytes | bytearray | memoryview = b"",
        flags: Iterable[str] = (),
        date: datetime.datetime | None = None,
        *,
        binary: bool = False,
        utf8: bool = False,
        parts: Iterable[bytes | CatenateUrl] | None = None,
    ) -> None:
        self._keep(
            data=exact.octets(data, "data"),
            flags=check.flags(flags),
            date=None if date is None else exact.moment(date, "date"),
            binary=exact.boolean(binary, "binary"),
            utf8=exact.boolean(utf8, "utf8"),
            parts=None if parts is None else _parts(parts),
        )

    def _check(self) -> None:
        if b"\0" in self.data and not self.binary and not self.utf8:
            raise ValueError("data must not hold NUL: only binary can carry it")
        if self.binary and self.utf8:
            raise ValueError("binary and utf8 exclude each other")
        if self.parts is not None:
            if not self.parts:
                raise ValueError("parts must not be empty")
            if self.data or self.binary or self.utf8:
                raise ValueError("parts stand instead of data")

    def _write(self, writer: Writer, utf8: bool) -> None:
        if self.flags:
            writer.list(self.flags, writer.raw).sp()
        if self.date is not None:
            writer.raw(_date_time(self.date)).sp()
        if self.parts is not None:
            writer.raw(b"CATENATE (")
            for index, part in enumerate(self.parts):
                if index:
                    writer.sp()
                if isinstance(part, CatenateUrl):
                    part._write(writer, utf8)
                else:
                    writer.raw(b"TEXT ").literal(part)
            writer.close()
        elif self.utf8:
            writer.raw(b"UTF8 (").literal(self.data, binary=True).close()
        else:
            writer.literal(self.data, binary=self.binary)


def _parts(values: Iterable[bytes | CatenateUrl]) -> tuple[bytes | CatenateUrl, ...]:
    given = exact.items(values, "parts", "bytes and CatenateUrl")
    return tuple([p if isinstance(p, CatenateUrl) else exact.octets(p, "parts") for p in given])


def _date_time(date: datetime.datetime) -> str:
    """date-time (RFC 3501 section 9)."""
    offset = date.utcoffset() or datetime.timedelta()
    sign = "-" if offset < datetime.timedelta() else "+"
    hours, minutes = divmod(abs(offset) // datetime.timedelta(minutes=1), 60)
    month = check.MONTHS[date.month - 1]
    return f'"{date.day:2}-{month}-{date.year:04} {date:%H:%M:%S} {sign}{hours:02}{minutes:02}"'


@dataclass(frozen=True, slots=True, repr=False)
class Append(Command):
    """APPEND (RFC 3501 section 6.3.11); more than one message is MULTIAPPEND (RFC 3502).

    *messages*: an :class:`AppendMessage`, plain octets, or an iterable of those; kept as a tuple of
    AppendMessage.
    """

    name: ClassVar[str] = "APPEND"

    mailbox: MailboxName
    messages: tuple[AppendMessage, ...]

    def __init__(
        self,
        mailbox: str,
        messages: bytes | bytearray | memoryview | AppendMessage | Iterable[bytes | AppendMessage],
        *,
        tag: str | None = None,
    ) -> None:
        alone = isinstance(messages, (bytes, bytearray, memoryview, AppendMessage))
        if hasattr(messages, "read"):  # an iterable of its lines
            raise TypeError("messages must not be a file: give what its read() returns")
        given = (messages,) if alone else exact.items(messages, "messages", "bytes and AppendMessage")
        self._keep(
            tag=tag,
            mailbox=check.mailbox(mailbox, "mailbox"),
            messages=tuple([m if isinstance(m, AppendMessage) else AppendMessage(m) for m in given]),
        )

    def _check(self) -> None:
        if not self.messages:
            raise ValueError("messages must not be empty")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox)
        for message in self.messages:
            writer.sp()
            message._write(writer, utf8)


@dataclass(frozen=True, slots=True, repr=False)
class Replace(Command):
    """REPLACE (RFC 8508): *message* takes the place of the one that *sequence_set* names, in *mailbox*.

    *sequence_set* is one number or ``"*"``; with *uid*, UID REPLACE.
    """

    name: ClassVar[str] = "REPLACE"

    sequence_set: SequenceSet
    mailbox: MailboxName
    message: AppendMessage
    uid: bool = False

    def __init__(
        self,
        sequence_set: check.SetLike,
        mailbox: str,
        message: bytes | bytearray | memoryview | AppendMessage,
        uid: bool = False,
        *,
        tag: str | None = None,
    ) -> None:
        self._keep(
            tag=tag,
            sequence_set=check.sequence_set(sequence_set, "sequence_set"),
            mailbox=check.mailbox(mailbox, "mailbox"),
            message=message if isinstance(message, AppendMessage) else AppendMessage(message),
            uid=exact.boolean(uid, "uid"),
        )

    def _check(self) -> None:
        if any(mark in bytes(self.sequence_set) for mark in (b":", b",", b"$")):
            raise ValueError("sequence_set must be one number or *")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().sequence_set(self.sequence_set).sp().mailbox(self.mailbox).sp()
        self.message._write(writer, utf8)

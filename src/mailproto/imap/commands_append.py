"""APPEND (RFC 3501 section 6.3.11) and REPLACE (RFC 8508), with what may stand for a message in them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command, Value


@dataclass(frozen=True, slots=True, repr=False)
class CatenateUrl(Value):
    """A part of a message that the server takes from elsewhere: an IMAP URL (RFC 4469 section 5)."""

    url: str

    def _check(self) -> None:
        check.text(self.url, "url")

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(b"URL ").astring(self.url)


@dataclass(frozen=True, slots=True, repr=False)
class AppendMessage(Value):
    """One message of an APPEND: its octets, its flags, its INTERNALDATE (aware, kept to the second).

    *binary*: sent as a literal8, which a server with BINARY takes and which may hold NUL (RFC 3516 section
    4.4). *utf8*: sent in the wrapper ``UTF8 (...)``, for a message with UTF-8 in its header (RFC 9755 section
    4). *parts*: instead of *data*, which is then empty, what the server joins (CATENATE, RFC 4469): octets
    and :class:`CatenateUrl`.
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
        kept = check.octets(data, "data")
        self._set("binary", check.boolean(binary, "binary"))
        self._set("utf8", check.boolean(utf8, "utf8"))
        if b"\0" in kept and not binary and not utf8:
            raise ValueError("data must not hold NUL: only binary can carry it")
        if binary and utf8:
            raise ValueError("binary and utf8 exclude each other")
        self._set("data", kept)
        self._set("flags", check.flags(flags))
        self._set("date", None if date is None else check.moment(date, "date"))
        if parts is not None:
            if isinstance(parts, (str, bytes)) or not isinstance(parts, Iterable):
                raise TypeError("parts must be an iterable of bytes and CatenateUrl")
            parts = tuple(p if isinstance(p, CatenateUrl) else check.octets(p, "parts") for p in parts)
            if not parts:
                raise ValueError("parts must not be empty")
            if kept or binary or utf8:
                raise ValueError("parts stand instead of data")
        self._set("parts", parts)

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
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        if isinstance(messages, (bytes, bytearray, memoryview, AppendMessage)):
            messages = (messages if isinstance(messages, AppendMessage) else bytes(messages),)
        elif isinstance(messages, str) or not isinstance(messages, Iterable):
            raise TypeError("messages must be bytes, AppendMessage or an iterable of them")
        kept = tuple(m if isinstance(m, AppendMessage) else AppendMessage(m) for m in messages)
        if not kept:
            raise ValueError("messages must not be empty")
        self._set("messages", kept)
        self._set("tag", tag)
        Command.__post_init__(self)

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
        kept = check.sequence_set(sequence_set, "sequence_set")
        if any(mark in bytes(kept) for mark in (b":", b",", b"$")):
            raise ValueError("sequence_set must be one number or *")
        self._set("sequence_set", kept)
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        self._set("message", message if isinstance(message, AppendMessage) else AppendMessage(message))
        self._set("uid", check.boolean(uid, "uid"))
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().sequence_set(self.sequence_set).sp().mailbox(self.mailbox).sp()
        self.message._write(writer, utf8)

"""Commands about mailboxes (RFC 3501 section 6.3)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command, Value

#: A return option of LIST: a word, or a word with its items: ``("STATUS", ("MESSAGES", "UNSEEN"))`` (RFC
#: 5819).
ReturnOption = str | tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, repr=False)
class _OneMailbox(Command):
    """A command whose only argument is a mailbox."""

    mailbox: MailboxName

    def __init__(self, mailbox: str, *, tag: str | None = None) -> None:
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox)


@dataclass(frozen=True, slots=True, repr=False)
class Select(Command):
    """SELECT (RFC 3501 section 6.3.1); *condstore* adds the parameter of RFC 7162 section 3.1.8."""

    name: ClassVar[str] = "SELECT"

    mailbox: MailboxName
    condstore: bool = False

    def __init__(self, mailbox: str, condstore: bool = False, *, tag: str | None = None) -> None:
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        self._set("condstore", check.boolean(condstore, "condstore"))
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox)
        if self.condstore:
            writer.raw(b" (CONDSTORE)")


@dataclass(frozen=True, slots=True, repr=False)
class Examine(Command):
    """EXAMINE (RFC 3501 section 6.3.2): SELECT, read-only."""

    name: ClassVar[str] = "EXAMINE"

    mailbox: MailboxName
    condstore: bool = False

    def __init__(self, mailbox: str, condstore: bool = False, *, tag: str | None = None) -> None:
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        self._set("condstore", check.boolean(condstore, "condstore"))
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox)
        if self.condstore:
            writer.raw(b" (CONDSTORE)")


@dataclass(frozen=True, slots=True, repr=False)
class Create(Command):
    """CREATE (RFC 3501 section 6.3.3); *special_use* holds attributes such as ``\\Sent`` (RFC 6154 section
    3).
    """

    name: ClassVar[str] = "CREATE"

    mailbox: MailboxName
    special_use: tuple[str, ...] = ()

    def __init__(self, mailbox: str, special_use: Iterable[str] = (), *, tag: str | None = None) -> None:
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        kept = check.flags(special_use, "special_use")
        if not all(attribute.startswith("\\") for attribute in kept):
            raise ValueError("special_use holds attributes, which start with a backslash")
        self._set("special_use", kept)
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox)
        if self.special_use:
            writer.raw(b" (USE ").list(self.special_use, writer.raw).close()


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Delete(_OneMailbox):
    """DELETE (RFC 3501 section 6.3.4)."""

    name: ClassVar[str] = "DELETE"


@dataclass(frozen=True, slots=True, repr=False)
class Rename(Command):
    """RENAME (RFC 3501 section 6.3.5)."""

    name: ClassVar[str] = "RENAME"

    mailbox: MailboxName
    new_name: MailboxName

    def __init__(self, mailbox: str, new_name: str, *, tag: str | None = None) -> None:
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        self._set("new_name", check.mailbox(new_name, "new_name"))
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox).sp().mailbox(self.new_name)


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Subscribe(_OneMailbox):
    """SUBSCRIBE (RFC 3501 section 6.3.6)."""

    name: ClassVar[str] = "SUBSCRIBE"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Unsubscribe(_OneMailbox):
    """UNSUBSCRIBE (RFC 3501 section 6.3.7)."""

    name: ClassVar[str] = "UNSUBSCRIBE"


@dataclass(frozen=True, slots=True, repr=False)
class List(Command):
    """LIST (RFC 3501 section 6.3.8), with the options and several patterns of RFC 5258.

    *patterns* may be given as one ``str``. Options are kept in upper case; see :data:`ReturnOption`.
    """

    name: ClassVar[str] = "LIST"

    reference: MailboxName
    patterns: tuple[MailboxName, ...]
    selection_options: tuple[str, ...] = ()
    return_options: tuple[ReturnOption, ...] = ()

    def __init__(
        self,
        reference: str,
        patterns: str | Iterable[str],
        selection_options: Iterable[str] = (),
        return_options: Iterable[ReturnOption] = (),
        *,
        tag: str | None = None,
    ) -> None:
        self._set("reference", check.mailbox(reference, "reference"))
        if isinstance(patterns, str):
            patterns = (patterns,)
        elif isinstance(patterns, bytes) or not isinstance(patterns, Iterable):
            raise TypeError("patterns must be str or an iterable of str")
        kept = tuple(check.mailbox(pattern, "patterns") for pattern in patterns)
        if not kept:
            raise ValueError("patterns must not be empty")
        self._set("patterns", kept)
        self._set("selection_options", check.words(selection_options, "selection_options"))
        if isinstance(return_options, (str, bytes)) or not isinstance(return_options, Iterable):
            raise TypeError("return_options must be an iterable")
        self._set("return_options", tuple(_return_option(option) for option in return_options))
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp()
        if self.selection_options:
            writer.list(self.selection_options, writer.raw).sp()
        writer.mailbox(self.reference).sp()
        if len(self.patterns) == 1:
            writer.list_mailbox(self.patterns[0])
        else:
            writer.list(self.patterns, writer.list_mailbox)
        if self.return_options:
            writer.raw(b" RETURN ").open()
            for index, option in enumerate(self.return_options):
                if index:
                    writer.sp()
                if isinstance(option, tuple):
                    writer.raw(option[0]).sp().list(option[1], writer.raw)
                else:
                    writer.raw(option)
            writer.close()


def _return_option(option: ReturnOption) -> ReturnOption:
    if isinstance(option, tuple) and len(option) == 2:
        items = check.words(option[1], "return_options")
        if not items:
            raise ValueError("return_options: STATUS needs items")
        return check.one_of(option[0], frozenset(("STATUS",)), "return_options"), items
    if isinstance(option, str) and option.upper() == "STATUS":
        raise ValueError("return_options: STATUS needs items")
    return check.word(option, "return_options")


@dataclass(frozen=True, slots=True, repr=False)
class Lsub(Command):
    """LSUB (RFC 3501 section 6.3.9)."""

    name: ClassVar[str] = "LSUB"

    reference: MailboxName
    pattern: MailboxName

    def __init__(self, reference: str, pattern: str, *, tag: str | None = None) -> None:
        self._set("reference", check.mailbox(reference, "reference"))
        self._set("pattern", check.mailbox(pattern, "pattern"))
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.reference).sp().list_mailbox(self.pattern)


@dataclass(frozen=True, slots=True, repr=False)
class Status(Command):
    """STATUS (RFC 3501 section 6.3.10): *items* such as ``UIDNEXT``, kept in upper case."""

    name: ClassVar[str] = "STATUS"

    mailbox: MailboxName
    items: tuple[str, ...]

    def __init__(self, mailbox: str, items: Iterable[str], *, tag: str | None = None) -> None:
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        kept = check.words(items, "items")
        if not kept:
            raise ValueError("items must not be empty")
        self._set("items", kept)
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox).sp().list(self.items, writer.raw)


@dataclass(frozen=True, slots=True, repr=False)
class AppendMessage(Value):
    """One message of an APPEND: its octets, its flags, its INTERNALDATE (aware, kept to the second)."""

    data: bytes
    flags: tuple[str, ...] = ()
    date: datetime.datetime | None = None

    def __init__(
        self,
        data: bytes | bytearray | memoryview,
        flags: Iterable[str] = (),
        date: datetime.datetime | None = None,
    ) -> None:
        kept = check.octets(data, "data")
        if b"\0" in kept:
            raise ValueError("data must not hold NUL: no literal can carry it")
        self._set("data", kept)
        self._set("flags", check.flags(flags))
        self._set("date", None if date is None else check.moment(date, "date"))


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
            if message.flags:
                writer.list(message.flags, writer.raw).sp()
            if message.date is not None:
                writer.raw(_date_time(message.date)).sp()
            writer.literal(message.data, binary=False)

"""Commands of METADATA (RFC 5464): annotations of mailboxes, and of the server (mailbox ``""``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command, Value
from mailproto.imap.commands_parameters import Parameter, parameters, write_list

_DEPTHS: Final = ("0", "1", "infinity")
_OPTIONS: Final = frozenset(("MAXSIZE", "DEPTH"))


@dataclass(frozen=True, slots=True, repr=False)
class GetMetadata(Command):
    """GETMETADATA (RFC 5464 section 4.2): *entries* such as ``"/shared/comment"``, one or several.

    *max_size*: no value longer than this many octets; *depth*: ``"0"``, ``"1"`` or ``"infinity"``; *options*:
    others.
    """

    name: ClassVar[str] = "GETMETADATA"

    mailbox: MailboxName
    entries: tuple[str, ...]
    max_size: int | None = None
    depth: str | None = None
    options: tuple[Parameter, ...] = ()

    def __init__(
        self,
        mailbox: str,
        entries: str | Iterable[str],
        max_size: int | None = None,
        depth: str | None = None,
        options: Iterable[Parameter] = (),
        *,
        tag: str | None = None,
    ) -> None:
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        self._set("entries", check.entries(entries, "entries"))
        self._set("max_size", None if max_size is None else check.number(max_size, "max_size"))
        if depth is not None and depth not in _DEPTHS:
            raise ValueError('depth must be "0", "1" or "infinity"')
        self._set("depth", depth)
        self._set("options", parameters(options, _OPTIONS, "options"))
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        options: list[Value | str] = []
        if self.max_size is not None:
            options.append(f"MAXSIZE {self.max_size}")
        if self.depth is not None:
            options.append(f"DEPTH {self.depth}")
        options += self.options
        if options:
            writer.sp()
            write_list(writer, options)
        writer.sp().mailbox(self.mailbox).sp()
        if len(self.entries) == 1:
            writer.astring(self.entries[0])
        else:
            writer.list(self.entries, writer.astring)


@dataclass(frozen=True, slots=True, repr=False)
class SetMetadata(Command):
    """SETMETADATA (RFC 5464 section 4.3): *values* by entry, ``None`` removes one; kept as a tuple of pairs.

    Octets that hold NUL leave as a literal8.
    """

    name: ClassVar[str] = "SETMETADATA"

    mailbox: MailboxName
    values: tuple[tuple[str, bytes | None], ...]

    def __init__(
        self,
        mailbox: str,
        values: Mapping[str, check.StringLike | None] | Iterable[tuple[str, check.StringLike | None]],
        *,
        tag: str | None = None,
    ) -> None:
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        pairs = values.items() if isinstance(values, Mapping) else values
        if isinstance(pairs, (str, bytes)) or not isinstance(pairs, Iterable):
            raise TypeError("values must be a mapping or an iterable of pairs")
        kept = tuple((check.entry(entry, "values"), _value(value)) for entry, value in pairs)
        if not kept:
            raise ValueError("values must not be empty")
        self._set("values", kept)
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox).sp().open()
        for index, (entry, value) in enumerate(self.values):
            if index:
                writer.sp()
            writer.astring(entry).sp().nstring(value)
        writer.close()


def _value(value: object) -> bytes | None:
    if value is None:
        return None
    return value.encode("utf-8") if isinstance(value, str) else check.octets(value, "values")

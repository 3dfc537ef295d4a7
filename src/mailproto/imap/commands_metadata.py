"""Commands of METADATA (RFC 5464): annotations of mailboxes, and of the server (mailbox ``""``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command, Value
from mailproto.imap.commands_parameters import Parameter, parameters, write_list

_DEPTHS: Final = frozenset(("0", "1", "INFINITY"))
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
        self._keep(
            tag=tag,
            mailbox=check.mailbox(mailbox, "mailbox"),
            entries=check.entries(entries, "entries"),
            max_size=None if max_size is None else exact.integer(max_size, "max_size"),
            depth=None if depth is None else check.one_of(depth, _DEPTHS, "depth").lower(),
            options=parameters(options, _OPTIONS, "options"),
        )

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
        kept = [
            (check.entry(entry, "values"), None if value is None else exact.string(value, "values"))
            for entry, value in check.pairs(values, "values")
        ]
        self._keep(tag=tag, mailbox=check.mailbox(mailbox, "mailbox"), values=tuple(kept))

    def _check(self) -> None:
        if not self.values:
            raise ValueError("values must not be empty")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox).sp().open()
        for index, (entry, value) in enumerate(self.values):
            if index:
                writer.sp()
            writer.astring(entry).sp().nstring(value)
        writer.close()

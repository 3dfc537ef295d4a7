"""Commands of ACL (RFC 4314) and QUOTA (RFC 9208): who may use a mailbox, and how much may be in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command
from mailproto.imap.commands_mailbox import _OneMailbox

_MOD_RIGHTS: Final = re.compile("[+-]?[a-z0-9]*")


@dataclass(frozen=True, slots=True, repr=False)
class _Identified(Command):
    """A command about what one identifier may do with a mailbox."""

    mailbox: MailboxName
    identifier: bytes

    def __init__(self, mailbox: str, identifier: check.StringLike, *, tag: str | None = None) -> None:
        self._keep(
            tag=tag,
            mailbox=check.mailbox(mailbox, "mailbox"),
            identifier=check.string(identifier, "identifier"),
        )

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox).sp().astring(self.identifier)


@dataclass(frozen=True, slots=True, repr=False)
class SetAcl(Command):
    """SETACL (RFC 4314 section 3.1): *rights* such as ``"lrs"``, which replaces what *identifier* has, or
    ``"+w"``, ``"-x"``, which changes it.
    """

    name: ClassVar[str] = "SETACL"

    mailbox: MailboxName
    identifier: bytes
    rights: str

    def __init__(
        self, mailbox: str, identifier: check.StringLike, rights: str, *, tag: str | None = None
    ) -> None:
        self._keep(
            tag=tag,
            mailbox=check.mailbox(mailbox, "mailbox"),
            identifier=check.string(identifier, "identifier"),
            rights=exact.text(rights, "rights"),
        )

    def _check(self) -> None:
        if not _MOD_RIGHTS.fullmatch(self.rights):
            raise ValueError("rights must be lower-case letters and digits behind + or - or nothing")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox).sp().astring(self.identifier).sp().astring(self.rights)


@dataclass(frozen=True, slots=True, repr=False, init=False)
class DeleteAcl(_Identified):
    """DELETEACL (RFC 4314 section 3.2)."""

    name: ClassVar[str] = "DELETEACL"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class GetAcl(_OneMailbox):
    """GETACL (RFC 4314 section 3.3)."""

    name: ClassVar[str] = "GETACL"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class ListRights(_Identified):
    """LISTRIGHTS (RFC 4314 section 3.4)."""

    name: ClassVar[str] = "LISTRIGHTS"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class MyRights(_OneMailbox):
    """MYRIGHTS (RFC 4314 section 3.5)."""

    name: ClassVar[str] = "MYRIGHTS"


@dataclass(frozen=True, slots=True, repr=False)
class GetQuota(Command):
    """GETQUOTA (RFC 9208 section 4.1.1) of a quota root, whose name may be empty."""

    name: ClassVar[str] = "GETQUOTA"

    root: bytes

    def __init__(self, root: check.StringLike, *, tag: str | None = None) -> None:
        self._keep(tag=tag, root=check.string(root, "root"))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().astring(self.root)


@dataclass(frozen=True, slots=True, repr=False, init=False)
class GetQuotaRoot(_OneMailbox):
    """GETQUOTAROOT (RFC 9208 section 4.1.2)."""

    name: ClassVar[str] = "GETQUOTAROOT"


@dataclass(frozen=True, slots=True, repr=False)
class SetQuota(Command):
    """SETQUOTA (RFC 9208 section 4.1.3): *limits* by resource, ``{"STORAGE": 512}`` (units of 1024 octets).

    They are kept as a tuple of pairs.
    """

    name: ClassVar[str] = "SETQUOTA"

    root: bytes
    limits: tuple[tuple[str, int], ...]

    def __init__(
        self,
        root: check.StringLike,
        limits: Mapping[str, int] | Iterable[tuple[str, int]],
        *,
        tag: str | None = None,
    ) -> None:
        kept = [
            (check.word(resource, "limits"), exact.integer(limit, "limits", most=exact.MAX_NUMBER64))
            for resource, limit in check.pairs(limits, "limits")
        ]
        self._keep(tag=tag, root=check.string(root, "root"), limits=tuple(kept))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().astring(self.root).sp()
        writer.list([f"{resource} {limit}" for resource, limit in self.limits], writer.raw)

"""Commands about the messages of the selected mailbox (RFC 3501 section 6.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command


@dataclass(frozen=True, slots=True, repr=False)
class Check(Command):
    """CHECK (RFC 3501 section 6.4.1)."""

    name: ClassVar[str] = "CHECK"


@dataclass(frozen=True, slots=True, repr=False)
class Close(Command):
    """CLOSE (RFC 3501 section 6.4.2)."""

    name: ClassVar[str] = "CLOSE"


@dataclass(frozen=True, slots=True, repr=False)
class Unselect(Command):
    """UNSELECT (RFC 3691)."""

    name: ClassVar[str] = "UNSELECT"


@dataclass(frozen=True, slots=True, repr=False)
class Expunge(Command):
    """EXPUNGE (RFC 3501 section 6.4.3); with *uid*, UID EXPUNGE of the UIDs in *sequence_set* (RFC 4315)."""

    name: ClassVar[str] = "EXPUNGE"

    sequence_set: SequenceSet | None = None
    uid: bool = False

    def __init__(
        self, sequence_set: check.SetLike | None = None, uid: bool = False, *, tag: str | None = None
    ) -> None:
        if sequence_set is not None:
            sequence_set = check.sequence_set(sequence_set, "sequence_set")
        self._keep(tag=tag, sequence_set=sequence_set, uid=exact.boolean(uid, "uid"))

    def _check(self) -> None:
        if (self.sequence_set is not None) != self.uid:
            raise ValueError("UID EXPUNGE takes a sequence_set, EXPUNGE takes none")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        if self.sequence_set is not None:
            writer.sp().sequence_set(self.sequence_set)


@dataclass(frozen=True, slots=True, repr=False)
class _ToMailbox(Command):
    """COPY and MOVE: messages and where they go."""

    sequence_set: SequenceSet
    mailbox: MailboxName
    uid: bool = False

    def __init__(
        self, sequence_set: check.SetLike, mailbox: str, uid: bool = False, *, tag: str | None = None
    ) -> None:
        self._keep(
            tag=tag,
            sequence_set=check.sequence_set(sequence_set, "sequence_set"),
            mailbox=check.mailbox(mailbox, "mailbox"),
            uid=exact.boolean(uid, "uid"),
        )

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().sequence_set(self.sequence_set).sp().mailbox(self.mailbox)


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Copy(_ToMailbox):
    """COPY (RFC 3501 section 6.4.7)."""

    name: ClassVar[str] = "COPY"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Move(_ToMailbox):
    """MOVE (RFC 6851)."""

    name: ClassVar[str] = "MOVE"

"""What several commands share: parameters (RFC 4466), and the mailbox filters of MULTISEARCH and NOTIFY."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Value


@dataclass(frozen=True, slots=True, repr=False)
class Parameter(Value):
    """A parameter that no class here knows (RFC 4466 section 3), kept to be answered or passed on.

    *name*, an atom, is kept in upper case; only in the options of LIST may it begin with a digit or what else
    a set is made of. *value*: ``None``; a ``str`` for a number or sequence set; or a tuple, which holds
    ``str`` (atoms), ``bytes`` (strings) and tuples.
    """

    name: str
    value: check.Tagged | None = None

    def _check(self) -> None:
        self._set("name", check.word(self.name, "name"))
        self._set("value", check.tagged(self.value, "value"))

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(self.name)
        if self.value is not None:
            writer.sp()
            _write_tagged(writer, self.value)


def _write_tagged(writer: Writer, value: check.Tagged) -> None:
    """The value of a parameter, without recursion: a list is replaced by its parts and parentheses."""
    pending: list[check.Tagged | None] = [value]  # None closes a list
    fresh = True
    while pending:
        item = pending.pop()
        if item is None:
            writer.close()
            fresh = False
            continue
        if not fresh:
            writer.sp()
        if isinstance(item, tuple):
            writer.open()
            pending.append(None)
            pending.extend(reversed(item))
            fresh = True
            continue
        if isinstance(item, str):
            writer.raw(item)
        else:
            writer.string(item)
        fresh = False


def parameters(values: object, known: frozenset[str], what: str) -> tuple[Parameter, ...]:
    """Parameters, none of which is one that the command has a field for."""
    kept = exact.items(values, what, "Parameter")
    for value in kept:
        if not isinstance(value, Parameter):
            raise TypeError(f"{what} must be an iterable of Parameter")
        if check.label(value.name, what) in known:
            raise ValueError(f"{what}: {value.name} has a field of its own")
    return kept


def write_list(writer: Writer, values: Iterable[Value | str]) -> None:
    """``(a b c)`` of values and checked words."""

    def one(value: Value | str) -> None:
        if isinstance(value, str):
            writer.raw(value)
        else:
            value._write(writer, False)

    writer.list(values, one)


@dataclass(frozen=True, slots=True, repr=False)
class Qresync(Value):
    """The QRESYNC parameter of SELECT (RFC 7162 section 3.2.5): what the client knew of the mailbox.

    *known_uids* may be None. *known_numbers* and *known_numbers_uids*, message numbers and their UIDs one by
    one, come together or not at all. The sets hold no ``*``.
    """

    uid_validity: int
    modseq: int
    known_uids: SequenceSet | None = None
    known_numbers: SequenceSet | None = None
    known_numbers_uids: SequenceSet | None = None

    def __init__(
        self,
        uid_validity: int,
        modseq: int,
        known_uids: check.SetLike | None = None,
        known_numbers: check.SetLike | None = None,
        known_numbers_uids: check.SetLike | None = None,
    ) -> None:
        self._keep(
            uid_validity=exact.integer(uid_validity, "uid_validity", least=1),
            modseq=exact.integer(modseq, "modseq", least=1, most=exact.MAX_NUMBER64),
            known_uids=_known(known_uids, "known_uids"),
            known_numbers=_known(known_numbers, "known_numbers"),
            known_numbers_uids=_known(known_numbers_uids, "known_numbers_uids"),
        )

    def _check(self) -> None:
        if (self.known_numbers is None) != (self.known_numbers_uids is None):
            raise ValueError("known_numbers and known_numbers_uids come together")

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(f"QRESYNC ({self.uid_validity} {self.modseq}")
        if self.known_uids is not None:
            writer.sp().sequence_set(self.known_uids)
        if self.known_numbers is not None and self.known_numbers_uids is not None:
            writer.raw(b" (").sequence_set(self.known_numbers).sp()
            writer.sequence_set(self.known_numbers_uids).close()
        writer.close()


def _known(value: check.SetLike | None, what: str) -> SequenceSet | None:
    if value is None:
        return None
    kept = check.sequence_set(value, what)
    if any(mark in bytes(kept) for mark in (b"*", b"$")):
        raise ValueError(f"{what} must hold numbers alone")
    return kept


_PLAIN_FILTERS: Final = frozenset(("SELECTED", "SELECTED-DELAYED", "INBOXES", "PERSONAL", "SUBSCRIBED"))
_NAMED_FILTERS: Final = frozenset(("SUBTREE", "SUBTREE-ONE", "MAILBOXES"))


@dataclass(frozen=True, slots=True, repr=False)
class MailboxFilter(Value):
    """Which mailboxes NOTIFY or ESEARCH is about (RFC 5465 section 6, RFC 7377 section 2.2).

    *kind*: SELECTED, SELECTED-DELAYED, INBOXES, PERSONAL or SUBSCRIBED; or SUBTREE, SUBTREE-ONE or MAILBOXES,
    which need *mailboxes*.
    """

    kind: str
    mailboxes: tuple[MailboxName, ...] = ()

    def __init__(self, kind: str, mailboxes: str | Iterable[str] = ()) -> None:
        self._keep(
            kind=check.one_of(kind, _PLAIN_FILTERS | _NAMED_FILTERS, "kind"),
            mailboxes=check.mailboxes(mailboxes, "mailboxes"),
        )

    def _check(self) -> None:
        if bool(self.mailboxes) != (self.kind in _NAMED_FILTERS):
            raise ValueError("SUBTREE, SUBTREE-ONE and MAILBOXES need mailboxes, the others have none")

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(self.kind)
        if len(self.mailboxes) == 1:
            writer.sp().mailbox(self.mailboxes[0])
        elif self.mailboxes:
            writer.sp().list(self.mailboxes, writer.mailbox)

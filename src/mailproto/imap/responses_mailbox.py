"""What a server says of mailboxes: sizes, flags, status, expunged messages, batches of UIDs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from mailproto import exact
from mailproto._core.flags import check_flags
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import to_builtin
from mailproto.imap.responses_base import Response, Wire, found, mailbox, put_name, text, tree
from mailproto.imap.values import Tree, to_octets, write_flag, write_tree

#: The items of STATUS that are numbers (RFC 9051 section 9, RFC 7162, RFC 7889, RFC 9208).
_NUMBERS: Final = frozenset(
    (
        "MESSAGES",
        "RECENT",
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "DELETED",
        "SIZE",
        "HIGHESTMODSEQ",
        "APPENDLIMIT",
        "DELETED-STORAGE",
    )
)


@dataclass(frozen=True, slots=True, repr=False)
class Exists(Response):
    """EXISTS: how many messages the mailbox holds."""

    count: int

    def _check(self) -> None:
        self._set("count", exact.integer(self.count, "count"))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ").number(self.count).raw(b" EXISTS")


@dataclass(frozen=True, slots=True, repr=False)
class Recent(Response):
    r"""RECENT (RFC 3501 section 7.3.2): how many messages have ``\Recent``."""

    count: int

    def _check(self) -> None:
        self._set("count", exact.integer(self.count, "count"))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ").number(self.count).raw(b" RECENT")


@dataclass(frozen=True, slots=True, repr=False)
class Expunge(Response):
    """EXPUNGE: the message with this sequence number is gone; those behind it move down by one."""

    seq: int

    def _check(self) -> None:
        self._set("seq", exact.integer(self.seq, "seq", least=1))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ").number(self.seq).raw(b" EXPUNGE")


@dataclass(frozen=True, slots=True, repr=False)
class Vanished(Response):
    """VANISHED (RFC 7162 section 3.2.10): these UIDs are gone; ``earlier``: before this session saw them."""

    uids: SequenceSet
    earlier: bool = False

    def _check(self) -> None:
        self._set("uids", found(self.uids, "uids"))
        self._set("earlier", exact.boolean(self.earlier, "earlier"))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* VANISHED (EARLIER) " if self.earlier else b"* VANISHED ").sequence_set(self.uids)


@dataclass(frozen=True, slots=True, repr=False)
class MailboxFlags(Response):
    """FLAGS (RFC 9051 section 7.3.5): system flags in canonical case."""

    flags: tuple[str, ...]

    def _check(self) -> None:
        self._set("flags", check_flags(self.flags, "flags"))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* FLAGS ").list(self.flags, lambda flag: write_flag(writer, flag))


def _status_value(name: str, value: object) -> Tree:
    if name == "MAILBOXID":
        return check.object_id(value, name)
    if name in _NUMBERS and not (value is None and name == "APPENDLIMIT"):
        return exact.integer(value, name, most=exact.MAX_NUMBER64)
    return tree(value, name)


@dataclass(frozen=True, slots=True, repr=False)
class MailboxStatus(Response):
    """STATUS (RFC 9051 section 7.3.4): ``items`` maps names in upper case to numbers.

    ``MAILBOXID`` (RFC 8474) is a ``str``, ``APPENDLIMIT`` (RFC 7889) ``None`` for a mailbox without limit of
    its own. What is no number in an item that nobody knows is a tree.
    """

    mailbox: MailboxName
    items: Mapping[str, Tree]

    def _check(self) -> None:
        self._set("mailbox", mailbox(self.mailbox))
        pairs = [(check.word(name, "items"), value) for name, value in check.pairs(self.items, "items")]
        items = {name: _status_value(name, value) for name, value in pairs}
        if len(items) != len(pairs):
            raise ValueError("items names one of them twice")
        self._set("items", MappingProxyType(items))

    def __hash__(self) -> int:
        return hash((self.mailbox, frozenset(self.items.items())))

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """As :meth:`Response.to_dict`."""
        result: dict[str, Any] = {"type": "MailboxStatus"}
        if self.defects:
            result["defects"] = list(self.defects)
        items = {to_builtin(item): to_builtin(value, secrets=secrets) for item, value in self.items.items()}
        return {**result, "mailbox": to_builtin(self.mailbox), "items": items}

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* STATUS ").mailbox(self.mailbox).sp().open()
        for index, (item, value) in enumerate(self.items.items()):
            if index:
                writer.sp()
            put_name(writer, item)  # an atom, but for what was read tolerantly
            if item == "MAILBOXID" and isinstance(value, str):
                put_name(writer.sp().open(), value)
                writer.close()
            else:
                write_tree(writer.sp(), value)
        writer.close()


@dataclass(frozen=True, slots=True, repr=False)
class UidBatches(Response):
    """UIDBATCHES (RFC 10022): the mailbox cut into batches, each ``(high, low)``, the newest first.

    ``tag`` is that of the command, ``None`` only where a server left it out; no batches: the mailbox is
    empty.
    """

    tag: str | None
    batches: tuple[tuple[int, int], ...] = ()

    def _check(self) -> None:
        self._set("tag", text(self.tag, "tag"))
        batches = [exact.pair(batch, "batches") for batch in exact.items(self.batches, "batches", "pairs")]
        self._set("batches", tuple([(_uid(high), _uid(low)) for high, low in batches]))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        correlators, batches = values
        known = dict(correlators or ())
        tag = known.get("TAG")
        more = () if isinstance(tag, bytes) and "*" not in str(batches or "") else ("bad-value",)
        text = tag.decode("utf-8", "surrogateescape") if isinstance(tag, bytes) else None
        ranges = () if batches is None or batches.has_star else batches.ranges
        return (("tag", text), ("batches", ranges)), more

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* UIDBATCHES")
        if self.tag is not None:
            writer.raw(b" (TAG ").string(to_octets(self.tag)).close()
        if self.batches:
            writer.sp().raw(",".join(f"{high}:{low}" for high, low in self.batches))


def _uid(value: object) -> int:
    return exact.integer(value, "batches", least=1)

"""FETCH and STORE (RFC 3501 sections 6.4.5 and 6.4.6)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.errors import MailprotoError
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command, Value
from mailproto.imap.commands_parameters import write_list

#: FETCH items without arguments; the last three are macros and stand alone.
FETCH_ITEMS: Final = frozenset(
    [
        "UID",
        "FLAGS",
        "INTERNALDATE",
        "RFC822",
        "RFC822.SIZE",
        "RFC822.HEADER",
        "RFC822.TEXT",
        "ENVELOPE",
        "BODY",
        "BODYSTRUCTURE",
        "MODSEQ",
        "PREVIEW",
        "PREVIEW (LAZY)",
        "SAVEDATE",
        "EMAILID",
        "THREADID",
        "OBJECTID",
        "X-GM-LABELS",
        "X-GM-MSGID",
        "X-GM-THRID",
    ]
)
FETCH_MACROS: Final = frozenset(("ALL", "FAST", "FULL"))
_SECTION_TEXTS: Final = frozenset(("HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"))
_OPERATIONS: Final = frozenset(("FLAGS", "+FLAGS", "-FLAGS", "X-GM-LABELS", "+X-GM-LABELS", "-X-GM-LABELS"))


@dataclass(frozen=True, slots=True, repr=False)
class Section(Value):
    """A FETCH item ``BODY[...]``: *part* ``(1, 2)`` is ``1.2``; *text* what of it; *fields* for
    HEADER.FIELDS[.NOT].

    *partial* is ``(first octet, how many)``; *peek* leaves ``\\Seen`` alone (RFC 3501 section 6.4.5).
    """

    part: tuple[int, ...] = ()
    text: str | None = None
    fields: tuple[str, ...] = ()
    partial: tuple[int, int] | None = None
    peek: bool = False

    def _check(self) -> None:
        self._set("part", check.part_numbers(self.part, "part"))
        if self.text is not None:
            self._set("text", check.one_of(self.text, _SECTION_TEXTS, "text"))
        fields = exact.items(self.fields, "fields")
        self._set("fields", tuple([check.text(field, "fields") for field in fields]))
        if bool(self.fields) != (self.text in ("HEADER.FIELDS", "HEADER.FIELDS.NOT")):
            raise ValueError("fields go with HEADER.FIELDS and HEADER.FIELDS.NOT, which need at least one")
        if self.text == "MIME" and not self.part:
            raise ValueError("MIME needs a part")
        if self.partial is not None:
            self._set("partial", check.octet_range(self.partial, "partial"))
        self._set("peek", exact.boolean(self.peek, "peek"))

    @property
    def response_name(self) -> str:
        """What the answer calls it: without PEEK, and of *partial* only the first octet, if there is one.

        ``Fetch(1, sections={section: text})`` takes the section itself for it.
        """
        writer = Writer(side="server")
        self._put(writer.raw(b"BODY["))
        return bytes(writer).decode("ascii") + _origin(self.partial)

    def _write(self, writer: Writer, utf8: bool) -> None:
        self._put(writer.raw(b"BODY.PEEK[" if self.peek else b"BODY["))
        if self.partial is not None:
            writer.raw(f"<{self.partial[0]}.{self.partial[1]}>")

    def _put(self, writer: Writer) -> None:
        writer.raw(".".join(map(str, self.part)))
        if self.text is not None:
            writer.raw(f".{self.text}" if self.part else self.text)
            if self.fields:
                writer.sp().list(self.fields, writer.astring)
        writer.raw(b"]")


def _origin(partial: tuple[int, int] | None) -> str:
    return "" if partial is None else f"<{partial[0]}>"


@dataclass(frozen=True, slots=True, repr=False)
class BinarySection(Value):
    """A FETCH item ``BINARY[...]``: a part, its transfer encoding undone (RFC 3516 section 4.2).

    *part* ``(1, 2)`` is ``1.2``, ``()`` the whole message; *partial* is ``(first octet, how many)``; *peek*
    leaves ``\\Seen`` alone.
    """

    part: tuple[int, ...] = ()
    partial: tuple[int, int] | None = None
    peek: bool = False

    def _check(self) -> None:
        self._set("part", check.part_numbers(self.part, "part"))
        if self.partial is not None:
            self._set("partial", check.octet_range(self.partial, "partial"))
        self._set("peek", exact.boolean(self.peek, "peek"))

    @property
    def response_name(self) -> str:
        """As that of :class:`Section`."""
        return f"BINARY[{'.'.join(map(str, self.part))}]" + _origin(self.partial)

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(b"BINARY.PEEK[" if self.peek else b"BINARY[").raw(".".join(map(str, self.part)) + "]")
        if self.partial is not None:
            writer.raw(f"<{self.partial[0]}.{self.partial[1]}>")


@dataclass(frozen=True, slots=True, repr=False)
class BinarySize(Value):
    """A FETCH item ``BINARY.SIZE[...]``: how many octets ``BINARY[...]`` has (RFC 3516 section 4.3)."""

    part: tuple[int, ...] = ()

    def _check(self) -> None:
        self._set("part", check.part_numbers(self.part, "part"))

    @property
    def response_name(self) -> str:
        """As that of :class:`Section`, among the other items of a row."""
        return f"BINARY.SIZE[{'.'.join(map(str, self.part))}]"

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(self.response_name)


#: What can be fetched: a word (:data:`FETCH_ITEMS`), or a section.
FetchItem = str | Section | BinarySection | BinarySize


def fetch_items(
    values: FetchItem | Iterable[FetchItem], what: str, *, macros: bool = True
) -> tuple[FetchItem, ...]:
    """One item or several as a tuple; *macros* may stand alone."""
    if isinstance(values, (str, Section, BinarySection, BinarySize)):
        values = (values,)
    known = FETCH_ITEMS | FETCH_MACROS if macros else FETCH_ITEMS
    kept = tuple(
        item if isinstance(item, (Section, BinarySection, BinarySize)) else _named(item, known, what)
        for item in exact.items(values, what, "str and sections")
    )
    if len(kept) > 1 and not FETCH_MACROS.isdisjoint(item for item in kept if isinstance(item, str)):
        raise ValueError("ALL, FAST and FULL stand alone")
    return kept


def _named(item: object, known: frozenset[str], what: str) -> FetchItem:
    """A word; or a section as it is written, ``"BODY.PEEK[TEXT]"``, read by the grammar that servers use."""
    text = exact.text(item, what)
    if "[" in text and text.isascii():
        # Imported here: the reader of commands builds the classes of this module.
        from mailproto.imap.command_reader import parse_command  # noqa: PLC0415

        with contextlib.suppress(MailprotoError):
            read = parse_command(f"a FETCH 1 {text}\r\n".encode(), strict=True)
            section = read.items[0] if isinstance(read, Fetch) else ""
            if not isinstance(section, str) and read == Fetch(1, section, tag="a"):
                return section
    return check.one_of(text, known, what, ", or a section, such as BODY[TEXT] or commands.Section()")


def write_items(writer: Writer, items: tuple[FetchItem, ...]) -> None:
    """The items in parentheses."""
    write_list(writer, items)


@dataclass(frozen=True, slots=True, repr=False)
class Fetch(Command):
    """FETCH (RFC 3501 section 6.4.5); *changed_since* and *vanished* are RFC 7162's.

    *items*: one item or an iterable of items, words (``"FLAGS"``), :class:`Section`, :class:`BinarySection`
    or :class:`BinarySize`, these also as they are written (``"BODY.PEEK[TEXT]"``); ALL, FAST, FULL stand
    alone. *partial*: which of the results, ``(1, 10)``, or from the end ``(-1, -10)`` (RFC 9394).
    """

    name: ClassVar[str] = "FETCH"

    sequence_set: SequenceSet
    items: tuple[FetchItem, ...]
    uid: bool = False
    changed_since: int | None = None
    vanished: bool = False
    partial: tuple[int, int] | None = None

    def __init__(  # noqa: PLR0917 (the fields, in the order of the wire)
        self,
        sequence_set: check.SetLike,
        items: FetchItem | Iterable[FetchItem],
        uid: bool = False,
        changed_since: int | None = None,
        vanished: bool = False,
        partial: tuple[int, int] | None = None,
        *,
        tag: str | None = None,
    ) -> None:
        if changed_since is not None:
            changed_since = exact.integer(changed_since, "changed_since", least=1, most=exact.MAX_NUMBER64)
        self._keep(
            tag=tag,
            sequence_set=check.sequence_set(sequence_set, "sequence_set"),
            items=fetch_items(items, "items"),
            uid=exact.boolean(uid, "uid"),
            changed_since=changed_since,
            vanished=exact.boolean(vanished, "vanished"),
            partial=None if partial is None else check.result_range(partial, "partial"),
        )

    def _check(self) -> None:
        if not self.items:
            raise ValueError("items must not be empty")
        if self.vanished and (not self.uid or self.changed_since is None):
            raise ValueError("vanished goes with UID FETCH and changed_since")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().sequence_set(self.sequence_set).sp()
        if len(self.items) == 1:
            item = self.items[0]
            writer.raw(item) if isinstance(item, str) else item._write(writer, utf8)
        else:
            write_items(writer, self.items)
        if self.changed_since is not None or self.partial is not None:
            modifiers = []
            if self.changed_since is not None:
                modifiers.append(f"CHANGEDSINCE {self.changed_since}")
            if self.vanished:
                modifiers.append("VANISHED")
            if self.partial is not None:
                modifiers.append(f"PARTIAL {self.partial[0]}:{self.partial[1]}")
            writer.sp().list(modifiers, writer.raw)


@dataclass(frozen=True, slots=True, repr=False)
class Store(Command):
    """STORE (RFC 3501 section 6.4.6): *operation* is ``FLAGS``, ``+FLAGS`` or ``-FLAGS``.

    *silent* adds ``.SILENT``; *unchanged_since* is RFC 7162's, where 0 is legal. ``X-GM-LABELS``,
    ``+X-GM-LABELS`` and ``-X-GM-LABELS`` store *labels* at Gmail, mailbox names or system labels
    (``"\\\\Inbox"``), and no flags.
    """

    name: ClassVar[str] = "STORE"

    sequence_set: SequenceSet
    operation: str
    flags: tuple[str, ...] = ()
    silent: bool = False
    uid: bool = False
    unchanged_since: int | None = None
    labels: tuple[MailboxName, ...] = ()

    def __init__(  # noqa: PLR0917 (the fields, in the order of the wire)
        self,
        sequence_set: check.SetLike,
        operation: str,
        flags: Iterable[str] = (),
        silent: bool = False,
        uid: bool = False,
        unchanged_since: int | None = None,
        labels: Iterable[str] = (),
        *,
        tag: str | None = None,
    ) -> None:
        if unchanged_since is not None:
            unchanged_since = exact.integer(unchanged_since, "unchanged_since", most=exact.MAX_NUMBER64)
        self._keep(
            tag=tag,
            sequence_set=check.sequence_set(sequence_set, "sequence_set"),
            operation=check.one_of(operation, _OPERATIONS, "operation"),
            flags=check.flags(flags),
            silent=exact.boolean(silent, "silent"),
            uid=exact.boolean(uid, "uid"),
            unchanged_since=unchanged_since,
            labels=tuple([check.mailbox(label, "labels") for label in exact.items(labels, "labels")]),
        )

    def _check(self) -> None:
        if self.labels if self.operation.endswith("FLAGS") else self.flags:
            raise ValueError("flags go with FLAGS, labels with X-GM-LABELS")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().sequence_set(self.sequence_set).sp()
        if self.unchanged_since is not None:
            writer.raw(f"(UNCHANGEDSINCE {self.unchanged_since}) ")
        writer.raw(self.operation)
        if self.silent:
            writer.raw(b".SILENT")
        if self.operation.endswith("FLAGS"):
            writer.sp().list(self.flags, writer.raw)
        else:
            writer.sp().list(self.labels, writer.mailbox)

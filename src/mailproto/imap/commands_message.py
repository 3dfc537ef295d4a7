"""Commands about the messages of the selected mailbox (RFC 3501 section 6.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap import search
from mailproto.imap.commands_base import Command, Value

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
    ]
)
FETCH_MACROS: Final = frozenset(("ALL", "FAST", "FULL"))
_SECTION_TEXTS: Final = frozenset(("HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"))
_OPERATIONS: Final = frozenset(("FLAGS", "+FLAGS", "-FLAGS"))


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
        self._set("uid", check.boolean(uid, "uid"))
        if (sequence_set is not None) != uid:
            raise ValueError("UID EXPUNGE takes a sequence_set, EXPUNGE takes none")
        self._set(
            "sequence_set", None if sequence_set is None else check.sequence_set(sequence_set, "sequence_set")
        )
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        if self.sequence_set is not None:
            writer.sp().sequence_set(self.sequence_set)


@dataclass(frozen=True, slots=True, repr=False)
class Search(Command):
    """SEARCH (RFC 3501 section 6.4.4) with the return options of RFC 4731.

    *criteria* is a search key or an iterable of keys that must all match, and is kept as :class:`search.And`.
    *charset* is that of the keys' strings; where none is given and a string is not ASCII it becomes UTF-8.
    *return_options*: ``None`` for a plain SEARCH, else words such as ``"MIN"``; ``()`` is ``RETURN ()``.
    """

    name: ClassVar[str] = "SEARCH"

    criteria: search.And
    charset: str | None = None
    uid: bool = False
    return_options: tuple[str, ...] | None = None

    def __init__(
        self,
        criteria: search.SearchKey | Iterable[search.SearchKey],
        charset: str | None = None,
        uid: bool = False,
        return_options: Iterable[str] | None = None,
        *,
        tag: str | None = None,
    ) -> None:
        if not isinstance(criteria, search.And):
            criteria = search.And((criteria,) if isinstance(criteria, search.SearchKey) else criteria)
        if charset is not None:
            check.text(charset, "charset")
        elif any(
            isinstance(key, (search.Text, search.Header)) and not key.value.isascii()
            for key in criteria.walk()
        ):
            charset = "UTF-8"
        self._set("criteria", criteria)
        self._set("charset", charset)
        self._set("uid", check.boolean(uid, "uid"))
        self._set(
            "return_options",
            None if return_options is None else check.words(return_options, "return_options"),
        )
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        if self.return_options is not None:
            writer.raw(b" RETURN ").list(self.return_options, writer.raw)
        # RFC 6855 section 3: a session that has enabled UTF8=ACCEPT must not name a charset.
        if self.charset is not None and not (utf8 and self.charset.upper() == "UTF-8"):
            writer.raw(b" CHARSET ").astring(self.charset)
        writer.sp()
        search.write_keys(writer, self.criteria)


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
        if isinstance(self.part, (str, bytes)) or not isinstance(self.part, Iterable):
            raise TypeError("part must be an iterable of int")
        self._set("part", tuple(check.number(n, "part", least=1) for n in self.part))
        if self.text is not None:
            self._set("text", check.one_of(self.text, _SECTION_TEXTS, "text"))
        if isinstance(self.fields, (str, bytes)) or not isinstance(self.fields, Iterable):
            raise TypeError("fields must be an iterable of str")
        self._set("fields", tuple(check.text(field, "fields") for field in self.fields))
        if bool(self.fields) != (self.text in ("HEADER.FIELDS", "HEADER.FIELDS.NOT")):
            raise ValueError("fields go with HEADER.FIELDS and HEADER.FIELDS.NOT, which need at least one")
        if self.text == "MIME" and not self.part:
            raise ValueError("MIME needs a part")
        if self.partial is not None:
            if not isinstance(self.partial, tuple) or len(self.partial) != 2:
                raise TypeError("partial must be a pair of int")
            check.number(self.partial[0], "partial")
            check.number(self.partial[1], "partial", least=1)
        check.boolean(self.peek, "peek")

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(b"BODY.PEEK[" if self.peek else b"BODY[")
        writer.raw(".".join(map(str, self.part)))
        if self.text is not None:
            writer.raw(f".{self.text}" if self.part else self.text)
            if self.fields:
                writer.sp().list(self.fields, writer.astring)
        writer.raw(b"]")
        if self.partial is not None:
            writer.raw(f"<{self.partial[0]}.{self.partial[1]}>")


FetchItem = str | Section


@dataclass(frozen=True, slots=True, repr=False)
class Fetch(Command):
    """FETCH (RFC 3501 section 6.4.5); *changed_since* and *vanished* are RFC 7162's.

    *items*: one item or an iterable of items, words (``"FLAGS"``) or :class:`Section`; ALL, FAST, FULL stand
    alone.
    """

    name: ClassVar[str] = "FETCH"

    sequence_set: SequenceSet
    items: tuple[FetchItem, ...]
    uid: bool = False
    changed_since: int | None = None
    vanished: bool = False

    def __init__(
        self,
        sequence_set: check.SetLike,
        items: FetchItem | Iterable[FetchItem],
        uid: bool = False,
        changed_since: int | None = None,
        vanished: bool = False,
        *,
        tag: str | None = None,
    ) -> None:
        self._set("sequence_set", check.sequence_set(sequence_set, "sequence_set"))
        if isinstance(items, (str, Section)):
            items = (items,)
        elif isinstance(items, bytes) or not isinstance(items, Iterable):
            raise TypeError("items must be str, Section or an iterable of them")
        kept = tuple(
            item if isinstance(item, Section) else check.one_of(item, FETCH_ITEMS | FETCH_MACROS, "items")
            for item in items
        )
        if not kept:
            raise ValueError("items must not be empty")
        if len(kept) > 1 and not FETCH_MACROS.isdisjoint(item for item in kept if isinstance(item, str)):
            raise ValueError("ALL, FAST and FULL stand alone")
        self._set("items", kept)
        self._set("uid", check.boolean(uid, "uid"))
        if changed_since is not None:
            check.number(changed_since, "changed_since", least=1, most=check.MAX_MODSEQ)
        self._set("changed_since", changed_since)
        self._set("vanished", check.boolean(vanished, "vanished"))
        if vanished and (not uid or changed_since is None):
            raise ValueError("vanished goes with UID FETCH and changed_since")
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().sequence_set(self.sequence_set).sp()

        def item(value: FetchItem) -> None:
            if isinstance(value, Section):
                value._write(writer, utf8)
            else:
                writer.raw(value)

        if len(self.items) == 1:
            item(self.items[0])
        else:
            writer.list(self.items, item)
        if self.changed_since is not None:
            writer.raw(f" (CHANGEDSINCE {self.changed_since}{' VANISHED' if self.vanished else ''})")


@dataclass(frozen=True, slots=True, repr=False)
class Store(Command):
    """STORE (RFC 3501 section 6.4.6): *operation* is ``FLAGS``, ``+FLAGS`` or ``-FLAGS``.

    *silent* adds ``.SILENT``; *unchanged_since* is RFC 7162's, where 0 is legal.
    """

    name: ClassVar[str] = "STORE"

    sequence_set: SequenceSet
    operation: str
    flags: tuple[str, ...]
    silent: bool = False
    uid: bool = False
    unchanged_since: int | None = None

    def __init__(  # noqa: PLR0917 (the fields, in the order of the wire)
        self,
        sequence_set: check.SetLike,
        operation: str,
        flags: Iterable[str],
        silent: bool = False,
        uid: bool = False,
        unchanged_since: int | None = None,
        *,
        tag: str | None = None,
    ) -> None:
        self._set("sequence_set", check.sequence_set(sequence_set, "sequence_set"))
        self._set("operation", check.one_of(operation, _OPERATIONS, "operation"))
        self._set("flags", check.flags(flags))
        self._set("silent", check.boolean(silent, "silent"))
        self._set("uid", check.boolean(uid, "uid"))
        if unchanged_since is not None:
            check.number(unchanged_since, "unchanged_since", most=check.MAX_MODSEQ)
        self._set("unchanged_since", unchanged_since)
        self._set("tag", tag)
        Command.__post_init__(self)

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().sequence_set(self.sequence_set).sp()
        if self.unchanged_since is not None:
            writer.raw(f"(UNCHANGEDSINCE {self.unchanged_since}) ")
        writer.raw(self.operation)
        if self.silent:
            writer.raw(b".SILENT")
        writer.sp().list(self.flags, writer.raw)


@dataclass(frozen=True, slots=True, repr=False)
class _ToMailbox(Command):
    """COPY and MOVE: messages and where they go."""

    sequence_set: SequenceSet
    mailbox: MailboxName
    uid: bool = False

    def __init__(
        self, sequence_set: check.SetLike, mailbox: str, uid: bool = False, *, tag: str | None = None
    ) -> None:
        self._set("sequence_set", check.sequence_set(sequence_set, "sequence_set"))
        self._set("mailbox", check.mailbox(mailbox, "mailbox"))
        self._set("uid", check.boolean(uid, "uid"))
        self._set("tag", tag)
        Command.__post_init__(self)

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

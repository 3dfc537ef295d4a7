"""Every response as a typed value: what a client reads and what a server builds and sends.

``bytes(value)`` is the wire form and ``value.encode(utf8=...)`` the same as a list of fragments, in which
long literals are passed through uncopied. ``parse_response(bytes(value)) == value``. Equality and hash ignore
``defects`` and ``raw``. What comes by the thousand (:class:`Fetch`, :class:`MailboxList` and what they hold)
is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from mailproto._core.body_structure import BodyStructure
from mailproto._core.envelope import Address, Envelope
from mailproto._core.fetch import Fetch
from mailproto._core.flags import canonical_flag
from mailproto._core.listing import MailboxList
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.codes import (
    AppendUid,
    CopyUid,
    InProgress,
    MessageLimit,
    MetadataRefused,
    ResponseCode,
    UrlMechanism,
)
from mailproto.imap.commands_base import LiteralMode, Value, to_builtin
from mailproto.imap.values import (
    NamespaceEntry,
    Tree,
    to_octets,
    write_flag,
    write_tree,
)

__all__ = [
    "Address",
    "AppendUid",
    "BodyStructure",
    "Capability",
    "Continuation",
    "CopyUid",
    "ESearch",
    "Enabled",
    "Envelope",
    "Exists",
    "Expunge",
    "Fetch",
    "Id",
    "InProgress",
    "MailboxFlags",
    "MailboxList",
    "MailboxStatus",
    "MessageLimit",
    "MetadataRefused",
    "Namespace",
    "NamespaceEntry",
    "Recent",
    "Response",
    "ResponseCode",
    "SearchResult",
    "StatusResponse",
    "UnknownResponse",
    "UrlMechanism",
    "Vanished",
]

_STATUSES: Final = ("OK", "NO", "BAD", "PREAUTH", "BYE")


@dataclass(frozen=True, slots=True, repr=False)
class Response(Value):
    """Base class of the responses that come by the dozen.

    ``defects`` names what was wrong with the bytes and read all the same; ``raw`` holds those bytes then.
    """

    defects: tuple[str, ...] = field(default=(), compare=False, kw_only=True)
    raw: bytes | None = field(default=None, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        self._check()

    def _fields(self) -> list[tuple[str, Any]]:
        return [(n, v) for n, v in Value._fields(self) if n != "raw" and not (n == "defects" and not v)]

    def _put(self, writer: Writer) -> None:
        raise NotImplementedError

    def encode(self, utf8: bool = False, literals: LiteralMode = "sync") -> list[bytes]:  # type: ignore[override]
        """The wire form as fragments to send in order; *utf8* where UTF8=ACCEPT or IMAP4rev2 is enabled.

        A server's literals never wait, so *literals* changes nothing. Raises ValueError for what cannot be
        sent.
        """
        writer = Writer(utf8=utf8, side="server")
        self._put(writer)
        return writer.crlf().finish()  # type: ignore[return-value]

    def __bytes__(self) -> bytes:
        return b"".join(self.encode())

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """JSON-able builtins, with the class's name as ``type``."""
        return {"type": type(self).__name__, **Value.to_dict(self, secrets=secrets)}


def _uint32(value: object, what: str, least: int = 0) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be an int")
    if not least <= value < 1 << 32:
        raise ValueError(f"{what} must be from {least} to 4294967295")


@dataclass(frozen=True, slots=True, repr=False)
class StatusResponse(Response):
    """OK, NO, BAD, PREAUTH or BYE (RFC 9051 section 7.1). ``tag`` is ``None`` for an untagged one."""

    tag: str | None
    status: str
    code: ResponseCode | None = None
    text: str = ""

    def _check(self) -> None:
        if self.status not in _STATUSES:
            raise ValueError(f"status must be one of {', '.join(_STATUSES)}")
        if self.tag is not None and self.status in ("PREAUTH", "BYE"):
            raise ValueError(f"{self.status} is never tagged")
        if self.code is None and self.text.startswith("[") and "]" in self.text:
            raise ValueError("the text would be read as a response code")

    def _put(self, writer: Writer) -> None:
        if self.tag is None:
            writer.raw(b"* ")
        else:
            writer.raw(check.tag(self.tag)).sp()  # a tag may hold what an atom may not: `]`
        writer.raw(self.status).sp()
        if self.code is not None:
            self.code._put(writer)
            writer.sp()
        writer.text(to_octets(self.text))


@dataclass(frozen=True, slots=True, repr=False)
class Continuation(Response):
    """``+``: the server waits for a literal, a SASL response or the end of IDLE. ``text`` may be base64."""

    text: str = ""
    code: ResponseCode | None = None

    def _check(self) -> None:
        if self.code is None and self.text.startswith("[") and "]" in self.text:
            raise ValueError("the text would be read as a response code")

    def _put(self, writer: Writer) -> None:
        writer.raw(b"+ ")
        if self.code is not None:
            self.code._put(writer)
            writer.sp()
        writer.text(to_octets(self.text))


@dataclass(frozen=True, slots=True, repr=False)
class Capability(Response):
    """CAPABILITY (RFC 9051 section 7.2.2): names as the server wrote them."""

    capabilities: tuple[str, ...]

    def _check(self) -> None:
        self._set("capabilities", tuple(self.capabilities))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* CAPABILITY")
        for name in self.capabilities:
            write_flag(writer.sp(), name)


@dataclass(frozen=True, slots=True, repr=False)
class Enabled(Response):
    """ENABLED (RFC 5161 section 3.2)."""

    capabilities: tuple[str, ...] = ()

    def _check(self) -> None:
        self._set("capabilities", tuple(self.capabilities))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ENABLED")
        for name in self.capabilities:
            write_flag(writer.sp(), name)


@dataclass(frozen=True, slots=True, repr=False)
class Exists(Response):
    """EXISTS: how many messages the mailbox holds."""

    count: int

    def _check(self) -> None:
        _uint32(self.count, "count")

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ").number(self.count).raw(b" EXISTS")


@dataclass(frozen=True, slots=True, repr=False)
class Recent(Response):
    r"""RECENT (RFC 3501 section 7.3.2): how many messages have ``\Recent``."""

    count: int

    def _check(self) -> None:
        _uint32(self.count, "count")

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ").number(self.count).raw(b" RECENT")


@dataclass(frozen=True, slots=True, repr=False)
class Expunge(Response):
    """EXPUNGE: the message with this sequence number is gone; those behind it move down by one."""

    seq: int

    def _check(self) -> None:
        _uint32(self.seq, "seq", 1)

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ").number(self.seq).raw(b" EXPUNGE")


@dataclass(frozen=True, slots=True, repr=False)
class Vanished(Response):
    """VANISHED (RFC 7162 section 3.2.10): these UIDs are gone; ``earlier``: before this session saw them."""

    uids: SequenceSet
    earlier: bool = False

    def _check(self) -> None:
        if not isinstance(self.uids, SequenceSet):
            self._set("uids", SequenceSet(self.uids))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* VANISHED (EARLIER) " if self.earlier else b"* VANISHED ").sequence_set(self.uids)


@dataclass(frozen=True, slots=True, repr=False)
class MailboxFlags(Response):
    """FLAGS (RFC 9051 section 7.3.5): system flags in canonical case."""

    flags: tuple[str, ...]

    def _check(self) -> None:
        self._set("flags", tuple(canonical_flag(flag) for flag in self.flags))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* FLAGS ").list(self.flags, lambda flag: write_flag(writer, flag))


@dataclass(frozen=True, slots=True, repr=False)
class MailboxStatus(Response):
    """STATUS (RFC 9051 section 7.3.4): ``items`` maps names in upper case to numbers, or trees."""

    mailbox: MailboxName
    items: Mapping[str, Tree]

    def _check(self) -> None:
        if not isinstance(self.mailbox, MailboxName):
            self._set("mailbox", MailboxName(self.mailbox))
        self._set("items", MappingProxyType({name.upper(): value for name, value in self.items.items()}))

    def __hash__(self) -> int:
        return hash((self.mailbox, frozenset(self.items.items())))

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """As :meth:`Response.to_dict`."""
        result: dict[str, Any] = {"type": "MailboxStatus"}
        if self.defects:
            result["defects"] = list(self.defects)
        items = {to_builtin(name): to_builtin(value, secrets=secrets) for name, value in self.items.items()}
        return {**result, "mailbox": to_builtin(self.mailbox), "items": items}

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* STATUS ").mailbox(self.mailbox).sp().open()
        for index, (name, value) in enumerate(self.items.items()):
            if index:
                writer.sp()
            write_flag(writer, name)
            write_tree(writer.sp(), value)
        writer.close()


@dataclass(frozen=True, slots=True, repr=False)
class SearchResult(Response):
    """SEARCH (RFC 3501 section 7.2.5); ``modseq`` with CONDSTORE (RFC 7162 section 3.1.5).

    ``numbers`` is a :class:`SequenceSet` in the server's order; it is never expanded but by iteration.
    """

    numbers: SequenceSet = field(default_factory=SequenceSet)
    modseq: int | None = None

    def _check(self) -> None:
        # one canonical form, so that equality does not depend on how the set was built
        self._set(
            "numbers",
            SequenceSet(self.numbers.to_list() if isinstance(self.numbers, SequenceSet) else self.numbers),
        )

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* SEARCH")
        if self.numbers:
            writer.raw(b" ").raw(" ".join(map(str, self.numbers)))
        if self.modseq is not None:
            writer.raw(b" (MODSEQ ").number(self.modseq).close()


@dataclass(frozen=True, slots=True, repr=False)
class ESearch(Response):
    """ESEARCH (RFC 9051 section 7.3.4): the answer to a SEARCH with return options, of the command ``tag``.

    ``others`` keeps what has no field of its own as pairs of name and tree; what stood beside the tag (RFC
    7377) comes first, under the name ``""``.
    """

    tag: str | None = None
    uid: bool = False
    all: SequenceSet | None = None
    min: int | None = None
    max: int | None = None
    count: int | None = None
    modseq: int | None = None
    partial: tuple[str, SequenceSet | None] | None = None
    others: tuple[tuple[str, Tree], ...] = ()

    def _check(self) -> None:
        if self.all is not None and not isinstance(self.all, SequenceSet):
            self._set("all", SequenceSet(self.all))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ESEARCH")
        others = self.others
        if self.tag is not None:
            writer.raw(b" (TAG ").string(to_octets(self.tag))
            if others and others[0][0] == "" and isinstance(beside := others[0][1], tuple):
                for item in beside:
                    write_tree(writer.sp(), item)
                others = others[1:]
            writer.close()
        if self.uid:
            writer.raw(b" UID")
        for name in ("min", "max", "count", "modseq"):
            if (value := getattr(self, name)) is not None:
                writer.sp().raw(name.upper()).sp().number(value)
        if self.all is not None:
            writer.raw(b" ALL ").sequence_set(self.all)
        if self.partial is not None:
            span, numbers = self.partial
            write_flag(writer.raw(b" PARTIAL ("), span)
            writer.sp()
            if numbers:
                writer.sequence_set(numbers)
            else:
                writer.nil()
            writer.close()
        for label, tree in others:
            write_flag(writer.sp(), label)
            write_tree(writer.sp(), tree)


@dataclass(frozen=True, slots=True, repr=False)
class Namespace(Response):
    """NAMESPACE (RFC 2342): each kind a tuple of :class:`NamespaceEntry`, or ``None``.

    When building one, ``(prefix, delimiter)`` will do for an entry.
    """

    personal: tuple[NamespaceEntry, ...] | None
    other: tuple[NamespaceEntry, ...] | None
    shared: tuple[NamespaceEntry, ...] | None

    def _check(self) -> None:
        for name in ("personal", "other", "shared"):
            if (entries := getattr(self, name)) is not None:
                self._set(
                    name, tuple(e if isinstance(e, NamespaceEntry) else NamespaceEntry(*e) for e in entries)
                )

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* NAMESPACE")
        for entries in (self.personal, self.other, self.shared):
            writer.sp()
            if not entries:
                writer.nil()
                continue
            writer.open()
            for entry in entries:
                entry._put(writer)
            writer.close()


@dataclass(frozen=True, slots=True, repr=False)
class Id(Response):
    """ID (RFC 2971): pairs of name and value as ``bytes``, in the server's order; ``None`` for ``NIL``."""

    parameters: tuple[tuple[bytes, bytes | None], ...] | None = None

    def _check(self) -> None:
        if self.parameters is not None:
            pairs = self.parameters.items() if isinstance(self.parameters, Mapping) else self.parameters
            self._set(
                "parameters", tuple((_octets(name), None if v is None else _octets(v)) for name, v in pairs)
            )

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ID ")
        if self.parameters is None:
            writer.nil()
            return
        writer.open()
        for index, (name, value) in enumerate(self.parameters):
            if index:
                writer.sp()
            writer.string(name).sp().nstring(value)
        writer.close()


def _octets(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


@dataclass(frozen=True, slots=True, repr=False)
class UnknownResponse(Response):
    """Any other untagged response.

    ``name`` is in upper case, ``number`` came before it if any did, ``values`` are the rest as generic trees.
    """

    name: str
    number: int | None = None
    values: tuple[Tree, ...] = ()

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ")
        if self.number is not None:
            writer.number(self.number).sp()
        write_flag(writer, self.name)
        for value in self.values:
            write_tree(writer.sp(), value)

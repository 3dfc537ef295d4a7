"""What every response shares: the wire form, the dictionary form, the checks of what Python code gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.trees import check_tree
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import LiteralMode, Value
from mailproto.imap.values import Tree, to_octets

#: What no text up to the end of a line can hold.
NOT_IN_TEXT: Final = frozenset("\r\n\0")

#: What a reader gives a class: its fields by name, and the defects that only the class can see.
Wire = tuple[tuple[tuple[str, Any], ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True, repr=False)
class Response(Value):
    """Base class of the responses that come by the dozen.

    ``defects`` names what was wrong with the bytes and read all the same; ``raw`` holds those bytes then.
    """

    defects: tuple[str, ...] = field(default=(), compare=False, kw_only=True)
    raw: bytes | None = field(default=None, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        self._set("defects", texts(self.defects, "defects"))
        if self.raw is not None:
            self._set("raw", exact.octets(self.raw, "raw"))
        self._check()

    def _fields(self) -> list[tuple[str, Any]]:
        return [(n, v) for n, v in Value._fields(self) if n != "raw" and not (n == "defects" and not v)]

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        """The fields from what the reader found, see csrc/include/mailproto/imap_data.h.

        *form* counts the forms that the response has on the wire. What is read is built without ``__init__``.
        """
        return tuple(zip(cls.__match_args__, values, strict=True)), ()

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


def octets(value: object, what: str) -> bytes:
    """The octets of a string: a server may send any, NUL too."""
    return exact.string(value, what, errors="surrogateescape")


def several_octets(values: object, what: str) -> tuple[bytes, ...]:
    """Several strings."""
    return tuple([octets(value, what) for value in exact.items(values, what, "bytes")])


def text(value: object, what: str) -> str:
    """A name that a server sends as a string: any ``str`` that has octets."""
    kept = exact.text(value, what)
    kept.encode("utf-8", "surrogateescape")
    return kept


def texts(values: object, what: str, *, least: int = 0) -> tuple[str, ...]:
    """Several names."""
    made = tuple([text(value, what) for value in exact.items(values, what)])
    if len(made) < least:
        raise ValueError(f"{what} must not be empty")
    return made


def line(value: object, what: str) -> str:
    """Free text up to the end of a line."""
    kept = text(value, what)
    if not NOT_IN_TEXT.isdisjoint(kept):
        raise ValueError(f"{what} must not hold CR, LF or NUL")
    return kept


def mailbox(value: object) -> MailboxName:
    """A mailbox name as it is kept. CR and LF have a form on the wire, but no octet of a string is NUL."""
    if not isinstance(value, str):
        raise TypeError("mailbox must be a str")
    name = value if type(value) is MailboxName else MailboxName(value)
    if "\0" in name or b"\0" in name.wire:
        raise ValueError("mailbox must not hold NUL")
    return name


def found(value: object, what: str) -> SequenceSet:
    """A sequence-set that a server names messages with: numbers, neither ``*`` nor ``$``."""
    made = value if isinstance(value, SequenceSet) else SequenceSet(value)  # type: ignore[arg-type]
    if not made or made.saved or made.has_star:
        raise ValueError(f"{what} must be numbers, and at least one")
    return made


def tree(value: object, what: str) -> Tree:
    """A generic tree, its tuples, strings and numbers as exact builtins."""
    return check_tree(value, what)  # type: ignore[no-any-return]


def labelled(values: object, what: str, label: Callable[[object, str], str]) -> tuple[tuple[str, Tree], ...]:
    """Pairs of a name, which *label* checks, and a tree."""
    return tuple([(label(name, what), tree(value, what)) for name, value in check.pairs(values, what)])


def repeated(keys: Iterable[object]) -> tuple[str, ...]:
    """The defect of a name that comes twice, if one does."""
    seen = list(keys)
    return ("repeated-item",) if len(set(seen)) != len(seen) else ()


def put_name(writer: Writer, value: str) -> None:
    """Write a name, as an atom if it can be one."""
    writer.astring(to_octets(value))

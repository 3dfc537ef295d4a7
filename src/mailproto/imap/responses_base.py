"""What every response shares: the wire form, the dictionary form, the checks of what Python code gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap.commands_base import LiteralMode, Value

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


def uint32(value: object, what: str, least: int = 0) -> None:
    """Check a number of 32 bits."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be an int")
    if not least <= value < 1 << 32:
        raise ValueError(f"{what} must be from {least} to 4294967295")


def number64(value: object, what: str) -> None:
    """Check a number of 63 bits."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be an int")
    if not 0 <= value < 1 << 63:
        raise ValueError(f"{what} must be from 0 to 9223372036854775807")


def octets(value: object, what: str) -> bytes:
    """The octets of a string: a server may send any, NUL too."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"{what} must be bytes or str")


def text(value: object, what: str) -> str:
    """A name that a server sends as a string: any ``str`` that has octets."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str")
    value.encode("utf-8", "surrogateescape")
    return value


def texts(values: object, what: str) -> tuple[str, ...]:
    """Several names."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must be an iterable of str")
    return tuple(text(value, what) for value in values)


def mailbox(value: str) -> MailboxName:
    """A mailbox name as it is kept."""
    return value if isinstance(value, MailboxName) else MailboxName(value)


def found(value: object, what: str) -> SequenceSet:
    """A sequence-set in what a search found: with numbers, and without ``$``."""
    result = value if isinstance(value, SequenceSet) else SequenceSet(value)  # type: ignore[arg-type]
    if not result or result.saved:
        raise ValueError(f"{what} must hold numbers")
    return result


def repeated(keys: Iterable[object]) -> tuple[str, ...]:
    """The defect of a name that comes twice, if one does."""
    seen = list(keys)
    return ("repeated-item",) if len(set(seen)) != len(seen) else ()


def put_name(writer: Writer, value: str) -> None:
    """Write a name, as an atom if it can be one."""
    writer.astring(value.encode("utf-8", "surrogateescape"))

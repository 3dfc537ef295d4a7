"""What every command shares: the tag, the wire form, the dictionary form."""

from __future__ import annotations

import base64
import dataclasses
import datetime
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.trees import cut_repr, short_repr
from mailproto._core.write import SyncPoint, Writer
from mailproto.errors import ParseError
from mailproto.imap import _arguments as check
from mailproto.streamed import Streamed

LiteralMode = Literal["sync", "plus", "minus"]

#: What stands for a secret wherever a value is shown.
HIDDEN = "***"


class Value:
    """The parts that commands share with the smaller values inside them."""

    __slots__ = ()

    #: Fields that ``repr`` and ``to_dict`` hide.
    _secret: ClassVar[frozenset[str]] = frozenset()

    @property
    def defects(self) -> tuple[str, ...]:
        """Named defects: what was not to the letter of the grammar and read all the same."""
        return ()

    def _hidden(self) -> frozenset[str]:
        """The fields of this very value that ``repr`` and ``to_dict`` hide."""
        return self._secret

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        """Check and normalise each field. Overridden by every class that has fields."""

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _keep(self, **fields: object) -> None:
        """What an ``__init__`` that takes more kinds of objects than are kept ends with: sets every field."""
        for name, value in fields.items():
            self._set(name, value)
        self.__post_init__()

    def _fields(self) -> list[tuple[str, Any]]:
        return [(f.name, getattr(self, f.name)) for f in dataclasses.fields(self)]  # type: ignore[arg-type]

    def __repr__(self) -> str:
        secret = self._hidden()
        shown = ", ".join(
            f"{name}={HIDDEN if name in secret and value is not None else short_repr(value)}"
            for name, value in self._fields()
            if not (name == "tag" and value is None)
        )
        return cut_repr(f"{type(self).__name__}({shown})")

    def __copy__(self) -> Self:
        """The value itself: it never changes."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """The value itself: it never changes."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle: the class and its fields, read-only mappings as dictionaries."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}  # type: ignore[arg-type]
        plain = {n: dict(v) if isinstance(v, MappingProxyType) else v for n, v in fields.items()}
        return _restored, (type(self), plain)

    def _write(self, writer: Writer, utf8: bool) -> None:
        """Put the value's wire form into *writer*; *utf8* is the session's mode."""
        raise TypeError(f"{type(self).__name__} has no wire form")

    def encode(self, utf8: bool = False, literals: LiteralMode = "sync") -> list[bytes | SyncPoint]:
        """The wire form as fragments to send one after the other.

        *literals* says how literals go out: ``"sync"``, each behind a :data:`~mailproto._core.write.SYNC`
        that stands in the list where the server's ``+`` must come first; ``"plus"`` (LITERAL+), none waits;
        ``"minus"`` (LITERAL-), only those above 4096 octets wait. *utf8*: the session has enabled UTF8=ACCEPT
        or IMAP4rev2. Large octets are passed through, not copied. Raises ValueError for a value that cannot
        be sent, such as a command without tag.
        """
        writer = Writer(utf8=utf8, literals=literals)
        self._write(writer, utf8)
        return writer.finish()

    def __bytes__(self) -> bytes:
        """The wire form with synchronising literals and modified UTF-7."""
        writer = Writer()
        self._write(writer, False)
        return bytes(writer)

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """JSON-able builtins: bytes as ``str`` when valid UTF-8, else ``{"b64": ...}``; dates in ISO 8601.

        Secrets are ``"***"`` unless *secrets* is true.
        """
        result: dict[str, Any] = {}
        secret = frozenset() if secrets else self._hidden()
        for name, value in self._fields():
            hidden = name in secret and value is not None
            result[name] = HIDDEN if hidden else to_builtin(value, secrets=secrets)
        return result


def _restored(cls: type[Value], fields: dict[str, Any]) -> Value:
    value = object.__new__(cls)
    for name, item in fields.items():
        object.__setattr__(value, name, MappingProxyType(item) if isinstance(item, dict) else item)
    return value


def to_builtin(value: object, *, secrets: bool = False) -> Any:
    """*value* as what ``json.dumps`` takes."""
    match value:
        case None | bool() | int():
            return value
        case SequenceSet():
            return bytes(value).decode("ascii")
        case MailboxName() | str():
            # octets that were no UTF-8 have no place in JSON
            return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        case bytes():
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                return {"b64": base64.b64encode(value).decode("ascii")}
        case datetime.date():  # a datetime is one too
            return value.isoformat()
        case Value() | Streamed():
            return value.to_dict(secrets=secrets)
        case tuple():
            return [to_builtin(item, secrets=secrets) for item in value]
        case ParseError():
            return str(value)
    raise TypeError(f"no dictionary form for {type(value).__name__}")


@dataclass(frozen=True, slots=True, repr=False)
class Command(Value):
    """Base class of every command.

    Building one from Python checks every argument (TypeError, ValueError), so that no CR, LF or NUL can leave
    outside a literal and no argument can change the structure around it. ``tag`` may stay ``None`` until the
    command is sent; a session gives it one.
    """

    #: The command's name on the wire, without the ``UID`` prefix.
    name: ClassVar[str] = ""

    tag: str | None = field(default=None, kw_only=True)
    #: Named defects of a command that was read tolerantly; no part of ``==``.
    defects: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.tag is not None:
            self._set("tag", check.tag(self.tag))
        self._set("defects", ())
        self._check()

    def _fields(self) -> list[tuple[str, Any]]:
        return [(f.name, getattr(self, f.name)) for f in dataclasses.fields(self) if f.name != "defects"]

    def _write(self, writer: Writer, utf8: bool) -> None:
        if self.tag is None:
            raise ValueError("a command needs a tag before it can be sent")
        writer.raw(self.tag).sp()
        if getattr(self, "uid", False):
            writer.raw(b"UID ")
        writer.raw(self.name)
        self._write_arguments(writer, utf8)
        writer.crlf()

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        """Everything behind the command's name, its SP included. Atoms were checked and go out raw."""

    def with_tag(self, tag: str | None) -> Self:
        """The same command under another tag. Raises ValueError for what is no tag."""
        checked = None if tag is None else check.tag(tag)
        copy = object.__new__(type(self))
        for name, value in self._fields():
            object.__setattr__(copy, name, checked if name == "tag" else value)
        object.__setattr__(copy, "defects", self.defects)
        return copy

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """As :meth:`Value.to_dict`, with the command's ``name`` and ``tag`` first, any defects last."""
        result = {"name": self.name, "tag": self.tag, **Value.to_dict(self, secrets=secrets)}
        if self.defects:
            result["defects"] = list(self.defects)
        return result

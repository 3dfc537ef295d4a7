"""Commands about the connection itself: capabilities, TLS, login, IDLE (RFC 3501 sections 6.1 and 6.2)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from mailproto import exact
from mailproto._core.write import Writer
from mailproto.errors import ParseError
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command, Value

Pairs = tuple[tuple[bytes, bytes | None], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Capability(Command):
    """CAPABILITY (RFC 3501 section 6.1.1)."""

    name: ClassVar[str] = "CAPABILITY"


@dataclass(frozen=True, slots=True, repr=False)
class Noop(Command):
    """NOOP (RFC 3501 section 6.1.2)."""

    name: ClassVar[str] = "NOOP"


@dataclass(frozen=True, slots=True, repr=False)
class Logout(Command):
    """LOGOUT (RFC 3501 section 6.1.3)."""

    name: ClassVar[str] = "LOGOUT"


@dataclass(frozen=True, slots=True, repr=False)
class StartTls(Command):
    """STARTTLS (RFC 3501 section 6.2.1)."""

    name: ClassVar[str] = "STARTTLS"


@dataclass(frozen=True, slots=True, repr=False)
class Authenticate(Command):
    """AUTHENTICATE (RFC 3501 section 6.2.2), with the initial response of RFC 4959.

    *mechanism* is kept in upper case. *initial_response* holds the octets before base64; ``b""`` is a
    response that is there and empty (``=`` on the wire).
    """

    name: ClassVar[str] = "AUTHENTICATE"
    _secret: ClassVar[frozenset[str]] = frozenset(("initial_response",))

    mechanism: str
    initial_response: bytes | None = None

    def _check(self) -> None:
        self._set("mechanism", check.word(self.mechanism, "mechanism"))
        if self.initial_response is not None:
            self._set("initial_response", exact.octets(self.initial_response, "initial_response"))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().raw(self.mechanism)
        if self.initial_response is not None:
            writer.sp().raw(b64encode(self.initial_response) or b"=")


@dataclass(frozen=True, slots=True, repr=False)
class Login(Command):
    """LOGIN (RFC 3501 section 6.2.3). ``str`` is sent as UTF-8; bytes are kept."""

    name: ClassVar[str] = "LOGIN"
    _secret: ClassVar[frozenset[str]] = frozenset(("password",))

    username: bytes
    password: bytes

    def __init__(
        self, username: check.StringLike, password: check.StringLike, *, tag: str | None = None
    ) -> None:
        self._keep(
            tag=tag,
            username=check.string(username, "username"),
            password=check.string(password, "password"),
        )

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().astring(self.username).sp().astring(self.password)


@dataclass(frozen=True, slots=True, repr=False)
class Enable(Command):
    """ENABLE (RFC 5161): capability names, kept in upper case."""

    name: ClassVar[str] = "ENABLE"

    capabilities: tuple[str, ...]

    def __init__(self, capabilities: Iterable[str], *, tag: str | None = None) -> None:
        self._keep(tag=tag, capabilities=check.words(capabilities, "capabilities", least=1))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        for capability in self.capabilities:
            writer.sp().raw(capability)


@dataclass(frozen=True, slots=True, repr=False)
class Id(Command):
    """ID (RFC 2971): field-value pairs as a mapping or an iterable of pairs, kept as a tuple of pairs of
    bytes.

    A value may be ``None`` (NIL), and so may the whole (``ID NIL``).
    """

    name: ClassVar[str] = "ID"

    parameters: Pairs | None = None

    def __init__(
        self,
        parameters: Mapping[str, str | None]
        | Iterable[tuple[check.StringLike, check.StringLike | None]]
        | None = None,
        *,
        tag: str | None = None,
    ) -> None:
        self._keep(tag=tag, parameters=check.id_parameters(parameters, "parameters"))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp()
        if self.parameters is None:
            writer.nil()
            return
        writer.open()
        for index, (key, content) in enumerate(self.parameters):
            if index:
                writer.sp()
            writer.string(key).sp().nstring(content)
        writer.close()


@dataclass(frozen=True, slots=True, repr=False)
class Namespace(Command):
    """NAMESPACE (RFC 2342)."""

    name: ClassVar[str] = "NAMESPACE"


@dataclass(frozen=True, slots=True, repr=False)
class Idle(Command):
    """IDLE (RFC 2177); a line saying DONE ends it: :class:`IdleDone`."""

    name: ClassVar[str] = "IDLE"


@dataclass(frozen=True, slots=True, repr=False)
class Unauthenticate(Command):
    """UNAUTHENTICATE (RFC 8437): as before login, on the same connection."""

    name: ClassVar[str] = "UNAUTHENTICATE"


@dataclass(frozen=True, slots=True, repr=False)
class Compress(Command):
    """COMPRESS (RFC 4978): *algorithm* is DEFLATE, kept in upper case."""

    name: ClassVar[str] = "COMPRESS"

    algorithm: str = "DEFLATE"

    def _check(self) -> None:
        self._set("algorithm", check.word(self.algorithm, "algorithm"))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().raw(self.algorithm)


@dataclass(frozen=True, slots=True, repr=False)
class Language(Command):
    """LANGUAGE (RFC 5255 section 3.2): the languages wanted, best first; none asks which there are."""

    name: ClassVar[str] = "LANGUAGE"

    languages: tuple[str, ...] = ()

    def __init__(self, languages: str | Iterable[str] = (), *, tag: str | None = None) -> None:
        self._keep(tag=tag, languages=check.texts(languages, "languages"))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        for language in self.languages:
            writer.sp().astring(language)


@dataclass(frozen=True, slots=True, repr=False)
class Comparator(Command):
    """COMPARATOR (RFC 5255 section 4.7): the comparators wanted, best first; none asks for the active one."""

    name: ClassVar[str] = "COMPARATOR"

    comparators: tuple[str, ...] = ()

    def __init__(self, comparators: str | Iterable[str] = (), *, tag: str | None = None) -> None:
        self._keep(tag=tag, comparators=check.texts(comparators, "comparators"))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        for comparator in self.comparators:
            writer.sp().string(comparator)


@dataclass(frozen=True, slots=True, repr=False)
class GetJmapAccess(Command):
    """GETJMAPACCESS (RFC 9698)."""

    name: ClassVar[str] = "GETJMAPACCESS"


@dataclass(frozen=True, slots=True, repr=False)
class UidBatches(Command):
    """UIDBATCHES (RFC 10022): UIDs in batches of *size* messages; *batches* ``(10, 20)`` wants only those."""

    name: ClassVar[str] = "UIDBATCHES"

    size: int
    batches: tuple[int, int] | None = None

    def _check(self) -> None:
        self._set("size", exact.integer(self.size, "size", least=1))
        if self.batches is not None:
            self._set("batches", check.result_range(self.batches, "batches", negative=False))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().number(self.size)
        if self.batches is not None:
            writer.raw(f" {self.batches[0]}:{self.batches[1]}")


@dataclass(frozen=True, slots=True, repr=False)
class IdleDone(Value):
    """The line that ends IDLE."""

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(b"DONE\r\n")

    def to_dict(self, *, secrets: bool = False) -> dict[str, object]:
        """``{"name": "DONE"}``."""
        return {"name": "DONE"}


@dataclass(frozen=True, slots=True, repr=False)
class SaslResponse(Value):
    """A client's answer to a SASL challenge: the octets before base64, or ``None`` for ``*`` (cancel)."""

    _secret: ClassVar[frozenset[str]] = frozenset(("data",))

    data: bytes | None

    def _check(self) -> None:
        if self.data is not None:
            self._set("data", exact.octets(self.data, "data"))

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.raw(b"*" if self.data is None else b64encode(self.data)).crlf()


@dataclass(frozen=True, slots=True, repr=False)
class LiteralAnnounced(Value):
    """A client wants to send a literal of *size* octets; what follows is ``accept()`` or ``reject()``.

    *sync*: it waits for a continuation request first. Otherwise (LITERAL+, LITERAL-) the octets are on their
    way. *command*: the name that stands before the literal, in upper case and without UID, whatever it is
    (the command has not been parsed), or ``None``.
    """

    tag: str | None
    size: int
    sync: bool
    command: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class BadCommand(Value):
    """A command that could not be read; its literals are swallowed.

    *tag* is ``None`` where it had no usable tag.
    """

    tag: str | None
    error: ParseError

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, BadCommand) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.tag, self.error.offset, self.error.expected  # exceptions are compared by identity

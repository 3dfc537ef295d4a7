"""The commands of POP3, a class each: RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 6856.

Every class checks its arguments when it is built from Python, so that no CR, LF or NUL can leave and no
argument can become two. ``bytes(command)`` is the line with its CRLF; ``repr`` and ``to_dict`` do not show
secrets.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final

from mailproto import exact
from mailproto._core.pop3_command import is_multiline
from mailproto.errors import ParseError
from mailproto.sasl import lines as sasl_lines

#: The largest message number and line count: 2**31 - 1.
MAX_NUMBER: Final = 2**31 - 1

_MECHANISM: Final = re.compile(r"[A-Z0-9_-]{1,64}")
# Not all of RFC 5646: what can be a tag at all. One class each, so no backtracking.
_LANGUAGE: Final = re.compile(r"\*|[A-Za-z0-9-]{1,64}")
_KEYWORD: Final = re.compile(r"[!-~]{1,64}")


def _string(value: object, what: str, *, blanks: bool) -> bytes:
    """A string argument as bytes; *blanks*: whether it may hold spaces. The error never shows the value."""
    kept = exact.string(value, what)
    if not kept:
        raise ValueError(f"{what} must not be empty")
    if b"\r" in kept or b"\n" in kept or b"\0" in kept:
        raise ValueError(f"{what} must not hold CR, LF or NUL")
    if not blanks and any(octet <= 0x20 or octet == 0x7F for octet in kept):
        raise ValueError(f"{what} must not hold blanks or control octets")
    return kept


def _message_number(value: object) -> int:
    return exact.integer(value, "message number", least=1, most=MAX_NUMBER)


def _jsonable(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"b64": base64.b64encode(value).decode()}
    return value


def _written(argument: Any) -> bytes:
    """An argument that was checked."""
    return argument if isinstance(argument, bytes) else str(argument).encode()


@dataclass(frozen=True, slots=True)
class Command:
    """Base of all commands: the fields of a class are its arguments in their order, ``None`` one left out."""

    #: The keyword, as it is sent.
    name: ClassVar[str] = ""
    #: The fields that ``to_dict`` and ``repr`` hide.
    secrets: ClassVar[frozenset[str]] = frozenset()

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _arguments(self) -> list[bytes]:
        given = (getattr(self, item.name) for item in fields(self))
        return [_written(argument) for argument in given if argument is not None]

    def __bytes__(self) -> bytes:
        return b" ".join([self.name.encode(), *self._arguments()]) + b"\r\n"

    def encode(self) -> list[bytes]:
        """The buffers to send."""
        return [bytes(self)]

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{item.name}={'***' if item.name in self.secrets and value else repr(value)}"
            for item in fields(self)
            if (value := getattr(self, item.name)) is not None
        )
        return f"{type(self).__name__}({shown})"

    @property
    def multiline(self) -> bool:
        """Whether a +OK to this command is followed by a body."""
        return is_multiline(self.name, any(getattr(self, item.name) is not None for item in fields(self)))

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """The command as builtins that ``json`` takes; secrets are ``"***"`` unless *secrets*."""
        result: dict[str, Any] = {"command": self.name}
        for item in fields(self):
            value = getattr(self, item.name)
            hidden = item.name in self.secrets and not secrets and value is not None
            result[item.name] = "***" if hidden else _jsonable(value)
        return result


@dataclass(frozen=True, slots=True)
class _Message(Command):
    """Base of those about one message."""

    number: int

    def __post_init__(self) -> None:
        self._set("number", _message_number(self.number))


@dataclass(frozen=True, slots=True)
class _OptionalMessage(Command):
    """Base of those about one message or, without a number, about all."""

    number: int | None = None

    def __post_init__(self) -> None:
        if self.number is not None:
            self._set("number", _message_number(self.number))


@dataclass(frozen=True, slots=True)
class User(Command):
    """USER name (RFC 1939 section 7).

    The name may hold blanks; str goes out as UTF-8 (RFC 6856 section 2.2).
    """

    name: ClassVar[str] = "USER"
    username: bytes

    def __init__(self, username: str | bytes) -> None:
        self._set("username", _string(username, "username", blanks=True))


@dataclass(frozen=True, slots=True, repr=False)
class Pass(Command):
    """PASS string (RFC 1939 section 7)."""

    name: ClassVar[str] = "PASS"
    secrets: ClassVar[frozenset[str]] = frozenset({"password"})
    password: bytes

    def __init__(self, password: str | bytes) -> None:
        self._set("password", _string(password, "password", blanks=True))


@dataclass(frozen=True, slots=True, repr=False)
class Apop(Command):
    """APOP name digest (RFC 1939 section 7).

    *digest* is the MD5, in hexadecimal, of greeting stamp and secret.
    """

    name: ClassVar[str] = "APOP"
    secrets: ClassVar[frozenset[str]] = frozenset({"digest"})
    username: bytes
    digest: bytes

    def __init__(self, username: str | bytes, digest: str | bytes) -> None:
        self._set("username", _string(username, "username", blanks=False))
        self._set("digest", _string(digest, "digest", blanks=False))


@dataclass(frozen=True, slots=True, repr=False)
class Auth(Command):
    """AUTH mechanism [initial-response] (RFC 5034 section 4). *initial_response* is given before base64.

    Without a mechanism the server is asked, by custom and not by the RFC, which ones it has.
    """

    name: ClassVar[str] = "AUTH"
    secrets: ClassVar[frozenset[str]] = frozenset({"initial_response"})
    mechanism: str | None = None
    initial_response: bytes | None = None

    def __post_init__(self) -> None:
        if self.mechanism is None:
            if self.initial_response is not None:
                raise ValueError("an initial response needs a mechanism")
            return
        mechanism = exact.text(self.mechanism, "mechanism").upper()
        if not _MECHANISM.fullmatch(mechanism):
            raise ValueError("mechanism must be the name of a SASL mechanism")
        self._set("mechanism", mechanism)
        if self.initial_response is not None:
            self._set("initial_response", exact.octets(self.initial_response, "initial_response"))

    def _arguments(self) -> list[bytes]:
        arguments = [] if self.mechanism is None else [self.mechanism.encode()]
        if self.initial_response is not None:
            arguments.append(sasl_lines.encode_initial_response(self.initial_response))
        return arguments


@dataclass(frozen=True, slots=True)
class Stat(Command):
    """STAT (RFC 1939 section 5): how many messages, how many octets."""

    name: ClassVar[str] = "STAT"


@dataclass(frozen=True, slots=True)
class List(_OptionalMessage):
    """LIST [message] (RFC 1939 section 5): octets of each message, or of one."""

    name: ClassVar[str] = "LIST"


@dataclass(frozen=True, slots=True)
class Uidl(_OptionalMessage):
    """UIDL [message] (RFC 1939 section 7): unique-id of each message, or of one."""

    name: ClassVar[str] = "UIDL"


@dataclass(frozen=True, slots=True)
class Retr(_Message):
    """RETR message (RFC 1939 section 5)."""

    name: ClassVar[str] = "RETR"


@dataclass(frozen=True, slots=True)
class Dele(_Message):
    """DELE message (RFC 1939 section 5): mark it, to be deleted at QUIT."""

    name: ClassVar[str] = "DELE"


@dataclass(frozen=True, slots=True)
class Top(Command):
    """TOP message n (RFC 1939 section 7): the header and the first *lines* lines of the body."""

    name: ClassVar[str] = "TOP"
    number: int
    lines: int

    def __post_init__(self) -> None:
        self._set("number", _message_number(self.number))
        self._set("lines", exact.integer(self.lines, "lines", most=MAX_NUMBER))


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """NOOP (RFC 1939 section 5)."""

    name: ClassVar[str] = "NOOP"


@dataclass(frozen=True, slots=True)
class Rset(Command):
    """RSET (RFC 1939 section 5): unmark what DELE marked."""

    name: ClassVar[str] = "RSET"


@dataclass(frozen=True, slots=True)
class Quit(Command):
    """QUIT (RFC 1939 sections 5 and 6)."""

    name: ClassVar[str] = "QUIT"


@dataclass(frozen=True, slots=True)
class Capa(Command):
    """CAPA (RFC 2449 section 5)."""

    name: ClassVar[str] = "CAPA"


@dataclass(frozen=True, slots=True)
class Stls(Command):
    """STLS (RFC 2595 section 4)."""

    name: ClassVar[str] = "STLS"


@dataclass(frozen=True, slots=True)
class Utf8(Command):
    """UTF8 (RFC 6856 section 2.1)."""

    name: ClassVar[str] = "UTF8"


@dataclass(frozen=True, slots=True)
class Lang(Command):
    """LANG [tag] (RFC 6856 section 3.2): choose the language of the server's texts, or list those it has."""

    name: ClassVar[str] = "LANG"
    tag: str | None = None

    def __post_init__(self) -> None:
        if self.tag is None:
            return
        self._set("tag", exact.text(self.tag, "tag"))
        if not _LANGUAGE.fullmatch(self.tag):
            raise ValueError("tag must be a language tag or '*'")


@dataclass(frozen=True, slots=True, repr=False)
class UnknownCommand(Command):
    """A line that is grammatical (RFC 2449 section 3) but whose keyword is none of ours.

    ``arguments`` is the rest of the line, which may be a secret.
    """

    secrets: ClassVar[frozenset[str]] = frozenset({"arguments"})
    keyword: str
    arguments: bytes = b""

    def __post_init__(self) -> None:
        keyword = exact.text(self.keyword, "keyword").upper()
        if not _KEYWORD.fullmatch(keyword):
            raise ValueError("keyword must be printable ASCII without blanks")
        if keyword in BY_NAME:
            raise ValueError(f"{keyword} has a class of its own")
        self._set("keyword", keyword)
        arguments = exact.string(self.arguments, "arguments")
        self._set("arguments", arguments and _string(arguments, "arguments", blanks=True))
        if arguments and not arguments.strip(b" "):
            raise ValueError("arguments must not be blanks alone")

    @classmethod
    def _read(cls, keyword: bytes, arguments: bytes) -> UnknownCommand | BadCommand:
        """What a reader makes of such a line: keywords have 4 octets at most, ours here 64."""
        word = keyword.decode("ascii", "replace")
        if not _KEYWORD.fullmatch(word):
            return BadCommand(None, ParseError(0, "keyword"))
        return cls(word.upper(), arguments)

    def __bytes__(self) -> bytes:
        return b" ".join([self.keyword.encode(), *([self.arguments] if self.arguments else [])]) + b"\r\n"

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        hidden = bool(self.arguments) and not secrets
        return {"command": self.keyword, "arguments": "***" if hidden else _jsonable(self.arguments)}


@dataclass(frozen=True, slots=True)
class SaslResponse:
    """A client's line within AUTH: *data* answers a challenge, ``None`` cancels (``*``).

    RFC 5034 section 4.
    """

    data: bytes | None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({None if self.data is None else '***'})"

    def __post_init__(self) -> None:
        if self.data is not None:
            object.__setattr__(self, "data", exact.octets(self.data, "data"))

    def __bytes__(self) -> bytes:
        return (b"*" if self.data is None else sasl_lines.encode_line(self.data)) + b"\r\n"

    def encode(self) -> list[bytes]:
        """The buffers to send."""
        return [bytes(self)]

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """As :meth:`Command.to_dict`."""
        return {"sasl": None if self.data is None else _jsonable(self.data) if secrets else "***"}

    @classmethod
    def _read(cls, line: bytes, initial: bool) -> SaslResponse:
        """From a line without its end, or (*initial*) from the word behind a mechanism. Raises ParseError."""
        if initial:
            return cls(sasl_lines.decode_initial_response(line))
        return cls(None if line == b"*" else sasl_lines.decode_line(line))


@dataclass(frozen=True, slots=True)
class BadCommand:
    """A line that is no command. ``keyword`` is the known keyword that it starts with, or ``None``."""

    keyword: str | None
    error: ParseError

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """The refusal as builtins that ``json`` takes. What the line held is not kept: it may be a secret."""
        return {"command": self.keyword, "error": str(self.error), "offset": self.error.offset}


#: Every command class by its keyword.
BY_NAME: Final[dict[str, type[Command]]] = {
    cls.name: cls
    for cls in (
        User, Pass, Apop, Auth, Stat, List, Uidl, Retr, Dele, Top, Noop, Rset, Quit, Capa, Stls, Utf8, Lang,
    )
}  # fmt: skip

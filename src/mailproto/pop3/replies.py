"""What a POP3 server says: RFC 1939 section 3, RFC 2449 sections 3 and 8, RFC 3206, RFC 5034.

A client gets these values from :class:`mailproto.pop3.ReplyReader`; a server builds them with :func:`Ok`,
:func:`Err` and the functions named after the commands they answer.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from mailproto._core import pop3_listing
from mailproto._core.pop3_stuffing import Stuffer
from mailproto.errors import ParseError
from mailproto.sasl import lines as sasl_lines

#: Response codes: RFC 2449 section 8, RFC 3206 sections 4 and 5, RFC 6856 section 6.
IN_USE: Final = "IN-USE"
LOGIN_DELAY: Final = "LOGIN-DELAY"
SYS_TEMP: Final = "SYS/TEMP"
SYS_PERM: Final = "SYS/PERM"
AUTH: Final = "AUTH"
UTF8: Final = "UTF8"

_CODE: Final = re.compile(r"[!-.0-\\^-~]+(?:/[!-.0-\\^-~]+)*")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Streamed:
    """Stands for a body of *size* octets that was handed over in chunks."""

    size: int

    def __bytes__(self) -> bytes:
        raise ValueError("the body was streamed and is not kept")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: a status line, and the body where it has one.

    ``status`` is ``"+OK"`` or ``"-ERR"``; ``code`` the response code in upper case, without brackets, or
    ``None``; ``text`` what follows it; ``body`` the un-stuffed octets of a multi-line reply
    (:class:`Streamed` where they went out in chunks), ``None`` for a single-line one; ``command`` the keyword
    that is answered, where that is known. ``==`` compares all but ``command``.
    """

    status: str
    code: str | None = None
    text: str = ""
    body: bytes | Streamed | None = field(default=None, repr=False)
    command: str | None = field(default=None, compare=False)
    _noted: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)
    _listing: Any = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.status not in ("+OK", "-ERR"):
            raise ValueError("status must be '+OK' or '-ERR'")
        if self.code is not None:
            object.__setattr__(self, "code", self.code.upper())
            if not _CODE.fullmatch(self.code):
                raise ValueError("code must be a response code without its brackets")
        if _CONTROL.search(self.text):
            raise ValueError("text must not hold control characters")
        if self.code is None and self.text.startswith("["):
            found = pop3_listing.response_code_of(b"+OK " + self.text.encode() + b"\r\n")
            if found:
                raise ValueError("text must not start with what reads as a response code: give it as code")
        if self.body is not None and self.status != "+OK":
            raise ValueError("only +OK has a body")

    @property
    def ok(self) -> bool:
        """Whether the status is +OK."""
        return self.status == "+OK"

    @property
    def listing(self) -> tuple[tuple[Any, ...], ...] | None:
        """The entries of a reply to LIST, UIDL, CAPA, LANG or STAT; ``None`` for any other, or for -ERR.

        LIST: ``(number, octets)``; UIDL: ``(number, unique_id)``; CAPA and LANG: ``(name, (word, ...))``;
        STAT: one ``(messages, octets)``. A line that does not read so is left out, with a defect.
        """
        return self._decoded()[0]

    @property
    def defects(self) -> tuple[str, ...]:
        """What was tolerated in reading the reply, by name."""
        return self._noted + self._decoded()[1]

    def _decoded(self) -> tuple[tuple[tuple[Any, ...], ...] | None, tuple[str, ...]]:
        if self._listing is None:
            object.__setattr__(self, "_listing", self._decode())
        result: tuple[tuple[tuple[Any, ...], ...] | None, tuple[str, ...]] = self._listing
        return result

    def _decode(self) -> tuple[tuple[tuple[Any, ...], ...] | None, tuple[str, ...]]:
        command = self.command
        if not self.ok or command is None:
            return None, ()
        if command in ("LIST", "UIDL", "CAPA", "LANG") and isinstance(self.body, bytes):
            return pop3_listing.read_listing(command, self.body)
        if command in ("LIST", "UIDL", "STAT") and self.body is None:
            return pop3_listing.read_listing(command, self.text.encode() or b"\n")
        return None, ()

    @property
    def status_line(self) -> bytes:
        """The first line, with its CRLF."""
        words = [self.status]
        if self.code is not None:
            words.append(f"[{self.code}]")
        if self.text:
            words.append(self.text)
        return " ".join(words).encode() + b"\r\n"

    def __bytes__(self) -> bytes:
        if "bare-lf" in self._noted and isinstance(self.body, bytes):
            # As it was read. With CRLF around lines that end in LF it would be another reply.
            stuffed = Stuffer(any_lf=True).update(self.body)
            return b"".join([self.status_line[:-2], b"\n", stuffed, b".\n"])
        return b"".join(self.encode())

    def encode(self, *, any_lf: bool = False) -> list[Buffer]:
        """The buffers to send. A body that needs no dot is passed through, not copied.

        *any_lf*: stuff behind a bare LF too, see :class:`mailproto.pop3.Stuffer`. Raises ValueError where the
        body was streamed.
        """
        if self.body is None:
            return [self.status_line]
        if isinstance(self.body, Streamed):
            raise ValueError("the body was streamed and is not kept")
        stuffer = Stuffer(any_lf=any_lf)
        return [self.status_line, stuffer.update(self.body), stuffer.finish()]

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """The reply as builtins that ``json`` takes."""
        result: dict[str, Any] = {"status": self.status, "code": self.code, "text": self.text}
        if isinstance(self.body, Streamed):
            result["body"] = {"streamed": self.body.size}
        elif self.body is not None:
            body = bytes(self.body)
            try:
                result["body"] = body.decode()
            except UnicodeDecodeError:
                result["body"] = {"b64": base64.b64encode(body).decode()}
        if self.defects:
            result["defects"] = list(self.defects)
        return result


@dataclass(frozen=True, slots=True)
class Continuation:
    """``+ base64``: the server's challenge within AUTH (RFC 5034 section 4).

    ``line`` is kept as it was sent.
    """

    line: bytes

    def __post_init__(self) -> None:
        if b"\r" in self.line or b"\n" in self.line or b"\0" in self.line:
            raise ValueError("line must not hold CR, LF or NUL")

    @classmethod
    def challenge(cls, data: bytes) -> Continuation:
        """What a server sends to put *data* to the client."""
        return cls(sasl_lines.encode_line(data))

    @property
    def data(self) -> bytes | None:
        """The challenge, or ``None`` where it is no base64."""
        try:
            return sasl_lines.decode_line(self.line)
        except ParseError:
            return None

    @property
    def text(self) -> str:
        """The line as text."""
        return self.line.decode("utf-8", "replace")

    @property
    def defects(self) -> tuple[str, ...]:
        """What was tolerated in reading it, by name."""
        return () if self.data is not None else ("bad-base64",)

    def __bytes__(self) -> bytes:
        return b"+ " + self.line + b"\r\n"

    def encode(self) -> list[Buffer]:
        """The buffers to send."""
        return [bytes(self)]

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """The continuation as builtins that ``json`` takes; a challenge may hold a secret of OAuth's."""
        return {"status": "+", "text": self.text if secrets or not self.line else "***"}


# ---- what servers say
# ---------------------------------------------------------------------------------------


def Ok(text: str = "", *, code: str | None = None, body: bytes | None = None) -> Reply:
    """``+OK``; with a *body*, which may be any message, a multi-line reply."""
    return Reply("+OK", code, text, body)


def Err(text: str, *, code: str | None = None) -> Reply:
    """``-ERR``."""
    return Reply("-ERR", code, text)


def _lines(lines: Iterable[str]) -> bytes:
    whole = []
    for line in lines:
        if _CONTROL.search(line):
            raise ValueError("a line must not hold control characters")
        whole.append(f"{line}\r\n")
    return "".join(whole).encode()


def stat(messages: int, octets: int) -> Reply:
    """The answer to STAT."""
    return Reply("+OK", None, f"{messages} {octets}")


def scan(number: int, octets: int) -> Reply:
    """The answer to LIST with an argument."""
    return Reply("+OK", None, f"{number} {octets}")


def scan_listing(entries: Iterable[tuple[int, int]], text: str = "") -> Reply:
    """The answer to LIST: *entries* are ``(number, octets)``."""
    body = b"".join([b"%d %d\r\n" % entry for entry in entries])
    return Reply("+OK", None, text, body)


_UNIQUE_ID: Final = re.compile(r"[!-~]{1,70}")


def _unique_id(value: str) -> str:
    if not _UNIQUE_ID.fullmatch(value):
        raise ValueError("a unique-id is 1 to 70 printable ASCII characters (RFC 1939 section 7)")
    return value


def uidl(number: int, unique_id: str) -> Reply:
    """The answer to UIDL with an argument."""
    return Reply("+OK", None, f"{number} {_unique_id(unique_id)}")


def uidl_listing(entries: Iterable[tuple[int, str]], text: str = "") -> Reply:
    """The answer to UIDL: *entries* are ``(number, unique_id)``."""
    return Reply(
        "+OK", None, text, _lines(f"{number} {_unique_id(unique_id)}" for number, unique_id in entries)
    )


def capa(capabilities: Iterable[str], text: str = "Capability list follows") -> Reply:
    """The answer to CAPA: each of *capabilities* is a line such as ``"SASL PLAIN"``."""
    return Reply("+OK", None, text, _lines(capabilities))


def lang_listing(languages: Iterable[tuple[str, str]], text: str = "Language listing follows:") -> Reply:
    """The answer to LANG without an argument: *languages* are ``(tag, description)``."""
    return Reply("+OK", None, text, _lines(f"{tag} {description}" for tag, description in languages))


def message(data: bytes, text: str = "") -> Reply:
    """The answer to RETR and TOP. The text is ``N octets`` unless given."""
    return Reply("+OK", None, text or f"{len(data)} octets", data)

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

from mailproto import exact
from mailproto._core import pop3_listing
from mailproto._core.pop3_stuffing import Stuffer
from mailproto.errors import ParseError
from mailproto.pop3.codes import AUTH, IN_USE, LOGIN_DELAY, SYS_PERM, SYS_TEMP, UTF8, ResponseCode
from mailproto.pop3.listings import (
    Capabilities,
    Capability,
    DropListing,
    Language,
    ScanListing,
    UniqueId,
)
from mailproto.sasl import lines as sasl_lines
from mailproto.streamed import Streamed

__all__ = [
    "AUTH", "IN_USE", "LOGIN_DELAY", "SYS_PERM", "SYS_TEMP", "UTF8",
    "Continuation", "Err", "Ok", "Reply", "ResponseCode", "Streamed",
    "capa", "greeting", "lang", "lang_listing", "mechanism_listing", "message", "scan", "scan_listing",
    "stat", "uidl", "uidl_listing",
]  # fmt: skip

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
# timestamp = "<" dot-atom "@" dot-atom ">", a msg-id (RFC 1939 section 7, RFC 5322 section 3.6.4): anything
# else could be chosen so that the digest of a known text gives the password away (CVE-2007-1558).
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_TIMESTAMP: Final = re.compile(rf"<{_ATOM}(?:\.{_ATOM})*@(?:{_ATOM}(?:\.{_ATOM})*|\[[!-Z^-~]*\])>")

#: What the lines of a body are, and what the text is where a reply has none, by the command that is answered.
_BODIES: Final[dict[str, type[tuple[Any, ...]]]] = {
    "LIST": ScanListing, "UIDL": UniqueId, "CAPA": Capability, "AUTH": Capability, "LANG": Language,
}  # fmt: skip
_TEXTS: Final[dict[str, type[tuple[Any, ...]]]] = {
    "STAT": DropListing, "LIST": ScanListing, "UIDL": UniqueId, "LANG": Language,
}  # fmt: skip

Buffer = bytes | bytearray | memoryview
Decoded = tuple[tuple[Any, ...] | None, tuple[str, ...], int | None]


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: a status line, and the body where it has one.

    ``status`` is ``"+OK"`` or ``"-ERR"``; ``code`` the :class:`ResponseCode` without its brackets, or
    ``None``; ``text`` what follows it; ``body`` the un-stuffed octets of a multi-line reply
    (:class:`Streamed` where they went out in chunks), ``None`` for a single-line one; ``command`` the keyword
    that is answered, where that is known; ``raw`` the status line's octets where it has a defect. ``==``
    compares status, code, text and body.

    Defects: ``lower-case-status``, ``loose-blanks``, ``bare-lf``, ``text-not-utf8``,
    ``control-octet-in-text`` of a status line; ``bad-listing-line``, ``loose-blanks``, ``loose-unique-id``
    (longer than 70 octets, or with blanks) and ``other-message`` (another than was asked about) of a listing;
    those of :class:`Capabilities`.
    """

    status: str
    code: ResponseCode | str | None = None
    text: str = ""
    body: bytes | Streamed | None = field(default=None, repr=False)
    command: str | None = field(default=None, compare=False)
    raw: bytes | None = field(default=None, init=False, repr=False, compare=False)
    _noted: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)
    _listing: Any = field(default=None, init=False, repr=False, compare=False)
    _asked: int = field(default=0, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._set("status", exact.text(self.status, "status"))
        if self.status not in ("+OK", "-ERR"):
            raise ValueError("status must be '+OK' or '-ERR'")
        if self.code is not None and type(self.code) is not ResponseCode:
            self._set("code", ResponseCode(self.code))
        self._set("text", exact.text(self.text, "text"))
        if self.command is not None:
            self._set("command", exact.text(self.command, "command"))
        if _CONTROL.search(self.text):
            raise ValueError("text must not hold control characters or lone surrogates")
        if self.code is None and self.text.lstrip(" \t").startswith("["):
            found = pop3_listing.response_code_of(b"+OK " + self.text.encode() + b"\r\n")
            if found:
                raise ValueError("text must not start with what reads as a response code: give it as code")
        if self.body is not None:
            if self.status != "+OK":
                raise ValueError("only +OK has a body")
            if not isinstance(self.body, Streamed):
                self._set("body", exact.octets(self.body, "body"))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def ok(self) -> bool:
        """Whether the status is +OK."""
        return self.status == "+OK"

    @property
    def listing(self) -> tuple[Any, ...] | None:
        """The entries of a reply to LIST, UIDL, CAPA, LANG, STAT or a bare AUTH; ``None`` for others and
        -ERR.

        LIST: :class:`ScanListing`; UIDL: :class:`UniqueId`; CAPA and AUTH: :class:`Capability`; LANG:
        :class:`Language`; STAT: one :class:`DropListing`; each is a tuple with names. A line that does not
        read so is left out, with a defect.
        """
        return self._decoded()[0]

    @property
    def capabilities(self) -> Capabilities | None:
        """What a server that answered CAPA can do; ``None`` for any other reply."""
        listing = self.listing if self.command == "CAPA" else None
        return None if listing is None else Capabilities(listing)

    @property
    def timestamp(self) -> bytes | None:
        """The msg-id in a greeting that APOP needs (RFC 1939 section 7); ``None``: it holds no valid one."""
        found = _TIMESTAMP.search(self.text) if self.ok and self.body is None else None
        return found.group().encode() if found else None

    @property
    def defects(self) -> tuple[str, ...]:
        """What was tolerated in reading the reply, by name. Decodes the listing."""
        return self._noted + self._decoded()[1]

    def _decoded(self) -> Decoded:
        if self._listing is None:
            object.__setattr__(self, "_listing", self._decode())
        result: Decoded = self._listing
        return result

    def _decode(self) -> Decoded:
        """The entries, the defects, and where in body or text the first of these is."""
        command = self.command
        if not self.ok or command is None:
            return None, (), None
        if isinstance(self.body, bytes) and (kind := _BODIES.get(command)) is not None:
            entries, defects, offset = pop3_listing.read_listing(command, self.body, kind)
            if command == "CAPA":
                found = Capabilities(entries).defects
                return entries, defects + found, 0 if found and offset is None else offset
            return entries, defects, offset
        if self.body is None and (kind := _TEXTS.get(command)) is not None:
            entries, defects, offset = pop3_listing.read_listing(command, self.text.encode() or b"\n", kind)
            if self._asked and entries and entries[0][0] != self._asked:
                return entries, (*defects, "other-message"), offset or 0
            return entries, defects, offset
        return None, (), None

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
    _noted: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "line", exact.octets(self.line, "line"))
        if b"\r" in self.line or b"\n" in self.line or b"\0" in self.line:
            raise ValueError("line must not hold CR, LF or NUL")

    @classmethod
    def challenge(cls, data: bytes) -> Continuation:
        """What a server sends to put *data* to the client."""
        return cls(sasl_lines.encode_line(exact.octets(data, "data")))

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
        return self._noted if self.data is not None else (*self._noted, "bad-base64")

    def __repr__(self) -> str:
        # a challenge may hold a secret, of OAuth's for one; to_dict() can show it
        return f"Continuation({'***' if self.line else ''})"

    def __bytes__(self) -> bytes:
        return b"+ " + self.line + b"\r\n"

    def encode(self) -> list[Buffer]:
        """The buffers to send."""
        return [bytes(self)]

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """The continuation as builtins that ``json`` takes; a challenge may hold a secret of OAuth's."""
        result: dict[str, Any] = {"status": "+", "text": self.text if secrets or not self.line else "***"}
        if self.defects:
            result["defects"] = list(self.defects)
        return result


# ---- what servers say


def Ok(text: str = "", *, code: str | None = None, body: bytes | None = None) -> Reply:
    """``+OK``; with a *body*, which may be any message, a multi-line reply."""
    return Reply("+OK", code, text, body)


def Err(text: str, *, code: str | None = None) -> Reply:
    """``-ERR``."""
    return Reply("-ERR", code, text)


def greeting(text: str, *, timestamp: str | None = None) -> Reply:
    """The first line. With *timestamp*, a msg-id never given twice, APOP is offered (RFC 1939 section 7)."""
    if timestamp is not None:
        stamp = exact.text(timestamp, "timestamp")
        if not _TIMESTAMP.fullmatch(stamp):
            raise ValueError("timestamp must be a msg-id: '<unique@host>'")
        text = f"{exact.text(text, 'text')} {stamp}"
    return Reply("+OK", None, text)


def _listing(entries: Iterable[Any], kind: Any, text: str) -> Reply:
    """A multi-line reply. Each entry is a *kind* or a tuple of its fields; ``bytes`` of it checks them."""
    return Reply("+OK", None, text, b"".join([bytes(kind(*entry)) + b"\r\n" for entry in _each(entries)]))


def _each(values: Iterable[Any]) -> tuple[Any, ...]:
    return exact.items(values, "what is listed", "entries")


def stat(messages: int, octets: int) -> Reply:
    """The answer to STAT."""
    return Reply("+OK", None, bytes(DropListing(messages, octets)).decode())


def scan(number: int, octets: int) -> Reply:
    """The answer to LIST with an argument."""
    return Reply("+OK", None, bytes(ScanListing(number, octets)).decode())


def scan_listing(entries: Iterable[tuple[int, int]], text: str = "") -> Reply:
    """The answer to LIST: *entries* are ``(number, octets)``."""
    return _listing(entries, ScanListing, text)


def uidl(number: int, unique_id: str) -> Reply:
    """The answer to UIDL with an argument."""
    return Reply("+OK", None, bytes(UniqueId(number, unique_id)).decode())


def uidl_listing(entries: Iterable[tuple[int, str]], text: str = "") -> Reply:
    """The answer to UIDL: *entries* are ``(number, unique_id)``."""
    return _listing(entries, UniqueId, text)


def capa(capabilities: Capabilities | Iterable[str], text: str = "Capability list follows") -> Reply:
    """The answer to CAPA: :class:`Capabilities`, or lines such as ``"SASL PLAIN"``."""
    if not isinstance(capabilities, Capabilities):
        lines = [exact.text(line, "a capability").split(" ") for line in _each(capabilities)]
        capabilities = Capabilities(tuple(Capability(words[0], tuple(words[1:])) for words in lines))
    return Reply("+OK", None, text, bytes(capabilities))


def mechanism_listing(mechanisms: Iterable[str], text: str = "Mechanisms follow") -> Reply:
    """The answer to AUTH without a mechanism."""
    return _listing([(name,) for name in _each(mechanisms)], Capability, text)


def lang_listing(languages: Iterable[tuple[str, str]], text: str = "Language listing follows:") -> Reply:
    """The answer to LANG without an argument: *languages* are ``(tag, description)``."""
    return _listing(languages, Language, text)


def lang(tag: str, text: str) -> Reply:
    """The answer to LANG with an argument: the language chosen, and words in it."""
    return Reply("+OK", None, bytes(Language(tag, text)).decode())


def message(data: bytes, text: str = "") -> Reply:
    """The answer to RETR and TOP. The text is ``N octets`` unless given."""
    kept = exact.octets(data, "data")
    return Reply("+OK", None, text or f"{len(kept)} octets", kept)

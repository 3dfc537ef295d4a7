"""The exceptions and the sentinel that every layer shares."""

from __future__ import annotations

import enum
from typing import Any, Final


class MailprotoError(Exception):
    """Base class of everything mailproto raises on purpose."""


class ParseError(MailprotoError, ValueError):
    """Bytes that break the grammar.

    ``offset`` counts octets from the start of the unit, ``expected`` says what the grammar wanted there,
    ``unit`` holds the unit's first octets (never shown by ``str`` or ``repr``: they may hold a secret), and
    ``fatal`` is true where the start of the next unit cannot be known, so that nothing more can be read.
    """

    #: How many octets of the offending unit are kept.
    UNIT_CAP: Final = 1024

    def __init__(self, offset: int, expected: str, unit: bytes = b"", *, fatal: bool = False) -> None:
        super().__init__(offset, expected)
        self.offset = offset
        self.expected = expected
        self.unit = bytes(unit[: self.UNIT_CAP])
        self.fatal = fatal

    def __str__(self) -> str:
        return f"at octet {self.offset}: expected {self.expected}"

    def __repr__(self) -> str:
        fatal = ", fatal=True" if self.fatal else ""
        return f"{type(self).__name__}(offset={self.offset}, expected={self.expected!r}{fatal})"


class LimitError(ParseError):
    """Legal bytes past one of the bounds in :class:`mailproto.Limits`; ``limit`` names the field."""

    def __init__(self, offset: int, limit: str, unit: bytes = b"", *, fatal: bool = False) -> None:
        super().__init__(offset, f"no more than Limits.{limit} allows", unit, fatal=fatal)
        self.limit = limit


class IncompleteError(MailprotoError):
    """The input ended inside a unit. More bytes may complete it, so this is no ParseError."""


class LocalError(MailprotoError):
    """Our own application asked for something that the protocol forbids now."""


class RemoteError(MailprotoError):
    """The peer broke the protocol. Sticky: a session that raised it raises it again."""


class ConnectionLost(MailprotoError, ConnectionError):
    """The connection ended before the answer came. What was asked for may or may not have been done."""


class CommandTimeout(ConnectionLost, TimeoutError):
    """The peer said nothing for too long. The connection was closed: what it would still say has no
    meaning."""


class CommandFailed(MailprotoError):
    """The server answered NO, BAD or -ERR. The connection goes on.

    ``status`` is that word, ``code`` the response code, a :class:`mailproto.imap.responses.ResponseCode`,
    a ``str`` with POP3, or None, ``text`` the server's words for people, ``command`` the name of what it
    refused.
    """

    def __init__(self, command: str, status: str, code: Any, text: str) -> None:
        super().__init__(command, status, code, text)
        self.command = command
        self.status = status
        self.code = code
        self.text = text

    def __str__(self) -> str:
        words = "".join(c if c.isprintable() else "?" for c in self.text)
        return f"{self.command}: {self.status} {words}".rstrip()


class NeedData(enum.Enum):
    """Type of :data:`NEED_DATA`."""

    NEED_DATA = "NEED_DATA"

    def __repr__(self) -> str:
        return "NEED_DATA"

    def __bool__(self) -> bool:
        return False


#: What readers and sessions return when they can go on only with more bytes.
NEED_DATA: Final = NeedData.NEED_DATA

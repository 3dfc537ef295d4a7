"""What sessions report besides the responses (to a client) and the commands (to a server) themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailproto.errors import ParseError
    from mailproto.imap.commands import Command
    from mailproto.imap.responses import StatusResponse


@dataclass(frozen=True, slots=True)
class CommandDone:
    """Client: *command*, sent under *tag*, was answered by the tagged *response* (OK, NO or BAD)."""

    tag: str
    command: Command
    response: StatusResponse

    @property
    def ok(self) -> bool:
        """Whether the server answered OK."""
        return self.response.status == "OK"


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """Client: a *response* that no command in progress asked for: news, such as a message that arrived."""

    response: Any


@dataclass(frozen=True, slots=True)
class ContinuationRequested:
    """Client: the server awaits a line of ours.

    ``data`` is the decoded challenge of an AUTHENTICATE that was sent without a mechanism object: answer with
    ``session.respond()``. It is ``None`` when IDLE has begun: end it with ``session.done()``.
    """

    tag: str
    data: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class BadResponse:
    """Client: an untagged response that breaks the grammar, skipped; *error* says where.

    Framing is intact.
    """

    error: ParseError


@dataclass(frozen=True, slots=True)
class LiteralBegin:
    """A literal that is streamed begins: *size* octets follow, in LiteralChunk events.

    *path* says where it stands. In a response: the response's name, its number if it has one, and

    - in a FETCH the item's name in upper case, as in ``fetch.sections``: ``("FETCH", 12, "BODY[TEXT]")``;
    - in a status response the name of its code: ``("NO", "BADCHARSET", 0)``;

    then one number for each list that the literal is in, and for the literal within the innermost: the
    places of values, counted from 0. ``("FETCH", 12, "ENVELOPE", 1)`` is the subject, ``("METADATA", 1, 3)``
    the fourth of the list that is the second value, ``("LIST", 2)`` a mailbox name. It is ``()`` in what is
    no response.

    In a command it is the command's name and the number of literals before this one: ``("APPEND", 0)``.
    """

    path: tuple[str | int, ...]
    size: int


@dataclass(frozen=True, slots=True)
class LiteralChunk:
    """The next octets of that literal, never none: ``bytes`` that are yours to keep.

    After ``read_literal_into(buffer)`` they are a memoryview of that very buffer.
    """

    data: bytes | memoryview

    def __repr__(self) -> str:
        return f"LiteralChunk(<{len(self.data)} octets>)"


@dataclass(frozen=True, slots=True)
class LiteralEnd:
    """All octets of the literal were given. More literals may follow, then the response or the command, which
    has ``Streamed(size)`` in each one's place."""


@dataclass(frozen=True, slots=True)
class LiteralsVoid:
    """Server: the command whose literals were streamed is refused, answered by the session under *tag*.

    It does not come: throw away what its literals brought.
    """

    tag: str | None


@dataclass(frozen=True, slots=True)
class StartTls:
    """The TLS handshake must come next.

    Client: start it. Server: send ``data_to_send()`` first. Then call ``session.tls_started()``; until then
    the session takes no bytes.
    """


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing more will happen on this connection.

    ``expected`` is true after BYE (a server: after LOGOUT), ``unfinished`` are the tags that never got an
    answer, and ``truncated`` is true when the stream ended inside a unit.
    """

    expected: bool
    unfinished: tuple[str, ...] = ()
    truncated: bool = False

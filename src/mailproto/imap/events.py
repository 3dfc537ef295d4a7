"""What sessions report besides the responses (to a client) and the commands (to a server) themselves."""

from __future__ import annotations

from dataclasses import dataclass
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
    data: bytes | None


@dataclass(frozen=True, slots=True)
class BadResponse:
    """Client: an untagged response that breaks the grammar, skipped; *error* says where. Framing is
    intact.
    """

    error: ParseError


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

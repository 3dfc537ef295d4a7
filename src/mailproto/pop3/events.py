"""What POP3 readers and sessions report besides the replies (to a client) and the commands (to a server)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailproto.pop3.commands import Command
    from mailproto.pop3.replies import Reply


@dataclass(frozen=True, slots=True)
class BodyBegin:
    """A body longer than ``stream_above`` begins.

    *command* is the keyword that it answers, *text* its status text.
    """

    command: str | None
    text: str


@dataclass(frozen=True, slots=True)
class BodyChunk:
    """The next octets of that body, un-stuffed: at most 64 KiB, never none."""

    data: bytes

    def __repr__(self) -> str:
        return f"BodyChunk(<{len(self.data)} octets>)"


@dataclass(frozen=True, slots=True)
class BodyEnd:
    """The body is complete: *size* octets. The reply follows, with ``Streamed(size)`` as its body."""

    size: int


@dataclass(frozen=True, slots=True)
class Greeting:
    """Client: the server's first line.

    ``timestamp`` is what APOP needs, where the server gave a valid one.
    """

    reply: Reply
    timestamp: bytes | None


@dataclass(frozen=True, slots=True)
class CommandDone:
    """Client: *command*, which ``send`` gave the number *tag*, was answered by *response*."""

    tag: int
    command: Command
    response: Reply

    @property
    def ok(self) -> bool:
        """Whether the server answered +OK."""
        return self.response.status == "+OK"


@dataclass(frozen=True, slots=True)
class ContinuationRequested:
    """Client: the challenge of an AUTH that was sent without a mechanism object; answer with ``respond()``.

    ``data`` is decoded, or ``None`` where it is no base64: then ``respond(None)``, which cancels.
    """

    tag: int
    data: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class StartTls:
    """The TLS handshake must come next.

    Client: start it. Server: send ``data_to_send()`` first. Then call ``session.tls_started()``; until then
    the session takes no bytes.
    """


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing more will happen on this connection.

    ``expected`` is true after QUIT was answered. ``unfinished`` are the numbers of commands that never got an
    answer, and ``truncated`` is true when the stream ended inside a reply or a command line.
    """

    expected: bool
    unfinished: tuple[int, ...] = ()
    truncated: bool = False

"""What each POP3 command gives its caller: the command, and how its reply becomes one typed value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from mailproto import sasl
from mailproto.clients.conversation import Operation
from mailproto.clients.opening import Opening, check_tls
from mailproto.errors import RemoteError
from mailproto.limits import Limits
from mailproto.pop3 import commands
from mailproto.pop3.client import ClientSession
from mailproto.pop3.events import BodyChunk
from mailproto.pop3.listings import Capabilities
from mailproto.pop3.replies import Reply
from mailproto.streamed import Streamed

T = TypeVar("T")

#: Octets of a body above which it arrives in chunks, so that it can be written to a file in fixed memory.
STREAM_ABOVE: Final = 256 * 1024
#: RETR commands on their way at once when many messages are asked for. More would not hide more latency.
WINDOW: Final = 16


def opening(tls: bool | str, port: int | None, limits: Limits | None, *, apop: bool) -> Opening:
    """A session that is to be connected; *port* ``None``: the usual one."""
    check_tls(tls)
    session = ClientSession(
        limits,
        secure=tls is True,
        require_tls=tls == "starttls",
        stream_above=STREAM_ABOVE,
        allow_apop=apop,
    )
    return Opening(
        session,
        tls,
        port or (995 if tls is True else 110),
        refusal=lambda greeting: None if greeting.reply.ok else greeting.reply.text,
        logged_in=lambda _greeting: False,
    )


def simple(command: commands.Command) -> Operation[str]:
    """A command whose answer is only whether it worked; gives the server's words."""
    return Operation(command, lambda _, reply: str(reply.text))


def mechanism_for(capabilities: Capabilities, user: str, password: str, *, secure: bool) -> Any:
    """The SASL mechanism to log in with where the server says that it has no USER; None: USER it is."""
    if not capabilities or capabilities.user:
        return None
    return sasl.choose(capabilities.sasl, username=user, password=password, secure=secure)


def authenticate(mechanism: Any) -> Operation[str]:
    return Operation(commands.Auth(mechanism.name), lambda _, reply: str(reply.text), mechanism)


def _listed(command: commands.Command, pick: Callable[[tuple[Any, ...]], T]) -> Operation[T]:
    def result(_received: list[Any], reply: Reply) -> T:
        if not reply.listing:
            raise RemoteError(f"an answer to {command.name} that says nothing")
        return pick(reply.listing)

    return Operation(command, result)


def stat() -> Operation[tuple[int, int]]:
    return _listed(commands.Stat(), lambda rows: (rows[0][0], rows[0][1]))


def list_all() -> Operation[dict[int, int]]:
    return Operation(commands.List(), lambda _, reply: dict(reply.listing or ()))


def list_one(number: int) -> Operation[int]:
    return _listed(commands.List(number), lambda rows: int(rows[0][1]))


def _text(unique_id: Any) -> str:
    return unique_id.decode("ascii", "backslashreplace") if isinstance(unique_id, bytes) else str(unique_id)


def uidl_all() -> Operation[dict[int, str]]:
    return Operation(
        commands.Uidl(), lambda _, reply: {number: _text(uid) for number, uid in reply.listing or ()}
    )


def uidl_one(number: int) -> Operation[str]:
    return _listed(commands.Uidl(number), lambda rows: _text(rows[0][1]))


def capa() -> Operation[Capabilities]:
    return Operation(commands.Capa(), lambda _, reply: reply.capabilities or Capabilities())


def _body(received: list[Any], reply: Reply) -> bytes:
    if isinstance(reply.body, Streamed):
        return b"".join(event.data for event in received if type(event) is BodyChunk)
    return reply.body or b""


def retr(number: int) -> Operation[bytes]:
    return Operation(commands.Retr(number), _body, chunks=True)


def top(number: int, lines: int) -> Operation[bytes]:
    return Operation(commands.Top(number, lines), _body)

"""The POP3 readers: the compiled ones, given the values that they build."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from mailproto._core import pop3_command, pop3_reply
from mailproto.errors import NEED_DATA, IncompleteError, ParseError
from mailproto.limits import Limits
from mailproto.pop3 import codes, commands, events, replies
from mailproto.streamed import Streamed

_REPLY_TYPES: Final = (
    replies.Reply,
    codes.ResponseCode,
    replies.Continuation,
    events.BodyBegin,
    events.BodyChunk,
    events.BodyEnd,
    Streamed,
)

#: Commands without arguments are all alike: one value of each serves every reader.
_COMMANDS: Final = {name: cls if fields(cls) else cls() for name, cls in commands.BY_NAME.items()}
_COMMAND_TYPES: Final = (
    _COMMANDS,
    commands.BadCommand,
    commands.UnknownCommand,
    commands.SaslResponse._read,
)


class ReplyReader(pop3_reply.ReplyReader):
    """Reads replies from the octets of a server's stream, fed in pieces of any size.

    Tell it by :meth:`expect` which commands were sent (``"RETR 1"``, bytes, or a command): that decides which
    replies have a body; ValueError for what is no command line and no keyword. With nothing queued, the next
    reply is a single line, as a greeting is. :meth:`next` gives a :class:`~mailproto.pop3.replies.Reply`, a
    :class:`~mailproto.pop3.replies.Continuation` (within AUTH; it leaves the queue alone), or ``NEED_DATA``.

    *stream_above*: bodies of more octets than this come as :class:`~mailproto.pop3.events.BodyBegin`,
    :class:`~mailproto.pop3.events.BodyChunk` ... :class:`~mailproto.pop3.events.BodyEnd` in fixed memory,
    then the reply. *strict*: defects become errors.

    ``next`` raises ParseError for a line that is no status line, and goes on with the next line; LimitError
    with ``fatal`` set, once, past ``Limits.max_line`` or ``Limits.max_body``; then it only gives
    ``NEED_DATA``.
    """

    __slots__ = ()

    def __init__(
        self, limits: Limits | None = None, *, stream_above: int | None = None, strict: bool = False
    ) -> None:
        super().__init__(_REPLY_TYPES, limits, stream_above=stream_above, strict=strict)


class CommandReader(pop3_command.CommandReader):
    """Reads commands from the octets of a client's stream, fed in pieces of any size.

    :meth:`next` gives a command, :class:`~mailproto.pop3.commands.UnknownCommand`,
    :class:`~mailproto.pop3.commands.BadCommand` (it does not raise for a bad line), or ``NEED_DATA``. After
    ``expect_line("sasl")`` the next line is a :class:`~mailproto.pop3.commands.SaslResponse`. The one error
    that it raises, once, is a fatal LimitError, for a line past ``Limits.max_line``. *limits* are
    ``Limits.before_login()`` unless given.
    """

    __slots__ = ()

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(_COMMAND_TYPES, limits)


def parse_reply(
    data: bytes | bytearray | memoryview,
    command: commands.Command | str | bytes | None = None,
    *,
    limits: Limits | None = None,
    strict: bool = False,
) -> replies.Reply | replies.Continuation:
    """One complete reply to *command* (``None``: a greeting), with its body where it has one.

    Raises IncompleteError where more must follow, ParseError for what is no reply and for octets behind it.
    """
    reader = ReplyReader(limits, strict=strict)
    if command is not None:
        reader.expect(command)
    reader.feed(data)
    value = reader.next()
    if value is NEED_DATA:
        raise IncompleteError("the reply goes on")
    _nothing_behind(reader, data)
    result: replies.Reply | replies.Continuation = value
    return result


def parse_command(
    data: bytes | bytearray | memoryview, *, sasl: bool = False, limits: Limits | None = None
) -> commands.Command | commands.SaslResponse:
    """One complete command line, or (*sasl*) the line that answers a challenge.

    Raises IncompleteError where the line end is missing, ParseError for what is no command and for octets
    behind it.
    """
    reader = CommandReader(limits)
    if sasl:
        reader.expect_line("sasl")
    reader.feed(data)
    value = reader.next()
    if value is NEED_DATA:
        raise IncompleteError("the line end is missing")
    if isinstance(value, commands.BadCommand):
        raise value.error
    _nothing_behind(reader, data)
    result: commands.Command | commands.SaslResponse = value
    return result


def _nothing_behind(reader: Any, data: bytes | bytearray | memoryview) -> None:
    if reader.pending:
        raise ParseError(len(data) - reader.pending, "nothing behind the unit", bytes(data))

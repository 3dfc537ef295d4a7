"""Reading commands: what a server does with the bytes of its clients."""

from __future__ import annotations

from typing import Self

from mailproto._core import command as _command
from mailproto._core.command_build import Builder
from mailproto.errors import ParseError
from mailproto.imap import commands, events, search
from mailproto.imap.commands_base import Command
from mailproto.limits import Limits

_BUILDER = Builder(commands, search)

Buffer = bytes | bytearray | memoryview


class CommandReader(_command.CommandReader):
    """Reads the commands of one client: bytes in by ``feed`` or ``get_buffer``, values out by ``next`` or
    iteration.

    ``next()`` gives a command of :mod:`mailproto.imap.commands`, ``BadCommand`` for a line that is none (its
    literals swallowed, so that the octets of a message never run as commands), or ``NEED_DATA``. It never
    raises for a bad command. It raises ParseError or LimitError with ``fatal`` true, once, where the next
    command cannot be found any more (a line past ``Limits.max_line``); from then on there is only
    ``NEED_DATA``, and the connection should close.

    Without *announce* literals are awaited inline, and one past a limit gives ``BadCommand``. With it,
    ``next()`` gives ``LiteralAnnounced`` for each; then call :meth:`accept` (a server sends ``+`` first where
    ``sync`` is true) or :meth:`reject`. :meth:`expect_line` says that a SASL response or the end of IDLE
    comes next, which gives ``SaslResponse`` or ``IdleDone``.

    *stream_above*: the text of a message (APPEND, REPLACE, a TEXT of CATENATE) of more octets is not kept. It
    comes as :class:`~mailproto.imap.events.LiteralBegin`, any number of
    :class:`~mailproto.imap.events.LiteralChunk` and :class:`~mailproto.imap.events.LiteralEnd`, in fixed
    memory if each is taken as it comes; then, after other literals maybe, the command, with
    :class:`~mailproto.Streamed` in its place. ``accept(stream=...)`` decides for one literal;
    :meth:`read_literal_into` brings the octets straight into memory of yours. A command may still turn out to
    be bad after its literals were given (a NUL in a literal that is no literal8, say): act on them when the
    command is there. Streamed octets count against *limits* like others.

    *limits*: the bounds, ``Limits.server()`` if none are given; replace them when the client has logged in.
    *utf8*: mailbox names are UTF-8. *strict*: what is read tolerantly otherwise (``Command.defects``) gives
    ``BadCommand``. One thread at a time.
    """

    __slots__ = ()

    def __new__(
        cls,
        *,
        limits: Limits | None = None,
        announce: bool = False,
        utf8: bool = False,
        strict: bool = False,
        stream_above: int | None = None,
    ) -> Self:
        return super().__new__(
            cls,
            _BUILDER,
            limits=limits,
            announce=announce,
            utf8=utf8,
            strict=strict,
            stream_above=stream_above,
            events=(events.LiteralBegin, events.LiteralChunk, events.LiteralEnd),
        )


def parse_command_prefix(
    data: Buffer, *, limits: Limits | None = None, utf8: bool = False, strict: bool = False
) -> tuple[Command, int]:
    """The command that *data* begins with, its literals inline, and how many octets it took.

    Raises IncompleteError where *data* is too short, ParseError for what is no command, LimitError past a
    bound of *limits* (``Limits.server()`` if none are given). *strict*: ParseError for what is not to the
    letter of the grammar and read otherwise, with ``Command.defects``.
    """
    return _command.parse(_BUILDER, data, Limits.server() if limits is None else limits, utf8, strict)


def parse_command(
    data: Buffer, *, limits: Limits | None = None, utf8: bool = False, strict: bool = False
) -> Command:
    """The one command that *data* holds, CRLF included, literals inline.

    Raises as :func:`parse_command_prefix`, and ParseError where octets follow the command.
    """
    value, consumed = parse_command_prefix(data, limits=limits, utf8=utf8, strict=strict)
    if consumed != len(data):
        raise ParseError(consumed, "nothing after the command", bytes(data[: ParseError.UNIT_CAP]))
    return value

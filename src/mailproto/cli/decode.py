"""``mailproto decode``: what went over the wire, as one JSON line a unit.

The input is a transcript, whose lines start with ``C: `` or ``S: ``, or the raw stream of one side.
Which of the two, which protocol and which side is read off its first lines; options settle it where that
guess is wrong.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import IO, Any, Final

import click

from mailproto.cli import CommandError
from mailproto.errors import NEED_DATA, IncompleteError, ParseError

#: Octets read at once, which is also the most of one line that is looked at before it is fed.
CHUNK: Final = 64 * 1024

_POP3_COMMANDS: Final = frozenset(
    b"USER PASS APOP AUTH STAT LIST UIDL RETR TOP DELE RSET NOOP QUIT CAPA STLS UTF8 LANG".split()
)
#: Continuation lines of a SASL exchange: base64, "=" for nothing, "*" to give up. No command looks so.
_SASL_LINE: Final = re.compile(rb"(?:[A-Za-z0-9+/]*={0,2}|\*)\r?\n?\Z")


@click.command("decode")
@click.argument("file", metavar="FILE|-", default="-")
@click.option(
    "--protocol", type=click.Choice(["imap", "pop3"]), help="The protocol, when the guess is wrong."
)
@click.option("--side", type=click.Choice(["client", "server"]), help="Whose raw stream it is, likewise.")
@click.option("--secrets", is_flag=True, help="Show passwords and other credentials instead of ***.")
def command(file: str, protocol: str | None, side: str | None, secrets: bool) -> None:
    """Decode an IMAP or POP3 transcript (lines marked C: and S:) or raw stream.

    Prints one JSON line a unit. What breaks the grammar becomes a line with the key "error", and
    decoding goes on behind it.
    """
    with nullcontext(sys.stdin.buffer) if file == "-" else open(file, "rb") as stream:
        for value in decode(stream, protocol=protocol, side=side, secrets=secrets):
            # ASCII alone, and no DEL: nothing from the wire drives the terminal.
            print(json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f"))


def decode(
    stream: IO[bytes], *, protocol: str | None = None, side: str | None = None, secrets: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield ``to_dict()`` of each unit of a transcript or raw stream, and a dict with ``error`` for a
    bad one.

    Raises :class:`CommandError` where no further unit can be found: at an error of framing, or when it
    cannot be told what the input is.
    """
    lines = _Lines(stream)
    head = lines.peek()
    transcript = side is None and head.lstrip()[:2] in (b"C:", b"S:")
    if protocol is None:
        protocol = "pop3" if _looks_like_pop3(head, transcript) else "imap"
    if side is None and not transcript:
        side = "server" if _looks_like_server(head, protocol) else "client"
    decoder = (_Pop3 if protocol == "pop3" else _Imap)(secrets)
    if transcript:
        yield from _transcript(lines, decoder)
    else:
        assert side is not None
        for line, _ in lines:
            yield from decoder.feed(side, line, lines.peek(4))
    yield from decoder.finish()


def _transcript(lines: _Lines, decoder: _Decoder) -> Iterator[dict[str, Any]]:
    side: str | None = None
    for line, starts in lines:
        text = line
        if starts:
            if line[:2] in (b"C:", b"S:"):
                side = "client" if line[:1] == b"C" else "server"
                text = line[3:] if line[2:3] == b" " else line[2:]
            elif side is None or not decoder.inside(side):
                continue  # a remark between units; inside one, a line without a mark goes on with it
        if side is not None:
            if text.endswith(b"\n"):
                text = text.rstrip(b"\r\n") + b"\r\n"
            following = lines.peek(7)
            yield from decoder.feed(side, text, following[3:] if following[:2] == b"S:" else b"")


def _looks_like_pop3(head: bytes, transcript: bool) -> bool:
    for line in head.splitlines():
        text = line[2:].strip() if transcript and line[:2] in (b"C:", b"S:") else line.strip()
        if text:
            word = text.split(None, 1)[0].upper()
            return word in (b"+OK", b"-ERR") or word in _POP3_COMMANDS
    return False


def _looks_like_server(head: bytes, protocol: str) -> bool:
    words = head.lstrip().split(None, 2)
    if not words:
        return True
    if protocol == "pop3":
        return words[0].upper() in (b"+OK", b"-ERR", b"+")
    return words[0] in (b"*", b"+") or (len(words) > 1 and words[1].upper() in (b"OK", b"NO", b"BAD"))


class _Lines:
    """Lines of a stream in pieces of at most CHUNK octets, with a look at what comes next."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._next = stream.readline(CHUNK)

    def peek(self, count: int = 0) -> bytes:
        """The first ``count`` octets of the next line, or, for 0, the input's first lines."""
        if count:
            return self._next[:count]
        if not self._next.strip():  # blank lines in front say nothing
            while self._next and not self._next.strip():
                self._next = self._stream.readline(CHUNK)
        return self._next

    def __iter__(self) -> Iterator[tuple[bytes, bool]]:
        """Pairs of a piece and whether it starts a line."""
        starts = True
        while piece := self._next:
            self._next = self._stream.readline(CHUNK)
            if not self._next and not piece.endswith(b"\n"):
                piece += b"\r\n"  # files often lack the last line end
            yield piece, starts
            starts = piece.endswith(b"\n")


class _Decoder:
    """One reader a side, fed line by line."""

    def __init__(self, secrets: bool) -> None:
        self._secrets = secrets
        self._inside = {"client": False, "server": False}
        self._broken: set[str] = set()

    def inside(self, side: str) -> bool:
        """True while the side's last line has not ended a unit."""
        return self._inside[side]

    def reader(self, side: str) -> Any:
        raise NotImplementedError

    def before(self, side: str, line: bytes, following: bytes) -> None:
        """Called before the first line of a unit is fed."""

    def seen(self, side: str, value: Any) -> None:
        """Called with each value."""

    def feed(self, side: str, line: bytes, following: bytes) -> Iterator[dict[str, Any]]:
        """Feed one line, or a piece of one; ``following`` is the start of the line after it."""
        if side in self._broken:
            return
        if not self._inside[side]:
            self.before(side, line, following)
        reader = self.reader(side)
        self._inside[side] = True
        try:
            reader.feed(line)
        except ParseError as error:
            yield self._failed(side, error)
        while side not in self._broken:
            try:
                value = reader.next()
            except ParseError as error:
                self._inside[side] = False
                yield self._failed(side, error)
                continue
            if value is NEED_DATA:
                break
            self._inside[side] = False
            self.seen(side, value)
            bad = getattr(value, "error", None)
            if isinstance(bad, ParseError):
                yield _error(bad, getattr(value, "tag", None))
            else:
                yield value.to_dict(secrets=True) if self._secrets else value.to_dict()

    def _failed(self, side: str, error: ParseError) -> dict[str, Any]:
        if error.fatal:
            self._broken.add(side)
        return _error(error, None)

    def finish(self) -> Iterator[dict[str, Any]]:
        """The input is over: a unit that it cuts off is an error."""
        for side in ("client", "server"):
            if side not in self._broken and self._inside[side]:
                try:
                    self.reader(side).feed_eof()
                except (ParseError, IncompleteError):
                    yield {"error": "the input ends inside a unit"}
        if self._broken:
            raise CommandError("the stream cannot be read on: where its next unit starts is unknown")


def _error(error: ParseError, tag: str | None) -> dict[str, Any]:
    line: dict[str, Any] = {"error": str(error), "offset": error.offset, "expected": error.expected}
    return line if tag is None else {"tag": tag, **line}


class _Imap(_Decoder):
    def __init__(self, secrets: bool) -> None:
        from mailproto.imap import CommandReader, ResponseReader  # noqa: PLC0415

        super().__init__(secrets)
        self._readers: dict[str, Any] = {"client": CommandReader(), "server": ResponseReader()}
        self._line: str | None = None

    def reader(self, side: str) -> Any:
        return self._readers[side]

    def before(self, side: str, line: bytes, following: bytes) -> None:
        if side != "client" or self._line is None:
            return
        if (self._line == "sasl" and _SASL_LINE.match(line)) or (
            self._line == "idle" and line.strip().upper() == b"DONE"
        ):
            self._readers["client"].expect_line(self._line)
        else:
            self._line = None

    def seen(self, side: str, value: Any) -> None:
        name = getattr(value, "name", None)
        if side == "client":
            if name == "AUTHENTICATE":
                self._line = "sasl"
            elif name == "IDLE":
                self._line = "idle"
            elif name is not None or self._line == "idle":
                self._line = None
        elif getattr(value, "tag", None) is not None:
            self._line = None  # the command is over, so what comes next is a command


class _Pop3(_Decoder):
    def __init__(self, secrets: bool) -> None:
        from mailproto.pop3 import CommandReader, ReplyReader  # noqa: PLC0415

        super().__init__(secrets)
        self._readers: dict[str, Any] = {"client": CommandReader(), "server": ReplyReader()}
        self._commands = 0
        self._sasl = False

    def reader(self, side: str) -> Any:
        return self._readers[side]

    def before(self, side: str, line: bytes, following: bytes) -> None:
        if side == "client":
            if self._sasl and _SASL_LINE.match(line):
                self._readers["client"].expect_line("sasl")
            else:
                self._sasl = False
        elif not self._commands and line[:3].upper() == b"+OK" and _goes_on(following):
            self._readers["server"].expect("RETR 1")

    def seen(self, side: str, value: Any) -> None:
        if side == "client":
            if getattr(value, "name", None) is not None:
                self._commands += 1
                self._sasl = value.name == "AUTH"
                self._readers["server"].expect(value)
        elif self._commands and getattr(value, "status", None) is not None:
            self._commands -= 1


def _goes_on(following: bytes) -> bool:
    """Whether a +OK has a body: the server's stream does not say, so it has if no status line follows."""
    return bool(following) and not following.startswith((b"+OK", b"-ERR", b"+ "))

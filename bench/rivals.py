"""The other parsers, each behind the same few functions. One that is not installed offers no contestants.

Where a rival copies the rest of a stream at every response it is given the responses one by one, already cut:
its parsing is measured, not its buffering.
"""

from __future__ import annotations

import asyncio
import imaplib
import io
import poplib
import re
from collections.abc import Callable
from typing import Any

try:
    import imap_codec
except ImportError:
    imap_codec = None
try:
    from imapclient import response_parser as imapclient_parser
except ImportError:
    imapclient_parser = None
try:
    from aioimaplib import aioimaplib
except ImportError:
    aioimaplib = None
try:
    from pymap.parsing import Params as PymapParams
    from pymap.parsing.commands import Commands as PymapCommands
except ImportError:
    PymapCommands = None


# imap-codec (Rust): typed objects, and the dict that makes them readable from Python.


def codec_dicts(units: list[bytes], codec: str = "ResponseCodec") -> Callable[[], list[Any]] | None:
    """Decode each unit and read it through ``as_dict``."""
    if imap_codec is None:
        return None
    decode = getattr(imap_codec, codec).decode
    return lambda: [decode(unit)[1].as_dict() for unit in units]


def codec_objects(units: list[bytes], codec: str = "ResponseCodec") -> Callable[[], list[Any]] | None:
    """Decode each unit into the opaque object, of which Python can read nothing."""
    if imap_codec is None:
        return None
    decode = getattr(imap_codec, codec).decode
    return lambda: [decode(unit)[1] for unit in units]


# imaplib, and imapclient's parser on what imaplib hands over.


class _Imaplib(imaplib.IMAP4):
    """An IMAP4 that reads a given stream instead of a socket."""

    def __init__(self, stream: bytes) -> None:
        self._file = self.file = io.BytesIO(stream)
        self.debug = 0
        self._cmd_log_len, self._cmd_log_idx, self._cmd_log = 10, 0, {}
        self._mode_ascii()
        self.tagged_commands = {}
        self.untagged_responses = {}
        self.tagre = re.compile(rb"(?P<tag>AAAA\d+) (?P<type>[A-Z]+) (?P<data>.*)", re.ASCII)

    def read(self, size: int) -> bytes:
        return self.file.read(size)

    def readline(self) -> bytes:
        return self.file.readline()

    def __del__(self) -> None:
        pass


def imaplib_data(stream: bytes, name: str) -> Callable[[], list[Any]]:
    """Read the stream's responses; what ``IMAP4.fetch()`` and the like return, unparsed."""
    count = stream.count(b"\r\n* ") + 1

    def run() -> list[Any]:
        client = _Imaplib(stream)
        left = len(stream)
        for _ in range(count):
            client._get_response()
            if client.file.tell() == left:
                break
        return client.untagged_responses[name]

    return run


def imapclient_fetch(stream: bytes) -> Callable[[], Any] | None:
    """imaplib reads, imapclient parses."""
    if imapclient_parser is None:
        return None
    read = imaplib_data(stream, "FETCH")
    return lambda: imapclient_parser.parse_fetch_response(read(), normalise_times=False)


def imapclient_search(stream: bytes) -> Callable[[], Any] | None:
    """imapclient's list of the numbers of one SEARCH response."""
    if imapclient_parser is None:
        return None
    read = imaplib_data(stream, "SEARCH")
    return lambda: imapclient_parser.parse_message_list(read())


def imapclient_lists(stream: bytes) -> Callable[[], Any] | None:
    """LIST responses, as ``IMAPClient.list_folders`` parses them."""
    if imapclient_parser is None:
        return None

    def run() -> list[Any]:
        client = imaplib_data(stream, "LIST")
        return [imapclient_parser.parse_response([line]) for line in client()]

    return run


# aioimaplib: lines only.


def aioimaplib_lines(stream: bytes, command: str) -> Callable[[], Any] | None:
    """Feed the stream to the client protocol with one command pending; the lines that it collects."""
    if aioimaplib is None:
        return None
    loop = asyncio.new_event_loop()

    def run() -> Any:
        async def read() -> Any:
            protocol = aioimaplib.IMAP4ClientProtocol(loop)
            protocol.state = aioimaplib.SELECTED
            pending = aioimaplib.Command(command, "A1", loop=loop)
            protocol.pending_sync_command = pending
            protocol.pending_async_commands[command] = pending
            protocol.data_received(stream)
            return pending.response.lines

        return loop.run_until_complete(read())

    return run


# pymap: commands, as a server reads them.


def pymap_commands(units: list[bytes]) -> Callable[[], list[Any]] | None:
    """Parse each command."""
    if PymapCommands is None:
        return None
    parser, params = PymapCommands(), PymapParams()
    return lambda: [parser.parse(memoryview(unit), params.copy())[0] for unit in units]


# POP3.


class _Poplib(poplib.POP3):
    """A POP3 that reads a given stream instead of a socket."""

    def __init__(self, stream: bytes) -> None:
        self.file = io.BytesIO(stream)
        self._debugging = 0


def poplib_bodies(replies: list[bytes]) -> Callable[[], list[Any]]:
    """What ``POP3.retr()`` returns, for each reply: a list of lines."""
    stream = b"".join(replies)

    def run() -> list[Any]:
        client = _Poplib(stream)
        return [client._getlongresp()[1] for _ in replies]

    return run


def replace_idiom(replies: list[bytes]) -> Callable[[], list[bytes]]:
    """What scripts write: cut off the status line and the terminator, replace ``\\r\\n..`` by ``\\r\\n.``."""

    def one(reply: bytes) -> bytes:
        body = reply[reply.index(b"\r\n") + 2 : -3].replace(b"\r\n..", b"\r\n.")
        return body[1:] if body.startswith(b"..") else body

    return lambda: [one(reply) for reply in replies]

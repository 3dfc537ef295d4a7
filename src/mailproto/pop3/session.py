"""What the client's and the server's session share: octets in and out, and how a connection ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailproto.errors import IncompleteError, LocalError, RemoteError
from mailproto.pop3.events import Closed
from mailproto.pop3.outbox import Buffer, Outbox
from mailproto.pop3.states import Input, State

if TYPE_CHECKING:
    from mailproto.pop3.readers import CommandReader, ReplyReader
    from mailproto.wirelog import WireLog


class Session:
    """Base of :class:`mailproto.pop3.ClientSession` and :class:`mailproto.pop3.ServerSession`."""

    def __init__(self, reader: ReplyReader | CommandReader, *, secure: bool, log: WireLog | None) -> None:
        self._peer = reader
        self._outbox = Outbox()
        self._log = log
        self._secure = secure
        self._utf8 = False
        self._state = State.NOT_GREETED
        self._start_tls_due = False
        self._eof = False
        self._error: RemoteError | None = None

    @property
    def state(self) -> State:
        """Where the connection is (RFC 1939 section 3)."""
        return self._state

    @property
    def secure(self) -> bool:
        """Whether the connection is inside TLS, as far as the session was told."""
        return self._secure

    @property
    def utf8(self) -> bool:
        """Whether UTF8 was answered +OK: headers may hold UTF-8 now (RFC 6856 section 2.1)."""
        return self._utf8

    def data_to_send(self) -> list[Buffer]:
        """The buffers to send now, in order. Bodies that need no dot are the caller's own objects,
        uncopied."""
        return self._outbox.take()

    def receive_data(self, data: Buffer) -> None:
        """Take bytes from the peer; ``b""``: it closed the connection."""
        if self._takes(len(data)):
            self._peer.feed(data)

    def get_buffer(self, hint: int = -1) -> memoryview:
        """Memory for the socket to write into; then ``buffer_updated()``. As ``asyncio.BufferedProtocol``."""
        return self._peer.get_buffer(hint)

    def buffer_updated(self, count: int) -> None:
        """*count* octets were written into the memory of the last ``get_buffer()``; 0: the peer closed."""
        if self._takes(count):
            self._peer.buffer_updated(count)

    def _takes(self, count: int) -> bool:
        """Note that *count* octets came; false where they must not reach the reader."""
        raise NotImplementedError

    def _advance(self, happened: Input) -> None:
        """Move to the next state; what cannot happen is the peer's mistake, or ours."""
        raise NotImplementedError

    def _raise_if_over(self) -> None:
        if self._error is not None:
            raise self._error
        if self._state in (State.ENDED, State.CLOSED):
            raise LocalError("the connection is over")

    def _closed(self, unfinished: tuple[int, ...] = ()) -> Closed:
        """The stream is over and all of it was read."""
        expected = self._state is State.ENDED
        truncated = False
        if not expected:
            try:
                self._peer.feed_eof()
            except IncompleteError:
                truncated = True
        self._advance(Input.EOF)
        return Closed(expected, unfinished, truncated)

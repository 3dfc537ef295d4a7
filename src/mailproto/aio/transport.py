"""What both ends share: one sans-IO session on one asyncio transport.

The socket writes straight into the session reader's memory (``BufferedProtocol``), what the session wants
sent is passed on in slices, so that a slow peer costs us one slice and not a copy of the whole body, and
nothing is held for a connection that is idle.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from mailproto.aio.tlspipe import TlsPipe
from mailproto.errors import ConnectionLost

if TYPE_CHECKING:
    from collections.abc import Sequence

Buffer = bytes | bytearray | memoryview

#: Octets handed to the transport at once. asyncio copies what the kernel does not take, so this bounds the
#: copy.
SLICE: Final = 64 * 1024
#: The transport tells us to stop writing above HIGH_WATER unsent octets, and to go on below LOW_WATER.
HIGH_WATER: Final = 128 * 1024
LOW_WATER: Final = 32 * 1024
#: Octets written in one go before other connections get their turn (see :meth:`SessionConnection.drain`).
FAIR_SHARE: Final = 1024 * 1024
#: Seconds in which a closing connection may still send what it holds.
LINGER: Final = 5.0

_scratch = threading.local()


def _scratch_buffer() -> memoryview:
    """Memory for octets that are dealt with before the event loop goes on: encrypted ones, and those
    nobody will look at. One per thread is enough for all connections."""
    view: memoryview | None = getattr(_scratch, "view", None)
    if view is None:
        view = _scratch.view = memoryview(bytearray(SLICE))
    return view


class Session(Protocol):
    """The sans-IO interface that every session, client or server, IMAP or POP3, has (DESIGN section 5)."""

    def get_buffer(self, hint: int = ..., /) -> memoryview: ...
    def buffer_updated(self, count: int, /) -> None: ...
    def receive_data(self, data: bytes, /) -> None: ...
    def next_event(self) -> Any: ...
    def data_to_send(self) -> Sequence[Buffer]: ...
    def tls_started(self) -> None: ...


class SessionConnection(asyncio.BufferedProtocol):
    """A session on a transport. Subclasses say what becomes of events (:meth:`_advance`)."""

    __slots__ = (
        "_active",
        "_closing",
        "_discarding",
        "_drain_waiter",
        "_eof_seen",
        "_error",
        "_handshake_timer",
        "_handshake_waiter",
        "_lost",
        "_pending",
        "_pending_size",
        "_pipe",
        "_progress",
        "_raw_eof",
        "_reading_paused",
        "_since_yield",
        "_transport",
        "_writing_paused",
        "bytes_received",
        "bytes_sent",
        "loop",
        "peer",
        "session",
    )

    def __init__(self, session: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.session = session
        self.loop = loop
        #: Octets of the protocol received and sent so far, TLS's own not counted.
        self.bytes_received = 0
        self.bytes_sent = 0
        #: The peer's address as the transport gives it, or None.
        self.peer: Any = None
        self._transport: asyncio.Transport | None = None
        self._pending: deque[Buffer] = deque()
        self._pending_size = 0
        self._writing_paused = False
        self._reading_paused = False
        self._drain_waiter: asyncio.Future[None] | None = None
        self._since_yield = 0
        self._pipe: TlsPipe | None = None
        self._handshake_waiter: asyncio.Future[None] | None = None
        self._handshake_timer: asyncio.TimerHandle | None = None
        self._error: Exception | None = None
        self._raw_eof = False
        self._eof_seen = False
        self._closing = False
        self._discarding = False
        self._lost = False
        self._active = self._progress = loop.time()

    # -- state -------------------------------------------------------------------------------------

    @property
    def is_tls(self) -> bool:
        """True once the TLS handshake is done."""
        return self._pipe is not None and not self._pipe.handshaking

    @property
    def is_closing(self) -> bool:
        """True once the connection is closing or gone: nothing more can be sent."""
        return self._closing or self._lost

    @property
    def is_lost(self) -> bool:
        """True once the transport is gone."""
        return self._lost

    @property
    def pending(self) -> int:
        """Octets taken from the session that the transport has not accepted yet."""
        return self._pending_size

    def extra_info(self, name: str) -> Any:
        """The transport's ``get_extra_info(name)``: ``"sockname"``, ``"ssl_object"`` ...; None once it is
        gone."""
        if name == "ssl_object":
            return None if self._pipe is None else self._pipe.ssl_object
        return None if self._transport is None else self._transport.get_extra_info(name)

    @property
    def error(self) -> Exception | None:
        """Why the connection ended, where that is known and no ordinary end."""
        return self._error

    # -- what subclasses fill in -------------------------------------------------------------------

    def _advance(self) -> None:
        """Take events from the session until none is left."""
        raise NotImplementedError

    def _session_failed(self, error: Exception) -> None:
        """The session raised while it took in bytes."""
        raise NotImplementedError

    def _ended(self, error: Exception | None) -> None:
        """The transport is gone. Called once."""
        raise NotImplementedError

    # -- reading: asyncio calls these --------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next octets go: the session reader's own memory, or the decoder's of TLS."""
        if self._pipe is not None or self._discarding or self._lost:
            return _scratch_buffer()
        return self.session.get_buffer(sizehint)  # type: ignore[no-any-return]

    def buffer_updated(self, nbytes: int) -> None:
        """``nbytes`` octets have been written to the buffer handed out last."""
        if self._discarding or self._lost:
            return
        self._active = self.loop.time()
        if self._pipe is not None:
            self._pipe.feed(_scratch_buffer()[:nbytes])
            self._decrypt()
            return
        self.bytes_received += nbytes
        try:
            self.session.buffer_updated(nbytes)
        except Exception as error:
            self._session_failed(error)
            return
        self._advance()

    def _decrypt(self) -> None:
        """Give the session what TLS can make of the octets fed to it, until someone asks us to stop
        reading."""
        pipe = self._pipe
        assert pipe is not None
        try:
            if pipe.handshaking:
                if not pipe.handshake():
                    self._send_encrypted()
                    return
                self._handshake_done()
            while not self._reading_paused and not self._discarding and not self._lost and not self._eof_seen:
                count = pipe.read_into(self.session.get_buffer(-1))
                if count is None:
                    break
                if count == 0:
                    self._peer_ended()
                    break
                self.bytes_received += count
                try:
                    self.session.buffer_updated(count)
                except Exception as error:
                    self._session_failed(error)
                    return
                self._advance()
            self._send_encrypted()
        except ssl.SSLError as error:
            self._send_encrypted()  # the alert that tells the peer why
            self._fail(error)

    def _peer_ended(self) -> None:
        if self._eof_seen:
            return
        self._eof_seen = True
        try:
            self.session.receive_data(b"")
        except Exception as error:
            self._session_failed(error)
            return
        self._advance()

    def eof_received(self) -> bool:
        """asyncio: the peer will send nothing more; what it asked for before is still answered."""
        if self._discarding:
            # Both sides have ended.
            return False
        if self._pipe is not None and self._pipe.handshaking:
            self._fail(ConnectionLost("the peer left during the TLS handshake"))
            return False
        self._raw_eof = True
        if not self._reading_paused:
            self._peer_ended()
        return True

    def pause_reading(self) -> None:
        """Take no more octets from the socket; the peer's sending stalls. May be called twice."""
        if not self._reading_paused and self._transport is not None and not self._transport.is_closing():
            self._reading_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Undo :meth:`pause_reading`."""
        if self._reading_paused and self._transport is not None and not self._transport.is_closing():
            self._reading_paused = False
            self._transport.resume_reading()
            if self._pipe is not None or self._raw_eof:
                # TLS may hold decrypted octets already, for which the socket will not wake us.
                self.loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if self._reading_paused or self._lost or self._discarding:
            return
        if self._pipe is not None and not self._pipe.handshaking:
            self._decrypt()
        if self._raw_eof and not self._reading_paused:
            self._peer_ended()

    # -- writing -----------------------------------------------------------------------------------

    def flush(self) -> None:
        """Send what the session has to send. Returns at once; see :meth:`drain`."""
        if self._lost:
            self.session.data_to_send()
            return
        for data in self.session.data_to_send():
            size = len(data)
            if size:
                self._pending.append(data)
                self._pending_size += size
        if self._pending:
            self._pump()

    def _pump(self) -> None:
        """Give the transport slices until it asks us to stop."""
        pending, transport = self._pending, self._transport
        if transport is None or transport.is_closing():
            self._drop_pending()
            return
        pipe = self._pipe
        if pipe is not None and pipe.handshaking:
            return  # for the inside of TLS, when there is one
        self._progress = self.loop.time()
        while pending and not self._writing_paused:
            data: Buffer = pending.popleft()
            size = len(data)
            if size > SLICE:
                view = memoryview(data)
                data, rest = view[:SLICE], view[SLICE:]
                size = SLICE
                pending.appendleft(rest)
            elif pending and size + len(pending[0]) <= SLICE:
                # Small answers go out in one write: a system call each would cost more than the copy.
                parts = [data]
                while pending and size + len(pending[0]) <= SLICE:
                    parts.append(pending.popleft())
                    size += len(parts[-1])
                data = b"".join(parts)
            self._pending_size -= size
            self.bytes_sent += size
            self._since_yield += size
            if pipe is None:
                transport.write(data)
            else:
                try:
                    pipe.write(data)
                except ssl.SSLError as error:
                    self._fail(error)
                    return
                transport.write(pipe.to_send())
        if not pending:
            self._written()

    def _written(self) -> None:
        """Everything has been given to the transport."""
        if self._drain_waiter is not None and not self._writing_paused:
            if not self._drain_waiter.done():
                self._drain_waiter.set_result(None)
            self._drain_waiter = None
        if self._closing and not self._discarding:
            self._close_transport()

    def _drop_pending(self) -> None:
        self._pending.clear()
        self._pending_size = 0
        waiter, self._drain_waiter = self._drain_waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(ConnectionLost("the peer is gone"))
            waiter.exception()  # whoever awaits it still gets it; nobody awaiting it is no fault

    @property
    def write_blocked(self) -> bool:
        """True while the peer takes in less than we have for it: make no more of it now."""
        return self._writing_paused or self._pending_size > 0

    def pause_writing(self) -> None:
        """asyncio: the transport holds more than HIGH_WATER octets."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """asyncio: the transport holds less than LOW_WATER octets again."""
        self._writing_paused = False
        self._progress = self.loop.time()
        if self._pending:
            self._pump()
        else:
            self._written()
        if not self.write_blocked:
            self._unblocked()

    def _unblocked(self) -> None:
        """The peer has taken in what we had for it."""

    async def drain(self) -> None:
        """Send what the session has to send and wait until the peer has taken in most of it.

        Also gives other connections their turn after each FAIR_SHARE octets. Raises
        :class:`ConnectionLost` when the connection is gone. Only one task may wait here at a time.
        """
        self.flush()
        if self._lost:
            raise ConnectionLost("the peer is gone")
        if self.write_blocked:
            self._since_yield = 0
            if self._drain_waiter is None:
                self._drain_waiter = self.loop.create_future()
            await asyncio.shield(self._drain_waiter)
        elif self._since_yield >= FAIR_SHARE:
            self._since_yield = 0
            await asyncio.sleep(0)

    # -- TLS -------------------------------------------------------------------------------------------

    def _begin_tls(
        self, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None, timeout: float
    ) -> asyncio.Future[None]:
        """From the next octet on, both ways, this is TLS. What was flushed before went out in the clear;
        what the session is given from now on came from inside.

        The future is done when the handshake is; its exception is an ``ssl.SSLError``, ``OSError`` or
        :class:`ConnectionLost`, and then the connection is gone.
        """
        assert self._pipe is None
        waiter = self._handshake_waiter = self.loop.create_future()
        # A future nobody awaits any more is not news.
        waiter.add_done_callback(lambda future: future.cancelled() or future.exception())
        if self.is_closing:
            self._handshake_waiter = None
            waiter.set_exception(ConnectionLost("the peer is gone"))
            return waiter
        self._pipe = TlsPipe(context, server_side=server_side, hostname=hostname)
        self._handshake_timer = self.loop.call_later(timeout, self._handshake_late)
        if not server_side:
            self._decrypt()
        return waiter

    def _handshake_late(self) -> None:
        self._fail(ConnectionLost("the TLS handshake took too long"))

    def _handshake_done(self) -> None:
        if self._handshake_timer is not None:
            self._handshake_timer.cancel()
            self._handshake_timer = None
        self._send_encrypted()
        waiter, self._handshake_waiter = self._handshake_waiter, None
        try:
            self._secured()
        except Exception as error:
            self._session_failed(error)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        if self._pending:
            self._pump()

    def _secured(self) -> None:
        """The handshake is done and nothing from inside has been read yet."""

    def _send_encrypted(self) -> None:
        if self._pipe is not None and self._transport is not None and not self._transport.is_closing():
            data = self._pipe.to_send()
            if data:
                self._transport.write(data)

    def _fail(self, error: Exception) -> None:
        """The connection cannot go on, for a reason that is worth telling."""
        if self._error is None:
            self._error = error
        self._closing = True
        self._drop_pending()
        if self._transport is not None:
            # close(), not abort(): an alert may be on its way. Nothing else is.
            self._discarding = True
            self._transport.close()
            self.loop.call_later(LINGER, self._abort_if_open)

    # -- the end -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection is up."""
        # Not isinstance(): uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self.peer = transport.get_extra_info("peername")
        self._transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)

    def close(self) -> None:
        """Send what is left, then close. Returns at once; a peer that does not read gets LINGER seconds."""
        if self._lost or self._closing:
            return
        self.flush()
        self._closing = True
        self.loop.call_later(LINGER, self._abort_if_open)
        if not self._pending:
            self._close_transport()

    def _close_transport(self) -> None:
        """Nothing is left to send."""
        transport = self._transport
        if self._lost or transport is None or self._discarding:
            return
        if self._pipe is not None and not self._pipe.handshaking:
            self._pipe.close()
            self._send_encrypted()
        self._discarding = True
        if self._eof_seen or self._raw_eof:
            transport.close()
            return
        # Closing a socket with unread input resets the connection and may take our last words from the peer:
        # end our side, and read the peer's to its end.
        try:
            transport.write_eof()
        except (OSError, RuntimeError):
            self.abort()
            return
        self.resume_reading()

    def _abort_if_open(self) -> None:
        if not self._lost:
            self.abort()

    def abort(self) -> None:
        """Close at once; what was not sent is dropped."""
        self._closing = True
        self._drop_pending()
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the transport is gone."""
        if self._lost:
            return
        self._lost = True
        self._closing = True
        error = self._error or exc
        self._drop_pending()
        if self._handshake_timer is not None:
            self._handshake_timer.cancel()
            self._handshake_timer = None
        waiter, self._handshake_waiter = self._handshake_waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error or ConnectionLost("the peer left during the TLS handshake"))
        self._ended(error)
        self._transport = None
        self._pipe = None

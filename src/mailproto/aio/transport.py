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
#: Octets that may arrive between the end of the TLS handshake and our learning of it: one read of the
#: transport.
MAX_EARLY: Final = 512 * 1024

_scratch = threading.local()


def _discard_buffer() -> memoryview:
    """Memory for octets nobody will look at; one per thread is enough for all connections."""
    view: memoryview | None = getattr(_scratch, "view", None)
    if view is None:
        view = _scratch.view = memoryview(bytearray(16 * 1024))
    return view


class Session(Protocol):
    """The sans-IO interface that every session, client or server, IMAP or POP3, has (DESIGN section 5)."""

    def get_buffer(self, hint: int = ..., /) -> memoryview: ...
    def buffer_updated(self, count: int, /) -> None: ...
    def receive_data(self, data: bytes, /) -> None: ...
    def next_event(self) -> Any: ...
    def data_to_send(self) -> Sequence[Buffer]: ...
    def tls_started(self) -> None: ...


class ConnectionLost(ConnectionError):
    """The connection ended before the answer came. What was asked for may or may not have been done."""


class SessionConnection(asyncio.BufferedProtocol):
    """A session on a transport. Subclasses say what becomes of events (:meth:`_advance`)."""

    __slots__ = (
        "_active",
        "_closing",
        "_discarding",
        "_drain_waiter",
        "_early",
        "_early_view",
        "_lost",
        "_pending",
        "_pending_size",
        "_progress",
        "_reading_paused",
        "_since_yield",
        "_tls",
        "_transport",
        "_upgrading",
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
        self._tls = False
        self._upgrading = False
        self._early = b""
        self._early_view = memoryview(b"")
        self._closing = False
        self._discarding = False
        self._lost = False
        self._active = self._progress = loop.time()

    # -- state -------------------------------------------------------------------------------------

    @property
    def is_tls(self) -> bool:
        """True once the TLS handshake is done."""
        return self._tls

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
        return None if self._transport is None else self._transport.get_extra_info(name)

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
        """Where the next octets go: the session reader's own memory."""
        if self._discarding or self._lost:
            return _discard_buffer()
        if self._upgrading:
            # Octets from inside TLS, before start_tls() could tell us that the handshake is done. They
            # must not reach the session yet, which would take them for octets sent in the clear.
            self._early_view = memoryview(bytearray(SLICE))
            return self._early_view
        return self.session.get_buffer(sizehint)  # type: ignore[no-any-return]

    def buffer_updated(self, nbytes: int) -> None:
        """``nbytes`` octets have been written to the buffer handed out last."""
        if self._discarding or self._lost:
            return
        self._active = self.loop.time()
        self.bytes_received += nbytes
        if self._upgrading:
            self._early += bytes(self._early_view[:nbytes])
            if len(self._early) > MAX_EARLY:
                self.abort()
            return
        try:
            self.session.buffer_updated(nbytes)
        except Exception as error:
            self._session_failed(error)
            return
        self._advance()

    def eof_received(self) -> bool:
        """The peer will send nothing more; what it asked for before is still answered."""
        if self._discarding:
            self.abort()
            return False
        if self._upgrading or self._lost or self._closing:
            return False
        try:
            self.session.receive_data(b"")
        except Exception as error:
            self._session_failed(error)
            return False
        self._advance()
        # A half-open connection is a matter of TCP; TLS has none (RFC 8446 section 6.1 has, asyncio has not).
        return not self._tls

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
        if self._pending and not self._upgrading:
            self._pump()

    def _pump(self) -> None:
        """Give the transport slices until it asks us to stop."""
        pending, transport = self._pending, self._transport
        if transport is None or transport.is_closing():
            self._drop_pending()
            return
        self._progress = self.loop.time()
        while pending and not self._writing_paused:
            data = pending.popleft()
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
            transport.write(data)
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

    # -- TLS ---------------------------------------------------------------------------------------

    async def _upgrade(
        self, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None, timeout: float
    ) -> None:
        """Do the TLS handshake on the transport as it is. What was flushed before goes out in the clear.

        Raises ``ssl.SSLError``, ``OSError`` or :class:`ConnectionLost`; then the connection is gone.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionLost("the peer is gone")
        self._upgrading = True
        self._reading_paused = False
        try:
            # asyncio starts the clock of the handshake late (when it starts), so the peer that never reads
            # what we sent before is bounded here.
            async with asyncio.timeout(timeout + 5):
                upgraded = await self.loop.start_tls(
                    transport,
                    self,
                    context,
                    server_side=server_side,
                    server_hostname=hostname,
                    ssl_handshake_timeout=timeout,
                    ssl_shutdown_timeout=LINGER,
                )
        except BaseException as error:
            self._upgrading = False
            transport.abort()
            self._finish(error if isinstance(error, Exception) else None)
            raise
        self._upgrading = False
        if upgraded is None or self._lost:
            raise ConnectionLost("the peer left during the TLS handshake")
        self._transport = upgraded
        self._tls = True
        upgraded.set_write_buffer_limits(HIGH_WATER, LOW_WATER)
        self._early_view = memoryview(b"")

    def _take_early(self) -> None:
        """Give the session what arrived inside TLS before it knew of TLS."""
        early, self._early = self._early, b""
        if early:
            self.session.receive_data(early)

    # -- the end -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection is up."""
        # Not isinstance(): uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self.peer = transport.get_extra_info("peername")
        transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)

    def close(self) -> None:
        """Send what is left, then close. Returns at once; a peer that does not read gets LINGER seconds."""
        if self._lost or self._closing:
            return
        self.flush()
        self._closing = True
        self.loop.call_later(LINGER, self._abort_if_open)
        if not self._pending and not self._upgrading:
            # Not from inside asyncio's reading: closing TLS there would read again.
            self.loop.call_soon(self._close_transport)

    def _close_transport(self) -> None:
        transport = self._transport
        if self._lost or transport is None or self._discarding:
            return
        if self._tls:
            # Closing a TLS transport whose lower half is blocked would lose what it holds.
            if transport.get_write_buffer_size() and not transport.is_closing():
                self.loop.call_later(0.02, self._close_transport)
            else:
                transport.close()
            return
        # Closing a socket with unread input resets the connection and may take our last words from the peer:
        # end our side, and read the peer's to its end.
        self._discarding = True
        try:
            transport.write_eof()
        except OSError:
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
        self._finish(exc)

    def _finish(self, error: Exception | None) -> None:
        if self._lost:
            return
        self._lost = True
        self._closing = True
        self._drop_pending()
        self._ended(error)
        self._transport = None

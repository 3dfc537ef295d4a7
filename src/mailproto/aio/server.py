"""A server's end of a connection: a sans-IO server session, and a handler that answers its events.

A handler's methods may be plain or ``async``. A plain one that returns None costs no task: the answers of
everything that arrived together leave in one write. An ``async`` one (anything awaitable returned) makes
the connection busy: no further event is handed over until it is done, and the peer is made to wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mailproto.aio.transport import SessionConnection
from mailproto.errors import NEED_DATA, ConnectionLost, MailprotoError

if TYPE_CHECKING:
    from mailproto.aio.listener import Listener

log = logging.getLogger("mailproto.aio")

Outcome = Awaitable[None] | None

#: Events handled before their answers are given to the transport: bounds what one read can make us hold.
FLUSH_EVERY: Final = 32
#: Seconds that a server which is stopping waits for a peer to end its side, once it has sent it all.
FAREWELL: Final = 0.25

_EAGER: Final[dict[str, Any]] = {"eager_start": True} if sys.version_info >= (3, 12) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds that a server waits for a peer. None: for ever."""

    #: From accept to the end of the TLS handshake.
    handshake: float = 30.0
    #: Without an octet from the peer (RFC 9051 section 5.4: 30 minutes at least once logged in; RFC 1939
    #: section 3: 10 minutes). Change it per connection with :meth:`ServerConnection.set_timeout`.
    idle: float | None = 120.0
    #: Without the peer taking in anything of what we have for it.
    stalled: float = 120.0


class Handler:
    """Answers the events of one connection. Subclass it; every method but :meth:`handle` may stay as it
    is."""

    def connected(self) -> Outcome:
        """The connection is up (with implicit TLS: the handshake is done). Queue the greeting."""

    def handle(self, event: Any) -> Outcome:
        """One event of the session. Send answers with ``connection.session.send(...)``.

        They leave when the event is handled, or at ``connection.flush()``, or ``await
        connection.drain()``, which also waits for a slow peer: call it between the messages of a long answer.
        """
        raise NotImplementedError

    def timed_out(self) -> None:
        """The peer was silent too long. May queue a last word; the connection closes after it."""

    def failed(self, error: Exception) -> None:
        """The peer broke the protocol (a MailprotoError) or :meth:`handle` raised. May queue a last word; the
        connection closes after it. An error that is not the peer's has been logged."""

    def shutdown(self) -> None:
        """The server is stopping. May queue a last word; the connection closes after it, and when the
        event being handled is done."""

    def disconnected(self) -> Outcome:
        """The connection is gone, for whatever reason, and no other method is running or will run. Called
        once for each handler that was made."""


class ServerConnection(SessionConnection):
    """One accepted connection. Handlers use: ``session``, :meth:`flush`, :meth:`drain`, :meth:`start_tls`,
    :meth:`set_timeout`, :meth:`set_deadline`, :meth:`close`, ``peer``, ``is_tls``, ``is_closing``,
    ``bytes_received``, ``bytes_sent``."""

    __slots__ = (
        "_advancing",
        "_busy",
        "_deadline",
        "_handler",
        "_idle",
        "_listener",
        "_starttls",
        "_stopping",
        "_timer",
    )

    def __init__(self, session: Any, loop: asyncio.AbstractEventLoop, listener: Listener) -> None:
        super().__init__(session, loop)
        self._listener = listener
        self._handler: Handler | None = None
        self._busy = False
        self._advancing = False
        self._starttls = False
        self._stopping = False
        self._idle = listener.timeouts.idle
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    # -- start -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: accepted."""
        super().connection_made(transport)
        listener = self._listener
        if not listener._admit(self):
            # Said in the clear only where the peer expects clear text.
            if listener.refusal and not listener.implicit_tls:
                assert self._transport is not None
                self._transport.write(listener.refusal)
                self.close()
            else:
                self.abort()
            return
        self._handler = listener.handler_factory(self)
        self._arm()
        if listener.implicit_tls:
            assert listener.tls is not None
            # The greeting follows the handshake, see _secured().
            self._begin_tls(listener.tls, server_side=True, timeout=listener.timeouts.handshake)
        else:
            self._call(self._handler.connected)

    def _secured(self) -> None:
        if self._starttls:
            self.session.tls_started()
        elif self._handler is not None:
            self._call(self._handler.connected)

    # -- events to the handler ---------------------------------------------------------------------

    def _advance(self) -> None:
        """Hand over events until none is left, one takes time, or the peer does not read our answers."""
        if self._advancing:
            return
        if self._busy or self.write_blocked:
            # One read more than we can use has arrived; the peer waits for the next.
            self.pause_reading()
            return
        outcome = self._pull()
        if outcome is not None:
            self._start(outcome)

    def _pull(self) -> Outcome:
        handler, session = self._handler, self.session
        assert handler is not None
        handled = 0
        self._advancing = True
        try:
            while not self.write_blocked and not self._closing:
                event = session.next_event()
                if event is NEED_DATA:
                    break
                outcome = handler.handle(event)
                if outcome is not None:
                    self.flush()
                    return outcome
                handled += 1
                if not handled % FLUSH_EVERY:
                    self.flush()
        except Exception as error:
            self._session_failed(error)
            return None
        finally:
            self._advancing = False
        self.flush()
        if self.write_blocked:
            self.pause_reading()
        elif self._stopping or (self._eof_seen and not self._closing):
            self.close()
        elif not self._closing:
            self.resume_reading()
        return None

    def _call(self, method: Callable[[], Outcome]) -> None:
        try:
            outcome = method()
        except Exception as error:
            self._session_failed(error)
            return
        if outcome is not None:
            self._start(outcome)
        else:
            self._advance()

    def _start(self, outcome: Awaitable[None]) -> None:
        self._busy = True  # an eager task may be done, and have cleared it, before the next line is
        self._listener._keep(asyncio.Task(self._drive(outcome), loop=self.loop, **_EAGER))

    async def _drive(self, outcome: Outcome) -> None:
        """Wait for the handler, then hand over what arrived meanwhile."""
        try:
            while outcome is not None:
                await outcome
                self.flush()
                outcome = None
                if not self._lost and not self._closing and not self.write_blocked:
                    outcome = self._pull()
        except ConnectionLost:
            self.abort()
        except Exception as error:
            self._session_failed(error)
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._busy = False
            if self._lost:
                self._tell_disconnected()
            elif self._stopping:
                self.close()

    def _unblocked(self) -> None:
        if not self._busy and not self._closing:
            self._advance()

    def _session_failed(self, error: Exception) -> None:
        if self._lost or self._handler is None:
            return
        if not isinstance(error, MailprotoError):
            log.error("%s: the handler failed", self.peer, exc_info=error)
        try:
            # A session that has failed may refuse to send: then it has said all there is to say.
            with contextlib.suppress(MailprotoError):
                self._handler.failed(error)
        except Exception:
            log.exception("%s: the handler failed again", self.peer)
        with contextlib.suppress(MailprotoError):
            self.flush()
        self.close()

    # -- STARTTLS ----------------------------------------------------------------------------------

    def start_tls(self, response: Any = None) -> Awaitable[None]:
        """Send ``response`` (the OK to STARTTLS or STLS) and go on inside TLS. Return this from ``handle``.

        The response is the last thing sent in the clear. What arrives after it is TLS or nothing; what had
        arrived before it is the session's to refuse (``tls_started()`` raises RemoteError). With the IMAP and
        POP3 sessions: answer the command OK, and call this at the StartTls event that follows.
        """
        if self._listener.tls is None:
            raise ValueError("this listener has no TLS context")
        if response is not None:
            self.session.send(response)
        self.flush()
        self._starttls = True
        if not self._pending:
            # At once: what comes after this line of code was sent after ours, and can only be a handshake.
            return self._quietly(
                self._begin_tls(
                    self._listener.tls, server_side=True, timeout=self._listener.timeouts.handshake
                )
            )
        self.pause_reading()
        return self._start_tls_later()

    async def _start_tls_later(self) -> None:
        assert self._listener.tls is not None
        while self._pending:
            await self.drain()
        waiter = self._begin_tls(
            self._listener.tls, server_side=True, timeout=self._listener.timeouts.handshake
        )
        self.resume_reading()
        await self._quietly(waiter)

    async def _quietly(self, waiter: asyncio.Future[None]) -> None:
        try:
            await waiter
        except OSError as error:  # an ssl.SSLError is one
            log.debug("STARTTLS with %s failed: %s", self.peer, error)

    # -- time --------------------------------------------------------------------------------------

    def set_timeout(self, idle: float | None) -> None:
        """From now on, ``idle`` seconds without an octet from the peer end the connection. None: no limit."""
        self._idle = idle
        self._arm()

    def set_deadline(self, seconds: float | None) -> None:
        """End the connection that many seconds from now, however busy it is. None takes the deadline back."""
        self._deadline = None if seconds is None else self.loop.time() + seconds
        self._arm()

    def _arm(self) -> None:
        """Have one timer, at the earliest moment that may matter. Activity does not touch it: it looks
        itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lost:
            return
        moments = [self._progress + self._listener.timeouts.stalled]
        if self._idle is not None:
            moments.append(self._active + self._idle)
        if self._deadline is not None:
            moments.append(self._deadline)
        now = self.loop.time()
        # Never at once again: a moment in the past that did not end the connection is looked at a little
        # later.
        self._timer = self.loop.call_at(max(min(moments), now + 0.01), self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._lost:
            return
        now = self.loop.time()
        if self.write_blocked:
            if now - self._progress >= self._listener.timeouts.stalled:
                self.abort()
                return
            self._active = now
        elif self._busy or self._reading_paused:
            # We are the slow one.
            self._active = self._progress = now
        else:
            self._progress = now
        late = self._deadline is not None and now >= self._deadline
        if late or (self._idle is not None and now - self._active >= self._idle):
            if self._busy and not late:
                self._arm()
                return
            self._deadline = None
            if self._handler is not None and not self._busy and not self._closing:
                try:
                    self._handler.timed_out()
                except Exception:
                    log.exception("%s: the handler failed", self.peer)
                self.close()
            else:
                self.abort()
            return
        self._arm()

    # -- the end -----------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """The server stops: let the event being handled end, say goodbye, close."""
        if self._closing:
            self._hurry()
        if self._lost or self._closing or self._stopping:
            return
        if self._handler is None or (self._pipe is not None and self._pipe.handshaking):
            self.abort()
            return
        if not self._busy:
            try:
                self._handler.shutdown()
            except Exception:
                log.exception("%s: the handler failed", self.peer)
            self.close()
        else:
            self._stopping = True

    def close(self) -> None:
        """Send what is left, then close. Returns at once."""
        if self._stopping and not self._closing and not self._lost and self._handler is not None:
            self._stopping = False
            try:
                self._handler.shutdown()
            except Exception:
                log.exception("%s: the handler failed", self.peer)
        super().close()

    def _close_transport(self) -> None:
        super()._close_transport()
        if self._listener._stopping:
            self._hurry()

    def _hurry(self) -> None:
        """Many peers keep their side open until they want to say something again: no reason to stay up."""
        if not self._lost:
            self.loop.call_later(FAREWELL, self._abort_if_said)

    def _abort_if_said(self) -> None:
        transport = self._transport
        if not self._lost and self._discarding and transport is not None:
            if transport.get_write_buffer_size():
                self._hurry()
            else:
                self.abort()

    def _ended(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._listener._release(self)
        if not self._busy:
            self._tell_disconnected()

    def _tell_disconnected(self) -> None:
        handler, self._handler = self._handler, None
        if handler is None:
            return
        try:
            outcome = handler.disconnected()
        except Exception:
            log.exception("%s: the handler failed", self.peer)
            return
        if outcome is not None:
            self._listener._keep(self.loop.create_task(_logged(outcome)))


async def _logged(outcome: Awaitable[None]) -> None:
    try:
        await outcome
    except Exception:
        log.exception("the handler failed")

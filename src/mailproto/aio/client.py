"""What the asyncio clients for IMAP and POP3 share: a conversation on a transport, and waiting for its
answers."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, Self, TypeVar

from mailproto import tls as tls_module
from mailproto.aio.transport import SessionConnection
from mailproto.clients.conversation import Conversation, Operation, Running
from mailproto.clients.known import Known
from mailproto.clients.opening import Opening, unreachable
from mailproto.errors import CommandTimeout, ConnectionLost

T = TypeVar("T")

#: Seconds without an octet either way after which a command counts as lost.
DEFAULT_TIMEOUT: Final = 60.0


class ClientConnection(SessionConnection):
    """The transport's side of a client."""

    __slots__ = ("_hostname", "_tls_context", "conversation", "ended", "timeout")

    def __init__(
        self,
        conversation: Conversation,
        loop: asyncio.AbstractEventLoop,
        *,
        context: ssl.SSLContext | None,
        hostname: str,
        timeout: float,
    ) -> None:
        super().__init__(conversation.session, loop)
        self.conversation = conversation
        self.timeout = timeout
        self.ended = loop.create_future()
        self._tls_context = context
        self._hostname = hostname

    async def secure(self) -> None:
        """The TLS handshake, now. Raises ``ssl.SSLError`` (a wrong certificate too), ConnectionLost."""
        assert self._tls_context is not None
        await self._begin_tls(
            self._tls_context, server_side=False, hostname=self._hostname, timeout=self.timeout
        )

    def _secured(self) -> None:
        if self.conversation.tls_due:
            self.conversation.tls_due = False
            self.session.tls_started()
            self.conversation.changed()
            self._advance()

    def _advance(self) -> None:
        conversation = self.conversation
        conversation.pump()
        self.flush()
        if conversation.over:
            self.close()
        elif conversation.tls_due and self._pipe is None:
            # At once: whatever else the server sends must be TLS.
            assert self._tls_context is not None
            self._begin_tls(
                self._tls_context, server_side=False, hostname=self._hostname, timeout=self.timeout
            )
        elif conversation.crowded:
            self.pause_reading()

    def taken(self) -> None:
        """Somebody took responses of a stream."""
        if self._reading_paused and not self.conversation.crowded:
            self.resume_reading()

    def _session_failed(self, error: Exception) -> None:
        self.conversation.end(error)
        self.close()

    def _ended(self, error: Exception | None) -> None:
        if not self.conversation.over:
            lost = error
            if error is None or not isinstance(error, ConnectionLost | ssl.SSLError):
                lost = ConnectionLost(f"the connection was lost{f': {error}' if error else ''}")
                lost.__cause__ = error
            self.conversation.end(lost)
        if not self.ended.done():
            self.ended.set_result(None)

    async def until(self, ready: Any, subject: Any) -> None:
        """Wait until ``ready()``; ``subject.wake`` is called at each change. CommandTimeout after silence."""
        while not ready():
            waiter = self.loop.create_future()
            subject.wake = lambda waiter=waiter: waiter.done() or waiter.set_result(None)
            try:
                while not waiter.done():
                    quiet_since = max(self._active, self._progress)
                    left = quiet_since + self.timeout - self.loop.time()
                    if left <= 0:
                        self.conversation.end(CommandTimeout(f"no answer for {self.timeout:g} seconds"))
                        self.abort()
                        break
                    await asyncio.wait((waiter,), timeout=left)
            finally:
                subject.wake = None


class Client(Known):
    """Base of both clients. Use ``connect()`` of :mod:`mailproto.aio.imap` or :mod:`mailproto.aio.pop3`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._conversation = connection.conversation

    @property
    def bytes_received(self) -> int:
        """Octets of the protocol received so far, TLS's own not counted."""
        return self._connection.bytes_received

    @property
    def bytes_sent(self) -> int:
        """Octets of the protocol sent so far, TLS's own not counted."""
        return self._connection.bytes_sent

    @property
    def is_tls(self) -> bool:
        """True inside TLS."""
        return self._connection.is_tls

    @property
    def is_closed(self) -> bool:
        """True when no command can be sent any more."""
        return self._conversation.over or self._connection.is_closing

    def _start(self, operation: Operation[T], *, streaming: bool = False) -> Running[T]:
        if self._connection.is_closing and not self._conversation.over:
            raise ConnectionLost("the connection is closed")
        running = self._conversation.start(operation, streaming=streaming)
        # From here on the server has time to answer.
        self._connection._active = self._connection.loop.time()
        self._connection._advance()
        return running

    async def _finish(self, running: Running[T]) -> T:
        try:
            await self._connection.until(lambda: running.done, running)
        except asyncio.CancelledError:
            running.drop()
            raise
        return running.result()

    async def _run(self, operation: Operation[T]) -> T:
        """Send a command and wait for its answer.

        When the caller is cancelled meanwhile, the answer is awaited in the background and thrown away:
        the connection stays usable.
        """
        if operation.unsent:
            return operation.result([], None)
        return await self._finish(self._start(operation))

    async def _stream(self, operation: Operation[Any]) -> AsyncIterator[Any]:
        """Send a command and give its responses as they come."""
        if operation.unsent:
            return
        running = self._start(operation, streaming=True)
        try:
            while True:
                while running.responses:
                    response = running.responses.popleft()
                    self._connection.taken()
                    yield response
                if running.done:
                    break
                await self._connection.until(lambda: running.responses or running.done, running)
            running.check()
        finally:
            running.drop()
            self._connection.taken()

    async def _tls_done(self) -> None:
        """Wait for the handshake that a +OK or OK has brought about."""
        await self._connection.until(
            lambda: self._connection.is_tls or self._conversation.over, self._conversation
        )
        if not self._connection.is_tls:
            raise self._conversation.lost()

    @contextlib.contextmanager
    def _begun(self, opening: Opening) -> Iterator[bool]:
        """What follows the greeting: whether a login is due. Cuts the connection off when that fails."""
        try:
            yield opening.welcomed(self._conversation.greeting)
        except BaseException:
            self.abort()
            raise

    async def close(self) -> None:
        """Close without a farewell; ``logout()`` or ``quit()`` is the polite way. May be called twice."""
        self._connection.close()
        await asyncio.shield(self._connection.ended)

    def abort(self) -> None:
        """Cut the connection off at once."""
        self._connection.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()


async def open_connection(
    opening: Opening, host: str, *, context: ssl.SSLContext | None, timeout: float
) -> ClientConnection:
    """Connect, do the handshake of implicit TLS, and wait for the greeting."""
    if opening.tls and context is None:
        context = tls_module.client_context()
    loop = asyncio.get_running_loop()
    conversation = Conversation(opening.session)
    try:
        async with asyncio.timeout(timeout):
            _, connection = await loop.create_connection(
                lambda: ClientConnection(conversation, loop, context=context, hostname=host, timeout=timeout),
                host,
                opening.port,
            )
    except TimeoutError as error:
        raise CommandTimeout(f"{host} port {opening.port} does not answer") from error
    except OSError as error:
        raise unreachable(error, host, opening.port) from error  # asyncio's own words would hide why
    try:
        if opening.tls is True:
            await connection.secure()
        await connection.until(lambda: conversation.greeting is not None or conversation.over, conversation)
        if conversation.greeting is None:
            raise conversation.lost()
    except BaseException:
        connection.abort()
        raise
    return connection

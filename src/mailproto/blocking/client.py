"""What both clients that block share: a conversation on a socket."""

from __future__ import annotations

import contextlib
import math
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from mailproto.clients.conversation import Conversation, Operation, Running
from mailproto.clients.known import Known
from mailproto.clients.opening import unreachable
from mailproto.errors import CommandTimeout, ConnectionLost
from mailproto.tls import client_context

if TYPE_CHECKING:
    from mailproto.clients.opening import Opening

T = TypeVar("T")

#: Seconds of silence after which a command counts as lost.
DEFAULT_TIMEOUT: Final = 60.0
#: Octets given to the socket at once.
SLICE: Final = 256 * 1024


class Client(Known):
    """Base of both clients: a conversation on a socket."""

    def __init__(
        self, opening: Opening, host: str, *, context: ssl.SSLContext | None, timeout: float
    ) -> None:
        self._conversation = Conversation(opening.session)
        self._hostname = host
        self._timeout = timeout
        self._context = context if context is not None or not opening.tls else client_context()
        self._outgoing: deque[memoryview] = deque()
        #: Octets of the protocol received and sent so far, TLS's own not counted.
        self.bytes_received = 0
        self.bytes_sent = 0
        port = opening.port
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except TimeoutError as error:
            raise CommandTimeout(f"{host} port {port} does not answer") from error
        except OSError as error:
            raise unreachable(error, host, port) from error
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if opening.tls is True:
                self._secure()
            self._socket.setblocking(False)
            conversation = self._conversation
            self._until(lambda: conversation.greeting is not None or conversation.over)
            if conversation.greeting is None:
                raise conversation.lost()
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def _begun(self, opening: Opening) -> Iterator[bool]:
        """What follows the greeting: whether a login is due. Closes the connection when that fails."""
        try:
            yield opening.welcomed(self._conversation.greeting)
        except BaseException:
            self.close()
            raise

    @property
    def is_tls(self) -> bool:
        """True inside TLS."""
        return isinstance(self._socket, ssl.SSLSocket)

    @property
    def is_closed(self) -> bool:
        """True when no command can be sent any more."""
        return self._conversation.over

    def _secure(self) -> None:
        assert self._context is not None
        self._socket.settimeout(self._timeout)
        # The session has made sure that nothing of what follows has been read already.
        self._socket = self._context.wrap_socket(self._socket, server_hostname=self._hostname)
        self._socket.setblocking(False)

    def _tls_done(self) -> None:
        """Wait for the handshake that a +OK or OK has brought about."""
        self._until(lambda: self.is_tls or self.is_closed)
        if not self.is_tls:
            raise self._conversation.lost()

    def _ready(self, *, send: bool, timeout: float) -> bool:
        """Wait until the socket has octets for us or (*send*) takes some. False: neither came in time."""
        if hasattr(select, "poll"):
            poll = select.poll()  # for any number of the descriptor, which select() is not
            poll.register(self._socket, select.POLLIN | (select.POLLOUT if send else 0))
            return bool(poll.poll(math.ceil(max(timeout, 0) * 1000)))
        ready = select.select([self._socket], [self._socket] if send else [], [self._socket], max(timeout, 0))
        return any(ready)

    def _send(self) -> None:
        """Send all that waits. While the server takes nothing in, what it says is read.

        It may be waiting for just that: a server that writes before it reads, as ours does when a client
        pipelines, would wait for us as we for it.
        """
        conversation = self._conversation
        while not conversation.over and not conversation.tls_due:
            self._outgoing.extend(memoryview(data).cast("B") for data in self.session.data_to_send())
            if not self._outgoing:
                return
            part = self._outgoing[0]
            must_read = False
            try:
                count = self._socket.send(part[:SLICE])
            except (BlockingIOError, ssl.SSLWantWriteError):
                count = 0
            except ssl.SSLWantReadError:
                count, must_read = 0, True
            if count:
                self.bytes_sent += count
                self._outgoing[0] = part[count:]
            if not self._outgoing[0]:
                self._outgoing.popleft()
            elif not count and not self._take_in():
                if not self._ready(send=not must_read, timeout=self._timeout):
                    raise TimeoutError
            else:
                conversation.pump()

    def _take_in(self) -> bool:
        """Take what the socket has into the session's memory; false where it has nothing now."""
        try:
            count = self._socket.recv_into(self.session.get_buffer(-1))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        self.bytes_received += count
        if count:
            self.session.buffer_updated(count)
        else:
            self.session.receive_data(b"")
        return True

    def _receive(self, timeout: float) -> bool:
        """Take what the server says; false when nothing came in time."""
        until = time.monotonic() + timeout
        while not self._take_in():
            left = until - time.monotonic()
            if left <= 0 or not self._ready(send=False, timeout=left):
                return False
        return True

    def _step(self, timeout: float) -> bool:
        """Send, receive, hand out. False when nothing came in time. After the end, true."""
        conversation = self._conversation
        try:
            conversation.pump()
            self._send()
            if conversation.tls_due:
                self._secure()
                conversation.tls_due = False
                self.session.tls_started()
                return True
            if conversation.over:
                self._socket.close()
                return True
            came = self._receive(timeout)
            conversation.pump()
            return came
        except TimeoutError as error:
            conversation.end(CommandTimeout(f"the server took nothing in for {self._timeout:g} seconds"))
            self._socket.close()
            raise conversation.lost() from error
        except ssl.SSLError as error:
            conversation.end(error)
            self._socket.close()
            raise
        except OSError as error:
            conversation.end(ConnectionLost(f"the connection was lost: {error}"))
            self._socket.close()
            return True

    def _until(self, ready: Any) -> None:
        self._conversation.pump()
        while not ready():
            if not self._step(self._timeout):
                self._conversation.end(CommandTimeout(f"no answer for {self._timeout:g} seconds"))
                self._socket.close()

    def _start(self, operation: Operation[T], *, streaming: bool = False) -> Running[T]:
        return self._conversation.start(operation, streaming=streaming)

    def _finish(self, running: Running[T]) -> T:
        try:
            self._until(lambda: running.done)
        except BaseException:
            # Interrupted (Ctrl-C): the answer is still to come, and is thrown away when it does.
            running.drop()
            raise
        return running.result()

    def _run(self, operation: Operation[T]) -> T:
        if operation.unsent:
            return operation.result([], None)
        return self._finish(self._start(operation))

    def _stream(self, operation: Operation[Any]) -> Iterator[Any]:
        """Send a command and give its responses as they come; one left early is read to its end later."""
        if operation.unsent:
            return
        running = self._start(operation, streaming=True)
        try:
            while True:
                while running.responses:
                    yield running.responses.popleft()
                if running.done:
                    break
                self._until(lambda: running.responses or running.done)
            running.check()
        finally:
            running.drop()

    def close(self) -> None:
        """Close without a farewell; ``logout()`` or ``quit()`` is the polite way. May be called twice."""
        self._conversation.end(ConnectionLost("the connection is closed"))
        self._socket.close()

    def _farewell(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None and not self.is_closed:
                self._farewell()
        finally:
            self.close()

"""Listening sockets: which peers are let in, the set of open connections, and how a server stops."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Any

from mailproto.aio.server import Handler, ServerConnection, Timeouts


class AddressLimiter:
    """Counts connections, in all and per client address; an IPv6 client counts as its /64 network."""

    def __init__(self, *, per_address: int | None = 100, total: int | None = None) -> None:
        self.per_address = per_address
        self.total = total
        self._counts: Counter[str] = Counter()
        self._all = 0

    @staticmethod
    def key(peer: Any) -> str:
        """What a peer's address counts as."""
        if not isinstance(peer, tuple) or not peer:
            return ""
        try:
            address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
        except ValueError:
            return str(peer[0])
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped is not None:
                return str(address.ipv4_mapped)
            return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
        return str(address)

    def admit(self, peer: Any) -> bool:
        """Count one more connection from ``peer``, or say no."""
        if self.total is not None and self._all >= self.total:
            return False
        key = self.key(peer)
        if self.per_address is not None and self._counts[key] >= self.per_address:
            return False
        self._counts[key] += 1
        self._all += 1
        return True

    def release(self, peer: Any) -> None:
        """One connection that was admitted is gone."""
        key = self.key(peer)
        self._counts[key] -= 1
        self._all -= 1
        if self._counts[key] <= 0:
            del self._counts[key]


class Listener:
    """A listening socket and its connections. Made by :func:`listen`."""

    def __init__(
        self,
        session_factory: Callable[[], Any],
        handler_factory: Callable[[ServerConnection], Handler],
        *,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        limiter: AddressLimiter | None = None,
        refusal: bytes = b"",
        timeouts: Timeouts | None = None,
    ) -> None:
        if implicit_tls and tls is None:
            raise ValueError("implicit TLS needs a TLS context")
        self.session_factory = session_factory
        self.handler_factory = handler_factory
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.limiter = limiter
        self.refusal = refusal
        self.timeouts = timeouts or Timeouts()
        #: The addresses it is bound to, as (host, port); a port given as 0 is the real one here.
        self.addresses: list[tuple[str, int]] = []
        #: The open connections.
        self.connections: set[ServerConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._empty: asyncio.Future[None] | None = None
        self._stopping = False

    async def _start(
        self, host: str | None, port: int, backlog: int, sock: socket.socket | None = None
    ) -> None:
        loop = asyncio.get_running_loop()
        where: dict[str, Any] = {"host": host, "port": port} if sock is None else {"sock": sock}
        # No ssl= here: asyncio would tell us of a connection only after its handshake, and thousands could
        # sit in theirs without being counted.
        self._server = await loop.create_server(
            lambda: ServerConnection(self.session_factory(), loop, self), backlog=backlog, **where
        )
        self.addresses = [bound.getsockname()[:2] for bound in self._server.sockets]

    def stop_accepting(self) -> None:
        """Close the listening socket; connections go on."""
        if self._server is not None:
            self._server.close()

    async def close(self, grace: float = 10.0) -> None:
        """Stop accepting, let every connection end the event it is at and say goodbye, for at most ``grace``
        seconds; then cut them off."""
        self._stopping = True
        self.stop_accepting()
        loop = asyncio.get_running_loop()
        for connection in list(self.connections):
            connection.shutdown()
        if self.connections:
            self._empty = loop.create_future()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty, grace)
        for connection in list(self.connections):
            connection.abort()
        if self.connections:
            self._empty = loop.create_future()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty, 1.0)
        # What a handler was doing for a connection that is gone already may still be worth finishing,
        # briefly.
        if self._tasks:
            _, late = await asyncio.wait(list(self._tasks), timeout=min(grace, 1.0))
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1.0)

    def _admit(self, connection: ServerConnection) -> bool:
        if self._stopping or (self.limiter is not None and not self.limiter.admit(connection.peer)):
            return False
        self.connections.add(connection)
        return True

    def _release(self, connection: ServerConnection) -> None:
        if connection not in self.connections:
            return
        self.connections.discard(connection)
        if self.limiter is not None:
            self.limiter.release(connection.peer)
        if not self.connections and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    def _keep(self, task: asyncio.Task[None]) -> None:
        """The event loop itself holds tasks only weakly."""
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def listen(
    session_factory: Callable[[], Any],
    handler_factory: Callable[[ServerConnection], Handler],
    host: str | None = "127.0.0.1",
    port: int = 0,
    *,
    tls: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
    limiter: AddressLimiter | None = None,
    refusal: bytes = b"",
    timeouts: Timeouts | None = None,
    backlog: int = 512,
    sock: socket.socket | None = None,
) -> Listener:
    """Serve every connection to one address with a session and a handler of its own.

    ``sock``, bound already, takes the place of ``host`` and ``port``; it then belongs to the listener.
    ``session_factory()`` makes the sans-IO server session, ``handler_factory(connection)`` the
    :class:`Handler`. ``tls`` is what STARTTLS uses, or with ``implicit_tls`` every connection from its
    first octet. ``limiter``, which may be shared by several listeners, says which peers are let in;
    ``refusal`` is what the others are told (in the clear only). Raises OSError when the address cannot be
    bound.
    """
    listener = Listener(
        session_factory,
        handler_factory,
        tls=tls,
        implicit_tls=implicit_tls,
        limiter=limiter,
        refusal=refusal,
        timeouts=timeouts,
    )
    await listener._start(host, port, backlog, sock)
    return listener

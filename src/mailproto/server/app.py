"""The server: one store, its listeners, and a clean end."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from mailproto import Limits
from mailproto.aio.listener import AddressLimiter, listen
from mailproto.aio.server import Handler, ServerConnection, Timeouts
from mailproto.imap.server import ServerSession as ImapSession
from mailproto.pop3.server import ServerSession as Pop3Session
from mailproto.server.auth import Authenticator
from mailproto.server.config import LISTENERS, Config
from mailproto.server.imap import ImapHandler
from mailproto.server.pop3 import Pop3Handler
from mailproto.server.sockets import StartError, bind
from mailproto.server.sockets import close as close_sockets
from mailproto.store.accounts import Accounts
from mailproto.store.api import Store
from mailproto.store.errors import AccountExists
from mailproto.store.sqlite import SqliteStore
from mailproto.tls import Certificate, self_signed, server_context

if TYPE_CHECKING:
    import argon2

#: What a peer is told that comes when there is no room for it.
REFUSALS: Final = {
    "imap": b"* BYE [UNAVAILABLE] Too many connections\r\n",
    "pop3": b"-ERR [SYS/TEMP] Too many connections\r\n",
}


#: Octets of one message, appended or delivered.
MAX_MESSAGE: Final = 64 * 1024 * 1024


class Closable(Protocol):
    """What listens."""

    async def close(self, grace: float) -> None:
        """Stop listening, let what is under way end for at most *grace* seconds, then cut it off."""
        ...


class Server:
    """IMAP, POP3 and LMTP on one store.

    ``await start()`` opens the store, makes the accounts of the configuration and listens; ``bound``
    then tells where. A worker is given the ``sockets`` that :func:`mailproto.server.sockets.bind` made.
    ``await close()`` lets sessions finish what they are at, says goodbye to them and closes the store.
    ``hasher`` sets what a password costs to check; without it argon2-cffi's defaults do.
    """

    def __init__(self, config: Config, *, hasher: argon2.PasswordHasher | None = None) -> None:
        self.config = config
        self._hasher = hasher
        self.store: Store
        self.accounts: Accounts
        self.auth: Authenticator
        self.tls: ssl.SSLContext | None = None
        #: The certificate that was made because none was given, or None.
        self.certificate: Certificate | None = None
        #: (listener kind, host, port) of each bound address.
        self.bound: list[tuple[str, str, int]] = []
        limits = config.limits
        self._limiter = AddressLimiter(per_address=limits.connections_per_address, total=limits.connections)
        #: Connections that have not logged in, by address.
        self.before_login = AddressLimiter(per_address=limits.logins_per_address)
        self._listeners: list[Closable] = []
        self._sockets: list[tuple[str, socket.socket]] = []  # bound, not listening yet

    async def start(self, sockets: list[tuple[str, socket.socket]] | None = None) -> None:
        """Raises StartError, TlsError or a StoreError, and leaves nothing open then."""
        if sockets is not None:
            self._sockets = list(sockets)
        self.store = await SqliteStore.open(self.config.data, max_message=MAX_MESSAGE)
        self.accounts = Accounts(self.store, self._hasher)
        try:
            self.auth = Authenticator(self.accounts, self.config.limits)
            for name, password in self.config.users:
                try:
                    await self.accounts.add(name, password)
                except AccountExists:
                    continue
                except ValueError as error:
                    raise StartError(f"user {name}: {error}") from None
            self._load_certificate()
            if sockets is None:
                self._sockets = bind(self.config)
            while self._sockets:
                await self._listen(*self._sockets.pop(0))
        except BaseException:
            await self.close()
            raise

    def _load_certificate(self) -> None:
        config = self.config
        if config.tls_cert is not None:
            self.tls = server_context(config.tls_cert, config.tls_key)
        else:
            names = {address.host for addresses in config.listen.values() for address in addresses}
            self.certificate = self_signed(config.data / "tls", sorted(names - {"0.0.0.0", "::"}))  # noqa: S104
            self.tls = server_context(self.certificate.cert_file, self.certificate.key_file)

    async def _listen(self, kind: str, sock: socket.socket) -> None:
        protocol, implicit_tls = LISTENERS[kind]
        self.bound.append((kind, *sock.getsockname()[:2]))
        if protocol == "lmtp":
            from mailproto.server.lmtp import LmtpListener  # noqa: PLC0415 (aiosmtpd only where it is used)

            self._listeners.append(await LmtpListener.on(sock, self.store, MAX_MESSAGE))
            return
        session, handler = self._protocol(protocol, implicit_tls)
        login_timeout = self.config.limits.login_timeout
        listener = await listen(
            session,
            handler,
            sock=sock,
            tls=self.tls,
            implicit_tls=implicit_tls,
            limiter=self._limiter,
            refusal=REFUSALS[protocol],
            timeouts=Timeouts(handshake=min(30.0, login_timeout), idle=login_timeout),
        )
        self._listeners.append(listener)

    def _protocol(
        self, protocol: str, secure: bool
    ) -> tuple[Callable[[], Any], Callable[[ServerConnection], Handler]]:
        if protocol == "imap":
            # Room above the limit on messages, so that a literal a little too long is told TOOBIG, not BAD.
            limits = dataclasses.replace(Limits.server(), max_literal=Limits.server().max_unit)
            session = partial(ImapSession, limits, append_limit=MAX_MESSAGE, secure=secure)
            return session, lambda connection: ImapHandler(connection, self)
        return lambda: Pop3Session(secure=secure), lambda connection: Pop3Handler(connection, self)

    async def close(self) -> None:
        """Stop listening, let sessions end, close the store. May be called twice."""
        listeners, self._listeners = self._listeners, []
        close_sockets(self._sockets)
        await asyncio.gather(*(listener.close(self.config.limits.drain_timeout) for listener in listeners))
        self.accounts.close()
        await self.store.close()

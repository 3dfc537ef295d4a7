"""The server: one store, its listeners, and a clean end."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import os
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from mailproto import Limits
from mailproto.aio.listener import AddressLimiter, Listener, listen
from mailproto.aio.server import Handler, ServerConnection, Timeouts
from mailproto.errors import MailprotoError
from mailproto.imap.server import ServerSession as ImapSession
from mailproto.pop3.server import ServerSession as Pop3Session
from mailproto.server.auth import Authenticator
from mailproto.server.config import LISTENERS, Address, Config
from mailproto.server.imap import ImapHandler
from mailproto.server.pop3 import Pop3Handler
from mailproto.store.accounts import Accounts
from mailproto.store.api import Store
from mailproto.store.errors import AccountExists
from mailproto.store.sqlite import SqliteStore
from mailproto.tls import Certificate, self_signed, server_context

#: What a peer is told that comes when there is no room for it.
REFUSALS: Final = {
    "imap": b"* BYE [UNAVAILABLE] Too many connections\r\n",
    "pop3": b"-ERR [SYS/TEMP] Too many connections\r\n",
}


#: Octets of one message, appended or delivered.
MAX_MESSAGE: Final = 64 * 1024 * 1024


class StartError(MailprotoError):
    """The server cannot start; the text is one line that says why."""


class Server:
    """IMAP and POP3 on one store.

    ``await start()`` opens the store, makes the accounts of the configuration and listens; ``bound``
    then tells where. ``await close()`` lets sessions finish what they are at, says goodbye to them and
    closes the store.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
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
        self._listeners: list[Listener] = []

    async def start(self) -> None:
        """Raises StartError, TlsError or a StoreError, and leaves nothing open then."""
        self.store = await SqliteStore.open(self.config.data, max_message=MAX_MESSAGE)
        self.accounts = Accounts(self.store)
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
            for kind, addresses in self._in_order():
                for address in addresses:
                    await self._listen(kind, address)
        except BaseException:
            await self.close()
            raise

    def _load_certificate(self) -> None:
        config = self.config
        if config.tls_cert is not None:
            self.tls = server_context(config.tls_cert, config.tls_key)
        else:
            names = {address.host for _, addresses in self._in_order() for address in addresses}
            self.certificate = self_signed(config.data / "tls", sorted(names - {"0.0.0.0", "::"}))  # noqa: S104
            self.tls = server_context(self.certificate.cert_file, self.certificate.key_file)

    def _in_order(self) -> list[tuple[str, tuple[Address, ...]]]:
        return [(kind, self.config.listen[kind]) for kind in LISTENERS if kind in self.config.listen]

    async def _listen(self, kind: str, address: Address) -> None:
        protocol, implicit_tls = LISTENERS[kind]
        session, handler = self._protocol(protocol, implicit_tls)
        try:
            listener = await listen(
                session,
                handler,
                address.host,
                address.port,
                tls=self.tls,
                implicit_tls=implicit_tls,
                limiter=self._limiter,
                refusal=REFUSALS[protocol],
                timeouts=Timeouts(
                    handshake=min(30.0, self.config.limits.login_timeout),
                    idle=self.config.limits.login_timeout,
                ),
            )
        except OSError as error:
            raise StartError(f"cannot listen on {address} for {kind}: {_why(error)}") from None
        self._listeners.append(listener)
        self.bound.extend((kind, host, port) for host, port in listener.addresses)

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
        await asyncio.gather(*(listener.close(self.config.limits.drain_timeout) for listener in listeners))
        self.accounts.close()
        await self.store.close()


def _why(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "the port is in use"
        case errno.EACCES | errno.EPERM:
            return "permission denied (ports below 1024 need privilege)"
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address"
        case None:
            return str(error)
        case number if number > 0:
            return os.strerror(number)
    return error.strerror or str(error)

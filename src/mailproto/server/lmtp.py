"""LMTP (RFC 2033): where a mail transfer agent hands in mail for the accounts here.

aiosmtpd speaks the protocol; ours is the delivery, and one reply for each recipient after DATA. There is no
login: bind it to an address that only the transfer agent can reach.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any, Final

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from mailproto._core.mime import normalise_line_ends
from mailproto.store.api import AccountInfo, NewMessage, Store
from mailproto.store.errors import MessageRefused, MessageTooBig, NoSuchAccount, OverQuota, StoreError

log = logging.getLogger("mailproto.lmtp")

#: Seconds that a client may be silent (RFC 5321 section 4.5.3.2.7).
TIMEOUT: Final = 300.0
#: Recipients of one message.
MAX_RECIPIENTS: Final = 1000


async def find_account(store: Store, address: str) -> AccountInfo:
    """The account of an address: the one of that very name, or else of its local part without ``+detail``.

    Raises NoSuchAccount.
    """
    local = address.rpartition("@")[0] or address
    names = dict.fromkeys((address, local, local.partition("+")[0]))
    for name in names:
        try:
            return await store.account(name)
        except NoSuchAccount:
            continue
    raise NoSuchAccount(f"no account for {address}")


class _Delivery:
    """aiosmtpd's hooks."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def handle_EHLO(
        self, server: Any, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """RFC 2033 section 5: PIPELINING and ENHANCEDSTATUSCODES are a must."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            await find_account(self.store, address)
        except NoSuchAccount:
            return "550 5.1.1 No such user here"
        except StoreError as error:
            log.error("%s", error)
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        """RFC 2033 section 4.2: one reply for each RCPT that was accepted, in their order."""
        content = envelope.content
        assert isinstance(content, bytes)
        sender = (envelope.mail_from or "").encode("utf-8", "surrogateescape")
        message = b"Return-Path: <%b>\r\n%b" % (sender, normalise_line_ends(content))
        return "\r\n".join([await self._deliver(address, message) for address in envelope.rcpt_tos])

    async def _deliver(self, address: str, message: bytes) -> str:
        try:
            account = await find_account(self.store, address)
            await self.store.mail(account).append("INBOX", [NewMessage(message)])
        except NoSuchAccount:
            return "550 5.1.1 No such user here"
        except MessageTooBig:
            return "552 5.3.4 Message too big"
        except MessageRefused:
            return "554 5.6.0 Message refused"
        except OverQuota:
            return "452 4.2.2 Mailbox full"
        except StoreError as error:  # a full disk, a locked store: the agent keeps the message
            log.error("delivery to %s: %s", address, error)
            return "451 4.3.0 Try again later"
        return "250 2.1.5 Delivered"


class _Connection(LMTP):
    """One client. aiosmtpd refuses a body with one reply; LMTP wants as many as there are recipients."""

    #: Octets of a line. RFC 5322 allows 998, and what is delivered does not keep to it.
    line_length_limit = 1024 * 1024

    def __init__(self, listener: LmtpListener, store: Store, max_message: int) -> None:
        self._listener = listener
        super().__init__(
            _Delivery(store),
            data_size_limit=max_message,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="mailproto LMTP",
            timeout=TIMEOUT,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._listener.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._listener.lost(self)

    async def push(self, status: Any) -> None:
        refused_body = isinstance(status, str) and status.startswith(("500 Line too long", "552 Error"))
        if refused_body and self.envelope is not None:
            status = "\r\n".join([status] * len(self.envelope.rcpt_tos))
        await super().push(status)


class LmtpListener:
    """A listening socket and its connections."""

    def __init__(self) -> None:
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._empty = asyncio.Event()

    @classmethod
    async def on(cls, sock: socket.socket, store: Store, max_message: int) -> LmtpListener:
        """Serve on a bound socket, which belongs to the listener from now on."""
        listener = cls()
        loop = asyncio.get_running_loop()
        listener._server = await loop.create_server(
            lambda: _Connection(listener, store, max_message), sock=sock
        )
        return listener

    def lost(self, connection: _Connection) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()

    async def close(self, grace: float) -> None:
        """Stop listening; after *grace* seconds cut off who is still there. What got 250 is on disk."""
        if self._server is not None:
            self._server.close()
        if self.connections:
            self._empty.clear()
            try:
                await asyncio.wait_for(self._empty.wait(), grace)
            except TimeoutError:
                for connection in list(self.connections):
                    if connection.transport is not None:
                        connection.transport.close()

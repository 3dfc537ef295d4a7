"""A POP3 client for asyncio.

::

    async with connect("pop.example.org", user="tim", password="tanstaaftanstaaf") as client:
        async for number, message in client.retrieve(await client.list()):
            keep(message)
            await client.dele(number)
"""

from __future__ import annotations

import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any, BinaryIO

from mailproto.aio.client import DEFAULT_TIMEOUT, Client, open_connection
from mailproto.clients import pop3 as operations
from mailproto.clients.known import KnownOfPop3
from mailproto.errors import CommandFailed
from mailproto.limits import Limits
from mailproto.pop3 import commands
from mailproto.pop3.events import BodyChunk
from mailproto.pop3.listings import Capabilities


class Pop3Client(KnownOfPop3, Client):
    """A connection to a POP3 server. Made by :func:`connect`.

    Methods raise :class:`mailproto.CommandFailed` for -ERR, :class:`mailproto.ConnectionLost` (its subclass
    :class:`mailproto.CommandTimeout` after silence) when the connection ends,
    :class:`mailproto.RemoteError` when the server breaks the protocol, :class:`mailproto.LocalError` when
    the command is illegal now. Nothing that was deleted is gone before :meth:`quit`.
    """

    async def capa(self) -> Capabilities:
        """CAPA: each capability with its arguments. A server without CAPA has none."""
        known: Capabilities | None = self.session.capabilities
        if known is not None:
            return known
        try:
            return await self._run(operations.capa())
        except CommandFailed:
            return Capabilities()

    async def stls(self) -> None:
        """Go on inside TLS. ``connect(tls="starttls")`` does this, and is hard to get wrong."""
        await self._run(operations.simple(commands.Stls()))
        await self._tls_done()

    async def login(self, user: str, password: str, *, apop: bool = False) -> None:
        """USER and PASS; where the server has no USER, the best mechanism that it offers for a password.

        ``apop``: use APOP, which hides the password from who listens, but not from who tries all words of a
        dictionary; TLS does both. Raises LocalError where the greeting had no timestamp.
        """
        if apop:
            tag = self.session.apop(user, password)
            running = self._conversation.adopt(tag, operations.simple(commands.Apop(user, "0" * 32)))
            self._connection._advance()
            await self._finish(running)
            await self.capa()
            return
        capabilities = await self.capa()
        mechanism = operations.mechanism_for(capabilities, user, password, secure=self.is_tls)
        if mechanism is not None:
            await self.authenticate(mechanism)
            return
        await self._run(operations.simple(commands.User(user)))
        await self._run(operations.simple(commands.Pass(password)))
        # Those of after the login tell whether commands may be sent ahead (PIPELINING).
        await self.capa()

    async def authenticate(self, mechanism: Any) -> None:
        """AUTH with a mechanism of :func:`mailproto.sasl.client`."""
        await self._run(operations.authenticate(mechanism))
        await self.capa()

    async def stat(self) -> tuple[int, int]:
        """STAT: how many messages, how many octets."""
        return await self._run(operations.stat())

    async def list(self) -> dict[int, int]:
        """LIST: the octets of each message, by number."""
        return await self._run(operations.list_all())

    async def size(self, number: int) -> int:
        """LIST with a number: the octets of one message."""
        return await self._run(operations.list_one(number))

    async def uidl(self) -> dict[int, str]:
        """UIDL: the unique-id of each message, by number."""
        return await self._run(operations.uidl_all())

    async def unique_id(self, number: int) -> str:
        """UIDL with a number: one message's unique-id."""
        return await self._run(operations.uidl_one(number))

    async def top(self, number: int, lines: int = 0) -> bytes:
        """TOP: the header, the blank line, and the first ``lines`` lines of the body."""
        return await self._run(operations.top(number, lines))

    async def retr(self, number: int) -> bytes:
        """RETR: a message."""
        return await self._run(operations.retr(number))

    async def retr_to(self, number: int, file: BinaryIO) -> int:
        """RETR into a file opened for writing octets, in fixed memory: how many octets it was."""
        running = self._start(operations.retr(number), streaming=True)
        written = 0
        try:
            while True:
                while running.responses:
                    event = running.responses.popleft()
                    if type(event) is BodyChunk:
                        file.write(event.data)
                        written += len(event.data)
                self._connection.taken()
                if running.done:
                    break
                await self._connection.until(lambda: running.responses or running.done, running)
            running.check()
        finally:
            running.drop()
            self._connection.taken()
        if isinstance(running.final.body, bytes):
            file.write(running.final.body)
            written += len(running.final.body)
        return written

    async def retrieve(self, numbers: Iterable[int]) -> AsyncIterator[tuple[int, bytes]]:
        """RETR many messages, several commands on their way at once where the server can: ``(number,
        message)`` in the order asked for. A message that is refused raises CommandFailed."""
        waiting: deque[tuple[int, Any]] = deque()
        wanted = iter(numbers)
        try:
            while True:
                while len(waiting) < operations.WINDOW and (number := next(wanted, None)) is not None:
                    waiting.append((number, self._start(operations.retr(number))))
                if not waiting:
                    return
                number, running = waiting[0]
                message = await self._finish(running)
                waiting.popleft()
                yield number, message
        finally:
            for _, running in waiting:
                running.drop()

    async def dele(self, number: int) -> None:
        """DELE: mark a message, to be deleted at :meth:`quit`."""
        await self._run(operations.simple(commands.Dele(number)))

    async def noop(self) -> None:
        """NOOP."""
        await self._run(operations.simple(commands.Noop()))

    async def rset(self) -> None:
        """RSET: unmark what was marked."""
        await self._run(operations.simple(commands.Rset()))

    async def quit(self) -> None:
        """QUIT: what was marked is deleted now, and the connection closes. Raises CommandFailed where some
        could not be deleted, ConnectionLost where nobody knows."""
        try:
            await self._run(operations.simple(commands.Quit()))
        finally:
            await self.close()


@contextlib.asynccontextmanager
async def connect(
    host: str,
    port: int | None = None,
    *,
    tls: bool | str = True,
    user: str | None = None,
    password: str | None = None,
    apop: bool = False,
    context: ssl.SSLContext | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    limits: Limits | None = None,
) -> AsyncIterator[Pop3Client]:
    """Connect, secure, and log in where ``user`` is given; on leaving the block QUIT, which deletes what
    was marked.

    After an exception the connection is cut instead, and nothing is deleted. ``tls``: True (implicit, port
    995), ``"starttls"`` (port 110, and never a password in the clear), or False: everything, passwords
    too, in the clear (port 110). ``context`` replaces :func:`mailproto.tls.client_context`. ``timeout``:
    seconds of silence after which a command raises CommandTimeout. Raises also ``OSError`` and
    ``ssl.SSLError``.
    """
    client = await open_client(
        host,
        port,
        tls=tls,
        user=user,
        password=password,
        apop=apop,
        context=context,
        timeout=timeout,
        limits=limits,
    )
    try:
        yield client
    except BaseException:
        client.abort()
        raise
    if not client.is_closed:
        await client.quit()
    await client.close()


async def open_client(
    host: str,
    port: int | None = None,
    *,
    tls: bool | str = True,
    user: str | None = None,
    password: str | None = None,
    apop: bool = False,
    context: ssl.SSLContext | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    limits: Limits | None = None,
) -> Pop3Client:
    """As :func:`connect`, for whoever closes the client himself."""
    opening = operations.opening(tls, port, limits, apop=apop)
    client = Pop3Client(await open_connection(opening, host, context=context, timeout=timeout))
    with client._begun(opening) as login_due:
        if opening.upgrades:
            await client.stls()
        if user is not None and login_due:
            await client.login(user, password or "", apop=apop)
    return client

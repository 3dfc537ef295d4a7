"""The POP3 client that blocks."""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from mailproto.blocking.client import DEFAULT_TIMEOUT, Client
from mailproto.clients import pop3 as operations
from mailproto.clients.conversation import Running
from mailproto.clients.known import KnownOfPop3
from mailproto.errors import CommandFailed
from mailproto.limits import Limits
from mailproto.pop3 import commands
from mailproto.pop3.events import BodyChunk
from mailproto.pop3.listings import Capabilities


class Pop3Client(KnownOfPop3, Client):
    """A connection to a POP3 server; see :class:`mailproto.aio.pop3.Pop3Client`, whose methods these are."""

    def _simple(self, command: commands.Command) -> None:
        self._run(operations.simple(command))

    def capa(self) -> Capabilities:
        """CAPA: each capability with its arguments. A server without CAPA has none."""
        known: Capabilities | None = self.session.capabilities
        if known is not None:
            return known
        try:
            return self._run(operations.capa())
        except CommandFailed:
            return Capabilities()

    def stls(self) -> None:
        """Go on inside TLS. ``connect_pop3(tls="starttls")`` does this, and is hard to get wrong."""
        self._simple(commands.Stls())
        self._tls_done()

    def login(self, user: str, password: str, *, apop: bool = False) -> None:
        """USER and PASS; where the server has no USER, the best mechanism that it offers for a password."""
        if apop:
            tag = self.session.apop(user, password)
            self._finish(self._conversation.adopt(tag, operations.simple(commands.Apop(user, "0" * 32))))
        else:
            capabilities = self.capa()
            mechanism = operations.mechanism_for(capabilities, user, password, secure=self.is_tls)
            if mechanism is not None:
                self._run(operations.authenticate(mechanism))
            else:
                self._simple(commands.User(user))
                self._simple(commands.Pass(password))
        # Those of after the login tell whether commands may be sent ahead (PIPELINING).
        self.capa()

    def authenticate(self, mechanism: Any) -> None:
        """AUTH with a mechanism of :func:`mailproto.sasl.client`."""
        self._run(operations.authenticate(mechanism))
        self.capa()

    def stat(self) -> tuple[int, int]:
        """STAT: how many messages, how many octets."""
        return self._run(operations.stat())

    def list(self) -> dict[int, int]:
        """LIST: the octets of each message, by number."""
        return self._run(operations.list_all())

    def size(self, number: int) -> int:
        """LIST with a number: the octets of one message."""
        return self._run(operations.list_one(number))

    def uidl(self) -> dict[int, str]:
        """UIDL: the unique-id of each message, by number."""
        return self._run(operations.uidl_all())

    def unique_id(self, number: int) -> str:
        """UIDL with a number: one message's unique-id."""
        return self._run(operations.uidl_one(number))

    def top(self, number: int, lines: int = 0) -> bytes:
        """TOP: the header, the blank line, and the first ``lines`` lines of the body."""
        return self._run(operations.top(number, lines))

    def retr(self, number: int) -> bytes:
        """RETR: a message."""
        return self._run(operations.retr(number))

    def retr_to(self, number: int, file: BinaryIO) -> int:
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
                if running.done:
                    break
                self._until(lambda: running.responses or running.done)
            running.check()
        finally:
            running.drop()
        if isinstance(running.final.body, bytes):
            file.write(running.final.body)
            written += len(running.final.body)
        return written

    def retrieve(self, numbers: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """RETR many messages, several commands on their way at once where the server can."""
        waiting: deque[tuple[int, Running[bytes]]] = deque()
        wanted = iter(numbers)
        try:
            while True:
                while len(waiting) < operations.WINDOW and (number := next(wanted, None)) is not None:
                    waiting.append((number, self._start(operations.retr(number))))
                if not waiting:
                    return
                number, running = waiting[0]
                message = self._finish(running)
                waiting.popleft()
                yield number, message
        finally:
            for _, running in waiting:
                running.drop()

    def dele(self, number: int) -> None:
        """DELE: mark a message, to be deleted at :meth:`quit`."""
        self._simple(commands.Dele(number))

    def noop(self) -> None:
        """NOOP."""
        self._simple(commands.Noop())

    def rset(self) -> None:
        """RSET: unmark what was marked."""
        self._simple(commands.Rset())

    def quit(self) -> None:
        """QUIT: what was marked is deleted now, and the connection closes."""
        try:
            self._simple(commands.Quit())
        finally:
            self.close()

    _farewell = quit


def connect_pop3(
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
    """Connect, secure, and log in where ``user`` is given. As a context manager it ends with QUIT, which
    deletes what was marked; after an exception it just closes, and nothing is deleted.

    The parameters are those of :func:`mailproto.aio.pop3.connect`.
    """
    opening = operations.opening(tls, port, limits, apop=apop)
    client = Pop3Client(opening, host, context=context, timeout=timeout)
    with client._begun(opening) as login_due:
        if opening.upgrades:
            client.stls()
        if user is not None and login_due:
            client.login(user, password or "", apop=apop)
    return client

"""An IMAP client for asyncio.

::

    async with connect("imap.example.org", user="tim", password="tanstaaftanstaaf") as client:
        await client.select("INBOX")
        async for message in client.fetch("1:*", ["ENVELOPE"]):
            print(message.envelope.subject_text)
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from mailproto.aio.client import DEFAULT_TIMEOUT, Client, open_connection
from mailproto.clients import imap as operations
from mailproto.clients.conversation import Operation
from mailproto.clients.known import KnownOfImap
from mailproto.errors import ConnectionLost, LocalError
from mailproto.imap import commands
from mailproto.imap.commands import BinarySection, Section
from mailproto.imap.search import SearchKey
from mailproto.limits import Limits

if TYPE_CHECKING:
    import datetime

    from mailproto._core.sequence_set import SequenceSet
    from mailproto.imap._arguments import SetLike
    from mailproto.imap.codes import AppendUid, CopyUid
    from mailproto.imap.mailbox import SelectedMailbox
    from mailproto.imap.responses import Namespace

#: A whole message, without marking it as read.
WHOLE: Final = Section(peek=True)

# The class below has a method named list.
Responses = list[Any]
Numbers = list[int]


class ImapClient(KnownOfImap, Client):
    """A connection to an IMAP server. Made by :func:`connect`.

    Every method sends its command at once and waits for the answer; several may wait at the same time.
    They raise :class:`mailproto.CommandFailed` for NO and BAD, :class:`mailproto.ConnectionLost` (its
    subclass :class:`mailproto.CommandTimeout` after silence) when the connection ends,
    :class:`mailproto.RemoteError` when the server breaks the protocol, :class:`mailproto.LocalError` when
    the command is illegal now. Messages are named by UID unless ``uid=False``; where none is named, as
    after a search that found nothing, nothing is sent and the answer is empty.
    """

    # -- any state -----------------------------------------------------------------------------------

    async def capability(self) -> frozenset[str]:
        """What the server can do, in upper case: as it said last, or else asked for now."""
        known: frozenset[str] | None = self.session.capabilities
        return known if known is not None else await self._run(operations.capability())

    async def noop(self) -> None:
        """Nothing, but news may come with the answer."""
        await self._run(operations.simple(commands.Noop()))

    async def id(self, parameters: Mapping[str, str] | None = None) -> dict[bytes, bytes | None] | None:
        """Tell who we are, learn who the server is (RFC 2971)."""
        return await self._run(operations.identify(parameters))

    async def logout(self) -> None:
        """Say goodbye and close."""
        with contextlib.suppress(ConnectionLost):
            await self._run(operations.simple(commands.Logout()))
        await self.close()

    # -- before login --------------------------------------------------------------------------------

    async def starttls(self) -> None:
        """Go on inside TLS. ``connect(tls="starttls")`` does this, and is hard to get wrong."""
        await self._run(operations.simple(commands.StartTls()))
        await self._tls_done()

    async def login(self, user: str | bytes, password: str | bytes) -> None:
        """LOGIN, or where the server forbids that the best mechanism that it offers for a password."""
        capabilities = await self.capability()
        mechanism = operations.mechanism_for(capabilities, user, password, secure=self.is_tls)
        if mechanism is not None:
            await self.authenticate(mechanism)
        else:
            await self._run(operations.simple(commands.Login(user, password)))

    async def authenticate(self, mechanism: Any) -> None:
        """AUTHENTICATE with a mechanism of :func:`mailproto.sasl.client`."""
        await self._run(operations.authenticate(mechanism))

    # -- logged in -----------------------------------------------------------------------------------

    async def enable(self, *capabilities: str) -> frozenset[str]:
        """ENABLE (RFC 5161): what was switched on."""
        return await self._run(operations.enable(capabilities))

    async def namespace(self) -> Namespace | None:
        """NAMESPACE (RFC 2342)."""
        return await self._run(operations.namespace())

    async def select(self, mailbox: str = "INBOX", *, condstore: bool = False) -> SelectedMailbox:
        """Open a mailbox."""
        return await self._run(operations.select(self.session, mailbox, read_only=False, condstore=condstore))

    async def examine(self, mailbox: str = "INBOX", *, condstore: bool = False) -> SelectedMailbox:
        """Open a mailbox for reading only: nothing in it is changed, not even \\Recent."""
        return await self._run(operations.select(self.session, mailbox, read_only=True, condstore=condstore))

    async def list(
        self,
        reference: str = "",
        patterns: str | Iterable[str] = "*",
        *,
        selection_options: Iterable[str] = (),
        return_options: Iterable[Any] = (),
    ) -> Responses:
        """LIST: ``MailboxList`` values, in the server's order."""
        return await self._run(
            operations.list_mailboxes(reference, patterns, selection_options, return_options)
        )

    async def lsub(self, reference: str = "", pattern: str = "*") -> Responses:
        """LSUB: the subscribed mailboxes."""
        return await self._run(operations.lsub(reference, pattern))

    async def status(
        self, mailbox: str, items: Iterable[str] = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN")
    ) -> dict[str, Any]:
        """STATUS: the items' values by name."""
        return await self._run(operations.status(mailbox, items))

    async def create(self, mailbox: str, *, special_use: Iterable[str] = ()) -> None:
        """CREATE."""
        await self._run(operations.simple(commands.Create(mailbox, tuple(special_use))))

    async def delete(self, mailbox: str) -> None:
        """DELETE: the mailbox and all in it."""
        await self._run(operations.simple(commands.Delete(mailbox)))

    async def rename(self, mailbox: str, new_name: str) -> None:
        """RENAME, with the mailboxes below it; INBOX: its messages move."""
        await self._run(operations.simple(commands.Rename(mailbox, new_name)))

    async def subscribe(self, mailbox: str) -> None:
        """SUBSCRIBE."""
        await self._run(operations.simple(commands.Subscribe(mailbox)))

    async def unsubscribe(self, mailbox: str) -> None:
        """UNSUBSCRIBE."""
        await self._run(operations.simple(commands.Unsubscribe(mailbox)))

    async def append(
        self,
        mailbox: str,
        message: bytes,
        *,
        flags: Iterable[str] = (),
        date: datetime.datetime | None = None,
    ) -> AppendUid | None:
        """APPEND: where the message went, where the server says so (UIDPLUS)."""
        return await self._run(operations.append(mailbox, message, flags, date))

    # -- a mailbox is selected -----------------------------------------------------------------------

    def fetch(
        self,
        messages: SetLike,
        items: Any,
        *,
        uid: bool = True,
        changed_since: int | None = None,
        vanished: bool = False,
    ) -> Fetching:
        """FETCH: iterate with ``async for`` over ``Fetch`` values as they arrive, or ``await`` the list of
        all.

        Reading from the socket stops while the iteration is far behind, so memory stays flat however much
        is asked for; other commands wait with it.
        """
        return Fetching(
            self,
            operations.fetch(messages, items, uid=uid, changed_since=changed_since, vanished=vanished),
        )

    async def fetch_to(
        self, message: int, file: BinaryIO, section: Section | BinarySection = WHOLE, *, uid: bool = True
    ) -> int:
        """FETCH one message, or a ``section`` of one, into a file opened for writing octets: how many octets
        it was.

        In fixed memory, however large it is, as long as no other FETCH runs on this connection meanwhile.
        Leaves ``\\Seen`` alone unless ``section`` says otherwise. CommandFailed where there is no such
        message.
        """
        download = operations.Download(message, file, uid=uid)
        async for event in self._stream(operations.fetch_section(message, section, uid=uid)):
            download.take(event)
        return download.finish()

    async def search(self, *criteria: SearchKey, charset: str | None = None, uid: bool = True) -> SequenceSet:
        """SEARCH: the messages that match all ``criteria``; all messages without one."""
        return await self._run(operations.search(criteria, charset=charset, uid=uid))

    async def store(
        self,
        messages: SetLike,
        operation: str,
        flags: Iterable[str],
        *,
        silent: bool = False,
        uid: bool = True,
        unchanged_since: int | None = None,
    ) -> tuple[Responses, SequenceSet]:
        """STORE: the ``Fetch`` values with the new flags, and the messages left alone because they had
        changed after ``unchanged_since`` (RFC 7162). ``operation`` is ``"+FLAGS"``, ``"-FLAGS"`` or
        ``"FLAGS"``."""
        return await self._run(
            operations.store(
                messages, operation, flags, silent=silent, uid=uid, unchanged_since=unchanged_since
            )
        )

    async def copy(self, messages: SetLike, mailbox: str, *, uid: bool = True) -> CopyUid | None:
        """COPY: which UID became which, where the server says so (UIDPLUS)."""
        return await self._run(operations.copy(messages, mailbox, uid=uid, move=False))

    async def move(self, messages: SetLike, mailbox: str, *, uid: bool = True) -> CopyUid | None:
        """MOVE (RFC 6851): which UID became which."""
        return await self._run(operations.copy(messages, mailbox, uid=uid, move=True))

    async def expunge(self, uids: SetLike | None = None) -> Numbers:
        """Remove what is marked \\Deleted, or only those of ``uids`` (UIDPLUS): the sequence numbers, each
        as it was at its moment."""
        return await self._run(operations.expunge(uids))

    async def check(self) -> None:
        """CHECK."""
        await self._run(operations.simple(commands.Check()))

    async def close_mailbox(self) -> None:
        """CLOSE: leave the mailbox; what is marked \\Deleted goes."""
        await self._run(operations.simple(commands.Close()))

    async def unselect(self) -> None:
        """UNSELECT: leave the mailbox as it is (RFC 3691)."""
        await self._run(operations.simple(commands.Unselect()))

    @contextlib.asynccontextmanager
    async def idle(self) -> AsyncIterator[Idling]:
        """IDLE (RFC 2177) for the length of an ``async with``; no other command may be sent inside it.

        ::

            async with client.idle() as news:
                async for response in news.until(timeout=60): ...
        """
        idling = Idling(self)
        await idling._begin()
        try:
            yield idling
        finally:
            await idling._end()


class Fetching:
    """The answer to a FETCH: an asynchronous iterator, or awaited, a list. The command is sent when either
    begins."""

    def __init__(self, client: Client, operation: Operation[list[Any]]) -> None:
        self._client = client
        self._operation = operation

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._client._stream(self._operation)

    def __await__(self) -> Generator[Any, None, list[Any]]:
        return self._client._run(self._operation).__await__()


class Idling:
    """What the server tells during IDLE."""

    def __init__(self, client: ImapClient) -> None:
        self._client = client
        self._running: Any = None
        self._since = 0.0

    async def _begin(self) -> None:
        client = self._client
        running = self._running = client._start(operations.simple(commands.Idle()))
        self._since = client._connection.loop.time()
        try:
            await client._connection.until(lambda: running.began or running.done, running)
        except BaseException:
            await self._end()
            raise
        if running.done:
            running.check()
            raise ConnectionLost("the server ended IDLE at once")

    async def _end(self) -> None:
        client, running = self._client, self._running
        if running is None:
            return
        self._running = None
        if not running.done and not client.is_closed:
            with contextlib.suppress(LocalError):
                client.session.done()
            client._connection._active = client._connection.loop.time()
            client._connection._advance()
            await client._finish(running)
        elif running.done:
            running.check()

    async def next(self, timeout: float | None = None) -> Any:
        """The next response, or None after ``timeout`` seconds without one. Raises ConnectionLost.

        Renews IDLE as often as RFC 9051 asks for.
        """
        client = self._client
        conversation, loop = client._conversation, client._connection.loop
        deadline = None if timeout is None else loop.time() + timeout
        while not conversation.news:
            if conversation.over:
                raise conversation.lost()
            if self._running is not None and self._running.done:
                self._running.check()
                raise ConnectionLost("the server ended IDLE")
            renewal = self._since + operations.IDLE_RENEWAL
            until = renewal if deadline is None else min(renewal, deadline)
            left = until - loop.time()
            if left <= 0:
                if deadline is not None and loop.time() >= deadline:
                    return None
                await self._end()
                await self._begin()
                continue
            waiter = loop.create_future()
            wake = lambda waiter=waiter: waiter.done() or waiter.set_result(None)  # noqa: E731
            conversation.wake = wake
            if self._running is not None:
                self._running.wake = wake
            try:
                await asyncio.wait((waiter,), timeout=left)
            finally:
                conversation.wake = None
                if self._running is not None:
                    self._running.wake = None
        return conversation.news.popleft()

    async def until(self, timeout: float | None = None) -> AsyncIterator[Any]:
        """Responses as they come, until none came for ``timeout`` seconds."""
        while (response := await self.next(timeout)) is not None:
            yield response

    def __aiter__(self) -> AsyncIterator[Any]:
        return self.until()


@contextlib.asynccontextmanager
async def connect(
    host: str,
    port: int | None = None,
    *,
    tls: bool | str = True,
    user: str | None = None,
    password: str | None = None,
    context: ssl.SSLContext | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    limits: Limits | None = None,
) -> AsyncIterator[ImapClient]:
    """Connect, greet, secure, and log in where ``user`` is given; on leaving the block, log out and close.

    ``tls``: True (implicit, port 993), ``"starttls"`` (port 143, and never a password in the clear), or
    False: everything, passwords too, in the clear (port 143). ``context`` replaces
    :func:`mailproto.tls.client_context`. ``timeout``: seconds of silence after which a command raises
    CommandTimeout. Raises also ``OSError`` and ``ssl.SSLError``.
    """
    client = await open_client(
        host,
        port,
        tls=tls,
        user=user,
        password=password,
        context=context,
        timeout=timeout,
        limits=limits,
    )
    try:
        yield client
    except BaseException:
        # Whatever went wrong, a farewell must not cover it up, nor wait.
        client.abort()
        raise
    if not client.is_closed:
        await client.logout()
    await client.close()


async def open_client(
    host: str,
    port: int | None = None,
    *,
    tls: bool | str = True,
    user: str | None = None,
    password: str | None = None,
    context: ssl.SSLContext | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    limits: Limits | None = None,
) -> ImapClient:
    """As :func:`connect`, for whoever closes the client himself."""
    opening = operations.opening(tls, port, limits)
    client = ImapClient(await open_connection(opening, host, context=context, timeout=timeout))
    with client._begun(opening) as login_due:
        if opening.upgrades:
            await client.starttls()
        if user is not None and login_due:
            await client.login(user, password or "")
    return client

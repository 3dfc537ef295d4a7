"""IMAP and POP3 clients that block: the same sessions and conversations as :mod:`mailproto.aio`, on a
plain socket.

::

    with connect_imap("imap.example.org", user="tim", password="tanstaaftanstaaf") as client:
        client.select("INBOX")
        for message in client.fetch("1:*", ["ENVELOPE"]):
            print(message.envelope.subject_text)

One thread at a time per client. Methods raise what those of the asyncio clients raise.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self, TypeVar

from mailproto.clients import imap as imap_operations
from mailproto.clients import pop3 as pop3_operations
from mailproto.clients.conversation import Conversation, Operation, Running
from mailproto.errors import CommandFailed, CommandTimeout, ConnectionLost, LocalError
from mailproto.imap import commands as imap_commands
from mailproto.imap.client import ClientSession as ImapSession
from mailproto.imap.search import SearchKey
from mailproto.limits import Limits
from mailproto.pop3 import commands as pop3_commands
from mailproto.pop3.client import ClientSession as Pop3Session
from mailproto.pop3.events import BodyChunk
from mailproto.pop3.listings import Capabilities
from mailproto.tls import client_context

if TYPE_CHECKING:
    import datetime

    from mailproto._core.sequence_set import SequenceSet
    from mailproto.imap._arguments import SetLike
    from mailproto.imap.codes import AppendUid, CopyUid
    from mailproto.imap.mailbox import SelectedMailbox
    from mailproto.imap.responses import Namespace

T = TypeVar("T")

# ImapClient has a method named list.
Responses = list[Any]
Numbers = list[int]

DEFAULT_TIMEOUT: Final = 60.0
#: Octets given to the socket at once.
SLICE: Final = 256 * 1024


class Client:
    """Base of both clients: a conversation on a socket."""

    def __init__(
        self,
        session: Any,
        host: str,
        port: int,
        *,
        tls: bool | str,
        context: ssl.SSLContext | None,
        timeout: float,
    ) -> None:
        if tls not in (True, False, "starttls"):
            raise ValueError("tls must be True, False or 'starttls'")
        self._conversation = Conversation(session)
        self._hostname = host
        self._timeout = timeout
        self._context = context if context is not None or not tls else client_context()
        #: Octets of the protocol received and sent so far, TLS's own not counted.
        self.bytes_received = 0
        self.bytes_sent = 0
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except TimeoutError as error:
            raise CommandTimeout(f"{host} port {port} does not answer") from error
        except OSError as error:
            if error.errno is None or error.errno <= 0:
                raise
            raise OSError(error.errno, f"{host} port {port}: {os.strerror(error.errno)}") from error
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is True:
                self._secure()
            conversation = self._conversation
            self._until(lambda: conversation.greeting is not None or conversation.over)
            if conversation.greeting is None:
                raise conversation.lost()
        except BaseException:
            self.close()
            raise

    @property
    def session(self) -> Any:
        """The sans-IO session underneath."""
        return self._conversation.session

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
        # The session has made sure that nothing of what follows has been read already.
        self._socket = self._context.wrap_socket(self._socket, server_hostname=self._hostname)

    def _send(self) -> None:
        for data in self.session.data_to_send():
            view = memoryview(data)
            for start in range(0, len(view), SLICE):
                part = view[start : start + SLICE]
                self._socket.sendall(part)
                self.bytes_sent += len(part)

    def _receive(self, timeout: float) -> bool:
        """Take what the socket has into the session's memory; false when nothing came in time."""
        self._socket.settimeout(max(timeout, 0.001))
        try:
            count = self._socket.recv_into(self.session.get_buffer(-1))
        except TimeoutError:
            return False
        self.bytes_received += count
        if count:
            self.session.buffer_updated(count)
        else:
            self.session.receive_data(b"")
        return True

    def _step(self, timeout: float) -> bool:
        """Send, receive, hand out. False when nothing came in time. After the end, true."""
        conversation = self._conversation
        try:
            conversation.pump()
            self._socket.settimeout(self._timeout)
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
        return self._finish(self._start(operation))

    def _stream(self, operation: Operation[Any]) -> Iterator[Any]:
        """Send a command and give its responses as they come; one left early is read to its end later."""
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


class ImapClient(Client):
    """A connection to an IMAP server; see :class:`mailproto.aio.imap.ImapClient`, whose methods these are."""

    @property
    def mailbox(self) -> SelectedMailbox | None:
        """The selected mailbox as the server described it so far."""
        return self.session.mailbox  # type: ignore[no-any-return]

    @property
    def news(self) -> Responses:
        """Responses that no command asked for, in order; taken out by reading this."""
        news = [*self._conversation.news]
        self._conversation.news.clear()
        return news

    def _simple(self, command: imap_commands.Command) -> None:
        self._run(imap_operations.simple(command))

    def capability(self) -> frozenset[str]:
        """What the server can do, in upper case: as it said last, or else asked for now."""
        known: frozenset[str] | None = self.session.capabilities
        return known if known is not None else self._run(imap_operations.capability())

    def noop(self) -> None:
        """Nothing, but news may come with the answer."""
        self._simple(imap_commands.Noop())

    def id(self, parameters: Mapping[str, str] | None = None) -> dict[bytes, bytes | None] | None:
        """Tell who we are, learn who the server is (RFC 2971)."""
        return self._run(imap_operations.identify(parameters))

    def logout(self) -> None:
        """Say goodbye and close."""
        with contextlib.suppress(ConnectionLost):
            self._simple(imap_commands.Logout())
        self.close()

    _farewell = logout

    def starttls(self) -> None:
        """Go on inside TLS. ``connect_imap(tls="starttls")`` does this, and is hard to get wrong."""
        self._simple(imap_commands.StartTls())
        self._until(lambda: self.is_tls or self.is_closed)
        if not self.is_tls:
            raise self._conversation.lost()

    def login(self, user: str | bytes, password: str | bytes) -> None:
        """LOGIN, or where the server forbids that the best mechanism that it offers for a password."""
        mechanism = imap_operations.mechanism_for(self.capability(), user, password, secure=self.is_tls)
        if mechanism is not None:
            self.authenticate(mechanism)
        else:
            self._simple(imap_commands.Login(user, password))

    def authenticate(self, mechanism: Any) -> None:
        """AUTHENTICATE with a mechanism of :func:`mailproto.sasl.client`."""
        self._run(imap_operations.authenticate(mechanism))

    def enable(self, *capabilities: str) -> frozenset[str]:
        """ENABLE (RFC 5161): what was switched on."""
        return self._run(imap_operations.enable(capabilities))

    def namespace(self) -> Namespace | None:
        """NAMESPACE (RFC 2342)."""
        return self._run(imap_operations.namespace())

    def select(self, mailbox: str = "INBOX", *, condstore: bool = False) -> SelectedMailbox:
        """Open a mailbox."""
        return self._run(imap_operations.select(self.session, mailbox, read_only=False, condstore=condstore))

    def examine(self, mailbox: str = "INBOX", *, condstore: bool = False) -> SelectedMailbox:
        """Open a mailbox for reading only."""
        return self._run(imap_operations.select(self.session, mailbox, read_only=True, condstore=condstore))

    def list(
        self,
        reference: str = "",
        patterns: str | Iterable[str] = "*",
        *,
        selection_options: Iterable[str] = (),
        return_options: Iterable[Any] = (),
    ) -> Responses:
        """LIST: ``MailboxList`` values, in the server's order."""
        return self._run(
            imap_operations.list_mailboxes(reference, patterns, selection_options, return_options)
        )

    def lsub(self, reference: str = "", pattern: str = "*") -> Responses:
        """LSUB: the subscribed mailboxes."""
        return self._run(imap_operations.lsub(reference, pattern))

    def status(
        self, mailbox: str, items: Iterable[str] = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN")
    ) -> dict[str, Any]:
        """STATUS: the items' values by name."""
        return self._run(imap_operations.status(mailbox, items))

    def create(self, mailbox: str, *, special_use: Iterable[str] = ()) -> None:
        """CREATE."""
        self._simple(imap_commands.Create(mailbox, tuple(special_use)))

    def delete(self, mailbox: str) -> None:
        """DELETE: the mailbox and all in it."""
        self._simple(imap_commands.Delete(mailbox))

    def rename(self, mailbox: str, new_name: str) -> None:
        """RENAME, with the mailboxes below it; INBOX: its messages move."""
        self._simple(imap_commands.Rename(mailbox, new_name))

    def subscribe(self, mailbox: str) -> None:
        """SUBSCRIBE."""
        self._simple(imap_commands.Subscribe(mailbox))

    def unsubscribe(self, mailbox: str) -> None:
        """UNSUBSCRIBE."""
        self._simple(imap_commands.Unsubscribe(mailbox))

    def append(
        self,
        mailbox: str,
        message: bytes,
        *,
        flags: Iterable[str] = (),
        date: datetime.datetime | None = None,
    ) -> AppendUid | None:
        """APPEND: where the message went, where the server says so (UIDPLUS)."""
        return self._run(imap_operations.append(mailbox, message, flags, date))

    def fetch(
        self,
        messages: SetLike,
        items: Any,
        *,
        uid: bool = True,
        changed_since: int | None = None,
        vanished: bool = False,
    ) -> Iterator[Any]:
        """FETCH: ``Fetch`` values as they arrive. The command is sent when the iteration begins."""
        return self._stream(
            imap_operations.fetch(messages, items, uid=uid, changed_since=changed_since, vanished=vanished)
        )

    def search(self, *criteria: SearchKey, charset: str | None = None, uid: bool = True) -> SequenceSet:
        """SEARCH: the messages that match all ``criteria``; all messages without one."""
        return self._run(imap_operations.search(criteria, charset=charset, uid=uid))

    def store(
        self,
        messages: SetLike,
        operation: str,
        flags: Iterable[str],
        *,
        silent: bool = False,
        uid: bool = True,
        unchanged_since: int | None = None,
    ) -> tuple[Responses, SequenceSet]:
        """STORE: the ``Fetch`` values with the new flags, and the messages left alone (RFC 7162)."""
        return self._run(
            imap_operations.store(
                messages, operation, flags, silent=silent, uid=uid, unchanged_since=unchanged_since
            )
        )

    def copy(self, messages: SetLike, mailbox: str, *, uid: bool = True) -> CopyUid | None:
        """COPY: which UID became which, where the server says so (UIDPLUS)."""
        return self._run(imap_operations.copy(messages, mailbox, uid=uid, move=False))

    def move(self, messages: SetLike, mailbox: str, *, uid: bool = True) -> CopyUid | None:
        """MOVE (RFC 6851): which UID became which."""
        return self._run(imap_operations.copy(messages, mailbox, uid=uid, move=True))

    def expunge(self, uids: SetLike | None = None) -> Numbers:
        """Remove what is marked \\Deleted, or only those of ``uids`` (UIDPLUS): the sequence numbers."""
        return self._run(imap_operations.expunge(uids))

    def check(self) -> None:
        """CHECK."""
        self._simple(imap_commands.Check())

    def close_mailbox(self) -> None:
        """CLOSE: leave the mailbox; what is marked \\Deleted goes."""
        self._simple(imap_commands.Close())

    def unselect(self) -> None:
        """UNSELECT: leave the mailbox as it is (RFC 3691)."""
        self._simple(imap_commands.Unselect())

    def idle(self, timeout: float | None = None) -> Iterator[Any]:
        """IDLE (RFC 2177): responses as they come, until none came for ``timeout`` seconds.

        IDLE ends when the iteration does: close the iterator, or leave it to ``contextlib.closing``. A
        timeout of more than 28 minutes, or None, begins IDLE anew that often, as RFC 9051 section 6.3.13
        asks for.
        """
        conversation = self._conversation
        running = self._begin_idle()
        since = last = time.monotonic()
        try:
            while True:
                while conversation.news:
                    yield conversation.news.popleft()
                    last = time.monotonic()
                if running.done or conversation.over:
                    running.check()
                    raise ConnectionLost("the server ended IDLE")
                now = time.monotonic()
                if timeout is not None and now - last >= timeout:
                    return
                if now - since >= imap_operations.IDLE_RENEWAL:
                    self._end_idle(running)
                    running, since = self._begin_idle(), now
                left = since + imap_operations.IDLE_RENEWAL - now
                self._step(left if timeout is None else min(left, last + timeout - now))
        finally:
            self._end_idle(running)

    def _begin_idle(self) -> Running[None]:
        running = self._start(imap_operations.simple(imap_commands.Idle()))
        self._until(lambda: running.began or running.done)
        return running

    def _end_idle(self, running: Running[None]) -> None:
        if not running.done and not self.is_closed:
            with contextlib.suppress(LocalError):
                self.session.done()
            self._finish(running)


class Pop3Client(Client):
    """A connection to a POP3 server; see :class:`mailproto.aio.pop3.Pop3Client`, whose methods these are."""

    def _simple(self, command: pop3_commands.Command) -> None:
        self._run(pop3_operations.simple(command))

    def capa(self) -> Capabilities:
        """CAPA: each capability with its arguments. A server without CAPA has none."""
        known: Capabilities | None = self.session.capabilities
        if known is not None:
            return known
        try:
            return self._run(pop3_operations.capa())
        except CommandFailed:
            return Capabilities()

    def stls(self) -> None:
        """Go on inside TLS. ``connect_pop3(tls="starttls")`` does this, and is hard to get wrong."""
        self._simple(pop3_commands.Stls())
        self._until(lambda: self.is_tls or self.is_closed)
        if not self.is_tls:
            raise self._conversation.lost()

    def login(self, user: str, password: str, *, apop: bool = False) -> None:
        """USER and PASS; where the server has no USER, the best mechanism that it offers for a password."""
        if apop:
            tag = self.session.apop(user, password)
            self._finish(
                self._conversation.adopt(tag, pop3_operations.simple(pop3_commands.Apop(user, "0" * 32)))
            )
        else:
            capabilities = self.capa()
            mechanism = pop3_operations.mechanism_for(capabilities, user, password, secure=self.is_tls)
            if mechanism is not None:
                self._run(pop3_operations.authenticate(mechanism))
            else:
                self._simple(pop3_commands.User(user))
                self._simple(pop3_commands.Pass(password))
        # Those of after the login tell whether commands may be sent ahead (PIPELINING).
        self.capa()

    def authenticate(self, mechanism: Any) -> None:
        """AUTH with a mechanism of :func:`mailproto.sasl.client`."""
        self._run(pop3_operations.authenticate(mechanism))
        self.capa()

    def stat(self) -> tuple[int, int]:
        """STAT: how many messages, how many octets."""
        return self._run(pop3_operations.stat())

    def list(self) -> dict[int, int]:
        """LIST: the octets of each message, by number."""
        return self._run(pop3_operations.list_all())

    def size(self, number: int) -> int:
        """LIST with a number: the octets of one message."""
        return self._run(pop3_operations.list_one(number))

    def uidl(self) -> dict[int, str]:
        """UIDL: the unique-id of each message, by number."""
        return self._run(pop3_operations.uidl_all())

    def unique_id(self, number: int) -> str:
        """UIDL with a number: one message's unique-id."""
        return self._run(pop3_operations.uidl_one(number))

    def top(self, number: int, lines: int = 0) -> bytes:
        """TOP: the header, the blank line, and the first ``lines`` lines of the body."""
        return self._run(pop3_operations.top(number, lines))

    def retr(self, number: int) -> bytes:
        """RETR: a message."""
        return self._run(pop3_operations.retr(number))

    def retr_to(self, number: int, file: BinaryIO) -> int:
        """RETR into a file opened for writing octets, in fixed memory: how many octets it was."""
        running = self._start(pop3_operations.retr(number), streaming=True)
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
                while len(waiting) < pop3_operations.WINDOW and (number := next(wanted, None)) is not None:
                    waiting.append((number, self._start(pop3_operations.retr(number))))
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
        self._simple(pop3_commands.Dele(number))

    def noop(self) -> None:
        """NOOP."""
        self._simple(pop3_commands.Noop())

    def rset(self) -> None:
        """RSET: unmark what was marked."""
        self._simple(pop3_commands.Rset())

    def quit(self) -> None:
        """QUIT: what was marked is deleted now, and the connection closes."""
        try:
            self._simple(pop3_commands.Quit())
        finally:
            self.close()

    _farewell = quit


def connect_imap(
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
    """Connect, secure, and log in where ``user`` is given. As a context manager it logs out and closes.

    The parameters are those of :func:`mailproto.aio.imap.connect`.
    """
    session = ImapSession(limits, secure=tls is True, require_tls=tls == "starttls")
    client = ImapClient(
        session, host, port or (993 if tls is True else 143), tls=tls, context=context, timeout=timeout
    )
    try:
        greeting = client._conversation.greeting
        if greeting.status == "BYE":
            raise ConnectionLost(f"the server refuses: {greeting.text}")
        if tls == "starttls":
            client.starttls()
        if user is not None and greeting.status != "PREAUTH":
            client.login(user, password or "")
    except BaseException:
        client.close()
        raise
    return client


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
    session = Pop3Session(
        limits,
        secure=tls is True,
        require_tls=tls == "starttls",
        stream_above=pop3_operations.STREAM_ABOVE,
        allow_apop=apop,
    )
    client = Pop3Client(
        session, host, port or (995 if tls is True else 110), tls=tls, context=context, timeout=timeout
    )
    try:
        reply = client._conversation.greeting.reply
        if not reply.ok:
            raise ConnectionLost(f"the server refuses: {reply.text}")
        if tls == "starttls":
            client.stls()
        if user is not None:
            client.login(user, password or "", apop=apop)
    except BaseException:
        client.close()
        raise
    return client

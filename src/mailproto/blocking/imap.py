"""The IMAP client that blocks."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from mailproto.blocking.client import DEFAULT_TIMEOUT, Client
from mailproto.clients import imap as operations
from mailproto.clients.conversation import Running
from mailproto.clients.known import KnownOfImap
from mailproto.errors import ConnectionLost, LocalError
from mailproto.imap import commands
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
WHOLE: Final = commands.Section(peek=True)

# ImapClient has a method named list.
Responses = list[Any]
Numbers = list[int]


class ImapClient(KnownOfImap, Client):
    """A connection to an IMAP server; see :class:`mailproto.aio.imap.ImapClient`, whose methods these are."""

    def _simple(self, command: commands.Command) -> None:
        self._run(operations.simple(command))

    def capability(self) -> frozenset[str]:
        """What the server can do, in upper case: as it said last, or else asked for now."""
        known: frozenset[str] | None = self.session.capabilities
        return known if known is not None else self._run(operations.capability())

    def noop(self) -> None:
        """Nothing, but news may come with the answer."""
        self._simple(commands.Noop())

    def id(self, parameters: Mapping[str, str] | None = None) -> dict[bytes, bytes | None] | None:
        """Tell who we are, learn who the server is (RFC 2971)."""
        return self._run(operations.identify(parameters))

    def logout(self) -> None:
        """Say goodbye and close."""
        with contextlib.suppress(ConnectionLost):
            self._simple(commands.Logout())
        self.close()

    _farewell = logout

    def starttls(self) -> None:
        """Go on inside TLS. ``connect_imap(tls="starttls")`` does this, and is hard to get wrong."""
        self._simple(commands.StartTls())
        self._tls_done()

    def login(self, user: str | bytes, password: str | bytes) -> None:
        """LOGIN, or where the server forbids that the best mechanism that it offers for a password."""
        mechanism = operations.mechanism_for(self.capability(), user, password, secure=self.is_tls)
        if mechanism is not None:
            self.authenticate(mechanism)
        else:
            self._simple(commands.Login(user, password))

    def authenticate(self, mechanism: Any) -> None:
        """AUTHENTICATE with a mechanism of :func:`mailproto.sasl.client`."""
        self._run(operations.authenticate(mechanism))

    def enable(self, *capabilities: str) -> frozenset[str]:
        """ENABLE (RFC 5161): what was switched on."""
        return self._run(operations.enable(capabilities))

    def namespace(self) -> Namespace | None:
        """NAMESPACE (RFC 2342)."""
        return self._run(operations.namespace())

    def select(self, mailbox: str = "INBOX", *, condstore: bool = False) -> SelectedMailbox:
        """Open a mailbox."""
        return self._run(operations.select(self.session, mailbox, read_only=False, condstore=condstore))

    def examine(self, mailbox: str = "INBOX", *, condstore: bool = False) -> SelectedMailbox:
        """Open a mailbox for reading only."""
        return self._run(operations.select(self.session, mailbox, read_only=True, condstore=condstore))

    def list(
        self,
        reference: str = "",
        patterns: str | Iterable[str] = "*",
        *,
        selection_options: Iterable[str] = (),
        return_options: Iterable[Any] = (),
    ) -> Responses:
        """LIST: ``MailboxList`` values, in the server's order."""
        return self._run(operations.list_mailboxes(reference, patterns, selection_options, return_options))

    def lsub(self, reference: str = "", pattern: str = "*") -> Responses:
        """LSUB: the subscribed mailboxes."""
        return self._run(operations.lsub(reference, pattern))

    def status(
        self, mailbox: str, items: Iterable[str] = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN")
    ) -> dict[str, Any]:
        """STATUS: the items' values by name."""
        return self._run(operations.status(mailbox, items))

    def create(self, mailbox: str, *, special_use: Iterable[str] = ()) -> None:
        """CREATE."""
        self._simple(commands.Create(mailbox, tuple(special_use)))

    def delete(self, mailbox: str) -> None:
        """DELETE: the mailbox and all in it."""
        self._simple(commands.Delete(mailbox))

    def rename(self, mailbox: str, new_name: str) -> None:
        """RENAME, with the mailboxes below it; INBOX: its messages move."""
        self._simple(commands.Rename(mailbox, new_name))

    def subscribe(self, mailbox: str) -> None:
        """SUBSCRIBE."""
        self._simple(commands.Subscribe(mailbox))

    def unsubscribe(self, mailbox: str) -> None:
        """UNSUBSCRIBE."""
        self._simple(commands.Unsubscribe(mailbox))

    def append(
        self,
        mailbox: str,
        message: bytes,
        *,
        flags: Iterable[str] = (),
        date: datetime.datetime | None = None,
    ) -> AppendUid | None:
        """APPEND: where the message went, where the server says so (UIDPLUS)."""
        return self._run(operations.append(mailbox, message, flags, date))

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
            operations.fetch(messages, items, uid=uid, changed_since=changed_since, vanished=vanished)
        )

    def fetch_to(
        self,
        message: int,
        file: BinaryIO,
        section: commands.Section | commands.BinarySection = WHOLE,
        *,
        uid: bool = True,
    ) -> int:
        """FETCH one message, or a ``section`` of one, into a file opened for writing octets: how many octets
        it was. In fixed memory; see :meth:`mailproto.aio.imap.ImapClient.fetch_to`.
        """
        download = operations.Download(message, file, uid=uid)
        for event in self._stream(operations.fetch_section(message, section, uid=uid)):
            download.take(event)
        return download.finish()

    def search(self, *criteria: SearchKey, charset: str | None = None, uid: bool = True) -> SequenceSet:
        """SEARCH: the messages that match all ``criteria``; all messages without one."""
        return self._run(operations.search(criteria, charset=charset, uid=uid))

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
            operations.store(
                messages, operation, flags, silent=silent, uid=uid, unchanged_since=unchanged_since
            )
        )

    def copy(self, messages: SetLike, mailbox: str, *, uid: bool = True) -> CopyUid | None:
        """COPY: which UID became which, where the server says so (UIDPLUS)."""
        return self._run(operations.copy(messages, mailbox, uid=uid, move=False))

    def move(self, messages: SetLike, mailbox: str, *, uid: bool = True) -> CopyUid | None:
        """MOVE (RFC 6851): which UID became which."""
        return self._run(operations.copy(messages, mailbox, uid=uid, move=True))

    def expunge(self, uids: SetLike | None = None) -> Numbers:
        """Remove what is marked \\Deleted, or only those of ``uids`` (UIDPLUS): the sequence numbers."""
        return self._run(operations.expunge(uids))

    def check(self) -> None:
        """CHECK."""
        self._simple(commands.Check())

    def close_mailbox(self) -> None:
        """CLOSE: leave the mailbox; what is marked \\Deleted goes."""
        self._simple(commands.Close())

    def unselect(self) -> None:
        """UNSELECT: leave the mailbox as it is (RFC 3691)."""
        self._simple(commands.Unselect())

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
                if now - since >= operations.IDLE_RENEWAL:
                    self._end_idle(running)
                    running, since = self._begin_idle(), now
                left = since + operations.IDLE_RENEWAL - now
                self._step(left if timeout is None else min(left, last + timeout - now))
        finally:
            self._end_idle(running)

    def _begin_idle(self) -> Running[None]:
        running = self._start(operations.simple(commands.Idle()))
        self._until(lambda: running.began or running.done)
        return running

    def _end_idle(self, running: Running[None]) -> None:
        if not running.done and not self.is_closed:
            with contextlib.suppress(LocalError):
                self.session.done()
            self._finish(running)


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
    opening = operations.opening(tls, port, limits)
    client = ImapClient(opening, host, context=context, timeout=timeout)
    with client._begun(opening) as login_due:
        if opening.upgrades:
            client.starttls()
        if user is not None and login_due:
            client.login(user, password or "")
    return client

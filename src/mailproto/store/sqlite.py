"""The embedded store: one SQLite database in WAL mode.

Reads run in the event loop: they take microseconds, and a hop to a thread would cost more than the read.
What can take long (a large body, a search) goes to a small pool of threads with connections of their own.
All writes go through one thread that commits in groups (:mod:`.sqlite_writer`). Several processes may have
one data folder open.

    store = await SqliteStore.open(folder)
    mail = store.mail(await store.account("ann"))
    await mail.append("INBOX", [NewMessage(data)])
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from mailproto._core.mailbox_name import match_list_pattern
from mailproto.store import names, search
from mailproto.store import sqlite_mailboxes as boxes
from mailproto.store import sqlite_messages as mails
from mailproto.store.api import (
    AccountInfo,
    AppendResult,
    Changes,
    CopyResult,
    FlagOperation,
    MailboxInfo,
    Maildrop,
    MaildropMessage,
    MessageData,
    MessageInfo,
    NewMessage,
    SearchMatches,
    SearchView,
    Selected,
    StoreResult,
    Uids,
    Want,
    Watch,
)
from mailproto.store.content import analyse
from mailproto.store.errors import MaildropLocked, MessageTooBig, StoreClosed, StoreFull, StoreUnavailable
from mailproto.store.sqlite_lock import FileLock
from mailproto.store.sqlite_maildrop import SqliteMaildrop
from mailproto.store.sqlite_notify import POLL_INTERVAL, Notifier
from mailproto.store.sqlite_schema import BUSY_TIMEOUT, connect, prepare, translated
from mailproto.store.sqlite_writer import Transaction, Work, Writer

if TYPE_CHECKING:
    from mailproto.store.api import Mail, Store

_T = TypeVar("_T")

#: Longer messages and parts are read, and their structure computed, in a thread: about a millisecond's work.
IN_LOOP_OCTETS: Final = 512 * 1024
#: Searches of more messages than this, and all searches of text, run in a thread.
IN_LOOP_MESSAGES: Final = 2000
_THREADS: Final = 2
#: Contents deleted in one transaction of the collector.
_COLLECT_AT_ONCE: Final = 200
#: How long a POP3 session waits for a lock that the collector may hold for a moment, seconds.
_LOCK_PATIENCE: Final = 0.5


class SqliteStore:
    """See :class:`mailproto.store.api.Store`. Made by :meth:`open`."""

    def __init__(
        self, folder: Path, *, max_message: int, keep_free: int, busy_timeout: float, poll_interval: float
    ) -> None:
        self.folder = folder
        self._keep_free = keep_free
        self.max_message = max_message
        self._loop = asyncio.get_running_loop()
        self._busy_timeout = busy_timeout
        self._connection = connect(folder, query_only=True, timeout=busy_timeout)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="mailproto-store-reader")
        # Apart, so that nobody waits for a large body behind somebody else's search of all mail.
        self._searchers = ThreadPoolExecutor(_THREADS, thread_name_prefix="mailproto-store-search")
        self._searches: set[search.Search] = set()
        self._local = threading.local()
        self._thread_connections: list[sqlite3.Connection] = []
        self._notifier = Notifier(self._connection, poll_interval)
        self._locks: dict[int, FileLock] = {}
        self._collecting: dict[int, asyncio.Task[None]] = {}
        self._collect_again: set[int] = set()
        #: Accounts whose garbage could not be deleted: on a disk that is full to the brim even that fails.
        self._uncollected: set[int] = set()
        self._closed = False
        self.writer = Writer(connect(folder, timeout=busy_timeout), self._loop, self._told)

    @classmethod
    async def open(
        cls,
        folder: Path | str,
        *,
        max_message: int = 64 * 1024 * 1024,
        keep_free: int = 32 * 1024 * 1024,
        busy_timeout: float = BUSY_TIMEOUT,
        poll_interval: float = POLL_INTERVAL,
    ) -> SqliteStore:
        """Open a data folder; one that is absent or empty is made. ``max_message`` counts octets,
        and so does ``keep_free``, which appending leaves free on the disk: deleting needs room too, to be
        written down. ``busy_timeout`` and ``poll_interval`` count seconds. Raises NotOurStore, StoreReadOnly,
        StoreBusy, StoreFull, StoreDamaged."""
        folder = Path(folder)
        await asyncio.to_thread(prepare, folder, timeout=busy_timeout)
        store = cls(
            folder,
            keep_free=keep_free,
            max_message=max_message,
            busy_timeout=busy_timeout,
            poll_interval=poll_interval,
        )
        with translated():
            left_over = store._connection.execute("SELECT DISTINCT account FROM garbage").fetchall()
        for (account,) in left_over:
            store._collect_soon(account)
        return store

    async def __aenter__(self) -> SqliteStore:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await asyncio.gather(*self._collecting.values(), return_exceptions=True)
        await self._notifier.close()
        await self.writer.close()
        for run in self._searches:
            run.stopped = True
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._searchers.shutdown)
        for connection in (*self._thread_connections, self._connection):
            connection.close()
        for lock in self._locks.values():
            lock.release()
        self._locks.clear()

    # -- accounts

    async def accounts(self) -> list[AccountInfo]:
        with self.reading() as connection:
            return boxes.account_rows(connection)

    async def account(self, name: str) -> AccountInfo:
        with self.reading() as connection:
            return boxes.account_info(connection, name)

    async def create_account(self, name: str, password_hash: str, *, quota: int | None = None) -> AccountInfo:
        checked = names.new_account_name(name)
        return await self.write(lambda txn: boxes.create_account(txn, checked, password_hash, quota))

    async def set_password_hash(self, name: str, password_hash: str, *, expected: str | None = None) -> bool:
        return await self.write(lambda txn: boxes.set_password_hash(txn, name, password_hash, expected))

    async def delete_account(self, name: str) -> None:
        info = await self.account(name)
        lock = await self._take_lock(info.id)
        try:
            await self.write(lambda txn: boxes.delete_account(txn, info.id))
        finally:
            lock.release()
            self._collect_soon(info.id)

    def mail(self, account: AccountInfo) -> SqliteMail:
        return SqliteMail(self, account)

    # -- for SqliteMail

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The loop's connection. Not across an await."""
        if self._closed:
            raise StoreClosed("the mail store is closed")
        with translated():
            yield self._connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """The loop's connection, inside a read transaction: several reads see one state."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    async def in_thread(
        self, work: Callable[[sqlite3.Connection], _T], pool: ThreadPoolExecutor | None = None
    ) -> _T:
        """Run ``work`` in a thread of the pool, with that thread's connection."""
        if self._closed:
            raise StoreClosed("the mail store is closed")

        def run() -> _T:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = connect(self.folder, query_only=True, timeout=self._busy_timeout)
                self._local.connection = connection
                self._thread_connections.append(connection)
            with translated():
                return work(connection)

        return await self._loop.run_in_executor(pool or self._threads, run)

    async def search(self, run: search.Search) -> SearchMatches:
        """Run a search in a thread. It stops soon after its caller is cancelled, or the store is closed."""
        self._searches.add(run)
        try:
            return await self.in_thread(run, self._searchers)
        finally:
            run.stopped = True
            self._searches.discard(run)

    async def write(self, work: Work[_T]) -> _T:
        """Have ``work`` done by the writer; on return it is on disk."""
        return await self.writer.run(work)

    def watch(self, kind: str, number: int) -> Watch:
        """See :meth:`Notifier.watch`."""
        with self.reading():
            return self._notifier.watch(kind, number)

    async def read(self, content: int, start: int, length: int | None) -> bytes:
        """See :meth:`mailproto.store.api.Mail.read`."""
        if start < 0 or (length is not None and length < 0):
            raise ValueError("start and length cannot be negative")
        with self.reading() as connection:
            size = mails.content_size(connection, content)
            if min(size - start, size if length is None else length) <= IN_LOOP_OCTETS:
                return mails.read(connection, content, start, length)
        return await self.in_thread(lambda own: mails.read(own, content, start, length))

    async def prepare_message(self, message: NewMessage) -> mails.Prepared:
        """All of an append that needs no database."""
        if len(message.data) > self.max_message:
            raise MessageTooBig(f"a message has at most {self.max_message} octets")
        bits, keywords = names.split_flags(message.flags)
        date = message.date or datetime.now(UTC)
        offset = date.utcoffset()
        if offset is None:
            raise ValueError("NewMessage.date must be aware")
        if len(message.data) <= IN_LOOP_OCTETS:
            content = analyse(message.data)
        else:
            content = await self._loop.run_in_executor(self._threads, analyse, message.data)
        return content, bits, keywords, int(date.timestamp()), int(offset.total_seconds()) // 60

    def check_room(self, octets: int) -> None:
        """Raise StoreFull where so much more would leave less free than ``keep_free``."""
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise StoreUnavailable(f"the data folder cannot be read: {error.strerror}") from error
        # Twice: once in the WAL, once in the database.
        if free - 2 * octets < self._keep_free:
            with self.reading() as connection:
                (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
                (page_size,) = connection.execute("PRAGMA page_size").fetchone()
            # Pages that deleted mail left in the database take new mail; only the WAL needs the disk for it.
            if pages * page_size < 2 * octets + page_size or free - octets < self._keep_free // 2:
                # Who needs room has the rest collected; what there is by then the next try sees.
                for account in tuple(self._uncollected):
                    self._collect_soon(account)
                raise StoreFull("the disk is full")

    async def lock_maildrop(
        self,
        account: int,
        snapshot: Callable[[], Sequence[MaildropMessage]],
        delete: Callable[[Uids], Work[object]],
    ) -> Maildrop:
        """Take the lock first, the snapshot after: the collector deletes nothing in between."""
        lock = await self._take_lock(account)
        try:
            messages = snapshot()
        except BaseException:
            lock.release()
            raise
        self._locks[account] = lock

        def closed() -> None:
            if self._locks.get(account) is lock:
                del self._locks[account]
                lock.release()
                if not self._closed:
                    self._collect_soon(account)

        return SqliteMaildrop(messages, self.read, lambda uids: self.write(delete(uids)), closed)

    # -- deleting content

    def _told(self, outcome: Transaction) -> None:
        self._notifier.notify("mailbox", outcome.mailboxes)
        self._notifier.notify("list", outcome.lists)
        for account in outcome.garbage:
            self._collect_soon(account)

    async def _take_lock(self, account: int) -> FileLock:
        until = time.monotonic() + _LOCK_PATIENCE
        while account not in self._locks:
            try:
                lock = FileLock.try_take(self.folder, account)
            except OSError as error:
                raise StoreUnavailable(f"the maildrop cannot be locked: {error.strerror}") from error
            if lock is not None:
                return lock
            if time.monotonic() > until:
                break
            await asyncio.sleep(0.02)
        raise MaildropLocked("another POP3 session holds the maildrop")

    def _collect_soon(self, account: int) -> None:
        """Delete content without messages, unless a POP3 session has it in its snapshot: its end comes here
        too."""
        if account in self._collecting:
            self._collect_again.add(account)
        elif account not in self._locks and not self._closed:
            task = self._loop.create_task(self._collect(account))
            self._collecting[account] = task
            task.add_done_callback(lambda _: self._collecting.pop(account, None))

    async def _collect(self, account: int) -> None:
        def work(txn: Transaction) -> bool:
            try:
                lock = FileLock.try_take(self.folder, account)
            except OSError:
                lock = None
            if lock is None:
                return False
            txn.finally_.append(lock.release)
            return mails.collect(txn, account, _COLLECT_AT_ONCE)

        self._uncollected.discard(account)
        try:
            more = True
            while more:
                self._collect_again.discard(account)
                more = await self.write(work) or account in self._collect_again
        except StoreUnavailable:
            self._uncollected.add(account)


class SqliteMail:
    """See :class:`mailproto.store.api.Mail`."""

    def __init__(self, store: SqliteStore, account: AccountInfo) -> None:
        self._store = store
        self._account = account
        self._id = account.id

    @property
    def account(self) -> AccountInfo:
        return self._account

    # -- mailboxes

    async def list_mailboxes(
        self, patterns: Collection[str] = ("*",), *, subscribed: bool = False
    ) -> list[MailboxInfo]:
        with self._store.snapshot() as connection:
            found = boxes.mailbox_rows(connection, self._id)
            if subscribed:
                found = boxes.with_absent(connection, self._id, found)
        if "*" not in patterns:
            found = [
                info for info in found if any(match_list_pattern(pattern, info.name) for pattern in patterns)
            ]
        found.sort(key=lambda info: (info.name != "INBOX", info.name))
        return found

    async def mailbox(self, name: str) -> MailboxInfo:
        with self._store.reading() as connection:
            return boxes.mailbox_info(connection, self._id, names.existing_name(name))

    async def select(self, name: str) -> Selected:
        with self._store.snapshot() as connection:
            return mails.select(connection, self._id, names.existing_name(name))

    async def create(self, name: str, *, special_use: Collection[str] = ()) -> MailboxInfo:
        checked = names.new_mailbox_name(name)
        uses = [names.special_use(use) for use in special_use]
        return await self._store.write(lambda txn: boxes.create(txn, self._id, checked, uses))

    async def delete(self, name: str) -> None:
        known = names.existing_name(name)
        await self._store.write(lambda txn: boxes.delete(txn, self._id, known))

    async def rename(self, name: str, new_name: str) -> None:
        known, checked = names.existing_name(name), names.new_mailbox_name(new_name)
        await self._store.write(lambda txn: boxes.rename(txn, self._id, known, checked))

    async def subscribe(self, name: str) -> None:
        checked = names.new_mailbox_name(name)
        await self._store.write(lambda txn: boxes.subscribe(txn, self._id, checked))

    async def unsubscribe(self, name: str) -> None:
        known = names.existing_name(name)
        await self._store.write(lambda txn: boxes.unsubscribe(txn, self._id, known))

    # -- messages: reading

    async def messages(
        self, mailbox: int, uids: Uids | None = None, *, changed_since: int | None = None
    ) -> list[MessageInfo]:
        with self._store.reading() as connection:
            mails.check_mailbox(connection, self._id, mailbox)
            return mails.messages(connection, mailbox, uids, changed_since)

    async def fetch(self, mailbox: int, uids: Uids, want: Want) -> list[MessageData]:
        with self._store.reading() as connection:
            mails.check_mailbox(connection, self._id, mailbox)
            return mails.fetch(connection, mailbox, uids, want)

    async def read(self, content: int, start: int = 0, length: int | None = None) -> bytes:
        with self._store.reading() as connection:
            mails.check_content(connection, self._id, content)
        return await self._store.read(content, start, length)

    async def changes(self, mailbox: int, since: int) -> Changes:
        with self._store.snapshot() as connection:
            return mails.changes(connection, self._id, mailbox, since)

    async def search(self, mailbox: int, criteria: object, view: SearchView) -> SearchMatches:
        run = search.Search(mailbox, criteria, view, time.time())
        with self._store.reading() as connection:
            mails.check_mailbox(connection, self._id, mailbox)
            if run.cost <= search.COLUMNS and len(view.uids) <= IN_LOOP_MESSAGES:
                return run(connection)
        return await self._store.search(run)

    # -- messages: changing

    async def append(self, name: str, messages: Sequence[NewMessage]) -> AppendResult:
        known = names.existing_name(name)
        self._store.check_room(sum(len(message.data) for message in messages))
        prepared = [await self._store.prepare_message(message) for message in messages]
        return await self._store.write(lambda txn: mails.append(txn, self._id, known, prepared))

    async def set_flags(
        self,
        mailbox: int,
        uids: Uids,
        operation: FlagOperation,
        flags: Collection[str],
        *,
        unchanged_since: int | None = None,
    ) -> StoreResult:
        if operation not in ("FLAGS", "+FLAGS", "-FLAGS"):
            raise ValueError(f"no such operation: {operation!r}")
        split = names.split_flags(flags)
        return await self._store.write(
            lambda txn: mails.set_flags(
                txn,
                self._id,
                mailbox,
                uids,
                operation=operation,
                flags=split,
                unchanged_since=unchanged_since,
            )
        )

    async def copy(self, mailbox: int, uids: Uids, name: str) -> CopyResult:
        known = names.existing_name(name)
        return await self._store.write(
            lambda txn: mails.copy(txn, self._id, mailbox, uids, known, move=False)
        )

    async def move(self, mailbox: int, uids: Uids, name: str) -> CopyResult:
        known = names.existing_name(name)
        return await self._store.write(lambda txn: mails.copy(txn, self._id, mailbox, uids, known, move=True))

    async def expunge(self, mailbox: int, uids: Uids | None = None) -> list[int]:
        return await self._store.write(lambda txn: mails.expunge(txn, self._id, mailbox, uids))

    async def claim_recent(self, mailbox: int) -> range:
        with self._store.reading() as connection:
            uidnext = mails.nothing_recent(connection, self._id, mailbox)
        if uidnext is not None:
            return range(uidnext, uidnext)
        return await self._store.write(lambda txn: mails.claim_recent(txn, self._id, mailbox))

    # -- other sessions

    def watch(self, mailbox: int | None = None) -> Watch:
        if mailbox is None:
            return self._store.watch("list", self._id)
        with self._store.reading() as connection:
            mails.check_mailbox(connection, self._id, mailbox)
        return self._store.watch("mailbox", mailbox)

    async def lock_maildrop(self) -> Maildrop:
        inbox = 0

        def snapshot() -> list[MaildropMessage]:
            nonlocal inbox
            with self._store.snapshot() as connection:
                info = boxes.mailbox_info(connection, self._id, "INBOX")
                inbox = info.id
                return [
                    # UIDs are never used again under one UIDVALIDITY, and that never in one store.
                    MaildropMessage(
                        message.uid, message.size, f"{info.uidvalidity}.{message.uid}", message.content
                    )
                    for message in mails.messages(connection, info.id, None, None)
                ]

        def delete(uids: Uids) -> Work[object]:
            return lambda txn: mails.remove(txn, self._id, inbox, uids)

        return await self._store.lock_maildrop(self._id, snapshot, delete)

    async def usage(self) -> int:
        with self._store.reading() as connection:
            return mails.usage(connection, self._id)


if TYPE_CHECKING:
    # The checker compares the classes with the contract here.
    _store: type[Store] = SqliteStore
    _mail: type[Mail] = SqliteMail
    _maildrop: type[Maildrop] = SqliteMaildrop

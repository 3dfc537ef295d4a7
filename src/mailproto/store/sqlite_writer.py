"""One thread that writes, and commits in groups.

An fsync costs milliseconds, and costs the same for one message as for a hundred. So all the writes that
wait go into one transaction, each inside a savepoint of its own, and each caller's future is resolved when
the whole is on disk. A write that fails is rolled back to its savepoint and its neighbours go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from mailproto.store.errors import StoreBusy, StoreClosed, StoreError
from mailproto.store.sqlite_schema import translate

_T = TypeVar("_T")

#: A group is committed when it holds so many writes, or has taken so long (seconds): those that wait for
#: the first commit must not wait for ever while more arrive.
MAX_GROUP: Final = 512
MAX_GROUP_SECONDS: Final = 0.2


@dataclass(slots=True)
class Transaction:
    """What a write works with: the connection, and whom to tell when it is done."""

    connection: sqlite3.Connection
    #: Mailboxes changed, with their HIGHESTMODSEQ now (0: the mailbox is gone).
    mailboxes: dict[int, int] = field(default_factory=dict)
    #: Accounts whose list of mailboxes changed, with their list version now.
    lists: dict[int, int] = field(default_factory=dict)
    #: Accounts that have content to be collected.
    garbage: set[int] = field(default_factory=set)
    #: Called, in the writer's thread, when the transaction is over, whatever its outcome.
    finally_: list[Callable[[], None]] = field(default_factory=list)


#: A write. It may run more than once (after a group failed as a whole), so it must change nothing but the
#: database.
Work = Callable[[Transaction], _T]


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class Writer:
    """The thread and its queue. ``told`` is called in the event loop with every committed group's
    transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        loop: asyncio.AbstractEventLoop,
        told: Callable[[Transaction], None],
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._told = told
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        #: Groups committed and writes done, for tests and figures.
        self.groups = 0
        self.writes = 0
        self._thread = threading.Thread(target=self._run, name="mailproto-store-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Work[_T]) -> _T:
        """Run ``work`` in a transaction; returns its result when that is on disk, raises what it raised."""
        if self._closed:
            raise StoreClosed("the mail store is closed")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(_Job(work, future))
        # A caller that goes away (its connection died) does not take back what is already on its way to
        # the disk.
        return cast(_T, await future)

    async def close(self) -> None:
        """Finish what is queued, then end the thread and close the connection."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    # -- in the thread

    def _run(self) -> None:
        more = True
        while more:
            job = self._queue.get()
            if job is None:
                break
            more = self._group(job)
        self._connection.close()

    def _group(self, first: _Job) -> bool:
        """Commit one group that starts with ``first``. False: closing was asked for."""
        jobs = [first]
        more = True
        outcome = Transaction(self._connection)
        until = time.monotonic() + MAX_GROUP_SECONDS
        try:
            self._begin()
        except sqlite3.Error as error:
            return self._refuse_all(first, error)
        try:
            at = 0
            while True:
                if not self._step(jobs[at], outcome):
                    raise jobs[at].error or _GroupLost
                at += 1
                if at < len(jobs):
                    continue
                if len(jobs) >= MAX_GROUP or time.monotonic() > until:
                    break
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    more = False
                    break
                jobs.append(following)
            self._connection.execute("COMMIT")
        except Exception as error:  # each job keeps its own
            self._rollback()
            self._end(outcome)
            outcome = Transaction(self._connection)
            full = _is_full(error)
            if full:
                self._make_room()
            if len(jobs) > 1 or full:
                for job in jobs:
                    self._alone(job, outcome)
            elif jobs[0].error is None:
                jobs[0].error = error
        self._end(outcome)
        self.groups += 1
        self.writes += len(jobs)
        self._deliver(jobs, outcome)
        return more

    def _refuse_all(self, first: _Job, error: sqlite3.Error) -> bool:
        """No transaction can be had. All that wait are told: else each would wait for a busy timeout of its
        own."""
        job: _Job | None = first
        refused = []
        try:
            while job is not None:
                job.error = error
                refused.append(job)
                job = self._queue.get_nowait()
        except queue.Empty:
            pass
        self._deliver(refused, Transaction(self._connection))
        return job is not None

    def _alone(self, job: _Job, outcome: Transaction) -> None:
        """Again, in a transaction of its own, after the group as a whole failed."""
        job.error = job.result = None
        single = Transaction(self._connection)
        try:
            self._begin()
            if self._step(job, single) and job.error is None:
                self._connection.execute("COMMIT")
                outcome.mailboxes.update(single.mailboxes)
                outcome.lists.update(single.lists)
                outcome.garbage |= single.garbage
        except sqlite3.Error as error:
            job.error = error
        finally:
            self._rollback()
            self._end(single)

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def _step(self, job: _Job, outcome: Transaction) -> bool:
        """One write. False: the transaction is gone, or the disk is full."""
        connection = self._connection
        own = Transaction(connection, finally_=outcome.finally_)
        connection.execute("SAVEPOINT work")
        try:
            job.result = job.work(own)
        except Exception as error:
            job.error = error
            if not connection.in_transaction or _is_full(error):
                return False
            connection.execute("ROLLBACK TO work")
        else:
            outcome.mailboxes.update(own.mailboxes)
            outcome.lists.update(own.lists)
            outcome.garbage |= own.garbage
        connection.execute("RELEASE work")
        return True

    def _make_room(self) -> None:
        """The disk is full. What the WAL holds goes into the database, often into pages that are free there,
        and the WAL's room can be used again: so that on a full disk mail can still be deleted."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @staticmethod
    def _end(outcome: Transaction) -> None:
        for callback in outcome.finally_:
            callback()
        outcome.finally_.clear()

    def _deliver(self, jobs: list[_Job], outcome: Transaction) -> None:
        def deliver() -> None:
            self._told(outcome)
            for job in jobs:
                if job.future.cancelled():
                    continue
                if job.error is None:
                    job.future.set_result(job.result)
                else:
                    job.future.set_exception(as_store_error(job.error))

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(deliver)


def _is_full(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


class _GroupLost(Exception):
    """SQLite ended the transaction during one of its statements."""


def as_store_error(error: BaseException) -> BaseException:
    """SQLite's errors as the store's; others as they are."""
    if isinstance(error, sqlite3.Error):
        translated = translate(error)
        translated.__cause__ = error
        return translated
    if isinstance(error, _GroupLost):
        return StoreBusy("the mail store is locked")
    return error


__all__ = ["StoreError", "Transaction", "Work", "Writer", "as_store_error"]

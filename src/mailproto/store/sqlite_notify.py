"""Who watches what: notices of changes by this process at once, by others after a poll."""

# ruff: noqa: S608 - SQL is put together from this module's own words; values are always parameters
from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from typing import Final

from mailproto.store.sqlite_schema import translated

#: Seconds between two looks at PRAGMA data_version, which tells whether anybody has committed since the
#: last look.
POLL_INTERVAL: Final = 0.25


class SqliteWatch:
    """See :class:`mailproto.store.api.Watch`."""

    __slots__ = ("_event", "_notifier", "key")

    def __init__(self, notifier: Notifier, key: tuple[str, int]) -> None:
        self.key = key
        self._notifier: Notifier | None = notifier
        self._event = asyncio.Event()

    @property
    def pending(self) -> bool:
        return self._event.is_set()

    def notify(self) -> None:
        self._event.set()

    def clear(self) -> None:
        self._event.clear()

    async def wait(self) -> None:
        await self._event.wait()
        self._event.clear()

    def close(self) -> None:
        if self._notifier is not None:
            self._notifier.remove(self)
            self._notifier = None


class Notifier:
    """All watches of one open store. Lives in the event loop."""

    def __init__(self, connection: sqlite3.Connection, poll_interval: float = POLL_INTERVAL) -> None:
        self._connection = connection
        self._interval = poll_interval
        self._watches: dict[tuple[str, int], set[SqliteWatch]] = {}
        #: The version (HIGHESTMODSEQ, list version) of each thing watched that its watchers have been told
        #: of.
        self._told: dict[tuple[str, int], int] = {}
        self._data_version = -1
        self._task: asyncio.Task[None] | None = None

    def watch(self, kind: str, number: int) -> SqliteWatch:
        """``kind`` is "mailbox" (``number``: its id) or "list" (``number``: the account's id)."""
        key = (kind, number)
        watch = SqliteWatch(self, key)
        if key not in self._watches:
            self._watches[key] = set()
            self._told[key] = self._versions([number], kind).get(number, 0)
        self._watches[key].add(watch)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._poll())
        return watch

    def remove(self, watch: SqliteWatch) -> None:
        """Forget a watch."""
        watches = self._watches.get(watch.key)
        if watches is not None:
            watches.discard(watch)
            if not watches:
                del self._watches[watch.key]
                del self._told[watch.key]

    def notify(self, kind: str, versions: Mapping[int, int]) -> None:
        """Tell the watchers of these that there is something new."""
        for number, version in versions.items():
            key = (kind, number)
            if key in self._watches and self._told[key] != version:
                self._told[key] = version
                for watch in self._watches[key]:
                    watch.notify()

    async def close(self) -> None:
        """Stop polling. Watches that are left wait for ever."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _poll(self) -> None:
        while self._watches:
            await asyncio.sleep(self._interval)
            try:
                (version,) = self._connection.execute("PRAGMA data_version").fetchone()
                if version == self._data_version:
                    continue
                for kind in ("mailbox", "list"):
                    numbers = [number for which, number in self._watches if which == kind]
                    if numbers:
                        now = self._versions(numbers, kind)
                        self.notify(kind, {number: now.get(number, 0) for number in numbers})
                self._data_version = version
            except sqlite3.Error:
                continue  # busy, or an error that whoever reads or writes next is told of

    def _versions(self, numbers: list[int], kind: str) -> dict[int, int]:
        table, column = ("mailbox", "highestmodseq") if kind == "mailbox" else ("account", "list_version")
        with translated():
            rows = self._connection.execute(
                f"SELECT id, {column} FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(numbers),),
            )
            return dict(rows.fetchall())

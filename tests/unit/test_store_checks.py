"""The SQLite store passes what every store must pass."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailproto.store.checks import OpenStore, StoreChecks
from mailproto.store.sqlite import SqliteStore


class TestSqlite(StoreChecks):
    @pytest.fixture
    async def open_store(self, tmp_path: Path) -> AsyncIterator[OpenStore]:
        opened: list[SqliteStore] = []

        async def open_one() -> SqliteStore:
            opened.append(await SqliteStore.open(tmp_path / "data", poll_interval=0.02))
            return opened[-1]

        yield open_one
        for store in opened:
            await store.close()

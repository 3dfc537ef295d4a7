"""The SQLite store where it is SQLite: data folders, failing disks, groups of writes, other processes."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailproto.imap import search as key
from mailproto.store import errors, search
from mailproto.store import sqlite_messages as mails
from mailproto.store.api import NewMessage, SearchView
from mailproto.store.checks import fill, message, new_mail
from mailproto.store.sqlite import SqliteMail, SqliteStore
from mailproto.store.sqlite_lock import FileLock
from mailproto.store.sqlite_schema import DATABASE, MARKER, SCHEMA_VERSION
from mailproto.store.sqlite_writer import Transaction


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with await SqliteStore.open(tmp_path / "data", poll_interval=0.02, busy_timeout=0.3) as opened:
        yield opened


# -- data folders


async def test_a_folder_is_made_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    async with await SqliteStore.open(folder):
        assert (folder / MARKER).exists()
        if os.name == "posix":
            assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["other.txt", DATABASE])
async def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / content).write_text("precious")
    with pytest.raises(errors.NotOurStore, match="not empty"):
        await SqliteStore.open(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [content]
    assert (tmp_path / content).read_text() == "precious"


async def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.NotOurStore, match="not a folder"):
        await SqliteStore.open(tmp_path / "file")


async def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    other = sqlite3.connect(tmp_path / DATABASE)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(errors.NotOurStore, match="another program"):
        await SqliteStore.open(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == before


async def test_what_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    (tmp_path / DATABASE).write_bytes(b"not a database, but something long enough to be read as one" * 100)
    with pytest.raises(errors.NotOurStore, match="not a database"):
        await SqliteStore.open(tmp_path)


async def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    await (await SqliteStore.open(tmp_path)).close()
    database = sqlite3.connect(tmp_path / DATABASE)
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(errors.NotOurStore, match="newer"):
        await SqliteStore.open(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
async def test_a_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await (await SqliteStore.open(folder)).close()
    folder.chmod(0o500)
    try:
        with pytest.raises(errors.StoreReadOnly):
            await SqliteStore.open(folder)
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("attempt", range(5))
async def test_two_openings_of_a_new_folder_at_once(tmp_path: Path, attempt: int) -> None:
    stores = await asyncio.gather(*(SqliteStore.open(tmp_path / "data") for _ in range(8)))
    await new_mail(stores[0])
    assert [account.name for account in await stores[-1].accounts()] == ["ann"]
    for opened in stores:
        await opened.close()


async def test_an_opening_that_never_ends_is_not_waited_for(tmp_path: Path) -> None:
    await (await SqliteStore.open(tmp_path)).close()
    lock = FileLock.try_take(tmp_path, "opening")
    assert lock is not None
    with pytest.raises(errors.StoreBusy, match="another process"):
        await SqliteStore.open(tmp_path, busy_timeout=0.05)
    lock.release()
    await (await SqliteStore.open(tmp_path, busy_timeout=0.05)).close()


@pytest.mark.parametrize("left", [None, b""])
async def test_a_database_that_vanished_is_not_made_anew(tmp_path: Path, left: bytes | None) -> None:
    await (await SqliteStore.open(tmp_path)).close()
    (tmp_path / DATABASE).unlink()
    if left is not None:
        (tmp_path / DATABASE).write_bytes(left)
    with pytest.raises(errors.StoreDamaged, match=r"mail\.sqlite is missing or empty: restore"):
        await SqliteStore.open(tmp_path)
    assert (tmp_path / DATABASE).exists() == (left is not None)


@pytest.mark.parametrize("left", [None, b""])
async def test_a_folder_whose_making_was_cut_off_is_finished(tmp_path: Path, left: bytes | None) -> None:
    (tmp_path / MARKER).touch()
    if left is not None:
        (tmp_path / DATABASE).write_bytes(left)
    async with await SqliteStore.open(tmp_path) as store:
        await new_mail(store)
    async with await SqliteStore.open(tmp_path) as store:
        assert len(await store.accounts()) == 1


# -- failing


async def test_deleting_mail_does_not_write_it_once_more(store: SqliteStore) -> None:
    mail = await new_mail(store)
    await mail.append("INBOX", [NewMessage(message(body="x" * 1_000_000)) for _ in range(8)])
    inbox = await mail.mailbox("INBOX")
    store.writer._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    await mail.set_flags(inbox.id, range(1, 9), "+FLAGS", ("\\Deleted",))
    await mail.expunge(inbox.id)
    while store._collecting:
        await asyncio.gather(*store._collecting.values())
    free = await store.write(lambda txn: txn.connection.execute("PRAGMA freelist_count").fetchone()[0])
    assert free * 8192 > 7_500_000
    assert (store.folder / f"{DATABASE}-wal").stat().st_size < 2_000_000


async def test_what_could_not_be_collected_is_when_somebody_needs_the_room(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = await new_mail(store)
    inbox, uids = await fill(mail, 3)
    collect = mails.collect

    def full(*_: object) -> bool:
        raise errors.StoreFull("the disk is full")

    monkeypatch.setattr(mails, "collect", full)
    await mail.set_flags(inbox, uids, "+FLAGS", ("\\Deleted",))
    await mail.expunge(inbox)
    while store._collecting:
        await asyncio.gather(*store._collecting.values())
    monkeypatch.setattr(mails, "collect", collect)

    def left() -> int:
        with store.reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM garbage").fetchone()
            return int(count)

    assert left() == 3
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 100, 0))
    with pytest.raises(errors.StoreFull):
        await mail.append("INBOX", [NewMessage(message())])
    await asyncio.gather(*store._collecting.values())
    assert left() == 0


async def test_a_full_disk_refuses_and_loses_nothing(store: SqliteStore) -> None:
    mail = await new_mail(store)
    inbox, uids = await fill(mail, 3)
    size = await store.write(lambda txn: txn.connection.execute("PRAGMA page_count").fetchone()[0])
    await store.write(lambda txn: txn.connection.execute(f"PRAGMA max_page_count = {size + 4}").fetchall())
    big = NewMessage(message(body="x" * 1_000_000))
    small = NewMessage(message())
    # Together in one group: SQLite may give the whole transaction up, the small ones must not suffer.
    results = await asyncio.gather(
        *(mail.append("INBOX", [one]) for one in (small, big, small, big, small)), return_exceptions=True
    )
    assert [type(result).__name__ for result in results] == [
        "AppendResult", "StoreFull", "AppendResult", "StoreFull", "AppendResult",
    ]  # fmt: skip
    assert "disk is full" in str(results[1])
    await store.write(lambda txn: txn.connection.execute("PRAGMA max_page_count = 1000000").fetchall())
    await mail.append("INBOX", [big])
    selected = await mail.select("INBOX")
    assert selected.uids == [*uids, 4, 5, 6, 7]
    assert selected.info.octets == sum(info.size for info in await mail.messages(inbox))


async def test_appending_leaves_room_to_delete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await SqliteStore.open(tmp_path / "data", keep_free=10_000_000) as store:
        mail = await new_mail(store)
        inbox, uids = await fill(mail, 2)
        usage = shutil.disk_usage(tmp_path)._replace(free=10_000_100)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(errors.StoreFull):
            await fill(mail, 1)
        await mail.set_flags(inbox, uids, "+FLAGS", ["\\Deleted"])
        assert await mail.expunge(inbox) == uids


async def test_a_database_locked_by_another_process(store: SqliteStore) -> None:
    mail = await new_mail(store)
    await fill(mail, 1)
    other = sqlite3.connect(store.folder / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    results = await asyncio.gather(*(fill(mail, 1) for _ in range(20)), return_exceptions=True)
    assert {type(result) for result in results} == {errors.StoreBusy}
    assert time.monotonic() - started < 5, "each write waited for a timeout of its own"
    assert (await mail.select("INBOX")).uids == [1], "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    assert (await fill(mail, 1))[1] == [2]


async def test_a_damaged_database_says_so(tmp_path: Path) -> None:
    async with await SqliteStore.open(tmp_path) as store:
        mail = await new_mail(store)
        await fill(mail, 50)
    database = tmp_path / DATABASE
    pages = bytearray(database.read_bytes())
    pages[8192:] = b"\xaa" * len(pages[8192:])
    database.write_bytes(pages)
    with pytest.raises(errors.StoreDamaged):
        async with await SqliteStore.open(tmp_path) as store:
            await store.account("ann")


async def test_a_failing_write_leaves_its_neighbours_alone(store: SqliteStore) -> None:
    mail = await new_mail(store)

    def half(txn: Transaction) -> None:
        txn.connection.execute("INSERT INTO subscription VALUES (1, 'half')")
        raise ZeroDivisionError

    def broken(txn: Transaction) -> None:
        txn.connection.execute("INSERT INTO nowhere VALUES (1)")

    results = await asyncio.gather(
        fill(mail, 1),
        store.write(half),
        fill(mail, 1),
        store.write(broken),
        fill(mail, 1),
        return_exceptions=True,
    )
    assert isinstance(results[1], ZeroDivisionError)
    assert isinstance(results[3], errors.StoreUnavailable)
    assert (await mail.select("INBOX")).uids == [1, 2, 3]
    assert await mail.list_mailboxes(subscribed=True) == []


async def test_a_group_that_sqlite_gives_up_is_done_again_one_by_one(store: SqliteStore) -> None:
    mail = await new_mail(store)
    runs = []

    def ruin(txn: Transaction) -> None:
        runs.append("ruin")
        txn.connection.execute("ROLLBACK")  # as SQLite itself does after some errors
        raise sqlite3.OperationalError("ruined")

    results = await asyncio.gather(
        fill(mail, 1), store.write(ruin), fill(mail, 1), store.write(ruin), return_exceptions=True
    )
    assert isinstance(results[1], errors.StoreUnavailable) and isinstance(results[3], errors.StoreUnavailable)
    assert (await mail.select("INBOX")).uids == [1, 2]
    assert (await fill(mail, 1))[1] == [3]


async def test_waiting_writes_share_a_commit(store: SqliteStore) -> None:
    mail = await new_mail(store)
    before = store.writer.groups
    await asyncio.gather(*(fill(mail, 1) for _ in range(100)))
    assert store.writer.groups - before < 20


async def test_a_caller_that_goes_away_harms_nobody(store: SqliteStore) -> None:
    mail = await new_mail(store)
    tasks = [asyncio.ensure_future(fill(mail, 1)) for _ in range(10)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    kept = {result[1][0] for result in results if not isinstance(result, BaseException)}
    assert kept <= set((await mail.select("INBOX")).uids)
    assert len(kept) >= 5


async def test_too_big_a_message(tmp_path: Path) -> None:
    async with await SqliteStore.open(tmp_path, max_message=1000) as store:
        mail = await new_mail(store)
        with pytest.raises(errors.MessageTooBig, match="1000 octets"):
            await mail.append("INBOX", [NewMessage(b"x" * 1001)])
        await mail.append("INBOX", [NewMessage(b"x" * 1000)])


# -- large messages


async def test_a_large_message_does_not_stop_the_loop(store: SqliteStore) -> None:
    mail = await new_mail(store)
    data = message(body=("y" * 98 + "\r\n") * 250_000)
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            longest = max(longest, time.monotonic() - before)

    heart = asyncio.ensure_future(beat())
    result = await mail.append("INBOX", [NewMessage(data)])
    (info,) = await mail.messages(result.mailbox)
    assert await mail.read(info.content) == data
    heart.cancel()
    assert longest < 0.5


async def test_content_is_deleted_with_its_last_message(store: SqliteStore) -> None:
    mail = await new_mail(store)
    inbox, _ = await fill(mail, 300)

    async def left() -> list[int]:
        with store.reading() as connection:
            return [
                connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("content", "chunk", "garbage")
            ]

    assert await left() == [300, 300, 0]
    await mail.set_flags(inbox, range(1, 300), "+FLAGS", ["\\Deleted"])
    await mail.expunge(inbox)
    for _ in range(200):
        if await left() == [1, 1, 0]:
            break
        await asyncio.sleep(0.02)
    assert await left() == [1, 1, 0]


async def test_the_content_of_a_deleted_account_goes_too(store: SqliteStore) -> None:
    mail = await new_mail(store)
    await fill(mail, 5)
    await store.delete_account("ann")
    for _ in range(200):
        with store.reading() as connection:
            if connection.execute("SELECT count(*) FROM content").fetchone() == (0,):
                return
        await asyncio.sleep(0.02)
    pytest.fail("the content stayed")


async def test_what_a_dead_process_left_is_collected(tmp_path: Path) -> None:
    code = """
import asyncio, os, sys
from mailproto.store.checks import fill, new_mail
from mailproto.store.sqlite import SqliteStore
async def main():
    store = await SqliteStore.open(sys.argv[1])
    mail = await new_mail(store)
    inbox, _ = await fill(mail, 3)
    drop = await mail.lock_maildrop()
    await mail.set_flags(inbox, [1, 2], "+FLAGS", ["\\\\Deleted"])
    await mail.expunge(inbox)
    print("ready", flush=True)
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert process.stdout == "ready\n", process.stderr
    async with await SqliteStore.open(tmp_path) as store:
        mail = store.mail(await store.account("ann"))
        assert (await mail.select("INBOX")).uids == [3]
        async with await mail.lock_maildrop() as drop:
            assert [item.uid for item in drop.messages] == [3]
        for _ in range(200):
            with store.reading() as connection:
                if connection.execute("SELECT count(*) FROM content").fetchone() == (1,):
                    break
            await asyncio.sleep(0.02)
        else:
            pytest.fail("the content stayed")


async def test_a_search_that_nobody_waits_for_stops(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = await new_mail(store)
    inbox, uids = await fill(mail, 50)
    read = 0
    contains = search.MessageText.contains

    def slow(self: search.MessageText, needle: search.Needle) -> bool:
        nonlocal read
        read += 1
        time.sleep(0.05)
        return contains(self, needle)

    monkeypatch.setattr(search.MessageText, "contains", slow)
    task = asyncio.ensure_future(mail.search(inbox, key.Text("BODY", "nowhere"), SearchView(uids)))
    while not read:
        await asyncio.sleep(0.01)
    started = time.monotonic()
    (info,) = await mail.messages(inbox, [1])
    assert await mail.read(info.content)
    assert time.monotonic() - started < 1, "others waited for the search"
    task.cancel()
    await asyncio.wait([task])
    await store.close()
    assert read < 20


# -- speed that follows the design, asserted by counted work


async def test_flags_of_a_large_mailbox_are_one_query(store: SqliteStore) -> None:
    mail = await new_mail(store)
    inbox, _ = await fill(mail, 200)
    statements: list[str] = []
    with store.reading() as connection:
        connection.set_trace_callback(statements.append)
        assert len(await mail.messages(inbox, range(1, 200, 2))) == 100
        connection.set_trace_callback(None)
    assert len(statements) == 2, statements  # whose mailbox it is, and the messages


def test_the_store_imports_without_argon2() -> None:
    code = """
import sys
sys.modules["argon2"] = None
import mailproto.store.sqlite
try:
    import mailproto.store.accounts
except Exception as error:
    print(type(error).__name__, error)
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert process.stdout == "MailprotoError passwords need argon2-cffi: pip install 'mailproto[server]'\n"
    assert process.stderr == ""


def test_the_mail_object_needs_no_store_method_of_its_own() -> None:
    from mailproto.store.api import Mail

    public = {name for name in vars(Mail) if not name.startswith("_")}
    assert public == {name for name in vars(SqliteMail) if not name.startswith("_")}

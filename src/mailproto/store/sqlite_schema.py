"""The SQLite data folder: what is in it, how it is recognised, and how a connection to it is opened.

A data folder holds a marker file, the database with its WAL files, and ``locks/``. Nothing in it is ever
named after an account or a mailbox.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mailproto.store.errors import (
    NotOurStore,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from mailproto.store.sqlite_lock import LOCKS, FileLock

MARKER: Final = "mailproto-data"
MARKER_TEXT: Final = b"This folder holds mail kept by mailproto. Do not change anything in it by hand.\n"
DATABASE: Final = "mail.sqlite"

#: "mpst", in the database's header (PRAGMA application_id).
APPLICATION_ID: Final = 0x6D707374
#: Raised with every change of the schema (PRAGMA user_version).
SCHEMA_VERSION: Final = 1

#: A message is kept as ``content.head`` (its first octets, up to this many of its header) ...
HEAD_OCTETS: Final = 64 * 1024
#: ... and rows of ``chunk`` with this many octets each, so that a part far inside a large message is found
#: without walking through what lies before it. ``chunk.id`` is content id * CHUNKS + number of the chunk.
CHUNK_OCTETS: Final = 64 * 1024
CHUNKS: Final = 1 << 15

#: How long a connection waits for another process's lock, seconds.
BUSY_TIMEOUT: Final = 10.0

# Bits of message.flags, in the order of api.SYSTEM_FLAGS: 1 \Answered, 2 \Flagged, 4 \Deleted, 8 \Seen,
# 16 \Draft. The counts in mailbox are kept by triggers, so that no statement can forget them.
SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created INTEGER NOT NULL,
    quota INTEGER,
    list_version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    name TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL UNIQUE,
    uidnext INTEGER NOT NULL DEFAULT 1,
    first_recent INTEGER NOT NULL DEFAULT 1,
    highestmodseq INTEGER NOT NULL DEFAULT 1,
    messages INTEGER NOT NULL DEFAULT 0,
    unseen INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    octets INTEGER NOT NULL DEFAULT 0,
    recent INTEGER NOT NULL DEFAULT 0,
    selectable INTEGER NOT NULL DEFAULT 1,
    special_use TEXT NOT NULL DEFAULT '',
    UNIQUE (account, name)
);

-- The highest UIDVALIDITY that a name had when its mailbox was deleted or renamed away.
CREATE TABLE past_name (
    account INTEGER NOT NULL, name TEXT NOT NULL, uidvalidity INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE subscription (
    account INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE message (
    mailbox INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    keywords TEXT,
    size INTEGER NOT NULL,
    date INTEGER NOT NULL,
    zone INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    content INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
CREATE INDEX message_by_modseq ON message (mailbox, modseq);
CREATE INDEX message_by_content ON message (content);

CREATE TABLE expunged (
    mailbox INTEGER NOT NULL, modseq INTEGER NOT NULL, uid INTEGER NOT NULL,
    PRIMARY KEY (mailbox, modseq, uid)
) WITHOUT ROWID;

CREATE TABLE keyword (
    mailbox INTEGER NOT NULL, keyword TEXT NOT NULL COLLATE NOCASE, PRIMARY KEY (mailbox, keyword)
) WITHOUT ROWID;

CREATE TABLE content (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    size INTEGER NOT NULL,
    header_size INTEGER NOT NULL,
    sent INTEGER,
    envelope BLOB NOT NULL,
    body BLOB NOT NULL,
    body_structure BLOB NOT NULL,
    structure BLOB NOT NULL,
    head BLOB NOT NULL
);

CREATE TABLE chunk (id INTEGER PRIMARY KEY, data BLOB NOT NULL);

-- Content without a message, to be deleted once no POP3 session can have it in its snapshot.
CREATE TABLE garbage (content INTEGER PRIMARY KEY, account INTEGER NOT NULL);

CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    UPDATE mailbox SET messages = messages + 1, unseen = unseen + (new.flags & 8 = 0),
        deleted = deleted + (new.flags & 4 != 0), octets = octets + new.size,
        recent = recent + (new.uid >= first_recent) WHERE id = new.mailbox;
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE mailbox SET messages = messages - 1, unseen = unseen - (old.flags & 8 = 0),
        deleted = deleted - (old.flags & 4 != 0), octets = octets - old.size,
        recent = recent - (old.uid >= first_recent) WHERE id = old.mailbox;
END;
CREATE TRIGGER message_flagged AFTER UPDATE OF flags ON message WHEN (old.flags & 12) != (new.flags & 12)
BEGIN
    UPDATE mailbox SET unseen = unseen + (new.flags & 8 = 0) - (old.flags & 8 = 0),
        deleted = deleted + (new.flags & 4 != 0) - (old.flags & 4 != 0) WHERE id = new.mailbox;
END;
"""
_MEANING: Final[dict[int, tuple[type[StoreUnavailable], str]]] = {
    sqlite3.SQLITE_FULL: (StoreFull, "the disk is full"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "the mail store cannot be written to"),
    sqlite3.SQLITE_PERM: (StoreReadOnly, "the mail store cannot be written to"),
    sqlite3.SQLITE_BUSY: (StoreBusy, "another process keeps the mail store locked"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "the mail store is locked"),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, "the mail store's database is damaged"),
    sqlite3.SQLITE_NOTADB: (StoreDamaged, "the mail store's database is damaged"),
}


def translate(error: sqlite3.Error) -> StoreUnavailable:
    """The store's error for one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part
    kind, text = _MEANING.get(code, (StoreUnavailable, f"the mail store failed: {error}"))
    return kind(text)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise what SQLite raises as errors of the store."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error) from error


def _os_error(error: OSError, folder: Path) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"{folder}: the disk is full")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StoreReadOnly(f"{folder}: {error.strerror}")
    return StoreUnavailable(f"{folder}: {error.strerror}")


def claim_folder(folder: Path) -> None:
    """Make ``folder`` a data folder unless it is one. Raises NotOurStore, StoreReadOnly, StoreFull; a
    folder that is neither empty nor ours is left as it is.

    The marker stays empty until there is a database: one with text and no database beside it means that the
    mail is gone, and not that there never was any."""
    try:
        if folder.exists() and not folder.is_dir():
            raise NotOurStore(f"{folder} is not a folder")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        marker = folder / MARKER
        if not marker.exists():
            # Two processes may start on one new folder at once: what the other has made by now is ours too.
            if any(entry.name != MARKER for entry in folder.iterdir()) and not marker.exists():
                raise NotOurStore(f"{folder} is not empty and holds no mailproto data")
            with contextlib.suppress(FileExistsError):
                os.close(os.open(marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        (folder / LOCKS).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _os_error(error, folder) from error


def connect(folder: Path, *, query_only: bool = False, timeout: float = BUSY_TIMEOUT) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time."""
    with translated():
        connection = sqlite3.connect(
            folder / DATABASE,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
            # macOS: there fsync alone leaves the data in the drive's cache.
            connection.execute("PRAGMA fullfsync = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            # KiB, as a negative number: a change of many messages should not write its pages out twice.
            connection.execute("PRAGMA cache_size = -32768")
            # A WAL that one large message has blown up is cut back to this.
            connection.execute("PRAGMA journal_size_limit = 33554432")
            # Debian's SQLite overwrites what is deleted: a second writing of all mail, which a full disk has
            # no room for. FAST does so where it costs nothing.
            connection.execute("PRAGMA secure_delete = FAST").fetchall()
            connection.execute("PRAGMA trusted_schema = OFF")
            if query_only:
                connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
    return connection


def prepare(folder: Path, *, timeout: float = BUSY_TIMEOUT) -> None:
    """Claim the folder, and make the database in it or check that it is one that this version reads and
    writes. One process at a time: SQLite does not wait for the locks that turning WAL on takes."""
    claim_folder(folder)
    if not os.access(folder, os.W_OK):
        raise StoreReadOnly(f"{folder}: no permission to write")
    try:
        lock = FileLock.take(folder, "opening", timeout)
    except OSError as error:
        raise _os_error(error, folder) from error
    if lock is None:
        raise StoreBusy(f"{folder}: another process keeps opening the mail store")
    try:
        _prepare(folder, timeout)
    finally:
        lock.release()


def _prepare(folder: Path, timeout: float) -> None:
    marker = folder / MARKER
    try:
        finished = marker.stat().st_size > 0
        if finished and not (folder / DATABASE).exists():
            raise _lost(folder)
    except OSError as error:
        raise _os_error(error, folder) from error
    try:
        connection = connect(folder, timeout=timeout)
    except StoreDamaged as error:
        raise NotOurStore(f"{folder / DATABASE} is not a database") from error
    try:
        with translated():
            _check_or_create(connection, folder, new=not finished)
    finally:
        connection.close()
    if not finished:
        try:
            with marker.open("wb", buffering=0) as file:
                file.write(MARKER_TEXT)
                os.fsync(file.fileno())
        except OSError as error:
            raise _os_error(error, folder) from error


def _lost(folder: Path) -> StoreDamaged:
    return StoreDamaged(
        f"{folder / DATABASE} is missing or empty: restore it from a backup, "
        f"or remove {folder / MARKER} and whatever else is in the folder to begin anew"
    )


def _check_or_create(connection: sqlite3.Connection, folder: Path, *, new: bool) -> None:
    if not _recognise(connection, folder):
        if not new:
            raise _lost(folder)
        # The page size can be set before anything is written, and not in WAL mode.
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(SCHEMA):
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('created', ?)", (int(time.time()),))
            connection.execute("INSERT INTO meta VALUES ('uidvalidity', 0)")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
    connection.execute("PRAGMA journal_mode = WAL")


def _recognise(connection: sqlite3.Connection, folder: Path) -> bool:
    """True: our database; False: an empty file. Raises NotOurStore for anything else."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application == 0 and version == 0 and objects == 0:
        return False
    if application != APPLICATION_ID:
        raise NotOurStore(f"{folder / DATABASE} is a database of another program")
    if version > SCHEMA_VERSION:
        raise NotOurStore(f"{folder} was written by a newer mailproto (format {version})")
    return True


def _statements(script: str) -> Iterator[str]:
    """The single statements of a script. ``executescript`` would commit the transaction that we are in."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

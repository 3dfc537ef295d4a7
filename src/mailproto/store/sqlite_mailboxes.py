"""Accounts' lists of mailboxes in SQLite: what changes them. Every function here is a write
(``sqlite_writer.Work``)."""

# ruff: noqa: S608 - SQL is put together from this module's own words; values are always parameters
from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection
from typing import Any, Final

from mailproto.store import names
from mailproto.store.api import DELIMITER, AccountInfo, MailboxInfo
from mailproto.store.errors import (
    AccountExists,
    LimitReached,
    MailboxExists,
    NoSuchAccount,
    NoSuchMailbox,
    NotPermitted,
)
from mailproto.store.sqlite_writer import Transaction

#: Mailboxes, and subscriptions, of one account.
MAX_MAILBOXES: Final = 10_000

# A subscription or child is looked up by its key; the children of "a" are the names from "a/" up to "a0",
# "0" being what follows "/" in ASCII.
_COLUMNS: Final = """
    m.id, m.name, m.uidvalidity, m.uidnext, m.highestmodseq, m.messages, m.unseen, m.deleted, m.octets,
    m.recent,
    m.selectable,
    EXISTS (SELECT 1 FROM subscription s WHERE s.account = m.account AND s.name = m.name),
    EXISTS (SELECT 1 FROM mailbox c
            WHERE c.account = m.account AND c.name > m.name || '/' AND c.name < m.name || '0'),
    m.special_use
"""


def mailbox_rows(connection: sqlite3.Connection, account: int, name: str | None = None) -> list[MailboxInfo]:
    """An account's mailboxes by name, or the one of that name."""
    sql = f"SELECT {_COLUMNS} FROM mailbox m WHERE m.account = ?"
    if name is None:
        rows = connection.execute(sql + " ORDER BY m.name", (account,))
    else:
        rows = connection.execute(sql + " AND m.name = ?", (account, name))
    return [_info(row) for row in rows.fetchall()]


def _info(row: Any) -> MailboxInfo:
    columns = list(row)
    columns[10:13] = map(bool, columns[10:13])
    columns[13] = tuple(columns[13].split())
    return MailboxInfo(*columns)


def with_absent(
    connection: sqlite3.Connection, account: int, existing: list[MailboxInfo]
) -> list[MailboxInfo]:
    """Of the account's mailboxes those subscribed to, and names that are subscribed to but absent."""
    there = {info.name for info in existing}
    rows = connection.execute("SELECT name FROM subscription WHERE account = ?", (account,)).fetchall()
    return [info for info in existing if info.subscribed] + [
        MailboxInfo(0, name, 0, 0, 0, 0, 0, 0, 0, 0, selectable=False, subscribed=True, exists=False)
        for (name,) in rows
        if name not in there
    ]


def mailbox_info(connection: sqlite3.Connection, account: int, name: str) -> MailboxInfo:
    """One mailbox by its canonical name. Raises NoSuchMailbox."""
    found = mailbox_rows(connection, account, name)
    if not found:
        raise NoSuchMailbox("no such mailbox")
    return found[0]


# -- accounts

_ACCOUNT: Final = "SELECT id, name, password_hash, created, quota FROM account"


def account_rows(connection: sqlite3.Connection) -> list[AccountInfo]:
    """All accounts by name."""
    return [AccountInfo(*row) for row in connection.execute(_ACCOUNT + " ORDER BY name").fetchall()]


def account_info(connection: sqlite3.Connection, name: str) -> AccountInfo:
    """One account. Raises NoSuchAccount."""
    try:
        row = connection.execute(_ACCOUNT + " WHERE name = ?", (name,)).fetchone()
    except UnicodeEncodeError:  # a lone surrogate
        row = None
    if row is None:
        raise NoSuchAccount("no such account")
    return AccountInfo(*row)


def create_account(txn: Transaction, name: str, password_hash: str, quota: int | None) -> AccountInfo:
    """Make an account with its INBOX."""
    if txn.connection.execute("SELECT 1 FROM account WHERE name = ?", (name,)).fetchone():
        raise AccountExists("there is an account of that name already")
    cursor = txn.connection.execute(
        "INSERT INTO account (name, password_hash, created, quota) VALUES (?, ?, ?, ?)",
        (name, password_hash, int(time.time()), quota),
    )
    assert cursor.lastrowid is not None
    _insert(txn, cursor.lastrowid, "INBOX")
    return account_info(txn.connection, name)


def set_password_hash(txn: Transaction, name: str, password_hash: str, expected: str | None) -> bool:
    """Change a password's hash."""
    info = account_info(txn.connection, name)
    if expected is not None and info.password_hash != expected:
        return False
    txn.connection.execute("UPDATE account SET password_hash = ? WHERE id = ?", (password_hash, info.id))
    return True


def delete_account(txn: Transaction, account: int) -> None:
    """Delete an account and all that is its own; the messages' content is left as garbage to collect."""
    connection = txn.connection
    if not connection.execute("SELECT 1 FROM account WHERE id = ?", (account,)).fetchone():
        raise NoSuchAccount("no such account")
    for (mailbox,) in connection.execute("SELECT id FROM mailbox WHERE account = ?", (account,)).fetchall():
        _empty(txn, account, mailbox)
    for table in ("mailbox", "subscription", "past_name"):
        connection.execute(f"DELETE FROM {table} WHERE account = ?", (account,))
    connection.execute("DELETE FROM account WHERE id = ?", (account,))
    txn.lists[account] = 0


# -- mailboxes


def create(txn: Transaction, account: int, name: str, special_use: Collection[str]) -> MailboxInfo:
    """CREATE. ``name`` has been checked."""
    existing = mailbox_rows(txn.connection, account, name)
    if existing and existing[0].selectable:
        raise MailboxExists("there is a mailbox of that name already")
    if existing:
        _remove(txn, account, existing[0])
    _make_superiors(txn, account, name)
    _insert(txn, account, name, " ".join(special_use))
    _list_changed(txn, account)
    return mailbox_info(txn.connection, account, name)


def delete(txn: Transaction, account: int, name: str) -> None:
    """DELETE."""
    info = mailbox_info(txn.connection, account, name)
    if name == "INBOX":
        raise NotPermitted("INBOX cannot be deleted")
    if info.has_children and not info.selectable:
        raise NotPermitted("there are mailboxes below that name")
    _empty(txn, account, info.id)
    _remove(txn, account, info)
    if info.has_children:
        # A new id: sessions that had the old one selected find it gone.
        _insert(txn, account, name, selectable=False)
    _list_changed(txn, account)


def rename(txn: Transaction, account: int, name: str, new_name: str) -> None:
    """RENAME. ``new_name`` has been checked."""
    connection = txn.connection
    info = mailbox_info(connection, account, name)
    if mailbox_rows(connection, account, new_name):
        raise MailboxExists("there is a mailbox of that name already")
    if name == "INBOX":
        _make_superiors(txn, account, new_name)
        _rename_inbox(txn, account, info, new_name)
        _list_changed(txn, account)
        return
    if new_name.startswith(name + DELIMITER):
        raise NotPermitted("a mailbox cannot be renamed to a name below itself")
    below = name + DELIMITER
    family = [info for info in mailbox_rows(connection, account) if info.name.startswith(below)]
    for child in family:
        names.new_mailbox_name(new_name + child.name[len(name) :])
    # Made one by one, parents first, so that the levels above come to be as for CREATE.
    _make_superiors(txn, account, new_name)
    for member in [info, *family]:
        target = new_name + member.name[len(name) :]
        if member is not info and mailbox_rows(connection, account, target):
            raise MailboxExists("there is a mailbox of that name already")
        _remember_name(txn, account, member)
        past = connection.execute(
            "SELECT uidvalidity FROM past_name WHERE account = ? AND name = ?", (account, target)
        ).fetchone()
        uidvalidity = member.uidvalidity
        if past is not None and past[0] > uidvalidity:
            # An earlier mailbox of that name had a higher one; for a client it would go down.
            uidvalidity = _next_uidvalidity(txn)
        # A new HIGHESTMODSEQ wakes the watches of those who have the mailbox open.
        modseq = member.highestmodseq + (uidvalidity != member.uidvalidity)
        if modseq != member.highestmodseq:
            txn.mailboxes[member.id] = modseq
        connection.execute(
            "UPDATE mailbox SET name = ?, uidvalidity = ?, highestmodseq = ? WHERE id = ?",
            (target, uidvalidity, modseq, member.id),
        )
    _list_changed(txn, account)


def subscribe(txn: Transaction, account: int, name: str) -> None:
    """SUBSCRIBE."""
    _require_account(txn, account)
    (count,) = txn.connection.execute(
        "SELECT count(*) FROM subscription WHERE account = ?", (account,)
    ).fetchone()
    if count >= MAX_MAILBOXES:
        raise LimitReached(f"an account has at most {MAX_MAILBOXES} subscriptions")
    txn.connection.execute("INSERT OR IGNORE INTO subscription VALUES (?, ?)", (account, name))
    _list_changed(txn, account)


def unsubscribe(txn: Transaction, account: int, name: str) -> None:
    """UNSUBSCRIBE."""
    txn.connection.execute("DELETE FROM subscription WHERE account = ? AND name = ?", (account, name))
    _list_changed(txn, account)


# -- what these are made of


def _require_account(txn: Transaction, account: int) -> None:
    if not txn.connection.execute("SELECT 1 FROM account WHERE id = ?", (account,)).fetchone():
        raise NoSuchAccount("no such account")


def _list_changed(txn: Transaction, account: int) -> None:
    row = txn.connection.execute(
        "UPDATE account SET list_version = list_version + 1 WHERE id = ? RETURNING list_version", (account,)
    ).fetchall()
    txn.lists[account] = row[0][0] if row else 0


def _next_uidvalidity(txn: Transaction) -> int:
    """Seconds since 1970, or one more than the last one given: rising, and unique in this store. 32 bits,
    not 0."""
    rows = txn.connection.execute(
        "UPDATE meta SET value = max(value + 1, ?) WHERE key = 'uidvalidity' RETURNING value",
        (int(time.time()),),
    ).fetchall()
    return int(rows[0][0])


def _insert(
    txn: Transaction, account: int, name: str, special_use: str = "", *, selectable: bool = True
) -> int:
    _require_account(txn, account)
    (count,) = txn.connection.execute("SELECT count(*) FROM mailbox WHERE account = ?", (account,)).fetchone()
    if count >= MAX_MAILBOXES:
        raise LimitReached(f"an account has at most {MAX_MAILBOXES} mailboxes")
    cursor = txn.connection.execute(
        "INSERT INTO mailbox (account, name, uidvalidity, selectable, special_use) VALUES (?, ?, ?, ?, ?)",
        (account, name, _next_uidvalidity(txn), selectable, special_use),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _make_superiors(txn: Transaction, account: int, name: str) -> None:
    # RFC 9051 section 6.3.4: the server SHOULD create any superior hierarchical names that are needed.
    for superior in names.superiors(name):
        if not mailbox_rows(txn.connection, account, superior):
            _insert(txn, account, superior)


def _remember_name(txn: Transaction, account: int, info: MailboxInfo) -> None:
    txn.connection.execute(
        "INSERT INTO past_name VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET uidvalidity = max(uidvalidity, excluded.uidvalidity)",
        (account, info.name, info.uidvalidity),
    )


def _remove(txn: Transaction, account: int, info: MailboxInfo) -> None:
    _remember_name(txn, account, info)
    txn.connection.execute("DELETE FROM mailbox WHERE id = ?", (info.id,))
    txn.mailboxes[info.id] = 0


def _empty(txn: Transaction, account: int, mailbox: int) -> None:
    """Delete a mailbox's messages and all that is recorded of them."""
    connection = txn.connection
    connection.execute(
        "INSERT OR IGNORE INTO garbage SELECT content, ? FROM message WHERE mailbox = ?", (account, mailbox)
    )
    for table in ("message", "expunged", "keyword"):
        connection.execute(f"DELETE FROM {table} WHERE mailbox = ?", (mailbox,))
    txn.mailboxes[mailbox] = 0
    txn.garbage.add(account)


def _rename_inbox(txn: Transaction, account: int, inbox: MailboxInfo, new_name: str) -> None:
    """The messages go, with their UIDs, to a new mailbox; INBOX stays, and knows them as expunged."""
    connection = txn.connection
    target = _insert(txn, account, new_name)
    modseq = inbox.highestmodseq + 1
    connection.execute(
        "INSERT INTO message SELECT ?, uid, modseq, flags, keywords, size, date, zone, saved, content "
        "FROM message WHERE mailbox = ?",
        (target, inbox.id),
    )
    connection.execute(
        "INSERT INTO keyword SELECT ?, keyword FROM keyword WHERE mailbox = ?", (target, inbox.id)
    )
    connection.execute(
        "UPDATE mailbox SET (uidnext, first_recent, highestmodseq, recent) = "
        "(SELECT uidnext, first_recent, highestmodseq, recent FROM mailbox WHERE id = ?) WHERE id = ?",
        (inbox.id, target),
    )
    connection.execute(
        "INSERT INTO expunged SELECT mailbox, ?, uid FROM message WHERE mailbox = ?", (modseq, inbox.id)
    )
    connection.execute("DELETE FROM message WHERE mailbox = ?", (inbox.id,))
    connection.execute("UPDATE mailbox SET highestmodseq = ? WHERE id = ?", (modseq, inbox.id))
    txn.mailboxes[inbox.id] = modseq

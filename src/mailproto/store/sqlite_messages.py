"""Messages in SQLite: reading and changing them. Functions that take a Transaction are writes."""

# ruff: noqa: S608 - SQL is put together from this module's own words; values are always parameters
from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Sequence
from typing import Any, Final

from mailproto.store import names
from mailproto.store.api import (
    AppendResult,
    Changes,
    CopyResult,
    FlagOperation,
    MailboxInfo,
    MessageData,
    MessageInfo,
    Selected,
    StoreResult,
    Uids,
    Want,
)
from mailproto.store.content import Content
from mailproto.store.errors import (
    LimitReached,
    NoSuchMailbox,
    NoSuchMessage,
    NotPermitted,
    OverQuota,
)
from mailproto.store.sqlite_mailboxes import mailbox_info
from mailproto.store.sqlite_schema import CHUNK_OCTETS, CHUNKS, HEAD_OCTETS
from mailproto.store.sqlite_writer import Transaction

#: Highest UID (RFC 9051 section 9, nz-number).
MAX_UID: Final = 2**32 - 1

_INFO: Final = "uid, modseq, flags, keywords, size, date, zone, content"

#: A message ready to be stored: content, flag bits, keywords, INTERNALDATE as seconds and minutes of zone.
Prepared = tuple[Content, int, tuple[str, ...], int, int]

flag_tuples: Final = names.FlagTuples()


def uid_filter(uids: Uids | None, column: str = "uid") -> tuple[str, list[Any]]:
    """SQL that holds for these UIDs, and its parameters. One run is a range; anything else goes in as one
    JSON list, so that 100,000 UIDs neither need as many parameters nor as many queries."""
    if uids is None:
        return "1", []
    if len(uids) == 0:
        return "0", []
    listed = list(uids)
    if listed[-1] - listed[0] == len(listed) - 1:
        return f"{column} BETWEEN ? AND ?", [listed[0], listed[-1]]
    # str() of a list of int is JSON.
    return f"{column} IN (SELECT value FROM json_each(?))", [str(listed)]


def infos(rows: list[tuple[Any, ...]]) -> list[MessageInfo]:
    """Rows of ``_INFO`` as values."""
    new = tuple.__new__  # a third of the time of calling the class, which counts at 100,000 rows
    shared = flag_tuples
    return [
        new(MessageInfo, (uid, modseq, shared[bits, keywords], size, date, zone, content))
        for uid, modseq, bits, keywords, size, date, zone, content in rows
    ]


# -- reading


def check_mailbox(connection: sqlite3.Connection, account: int, mailbox: int) -> tuple[int, int, int]:
    """UIDNEXT, HIGHESTMODSEQ and UIDVALIDITY, if the mailbox is this account's. Raises NoSuchMailbox."""
    row: tuple[int, int, int] | None = connection.execute(
        "SELECT uidnext, highestmodseq, uidvalidity FROM mailbox WHERE id = ? AND account = ?",
        (mailbox, account),
    ).fetchone()
    if row is None:
        raise NoSuchMailbox("no such mailbox")
    return row


def select(connection: sqlite3.Connection, account: int, name: str) -> Selected:
    """See :meth:`mailproto.store.api.Mail.select`; inside a read transaction."""
    info = mailbox_info(connection, account, name)
    if not info.selectable:
        raise NotPermitted("the mailbox cannot be selected")
    rows = connection.execute(
        "SELECT uid, flags FROM message WHERE mailbox = ? ORDER BY uid", (info.id,)
    ).fetchall()
    unseen = 0
    if info.unseen:
        unseen = next((seq for seq, (_, bits) in enumerate(rows, 1) if not bits & names.SEEN), 0)
    keywords = connection.execute(
        "SELECT keyword FROM keyword WHERE mailbox = ? ORDER BY keyword", (info.id,)
    )
    return Selected(info, [uid for uid, _ in rows], unseen, tuple(word for (word,) in keywords.fetchall()))


def messages(
    connection: sqlite3.Connection, mailbox: int, uids: Uids | None, changed_since: int | None
) -> list[MessageInfo]:
    """See :meth:`mailproto.store.api.Mail.messages`."""
    condition, parameters = uid_filter(uids)
    if changed_since is not None:
        condition += " AND modseq > ?"
        parameters.append(changed_since)
    rows = connection.execute(
        f"SELECT {_INFO} FROM message WHERE mailbox = ? AND {condition} ORDER BY uid",
        (mailbox, *parameters),
    )
    return infos(rows.fetchall())


_WANTED: Final = (
    (Want.ENVELOPE, "envelope"),
    (Want.BODY, "body"),
    (Want.BODY_STRUCTURE, "body_structure"),
    (Want.STRUCTURE, "structure"),
    (Want.HEAD, "head"),
)


def fetch(connection: sqlite3.Connection, mailbox: int, uids: Uids, want: Want) -> list[MessageData]:
    """See :meth:`mailproto.store.api.Mail.fetch`."""
    condition, parameters = uid_filter(uids)
    columns = ", ".join(f"c.{column}" if item in want else "NULL" for item, column in _WANTED)
    rows = connection.execute(
        "SELECT uid, modseq, flags, keywords, m.size, date, zone, content, "
        f"{columns}, c.header_size FROM message m JOIN content c ON c.id = m.content "
        f"WHERE m.mailbox = ? AND {condition} ORDER BY uid",
        (mailbox, *parameters),
    ).fetchall()
    return [
        MessageData(info, *row[8:]) for info, row in zip(infos([row[:8] for row in rows]), rows, strict=True)
    ]


def changes(connection: sqlite3.Connection, account: int, mailbox: int, since: int) -> Changes:
    """See :meth:`mailproto.store.api.Mail.changes`; inside a read transaction."""
    uidnext, highest, uidvalidity = check_mailbox(connection, account, mailbox)
    if highest <= since:
        return Changes(uidnext, highest, [], [], uidvalidity)
    rows = connection.execute(
        f"SELECT {_INFO} FROM message WHERE mailbox = ? AND modseq > ? ORDER BY uid",
        (mailbox, since),
    ).fetchall()
    expunged = connection.execute(
        "SELECT uid FROM expunged WHERE mailbox = ? AND modseq > ? ORDER BY uid", (mailbox, since)
    ).fetchall()
    return Changes(uidnext, highest, infos(rows), [uid for (uid,) in expunged], uidvalidity)


def check_content(connection: sqlite3.Connection, account: int, content: int) -> None:
    """Raises NoSuchMessage unless a message of this account has the content: ids could be guessed."""
    if not connection.execute(
        "SELECT 1 FROM message JOIN mailbox ON mailbox.id = message.mailbox "
        "WHERE message.content = ? AND mailbox.account = ?",
        (content, account),
    ).fetchone():
        raise NoSuchMessage("the message is gone")


def content_size(connection: sqlite3.Connection, content: int) -> int:
    """Octets of a message. Raises NoSuchMessage."""
    row: tuple[int] | None = connection.execute(
        "SELECT size FROM content WHERE id = ?", (content,)
    ).fetchone()
    if row is None:
        raise NoSuchMessage("the message is gone")
    return row[0]


def read(connection: sqlite3.Connection, content: int, start: int = 0, length: int | None = None) -> bytes:
    """Octets ``start`` to ``start + length`` of a message. Raises NoSuchMessage."""
    row = connection.execute("SELECT size, head FROM content WHERE id = ?", (content,)).fetchone()
    if row is None:
        raise NoSuchMessage("the message is gone")
    size, head = row
    end = size if length is None else min(start + length, size)
    if start >= end:
        return b""
    if end <= len(head):
        return bytes(head[start:end])
    first, last = max(start - len(head), 0), end - len(head)  # counted from the first chunk
    low = first // CHUNK_OCTETS
    rows = connection.execute(
        "SELECT data FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id",
        (content * CHUNKS + low, content * CHUNKS + (last - 1) // CHUNK_OCTETS),
    ).fetchall()
    pieces: list[Any] = [data for (data,) in rows]
    if not pieces:
        raise NoSuchMessage("the message is gone")
    first, last = first - low * CHUNK_OCTETS, last - low * CHUNK_OCTETS
    pieces[-1] = memoryview(pieces[-1])[: last - (len(pieces) - 1) * CHUNK_OCTETS]
    pieces[0] = memoryview(pieces[0])[first:]
    result = b"".join([memoryview(head)[start:], *pieces] if start < len(head) else pieces)
    if len(result) != end - start:
        raise NoSuchMessage("the message is gone")  # deleted by another process between the two queries
    return result


# -- writing


def append(txn: Transaction, account: int, name: str, prepared: Sequence[Prepared]) -> AppendResult:
    """See :meth:`mailproto.store.api.Mail.append`."""
    connection = txn.connection
    target = _target(connection, account, name)
    _check_quota(connection, account, sum(len(item[0].data) for item in prepared))
    uid = _reserve_uids(target, len(prepared))
    modseq = target.highestmodseq + 1
    now = int(time.time())
    uids = tuple(range(uid, uid + len(prepared)))
    for number, (content, bits, keywords, date, zone) in zip(uids, prepared, strict=True):
        connection.execute(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                target.id,
                number,
                modseq,
                bits,
                names.join_keywords(_known_keywords(connection, target.id, keywords)),
                len(content.data),
                date,
                zone,
                now,
                _insert_content(connection, content),
            ),
        )
    if prepared:
        _set_counters(txn, target.id, modseq, uid + len(prepared))
    return AppendResult(target.id, target.uidvalidity, uids)


def _insert_content(connection: sqlite3.Connection, content: Content) -> int:
    data = memoryview(content.data)
    head = min(content.header_size, HEAD_OCTETS)
    cursor = connection.execute(
        "INSERT INTO content (size, header_size, sent, envelope, body, body_structure, structure, head) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            len(data),
            content.header_size,
            content.sent,
            content.envelope,
            content.body,
            content.body_structure,
            content.structure,
            data[:head],
        ),
    )
    assert cursor.lastrowid is not None
    first = cursor.lastrowid * CHUNKS
    for index, start in enumerate(range(head, len(data), CHUNK_OCTETS)):
        connection.execute(
            "INSERT INTO chunk VALUES (?, ?)", (first + index, data[start : start + CHUNK_OCTETS])
        )
    return cursor.lastrowid


def set_flags(
    txn: Transaction,
    account: int,
    mailbox: int,
    uids: Uids,
    *,
    operation: FlagOperation,
    flags: tuple[int, tuple[str, ...]],
    unchanged_since: int | None,
) -> StoreResult:
    """See :meth:`mailproto.store.api.Mail.set_flags`."""
    connection = txn.connection
    _, highest, _ = check_mailbox(connection, account, mailbox)
    condition, parameters = uid_filter(uids)
    rows = connection.execute(
        f"SELECT {_INFO} FROM message WHERE mailbox = ? AND {condition} ORDER BY uid",
        (mailbox, *parameters),
    ).fetchall()
    bits = flags[0]
    # Removing a keyword that the mailbox has never seen must not make it known there.
    known = flags[1] if operation == "-FLAGS" else _known_keywords(connection, mailbox, flags[1])
    lowered = {keyword.lower() for keyword in known}
    joined: dict[str | None, str | None] = {}  # old keywords -> new ones; most messages share theirs
    modseq = highest + 1
    found: list[tuple[Any, ...]] = []
    before: list[int] = []
    modified: list[int] = []
    changed: dict[tuple[int, str | None], list[int]] = {}
    for row in rows:
        if unchanged_since is not None and row[1] > unchanged_since:
            modified.append(row[0])
            continue
        before.append(row[1])
        old_bits, old_words = row[2], row[3]
        if operation == "FLAGS":
            new_bits = bits
        elif operation == "+FLAGS":
            new_bits = old_bits | bits
        else:
            new_bits = old_bits & ~bits
        if old_words not in joined:
            joined[old_words] = _combine(operation, old_words, known, lowered)
        new_words = joined[old_words]
        if new_bits == old_bits and new_words == old_words:
            found.append(row)
        else:
            found.append((row[0], modseq, new_bits, new_words, *row[4:]))
            changed.setdefault((new_bits, new_words), []).append(row[0])
    # One statement for all messages that get the same flags: a fifth of the time of one for each message.
    for (new_bits, new_words), alike in changed.items():
        condition, parameters = uid_filter(alike)
        connection.execute(
            f"UPDATE message SET modseq = ?, flags = ?, keywords = ? WHERE mailbox = ? AND {condition}",
            (modseq, new_bits, new_words, mailbox, *parameters),
        )
    if changed:
        _set_counters(txn, mailbox, modseq)
    present = {row[0] for row in rows}
    missing = [uid for uid in uids if uid not in present] if len(present) != len(uids) else []
    return StoreResult(infos(found), modified, missing, modseq if changed else highest, before)


def _combine(
    operation: FlagOperation, old: str | None, known: tuple[str, ...], lowered: set[str]
) -> str | None:
    if operation == "FLAGS":
        return names.join_keywords(known)
    had = old.split(" ") if old is not None else []
    rest = [word for word in had if word.lower() not in lowered]
    return names.join_keywords(rest + list(known) if operation == "+FLAGS" else rest)


def copy(txn: Transaction, account: int, mailbox: int, uids: Uids, name: str, *, move: bool) -> CopyResult:
    """See :meth:`mailproto.store.api.Mail.copy` and ``move``. Content is shared, not copied."""
    connection = txn.connection
    check_mailbox(connection, account, mailbox)
    target = _target(connection, account, name)
    condition, parameters = uid_filter(uids)
    rows = connection.execute(
        f"SELECT {_INFO} FROM message WHERE mailbox = ? AND {condition} ORDER BY uid",
        (mailbox, *parameters),
    ).fetchall()
    if not rows:
        return CopyResult(target.id, target.uidvalidity, (), ())
    if not move:
        _check_quota(connection, account, sum(row[4] for row in rows))
    uid = _reserve_uids(target, len(rows))
    modseq = target.highestmodseq + 1
    now = int(time.time())
    spelled: dict[str | None, str | None] = {None: None}
    for row in rows:
        if row[3] not in spelled:
            spelled[row[3]] = names.join_keywords(
                _known_keywords(connection, target.id, tuple(row[3].split(" ")))
            )
    connection.executemany(
        "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (target.id, number, modseq, row[2], spelled[row[3]], *row[4:7], now, row[7])
            for number, row in enumerate(rows, uid)
        ],
    )
    _set_counters(txn, target.id, modseq, uid + len(rows))
    source = tuple(row[0] for row in rows)
    if move:
        remove(txn, account, mailbox, source)
    return CopyResult(target.id, target.uidvalidity, source, tuple(range(uid, uid + len(rows))))


def expunge(txn: Transaction, account: int, mailbox: int, uids: Uids | None) -> list[int]:
    """See :meth:`mailproto.store.api.Mail.expunge`."""
    check_mailbox(txn.connection, account, mailbox)
    condition, parameters = uid_filter(uids)
    rows = txn.connection.execute(
        f"SELECT uid FROM message WHERE mailbox = ? AND flags & {names.DELETED} AND {condition} ORDER BY uid",
        (mailbox, *parameters),
    ).fetchall()
    return remove(txn, account, mailbox, [uid for (uid,) in rows])


def remove(txn: Transaction, account: int, mailbox: int, uids: Uids) -> list[int]:
    """Remove these messages, those that are there, and keep a record for other sessions. Returns their
    UIDs."""
    connection = txn.connection
    _, highest, _ = check_mailbox(connection, account, mailbox)
    condition, parameters = uid_filter(uids)
    where = f"FROM message WHERE mailbox = ? AND {condition}"
    rows = connection.execute(f"SELECT uid {where} ORDER BY uid", (mailbox, *parameters)).fetchall()
    if not rows:
        return []
    connection.execute(
        f"INSERT OR IGNORE INTO garbage SELECT content, ? {where}",
        (account, mailbox, *parameters),
    )
    connection.execute(
        f"INSERT INTO expunged SELECT mailbox, ?, uid {where}",
        (highest + 1, mailbox, *parameters),
    )
    connection.execute(f"DELETE {where}", (mailbox, *parameters))
    _set_counters(txn, mailbox, highest + 1)
    txn.garbage.add(account)
    return [uid for (uid,) in rows]


def nothing_recent(connection: sqlite3.Connection, account: int, mailbox: int) -> int | None:
    """UIDNEXT where no message is recent, which spares a write; else None."""
    uidnext, _, _ = check_mailbox(connection, account, mailbox)
    (first,) = connection.execute("SELECT first_recent FROM mailbox WHERE id = ?", (mailbox,)).fetchone()
    return uidnext if first >= uidnext else None


def claim_recent(txn: Transaction, account: int, mailbox: int) -> range:
    """See :meth:`mailproto.store.api.Mail.claim_recent`."""
    uidnext, _, _ = check_mailbox(txn.connection, account, mailbox)
    (first,) = txn.connection.execute("SELECT first_recent FROM mailbox WHERE id = ?", (mailbox,)).fetchone()
    if first >= uidnext:
        return range(uidnext, uidnext)
    txn.connection.execute("UPDATE mailbox SET first_recent = ?, recent = 0 WHERE id = ?", (uidnext, mailbox))
    return range(first, uidnext)


def collect(txn: Transaction, account: int, at_most: int) -> bool:
    """Delete content that no message has any more. Only while the account's maildrop is locked by the
    caller, so that no POP3 session has it in its snapshot. True: there is more."""
    connection = txn.connection
    rows = connection.execute(
        "SELECT content, EXISTS (SELECT 1 FROM message m WHERE m.content = g.content) FROM garbage g "
        "WHERE account = ? LIMIT ?",
        (account, at_most),
    ).fetchall()
    for content, used in rows:
        if not used:
            connection.execute(
                "DELETE FROM chunk WHERE id BETWEEN ? AND ?",
                (content * CHUNKS, content * CHUNKS + CHUNKS - 1),
            )
            connection.execute("DELETE FROM content WHERE id = ?", (content,))
        connection.execute("DELETE FROM garbage WHERE content = ?", (content,))
    return len(rows) == at_most


# -- what these are made of


def _target(connection: sqlite3.Connection, account: int, name: str) -> MailboxInfo:
    info = mailbox_info(connection, account, name)
    if not info.selectable:
        raise NotPermitted("the mailbox holds no messages, only other mailboxes")
    return info


def _reserve_uids(target: MailboxInfo, count: int) -> int:
    if target.uidnext + count > MAX_UID:
        raise LimitReached("the mailbox has used up its UIDs")
    return target.uidnext


def _set_counters(txn: Transaction, mailbox: int, modseq: int, uidnext: int | None = None) -> None:
    if uidnext is None:
        txn.connection.execute("UPDATE mailbox SET highestmodseq = ? WHERE id = ?", (modseq, mailbox))
    else:
        txn.connection.execute(
            "UPDATE mailbox SET highestmodseq = ?, uidnext = ? WHERE id = ?", (modseq, uidnext, mailbox)
        )
    txn.mailboxes[mailbox] = modseq


def _check_quota(connection: sqlite3.Connection, account: int, more: int) -> None:
    row = connection.execute("SELECT quota FROM account WHERE id = ?", (account,)).fetchone()
    if row is not None and row[0] is not None and usage(connection, account) + more > row[0]:
        raise OverQuota("the account's quota is used up")


def usage(connection: sqlite3.Connection, account: int) -> int:
    """See :meth:`mailproto.store.api.Mail.usage`."""
    (octets,) = connection.execute(
        "SELECT coalesce(sum(octets), 0) FROM mailbox WHERE account = ?", (account,)
    ).fetchone()
    return int(octets)


def _known_keywords(
    connection: sqlite3.Connection, mailbox: int, keywords: Collection[str]
) -> tuple[str, ...]:
    """These keywords as the mailbox spells them; new ones become known. Raises LimitReached."""
    if not keywords:
        return ()
    spelled = []
    for keyword in keywords:
        row = connection.execute(
            "SELECT keyword FROM keyword WHERE mailbox = ? AND keyword = ?", (mailbox, keyword)
        ).fetchone()
        if row is None:
            (count,) = connection.execute(
                "SELECT count(*) FROM keyword WHERE mailbox = ?", (mailbox,)
            ).fetchone()
            if count >= names.MAX_KEYWORDS:
                raise LimitReached(f"a mailbox has at most {names.MAX_KEYWORDS} different keywords")
            connection.execute("INSERT INTO keyword VALUES (?, ?)", (mailbox, keyword))
        spelled.append(keyword if row is None else row[0])
    return tuple(spelled)

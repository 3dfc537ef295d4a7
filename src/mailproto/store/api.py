r"""What a mail store is: the Protocol that the servers are written against.

Three objects. A :class:`Store` holds accounts; :meth:`Store.mail` gives the :class:`Mail` of one account,
through which no other account's mail can be reached; :meth:`Mail.lock_maildrop` gives POP3 its
:class:`Maildrop`.

Rules that every store keeps (``checks.py`` tests them):

* A method that changes something returns only after the change is safe on disk; a process killed at any
  moment loses nothing that was acknowledged, and leaves nothing half done. Every change is atomic.
* Mailboxes are *named* in the commands that name them (CREATE, APPEND, COPY's target ...) and otherwise
  meant by ``MailboxInfo.id``, which stays the same when the mailbox is renamed and is never used again.
* UIDs, never sequence numbers: the mapping between the two belongs to a session (``mailproto.imap.view``).
* Sets of UIDs are ascending sequences of ``int`` (anything with ``len`` and iteration, a list as well as a
  normalised ``SequenceSet`` without ``*``); ``None`` means every message. UIDs that are not there are
  passed over.
* MODSEQ counts per mailbox and rises in commit order: who has seen everything up to ``highestmodseq``
  misses nothing by asking :meth:`Mail.changes` from there (RFC 7162). It starts at 1.
* UIDVALIDITY is never used twice in one store, and a mailbox name's UIDVALIDITY never goes down, whatever
  is deleted, made anew or renamed (RFC 9051 section 2.3.1.1).
* Mailbox names are ``str`` in levels parted by :data:`DELIMITER`; INBOX is one mailbox in any case of
  letters, exists always and cannot be deleted.
* Flags: system flags in RFC 9051's spelling; a keyword keeps the spelling in which the mailbox first saw it
  and is compared without regard to case. ``\Recent`` is no flag here: see :meth:`Mail.claim_recent`.
* Messages are kept octet for octet. Line ends are the caller's: IMAP and POP3 want CRLF.

Errors are those of :mod:`mailproto.store.errors`. Any method may raise
:class:`~mailproto.store.errors.StoreUnavailable`, any method of :class:`Mail`
:class:`~mailproto.store.errors.NoSuchAccount` after the account was deleted, and any that takes a mailbox
:class:`~mailproto.store.errors.NoSuchMailbox`; docstrings name only what comes on top.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

#: The hierarchy separator (RFC 9051 section 5.1.1), the same in every store.
DELIMITER: Final = "/"

#: System flags that are kept, in the order in which they are listed. Keywords follow in alphabetical order.
SYSTEM_FLAGS: Final = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")

#: What STORE does with the flags given, in the words of the command (without ``.SILENT``).
FlagOperation: TypeAlias = Literal["FLAGS", "+FLAGS", "-FLAGS"]

#: Ascending UIDs; see the module's rules.
Uids: TypeAlias = Collection[int]


# -- what comes back


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """One account. ``password_hash`` is for :mod:`mailproto.store.accounts` alone, and not shown."""

    id: int
    name: str
    password_hash: str
    created: int  #: Seconds since 1970.
    quota: int | None = None  #: Octets, or None: no bound.

    def __repr__(self) -> str:
        return f"AccountInfo(id={self.id}, name={self.name!r})"


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    r"""One mailbox as LIST, STATUS and SELECT want it; all counts are kept, none is counted when asked for.

    A name that is subscribed to but absent has ``exists`` false, ``id`` 0 and zeros elsewhere.
    """

    id: int
    name: str
    uidvalidity: int
    uidnext: int
    highestmodseq: int
    messages: int
    unseen: int  #: Messages without \Seen.
    deleted: int  #: Messages with \Deleted (RFC 9051 STATUS DELETED).
    octets: int  #: Sum of the messages' sizes (RFC 8438 STATUS SIZE).
    recent: int  #: Messages that no session has claimed yet; see :meth:`Mail.claim_recent`.
    selectable: bool = True  #: False: the name has children only (``\Noselect``).
    subscribed: bool = False
    has_children: bool = False
    special_use: tuple[str, ...] = ()  #: RFC 6154, as ``("\\Sent",)``.
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Selected:
    """A consistent snapshot for SELECT and EXAMINE."""

    info: MailboxInfo
    uids: list[int]  #: All messages, ascending: the session's view starts with these.
    first_unseen: int  #: Sequence number of the first message without \\Seen, 0 when all are seen.
    keywords: tuple[str, ...]  #: Keywords ever used in this mailbox, for the FLAGS response.


class MessageInfo(NamedTuple):
    """The small things about one message. Comes by the hundred thousand, hence a tuple rather than a
    dataclass."""

    uid: int
    modseq: int
    flags: tuple[str, ...]  #: Shared between messages with the same flags; without ``\\Recent``.
    size: int  #: RFC822.SIZE, octets.
    date: int  #: INTERNALDATE, seconds since 1970.
    zone: int  #: INTERNALDATE's offset from UTC, in minutes.
    content: int  #: What :meth:`Mail.read` takes. Copies of a message share it (EMAILID, RFC 8474).

    @property
    def internal_date(self) -> datetime:
        """INTERNALDATE as an aware datetime."""
        return datetime.fromtimestamp(self.date, timezone(timedelta(minutes=self.zone)))


class Want(enum.Flag):
    """What :meth:`Mail.fetch` reads of each message besides :class:`MessageInfo`."""

    NOTHING = 0
    ENVELOPE = enum.auto()
    BODY = enum.auto()  #: BODY, the form without extension data.
    BODY_STRUCTURE = enum.auto()
    STRUCTURE = enum.auto()  #: Offsets of the parts, for BODY[1.2].
    HEAD = enum.auto()  #: The message header.


@dataclass(frozen=True, slots=True)
class MessageData:
    """What was computed once, when the message was stored; ``None`` where it was not asked for."""

    info: MessageInfo
    envelope: bytes | None = None  #: The ENVELOPE list in wire form, ready to send.
    body: bytes | None = None  #: BODY in wire form.
    body_structure: bytes | None = None  #: BODYSTRUCTURE in wire form.
    structure: bytes | None = None  #: ``MessageStructure.from_bytes`` takes it.
    head: bytes | None = None  #: The message's first octets: the header with the empty line, or a part of it.
    header_size: int = 0  #: Octets of the header; where ``head`` is shorter, use :meth:`Mail.read`.


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to append. ``date`` must be aware; None means now."""

    data: bytes
    flags: tuple[str, ...] = ()
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppendResult:
    """For APPENDUID (RFC 4315); one UID a message, in their order."""

    mailbox: int
    uidvalidity: int
    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CopyResult:
    """For COPYUID (RFC 4315): ``source[i]`` became ``destination[i]``. Both empty when nothing was there to
    copy."""

    mailbox: int
    uidvalidity: int
    source: tuple[int, ...]
    destination: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoreResult:
    """The outcome of a flag change."""

    messages: list[MessageInfo]  #: As they are now: those changed, and those that already were as wanted.
    modified: list[int]  #: UIDs left alone because of UNCHANGEDSINCE (RFC 7162 section 3.1.3, MODIFIED).
    missing: list[int]  #: UIDs asked for that are not there.
    highestmodseq: int
    before: list[int]  #: The MODSEQ that each of ``messages`` had before.


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened in a mailbox since a MODSEQ, as one consistent snapshot."""

    uidnext: int
    highestmodseq: int  #: Ask from here the next time.
    messages: list[MessageInfo]  #: New ones, and those whose flags changed, ascending by UID.
    expunged: list[int]  #: UIDs, ascending.
    uidvalidity: int  #: A RENAME may have changed it; then no UID that was told before counts any more.


@dataclass(frozen=True, slots=True)
class SearchView:
    r"""What a search needs to know of the session that asks.

    ``uids``: the session's messages in the order of their numbers; only these are searched, and sequence
    numbers in the criteria mean these. ``recent``: UIDs that are ``\Recent`` to the session. ``saved``:
    UIDs of ``$`` (RFC 5182).
    """

    uids: Sequence[int]
    recent: Collection[int] = ()
    saved: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class SearchMatches:
    """UIDs found, ascending, and the highest MODSEQ among them (0 when nothing was found)."""

    uids: list[int]
    highestmodseq: int


class MaildropMessage(NamedTuple):
    """One message of a POP3 session's snapshot."""

    uid: int
    size: int
    uidl: str  #: RFC 1939 section 7: 1 to 70 octets, the same in every session, never used again.
    content: int


# -- what can be asked


@runtime_checkable
class Watch(Protocol):
    """Tells one session that something may have changed. Coalesced: many changes make one notice.

    Changes by this process are noticed at once, by others within the store's poll interval (a quarter of a
    second for SQLite). A notice may be spurious and says not what changed: ask :meth:`Mail.changes` or
    :meth:`Mail.list_mailboxes`.
    """

    @property
    def pending(self) -> bool:
        """Whether :meth:`wait` would return at once. Costs nothing: fit to be read at every command."""
        ...

    def clear(self) -> None:
        """Forget the notices so far; call it before asking what changed, not after."""
        ...

    async def wait(self) -> None:
        """Return when there is a notice, and clear it. May be cancelled; a notice is then not lost."""
        ...

    def close(self) -> None:
        """Stop watching. Idempotent."""
        ...


@runtime_checkable
class Maildrop(Protocol):
    """A POP3 session's exclusive hold on INBOX, and its snapshot. The lock dies with the process."""

    @property
    def messages(self) -> Sequence[MaildropMessage]:
        """The snapshot. POP3's message number n is ``messages[n - 1]``. Never changes."""
        ...

    async def read(self, content: int, start: int = 0, length: int | None = None) -> bytes:
        """Octets of a message of the snapshot, also after IMAP expunged it. See :meth:`Mail.read`."""
        ...

    async def delete(self, uids: Uids) -> None:
        """QUIT: delete these, safely on disk on return. Those that IMAP expunged meanwhile are passed
        over."""
        ...

    async def close(self) -> None:
        """Give the lock up. Idempotent; without :meth:`delete` before it nothing is deleted."""
        ...

    async def __aenter__(self) -> Maildrop: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class Mail(Protocol):
    """One account's mail. Cheap to make; holds no resource."""

    @property
    def account(self) -> AccountInfo:
        """Whose mail this is."""
        ...

    # Mailboxes

    async def list_mailboxes(
        self, patterns: Collection[str] = ("*",), *, subscribed: bool = False
    ) -> list[MailboxInfo]:
        """Mailboxes whose name matches any of ``patterns`` (``*`` and ``%``; the reference already put
        before them), INBOX first, then by name. ``subscribed``: only what is subscribed to, names that are
        absent included (``exists`` false). ``has_children`` looks at mailboxes, or with ``subscribed`` too,
        that exist."""
        ...

    async def mailbox(self, name: str) -> MailboxInfo:
        """One mailbox by name, for STATUS."""
        ...

    async def select(self, name: str) -> Selected:
        r"""A snapshot to start a session's view with. Raises NotPermitted for a ``\Noselect`` name."""
        ...

    async def create(self, name: str, *, special_use: Collection[str] = ()) -> MailboxInfo:
        """Make a mailbox and the levels above it that are missing; a final delimiter is dropped. A
        ``\\Noselect`` name becomes selectable again. Raises InvalidName, MailboxExists, LimitReached."""
        ...

    async def delete(self, name: str) -> None:
        r"""Delete a mailbox with its messages; with children its name stays, ``\Noselect``. Raises
        NotPermitted for INBOX and for a ``\Noselect`` name with children. Subscriptions stay (RFC 9051
        section 6.3.7)."""
        ...

    async def rename(self, name: str, new_name: str) -> None:
        """Rename a mailbox and everything below it; levels missing above the new name are made. INBOX: its
        messages move to a new mailbox, it stays, empty, and its children stay (RFC 9051 section 6.3.6).
        Subscriptions do not follow. Raises InvalidName, MailboxExists, NotPermitted (into itself),
        LimitReached."""
        ...

    async def subscribe(self, name: str) -> None:
        """Also of a name that is absent. Idempotent. Raises InvalidName, LimitReached."""
        ...

    async def unsubscribe(self, name: str) -> None:
        """Idempotent."""
        ...

    # Messages: reading

    async def messages(
        self, mailbox: int, uids: Uids | None = None, *, changed_since: int | None = None
    ) -> list[MessageInfo]:
        """Flags, dates and sizes, ascending by UID, in one query. ``changed_since``: only those with a
        higher MODSEQ. Reads without a pause: take some thousands at a time where others wait for the loop."""
        ...

    async def fetch(self, mailbox: int, uids: Uids, want: Want) -> list[MessageData]:
        """What was computed at append, ascending by UID, in one query; some hundreds at a time."""
        ...

    async def read(self, content: int, start: int = 0, length: int | None = None) -> bytes:
        """Octets of a message: all, or at most ``length`` from ``start`` on (fewer, or none, at its end).
        The cost follows the octets asked for, not the message. Raises NoSuchMessage after it was expunged."""
        ...

    async def changes(self, mailbox: int, since: int) -> Changes:
        """What happened after MODSEQ ``since``, which must be a ``highestmodseq`` seen before, or 0."""
        ...

    async def search(self, mailbox: int, criteria: object, view: SearchView) -> SearchMatches:
        """Evaluate a key of :mod:`mailproto.imap.search`. Text is compared decoded and without regard to
        case; a value in the criteria is UTF-8."""
        ...

    # Messages: changing

    async def append(self, name: str, messages: Sequence[NewMessage]) -> AppendResult:
        """Add messages to the mailbox ``name``: all or none. Raises InvalidName (a flag), MessageRefused,
        MessageTooBig, OverQuota, StoreFull; NoSuchMailbox where a server answers TRYCREATE."""
        ...

    async def set_flags(
        self,
        mailbox: int,
        uids: Uids,
        operation: FlagOperation,
        flags: Collection[str],
        *,
        unchanged_since: int | None = None,
    ) -> StoreResult:
        """Set, add or remove flags. A message whose flags change, and no other, gets a new MODSEQ; one
        whose MODSEQ is above ``unchanged_since`` is left alone. Raises InvalidName (a flag), LimitReached
        (keywords)."""
        ...

    async def copy(self, mailbox: int, uids: Uids, name: str) -> CopyResult:
        """Copy with flags and INTERNALDATE into the mailbox ``name``: all or none. Raises OverQuota,
        NotPermitted."""
        ...

    async def move(self, mailbox: int, uids: Uids, name: str) -> CopyResult:
        """Copy and expunge in one step (RFC 6851)."""
        ...

    async def expunge(self, mailbox: int, uids: Uids | None = None) -> list[int]:
        r"""Remove the messages with ``\Deleted``, or those of them in ``uids`` (UID EXPUNGE). Returns their
        UIDs."""
        ...

    async def claim_recent(self, mailbox: int) -> range:
        r"""The UIDs that are ``\Recent`` to the session that calls this, and to no other: those that
        arrived since the last call (some of them may be expunged by now). Call it for SELECT (not
        EXAMINE) and before telling of new messages."""
        ...

    # Other sessions

    def watch(self, mailbox: int | None = None) -> Watch:
        """Watch one mailbox, or with None the account's list of mailboxes (names, subscriptions)."""
        ...

    async def lock_maildrop(self) -> Maildrop:
        """Lock INBOX for a POP3 session, across processes, and take its snapshot. Raises MaildropLocked."""
        ...

    async def usage(self) -> int:
        """Octets counted against the account's quota: the sum over its mailboxes."""
        ...


@runtime_checkable
class Store(Protocol):
    """Accounts and their mail. Bound to the event loop in which it was opened."""

    async def accounts(self) -> list[AccountInfo]:
        """All accounts, by name."""
        ...

    async def account(self, name: str) -> AccountInfo:
        """One account. Raises NoSuchAccount."""
        ...

    async def create_account(self, name: str, password_hash: str, *, quota: int | None = None) -> AccountInfo:
        """Add an account with an empty INBOX. Raises AccountExists, InvalidName.
        Hashes are made and checked by :class:`mailproto.store.accounts.Accounts`."""
        ...

    async def set_password_hash(self, name: str, password_hash: str, *, expected: str | None = None) -> bool:
        """Change a hash; with ``expected`` only if it still is that one. Says whether it was changed."""
        ...

    async def delete_account(self, name: str) -> None:
        """Delete an account with all its mail. Raises MaildropLocked while a POP3 session holds it."""
        ...

    def mail(self, account: AccountInfo) -> Mail:
        """The mail of an account."""
        ...

    async def close(self) -> None:
        """Finish what was asked for, then close. Calls that come later raise StoreClosed. Idempotent."""
        ...

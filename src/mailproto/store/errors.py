"""What a store may raise, and nothing else: a server turns each into one line for its client.

``code`` is the response code of RFC 5530 (or the RFC named beside it) that an IMAP server sends with its NO;
``pop3_code`` the one of RFC 2449 and RFC 3206 for a POP3 server. ``str(error)`` is one clear line for a
person, free of paths and of other people's names, except in the errors that are met when a store is opened.
"""

from __future__ import annotations

from typing import ClassVar

from mailproto.errors import MailprotoError


class StoreError(MailprotoError):
    """Base class. What was asked for was not done, wholly: no call leaves half of its work behind."""

    code: ClassVar[str] = "SERVERBUG"
    pop3_code: ClassVar[str] = "SYS/PERM"


class NoSuchAccount(StoreError):
    """No account of that name (or it has been deleted since)."""

    code = "AUTHENTICATIONFAILED"
    pop3_code = "AUTH"


class AccountExists(StoreError):
    """An account of that name is there already."""

    code = "ALREADYEXISTS"


class InvalidName(StoreError):
    """A mailbox or account name, or a flag, that this store will not keep."""

    code = "CANNOT"


class NoSuchMailbox(StoreError):
    """No mailbox of that name or id in this account. For APPEND, COPY and MOVE the code is TRYCREATE."""

    code = "NONEXISTENT"


class NoSuchMessage(StoreError):
    """The message was expunged meanwhile (RFC 5530: the client may still hold its number)."""

    code = "EXPUNGEISSUED"


class MailboxExists(StoreError):
    """CREATE or RENAME to a name that is taken."""

    code = "ALREADYEXISTS"


class NotPermitted(StoreError):
    r"""Never possible: deleting INBOX, selecting a ``\Noselect`` name, renaming a mailbox into itself."""

    code = "CANNOT"


class MaildropLocked(StoreError):
    """Another POP3 session holds the maildrop (RFC 1939 section 4, ``[IN-USE]``)."""

    code = "INUSE"
    pop3_code = "IN-USE"


class LimitReached(StoreError):
    """Too many mailboxes, keywords or levels of hierarchy for one account."""

    code = "LIMIT"


class MessageRefused(StoreError):
    """A message past the limits on MIME structure (see :class:`mailproto.Limits`)."""

    code = "LIMIT"


class MessageTooBig(StoreError):
    """A message longer than the store takes."""

    code = "TOOBIG"  # RFC 4469


class OverQuota(StoreError):
    """The account's quota does not leave room for this."""

    code = "OVERQUOTA"


class StoreUnavailable(StoreError):
    """Base of what is wrong with the store itself rather than with the request; it may pass."""

    code = "UNAVAILABLE"
    pop3_code = "SYS/TEMP"


class StoreFull(StoreUnavailable):
    """The disk is full. Nothing was written."""


class StoreReadOnly(StoreUnavailable):
    """The data folder or its file system cannot be written to."""


class StoreBusy(StoreUnavailable):
    """Another process kept the store locked for longer than the busy timeout."""


class StoreClosed(StoreUnavailable):
    """The store has been closed, or is closing."""


class StoreDamaged(StoreUnavailable):
    """The database file is damaged: restore it from a backup."""

    pop3_code = "SYS/PERM"


class NotOurStore(StoreError):
    """A data folder of something else, or one that a newer mailproto has written. Nothing was touched."""

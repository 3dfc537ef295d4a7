"""A server session's view of the mailbox it has selected: message sequence numbers, and news held until it
may be told.

Several sessions share a mailbox, yet each has numbers of its own: a message that another session expunged
keeps its number here until this session has been sent the EXPUNGE, and that is forbidden while the client may
be using numbers (RFC 3501 section 7.4.1, RFC 9051 section 7.5.1; RFC 2180 discusses what to do with such
messages meanwhile). The store tells the view what happened (``note_...``); the session asks it what may be
said now (``release``).

The view holds four octets a message and no Python object for any of them, so that a million messages are 4
MB.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mailproto.errors import MailprotoError

if TYPE_CHECKING:
    from mailproto._core.sequence_set import SequenceSet
    from mailproto.imap.commands import Command

#: Commands during which no EXPUNGE may be sent, in their form without UID (RFC 9051 section 7.5.1). SORT and
#: THREAD answer with sequence numbers as SEARCH does (RFC 5256 section 3).
NO_EXPUNGE_DURING: Final = frozenset({"FETCH", "STORE", "SEARCH", "SORT", "THREAD"})


class NoSuchMessageError(MailprotoError, LookupError):
    """A message number beyond the last message: RFC 9051 section 9 (seq-number) wants a tagged BAD."""


class FlagNews(NamedTuple):
    """A message whose flags changed: its numbers, its flags now, its MODSEQ if the session wants those."""

    seq: int
    uid: int
    flags: tuple[str, ...]
    modseq: int | None


class News(NamedTuple):
    """What :meth:`MailboxView.release` let go, in the order in which it must be sent.

    ``expunged`` holds (sequence number, UID) from the highest number to the lowest, so that no number shifts
    another. ``exists`` and ``recent`` are the new counts, ``None`` where they are not to be told.
    """

    expunged: tuple[tuple[int, int], ...] = ()
    exists: int | None = None
    recent: int | None = None
    flags: tuple[FlagNews, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.expunged or self.flags or self.exists is not None or self.recent is not None)


def allows_expunge(command: Command | None) -> bool:
    """Whether EXPUNGE may be sent while *command* is in progress; with ``None``, no command, it never may."""
    return command is not None and (
        command.name.upper() not in NO_EXPUNGE_DURING or bool(getattr(command, "uid", False))
    )


class MailboxView:
    """Which messages this session knows, by sequence number (1 is the first) and UID.

    *uids* are those of the messages at selection, ascending; *recent* the UIDs that are \\Recent in this
    session (RFC 3501 section 2.3.2: told to one session only, which is the caller's to see to). With
    *condstore* the flag news carry MODSEQ (RFC 7162 section 3.1). Raises ValueError where the UIDs do not
    ascend.
    """

    __slots__ = ("_changed", "_gone", "_new", "_recent", "_uids", "condstore", "read_only")

    def __init__(
        self,
        uids: Iterable[int] = (),
        *,
        recent: Iterable[int] = (),
        read_only: bool = False,
        condstore: bool = False,
    ) -> None:
        self._uids = array("I", uids)
        known = self._uids
        if known and (
            known[0] == 0 or any(a >= b for a, b in zip(known, memoryview(known)[1:], strict=False))
        ):
            raise ValueError("UIDs must be positive and ascend")
        self._new: list[int] = []  # arrived and not told yet; ascending, all above the last of _uids
        self._gone: list[int] = []  # expunged and not told yet; ascending, all in _uids
        self._changed: dict[
            int, tuple[tuple[str, ...], int | None]
        ] = {}  # by UID, all in _uids, none in _gone
        self._recent: set[int] = set(recent)
        self.read_only = read_only
        self.condstore = condstore

    # What the session knows

    def __len__(self) -> int:
        return len(self._uids)

    @property
    def exists(self) -> int:
        """How many messages the client has been told of."""
        return len(self._uids)

    @property
    def recent(self) -> int:
        """How many of them are \\Recent."""
        return len(self._recent) - sum(1 for uid in self._new if uid in self._recent)

    def is_recent(self, uid: int) -> bool:
        """Whether this session is the one that was told of the message first."""
        return uid in self._recent

    def uids(self) -> memoryview:
        """The UIDs in the order of their numbers, read-only, format "I"; later changes do not show in it."""
        return memoryview(self._uids).toreadonly()

    def uid(self, seq: int) -> int:
        """The UID of message number *seq*; NoSuchMessageError if there is none."""
        if not 1 <= seq <= len(self._uids):
            raise NoSuchMessageError(f"there is no message number {seq}")
        return self._uids[seq - 1]

    def seq(self, uid: int) -> int | None:
        """The number of the message with this UID, or ``None``."""
        index = bisect_left(self._uids, uid)
        return index + 1 if index < len(self._uids) and self._uids[index] == uid else None

    def is_expunged(self, uid: int) -> bool:
        """Whether the message still has a number here but is gone from the mailbox (RFC 2180 section 4)."""
        return _has(self._gone, uid)

    # What a sequence-set means here

    def ranges(self, sequence_set: SequenceSet, *, uid: bool = False) -> list[tuple[int, int]]:
        """The messages that the set names: (first, last) sequence numbers, ascending, apart from each other.

        With *uid*, numbers in the set are UIDs, and those that no message has are passed over (RFC 9051
        section 6.4.9). Without it a number past the last message raises NoSuchMessageError. ``*`` is the last
        message; in an empty mailbox it is no message as a UID and an error as a number.
        """
        count = len(self._uids)
        last = self._uids[-1] if count else 0
        found: list[tuple[int, int]] = []
        pairs: Any = memoryview(sequence_set).tolist()  # (n, 2), 0 for "*"
        for pair in pairs:
            if uid:
                if not count:
                    continue
                low, high = sorted((pair[0] or last, pair[1] or last))
                first = bisect_left(self._uids, low) + 1
                final = bisect_left(self._uids, high + 1)
                if first > final:
                    continue
            else:
                first, final = sorted((pair[0] or count, pair[1] or count))
                if first < 1 or final > count:
                    raise NoSuchMessageError(f"there are {count} messages, so no number {final or '*'}")
            found.append((first, final))
        return _merge(found)

    def messages(self, sequence_set: SequenceSet, *, uid: bool = False) -> Iterator[tuple[int, int]]:
        """(sequence number, UID) of each message that the set names, ascending, each once. Raises as
        ``ranges``.

        What is iterated is the view at the time of the call.
        """
        ranges = self.ranges(sequence_set, uid=uid)
        uids = self._uids
        return ((seq, uids[seq - 1]) for first, last in ranges for seq in range(first, last + 1))

    def uids_of(self, sequence_set: SequenceSet, *, uid: bool = False) -> array[int]:
        """The UIDs of the messages that the set names, ascending, each once. Raises as ``ranges``."""
        found = array("I")
        for first, last in self.ranges(sequence_set, uid=uid):
            found.extend(self._uids[first - 1 : last])
        return found

    # What the store tells

    def note_new(self, uid: int, *, recent: bool = False) -> None:
        """A message arrived. UIDs ascend (RFC 9051 section 2.3.1.1), else ValueError."""
        last = self._new[-1] if self._new else self._uids[-1] if self._uids else 0
        if uid <= last:
            raise ValueError("a new message's UID must be above all others")
        self._new.append(uid)
        if recent:
            self._recent.add(uid)

    def note_expunged(self, uid: int) -> None:
        """A message is gone, whoever expunged it; one that the client was never told of is forgotten."""
        if self.seq(uid) is not None:
            if not _has(self._gone, uid):
                insort(self._gone, uid)
                self._changed.pop(uid, None)
        elif _has(self._new, uid):
            del self._new[bisect_left(self._new, uid)]
            self._recent.discard(uid)

    def note_flags(self, uid: int, flags: Iterable[str], modseq: int | None = None) -> None:
        """A message's flags are now *flags*, without \\Recent, which the view adds.

        Only the last change is told.
        """
        if self.seq(uid) is not None and not _has(self._gone, uid):
            self._changed[uid] = (tuple(flags), modseq)

    def has_flag_news(self, uid: int) -> bool:
        """Whether a change of this message's flags waits to be told."""
        return uid in self._changed

    def forget_flags(self, uid: int) -> None:
        """The client has just been sent this message's flags: what waits to be told of them is told."""
        self._changed.pop(uid, None)

    @property
    def has_news(self) -> bool:
        """Whether anything waits to be told."""
        return bool(self._new or self._gone or self._changed)

    # What may be told

    def release(self, *, expunges: bool) -> News:
        """Take what may be told now. With *expunges* false EXPUNGE, and it alone, stays back
        (``allows_expunge``).

        The view changes here and only here; what is returned must be sent, all of it, before anything else
        is.
        """
        if not self.has_news:
            return News()
        expunged = self._release_expunges() if expunges and self._gone else ()
        exists = recent = None
        if self._new:
            # A new array, for a view of the old one may be out (uids()), and what it shows must not change.
            self._uids = self._uids + array("I", self._new)
            if any(uid in self._recent for uid in self._new):
                recent = len(self._recent)
            self._new.clear()
            exists = len(self._uids)
        flags = tuple(
            FlagNews(seq, uid, self._with_recent(uid, names), modseq if self.condstore else None)
            for uid, (names, modseq) in sorted(self._changed.items())
            if (seq := self.seq(uid)) is not None
        )
        self._changed.clear()
        return News(expunged, exists, recent, flags)

    def _with_recent(self, uid: int, flags: tuple[str, ...]) -> tuple[str, ...]:
        return (*flags, "\\Recent") if uid in self._recent else flags

    def _release_expunges(self) -> tuple[tuple[int, int], ...]:
        gone, self._gone = self._gone, []
        uids = self._uids
        told: list[tuple[int, int]] = []
        # Runs between the messages that go are copied whole, so that k of n expunges cost O(n + k log n), not
        # O(n k).
        kept = array("I")
        start = 0
        for uid in gone:
            index = bisect_left(uids, uid, start)
            kept.extend(uids[start:index])
            told.append((index + 1, uid))
            start = index + 1
        kept.extend(uids[start:])
        self._uids = kept
        self._recent.difference_update(gone)
        told.reverse()
        return tuple(told)


def _has(ascending: list[int], value: int) -> bool:
    index = bisect_left(ascending, value)
    return index < len(ascending) and ascending[index] == value


def _merge(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted, with those that overlap or touch made one."""
    ranges.sort()
    merged: list[tuple[int, int]] = []
    for first, last in ranges:
        if merged and first <= merged[-1][1] + 1:
            if last > merged[-1][1]:
                merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged

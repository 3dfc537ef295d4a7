"""SEARCH (RFC 9051 section 6.4.4) over a mailbox: keys answered from columns first, text only where it must
be read.

A key is evaluated over a set of candidates and gives those that match; in a list of keys the cheap ones go
first, and each is asked only about what the ones before it left. No recursion: criteria may be nested as
deep as the sender likes.
"""

# ruff: noqa: S608 - SQL is put together from this module's own words; values are always parameters
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterable
from typing import Final, TypeAlias

from mailproto._core.sequence_set import SequenceSet
from mailproto.imap import search as keys
from mailproto.store import names
from mailproto.store.api import SearchMatches, SearchView
from mailproto.store.errors import LimitReached, NoSuchMessage, StoreClosed
from mailproto.store.search_text import HeadText, MessageText, Needle
from mailproto.store.sqlite_messages import read, uid_filter

#: What a key costs: an index or a scan of columns, the content's row, the header, the whole message.
COLUMNS, CONTENT, HEADER, BODY = range(4)

#: Keys of one search. Each may scan the mailbox.
MAX_KEYS: Final = 1000

#: Fewer candidates than this are named to the database; of more, the whole mailbox is scanned.
_FEW: Final = 1000
#: Headers read in one query.
_HEADS_AT_ONCE: Final = 200

_EPOCH_DAY: Final = 719163  # date(1970, 1, 1).toordinal()
# The day of INTERNALDATE in its own zone. SQL divides towards zero: hence the detour through positive
# numbers.
_DAY: Final = f"((date + zone * 60 + 8640000000000) / 86400 - 100000000 + {_EPOCH_DAY})"

_FLAG_KEYS: Final = {
    "ANSWERED": f"flags & {names.ANSWERED}",
    "DELETED": f"flags & {names.DELETED}",
    "DRAFT": f"flags & {names.DRAFT}",
    "FLAGGED": f"flags & {names.FLAGGED}",
    "SEEN": f"flags & {names.SEEN}",
    "UNANSWERED": f"flags & {names.ANSWERED} = 0",
    "UNDELETED": f"flags & {names.DELETED} = 0",
    "UNDRAFT": f"flags & {names.DRAFT} = 0",
    "UNFLAGGED": f"flags & {names.FLAGGED} = 0",
    "UNSEEN": f"flags & {names.SEEN} = 0",
}
_COMPARE: Final = {"BEFORE": "<", "ON": "=", "SINCE": ">="}

_Step: TypeAlias = "Generator[tuple[keys.SearchKey, set[int]], set[int], set[int]]"


def _cost(key: keys.SearchKey) -> int:
    if isinstance(key, keys.Text):
        return BODY if key.name in ("BODY", "TEXT") else HEADER
    if isinstance(key, keys.Header):
        return HEADER
    if isinstance(key, keys.Date) and key.name.startswith("SENT"):
        return CONTENT
    return COLUMNS


class Search:
    """One search. Call it with a connection, in any one thread; it shares nothing with the session that
    asked."""

    def __init__(self, mailbox: int, criteria: object, view: SearchView, now: float) -> None:
        if not isinstance(criteria, keys.SearchKey):
            raise TypeError("criteria must be a search key")
        self._mailbox = mailbox
        self._criteria = criteria
        self._uids = list(view.uids)
        self._recent = set(view.recent)
        self._saved = set(view.saved)
        self._now = int(now)
        #: Set by another thread: nobody waits for the answer any more.
        self.stopped = False
        self._costs: dict[int, int] = {}
        every = list(criteria.walk())
        if len(every) > MAX_KEYS:
            raise LimitReached(f"a search has at most {MAX_KEYS} keys")
        for key in reversed(every):  # what is inside comes before what holds it
            inside = (self._costs[id(child)] for child in key.children())
            self._costs[id(key)] = max(_cost(key), *inside, COLUMNS)
        self.cost = self._costs[id(criteria)]

    def __call__(self, connection: sqlite3.Connection) -> SearchMatches:
        self._connection = connection
        found = self._run(self._criteria, set(self._uids))
        condition, parameters = uid_filter(sorted(found))
        # Also drops what was expunged meanwhile.
        rows = connection.execute(
            f"SELECT uid, modseq FROM message WHERE mailbox = ? AND {condition} ORDER BY uid",
            (self._mailbox, *parameters),
        ).fetchall()
        return SearchMatches([uid for uid, _ in rows], max((modseq for _, modseq in rows), default=0))

    # -- the tree

    def _run(self, key: keys.SearchKey, candidates: set[int]) -> set[int]:
        """Evaluate with a stack of our own: each step is a generator that asks for what it needs of keys
        inside."""
        stack = [self._step(key, candidates)]
        answer: set[int] | None = None
        while True:
            try:
                inner, among = stack[-1].send(answer)  # type: ignore[arg-type]  # None starts a generator
            except StopIteration as done:
                answer = done.value
                stack.pop()
                if not stack:
                    return answer or set()
            else:
                stack.append(self._step(inner, among))
                answer = None

    def _go_on(self) -> None:
        if self.stopped:
            raise StoreClosed("the search was stopped")

    def _step(self, key: keys.SearchKey, candidates: set[int]) -> _Step:
        self._go_on()
        if not candidates:
            return set()
        if isinstance(key, keys.And):
            for inner in sorted(key.keys, key=lambda inner: self._costs[id(inner)]):
                candidates = yield inner, candidates
            return candidates
        if isinstance(key, keys.Or):
            first, second = sorted((key.left, key.right), key=lambda inner: self._costs[id(inner)])
            found = yield first, candidates
            rest = yield second, candidates - found
            return found | rest
        if isinstance(key, keys.Not):
            found = yield key.key, candidates
            return candidates - found
        return self._leaf(key, candidates)

    def _leaf(self, key: keys.SearchKey, candidates: set[int]) -> set[int]:
        match key:
            case keys.Key(name="ALL"):
                return candidates
            case keys.Key(name="RECENT"):
                return candidates & self._recent
            case keys.Key(name="OLD"):
                return candidates - self._recent
            case keys.Key(name="NEW"):
                return self._where(_FLAG_KEYS["UNSEEN"], (), candidates & self._recent)
            case keys.Key():
                return self._where(_FLAG_KEYS[key.name], (), candidates)
            case keys.Keyword():
                holds = "instr(' ' || lower(coalesce(keywords, '')) || ' ', ?)"
                return self._where(
                    f"{holds} = 0" if key.negated else f"{holds} > 0", (f" {key.flag.lower()} ",), candidates
                )
            case keys.Size():
                return self._where(
                    f"size {'>' if key.name == 'LARGER' else '<'} ?", (key.octets,), candidates
                )
            case keys.Date() if key.name.startswith("SENT"):
                return self._where(
                    f"(SELECT sent FROM content WHERE id = content) {_COMPARE[key.name[4:]]} ?",
                    (key.date.toordinal(),),
                    candidates,
                )
            case keys.Date():
                return self._where(f"{_DAY} {_COMPARE[key.name]} ?", (key.date.toordinal(),), candidates)
            case keys.Within():
                compare = "<=" if key.name == "OLDER" else ">="
                return self._where(f"date {compare} ?", (self._now - key.seconds,), candidates)
            case keys.ModSeq():
                return self._where("modseq >= ?", (key.value,), candidates)
            case keys.Sequence():
                return candidates & self._numbered(key.set)
            case keys.Uid():
                return candidates & self._identified(key.set)
            case keys.Header():
                return self._headers(candidates, (key.field,), Needle(key.value))
            case keys.Text(name="BODY"):
                return self._bodies(candidates, Needle(key.value), in_header=False)
            case keys.Text(name="TEXT"):
                return self._bodies(candidates, Needle(key.value), in_header=True)
            case keys.Text():
                return self._headers(candidates, (key.name,), Needle(key.value))
        raise TypeError(f"cannot search for {type(key).__name__}")

    # -- columns

    def _where(self, condition: str, parameters: Iterable[object], candidates: set[int]) -> set[int]:
        few, uids = uid_filter(sorted(candidates) if len(candidates) < _FEW else None)
        rows = self._connection.execute(
            f"SELECT uid FROM message WHERE mailbox = ? AND {few} AND {condition}",
            (self._mailbox, *uids, *parameters),
        )
        return candidates.intersection([uid for (uid,) in rows.fetchall()])

    def _numbered(self, numbers: SequenceSet) -> set[int]:
        if numbers.saved:
            return self._saved
        count = len(self._uids)
        found: set[int] = set()
        for one, other in numbers.resolve(count).ranges:  # as written: 4:2 is 2:4
            found.update(self._uids[max(min(one, other) - 1, 0) : max(one, other)])
        return found

    def _identified(self, uids: SequenceSet) -> set[int]:
        if uids.saved:
            return self._saved
        runs = uids.resolve(self._uids[-1]).normalised().ranges if self._uids else ()
        found: set[int] = set()
        at = 0
        # Both ascend: one walk, however long the runs are.
        for low, high in runs:
            while at < len(self._uids) and self._uids[at] < low:
                at += 1
            while at < len(self._uids) and self._uids[at] <= high:
                found.add(self._uids[at])
                at += 1
        return found

    # -- text

    def _headers(self, candidates: set[int], fields: tuple[str, ...], needle: Needle) -> set[int]:
        return self._heads(candidates, lambda head: head.contains(fields, needle))

    def _heads(self, candidates: set[int], test: Callable[[HeadText], bool]) -> set[int]:
        found: set[int] = set()
        uids = sorted(candidates)
        for at in range(0, len(uids), _HEADS_AT_ONCE):
            condition, parameters = uid_filter(uids[at : at + _HEADS_AT_ONCE])
            rows = self._connection.execute(
                "SELECT uid, content, c.head, c.header_size "
                "FROM message m JOIN content c ON c.id = m.content "
                f"WHERE mailbox = ? AND {condition}",
                (self._mailbox, *parameters),
            ).fetchall()
            self._go_on()
            for uid, content, head, header_size in rows:
                try:
                    whole = (
                        head if len(head) == header_size else read(self._connection, content, 0, header_size)
                    )
                except NoSuchMessage:
                    continue
                if test(HeadText(whole)):
                    found.add(uid)
        return found

    def _bodies(self, candidates: set[int], needle: Needle, *, in_header: bool) -> set[int]:
        if needle.empty:
            return candidates
        found: set[int] = set()
        uids = sorted(candidates)
        if in_header:
            # Most hits of TEXT are in the header already, which is much shorter.
            found = self._heads(candidates, lambda head: head.contains((), needle))
            uids = [uid for uid in uids if uid not in found]
        for at in range(0, len(uids), _HEADS_AT_ONCE):
            condition, parameters = uid_filter(uids[at : at + _HEADS_AT_ONCE])
            rows = self._connection.execute(
                f"SELECT uid, content FROM message WHERE mailbox = ? AND {condition}",
                (self._mailbox, *parameters),
            ).fetchall()
            for uid, content in rows:
                self._go_on()
                try:
                    message = read(self._connection, content)
                except NoSuchMessage:  # expunged meanwhile
                    continue
                if MessageText(message).contains(needle):
                    found.add(uid)
        return found

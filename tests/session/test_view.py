"""The server's view of a mailbox against a plain model, and the rules about when EXPUNGE may be told."""

import time
import tracemalloc
from array import array

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailproto.imap.view import MailboxView, News, NoSuchMessageError, allows_expunge


def runs(*pairs: tuple[int, int]) -> memoryview:
    """What a sequence-set exports: (n, 2) uint32, 0 for ``*``."""
    flat = array("I", [number for pair in pairs for number in pair])
    return memoryview(flat).cast("B").cast("I", (len(pairs), 2))


def test_numbers_and_uids() -> None:
    view = MailboxView([3, 5, 9])
    assert view.exists == len(view) == 3
    assert [view.uid(seq) for seq in (1, 2, 3)] == [3, 5, 9]
    assert [view.seq(uid) for uid in (3, 4, 5, 9, 10)] == [1, None, 2, 3, None]
    for seq in (0, 4, -1):
        with pytest.raises(NoSuchMessageError):
            view.uid(seq)


@pytest.mark.parametrize("uids", [[2, 2], [3, 1], [0, 1]])
def test_uids_must_ascend(uids: list[int]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        MailboxView(uids)


@pytest.mark.parametrize(
    ("pairs", "uid", "expected"),
    [
        ([(1, 2)], False, [(1, 2)]),
        ([(2, 1), (1, 1)], False, [(1, 2)]),
        ([(0, 0)], False, [(4, 4)]),
        ([(2, 0)], False, [(2, 4)]),
        ([(1, 1), (3, 3)], False, [(1, 1), (3, 3)]),
        ([(1, 1), (2, 2)], False, [(1, 2)]),
        ([(10, 25)], True, [(1, 2)]),
        ([(11, 19)], True, []),
        ([(41, 4294967295)], True, []),
        ([(1, 4294967295)], True, [(1, 4)]),
        # RFC 9051 section 9: 559:* always holds the last message, even when 559 is above it.
        ([(559, 0)], True, [(4, 4)]),
        ([(0, 0)], True, [(4, 4)]),
    ],
)
def test_ranges(pairs: list[tuple[int, int]], uid: bool, expected: list[tuple[int, int]]) -> None:
    view = MailboxView([10, 20, 30, 40])
    assert view.ranges(runs(*pairs), uid=uid) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("pairs", [[(5, 5)], [(1, 5)], [(1, 4294967295)], [(6, 0)]])
def test_a_number_past_the_last_message_is_refused(pairs: list[tuple[int, int]]) -> None:
    view = MailboxView([10, 20, 30, 40])
    with pytest.raises(NoSuchMessageError):
        view.ranges(runs(*pairs))  # type: ignore[arg-type]


def test_an_empty_mailbox() -> None:
    view = MailboxView()
    assert view.ranges(runs((1, 0)), uid=True) == []  # type: ignore[arg-type]
    with pytest.raises(NoSuchMessageError):
        view.ranges(runs((0, 0)))  # type: ignore[arg-type]


def test_expunge_waits_until_it_is_allowed_and_numbers_hold_meanwhile() -> None:
    view = MailboxView([1, 2, 3, 4])
    view.note_expunged(2)
    view.note_new(5)
    assert view.release(expunges=False) == News(exists=5)
    assert view.seq(3) == 3
    assert view.is_expunged(2)
    assert view.has_news
    assert view.release(expunges=True) == News(expunged=((2, 2),))
    assert view.seq(3) == 2
    assert not view.is_expunged(2)
    assert not view.has_news


def test_expunges_are_told_from_the_highest_number_down() -> None:
    view = MailboxView(range(1, 10))
    for uid in (5, 6, 7, 8, 9):
        view.note_expunged(uid)
    assert [seq for seq, _ in view.release(expunges=True).expunged] == [9, 8, 7, 6, 5]


def test_a_message_that_came_and_went_unseen_is_never_told() -> None:
    view = MailboxView([1])
    view.note_new(2, recent=True)
    view.note_expunged(2)
    assert view.release(expunges=True) == News()
    assert view.recent == 0


def test_recent_is_told_with_the_flags_and_counted() -> None:
    view = MailboxView([1, 2], recent=[2])
    assert view.recent == 1
    view.note_new(3, recent=True)
    assert view.recent == 1
    view.note_flags(2, ["\\Seen"])
    news = view.release(expunges=False)
    assert (news.exists, news.recent) == (3, 2)
    assert news.flags[0].flags == ("\\Seen", "\\Recent")
    view.note_expunged(2)
    view.release(expunges=True)
    assert view.recent == 1


def test_flag_news_are_the_last_ones_and_dropped_for_what_is_gone() -> None:
    view = MailboxView([1, 2, 3], condstore=True)
    view.note_flags(1, ["\\Seen"], 10)
    view.note_flags(1, ["\\Seen", "\\Flagged"], 11)
    view.note_flags(2, ["\\Seen"], 12)
    view.note_flags(3, [], 13)
    view.note_expunged(2)
    view.forget_flags(3)
    view.note_flags(77, ["\\Seen"], 14)
    assert [tuple(flags) for flags in view.release(expunges=False).flags] == [
        (1, 1, ("\\Seen", "\\Flagged"), 11),
    ]


class Command:
    def __init__(self, name: str, uid: bool = False) -> None:
        self.name, self.uid = name, uid


@pytest.mark.parametrize(
    ("name", "uid", "allowed"),
    [
        ("FETCH", False, False),
        ("STORE", False, False),
        ("SEARCH", False, False),
        ("FETCH", True, True),
        ("STORE", True, True),
        ("SEARCH", True, True),
        ("NOOP", False, True),
        ("IDLE", False, True),
        ("COPY", False, True),
    ],
)
def test_expunge_is_never_sent_during_fetch_store_search(name: str, uid: bool, allowed: bool) -> None:
    """RFC 3501 section 7.4.1."""
    assert allows_expunge(Command(name, uid)) is allowed  # type: ignore[arg-type]


def test_expunge_is_never_sent_without_a_command() -> None:
    assert not allows_expunge(None)


def test_a_view_taken_of_the_uids_stays_as_it_was() -> None:
    view = MailboxView([1, 2])
    out = view.uids()
    view.note_new(3)
    view.note_expunged(1)
    view.release(expunges=True)
    assert out.tolist() == [1, 2]
    assert view.uids().tolist() == [2, 3]


def test_a_million_messages_take_four_octets_each() -> None:
    count = 1_000_000
    uids = array("I", range(1, count + 1))
    tracemalloc.start()
    try:
        view = MailboxView(uids)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert view.exists == count
    assert size < 4.1 * count


def test_lookups_and_expunges_in_a_million_messages_are_not_linear_each() -> None:
    count = 1_000_000
    view = MailboxView(range(1, count + 1))
    start = time.process_time()
    for uid in range(1, count, 97):
        assert view.seq(uid) == uid
    assert view.ranges(runs((1, 0)), uid=True) == [(1, count)]  # type: ignore[arg-type]
    for uid in range(2, count, 10):
        view.note_expunged(uid)
    assert len(view.release(expunges=True).expunged) == 100_000
    assert time.process_time() - start < 10  # with linear lookups or expunges it would be minutes


class ViewMachine(RuleBasedStateMachine):
    """The view against a list of UIDs and, as a client would keep it, the list of what the client was
    told.
    """

    def __init__(self) -> None:
        super().__init__()
        self.view = MailboxView()
        self.store: list[int] = []  # the mailbox as it is
        self.flags: dict[int, tuple[str, ...]] = {}
        self.told: list[int] = []  # as the client knows it: UIDs by number
        self.told_flags: dict[int, tuple[str, ...]] = {}
        self.next_uid = 1

    @rule(gap=st.integers(0, 3))
    def append(self, gap: int) -> None:
        uid = self.next_uid + gap
        self.next_uid = uid + 1
        self.store.append(uid)
        self.flags[uid] = ()
        self.view.note_new(uid)

    @precondition(lambda self: self.store)
    @rule(data=st.data())
    def expunge(self, data: st.DataObject) -> None:
        uid = data.draw(st.sampled_from(self.store))
        self.store.remove(uid)
        self.view.note_expunged(uid)

    @precondition(lambda self: self.store)
    @rule(data=st.data(), flags=st.sets(st.sampled_from(["\\Seen", "\\Flagged", "x"])))
    def change(self, data: st.DataObject, flags: set[str]) -> None:
        uid = data.draw(st.sampled_from(self.store))
        self.flags[uid] = tuple(sorted(flags))
        self.view.note_flags(uid, self.flags[uid])

    @rule(expunges=st.booleans())
    def release(self, expunges: bool) -> None:
        news = self.view.release(expunges=expunges)
        if not expunges:
            assert not news.expunged
        for seq, uid in news.expunged:
            assert self.told[seq - 1] == uid
            del self.told[seq - 1]
        if news.exists is not None:
            # A client learns the UIDs and flags of what is new by asking.
            assert news.exists > len(self.told)
            for seq in range(len(self.told) + 1, news.exists + 1):
                uid = self.view.uid(seq)
                self.told.append(uid)
                self.told_flags[uid] = self.flags[uid]
        for seq, uid, flags, _ in news.flags:
            assert self.told[seq - 1] == uid
            self.told_flags[uid] = flags

    @invariant()
    def the_numbers_are_those_the_client_knows(self) -> None:
        assert self.view.uids().tolist() == self.told
        assert [self.view.seq(uid) for uid in self.told] == list(range(1, len(self.told) + 1))
        assert [uid for uid in self.told if self.view.is_expunged(uid)] == [
            uid for uid in self.told if uid not in self.store
        ]

    @invariant()
    def with_no_news_the_client_knows_all(self) -> None:
        if not self.view.has_news:
            assert self.told == self.store
            assert all(self.told_flags[uid] == self.flags[uid] for uid in self.store)

    def teardown(self) -> None:
        self.release(expunges=True)
        assert self.told == self.store


ViewMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestViewAgainstModel = ViewMachine.TestCase

r"""What every store must do, as tests that any implementation can run.

With pytest (and pytest-asyncio in auto mode) subclass :class:`StoreChecks` and give it one fixture::

    class TestMyStore(StoreChecks):
        @pytest.fixture
        async def open_store(self):        # each call opens the same, at first empty, data once more
            ...
            yield open_one
            ...                            # close what was opened

Without pytest, await each ``test_`` method with such a function.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeAlias

from mailproto._core.text import SequenceSet
from mailproto.imap import search as key
from mailproto.store import errors
from mailproto.store.api import Mail, MessageInfo, NewMessage, SearchView, Store, Want

OpenStore: TypeAlias = Callable[[], Awaitable[Store]]

#: How long a notice between two openings of one store may take, seconds.
PATIENCE = 5.0


@contextlib.contextmanager
def refused(kind: type[Exception]) -> Iterator[None]:
    """The body must raise ``kind``."""
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")


def message(subject: str = "hello", body: str = "A line.\r\n", fields: str = "") -> bytes:
    """A small message."""
    return (
        f"From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: {subject}\r\n"
        f"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nMessage-ID: <1@example.org>\r\n{fields}\r\n{body}"
    ).encode()


async def new_mail(store: Store, name: str = "ann", quota: int | None = None) -> Mail:
    """An account's mail; the account is made."""
    return store.mail(await store.create_account(name, "a hash", quota=quota))


async def fill(mail: Mail, count: int, name: str = "INBOX") -> tuple[int, list[int]]:
    """Append messages; the mailbox's id, and their UIDs."""
    result = await mail.append(name, [NewMessage(message(f"number {n}")) for n in range(count)])
    return result.mailbox, list(result.uids)


async def flags_of(mail: Mail, mailbox: int) -> dict[int, tuple[str, ...]]:
    """Flags by UID."""
    return {info.uid: info.flags for info in await mail.messages(mailbox)}


class StoreChecks:
    """The tests. Each gets ``open_store``; see the module."""

    # Accounts

    async def test_accounts_are_made_listed_changed_and_deleted(self, open_store: OpenStore) -> None:
        store = await open_store()
        assert await store.accounts() == []
        made = await store.create_account("bob", "hash 1", quota=1000)
        await store.create_account("ann", "hash 2")
        assert await store.account("bob") == made
        assert (made.name, made.quota) == ("bob", 1000)
        assert [account.name for account in await store.accounts()] == ["ann", "bob"]
        with refused(errors.AccountExists):
            await store.create_account("bob", "other")
        assert await store.set_password_hash("bob", "hash 3", expected="not this") is False
        assert await store.set_password_hash("bob", "hash 3", expected="hash 1") is True
        assert (await store.account("bob")).password_hash.endswith("3")
        await store.delete_account("bob")
        for missing in ("bob", "Ann", "", "\ud800"):
            with refused(errors.NoSuchAccount):
                await store.account(missing)
        assert "hash" not in repr(made)

    async def test_a_deleted_account_takes_its_mail_along(self, open_store: OpenStore) -> None:
        store = await open_store()
        mail = await new_mail(store)
        inbox, _ = await fill(mail, 3)
        await mail.create("work")
        await mail.subscribe("work")
        await store.delete_account("ann")
        with refused(errors.NoSuchMailbox):
            await mail.messages(inbox)
        with refused(errors.NoSuchAccount):
            await mail.create("late")
        again = await new_mail(store)
        assert [info.name for info in await again.list_mailboxes()] == ["INBOX"]
        assert await again.list_mailboxes(subscribed=True) == []
        assert (await again.select("INBOX")).uids == []

    async def test_account_names_are_checked(self, open_store: OpenStore) -> None:
        store = await open_store()
        for bad in ("", "a b", "a\nb", "a\0", "a:b", "../a", "a\\b", "x" * 300, "\ud800", "a\x1b[2J"):
            with refused(errors.InvalidName):
                await store.create_account(bad, "hash")
        for good in ("ann@example.org", "..", "žluťoučký", "a'; DROP TABLE account--".replace(" ", "_")):
            await store.create_account(good, "hash")
            assert (await store.account(good)).name == good

    async def test_no_account_reaches_anothers_mail(self, open_store: OpenStore) -> None:
        store = await open_store()
        ann, eve = await new_mail(store, "ann"), await new_mail(store, "eve")
        inbox, uids = await fill(ann, 2)
        content = (await ann.messages(inbox))[0].content
        own = (await eve.mailbox("INBOX")).id
        view = SearchView(uids)
        for attempt in (
            eve.messages(inbox),
            eve.fetch(inbox, uids, Want.ENVELOPE),
            eve.changes(inbox, 0),
            eve.search(inbox, key.Key("ALL"), view),
            eve.set_flags(inbox, uids, "FLAGS", ["\\Deleted"]),
            eve.copy(inbox, uids, "INBOX"),
            eve.move(inbox, uids, "INBOX"),
            eve.expunge(inbox),
            eve.claim_recent(inbox),
        ):
            with refused(errors.NoSuchMailbox):
                await attempt
        with refused(errors.NoSuchMailbox):
            eve.watch(inbox)
        with refused(errors.NoSuchMessage):
            await eve.read(content)
        async with await eve.lock_maildrop() as drop:
            with refused(errors.NoSuchMessage):
                await drop.read(content)
        assert (await eve.select("INBOX")).info.id == own
        assert await flags_of(ann, inbox) == dict.fromkeys(uids, ())

    # Mailboxes

    async def test_inbox_is_there_in_any_case_and_stays(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        assert [info.name for info in await mail.list_mailboxes()] == ["INBOX"]
        assert (await mail.select("inBox")).info.name == "INBOX"
        with refused(errors.NotPermitted):
            await mail.delete("inbox")
        with refused(errors.MailboxExists):
            await mail.create("Inbox")
        await mail.create("inbox/sub")
        assert (await mail.mailbox("INBOX/sub")).name == "INBOX/sub"

    async def test_create_makes_what_is_missing_above(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        made = await mail.create("a/b/c/", special_use=["\\sent"])
        assert (made.name, made.special_use, made.selectable) == ("a/b/c", ("\\Sent",), True)
        listed = {info.name: info.has_children for info in await mail.list_mailboxes()}
        assert listed == {"INBOX": False, "a": True, "a/b": True, "a/b/c": False}
        with refused(errors.MailboxExists):
            await mail.create("a/b")
        await mail.create("ab")
        await mail.create("a0")
        assert not (await mail.mailbox("ab")).has_children

    async def test_names_that_are_refused(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        for bad in ("", "/", "/a", "a//b", "a\0b", "a\r\nb", "\x1b[31m", "\ud800", "x" * 1100, "\u2028"):
            with refused(errors.InvalidName):
                await mail.create(bad)
            with refused(errors.InvalidName):
                await mail.subscribe(bad)
            with refused(errors.NoSuchMailbox):
                await mail.select(bad)
        with refused(errors.LimitReached):
            await mail.create("/".join("a" * 100))
        assert [info.name for info in await mail.list_mailboxes()] == ["INBOX"]
        for good in ("..", "../../etc", "~ann", "&-", "日本語", "Entwürfe", "a*b%c", "'\";--"):
            await mail.create(good)
            await mail.append(good, [NewMessage(message())])
            assert (await mail.select(good)).uids == [1]

    async def test_list_patterns(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        for name in ("work/2024/jan", "work/2025", "Work"):
            await mail.create(name)

        async def listed(*patterns: str) -> list[str]:
            return [info.name for info in await mail.list_mailboxes(patterns)]

        assert await listed("*") == ["INBOX", "Work", "work", "work/2024", "work/2024/jan", "work/2025"]
        assert await listed("%") == ["INBOX", "Work", "work"]
        assert await listed("work/%") == ["work/2024", "work/2025"]
        assert await listed("w*5", "inbox") == ["INBOX", "work/2025"]
        assert await listed("%/%") == ["work/2024", "work/2025"]
        assert await listed("*%*%*%*%*%*%*%*%*%*%*%q") == []
        assert await listed() == []

    async def test_subscriptions_may_name_what_is_absent(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        await mail.create("there")
        for name in ("there", "absent/child", "there"):
            await mail.subscribe(name)
        found = {info.name: info.exists for info in await mail.list_mailboxes(subscribed=True)}
        assert found == {"there": True, "absent/child": False}
        await mail.delete("there")
        assert {info.exists for info in await mail.list_mailboxes(subscribed=True)} == {False}
        assert [info.name for info in await mail.list_mailboxes()] == ["INBOX"]
        await mail.create("there")
        assert (await mail.mailbox("there")).subscribed
        await mail.unsubscribe("there")
        await mail.unsubscribe("there")
        assert [info.name for info in await mail.list_mailboxes(["a%", "*"], subscribed=True)] == [
            "absent/child"
        ]

    async def test_delete_with_children_leaves_a_name(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        await mail.create("a/b")
        before = (await fill(mail, 2, "a"))[0]
        await mail.delete("a")
        left = await mail.mailbox("a")
        assert (left.selectable, left.has_children, left.messages) == (False, True, 0)
        with refused(errors.NoSuchMailbox):
            await mail.changes(before, 0)
        for attempt in (mail.select("a"), mail.delete("a"), mail.append("a", [NewMessage(message())])):
            with refused(errors.NotPermitted):
                await attempt
        await mail.create("a")
        assert (await mail.select("a")).uids == []
        await mail.delete("a/b")
        await mail.delete("a")
        with refused(errors.NoSuchMailbox):
            await mail.delete("a")

    async def test_uidvalidity_is_never_used_again_and_never_goes_down(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        first = (await mail.create("a")).uidvalidity
        second = (await mail.create("b")).uidvalidity
        await mail.delete("b")
        third = (await mail.create("b")).uidvalidity
        assert first < second < third < 2**32
        await mail.delete("b")
        await mail.rename("a", "b")  # an older mailbox under a name that has had a higher value
        assert (await mail.mailbox("b")).uidvalidity > third
        await mail.rename("b", "c")
        assert (await mail.create("a")).uidvalidity > third
        values = [info.uidvalidity for info in await mail.list_mailboxes()]
        assert len(set(values)) == len(values)

    async def test_rename_takes_the_hierarchy_along(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        for name in ("a/b/c", "ab", "target"):
            await mail.create(name)
        old, uids = await fill(mail, 2, "a/b")
        await mail.subscribe("a/b")
        await mail.rename("a", "x/y")
        assert [info.name for info in await mail.list_mailboxes()] == [
            "INBOX", "ab", "target", "x", "x/y", "x/y/b", "x/y/b/c",
        ]  # fmt: skip
        selected = await mail.select("x/y/b")
        assert (selected.info.id, selected.uids) == (old, uids)
        assert [info.name for info in await mail.list_mailboxes(subscribed=True)] == ["a/b"]
        with refused(errors.MailboxExists):
            await mail.rename("x", "target")
        with refused(errors.NotPermitted):
            await mail.rename("x", "x/y/z")
        with refused(errors.NoSuchMailbox):
            await mail.rename("a", "z")
        with refused(errors.InvalidName):
            await mail.rename("x", "z//")

    async def test_rename_of_inbox_moves_its_messages_only(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        await mail.create("INBOX/child")
        inbox, uids = await fill(mail, 3)
        await mail.set_flags(inbox, [2], "+FLAGS", ["$Label", "\\Seen"])
        before = (await mail.mailbox("INBOX")).highestmodseq
        await mail.rename("inbox", "old/mail")
        names = [info.name for info in await mail.list_mailboxes()]
        assert names == ["INBOX", "INBOX/child", "old", "old/mail"]
        changes = await mail.changes(inbox, before)
        assert (changes.messages, changes.expunged) == ([], uids)
        assert (await mail.select("INBOX")).uids == []
        moved = await mail.select("old/mail")
        assert (moved.uids, moved.keywords) == (uids, ("$Label",))
        assert (await flags_of(mail, moved.info.id))[2] == ("\\Seen", "$Label")
        new = await mail.append("INBOX", [NewMessage(message())])
        assert new.uids == (4,)

    # Messages

    async def test_append_keeps_octets_flags_and_date(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        zone = datetime.timezone(datetime.timedelta(hours=-3, minutes=-30))
        date = datetime.datetime(1996, 7, 17, 2, 44, 25, tzinfo=zone)
        data = message(body="dots\r\n.\r\n..\r\n\0\xff") + bytes(range(256))
        result = await mail.append(
            "inbox", [NewMessage(data, ("\\seen", "$MDNSent", "\\Recent"), date), NewMessage(b"")]
        )
        assert result.uids == (1, 2)
        first, second = await mail.messages(result.mailbox)
        assert (first.size, first.flags, first.internal_date) == (len(data), ("\\Seen", "$MDNSent"), date)
        assert first.internal_date.utcoffset() == date.utcoffset()
        assert await mail.read(first.content) == data
        assert (second.size, second.flags) == (0, ())
        assert await mail.read(second.content) == b""
        assert abs(second.internal_date - datetime.datetime.now(datetime.UTC)).total_seconds() < 60
        info = await mail.mailbox("INBOX")
        assert (info.messages, info.unseen, info.octets, info.uidnext) == (2, 1, len(data), 3)
        assert info.uidvalidity == result.uidvalidity
        for attempt in (
            mail.append("absent", [NewMessage(data)]),
            mail.append("absent", []),
        ):
            with refused(errors.NoSuchMailbox):
                await attempt

    async def test_append_is_all_or_nothing(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        for bad in ("a b", "(", "", "x\r\n", "\\Bogus", "ü", "x" * 500):
            with refused(errors.InvalidName):
                await mail.append("INBOX", [NewMessage(message()), NewMessage(message(), (bad,))])
        assert (await mail.select("INBOX")).info.uidnext == 1

    async def test_parts_of_large_messages(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        body = "".join(f"{n:062}\r\n" for n in range(60_000))
        data = message(body=body, fields=f"X-Long: {'y' * 70_000}\r\n")
        result = await mail.append("INBOX", [NewMessage(data)])
        (info,) = await mail.messages(result.mailbox)
        assert await mail.read(info.content) == data
        for start in (
            0,
            1,
            65_535,
            65_536,
            65_537,
            131_072,
            1_000_000,
            len(data) - 1,
            len(data),
            len(data) + 9,
        ):
            for length in (0, 1, 65_535, 65_536, 65_537, 700_000, None):
                end = None if length is None else start + length
                assert await mail.read(info.content, start, length) == data[start:end], (start, length)
        (read,) = await mail.fetch(result.mailbox, [1], Want.HEAD)
        assert read.header_size == data.index(b"\r\n\r\n") + 4
        assert read.head is not None and data.startswith(read.head)

    async def test_what_is_computed_at_append(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, uids = await fill(mail, 3)
        everything = Want.ENVELOPE | Want.BODY | Want.BODY_STRUCTURE | Want.STRUCTURE | Want.HEAD
        found = await mail.fetch(inbox, uids[1:], everything)
        assert [data.info.uid for data in found] == [2, 3]
        first = found[0]
        assert first.envelope is not None and b"number 1" in first.envelope
        assert first.body is not None and first.body.upper().startswith(b'("TEXT" "PLAIN"')
        assert first.body_structure is not None and first.structure is not None
        head, body = message("number 1").split(b"\r\n\r\n", 1)
        assert (first.head, first.header_size) == (head + b"\r\n\r\n", len(head) + 4)
        assert first.info.size == len(head) + 4 + len(body)
        (bare,) = await mail.fetch(inbox, [1], Want.NOTHING)
        assert (bare.envelope, bare.body, bare.head) == (None, None, None)

    async def test_flag_operations(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, uids = await fill(mail, 3)
        result = await mail.set_flags(inbox, [1, 2, 7], "+FLAGS", ["\\Seen", "$Work", "Zebra"])
        assert ([info.uid for info in result.messages], result.missing, result.modified) == ([1, 2], [7], [])
        assert result.messages[0].flags == ("\\Seen", "$Work", "Zebra")
        await mail.set_flags(inbox, uids, "-FLAGS", ["$WORK", "never-seen"])
        await mail.set_flags(inbox, [2], "FLAGS", ["\\ANSWERED", "zebra", "\\deleted"])
        assert await flags_of(mail, inbox) == {
            1: ("\\Seen", "Zebra"),
            2: ("\\Answered", "\\Deleted", "Zebra"),
            3: (),
        }
        selected = await mail.select("INBOX")
        assert selected.keywords == ("$Work", "Zebra")
        assert (selected.info.unseen, selected.info.deleted, selected.first_unseen) == (2, 1, 2)
        await mail.set_flags(inbox, uids, "FLAGS", [])
        assert set((await flags_of(mail, inbox)).values()) == {()}
        with refused(errors.LimitReached):
            await mail.set_flags(inbox, uids, "+FLAGS", [f"k{n}" for n in range(2000)])
        assert (await mail.select("INBOX")).keywords == ("$Work", "Zebra")

    async def test_modseq_moves_only_when_something_changes(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, uids = await fill(mail, 2)
        start = (await mail.mailbox("INBOX")).highestmodseq
        assert start > 0 and all(0 < info.modseq <= start for info in await mail.messages(inbox))
        first = await mail.set_flags(inbox, [1], "+FLAGS", ["\\Seen"])
        assert first.highestmodseq == first.messages[0].modseq > start
        again = await mail.set_flags(inbox, uids, "+FLAGS", ["\\Seen"])
        assert again.messages[0].modseq == first.highestmodseq < again.messages[1].modseq
        nothing = await mail.set_flags(inbox, uids, "+FLAGS", ["\\seen"])
        assert nothing.highestmodseq == again.highestmodseq
        assert [info.uid for info in await mail.messages(inbox, changed_since=first.highestmodseq)] == [2]
        assert await mail.messages(inbox, [1], changed_since=first.highestmodseq) == []

    async def test_unchanged_since(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, uids = await fill(mail, 3)
        seen = (await mail.mailbox("INBOX")).highestmodseq
        await mail.set_flags(inbox, [2], "+FLAGS", ["\\Flagged"])
        result = await mail.set_flags(inbox, uids, "+FLAGS", ["\\Seen"], unchanged_since=seen)
        assert (result.modified, [info.uid for info in result.messages]) == ([2], [1, 3])
        assert (await flags_of(mail, inbox))[2] == ("\\Flagged",)
        nothing = await mail.set_flags(inbox, uids, "+FLAGS", ["\\Draft"], unchanged_since=0)
        assert (nothing.modified, nothing.messages) == (uids, [])

    async def test_changes_since(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, _ = await fill(mail, 4)
        at = (await mail.changes(inbox, 0)).highestmodseq
        nothing = await mail.changes(inbox, at)
        assert (nothing.messages, nothing.expunged, nothing.highestmodseq) == ([], [], at)
        await mail.set_flags(inbox, [2, 4], "+FLAGS", ["\\Deleted"])
        await mail.set_flags(inbox, [1], "+FLAGS", ["\\Seen"])
        assert await mail.expunge(inbox) == [2, 4]
        await fill(mail, 1)
        changes = await mail.changes(inbox, at)
        assert ([info.uid for info in changes.messages], changes.expunged) == ([1, 5], [2, 4])
        assert changes.uidnext == 6
        assert [info.uid for info in (await mail.changes(inbox, 0)).messages] == [1, 3, 5]

    async def test_copy_and_move(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, _ = await fill(mail, 4)
        await mail.set_flags(inbox, [2], "+FLAGS", ["\\Seen", "$Label"])
        before = {info.uid: info for info in await mail.messages(inbox)}
        await mail.create("there")
        await fill(mail, 1, "there")
        copied = await mail.copy(inbox, [2, 3, 99], "there")
        assert (copied.source, copied.destination) == ((2, 3), (2, 3))
        moved = await mail.move(inbox, [1, 4], "there")
        assert (moved.source, moved.destination) == ((1, 4), (4, 5))
        there = {info.uid: info for info in await mail.messages(moved.mailbox)}
        for source, destination in [(2, 2), (3, 3), (1, 4), (4, 5)]:
            for same in ("flags", "size", "date", "zone", "content"):
                assert getattr(there[destination], same) == getattr(before[source], same)
        assert (await mail.select("INBOX")).uids == [2, 3]
        assert (await mail.changes(inbox, max(info.modseq for info in before.values()))).expunged == [1, 4]
        assert (await mail.select("there")).keywords == ("$Label",)
        with refused(errors.NoSuchMailbox):
            await mail.move(inbox, [2], "absent")
        nothing = await mail.copy(inbox, [77], "there")
        assert (nothing.source, nothing.destination) == ((), ())
        itself = await mail.copy(inbox, [2], "INBOX")
        assert itself.destination == (5,)

    async def test_a_copy_outlives_its_original(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, _ = await fill(mail, 1)
        await mail.create("there")
        copied = await mail.copy(inbox, [1], "there")
        await mail.set_flags(inbox, [1], "+FLAGS", ["\\Deleted"])
        await mail.expunge(inbox)
        await asyncio.sleep(0.2)
        (info,) = await mail.messages(copied.mailbox)
        assert await mail.read(info.content) == message("number 0")
        await mail.delete("there")
        with refused(errors.NoSuchMessage):
            await mail.read(info.content)

    async def test_expunge_only_what_is_asked(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, _ = await fill(mail, 5)
        await mail.set_flags(inbox, [1, 3, 5], "+FLAGS", ["\\Deleted"])
        assert await mail.expunge(inbox, [2, 3, 4]) == [3]
        assert await mail.expunge(inbox, []) == []
        assert await mail.expunge(inbox) == [1, 5]
        assert await mail.expunge(inbox) == []
        info = await mail.mailbox("INBOX")
        assert (info.messages, info.deleted, info.uidnext) == (2, 0, 6)

    async def test_sets_of_uids_in_every_form(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, uids = await fill(mail, 20)

        def got(found: list[MessageInfo]) -> list[int]:
            return [info.uid for info in found]

        for asked in (
            [],
            [4],
            [3, 4, 5],
            [1, 3, 9, 20, 31],
            range(2, 15),
            (1, 20),
            uids,
            SequenceSet("2:4,9"),
        ):
            assert got(await mail.messages(inbox, asked)) == [uid for uid in asked if uid <= 20]
        assert got(await mail.messages(inbox)) == uids
        assert got(await mail.messages(inbox, range(1, 200_000, 2))) == uids[::2]

    async def test_recent_belongs_to_one_session(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, _ = await fill(mail, 3)
        assert (await mail.mailbox("INBOX")).recent == 3
        assert list(await mail.claim_recent(inbox)) == [1, 2, 3]
        assert list(await mail.claim_recent(inbox)) == []
        await fill(mail, 1)
        assert (await mail.select("INBOX")).info.recent == 1
        claims = await asyncio.gather(*(mail.claim_recent(inbox) for _ in range(5)))
        assert sorted(uid for claim in claims for uid in claim) == [4]
        assert (await mail.mailbox("INBOX")).recent == 0
        await fill(mail, 2)
        await mail.set_flags(inbox, [4, 5], "+FLAGS", ["\\Deleted"])
        await mail.expunge(inbox)
        assert (await mail.mailbox("INBOX")).recent == 1
        await mail.rename("INBOX", "elsewhere")
        assert (await mail.mailbox("INBOX")).recent == 0
        moved = await mail.mailbox("elsewhere")
        assert (moved.recent, list(await mail.claim_recent(moved.id))) == (1, [5, 6])

    async def test_quota(self, open_store: OpenStore) -> None:
        size = len(message())
        mail = await new_mail(await open_store(), quota=3 * size)
        await mail.append("INBOX", [NewMessage(message())] * 2)
        assert await mail.usage() == 2 * size
        with refused(errors.OverQuota):
            await mail.append("INBOX", [NewMessage(message())] * 2)
        await mail.create("there")
        inbox = (await mail.mailbox("INBOX")).id
        with refused(errors.OverQuota):
            await mail.copy(inbox, [1, 2], "there")
        await mail.move(inbox, [1, 2], "there")
        await mail.copy(inbox, [1], "there")
        await mail.append("INBOX", [NewMessage(message())])
        assert await mail.usage() == 3 * size

    # Searching

    async def test_search_by_columns(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        day = datetime.datetime(2024, 5, 5, 23, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=-8)))
        old = datetime.datetime(1950, 1, 1, 0, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
        result = await mail.append(
            "INBOX",
            [
                NewMessage(message("one"), ("\\Seen", "$Label"), day),
                NewMessage(message("two"), ("\\Flagged", "Label"), old),
                NewMessage(message("three" * 100), (), None),
                NewMessage(b"no header at all", ("\\Deleted", "\\Draft", "\\Answered"), None),
            ],
        )
        view = SearchView([1, 2, 3, 4], recent=[3, 4], saved=[2, 9])

        async def found(criteria: key.SearchKey) -> list[int]:
            return (await mail.search(result.mailbox, criteria, view)).uids

        date = datetime.date
        for criteria, expected in (
            (key.Key("ALL"), [1, 2, 3, 4]),
            (key.Key("SEEN"), [1]),
            (key.Key("UNSEEN"), [2, 3, 4]),
            (key.Key("NEW"), [3, 4]),
            (key.Key("OLD"), [1, 2]),
            (key.Key("RECENT"), [3, 4]),
            (key.Key("FLAGGED"), [2]),
            (key.Key("UNDELETED"), [1, 2, 3]),
            (key.Key("DRAFT"), [4]),
            (key.Key("UNANSWERED"), [1, 2, 3]),
            (key.Keyword("$label"), [1]),
            (key.Keyword("label", negated=True), [1, 3, 4]),
            (key.Size("LARGER", 400), [3]),
            (key.Size("SMALLER", 17), [4]),
            (key.Date("ON", date(2024, 5, 5)), [1]),
            (key.Date("BEFORE", date(2024, 5, 5)), [2]),
            (key.Date("SINCE", date(2024, 5, 5)), [1, 3, 4]),
            (key.Date("ON", date(1950, 1, 1)), [2]),
            (key.Date("SENTON", date(1994, 2, 7)), [1, 2, 3]),
            (key.Date("SENTBEFORE", date(1994, 2, 8)), [1, 2, 3]),
            (key.Date("SENTSINCE", date(1994, 2, 8)), []),
            (key.Within("YOUNGER", 3600), [3, 4]),
            (key.Within("OLDER", 3600), [1, 2]),
            (key.Sequence("2:3"), [2, 3]),
            (key.Sequence("*"), [4]),
            (key.Sequence("3:*,1"), [1, 3, 4]),
            (key.Sequence("$"), [2]),
            (key.Uid("4:*"), [4]),
            (key.Uid("99:*"), [4]),
            (key.Uid("2,77"), [2]),
            (key.ModSeq(10**9), []),
            (key.Not(key.Key("SEEN")), [2, 3, 4]),
            (key.Or(key.Key("SEEN"), key.Key("FLAGGED")), [1, 2]),
            (key.And([key.Key("UNSEEN"), key.Sequence("1:3"), key.Not(key.Key("FLAGGED"))]), [3]),
        ):
            assert await found(criteria) == expected, criteria
        matches = await mail.search(result.mailbox, key.ModSeq(1), view)
        assert matches.highestmodseq == (await mail.mailbox("INBOX")).highestmodseq
        assert (await mail.search(result.mailbox, key.Key("ALL"), SearchView([2]))).uids == [2]
        assert (await mail.search(result.mailbox, key.Sequence("1:*"), SearchView([]))).uids == []

    async def test_search_by_text(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        base64 = (
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
            "MIME-Version: 1.0\r\n"
        )
        multipart = (
            "--x\r\nContent-Type: text/html; charset=iso-8859-1\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Stra=DFe na=\r\nch Hause</p>\r\n"
            "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?inneres_=C3=84?=\r\n\r\nsecret\r\n"
            "--x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "bmVlZGxl\r\n--x--\r\n"
        )
        inbox = (
            await mail.append(
                "INBOX",
                [
                    NewMessage(
                        message("=?ISO-8859-1?Q?Caf=E9_au?= =?utf-8?b?IGxhaXQ=?=", "plain needle\r\n")
                    ),
                    NewMessage(message("folded\r\n subject line", "w4Vrw6V0DQo=\r\n", base64)),
                    NewMessage(
                        message(
                            "mixed",
                            multipart,
                            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\nX-Empty:\r\n",
                        )
                    ),
                    NewMessage(b"\xff\xfe not MIME \x00 at all\r\nin a haystack"),
                ],
            )
        ).mailbox
        view = SearchView([1, 2, 3, 4])
        for criteria, expected in (
            (key.Text("SUBJECT", "CAFÉ AU LAIT"), [1]),
            (key.Text("SUBJECT", "folded subject"), [2]),
            (key.Text("FROM", "ANN@example"), [1, 2, 3]),
            (key.Text("TO", "bob"), [1, 2, 3]),
            (key.Text("CC", "bob"), []),
            (key.Text("BCC", ""), []),
            (key.Text("BODY", "needle"), [1]),
            (key.Text("BODY", "ÅKÅT"), [2]),
            (key.Text("BODY", "Åkåt"), [2]),
            (key.Text("BODY", "DhWvD"), []),
            (key.Text("BODY", "strasse nach hause"), [3]),
            (key.Text("BODY", "inneres ä"), [3]),
            (key.Text("BODY", "caf"), []),
            (key.Text("TEXT", "café"), [1]),
            (key.Text("TEXT", "needle"), [1]),
            (key.Text("TEXT", "haystack"), [4]),
            (key.Text("TEXT", "subject: mixed"), [3]),
            (key.Text("BODY", ""), [1, 2, 3, 4]),
            (key.Header("message-id", "<1@"), [1, 2, 3]),
            (key.Header("X-Empty", ""), [3]),
            (key.Header("X-Absent", ""), []),
            (key.And([key.Text("BODY", "secret"), key.Key("UNSEEN")]), [3]),
            (key.Not(key.Text("SUBJECT", "mixed")), [1, 2, 4]),
        ):
            assert (await mail.search(inbox, criteria, view)).uids == expected, criteria

    async def test_search_takes_deep_and_refuses_huge_criteria(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, uids = await fill(mail, 2)
        deep: key.SearchKey = key.Key("SEEN")
        for _ in range(900):
            deep = key.Not(deep)
        assert (await mail.search(inbox, deep, SearchView(uids))).uids == []
        with refused(errors.LimitReached):
            await mail.search(inbox, key.And([key.Key("ALL")] * 5000), SearchView(uids))

    # Other sessions

    async def test_a_watch_is_told_of_each_kind_of_change(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, _ = await fill(mail, 2)
        await mail.create("there")
        watch, names = mail.watch(inbox), mail.watch()
        assert not watch.pending and not names.pending
        for change in (
            fill(mail, 1),
            mail.set_flags(inbox, [1], "+FLAGS", ["\\Deleted"]),
            mail.expunge(inbox),
            mail.move(inbox, [2], "there"),
        ):
            await change
            assert watch.pending
            await asyncio.wait_for(watch.wait(), PATIENCE)
            assert not watch.pending
        assert not names.pending
        await mail.set_flags(inbox, [3], "-FLAGS", ["\\Seen"])  # changes nothing
        await fill(mail, 1, "there")
        assert not watch.pending
        for naming in (mail.create("x"), mail.rename("x", "y"), mail.subscribe("z"), mail.delete("y")):
            await naming
            assert names.pending
            names.clear()
        watch.close()
        watch.close()
        names.close()

    async def test_a_watch_is_told_of_another_opening(self, open_store: OpenStore) -> None:
        here, there = await open_store(), await open_store()
        mail = await new_mail(here)
        other = there.mail(await there.account("ann"))
        inbox = (await mail.mailbox("INBOX")).id
        watch, names = mail.watch(inbox), mail.watch()
        await fill(other, 1)
        await asyncio.wait_for(watch.wait(), PATIENCE)
        assert [info.uid for info in (await mail.changes(inbox, 1)).messages] == [1]
        await other.create("new")
        await asyncio.wait_for(names.wait(), PATIENCE)
        assert (await mail.mailbox("new")).exists
        watch.close()
        names.close()

    async def test_a_wait_that_is_cancelled_loses_no_notice(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox = (await mail.mailbox("INBOX")).id
        watch = mail.watch(inbox)
        waiting = asyncio.ensure_future(watch.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        await fill(mail, 1)
        await asyncio.wait_for(watch.wait(), PATIENCE)
        watch.close()

    async def test_concurrent_writers_lose_nothing(self, open_store: OpenStore) -> None:
        stores = [await open_store(), await open_store()]
        await new_mail(stores[0])
        mails = [store.mail(await store.account("ann")) for store in stores]
        results = await asyncio.gather(
            *(mails[n % 2].append("INBOX", [NewMessage(message(f"{n}"))]) for n in range(60))
        )
        assert sorted(uid for result in results for uid in result.uids) == list(range(1, 61))
        assert (await mails[0].select("INBOX")).uids == list(range(1, 61))

    # POP3

    async def test_the_maildrop_is_locked_for_one_session(self, open_store: OpenStore) -> None:
        store, other = await open_store(), await open_store()
        mail = await new_mail(store)
        second = other.mail(await other.account("ann"))
        bob = await new_mail(store, "bob")
        drop = await mail.lock_maildrop()
        for refused_one in (mail, second):
            with refused(errors.MaildropLocked):
                await refused_one.lock_maildrop()
        with refused(errors.MaildropLocked):
            await other.delete_account("ann")
        async with await bob.lock_maildrop():
            pass
        await drop.close()
        await drop.close()
        async with await second.lock_maildrop():
            pass

    async def test_the_maildrop_is_a_snapshot(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, _ = await fill(mail, 3)
        async with await mail.lock_maildrop() as drop:
            assert [(item.uid, item.size) for item in drop.messages] == [
                (n, len(message("number 0"))) for n in (1, 2, 3)
            ]
            await mail.set_flags(inbox, [1, 2, 3], "+FLAGS", ["\\Deleted"])
            await mail.expunge(inbox, [1, 2])
            await fill(mail, 1)
            await asyncio.sleep(0.2)
            assert len(drop.messages) == 3
            assert await drop.read(drop.messages[1].content, 0, 5) == b"From:"
            assert await drop.read(drop.messages[0].content) == message("number 0")
            uidls = {item.uid: item.uidl for item in drop.messages}
            assert all(
                0 < len(uidl) <= 70 and uidl.isascii() and uidl.isprintable() for uidl in uidls.values()
            )
            await drop.delete([1, 3])
        assert (await mail.select("INBOX")).uids == [4]
        async with await mail.lock_maildrop() as drop:
            assert [item.uid for item in drop.messages] == [4]
            assert drop.messages[0].uidl not in uidls.values()

    async def test_without_delete_the_maildrop_stays(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        await fill(mail, 2)
        first = await mail.lock_maildrop()
        uidls = [item.uidl for item in first.messages]
        await first.close()
        async with await mail.lock_maildrop() as drop:
            assert [item.uidl for item in drop.messages] == uidls

    # Life

    async def test_what_was_done_is_there_after_reopening(self, open_store: OpenStore) -> None:
        store = await open_store()
        mail = await new_mail(store)
        inbox, _ = await fill(mail, 2)
        await mail.set_flags(inbox, [1], "+FLAGS", ["\\Seen", "$Kept"])
        await mail.create("a/b", special_use=["\\Archive"])
        before = await mail.list_mailboxes()
        await store.close()
        again = await open_store()
        mail = again.mail(await again.account("ann"))
        assert await mail.list_mailboxes() == before
        assert await flags_of(mail, inbox) == {1: ("\\Seen", "$Kept"), 2: ()}

    async def test_a_closed_store_says_so(self, open_store: OpenStore) -> None:
        store = await open_store()
        mail = await new_mail(store)
        waiting = asyncio.gather(*(fill(mail, 1) for _ in range(5)))
        await asyncio.sleep(0)
        await store.close()
        await store.close()
        assert sorted(uids[0] for _, uids in await waiting) == [1, 2, 3, 4, 5]
        for attempt in (
            mail.list_mailboxes(),
            mail.append("INBOX", [NewMessage(message())]),
            store.accounts(),
        ):
            with refused(errors.StoreClosed):
                await attempt

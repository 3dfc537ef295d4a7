"""What every store must do with accounts and mailboxes; see :mod:`.checks`."""

from __future__ import annotations

import asyncio

from mailproto.imap import search as key
from mailproto.store import errors
from mailproto.store.api import NewMessage, SearchView, Want
from mailproto.store.checks_base import PATIENCE, OpenStore, fill, flags_of, message, new_mail, refused


class MailboxChecks:
    """Accounts and mailboxes."""

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

    async def test_a_rename_to_a_name_with_a_past_tells_of_the_new_uidvalidity(
        self, open_store: OpenStore
    ) -> None:
        mail = await new_mail(await open_store())
        kept = await mail.create("kept")
        await mail.create("past")
        await mail.delete("past")
        watch = mail.watch(kept.id)
        await mail.rename("kept", "past")
        await asyncio.wait_for(watch.wait(), PATIENCE)
        changes = await mail.changes(kept.id, kept.highestmodseq)
        assert changes.uidvalidity == (await mail.mailbox("past")).uidvalidity > kept.uidvalidity
        await mail.rename("past", "plain")
        again = await mail.changes(kept.id, changes.highestmodseq)
        assert again.uidvalidity == changes.uidvalidity
        watch.close()

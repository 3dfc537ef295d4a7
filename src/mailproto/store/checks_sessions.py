"""What every store must do for several sessions, and at its end; see :mod:`.checks`."""

from __future__ import annotations

import asyncio

from mailproto.store import errors
from mailproto.store.api import NewMessage
from mailproto.store.checks_base import PATIENCE, OpenStore, fill, flags_of, message, new_mail, refused


class SessionChecks:
    """Watches, the maildrop, opening and closing."""

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

"""What every store must do with messages; see :mod:`.checks`."""

from __future__ import annotations

import asyncio
import datetime

from mailproto._core.sequence_set import SequenceSet
from mailproto.store import errors
from mailproto.store.api import MessageInfo, NewMessage, Want
from mailproto.store.checks_base import OpenStore, fill, flags_of, message, new_mail, refused


class MessageChecks:
    """Appending, reading, flags, copies and expunging."""

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

    async def test_a_flag_change_tells_what_went_before(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, uids = await fill(mail, 2)
        first = await mail.set_flags(inbox, uids[:1], "+FLAGS", ("\\Seen",))
        second = await mail.set_flags(inbox, uids, "+FLAGS", ("\\Flagged",))
        assert len(first.before) == 1 and first.before[0] < first.messages[0].modseq
        assert second.before[0] == first.messages[0].modseq
        assert second.before[1] < second.messages[1].modseq

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

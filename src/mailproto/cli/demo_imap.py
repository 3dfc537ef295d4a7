"""The demo's IMAP half: two devices on one account, folders, and an offline copy."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import TYPE_CHECKING, Any

from mailproto.cli.demo_mail import ATTACHMENT, WORD
from mailproto.cli.demo_show import octets
from mailproto.imap import responses, search
from mailproto.imap.commands import Section
from mailproto.sync.mirror_imap import mirror_imap

if TYPE_CHECKING:
    from mailproto.aio.imap import ImapClient
    from mailproto.cli.demo import Place
    from mailproto.cli.demo_mail import SampleMail
    from mailproto.cli.demo_show import Comparison, Show
    from mailproto.sync.mirror import Summary


class Listener:
    """The laptop in IDLE: keeps what the server tells, with the time at which it came."""

    def __init__(self, client: ImapClient) -> None:
        self.client = client
        self.heard: asyncio.Queue[tuple[float, Any]] = asyncio.Queue()
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Idle until cancelled."""
        async with self.client.idle() as news:
            self.ready.set()
            async for response in news.until():
                self.heard.put_nowait((time.perf_counter(), response))

    async def told(self, wanted: type, since: float) -> tuple[Any, float]:
        """The next response of a type, and how many milliseconds after *since* it came."""
        while True:
            when, response = await asyncio.wait_for(self.heard.get(), 10)
            if isinstance(response, wanted):
                return response, (when - since) * 1000


async def _received(client: ImapClient, work: Any) -> tuple[Any, int]:
    """Await some work; its result, and how many octets the client received meanwhile."""
    before = client.bytes_received
    result = await work
    return result, client.bytes_received - before


def _attachment_part(body: Any, path: tuple[int, ...] = ()) -> tuple[int, ...] | None:
    """The number of the part that is the attachment: breadth first through the structure."""
    pending = [(body, path)]
    while pending:
        part, at = pending.pop(0)
        if part.disposition and dict(part.disposition[1]).get(b"filename") == ATTACHMENT.encode():
            return at or (1,)
        pending.extend((child, (*at, number)) for number, child in enumerate(part.parts or (), 1))
    return None


async def devices(show: Show, place: Place, mail: SampleMail, compared: Comparison) -> None:
    """Part 1: a phone and a laptop on INBOX at once."""
    show.part("1. IMAP: a phone and a laptop on one INBOX")
    async with place.imap() as phone, place.imap(starttls=True) as laptop:
        show.step("login")
        inbox = await phone.select("INBOX")
        await laptop.select("INBOX")
        show.check(inbox.exists == len(mail.messages), "the phone sees every message delivered")
        show.fact("phone by IMAPS, laptop by STARTTLS, both in INBOX at once")
        listener = Listener(laptop)
        idle = asyncio.create_task(listener.run())
        try:
            await asyncio.wait_for(listener.ready.wait(), 10)
            uids = await _reading(show, phone, mail, compared)
            await _changes(show, phone, listener, uids, compared)
        finally:
            idle.cancel()
            await asyncio.gather(idle, return_exceptions=True)


async def _reading(show: Show, phone: ImapClient, mail: SampleMail, compared: Comparison) -> list[int]:
    """What a phone does to save bandwidth. Returns the UIDs, in the order of delivery."""
    show.step("list")
    rows, listed = await _received(phone, phone.fetch("1:*", ("UID", "FLAGS", "RFC822.SIZE", "ENVELOPE")))
    sizes = {row.uid: row.size for row in rows}
    uids = sorted(sizes)
    show.check(
        [sizes[uid] for uid in uids] == [len(m) for m in mail.messages], "every size is the message's own"
    )
    show.check(all(row.envelope.from_ for row in rows), "every envelope has a sender")
    show.check(listed < mail.octets // 20, "the list costs less than a twentieth of the mail")
    show.fact(f"{len(rows)} envelopes for {octets(listed)}, no body downloaded")
    compared.add("Bytes to list 200 messages", f"{octets(listed)} (ENVELOPE, size, flags)", "")

    show.step("peek")
    large = uids[mail.large]
    rows, got = await _received(phone, phone.fetch(large, (Section(partial=(0, 1024), peek=True),)))
    show.check(
        rows[0].sections["BODY[]<0>"] == mail.messages[mail.large][:1024],
        "the first kilobyte is the message's",
    )
    show.fact(f"first 1,024 octets of the message of {octets(sizes[large])}: {octets(got)} received")

    show.step("search")
    found, got = await _received(phone, phone.search(search.Text("BODY", WORD.encode())))
    show.check(
        list(found) == [uids[index] for index in mail.with_word],
        "the server finds just the messages that hold the word, encoded ones too",
    )
    show.fact(f"the server found {len(found)} messages with {WORD!r}: {octets(got)} received")

    show.step("attachment")
    uid = uids[mail.with_attachment]
    rows = await phone.fetch(uid, ("BODYSTRUCTURE",))
    part = _attachment_part(rows[0].body_structure)
    show.check(part is not None, f"BODYSTRUCTURE tells where {ATTACHMENT!r} is")
    section = Section(part=part or (), peek=True)
    rows, got = await _received(phone, phone.fetch(uid, (section,)))
    (encoded,) = rows[0].sections.values()
    show.check(
        base64.b64decode(encoded) == mail.attachment, "the attachment's octets are those that were sent"
    )
    number = ".".join(map(str, part or ()))
    show.fact(f"{ATTACHMENT!r} is part {number}: fetched alone, {octets(got)}, octet for octet")
    return uids


async def _changes(
    show: Show, phone: ImapClient, listener: Listener, uids: list[int], compared: Comparison
) -> None:
    """The phone changes things; the idling laptop is told."""
    show.step("mark read")
    start = time.perf_counter()
    await phone.store(uids[0], "+FLAGS", ("\\Seen",))
    told, seen_after = await listener.told(responses.Fetch, start)
    show.check(told.seq == 1 and "\\Seen" in told.flags, "the laptop is told that message 1 is read")
    show.fact(f"the laptop was told after {seen_after:.1f} ms")

    show.step("delete")
    start = time.perf_counter()
    await phone.store(uids[1], "+FLAGS", ("\\Deleted",))
    told, _ = await listener.told(responses.Fetch, start)
    show.check(told.seq == 2 and "\\Deleted" in told.flags, "the laptop is told that message 2 is marked")
    await phone.expunge()
    told, gone_after = await listener.told(responses.Expunge, start)
    show.check(told.seq == 2, "the laptop is told that message 2 is gone")
    show.fact(f"marked and expunged; the laptop saw it go after {gone_after:.1f} ms")
    compared.add("Devices at once", "2 in INBOX at the same time", "")
    compared.add(
        "What the other device sees",
        f"every change, while it idles: read after {seen_after:.0f} ms, deleted after {gone_after:.0f} ms",
        "",
    )


async def folders(show: Show, place: Place) -> None:
    """Part 2: folders live on the server."""
    show.part("2. IMAP: folders")
    async with place.imap() as phone, place.imap(starttls=True) as laptop:

        async def seen() -> dict[str, int]:
            """Folder -> messages, as the laptop sees them now."""
            names = [str(row.mailbox) for row in await laptop.list("", "*")]
            return {name: (await laptop.status(name, ("MESSAGES",)))["MESSAGES"] for name in names}

        before = await seen()
        show.step("create")
        await phone.create("Journeys")
        await phone.create("Journeys/Lapland")
        after = await seen()
        show.check(
            set(after) - set(before) == {"Journeys", "Journeys/Lapland"}, "the laptop sees both folders"
        )
        show.fact("the laptop sees 'Journeys' and 'Journeys/Lapland'")

        show.step("rename")
        await phone.rename("Journeys/Lapland", "Journeys/Lappi")
        show.check("Journeys/Lappi" in await seen(), "the laptop sees the new name")
        show.fact("the laptop sees 'Journeys/Lappi'")

        show.step("move")
        total = (await phone.select("INBOX")).exists
        await phone.move("1:3", "Journeys/Lappi", uid=False)
        after = await seen()
        show.check(
            after["Journeys/Lappi"] == 3 and after["INBOX"] == total - 3, "3 messages changed folder at once"
        )
        show.fact("3 messages by MOVE; the laptop counts 3 there")
        await phone.select("Journeys/Lappi")
        await phone.move("1:*", "INBOX", uid=False)

        show.step("delete folders")
        await phone.unselect()
        await phone.delete("Journeys/Lappi")
        await phone.delete("Journeys")
        show.check(await seen() == before, "the laptop sees what was there before")
        show.fact("moved back and deleted; the laptop sees them no more")


async def offline_copy(show: Show, place: Place, compared: Comparison) -> None:
    """Part 3: ``mailproto mirror``, three times."""
    show.part("3. IMAP: an offline copy (mailproto mirror)")
    folder = place.scratch / "laptop"

    async def copy() -> Summary:
        async with place.imap() as laptop:
            return await mirror_imap(laptop, folder, f"imap://{place.user}@127.0.0.1")

    async with place.imap() as phone:
        show.step("first copy")
        inbox = await phone.select("INBOX")
        first = await copy()
        files = [path for path in folder.rglob("*") if path.parent.name in {"cur", "new"} and path.is_file()]
        show.check(first.new == inbox.exists == len(files), "every message is a file in the Maildir")
        show.fact(f"{first.new} messages, {octets(first.octets)}")

        show.step("again")
        again = await copy()
        show.check((again.new, again.changed, again.removed) == (0, 0, 0), "nothing is transferred twice")
        show.fact(f"nothing new, {octets(again.octets)} received to know it")

        show.step("after two changes")
        uids = [row.uid for row in await phone.fetch("1:2", ("UID",), uid=False)]
        await phone.store(uids[0], "+FLAGS", ("\\Flagged",))
        await phone.store(uids[1], "+FLAGS", ("\\Deleted",))
        await phone.expunge()
        third = await copy()
        show.check(
            (third.new, third.changed, third.removed) == (0, 1, 1), "just the two changes are transferred"
        )
        show.fact(f"1 flag changed, 1 message removed, {octets(third.octets)} received")
        compared.add(
            "Offline",
            f"on request: all folders with flags; brought up to date with {octets(third.octets)}",
            "",
        )

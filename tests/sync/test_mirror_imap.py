"""The IMAP mirror: transfers what changed, and survives being cut off at any moment."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mailproto import ConnectionLost
from mailproto.aio import Listener, imap, listen
from mailproto.imap.server import ServerSession
from mailproto.sync.maildir import Maildir
from mailproto.sync.mirror import Summary
from mailproto.sync.mirror_imap import mirror_imap
from tests.io.imapdrop import MOMENT, Account, Box


class Mirrored:
    def __init__(self, account: Account, listener: Listener, path: Path) -> None:
        self.account, self.listener, self.path = account, listener, path

    async def run(self) -> Summary:
        host, port = self.listener.addresses[0]
        self.account.bodies_sent = 0
        self.account.fetches.clear()
        async with imap.connect(host, port, tls=False, user="tim", password="x") as client:
            return await mirror_imap(client, self.path, "imap://tim@test")

    def copy(self, folder: str = "") -> dict[str, bytes]:
        """File name -> octets."""
        return {file.name: file.read_bytes() for file in (self.path / folder / "cur").iterdir()}

    def holds(self, folder: str, box: Box) -> bool:
        """The folder has the mailbox's messages, each once."""
        return sorted(self.copy(folder).values()) == sorted(m.body for m in box.messages)


@pytest.fixture(params=["condstore", "plain"])
async def mirrored(request: Any, tmp_path: Path) -> AsyncIterator[Mirrored]:
    capabilities = ("IMAP4rev1", "CONDSTORE") if request.param == "condstore" else ("IMAP4rev1",)
    account = Account(capabilities=capabilities)
    account.boxes["Work/2024.1"] = Box(3, b"Subject: w\r\n\r\n")
    listener = await listen(ServerSession, account.handler)
    yield Mirrored(account, listener, tmp_path / "copy")
    await listener.close(grace=1)


async def test_a_second_run_transfers_no_body(mirrored: Mirrored) -> None:
    summary = await mirrored.run()
    assert (summary.new, summary.changed, summary.removed) == (31, 0, 0)
    assert mirrored.account.bodies_sent == 31
    assert mirrored.holds("", mirrored.account.boxes["INBOX"])
    assert mirrored.holds(".Work.2024%2E1", mirrored.account.boxes["Work/2024.1"])
    assert (mirrored.path / "cur" / "7.1.mailproto:2,").stat().st_mtime == MOMENT.timestamp()
    first = summary.octets
    summary = await mirrored.run()
    assert (summary.new, summary.changed, summary.removed) == (0, 0, 0)
    assert mirrored.account.bodies_sent == 0
    assert summary.octets < first
    if "CONDSTORE" in mirrored.account.capabilities:
        assert not mirrored.account.fetches


async def test_changes_alone_are_transferred(mirrored: Mirrored) -> None:
    await mirrored.run()
    inbox = mirrored.account.boxes["INBOX"]
    inbox.flag(3, "\\Seen", "\\Flagged", "keyword")
    inbox.expunge(4)
    inbox.add(b"Subject: new\r\n\r\n", {"\\Answered"})
    summary = await mirrored.run()
    assert (summary.new, summary.changed, summary.removed) == (1, 1, 1)
    assert mirrored.account.bodies_sent == 1
    assert mirrored.holds("", inbox)
    assert {"7.3.mailproto:2,FS", "7.31.mailproto:2,R"} <= set(mirrored.copy())
    assert not any(name.startswith("7.4.") for name in mirrored.copy())


async def test_a_mailbox_that_is_gone_goes(mirrored: Mirrored) -> None:
    await mirrored.run()
    folder = mirrored.path / ".Work.2024%2E1"
    (folder / "cur" / "1.mine:2,S").write_bytes(b"mine")
    del mirrored.account.boxes["Work/2024.1"]
    summary = await mirrored.run()
    assert summary.removed == 1
    assert [file.name for file in (folder / "cur").iterdir()] == ["1.mine:2,S"]


async def test_a_new_uidvalidity_fetches_before_it_removes(mirrored: Mirrored) -> None:
    await mirrored.run()
    inbox = mirrored.account.boxes["INBOX"]
    inbox.uidvalidity = 8
    mirrored.account.cut_after = 10
    with pytest.raises(ConnectionLost):
        await mirrored.run()
    assert len([name for name in mirrored.copy() if name.startswith("7.")]) == 30
    mirrored.account.cut_after = None
    await mirrored.run()
    assert mirrored.account.bodies_sent == 20
    assert mirrored.holds("", inbox)


async def test_cut_off_at_any_message_it_completes(mirrored: Mirrored) -> None:
    for cut in itertools.count(1):
        mirrored.account.cut_after = 4
        try:
            await mirrored.run()
        except ConnectionLost:
            assert len(mirrored.copy()) == min(4 * cut, 30)
            continue
        break
    assert cut == 8
    assert mirrored.holds("", mirrored.account.boxes["INBOX"])


async def test_a_file_that_the_user_removed_comes_back(mirrored: Mirrored) -> None:
    await mirrored.run()
    (mirrored.path / "cur" / "7.5.mailproto:2,").unlink()
    summary = await mirrored.run()
    assert summary.new == mirrored.account.bodies_sent == 1
    assert mirrored.holds("", mirrored.account.boxes["INBOX"])


async def test_without_its_state_nothing_is_transferred_again(mirrored: Mirrored) -> None:
    await mirrored.run()
    (mirrored.path / "mailproto-mirror.json").unlink()
    mirrored.account.boxes["INBOX"].flag(3, "\\Seen")
    summary = await mirrored.run()
    assert (summary.new, summary.changed, summary.removed) == (0, 1, 0)
    assert mirrored.account.bodies_sent == 0


async def test_hostile_mailbox_names_stay_inside(mirrored: Mirrored) -> None:
    """ATTACKS 22."""
    outside = mirrored.path.parent / "outside"
    for name in ("../outside", "/etc/x", "a/../../../outside", "..", "cur", "x\x7fy", "tmp/../.."):
        mirrored.account.boxes[name] = Box(1, b"m")
    await mirrored.run()
    assert not outside.exists()
    assert [entry.name for entry in mirrored.path.parent.iterdir()] == ["copy"]
    assert len([entry for entry in mirrored.path.iterdir() if entry.name.startswith(".")]) == 8


async def test_a_large_message_goes_straight_to_its_file(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never in memory as a whole, asked for on its own; cut off in the middle it leaves nothing."""
    inbox = mirrored.account.boxes["INBOX"]
    large = b"Subject: large\r\n\r\n" + b"line of it\r\n" * 400_000
    inbox.add(large, {"\\Seen"})
    inbox.add(b"Subject: small\r\n\r\n")
    added: list[int] = []
    add = Maildir.add
    monkeypatch.setattr(
        Maildir,
        "add",
        lambda self, key, body, *marks: (added.append(len(body)), add(self, key, body, *marks)),
    )
    mirrored.account.cut_after = 31  # before the large one, which comes last of its mailbox
    with pytest.raises(ConnectionLost):
        await mirrored.run()
    assert len(mirrored.copy()) == 31
    mirrored.account.cut_after = None
    summary = await mirrored.run()
    assert summary.new == 2
    assert mirrored.holds("", inbox)
    assert max(added) < 100
    name = mirrored.path / "cur" / "7.31.mailproto:2,S"
    assert name.stat().st_size == len(large)
    assert name.stat().st_mtime == MOMENT.timestamp()
    assert not list((mirrored.path / "tmp").iterdir())


async def test_a_large_message_without_its_text_comes_next_time(mirrored: Mirrored) -> None:
    """Servers say NIL for the text of a message that is gone meanwhile, or while their store fails."""
    inbox = mirrored.account.boxes["INBOX"]
    inbox.add(b"Subject: large\r\n\r\n" + b"line of it\r\n" * 100_000)
    mirrored.account.without_text = {31}
    assert (await mirrored.run()).new == 31
    assert len(mirrored.copy()) == 30
    mirrored.account.without_text = set()
    assert (await mirrored.run()).new == 1
    assert mirrored.holds("", inbox)
    assert not list((mirrored.path / "tmp").iterdir())

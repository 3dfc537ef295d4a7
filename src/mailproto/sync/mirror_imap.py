"""The offline copy of an IMAP account: what is new is fetched, what changed is renamed, what is gone goes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

from mailproto._core.sequence_set import SequenceSet
from mailproto.aio.imap import ImapClient
from mailproto.errors import CommandFailed
from mailproto.imap.commands import Section
from mailproto.imap.responses import Fetch
from mailproto.imap.search import Key
from mailproto.sync.maildir import Maildir, folder_name, letters
from mailproto.sync.mirror import STATE, Folder, MirrorError, Progress, Summary, silent

#: Messages asked for in one FETCH.
BATCH: Final = 100
#: A message of more octets is not asked for with others: it goes straight to its file, in fixed memory.
LARGE: Final = 1 << 20


async def mirror_imap(
    client: ImapClient, path: str | os.PathLike[str], account: str, progress: Progress | None = None
) -> Summary:
    """Bring the copy of an account in ``path`` up to date. ``client`` is logged in; nothing on the server
    is changed.

    ``account`` names the account, so that two are not mixed up. Raises MirrorError, OSError, and what the
    client raises.
    """
    summary = Summary()
    start = client.bytes_received
    with Folder(path, account) as folder:
        known: dict[str, Any] = folder.state.setdefault("mailboxes", {})
        condstore = "CONDSTORE" in await client.capability()
        names = {}
        for entry in await client.list("", "*"):
            attributes = {attribute.lower() for attribute in entry.attributes}
            if attributes.isdisjoint({"\\noselect", "\\nonexistent"}):
                names[str(entry.mailbox)] = (entry.mailbox, folder_name(entry.mailbox, entry.delimiter))
        for name in [name for name in known if name not in names]:
            summary.removed += Maildir(_below(folder.path, known[name]["folder"])).dissolve()
            del known[name]
            folder.save()
        for name, (mailbox, directory) in names.items():
            copy = _MailboxCopy(client, mailbox, Maildir(_below(folder.path, directory)), condstore, summary)
            try:
                seen = await copy.run(known.get(name), progress or silent)
            except CommandFailed as failure:
                # Deleted or forbidden meanwhile: the next run sees which.
                if failure.command in ("STATUS", "EXAMINE"):
                    continue
                raise
            seen["folder"] = directory
            if known.get(name) != seen:
                known[name] = seen
                folder.save()
        if not (folder.path / STATE).exists():
            folder.save()
    summary.octets = client.bytes_received - start
    return summary


def _below(path: Path, directory: str) -> Path:
    """A folder of the copy. The name may come from the state file, so it is looked at again."""
    if directory and (
        not directory.startswith(".") or directory in (".", "..") or set("/\\\0") & set(directory)
    ):
        raise MirrorError("the state file names a folder outside the copy")
    return path / directory if directory else path


class _MailboxCopy:
    """One mailbox, once."""

    def __init__(
        self, client: ImapClient, mailbox: Any, maildir: Maildir, condstore: bool, summary: Summary
    ) -> None:
        self.client = client
        self.mailbox = mailbox
        self.maildir = maildir
        self.condstore = condstore
        self.summary = summary
        self.uidvalidity = 0

    def _key(self, uid: int) -> str:
        return f"{self.uidvalidity}.{uid}"

    async def run(self, before: dict[str, Any] | None, progress: Progress) -> dict[str, Any]:
        """Bring it up to date; what to remember of it."""
        self.maildir.create()
        items = ["UIDVALIDITY", "UIDNEXT", "MESSAGES", *(["HIGHESTMODSEQ"] if self.condstore else [])]
        status = await self.client.status(self.mailbox, items)
        seen: dict[str, Any] = {name.lower(): status.get(name) for name in items}
        if self.condstore and before and all(before.get(name) == value for name, value in seen.items()):
            self.uidvalidity = seen["uidvalidity"]
            if self._is_whole(seen["messages"]):
                return dict(seen)

        selected = await self.client.examine(self.mailbox, condstore=self.condstore)
        if selected.uidvalidity is None:
            raise MirrorError(
                f"{self.mailbox}: the server gives no UIDVALIDITY, so nothing can be recognised again"
            )
        self.uidvalidity = selected.uidvalidity
        same = before is not None and before.get("uidvalidity") == self.uidvalidity
        since = before.get("highestmodseq") if same and before and self.condstore else None
        there = set(await self.client.search(Key("ALL")))
        here = {uid for uid in there if self._key(uid) in self.maildir}
        if here:
            await self._flags(since if selected.highestmodseq else None)
        await self._bodies(sorted(there - here), progress)
        # Last, so that after a change of UIDVALIDITY the old copies go when the new ones are there.
        for key in list(self.maildir):
            validity, _, uid = key.partition(".")
            if validity != str(self.uidvalidity) or not uid.isdigit() or int(uid) not in there:
                self.maildir.remove(key)
                self.summary.removed += 1
        await asyncio.to_thread(self.maildir.sync)
        return {
            "uidvalidity": self.uidvalidity,
            "uidnext": selected.uidnext,
            "messages": len(there),
            # None where the server keeps no mod-sequences for it (RFC 7162 section 3.1.2.2).
            **({"highestmodseq": selected.highestmodseq} if self.condstore else {}),
        }

    def _is_whole(self, messages: int) -> bool:
        return len(self.maildir) == messages and all(
            key.startswith(f"{self.uidvalidity}.") for key in self.maildir
        )

    async def _flags(self, since: int | None) -> None:
        """Flags that changed, all of them where the server cannot tell which did."""
        async for row in self.client.fetch("1:*", ["UID", "FLAGS"], changed_since=since):
            if row.uid is None or row.flags is None or self._key(row.uid) not in self.maildir:
                continue
            if self.maildir.set_flags(self._key(row.uid), letters(row.flags)):
                self.summary.changed += 1

    async def _bodies(self, missing: list[int], progress: Progress) -> None:
        """Messages that are not here."""
        done = 0
        for batch in _batches(missing):
            large = {
                row.uid
                async for row in self.client.fetch(SequenceSet(batch), ["UID", "RFC822.SIZE"])
                if (row.size or 0) > LARGE and row.uid in batch
            }
            async for uid in self._small([uid for uid in batch if uid not in large]):
                done += 1
                self.summary.new += 1
                progress(self.mailbox, done, len(missing))
                large.discard(uid)
            for uid in sorted(large):
                if await self._large(uid):
                    done += 1
                    self.summary.new += 1
                    progress(self.mailbox, done, len(missing))

    async def _small(self, uids: list[int]) -> AsyncIterator[int]:
        """Bring messages, as many in one answer as are asked for: the UIDs of those that came."""
        if not uids:
            return
        wanted = ["UID", "FLAGS", "INTERNALDATE", Section(peek=True)]
        async for row in self.client.fetch(SequenceSet(uids), wanted):
            body = row.sections.get("BODY[]") if row.sections else None
            if row.uid is None or body is None or self._key(row.uid) in self.maildir:
                continue  # news about another message
            await asyncio.to_thread(self.maildir.add, self._key(row.uid), body, *_marks(row))
            yield row.uid

    async def _large(self, uid: int) -> bool:
        """Bring one message to its file as it comes; false where it is gone meanwhile."""
        rows = await self.client.fetch(uid, ["UID", "FLAGS", "INTERNALDATE"])
        about = next((row for row in rows if row.uid == uid), None)
        if about is None:
            return False
        with await asyncio.to_thread(self.maildir.begin, self._key(uid)) as file:
            try:
                await self.client.fetch_to(uid, file)
            except CommandFailed as failure:
                if failure.status == "OK":  # and nothing came
                    return False
                raise
            await asyncio.to_thread(self.maildir.keep, file, self._key(uid), *_marks(about))
        return True


def _marks(row: Fetch) -> tuple[str, float | None]:
    """The letters of a message's flags, and when the server got it."""
    return letters(row.flags or ()), row.internal_date.timestamp() if row.internal_date else None


def _batches(uids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(uids), BATCH):
        yield uids[start : start + BATCH]

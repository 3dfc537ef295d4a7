"""The offline copy of a POP3 maildrop: each message once, by its unique-id."""

from __future__ import annotations

import asyncio
import hashlib
import os

from mailproto.aio.pop3 import Pop3Client
from mailproto.errors import CommandFailed
from mailproto.sync.maildir import Maildir
from mailproto.sync.mirror import Folder, MirrorError, Progress, Summary, silent


async def mirror_pop3(
    client: Pop3Client,
    path: str | os.PathLike[str],
    account: str,
    *,
    delete: bool,
    progress: Progress | None = None,
) -> Summary:
    """Bring in what is new in a maildrop, and with ``delete`` mark on the server what is safely here.

    The caller ends the session by ``quit()``, which makes the deletions happen. Without ``delete`` what
    was transferred once is remembered by its unique-id, also when its file here is removed.
    """
    report = progress or silent
    summary = Summary()
    start = client.bytes_received
    with Folder(path, account) as folder:
        maildir = Maildir(folder.path)
        maildir.create()
        try:
            unique_ids = await client.uidl()
        except CommandFailed:
            if not delete:
                raise MirrorError(
                    "the server has no UIDL, so messages left there would come again each time: use --delete"
                ) from None
            unique_ids = dict.fromkeys(await client.list(), "")
        remembered = set(folder.state.get("unique_ids", ()))
        keys = {number: _pop3_key(uid.encode()) for number, uid in unique_ids.items() if uid}
        missing = [
            number
            for number, uid in unique_ids.items()
            if not uid or (uid not in remembered and keys[number] not in maildir)
        ]
        done = 0
        async for number, message in client.retrieve(missing):
            # Without an unique-id the octets themselves say which message it is.
            key = keys.get(number) or _pop3_key(message)
            if key not in maildir:
                await asyncio.to_thread(maildir.add, key, message, "", None)
                summary.new += 1
            done += 1
            report("INBOX", done, len(missing))
        await asyncio.to_thread(maildir.sync)
        present = {uid for uid in unique_ids.values() if uid}
        if folder.state.get("unique_ids") != sorted(present):
            folder.state["unique_ids"] = sorted(present)
            folder.save()
        if delete:
            for number in unique_ids:
                await client.dele(number)
                summary.removed += 1
    summary.octets = client.bytes_received - start
    return summary


def _pop3_key(data: bytes) -> str:
    return "pop3." + hashlib.sha256(data).hexdigest()[:40]

"""An acknowledged append survives kill -9 at any moment: it is there, once, and whole."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mailproto.store.checks import new_mail
from mailproto.store.sqlite import SqliteStore

ROUNDS = 6

# Appends from several tasks; prints each UID and the message's digest only after it was acknowledged.
APPEND = """
import asyncio, hashlib, os, random, sys
from mailproto.store.api import NewMessage
from mailproto.store.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(sys.argv[1])
    mail = store.mail(await store.account("ann"))
    print("ready", flush=True)
    async def run():
        while True:
            size = random.choice((10, 2_000, 70_000, 700_000))
            data = b"Subject: x\\r\\n\\r\\n" + os.urandom(size)
            result = await mail.append("INBOX", [NewMessage(data)])
            digest = hashlib.sha256(data).hexdigest()
            sys.stdout.write(f"{result.uids[0]} {digest}\\n")
            sys.stdout.flush()
            if random.random() < 0.3:
                await mail.set_flags(result.mailbox, result.uids, "+FLAGS", ["\\\\Seen"])
                sys.stdout.write(f"{result.uids[0]} seen\\n")
                sys.stdout.flush()
    await asyncio.gather(*(run() for _ in range(5)))

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
async def test_acknowledged_appends_survive_kill(tmp_path: Path) -> None:
    chosen = random.Random(7)
    async with await SqliteStore.open(tmp_path) as store:
        await new_mail(store)
    digests: dict[int, str] = {}
    seen: set[int] = set()
    for _ in range(ROUNDS):
        process = subprocess.Popen(
            [sys.executable, "-c", APPEND, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chosen.uniform(0.05, 0.5))
        process.kill()
        lines, complaints = process.communicate()
        assert complaints == ""
        for line in lines.splitlines(keepends=True):
            if line.endswith("\n"):  # the last one may be cut
                uid, what = line.split()
                if what == "seen":
                    seen.add(int(uid))
                else:
                    assert int(uid) not in digests, "one UID for two messages"
                    digests[int(uid)] = what
        async with await SqliteStore.open(tmp_path) as store:
            mail = store.mail(await store.account("ann"))
            selected = await mail.select("INBOX")
            infos = {info.uid: info for info in await mail.messages(selected.info.id)}
            found = {
                uid: hashlib.sha256(await mail.read(info.content)).hexdigest() for uid, info in infos.items()
            }
            assert {uid: found.get(uid) for uid in digests} == digests
            assert len(set(found.values())) == len(found), "a message is there twice"
            assert all("\\Seen" in infos[uid].flags for uid in seen)
            # Also what was never acknowledged is whole, or not there.
            assert selected.info.messages == len(found)
            assert selected.info.octets == sum(info.size for info in infos.values())
            with store.reading() as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(digests) > ROUNDS * 3

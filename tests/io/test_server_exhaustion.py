"""What runs out: file descriptors and the disk. The server says so, loses nothing, and goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.io.running import TIMEOUT, Imap, Raw, eventually, message
from tests.io.test_server_program import run, served

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prlimit and tmpfs are Linux's")

IMAP = ("--imap", "127.0.0.1:0", "--allow-cleartext-login")


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def greeted(port: int) -> bool:
    with Raw(port) as client, contextlib.suppress(ConnectionError):
        return client.line().startswith(b"* OK")
    return False


def test_descriptors_run_out_at_accept(tmp_path: Path) -> None:
    """Who is in goes on being served; who comes waits, and is let in when somebody leaves."""
    resource = pytest.importorskip("resource")
    with served(tmp_path, *IMAP) as server, Imap(server.ports["imap"]) as inside:
        inside.append("INBOX", message("one"))
        inside.ok("SELECT INBOX")
        room = 3
        limit = open_files(server.process.pid) + room
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        others = [
            socket.create_connection(("127.0.0.1", server.ports["imap"]), TIMEOUT) for _ in range(room + 5)
        ]
        try:
            for other in others[:room]:
                assert other.recv(100).startswith(b"* OK")
            assert b"Subject: one" in inside.ok("FETCH 1 BODY[]")[0]
            inside.append("INBOX", message("two"))
            # asyncio stops listening for a second when accept fails: that much it may take.
            for other in others[:room]:
                other.close()
            # Those that waited were let in now, or (uvloop) turned away before.
            for other in others[room:]:
                assert other.recv(100)[:4] in (b"* OK", b"")
                other.close()
            eventually(lambda: greeted(server.ports["imap"]))
            with Imap(server.ports["imap"]) as after:
                assert b"MESSAGES 2" in after.ok("STATUS INBOX (MESSAGES)")[0]
            inside.ok("NOOP")
        finally:
            for other in others:
                other.close()
        assert server.stop() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 24 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = None
    if os.geteuid() == 0 and shutil.which("mount"):
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
        )
    if made is None or made.returncode:
        pytest.skip("only root may mount a small disk, and not everywhere")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Take all but ``leave`` octets of the disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while (free := shutil.disk_usage(disk).free) > leave:
            file.write(b"\0" * min(free - leave, 1 << 20))
    return ballast


def test_a_disk_that_is_full_for_real(small_disk: Path) -> None:
    data = small_disk / "data"
    with served(data, *IMAP) as server, Imap(server.ports["imap"]) as client:
        # Below the reserve that the store keeps free nothing is taken in, however small.
        client.ok("CREATE Kept")
        client.send(b"a APPEND INBOX {5+}\r\nhello\r\n")
        (refused,) = client.until(b"a ")
        assert refused.startswith(b"a NO [UNAVAILABLE] the disk is full")
        delivered = run("deliver", "bob", "--data", str(data), stdin=message("x"))
        assert delivered.returncode == 75 and b"disk is full" in delivered.stderr
        assert b"MESSAGES 0" in client.ok("STATUS INBOX (MESSAGES)")[0]
        # Nothing at all is left: what writes is done or refused in one line, what reads is answered.
        ballast = fill(small_disk, 0)
        client.ok("SELECT INBOX")
        answers = [client.command(f"CREATE m{number}")[-1] for number in range(200)]
        assert all(answer.startswith((b"OK", b"NO [UNAVAILABLE] the disk is full")) for answer in answers)
        made = [number for number, answer in enumerate(answers) if answer.startswith(b"OK")]
        ballast.unlink()
        client.ok("CREATE after")
        listed = b"".join(client.ok('LIST "" *'))
        assert all(b'"/" m%d\r\n' % number in listed for number in made)
        assert listed.count(b'"/" m') == len(made) and b'"/" after\r\n' in listed
        assert server.stop() == 0
    with served(data, *IMAP) as server, Imap(server.ports["imap"]) as client:
        assert b'"/" after\r\n' in b"".join(client.ok('LIST "" *'))


def test_a_disk_that_fills_while_messages_come(small_disk: Path) -> None:
    """Every acknowledged message is there whole, the others not at all, and deleting makes room."""
    data = small_disk / "data"
    with served(data, *IMAP) as server, Imap(server.ports["imap"]) as client:
        subprocess.run(["mount", "-o", "remount,size=80m", str(small_disk)], check=True)
        body = message("big", 1_000_000)
        taken = 0
        for _ in range(100):
            client.send(b"a APPEND INBOX {%d+}\r\n%b\r\n" % (len(body), body))
            answer = client.until(b"a ")[-1]
            if not answer.startswith(b"a OK"):
                break
            taken += 1
        assert answer.startswith(b"a NO [UNAVAILABLE] the disk is full") and 3 < taken < 60
        client.ok("SELECT INBOX")
        sizes = client.ok("FETCH 1:* RFC822.SIZE")[:-1]
        assert len(sizes) == taken and all(b"RFC822.SIZE %d)" % len(body) in size for size in sizes)
        ballast = fill(small_disk, 300_000)
        client.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        client.ok("EXPUNGE")
        ballast.unlink()
        # Content is collected after the answer to EXPUNGE.
        append = b"APPEND INBOX {%d+}\r\n%b" % (len(body), body)
        eventually(lambda: client.command(append)[-1].startswith(b"OK"))
        assert server.stop() == 0
    with served(data, *IMAP) as server, Imap(server.ports["imap"]) as client:
        client.ok("SELECT INBOX")
        assert body in client.ok("FETCH 1 BODY[]")[0]


def test_a_peer_that_vanishes_in_the_middle_of_a_literal_leaves_nothing(tmp_path: Path) -> None:
    with served(tmp_path, *IMAP) as server, Imap(server.ports["imap"]) as watching:
        before = open_files(server.process.pid)
        for abort in (False, True):
            with Imap(server.ports["imap"]) as client:
                client.send(b"a APPEND INBOX {5000000+}\r\nSubject: half\r\n\r\n" + b"x" * 1_000_000)
                if abort:
                    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        with Raw(server.ports["imap"]) as half:
            half.line()
            half.send(b"a LOGIN {3}\r\n")
            half.until(b"+ ")
        assert b"MESSAGES 0" in watching.ok("STATUS INBOX (MESSAGES)")[0]
        # They were all accepted before the next one, so they are gone when it is answered.
        while open_files(server.process.pid) > before:
            watching.ok("NOOP")
        assert server.stop() == 0
        assert b"Traceback" not in server.process.stderr.read()

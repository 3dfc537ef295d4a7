"""``mailproto serve --workers``: several processes, one set of ports, one store."""

from __future__ import annotations

import os
import re
import signal
import subprocess

import pytest

from tests.io.running import Imap, eventually
from tests.io.test_server_program import one_line, run, served

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
LISTEN = ("--imap", "127.0.0.1:0", "--allow-cleartext-login", "--workers", "3")


def children(pid: int) -> set[int]:
    """The processes that *pid* has started."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return {int(number) for number in found.stdout.split()}


def test_sessions_of_any_worker_see_one_mailbox(tmp_path):
    with served(tmp_path / "data", *LISTEN) as server:
        writer = Imap(server.ports["imap"])
        writer.append("INBOX", b"Subject: one\r\n\r\nbody\r\n")
        for _ in range(6):  # whichever worker takes the connection
            reader = Imap(server.ports["imap"])
            assert b"* 1 EXISTS\r\n" in reader.ok("SELECT INBOX")
            reader.close()
        writer.close()
        assert server.stop(signal.SIGTERM) == 0


def test_a_worker_that_dies_is_started_again(tmp_path):
    with served(tmp_path / "data", *LISTEN) as server:
        eventually(lambda: len(children(server.process.pid)) == 3)  # they start after the addresses are told
        before = children(server.process.pid)
        os.kill(victim := min(before), signal.SIGKILL)
        line = server.process.stderr.readline()
        while b"mailproto.workers" not in line:
            line = server.process.stderr.readline()
        assert re.search(rb"worker %d ended with status -9" % victim, line)
        client = Imap(server.ports["imap"])
        client.ok("NOOP")
        client.close()
        assert server.stop(signal.SIGTERM) == 0
        assert children(server.process.pid) == set()


@pytest.mark.parametrize("count", ["0", "-1", "257"])
def test_a_wrong_number_is_one_line(tmp_path, count):
    one_line(run("serve", "--data", str(tmp_path / "d"), "--workers", count), "workers", "1 to 256")


def test_a_port_in_use_is_found_before_any_worker_starts(tmp_path):
    with served(tmp_path / "data", *LISTEN) as server:
        taken = f"127.0.0.1:{server.ports['imap']}"
        result = run("serve", "--data", str(tmp_path / "other"), "--imap", taken, "--workers", "2")
        one_line(result, taken, "in use")
        assert server.stop(signal.SIGINT) == 0
    assert result.returncode == 1

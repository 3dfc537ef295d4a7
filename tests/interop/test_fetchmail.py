"""fetchmail: POP3 and IMAP, keeping and deleting."""

from __future__ import annotations

import pytest

from tests.interop.peers import certificate, program, run, server
from tests.io.running import MESSAGE, Imap, message

__all__ = ["server"]
pytestmark = pytest.mark.interop


@pytest.mark.parametrize("tls", ["ssl", "sslproto TLS1.2+"])
@pytest.mark.parametrize("protocol", ["POP3", "IMAP"])
def test_keep_then_delete(server, tmp_path, protocol, tls):
    fetchmail = program("fetchmail")
    kind = protocol.lower() + ("s" if tls == "ssl" else "")
    received = tmp_path / "received"
    script = tmp_path / "mda"
    script.write_text(f"#!/bin/sh\ncat >> {received}\nprintf 'END\\n' >> {received}\n")
    script.chmod(0o755)

    def fetch(*options: str, ok: tuple[int, ...] = (0,)) -> int:
        """How many messages arrived."""
        received.write_bytes(b"")
        config = tmp_path / "fetchmailrc"
        config.write_text(
            f"poll localhost protocol {protocol} port {server.ports[kind]} uidl\n"
            f"  user bob password secret {tls} sslcertck sslcertfile {certificate(server)}\n"
            f"  mda {script} {' '.join(options)}\n"
            if protocol == "POP3"
            else f"poll localhost protocol {protocol} port {server.ports[kind]}\n"
            f"  user bob password secret {tls} sslcertck sslcertfile {certificate(server)}\n"
            f"  mda {script} {' '.join(options)}\n"
        )
        config.chmod(0o600)
        run(
            fetchmail,
            "-f",
            config,
            "-i",
            tmp_path / "ids",
            "--pidfile",
            tmp_path / "pid",
            home=tmp_path,
            ok=ok,
        )
        return received.read_bytes().count(b"END\n")

    server.deliver("bob", MESSAGE)
    server.deliver("bob", message("two", 100_000))
    assert fetch("keep") == 2
    assert b"a needle in a haystack" in received.read_bytes()
    assert fetch("keep", ok=(1,)) == 0  # nothing new
    server.deliver("bob", message("three"))
    assert fetch("fetchall", "nokeep") == 3
    with Imap(server.ports["imaps"], tls=True) as client:
        assert b"MESSAGES 0" in client.ok("STATUS INBOX (MESSAGES)")[0]

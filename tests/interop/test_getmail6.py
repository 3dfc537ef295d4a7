"""getmail6: POP3 and IMAP, keeping and deleting."""

from __future__ import annotations

import pytest

from tests.interop.peers import certificate, program, run, server
from tests.io.running import MESSAGE, Imap, message

__all__ = ["server"]
pytestmark = pytest.mark.interop


@pytest.mark.parametrize("retriever", ["SimplePOP3SSLRetriever", "SimpleIMAPSSLRetriever"])
def test_keep_then_delete(server, tmp_path, retriever):
    getmail = program("getmail")
    received = tmp_path / "received"
    # Not into a Maildir: getmail refuses that to root, who runs these tests in a container.
    script = tmp_path / "mda"
    script.write_text(f"#!/bin/sh\ncat >> {received}\nprintf 'END\\n' >> {received}\n")
    script.chmod(0o755)
    port = server.ports["pop3s" if "POP3" in retriever else "imaps"]
    config = tmp_path / "getmailrc"

    def fetch(delete: bool) -> int:
        """How many messages arrived."""
        received.write_bytes(b"")
        config.write_text(
            f"[retriever]\ntype = {retriever}\nserver = localhost\nport = {port}\nusername = bob\n"
            f"password = secret\nca_certs = {certificate(server)}\n"
            f"[destination]\ntype = MDA_external\npath = {script}\nallow_root_commands = true\n"
            f"[options]\nread_all = false\ndelete = {str(delete).lower()}\nverbose = 2\n"
        )
        run(getmail, "--getmaildir", tmp_path, "--rcfile", config, home=tmp_path)
        return received.read_bytes().count(b"END\n")

    server.deliver("bob", MESSAGE)
    server.deliver("bob", message("two", 100_000))
    assert fetch(delete=False) == 2
    assert b"a needle in a haystack" in received.read_bytes()
    assert fetch(delete=False) == 0
    server.deliver("bob", message("three"))
    assert fetch(delete=True) == 1
    with Imap(server.ports["imaps"], tls=True) as client:
        assert b"MESSAGES 0" in client.ok("STATUS INBOX (MESSAGES)")[0]

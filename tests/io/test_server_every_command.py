"""Every command against the running server: each is answered, and none ends the connection."""

from __future__ import annotations

import pytest

from tests.command_examples import EXAMPLES
from tests.io.running import MESSAGE
from tests.io.servers import imap, server, user

__all__ = ["imap", "server", "user"]

#: Those that change what the connection is; they have tests of their own.
OTHERWISE = {"AUTHENTICATE", "IDLE", "STARTTLS", "LOGOUT", "LOGIN"}
#: What this server carries out, whatever the arguments.
DONE = {
    *("CAPABILITY", "NOOP", "ID", "ENABLE", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE"),
    *("UNSUBSCRIBE", "LIST", "LSUB", "NAMESPACE", "STATUS", "APPEND", "CHECK", "CLOSE", "UNSELECT"),
    *("EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "MOVE"),
}


@pytest.mark.parametrize("selected", [False, True])
def test_every_command_is_answered(imap, server, user, selected):
    server.deliver(user, MESSAGE)
    client = imap()
    for example in EXAMPLES:
        if example.name in OTHERWISE:
            continue
        if selected:
            client.ok("SELECT INBOX")
        else:
            client.command("UNSELECT")
        fragments = example.encode(literals="plus")
        client.send(b"".join(f for f in fragments if isinstance(f, bytes)))
        line = client.until(b"a ")[-1]
        assert line.startswith((b"a OK ", b"a NO ", b"a BAD ")), (example, line)
        if example.name not in DONE:
            assert line.startswith(b"a BAD "), (example, line)
        client.ok("NOOP")


@pytest.mark.parametrize(
    "command",
    [
        "SELECT INBOX (QRESYNC (1 1))",
        "SELECT INBOX (X)",
        "EXAMINE INBOX (X 1:*)",
        "CREATE a (PARTITION (x))",
        "RENAME a b (X)",
        'LIST (X) "" *',
        'LIST "" * RETURN (X (Y))',
        'LIST "" * RETURN (METADATA (/shared/comment))',
        "SEARCH FUZZY ALL",
        "SEARCH FILTER x",
        "SEARCH EMAILID x",
        "SEARCH THREADID x",
        "SEARCH NOT (X-GM-MSGID 1)",
        "SEARCH X-GM-RAW x",
        "SEARCH SAVEDATESUPPORTED",
        "SEARCH SAVEDON 1-Jan-2024",
        "SEARCH KEYWORD \\Seen",
        "FETCH 1 ()",
        "FETCH 1 PREVIEW",
        "FETCH 1 BINARY[]",
        "FETCH 1 BINARY.SIZE[1]",
        "UID FETCH 1 UID (PARTIAL 1:2)",
        "STORE 1 +X-GM-LABELS (a)",
        "APPEND INBOX ~{1+}\r\na",
        "APPEND INBOX UTF8 (~{1+}\r\na)",
        "APPEND INBOX CATENATE (URL /x)",
        "GETACL INBOX",
        "SORT (DATE) UTF-8 ALL",
        "NOTIFY NONE",
        "COMPRESS DEFLATE",
    ],
)
def test_what_is_not_supported_is_said(imap, server, user, command):
    server.deliver(user, MESSAGE)
    client = imap()
    client.ok("SELECT INBOX")
    client.bad(command)
    client.ok("NOOP")

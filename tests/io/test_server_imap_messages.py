"""FETCH, STORE, SEARCH, COPY, MOVE and EXPUNGE, over a real connection."""

from __future__ import annotations

import re

import pytest

from tests.io.running import MESSAGE, message
from tests.io.servers import imap, server, user

__all__ = ["imap", "server", "user"]

TEXT = MESSAGE.partition(b"\r\n\r\n")[2]
HEADER = MESSAGE[: -len(TEXT)]


@pytest.fixture
def client(imap, server, user):
    """A session with INBOX selected, which holds MESSAGE."""
    server.deliver(user, MESSAGE)
    client = imap()
    client.ok("SELECT INBOX")
    return client


def section(client, what: str) -> bytes:
    """The octets of one section of message 1."""
    line = client.ok(f"FETCH 1 BODY.PEEK{what}")[0]
    found = re.search(rb"BODY\[[^]]*\](?:<\d+>)? (?:\{(\d+)\}\r\n|\"([^\"]*)\"|(NIL))", line)
    assert found, line
    if found[1]:
        return line[found.end() : found.end() + int(found[1])]
    return found[2] if found[2] is not None else b"NIL"


def test_small_items(client):
    line = client.ok("FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE)")[0]
    assert line.startswith(b"* 1 FETCH (")
    assert b"UID 1" in line and b"FLAGS (\\Recent)" in line and b"RFC822.SIZE %d" % len(MESSAGE) in line
    assert re.search(rb'INTERNALDATE "[ \d]\d-\w{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}"', line)


def test_macros(client):
    fast = client.ok("FETCH 1 FAST")[0]
    assert (
        all(item in fast for item in (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE")) and b"ENVELOPE" not in fast
    )
    assert b"ENVELOPE" in client.ok("FETCH 1 ALL")[0]
    full = client.ok("FETCH 1 FULL")[0]
    assert b"ENVELOPE" in full and b"BODY (" in full and b"BODYSTRUCTURE" not in full


def test_envelope_and_structures(client):
    line = client.ok("FETCH 1 (ENVELOPE)")[0]
    assert b'ENVELOPE ("Mon, 2 Nov 2026 10:00:00 +0100" "=?utf-8?q?caf=C3=A9?= time"' in line
    assert b'(("Alice Example" NIL "alice" "example.org"))' in line and b'"<1@example.org>")' in line
    line = client.ok("FETCH 1 BODYSTRUCTURE")[0]
    assert (
        b'"mixed"' in line.lower()
        and b'("boundary" "sep")' in line.lower()
        and b'"attachment"' in line.lower()
    )
    line = client.ok("FETCH 1 BODY")[0]
    assert b"attachment" not in line and b"BODY (" in line


def test_sections_are_exact(client):
    assert section(client, "[]") == MESSAGE
    assert section(client, "[HEADER]") == HEADER
    assert section(client, "[TEXT]") == TEXT
    assert section(client, "[1]") == b"a needle in a haystack"
    assert section(client, "[1.MIME]") == b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    assert section(client, "[2]") == b"AAECAwQ="
    assert b"attachment" in section(client, "[2.MIME]")
    assert section(client, "[3]") == b"NIL" or section(client, "[3]") == b""
    assert section(client, "[HEADER.FIELDS (SUBJECT to)]") == (
        b"To: bob@example.org\r\nSubject: =?utf-8?q?caf=C3=A9?= time\r\n\r\n"
    )
    without = section(client, "[HEADER.FIELDS.NOT (FROM DATE MIME-Version Content-Type To Subject)]")
    assert without == b"Message-ID: <1@example.org>\r\n\r\n"


def test_the_answer_names_the_section_as_asked(client):
    assert (
        b"BODY[HEADER.FIELDS (SUBJECT)]<2> "
        in client.ok("FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]<2.3>")[0]
    )


def test_partials(client):
    assert section(client, "[]<0.10>") == MESSAGE[:10]
    assert section(client, "[]<10.20>") == MESSAGE[10:30]
    assert section(client, "[TEXT]<2.5>") == TEXT[2:7]
    assert section(client, "[1]<2.6>") == b"needle"
    assert section(client, "[HEADER]<5.7>") == HEADER[5:12]
    assert section(client, f"[]<{len(MESSAGE) - 3}.1000>") == MESSAGE[-3:]
    assert section(client, "[]<100000.5>") == b""


def test_rfc822_items(client):
    line = client.ok("FETCH 1 RFC822.HEADER")[0]
    assert b"RFC822.HEADER {%d}\r\n" % len(HEADER) + HEADER in line and b"\\Seen" not in line
    line = client.ok("FETCH 1 RFC822.TEXT")[0]
    assert b"RFC822.TEXT {%d}\r\n" % len(TEXT) + TEXT in line and b"\\Seen" in line
    assert b"RFC822 {%d}\r\n" % len(MESSAGE) + MESSAGE in client.ok("FETCH 1 RFC822")[0]


def test_body_sets_seen_and_peek_does_not(client):
    assert b"\\Seen" not in client.ok("FETCH 1 BODY.PEEK[1]")[0]
    assert b"\\Seen" not in client.ok("FETCH 1 FLAGS")[0]
    line = client.ok("FETCH 1 BODY[1]")[0]
    assert b"FLAGS (\\Seen \\Recent)" in line
    assert b"FLAGS" not in client.ok("FETCH 1 BODY[1]")[0]  # it has it already
    assert b"\\Seen" in client.ok("FETCH 1 FLAGS")[0]


def test_a_part_inside_a_message(imap, server, user):
    inner = message("inner")
    outer = (
        b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--x--\r\n"
    )
    server.deliver(user, outer)
    client = imap()
    client.ok("SELECT INBOX")
    assert section(client, "[1]") == inner
    assert section(client, "[1.HEADER]") == inner.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert section(client, "[1.TEXT]") == inner.partition(b"\r\n\r\n")[2]
    assert section(client, "[1.1]") == inner.partition(b"\r\n\r\n")[2]
    assert section(client, "[1.HEADER.FIELDS (SUBJECT)]") == b"Subject: inner\r\n\r\n"


def test_sets(imap, server, user):
    for n in range(5):
        server.deliver(user, message(f"m{n}"))
    client = imap()
    client.ok("SELECT INBOX")

    def numbers(command: str) -> list[int]:
        return [int(line.split()[1]) for line in client.ok(command)[:-1]]

    assert numbers("FETCH 1:* FLAGS") == [1, 2, 3, 4, 5]
    assert numbers("FETCH 2,4 FLAGS") == [2, 4]
    assert numbers("FETCH 4:2 FLAGS") == [2, 3, 4]
    assert numbers("FETCH * FLAGS") == [5]
    assert numbers("UID FETCH 4:100 FLAGS") == [4, 5]
    assert numbers("UID FETCH 100:* FLAGS") == [5]
    assert numbers("UID FETCH 1:4294967295 FLAGS") == [1, 2, 3, 4, 5]
    assert numbers("UID FETCH 100:200 FLAGS") == []
    client.bad("FETCH 6 FLAGS")
    client.bad("FETCH 1:6 FLAGS")
    client.bad("FETCH 0 FLAGS")
    assert all(b"UID" in line for line in client.ok("UID FETCH 1:* FLAGS")[:-1])


def test_wrong_fetches(client):
    client.bad("UID FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)")
    client.bad('FETCH 1 BODY[HEADER.FIELDS ("x y")]')
    client.bad("FETCH 1 BODY[0]")
    client.bad("FETCH 1 NONSENSE")
    client.bad("FETCH 1 (ALL FLAGS)")
    assert b"BODY[9.9.9] " in client.ok("FETCH 1 BODY.PEEK[9.9.9]")[0]


def test_store(client):
    assert client.ok("STORE 1 FLAGS (\\Seen $Work)")[0] != b""
    line = client.ok("STORE 1 +FLAGS (\\Flagged)")[0]
    assert (
        line.startswith(b"* 1 FETCH (")
        and b"\\Flagged \\Seen" in line
        and b"$Work" in line
        and b"\\Recent" in line
    )
    line = client.ok("STORE 1 -FLAGS (\\Seen)")[0]
    assert b"\\Seen" not in line
    assert len(client.ok("STORE 1 +FLAGS.SILENT (\\Answered)")) == 1
    line = client.ok("FETCH 1 FLAGS")[0]
    assert b"\\Answered" in line and b"\\Flagged" in line
    line = client.ok("UID STORE 1 FLAGS ()")[0]
    assert b"FLAGS (\\Recent)" in line and b"UID 1" in line
    assert len(client.ok("UID STORE 999 +FLAGS (\\Seen)")) == 1
    client.bad("STORE 2 +FLAGS (\\Seen)")


def test_a_new_keyword_is_announced(client):
    lines = client.ok("STORE 1 +FLAGS (Brandnew)")
    assert any(line.startswith(b"* FLAGS (") and b"randnew" in line for line in lines)


def test_expunge_and_uid_expunge(imap, server, user):
    for n in range(5):
        server.deliver(user, message(f"m{n}"))
    client = imap()
    client.ok("SELECT INBOX")
    client.ok("STORE 1,3,5 +FLAGS.SILENT (\\Deleted)")
    lines = client.ok("UID EXPUNGE 1:3")
    assert sorted(lines[:-1]) == [b"* 1 EXPUNGE\r\n", b"* 3 EXPUNGE\r\n"] or lines[:-1] == [
        b"* 3 EXPUNGE\r\n", b"* 1 EXPUNGE\r\n",
    ]  # fmt: skip
    assert client.ok("EXPUNGE")[:-1] == [b"* 3 EXPUNGE\r\n"]
    assert client.ok("UID SEARCH ALL")[0] == b"* SEARCH 2 4\r\n"
    assert len(client.ok("EXPUNGE")) == 1


def test_close_expunges_silently_and_unselect_does_not(client, imap):
    client.ok("STORE 1 +FLAGS (\\Deleted)")
    assert len(client.ok("UNSELECT")) == 1
    client.ok("SELECT INBOX")
    assert client.ok("SEARCH DELETED")[0] == b"* SEARCH 1\r\n"
    assert len(client.ok("CLOSE")) == 1
    assert b"* 0 EXISTS\r\n" in client.ok("SELECT INBOX")


def test_copy_and_move(imap, server, user):
    for n in range(4):
        server.deliver(user, message(f"m{n}"), flags=("\\Flagged",))
    client = imap()
    client.ok("CREATE there")
    client.ok("SELECT INBOX")
    assert re.match(rb"OK \[COPYUID \d+ 1:2 1:2\]", client.ok("COPY 1:2 there")[-1])
    lines = client.ok("UID MOVE 2,4 there")
    assert re.match(rb"\* OK \[COPYUID \d+ 2,4 3:4\]", lines[0])
    assert lines[1:-1] == [b"* 4 EXPUNGE\r\n", b"* 2 EXPUNGE\r\n"]
    assert client.ok("UID SEARCH ALL")[0] == b"* SEARCH 1 3\r\n"
    client.no("COPY 1 nowhere", b"TRYCREATE")
    client.no("MOVE 1 nowhere", b"TRYCREATE")
    client.bad("COPY 9 there")
    client.ok("UID COPY 999 there")
    client.ok("UID MOVE 999 there")
    lines = client.ok("SELECT there")
    assert b"* 4 EXISTS\r\n" in lines
    assert all(b"\\Flagged" in line for line in client.ok("FETCH 1:* FLAGS")[:-1])


def test_search(imap, server, user):
    server.deliver(user, MESSAGE, flags=("\\Seen",))
    server.deliver(user, message("zebra"), flags=("\\Flagged", "Key"))
    server.deliver(user, message("big", 5000), flags=("\\Deleted",))
    client = imap()
    client.ok("SELECT INBOX")

    def found(criteria: str | bytes) -> list[int]:
        line = client.ok(b"SEARCH " + (criteria.encode() if isinstance(criteria, str) else criteria))[0]
        return [int(n) for n in line.split()[2:]]

    assert found("ALL") == [1, 2, 3]
    assert found("SEEN") == [1] and found("UNSEEN") == [2, 3]
    assert found("FLAGGED") == [2] and found("DELETED") == [3] and found("KEYWORD key") == [2]
    assert found("UNKEYWORD Key") == [1, 3]
    assert found("SUBJECT zebra") == [2] and found("BODY needle") == [1] and found("TEXT ZEBRA") == [2]
    assert found("FROM alice") == [1] and found('HEADER Message-ID "<zebra@x>"') == [2]
    assert found("LARGER 4000") == [3] and found("SMALLER 4000") == [1, 2]
    assert found("NOT SEEN UNDELETED") == [2] and found("OR SEEN DELETED") == [1, 3]
    assert found("2:*") == [2, 3] and found("UID 1,3") == [1, 3] and found("(SEEN) 1") == [1]
    assert found("SENTON 2-Nov-2026") == [1] and found("SINCE 1-Jan-2020") == [1, 2, 3]
    assert found("BEFORE 1-Jan-2020") == []
    assert found(b"CHARSET UTF-8 SUBJECT {5+}\r\ncaf\xc3\xa9") == [1]
    assert found(b"SUBJECT {5+}\r\ncaf\xc3\xa9") == [1]  # as clients do that forget the CHARSET
    client.bad(b"SEARCH CHARSET UTF-8 SUBJECT {2+}\r\n\xff\xfe")
    assert client.ok("UID SEARCH 1:2")[0] == b"* SEARCH 1 2\r\n"
    assert b"BADCHARSET (US-ASCII UTF-8)" in client.no("SEARCH CHARSET KLINGON ALL", b"BADCHARSET")
    client.bad("SEARCH 9")
    client.bad("SEARCH NONSENSE")


def test_condstore(imap, server, user):
    for n in range(3):
        server.deliver(user, message(f"m{n}"))
    client, other = imap(), imap()
    lines = client.ok("SELECT INBOX (CONDSTORE)")
    start = int(re.search(rb"HIGHESTMODSEQ (\d+)", b"".join(lines))[1])
    other.ok("SELECT INBOX")
    other.ok("STORE 2 +FLAGS (\\Flagged)")
    lines = client.ok("NOOP")
    assert re.search(rb"\* 2 FETCH \(.*MODSEQ \(\d+\)", lines[0]) and b"UID 2" in lines[0]
    lines = client.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {start})")
    assert len(lines) == 2 and b"* 2 FETCH" in lines[0] and b"MODSEQ" in lines[0]
    lines = client.ok(f"STORE 1:3 (UNCHANGEDSINCE {start}) +FLAGS (\\Seen)")
    assert lines[-1].startswith(b"OK [MODIFIED 2]")
    assert [line.split()[1] for line in lines[:-1]] == [b"1", b"3"]
    assert client.ok(f"UID STORE 2 (UNCHANGEDSINCE {start}) +FLAGS (\\Seen)")[-1].startswith(
        b"OK [MODIFIED 2]"
    )
    lines = client.ok("STORE 1 +FLAGS.SILENT (\\Draft)")
    assert re.search(rb"\* 1 FETCH \(.*MODSEQ \(\d+\)", lines[0]) and b"FLAGS" not in lines[0]
    modseq = int(re.search(rb"MODSEQ \((\d+)\)", client.ok("FETCH 1 MODSEQ")[0])[1])
    assert client.ok(f"SEARCH MODSEQ {modseq}")[0] == b"* SEARCH 1 (MODSEQ %d)\r\n" % modseq
    assert client.ok(f"SEARCH MODSEQ {modseq + 1}")[0].strip() == b"* SEARCH"


def test_without_condstore_nobody_is_told_of_modseq(imap, server, user):
    server.deliver(user, message("m"))
    client, other = imap(), imap()
    client.ok("SELECT INBOX")
    other.ok("SELECT INBOX")
    other.ok("STORE 1 +FLAGS (\\Flagged)")
    assert b"MODSEQ" not in b"".join(client.ok("NOOP"))


def test_many_bodies_are_streamed(imap, server, user):
    big = message("big", 3_000_000)
    uids = [server.deliver(user, big) for _ in range(10)]
    client = imap()
    client.ok("SELECT INBOX")
    client.send(b"x FETCH 1:* BODY.PEEK[]\r\n")
    # A peer that does not read: what waits for it is bounded, whatever it asked for.
    connection = next(
        c for listener in server.server._listeners for c in listener.connections
        if c.peer == client.socket.getsockname()
    )  # fmt: skip
    other = imap()
    other.ok("NOOP")
    assert connection.pending < 2 * len(big)
    lines = client.until(b"x ")
    assert len(lines) == len(uids) + 1 and all(big in line for line in lines[:-1])

"""Several sessions on one mailbox: what each is told, and when."""

from __future__ import annotations

import pytest

from tests.io.running import message
from tests.io.servers import imap, server, user

__all__ = ["imap", "server", "user"]


@pytest.fixture
def pair(imap, server, user):
    """Two sessions with INBOX selected, which holds three messages."""
    for n in range(3):
        server.deliver(user, message(f"m{n}"))
    first, second = imap(), imap()
    first.ok("SELECT INBOX")
    second.ok("SELECT INBOX")
    return first, second


def test_changes_are_told_at_the_next_command(pair):
    first, second = pair
    first.ok("STORE 1 +FLAGS (\\Flagged)")
    lines = second.ok("NOOP")
    assert lines[0].startswith(b"* 1 FETCH (") and b"\\Flagged" in lines[0]
    assert len(second.ok("NOOP")) == 1
    assert len(first.ok("NOOP")) == 1  # it did that itself, and was told then
    first.append("INBOX", message("new"))
    assert b"* 4 EXISTS\r\n" in second.ok("NOOP")
    first.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    first.ok("EXPUNGE")
    lines = second.ok("NOOP")
    assert b"* 2 EXPUNGE\r\n" in lines


@pytest.mark.parametrize("condstore", [False, True])
@pytest.mark.parametrize("seen", [False, True])
def test_a_silent_store_does_not_hide_what_another_session_did_before(pair, condstore, seen):
    first, second = pair
    if condstore:
        second.ok("ENABLE CONDSTORE")
    second.ok("STORE 1 +FLAGS.SILENT (\\Answered)")
    first.ok("STORE 1 +FLAGS (\\Flagged)")
    if seen:  # learnt from the store, and not told yet
        second.ok("SEARCH FLAGGED")
        first.ok("STORE 1 +FLAGS (\\Draft)")
    told = b"".join(second.ok("STORE 1 +FLAGS.SILENT (\\Seen)"))
    assert b"* 1 FETCH (" in told and b"\\Flagged" in told and b"\\Seen" in told
    assert (b"\\Draft" in told) == seen
    # Its own changes are no news to it, nor are those that it has been told.
    for command in ("STORE 1 -FLAGS.SILENT (\\Seen)", "STORE 1:3 +FLAGS.SILENT (\\Deleted)", "NOOP"):
        assert b"FLAGS" not in b"".join(second.ok(command))


def test_no_expunge_while_numbers_are_in_use(pair):
    first, second = pair
    first.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    first.ok("EXPUNGE")
    for command in ("FETCH 2:3 FLAGS", "STORE 3 +FLAGS (\\Seen)", "SEARCH ALL"):
        assert not any(b"EXPUNGE" in line for line in second.ok(command)), command
    assert any(line == b"* 1 EXPUNGE\r\n" for line in second.ok("UID FETCH 2 FLAGS"))
    assert second.ok("UID SEARCH ALL")[0] == b"* SEARCH 2 3\r\n"


MAY = ["UID STORE 2 +FLAGS (\\Seen)", "UID SEARCH ALL", "NOOP", "CHECK", "STATUS INBOX (MESSAGES)"]


@pytest.mark.parametrize("command", MAY)
def test_expunge_is_told_where_it_may(pair, command):
    first, second = pair
    first.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    first.ok("EXPUNGE")
    assert b"* 1 EXPUNGE\r\n" in second.ok(command)


def test_messages_that_others_expunged(pair):
    first, second = pair
    first.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    first.ok("EXPUNGE")
    lines = second.command("FETCH 1:3 BODY.PEEK[]")
    assert lines[-1].startswith(b"NO [EXPUNGEISSUED]")
    assert [line.split()[1] for line in lines[:-1] if b"BODY[]" in line] == [b"1", b"3"]
    second.no("STORE 2 +FLAGS (\\Seen)", b"EXPUNGEISSUED")
    second.no("COPY 2 INBOX", b"EXPUNGEISSUED")


def test_idle_tells_at_once(pair, server, user):
    first, second = pair
    second.send(b"i IDLE\r\n")
    assert second.line().startswith(b"+ ")
    first.ok("STORE 1 +FLAGS (\\Flagged)")
    assert b"\\Flagged" in second.line()
    server.deliver(user, message("new"))
    assert second.line() == b"* 4 EXISTS\r\n"
    first.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    first.ok("EXPUNGE")
    seen = second.until(b"* 2 EXPUNGE")
    assert all(line.startswith(b"*") for line in seen)
    second.send(b"DONE\r\n")
    assert second.until(b"i ")[-1].startswith(b"i OK")
    second.ok("FETCH 1:3 FLAGS")


def test_idle_tells_at_its_start_what_waited(pair):
    first, second = pair
    first.ok("STORE 1 +FLAGS (\\Flagged)")
    second.send(b"i IDLE\r\n")
    lines = [second.line(), second.line()]
    assert any(line.startswith(b"+ ") for line in lines) and any(b"\\Flagged" in line for line in lines)
    second.send(b"DONE\r\n")
    second.until(b"i OK")


def test_idle_without_a_mailbox(imap):
    client = imap()
    client.send(b"i IDLE\r\n")
    assert client.line().startswith(b"+ ")
    client.send(b"done\r\n")
    assert client.line().startswith(b"i OK")


def test_attack_28_idle_and_another_command(pair):
    _, second = pair
    second.send(b"i IDLE\r\n")
    second.until(b"+ ")
    second.send(b"x NOOP\r\n")
    assert second.until(b"i ")[-1].startswith(b"i BAD")
    second.ok("NOOP")


def test_attack_28_a_literal_during_idle(imap):
    client = imap()
    client.send(b"i IDLE\r\n")
    client.until(b"+ ")
    client.send(b"x APPEND INBOX {5+}\r\nhello\r\n")
    answers = client.until(b"i ")
    assert answers[-1].startswith(b"i BAD")


def test_done_and_the_next_command_in_one_segment(pair):
    _, second = pair
    second.send(b"i IDLE\r\n")
    second.until(b"+ ")
    second.send(b"DONE\r\nx NOOP\r\n")
    assert second.until(b"i ")[-1].startswith(b"i OK")
    assert second.until(b"x ")[-1].startswith(b"x OK")


def test_many_sessions_see_every_change(imap, server, user):
    sessions = [imap() for _ in range(8)]
    for session in sessions:
        session.ok("SELECT INBOX")
        session.send(b"i IDLE\r\n")
        session.until(b"+ ")
    for n in range(1, 4):
        server.deliver(user, message(f"m{n}"))
        for session in sessions:
            session.until(b"* %d EXISTS" % n)
    for session in sessions:
        session.send(b"DONE\r\n")
        assert session.until(b"i ")[-1].startswith(b"i OK")


def test_a_mailbox_filled_by_copy_is_seen_by_who_has_it_open(pair, imap):
    first, second = pair
    first.ok("CREATE there")
    second.ok("SELECT there")
    first.ok("COPY 1:3 there")
    assert b"* 3 EXISTS\r\n" in second.ok("NOOP")


def test_the_peer_vanishes_in_the_middle_of_a_literal(imap, server):
    client = imap()
    client.send(b"a APPEND INBOX {1000+}\r\nhalf of it")
    client.close()
    other = imap()
    assert b"MESSAGES 0" in other.ok("STATUS INBOX (MESSAGES)")[0]


def test_the_peer_vanishes_in_idle_and_in_a_long_answer(imap, server, user):
    for _ in range(20):
        server.deliver(user, message("big", 500_000))
    client = imap()
    client.ok("SELECT INBOX")
    client.send(b"i IDLE\r\n")
    client.until(b"+ ")
    client.close()
    client = imap()
    client.ok("SELECT INBOX")
    client.send(b"f FETCH 1:* BODY.PEEK[]\r\n")
    client.line()
    client.close()
    other = imap()
    other.ok("SELECT INBOX")
    other.append("INBOX", message("after"))

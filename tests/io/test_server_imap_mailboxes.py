"""Commands that name mailboxes, over a real connection."""

from __future__ import annotations

import re

import pytest

from tests.io.running import message
from tests.io.servers import imap, server, user

__all__ = ["imap", "server", "user"]


def names(lines: list[bytes]) -> list[str]:
    return [
        line.decode().rpartition('"/" ')[2].strip().strip('"') for line in lines if line.startswith(b"* L")
    ]


def listed(client, what: str) -> list[str]:
    return names(client.ok(what))


def test_select_tells_everything_a_client_needs(imap, server, user):
    server.deliver(user, message("one"), flags=("\\Seen",))
    server.deliver(user, message("two"), flags=("keyword",))
    lines = imap().ok("SELECT inbox")
    text = b"".join(lines)
    assert b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft keyword)\r\n" in lines
    assert b"* 2 EXISTS\r\n" in lines and b"* 2 RECENT\r\n" in lines
    assert b"[UNSEEN 2]" in text and b"[UIDNEXT 3]" in text
    assert re.search(rb"\* OK \[UIDVALIDITY [1-9]\d*\]", text)
    assert re.search(rb"\* OK \[HIGHESTMODSEQ [1-9]\d*\]", text)
    assert b"[PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft keyword \\*)]" in text
    assert lines[-1].startswith(b"OK [READ-WRITE]")


def test_examine_changes_nothing(imap, server, user):
    server.deliver(user, message("one"))
    client = imap()
    lines = client.ok("EXAMINE INBOX")
    assert lines[-1].startswith(b"OK [READ-ONLY]")
    assert b"* 1 RECENT\r\n" in lines
    assert b"[PERMANENTFLAGS ()]" in b"".join(lines)
    client.ok("FETCH 1 BODY[]")
    client.no("STORE 1 +FLAGS (\\Seen)", b"READ-ONLY")
    client.no("EXPUNGE", b"READ-ONLY")
    client.no("MOVE 1 INBOX", b"READ-ONLY")
    client.ok("CLOSE")
    lines = client.ok("SELECT INBOX")  # neither \Seen nor the claim to \Recent is gone
    assert b"* 1 RECENT\r\n" in lines and b"[UNSEEN 1]" in b"".join(lines)


def test_recent_is_told_to_one_session_only(imap, server, user):
    server.deliver(user, message("one"))
    first, second = imap(), imap()
    assert b"* 1 RECENT\r\n" in first.ok("SELECT INBOX")
    assert b"* 0 RECENT\r\n" in second.ok("SELECT INBOX")
    assert b"\\Recent" in first.ok("FETCH 1 FLAGS")[0]
    assert b"\\Recent" not in second.ok("FETCH 1 FLAGS")[0]
    assert first.ok("SEARCH RECENT")[0] == b"* SEARCH 1\r\n"
    assert second.ok("SEARCH RECENT")[0].strip() == b"* SEARCH"
    assert first.ok("SEARCH NEW")[0] == b"* SEARCH 1\r\n"
    assert second.ok("SEARCH OLD")[0] == b"* SEARCH 1\r\n"


def test_a_failed_select_leaves_nothing_selected(imap):
    client = imap()
    client.ok("SELECT INBOX")
    client.no("SELECT nowhere", b"NONEXISTENT")
    client.bad("FETCH 1 FLAGS")


def test_create_list_delete(imap):
    client = imap()
    client.ok("CREATE one")
    client.ok("CREATE two/three/four")
    client.ok('CREATE "with space/"')
    client.no("CREATE one", b"ALREADYEXISTS")
    client.no("CREATE inbox", b"ALREADYEXISTS")
    assert listed(client, 'LIST "" *') == ["INBOX", "one", "two", "two/three", "two/three/four", "with space"]
    assert listed(client, 'LIST "" %') == ["INBOX", "one", "two", "with space"]
    assert listed(client, 'LIST "" two/%') == ["two/three"]
    assert listed(client, "LIST two/ %") == ["two/three"]
    assert listed(client, 'LIST "" %/%') == ["two/three"]
    assert listed(client, 'LIST "" *e*') == ["one", "two/three", "two/three/four", "with space"]
    assert listed(client, 'LIST "" t*r') == ["two/three/four"]
    assert listed(client, 'LIST "" inbox') == ["INBOX"]
    assert listed(client, 'LIST "" INB%') == ["INBOX"]
    assert listed(client, 'LIST "" nothing') == []
    lines = client.ok('LIST "" (one two)')
    assert names(lines) == ["one", "two"]
    assert b"\\HasNoChildren" in lines[0] and b"\\HasChildren" in lines[1]
    client.ok("DELETE two")
    assert b"\\Noselect" in client.ok('LIST "" two')[0]
    client.no("SELECT two")
    client.no("DELETE two")
    client.ok("DELETE two/three/four")
    client.no("DELETE nowhere", b"NONEXISTENT")
    client.no("DELETE INBOX", b"CANNOT")


def test_an_empty_pattern_asks_for_the_delimiter(imap):
    assert imap().ok('LIST "" ""')[0] == b'* LIST (\\Noselect) "/" ""\r\n'


def test_names_in_modified_utf7(imap):
    client = imap()
    client.ok('CREATE "Entw&APw-rfe"')
    assert (
        b'"Entw&APw-rfe"' in client.ok('LIST "" Entw*')[0] or b"Entw&APw-rfe" in client.ok('LIST "" Entw*')[0]
    )
    client.ok('SELECT "Entw&APw-rfe"')


@pytest.mark.parametrize("name", ["..", "../other", "/", "//", "a//b", "a/../b", "x" * 5000, "INBOX/.."])
def test_attack_22_odd_names_are_names_or_refused(imap, server, user, name):
    client = imap()
    answer = client.command(f'CREATE "{name}"')[-1]
    assert answer.startswith((b"OK", b"NO", b"BAD"))
    other = server.account()
    assert listed(imap(other), 'LIST "" *') == ["INBOX"]


def test_rename_moves_what_is_below(imap, server, user):
    client = imap()
    client.ok("CREATE a/b")
    server.deliver(user, message("deep"), "a/b")
    client.ok("RENAME a z/y")
    assert listed(client, 'LIST "" *') == ["INBOX", "z", "z/y", "z/y/b"]
    assert b"MESSAGES 1" in client.ok("STATUS z/y/b (MESSAGES)")[0]
    client.no("RENAME nowhere x", b"NONEXISTENT")
    client.no("RENAME z INBOX", b"ALREADYEXISTS")
    client.no("RENAME z z/inside", b"CANNOT")


def test_rename_inbox_moves_its_messages_and_keeps_it(imap, server, user):
    server.deliver(user, message("one"))
    client = imap()
    client.ok("CREATE INBOX/child")
    client.ok("RENAME INBOX old")
    assert b"MESSAGES 0" in client.ok("STATUS INBOX (MESSAGES)")[0]
    assert b"MESSAGES 1" in client.ok("STATUS old (MESSAGES)")[0]
    assert listed(client, 'LIST "" *') == ["INBOX", "INBOX/child", "old"]


def test_a_selected_mailbox_survives_being_renamed(imap, server, user):
    first, second = imap(), imap()
    first.ok("CREATE a")
    server.deliver(user, message("one"), "a")
    first.ok("SELECT a")
    second.ok("RENAME a b")
    assert b"FLAGS" in first.ok("FETCH 1 (FLAGS)")[0]


@pytest.mark.parametrize("idle", [False, True])
def test_a_selected_mailbox_whose_uidvalidity_a_rename_changed_ends_the_session(imap, server, user, idle):
    mine, other = imap(), imap()
    for command in ("CREATE old", "SELECT old", "RENAME old new"):
        mine.ok(command)
    server.deliver(user, message("kept"), "new")
    other.ok("CREATE old")
    other.ok("DELETE old")
    if idle:
        mine.send(b"i IDLE\r\n")
        mine.until(b"* 1 EXISTS")
    before = other.ok("STATUS new (UIDVALIDITY)")[0]
    other.ok("RENAME new old")  # the deleted "old" had the higher one
    assert other.ok("STATUS old (UIDVALIDITY)")[0].split()[-1] != before.split()[-1]
    if not idle:
        mine.send(b"x UID STORE 1 +FLAGS (\\Deleted)\r\n")
    assert b"* BYE [UNAVAILABLE] The selected mailbox was renamed" in mine.rest()
    other.ok("SELECT old")
    assert b"\\Deleted" not in other.ok("FETCH 1 FLAGS")[0]


def test_renaming_ones_own_selected_mailbox_to_a_name_with_a_past(imap):
    client = imap()
    for command in ("CREATE b", "CREATE a", "DELETE a", "SELECT b"):
        client.ok(command)
    client.send(b"x RENAME b a\r\n")
    assert client.line() == b"x OK Renamed\r\n"
    assert client.line().startswith(b"* BYE [UNAVAILABLE] The selected mailbox was renamed")
    assert client.rest() == b""


def test_a_selected_mailbox_that_is_deleted_ends_the_session(imap, server, user):
    first, second = imap(), imap()
    first.ok("CREATE a")
    first.ok("SELECT a")
    second.ok("DELETE a")
    first.send(b"x NOOP\r\n")
    assert b"* BYE" in first.rest()
    second.ok("NOOP")


def test_subscriptions(imap):
    client = imap()
    client.ok("CREATE a/b")
    client.ok("SUBSCRIBE a/b")
    client.ok("SUBSCRIBE absent")
    client.ok("SUBSCRIBE INBOX")
    assert sorted(listed(client, 'LSUB "" *')) == ["INBOX", "a/b", "absent"]
    lines = client.ok('LSUB "" %')
    assert sorted(names(lines)) == ["INBOX", "a", "absent"]
    assert b'* LSUB (\\Noselect) "/" a\r\n' in lines
    assert listed(client, 'LIST (SUBSCRIBED) "" a*') == ["a/b", "absent"]
    client.ok("UNSUBSCRIBE a/b")
    assert listed(client, 'LSUB "" a%') == ["absent"]
    client.ok("DELETE a/b")
    client.ok("UNSUBSCRIBE a/b")


def test_special_use(imap):
    client = imap()
    client.ok("CREATE Sent (USE (\\Sent))")
    assert b"\\Sent" in client.ok('LIST "" Sent')[0]
    client.no("CREATE Everything (USE (\\All))", b"USEATTR")
    assert listed(client, 'LIST "" Everything') == []
    client.ok("CREATE Trash (USE (\\Trash))")
    assert listed(client, 'LIST (SPECIAL-USE) "" *') == ["Sent", "Trash"]
    assert b"\\Sent" in client.ok('LIST "" Sent RETURN (SPECIAL-USE)')[0]


def test_status(imap, server, user):
    server.deliver(user, message("one"))
    server.deliver(user, message("two"), flags=("\\Seen",))
    client = imap()
    line = client.ok("STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)")[0]
    for item in (b"MESSAGES 2", b"RECENT 2", b"UIDNEXT 3", b"UNSEEN 1"):
        assert item in line
    assert re.search(rb"UIDVALIDITY [1-9]", line) and re.search(rb"HIGHESTMODSEQ [1-9]", line)
    client.ok("SELECT INBOX")  # and of the selected mailbox
    assert b"RECENT 0" in client.ok("STATUS INBOX (RECENT)")[0]
    client.no("STATUS nowhere (MESSAGES)", b"NONEXISTENT")
    client.bad("STATUS INBOX (NONSENSE)")


def test_append(imap):
    client = imap()
    data = message("one")
    lines = client.append("INBOX", data, "\\Seen $Label", " 3-Nov-2026 04:05:06 -0730")
    assert re.match(rb"OK \[APPENDUID [1-9]\d* 1\]", lines[-1])
    client.ok("SELECT INBOX")
    line = client.ok("FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")[0]
    assert b'INTERNALDATE " 3-Nov-2026 04:05:06 -0730"' in line
    assert b"\\Seen" in line and b"$Label" in line and b"RFC822.SIZE %d" % len(data) in line
    assert data in line
    lines = client.append("INBOX", data)  # the session itself is told at once
    assert b"* 2 EXISTS\r\n" in lines
    client.no(b"APPEND nowhere {1+}\r\nx", b"TRYCREATE")
    client.bad(b'APPEND INBOX "32-Nov-2026 00:00:00 +0000" {1+}\r\nx')


def test_append_with_a_synchronising_literal(imap):
    client = imap()
    client.send(b"a APPEND INBOX {5}\r\n")
    assert client.line().startswith(b"+ ")
    client.send(b"hello\r\n")
    assert client.line().startswith(b"a OK [APPENDUID")


def test_append_that_is_too_big_is_refused_before_it_is_sent(imap):
    client = imap()
    client.send(b"a APPEND INBOX {99999999}\r\n")
    assert client.line().startswith(b"a NO [TOOBIG]")
    client.ok("NOOP")
    client.send(b"b APPEND INBOX {4294967295}\r\n")
    assert client.line().startswith((b"b NO [TOOBIG]", b"b BAD"))


def test_over_quota(imap, server):
    async def create():
        store = server.server.store
        await store.create_account("small", (await store.account("bob")).password_hash, quota=1000)

    server.call(create())
    client = imap("small")
    client.append("INBOX", message("fits"))
    client.no(b"APPEND INBOX {2000+}\r\n" + b"x" * 2000, b"OVERQUOTA")
    client.ok("CREATE other")
    client.ok("SELECT INBOX")
    for _ in range(20):
        answer = client.command("COPY 1 other")[-1]
        if not answer.startswith(b"OK"):
            break
    assert answer.startswith(b"NO [OVERQUOTA]")
    client.ok("NOOP")


def test_a_full_disk_is_told_and_nothing_is_half_done(imap, server, user, monkeypatch):
    from mailproto.store.errors import StoreFull
    from mailproto.store.sqlite import SqliteMail

    async def full(*_, **__):
        raise StoreFull("the disk is full")

    client = imap()
    with monkeypatch.context() as patch:
        patch.setattr(SqliteMail, "append", full)
        client.no(b"APPEND INBOX {1+}\r\nx", b"UNAVAILABLE")
    assert b"MESSAGES 0" in client.ok("STATUS INBOX (MESSAGES)")[0]
    client.append("INBOX", message("now"))


def test_attack_29_one_user_never_sees_anothers_mail(imap, server):
    alice, mallory = server.account(), server.account()
    server.deliver(alice, message("topsecret"))
    owner = imap(alice)
    owner.ok("CREATE private")
    server.deliver(alice, message("topsecret2"), "private")
    spy = imap(mallory)
    for name in ("private", f"{alice}/private", f"~{alice}/private", f"../{alice}/INBOX", f"user/{alice}",
                 f"#user/{alice}/INBOX", f"/{alice}/private"):  # fmt: skip
        for command in ("SELECT {}", "EXAMINE {}", "STATUS {} (MESSAGES)", "DELETE {}", "RENAME {} stolen"):
            answer = spy.command(command.format(f'"{name}"'))
            assert answer[-1].startswith((b"NO", b"BAD")), (command, name, answer)
        spy.command(b'APPEND "%s" {1+}\r\nx' % name.encode())
    assert listed(spy, 'LIST "" *') == ["INBOX"]
    assert listed(spy, f'LIST "{alice}/" *') == []
    assert listed(spy, 'LSUB "" *') == []
    lines = spy.ok("SELECT INBOX")
    assert b"* 0 EXISTS\r\n" in lines
    for command in ("UID FETCH 1:* (FLAGS BODY[])", "UID SEARCH ALL", "UID SEARCH TEXT topsecret",
                    "UID STORE 1:* +FLAGS (\\Deleted)", "UID COPY 1:* INBOX", "UID MOVE 1:* INBOX",
                    "UID EXPUNGE 1:*"):  # fmt: skip
        answers = spy.command(command)
        assert b"topsecret" not in b"".join(answers)
        assert answers[0].strip() in (b"* SEARCH",) or len(answers) == 1, answers
    owner.ok("SELECT INBOX")
    assert owner.ok("UID SEARCH ALL")[0] == b"* SEARCH 1\r\n"
    assert b"MESSAGES 1" in owner.ok("STATUS private (MESSAGES)")[0]

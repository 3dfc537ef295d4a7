"""The POP3 server, over real connections."""

from __future__ import annotations

import base64
import contextlib
import poplib
from collections.abc import Callable, Iterator

import pytest

from tests.io.running import MESSAGE, Raw, eventually, message, running, untrusting
from tests.io.servers import imap, server, user

__all__ = ["imap", "server", "user"]


class Pop3(Raw):
    def __init__(self, port: int, user: str | None = None, *, tls: bool = False) -> None:
        super().__init__(port, tls=tls)
        self.greeting = self.line()
        assert self.greeting.startswith(b"+OK")
        if user is not None:
            self.ok(f"USER {user}")
            self.ok("PASS secret")

    def command(self, text: str) -> bytes:
        self.send(text.encode() + b"\r\n")
        return self.file.readline()

    def ok(self, text: str) -> bytes:
        line = self.command(text)
        assert line.startswith(b"+OK"), line
        return line

    def err(self, text: str, code: bytes = b"") -> bytes:
        line = self.command(text)
        assert line.startswith(b"-ERR " + (b"[" + code + b"]" if code else b"")), line
        return line

    def body(self, text: str) -> bytes:
        """The body of a multi-line reply, as sent."""
        self.ok(text)
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            assert line
            lines.append(line)
        return b"".join(lines)


@pytest.fixture
def pop3(server, user) -> Iterator[Callable[..., Pop3]]:
    with contextlib.ExitStack() as stack:
        yield lambda name=user, **options: stack.enter_context(Pop3(server.ports["pop3"], name, **options))


def test_capa(pop3, server):
    client = pop3(None)
    offered = client.body("CAPA").split(b"\r\n")
    for line in (b"TOP", b"UIDL", b"USER", b"PIPELINING", b"RESP-CODES", b"AUTH-RESP-CODE", b"STLS"):
        assert line in offered
    assert any(line.startswith(b"SASL PLAIN") for line in offered)
    with Pop3(server.ports["pop3s"], tls=True) as inside:
        assert b"STLS" not in inside.body("CAPA").split(b"\r\n")


def test_lang_and_utf8(pop3, user):
    """RFC 6856: there is English, before and after the login; UTF-8 mode is not offered, and refused."""
    for client in (pop3(None), pop3()):
        offered = client.body("CAPA").split(b"\r\n")
        assert b"LANG" in offered and not any(line.startswith(b"UTF8") for line in offered)
        assert client.body("LANG") == b"en English\r\n"
        assert client.ok("LANG *").startswith(b"+OK en ")
        assert client.ok("LANG en-GB").startswith(b"+OK en ")
        client.err("LANG sv")
        client.err("LANG s_v")
        client.err("UTF8")


def test_a_whole_session(pop3, server, user):
    first = MESSAGE
    second = b"Subject: dots\r\n\r\n.\r\n..two\r\n.end\r\nlast line without an end"
    server.deliver(user, first)
    server.deliver(user, second)
    client = pop3()
    assert client.ok("STAT") == b"+OK 2 %d\r\n" % (len(first) + len(second))
    assert client.body("LIST") == b"1 %d\r\n2 %d\r\n" % (len(first), len(second))
    assert client.ok("LIST 2") == b"+OK 2 %d\r\n" % len(second)
    assert client.body("RETR 1") == first
    assert client.body("RETR 2") == second.replace(b"\r\n.", b"\r\n..") + b"\r\n"
    uids = dict(line.split() for line in client.body("UIDL").splitlines())
    assert len(set(uids.values())) == 2
    assert client.ok("UIDL 2").split() == [b"+OK", b"2", uids[b"2"]]
    client.ok("NOOP")
    client.ok("DELE 1")
    client.err("RETR 1")
    client.err("DELE 1")
    client.err("LIST 1")
    client.err("UIDL 1")
    assert client.ok("STAT") == b"+OK 1 %d\r\n" % len(second)
    assert client.body("LIST") == b"2 %d\r\n" % len(second)
    client.ok("RSET")
    assert client.ok("STAT").startswith(b"+OK 2 ")
    client.ok("DELE 1")
    client.ok("QUIT")
    assert client.rest() == b""
    client = pop3()
    assert client.ok("STAT") == b"+OK 1 %d\r\n" % len(second)
    assert client.body("UIDL").split() == [b"1", uids[b"2"]]


def test_top(pop3, server, user):
    header = b"Subject: long\r\nFrom: a@example.org\r\n"
    lines = b"".join(b"line %d\r\n" % n for n in range(5000))
    server.deliver(user, header + b"\r\n" + lines)
    server.deliver(user, b"Subject: no body at all\r\n")
    client = pop3()
    assert client.body("TOP 1 0") == header + b"\r\n"
    assert client.body("TOP 1 2") == header + b"\r\nline 0\r\nline 1\r\n"
    assert client.body("TOP 1 4000") == header + b"\r\n" + b"".join(b"line %d\r\n" % n for n in range(4000))
    assert client.body("TOP 1 999999") == header + b"\r\n" + lines
    assert client.body("TOP 2 5") == b"Subject: no body at all\r\n"
    client.err("TOP 3 0")
    client.err("TOP 1")
    client.err("TOP 1 -1")


WRONG = ["RETR", "RETR 0", "RETR 3", "RETR x", "RETR 1 2", "DELE 99999999999", "LIST 3", "UIDL 0", "XYZZY"]


@pytest.mark.parametrize("command", [*WRONG, "TOP 3 1"])
def test_wrong_commands(pop3, server, user, command):
    server.deliver(user, message("m"))
    client = pop3()
    client.err(command)
    client.ok("NOOP")


def test_attack_28_commands_in_the_wrong_state(pop3):
    client = pop3(None)
    for command in ("STAT", "LIST", "RETR 1", "DELE 1", "NOOP", "RSET", "TOP 1 0", "UIDL"):
        client.err(command)
    client.err("PASS secret")
    client = pop3()
    for command in ("USER bob", "PASS secret", "AUTH PLAIN", "STLS"):
        client.err(command)
    client.ok("NOOP")


def test_another_session_has_the_maildrop(pop3, server, user):
    client = pop3()
    other = pop3(None)
    other.ok(f"USER {user}")
    other.err("PASS secret", b"IN-USE")
    client.ok("QUIT")
    client.rest()
    other.ok(f"USER {user}")
    other.ok("PASS secret")


def test_a_lost_connection_deletes_nothing_and_frees_the_maildrop(pop3, server, user):
    server.deliver(user, message("m"))
    client = pop3()
    client.ok("DELE 1")
    client.close()
    again = pop3(None)

    def free() -> bool:
        again.ok(f"USER {user}")
        return again.command("PASS secret").startswith(b"+OK")

    eventually(free)
    assert again.ok("STAT").startswith(b"+OK 1 ")


def test_the_snapshot_stays_while_imap_changes_things(pop3, imap, server, user):
    for n in range(3):
        server.deliver(user, message(f"m{n}"))
    client = pop3()
    other = imap()
    other.ok("SELECT INBOX")
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    other.append("INBOX", message("new"))
    assert client.ok("STAT").startswith(b"+OK 3 ")
    assert client.body("RETR 1") == message("m0")
    client.ok("DELE 1")
    client.ok("DELE 2")
    client.ok("QUIT")
    client.rest()
    assert other.ok("UID SEARCH ALL")[0] == b"* SEARCH 3 4\r\n"


def test_deletions_at_quit_are_told_to_idle(pop3, imap, server, user):
    server.deliver(user, message("m"))
    other = imap()
    other.ok("SELECT INBOX")
    other.send(b"i IDLE\r\n")
    other.until(b"+ ")
    client = pop3()
    client.ok("DELE 1")
    client.ok("QUIT")
    assert other.line() == b"* 1 EXPUNGE\r\n"


def test_pipelining(pop3, server, user):
    server.deliver(user, message("m"))
    client = pop3(None)
    client.send(f"USER {user}\r\nPASS secret\r\nSTAT\r\nLIST 1\r\nRETR 1\r\nNOOP\r\nQUIT\r\n".encode())
    answers = client.rest()
    assert answers.count(b"+OK") == 7 and message("m") in answers


def test_wrong_password_and_unknown_user_are_told_alike(pop3, user):
    client = pop3(None)
    client.ok(f"USER {user}")
    wrong = client.err("PASS wrong", b"AUTH")
    assert client.ok("USER nobody") == client.ok(f"USER {user}")
    client.ok("USER nobody")
    assert client.err("PASS wrong", b"AUTH") == wrong
    client.ok(f"USER {user}")
    client.ok("PASS secret")


def test_three_failures_end_the_connection(pop3, user):
    client = pop3(None)
    for _ in range(3):
        client.ok(f"USER {user}")
        client.err("PASS wrong", b"AUTH")
    assert client.rest() == b""


def test_auth(pop3, user):
    credentials = base64.b64encode(f"\0{user}\0secret".encode()).decode()
    client = pop3(None)
    assert b"PLAIN" in client.body("AUTH")
    client.ok(f"AUTH PLAIN {credentials}")
    client.ok("QUIT")
    client.rest()
    client = pop3(None)
    assert client.command("AUTH PLAIN") == b"+ \r\n"
    assert client.command("*").startswith(b"-ERR")
    assert client.command("AUTH PLAIN") == b"+ \r\n"
    assert client.command("!!!").startswith(b"-ERR")
    assert client.command("AUTH PLAIN") == b"+ \r\n"
    client.ok(credentials)
    client.ok("STAT")


def test_login_is_refused_in_the_clear_unless_allowed(tmp_path):
    with running(tmp_path, allow_cleartext_login=False) as server:
        with Pop3(server.ports["pop3"]) as client:
            offered = client.body("CAPA")
            assert b"USER" not in offered and b"SASL" not in offered and b"STLS" in offered
            client.err("USER bob")
            client.err("AUTH PLAIN AGJvYgBzZWNyZXQ=")
            client.ok("STLS")
            client.start_tls()
            assert b"USER" in client.body("CAPA")
            client.ok("USER bob")
            client.ok("PASS secret")
        with Pop3(server.ports["pop3s"], "bob", tls=True) as client:
            client.ok("STAT")


def test_attack_15_commands_behind_stls_are_not_taken_for_secret_ones(pop3):
    client = pop3(None)
    client.send(b"STLS\r\nUSER bob\r\nPASS secret\r\n")
    assert client.rest().count(b"+OK") <= 1


def test_poplib(server, user):
    server.deliver(user, MESSAGE)
    client = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20)
    client.stls(untrusting())
    client.user(user)
    client.pass_("secret")
    assert client.stat() == (1, len(MESSAGE))
    assert b"\r\n".join(client.retr(1)[1]) + b"\r\n" == MESSAGE
    assert client.dele(1).startswith(b"+OK")
    client.quit()


def test_a_password_with_blanks(server, pop3):
    async def create() -> None:
        await server.server.accounts.add("johndoe", "two words ")

    server.call(create())
    client = pop3(None)
    client.ok("USER johndoe")
    client.ok("PASS two words ")

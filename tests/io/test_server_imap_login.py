"""The IMAP server before login, and around it."""

from __future__ import annotations

import base64
import contextlib
import imaplib

import pytest

from tests.io.running import Imap, Raw, running, untrusting
from tests.io.servers import imap, server, user

__all__ = ["imap", "server", "user"]


def plain(name: str, password: str = "secret", authzid: str = "") -> str:
    return base64.b64encode(f"{authzid}\0{name}\0{password}".encode()).decode()


def test_greeting_and_capabilities_tell_the_same(imap):
    client = imap(None)
    assert client.greeting.startswith(b"* OK [CAPABILITY IMAP4rev1 ")
    offered = client.ok("CAPABILITY")[0].removeprefix(b"* CAPABILITY ").split()
    expected = b"IMAP4rev1 LITERAL+ SASL-IR STARTTLS AUTH=PLAIN AUTH=LOGIN ID"
    assert set(expected.split()) <= set(offered)
    assert b"LOGINDISABLED" not in offered and b"UIDPLUS" not in offered


def test_capabilities_after_login(imap, user):
    client = imap(None)
    told = client.ok(f"LOGIN {user} secret")[-1]
    offered = set(client.ok("CAPABILITY")[0].split()[2:])
    assert offered == set(told[told.index(b"[CAPABILITY ") + 12 : told.index(b"]")].split())
    expected = b"IMAP4rev1 IDLE UIDPLUS MOVE UNSELECT NAMESPACE CHILDREN LITERAL+ ID ENABLE CONDSTORE"
    assert {*expected.split(), b"SPECIAL-USE", b"CREATE-SPECIAL-USE"} <= offered
    assert not {c for c in offered if c.startswith((b"AUTH=", b"STARTTLS"))}


def test_login_with_literals_and_quoted_strings(imap, user):
    client = imap(None)
    client.ok(f'LOGIN "{user}" {{6+}}\r\nsecret')
    client = imap(None)
    client.send(f"a LOGIN {{{len(user)}}}\r\n".encode())
    assert client.line().startswith(b"+ ")
    client.send(f"{user} {{6}}\r\n".encode())
    assert client.line().startswith(b"+ ")
    client.send(b"secret\r\n")
    assert client.line().startswith(b"a OK")


def test_wrong_password_and_unknown_user_are_told_alike(imap, user):
    client = imap(None)
    wrong = client.no(f"LOGIN {user} wrong", b"AUTHENTICATIONFAILED")
    assert client.no("LOGIN nobody-of-that-name wrong", b"AUTHENTICATIONFAILED") == wrong
    client.ok(f"LOGIN {user} secret")


def test_three_failures_end_the_connection(imap, user):
    client = imap(None)
    client.no(f"LOGIN {user} a")
    client.no(f"LOGIN {user} b")
    client.send(b"x LOGIN nobody c\r\n")
    assert client.line().startswith(b"x NO [AUTHENTICATIONFAILED]")
    assert client.rest().startswith(b"* BYE ")


def test_authenticate_plain_with_and_without_initial_response(imap, user):
    client = imap(None)
    client.ok(f"AUTHENTICATE PLAIN {plain(user)}")
    client = imap(None)
    client.send(b"a authenticate plain\r\n")
    assert client.line() == b"+ \r\n"
    client.send(plain(user).encode() + b"\r\n")
    assert client.line().startswith(b"a OK [CAPABILITY ")
    client.ok("SELECT INBOX")


def test_authenticate_login(imap, user):
    client = imap(None)
    client.send(b"a AUTHENTICATE LOGIN\r\n")
    for answer in (user, "secret"):
        challenge = client.line()
        assert challenge.startswith(b"+ ") and base64.b64decode(challenge[2:])
        client.send(base64.b64encode(answer.encode()) + b"\r\n")
    assert client.line().startswith(b"a OK")


def test_one_may_not_act_for_another(imap, user):
    client = imap(None)
    client.no(f"AUTHENTICATE PLAIN {plain(user, authzid='carol')}")
    client.ok(f"AUTHENTICATE PLAIN {plain(user, authzid=user)}")


@pytest.mark.parametrize("line", [b"*", b"!!!", b"", b"AGJvYg", b"AGJvYg==", b"=", b"A" * 4000])
def test_attack_23_what_is_no_credential_gets_no_or_bad_and_the_session_goes_on(imap, user, line):
    client = imap(None)
    client.send(b"a AUTHENTICATE PLAIN\r\n")
    assert client.line() == b"+ \r\n"
    client.send(line + b"\r\n")
    assert client.line().startswith((b"a NO", b"a BAD"))
    client.ok("NOOP")
    client.ok(f"LOGIN {user} secret")


def test_attack_23_ten_megabytes_of_base64(imap):
    client = imap(None)
    client.send(b"a AUTHENTICATE PLAIN\r\n")
    assert client.line() == b"+ \r\n"
    with contextlib.suppress(ConnectionError):
        client.send(b"A" * 10_000_000 + b"\r\n")
    rest = client.rest()
    assert len(rest) < 1000  # told in a line, then closed


def test_attack_23_authenticate_again_after_login(imap):
    client = imap()
    client.bad("AUTHENTICATE PLAIN")
    client.bad("LOGIN bob secret")
    client.ok("NOOP")


def test_unknown_mechanism(imap):
    imap(None).no("AUTHENTICATE GSSAPI")


def test_login_is_refused_in_the_clear_unless_allowed(tmp_path):
    with running(tmp_path, allow_cleartext_login=False) as server:
        with Imap(server.ports["imap"], None) as client:
            assert b"LOGINDISABLED" in client.greeting and b"AUTH=" not in client.greeting
            client.no("LOGIN bob secret", b"PRIVACYREQUIRED")
            client.no(f"AUTHENTICATE PLAIN {plain('bob')}", b"PRIVACYREQUIRED")
            client.ok("STARTTLS")
            client.start_tls()
            offered = client.ok("CAPABILITY")[0].split()
            assert b"LOGINDISABLED" not in offered and b"STARTTLS" not in offered and b"AUTH=PLAIN" in offered
            client.bad("STARTTLS")
            client.ok("LOGIN bob secret")
        with Imap(server.ports["imaps"], None, tls=True) as client:
            assert b"STARTTLS" not in client.greeting
            client.ok("LOGIN bob secret")


def test_starttls_with_imaplib(server, user):
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20)
    client.starttls(untrusting())
    client.login(user, "secret")
    assert client.select()[0] == "OK"
    client.logout()


def test_attack_15_commands_behind_starttls_are_not_taken_for_secret_ones(server):
    with Raw(server.ports["imap"]) as client:
        client.line()
        client.send(b"a STARTTLS\r\nb LOGIN bob secret\r\n")
        answers = client.rest()
        assert b"b OK" not in answers and b"b NO" not in answers


AFTER_LOGIN = [
    *("SELECT INBOX", "EXAMINE INBOX", "CREATE x", "DELETE x", "RENAME x y", "SUBSCRIBE x", "UNSUBSCRIBE x"),
    *('LIST "" *', 'LSUB "" *', "STATUS INBOX (MESSAGES)", "APPEND INBOX {1+}\r\nx", "NAMESPACE", "IDLE"),
    "ENABLE CONDSTORE",
]
AFTER_SELECT = [
    *("CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "UID EXPUNGE 1", "SEARCH ALL", "FETCH 1 FLAGS"),
    *("STORE 1 FLAGS ()", "COPY 1 x", "MOVE 1 x", "UID FETCH 1 FLAGS"),
]
BEFORE_LOGIN = ["LOGIN bob secret", "AUTHENTICATE PLAIN", "STARTTLS"]


@pytest.mark.parametrize("command", [*AFTER_LOGIN, *AFTER_SELECT])
def test_attack_28_commands_before_login(imap, user, command):
    client = imap(None)
    client.bad(command)
    client.ok(f"LOGIN {user} secret")


def test_attack_28_commands_in_the_wrong_state(imap):
    client = imap()
    for command in (*BEFORE_LOGIN, *AFTER_SELECT):
        client.bad(command)
    client.ok("NOOP")
    client.ok("SELECT INBOX")
    for command in BEFORE_LOGIN:
        client.bad(command)
    client.ok("CHECK")


def test_id_and_namespace(imap):
    client = imap()
    assert client.ok('ID ("name" "test")')[0].startswith(b'* ID ("name" "mailproto"')
    client.ok("ID NIL")
    assert client.ok("NAMESPACE")[0] == b'* NAMESPACE (("" "/")) NIL NIL\r\n'


def test_enable(imap):
    client = imap()
    assert client.ok("ENABLE CONDSTORE X-UNKNOWN")[0] == b"* ENABLED CONDSTORE\r\n"


def test_logout(imap):
    client = imap()
    assert client.ok("LOGOUT")[0].startswith(b"* BYE ")
    assert client.rest() == b""


def test_bad_commands_are_told_and_the_session_goes_on(imap):
    client = imap()
    assert client.bad("NONSENSE 1 2")
    assert client.bad("FETCH")
    client.send(b"\r\n")
    assert b"BAD" in client.line()
    client.send(b"tag-only\r\n")
    assert b"BAD" in client.line()
    # A literal that belongs to a bad command is not read as commands.
    client.send(b"z NONSENSE {13+}\r\nq LOGOUT now\r\n\r\n")
    assert client.line().startswith(b"z BAD")
    client.ok("NOOP")


def test_endless_bad_commands_before_login_end_the_connection(imap):
    client = imap(None)
    client.send(b"x NONSENSE\r\n" * 200)
    assert b"* BYE" in client.rest()


def test_pipelined_commands_are_answered_in_order(imap, user):
    client = imap(None)
    client.send(f"a LOGIN {user} secret\r\nb SELECT INBOX\r\nc NOOP\r\nd LOGOUT\r\n".encode())
    text = client.rest()
    assert [text.index(tag) for tag in (b"a OK", b"b OK", b"c OK", b"d OK")] == sorted(
        text.index(tag) for tag in (b"a OK", b"b OK", b"c OK", b"d OK")
    )

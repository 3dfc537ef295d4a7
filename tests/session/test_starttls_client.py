"""STARTTLS from the client's side, and those who would rather that it did not happen: ATTACKS 16 to 18."""

from __future__ import annotations

import pytest
from helpers import drain, greeted, sent

from mailproto import NEED_DATA, LocalError, RemoteError
from mailproto.imap import commands
from mailproto.imap.client import ClientSession
from mailproto.imap.events import CommandDone, StartTls
from mailproto.imap.states import State


def asked(**options: object) -> ClientSession:
    """A session that has sent STARTTLS as A1."""
    session = greeted(b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n", **options)
    session.send(commands.StartTls())
    assert sent(session) == b"A1 STARTTLS\r\n"
    return session


def test_starttls() -> None:
    session = asked()
    login = session.send(commands.Login("user", "secret"))
    assert sent(session) == b""
    session.receive_data(b"A1 OK begin\r\n")
    done, start = drain(session)
    assert isinstance(done, CommandDone)
    assert start == StartTls()
    assert session.next_event() is NEED_DATA
    assert sent(session) == b""
    session.tls_started()
    assert session.secure
    assert session.capabilities is None  # ATTACKS 18
    assert sent(session) == b"%s LOGIN user secret\r\n" % login.encode()
    with pytest.raises(LocalError):
        session.tls_started()


def test_starttls_waits_for_what_was_sent_before() -> None:
    session = greeted()
    session.send(commands.Capability())
    session.send(commands.StartTls())
    assert sent(session) == b"A1 CAPABILITY\r\n"
    session.receive_data(b"* CAPABILITY IMAP4rev1 STARTTLS\r\nA1 OK\r\n")
    drain(session)
    assert sent(session) == b"A2 STARTTLS\r\n"


def test_starttls_inside_tls_is_our_mistake() -> None:
    session = greeted(secure=True)
    with pytest.raises(LocalError):
        session.send(commands.StartTls())


@pytest.mark.parametrize(
    "extra", [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", b"A2 OK [CAPABILITY X] in\r\n", b"*", b"\x16\x03"]
)
@pytest.mark.parametrize("apart", [False, True])
def test_attack_16_bytes_after_the_ok_are_an_error_and_not_parsed(extra: bytes, apart: bool) -> None:
    session = asked()
    if apart:
        session.receive_data(b"A1 OK begin\r\n")
        assert drain(session)[-1] == StartTls()
        session.receive_data(extra)
    else:
        session.receive_data(b"A1 OK begin\r\n" + extra)
    for _ in range(2):
        with pytest.raises(RemoteError):
            drain(session)
    with pytest.raises(RemoteError):
        session.tls_started()
    assert session.capabilities != {"X"}


def test_attack_17_an_ok_that_came_before_the_question() -> None:
    """The server's answer was there, unread, when STARTTLS was sent: it cannot be an answer."""
    session = ClientSession()
    session.receive_data(b"* OK hi\r\nA1 OK begin\r\n")
    assert session.next_event().status == "OK"
    session.send(commands.StartTls())
    sent(session)
    with pytest.raises(RemoteError):
        drain(session)


def test_attack_17_an_ok_before_the_question_was_taken_for_sending() -> None:
    session = greeted()
    session.send(commands.StartTls())
    session.receive_data(b"A1 OK begin\r\n")
    with pytest.raises(RemoteError):
        drain(session)


def test_an_answer_of_which_a_part_came_early_only_is_an_answer() -> None:
    """A line under way when we asked, say an untagged one, followed by the true answer: no attack."""
    session = ClientSession()
    session.receive_data(b"* OK hi\r\n* OK wel")
    drain(session)
    session.send(commands.StartTls())
    sent(session)
    session.receive_data(b"come\r\nA1 OK begin\r\n")
    assert drain(session)[-1] == StartTls()


@pytest.mark.parametrize("answer", [b"A1 NO no\r\n", b"A1 BAD what\r\n"])
def test_attack_17_refused_starttls_never_goes_on_in_the_clear(answer: bytes) -> None:
    """CVE-2021-32066."""
    session = asked()
    session.receive_data(answer)
    (done,) = drain(session)
    assert not done.ok
    for command in (commands.Login("u", "p"), commands.Authenticate("PLAIN"), commands.Select("INBOX")):
        with pytest.raises(LocalError):
            session.send(command)
    session.send(commands.Logout())
    assert sent(session) == b"A2 LOGOUT\r\n"


def test_attack_17_what_was_queued_for_inside_tls_never_leaves() -> None:
    session = asked()
    session.send(commands.Login("user", "secret"))
    session.receive_data(b"A1 NO no\r\n")
    assert isinstance(session.next_event(), CommandDone)
    with pytest.raises(RemoteError):
        session.next_event()
    assert sent(session) == b""


def test_attack_17_preauth_where_tls_is_required() -> None:
    session = ClientSession(require_tls=True)
    session.receive_data(b"* PREAUTH welcome\r\n")
    with pytest.raises(RemoteError):
        session.next_event()
    session = ClientSession(require_tls=True, secure=True)
    session.receive_data(b"* PREAUTH welcome\r\n")
    session.next_event()
    assert session.state is State.AUTHENTICATED


def test_attack_17_a_stripped_capability_does_not_make_us_go_on_in_the_clear() -> None:
    session = greeted(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n", require_tls=True)
    with pytest.raises(LocalError):
        session.send(commands.Login("user", "secret"))
    session.send(commands.StartTls())
    session.send(commands.Login("user", "secret"))
    assert sent(session) == b"A1 STARTTLS\r\n"


def test_attack_18_what_was_learnt_in_the_clear_is_dropped() -> None:
    session = asked()
    assert session.has_capability("LOGINDISABLED")
    session.receive_data(b"A1 OK [CAPABILITY IMAP4rev1 AUTH=EVIL] begin\r\n")
    drain(session)
    session.tls_started()
    assert session.capabilities is None
    session.send(commands.Login("user", "secret"))

"""The server session in AUTHENTICATE, IDLE and STARTTLS."""

from __future__ import annotations

import pytest
from helpers import drain, idling, sent, serving

from mailproto import LocalError, RemoteError
from mailproto.imap import commands, responses
from mailproto.imap.events import StartTls
from mailproto.imap.states import State

# AUTHENTICATE


def test_authenticate() -> None:
    session = serving()
    session.receive_data(b"a AUTHENTICATE XTEST\r\nYW5zd2Vy\r\n")
    assert drain(session) == [commands.Authenticate("XTEST", tag="a")]
    session.challenge(b"challenge")
    assert drain(session) == [commands.SaslResponse(b"answer")]
    session.ok("in")
    assert session.state is State.AUTHENTICATED
    assert sent(session) == b"+ Y2hhbGxlbmdl\r\na OK in\r\n"


@pytest.mark.parametrize("line", [b"*\r\n", b"!!!\r\n", b"abc\r\n"])
def test_attack_23_authenticate_cancelled_or_not_base64(line: bytes) -> None:
    session = serving()
    session.receive_data(b"a AUTHENTICATE XTEST\r\n")
    drain(session)
    session.challenge(b"")
    with pytest.raises(LocalError):
        session.no("the client still owes a line")
    session.receive_data(line)
    assert drain(session) == [commands.SaslResponse(None)]
    session.bad("cancelled")
    assert session.state is State.NOT_AUTHENTICATED
    session.receive_data(b"n NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="n")]


def test_a_challenge_is_only_sent_when_due() -> None:
    session = serving()
    with pytest.raises(LocalError):
        session.challenge(b"")
    with pytest.raises(LocalError):
        session.send(responses.Continuation("x"))


# IDLE


def test_idle() -> None:
    session = idling()
    assert session.mailbox is not None
    session.mailbox.note_new(2)
    session.mailbox.note_expunged(1)
    assert session.announce()
    assert sent(session) == b"* 1 EXPUNGE\r\n* 1 EXISTS\r\n"
    assert not session.announce()
    session.receive_data(b"DONE\r\n")
    assert drain(session) == [commands.IdleDone()]
    session.ok("done")
    assert sent(session) == b"i OK done\r\n"
    assert not session.idling


@pytest.mark.parametrize("line", [b"n NOOP\r\n", b"n APPEND INBOX {5+}\r\n", b"x\r\n"])
def test_attack_28_another_command_during_idle(line: bytes) -> None:
    session = idling()
    session.receive_data(line)
    assert drain(session) == [commands.IdleDone()]
    session.ok("done")
    assert sent(session).startswith(b"i BAD ")
    assert session.state is State.SELECTED


# STARTTLS


def test_starttls() -> None:
    session = serving()
    session.receive_data(b"a STARTTLS\r\n")
    assert drain(session) == [commands.StartTls(tag="a")]
    session.ok("begin")
    assert drain(session) == [StartTls()]
    assert sent(session) == b"a OK begin\r\n"
    session.tls_started()
    assert session.secure
    session.receive_data(b"b STARTTLS\r\nc LOGIN user secret\r\n")
    assert drain(session) == [commands.Login("user", "secret", tag="c")]
    assert sent(session).startswith(b"b BAD ")
    with pytest.raises(LocalError):
        session.tls_started()


def test_starttls_refused() -> None:
    session = serving()
    session.receive_data(b"a STARTTLS\r\n")
    drain(session)
    session.no("no certificate")
    session.receive_data(b"b NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="b")]


@pytest.mark.parametrize("split", [0, 1, 2, 3])
def test_attack_15_what_follows_starttls_in_the_clear_is_discarded_and_the_end(split: int) -> None:
    """CVE-2021-33515: in one segment, after the command was given out, after OK, and half a line."""
    session = serving()
    evil = b"A2 LOGIN eve evil\r\n"
    if split in (0, 3):
        session.receive_data(b"a STARTTLS\r\n" + (evil if split == 0 else evil[:4]))
    else:
        session.receive_data(b"a STARTTLS\r\n")
        assert drain(session) == [commands.StartTls(tag="a")]
        if split == 2:
            session.ok("begin")
            assert drain(session) == [StartTls()]
        session.receive_data(evil)
    for _ in range(2):
        with pytest.raises(RemoteError):
            session.next_event()
    assert b"* BYE " in sent(session)
    with pytest.raises(RemoteError):
        session.tls_started()


def test_attack_15_through_the_buffer_too() -> None:
    session = serving()
    session.receive_data(b"a STARTTLS\r\n")
    drain(session)
    session.ok("begin")
    drain(session)
    memory = session.get_buffer(-1)
    memory[:6] = b"A NOOP"
    del memory
    session.buffer_updated(6)
    with pytest.raises(RemoteError):
        session.tls_started()

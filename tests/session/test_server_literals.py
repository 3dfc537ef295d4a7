"""Literals that a client announces to the server session: let in, refused, swallowed."""

from __future__ import annotations

import pytest
from helpers import drain, logged_in, sent, serving

from mailproto import Limits, LocalError, RemoteError
from mailproto.imap import commands
from mailproto.imap.server import MAX_BAD_COMMANDS, ServerSession

# Literals


def announced(session: ServerSession, line: bytes) -> commands.LiteralAnnounced:
    session.receive_data(line)
    (event,) = drain(session)
    assert isinstance(event, commands.LiteralAnnounced)
    return event


def test_a_synchronising_literal_is_let_in() -> None:
    session = serving()
    event = announced(session, b"a LOGIN {4}\r\n")
    assert (event.tag, event.size, event.sync) == ("a", 4, True)
    assert sent(session) == b""
    session.accept_literal()
    assert sent(session).startswith(b"+ ")
    assert announced(session, b"user {6}\r\n").size == 6
    session.accept_literal()
    sent(session)
    session.receive_data(b"secret\r\n")
    assert drain(session) == [commands.Login("user", "secret", tag="a")]
    with pytest.raises(LocalError):
        session.accept_literal()


def test_a_non_synchronising_literal_gets_no_continuation() -> None:
    session = serving()
    assert not announced(session, b"a LOGIN {4+}\r\nuser {6+}\r\nsecret\r\n").sync
    session.accept_literal()
    (event,) = drain(session)
    assert isinstance(event, commands.LiteralAnnounced)
    session.accept_literal()
    assert drain(session) == [commands.Login("user", "secret", tag="a")]
    assert sent(session) == b""


def test_a_rejected_synchronising_literal() -> None:
    session = logged_in()
    announced(session, b"a APPEND INBOX {100}\r\n")
    session.reject_literal("not now", code="LIMIT")
    assert sent(session) == b"a NO [LIMIT] not now\r\n"
    session.receive_data(b"n NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="n")]


def test_attack_28_a_literal_of_a_command_that_is_not_legal_now_is_not_asked_for() -> None:
    session = serving()
    session.receive_data(b"a APPEND INBOX {100}\r\n")
    assert drain(session) == []
    assert sent(session) == b"a BAD APPEND is not legal while not authenticated\r\n"
    body = b"x LOGOUT\r\n" * 10
    session.receive_data(
        b"b uid search subject {100+}\r\n" + body + b" {100+}\r\n" + body + b"\r\nn NOOP\r\n"
    )
    assert drain(session) == [commands.Noop(tag="n")]
    assert sent(session) == b"b BAD SEARCH is not legal while not authenticated\r\n"
    session.ok("done")
    session = logged_in()
    session.receive_data(b"c LOGIN {3}\r\n")
    assert drain(session) == []
    assert sent(session) == b"c BAD LOGIN is not legal while authenticated\r\n"


def test_attack_28_such_literals_count_as_bad_commands() -> None:
    session = serving()
    session.receive_data(b"a APPEND INBOX {1}\r\n" * (MAX_BAD_COMMANDS - 1))
    assert drain(session) == []
    session.receive_data(b"a APPEND INBOX {1}\r\n")
    with pytest.raises(RemoteError, match="too many"):
        drain(session)


def test_attack_4_an_oversize_literal_is_swallowed_never_run() -> None:
    session = logged_in(append_limit=50)
    body = b"x LOGOUT\r\n" * 10
    session.receive_data(b"a APPEND INBOX {100+}\r\n" + body + b"\r\nn NOOP\r\n")
    assert drain(session) == [commands.Noop(tag="n")]
    assert sent(session).startswith(b"a NO [TOOBIG] ")


def test_an_append_within_the_limit() -> None:
    session = logged_in(append_limit=100)
    announced(session, b"a APPEND INBOX {100}\r\n")
    session.accept_literal()
    session.receive_data(b"m" * 100 + b"\r\n")
    (command,) = drain(session)
    assert isinstance(command, commands.Append)
    assert command.messages[0].data == b"m" * 100
    session.receive_data(b"")
    session.ok("done")
    announced_size = logged_in(append_limit=100)
    announced_size.receive_data(b"a APPEND INBOX {101}\r\n")
    assert drain(announced_size) == []
    assert sent(announced_size).startswith(b"a NO [TOOBIG] ")


def test_an_append_limit_above_the_other_limits_makes_room() -> None:
    limits = Limits.server()
    session = logged_in(append_limit=limits.max_unit + 1)
    assert session.limits.max_literal == limits.max_unit + 1
    assert announced(session, b"a APPEND INBOX {%d}\r\n" % (limits.max_unit + 1)).size == limits.max_unit + 1


def test_limits_widen_at_login_and_not_before() -> None:
    limits = Limits.before_login()
    line = b"a NOOP " + b"x" * (limits.max_line + 10)
    session = serving()
    session.receive_data(line)
    with pytest.raises(RemoteError):
        drain(session)
    session = logged_in()
    session.receive_data(line + b"\r\n")
    assert drain(session) == []
    assert sent(session).startswith(b"a BAD ")

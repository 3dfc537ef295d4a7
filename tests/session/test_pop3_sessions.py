"""POP3 sessions, client against server, without a socket."""

from __future__ import annotations

from typing import Any

import pytest

from mailproto import NEED_DATA, LocalError, RemoteError, sasl
from mailproto.pop3 import Capabilities, ClientSession, ServerSession, commands, events, replies
from mailproto.pop3.states import State
from mailproto.sasl import lines
from mailproto.wirelog import WireLog


def drain(session: Any) -> list[Any]:
    found = []
    while (event := session.next_event()) is not NEED_DATA:
        found.append(event)
    return found


def wire(session: Any) -> bytes:
    return b"".join(session.data_to_send())


def greeted(**options: Any) -> ClientSession:
    session = ClientSession(**options)
    session.receive_data(b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n")
    drain(session)
    return session


def in_transaction(**options: Any) -> ClientSession:
    session = greeted(**options)
    session.send(commands.User("mrose"))
    session.send(commands.Pass("secret"))
    session.receive_data(b"+OK\r\n")
    drain(session)
    session.receive_data(b"+OK\r\n")
    drain(session)
    wire(session)
    assert session.state is State.TRANSACTION
    return session


def serving(**options: Any) -> ServerSession:
    session = ServerSession(**options)
    session.send(replies.Ok("ready"))
    wire(session)
    return session


def logged_in(**options: Any) -> ServerSession:
    session = serving(**options)
    session.receive_data(b"USER mrose\r\nPASS secret\r\n")
    for _ in range(2):
        session.next_event()
        session.send(replies.Ok())
    wire(session)
    assert session.state is State.TRANSACTION
    return session


def test_a_whole_session_between_our_own_ends() -> None:
    client, server = ClientSession(pipelining=True), ServerSession()
    mail = b"Subject: x\r\n\r\n.dot\r\n"
    answers = {
        "CAPA": replies.capa(["USER", "PIPELINING"]),
        "USER": replies.Ok(),
        "PASS": replies.Ok("maildrop locked"),
        "STAT": replies.stat(1, len(mail)),
        "LIST": replies.scan_listing([(1, len(mail))]),
        "UIDL": replies.uidl_listing([(1, "abc")]),
        "RETR": replies.message(mail),
        "TOP": replies.message(mail),
        "DELE": replies.Ok(),
        "QUIT": replies.Ok("bye"),
    }
    server.send(replies.Ok("ready"))
    for command in (
        commands.User("mrose"), commands.Pass("secret"), commands.Capa(), commands.Stat(), commands.List(),
        commands.Uidl(), commands.Retr(1), commands.Top(1, 0), commands.Dele(1), commands.Quit(),
    ):  # fmt: skip
        client.send(command)
    seen: list[Any] = []
    moved = True
    while moved:
        moved = False
        for buffer in server.data_to_send():
            client.receive_data(buffer)
            moved = True
        seen += drain(client)
        for buffer in client.data_to_send():
            server.receive_data(buffer)
            moved = True
        while (event := server.next_event()) is not NEED_DATA:
            assert isinstance(event, commands.Command)
            server.send(answers[event.name])
    done = {event.command.name: event.response for event in seen if isinstance(event, events.CommandDone)}
    assert set(done) == set(answers)
    assert done["RETR"].body == mail
    assert done["LIST"].listing == ((1, len(mail)),)
    assert done["UIDL"].listing == ((1, "abc"),)
    assert done["STAT"].listing == ((1, len(mail)),)
    assert client.state is server.state is State.ENDED
    client.receive_data(b"")
    assert drain(client) == [events.Closed(True)]


def test_without_pipelining_commands_go_out_one_by_one() -> None:
    session = in_transaction()
    session.send(commands.Noop())
    session.send(commands.Stat())
    assert wire(session) == b"NOOP\r\n"
    session.receive_data(b"+OK\r\n")
    drain(session)
    assert wire(session) == b"STAT\r\n"


def test_the_server_gives_one_command_at_a_time() -> None:
    session = logged_in()
    session.receive_data(b"NOOP\r\nSTAT\r\n")
    assert drain(session) == [commands.Noop()]
    session.send(replies.Ok())
    assert drain(session) == [commands.Stat()]


def test_the_server_refuses_by_itself_what_is_no_legal_command() -> None:
    session = serving()
    session.receive_data(b"STAT\r\nPASS x\r\nFOO bar\r\nNOOP\nRETR 0\r\n\r\nUSER a\r\n")
    assert drain(session) == [commands.User("a")]
    answers = wire(session).split(b"\r\n")[:-1]
    assert len(answers) == 6
    assert all(answer.startswith(b"-ERR ") for answer in answers)


def test_a_reply_that_does_not_fit_is_our_own_mistake() -> None:
    session = logged_in()
    with pytest.raises(LocalError):
        session.send(replies.Ok())
    session.receive_data(b"RETR 1\r\nNOOP\r\n")
    drain(session)
    with pytest.raises(LocalError):
        session.send(replies.Ok("no body"))
    session.send(replies.message(b"x"))
    drain(session)
    with pytest.raises(LocalError):
        session.send(replies.Ok(body=b"x"))
    session.send(replies.Ok())


def test_a_large_body_is_passed_through() -> None:
    session = logged_in()
    mail = b"line\r\n" * 10_000
    session.receive_data(b"RETR 1\r\n")
    drain(session)
    session.send(replies.message(mail))
    assert any(buffer is mail for buffer in session.data_to_send())


def test_a_body_may_be_sent_in_chunks() -> None:
    session = logged_in()
    session.receive_data(b"RETR 1\r\nNOOP\r\n")
    drain(session)
    session.begin_body("coming")
    for chunk in (b"a\r", b"\n.b\r\n", b"", b".", b"c"):
        session.send_chunk(chunk)
    assert drain(session) == []
    session.end_body()
    assert wire(session) == b"+OK coming\r\na\r\n..b\r\n..c\r\n.\r\n"
    assert drain(session) == [commands.Noop()]


def test_stls_on_the_server() -> None:
    session = serving()
    session.receive_data(b"STLS\r\n")
    assert drain(session) == [commands.Stls()]
    session.send(replies.Ok("begin"))
    assert drain(session) == [events.StartTls()]
    session.tls_started()
    assert session.secure
    session.receive_data(b"STLS\r\n")
    assert drain(session) == []
    assert b"-ERR" in wire(session)


def test_what_follows_stls_in_the_clear_is_never_read() -> None:
    session = serving()
    session.receive_data(b"STLS\r\nUSER evil\r\n")
    assert session.next_event() == commands.Stls()
    session.send(replies.Ok())
    for _ in range(2):
        with pytest.raises(RemoteError):
            session.next_event()
    assert wire(session).startswith(b"-ERR")
    assert session.closing


def test_octets_that_come_while_tls_is_due_are_never_read() -> None:
    session = serving()
    session.receive_data(b"STLS\r\n")
    session.next_event()
    session.send(replies.Ok())
    session.receive_data(b"USER evil\r\n")
    with pytest.raises(RemoteError):
        session.next_event()


def test_stls_on_the_client_forgets_what_was_learnt() -> None:
    session = greeted()
    session.send(commands.Capa())
    session.receive_data(b"+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n")
    drain(session)
    assert session.has_capability("sasl", "plain")
    session.send(commands.Stls())
    wire(session)
    session.receive_data(b"+OK\r\n")
    done, start = drain(session)
    assert done.ok and start == events.StartTls()
    session.tls_started()
    assert session.capabilities is None and session.secure


@pytest.mark.parametrize("trailing", [b"+OK\r\n", b"x"])
def test_octets_after_the_ok_to_stls_are_an_error(trailing: bytes) -> None:
    session = greeted()
    session.send(commands.Stls())
    wire(session)
    session.receive_data(b"+OK\r\n" + trailing)
    for _ in range(2):
        with pytest.raises(RemoteError):
            session.next_event()


def test_an_answer_to_stls_that_came_before_it_is_an_error() -> None:
    session = ClientSession()
    session.receive_data(b"+OK hello\r\n+OK begin TLS\r\n")
    session.next_event()
    with pytest.raises(RemoteError):
        session.send(commands.Stls())
        session.next_event()
    assert wire(session) == b""


def test_a_login_queued_behind_a_refused_stls_never_leaves() -> None:
    session = greeted(require_tls=True)
    with pytest.raises(LocalError):
        session.send(commands.User("mrose"))
    session.send(commands.Stls())
    session.send(commands.User("mrose"))
    assert wire(session) == b"STLS\r\n"
    session.receive_data(b"-ERR no\r\n")
    with pytest.raises(RemoteError):
        session.next_event()
    assert wire(session) == b""


def test_replies_to_nothing_are_an_error_that_stays() -> None:
    session = greeted()
    session.receive_data(b"+OK surprise\r\n")
    for _ in range(2):
        with pytest.raises(RemoteError):
            session.next_event()
    with pytest.raises(RemoteError):
        session.send(commands.Capa())


def test_the_client_knows_what_is_legal() -> None:
    session = greeted()
    with pytest.raises(LocalError):
        session.send(commands.Stat())
    with pytest.raises(LocalError):
        session.send(commands.Apop("a", "b"))
    session.send(commands.Quit())
    with pytest.raises(LocalError):
        session.send(commands.Capa())


def test_the_greeting_that_refuses() -> None:
    session = ClientSession()
    session.receive_data(b"-ERR [SYS/TEMP] busy\r\n")
    (greeting,) = drain(session)
    assert greeting.reply.code == "SYS/TEMP"
    with pytest.raises(LocalError):
        session.send(commands.Capa())
    session.receive_data(b"")
    assert drain(session) == [events.Closed(True)]


def test_auth_with_challenges_by_hand() -> None:
    session = greeted()
    tag = session.send(commands.Auth("X-TEST"))
    session.receive_data(b"+ aGk=\r\n")
    assert drain(session) == [events.ContinuationRequested(tag, b"hi")]
    session.respond(b"ho")
    assert wire(session) == b"AUTH X-TEST\r\naG8=\r\n"
    session.receive_data(b"+OK\r\n")
    drain(session)
    assert session.state is State.TRANSACTION


def test_auth_on_the_server() -> None:
    session = serving()
    session.receive_data(b"AUTH plain\r\n")
    assert drain(session) == [commands.Auth("PLAIN")]
    session.send(replies.Continuation.challenge(b""))
    assert wire(session) == b"+ \r\n"
    session.receive_data(b"AHRpbQBzZWNyZXQ=\r\nSTAT\r\n")
    assert drain(session) == [commands.SaslResponse(b"\0tim\0secret")]
    session.send(replies.Ok())
    assert drain(session) == [commands.Stat()]


@pytest.mark.parametrize("line", [b"*", b"!!!", b"AHR", b"\xff"])
def test_an_auth_that_is_cancelled_or_broken_comes_as_no_response(line: bytes) -> None:
    session = serving()
    session.receive_data(b"AUTH PLAIN\r\n")
    drain(session)
    session.send(replies.Continuation.challenge(b""))
    session.receive_data(line + b"\r\n")
    assert drain(session) == [commands.SaslResponse(None)]
    session.send(replies.Err("no", code=replies.AUTH))
    session.receive_data(b"CAPA\r\n")
    assert drain(session) == [commands.Capa()]


def test_a_stream_that_ends_before_quit() -> None:
    session = logged_in()
    session.receive_data(b"DELE 1\r\nQUI")
    drain(session)
    session.send(replies.Ok())
    session.receive_data(b"")
    assert drain(session) == [events.Closed(False, (), True)]
    assert session.state is State.CLOSED


def test_quit_from_transaction_enters_update_first() -> None:
    session = logged_in()
    session.receive_data(b"QUIT\r\nNOOP\r\n")
    assert drain(session) == [commands.Quit()]
    assert session.state is State.UPDATE
    session.send(replies.Ok())
    assert session.state is State.ENDED and session.closing
    session.receive_data(b"")
    assert drain(session) == [events.Closed(True)]


def test_lines_without_end_are_cut_off() -> None:
    session = serving()
    session.receive_data(b"x" * 20_000)
    with pytest.raises(RemoteError):
        session.next_event()
    assert wire(session) == b"-ERR line too long\r\n"


def test_endless_rubbish_is_cut_off() -> None:
    session = serving()
    session.receive_data(b"GET / HTTP/1.1\r\n" * 100)
    with pytest.raises(RemoteError):
        drain(session)
    assert wire(session).count(b"\r\n") == 50


def test_a_mechanism_that_speaks_first_goes_with_the_command() -> None:
    session = greeted(secure=True)
    session.authenticate(sasl.client("PLAIN", username="tim", password="secret"))
    assert wire(session) == b"AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n"
    session.receive_data(b"+OK\r\n")
    (done,) = drain(session)
    assert done.ok and session.state is State.TRANSACTION


def test_an_initial_response_too_long_for_the_line_waits_for_the_challenge() -> None:
    session = greeted(secure=True)
    token = "t" * 300
    session.authenticate(sasl.client("XOAUTH2", username="tim", token=token))
    assert wire(session) == b"AUTH XOAUTH2\r\n"
    session.receive_data(b"+ \r\n")
    assert drain(session) == []
    assert lines.decode_line(wire(session).rstrip()) == f"user=tim\x01auth=Bearer {token}\x01\x01".encode()
    session.receive_data(b"+ " + lines.encode_line(b'{"status":"400"}') + b"\r\n")
    assert drain(session) == []
    assert wire(session) == b"\r\n"
    session.receive_data(b"-ERR [AUTH] no\r\n")
    (done,) = drain(session)
    assert done.response.code == "AUTH" and session.state is State.AUTHORIZATION


def test_a_mechanism_that_cannot_go_on_cancels() -> None:
    session = greeted(secure=True)
    session.authenticate(sasl.client("LOGIN", username="tim", password="secret"))
    for _ in range(3):
        session.receive_data(b"+ \r\n")
        drain(session)
    assert wire(session) == b"AUTH LOGIN\r\ndGlt\r\nc2VjcmV0\r\n*\r\n"
    session.receive_data(b"+ !!\r\n")
    assert drain(session) == []
    assert wire(session) == b"*\r\n"
    session.receive_data(b"-ERR\r\n")
    assert not drain(session)[0].ok


def test_challenges_without_end_are_cut_off() -> None:
    session = greeted(secure=True)
    session.send(commands.Auth("X"))
    with pytest.raises(RemoteError):
        for _ in range(100):
            session.receive_data(b"+ \r\n")
            drain(session)
            session.respond(b"")


def test_the_wire_log_hides_secrets() -> None:
    seen: list[str] = []
    log = WireLog(seen.append)
    client, server = ClientSession(pipelining=True, log=log, allow_apop=True), ServerSession(log=log)
    server.send(replies.Ok("ready <1@host>"))
    client.receive_data(wire(server))
    drain(client)
    client.send(commands.User("mrose"))
    client.send(commands.Pass("hunter2"))
    server.receive_data(wire(client))
    server.next_event()
    server.send(replies.Ok())
    server.next_event()
    server.send(replies.Err("no", code="AUTH"))
    client.receive_data(wire(server))
    drain(client)
    client.apop("mrose", "hunter2")
    digest = client.data_to_send()[0].split()[-1].decode()
    server.receive_data(b"AUTH PLAIN aHVudGVyMg==\r\nhunter2\r\nPASS\thunter2\r\n")
    server.next_event()
    server.send(replies.Continuation.challenge(b"hunter2"))
    server.next_event()
    text = "\n".join(seen)
    assert "PASS ***" in text and "AUTH PLAIN ***" in text and "APOP mrose ***" in text and "S: +OK" in text
    for secret in ("hunter2", "aHVudGVyMg", digest):
        assert secret not in text


def test_apop() -> None:
    session = greeted(allow_apop=True)
    session.apop("mrose", "tanstaaf")
    assert wire(session) == b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"
    for greeting in (b"+OK ready\r\n", b"+OK <no-at-sign>\r\n", b"+OK <a\xff@b>\r\n", b"+OK <a b@c>\r\n"):
        plain = ClientSession(allow_apop=True)
        plain.receive_data(greeting)
        drain(plain)
        with pytest.raises(LocalError):
            plain.apop("mrose", "tanstaaf")


def test_utf8_mode_and_languages() -> None:
    """RFC 6856, between our own ends: both know the mode, and STLS must not follow it."""
    client, server = greeted(), serving()
    client.send(commands.Capa())
    server.receive_data(wire(client))
    assert server.next_event() == commands.Capa()
    server.send(replies.capa(Capabilities.of(utf8_user=True, lang=True, stls=True, auth_resp_code=True)))
    client.receive_data(wire(server))
    drain(client)
    assert client.capabilities is not None and client.capabilities.utf8_user and client.has_capability("lang")
    for command, answer in (
        (commands.Lang(), replies.lang_listing([("en", "English"), ("sv", "")])),
        (commands.Lang("*"), replies.lang("en", "as you like")),
        (commands.Utf8(), replies.Err("not yet")),
        (commands.Utf8(), replies.Ok("UTF8 enabled")),
    ):
        assert not client.utf8 and not server.utf8
        client.send(command)
        server.receive_data(wire(client))
        assert server.next_event() == command
        server.send(answer)
        client.receive_data(wire(server))
        (done,) = drain(client)
        assert done.command == command and done.response == answer
        if isinstance(command, commands.Lang):
            assert done.response.listing[0].tag == "en"
    assert client.utf8 and server.utf8
    with pytest.raises(LocalError, match="UTF8"):
        client.send(commands.Stls())
    server.receive_data(b"STLS\r\n")
    assert server.next_event() is NEED_DATA and wire(server) == b"-ERR STLS comes before UTF8\r\n"
    client.send(commands.User("zoë"))
    server.receive_data(wire(client))
    assert server.next_event() == commands.User("zoë".encode())


def test_stls_is_not_sent_behind_a_utf8_that_waits() -> None:
    client = greeted()
    client.send(commands.Utf8())
    with pytest.raises(LocalError, match="UTF8"):
        client.send(commands.Stls())
    client.receive_data(b"-ERR no\r\n")
    drain(client)
    client.send(commands.Stls())
    assert wire(client).endswith(b"STLS\r\n")

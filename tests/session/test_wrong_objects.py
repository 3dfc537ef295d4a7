"""What is no command, no response and no limits is refused where it is handed over, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers import drain, greeted, logged_in, sent

from mailproto import Limits
from mailproto.imap import (
    CommandReader,
    FetchTable,
    MailboxName,
    ResponseReader,
    commands,
    parse_command,
    parse_response,
    responses,
    search,
)
from mailproto.imap.events import ContinuationRequested
from mailproto.imap.server import ServerSession
from mailproto.pop3 import ClientSession as Pop3Client
from mailproto.pop3 import CommandReader as Pop3CommandReader
from mailproto.pop3 import ReplyReader, replies
from mailproto.pop3 import ServerSession as Pop3Server
from mailproto.pop3 import commands as pop3_commands

NO_COMMANDS: list[Any] = [
    "NOOP", b"a NOOP\r\n", None, 5, responses.Exists(1), commands.Section(), commands.IdleDone(),
    search.Key("ALL"), commands.Noop, pop3_commands.Noop(), MailboxName("x"),
]  # fmt: skip
NO_RESPONSES: list[Any] = [
    "OK", b"* OK\r\n", None, 5, commands.Noop(tag="a"), responses.ResponseCode("ALERT"), replies.Ok(),
    responses.Exists,
]  # fmt: skip


@pytest.mark.parametrize("value", NO_COMMANDS, ids=repr)
def test_an_imap_client_sends_commands(value: Any) -> None:
    session = greeted()
    with pytest.raises(TypeError, match="a command is sent"):
        session.send(value)
    session.send(commands.Noop())
    assert sent(session).endswith(b"NOOP\r\n")


@pytest.mark.parametrize("value", NO_RESPONSES, ids=repr)
def test_an_imap_server_sends_responses(value: Any) -> None:
    with pytest.raises(TypeError, match="a response is sent"):
        ServerSession().send(value)
    session = logged_in()
    with pytest.raises(TypeError, match="a response is sent"):
        session.send(value)
    session.send(responses.Fetch(1, flags=()))
    session.send(responses.MailboxList("LIST", (), "/", "INBOX"))
    session.send(responses.ThreadResult([]))
    assert sent(session).count(b"\r\n") == 3


@pytest.mark.parametrize("value", ["STAT", b"STAT\r\n", None, 5, commands.Noop(), replies.Ok()], ids=repr)
def test_a_pop3_client_sends_commands(value: Any) -> None:
    session = Pop3Client()
    session.receive_data(b"+OK\r\n")
    drain(session)
    with pytest.raises(TypeError, match="a command is sent"):
        session.send(value)
    session.send(pop3_commands.Capa())
    assert sent(session) == b"CAPA\r\n"


@pytest.mark.parametrize("value", ["+OK", b"+OK\r\n", None, 5, pop3_commands.Noop()], ids=repr)
def test_a_pop3_server_sends_replies(value: Any) -> None:
    session = Pop3Server()
    with pytest.raises(TypeError, match="a reply is sent"):
        session.send(value)
    session.send(replies.greeting("hi"))
    assert sent(session) == b"+OK hi\r\n"


@pytest.mark.parametrize("limits", [5, "x", {}, Limits, object()], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    "take",
    [
        lambda limits: ResponseReader(limits=limits),
        lambda limits: CommandReader(limits=limits),
        lambda limits: parse_response(b"", limits=limits),
        lambda limits: parse_command(b"", limits=limits),
        lambda limits: FetchTable(limits=limits),
        lambda limits: ReplyReader(limits),
        lambda limits: Pop3CommandReader(limits),
    ],
)
def test_limits_are_limits(take: Callable[[Any], Any], limits: Any) -> None:
    with pytest.raises(TypeError, match="limits must be Limits"):
        take(limits)


def test_challenges_are_hidden_and_words_are_not() -> None:
    challenge = responses.Continuation("c2VjcmV0")
    assert repr(challenge) == "Continuation(text=***, code=None)"
    assert challenge.to_dict() == {"type": "Continuation", "text": "***", "code": None}
    assert challenge.to_dict(secrets=True)["text"] == "c2VjcmV0"
    for text in ("", "idling", "Ready for literal data", "c2VjcmV0="):
        assert responses.Continuation(text).to_dict()["text"] == text
    assert "secret" not in repr(ContinuationRequested("a1", b"secret"))

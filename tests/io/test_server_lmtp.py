"""LMTP: what a transfer agent hands in is in INBOX before it is told so, one reply a recipient."""

from __future__ import annotations

import pytest

from mailproto.store.errors import StoreFull
from tests.io.running import Raw, Running
from tests.io.servers import imap, server, user  # noqa: F401


class Agent(Raw):
    """A transfer agent that has said LHLO."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        assert self.line().startswith(b"220 ")
        self.send(b"LHLO agent\r\n")
        self.extensions = [line[4:].strip() for line in self.until(b"250 ")]

    def says(self, *commands: bytes) -> list[bytes]:
        """Send commands in one go; one reply line for each."""
        self.send(b"".join(command + b"\r\n" for command in commands))
        return [self.line().strip() for _ in commands]


@pytest.fixture
def agent(server: Running):  # noqa: F811
    client = Agent(server.ports["lmtp"])
    yield client
    client.close()


def test_extensions_that_the_rfc_demands(agent):
    assert {b"PIPELINING", b"ENHANCEDSTATUSCODES"} <= set(agent.extensions)


def test_each_accepted_recipient_has_a_reply_of_its_own(server, agent, imap):  # noqa: F811
    first, second = server.account(), server.account()
    replies = agent.says(
        b"MAIL FROM:<sender@example.org>",
        b"RCPT TO:<%b@here>" % first.encode(),
        b"RCPT TO:<nobody@here>",
        b"RCPT TO:<%b+lists@here>" % second.encode(),
        b"DATA",
    )
    assert [reply[:3] for reply in replies] == [b"250", b"250", b"550", b"250", b"354"]
    agent.send(b"Subject: hello\r\n\r\n..a dot\r\n.\r\n")
    assert [agent.line()[:10] for _ in range(2)] == [b"250 2.1.5 "] * 2
    for name in (first, second):
        session = imap(name)
        session.ok("SELECT INBOX")
        (row, _) = session.ok("FETCH 1 BODY[]")
        assert b"Return-Path: <sender@example.org>\r\nSubject: hello\r\n\r\n.a dot\r\n" in row


def test_one_delivery_fails_and_the_other_does_not(server, agent, monkeypatch):  # noqa: F811
    first, second = server.account(), server.account()
    mail = server.server.store.mail

    class Full:
        async def append(self, mailbox, messages):
            raise StoreFull("the disk is full")

    monkeypatch.setattr(
        server.server.store, "mail", lambda account: Full() if account.name == first else mail(account)
    )
    agent.says(b"MAIL FROM:<>", *(b"RCPT TO:<%b>" % name.encode() for name in (first, second)), b"DATA")
    agent.send(b"Subject: x\r\n\r\nbody\r\n.\r\n")
    assert [agent.line()[:3] for _ in range(2)] == [b"451", b"250"]


def test_a_body_past_the_limit_is_refused_once_for_each_recipient(server, agent):  # noqa: F811
    names = [server.account(), server.account()]
    agent.says(b"MAIL FROM:<a@b>", *(b"RCPT TO:<%b>" % name.encode() for name in names), b"DATA")
    line = b"x" * 1022 + b"\r\n"
    for _ in range(66):
        agent.send(line * 1024)
    agent.send(b".\r\n")
    assert [agent.line()[:3] for _ in range(2)] == [b"552", b"552"]
    assert agent.says(b"NOOP")[0].startswith(b"250")


def test_bare_line_ends_are_made_crlf_and_long_lines_kept(server, agent, imap):  # noqa: F811
    name = server.account()
    agent.says(b"MAIL FROM:<a@b>", b"RCPT TO:<%b>" % name.encode(), b"DATA")
    agent.send(b"Subject: x\n\n" + b"y" * 5000 + b"\r\n.\r\n")
    assert agent.line().startswith(b"250")
    session = imap(name)
    session.ok("SELECT INBOX")
    assert b"Subject: x\r\n\r\n" + b"y" * 5000 + b"\r\n" in session.ok("FETCH 1 BODY[]")[0]


def test_an_agent_that_vanishes_amid_a_message_delivers_nothing(server, imap):  # noqa: F811
    name = server.account()
    agent = Agent(server.ports["lmtp"])
    agent.says(b"MAIL FROM:<a@b>", b"RCPT TO:<%b>" % name.encode(), b"DATA")
    agent.send(b"Subject: half\r\n\r\nhal")
    agent.close()
    other = Agent(server.ports["lmtp"])
    assert other.says(b"NOOP")[0].startswith(b"250")
    other.close()
    assert b"* 0 EXISTS\r\n" in imap(name).ok("SELECT INBOX")

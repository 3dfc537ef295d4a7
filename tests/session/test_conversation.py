"""A client and a server session talk to each other in memory, whole and one byte at a time."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import Wire, drain, sent, status

from mailproto.imap import commands, responses, search
from mailproto.imap.client import ClientSession
from mailproto.imap.events import Closed, CommandDone, ContinuationRequested, StartTls, Unsolicited
from mailproto.imap.server import ServerSession
from mailproto.imap.states import State
from mailproto.imap.view import MailboxView

MODES = pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])


def connected(greeting: str = "OK", *, bytewise: bool = False, **options: Any) -> Wire:
    server = ServerSession(**options)
    server.greet(
        "ready", status=greeting, code=responses.ResponseCode("CAPABILITY", ("IMAP4rev1", "LITERAL+"))
    )
    wire = Wire(ClientSession(), server, bytewise=bytewise)
    (event,) = wire.run()
    assert event.status == greeting
    return wire


def test_greeting_carries_the_capabilities() -> None:
    assert connected().client.capabilities == {"IMAP4REV1", "LITERAL+"}


AFTER_LOGIN: list[commands.Command] = [
    commands.Capability(),
    commands.Noop(),
    commands.Id({"name": "x"}),
    commands.Enable(["CONDSTORE"]),
    commands.Create("Entwürfe"),
    commands.Rename("a", "b"),
    commands.Delete("b"),
    commands.Subscribe("a b"),
    commands.Unsubscribe('a"b'),
    commands.List("", ("*", "%")),
    commands.Lsub("", "*"),
    commands.Namespace(),
    commands.Status("INBOX", ("MESSAGES", "UIDNEXT")),
    commands.Append("INBOX", b"From: x\r\n\r\nhello\r\n"),
    commands.Append("INBOX", commands.AppendMessage(b"x" * 5000, flags=("\\Seen",))),
]
IN_MAILBOX: list[commands.Command] = [
    commands.Check(),
    commands.Fetch("1:*", ("FLAGS", "UID", commands.Section(text="HEADER", peek=True))),
    commands.Fetch("1:*", ("ALL",), uid=True),
    commands.Store("1,3:4", "+FLAGS", ("\\Deleted", "keyword"), silent=True),
    commands.Search(search.Or(search.Key("SEEN"), search.Text("SUBJECT", "grün"))),
    commands.Search(search.Uid("1:5"), uid=True),
    commands.Copy("1", "Archive"),
    commands.Move("2", "Archive", uid=True),
    commands.Expunge(),
    commands.Expunge("1:5", True),
    commands.Close(),
]


@MODES
def test_every_command_gets_across_and_is_answered(bytewise: bool) -> None:
    wire = connected(bytewise=bytewise)
    arrived: list[Any] = []

    def serve(event: Any) -> None:
        if isinstance(event, commands.Command):
            arrived.append(event)
        wire.default_serve(event)

    wire.serve = serve
    script = [
        commands.Login("user", "pass word"),
        *AFTER_LOGIN,
        commands.Select("INBOX"),
        *IN_MAILBOX,
        commands.Examine("INBOX"),
        commands.Unselect(),
    ]
    given = []
    for command in script:
        tag = wire.client.send(command)
        given.append(command.with_tag(tag))
        (done,) = wire.run()
        assert done == CommandDone(tag, command.with_tag(tag), status("OK", f"{command.name} done", tag))
    assert arrived == given
    assert wire.client.state is wire.server.state is State.AUTHENTICATED


def test_the_same_pipelined() -> None:
    wire = connected()
    tags = [wire.client.send(command) for command in (commands.Login("u", "p"), *AFTER_LOGIN)]
    tags += [wire.client.send(command) for command in (commands.Select("INBOX"), *IN_MAILBOX)]
    done = wire.run()
    assert [event.tag for event in done] == tags
    assert all(event.ok for event in done)


@MODES
def test_select_fetch_and_news(bytewise: bool) -> None:
    wire = connected("PREAUTH", bytewise=bytewise)
    view = MailboxView([10, 20, 30])

    def serve(event: Any) -> None:
        server = wire.server
        match event:
            case commands.Select():
                server.mailbox = view
                server.send(responses.MailboxFlags(("\\Seen",)))
                server.send(responses.Exists(view.exists))
                server.send(responses.Recent(view.recent))
                server.send(status("OK", "valid", code=responses.ResponseCode("UIDVALIDITY", 9)))
                server.ok("selected", code="READ-WRITE")
            case commands.Fetch():
                for seq, uid in view.messages(event.sequence_set, uid=event.uid):
                    server.send(responses.Fetch(seq=seq, uid=uid, flags=("\\Seen",)))
                server.ok("fetched")
            case _:
                wire.default_serve(event)

    wire.serve = serve
    wire.client.send(commands.Select("INBOX"))
    wire.run()
    mailbox = wire.client.mailbox
    assert mailbox is not None
    assert (mailbox.exists, mailbox.uidvalidity) == (3, 9)
    tag = wire.client.send(commands.Fetch("15:*", ("FLAGS",), uid=True))
    *rows, done = wire.run()
    assert [(row.seq, row.uid) for row in rows] == [(2, 20), (3, 30)]
    assert done.tag == tag
    view.note_expunged(20)
    view.note_new(40)
    wire.client.send(commands.Fetch("1", ("UID", "FLAGS")))
    row, news, done = wire.run()
    assert row.uid == 10
    assert news == Unsolicited(responses.Exists(4))
    assert done.ok
    wire.client.send(commands.Noop())
    news, done = wire.run()
    assert news == Unsolicited(responses.Expunge(2))
    assert mailbox.exists == view.exists == 3
    assert mailbox.uid(2) == view.uid(2) == 30


@MODES
def test_idle_between_the_two(bytewise: bool) -> None:
    wire = connected("PREAUTH", bytewise=bytewise)

    def serve(event: Any) -> None:
        match event:
            case commands.Select():
                wire.server.mailbox = MailboxView()
                wire.server.send(responses.Exists(0))
                wire.server.ok("selected")
            case commands.Idle():
                wire.server.send(responses.Continuation("idling"))
            case commands.IdleDone():
                wire.server.ok("idled")
            case _:
                wire.default_serve(event)

    wire.serve = serve
    wire.client.send(commands.Select("INBOX"))
    wire.run()
    tag = wire.client.send(commands.Idle())
    assert wire.run() == [ContinuationRequested(tag, None)]
    assert wire.server.mailbox is not None
    wire.server.mailbox.note_new(1)
    assert wire.server.announce()
    assert wire.run() == [Unsolicited(responses.Exists(1))]
    wire.client.done()
    after = wire.client.send(commands.Noop())
    assert [event.tag for event in wire.run()] == [tag, after]


@MODES
def test_authenticate_between_the_two(bytewise: bool) -> None:
    wire = connected(bytewise=bytewise)
    heard: list[Any] = []

    def serve(event: Any) -> None:
        match event:
            case commands.Authenticate():
                wire.server.challenge(b"Username:")
            case commands.SaslResponse():
                heard.append(event.data)
                if len(heard) == 1:
                    wire.server.challenge(b"Password:")
                else:
                    wire.server.ok("in")

    wire.serve = serve
    tag = wire.client.send(commands.Authenticate("LOGIN"))
    assert wire.run() == [ContinuationRequested(tag, b"Username:")]
    wire.client.respond(b"user")
    assert wire.run() == [ContinuationRequested(tag, b"Password:")]
    wire.client.respond(b"secret")
    (done,) = wire.run()
    assert done.ok
    assert heard == [b"user", b"secret"]
    assert wire.client.state is wire.server.state is State.AUTHENTICATED


@MODES
def test_starttls_between_the_two(bytewise: bool) -> None:
    wire = connected(bytewise=bytewise)
    wire.client.send(commands.StartTls())
    wire.client.send(commands.Login("user", "secret"))

    def serve(event: Any) -> None:
        if event != StartTls():
            wire.default_serve(event)

    wire.serve = serve
    *_, start = wire.run()
    assert start == StartTls()
    wire.server.tls_started()
    wire.client.tls_started()
    (done,) = wire.run()
    assert done.ok
    assert done.command.name == "LOGIN"
    assert wire.client.secure
    assert wire.server.secure


@MODES
def test_a_refused_append_and_the_next_command(bytewise: bool) -> None:
    wire = connected("PREAUTH", bytewise=bytewise, append_limit=1000)
    wire.client.send(commands.Append("INBOX", b"x" * 1001))
    wire.client.send(commands.Noop())
    refused, done = wire.run()
    assert refused.response.code.name == "TOOBIG"
    assert done.ok


@MODES
def test_logout_between_the_two(bytewise: bool) -> None:
    wire = connected(bytewise=bytewise)
    ended: list[Any] = []

    def serve(event: Any) -> None:
        if isinstance(event, commands.Logout):
            wire.server.bye("bye")
            wire.server.ok("out")
        else:
            ended.append(event)

    wire.serve = serve
    wire.client.send(commands.Logout())
    bye, done = wire.run()
    assert (bye.status, done.ok) == ("BYE", True)
    assert ended == [Closed(True)]
    wire.client.receive_data(b"")
    assert drain(wire.client) == [Closed(True)]
    assert sent(wire.client) == b""

"""The client session's view of the mailbox, and what it knows of the server."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import FEEDERS, drain, greeted, selected, sent

from mailproto import LocalError
from mailproto.imap import commands, responses
from mailproto.imap.events import (
    Unsolicited,
)
from mailproto.imap.states import State

# The mailbox


def test_the_view_follows_what_the_server_says() -> None:
    session = selected(3)
    mailbox = session.mailbox
    assert mailbox is not None
    assert (mailbox.name, mailbox.exists, mailbox.uidvalidity, mailbox.uidnext) == ("INBOX", 3, 7, 100)
    assert mailbox.flags == ("\\Seen", "\\Deleted")
    assert not mailbox.read_only
    session.receive_data(
        b"* 1 FETCH (UID 5)\r\n* 2 FETCH (UID 6)\r\n* 3 FETCH (UID 9)\r\n* 2 EXPUNGE\r\n"
        b"* 4 EXISTS\r\n* 1 RECENT\r\n"
    )
    drain(session)
    assert (mailbox.exists, mailbox.recent) == (4, 1)
    assert [mailbox.uid(seq) for seq in (1, 2, 3)] == [5, 9, None]
    assert mailbox.seq(9) == 2


def test_selecting_another_mailbox_begins_a_new_view() -> None:
    session = selected(3)
    session.send(commands.Examine("Other"))
    sent(session)
    # The last news about INBOX and the first about Other, with nothing between them: no error.
    session.receive_data(
        b"* 2 EXPUNGE\r\n* 7 EXISTS\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 8] v\r\nA3 OK [READ-ONLY] ok\r\n"
    )
    drain(session)
    mailbox = session.mailbox
    assert mailbox is not None
    assert (mailbox.name, mailbox.exists, mailbox.uidvalidity, mailbox.read_only) == ("Other", 1, 8, True)


@pytest.mark.parametrize(
    ("command", "answer", "state"),
    [
        (commands.Close(), b"OK", State.AUTHENTICATED),
        (commands.Unselect(), b"OK", State.AUTHENTICATED),
        (commands.Close(), b"NO", State.SELECTED),
        (commands.Select("x"), b"NO", State.AUTHENTICATED),
        (commands.Select("x"), b"BAD", State.SELECTED),
    ],
)
def test_the_mailbox_closes(command: commands.Command, answer: bytes, state: State) -> None:
    session = selected()
    session.send(command)
    sent(session)
    session.receive_data(b"A3 %s x\r\n" % answer)
    drain(session)
    assert session.state is state
    assert (session.mailbox is None) is (state is State.AUTHENTICATED)


def test_data_for_a_mailbox_no_longer_selected_is_only_reported() -> None:
    """ATTACKS 28."""
    session = selected()
    session.send(commands.Close())
    sent(session)
    session.receive_data(b"A3 OK\r\n* 9 EXPUNGE\r\n* 2 EXISTS\r\n* 7 FETCH (UID 1)\r\n")
    events = drain(session)
    assert [type(event) for event in events[1:]] == [Unsolicited] * 3
    assert session.mailbox is None


# ENABLE and capabilities


def test_enable_is_tracked_only_when_asked_for() -> None:
    session = greeted(b"* PREAUTH hi\r\n")
    session.receive_data(b"* ENABLED UTF8=ACCEPT\r\n")
    drain(session)
    assert not session.enabled
    session.send(commands.Enable(["utf8=accept", "condstore"]))
    sent(session)
    session.receive_data(b"* ENABLED CONDSTORE UTF8=ACCEPT QRESYNC\r\nA1 OK\r\n")
    drain(session)
    assert session.enabled == {"CONDSTORE", "UTF8=ACCEPT"}
    assert session.utf8


@pytest.mark.parametrize("extension", ["UTF8=ACCEPT", "IMAP4rev2"])
@pytest.mark.parametrize("feed", FEEDERS)
def test_names_are_utf8_once_that_is_enabled(feed: Any, extension: str) -> None:
    """RFC 6855 section 3, RFC 9051 section 5.1: what LIST names is the mailbox that STATUS asks for."""
    session = greeted(b"* PREAUTH [CAPABILITY IMAP4rev1 IMAP4rev2 ENABLE UTF8=ACCEPT UNAUTHENTICATE] hi\r\n")
    line = b'* LIST () "/" "Tom&-Jerry"\r\n'
    session.send(commands.Enable((extension,)))
    session.send(commands.List("", "*"))
    sent(session)
    # Nothing is enabled by what is said unasked, and all is by what is: also for what came in the same read.
    events = [
        *feed(session, line + b"* ENABLED CONDSTORE\r\n" + line),
        *feed(session, b"* ENABLED %s\r\nA1 OK x\r\n" % extension.encode() + line + b"A2 OK x\r\n"),
    ]
    rows = [getattr(event, "response", event) for event in events]
    names = [row.mailbox for row in rows if isinstance(row, responses.MailboxList)]
    assert names == ["Tom&Jerry", "Tom&Jerry", "Tom&-Jerry"]
    session.send(commands.Status(names[-1], ("MESSAGES",)))
    assert sent(session) == b"A3 STATUS Tom&-Jerry (MESSAGES)\r\n"
    status, _ = feed(session, b"* STATUS Tom&-Jerry (MESSAGES 1)\r\nA3 OK x\r\n")
    assert status.mailbox == "Tom&-Jerry"
    session.send(commands.Unauthenticate())
    sent(session)
    events = [*feed(session, line + b"A4 OK x\r\n" + line)]
    rows = [getattr(event, "response", event) for event in events]
    assert [row.mailbox for row in rows if isinstance(row, responses.MailboxList)] == [
        "Tom&-Jerry",
        "Tom&Jerry",
    ]
    assert not session.utf8


def test_what_nobody_asked_for_changes_no_names() -> None:
    session = greeted(b"* PREAUTH [CAPABILITY IMAP4rev1 ENABLE UTF8=ACCEPT] hi\r\n")
    session.receive_data(b'* ENABLED UTF8=ACCEPT\r\n* LIST () "/" "a&-b"\r\n')
    *_, event = drain(session)
    assert event.response.mailbox == "a&b"


def test_attack_18_capabilities_are_dropped_after_login() -> None:
    session = greeted(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n")
    assert session.capabilities == {"IMAP4REV1", "AUTH=PLAIN", "SASL-IR"}
    session.send(commands.Login("user", "secret"))
    sent(session)
    session.receive_data(b"A1 OK in\r\n")
    drain(session)
    assert session.capabilities is None


@pytest.mark.parametrize(
    "answer", [b"A1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n", b"* CAPABILITY IMAP4rev1 IDLE\r\nA1 OK in\r\n"]
)
def test_capabilities_told_with_the_login_stay(answer: bytes) -> None:
    session = greeted(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n")
    session.send(commands.Login("user", "secret"))
    sent(session)
    session.receive_data(answer)
    drain(session)
    assert session.capabilities == {"IMAP4REV1", "IDLE"}
    assert session.has_capability("idle")


def test_login_is_refused_under_logindisabled() -> None:
    session = greeted(b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n")
    with pytest.raises(LocalError, match="LOGINDISABLED"):
        session.send(commands.Login("user", "secret"))
    assert sent(session) == b""

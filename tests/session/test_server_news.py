"""What the server session tells of its mailbox, and what the application may not send."""

from __future__ import annotations

import pytest
from helpers import drain, in_state, sent, serving, status

from mailproto import LocalError
from mailproto.imap import responses
from mailproto.imap.states import State
from mailproto.imap.view import MailboxView

# News of the mailbox


def news_after(line: bytes) -> bytes:
    session = in_state(State.SELECTED)
    session.mailbox = MailboxView([1, 2, 3], recent=[3])
    session.mailbox.note_expunged(2)
    session.mailbox.note_new(4)
    session.mailbox.note_flags(3, ["\\Seen"])
    assert not session.announce()
    session.receive_data(line)
    drain(session)
    session.ok("done")
    return sent(session)


@pytest.mark.parametrize("line", [b"a FETCH 1 FLAGS\r\n", b"a STORE 1 FLAGS ()\r\n", b"a SEARCH ALL\r\n"])
def test_no_expunge_during_fetch_store_search(line: bytes) -> None:
    data = news_after(line)
    assert b"EXPUNGE" not in data
    assert data.startswith(b"* 4 EXISTS\r\n* 3 FETCH ")
    assert data.endswith(b"a OK done\r\n")


@pytest.mark.parametrize("line", [b"a NOOP\r\n", b"a UID FETCH 1 FLAGS\r\n", b"a CHECK\r\n"])
def test_expunge_during_other_commands(line: bytes) -> None:
    data = news_after(line)
    assert data.startswith(b"* 2 EXPUNGE\r\n* 3 EXISTS\r\n* 2 FETCH ")
    assert data.endswith(b"a OK done\r\n")


@pytest.mark.parametrize(
    ("line", "state"),
    [(b"a CLOSE\r\n", State.AUTHENTICATED), (b"a UNSELECT\r\n", State.AUTHENTICATED)],
)
def test_the_view_goes_with_the_mailbox(line: bytes, state: State) -> None:
    session = in_state(State.SELECTED)
    session.receive_data(line)
    drain(session)
    session.ok("closed")
    assert session.mailbox is None
    assert session.state is state


# What the application may not send


def test_expunge_is_never_sent_when_it_is_forbidden() -> None:
    session = in_state(State.SELECTED)
    with pytest.raises(LocalError):
        session.send(responses.Expunge(1))
    session.receive_data(b"a FETCH 1 FLAGS\r\n")
    drain(session)
    with pytest.raises(LocalError):
        session.send(responses.Expunge(1))
    session.ok("done")
    session.receive_data(b"a EXPUNGE\r\n")
    drain(session)
    session.send(responses.Expunge(1))


def test_only_the_command_in_progress_can_be_completed() -> None:
    session = serving()
    with pytest.raises(LocalError):
        session.ok("what?")
    session.receive_data(b"a NOOP\r\n")
    drain(session)
    for wrong in (status("OK", "x", tag="b"), status("PREAUTH", "x")):
        with pytest.raises(LocalError):
            session.send(wrong)
    session.ok("done")
    with pytest.raises(LocalError):
        session.ok("twice")

"""Golden transcripts, played from both ends: what ours sends is the transcript's bytes, to the letter.

Each line begins with ``C: `` or ``S: ``, ends in CRLF on the wire, and is played to a server session (whose
application sends the ``S:`` lines as values) and to a client session (whose application sends the ``C:``
lines so).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from helpers import FEEDERS, drain, sent

from mailproto import NEED_DATA
from mailproto.imap import commands, responses
from mailproto.imap.client import ClientSession
from mailproto.imap.response_reader import ResponseReader
from mailproto.imap.server import ServerSession

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "sessions"
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))

Block = tuple[str, bytes]


def blocks(path: Path) -> list[Block]:
    """Who speaks, and the bytes, in turns."""
    lines = [(line[:3], line[3:]) for line in path.read_text().splitlines()]
    assert all(who in ("C: ", "S: ") for who, _ in lines)
    return [
        (who[0], b"".join(text.encode() + b"\r\n" for _, text in group))
        for who, group in groupby(lines, key=lambda line: line[0])
    ]


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) >= 5


class Player:
    """The application of a server session: it says what the transcript says."""

    def __init__(self, session: ServerSession) -> None:
        self.session = session
        self.waiting: list[Any] = []

    def hear(self, events: Iterable[Any]) -> None:
        self.waiting += events

    def say(self, data: bytes) -> None:
        reader = ResponseReader()
        reader.feed(data)
        while (value := reader.next()) is not NEED_DATA:
            self.hear(drain(self.session))
            literal = self.waiting and isinstance(self.waiting[0], commands.LiteralAnnounced)
            if literal and isinstance(value, responses.Continuation):
                self.session.accept_literal()
            elif literal and value.tag == self.waiting[0].tag:
                self.session.reject_literal(value.text, code=value.code, status=value.status)
            else:
                self.session.send(value)
                continue
            self.waiting.pop(0)
        self.waiting.clear()


@pytest.mark.parametrize("feed", FEEDERS)
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_as_server(path: Path, feed: Callable[[Any, bytes], Iterable[Any]]) -> None:
    session = ServerSession()
    player = Player(session)
    for who, data in blocks(path):
        if who == "C":
            player.hear(feed(session, data))
        else:
            player.say(data)
            assert sent(session) == data


@pytest.mark.parametrize("feed", FEEDERS)
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_as_client(path: Path, feed: Callable[[Any, bytes], Iterable[Any]]) -> None:
    session = ClientSession()
    script = SCRIPTS[path.stem]
    step = iter(script)
    for who, data in blocks(path):
        if who == "S":
            list(feed(session, data))
            continue
        said = sent(session)
        while len(said) < len(data):
            ask(session, next(step))
            said += sent(session)
        assert said == data
    assert next(step, None) is None


def ask(session: ClientSession, what: Any) -> None:
    match what:
        case commands.SaslResponse(data=data):
            session.respond(data)
        case commands.IdleDone():
            session.done()
        case _:
            session.send(what)


MESSAGE = b"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n\r\nHi!\r\n"
SCRIPTS: dict[str, list[Any]] = {
    "plain": [
        commands.Login("mrc", "secret", tag="a001"),
        commands.Select("INBOX", tag="a002"),
        commands.Fetch("12", (commands.Section(text="HEADER"),), tag="a003"),
        commands.Store("12", "+FLAGS", ("\\Deleted",), tag="a004"),
        commands.Expunge(tag="a005"),
        commands.Logout(tag="a006"),
    ],
    "idle": [
        commands.Select("INBOX", tag="A001"),
        commands.Idle(tag="A002"),
        commands.IdleDone(),
        commands.Noop(tag="A003"),
    ],
    "append": [
        commands.Append("saved-messages", commands.AppendMessage(MESSAGE, flags=("\\Seen",)), tag="A003"),
        commands.Append("saved-messages", b"12345", tag="A004"),
        commands.Noop(tag="A005"),
    ],
    "authenticate": [
        commands.Authenticate("XTEST", tag="A001"),
        commands.SaslResponse(b"answer"),
        commands.SaslResponse(None),
        commands.Authenticate("XTEST", tag="A002"),
        commands.SaslResponse(b"answer"),
        commands.Noop(tag="A003"),
    ],
    "pipelined": [
        commands.Login("user", "secret", tag="1"),
        commands.Select("INBOX", tag="2"),
        commands.Fetch("1:*", ("UID", "FLAGS"), uid=True, tag="3"),
        commands.Store("10", "+FLAGS", ("\\Seen",), silent=True, uid=True, tag="4"),
        commands.Fetch("1", ("FLAGS",), tag="5"),
        commands.Noop(tag="6"),
        commands.Logout(tag="7"),
    ],
}

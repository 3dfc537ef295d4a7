"""A server session under arbitrary bytes and an arbitrary application: typed errors only, bounded output,
no wrong state.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mailproto import NEED_DATA, LocalError, RemoteError
from mailproto.imap import commands, responses
from mailproto.imap.events import Closed, StartTls
from mailproto.imap.server import ServerSession
from mailproto.imap.states import State, may_receive
from mailproto.imap.view import MailboxView

LINES = [
    b"a NOOP\r\n",
    b"a CAPABILITY\r\n",
    b"b LOGIN user secret\r\n",
    b"c LOGIN {4}\r\n",
    b"user {6+}\r\n",
    b"secret\r\n",
    b"d SELECT INBOX\r\n",
    b"e FETCH 1:* FLAGS\r\n",
    b"f UID FETCH 1:* FLAGS\r\n",
    b"g APPEND INBOX {10}\r\n",
    b"g APPEND INBOX {10+}\r\n0123456789\r\n",
    b"g APPEND INBOX {99999999999}\r\n",
    b"h IDLE\r\n",
    b"DONE\r\n",
    b"i AUTHENTICATE PLAIN\r\n",
    b"AHUAcA==\r\n",
    b"*\r\n",
    b"j STARTTLS\r\n",
    b"k CLOSE\r\n",
    b"l LOGOUT\r\n",
    b"\r\n",
    b"\n",
    b"\0\xff(",
    b"x" * 300,
]

PIECES = st.lists(st.one_of(st.sampled_from(LINES), st.binary(max_size=20)), max_size=25)
CHOICES = st.lists(st.integers(0, 5), min_size=1, max_size=60)


class Application:
    """Answers every event in one of the ways that are legal, as *choices* say."""

    def __init__(self, choices: list[int]) -> None:
        self.session = ServerSession(append_limit=1000)
        self.session.greet("ready")
        self.choices = choices
        self.turn = 0
        self.log: list[Any] = []
        self.output = b""

    def choose(self, *ways: Any) -> Any:
        self.turn += 1
        return ways[self.choices[self.turn % len(self.choices)] % len(ways)]

    def answer(self, event: Any) -> None:
        session = self.session
        self.log.append(event)
        match event:
            case commands.LiteralAnnounced():
                self.choose(session.accept_literal, lambda: session.reject_literal("no"))()
            case commands.Idle():
                self.choose(
                    lambda: session.send(responses.Continuation("idling")), lambda: session.no("not now")
                )()
            case commands.Authenticate():
                self.choose(lambda: session.challenge(b""), lambda: session.no("no"))()
            case commands.SaslResponse(data=data):
                self.choose(*([] if data is None else [lambda: session.ok("in")]), lambda: session.no("no"))()
            case commands.Select():
                session.mailbox = MailboxView([1, 2])
                self.choose(lambda: session.ok("in"), lambda: session.no("no"))()
            case StartTls():
                session.data_to_send()
                session.tls_started()
            case commands.Logout():
                session.bye("bye")
                session.ok("out")
            case commands.Command() | commands.IdleDone():
                if isinstance(event, commands.Command):
                    assert may_receive(session.state, event.name)
                self.choose(
                    lambda: session.ok("done"), lambda: session.no("no"), lambda: session.bad("bad")
                )()
            case _:
                assert isinstance(event, Closed)

    def run(self) -> None:
        while (event := self.session.next_event()) is not NEED_DATA:
            self.answer(event)
        self.output += b"".join(bytes(buffer) for buffer in self.session.data_to_send())


def play(data: bytes, choices: list[int], cuts: list[int]) -> tuple[list[Any], bytes, str]:
    application = Application(choices)
    ended = ""
    try:
        start = 0
        for cut in [*cuts, len(data)]:
            if cut > start:
                application.session.receive_data(data[start:cut])
                start = cut
            application.run()
        application.session.receive_data(b"")
        application.run()
    except RemoteError as error:
        ended = str(error)
        application.output += b"".join(bytes(buffer) for buffer in application.session.data_to_send())
        assert b"* BYE " in application.output
        try:
            application.session.send(responses.Exists(1))
        except (RemoteError, LocalError):
            pass
        else:
            raise AssertionError("a broken session still sends")
    else:
        assert application.session.state is State.CLOSED
    return application.log, application.output, ended


@settings(max_examples=300, deadline=None)
@given(PIECES, CHOICES)
def test_any_bytes_any_answers(pieces: list[bytes], choices: list[int]) -> None:
    play(b"".join(pieces), choices, [])


@settings(max_examples=150, deadline=None)
@given(PIECES.filter(lambda pieces: b"j STARTTLS\r\n" not in pieces), CHOICES, st.data())
def test_any_cuts_give_the_same(pieces: list[bytes], choices: list[int], data: st.DataObject) -> None:
    """Not for STARTTLS, where it matters, and must, whether more had come in the clear when it was
    answered.
    """
    whole = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    assert play(whole, choices, cuts) == play(whole, choices, [])

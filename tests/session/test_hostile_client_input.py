"""A client session under arbitrary bytes from a server: typed errors only, and the same however they were
cut.
"""

from __future__ import annotations

from typing import Any

from helpers import drain, sent
from hypothesis import given, settings
from hypothesis import strategies as st

from mailproto import NEED_DATA, LocalError, RemoteError
from mailproto.imap import commands
from mailproto.imap.client import ClientSession
from mailproto.imap.events import Closed
from mailproto.imap.states import State

LINES = [
    b"* OK hm\r\n",
    b"* NO hm\r\n",
    b"* BYE bye\r\n",
    b"* PREAUTH again\r\n",
    b"* OK [CAPABILITY IMAP4rev1 IDLE] x\r\n",
    b"* OK [UIDVALIDITY 1] x\r\n",
    b"* OK [UIDVALIDITY 2] x\r\n",
    b"* OK [CLOSED] x\r\n",
    b"* CAPABILITY X\r\n",
    b"* ENABLED X\r\n",
    b"* FLAGS (\\Seen)\r\n",
    b"* 0 EXISTS\r\n",
    b"* 3 EXISTS\r\n",
    b"* 5 EXISTS\r\n",
    b"* 1 RECENT\r\n",
    b"* 1 EXPUNGE\r\n",
    b"* 4 EXPUNGE\r\n",
    b"* VANISHED 1:3\r\n",
    b"* VANISHED (EARLIER) 1:3\r\n",
    b"* 1 FETCH (FLAGS ())\r\n",
    b"* 1 FETCH (FLAGS () UID 4)\r\n",
    b"* 2 FETCH (UID 5 BODY[] {5}\r\nhello)\r\n",
    b"* 9 FETCH (UID 5)\r\n",
    b"* SEARCH 1 2\r\n",
    b"* LIST () NIL x\r\n",
    b"* XYZZY (1 2)\r\n",
    b"A1 OK selected\r\n",
    b"A1 NO not\r\n",
    b"A2 OK fetched\r\n",
    b"A3 BAD what\r\n",
    b"A4 OK idled\r\n",
    b"A9 OK never\r\n",
    b"+ go on\r\n",
    b"* \r\n",
    b"\r\n",
    b"* 1 FETCH (\r\n",
]
PIECES = st.lists(st.one_of(*[st.sampled_from(LINES)] * 6, st.binary(max_size=12)), max_size=25)


def play(data: bytes, cuts: list[int]) -> tuple[list[Any], str, State]:
    session = ClientSession()
    session.receive_data(b"* PREAUTH hi\r\n")
    drain(session)
    session.send(commands.Select("INBOX"))
    session.send(commands.Fetch("1:*", ("FLAGS",), uid=True))
    session.send(commands.Noop())
    session.send(commands.Idle())
    session.done()
    sent(session)
    events: list[Any] = []
    start = 0
    try:
        for cut in [*cuts, len(data)]:
            if cut > start:
                session.receive_data(data[start:cut])
                start = cut
            while (event := session.next_event()) is not NEED_DATA:
                events.append((event, session.owner))
        session.receive_data(b"")
        while (event := session.next_event()) is not NEED_DATA:
            events.append((event, session.owner))
    except RemoteError as error:
        assert sent(session) == b""
        try:
            session.send(commands.Noop())
        except (RemoteError, LocalError):
            pass
        else:
            raise AssertionError("a broken session still sends") from error
        return events, str(error), session.state
    assert isinstance(events[-1][0], Closed)
    return events, "", session.state


@settings(max_examples=400, deadline=None)
@given(PIECES, st.data())
def test_any_bytes_and_any_cuts(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    whole = play(stream, [])
    assert [repr(event) for event in play(stream, cuts)] == [repr(event) for event in whole]

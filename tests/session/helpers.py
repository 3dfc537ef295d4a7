"""What the session tests share: feeding in pieces, collecting events, two sessions wired together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mailproto import NEED_DATA
from mailproto.imap import commands, responses
from mailproto.imap.client import ClientSession
from mailproto.imap.server import ServerSession
from mailproto.imap.states import State
from mailproto.imap.view import MailboxView


def drain(session: Any) -> list[Any]:
    """Every event that is there."""
    events = []
    while (event := session.next_event()) is not NEED_DATA:
        events.append(event)
    return events


def sent(session: Any) -> bytes:
    """What the session has to send, as one."""
    return b"".join(bytes(buffer) for buffer in session.data_to_send())


def whole(session: Any, data: bytes) -> Iterable[Any]:
    session.receive_data(data)
    yield from drain(session)


def bytewise(session: Any, data: bytes) -> Iterable[Any]:
    for index in range(len(data)):
        session.receive_data(data[index : index + 1])
        yield from drain(session)


def by_buffer(session: Any, data: bytes) -> Iterable[Any]:
    """Through get_buffer() and buffer_updated(), seven octets at a time."""
    while data:
        memory = session.get_buffer(-1)
        count = min(7, len(data), len(memory))
        memory[:count] = data[:count]
        del memory
        session.buffer_updated(count)
        data = data[count:]
        yield from drain(session)


FEEDERS: list[Callable[[Any, bytes], Iterable[Any]]] = [whole, bytewise, by_buffer]


def greeted(greeting: bytes = b"* OK ready\r\n", **options: Any) -> ClientSession:
    """A client session that has read its greeting."""
    session = ClientSession(**options)
    session.receive_data(greeting)
    drain(session)
    return session


def selected(exists: int = 3, **options: Any) -> ClientSession:
    """A client session with INBOX selected, nothing left to read or send, whose next tag is A3."""
    session = greeted(**options)
    session.send(commands.Login("user", "secret"))
    session.send(commands.Select("INBOX"))
    sent(session)
    session.receive_data(
        b"A1 OK in\r\n* FLAGS (\\Seen \\Deleted)\r\n* %d EXISTS\r\n* 0 RECENT\r\n"
        b"* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 100] next\r\nA2 OK [READ-WRITE] selected\r\n" % exists
    )
    drain(session)
    return session


def serving(**options: Any) -> ServerSession:
    """A server session that has greeted."""
    session = ServerSession(**options)
    session.greet("ready")
    sent(session)
    return session


def logged_in(**options: Any) -> ServerSession:
    """A server session in which LOGIN was answered OK."""
    session = serving(**options)
    session.receive_data(b"l1 LOGIN user secret\r\n")
    (command,) = drain(session)
    assert isinstance(command, commands.Login)
    session.ok("in")
    sent(session)
    return session


def in_state(state: State) -> ServerSession:
    """A server session brought to that state."""
    if state is State.NOT_AUTHENTICATED:
        return serving()
    session = logged_in()
    if state is State.SELECTED:
        session.receive_data(b"s1 SELECT INBOX\r\n")
        drain(session)
        session.mailbox = MailboxView([1])
        session.ok("selected")
        sent(session)
    return session


def idling() -> ServerSession:
    """A server session in which IDLE, with the tag ``i``, was let begin."""
    session = in_state(State.SELECTED)
    session.receive_data(b"i IDLE\r\n")
    assert drain(session) == [commands.Idle(tag="i")]
    session.send(responses.Continuation("idling"))
    assert session.idling
    sent(session)
    return session


class Wire:
    """A client and a server session in one process, bytes carried between them whole or one at a time."""

    def __init__(self, client: ClientSession, server: ServerSession, *, bytewise: bool = False) -> None:
        self.client, self.server, self.bytewise = client, server, bytewise
        self.client_events: list[Any] = []
        self.serve: Callable[[Any], None] = self.default_serve

    def default_serve(self, event: Any) -> None:
        if isinstance(event, commands.LiteralAnnounced):
            self.server.accept_literal()
        elif isinstance(event, commands.Command):
            self.server.ok(f"{event.name} done")

    def run(self) -> list[Any]:
        """Carry bytes until nothing moves; the client's events since the last call."""
        moved = True
        while moved:
            moved = self._carry(self.client, self.server)
            while (event := self.server.next_event()) is not NEED_DATA:
                self.serve(event)
                moved = True
            moved = self._carry(self.server, self.client) or moved
            events = drain(self.client)
            self.client_events += events
            moved = moved or bool(events)
        events, self.client_events = self.client_events, []
        return events

    def _carry(self, source: Any, target: Any) -> bool:
        data = sent(source)
        step = 1 if self.bytewise else max(1, len(data))
        for start in range(0, len(data), step):
            target.receive_data(data[start : start + step])
            if target is self.client:
                self.client_events += drain(self.client)
        return bool(data)


def status(status: str, text: str = "", tag: str | None = None, code: Any = None) -> Any:
    return responses.StatusResponse(status=status, text=text, tag=tag, code=code)

"""As much of a POP3 server as the tests of clients need: every connection sees the same forty messages."""

from __future__ import annotations

from typing import Any

from mailproto.aio import Handler, ServerConnection
from mailproto.pop3 import commands, replies
from mailproto.pop3.events import Closed, StartTls

BIG = b"Subject: big\r\n\r\n" + b"".join(b".line %07d\r\n" % n for n in range(200_000))
MESSAGES = [b"Subject: %d\r\n\r\nbody\r\n.dot\r\n" % n for n in range(1, 40)] + [BIG]


class Maildrop(Handler):
    """As much of a POP3 server as the client's tests need."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.deleted: set[int] = set()
        self.gone: set[int] = set()
        self.seen: list[Any] = []

    def connected(self) -> None:
        self.connection.session.send(replies.Ok("ready <1.2@example.org>"))

    def handle(self, event: Any) -> Any:
        session = self.connection.session
        self.seen.append(event)
        match event:
            case StartTls():
                return self.connection.start_tls()
            case Closed():
                self.connection.close()
            case commands.Capa():
                session.send(replies.capa(["USER", "UIDL", "TOP", "PIPELINING", "STLS"]))
            case commands.Pass(password=b"wrong"):
                session.send(replies.Err("no", code="AUTH"))
            case commands.Stat():
                session.send(replies.stat(len(MESSAGES), sum(map(len, MESSAGES))))
            case commands.List(number=None):
                session.send(replies.scan_listing([(n + 1, len(m)) for n, m in enumerate(MESSAGES)]))
            case commands.Uidl(number=None):
                session.send(replies.uidl_listing([(n + 1, f"uid{n + 1}") for n in range(len(MESSAGES))]))
            case commands.Retr(number=n):
                if n > len(MESSAGES):
                    session.send(replies.Err("no such message"))
                else:
                    session.send(replies.Ok("here", body=MESSAGES[n - 1]))
            case commands.Top(number=n):
                session.send(replies.Ok("here", body=MESSAGES[n - 1].partition(b"\r\n\r\n")[0] + b"\r\n\r\n"))
            case commands.Dele(number=n):
                self.deleted.add(n)
                session.send(replies.Ok("marked"))
            case commands.Rset():
                self.deleted.clear()
                session.send(replies.Ok("unmarked"))
            case commands.Quit():
                self.gone = self.deleted
                session.send(replies.Ok("bye"))
                self.connection.close()
            case commands.Command():
                session.send(replies.Ok("fine"))
        return None

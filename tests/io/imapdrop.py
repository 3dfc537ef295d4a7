"""As much of an IMAP server as the tests of clients and mirrors need: mailboxes in memory that tests
change at will."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from mailproto.aio import Handler, ServerConnection
from mailproto.imap import commands, responses
from mailproto.imap.codes import AppendUid, ResponseCode
from mailproto.imap.events import Closed, StartTls

MOMENT = datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.UTC)


@dataclass
class Message:
    uid: int
    body: bytes
    flags: set[str] = field(default_factory=set)
    modseq: int = 1


class Box:
    """One mailbox."""

    def __init__(self, uidvalidity: int = 7, *bodies: bytes) -> None:
        self.uidvalidity = uidvalidity
        self.messages: list[Message] = []
        self.uidnext = 1
        self.modseq = 1
        for body in bodies:
            self.add(body)

    def add(self, body: bytes, flags: Any = ()) -> Message:
        self.modseq += 1
        self.messages.append(Message(self.uidnext, body, set(flags), self.modseq))
        self.uidnext += 1
        return self.messages[-1]

    def flag(self, uid: int, *flags: str) -> None:
        self.modseq += 1
        message = next(m for m in self.messages if m.uid == uid)
        message.flags = set(flags)
        message.modseq = self.modseq

    def expunge(self, uid: int) -> None:
        self.messages = [m for m in self.messages if m.uid != uid]


class Account:
    """What all connections see."""

    def __init__(
        self, *, capabilities: tuple[str, ...] = ("IMAP4rev1", "IDLE", "CONDSTORE", "STARTTLS")
    ) -> None:
        self.boxes: dict[str, Box] = {
            "INBOX": Box(7, *(b"Subject: %d\r\n\r\nbody\r\n" % n for n in range(1, 31)))
        }
        self.capabilities = capabilities
        self.bodies_sent = 0
        self.fetches: list[commands.Fetch] = []
        self.handlers: list[ImapDrop] = []
        #: Cut the connection after so many bodies.
        self.cut_after: int | None = None
        #: UIDs whose text is NIL, as if it were gone meanwhile.
        self.without_text: set[int] = set()

    def handler(self, connection: ServerConnection) -> ImapDrop:
        self.handlers.append(ImapDrop(connection, self))
        return self.handlers[-1]


class ImapDrop(Handler):
    """One connection to an account."""

    def __init__(self, connection: ServerConnection, account: Account) -> None:
        self.connection = connection
        self.account = account
        self.box: Box | None = None
        self.seen: list[Any] = []

    def connected(self) -> None:
        self.connection.session.greet("ready")

    def handle(self, event: Any) -> Any:
        session, account = self.connection.session, self.account
        self.seen.append(event)
        match event:
            case StartTls():
                return self.connection.start_tls()
            case Closed():
                self.connection.close()
            case commands.LiteralAnnounced():
                session.accept_literal()
            case commands.BadCommand():
                session.bad("what?")
            case commands.Login(password=b"wrong"):
                session.no("no", code=ResponseCode("AUTHENTICATIONFAILED"))
            case commands.Capability():
                session.send(responses.Capability(account.capabilities))
                session.ok("done")
            case commands.Logout():
                session.bye("bye")
                session.ok("done")
                self.connection.close()
            case commands.List():
                session.send(responses.MailboxList("LIST", ("\\Noselect",), "/", "parent"))
                for name in account.boxes:
                    session.send(responses.MailboxList("LIST", (), "/", name))
                session.ok("done")
            case commands.Status(mailbox=name, items=items):
                box = account.boxes[str(name)]
                values = {
                    "MESSAGES": len(box.messages),
                    "UIDNEXT": box.uidnext,
                    "UIDVALIDITY": box.uidvalidity,
                    "HIGHESTMODSEQ": box.modseq,
                }
                session.send(responses.MailboxStatus(name, {item: values[item] for item in items}))
                session.ok("done")
            case commands.Select(mailbox=name) | commands.Examine(mailbox=name):
                if str(name) not in account.boxes:
                    session.no("no such mailbox", code=ResponseCode("NONEXISTENT"))
                    return None
                self.box = box = account.boxes[str(name)]
                session.send(responses.Exists(len(box.messages)))
                session.send(responses.MailboxFlags(("\\Seen", "\\Deleted")))
                for code, value in (
                    ("UIDVALIDITY", box.uidvalidity),
                    ("UIDNEXT", box.uidnext),
                    ("HIGHESTMODSEQ", box.modseq),
                ):
                    session.send(responses.StatusResponse(None, "OK", ResponseCode(code, value), "so"))
                session.ok("done")
            case commands.Search():
                assert self.box
                session.send(responses.SearchResult([m.uid for m in self.box.messages]))
                session.ok("done")
            case commands.Fetch():
                return self.fetch(event)
            case commands.Append(mailbox=name, messages=messages):
                added = [account.boxes[str(name)].add(m.data, m.flags) for m in messages]
                uid = AppendUid(account.boxes[str(name)].uidvalidity, [m.uid for m in added])
                session.ok("done", code=ResponseCode("APPENDUID", uid))
            case commands.Idle():
                session.send(responses.Continuation("idling"))
                session.send(responses.Exists(99))
            case commands.IdleDone():
                session.ok("done")
            case commands.Command():
                session.ok("done")
        return None

    async def fetch(self, command: commands.Fetch) -> None:
        assert self.box
        self.account.fetches.append(command)
        wanted = command.sequence_set
        for seq, message in enumerate(self.box.messages, 1):
            inside = (message.uid if command.uid else seq) in wanted.resolve(10**6)
            if not inside or message.modseq <= (command.changed_since or 0):
                continue
            body = any(isinstance(item, commands.Section) for item in command.items)
            if (
                body
                and self.account.cut_after is not None
                and self.account.bodies_sent >= self.account.cut_after
            ):
                self.connection.flush()
                self.connection.close()
                return
            self.account.bodies_sent += body
            text = None if message.uid in self.account.without_text else message.body
            self.connection.session.send(
                responses.Fetch(
                    seq,
                    uid=message.uid,
                    flags=tuple(message.flags),
                    internal_date=MOMENT if "INTERNALDATE" in command.items else None,
                    modseq=message.modseq if command.changed_since else None,
                    size=len(message.body) if "RFC822.SIZE" in command.items else None,
                    sections={"BODY[]": text} if body else None,
                )
            )
            await self.connection.drain()
        self.connection.session.ok("done")

"""What the parts of the IMAP server share: one connection's state, and how it answers."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from mailproto._core.sequence_set import SequenceSet
from mailproto.aio.server import Handler, ServerConnection
from mailproto.imap.commands import Command
from mailproto.imap.responses import MailboxFlags, ResponseCode, StatusResponse
from mailproto.imap.view import MailboxView, NoSuchMessageError
from mailproto.store.api import SYSTEM_FLAGS
from mailproto.store.errors import NoSuchMailbox, StoreError

if TYPE_CHECKING:
    from mailproto.server.app import Server
    from mailproto.store.api import AccountInfo, Changes, Mail, MailboxInfo, Watch


class Refused(Exception):
    """The command in progress is answered with ``status`` (NO or BAD), ``code`` and ``text``."""

    def __init__(self, text: str, code: str | None = None, value: Any = None, *, status: str = "NO") -> None:
        super().__init__(text)
        self.text = text
        self.code = None if code is None else ResponseCode(code, value)
        self.status = status


def bad(text: str) -> Refused:
    """A command that is wrong in itself: the client has a fault."""
    return Refused(text, "CLIENTBUG", status="BAD")


class Ended(Exception):
    """BYE was said in the middle of a command: nothing more may follow."""


class Selected:
    """The mailbox that a session has selected."""

    __slots__ = ("claimed", "id", "keywords", "last", "name", "own", "since", "uidvalidity", "view", "watch")

    def __init__(self, info: MailboxInfo, view: MailboxView, watch: Watch, keywords: Iterable[str]) -> None:
        self.id = info.id
        self.name = info.name
        self.uidvalidity = info.uidvalidity
        #: The highest UID that the view has been told of, or could have been.
        self.last = info.uidnext - 1
        self.view = view
        self.watch = watch
        #: HIGHESTMODSEQ of the last look at the store.
        self.since = info.highestmodseq
        #: Keywords the client has been told of in a FLAGS response, in lower case.
        self.keywords = {keyword.lower() for keyword in keywords}
        #: UID -> MODSEQ of this session's own flag changes: what it did itself is no news to it.
        self.own: dict[int, int] = {}
        #: UIDs that are \\Recent in this session and may not have been told yet.
        self.claimed = range(0)


class ImapBase(Handler):
    """State and answers. The commands are methods of the classes built on this one."""

    def __init__(self, connection: ServerConnection, server: Server) -> None:
        self.connection = connection
        self.session: Any = connection.session
        self.server = server
        self.account: AccountInfo | None = None
        self._mail: Mail | None = None
        self.selected: Selected | None = None
        self.condstore = False
        self.idle_task: asyncio.Task[None] | None = None

    # -- where we are ------------------------------------------------------------------------------

    @property
    def mail(self) -> Mail:
        """The account's mail.

        The session's state table lets no command that needs it through before login.
        """
        if self._mail is None:
            raise bad("Log in first")
        return self._mail

    @property
    def box(self) -> Selected:
        """The selected mailbox, likewise."""
        if self.selected is None:
            raise bad("Select a mailbox first")
        return self.selected

    # -- answers -----------------------------------------------------------------------------------

    def send(self, response: Any) -> None:
        """Queue a response; it leaves when the event is handled, or at ``connection.drain()``."""
        self.session.send(response)

    def status(
        self, status: str, text: str, code: str | None = None, value: Any = None, *, tag: str | None = None
    ) -> None:
        """Queue an OK, NO, BAD or BYE."""
        response_code = None if code is None else ResponseCode(code, value)
        self.session.send(StatusResponse(status=status, code=response_code, text=text, tag=tag))

    def ok(self, command: Command, text: str, code: str | None = None, value: Any = None) -> None:
        """Complete a command; callers let pending news out first (:meth:`news`)."""
        self.status("OK", text, code, value, tag=command.tag)

    def refuse(self, tag: str | None, error: Exception) -> None:
        """Complete a command with the NO or BAD that an error stands for."""
        match error:
            case Refused():
                response = StatusResponse(status=error.status, code=error.code, text=error.text, tag=tag)
            case StoreError():
                response = StatusResponse(
                    status="NO", code=ResponseCode(error.code), text=str(error), tag=tag
                )
            case NoSuchMessageError():
                response = StatusResponse(status="BAD", text="No such message number", tag=tag)
            case _:
                raise error
        self.session.send(response)

    # -- the view ----------------------------------------------------------------------------------

    async def look(self, *, always: bool = False) -> None:
        """Learn from the store what others did to the selected mailbox; the view keeps it until it may
        be told.
        """
        box = self.selected
        if box is None or not (always or box.watch.pending):
            return
        box.watch.clear()
        changes = await self.changes(box)
        if isinstance(changes, str):
            # RFC 2180 section 3.3 leaves one clear way: end the session.
            self.status("BYE", changes, "UNAVAILABLE")
            raise Ended
        view, known = box.view, box.last
        new = [message for message in changes.messages if message.uid > known]
        if new and not view.read_only and new[-1].uid not in box.claimed:
            claimed = await self.mail.claim_recent(box.id)
            box.claimed = range(min(box.claimed.start or claimed.start, claimed.start), claimed.stop)
        for message in changes.messages:
            if message.uid > known:
                view.note_new(message.uid, recent=message.uid in box.claimed)
            elif box.own.get(message.uid) != message.modseq:
                view.note_flags(message.uid, message.flags, message.modseq)
            self.keywords_of(box, message.flags)
        for uid in changes.expunged:
            view.note_expunged(uid)
        box.since, box.last = changes.highestmodseq, changes.uidnext - 1
        if box.own:
            box.own = {uid: modseq for uid, modseq in box.own.items() if modseq > changes.highestmodseq}

    async def changes(self, box: Selected) -> Changes | str:
        """What happened in the selected mailbox since the last look, or why it can stay selected no
        longer.
        """
        try:
            changes = await self.mail.changes(box.id, box.since)
        except NoSuchMailbox:
            return "The selected mailbox was deleted"
        if changes.uidvalidity != box.uidvalidity:
            # The UIDs that the client has are void, and so is what it would store under them.
            return "The selected mailbox was renamed and has a new UIDVALIDITY"
        return changes

    def keywords_of(self, box: Selected, flags: Collection[str]) -> None:
        """Tell of keywords that are new in the mailbox before a message has them (RFC 3501 section 7.2.6)."""
        new = [flag for flag in flags if flag[0] != "\\" and flag.lower() not in box.keywords]
        if new:
            box.keywords.update(flag.lower() for flag in new)
            self.send(MailboxFlags((*SYSTEM_FLAGS, *sorted(box.keywords))))

    async def news(self) -> None:
        """Before a command is completed: learn what happened meanwhile.

        The session tells it with the answer.
        """
        box = self.selected
        if box is not None and box.watch.pending:
            await self.look()

    # -- sets --------------------------------------------------------------------------------------

    def uids_of(self, command: Any) -> array[int]:
        """The UIDs that a command's set names. Raises NoSuchMessageError for a number beyond the last."""
        return self.box.view.uids_of(command.sequence_set, uid=command.uid)

    def numbers(self, uids: Iterable[int], *, uid: bool) -> SequenceSet:
        """UIDs as a set in the numbering that a command used."""
        if uid:
            return SequenceSet(uids)
        seq = self.box.view.seq
        return SequenceSet(number for u in uids if (number := seq(u)) is not None)

    def refuse_expunged(self, command: Any, uids: Iterable[int]) -> None:
        """A command by sequence number that names a message which is gone fails as a whole (RFC 2180
        section 4).
        """
        if not command.uid and any(map(self.box.view.is_expunged, uids)):
            raise Refused("Some of the messages were expunged", "EXPUNGEISSUED")

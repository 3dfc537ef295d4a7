"""Commands that name mailboxes: SELECT, LIST, STATUS, CREATE, APPEND and their kin (RFC 3501 section 6.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mailproto._core.mailbox_name import MailboxName, match_list_pattern
from mailproto._core.sequence_set import SequenceSet
from mailproto.imap import commands, responses
from mailproto.imap.responses import (
    AppendUid,
    Exists,
    MailboxFlags,
    MailboxList,
    MailboxStatus,
    Recent,
)
from mailproto.imap.view import MailboxView
from mailproto.server.imap_base import ImapBase, Refused, Selected, bad
from mailproto.store.api import DELIMITER, SYSTEM_FLAGS, MailboxInfo, NewMessage
from mailproto.store.errors import NoSuchMailbox

#: STATUS item -> the field of MailboxInfo that answers it.
STATUS_ITEMS: Final = {
    "MESSAGES": "messages",
    "RECENT": "recent",
    "UIDNEXT": "uidnext",
    "UIDVALIDITY": "uidvalidity",
    "UNSEEN": "unseen",
    "HIGHESTMODSEQ": "highestmodseq",  # RFC 7162
    "SIZE": "octets",  # RFC 8438
    "DELETED": "deleted",  # RFC 9051
}

#: Attributes of RFC 6154 that CREATE may ask for. \\All and \\Flagged are views that this store does not
#: make.
SPECIAL_USES: Final = {use.lower(): use for use in ("\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash")}


class MailboxCommands(ImapBase):
    """RFC 3501 section 6.3."""

    # -- SELECT ------------------------------------------------------------------------------------

    async def do_select(self, command: commands.Select | commands.Examine) -> None:
        """SELECT and EXAMINE (RFC 3501 sections 6.3.1 and 6.3.2)."""
        read_only = isinstance(command, commands.Examine)
        self.close_mailbox()
        if command.condstore:
            self.condstore = True
        mail = self.mail
        # Watch first, then look: what happens in between is told, at worst twice.
        info = await mail.mailbox(command.mailbox)
        watch = mail.watch(info.id)
        try:
            start = await mail.select(command.mailbox)
            if start.info.id != info.id:  # renamed and made anew in between
                watch.close()
                watch = mail.watch(start.info.id)
                start = await mail.select(command.mailbox)
            info = start.info
            claimed = range(0)
            if info.recent:
                if read_only:
                    # Not claimed, only shown: those that no session has claimed are the last that arrived.
                    claimed = range(
                        start.uids[-info.recent] if info.recent <= len(start.uids) else 1, info.uidnext
                    )
                else:
                    claimed = await mail.claim_recent(info.id)
            view = MailboxView(
                start.uids,
                recent=[uid for uid in start.uids[-max(len(claimed), 1) :] if uid in claimed],
                read_only=read_only,
                condstore=self.condstore,
            )
        except BaseException:
            watch.close()
            raise
        box = Selected(info, view, watch, start.keywords)
        box.claimed = claimed
        self.selected = box
        self.session.mailbox = view
        flags = (*SYSTEM_FLAGS, *start.keywords)
        self.send(MailboxFlags(flags))
        self.send(Exists(len(start.uids)))
        self.send(Recent(view.recent))
        if start.first_unseen:
            self.status("OK", "First unseen message", "UNSEEN", start.first_unseen)
        permanent = () if read_only else (*flags, "\\*")
        self.status("OK", "Flags that are kept", "PERMANENTFLAGS", permanent)
        self.status("OK", "UIDs are valid", "UIDVALIDITY", info.uidvalidity)
        self.status("OK", "Predicted next UID", "UIDNEXT", info.uidnext)
        self.status("OK", "Highest modification sequence", "HIGHESTMODSEQ", info.highestmodseq)
        self.ok(command, "Selected", "READ-ONLY" if read_only else "READ-WRITE")

    do_examine = do_select

    def close_mailbox(self) -> None:
        """Forget the selected mailbox, if there is one."""
        box, self.selected = self.selected, None
        self.session.mailbox = None
        if box is not None:
            box.watch.close()

    # -- making and unmaking -----------------------------------------------------------------------

    async def do_create(self, command: commands.Create) -> None:
        """CREATE (RFC 3501 section 6.3.3) with USE (RFC 6154 section 3)."""
        uses = []
        for use in command.special_use:
            if use.lower() not in SPECIAL_USES:
                raise Refused(f"{use} cannot be given to a mailbox here", "USEATTR")
            uses.append(SPECIAL_USES[use.lower()])
        await self.mail.create(command.mailbox, special_use=uses)
        await self.news()
        self.ok(command, "Created")

    async def do_delete(self, command: commands.Delete) -> None:
        """DELETE (RFC 3501 section 6.3.4). The session's own selected mailbox is unselected by it."""
        await self.mail.delete(command.mailbox)
        await self._done_to_mailboxes(command, "Deleted")

    async def do_rename(self, command: commands.Rename) -> None:
        """RENAME (RFC 3501 section 6.3.5); of INBOX it moves the messages and leaves INBOX empty."""
        await self.mail.rename(command.mailbox, command.new_name)
        await self._done_to_mailboxes(command, "Renamed")

    async def _done_to_mailboxes(self, command: commands.Delete | commands.Rename, text: str) -> None:
        box = self.selected
        over = None if box is None else await self.changes(box)
        if isinstance(over, str):
            # The client did it to what it has open itself: it was done, and then the session ends.
            self.ok(command, text)
            self.status("BYE", over, "UNAVAILABLE")
            return
        await self.look(always=True)
        self.ok(command, text)

    async def do_subscribe(self, command: commands.Subscribe) -> None:
        """SUBSCRIBE (RFC 3501 section 6.3.6)."""
        await self.mail.subscribe(command.mailbox)
        await self.news()
        self.ok(command, "Subscribed")

    async def do_unsubscribe(self, command: commands.Unsubscribe) -> None:
        """UNSUBSCRIBE (RFC 3501 section 6.3.7)."""
        await self.mail.unsubscribe(command.mailbox)
        await self.news()
        self.ok(command, "Unsubscribed")

    # -- finding -----------------------------------------------------------------------------------

    async def do_list(self, command: commands.List) -> None:
        """LIST (RFC 3501 section 6.3.8), with the options of RFC 5258 that cost nothing here."""
        selection = {option for option in command.selection_options if isinstance(option, str)}
        wanted = {
            option if isinstance(option, str) else option[0]
            for option in command.return_options
            if not isinstance(option, commands.Parameter)  # refused before
        }
        unknown = (selection - {"SUBSCRIBED", "SPECIAL-USE", "REMOTE"}) | (
            wanted - {"SUBSCRIBED", "CHILDREN", "SPECIAL-USE"}
        )
        if unknown:
            raise bad(f"Unknown LIST option {min(unknown)}")
        if command.patterns == ("",) and not selection:
            # RFC 3501: an empty pattern asks for the delimiter and the root of the reference.
            root, slash, _ = str(command.reference).partition(DELIMITER)
            self.send(_row("LIST", ("\\Noselect",), root + slash if slash else ""))
        else:
            patterns = [_full_pattern(command.reference, pattern) for pattern in command.patterns if pattern]
            for info in await self.mail.list_mailboxes(patterns, subscribed="SUBSCRIBED" in selection):
                if "SPECIAL-USE" in selection and not info.special_use:
                    continue
                attributes = _attributes(info)
                if info.subscribed and "SUBSCRIBED" in wanted | selection:
                    attributes.append("\\Subscribed")
                self.send(_row("LIST", attributes, info.name))
        await self.news()
        self.ok(command, "Listed")

    async def do_lsub(self, command: commands.Lsub) -> None:
        """LSUB (RFC 3501 section 6.3.9).

        A name that is not subscribed to is listed, as ``\\Noselect``, when ``%`` stops at it on the way
        to one below that is.
        """
        if not command.pattern:
            self.send(_row("LSUB", ("\\Noselect",), ""))
        else:
            pattern = _full_pattern(command.reference, command.pattern)
            told: set[str] = set()
            parents: set[str] = set()
            for info in await self.mail.list_mailboxes(("*",), subscribed=True):
                if match_list_pattern(pattern, info.name, DELIMITER):
                    told.add(info.name)
                    attributes = ["\\Noselect"] if not (info.exists and info.selectable) else []
                    self.send(_row("LSUB", attributes, info.name))
                else:
                    levels = info.name.split(DELIMITER)
                    parents.update(DELIMITER.join(levels[:depth]) for depth in range(1, len(levels)))
            for name in sorted(parents - told):
                if match_list_pattern(pattern, name, DELIMITER):
                    self.send(_row("LSUB", ("\\Noselect",), name))
        await self.news()
        self.ok(command, "Listed")

    async def do_namespace(self, command: commands.Namespace) -> None:
        """NAMESPACE (RFC 2342): one namespace, the account's own."""
        self.send(responses.Namespace((responses.NamespaceEntry(MailboxName(""), DELIMITER),), None, None))
        await self.news()
        self.ok(command, "Namespaces")

    async def do_status(self, command: commands.Status) -> None:
        """STATUS (RFC 3501 section 6.3.10)."""
        unknown = set(command.items) - STATUS_ITEMS.keys()
        if unknown:
            raise bad(f"Unknown STATUS item {min(unknown)}")
        if "HIGHESTMODSEQ" in command.items:
            self.enable_condstore()
        info = await self.mail.mailbox(command.mailbox)
        if not info.selectable:
            raise Refused("The mailbox cannot be selected", "CANNOT")
        items = {item: getattr(info, STATUS_ITEMS[item]) for item in command.items}
        self.send(MailboxStatus(mailbox=command.mailbox, items=items))
        await self.news()
        self.ok(command, "Status")

    def enable_condstore(self) -> None:
        """The client knows of mod-sequences from now on (RFC 7162 section 3.1)."""
        if not self.condstore:
            self.condstore = True
            if self.selected is not None:
                self.selected.view.condstore = True

    # -- filling -----------------------------------------------------------------------------------

    async def do_append(self, command: commands.Append) -> None:
        """APPEND (RFC 3501 section 6.3.11), answered with APPENDUID (RFC 4315).

        Safe on disk when answered OK.
        """
        if len(command.messages) != 1:
            raise bad("One message at a time")
        messages = [
            NewMessage(
                message.data,
                tuple(flag for flag in message.flags if flag.lower() != "\\recent"),
                message.date,
            )
            for message in command.messages
        ]
        try:
            result = await self.mail.append(command.mailbox, messages)
        except NoSuchMailbox as error:
            raise Refused(str(error), "TRYCREATE") from None
        await self.news()
        self.ok(command, "Appended", "APPENDUID", AppendUid(result.uidvalidity, SequenceSet(result.uids)))


def _full_pattern(reference: str, pattern: str) -> str:
    """What reference and pattern name together: here simply one after the other (RFC 3501 section 6.3.8)."""
    return pattern if pattern.startswith(DELIMITER) else reference + pattern


def _attributes(info: MailboxInfo) -> list[str]:
    attributes: list[str] = []
    if not info.exists:
        attributes.append("\\NonExistent")
    if not info.selectable or not info.exists:
        attributes.append("\\Noselect")
    attributes.append("\\HasChildren" if info.has_children else "\\HasNoChildren")
    attributes.extend(info.special_use)
    return attributes


def _row(kind: str, attributes: Iterable[str], name: str) -> MailboxList:
    return MailboxList(
        kind=kind, attributes=tuple(attributes), delimiter=DELIMITER, mailbox=MailboxName(name)
    )

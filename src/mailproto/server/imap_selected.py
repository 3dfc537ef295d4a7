"""Commands about the selected mailbox, FETCH aside: STORE, EXPUNGE, SEARCH, COPY, MOVE (RFC 3501 section
6.4).
"""

from __future__ import annotations

from typing import Final

from mailproto._core.sequence_set import SequenceSet
from mailproto.imap import commands, search
from mailproto.imap.responses import CopyUid, Fetch, ResponseCode, SearchResult, StatusResponse
from mailproto.server.imap_base import Refused, bad
from mailproto.server.imap_mailboxes import MailboxCommands
from mailproto.store.api import CopyResult, SearchView, StoreResult
from mailproto.store.errors import NoSuchMailbox

#: What SEARCH takes strings in. The store compares text decoded, so these two say all that others could.
CHARSETS: Final = ("US-ASCII", "UTF-8")

#: Answers queued before the peer gets time to read.
ROWS: Final = 200


class SelectedCommands(MailboxCommands):
    """RFC 3501 section 6.4."""

    def writable(self) -> None:
        """Refuse what would change a mailbox that was opened with EXAMINE."""
        if self.box.view.read_only:
            raise Refused("The mailbox is open read-only", "READ-ONLY")

    async def do_check(self, command: commands.Check) -> None:
        """CHECK (RFC 3501 section 6.4.1): everything is on disk already."""
        await self.news()
        self.ok(command, "Checked")

    async def do_close(self, command: commands.Close) -> None:
        """CLOSE (RFC 3501 section 6.4.2): expunge without a word, then unselect."""
        box = self.box
        try:
            if not box.view.read_only:
                await self.mail.expunge(box.id)
        finally:
            self.close_mailbox()
        self.ok(command, "Closed")

    async def do_unselect(self, command: commands.Unselect) -> None:
        """UNSELECT (RFC 3691): CLOSE without the expunge."""
        self.close_mailbox()
        self.ok(command, "Unselected")

    async def do_expunge(self, command: commands.Expunge) -> None:
        """EXPUNGE (RFC 3501 section 6.4.3) and UID EXPUNGE (RFC 4315 section 2.1)."""
        self.writable()
        box = self.box
        uids = None if command.sequence_set is None else box.view.uids_of(command.sequence_set, uid=True)
        gone = await self.mail.expunge(box.id, uids)
        await self.look(always=bool(gone))
        await self.news()
        # The mod-sequence that the expunge left behind: RFC 7162 section 3.2.7.
        if self.condstore and gone:
            self.ok(command, "Expunged", "HIGHESTMODSEQ", box.since)
        else:
            self.ok(command, "Expunged")

    # -- SEARCH ------------------------------------------------------------------------------------

    async def do_search(self, command: commands.Search) -> None:
        """SEARCH and UID SEARCH (RFC 3501 section 6.4.4) with MODSEQ (RFC 7162 section 3.1.5)."""
        box = self.box
        if command.return_options is not None:
            raise bad("SEARCH RETURN is not supported")
        if command.charset is not None and command.charset.upper() not in CHARSETS:
            raise Refused("The charset is not supported", "BADCHARSET", CHARSETS)
        modseq = recent = False
        for key in command.criteria.walk():
            match key:
                case search.ModSeq():
                    modseq = True
                case search.Key(name="NEW" | "OLD" | "RECENT"):
                    recent = True
                case search.Sequence(set=numbers):
                    box.view.ranges(numbers)  # raises for a number beyond the last message
                case search.Text(value=value) | search.Header(value=value):
                    _check_text(value)
        if modseq:
            self.enable_condstore()
        uids = box.view.uids()
        view = SearchView(uids, recent=set(filter(box.view.is_recent, uids)) if recent else ())
        matches = await self.mail.search(box.id, command.criteria, view)
        highest = matches.highestmodseq if modseq and matches.uids else None
        self.send(SearchResult(numbers=self.numbers(matches.uids, uid=command.uid), modseq=highest))
        await self.news()
        self.ok(command, "Searched")

    # -- STORE -------------------------------------------------------------------------------------

    async def do_store(self, command: commands.Store) -> None:
        """STORE and UID STORE (RFC 3501 section 6.4.6), conditional ones too (RFC 7162 section 3.1.3)."""
        self.writable()
        box = self.box
        if command.unchanged_since is not None:
            self.enable_condstore()
        uids = self.uids_of(command)
        flags = [flag for flag in command.flags if flag.lower() != "\\recent"]
        result = await self.mail.set_flags(
            box.id,
            uids,
            command.operation,  # type: ignore[arg-type]  # checked by the command
            flags,
            unchanged_since=command.unchanged_since,
        )
        await self.tell_stored(command, result)
        await self.news()
        gone = [uid for uid in result.missing if not command.uid]
        if result.modified:
            # RFC 7162 section 3.1.3: NO when messages failed for another reason as well.
            code = ResponseCode("MODIFIED", self.numbers(result.modified, uid=command.uid))
            status, text = ("NO", "Some messages are gone") if gone else ("OK", "Some messages had changed")
            self.send(StatusResponse(status=status, code=code, text=text, tag=command.tag))
        elif gone:
            raise Refused("Some of the messages were expunged", "EXPUNGEISSUED")
        else:
            self.ok(command, "Stored")

    async def tell_stored(self, command: commands.Store, result: StoreResult) -> None:
        """Answer with the flags as they are now, or, when .SILENT, with the MODSEQ alone where it is
        known of.
        """
        box = self.box
        view = box.view
        for count, (message, before) in enumerate(zip(result.messages, result.before, strict=True), 1):
            # What others did to it before, the client has not been told: it cannot work out the flags alone,
            # and RFC 3501 section 6.4.6 has it told of others' changes also when .SILENT.
            silent = (
                command.silent
                and not view.has_flag_news(message.uid)
                and (before <= box.since or box.own.get(message.uid) == before)
            )
            if message.modseq > box.since:
                box.own[message.uid] = message.modseq
            view.forget_flags(message.uid)
            if silent and not self.condstore:
                continue
            seq = view.seq(message.uid)
            if seq is None:
                continue
            if not silent:
                self.keywords_of(box, message.flags)
            recent = ("\\Recent",) if view.is_recent(message.uid) else ()
            self.send(
                Fetch(
                    seq=seq,
                    uid=message.uid if command.uid or self.condstore else None,
                    flags=None if silent else (*message.flags, *recent),
                    modseq=message.modseq if self.condstore else None,
                )
            )
            if count % ROWS == 0:
                await self.connection.drain()

    # -- COPY and MOVE -----------------------------------------------------------------------------

    async def do_copy(self, command: commands.Copy) -> None:
        """COPY and UID COPY (RFC 3501 section 6.4.7), answered with COPYUID (RFC 4315)."""
        box = self.box
        uids = self.uids_of(command)
        await self.look()
        self.refuse_expunged(command, uids)
        try:
            result = await self.mail.copy(box.id, uids, command.mailbox)
        except NoSuchMailbox as error:
            raise Refused(str(error), "TRYCREATE") from None
        await self.news()
        if result.source:
            self.ok(command, "Copied", "COPYUID", _copy_uid(result))
        else:
            self.ok(command, "Nothing to copy")

    async def do_move(self, command: commands.Move) -> None:
        """MOVE and UID MOVE (RFC 6851): COPYUID comes first, then the EXPUNGEs, then the OK."""
        self.writable()
        box = self.box
        uids = self.uids_of(command)
        await self.look()
        self.refuse_expunged(command, uids)
        try:
            result = await self.mail.move(box.id, uids, command.mailbox)
        except NoSuchMailbox as error:
            raise Refused(str(error), "TRYCREATE") from None
        if not result.source:
            await self.news()
            self.ok(command, "Nothing to move")
            return
        self.status("OK", "Moved", "COPYUID", _copy_uid(result))
        await self.look(always=True)
        await self.news()
        self.ok(command, "Done")


def _copy_uid(result: CopyResult) -> CopyUid:
    return CopyUid(result.uidvalidity, SequenceSet(result.source), SequenceSet(result.destination))


def _check_text(value: bytes) -> None:
    """Clients forget CHARSET UTF-8 more often than they mean another by octets that are valid in it."""
    try:
        value.decode()
    except UnicodeDecodeError:
        raise bad("A string is not valid UTF-8") from None

"""FETCH (RFC 3501 section 6.4.5): served from what the store computed when the message came in, and read
in pieces.

ENVELOPE, BODY and BODYSTRUCTURE are stored in wire form. Of a body only the octets that were asked for
are read, one message at a time, and the next only when the peer has taken in most of the one before.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from mailproto._core.mime import MessageStructure, select_fields
from mailproto.imap import commands
from mailproto.imap.commands import Section
from mailproto.imap.responses import Fetch
from mailproto.server.imap_base import Refused, bad
from mailproto.server.imap_selected import SelectedCommands
from mailproto.store.api import MessageData, MessageInfo, Want
from mailproto.store.errors import NoSuchMessage

#: Messages looked up at once: rows of flags and dates, rows with headers and structures, bodies.
FLAG_ROWS: Final = 1000
DATA_ROWS: Final = 200
BODY_ROWS: Final = 50
#: Octets queued before the peer gets time to read.
QUEUED: Final = 64 * 1024

MACROS: Final = {
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}
#: RFC 3501's older items as the sections that they are; those of them without ``peek`` set \\Seen.
AS_SECTION: Final = {
    "RFC822": Section(),
    "RFC822.HEADER": Section(text="HEADER", peek=True),
    "RFC822.TEXT": Section(text="TEXT"),
}

#: A header field's name (RFC 5322 section 2.2) as far as it is an atom too: it goes back in the answer.
_FIELD: Final = re.compile(r"[!#$&'+\-./0-9:;<=>?@A-Z^_`a-z|}~,]{1,200}")


@dataclass(slots=True)
class Plan:
    """What a FETCH asks for, worked out once for all its messages."""

    flags: bool = False
    date: bool = False
    size: bool = False
    envelope: bool = False
    body: bool = False
    body_structure: bool = False
    #: Key of the answer -> the section.
    sections: dict[str, Section] = field(default_factory=dict)
    #: Whether \\Seen is set by it.
    sees: bool = False
    want: Want = Want.NOTHING

    @property
    def rows(self) -> int:
        """How many messages to look up at once."""
        if self.sections:
            return BODY_ROWS
        return DATA_ROWS if self.want else FLAG_ROWS


@lru_cache(maxsize=64)  # clients ask for the same few combinations again and again
def plan(items: tuple[str | Section, ...]) -> Plan:
    """Work out what the items of a FETCH need.

    UID and MODSEQ are the caller's: they depend on the session.
    """
    wanted = Plan()
    flat = [
        part for item in items for part in (MACROS.get(item, (item,)) if isinstance(item, str) else (item,))
    ]
    for item in flat:
        match item:
            case "FLAGS":
                wanted.flags = True
            case "INTERNALDATE":
                wanted.date = True
            case "RFC822.SIZE":
                wanted.size = True
            case "ENVELOPE":
                wanted.envelope = True
                wanted.want |= Want.ENVELOPE
            case "BODY":
                wanted.body = True
                wanted.want |= Want.BODY
            case "BODYSTRUCTURE":
                wanted.body_structure = True
                wanted.want |= Want.BODY_STRUCTURE
            case Section():
                wanted.sections[section_key(item)] = item
            case str() if item in AS_SECTION:
                wanted.sections[item] = AS_SECTION[item]
    for section in wanted.sections.values():
        wanted.sees |= not section.peek
        if section.part:
            wanted.want |= Want.STRUCTURE
        elif section.text is not None:
            wanted.want |= Want.HEAD
    return wanted


def section_key(section: Section) -> str:
    """The section as the answer names it; Refused for what no header field is called."""
    if not all(map(_FIELD.fullmatch, section.fields)):
        raise bad("No header field has such a name")
    return section.response_name


class FetchCommands(SelectedCommands):
    """FETCH and UID FETCH."""

    async def do_fetch(self, command: commands.Fetch) -> None:
        """FETCH and UID FETCH, with CHANGEDSINCE (RFC 7162 section 3.1.4.1)."""
        box = self.box
        if command.vanished:
            raise bad("QRESYNC is not enabled")
        wanted = plan(command.items)
        modseq = "MODSEQ" in command.items or command.changed_since is not None
        if modseq:
            self.enable_condstore()
        uids: array[int] | list[int] = self.uids_of(command)
        asked = len(uids)
        with_uid = command.uid or "UID" in command.items
        complete = True
        for start in range(0, len(uids), wanted.rows):
            batch = uids[start : start + wanted.rows]
            if command.changed_since is not None:
                changed = await self.mail.messages(box.id, batch, changed_since=command.changed_since)
                batch = [message.uid for message in changed]
                asked -= len(uids[start : start + wanted.rows]) - len(batch)
            complete &= await self._batch(batch, wanted, with_uid=with_uid, modseq=modseq)
        await self.news()
        if complete or command.uid:
            self.ok(command, "Fetched")
        else:
            raise Refused("Some of the messages were expunged", "EXPUNGEISSUED")

    async def _batch(
        self, uids: array[int] | list[int], wanted: Plan, *, with_uid: bool, modseq: bool
    ) -> bool:
        """Answer for some messages; False when one of them is no longer there."""
        box, view = self.box, self.box.view
        rows: list[MessageData] | list[MessageInfo]
        if wanted.want:
            rows = await self.mail.fetch(box.id, uids, wanted.want)
        else:
            rows = await self.mail.messages(box.id, uids)
        complete = len(rows) == len(uids)
        seen = await self._see(rows) if wanted.sees and not view.read_only else {}
        queued = 0
        for row in rows:
            data = row if isinstance(row, MessageData) else None
            info: MessageInfo = row.info if isinstance(row, MessageData) else row
            changed = seen.get(info.uid)
            if changed is not None:
                info = changed
            seq = view.seq(info.uid)
            assert seq is not None
            sections: dict[str, bytes | None] | None = None
            if wanted.sections:
                sections = {}
                try:
                    for key, section in wanted.sections.items():
                        sections[key] = content = await self._section(info, data, section)
                        queued += len(content or b"")
                except NoSuchMessage:
                    complete = False
                    continue
            flags: tuple[str, ...] | None = None
            if wanted.flags or changed is not None:
                flags = (*info.flags, "\\Recent") if view.is_recent(info.uid) else info.flags
                view.forget_flags(info.uid)
            self.send(
                Fetch(
                    seq=seq,
                    uid=info.uid if with_uid else None,
                    flags=flags,
                    modseq=info.modseq if modseq or (changed is not None and self.condstore) else None,
                    internal_date=info.internal_date if wanted.date else None,
                    size=info.size if wanted.size else None,
                    envelope=data.envelope if wanted.envelope and data else None,
                    body=data.body if wanted.body and data else None,
                    body_structure=data.body_structure if wanted.body_structure and data else None,
                    sections=sections,
                )
            )
            queued += 256
            if queued >= QUEUED:
                queued = 0
                await self.connection.drain()
        return complete

    async def _section(self, info: MessageInfo, data: MessageData | None, section: Section) -> bytes | None:
        """The octets of a section, ``None`` for a part that is not there. Reads no more than it gives."""
        where = _span(info, data, section)
        if where is None:
            return None
        offset, length = where
        start, count = section.partial or (0, length)
        if section.fields:
            header = await self._octets(info, data, offset, length)
            chosen = select_fields(header, section.fields, section.text == "HEADER.FIELDS.NOT")
            return chosen[start : start + count] if section.partial else chosen
        start = min(start, length)
        return await self._octets(info, data, offset + start, min(count, length - start))

    async def _octets(self, info: MessageInfo, data: MessageData | None, offset: int, length: int) -> bytes:
        head = data.head if data is not None else None
        if head is not None and offset + length <= len(head):
            return head[offset : offset + length]
        return await self.mail.read(info.content, offset, length) if length else b""

    async def _see(self, rows: list[MessageData] | list[MessageInfo]) -> dict[int, MessageInfo]:
        """Set \\Seen where it is not, and return those messages as they are now."""
        box = self.box
        infos = [row.info if isinstance(row, MessageData) else row for row in rows]
        unseen = [info.uid for info in infos if "\\Seen" not in info.flags]
        if not unseen:
            return {}
        result = await self.mail.set_flags(box.id, unseen, "+FLAGS", ("\\Seen",))
        for info in result.messages:
            if info.modseq > box.since:
                box.own[info.uid] = info.modseq
        return {info.uid: info for info in result.messages}


def _span(info: MessageInfo, data: MessageData | None, section: Section) -> tuple[int, int] | None:
    """Where in the message a section is: offset and octets."""
    text = "HEADER" if section.fields else section.text
    if section.part:
        assert data is not None
        assert data.structure is not None
        return MessageStructure.from_bytes(data.structure).span(section.part, text)
    if text is None:
        return 0, info.size
    assert data is not None
    return (0, data.header_size) if text == "HEADER" else (data.header_size, info.size - data.header_size)

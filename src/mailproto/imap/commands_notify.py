"""NOTIFY (RFC 5465): which events of which mailboxes the server tells of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from mailproto import exact
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command, Value
from mailproto.imap.commands_fetch import FetchItem, fetch_items, write_items
from mailproto.imap.commands_parameters import MailboxFilter

#: The events that RFC 5465 section 5 names, by their lower case.
_EVENTS: Final = {
    event.lower(): event
    for event in (
        "MessageNew",
        "MessageExpunge",
        "FlagChange",
        "AnnotationChange",
        "MailboxName",
        "SubscriptionChange",
        "MailboxMetadataChange",
        "ServerMetadataChange",
    )
}


@dataclass(frozen=True, slots=True, repr=False)
class EventGroup(Value):
    """The events to tell of for the mailboxes of *filter*; no events: none of them (NONE).

    *events* are kept as the RFC writes them, ``"MessageNew"``. *items*: what of a new message is sent along;
    only for the selected mailbox, and only with MessageNew.
    """

    filter: MailboxFilter
    events: tuple[str, ...] = ()
    items: tuple[FetchItem, ...] = ()

    def __init__(
        self,
        filter: MailboxFilter,
        events: Iterable[str] = (),
        items: FetchItem | Iterable[FetchItem] = (),
    ) -> None:
        kept = [check.atom(event, "events") for event in exact.items(events, "events")]
        self._keep(
            filter=filter,
            events=tuple([_EVENTS.get(event.lower(), event) for event in kept]),
            items=fetch_items(items, "items", macros=False),
        )

    def _check(self) -> None:
        if not isinstance(self.filter, MailboxFilter):
            raise TypeError("filter must be a MailboxFilter")
        if self.items and ("MessageNew" not in self.events or not self.filter.kind.startswith("SELECTED")):
            raise ValueError("items go with MessageNew of the selected mailbox")

    def _write(self, writer: Writer, utf8: bool) -> None:
        writer.open()
        self.filter._write(writer, utf8)
        writer.sp()
        if not self.events:
            writer.raw(b"NONE")
        else:
            asked = False
            writer.open()
            for index, event in enumerate(self.events):
                if index:
                    writer.sp()
                writer.raw(event)
                if event == "MessageNew" and self.items and not asked:
                    asked = True
                    writer.sp()
                    write_items(writer, self.items)
            writer.close()
        writer.close()


@dataclass(frozen=True, slots=True, repr=False)
class Notify(Command):
    """NOTIFY (RFC 5465 section 3): *groups*, or ``None`` for NONE; *status* asks for STATUS at once."""

    name: ClassVar[str] = "NOTIFY"

    groups: tuple[EventGroup, ...] | None
    status: bool = False

    def __init__(
        self, groups: Iterable[EventGroup] | None, status: bool = False, *, tag: str | None = None
    ) -> None:
        kept = None if groups is None else exact.items(groups, "groups", "EventGroup")
        self._keep(tag=tag, groups=kept, status=exact.boolean(status, "status"))

    def _check(self) -> None:
        if self.groups is None:
            if self.status:
                raise ValueError("status goes with groups")
            return
        if not self.groups:
            raise ValueError("groups must not be empty; None turns notification off")
        if not all(isinstance(group, EventGroup) for group in self.groups):
            raise TypeError("groups must be an iterable of EventGroup or None")
        if sum(group.filter.kind.startswith("SELECTED") for group in self.groups) > 1:
            raise ValueError("groups must not have two filters for the selected mailbox")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        if self.groups is None:
            writer.raw(b" NONE")
            return
        writer.raw(b" SET STATUS" if self.status else b" SET")
        for group in self.groups:
            writer.sp()
            group._write(writer, utf8)

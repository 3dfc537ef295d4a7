"""Which command in progress an untagged response belongs to, if any: the rest is news, ``Unsolicited``.

The type of the response decides for most. FETCH needs a closer look, for a server may send one with new flags
at any time: one that lacks an item the command asked for is not its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, TypeVar

from mailproto.imap import commands, responses

#: The commands that each type of response answers. A type that is absent (UnknownResponse) belongs to the
#: oldest command in progress, if any. EXISTS, RECENT and EXPUNGE outside these are news, whatever made the
#: server tell them.
ANSWERS: Final[dict[type, frozenset[str]]] = {
    responses.Capability: frozenset({"CAPABILITY", "LOGIN", "AUTHENTICATE"}),
    responses.Enabled: frozenset({"ENABLE"}),
    responses.Exists: frozenset({"SELECT", "EXAMINE"}),
    responses.Recent: frozenset({"SELECT", "EXAMINE"}),
    responses.MailboxFlags: frozenset({"SELECT", "EXAMINE"}),
    responses.Expunge: frozenset({"EXPUNGE", "MOVE"}),
    responses.Vanished: frozenset({"EXPUNGE", "MOVE", "SELECT", "EXAMINE", "FETCH"}),
    responses.MailboxList: frozenset({"LIST", "LSUB", "SELECT", "EXAMINE"}),
    responses.MailboxStatus: frozenset({"STATUS", "LIST"}),
    responses.SearchResult: frozenset({"SEARCH"}),
    responses.ESearch: frozenset({"SEARCH", "SORT", "THREAD"}),
    responses.Namespace: frozenset({"NAMESPACE"}),
    responses.Id: frozenset({"ID"}),
}

_MACROS: Final = {
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}

Asked = Callable[[Any], bool]


class _Pending(Protocol):
    @property
    def command(self) -> commands.Command: ...


P = TypeVar("P", bound=_Pending)


def owner(value: Any, in_progress: Iterable[P]) -> P | None:
    """The oldest of the commands *in_progress* that *value* answers. Not for FETCH."""
    names = ANSWERS.get(type(value))
    for pending in in_progress:
        if names is None or pending.command.name in names:
            return pending
    return None

"""Which command in progress an untagged response belongs to, if any: the rest is news, ``Unsolicited``.

The type of the response decides for most. FETCH needs a closer look, for a server may send one with new flags
at any time: one that lacks an item the command asked for is not its answer.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, TypeVar

from mailproto.imap import commands, responses

#: The commands that each type of response answers. A type that is absent (UnknownResponse) belongs to the
#: oldest command in progress, if any. EXISTS, RECENT and EXPUNGE outside these are news, whatever made the
#: server tell them.
ANSWERS: Final[dict[type, frozenset[str]]] = {
    responses.Capability: frozenset({"CAPABILITY", "LOGIN", "AUTHENTICATE"}),
    responses.Enabled: frozenset({"ENABLE"}),
    responses.Exists: frozenset({"SELECT", "EXAMINE", "REPLACE"}),
    responses.Recent: frozenset({"SELECT", "EXAMINE"}),
    responses.MailboxFlags: frozenset({"SELECT", "EXAMINE"}),
    responses.Expunge: frozenset({"EXPUNGE", "MOVE", "REPLACE"}),
    responses.Vanished: frozenset({"EXPUNGE", "MOVE", "REPLACE", "SELECT", "EXAMINE", "FETCH"}),
    responses.MailboxList: frozenset({"LIST", "LSUB", "XLIST", "RLIST", "RLSUB", "SELECT", "EXAMINE"}),
    responses.MailboxStatus: frozenset({"STATUS", "LIST", "NOTIFY"}),
    responses.SearchResult: frozenset({"SEARCH"}),
    responses.ESearch: frozenset({"SEARCH", "SORT", "THREAD", "ESEARCH"}),
    responses.Namespace: frozenset({"NAMESPACE", "LANGUAGE"}),
    responses.Id: frozenset({"ID"}),
    responses.SortResult: frozenset({"SORT"}),
    responses.ThreadResult: frozenset({"THREAD"}),
    responses.Quota: frozenset({"GETQUOTA", "GETQUOTAROOT", "SETQUOTA"}),
    responses.QuotaRoot: frozenset({"GETQUOTAROOT"}),
    responses.Acl: frozenset({"GETACL"}),
    responses.ListRights: frozenset({"LISTRIGHTS"}),
    responses.MyRights: frozenset({"MYRIGHTS", "LIST"}),
    responses.Metadata: frozenset({"GETMETADATA", "LIST"}),
    responses.Language: frozenset({"LANGUAGE"}),
    responses.Comparator: frozenset({"COMPARATOR"}),
    responses.JmapAccess: frozenset({"GETJMAPACCESS"}),
    responses.UidBatches: frozenset({"UIDBATCHES"}),
    responses.GenUrlAuth: frozenset({"GENURLAUTH"}),
    responses.UrlFetch: frozenset({"URLFETCH"}),
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


def asked(command: commands.Command) -> Asked | None:
    """A test for FETCH responses: whether one has all that *command* asked for. ``None``: it asked for no
    FETCH.

    A STORE that is not silent asks for FLAGS; one that is, for MODSEQ if it is conditional (RFC 7162 section
    3.1.3).
    """
    if isinstance(command, commands.Fetch):
        items = set[str]()
        for item in command.items:
            if isinstance(item, str):
                items.update(_MACROS.get(item, (item,)))
            elif isinstance(item, commands.Section):
                items.add("BODY[")
    elif isinstance(command, commands.Store) and not command.labels:
        if command.silent and command.unchanged_since is None:
            return None
        items = {"MODSEQ"} if command.silent else {"FLAGS"}
    else:
        return None
    if command.uid:
        items.add("UID")
    return _test(frozenset(items))


@functools.lru_cache(maxsize=256)
def _test(items: frozenset[str]) -> Asked:
    """Called for each row of a FETCH of millions: attributes that must be there are looked at in one step."""
    names = sorted({_ATTRIBUTES[item] for item in items if item in _ATTRIBUTES})
    others = tuple(_OTHERS[item] for item in sorted(items) if item in _OTHERS)
    if not names:
        return lambda fetch: all(test(fetch) for test in others)
    if len(names) == 1:
        names *= 2  # so that attrgetter gives a tuple
    attributes = operator.attrgetter(*names)
    if not others:
        return lambda fetch: None not in attributes(fetch)
    return lambda fetch: None not in attributes(fetch) and all(test(fetch) for test in others)


#: Items that are an attribute of a Fetch. Items in neither table (X-GM-LABELS, say) are not asked for.
_ATTRIBUTES: Final = {
    "UID": "uid",
    "FLAGS": "flags",
    "INTERNALDATE": "internal_date",
    "RFC822.SIZE": "size",
    "MODSEQ": "modseq",
}
_OTHERS: Final[dict[str, Asked]] = {
    "ENVELOPE": lambda fetch: "ENVELOPE" in fetch,
    # Either: some servers answer one with the other (BODY for a BODYSTRUCTURE without extension data).
    "BODY": lambda fetch: "BODY" in fetch or "BODYSTRUCTURE" in fetch,
    "BODYSTRUCTURE": lambda fetch: "BODYSTRUCTURE" in fetch or "BODY" in fetch,
    # Which section is not compared: servers write them in many ways.
    **dict.fromkeys(("BODY[", "RFC822", "RFC822.HEADER", "RFC822.TEXT"), lambda fetch: bool(fetch.sections)),
}

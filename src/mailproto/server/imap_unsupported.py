"""What clients may say and this server does not do: told before a command is carried out, so that none of it
is passed over in silence.

Commands without a method in the handler need no entry here: they are answered BAD as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mailproto.imap import commands, search

#: FETCH items that are carried out, beside sections.
_FETCH: Final = frozenset(
    [
        "UID",
        "FLAGS",
        "INTERNALDATE",
        "RFC822",
        "RFC822.SIZE",
        "RFC822.HEADER",
        "RFC822.TEXT",
        "ENVELOPE",
        "BODY",
        "BODYSTRUCTURE",
        "MODSEQ",
        "ALL",
        "FAST",
        "FULL",
    ]
)


def unsupported(command: commands.Command) -> str | None:
    """Why *command* cannot be carried out as it stands, or ``None``."""
    check = _CHECKS.get(type(command))
    return None if check is None else check(command)


def _select(command: Any) -> str | None:
    if command.qresync is not None:
        return "QRESYNC is not supported"
    return _parameters(command)


def _parameters(command: Any) -> str | None:
    return f"Unknown parameter {command.parameters[0].name}" if command.parameters else None


def _list(command: commands.List) -> str | None:
    for option in (*command.selection_options, *command.return_options):
        if isinstance(option, commands.Parameter):
            return f"Unknown LIST option {option.name}"
    return None


def _append(command: commands.Append) -> str | None:
    for message in command.messages:
        if message.parts is not None:
            return "CATENATE is not supported"
        if message.binary:
            return "BINARY is not supported"
        if message.utf8:
            return "UTF8 is not enabled"
    return None


def _fetch(command: commands.Fetch) -> str | None:
    if not command.items:
        return "FETCH needs at least one item"  # "FETCH ()", which is read all the same
    if command.partial is not None:
        return "PARTIAL is not supported"
    for item in command.items:
        if isinstance(item, str):
            if item not in _FETCH:
                return f"{item} is not supported"
        elif not isinstance(item, commands.Section):
            return "BINARY is not supported"
    return None


def _store(command: commands.Store) -> str | None:
    return None if command.operation.endswith("FLAGS") else "X-GM-LABELS is not supported"


def _search(command: commands.Search) -> str | None:
    for key in command.criteria.walk():
        match key:
            case search.Fuzzy() | search.Filter() | search.ObjectId() | search.GmailId():
                return f"The key {getattr(key, 'name', type(key).__name__).upper()} is not supported"
            case search.Key(name="SAVEDATESUPPORTED" as name):
                return f"The key {name} is not supported"
            case search.Date(name=name) if name.startswith("SAVED"):
                return f"The key {name} is not supported"
            case search.Text(name=name) if name.startswith("X-"):
                return f"The key {name} is not supported"
            case search.Keyword(flag=flag) if flag.startswith("\\"):
                return "KEYWORD is for keywords: system flags have keys of their own"
    return None


_CHECKS: Final[dict[type, Callable[[Any], str | None]]] = {
    commands.Select: _select,
    commands.Examine: _select,
    commands.Create: _parameters,
    commands.Rename: _parameters,
    commands.List: _list,
    commands.Append: _append,
    commands.Fetch: _fetch,
    commands.Store: _store,
    commands.Search: _search,
}

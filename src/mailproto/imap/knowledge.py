"""What a client session knows about the server because the server said so: capabilities, extensions, the
mailbox.

Every response passes through here, whether a command asked for it or not. Nothing grows with what the server
sends: each piece of knowledge has its bound, and past it, or where the server contradicts itself, RemoteError
is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mailproto.errors import RemoteError
from mailproto.imap import commands, responses
from mailproto.imap.mailbox import SelectedMailbox
from mailproto.imap.states import Input

#: Most capabilities that a server may name. Real servers name some fifty.
MAX_CAPABILITIES: Final = 1000


class Knowledge:
    """Kept up to date by the session: ``learn()`` each response, ``sent()``, ``completed()`` each command."""

    __slots__ = ("_asked_for", "_selecting", "_told", "_updates", "capabilities", "enabled", "mailbox")

    def __init__(self) -> None:
        self.capabilities: frozenset[str] | None = None
        self.enabled: set[str] = set()
        self.mailbox: SelectedMailbox | None = None
        self._told = False  # whether capabilities came since the last LOGIN or AUTHENTICATE was sent
        self._asked_for: dict[str, frozenset[str]] = {}  # by tag: what each ENABLE in progress wants
        self._selecting: tuple[str, SelectedMailbox] | None = (
            None  # the SELECT that is being answered, by tag
        )
        self._updates: dict[type, Callable[[Any], None]] = {
            responses.Capability: lambda value: self.learn_capabilities(value.capabilities),
            responses.Enabled: self._learn_enabled,
            responses.Exists: self._learn_exists,
            responses.Recent: self._learn_recent,
            responses.Expunge: self._learn_expunge,
            responses.Vanished: self._learn_vanished,
            responses.MailboxFlags: self._learn_flags,
        }

    # What was sent and answered

    def sent(self, tag: str, command: commands.Command) -> None:
        """*command* goes out under *tag*."""
        if isinstance(command, (commands.Login, commands.Authenticate)):
            self._told = False
        elif isinstance(command, commands.Enable):
            self._asked_for[tag] = frozenset(name.upper() for name in command.capabilities)

    def oldest(self, tag: str, command: commands.Command) -> None:
        """*command* is the oldest in progress now: from a SELECT on, mailbox data is about its mailbox."""
        if isinstance(command, (commands.Select, commands.Examine)) and self._selecting is None:
            self._selecting = tag, _view(command)

    def completed(self, tag: str, command: commands.Command, happened: Input | None) -> None:
        """*command* was answered, with that effect on the state."""
        self._asked_for.pop(tag, None)
        selecting, mine = self._selecting, self._selecting is not None and self._selecting[0] == tag
        if mine:
            self._selecting = None
        match happened:
            case Input.LOGIN_OK:
                if not self._told:
                    self.capabilities = None  # those of before hold no longer (RFC 9051 section 6.1.1)
            case Input.UNAUTHENTICATE_OK:
                self.capabilities, self.mailbox = None, None
                self.enabled.clear()
            case Input.SELECT_NO | Input.CLOSE_OK:
                self.mailbox = None
            case Input.SELECT_OK:
                assert isinstance(command, (commands.Select, commands.Examine))
                self.mailbox = selecting[1] if selecting is not None and mine else _view(command)
                self.mailbox.settle()

    def tls_started(self) -> None:
        """What was learnt in the clear anybody may have said."""
        self.capabilities = None

    # What the server said

    def learn(self, value: Any) -> None:
        """Take notice of an untagged response other than a status response."""
        update = self._updates.get(type(value))
        if update is not None:
            update(value)

    def learn_code(self, code: responses.ResponseCode) -> None:
        """Take notice of the response code of a status response."""
        if code.name == "CAPABILITY":
            if isinstance(code.value, tuple):
                self.learn_capabilities(code.value)
        elif code.name == "CLOSED":
            self.mailbox = None  # what follows is about the mailbox being selected (RFC 7162 section 3.2.11)
        elif (mailbox := self._target()) is not None:
            mailbox.on_code(code.name, code.value)

    def learn_capabilities(self, names: tuple[Any, ...]) -> None:
        """The server listed its capabilities."""
        if len(names) > MAX_CAPABILITIES:
            raise RemoteError(f"more than {MAX_CAPABILITIES} capabilities")
        self.capabilities = frozenset(str(name).upper() for name in names)
        self._told = True

    def _learn_enabled(self, value: responses.Enabled) -> None:
        # Only what we asked for can have been switched on (RFC 9051 section 7.2.1).
        wanted = frozenset[str]().union(*self._asked_for.values())
        self.enabled.update(wanted.intersection(name.upper() for name in value.capabilities))

    def _target(self) -> SelectedMailbox | None:
        """The mailbox that mailbox data is about now."""
        return self._selecting[1] if self._selecting is not None else self.mailbox

    def _learn_exists(self, value: responses.Exists) -> None:
        if (mailbox := self._target()) is not None:
            mailbox.on_exists(value.count)

    def _learn_recent(self, value: responses.Recent) -> None:
        if (mailbox := self._target()) is not None:
            mailbox.on_recent(value.count)

    def _learn_expunge(self, value: responses.Expunge) -> None:
        if (mailbox := self._target()) is not None:
            mailbox.on_expunge(value.seq)

    def _learn_vanished(self, value: responses.Vanished) -> None:
        if (mailbox := self._target()) is not None:
            mailbox.on_vanished(value.uids, earlier=value.earlier)

    def _learn_flags(self, value: responses.MailboxFlags) -> None:
        if (mailbox := self._target()) is not None:
            mailbox.on_flags(value.flags)

    def learn_fetch(self, value: responses.Fetch) -> None:
        """A FETCH that has a UID."""
        if value.seq is not None and value.uid is not None and (mailbox := self._target()) is not None:
            mailbox.on_fetch(value.seq, value.uid)


def _view(command: commands.Select | commands.Examine) -> SelectedMailbox:
    return SelectedMailbox(command.mailbox, read_only=isinstance(command, commands.Examine))

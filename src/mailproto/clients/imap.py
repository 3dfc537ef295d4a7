"""What each IMAP command gives its caller: the command, and how its responses become one typed value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from mailproto import exact, sasl
from mailproto._core.sequence_set import SequenceSet
from mailproto.clients.conversation import Operation
from mailproto.clients.opening import Opening, check_tls
from mailproto.errors import CommandFailed, RemoteError
from mailproto.imap import _arguments as check
from mailproto.imap import commands, responses
from mailproto.imap import search as keys
from mailproto.imap.client import ClientSession
from mailproto.imap.codes import AppendUid, CopyUid
from mailproto.imap.commands import AppendMessage
from mailproto.imap.events import LiteralChunk
from mailproto.streamed import Streamed

if TYPE_CHECKING:
    import datetime

    from mailproto.imap._arguments import SetLike
    from mailproto.imap.mailbox import SelectedMailbox
    from mailproto.limits import Limits

#: Octets of a literal above which it arrives in chunks where it is written to a file.
STREAM_ABOVE: Final = 256 * 1024
#: RFC 9051 section 6.3.13: IDLE at least every 29 minutes anew, or the server may think us gone.
IDLE_RENEWAL: Final = 28 * 60.0
#: Stands in for an empty set in a command that is made only to check its other arguments.
_STAND_IN: Final = SequenceSet(1)

Status = responses.StatusResponse


def opening(tls: bool | str, port: int | None, limits: Limits | None) -> Opening:
    """A session that is to be connected; *port* ``None``: the usual one."""
    check_tls(tls)
    return Opening(
        ClientSession(limits, secure=tls is True, require_tls=tls == "starttls", stream_above=STREAM_ABOVE),
        tls,
        port or (993 if tls is True else 143),
        refusal=lambda greeting: greeting.text if greeting.status == "BYE" else None,
        logged_in=lambda greeting: bool(greeting.status == "PREAUTH"),
    )


def _on(
    messages: SetLike,
    command: Callable[[SequenceSet], commands.Command],
    result: Callable[[list[Any], Any], Any],
    what: str = "messages",
) -> Operation[Any]:
    """A command on *messages*: not sent where there are none, as after a search that found nothing."""
    named = check.any_set(messages, what)
    return Operation(command(named or _STAND_IN), result, unsent=not named)


def _nothing(_responses: list[Any], _final: Status) -> None:
    return None


def _all(received: list[Any], _final: Status | None) -> list[Any]:
    return received


def _last(received: list[Any], kind: type) -> Any:
    return next((r for r in reversed(received) if type(r) is kind), None)


def _code(final: Status | None, received: list[Any], name: str) -> Any:
    for response in (final, *received):
        code = getattr(response, "code", None)
        if code is not None and code.name == name:
            return code.value
    return None


def simple(command: commands.Command) -> Operation[None]:
    """A command whose answer is only whether it worked."""
    return Operation(command, _nothing)


def capability() -> Operation[frozenset[str]]:
    def result(received: list[Any], _final: Status) -> frozenset[str]:
        found = _last(received, responses.Capability)
        return frozenset(c.upper() for c in found.capabilities) if found else frozenset()

    return Operation(commands.Capability(), result)


def mechanism_for(
    capabilities: frozenset[str], user: str | bytes, password: str | bytes, *, secure: bool
) -> Any:
    """The SASL mechanism to log in with where the server forbids LOGIN; None: LOGIN it is."""
    if "LOGINDISABLED" not in capabilities or not isinstance(user, str) or not isinstance(password, str):
        return None
    offered = [c.removeprefix("AUTH=") for c in capabilities if c.startswith("AUTH=")]
    return sasl.choose(offered, username=user, password=password, secure=secure)


def authenticate(mechanism: Any) -> Operation[None]:
    return Operation(commands.Authenticate(mechanism.name), _nothing, mechanism)


def enable(capabilities: Iterable[str]) -> Operation[frozenset[str]]:
    def result(received: list[Any], _final: Status) -> frozenset[str]:
        return frozenset(c.upper() for r in received if type(r) is responses.Enabled for c in r.capabilities)

    return Operation(commands.Enable(tuple(capabilities)), result)


def identify(parameters: Mapping[str, str] | None) -> Operation[dict[bytes, bytes | None] | None]:
    def result(received: list[Any], _final: Status) -> dict[bytes, bytes | None] | None:
        found = _last(received, responses.Id)
        return None if found is None or found.parameters is None else dict(found.parameters)

    return Operation(commands.Id(parameters), result)


def namespace() -> Operation[responses.Namespace | None]:
    return Operation(commands.Namespace(), lambda received, _: _last(received, responses.Namespace))


def select(session: Any, mailbox: str, *, read_only: bool, condstore: bool) -> Operation[SelectedMailbox]:
    kind = commands.Examine if read_only else commands.Select
    return Operation(kind(mailbox, condstore), lambda _received, _final: session.mailbox)


def list_mailboxes(
    reference: str,
    patterns: str | Iterable[str],
    selection_options: Iterable[str] = (),
    return_options: Iterable[Any] = (),
) -> Operation[list[Any]]:
    wanted = (patterns,) if isinstance(patterns, str) else tuple(patterns)

    def result(received: list[Any], _final: Status) -> list[Any]:
        return [r for r in received if type(r) is responses.MailboxList]

    return Operation(
        commands.List(reference, wanted, tuple(selection_options), tuple(return_options)), result
    )


def lsub(reference: str, pattern: str) -> Operation[list[Any]]:
    return Operation(
        commands.Lsub(reference, pattern),
        lambda received, _: [r for r in received if type(r) is responses.MailboxList],
    )


def status(mailbox: str, items: Iterable[str]) -> Operation[dict[str, Any]]:
    def result(received: list[Any], _final: Status) -> dict[str, Any]:
        found = _last(received, responses.MailboxStatus)
        return dict(found.items) if found else {}

    return Operation(commands.Status(mailbox, tuple(items)), result)


def append(
    mailbox: str, message: bytes, flags: Iterable[str], date: datetime.datetime | None
) -> Operation[AppendUid | None]:
    command = commands.Append(mailbox, AppendMessage(message, tuple(flags), date))
    return Operation(command, lambda received, final: _code(final, received, "APPENDUID"))


def fetch(
    messages: SetLike,
    items: Any,
    *,
    uid: bool,
    changed_since: int | None = None,
    vanished: bool = False,
) -> Operation[list[Any]]:
    return _on(messages, lambda named: commands.Fetch(named, items, uid, changed_since, vanished), _all)


def fetch_section(
    message: int, section: commands.Section | commands.BinarySection, *, uid: bool
) -> Operation[None]:
    """One section of one message, its octets in chunks where they are many; ``Download`` writes them."""
    if not isinstance(section, (commands.Section, commands.BinarySection)):
        raise TypeError("section must be a Section or a BinarySection")
    return Operation(commands.Fetch(message, [section], uid), _nothing, chunks=True)


class Download:
    """Writes what ``fetch_section`` brings into a file, in fixed memory."""

    def __init__(self, message: int, file: BinaryIO, *, uid: bool) -> None:
        self._message = exact.integer(message, "message", least=1)
        if not callable(getattr(file, "write", None)):
            raise TypeError("file must be a file opened for writing octets")
        self._file = file
        self._uid = uid
        self._found = False
        #: Octets written.
        self.written = 0

    def take(self, event: Any) -> None:
        """One response or literal event of the command.

        RemoteError for octets of another message, and for a second text: the file would hold both.
        """
        if type(event) is LiteralChunk:
            self._write(event.data)
        elif type(event) is responses.Fetch and event.sections:
            texts = [text for text in event.sections.values() if text is not None]  # NIL: no such part
            if (event.uid if self._uid else event.seq) != self._message:
                if any(isinstance(text, Streamed) for text in texts):
                    raise RemoteError("the server sent another message than the one asked for")
                return
            for text in texts:
                if isinstance(text, bytes):
                    self._write(text)
                if self._found or self.written != (len(text) if isinstance(text, bytes) else text.size):
                    raise RemoteError("the server sent more than the section that was asked for")
                self._found = True

    def _write(self, data: bytes | memoryview) -> None:
        if self._found:
            raise RemoteError("the server sent more than the section that was asked for")
        left = memoryview(data)
        while left:
            taken = self._file.write(left)
            if taken is None:  # what some objects with a write() say for all of it
                taken = len(left)
            elif not taken:
                raise OSError("the file takes no more octets")
            self.written += taken
            left = left[taken:]

    def finish(self) -> int:
        """How many octets it was. CommandFailed where there was nothing: some servers answer OK to that."""
        if not self._found:
            raise CommandFailed("FETCH", "OK", None, "no such message, or no such part of it")
        return self.written


def search(criteria: tuple[keys.SearchKey, ...], *, charset: str | None, uid: bool) -> Operation[SequenceSet]:
    def result(received: list[Any], _final: Status) -> SequenceSet:
        for response in reversed(received):
            if type(response) is responses.SearchResult:
                return response.numbers
            if type(response) is responses.ESearch:
                return response.all or SequenceSet()
        return SequenceSet()

    return Operation(commands.Search(criteria or (keys.Key("ALL"),), charset, uid), result)


def store(
    messages: SetLike,
    operation: str,
    flags: Iterable[str],
    *,
    silent: bool,
    uid: bool,
    unchanged_since: int | None,
) -> Operation[tuple[list[Any], SequenceSet]]:
    def command(named: SequenceSet) -> commands.Store:
        return commands.Store(named, operation, tuple(flags), silent, uid, unchanged_since)

    def result(received: list[Any], final: Status | None) -> tuple[list[Any], SequenceSet]:
        return received, _code(final, received, "MODIFIED") or SequenceSet()

    return _on(messages, command, result)


def copy(messages: SetLike, mailbox: str, *, uid: bool, move: bool) -> Operation[CopyUid | None]:
    kind = commands.Move if move else commands.Copy
    return _on(
        messages,
        lambda named: kind(named, mailbox, uid),
        lambda received, final: _code(final, received, "COPYUID"),
    )


def expunge(uids: SetLike | None) -> Operation[list[int]]:
    def result(received: list[Any], _final: Status | None) -> list[int]:
        return [r.seq for r in received if type(r) is responses.Expunge]

    if uids is None:
        return Operation(commands.Expunge(), result)
    return _on(uids, lambda named: commands.Expunge(named, uid=True), result, "uids")

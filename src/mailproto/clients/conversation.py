"""Who waits for what on a client session: commands that are running, and where their answers go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from mailproto.errors import NEED_DATA, CommandFailed, ConnectionLost, RemoteError
from mailproto.imap import events as imap_events
from mailproto.pop3 import events as pop3_events

T = TypeVar("T")

#: Responses that one command may collect. A server that sends more is not answering, it is filling our
#: memory.
MAX_RESPONSES: Final = 2_000_000
#: Unsolicited news kept for someone to ask for them; the oldest are dropped.
MAX_NEWS: Final = 10_000
#: A stream of responses is read from the socket no further than this ahead of who takes them.
STREAM_AHEAD: Final = 256
#: The same where they may be chunks of up to 64 KiB.
CHUNKS_AHEAD: Final = 16


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A command, and what its answer means: ``result(responses, final)`` makes the typed value of what the
    server sent for it. ``mechanism`` is that of an AUTHENTICATE or AUTH."""

    command: Any
    result: Callable[[list[Any], Any], T]
    mechanism: Any = None
    #: Whether large literals of the answer shall come in chunks.
    chunks: bool = False
    #: True where there is nothing to ask for: the command is not sent, and ``result([], None)`` is the value.
    unsent: bool = False


class Running(Generic[T]):
    """A command that was given to the session."""

    __slots__ = ("_dropped", "began", "error", "final", "operation", "responses", "streaming", "tag", "wake")

    def __init__(self, operation: Operation[T], tag: Any, streaming: bool) -> None:
        self.operation = operation
        self.tag = tag
        self.streaming = streaming
        #: What the server sent for it, so far and not taken yet.
        self.responses: deque[Any] = deque()
        #: The tagged response, the reply; None while it runs.
        self.final: Any = None
        self.error: Exception | None = None
        #: True once the server has let it begin (IDLE), or asked for more (AUTHENTICATE).
        self.began = False
        #: Called when any of these changed.
        self.wake: Callable[[], None] | None = None
        self._dropped = False

    @property
    def done(self) -> bool:
        """True when nothing more will come."""
        return self.final is not None or self.error is not None

    def drop(self) -> None:
        """Nobody wants the answer any more. It is still awaited, and thrown away, so that what follows is
        not taken for it."""
        self._dropped = True
        self.responses.clear()
        self.wake = None

    def add(self, response: Any) -> None:
        if self._dropped:
            return
        if not self.streaming and len(self.responses) >= MAX_RESPONSES:
            raise RemoteError("the server sends responses without end")
        self.responses.append(response)
        if self.streaming:
            self.changed()

    def changed(self) -> None:
        if self.wake is not None:
            self.wake()

    def check(self) -> None:
        """Raise what the command ended with, if it was not well: CommandFailed, ConnectionLost,
        RemoteError."""
        if self.error is not None:
            raise self.error
        if self.final.status not in ("OK", "+OK"):
            raise CommandFailed(
                self.operation.command.name, self.final.status, self.final.code, self.final.text
            )

    def result(self) -> T:
        """The typed value of a command that is done. Raises as :meth:`check`."""
        self.check()
        return self.operation.result(list(self.responses), self.final)


class Conversation:
    """A client session, IMAP or POP3, with the commands that run on it. No I/O: feed the session, then
    :meth:`pump`."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.running: dict[Any, Running[Any]] = {}
        #: The server's first response; None until it came.
        self.greeting: Any = None
        #: True when the TLS handshake must come next.
        self.tls_due = False
        #: True when nothing more will happen.
        self.over = False
        #: Why, where it was no orderly end.
        self.error: Exception | None = None
        #: What no command asked for, the newest last.
        self.news: deque[Any] = deque(maxlen=MAX_NEWS)
        #: Called at each of these.
        self.wake: Callable[[], None] | None = None
        self._last_words = ""
        self._literal_of: Running[Any] | None = None

    def start(self, operation: Operation[T], *, streaming: bool = False) -> Running[T]:
        """Send a command. Raises ``LocalError`` where it is illegal now, ConnectionLost after the end."""
        if self.over:
            raise self.lost()
        if operation.mechanism is not None:
            tag = self.session.send(operation.command, mechanism=operation.mechanism)
        else:
            tag = self.session.send(operation.command)
        return self.adopt(tag, operation, streaming=streaming)

    def adopt(self, tag: Any, operation: Operation[T], *, streaming: bool = False) -> Running[T]:
        """Await the answer to a command that the session was given already."""
        running = Running(operation, tag, streaming)
        self.running[tag] = running
        return running

    def pump(self) -> None:
        """Hand out what the session has."""
        session = self.session
        try:
            while not self.tls_due and (event := session.next_event()) is not NEED_DATA:
                self._dispatch(event)
        except RemoteError as error:
            self.end(error)

    def _dispatch(self, event: Any) -> None:
        kind = type(event)
        if kind is imap_events.CommandDone or kind is pop3_events.CommandDone:
            running = self.running.pop(event.tag, None)
            if running is not None:
                running.final = event.response
                running.changed()
        elif kind is imap_events.Unsolicited:
            self._note(event.response)
        elif kind is imap_events.ContinuationRequested or kind is pop3_events.ContinuationRequested:
            running = self.running.get(event.tag)
            if running is not None:
                running.began = True
                running.changed()
        elif kind is imap_events.StartTls or kind is pop3_events.StartTls:
            self.tls_due = True
            self.changed()
        elif kind is imap_events.Closed or kind is pop3_events.Closed:
            self.end(None)
        elif kind is imap_events.BadResponse:
            pass  # skipped by the session, which knows where the next one starts
        elif self.greeting is None:
            self.greeting = event
            self.changed()
        elif kind is imap_events.LiteralBegin:
            self._literal_of = self._wants_chunks(event)
            if self._literal_of is None:
                self.session.keep_literal()
            else:
                self._literal_of.add(event)
        elif kind is imap_events.LiteralChunk or kind is imap_events.LiteralEnd:
            if self._literal_of is not None:
                self._literal_of.add(event)
        elif kind in (pop3_events.BodyBegin, pop3_events.BodyChunk, pop3_events.BodyEnd):
            for running in self.running.values():  # replies come in the order of the commands
                running.add(event)
                break
        else:
            running = self.running.get(self.session.owner)
            if running is not None:
                running.add(event)
            if getattr(event, "status", None) == "BYE":
                self._last_words = event.text

    def _wants_chunks(self, begin: imap_events.LiteralBegin) -> Running[Any] | None:
        """Who writes a literal away as it comes: a FETCH that asked for chunks and is the only one that the
        literal may be for, as the response does not say whose it is before it ends."""
        fetches = [r for r in self.running.values() if r.operation.command.name == "FETCH"]
        if (
            len(fetches) == 1
            and fetches[0].operation.chunks
            and begin.path[:1] in (("FETCH",), ("UIDFETCH",))
        ):
            return fetches[0]
        return None

    def _note(self, response: Any) -> None:
        if getattr(response, "status", None) == "BYE":
            self._last_words = response.text
        self.news.append(response)
        self.changed()

    def changed(self) -> None:
        """Tell whoever waits for the conversation itself."""
        if self.wake is not None:
            self.wake()

    @property
    def crowded(self) -> bool:
        """True while whoever takes a stream of responses is behind: read no further from the socket."""
        return any(
            r.streaming and len(r.responses) > (CHUNKS_AHEAD if r.operation.chunks else STREAM_AHEAD)
            for r in self.running.values()
        )

    def lost(self) -> Exception:
        """What a command fails with after the end."""
        if self.error is not None:
            return self.error
        words = "".join(c if c.isprintable() else "?" for c in self._last_words)
        return ConnectionLost(f"the server closed the connection{': ' + words if words else ''}")

    def end(self, error: Exception | None) -> None:
        """Nothing more will come: whatever runs has failed."""
        if self.over:
            return
        self.over = True
        self.error = error
        self.changed()
        for running in list(self.running.values()):
            running.error = self.lost()
            running.changed()
        self.running.clear()

"""The client end of an IMAP connection, without the connection: bytes in, events out, buffers to send.

::

    session = ClientSession()
    session.receive_data(data)                         # b"" when the server closed
    while (event := session.next_event()) is not NEED_DATA: ...
    tag = session.send(commands.Select("INBOX"))
    for buffer in session.data_to_send(): ...

Commands may be sent at any time; the session holds one back only until the greeting is there, while a
literal, SASL or IDLE has the line to itself, and where RFC 9051 section 5.5 makes two commands ambiguous.
"""

from __future__ import annotations

import base64
import binascii
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from mailproto.errors import (
    NEED_DATA,
    IncompleteError,
    LocalError,
    MailprotoError,
    ParseError,
    RemoteError,
)
from mailproto.imap import commands, responses, solicited
from mailproto.imap.events import (
    BadResponse,
    Closed,
    CommandDone,
    ContinuationRequested,
    StartTls,
    Unsolicited,
)
from mailproto.imap.exchange import CLIENT, CLIENT_SENDS, ClientExpects, ClientStep, must_wait
from mailproto.imap.knowledge import Knowledge
from mailproto.imap.outbox import Outbox
from mailproto.imap.response_reader import ResponseReader
from mailproto.imap.shown import shown
from mailproto.imap.states import Input, State, completion, foreseen, is_known, may_send, next_state

if TYPE_CHECKING:
    from mailproto.imap.commands_base import LiteralMode
    from mailproto.imap.mailbox import SelectedMailbox
    from mailproto.limits import Limits
    from mailproto.wirelog import WireLog

#: Most challenges of one AUTHENTICATE: no mechanism needs more than three or four.
MAX_CHALLENGES: Final = 20

#: What may be sent before TLS on a session that requires TLS, and after a STARTTLS that was refused.
_BEFORE_TLS: Final = frozenset({"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "ID"})


class Mechanism(Protocol):
    """The client side of a SASL mechanism, as ``mailproto.sasl.client()`` makes them."""

    @property
    def name(self) -> str: ...

    @property
    def client_first(self) -> bool: ...

    def respond(self, challenge: bytes) -> bytes:
        """The answer to one challenge; the first is ``b""`` where the client speaks first."""
        ...


class _Pending:
    """A command between ``send()`` and its tagged answer."""

    __slots__ = ("asked", "challenges", "command", "done", "first_response", "mechanism", "tag")

    def __init__(self, tag: str, command: commands.Command, mechanism: Mechanism | None) -> None:
        self.tag = tag
        self.command = command
        self.mechanism = mechanism
        self.challenges = 0
        self.done = False  # IDLE: whether DONE is to follow as soon as it may
        #: An initial SASL response that must wait for the first challenge.
        self.first_response: bytes | None = None
        #: What a FETCH response must have in order to belong to this command.
        self.asked = solicited.asked(command)


class ClientSession:
    """One connection to an IMAP server, from the greeting on. Not thread-safe; needs no event loop.

    *secure*: the connection is inside TLS from its first byte. *require_tls*: until STARTTLS is done nothing
    but CAPABILITY, ID, NOOP, STARTTLS and LOGOUT may be sent, and a PREAUTH greeting is refused (RFC 9051
    section 11.1). *limits* bound what the server may send (default ``Limits.client()``). *tag_prefix* begins
    every tag. *log*, a :class:`mailproto.wirelog.WireLog`, is told of all that passes, secrets replaced.

    ``send()`` and its kin raise LocalError for what is illegal now; ``next_event()`` raises RemoteError once
    the server has broken the protocol, and from then on always.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        secure: bool = False,
        require_tls: bool = False,
        tag_prefix: str = "A",
        log: WireLog | None = None,
    ) -> None:
        commands.Noop(tag=tag_prefix)  # raises for what cannot begin a tag
        self._reader = ResponseReader(limits=limits)
        self._outbox = Outbox()
        self._log = log
        self._prefix = tag_prefix
        self._count = 0
        self._state = State.NOT_GREETED
        self._expects = ClientExpects.GREETING
        self._secure = secure
        self._require_tls = require_tls
        self._tls_refused = False
        self._queue: deque[_Pending] = deque()  # given to send(), not encoded yet
        self._flying: dict[str, _Pending] = {}  # encoded, not answered yet; in order
        self._turn: _Pending | None = None  # whose the line is: AUTHENTICATE, IDLE, STARTTLS, LOGOUT
        self._idle: _Pending | None = None  # an IDLE that done() has not ended
        self._logging_out = False
        self._foreseen = frozenset({State.NOT_AUTHENTICATED, State.AUTHENTICATED})  # see states.foreseen()
        self._received = 0  # octets that came from the server
        self._starttls_mark: int | None = None  # _received when STARTTLS was handed out
        self._known = Knowledge()
        self._error: RemoteError | None = None
        self._eof = False
        self._said_bye = False
        self._events: deque[Any] = deque()  # at most two: what one unit gave besides its first event
        self._owner: str | None = None
        self._handlers: dict[type, Callable[[Any], Any]] = {
            responses.StatusResponse: self._on_status,
            responses.Continuation: self._on_continuation,
            responses.Fetch: self._on_fetch,
        }

    # What is known

    @property
    def state(self) -> State:
        """Where the connection is (RFC 9051 section 3)."""
        return self._state

    @property
    def capabilities(self) -> frozenset[str] | None:
        """What the server can do, in upper case; ``None`` where it has not said since the greeting, TLS
        or login.
        """
        return self._known.capabilities

    @property
    def enabled(self) -> frozenset[str]:
        """The extensions that ENABLE has switched on (RFC 5161), in upper case."""
        return frozenset(self._known.enabled)

    @property
    def mailbox(self) -> SelectedMailbox | None:
        """The selected mailbox as the server described it, ``None`` while none is selected."""
        return self._known.mailbox

    @property
    def secure(self) -> bool:
        """Whether the connection is inside TLS, as far as the session was told."""
        return self._secure

    @property
    def utf8(self) -> bool:
        """Whether strings and mailbox names go out as UTF-8 (RFC 6855 section 3, RFC 9051 appendix A)."""
        return not self._known.enabled.isdisjoint(("UTF8=ACCEPT", "IMAP4REV2"))

    @property
    def owner(self) -> str | None:
        """The tag of the command that the last response event belongs to; ``None`` if none
        (``Unsolicited``).
        """
        return self._owner

    @property
    def in_progress(self) -> tuple[str, ...]:
        """The tags that are not answered yet, those held back included, in order."""
        return (*self._flying, *(pending.tag for pending in self._queue))

    @property
    def idling(self) -> bool:
        """Whether IDLE was sent and ``done()`` has not ended it."""
        return self._idle is not None

    def has_capability(self, name: str) -> bool:
        """Whether the server is known to have the capability *name*."""
        return self._known.capabilities is not None and name.upper() in self._known.capabilities

    # Our side

    def send(self, command: commands.Command, *, mechanism: Mechanism | None = None) -> str:
        """Send *command*, now or as soon as it may go, and return its tag: the command's own, or else a new
        one.

        With *mechanism* the session answers the challenges of an AUTHENTICATE by itself; without, each comes
        as ContinuationRequested, to be answered by ``respond()``. Raises LocalError where the command is
        illegal now.
        """
        self._check_sendable(command)
        tag = command.tag
        if tag is None:
            tag = self._next_tag()
            command = command.with_tag(tag)
        elif tag in self._flying or any(pending.tag == tag for pending in self._queue):
            raise LocalError(f"tag {tag} is in use")
        pending = _Pending(tag, command, mechanism)
        self._foreseen = foreseen(self._foreseen, command.name)
        if command.name == "IDLE":
            self._idle = pending
        elif command.name == "LOGOUT":
            self._logging_out = True
        self._queue.append(pending)
        self._pump()
        return tag

    def authenticate(self, mechanism: Mechanism) -> str:
        """AUTHENTICATE with a mechanism of :mod:`mailproto.sasl`; the session answers the challenges."""
        return self.send(commands.Authenticate(mechanism.name), mechanism=mechanism)

    def respond(self, data: bytes | None) -> None:
        """Answer the challenge of an AUTHENTICATE; ``None`` cancels it. Raises LocalError where none
        waits.
        """
        self._raise_if_over()
        self._step(ClientStep.LINE_SENT, ClientExpects.SASL_RESPONSE, "no challenge waits for a response")
        self._push_line(commands.SaslResponse(data))

    def done(self) -> None:
        """End IDLE. Where the server has not let it begin yet, DONE goes out as soon as it has."""
        self._raise_if_over()
        if self._idle is None:
            raise LocalError("IDLE is not in progress")
        idle, self._idle = self._idle, None
        idle.done = True
        if idle is self._turn and self._expects is ClientExpects.IDLING:
            self._end_idle()

    def tls_started(self) -> None:
        """The TLS handshake is over: go on. All that was learnt in the clear is forgotten."""
        self._raise_if_over()
        self._step(ClientStep.TLS_STARTED, ClientExpects.TLS, "no TLS handshake was due")
        self._secure = True
        self._known.tls_started()
        self._turn = None
        self._pump()

    def data_to_send(self) -> list[Any]:
        """The buffers to send now, in order; large message bodies are the caller's own objects, uncopied."""
        buffers = self._outbox.take()
        if self._expects is ClientExpects.TLS_ANSWER and self._starttls_mark is None:
            self._starttls_mark = self._received
        return buffers

    # The server's side

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the server; ``b""``: it closed the connection."""
        if self._takes(len(data)):
            self._reader.feed(data)

    def get_buffer(self, hint: int = -1) -> memoryview:
        """Memory for the socket to write into; then ``buffer_updated()``. As ``asyncio.BufferedProtocol``."""
        return self._reader.get_buffer(hint)

    def buffer_updated(self, count: int) -> None:
        """*count* octets were written into the memory of the last ``get_buffer()``; 0: the server closed."""
        if self._takes(count):
            self._reader.buffer_updated(count)

    def next_event(self) -> Any:
        """What happened next, or ``NEED_DATA``.

        A response value; or one inside ``Unsolicited``; ``CommandDone``, ``ContinuationRequested``,
        ``StartTls``, ``BadResponse``, ``Closed`` (the last event). The first is the greeting, a
        StatusResponse. Raises RemoteError, again and again, once the server broke the protocol.
        """
        while True:
            if self._events:
                return self._events.popleft()
            if self._error is not None:
                raise self._error
            if self._expects is ClientExpects.NOTHING:
                return NEED_DATA
            if self._expects is ClientExpects.TLS:
                return self._end() if self._eof else NEED_DATA
            try:
                value = self._reader.next()
            except ParseError as error:
                return self._on_parse_error(error)
            if value is NEED_DATA:
                return self._end() if self._eof else NEED_DATA
            if self._log is not None:
                self._log.server(shown(value, secret=self._expects is ClientExpects.CHALLENGE))
            if self._state is State.NOT_GREETED and type(value) is not responses.StatusResponse:
                self._fail("the greeting is missing")
            try:
                event = self._handlers.get(type(value), self._on_data)(value)
            except RemoteError as error:
                if self._error is None:
                    self._fail(str(error))
                raise
            if event is not None:
                return event

    # What arrives

    def _on_status(self, value: responses.StatusResponse) -> Any:
        if value.tag is not None:
            return self._on_tagged(value)
        if self._state is State.NOT_GREETED:
            self._on_greeting(value)
            return value
        if value.status == "BYE":
            self._on_bye()
        elif value.status == "PREAUTH":
            self._fail("PREAUTH after the greeting")
        if value.code is not None:
            self._known.learn_code(value.code)
        return self._owned(value, next(iter(self._flying.values()), None))

    def _on_greeting(self, value: responses.StatusResponse) -> None:
        if value.status == "OK":
            self._advance(Input.GREETING_OK)
            self._foreseen = frozenset({State.NOT_AUTHENTICATED})
        elif value.status == "PREAUTH":
            if self._require_tls and not self._secure:
                # STARTTLS is illegal once authenticated, so that going on would be in the clear.
                self._fail("the server greeted with PREAUTH where TLS is required")
            self._advance(Input.GREETING_PREAUTH)
            self._foreseen = frozenset({State.AUTHENTICATED})
        elif value.status == "BYE":
            self._on_bye()
        else:
            self._fail(f"a greeting cannot be {value.status}")
        for pending in self._queue:
            self._foreseen = foreseen(self._foreseen, pending.command.name)
        self._expects = CLIENT[self._expects, ClientStep.GREETED]
        if value.code is not None:
            self._known.learn_code(value.code)
        self._pump()

    def _on_bye(self) -> None:
        self._advance(Input.BYE)
        self._said_bye = True
        self._outbox.clear()

    def _on_tagged(self, value: responses.StatusResponse) -> Any:
        tag = value.tag
        assert tag is not None
        pending = self._flying.get(tag)
        if pending is None:
            self._fail("an answer to a command that was not sent")
        if self._outbox.holds(tag):
            # All of a command but what waits for a "+" has been handed out before an honest server can answer
            # it.
            if self._outbox.untouched(tag) or self._outbox.waiting != tag or value.status == "OK":
                self._fail("an answer to a command that was not sent in full")
            self._outbox.drop(tag)
        del self._flying[tag]
        self._owner = tag
        name, status = pending.command.name, value.status
        if pending is self._turn:
            self._end_turn(pending, status)
        if pending is self._idle:
            self._idle = None
        happened = completion(name, status)
        if happened is not None and self._state is not State.LOGOUT:
            self._advance(happened)
        self._known.completed(tag, pending.command, happened)
        if value.code is not None and name != "STARTTLS":
            self._known.learn_code(value.code)
        if not self._flying and not self._queue:
            self._foreseen = frozenset({self._state})
        self._look_at_oldest()
        self._pump()
        if self._expects is ClientExpects.TLS:
            self._events.append(StartTls())
        return CommandDone(tag, pending.command, value)

    def _end_turn(self, pending: _Pending, status: str) -> None:
        """AUTHENTICATE, IDLE, STARTTLS or LOGOUT, which had the line to itself, was answered."""
        if pending.command.name == "STARTTLS":
            if status == "OK":
                self._starttls_accepted()
                return
            self._tls_refused = True
            if any(queued.command.name not in _BEFORE_TLS for queued in self._queue):
                # What was queued to be sent inside TLS must not go out in the clear (CVE-2021-32066).
                self._error = RemoteError("the server refused STARTTLS")
        if self._expects is not ClientExpects.LOGOUT:
            # IDLE may be answered after DONE, when the line was given back already.
            self._expects = CLIENT.get((self._expects, ClientStep.COMPLETED), self._expects)
        self._turn = None

    def _starttls_accepted(self) -> None:
        consumed = self._received - self._reader.buffered
        if self._starttls_mark is None or consumed <= self._starttls_mark:
            self._fail("the OK to STARTTLS came before STARTTLS was sent")
        if self._reader.buffered:
            self._fail("the server sent more after the OK to STARTTLS")
        self._expects = CLIENT[self._expects, ClientStep.STARTTLS_ACCEPTED]

    def _on_continuation(self, value: responses.Continuation) -> Any:
        if self._outbox.go_on():
            return None
        step = CLIENT.get((self._expects, ClientStep.CONTINUED))
        pending = self._turn
        if step is None or pending is None or self._outbox.holds(pending.tag):
            self._fail("a continuation request where none was due")
        self._expects = step
        self._owner = pending.tag
        if step is ClientExpects.IDLING:
            if pending.done:
                self._end_idle()
                return None
            return ContinuationRequested(pending.tag, None)
        return self._on_challenge(pending, value)

    def _on_challenge(self, pending: _Pending, value: responses.Continuation) -> Any:
        pending.challenges += 1
        if pending.challenges > MAX_CHALLENGES:
            self._fail(f"more than {MAX_CHALLENGES} challenges")
        challenge = _decode_challenge(value)
        if challenge is None:
            self.respond(None)  # cancel: the server answers BAD
            return None
        first, pending.first_response = pending.first_response, None
        if first is not None:
            if challenge:
                self._fail("a challenge where the client speaks first")
            self.respond(first)
            return None
        if pending.mechanism is None:
            return ContinuationRequested(pending.tag, challenge)
        try:
            answer = pending.mechanism.respond(challenge)
        except MailprotoError:
            self.respond(None)
            return None
        self.respond(answer)
        return None

    def _on_fetch(self, value: responses.Fetch) -> Any:
        if value.uid is not None:
            self._known.learn_fetch(value)
        for pending in self._flying.values():
            if pending.asked is not None and pending.asked(value):
                self._owner = pending.tag
                return value
        self._owner = None
        return Unsolicited(value)

    def _on_data(self, value: Any) -> Any:
        self._known.learn(value)
        return self._owned(value, solicited.owner(value, self._flying.values()))

    def _owned(self, value: Any, pending: _Pending | None) -> Any:
        if pending is None:
            self._owner = None
            return Unsolicited(value)
        self._owner = pending.tag
        return value

    def _on_parse_error(self, error: ParseError) -> Any:
        if self._log is not None:
            self._log.note(f"a response cannot be read: {error}")
        if error.fatal or self._state is State.NOT_GREETED or not error.unit.startswith(b"* "):
            # Which command was answered is lost, or even where the next response starts.
            self._fail(f"the server's bytes cannot be read: {error}")
        return BadResponse(error)

    def _end(self) -> Any:
        """The stream is over and all of it was read."""
        truncated = False
        try:
            self._reader.feed_eof()
        except (IncompleteError, ParseError):
            truncated = True
        unfinished = self.in_progress
        self._state = State.CLOSED
        self._expects = ClientExpects.NOTHING
        self._outbox.clear()
        self._flying.clear()
        self._queue.clear()
        return Closed(self._said_bye, unfinished, truncated)

    # Bytes out

    def _pump(self) -> None:
        """Encode what may go now, in order."""
        if self._state is State.LOGOUT:
            return  # the server said BYE: it will answer nothing more
        while self._queue and self._expects is ClientExpects.ANSWERS and self._error is None:
            pending = self._queue[0]
            if must_wait(pending.command, (other.command for other in self._flying.values())):
                return
            self._queue.popleft()
            self._transmit(pending)

    def _transmit(self, pending: _Pending) -> None:
        command = pending.command
        step = CLIENT_SENDS.get(command.name, ClientStep.COMMAND_SENT)
        self._expects = CLIENT[self._expects, step]
        if step is not ClientStep.COMMAND_SENT:
            self._turn = pending
            self._starttls_mark = None
        if isinstance(command, commands.Authenticate):
            command = self._with_initial_response(pending, command)
        self._known.sent(pending.tag, command)
        self._flying[pending.tag] = pending
        self._look_at_oldest()
        fragments = command.encode(utf8=self.utf8, literals=self._literals())
        if self._log is not None:
            self._log.client(shown(command, fragments))
        self._outbox.push(fragments, pending.tag)

    def _look_at_oldest(self) -> None:
        if self._flying:
            oldest = next(iter(self._flying.values()))
            self._known.oldest(oldest.tag, oldest.command)

    def _with_initial_response(
        self, pending: _Pending, command: commands.Authenticate
    ) -> commands.Authenticate:
        """RFC 4959: in the command's own line where the server is known to take it there, else when asked."""
        first = command.initial_response
        if first is None and pending.mechanism is not None and pending.mechanism.client_first:
            first = pending.mechanism.respond(b"")
        if first is None or self.has_capability("SASL-IR") or self.has_capability("IMAP4REV2"):
            return commands.Authenticate(command.mechanism, first, tag=command.tag)
        pending.first_response = first
        return commands.Authenticate(command.mechanism, None, tag=command.tag)

    def _literals(self) -> LiteralMode:
        """RFC 7888: which literals need not wait. IMAP4rev2 includes LITERAL- (RFC 9051 appendix E)."""
        if self.has_capability("LITERAL+"):
            return "plus"
        if self.has_capability("LITERAL-") or self.has_capability("IMAP4REV2"):
            return "minus"
        return "sync"

    def _end_idle(self) -> None:
        self._expects = CLIENT[self._expects, ClientStep.LINE_SENT]
        self._turn = None
        self._push_line(commands.IdleDone())
        self._pump()

    def _push_line(self, value: commands.SaslResponse | commands.IdleDone) -> None:
        if self._log is not None:
            self._log.client(shown(value))
        self._outbox.push(value.encode())

    # Guards

    def _check_sendable(self, command: commands.Command) -> None:
        self._raise_if_over()
        name = command.name
        if self._idle is not None:
            raise LocalError(f"{name} during IDLE: call done() first")
        if self._logging_out or self._state is State.LOGOUT:
            raise LocalError(f"{name} after the end: nothing may be sent any more")
        if is_known(name) and not any(may_send(state, name) for state in self._foreseen):
            states = " or ".join(sorted(state.value for state in self._foreseen))
            raise LocalError(f"{name} is not legal while {states}")
        if name == "STARTTLS" and self._secure:
            raise LocalError("STARTTLS inside TLS")
        if self._secure or self._tls_is_coming():
            return  # so that whatever is said now is said inside TLS
        if (self._require_tls or self._tls_refused) and name not in _BEFORE_TLS:
            raise LocalError(f"{name} must not be sent before TLS")
        if name == "LOGIN" and self.has_capability("LOGINDISABLED"):
            raise LocalError("the server forbids LOGIN here (LOGINDISABLED)")

    def _tls_is_coming(self) -> bool:
        """Whether STARTTLS is under way: what is sent now waits behind it, and never leaves if it fails."""
        return self._expects is ClientExpects.TLS or any(
            pending.command.name == "STARTTLS" for pending in (*self._flying.values(), *self._queue)
        )

    def _next_tag(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"

    def _takes(self, count: int) -> bool:
        """Note that bytes came; false where they must not reach the reader."""
        if self._error is not None or self._expects is ClientExpects.NOTHING:
            return False
        if not count:
            self._eof = True
            return False
        if self._expects is ClientExpects.TLS:
            # Sent in the clear after the OK, by whoever sits between us: never as if from inside TLS.
            self._error = RemoteError("the server sent more after the OK to STARTTLS")
            return False
        self._received += count
        return True

    def _advance(self, happened: Input) -> None:
        after = next_state(self._state, happened)
        if after is None:
            self._fail(f"{happened.value} while {self._state.value}")
        self._state = after

    def _step(self, step: ClientStep, due: ClientExpects, complaint: str) -> None:
        if self._expects is not due:
            raise LocalError(complaint)
        self._expects = CLIENT[self._expects, step]

    def _raise_if_over(self) -> None:
        if self._error is not None:
            raise self._error
        if self._expects is ClientExpects.NOTHING:
            raise LocalError("the connection is closed")

    def _fail(self, what: str) -> NoReturn:
        self._error = RemoteError(what)
        self._outbox.clear()
        if self._log is not None:
            self._log.note(f"protocol error: {what}")
        raise self._error


def _decode_challenge(value: responses.Continuation) -> bytes | None:
    """The octets of a challenge; ``None`` where they are not base64."""
    try:
        return base64.b64decode(value.text, validate=True)
    except (binascii.Error, ValueError):
        return None

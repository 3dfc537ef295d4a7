"""What a client session sends, and when: the queue of commands, tags, literals, and what may not go out now.

:class:`ClientSender` is the half of :class:`mailproto.imap.client.ClientSession` that speaks; the half that
listens is in ``client.py`` and moves this one on.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from mailproto.errors import LocalError, RemoteError
from mailproto.imap import commands, literal8, solicited
from mailproto.imap.exchange import CLIENT, CLIENT_SENDS, ClientExpects, ClientStep, must_wait
from mailproto.imap.knowledge import Knowledge
from mailproto.imap.outbox import Outbox
from mailproto.imap.shown import shown
from mailproto.imap.states import Input, State, foreseen, is_known, may_send, next_state

if TYPE_CHECKING:
    from mailproto.imap.commands_base import LiteralMode
    from mailproto.imap.mailbox import SelectedMailbox
    from mailproto.wirelog import WireLog

#: What may be sent before TLS on a session that requires TLS, and after a STARTTLS that was refused.
BEFORE_TLS: Final = frozenset({"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "ID"})
#: Behind these a server may announce other capabilities than before.
CHANGES_CAPABILITIES: Final = frozenset({"STARTTLS", "LOGIN", "AUTHENTICATE", "UNAUTHENTICATE"})


class Mechanism(Protocol):
    """The client side of a SASL mechanism, as ``mailproto.sasl.client()`` makes them."""

    @property
    def name(self) -> str: ...

    @property
    def client_first(self) -> bool: ...

    def respond(self, challenge: bytes) -> bytes:
        """The answer to one challenge; the first is ``b""`` where the client speaks first."""
        ...


class Pending:
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


class ClientSender:
    """The state of a connection, and what goes out on it."""

    def __init__(self, *, secure: bool, require_tls: bool, tag_prefix: str, log: WireLog | None) -> None:
        commands.Noop(tag=tag_prefix)  # raises for what cannot begin a tag
        self._outbox = Outbox()
        self._log = log
        self._prefix = tag_prefix
        self._count = 0
        self._state = State.NOT_GREETED
        self._expects = ClientExpects.GREETING
        self._secure = secure
        self._require_tls = require_tls
        self._tls_refused = False
        self._queue: deque[Pending] = deque()  # given to send(), not encoded yet
        self._flying: dict[str, Pending] = {}  # encoded, not answered yet; in order
        self._turn: Pending | None = None  # whose the line is: AUTHENTICATE, IDLE, STARTTLS, LOGOUT
        self._idle: Pending | None = None  # an IDLE that done() has not ended
        self._logging_out = False
        self._foreseen = frozenset({State.NOT_AUTHENTICATED, State.AUTHENTICATED})  # see states.foreseen()
        self._received = 0  # octets that came from the server
        self._starttls_mark: int | None = None  # _received when STARTTLS was handed out
        self._known = Knowledge()
        self._error: RemoteError | None = None

    # What is known

    @property
    def state(self) -> State:
        """Where the connection is (RFC 9051 section 3)."""
        return self._state

    @property
    def capabilities(self) -> frozenset[str] | None:
        """What the server can do, in upper case.

        ``None`` where it has not said since the greeting, TLS or login.
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
        """Whether mailbox names are UTF-8 both ways, and strings may be (RFC 6855 section 3, RFC 9051 section
        5.1).
        """
        return not self._known.enabled.isdisjoint(("UTF8=ACCEPT", "IMAP4REV2"))

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
        illegal now, and for a literal8 where the server is not known to take one: BINARY must be announced
        (METADATA for SETMETADATA), UTF8=ACCEPT enabled for APPEND's ``UTF8 (...)``.
        """
        if not isinstance(command, commands.Command):
            raise TypeError(f"a command is sent, not {type(command).__name__}")
        self._check_sendable(command)
        tag = command.tag
        if tag is None:
            tag = self._next_tag()
            command = command.with_tag(tag)
        elif tag in self._flying or any(pending.tag == tag for pending in self._queue):
            raise LocalError(f"tag {tag} is in use")
        pending = Pending(tag, command, mechanism)
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
        """Answer the challenge of an AUTHENTICATE; ``None`` cancels it. LocalError where none waits."""
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

    def _transmit(self, pending: Pending) -> None:
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
        fragments = command.encode(utf8=self.utf8, literals=self._literals(command))
        if self._log is not None:
            self._log.client(shown(command, fragments))
        self._outbox.push(fragments, pending.tag)

    def _look_at_oldest(self) -> None:
        if self._flying:
            oldest = next(iter(self._flying.values()))
            self._known.oldest(oldest.tag, oldest.command)

    def _with_initial_response(
        self, pending: Pending, command: commands.Authenticate
    ) -> commands.Authenticate:
        """RFC 4959: in the command's own line where the server is known to take it there, else when asked."""
        first = command.initial_response
        if first is None and pending.mechanism is not None and pending.mechanism.client_first:
            first = pending.mechanism.respond(b"")
        if first is None or self.has_capability("SASL-IR") or self.has_capability("IMAP4REV2"):
            return commands.Authenticate(command.mechanism, first, tag=command.tag)
        pending.first_response = first
        return commands.Authenticate(command.mechanism, None, tag=command.tag)

    def _literals(self, command: commands.Command) -> LiteralMode:
        """RFC 7888: which literals need not wait. IMAP4rev2 includes LITERAL- (RFC 9051 appendix E)."""
        if self._missing(command) is not None:
            return "sync"  # it was announced when send() looked, and no more: a server that refuses says so
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
        # What was announced before TLS or login is forgotten then (RFC 9051 section 6.1.1).
        changing = any(p.command.name in CHANGES_CAPABILITIES for p in (*self._flying.values(), *self._queue))
        if (missing := self._missing(command, known=not changing)) is not None:
            raise LocalError(f"{name} with a literal8: the server has not said that it takes one ({missing})")
        if self._secure or self._tls_is_coming():
            return  # so that whatever is said now is said inside TLS
        if (self._require_tls or self._tls_refused) and name not in BEFORE_TLS:
            raise LocalError(f"{name} must not be sent before TLS")
        if name == "LOGIN" and self.has_capability("LOGINDISABLED"):
            raise LocalError("the server forbids LOGIN here (LOGINDISABLED)")

    def _missing(self, command: commands.Command, *, known: bool = True) -> str | None:
        announced = self._known.capabilities if known else None
        return literal8.missing(command, announced or frozenset(), self._known.enabled)

    def _tls_is_coming(self) -> bool:
        """Whether STARTTLS is under way: what is sent now waits behind it, and never leaves if it fails."""
        return self._expects is ClientExpects.TLS or any(
            pending.command.name == "STARTTLS" for pending in (*self._flying.values(), *self._queue)
        )

    def _next_tag(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"

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

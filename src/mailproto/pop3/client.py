"""The client end of a POP3 connection, without the connection: bytes in, events out, buffers to send.

::

    session = ClientSession()
    session.receive_data(data)                         # b"" when the server closed
    while (event := session.next_event()) is not NEED_DATA: ...
    tag = session.send(commands.Retr(1))
    for buffer in session.data_to_send(): ...

Commands may be sent at any time; they go out at once where the server is known to have PIPELINING (RFC 2449
section 6.6), one by one otherwise. A login, STLS and AUTH are always answered before anything else goes out.
"""

from __future__ import annotations

import enum
import hashlib
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol

from mailproto.errors import (
    NEED_DATA,
    LocalError,
    MailprotoError,
    NeedData,
    ParseError,
    RemoteError,
)
from mailproto.limits import Limits
from mailproto.pop3 import commands, redact, replies
from mailproto.pop3.events import (
    BodyBegin,
    BodyChunk,
    BodyEnd,
    Closed,
    CommandDone,
    ContinuationRequested,
    Greeting,
    StartTls,
)
from mailproto.pop3.listings import Capabilities
from mailproto.pop3.outbox import Buffer
from mailproto.pop3.readers import ReplyReader
from mailproto.pop3.session import Session
from mailproto.pop3.states import Input, State, completion, foreseen, is_known, is_legal, next_state

if TYPE_CHECKING:
    from mailproto.wirelog import WireLog

#: Most lines that a CAPA answer may have. Real servers have some twenty.
MAX_CAPABILITIES: Final = 1000
#: RFC 5034 section 4: an AUTH with its initial response may not be longer; the response then waits for the
#: challenge.
MAX_AUTH_LINE: Final = 255
#: Most answers to challenges of one AUTH: no mechanism needs more than three or four.
MAX_CHALLENGES: Final = 20

#: What may be sent before TLS on a session that requires TLS, and after an STLS that was refused.
_BEFORE_TLS: Final = frozenset({"CAPA", "STLS", "QUIT", "LANG", "UTF8"})
#: Nothing is sent behind these until they are answered: the answer decides what the next command means, or
#: may see.
_BARRIERS: Final = frozenset({"STLS", "AUTH", "PASS", "APOP", "QUIT"})
#: These wait until all before them are answered.
_ALONE: Final = frozenset({"STLS", "AUTH"})

Event = (
    Greeting
    | CommandDone
    | ContinuationRequested
    | StartTls
    | BodyBegin
    | BodyChunk
    | BodyEnd
    | Closed
    | NeedData
)  # fmt: skip


class Mechanism(Protocol):
    """The client side of a SASL mechanism, as ``mailproto.sasl.client()`` makes them."""

    @property
    def name(self) -> str: ...

    @property
    def client_first(self) -> bool:
        """Whether the client speaks first: ``respond(b"")`` then gives the initial response."""
        ...

    def respond(self, challenge: bytes) -> bytes:
        """The answer to one challenge; the first is ``b""`` where the client speaks first."""
        ...


class ClientExpects(enum.Enum):
    """What must come next from the server."""

    GREETING = "the greeting"
    REPLY = "a reply"
    TLS = "the TLS handshake"
    NOTHING = "nothing more"


class _Pending:
    """A command between ``send()`` and its answer."""

    __slots__ = ("challenges", "command", "first_response", "mechanism", "tag", "waits_for_response")

    def __init__(self, tag: int, command: commands.Command, mechanism: Mechanism | None) -> None:
        self.tag = tag
        self.command = command
        self.mechanism = mechanism
        #: An initial SASL response that must wait for the first challenge.
        self.first_response: bytes | None = None
        #: Whether a challenge came that respond() has not answered.
        self.waits_for_response = False
        self.challenges = 0


class ClientSession(Session):
    """One connection to a POP3 server, from the greeting on. Not thread-safe; needs no event loop.

    *secure*: the connection is inside TLS from its first byte. *require_tls*: until STLS is done nothing but
    CAPA, STLS, LANG, UTF8 and QUIT may be sent. *limits* bound what the server may send (default
    ``Limits.client()``). *stream_above*: see :class:`mailproto.pop3.ReplyReader`. *allow_apop*: APOP rests on
    MD5 and makes the server keep passwords; it is refused unless asked for. *pipelining*: take the capability
    as given. *log*, a :class:`mailproto.wirelog.WireLog`, is told of all that passes, secrets replaced.

    ``send()`` and its kin raise LocalError for what is illegal now; ``next_event()`` raises RemoteError once
    the server has broken the protocol, and from then on always.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        secure: bool = False,
        require_tls: bool = False,
        stream_above: int | None = None,
        allow_apop: bool = False,
        pipelining: bool = False,
        log: WireLog | None = None,
    ) -> None:
        self._reader = ReplyReader(limits, stream_above=stream_above)
        super().__init__(self._reader, secure=secure, log=log)
        self._expects = ClientExpects.GREETING
        self._require_tls = require_tls
        self._allow_apop = allow_apop
        self._assume_pipelining = pipelining
        self._count = 0
        self._queue: deque[_Pending] = deque()  # given to send(), not encoded yet
        self._flying: deque[_Pending] = deque()  # encoded, not answered yet
        self._foreseen = frozenset({State.AUTHORIZATION})
        self._quit = False
        self._received = 0
        self._stls_mark: int | None = None  # _received when STLS was handed out
        self._capabilities: Capabilities | None = None
        self._timestamp: bytes | None = None

    # What is known

    @property
    def capabilities(self) -> Capabilities | None:
        """What the server said to CAPA, since TLS and login; ``None``: not asked."""
        return self._capabilities

    @property
    def in_progress(self) -> tuple[int, ...]:
        """The numbers of commands that are not answered yet, those held back included, in order."""
        return tuple(pending.tag for pending in (*self._flying, *self._queue))

    @property
    def timestamp(self) -> bytes | None:
        """What the greeting gave for APOP, where it is a valid msg-id."""
        return self._timestamp

    def has_capability(self, name: str, argument: str | None = None) -> bool:
        """Whether the server is known to have *name* (with *argument*, as in ``("SASL", "PLAIN")``)."""
        return self._capabilities is not None and self._capabilities.has(name, argument)

    # Our side

    def send(self, command: commands.Command, *, mechanism: Mechanism | None = None) -> int:
        """Send *command*, now or as soon as it may go, and return its number, which ``CommandDone`` repeats.

        With *mechanism* the session answers the challenges of an AUTH by itself; without, each comes as
        ContinuationRequested, to be answered by ``respond()``. Raises LocalError where the command is illegal
        now.
        """
        if not isinstance(command, commands.Command):
            raise TypeError(f"a command is sent, not {type(command).__name__}")
        self._check_sendable(command)
        pending = _Pending(self._count + 1, command, mechanism)
        if isinstance(command, commands.Auth):
            pending.first_response = command.initial_response
            if mechanism is not None and mechanism.client_first and pending.first_response is None:
                pending.first_response = mechanism.respond(b"")
        self._count += 1
        self._foreseen = foreseen(self._foreseen, command.name)
        self._quit = self._quit or command.name == "QUIT"
        self._queue.append(pending)
        self._pump()
        return self._count

    def authenticate(self, mechanism: Mechanism) -> int:
        """AUTH with a mechanism of :mod:`mailproto.sasl`; the session answers the challenges."""
        return self.send(commands.Auth(mechanism.name), mechanism=mechanism)

    def apop(self, username: str | bytes, password: str | bytes) -> int:
        """APOP (RFC 1939 section 7).

        Raises LocalError unless allowed, and where the greeting had no valid stamp.
        """
        if self._timestamp is None:
            raise LocalError("the server's greeting holds no valid timestamp for APOP")
        secret = password.encode() if isinstance(password, str) else password
        digest = hashlib.md5(self._timestamp + secret, usedforsecurity=False).hexdigest()
        return self.send(commands.Apop(username, digest))

    def respond(self, data: bytes | None) -> None:
        """Answer the challenge of an AUTH; ``None`` cancels it. Raises LocalError where none waits."""
        self._raise_if_over()
        pending = self._flying[0] if self._flying else None
        if pending is None or not pending.waits_for_response:
            raise LocalError("no challenge waits for a response")
        pending.waits_for_response = False
        self._push(commands.SaslResponse(data))

    def tls_started(self) -> None:
        """The TLS handshake is over: go on. All that was learnt in the clear is forgotten."""
        self._raise_if_over()
        if self._expects is not ClientExpects.TLS:
            raise LocalError("no TLS handshake was due")
        self._advance(Input.TLS_STARTED)
        self._secure = True
        self._start_tls_due = False
        self._capabilities = None
        self._timestamp = None
        self._expects = ClientExpects.REPLY
        self._pump()

    def data_to_send(self) -> list[Buffer]:
        """The buffers to send now, in order."""
        if self._flying and self._flying[-1].command.name == "STLS" and self._stls_mark is None:
            self._stls_mark = self._received
        return super().data_to_send()

    # The server's side

    def next_event(self) -> Event:
        """What happened next, or ``NEED_DATA``.

        ``Greeting`` first; then ``CommandDone``, ``ContinuationRequested``, ``StartTls``, the events of a
        streamed body (before its ``CommandDone``), and ``Closed``, the last. Raises RemoteError, again and
        again, once the server broke the protocol.
        """
        while True:
            if self._error is not None:
                raise self._error
            if self._start_tls_due:
                self._start_tls_due = False
                return StartTls()
            if self._state is State.CLOSED:
                return NEED_DATA
            if self._expects in (ClientExpects.TLS, ClientExpects.NOTHING):
                return self._end() if self._eof else NEED_DATA
            try:
                value = self._reader.next()
            except ParseError as error:
                self._fail(f"a reply that cannot be read: {error}")
                continue
            if value is NEED_DATA:
                return self._end() if self._eof else NEED_DATA
            event: Event | None = self._on_value(value)
            if event is not None:
                return event

    def _on_value(self, value: Any) -> Any:
        if self._log is not None:
            self._log.server(redact.from_server(value))
        if isinstance(value, (BodyBegin, BodyChunk, BodyEnd)):
            return value
        if isinstance(value, replies.Continuation):
            return self._on_continuation(value)
        if self._expects is ClientExpects.GREETING:
            return self._on_greeting(value)
        return self._on_reply(value)

    def _on_greeting(self, reply: replies.Reply) -> Greeting:
        self._advance(Input.GREETING_OK if reply.ok else Input.GREETING_ERR)
        self._expects = ClientExpects.REPLY if reply.ok else ClientExpects.NOTHING
        if reply.ok:
            self._timestamp = reply.timestamp
            self._pump()
        return Greeting(reply, self._timestamp)

    def _on_reply(self, reply: replies.Reply) -> CommandDone | None:
        if not self._flying:
            self._fail("a reply to no command")
            return None
        pending = self._flying.popleft()
        command = pending.command
        if command.name == "STLS" and not self._stls_answered(reply):
            return None
        if command.name == "CAPA" and reply.ok and not self._learn(reply):
            return None
        if command.name == "UTF8" and reply.ok:
            self._utf8 = True
        happened = completion(command.name, reply.status)
        if isinstance(command, commands.Auth) and command.mechanism is None:
            happened = None  # it asked for the list of mechanisms
        if happened is not None:
            self._advance(happened)
            if happened is Input.LOGIN_OK:
                self._capabilities = None  # RFC 2449 section 5: they may differ between the states
            elif happened is Input.QUIT_ANSWERED:
                self._expects = ClientExpects.NOTHING
        if not self._flying and not self._queue and not self._quit:
            self._foreseen = frozenset({self._state})
        self._pump()
        return CommandDone(pending.tag, command, reply)

    def _stls_answered(self, reply: replies.Reply) -> bool:
        mark, self._stls_mark = self._stls_mark, None
        if not reply.ok:
            if any(queued.command.name not in _BEFORE_TLS for queued in self._queue):
                # What was queued to be sent inside TLS must not go out in the clear (CVE-2021-32066).
                self._fail("the server refused STLS")
                return False
            return True
        if mark is None or self._received - self._reader.pending <= mark:
            self._fail("the answer to STLS came before STLS was sent")
            return False
        if self._reader.pending:
            self._fail("the server sent more after the +OK to STLS")
            return False
        self._expects = ClientExpects.TLS
        self._start_tls_due = True
        return True

    def _learn(self, reply: replies.Reply) -> bool:
        if len(reply.listing or ()) > MAX_CAPABILITIES:
            self._fail(f"more than {MAX_CAPABILITIES} capabilities")
            return False
        self._capabilities = reply.capabilities
        return True

    def _on_continuation(self, value: replies.Continuation) -> ContinuationRequested | None:
        pending = self._flying[0] if self._flying else None
        if pending is None or pending.command.name != "AUTH" or pending.waits_for_response:
            self._fail("a challenge where none was due")
            return None
        pending.challenges += 1
        if pending.challenges > MAX_CHALLENGES:
            self._fail(f"more than {MAX_CHALLENGES} challenges")
            return None
        pending.waits_for_response = True
        challenge = value.data
        if challenge is None and pending.mechanism is not None:
            self.respond(None)  # cancel: the server answers -ERR
            return None
        first, pending.first_response = pending.first_response, None
        if first is not None:
            if challenge:
                self._fail("a challenge where the client speaks first")
            else:
                self.respond(first)
            return None
        if pending.mechanism is None or challenge is None:
            return ContinuationRequested(pending.tag, challenge)
        try:
            answer = pending.mechanism.respond(challenge)
        except MailprotoError:
            self.respond(None)
            return None
        self.respond(answer)
        return None

    # How it holds together

    def _check_sendable(self, command: commands.Command) -> None:
        self._raise_if_over()
        name = command.name
        if self._quit:
            raise LocalError("nothing may be sent after QUIT")
        if not is_known(name):
            raise LocalError(f"{type(command).__name__} is not a command to send")
        if self._state is not State.NOT_GREETED and not any(
            is_legal(state, name) for state in self._foreseen
        ):
            raise LocalError(f"{name} is illegal in state {self._state.value}")
        if self._state is State.NOT_GREETED and not any(is_legal(state, name) for state in self._foreseen):
            raise LocalError(f"{name} is illegal before the login")
        if name == "STLS" and self._secure:
            raise LocalError("TLS is active already")
        if name == "STLS" and (self._utf8 or self._waits_for("UTF8")):
            raise LocalError("STLS must not follow UTF8 (RFC 6856 section 2.1)")
        if name == "APOP" and not self._allow_apop:
            raise LocalError("APOP is not allowed: see allow_apop")
        if self._require_tls and not self._secure and name not in _BEFORE_TLS and not self._waits_for("STLS"):
            raise LocalError(f"{name} needs TLS first")

    def _waits_for(self, name: str) -> bool:
        """Whether a command *name* was given to send() and is not answered yet."""
        return any(pending.command.name == name for pending in (*self._flying, *self._queue))

    def _pump(self) -> None:
        """Encode what may go out now."""
        if self._expects is not ClientExpects.REPLY or self._error is not None:
            return
        while self._queue:
            pending = self._queue[0]
            name = pending.command.name
            if self._flying and (
                name in _ALONE
                or self._flying[-1].command.name in _BARRIERS
                or not (self._assume_pipelining or self.has_capability("PIPELINING"))
            ):
                return
            if not self._flying and self._reader.pending:
                self._fail("a reply to no command")
                return
            self._queue.popleft()
            self._encode(pending)

    def _encode(self, pending: _Pending) -> None:
        command = pending.command
        if isinstance(command, commands.Auth):
            command = self._auth_line(pending, command)
        if command.name == "QUIT":
            self._advance(Input.QUIT)
        self._flying.append(pending)
        self._reader.expect(command)
        self._push(command)

    def _auth_line(self, pending: _Pending, command: commands.Auth) -> commands.Auth:
        """The AUTH to send.

        With the initial response, where there is one that is not too long for the line.
        """
        if pending.first_response is None:
            return command
        full = commands.Auth(command.mechanism, pending.first_response)
        if len(bytes(full)) > MAX_AUTH_LINE:
            return commands.Auth(command.mechanism)
        pending.first_response = None
        return full

    def _push(self, value: commands.Command | commands.SaslResponse) -> None:
        if self._log is not None:
            self._log.client(redact.from_client(value))
        self._outbox.push(value.encode())

    def _takes(self, count: int) -> bool:
        if count == 0:
            self._eof = True
            return False
        if self._expects is ClientExpects.TLS:
            self._fail("octets in the clear after the +OK to STLS")
        if self._error is not None or self._expects is ClientExpects.NOTHING:
            return False
        self._received += count
        return True

    def _advance(self, happened: Input) -> None:
        after = next_state(self._state, happened)
        if after is None:
            self._fail(f"{happened.value} in state {self._state.value}")
            return
        self._state = after

    def _fail(self, why: str) -> None:
        if self._error is None:
            self._error = RemoteError(why)
            self._outbox.clear()
            self._reader.discard()
            self._start_tls_due = False

    def _end(self) -> Closed:
        return self._closed(self.in_progress)

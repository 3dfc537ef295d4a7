"""The server end of a POP3 connection, without the connection: bytes in, commands out, buffers to send.

::

    session = ServerSession()
    session.send(replies.Ok("ready"))                  # the greeting
    session.receive_data(data)                         # b"" when the client closed
    while (event := session.next_event()) is not NEED_DATA:
        session.send(answer_to(event))
    for buffer in session.data_to_send(): ...

One command at a time: the next event comes when the one before it was answered, so that a pipelining client's
commands are judged in the state that the answers left, and answered in order. What is not grammatical,
unknown or not legal in the state is answered with -ERR by the session, and never becomes an event.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

from mailproto._core.pop3_stuffing import Stuffer
from mailproto.errors import NEED_DATA, LocalError, NeedData, ParseError, RemoteError
from mailproto.limits import Limits
from mailproto.pop3 import commands, redact, replies
from mailproto.pop3.events import Closed, StartTls
from mailproto.pop3.outbox import Buffer
from mailproto.pop3.readers import CommandReader
from mailproto.pop3.session import Session
from mailproto.pop3.states import Input, State, completion, is_legal, next_state

if TYPE_CHECKING:
    from mailproto.wirelog import WireLog

#: So many lines in a row that are no commands, and the client is taken for one that speaks another protocol.
MAX_BAD_COMMANDS: Final = 50

Event = commands.Command | commands.SaslResponse | StartTls | Closed | NeedData


class ServerExpects(enum.Enum):
    """What must come next."""

    GREETING = "our greeting"
    COMMAND = "a command"
    ANSWER = "our answer"
    BODY = "the rest of our answer's body"
    SASL_LINE = "the client's line within AUTH"
    TLS = "the TLS handshake"
    NOTHING = "nothing more"


class ServerSession(Session):
    """One connection of a POP3 client, from the greeting on. Not thread-safe; needs no event loop.

    *secure*: the connection is inside TLS from its first byte; STLS is then refused. *limits* bound what the
    client may send (default ``Limits.before_login()``: POP3 lines do not grow with the login). *log*, a
    :class:`mailproto.wirelog.WireLog`, is told of all that passes, secrets replaced.

    ``send()`` and its kin raise LocalError for what is illegal now; ``next_event()`` raises RemoteError once
    the client has broken the protocol past repair, and from then on always: send what ``data_to_send()``
    gives, and close.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        secure: bool = False,
        max_bad_commands: int = MAX_BAD_COMMANDS,
        log: WireLog | None = None,
    ) -> None:
        self._reader = CommandReader(limits)
        super().__init__(self._reader, secure=secure, log=log)
        self._expects = ServerExpects.GREETING
        self._command: commands.Command | None = None
        self._username: bytes | None = None
        self._stuffer: Stuffer | None = None
        self._bad = 0
        self._max_bad = max_bad_commands

    # What is known

    @property
    def command(self) -> commands.Command | None:
        """The command that waits for an answer."""
        return self._command

    @property
    def username(self) -> bytes | None:
        """The name of the USER that was answered +OK; set while PASS may come, and is being answered."""
        return self._username

    @property
    def closing(self) -> bool:
        """Whether the connection is to be closed once ``data_to_send()`` went out."""
        return self._state in (State.ENDED, State.CLOSED) or self._error is not None

    # Our side

    def send(self, reply: replies.Reply | replies.Continuation) -> None:
        """Answer what waits: the greeting, a command, or (a Continuation, within AUTH) the client's response.

        A +OK must have a body just where the command wants one. Raises LocalError where no answer is due, or
        not this one.
        """
        if not isinstance(reply, (replies.Reply, replies.Continuation)):
            raise TypeError(f"a reply is sent, not {type(reply).__name__}")
        self._raise_if_over()
        if isinstance(reply, replies.Continuation):
            self._send_challenge(reply)
            return
        self._check_answer(reply.ok, reply.body is not None)
        if self._stls_forged(reply):
            self._say(replies.Err("nothing may follow STLS"))
            self._fail("octets in the clear after STLS")
            return
        self._push(reply, reply.encode(any_lf=True))
        self._answered(reply)

    def begin_body(self, text: str = "", *, code: str | None = None) -> None:
        """Answer +OK with a body that follows in chunks.

        ``send_chunk()`` as often as needed, then ``end_body()``.
        """
        self._raise_if_over()
        self._check_answer(ok=True, has_body=True)
        reply = replies.Reply("+OK", code, text)
        self._push(reply, [reply.status_line])
        self._stuffer = Stuffer(any_lf=True)
        self._expects = ServerExpects.BODY

    def send_chunk(self, data: Buffer) -> None:
        """The next octets of the body. Where no dot has to be added they are passed through, not copied."""
        if self._expects is not ServerExpects.BODY or self._stuffer is None:
            raise LocalError("no body was begun")
        if len(data):
            self._outbox.push([self._stuffer.update(data)])

    def end_body(self) -> None:
        """The body is complete: adds a missing last CRLF, and the terminator."""
        if self._expects is not ServerExpects.BODY or self._stuffer is None:
            raise LocalError("no body was begun")
        self._outbox.push([self._stuffer.finish()])
        self._stuffer = None
        self._expects = ServerExpects.ANSWER
        self._answered(replies.Reply("+OK"))

    def close(self, reply: replies.Reply | None = None) -> None:
        """Say *reply* (such as -ERR after a timeout), unless within a body, and end: nothing more is read."""
        if self.closing:
            return
        if reply is not None and self._expects is not ServerExpects.BODY:
            self._push(reply, reply.encode())
        self._abandon()

    def tls_started(self) -> None:
        """The TLS handshake is over: go on. What was said before it is forgotten."""
        self._raise_if_over()
        if self._expects is not ServerExpects.TLS:
            raise LocalError("no TLS handshake was due")
        self._advance(Input.TLS_STARTED)
        self._secure = True
        self._start_tls_due = False
        self._username = None
        self._expects = ServerExpects.COMMAND

    # The client's side

    def next_event(self) -> Event:
        """What happened next, or ``NEED_DATA``.

        A command, legal in the state; ``SaslResponse`` within AUTH (``data`` is ``None`` where the client
        cancelled or its line was no base64: answer -ERR); ``StartTls`` after the +OK to STLS; ``Closed``, the
        last. ``NEED_DATA`` also while an answer is due. Raises RemoteError, again and again, once the client
        broke the protocol.
        """
        while True:
            if self._error is not None:
                raise self._error
            if self._start_tls_due:
                self._start_tls_due = False
                return StartTls()
            if self._state is State.CLOSED:
                return NEED_DATA
            if self._expects not in (ServerExpects.COMMAND, ServerExpects.SASL_LINE):
                return self._closed() if self._eof else NEED_DATA
            try:
                value = self._reader.next()
            except ParseError:
                # The line is past its bound and its end is not in sight: nothing after it can be trusted.
                self._say(replies.Err("line too long"))
                self._fail("a line past Limits.max_line")
                continue
            if value is NEED_DATA:
                return self._closed() if self._eof else NEED_DATA
            event = self._judge(value)
            if event is not None:
                return event

    def _judge(self, value: Any) -> commands.Command | commands.SaslResponse | None:
        """The event that a line is, or ``None`` where the session has answered it."""
        if self._log is not None:
            self._log.client(redact.from_client(value))
        if self._expects is ServerExpects.SASL_LINE:
            self._expects = ServerExpects.ANSWER
            return value if isinstance(value, commands.SaslResponse) else commands.SaslResponse(None)
        refusal = self._refusal(value)
        if refusal is not None:
            self._bad += 1
            if self._bad >= self._max_bad:
                self._say(replies.Err("too many bad commands"))
                self._fail("too many bad commands")
                return None
            self._say(replies.Err(refusal))
            return None
        self._bad = 0
        command: commands.Command = value
        self._command = command
        self._expects = ServerExpects.ANSWER
        if command.name == "QUIT":
            self._advance(Input.QUIT)
        return command

    def _refusal(self, value: Any) -> str | None:
        """Why a line is refused. The text never repeats the client's octets."""
        if isinstance(value, commands.BadCommand):
            if value.keyword is not None and not is_legal(self._state, value.keyword):
                return f"{value.keyword} is not allowed now"
            return f"bad command: expected {value.error.expected}"
        if isinstance(value, commands.UnknownCommand):
            return "unknown command"
        name = value.name
        if not is_legal(self._state, name):
            return f"{name} is not allowed now"
        if name == "PASS" and self._username is None:
            return "USER comes before PASS"
        if name == "STLS" and self._secure:
            return "TLS is active already"
        if name == "STLS" and self._utf8:
            return "STLS comes before UTF8"
        return None

    # How it holds together

    def _takes(self, count: int) -> bool:
        if count == 0:
            self._eof = True
            return False
        if self._expects is ServerExpects.TLS:
            # Octets of the handshake, or worse, given to the wrong place: never read as commands.
            self._fail("octets in the clear after STLS")
        return not self.closing

    def _check_answer(self, ok: bool, has_body: bool) -> None:
        if self._expects is ServerExpects.GREETING:
            if has_body:
                raise LocalError("a greeting has no body")
            return
        if self._expects is not ServerExpects.ANSWER or self._command is None:
            raise LocalError("no answer is due")
        if has_body != (ok and self._command.multiline):
            wants = "needs" if self._command.multiline else "has no"
            raise LocalError(f"+OK to this {self._command.name} {wants} body")

    def _send_challenge(self, challenge: replies.Continuation) -> None:
        command = self._command
        if self._expects is not ServerExpects.ANSWER or command is None or command.name != "AUTH":
            raise LocalError("a challenge is sent only within AUTH")
        self._push(challenge, challenge.encode())
        self._reader.expect_line("sasl")
        self._expects = ServerExpects.SASL_LINE

    def _answered(self, reply: replies.Reply) -> None:
        command, self._command = self._command, None
        if command is None:
            self._advance(Input.GREETING_OK if reply.ok else Input.GREETING_ERR)
            self._expects = ServerExpects.COMMAND if reply.ok else ServerExpects.NOTHING
            return
        self._expects = ServerExpects.COMMAND
        if isinstance(command, commands.User):
            self._username = command.username if reply.ok else None
        elif command.name in ("PASS", "APOP", "AUTH"):
            self._username = None
        if isinstance(command, commands.Auth) and command.mechanism is None:
            return  # it asked for the list of mechanisms
        if command.name == "UTF8" and reply.ok:
            self._utf8 = True
        happened = completion(command.name, reply.status)
        if happened is not None:
            self._advance(happened)
            if happened is Input.QUIT_ANSWERED:
                self._expects = ServerExpects.NOTHING
                self._reader.discard()
        elif command.name == "STLS" and reply.ok:
            self._expects = ServerExpects.TLS
            self._start_tls_due = True

    def _stls_forged(self, reply: replies.Reply) -> bool:
        """Whether octets in the clear follow STLS, to be read as if they came inside TLS (CVE-2021-33515)."""
        command = self._command
        return command is not None and command.name == "STLS" and reply.ok and self._reader.pending > 0

    def _say(self, reply: replies.Reply) -> None:
        self._push(reply, reply.encode())

    def _push(self, value: replies.Reply | replies.Continuation, buffers: list[Buffer]) -> None:
        if self._log is not None:
            self._log.server(redact.from_server(value))
        self._outbox.push(buffers)

    def _advance(self, happened: Input) -> None:
        after = next_state(self._state, happened)
        if after is None:
            raise LocalError(f"{happened.value} cannot happen in state {self._state.value}")
        self._state = after

    def _abandon(self) -> None:
        self._advance(Input.ABANDONED)
        self._expects = ServerExpects.NOTHING
        self._start_tls_due = False
        self._reader.discard()

    def _fail(self, why: str) -> None:
        if self._error is None:
            self._error = RemoteError(why)
            if self._state is not State.CLOSED:
                self._abandon()

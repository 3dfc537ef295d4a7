"""The server end of an IMAP connection, without the connection: bytes in, commands out, buffers to send.

::

    session = ServerSession()
    session.greet("ready")
    session.receive_data(data)                         # b"" when the client closed
    while (event := session.next_event()) is not NEED_DATA:
        match event:
            case LiteralAnnounced(): session.accept_literal()
            case commands.Noop(): session.ok("done")
            ...
    for buffer in session.data_to_send(): ...

One command is given out at a time, and the next only once it is completed, so that pipelined commands are
carried out in order and each is judged in the state that those before it led to. What is wrong with a command
in itself (grammar, state, size) the session answers by itself.
"""

from __future__ import annotations

import base64
import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NoReturn

from mailproto.errors import NEED_DATA, IncompleteError, LocalError, ParseError, RemoteError
from mailproto.imap import commands, responses
from mailproto.imap.command_reader import CommandReader
from mailproto.imap.events import Closed, LiteralBegin, LiteralChunk, LiteralEnd, LiteralsVoid, StartTls
from mailproto.imap.exchange import SERVER, SERVER_READS, ServerExpects, ServerStep
from mailproto.imap.outbox import Outbox
from mailproto.imap.shown import shown
from mailproto.imap.states import Input, State, completion, is_known, may_receive, next_state
from mailproto.imap.view import MailboxView, News, allows_expunge
from mailproto.limits import Limits

if TYPE_CHECKING:
    from mailproto.wirelog import WireLog

#: Bad commands in a row after which a connection is closed: no mail client errs so often, and a web browser
#: made to speak to this port sends nothing else.
MAX_BAD_COMMANDS: Final = 20

_UTF8: Final = frozenset({"UTF8=ACCEPT", "IMAP4REV2"})
_READ_STEPS: Final = {"AUTHENTICATE": ServerStep.AUTHENTICATE_READ, "IDLE": ServerStep.IDLE_READ}

#: What a server sends: the common base of most, and those that are compiled.
RESPONSES: Final = (responses.Response, responses.Fetch, responses.MailboxList, responses.ThreadResult)


class ServerSession:
    """One connection from an IMAP client. Not thread-safe; needs no event loop.

    *limits* bound what a client may send once logged in (default ``Limits.server()``), *limits_before_login*
    what anybody may (default ``Limits.before_login()``). *append_limit*: octets of one message in APPEND
    (default: what *limits* allow a literal). *secure*: the connection is inside TLS from its first byte.
    *stream_above*: the text of a message, in APPEND or REPLACE, of more octets comes as LiteralBegin,
    LiteralChunk and LiteralEnd before its command, which has :class:`~mailproto.Streamed` in its place: see
    :class:`~mailproto.imap.CommandReader`. Act on it when the command is there: only then are its mailbox and
    its flags known. Where it is refused after all, LiteralsVoid comes in its place. *log*, a
    :class:`mailproto.wirelog.WireLog`, is told of all that passes, secrets replaced.

    ``send()`` and its kin raise LocalError for what is illegal now; ``next_event()`` raises RemoteError once
    the client has broken the protocol beyond repair, and from then on always; what ``data_to_send()`` then
    still gives tells the client why.

    ``mailbox`` is the view of the selected mailbox: set it before SELECT is answered OK. The session forgets
    it when the mailbox is closed, and sends its news whenever a command is completed and they may be told.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        limits_before_login: Limits | None = None,
        append_limit: int | None = None,
        stream_above: int | None = None,
        secure: bool = False,
        log: WireLog | None = None,
    ) -> None:
        self._limits = Limits.server() if limits is None else limits
        if not isinstance(self._limits, Limits):
            raise TypeError(f"limits must be Limits, not {type(limits).__name__}")
        if append_limit is not None:
            self._limits = _with_room(self._limits, append_limit)
        self._append_limit = self._limits.max_literal if append_limit is None else append_limit
        self._limits_before_login = (
            Limits.before_login() if limits_before_login is None else limits_before_login
        )
        self._stream_above = stream_above
        self._reader = self._new_reader()
        self._outbox = Outbox()
        self._log = log
        self._secure = secure
        self._state = State.NOT_GREETED
        self._expects = ServerExpects.GREETING
        self._command: commands.Command | None = None
        self._literal: commands.LiteralAnnounced | None = None
        self._idle_broken = False
        self._bad_in_a_row = 0
        self._error: RemoteError | None = None
        self._eof = False
        self._events: deque[Any] = deque()
        self.mailbox: MailboxView | None = None
        self._utf8 = False
        self._streamed = False  # octets of a command that has not come yet were handed out

    # What is known

    @property
    def state(self) -> State:
        """Where the connection is (RFC 9051 section 3)."""
        return self._state

    @property
    def command(self) -> commands.Command | None:
        """The command in progress."""
        return self._command

    @property
    def secure(self) -> bool:
        """Whether the connection is inside TLS, as far as the session was told."""
        return self._secure

    @property
    def limits(self) -> Limits:
        """What the client may send now."""
        return self._reader.limits

    @property
    def utf8(self) -> bool:
        """Whether strings and mailbox names are UTF-8: ENABLED named UTF8=ACCEPT or IMAP4rev2 (RFC 6855)."""
        return self._utf8

    @property
    def idling(self) -> bool:
        """Whether IDLE is in progress, so that ``announce()`` may tell news at any time."""
        return self._expects is ServerExpects.IDLE_LINE

    @property
    def closed(self) -> bool:
        """Whether the connection is over: nothing more is read, and what is left to send is the last."""
        return self._expects is ServerExpects.NOTHING

    # Our side

    def send(self, value: Any) -> None:
        """Send a response value.

        A tagged StatusResponse completes the command in progress and moves the state; an untagged one greets,
        informs or (BYE) ends. Raises LocalError for what may not be sent now.
        """
        if not isinstance(value, RESPONSES):
            raise TypeError(f"a response is sent, not {type(value).__name__}")
        self._raise_if_over()
        if isinstance(value, responses.StatusResponse):
            if value.tag is not None:
                self._complete(value)
            elif self._expects is ServerExpects.GREETING:
                self._greet(value)
            elif value.status == "PREAUTH":
                raise LocalError("PREAUTH can only be the greeting")
            else:
                self._push(value)
                if value.status == "BYE":
                    self._said_bye()
        elif self._expects is ServerExpects.GREETING:
            raise LocalError("the greeting comes first")
        elif isinstance(value, responses.Continuation):
            self._continue(value)
        else:
            if isinstance(value, (responses.Expunge, responses.Vanished)) and not self._may_expunge(value):
                raise LocalError("no EXPUNGE may be sent now (RFC 9051 section 7.5.1)")
            self._push(value)
            if isinstance(value, responses.Enabled) and not _UTF8.isdisjoint(
                map(str.upper, value.capabilities)
            ):
                self._utf8 = self._reader.utf8 = True

    def greet(
        self, text: str, *, code: responses.ResponseCode | str | None = None, status: str = "OK"
    ) -> None:
        """Send the greeting: OK, PREAUTH or BYE."""
        self.send(_status(None, status, text, code))

    def ok(self, text: str, *, code: responses.ResponseCode | str | None = None) -> None:
        """Complete the command in progress with OK."""
        self.send(_status(self._tag(), "OK", text, code))

    def no(self, text: str, *, code: responses.ResponseCode | str | None = None) -> None:
        """Complete the command in progress with NO."""
        self.send(_status(self._tag(), "NO", text, code))

    def bad(self, text: str, *, code: responses.ResponseCode | str | None = None) -> None:
        """Complete the command in progress with BAD."""
        self.send(_status(self._tag(), "BAD", text, code))

    def bye(self, text: str, *, code: responses.ResponseCode | str | None = None) -> None:
        """End the connection from our side; what ``data_to_send()`` gives is the last."""
        self.send(_status(None, "BYE", text, code))

    def challenge(self, data: bytes) -> None:
        """Send a SASL challenge; its answer is the next SaslResponse. LocalError outside AUTHENTICATE."""
        if self._expects is not ServerExpects.SASL_ANSWER:
            raise LocalError("no AUTHENTICATE waits for a challenge")
        self.send(responses.Continuation(base64.b64encode(data).decode("ascii")))

    def accept_literal(self, *, stream: bool | None = None) -> None:
        """Let the announced literal come. LocalError where none waits.

        *stream*: whether a message's text shall come in chunks; None: if it is of more than ``stream_above``.
        """
        literal = self._decide_literal()
        self._reader.accept(stream=stream)
        if literal.sync:
            self._push(responses.Continuation("go on"))

    def read_literal_into(self, buffer: bytearray | memoryview) -> None:
        """After LiteralBegin: receive into *buffer*. See :meth:`CommandReader.read_literal_into`."""
        self._reader.read_literal_into(buffer)

    def keep_literal(self) -> None:
        """After LiteralBegin: keep the literal in its command. See :meth:`CommandReader.keep_literal`."""
        self._reader.keep_literal()

    def reject_literal(
        self, text: str, *, code: responses.ResponseCode | str | None = None, status: str = "NO"
    ) -> None:
        """Refuse the announced literal, and so its command.

        The command is answered; octets under way are swallowed. What was streamed of it before is void.
        """
        literal = self._decide_literal()
        self._streamed = False
        self._push(_status(literal.tag, status, text, code))
        self._reader.reject()

    def announce(self) -> bool:
        """Tell the mailbox's news that may be told now, and whether there were any; for IDLE above all.

        Nothing is told while no command is in progress.
        """
        self._raise_if_over()
        if self.mailbox is None or self._command is None or not self.mailbox.has_news:
            return False
        news = self.mailbox.release(expunges=allows_expunge(self._command))
        self._push_news(news)
        return bool(news)

    def tls_started(self) -> None:
        """The TLS handshake is over: go on, with nothing that came before it."""
        self._raise_if_over()
        if self._expects is not ServerExpects.TLS:
            raise LocalError("no TLS handshake was due")
        self._reader = self._new_reader()
        self._advance(Input.TLS_STARTED)
        self._step(ServerStep.TLS_STARTED)
        self._secure = True

    def data_to_send(self) -> list[Any]:
        """The buffers to send now, in order; large message bodies are the caller's own objects, uncopied."""
        return self._outbox.take()

    # The client's side

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the client; ``b""``: it closed the connection."""
        if self._takes(len(data)):
            self._reader.feed(data)

    def get_buffer(self, hint: int = -1) -> memoryview:
        """Memory for the socket to write into; then ``buffer_updated()``. As ``asyncio.BufferedProtocol``."""
        return self._reader.get_buffer(hint)

    def buffer_updated(self, count: int) -> None:
        """*count* octets were written into the memory of the last ``get_buffer()``; 0: the client closed."""
        if self._takes(count):
            self._reader.buffer_updated(count)

    def next_event(self) -> Any:
        """What happened next, or ``NEED_DATA``.

        A command (complete it before the next one comes); ``LiteralAnnounced``, to be answered by
        ``accept_literal()`` or ``reject_literal()``; ``LiteralBegin``, ``LiteralChunk`` and ``LiteralEnd`` of
        one that is streamed, and ``LiteralsVoid`` if the session itself then refuses their command;
        ``SaslResponse`` (its data ``None``: cancelled, or not base64; answer BAD); ``IdleDone``;
        ``StartTls``; ``Closed``, the last. Raises RemoteError, again and again, once the client broke the
        protocol beyond repair.
        """
        while True:
            if self._events:
                return self._events.popleft()
            if self._error is not None:
                raise self._error
            if self._expects not in SERVER_READS:
                return self._end() if self._eof and self._expects is ServerExpects.TLS else NEED_DATA
            try:
                value: Any = self._reader.next()
            except ParseError as error:
                self._on_unreadable(error)
            if value is NEED_DATA:
                return self._end() if self._eof else NEED_DATA
            if self._log is not None:
                self._log.client(shown(value))
            streamed = self._streamed
            event = self._on_value(value)
            if event is not None:
                return event
            if streamed:
                self._streamed = False
                return LiteralsVoid(value.tag)

    # What arrives

    def _new_reader(self) -> CommandReader:
        return CommandReader(limits=self._limits_before_login, announce=True, stream_above=self._stream_above)

    def _on_value(self, value: Any) -> Any:
        match value:
            case commands.LiteralAnnounced():
                return self._on_literal(value)
            case LiteralBegin():
                return value
            case LiteralChunk() | LiteralEnd():  # not of one that was kept
                self._streamed = True
                return value
            case commands.BadCommand():
                return self._on_bad(value)
            case commands.SaslResponse() | commands.IdleDone():
                self._step(ServerStep.LINE_READ)
                return value
        return self._on_command(value)

    def _on_command(self, command: commands.Command) -> Any:
        name = command.name
        if is_known(name) and not may_receive(self._state, name):
            self._answer_bad(command.tag, f"{name} is not legal while {self._state.value}")
            return None
        if name == "STARTTLS":
            if self._secure:
                self._answer_bad(command.tag, "TLS is active already")
                return None
            if self._reader.buffered:
                self._injected()
        self._bad_in_a_row = 0
        self._streamed = False
        self._command = command
        self._step(_READ_STEPS.get(name, ServerStep.COMMAND_READ))
        return command

    def _on_literal(self, value: commands.LiteralAnnounced) -> Any:
        self._literal = value
        self._step(ServerStep.LITERAL_ANNOUNCED)
        name = value.command
        if name is not None and is_known(name) and not may_receive(self._state, name):
            # Refused later anyway: no reason to have a stranger's message sent first.
            self._literal = None
            self._step(ServerStep.LITERAL_DECIDED)
            self._reader.reject()
            self._answer_bad(value.tag, f"{name} is not legal while {self._state.value}")
            return None
        if value.size > self._append_limit and self._state is not State.NOT_AUTHENTICATED:
            self.reject_literal(f"no more than {self._append_limit} octets, please", code="TOOBIG")
            return None
        return value

    def _on_bad(self, value: commands.BadCommand) -> Any:
        if self._expects is ServerExpects.SASL_LINE:
            # RFC 9051 section 6.2.2: what is not base64 ends the exchange with BAD, as "*" does.
            self._step(ServerStep.LINE_READ)
            return commands.SaslResponse(None)
        if self._expects is ServerExpects.IDLE_LINE:
            # RFC 9051 section 6.3.13: the client MUST NOT send a command while the server waits for DONE.
            self._idle_broken = True
            self._step(ServerStep.LINE_READ)
            return commands.IdleDone()
        self._answer_bad(value.tag, str(value.error))
        return None

    def _answer_bad(self, tag: str | None, text: str) -> None:
        self._push(_status(tag, "BAD", text, None))
        self._bad_in_a_row += 1
        if self._bad_in_a_row >= MAX_BAD_COMMANDS:
            self._break("too many bad commands")

    def _on_unreadable(self, error: ParseError) -> NoReturn:
        """Where the next command starts cannot be known: going on could run message text as commands."""
        self._break(f"cannot go on: {error}")

    def _injected(self) -> NoReturn:
        # Whoever sits between client and server may have added these bytes; once inside TLS they would pass
        # for the client's own (CVE-2021-33515, CVE-2021-38542).
        self._break("data followed STARTTLS in the clear")

    def _break(self, what: str) -> NoReturn:
        """Tell the client, and end."""
        self._push(_status(None, "BYE", what, None))
        self._state = State.LOGOUT
        self._error = RemoteError(what)
        if self._log is not None:
            self._log.note(f"protocol error: {what}")
        raise self._error

    def _end(self) -> Any:
        """The stream is over and all of it was read."""
        truncated = False
        try:
            self._reader.feed_eof()
        except (IncompleteError, ParseError):
            truncated = True
        return self._close(expected=False, truncated=truncated)

    def _close(self, *, expected: bool, truncated: bool = False) -> Closed:
        unfinished = () if self._command is None or self._command.tag is None else (self._command.tag,)
        self._command = None
        self._state = State.CLOSED
        self._expects = ServerExpects.NOTHING
        self.mailbox = None
        return Closed(expected, unfinished, truncated)

    # What is sent

    def _greet(self, value: responses.StatusResponse) -> None:
        happened = {"OK": Input.GREETING_OK, "PREAUTH": Input.GREETING_PREAUTH, "BYE": Input.BYE}.get(
            value.status
        )
        if happened is None:
            raise LocalError(f"a greeting cannot be {value.status}")
        self._push(value)
        self._advance(happened)
        self._step(ServerStep.GREETED)
        if happened is Input.GREETING_PREAUTH:
            self._reader.limits = self._limits
        elif happened is Input.BYE:
            self._said_bye()

    def _complete(self, value: responses.StatusResponse) -> None:
        command = self._command
        if command is None or value.tag != command.tag:
            raise LocalError(f"tag {value.tag} is not that of the command in progress")
        if value.status not in ("OK", "NO", "BAD"):
            raise LocalError(f"a command cannot be completed with {value.status}")
        starting_tls = command.name == "STARTTLS" and value.status == "OK"
        step = ServerStep.STARTTLS_ACCEPTED if starting_tls else ServerStep.COMPLETED
        if (self._expects, step) not in SERVER:
            raise LocalError(
                f"{command.name} cannot be completed while the client's {self._expects.value} is due"
            )
        if starting_tls and self._reader.buffered:
            self._injected()
        if self.mailbox is not None and self.mailbox.has_news:
            self._push_news(self.mailbox.release(expunges=allows_expunge(command)))
        if self._idle_broken:
            self._idle_broken = False
            value = _status(value.tag, "BAD", "expected DONE", None)
        self._push(value)
        self._step(step)
        self._command = None
        happened = completion(command.name, value.status)
        if starting_tls:
            self._events.append(StartTls())
        elif happened is not None:
            self._completed(happened)

    def _completed(self, happened: Input) -> None:
        self._advance(happened)
        if happened is Input.LOGIN_OK:
            self._reader.limits = self._limits
        elif happened is Input.UNAUTHENTICATE_OK:
            self._reader.limits = self._limits_before_login
            self.mailbox = None
            self._utf8 = self._reader.utf8 = False
        elif happened in (Input.SELECT_NO, Input.CLOSE_OK):
            self.mailbox = None
        elif happened is Input.LOGOUT_OK:
            self._events.append(self._close(expected=True))

    def _said_bye(self) -> None:
        """After BYE only the answer to LOGOUT may follow."""
        self._state = State.LOGOUT
        if self._command is None or self._command.name != "LOGOUT":
            self._events.append(self._close(expected=True))

    def _continue(self, value: responses.Continuation) -> None:
        if self._expects not in (ServerExpects.SASL_ANSWER, ServerExpects.IDLE_ANSWER):
            raise LocalError("no continuation is due now")
        sasl = self._expects is ServerExpects.SASL_ANSWER
        self._push(value, secret=sasl)
        self._step(ServerStep.CONTINUED)
        self._reader.expect_line("sasl" if sasl else "idle")

    def _decide_literal(self) -> commands.LiteralAnnounced:
        self._raise_if_over()
        literal = self._literal
        if literal is None:
            raise LocalError("no literal waits for a decision")
        self._literal = None
        self._step(ServerStep.LITERAL_DECIDED)
        return literal

    def _push(self, value: Any, *, secret: bool = False) -> None:
        fragments = value.encode(utf8=self._utf8)
        if self._log is not None:
            self._log.server(shown(value, fragments, secret=secret))
        self._outbox.push(fragments)

    def _push_news(self, news: News) -> None:
        for seq, _uid in news.expunged:
            self._push(responses.Expunge(seq))
        if news.exists is not None:
            self._push(responses.Exists(news.exists))
        if news.recent is not None:
            self._push(responses.Recent(news.recent))
        for seq, uid, flags, modseq in news.flags:
            self._push(responses.Fetch(seq=seq, uid=uid, flags=flags, modseq=modseq))

    # Guards

    def _may_expunge(self, value: Any) -> bool:
        if isinstance(value, responses.Vanished) and value.earlier:
            return True  # RFC 7162 section 3.2.10.1: answers a FETCH or SELECT, and shifts no number
        return self._expects is not ServerExpects.LITERAL_DECISION and allows_expunge(self._command)

    def _tag(self) -> str | None:
        if self._command is None:
            raise LocalError("no command is in progress")
        return self._command.tag

    def _takes(self, count: int) -> bool:
        """Note that bytes came; false where they must not reach the reader."""
        if self._error is not None or self._expects is ServerExpects.NOTHING:
            return False
        if not count:
            self._eof = True
            return False
        starttls = self._command is not None and self._command.name == "STARTTLS"
        if starttls or self._expects is ServerExpects.TLS:
            # Not read, so never run; and never as if from inside TLS.
            try:
                self._injected()
            except RemoteError:
                return False
        return True

    def _step(self, step: ServerStep) -> None:
        after = SERVER.get((self._expects, step))
        if after is None:
            raise LocalError(f"{step.value} while the {self._expects.value} is due")
        self._expects = after

    def _advance(self, happened: Input) -> None:
        after = next_state(self._state, happened)
        if after is None:
            raise LocalError(f"{happened.value} while {self._state.value}")
        self._state = after

    def _raise_if_over(self) -> None:
        if self._error is not None:
            raise self._error
        if self._expects is ServerExpects.NOTHING:
            raise LocalError("the connection is closed")


def _status(
    tag: str | None, status: str, text: str, code: responses.ResponseCode | str | None = None
) -> responses.StatusResponse:
    if isinstance(code, str):
        code = responses.ResponseCode(code)
    return responses.StatusResponse(tag=tag, status=status, code=code, text=text)


def _with_room(limits: Limits, append_limit: int) -> Limits:
    """*limits* with room for one message of *append_limit* octets, and the command around it."""
    return dataclasses.replace(
        limits,
        max_literal=max(limits.max_literal, append_limit),
        max_unit=max(limits.max_unit, append_limit + limits.max_line),
    )

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
from typing import TYPE_CHECKING, Any, Final

from mailproto.errors import (
    NEED_DATA,
    IncompleteError,
    MailprotoError,
    ParseError,
    RemoteError,
)
from mailproto.imap import responses, solicited
from mailproto.imap.client_sender import BEFORE_TLS, ClientSender, Pending
from mailproto.imap.events import (
    BadResponse,
    Closed,
    CommandDone,
    ContinuationRequested,
    LiteralBegin,
    LiteralChunk,
    LiteralEnd,
    StartTls,
    Unsolicited,
)
from mailproto.imap.exchange import CLIENT, ClientExpects, ClientStep
from mailproto.imap.response_reader import ResponseReader
from mailproto.imap.shown import shown
from mailproto.imap.states import Input, State, completion, foreseen

if TYPE_CHECKING:
    from mailproto.limits import Limits
    from mailproto.wirelog import WireLog

#: Most challenges of one AUTHENTICATE: no mechanism needs more than three or four.
MAX_CHALLENGES: Final = 20

_LITERAL: Final = (LiteralBegin, LiteralChunk, LiteralEnd)


class ClientSession(ClientSender):
    """One connection to an IMAP server, from the greeting on. Not thread-safe; needs no event loop.

    *secure*: the connection is inside TLS from its first byte. *require_tls*: until STARTTLS is done nothing
    but CAPABILITY, ID, NOOP, STARTTLS and LOGOUT may be sent, and a PREAUTH greeting is refused (RFC 9051
    section 11.1). *limits* bound what the server may send (default ``Limits.client()``). *tag_prefix* begins
    every tag. *log*, a :class:`mailproto.wirelog.WireLog`, is told of all that passes, secrets replaced.
    *stream_above*: literals of more octets come as LiteralBegin, LiteralChunk and LiteralEnd, before the
    response that they belong to, unless ``keep_literal()`` is called at the begin.

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
        stream_above: int | None = None,
    ) -> None:
        super().__init__(secure=secure, require_tls=require_tls, tag_prefix=tag_prefix, log=log)
        self._reader = ResponseReader(limits=limits, stream_above=stream_above)
        self._eof = False
        self._said_bye = False
        self._events: deque[Any] = deque()  # at most two: what one unit gave besides its first event
        self._owner: str | None = None
        self._handlers: dict[type, Callable[[Any], Any]] = {
            responses.StatusResponse: self._on_status,
            responses.Continuation: self._on_continuation,
            responses.Enabled: self._on_enabled,
            responses.Fetch: self._on_fetch,
            LiteralBegin: self._on_literal,
            LiteralChunk: self._on_literal,
            LiteralEnd: self._on_literal,
        }

    # The server's side

    @property
    def owner(self) -> str | None:
        """The tag of the command that the last response event belongs to; ``None`` if none
        (``Unsolicited``).
        """
        return self._owner

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

    def read_literal_into(self, buffer: bytearray | memoryview) -> None:
        """After LiteralBegin: receive into *buffer*. See :meth:`ResponseReader.read_literal_into`."""
        self._reader.read_literal_into(buffer)

    def keep_literal(self) -> None:
        """After LiteralBegin: keep the literal in its response. See :meth:`ResponseReader.keep_literal`."""
        self._reader.keep_literal()

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
            if self._log is not None and not isinstance(value, _LITERAL):
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
        self._reader.utf8 = self.utf8  # UNAUTHENTICATE switches it off
        if value.code is not None and name != "STARTTLS":
            self._known.learn_code(value.code)
        if not self._flying and not self._queue:
            self._foreseen = frozenset({self._state})
        self._look_at_oldest()
        self._pump()
        if self._expects is ClientExpects.TLS:
            self._events.append(StartTls())
        return CommandDone(tag, pending.command, value)

    def _end_turn(self, pending: Pending, status: str) -> None:
        """AUTHENTICATE, IDLE, STARTTLS or LOGOUT, which had the line to itself, was answered."""
        if pending.command.name == "STARTTLS":
            if status == "OK":
                self._starttls_accepted()
                return
            self._tls_refused = True
            if any(queued.command.name not in BEFORE_TLS for queued in self._queue):
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

    def _on_challenge(self, pending: Pending, value: responses.Continuation) -> Any:
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

    def _on_literal(self, value: LiteralBegin | LiteralChunk | LiteralEnd) -> Any:
        """Part of a response that is still to come: which command that belongs to shows only then."""
        self._owner = None
        return value

    def _on_data(self, value: Any) -> Any:
        self._known.learn(value)
        return self._owned(value, solicited.owner(value, self._flying.values()))

    def _on_enabled(self, value: responses.Enabled) -> Any:
        event = self._on_data(value)
        self._reader.utf8 = self.utf8  # from the next response on (RFC 6855 section 3, RFC 9051 section 5.1)
        return event

    def _owned(self, value: Any, pending: Pending | None) -> Any:
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


def _decode_challenge(value: responses.Continuation) -> bytes | None:
    """The octets of a challenge; ``None`` where they are not base64."""
    try:
        return base64.b64decode(value.text, validate=True)
    except (binascii.Error, ValueError):
        return None

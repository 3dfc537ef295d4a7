"""What the next bytes mean, and which commands may be under way together.

The machine in ``states.py`` knows what a connection may do; this one knows whether the next line is a
command, a SASL response or IDLE's DONE, and whose a ``+`` is. The two are kept apart, for neither needs to
know of the other. Below the tables: which commands make each other ambiguous (RFC 9051 section 5.5), so that
a client holds one back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from mailproto.imap.states import Named

if TYPE_CHECKING:
    from mailproto.imap.commands import Command


class ServerExpects(Named):
    """What a server session waits for."""

    #: Our own greeting.
    GREETING = "greeting"
    #: The client's next command.
    COMMAND = "command"
    #: Our decision about a literal that the client announced.
    LITERAL_DECISION = "literal decision"
    #: Our answer to a command.
    ANSWER = "answer"
    #: Our challenge, or the end, of an AUTHENTICATE.
    SASL_ANSWER = "sasl answer"
    #: The client's line of base64.
    SASL_LINE = "sasl line"
    #: Our ``+`` to IDLE, or its refusal.
    IDLE_ANSWER = "idle answer"
    #: The client's DONE.
    IDLE_LINE = "idle line"
    #: The TLS handshake: no byte is read before it.
    TLS = "tls"
    #: Nothing: the connection is over.
    NOTHING = "nothing"


class ServerStep(Named):
    """What moves it on."""

    GREETED = "greeted"
    LITERAL_ANNOUNCED = "literal announced"
    LITERAL_DECIDED = "literal decided"
    COMMAND_READ = "command read"
    AUTHENTICATE_READ = "AUTHENTICATE read"
    IDLE_READ = "IDLE read"
    CONTINUED = "continuation sent"
    LINE_READ = "line read"
    COMPLETED = "completed"
    STARTTLS_ACCEPTED = "STARTTLS accepted"
    TLS_STARTED = "TLS started"
    ENDED = "ended"


#: A pair that is absent is a mistake of ours (LocalError) or cannot happen.
SERVER: Final[dict[tuple[ServerExpects, ServerStep], ServerExpects]] = {
    (ServerExpects.GREETING, ServerStep.GREETED): ServerExpects.COMMAND,
    (ServerExpects.COMMAND, ServerStep.LITERAL_ANNOUNCED): ServerExpects.LITERAL_DECISION,
    (ServerExpects.LITERAL_DECISION, ServerStep.LITERAL_DECIDED): ServerExpects.COMMAND,
    (ServerExpects.COMMAND, ServerStep.COMMAND_READ): ServerExpects.ANSWER,
    (ServerExpects.ANSWER, ServerStep.COMPLETED): ServerExpects.COMMAND,
    (ServerExpects.COMMAND, ServerStep.AUTHENTICATE_READ): ServerExpects.SASL_ANSWER,
    (ServerExpects.SASL_ANSWER, ServerStep.CONTINUED): ServerExpects.SASL_LINE,
    (ServerExpects.SASL_LINE, ServerStep.LINE_READ): ServerExpects.SASL_ANSWER,
    (ServerExpects.SASL_ANSWER, ServerStep.COMPLETED): ServerExpects.COMMAND,
    (ServerExpects.COMMAND, ServerStep.IDLE_READ): ServerExpects.IDLE_ANSWER,
    (ServerExpects.IDLE_ANSWER, ServerStep.CONTINUED): ServerExpects.IDLE_LINE,
    (ServerExpects.IDLE_ANSWER, ServerStep.COMPLETED): ServerExpects.COMMAND,
    # DONE was read: what remains is the tagged answer.
    (ServerExpects.IDLE_LINE, ServerStep.LINE_READ): ServerExpects.ANSWER,
    (ServerExpects.ANSWER, ServerStep.STARTTLS_ACCEPTED): ServerExpects.TLS,
    (ServerExpects.TLS, ServerStep.TLS_STARTED): ServerExpects.COMMAND,
    **{(expects, ServerStep.ENDED): ServerExpects.NOTHING for expects in ServerExpects},
}

#: Where a server reads at all; elsewhere it is the application's turn.
SERVER_READS: Final = frozenset({ServerExpects.COMMAND, ServerExpects.SASL_LINE, ServerExpects.IDLE_LINE})


class ClientExpects(Named):
    """What a client session waits for. Literals are not here: the outbox knows who waits with one."""

    #: The server's greeting: nothing is sent before it.
    GREETING = "greeting"
    #: Answers to any number of commands; more may be sent.
    ANSWERS = "answers"
    #: A challenge, or the end, of AUTHENTICATE; nothing else may be sent.
    CHALLENGE = "challenge"
    #: Our response to the challenge.
    SASL_RESPONSE = "sasl response"
    #: The ``+`` to IDLE; nothing else may be sent.
    IDLE_START = "idle start"
    #: News, until we say DONE.
    IDLING = "idling"
    #: The answer to STARTTLS; nothing else may be sent.
    TLS_ANSWER = "tls answer"
    #: The TLS handshake: no byte is read before it.
    TLS = "tls"
    #: The answer to LOGOUT, and the end; nothing more may be sent.
    LOGOUT = "logout"
    #: Nothing: the connection is over.
    NOTHING = "nothing"


class ClientStep(Named):
    """What moves it on."""

    GREETED = "greeted"
    COMMAND_SENT = "command sent"
    AUTHENTICATE_SENT = "AUTHENTICATE sent"
    IDLE_SENT = "IDLE sent"
    STARTTLS_SENT = "STARTTLS sent"
    LOGOUT_SENT = "LOGOUT sent"
    CONTINUED = "continuation read"
    LINE_SENT = "line sent"
    #: The command whose turn it is (AUTHENTICATE, IDLE, STARTTLS) was answered, STARTTLS otherwise than OK.
    COMPLETED = "completed"
    STARTTLS_ACCEPTED = "STARTTLS accepted"
    TLS_STARTED = "TLS started"
    ENDED = "ended"


#: A pair that is absent is a protocol error, of ours where we step and of the server's where it does.
CLIENT: Final[dict[tuple[ClientExpects, ClientStep], ClientExpects]] = {
    (ClientExpects.GREETING, ClientStep.GREETED): ClientExpects.ANSWERS,
    (ClientExpects.ANSWERS, ClientStep.COMMAND_SENT): ClientExpects.ANSWERS,
    (ClientExpects.ANSWERS, ClientStep.AUTHENTICATE_SENT): ClientExpects.CHALLENGE,
    (ClientExpects.CHALLENGE, ClientStep.CONTINUED): ClientExpects.SASL_RESPONSE,
    (ClientExpects.CHALLENGE, ClientStep.COMPLETED): ClientExpects.ANSWERS,
    (ClientExpects.SASL_RESPONSE, ClientStep.LINE_SENT): ClientExpects.CHALLENGE,
    # A server may give up (its timer, say) while we still think about our response.
    (ClientExpects.SASL_RESPONSE, ClientStep.COMPLETED): ClientExpects.ANSWERS,
    (ClientExpects.ANSWERS, ClientStep.IDLE_SENT): ClientExpects.IDLE_START,
    (ClientExpects.IDLE_START, ClientStep.CONTINUED): ClientExpects.IDLING,
    (ClientExpects.IDLE_START, ClientStep.COMPLETED): ClientExpects.ANSWERS,
    # After DONE others may follow; IDLE's own answer is then one of several.
    (ClientExpects.IDLING, ClientStep.LINE_SENT): ClientExpects.ANSWERS,
    (ClientExpects.IDLING, ClientStep.COMPLETED): ClientExpects.ANSWERS,
    (ClientExpects.ANSWERS, ClientStep.STARTTLS_SENT): ClientExpects.TLS_ANSWER,
    (ClientExpects.TLS_ANSWER, ClientStep.COMPLETED): ClientExpects.ANSWERS,
    (ClientExpects.TLS_ANSWER, ClientStep.STARTTLS_ACCEPTED): ClientExpects.TLS,
    (ClientExpects.TLS, ClientStep.TLS_STARTED): ClientExpects.ANSWERS,
    (ClientExpects.ANSWERS, ClientStep.LOGOUT_SENT): ClientExpects.LOGOUT,
    **{(expects, ClientStep.ENDED): ClientExpects.NOTHING for expects in ClientExpects},
}

#: Which step sending each command is; every other command is COMMAND_SENT.
CLIENT_SENDS: Final[dict[str, ClientStep]] = {
    "AUTHENTICATE": ClientStep.AUTHENTICATE_SENT,
    "IDLE": ClientStep.IDLE_SENT,
    "STARTTLS": ClientStep.STARTTLS_SENT,
    "LOGOUT": ClientStep.LOGOUT_SENT,
}

#: Commands that are sent only when every earlier one is answered: what comes after them has another meaning
#: (another user, another transport), so no answer may straddle them.
ALONE: Final = frozenset({"AUTHENTICATE", "STARTTLS", "COMPRESS", "UNAUTHENTICATE"})

#: Commands whose form without UID names messages by number, or answers with numbers.
_NUMBERED: Final = frozenset({"FETCH", "STORE", "SEARCH", "COPY", "MOVE", "SORT", "THREAD", "REPLACE"})
#: The commands that RFC 9051 section 5.5 exempts, and those that RFC 5256 section 3 adds: no EXPUNGE may come
#: while they, without UID, are in progress.
_NO_EXPUNGE: Final = frozenset({"FETCH", "STORE", "SEARCH", "SORT", "THREAD"})


def uses_numbers(command: Command) -> bool:
    """Whether *command* depends on message sequence numbers, which an EXPUNGE would shift."""
    if command.name not in _NUMBERED:
        return False
    if not getattr(command, "uid", False):
        return True
    # UID SEARCH may name messages by number among its keys.
    criteria = getattr(command, "criteria", None)
    return criteria is not None and _has_sequence_key(criteria)


def permits_expunge(command: Command) -> bool:
    """Whether a server may send EXPUNGE while *command* is in progress."""
    return command.name not in _NO_EXPUNGE or bool(getattr(command, "uid", False))


def must_wait(command: Command, in_progress: Iterable[Command]) -> bool:
    """Whether a client must not send *command* before all of *in_progress* are answered.

    "If the client sends any command other than FETCH, STORE, or SEARCH, it MUST wait for the completion
    result response before sending a command with message sequence numbers" (RFC 9051 section 5.5).
    """
    if command.name in ALONE:
        return any(True for _ in in_progress)
    return uses_numbers(command) and any(map(permits_expunge, in_progress))


def _has_sequence_key(criteria: Any) -> bool:
    """Whether a search key below *criteria* is a sequence-set of message numbers. A stack, not recursion."""
    stack = [criteria]
    while stack:
        key = stack.pop()
        if type(key).__name__ == "Sequence":
            return True
        if isinstance(key, (tuple, list)):
            stack.extend(key)
            continue
        stack.extend(
            inner
            for name in ("key", "left", "right", "keys")
            if (inner := getattr(key, name, None)) is not None and not callable(inner)
        )
    return False

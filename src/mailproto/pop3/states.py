"""What a POP3 connection may do: RFC 1939 section 3 as tables, and nothing else.

A connection is in one :class:`State`; what happens on it is an :class:`Input`; ``TRANSITIONS`` maps the pair
to the next state, and a pair that is absent cannot legally happen. ``LEGAL`` says in which states each
command may be sent. Client and server sessions ask these tables. What the *next bytes* mean is the other
machine: see ``ServerExpects`` in ``server.py`` and ``ClientExpects`` in ``client.py``.
"""

from __future__ import annotations

import enum
from typing import Final


class State(enum.Enum):
    """Where a connection is."""

    #: Before the server's greeting. RFC 1939 gives this moment no name, yet nothing may be sent in it.
    NOT_GREETED = "not greeted"
    AUTHORIZATION = "AUTHORIZATION"
    TRANSACTION = "TRANSACTION"
    #: QUIT was sent in TRANSACTION: the server now deletes what was marked, and answers.
    UPDATE = "UPDATE"
    #: The last reply was said; only the end of the stream is still to come.
    ENDED = "ended"
    #: The stream has ended.
    CLOSED = "closed"


class Input(enum.Enum):
    """What moves a connection from one state to another."""

    GREETING_OK = "greeting +OK"
    GREETING_ERR = "greeting -ERR"
    #: STLS was answered +OK and the TLS handshake is over.
    TLS_STARTED = "TLS started"
    #: PASS, APOP or AUTH was answered +OK.
    LOGIN_OK = "login +OK"
    #: QUIT was sent.
    QUIT = "QUIT"
    #: QUIT was answered: RFC 1939 section 6, the server closes the connection "in either case".
    QUIT_ANSWERED = "QUIT answered"
    #: The server said its last word, or either end gave up.
    ABANDONED = "abandoned"
    #: The stream ended.
    EOF = "end of stream"


#: RFC 1939 section 3. A pair absent from this table is a protocol error.
TRANSITIONS: Final[dict[tuple[State, Input], State]] = {
    (State.NOT_GREETED, Input.GREETING_OK): State.AUTHORIZATION,
    (State.NOT_GREETED, Input.GREETING_ERR): State.ENDED,
    # RFC 2595 section 4: "permitted only in AUTHORIZATION state".
    (State.AUTHORIZATION, Input.TLS_STARTED): State.AUTHORIZATION,
    (State.AUTHORIZATION, Input.LOGIN_OK): State.TRANSACTION,
    # RFC 1939 section 6: from AUTHORIZATION, QUIT does not enter UPDATE; nothing is deleted.
    (State.AUTHORIZATION, Input.QUIT): State.AUTHORIZATION,
    (State.AUTHORIZATION, Input.QUIT_ANSWERED): State.ENDED,
    (State.TRANSACTION, Input.QUIT): State.UPDATE,
    (State.UPDATE, Input.QUIT_ANSWERED): State.ENDED,
    **{(state, Input.ABANDONED): State.ENDED for state in State if state is not State.CLOSED},
    **{(state, Input.EOF): State.CLOSED for state in State},
}

#: What the completion of a command means for the state; a (command, status) pair that is absent means
#: nothing.
COMPLETIONS: Final[dict[tuple[str, str], Input]] = {
    ("PASS", "+OK"): Input.LOGIN_OK,
    ("APOP", "+OK"): Input.LOGIN_OK,
    ("AUTH", "+OK"): Input.LOGIN_OK,
    ("QUIT", "+OK"): Input.QUIT_ANSWERED,
    ("QUIT", "-ERR"): Input.QUIT_ANSWERED,
    # STLS moves nothing by itself: TLS_STARTED follows when the handshake is over.
}

_AUTHORIZATION: Final = frozenset({State.AUTHORIZATION})
_TRANSACTION: Final = frozenset({State.TRANSACTION})
_BOTH: Final = _AUTHORIZATION | _TRANSACTION

#: In which states each command is legal. A command that is absent is unknown.
LEGAL: Final[dict[str, frozenset[State]]] = {
    # RFC 1939 section 7; RFC 2595 section 4; RFC 5034 section 4; RFC 6856 section 2.1
    **dict.fromkeys(("USER", "PASS", "APOP", "STLS", "AUTH", "UTF8"), _AUTHORIZATION),
    # RFC 1939 section 5 and 7
    **dict.fromkeys(["STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "UIDL"], _TRANSACTION),
    # RFC 1939 sections 4 and 5; RFC 2449 section 5; RFC 6856 section 3.2
    **dict.fromkeys(("QUIT", "CAPA", "LANG"), _BOTH),
}


def next_state(state: State, happened: Input) -> State | None:
    """The state that follows, or ``None`` where *happened* is a protocol error."""
    return TRANSITIONS.get((state, happened))


def completion(command: str, status: str) -> Input | None:
    """What *status* (``+OK`` or ``-ERR``) in answer to *command* does; ``None``: nothing."""
    return COMPLETIONS.get((command, status))


def is_known(command: str) -> bool:
    """Whether *command* (in upper case) is one that these tables know."""
    return command in LEGAL


def is_legal(state: State, command: str) -> bool:
    """Whether *command* may be sent, and carried out, in *state*."""
    return state in LEGAL.get(command, ())


def foreseen(states: frozenset[State], command: str) -> frozenset[State]:
    """The states a connection may be in once *command*, sent in one of *states*, is completed in any way.

    This is what lets a client queue USER, PASS and STAT at once: each is legal in a state that may be.
    """
    if command == "QUIT":
        return frozenset({State.ENDED})
    reached = set(states)
    for status in ("+OK", "-ERR"):
        happened = completion(command, status)
        if happened is not None:
            reached.update(after for state in states if (after := next_state(state, happened)) is not None)
    return frozenset(reached)

"""What an IMAP connection may do: RFC 9051 section 3 as tables, and nothing else.

A connection is in one :class:`State`. What happens on it (a greeting, the completion of a command, BYE, the
end of the stream) is an :class:`Input`. ``TRANSITIONS`` maps the pair to the next state; a pair that is
absent cannot legally happen. ``LEGAL`` says in which states each command may be sent. Client and server
sessions ask these tables and hold no rule about states of their own; what the *next bytes* mean is the other
machine, in ``exchange.py``.
"""

from __future__ import annotations

import enum
from typing import Final


class Named(enum.Enum):
    """An enumeration whose members hash by identity: they are looked up for each command and response."""

    __hash__ = object.__hash__


class State(Named):
    """Where a connection is."""

    #: Before the server's greeting. RFC 9051 gives this moment no name, yet nothing may be sent in it.
    NOT_GREETED = "not greeted"
    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    #: BYE was said; only the end of the stream is still to come.
    LOGOUT = "logout"
    #: The stream has ended. Not a state of the RFC's: nothing can happen here any more.
    CLOSED = "closed"


class Input(Named):
    """What moves a connection from one state to another."""

    GREETING_OK = "greeting OK"
    GREETING_PREAUTH = "greeting PREAUTH"
    #: STARTTLS was answered OK and the TLS handshake is over.
    TLS_STARTED = "TLS started"
    #: LOGIN or AUTHENTICATE was answered OK.
    LOGIN_OK = "login OK"
    #: UNAUTHENTICATE was answered OK (RFC 8437).
    UNAUTHENTICATE_OK = "unauthenticate OK"
    #: SELECT or EXAMINE was answered OK.
    SELECT_OK = "select OK"
    #: SELECT or EXAMINE was answered NO.
    SELECT_NO = "select NO"
    #: CLOSE or UNSELECT was answered OK.
    CLOSE_OK = "close OK"
    #: LOGOUT was answered OK.
    LOGOUT_OK = "logout OK"
    #: An untagged BYE, which is also what a refusing greeting is.
    BYE = "bye"
    #: The stream ended.
    EOF = "end of stream"


_OPEN: Final = (State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED)

#: RFC 9051 section 3 and its figure 1. A pair absent from this table is a protocol error.
TRANSITIONS: Final[dict[tuple[State, Input], State]] = {
    (State.NOT_GREETED, Input.GREETING_OK): State.NOT_AUTHENTICATED,
    (State.NOT_GREETED, Input.GREETING_PREAUTH): State.AUTHENTICATED,
    (State.NOT_GREETED, Input.BYE): State.LOGOUT,
    (State.NOT_AUTHENTICATED, Input.TLS_STARTED): State.NOT_AUTHENTICATED,
    (State.NOT_AUTHENTICATED, Input.LOGIN_OK): State.AUTHENTICATED,
    (State.AUTHENTICATED, Input.UNAUTHENTICATE_OK): State.NOT_AUTHENTICATED,
    (State.SELECTED, Input.UNAUTHENTICATE_OK): State.NOT_AUTHENTICATED,
    (State.AUTHENTICATED, Input.SELECT_OK): State.SELECTED,
    (State.SELECTED, Input.SELECT_OK): State.SELECTED,
    (State.AUTHENTICATED, Input.SELECT_NO): State.AUTHENTICATED,
    # Section 6.3.2: the old mailbox is closed before the new one is tried, so a failed SELECT closes too.
    (State.SELECTED, Input.SELECT_NO): State.AUTHENTICATED,
    (State.SELECTED, Input.CLOSE_OK): State.AUTHENTICATED,
    # Section 6.1.3: BYE comes before the tagged OK, so a client is in LOGOUT already when the OK arrives.
    (State.LOGOUT, Input.LOGOUT_OK): State.LOGOUT,
    **{(state, Input.LOGOUT_OK): State.LOGOUT for state in _OPEN},
    **{(state, Input.BYE): State.LOGOUT for state in (*_OPEN, State.LOGOUT)},
    **{(state, Input.EOF): State.CLOSED for state in State},
}

#: What the completion of a command means for the state; a (command, status) pair that is absent means
#: nothing.
COMPLETIONS: Final[dict[tuple[str, str], Input]] = {
    ("LOGIN", "OK"): Input.LOGIN_OK,
    ("AUTHENTICATE", "OK"): Input.LOGIN_OK,
    ("UNAUTHENTICATE", "OK"): Input.UNAUTHENTICATE_OK,
    ("SELECT", "OK"): Input.SELECT_OK,
    ("EXAMINE", "OK"): Input.SELECT_OK,
    ("SELECT", "NO"): Input.SELECT_NO,
    ("EXAMINE", "NO"): Input.SELECT_NO,
    ("CLOSE", "OK"): Input.CLOSE_OK,
    ("UNSELECT", "OK"): Input.CLOSE_OK,
    ("LOGOUT", "OK"): Input.LOGOUT_OK,
    # STARTTLS moves nothing by itself: TLS_STARTED follows when the handshake is over.
}

_ANY: Final = frozenset(_OPEN)
_NOT_AUTHENTICATED: Final = frozenset({State.NOT_AUTHENTICATED})
_LOGGED_IN: Final = frozenset({State.AUTHENTICATED, State.SELECTED})
_SELECTED: Final = frozenset({State.SELECTED})

#: In which states each command is legal. A command that is absent is unknown.
LEGAL: Final[dict[str, frozenset[State]]] = {
    # RFC 9051 section 6.1, RFC 2971, RFC 5255 section 3.2
    **dict.fromkeys(("CAPABILITY", "NOOP", "LOGOUT", "ID", "LANGUAGE"), _ANY),
    # RFC 9051 section 6.2
    **dict.fromkeys(("STARTTLS", "AUTHENTICATE", "LOGIN"), _NOT_AUTHENTICATED),
    # RFC 9051 section 6.3; RFC 3501 section 6.3.9 for LSUB. ENABLE: see CLIENT_MUST_NOT.
    **dict.fromkeys(("ENABLE", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME"), _LOGGED_IN),
    **dict.fromkeys(("SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LSUB", "NAMESPACE", "STATUS"), _LOGGED_IN),
    **dict.fromkeys(("APPEND", "IDLE"), _LOGGED_IN),
    # Gmail, RFC 2193
    **dict.fromkeys(("XLIST", "RLIST", "RLSUB"), _LOGGED_IN),
    # RFC 9208, RFC 4314, RFC 5464, RFC 5255
    **dict.fromkeys(("GETQUOTA", "GETQUOTAROOT", "SETQUOTA"), _LOGGED_IN),
    **dict.fromkeys(("GETACL", "SETACL", "DELETEACL", "LISTRIGHTS", "MYRIGHTS"), _LOGGED_IN),
    **dict.fromkeys(("GETMETADATA", "SETMETADATA", "COMPARATOR"), _LOGGED_IN),
    # RFC 7377, RFC 9698
    **dict.fromkeys(("ESEARCH", "GETJMAPACCESS"), _LOGGED_IN),
    # RFC 8437, RFC 4978, RFC 5465, RFC 4467
    **dict.fromkeys(("UNAUTHENTICATE", "COMPRESS", "NOTIFY"), _LOGGED_IN),
    **dict.fromkeys(("GENURLAUTH", "RESETKEY", "URLFETCH"), _LOGGED_IN),
    # RFC 9051 section 6.4; RFC 3501 section 6.4.1 for CHECK
    **dict.fromkeys(("CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "SEARCH", "FETCH", "STORE"), _SELECTED),
    # RFC 9051 section 6.4; RFC 5256, RFC 8508, RFC 5267, RFC 10022
    **dict.fromkeys(("COPY", "MOVE", "SORT", "THREAD", "REPLACE", "CANCELUPDATE", "UIDBATCHES"), _SELECTED),
}

#: Legal for a server to take, yet not for a client to send: RFC 9051 section 6.3.1, "Clients MUST NOT issue
#: ENABLE once they SELECT/EXAMINE a mailbox; however, server implementations don't have to check".
CLIENT_MUST_NOT: Final[frozenset[tuple[str, State]]] = frozenset({("ENABLE", State.SELECTED)})


def next_state(state: State, happened: Input) -> State | None:
    """The state that follows, or ``None`` where *happened* is a protocol error."""
    return TRANSITIONS.get((state, happened))


def completion(command: str, status: str) -> Input | None:
    """What ``tag OK``, ``NO`` or ``BAD`` to *command* (its name in upper case) does; ``None``: nothing."""
    return COMPLETIONS.get((command, status))


def is_known(command: str) -> bool:
    """Whether *command* (in upper case, without UID) is one that these tables know."""
    return command in LEGAL


def may_receive(state: State, command: str) -> bool:
    """Whether a server in *state* may carry *command* out."""
    return state in LEGAL.get(command, ())


def may_send(state: State, command: str) -> bool:
    """Whether a client in *state* may send *command*."""
    return state in LEGAL.get(command, ()) and (command, state) not in CLIENT_MUST_NOT


def foreseen(states: frozenset[State], command: str) -> frozenset[State]:
    """The states a connection may be in once *command*, sent in one of *states*, is completed in any way.

    This is what lets a client pipeline LOGIN, SELECT and FETCH: each is legal in a state that may be.
    """
    reached = set(states)
    for status in ("OK", "NO", "BAD"):
        happened = completion(command, status)
        if happened is not None:
            reached.update(after for state in states if (after := next_state(state, happened)) is not None)
    return frozenset(reached)

"""The tables of states.py and exchange.py, walked in full: every state with every input, every command in
every state.
"""

from itertools import product

import pytest

from mailproto.imap import commands, exchange, states
from mailproto.imap.states import Input, State

# Written out from RFC 9051 section 3 by hand, and so by another road than the tables: per input, from where
# to where.
EXPECTED = {
    Input.GREETING_OK: {State.NOT_GREETED: State.NOT_AUTHENTICATED},
    Input.GREETING_PREAUTH: {State.NOT_GREETED: State.AUTHENTICATED},
    Input.TLS_STARTED: {State.NOT_AUTHENTICATED: State.NOT_AUTHENTICATED},
    Input.LOGIN_OK: {State.NOT_AUTHENTICATED: State.AUTHENTICATED},
    Input.UNAUTHENTICATE_OK: {
        State.AUTHENTICATED: State.NOT_AUTHENTICATED,
        State.SELECTED: State.NOT_AUTHENTICATED,
    },
    Input.SELECT_OK: {State.AUTHENTICATED: State.SELECTED, State.SELECTED: State.SELECTED},
    Input.SELECT_NO: {State.AUTHENTICATED: State.AUTHENTICATED, State.SELECTED: State.AUTHENTICATED},
    Input.CLOSE_OK: {State.SELECTED: State.AUTHENTICATED},
    Input.LOGOUT_OK: {
        State.NOT_AUTHENTICATED: State.LOGOUT,
        State.AUTHENTICATED: State.LOGOUT,
        State.SELECTED: State.LOGOUT,
        State.LOGOUT: State.LOGOUT,
    },
    Input.BYE: {
        State.NOT_GREETED: State.LOGOUT,
        State.NOT_AUTHENTICATED: State.LOGOUT,
        State.AUTHENTICATED: State.LOGOUT,
        State.SELECTED: State.LOGOUT,
        State.LOGOUT: State.LOGOUT,
    },
    Input.EOF: dict.fromkeys(State, State.CLOSED),
}


@pytest.mark.parametrize(("state", "happened"), list(product(State, Input)))
def test_every_state_with_every_input(state: State, happened: Input) -> None:
    assert states.next_state(state, happened) is EXPECTED[happened].get(state)


def test_every_state_can_be_reached_and_left_by_the_end_of_the_stream() -> None:
    reached, frontier = {State.NOT_GREETED}, [State.NOT_GREETED]
    while frontier:
        state = frontier.pop()
        for happened in Input:
            after = states.next_state(state, happened)
            if after is not None and after not in reached:
                reached.add(after)
                frontier.append(after)
    assert reached == set(State)


ANY = {"CAPABILITY", "NOOP", "LOGOUT", "ID", "LANGUAGE"}
BEFORE_LOGIN = {"STARTTLS", "AUTHENTICATE", "LOGIN"}
SELECTED_ONLY = {
    "CHECK",
    "CLOSE",
    "UNSELECT",
    "EXPUNGE",
    "SEARCH",
    "FETCH",
    "STORE",
    "COPY",
    "MOVE",
    "SORT",
    "THREAD",
    "REPLACE",
    "CANCELUPDATE",
    "UIDBATCHES",
}
AFTER_LOGIN = {
    *(
        "ENABLE",
        "SELECT",
        "EXAMINE",
        "CREATE",
        "DELETE",
        "RENAME",
        "SUBSCRIBE",
        "UNSUBSCRIBE",
        "LIST",
        "LSUB",
    ),
    *("NAMESPACE", "STATUS", "APPEND", "IDLE", "XLIST", "RLIST", "RLSUB", "ESEARCH", "GETJMAPACCESS"),
    *("GETQUOTA", "GETQUOTAROOT", "SETQUOTA", "GETACL", "SETACL", "DELETEACL", "LISTRIGHTS", "MYRIGHTS"),
    *("GETMETADATA", "SETMETADATA", "COMPARATOR", "UNAUTHENTICATE", "COMPRESS", "NOTIFY"),
    *("GENURLAUTH", "RESETKEY", "URLFETCH"),
}


def test_every_command_that_is_read_is_in_the_table() -> None:
    names = {
        value.name
        for value in vars(commands).values()
        if isinstance(value, type) and issubclass(value, commands.Command) and value.name
    }
    assert names == ANY | BEFORE_LOGIN | SELECTED_ONLY | AFTER_LOGIN
    assert names == states.LEGAL.keys()


@pytest.mark.parametrize(
    ("state", "command"), list(product(State, sorted(ANY | BEFORE_LOGIN | SELECTED_ONLY | AFTER_LOGIN)))
)
def test_every_command_in_every_state(state: State, command: str) -> None:
    legal = {
        State.NOT_AUTHENTICATED: ANY | BEFORE_LOGIN,
        State.AUTHENTICATED: ANY | AFTER_LOGIN,
        State.SELECTED: ANY | AFTER_LOGIN | SELECTED_ONLY,
    }.get(state, set())
    assert states.may_receive(state, command) is (command in legal)
    client_may = command in legal and not (command == "ENABLE" and state is State.SELECTED)
    assert states.may_send(state, command) is client_may


def test_an_unknown_command_is_legal_nowhere() -> None:
    assert not any(states.may_receive(state, "XFROB") or states.may_send(state, "XFROB") for state in State)
    assert not states.is_known("XFROB")


def test_completions_name_known_commands_and_move_only_where_they_may() -> None:
    for (command, _status), happened in states.COMPLETIONS.items():
        for state in states.LEGAL[command]:
            assert states.next_state(state, happened) is not None, (state, command)


def test_foreseen_states_let_login_select_and_fetch_be_pipelined() -> None:
    after_login = states.foreseen(frozenset({State.NOT_AUTHENTICATED}), "LOGIN")
    assert after_login == {State.NOT_AUTHENTICATED, State.AUTHENTICATED}
    after_select = states.foreseen(after_login, "SELECT")
    assert after_select == {State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED}
    assert states.foreseen(after_select, "FETCH") == after_select


# exchange.py


@pytest.mark.parametrize(("expects", "step"), list(product(exchange.ServerExpects, exchange.ServerStep)))
def test_server_exchange_every_pair(expects: exchange.ServerExpects, step: exchange.ServerStep) -> None:
    E, S = exchange.ServerExpects, exchange.ServerStep
    after = exchange.SERVER.get((expects, step))
    if step is S.ENDED:
        assert after is E.NOTHING
    elif step is S.COMPLETED:
        # Only what is under way can be completed, and never while the client still owes a line.
        assert (after is E.COMMAND) == (expects in (E.ANSWER, E.SASL_ANSWER, E.IDLE_ANSWER))
    elif step is S.CONTINUED:
        assert after is {E.SASL_ANSWER: E.SASL_LINE, E.IDLE_ANSWER: E.IDLE_LINE}.get(expects)
    elif step is S.LINE_READ:
        assert after is {E.SASL_LINE: E.SASL_ANSWER, E.IDLE_LINE: E.ANSWER}.get(expects)
    elif step is S.GREETED:
        assert after is (E.COMMAND if expects is E.GREETING else None)
    elif step in (S.COMMAND_READ, S.AUTHENTICATE_READ, S.IDLE_READ, S.LITERAL_ANNOUNCED):
        assert (after is not None) == (expects is E.COMMAND)
    elif step is S.LITERAL_DECIDED:
        assert after is (E.COMMAND if expects is E.LITERAL_DECISION else None)
    elif step is S.STARTTLS_ACCEPTED:
        assert after is (E.TLS if expects is E.ANSWER else None)
    else:
        assert step is S.TLS_STARTED
        assert after is (E.COMMAND if expects is E.TLS else None)


@pytest.mark.parametrize(("expects", "step"), list(product(exchange.ClientExpects, exchange.ClientStep)))
def test_client_exchange_every_pair(expects: exchange.ClientExpects, step: exchange.ClientStep) -> None:
    E, S = exchange.ClientExpects, exchange.ClientStep
    after = exchange.CLIENT.get((expects, step))
    if step is S.ENDED:
        assert after is E.NOTHING
    elif step is S.GREETED:
        assert after is (E.ANSWERS if expects is E.GREETING else None)
    elif step.name.endswith("_SENT") and step is not S.LINE_SENT:
        assert (after is not None) == (expects is E.ANSWERS)
    elif step is S.LINE_SENT:
        assert after is {E.SASL_RESPONSE: E.CHALLENGE, E.IDLING: E.ANSWERS}.get(expects)
    elif step is S.CONTINUED:
        assert after is {E.CHALLENGE: E.SASL_RESPONSE, E.IDLE_START: E.IDLING}.get(expects)
    elif step is S.COMPLETED:
        taking_turns = (E.CHALLENGE, E.SASL_RESPONSE, E.IDLE_START, E.IDLING, E.TLS_ANSWER)
        assert (after is E.ANSWERS) == (expects in taking_turns)
    elif step is S.STARTTLS_ACCEPTED:
        assert after is (E.TLS if expects is E.TLS_ANSWER else None)
    else:
        assert step is S.TLS_STARTED
        assert after is (E.ANSWERS if expects is E.TLS else None)


class Fake:
    """As much of a command as the ambiguity rule looks at."""

    def __init__(self, text: str) -> None:
        self.uid = text.startswith("UID ")
        self.name = text.removeprefix("UID ")


@pytest.mark.parametrize(
    ("sequence", "waits"),
    [
        # The examples of RFC 9051 section 5.5, valid ones and others.
        ("FETCH + STORE + SEARCH + NOOP", ""),
        ("STORE + COPY + EXPUNGE", ""),
        ("FETCH + NOOP + STORE", "STORE"),
        ("STORE + COPY + FETCH", "FETCH"),
        ("COPY + COPY", "COPY"),
        ("UID FETCH + STORE", "STORE"),
        ("UID FETCH + UID STORE + UID COPY + NOOP + UID FETCH", ""),
        ("SELECT + UID FETCH", ""),
        ("SELECT + FETCH", "FETCH"),
        ("LOGIN + SELECT", ""),
        ("NOOP + STARTTLS", "STARTTLS"),
        ("FETCH + SORT + THREAD", ""),
        ("NOOP + REPLACE", "REPLACE"),
        ("REPLACE + FETCH", "FETCH"),
        ("NOOP + UID REPLACE", ""),
        ("NOOP + COMPRESS", "COMPRESS"),
        ("NOOP + UNAUTHENTICATE", "UNAUTHENTICATE"),
        ("NOOP + AUTHENTICATE", "AUTHENTICATE"),
    ],
)
def test_the_ambiguity_rule(sequence: str, waits: str) -> None:
    *before, last = [Fake(text) for text in sequence.split(" + ")]
    assert exchange.must_wait(last, before) is bool(waits)  # type: ignore[arg-type]
    for index, command in enumerate(before):
        assert not exchange.must_wait(command, before[:index])  # type: ignore[arg-type]

"""The POP3 state tables, walked in full."""

from __future__ import annotations

from itertools import product

import pytest

from mailproto import NEED_DATA, LocalError
from mailproto.pop3 import ClientSession, ServerSession, commands, replies
from mailproto.pop3.states import (
    COMPLETIONS,
    LEGAL,
    TRANSITIONS,
    Input,
    State,
    foreseen,
    is_legal,
    next_state,
)

OPEN = [State.AUTHORIZATION, State.TRANSACTION]

#: One of each command.
SAMPLES: list[commands.Command] = [
    commands.User("a"), commands.Pass("b"), commands.Apop("a", "b"), commands.Auth("PLAIN"), commands.Stat(),
    commands.List(), commands.Uidl(), commands.Retr(1), commands.Dele(1), commands.Top(1, 0), commands.Noop(),
    commands.Rset(), commands.Quit(), commands.Capa(), commands.Stls(), commands.Utf8(), commands.Lang(),
]  # fmt: skip


def test_every_command_is_in_the_table_and_in_the_samples() -> None:
    assert set(LEGAL) == set(commands.BY_NAME) == {sample.name for sample in SAMPLES}


@pytest.mark.parametrize(("state", "happened"), list(product(State, Input)))
def test_every_pair_ends_in_a_known_state_or_is_an_error(state: State, happened: Input) -> None:
    after = next_state(state, happened)
    assert (after is None) == ((state, happened) not in TRANSITIONS)
    if state is State.CLOSED:
        assert after in (None, State.CLOSED)
    if state is State.ENDED:
        assert after in (None, State.ENDED, State.CLOSED)
    if after is State.TRANSACTION:
        assert (state, happened) == (State.AUTHORIZATION, Input.LOGIN_OK)
    if after is State.UPDATE:
        assert (state, happened) == (State.TRANSACTION, Input.QUIT)


def test_every_state_is_reached_and_can_be_left() -> None:
    reached = {State.NOT_GREETED}
    while more := {TRANSITIONS[s, i] for s, i in TRANSITIONS if s in reached} - reached:
        reached |= more
    assert reached == set(State)
    assert all((state, Input.EOF) in TRANSITIONS for state in State)


def test_completions_name_known_commands() -> None:
    assert {name for name, _ in COMPLETIONS} <= set(LEGAL)


@pytest.mark.parametrize("name", list(LEGAL))
def test_what_is_foreseen_contains_what_happens(name: str) -> None:
    for state in OPEN:
        after = foreseen(frozenset({state}), name)
        assert after
        if name != "QUIT":
            assert state in after


def server_in(state: State) -> ServerSession:
    session = ServerSession()
    session.send(replies.Ok())
    if state is State.TRANSACTION:
        session.receive_data(b"APOP a b\r\n")
        session.next_event()
        session.send(replies.Ok())
    session.data_to_send()
    assert session.state is state
    return session


def client_in(state: State) -> ClientSession:
    session = ClientSession(allow_apop=True)
    session.receive_data(b"+OK\r\n")
    session.next_event()
    if state is State.TRANSACTION:
        session.send(commands.Apop("a", "b"))
        session.receive_data(b"+OK\r\n")
        session.next_event()
    session.data_to_send()
    assert session.state is state
    return session


@pytest.mark.parametrize(("state", "command"), list(product(OPEN, SAMPLES)), ids=str)
def test_a_server_takes_just_what_is_legal(state: State, command: commands.Command) -> None:
    session = server_in(state)
    session.receive_data(bytes(command))
    event = session.next_event()
    if is_legal(state, command.name) and command.name != "PASS":
        assert event == command
        assert session.data_to_send() == []
    else:  # PASS is legal only behind USER
        assert event is NEED_DATA
        assert b"".join(session.data_to_send()).startswith(b"-ERR ")


@pytest.mark.parametrize(("state", "command"), list(product(OPEN, SAMPLES)), ids=str)
def test_a_client_sends_just_what_is_legal(state: State, command: commands.Command) -> None:
    session = client_in(state)
    if is_legal(state, command.name):
        session.send(command)
        assert b"".join(session.data_to_send()) == bytes(command)
    else:
        with pytest.raises(LocalError):
            session.send(command)
        assert session.data_to_send() == []


@pytest.mark.parametrize("name", sorted(LEGAL))
@pytest.mark.parametrize("ok", [True, False])
def test_both_ends_agree_on_the_state_after_every_answer(name: str, ok: bool) -> None:
    command = next(sample for sample in SAMPLES if sample.name == name)
    for state in OPEN:
        if not is_legal(state, name) or name == "PASS":
            continue
        server, client = server_in(state), client_in(state)
        client.send(command)
        server.receive_data(b"".join(client.data_to_send()))
        assert server.next_event() == command
        reply = replies.Ok(body=b"" if command.multiline else None) if ok else replies.Err("no")
        server.send(reply)
        client.receive_data(b"".join(server.data_to_send()))
        client.next_event()
        assert client.state is server.state

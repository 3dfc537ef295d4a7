"""What every value promises, whatever its class: hash, dictionary, ``repr``, copies, both modes of names."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
import test_command_round_trip as written_commands
import test_responses_property as written_responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailproto import Limits
from mailproto.imap import (
    BodyStructure,
    SequenceSet,
    commands,
    parse_command,
    parse_response,
    responses,
    search,
)
from mailproto.pop3 import commands as pop3_commands

HERE = Path(__file__).parent

SECRET = "s3cr3t-Tr0ub4dor"


def value_classes(module: Any) -> list[str]:
    """The public classes of *module* that have a wire form."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    found = []
    for name in names:
        cls = getattr(module, name)
        if inspect.isclass(cls) and hasattr(cls, "to_dict") and cls.__module__.startswith("mailproto"):
            found.append(name)
    return sorted(found)


#: Base classes, and what has no strategy because it never stands in a unit of its own.
WITHOUT = {
    "Command", "Response", "SearchKey", "Value", "QuotaResource",
    "BadCommand", "IdleDone", "LiteralAnnounced", "SaslResponse",
}  # fmt: skip


atoms, numbers, octets = written_responses.atoms, written_responses.numbers, written_responses.octets


def with_code(name: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    code = st.builds(responses.ResponseCode, st.just(name), value)
    return st.builds(responses.StatusResponse, st.none(), st.just("NO"), code, st.just("text"))


#: What the round trips do not build yet.
MORE = st.one_of(
    st.builds(responses.Enabled, st.lists(atoms, max_size=3).map(tuple)),
    st.builds(responses.Recent, st.integers(0, 2**32 - 1)),
    with_code(
        "INPROGRESS", st.builds(responses.InProgress, written_responses.tags, numbers, st.none() | numbers)
    ),
    with_code("MESSAGELIMIT", st.builds(responses.MessageLimit, numbers, st.none() | numbers)),
    with_code("METADATA", st.builds(responses.MetadataRefused, st.just("MAXSIZE"), numbers)),
    with_code("URLMECH", st.builds(responses.UrlMechanism, st.just("INTERNAL")).map(lambda only: (only,))),
)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (responses, written_responses.__file__),
        (commands, written_commands.__file__),
        (search, written_commands.__file__),
    ],
    ids=["responses", "commands", "search"],
)
def test_every_class_has_a_strategy(module: Any, source: str) -> None:
    """A class that the strategies of the round trips do not build would go untested by all of them."""
    text = Path(source).read_text() + Path(__file__).read_text()
    words = set(re.findall(r"\w+", text))
    assert [name for name in value_classes(module) if name not in words | WITHOUT] == []


def check(value: Any) -> None:
    dictionary = value.to_dict()
    assert json.loads(json.dumps(dictionary)) is not None
    json.dumps(value.to_dict(secrets=True))
    assert hash(value) == hash(copy.copy(value))
    for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert other == value
        assert type(other) is type(value)
        assert other.defects == value.defects
        assert bytes(other) == bytes(value)
    assert value != object()
    assert repr(value)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(written_responses.values | MORE)
def test_every_response(value: Any) -> None:
    check(value)
    assert parse_response(bytes(value)) == value
    for literals in ("sync", "plus", "minus"):
        assert b"".join(value.encode(literals=literals)) == bytes(value)
    wire = b"".join(value.encode(utf8=True))
    assert parse_response(wire) == value


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(written_commands.every_command)
def test_every_command(value: commands.Command) -> None:
    check(value)
    assert value.with_tag("other").with_tag(value.tag) == value
    again = parse_command(bytes(value))
    assert json.dumps(again.to_dict(secrets=True)) == json.dumps(value.to_dict(secrets=True))


def large() -> list[Any]:
    octets = b"x" * 1_000_000
    return [
        responses.Fetch(1, sections={"BODY[]": octets}, others={"X": octets, "Y": (octets, (octets,))}),
        responses.Fetch(1, envelope=responses.Envelope(subject=octets)),
        responses.Envelope(subject=octets, from_=(responses.Address(name=octets),)),
        responses.Address(name=octets),
        BodyStructure("A", "B", ((b"k", octets),), description=octets),
        responses.Id(((b"name", octets),)),
        responses.UnknownResponse("X", None, (octets, (octets,))),
        responses.StatusResponse(None, "OK", responses.ResponseCode("X", octets), "x" * 1_000_000),
        responses.SearchResult(SequenceSet(range(1, 1_000_000, 2))),
        SequenceSet(range(1, 1_000_000, 2)),
        responses.MailboxList("LIST", (), "/", "x" * 1_000_000),
        responses.Capability(tuple(f"X{n}" for n in range(100_000))),
        commands.Append("x", octets, tag="a"),
        commands.Login(octets, octets, tag="a"),
        commands.Select("x" * 1_000_000, tag="a"),
        commands.Id({f"name{n}": "x" * 1000 for n in range(30)}, tag="a"),
        commands.Search(search.Text("BODY", octets), tag="a"),
        commands.Fetch(SequenceSet(range(1, 1_000_000, 2)), "UID", tag="a"),
    ]


@pytest.mark.parametrize("value", large(), ids=lambda value: type(value).__name__)
def test_repr_is_bounded(value: Any) -> None:
    """A log line stays a line, whatever a peer put into a value."""
    assert len(repr(value)) < 20_000


SECRETS = [
    commands.Login("user", SECRET, tag="a"),
    commands.Authenticate("PLAIN", SECRET.encode(), tag="a"),
    commands.SaslResponse(SECRET.encode()),
    commands.Append("x", commands.AppendMessage(parts=[commands.CatenateUrl(SECRET)]), tag="a"),
    responses.GenUrlAuth((SECRET,)),
    responses.UrlFetch(((SECRET, b"x"),)),
    responses.StatusResponse(None, "NO", responses.ResponseCode("BADURL", SECRET)),
    pop3_commands.Pass(SECRET),
    pop3_commands.Apop("user", SECRET),
    pop3_commands.Auth("PLAIN", SECRET.encode()),
    pop3_commands.SaslResponse(SECRET.encode()),
    pop3_commands.UnknownCommand("PASSWORD", SECRET.encode()),
]


@pytest.mark.parametrize("value", SECRETS, ids=lambda value: type(value).__name__)
def test_no_secret_is_shown(value: Any) -> None:
    for shown in (repr(value), str(value), f"{value}", json.dumps(value.to_dict())):
        assert SECRET not in shown
        assert "czNjcjN0" not in shown  # nor in base64
    assert SECRET in json.dumps(value.to_dict(secrets=True))
    if isinstance(value, commands.Command):
        again = parse_command(bytes(value))
        assert SECRET not in repr(again)
    if isinstance(value, responses.Response):
        assert SECRET not in repr(parse_response(bytes(value)))
        assert SECRET not in str(parse_response(bytes(value)).to_dict())


def test_limits_and_errors_are_copied_and_pickled() -> None:
    for value in (Limits.server(), Limits()):
        assert pickle.loads(pickle.dumps(value)) == value
    with pytest.raises(ValueError, match="octet") as caught:
        parse_response(b"* LIST\r\n")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), vars(again)) == (type(caught.value), vars(caught.value))

"""Every command and search key: what is written is read back; nothing given leaves outside a literal."""

from __future__ import annotations

import datetime
import inspect
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailproto import ParseError
from mailproto.imap import CommandReader, MailboxName, SequenceSet, commands, parse_command, search
from mailproto.imap.commands_message import FETCH_ITEMS

ATOM_CHARS = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in '(){%*"\\]')
atoms = st.text(ATOM_CHARS, min_size=1, max_size=12)
tags = st.text(ATOM_CHARS.replace("+", "") + "]", min_size=1, max_size=8)
octets = st.binary(max_size=40).map(lambda data: data.replace(b"\0", b""))
ascii_text = st.text(st.characters(min_codepoint=1, max_codepoint=126), max_size=12).map(
    lambda text: text.replace("\r", "").replace("\n", "")
)
words = atoms.map(str.upper)
names = st.text(max_size=12).filter(
    lambda text: not re.search("[\0\r\n]", text) and not any("\ud800" <= c <= "\udfff" for c in text)
)
numbers = st.integers(1, 2**32 - 1)
ends = st.one_of(numbers, st.just("*"))
sets = st.one_of(
    st.lists(st.tuples(ends, ends), min_size=1, max_size=4).map(SequenceSet.from_ranges),
    st.just(SequenceSet("$")),
)
flags = st.one_of(atoms, atoms.map(lambda atom: "\\" + atom))
flag_lists = st.lists(flags, max_size=3)
dates = st.dates()
moments = st.datetimes(
    min_value=datetime.datetime(2, 1, 1),
    max_value=datetime.datetime(9998, 12, 31),
    timezones=st.integers(-1439, 1439).map(lambda m: datetime.timezone(datetime.timedelta(minutes=m))),
)
modseqs = st.integers(0, 2**63 - 1)

leaves = st.one_of(
    st.sampled_from(sorted(search.KEYS)).map(search.Key),
    st.builds(search.Keyword, atoms, st.booleans()),
    st.builds(search.Text, st.sampled_from(sorted(search.TEXT_KEYS)), octets),
    st.builds(search.Header, ascii_text, octets),
    st.builds(search.Date, st.sampled_from(sorted(search.DATE_KEYS)), dates),
    st.builds(search.Size, st.sampled_from(sorted(search.SIZE_KEYS)), st.integers(0, 2**32 - 1)),
    st.builds(search.Within, st.sampled_from(sorted(search.WITHIN_KEYS)), numbers),
    st.builds(search.Sequence, sets),
    st.builds(search.Uid, sets),
    st.builds(search.ModSeq, modseqs),
    st.builds(search.ModSeq, modseqs, ascii_text, st.sampled_from(["priv", "shared", "all"])),
)
keys = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(search.Not, inner),
        st.builds(search.Or, inner, inner),
        st.builds(search.And, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)
header_sections = st.builds(
    commands.Section,
    st.lists(numbers, max_size=3).map(tuple),
    st.sampled_from(["HEADER.FIELDS", "HEADER.FIELDS.NOT"]),
    st.lists(ascii_text, min_size=1, max_size=3).map(tuple),
    st.none() | st.tuples(st.integers(0, 2**32 - 1), numbers),
    st.booleans(),
)
plain_sections = st.builds(
    commands.Section,
    st.lists(numbers, min_size=1, max_size=3).map(tuple),
    st.sampled_from([None, "HEADER", "TEXT", "MIME"]),
    st.just(()),
    st.none() | st.tuples(st.integers(0, 2**32 - 1), numbers),
    st.booleans(),
)
items = st.one_of(st.sampled_from(sorted(FETCH_ITEMS)), header_sections, plain_sections)
messages = st.builds(commands.AppendMessage, octets, flag_lists, st.none() | moments)
list_returns = st.one_of(
    st.sampled_from(["SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "MYRIGHTS"]),
    st.tuples(st.just("STATUS"), st.lists(words, min_size=1, max_size=2).map(tuple)),
)
id_pairs = st.lists(
    st.tuples(octets.map(lambda o: o[:30]), st.none() | octets),
    max_size=3,
    unique_by=lambda pair: pair[0].lower(),
)


def build(cls: Any, *args: Any, **kwargs: Any) -> st.SearchStrategy[commands.Command]:
    return st.builds(cls, *args, tag=tags, **kwargs)


every_command = st.one_of(
    *(
        build(getattr(commands, name))
        for name in (
            "Capability",
            "Noop",
            "Logout",
            "StartTls",
            "Namespace",
            "Idle",
            "Check",
            "Close",
            "Unselect",
        )
    ),
    build(commands.Authenticate, words, st.none() | st.binary(max_size=30)),
    build(commands.Login, octets, octets),
    build(commands.Enable, st.lists(words, min_size=1, max_size=3)),
    build(commands.Select, names, st.booleans()),
    build(commands.Examine, names, st.booleans()),
    build(commands.Create, names, st.lists(atoms.map(lambda atom: "\\" + atom), max_size=2)),
    build(commands.Delete, names),
    build(commands.Rename, names, names),
    build(commands.Subscribe, names),
    build(commands.Unsubscribe, names),
    build(
        commands.List,
        names,
        st.lists(names, min_size=1, max_size=3),
        st.sampled_from([(), ("SUBSCRIBED",), ("REMOTE",), ("RECURSIVEMATCH", "SPECIAL-USE")]),
        st.lists(list_returns, max_size=3),
    ),
    build(commands.Lsub, names, names),
    build(commands.Status, names, st.lists(words, min_size=1, max_size=3)),
    build(commands.Append, names, st.lists(messages, min_size=1, max_size=3)),
    build(commands.Expunge),
    build(commands.Expunge, sets, st.just(True)),
    build(
        commands.Search,
        st.lists(keys, min_size=1, max_size=3),
        st.none() | ascii_text,
        st.booleans(),
        st.none() | st.lists(st.sampled_from(["MIN", "MAX", "ALL", "COUNT", "SAVE"]), max_size=3),
    ),
    build(
        commands.Fetch,
        sets,
        st.one_of(st.lists(items, min_size=1, max_size=4), st.sampled_from(["ALL", "FAST", "FULL"])),
        st.just(True),
        st.none() | st.integers(1, 2**63 - 1),
    ),
    build(commands.Fetch, sets, items, st.booleans()),
    build(commands.Fetch, sets, items, st.just(True), st.integers(1, 2**63 - 1), st.just(True)),
    build(
        commands.Store,
        sets,
        st.sampled_from(["FLAGS", "+FLAGS", "-FLAGS"]),
        flag_lists,
        st.booleans(),
        st.booleans(),
        st.none() | modseqs,
    ),
    build(commands.Copy, sets, names, st.booleans()),
    build(commands.Move, sets, names, st.booleans()),
    build(commands.Id, st.none() | id_pairs),
)


@settings(
    max_examples=600, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)
@given(every_command, st.sampled_from(["sync", "plus", "minus"]))
def test_commands_round_trip(command: commands.Command, literals: Any) -> None:
    assert parse_command(bytes(command)) == command
    wire = b"".join(f for f in command.encode(literals=literals) if isinstance(f, bytes))
    assert parse_command(wire) == command
    assert hash(parse_command(wire)) == hash(command)
    assert bytes(parse_command(wire)) == bytes(command)
    assert_contained(wire)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(every_command)
def test_commands_round_trip_in_utf8_mode(command: commands.Command) -> None:
    if isinstance(command, commands.Search) and (command.charset or "").upper() == "UTF-8":
        return  # not sent in this mode
    wire = b"".join(f for f in command.encode(utf8=True, literals="plus") if isinstance(f, bytes))
    assert parse_command(wire, utf8=True) == command


@settings(max_examples=300, deadline=None)
@given(keys)
def test_search_keys_round_trip(key: search.SearchKey) -> None:
    value = parse_command(bytes(commands.Search(key, tag="a")))
    assert isinstance(value, commands.Search)
    wanted = key if isinstance(key, search.And) else search.And([key])
    assert value.criteria == wanted


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.integers(1, 9))
def test_no_input_raises_and_chunks_make_no_difference(data: bytes, size: int) -> None:
    def values(step: int) -> list[str]:
        reader, found = CommandReader(), []
        for at in range(0, len(data), step):
            reader.feed(data[at : at + step])
            try:
                found += [repr(value) for value in reader]
            except ParseError as error:
                assert error.fatal
                found.append(repr(error))
        return found

    assert values(size) == values(len(data) or 1)


# ATTACKS 19: CR, LF and NUL in every argument of every command.


def assert_contained(wire: bytes) -> None:
    """CR, LF and NUL occur in *wire* as the ends of lines and inside literals, and nowhere else."""
    at = 0
    while True:
        end = wire.index(b"\r\n", at)
        line = wire[at:end]
        assert not re.search(rb"[\r\n\0]", line)
        literal = re.search(rb"\{(\d+)\+?\}$", line)
        if not literal:
            assert end + 2 == len(wire)
            return
        at = end + 2 + int(literal[1])


HOSTILE = [
    "x\r\nz LOGOUT",
    "x\nz LOGOUT\n",
    "x\rz",
    "x\0y",
    "\r\n",
    "x\r\n.\r\n",
    'x" (z\r\n',
    "{3}\r\nabc",
    "x\u2028y\u0085z\r\n",
]

#: A harmless value for each argument of each class, by name.
HARMLESS: dict[str, Any] = {
    "tag": "a",
    "mechanism": "PLAIN",
    "initial_response": b"x",
    "username": "u",
    "password": "p",
    "capabilities": ("X",),
    "mailbox": "m",
    "condstore": False,
    "special_use": ("\\Sent",),
    "new_name": "n",
    "reference": "",
    "patterns": ("*",),
    "pattern": "*",
    "selection_options": ("SUBSCRIBED",),
    "return_options": ("CHILDREN",),
    "items": ("UID",),
    "messages": (b"m",),
    "sequence_set": "1",
    "uid": True,
    "criteria": search.Key("ALL"),
    "charset": "UTF-8",
    "changed_since": 1,
    "vanished": False,
    "operation": "FLAGS",
    "flags": ("\\Seen",),
    "silent": False,
    "unchanged_since": 1,
    "parameters": {"a": "b"},
    "data": b"m",
    "date": None,
    "part": (1,),
    "text": "HEADER.FIELDS",
    "fields": ("A",),
    "partial": None,
    "peek": False,
    "name": None,
    "flag": "x",
    "negated": False,
    "value": "v",
    "field": "f",
    "octets": 1,
    "seconds": 1,
    "set": "1",
    "entry": "/flags/x",
    "entry_type": "all",
    "key": search.Key("ALL"),
    "left": search.Key("ALL"),
    "right": search.Key("ALL"),
    "keys": (search.Key("ALL"),),
}
KEY_NAMES = {"Key": "ALL", "Text": "FROM", "Date": "ON", "Size": "LARGER", "Within": "OLDER"}


def classes() -> list[type]:
    found = [
        cls
        for name in commands.__all__
        if isinstance(cls := getattr(commands, name), type)
        and (issubclass(cls, commands.Command) or name in ("AppendMessage", "Section"))
        and cls is not commands.Command
    ]
    found += [
        cls
        for cls in vars(search).values()
        if isinstance(cls, type) and issubclass(cls, search.SearchKey) and cls is not search.SearchKey
    ]
    return found


def harmless(cls: type) -> dict[str, Any]:
    arguments = {}
    for name in inspect.signature(cls).parameters:
        value = HARMLESS[name]
        if name == "name":
            value = KEY_NAMES[cls.__name__]
        elif name == "value" and cls is search.ModSeq:
            value = 1
        elif name == "date" and cls is search.Date:
            value = datetime.date(2024, 1, 1)
        elif name == "return_options" and cls is commands.Search:
            value = ("MIN",)
        arguments[name] = value
    return arguments


def carrier(value: Any) -> commands.Command:
    """A command with *value* in it."""
    if isinstance(value, commands.Command):
        return value
    if isinstance(value, commands.AppendMessage):
        return commands.Append("m", value, tag="a")
    if isinstance(value, commands.Section):
        return commands.Fetch("1", value, tag="a")
    return commands.Search(value, tag="a")


def variants(harmless_value: Any, hostile: str) -> list[Any]:
    """*hostile* in every shape that the argument may have."""
    shapes: list[Any] = [hostile, hostile.encode(), bytearray(hostile.encode()), MailboxName(hostile)]
    if isinstance(harmless_value, tuple | list):
        shapes += [(shape,) for shape in shapes] + [(*harmless_value, hostile)]
        shapes += [((hostile, ("X",)),), (("STATUS", (hostile,)),)]
    if isinstance(harmless_value, dict):
        shapes += [{hostile: "v"}, {"k": hostile}, [(hostile, hostile)], [(hostile.encode(), None)]]
    return shapes


@pytest.mark.parametrize("cls", classes(), ids=lambda cls: cls.__name__)
def test_attack_19_injection(cls: type) -> None:
    arguments = harmless(cls)
    assert_contained(bytes(carrier(cls(**arguments))))
    refused = sent = 0
    for name, value in arguments.items():
        for hostile in HOSTILE:
            for shape in variants(value, hostile):
                try:
                    built = cls(**{**arguments, name: shape})
                except (ValueError, TypeError):
                    refused += 1
                    continue
                for utf8 in (False, True):
                    for literals in ("sync", "plus", "minus"):
                        fragments = carrier(built).encode(utf8=utf8, literals=literals)  # type: ignore[arg-type]
                        wire = b"".join(f for f in fragments if isinstance(f, bytes))
                        assert_contained(wire)
                        back = parse_command(wire, utf8=utf8)
                        if not utf8:
                            assert back == carrier(built)
                        sent += 1
    assert refused + sent >= len(HOSTILE)
    # Secrets and text may hold CR and LF, and then leave in a literal: the test would be empty without any.
    if cls in (commands.Login, search.Text, search.Header):
        assert sent

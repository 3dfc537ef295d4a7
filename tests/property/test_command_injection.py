"""Commands from hostile arguments: nothing leaves that could change the structure around an argument."""

from __future__ import annotations

import datetime
import enum
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_command_round_trip import assert_contained, every_command
from test_pop3 import COMMANDS as POP3_COMMANDS
from tests.command_examples import EXAMPLES

import mailproto
from mailproto.imap import MailboxName, SequenceSet, commands, parse_command, search
from mailproto.imap.commands_base import Value
from mailproto.pop3 import commands as pop3_commands
from mailproto.pop3 import replies

# ATTACKS 19: CR, LF and NUL in every argument of every command.


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
    # What could change the structure around it.
    ") (z",
    "x)",
    "(x",
    'x" "y',
    "x\\",
    "x y",
    "~{1+}",
    "NIL",
    "",
    "*",
    "1:*",
    "x]y[z",
    "\x7f",
    "\x01",
]

ALL = search.Key("ALL")
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
    "qresync": None,
    "parameters": (commands.Parameter("X", ("y",)),),
    "special_use": ("\\Sent",),
    "new_name": "n",
    "reference": "",
    "patterns": ("*",),
    "pattern": "*",
    "selection_options": ("SUBSCRIBED",),
    "return_options": ("MIN",),
    "items": ("UID",),
    "messages": (b"m",),
    "message": b"m",
    "sequence_set": "1",
    "uid": True,
    "criteria": ALL,
    "charset": "UTF-8",
    "changed_since": 1,
    "vanished": False,
    "partial": None,
    "operation": "FLAGS",
    "flags": ("\\Seen",),
    "silent": False,
    "unchanged_since": 1,
    "labels": (),
    "data": b"m",
    "date": None,
    "part": (1,),
    "text": "HEADER.FIELDS",
    "fields": ("A",),
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
    "key": ALL,
    "left": ALL,
    "right": ALL,
    "keys": (ALL,),
    "id": "x",
    "sort_keys": ("DATE",),
    "algorithm": "REFERENCES",
    "sources": (commands.MailboxFilter("PERSONAL"),),
    "scope_options": (commands.Parameter("X"),),
    "tags": ("b",),
    "root": "r",
    "limits": {"STORAGE": 1},
    "identifier": "fred",
    "rights": "+lr",
    "entries": ("/a",),
    "max_size": 1,
    "depth": "1",
    "options": (commands.Parameter("X"),),
    "values": {"/a": "b"},
    "groups": (commands.EventGroup(commands.MailboxFilter("SELECTED"), ("MessageNew",), ("UID",)),),
    "status": True,
    "urls": ("imap://x/",),
    "url": "imap://x/",
    "mechanisms": ("INTERNAL",),
    "languages": ("de",),
    "comparators": ("i;octet",),
    "size": 1,
    "batches": (1, 2),
    "kind": "SUBTREE",
    "mailboxes": ("m",),
    "filter": commands.MailboxFilter("SELECTED"),
    "events": ("MessageNew",),
    "binary": False,
    "utf8": False,
    "parts": None,
    "uid_validity": 1,
    "modseq": 1,
    "known_uids": "1",
    "known_numbers": "1",
    "known_numbers_uids": "1",
}
#: Where the same name means another thing.
OTHERWISE: dict[tuple[str, str], Any] = {
    ("Id", "parameters"): {"a": "b"},
    ("List", "return_options"): ("CHILDREN",),
    ("Key", "name"): "ALL",
    ("Text", "name"): "FROM",
    ("Date", "name"): "ON",
    ("Date", "date"): datetime.date(2024, 1, 1),
    ("Size", "name"): "LARGER",
    ("Within", "name"): "OLDER",
    ("Filter", "name"): "x",
    ("ObjectId", "name"): "EMAILID",
    ("GmailId", "name"): "X-GM-MSGID",
    ("GmailId", "id"): 1,
    ("ModSeq", "value"): 1,
    ("Parameter", "name"): "X",
    ("Parameter", "value"): ("a", b"b", ("c",)),
    ("GenUrlAuth", "urls"): (("imap://x/", "INTERNAL"),),
}
#: Values that are not commands and occur inside them.
INSIDE: dict[type, Any] = {
    commands.AppendMessage: lambda value: commands.Append("m", value, tag="a"),
    commands.CatenateUrl: lambda value: commands.Append("m", commands.AppendMessage(parts=[value]), tag="a"),
    commands.Section: lambda value: commands.Fetch("1", value, tag="a"),
    commands.BinarySection: lambda value: commands.Fetch("1", value, tag="a"),
    commands.BinarySize: lambda value: commands.Fetch("1", value, tag="a"),
    commands.Parameter: lambda value: commands.Select("m", parameters=[value], tag="a"),
    commands.Qresync: lambda value: commands.Select("m", qresync=value, tag="a"),
    commands.MailboxFilter: lambda value: commands.ESearch(ALL, value, tag="a"),
    commands.EventGroup: lambda value: commands.Notify([value], tag="a"),
}
#: Not sent by a client as a command: lines of their own, and what a reader says about others.
NO_COMMAND = {"Command", "IdleDone", "SaslResponse", "LiteralAnnounced", "BadCommand"}


def classes() -> list[type]:
    found = [getattr(commands, name) for name in commands.__all__ if name not in NO_COMMAND]
    found += [
        cls
        for cls in vars(search).values()
        if isinstance(cls, type) and issubclass(cls, search.SearchKey) and cls is not search.SearchKey
    ]
    assert all(issubclass(cls, commands.Command | search.SearchKey) or cls in INSIDE for cls in found)
    return found


def harmless(cls: type) -> dict[str, Any]:
    return {
        name: OTHERWISE.get((cls.__name__, name), HARMLESS[name])
        if (cls.__name__, name) in OTHERWISE
        else HARMLESS[name]
        for name in inspect.signature(cls).parameters
    }


def carrier(value: Any) -> commands.Command:
    """A command with *value* in it."""
    if isinstance(value, commands.Command):
        return value
    if type(value) in INSIDE:
        return INSIDE[type(value)](value)  # type: ignore[no-any-return]
    return commands.Search(value, tag="a")


def variants(harmless_value: Any, hostile: str) -> list[Any]:
    """*hostile* in every shape that the argument may have."""
    shapes: list[Any] = [hostile, hostile.encode(), bytearray(hostile.encode()), MailboxName(hostile)]
    if isinstance(harmless_value, tuple | list):
        shapes += [(shape,) for shape in shapes] + [(*harmless_value, hostile)]
        shapes += [((hostile, ("X",)),), (("STATUS", (hostile,)),), (("METADATA", (hostile,)),)]
        shapes += [((hostile, "x"),), (("x", hostile),), ((hostile, (1, 2)),), ((hostile.encode(),),)]
        shapes += [(("/a", ("b", (hostile,))),), hostile.encode() * 2]
    if isinstance(harmless_value, dict):
        shapes += [{hostile: 1}, {"/k": hostile}, {"/k": hostile.encode()}]
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
    carriers = (commands.Login, commands.SetMetadata, commands.SetAcl, commands.GetQuota, commands.Parameter)
    if cls in (*carriers, commands.AppendMessage, search.Text, search.Header):
        assert sent


# Subclasses of int, str and bytes, which say of themselves what they like.


class Liar(str):
    """A str whose methods give something else than it holds."""

    __slots__ = ()

    def lie(self, *_: object) -> str:
        return "x\r\nz LOGOUT"

    upper = lower = strip = replace = removeprefix = join = __str__ = __format__ = lie  # type: ignore[assignment]

    def encode(self, *_: object, **__: object) -> bytes:
        return b"x\r\nz LOGOUT"

    def isascii(self) -> bool:
        return True

    def startswith(self, *_: object) -> bool:  # type: ignore[override]
        return True

    def __contains__(self, _: object) -> bool:
        return False

    def __iter__(self) -> Any:
        return iter("AB")

    def __len__(self) -> int:
        return 1

    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class LyingBytes(bytes):
    """Octets whose methods give other ones."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return False

    def __iter__(self) -> Any:
        return iter(b"AB")

    def __len__(self) -> int:
        return 1

    def __bytes__(self) -> bytes:
        return b"x\r\nz"

    def __getitem__(self, _: object) -> Any:
        return b"x\r\nz"

    def isascii(self) -> bool:
        return True

    def decode(self, *_: object, **__: object) -> str:
        return "x\r\nz"

    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class LyingBuffer(bytearray):
    """A buffer that says to be other octets."""

    def __bytes__(self) -> bytes:
        return LyingBytes(b"x\r\nz")


class LyingInt(int):
    """A number that is within all bounds, and is shown as what is none."""

    def lie(self, *_: object) -> str:
        return "1\r\nz LOGOUT"

    __str__ = __repr__ = __format__ = lie

    def __index__(self) -> int:
        return 7

    __int__ = __index__

    def __lt__(self, _: object) -> bool:
        return True

    __le__ = __gt__ = __ge__ = __eq__ = __lt__  # type: ignore[assignment]

    def __hash__(self) -> int:
        return 1


class LyingDate(datetime.date):
    """A date that is shown as what is none."""

    def __format__(self, _: str) -> str:
        return "x\r\nz"

    @property
    def year(self) -> int:  # type: ignore[override]
        return 99999


class LyingMoment(datetime.datetime):
    """A moment that is shown as what is none, of a zone that is none."""

    def __format__(self, _: str) -> str:
        return "x\r\nz"

    def utcoffset(self) -> datetime.timedelta:
        return datetime.timedelta(days=5, seconds=1)

    @property
    def year(self) -> int:  # type: ignore[override]
        return 99999

    def replace(self, *_: object, **__: object) -> Any:
        return "x\r\nz"

    astimezone = replace


class LyingName(MailboxName):
    """A mailbox name that says that it is another."""

    def __str__(self) -> str:
        return "x\r\nz"

    @property
    def wire(self) -> bytes:  # type: ignore[override]
        return b"x\r\nz"

    def encode(self, *_: object, **__: object) -> bytes:
        return b"x\r\nz"


def member(value: Any) -> Any:
    """*value* as a member of an enum, as constants are commonly kept."""
    return enum.Enum("Constant", {"ONE": value}, type=type(value)).ONE  # type: ignore[call-overload]


def disguised(value: Any, kind: int) -> Any:
    """*value* with each builtin in it in a subclass: a liar, or (*kind* 1) a member of an enum."""
    if value is None or isinstance(value, bool | SequenceSet):
        return value
    if isinstance(value, tuple):
        return tuple([disguised(item, kind) for item in value])
    if isinstance(value, MailboxName):
        return LyingName(value)
    if isinstance(value, datetime.datetime):
        parts = value.timetuple()[:6]
        return LyingMoment(*parts, tzinfo=value.tzinfo)
    if isinstance(value, datetime.date):
        return LyingDate(value.year, value.month, value.day)
    if isinstance(value, str | bytes | int) and kind == 1:
        return member(value)
    if isinstance(value, str):
        return Liar(value)
    if isinstance(value, bytes):
        return LyingBytes(value) if kind == 0 else LyingBuffer(value)
    if isinstance(value, int):
        return LyingInt(value)
    if isinstance(value, Value | pop3_commands.Command | replies.Reply):
        return rebuilt(value, kind)
    raise AssertionError(f"no disguise for {type(value).__name__}")


def rebuilt(value: Any, kind: int) -> Any:
    """*value* built again from its fields in disguise."""
    names = inspect.signature(type(value)).parameters
    return type(value)(**{name: disguised(getattr(value, name), kind) for name in names})


def assert_exact(value: Any, path: str) -> None:
    """All that *value* keeps is of exactly the builtin types, and its own."""
    if isinstance(value, tuple):
        assert type(value) is tuple, path
        for index, item in enumerate(value):
            assert_exact(item, f"{path}[{index}]")
    elif isinstance(value, str | bytes | int | datetime.date):
        exactly = {str, bytes, int, bool, MailboxName, datetime.date, datetime.datetime}
        assert type(value) in exactly, f"{path} is a {type(value).__name__}"
    elif value is not None and not isinstance(value, SequenceSet):
        for name in inspect.signature(type(value)).parameters:
            assert_exact(getattr(value, name), f"{path}.{name}")


def assert_same_in_disguise(value: Any, kind: int) -> None:
    """In disguise *value* is refused, or it is what it was, and goes out as it did."""
    try:
        again = rebuilt(value, kind)
    except (TypeError, ValueError):
        raise AssertionError(f"{value!r} was refused in disguise") from None
    assert_exact(again, type(value).__name__)
    assert again == value
    assert bytes(again) == bytes(value)
    assert again.encode() == value.encode()
    assert again.to_dict(secrets=True) == value.to_dict(secrets=True)
    assert repr(again) == repr(value)
    assert hash(again) == hash(value)


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: type(command).__name__)
def test_attack_19_subclasses_of_builtins(command: commands.Command, kind: int) -> None:
    assert_same_in_disguise(command, kind)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(every_command, st.integers(0, 2))
def test_attack_19_subclasses_of_builtins_in_any_command(command: commands.Command, kind: int) -> None:
    assert_same_in_disguise(command, kind)


@settings(max_examples=150, deadline=None)
@given(POP3_COMMANDS, st.integers(0, 2))
def test_attack_19_subclasses_of_builtins_in_pop3_commands(command: pop3_commands.Command, kind: int) -> None:
    assert_same_in_disguise(command, kind)


def test_what_lies_is_checked_by_what_it_holds() -> None:
    for made in (
        lambda: commands.Enable([Liar("a b")]),
        lambda: commands.Select(Liar("a\r\nb")),
        lambda: commands.Select(LyingName("a\0b")),
        lambda: commands.Noop(tag=Liar("a b")),
        lambda: commands.Login(LyingBytes(b"a\0b"), "p"),
        lambda: commands.Login(LyingBuffer(b"a\0b"), "p"),
        lambda: commands.Fetch(1, "ALL", changed_since=LyingInt(0)),
        lambda: commands.Fetch(LyingInt(0), "ALL"),
        lambda: commands.UidBatches(1, (LyingInt(0), LyingInt(-1))),
        lambda: search.Keyword(Liar("a)")),
        lambda: search.ModSeq(LyingInt(2**63)),
        lambda: pop3_commands.Pass(LyingBytes(b"a\r\nb")),
        lambda: pop3_commands.Retr(LyingInt(0)),
        lambda: pop3_commands.UnknownCommand(Liar("a b")),
        lambda: replies.Err("x", code=Liar("a b")),
        lambda: replies.Ok(Liar("a\r\nb")),
        lambda: replies.uidl(1, Liar("a b")),
        lambda: replies.capa([Liar("a\tb")]),
    ):
        with pytest.raises(ValueError):
            made()


@pytest.mark.parametrize("kind", [0, 1])
def test_pop3_replies_are_the_same_in_disguise(kind: int) -> None:
    def lie(value: Any) -> Any:
        return disguised(value, kind)

    for make, arguments in (
        (replies.Ok, ("text",)),
        (replies.Err, ("text",)),
        (replies.greeting, ("text",)),
        (replies.stat, (1, 2)),
        (replies.scan, (1, 2)),
        (replies.scan_listing, (((1, 2), (3, 4)), "text")),
        (replies.uidl, (1, "abc")),
        (replies.uidl_listing, (((1, "abc"), (2, "d")),)),
        (replies.capa, (("TOP", "SASL PLAIN"), "text")),
        (replies.mechanism_listing, (("PLAIN", "X"),)),
        (replies.lang, ("de", "Deutsch")),
        (replies.lang_listing, ((("de", "Deutsch"), ("en", "")),)),
        (replies.message, (b"a\r\n.b", "text")),
        (replies.Continuation, (b"abc=",)),
        (replies.Reply, ("+OK", "SYS/TEMP", "text", b"body\r\n")),
    ):
        plain: Any = make(*arguments)  # type: ignore[operator]
        made: Any = make(*lie(arguments))  # type: ignore[operator]
        assert bytes(made) == bytes(plain)
        assert made.to_dict() == plain.to_dict()
    stamped = replies.greeting(lie("x"), timestamp=lie("<1@a>"))
    assert bytes(stamped) == b"+OK x <1@a>\r\n"
    assert bytes(replies.Err(lie("x"), code=lie("SYS/TEMP"))) == b"-ERR [SYS/TEMP] x\r\n"


def test_what_a_check_returns_is_what_is_kept() -> None:
    # A check that is called for nothing but its error leaves the unchecked object in the value.
    root = Path(mailproto.__file__).parent
    for path in (*root.glob("imap/*.py"), *root.glob("pop3/*.py")):
        dropped = re.findall(r"^\s+(?:check|exact)\.\w+\(.*", path.read_text(), re.MULTILINE)
        assert not dropped, f"{path.name}: {dropped}"

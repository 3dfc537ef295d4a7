"""Odd arguments for every field of every response: refused, or taken into a value like any other."""

from __future__ import annotations

import datetime
import enum
import json
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest

from mailproto._core.response_code import CODES
from mailproto.imap import (
    Address,
    BodyStructure,
    Envelope,
    MailboxName,
    SequenceSet,
    parse_response,
    responses,
)
from mailproto.imap.responses import Fetch, MailboxList, ResponseCode, StatusResponse


class Three(int, enum.Enum):
    THREE = 3


class Word(str, enum.Enum):  # noqa: UP042 - not a StrEnum: its str() is another one
    SEEN = "SEEN"


class Text(str):
    """Says of itself what it does not hold."""

    def upper(self) -> str:
        return "X\r\nEVIL"

    def encode(self, *args: Any) -> bytes:
        return b"x\r\nEVIL"

    def isascii(self) -> bool:
        return True

    def __contains__(self, item: object) -> bool:
        return False

    def __iter__(self) -> Any:
        return iter("good")

    def __format__(self, spec: str) -> str:
        return "x\r\nEVIL"

    __str__ = lower = upper


class Octets(bytes):
    """The same."""

    def __contains__(self, item: object) -> bool:
        return False

    def __iter__(self) -> Any:
        return iter(b"good")

    def __bytes__(self) -> bytes:
        return b"x\r\nEVIL"

    def decode(self, *args: Any) -> str:
        return "x\r\nEVIL"


class Number(int):
    """The same."""

    def __format__(self, spec: str) -> str:
        return "3\r\nEVIL"

    def __lt__(self, other: object) -> bool:
        return False

    __str__ = lambda self: "3\r\nEVIL"  # noqa: E731
    __gt__ = __le__ = __ge__ = __lt__


class Pair(tuple):
    def __iter__(self) -> Any:
        return iter(("a\r\n", "b"))


UTC = datetime.UTC
ODD: list[Any] = [
    None, True, 0, -1, 3, 2**32, 2**63 - 1, 2**63, 2**64, 2**200, 1.5, Three.THREE, Number(3), b"", b"abc",
    b"a\r\nb", b"a\0b", b"\xff", b")", bytearray(b"ab"), memoryview(b"ab"), Octets(b"a\r\nb"),
    Octets(b"ab"), "", "abc", "a b", "NIL", "nil", "5", "a\r\nb", "a\0b", "a)", 'a"b', "a]b", "{3}", "\\",
    "\\Seen", "$", "*", "1:*", "[x", "[x] y", " x", "x ", "é", "\udcff", "\ud800", "(a b)", "OK", "FETCH",
    "UID", "BODY[]", "BODY[] X", "x" * 5000, Word.SEEN, Text("SEEN"), Text("a\r\nb"), Text("BODY[]"),
    MailboxName("a\r\nb"), MailboxName.from_wire(b"\0"), MailboxName.from_wire(b"&AOk"),
    MailboxName.from_wire(b"\xff"), [], ["a"], ("a",), (b"a",), (1,), (None,), ("a", 1), ("a", b"b"),
    (1, 2), (0, 1), (-1, -2), (1, -2), ((1, 2), "3"), ((1, 2), None), ((1, 2), "$"), (("a", "b"),),
    (("a", 1),), ((b"a", b"b"),), ((1, 2),), (("a",),), (("a", ["b"]),), (("a", 1.5),), (("ALL", 5),),
    (("TAG", b"x"),), (("UID", 3),), (("BINARY", 0),), ((b"u", (("BINARY", 0),)),),
    ((b"u", (("X", ()),)),), ((b"u", ()),), (Text("a\r\nb"),), (Word.SEEN,), (Three.THREE,),
    ((Text("a"), Number(1)),), Pair(("a", "b")), ((("a",),),), "ab", {"a"}, {}, {"a": 1}, {"a": [1]},
    {"a": b"b"}, {b"a": "b"}, {"A": 1, "a": 2}, {"MESSAGES": "x"}, {"MESSAGES": 2**64},
    {"MAILBOXID": "a b"}, {"MAILBOXID": "a"}, {"BODY[]": b"x"}, {"BODY[] X": b"x"},
    {"X": ("a", (b"b", 5, None))}, {Text("X"): Text("a\r\nb")}, {1: 2}, {"X": float("nan")}, SequenceSet(),
    SequenceSet("1:3"), SequenceSet("3:1,7,5:4"), SequenceSet("1:*"), SequenceSet("$"), range(3), iter(()),
    object(), int, datetime.datetime(2024, 1, 1), datetime.datetime(2024, 1, 1, 1, 2, 3, 4, tzinfo=UTC),
    datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(seconds=30))),
    ResponseCode("ALERT"), responses.Exists(1), responses.AppendUid(1, "2"),
    responses.UrlMechanism("INTERNAL"), (responses.UrlMechanism("INTERNAL"), "X"), responses.InProgress(),
    responses.NamespaceEntry("", "/"), (responses.NamespaceEntry("", "/"),),
    responses.QuotaResource("A", 1, 2), responses.ContextUpdate("ADDTO", ((1, "2"),)),
    (responses.ContextUpdate("ADDTO", ((1, "2"),)),), Address(b"a"), (Address(b"a"),), Envelope(),
    BodyStructure("A", "B"), (BodyStructure("A", "B"),), ("\\Seen", "\\*"), (("CHILDINFO", ("a",)),),
    (("OLDNAME", "a"),), (("OLDNAME", 5),), (("a", "NIL"),), ("a", None), ("a", (("b", "c"),)), ((), ()),
    b"(a)", b"(a", b"()", b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)',
]  # fmt: skip


def code(name: str) -> Callable[[Any], Any]:
    return lambda value: StatusResponse(None, "NO", ResponseCode(name, value), "x")


def coded(cls: Any, name: str, **fields: Any) -> tuple[Callable[..., Any], dict[str, Any]]:
    return lambda **given: StatusResponse(None, "NO", ResponseCode(name, cls(**given)), "x"), fields


def row(name: str) -> Callable[[Any], Any]:
    return lambda value: Fetch(1, **{name: value})


#: How each class is built, and good values for all of its fields.
R = responses
BUILT: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "StatusResponse": (
        R.StatusResponse,
        {"tag": None, "status": "OK", "code": None, "text": "x", "defects": (), "raw": None},
    ),
    "StatusResponse tagged": (
        R.StatusResponse,
        {"tag": "a", "status": "NO", "code": ResponseCode("ALERT"), "text": "x"},
    ),
    "Continuation": (R.Continuation, {"text": "x", "code": None}),
    "Continuation with a code": (R.Continuation, {"text": "x", "code": ResponseCode("ALERT")}),
    "Capability": (R.Capability, {"capabilities": ("A",)}),
    "Enabled": (R.Enabled, {"capabilities": ("A",)}),
    "Namespace": (R.Namespace, {"personal": (("", "/"),), "other": None, "shared": None}),
    "NamespaceEntry": (
        lambda **given: R.Namespace((R.NamespaceEntry(**given),), None, None),
        {"prefix": "a", "delimiter": "/", "extensions": (("X", (b"a",)),)},
    ),
    "Id": (R.Id, {"parameters": None}),
    "Language": (R.Language, {"tags": ("de",)}),
    "Comparator": (R.Comparator, {"active": "a", "matching": ("b",)}),
    "JmapAccess": (R.JmapAccess, {"url": b"x"}),
    "UnknownResponse": (R.UnknownResponse, {"name": "X", "number": 1, "values": ("a",)}),
    "UnknownResponse without number": (R.UnknownResponse, {"name": "X", "number": None, "values": ()}),
    "Exists": (R.Exists, {"count": 1}),
    "Recent": (R.Recent, {"count": 1}),
    "Expunge": (R.Expunge, {"seq": 1}),
    "Vanished": (R.Vanished, {"uids": "1", "earlier": False}),
    "MailboxFlags": (R.MailboxFlags, {"flags": ("a",)}),
    "MailboxStatus": (R.MailboxStatus, {"mailbox": "a", "items": {"MESSAGES": 1}}),
    "UidBatches": (R.UidBatches, {"tag": "a", "batches": ((2, 1),)}),
    "SearchResult": (R.SearchResult, {"numbers": "1", "modseq": None}),
    "SortResult": (R.SortResult, {"numbers": "1", "modseq": 2}),
    "ContextUpdate": (
        lambda **given: R.ESearch(updates=(R.ContextUpdate(**given),)),
        {"kind": "ADDTO", "changes": ((1, "2"),)},
    ),
    "ESearch": (
        R.ESearch,
        {
            "tag": "a",
            "uid": True,
            "all": "1",
            "min": 1,
            "max": 2,
            "count": 3,
            "modseq": 4,
            "partial": ((1, 2), "1"),
            "others": (),
            "mailbox": "a",
            "uidvalidity": 5,
            "updates": (),
            "relevancy": (1,),
            "correlators": (),
        },
    ),
    "QuotaResource": (
        lambda **given: R.Quota(b"", (R.QuotaResource(**given),)),
        {"name": "A", "usage": 1, "limit": 2},
    ),
    "Quota": (R.Quota, {"root": b"", "resources": (("A", 1, 2),)}),
    "QuotaRoot": (R.QuotaRoot, {"mailbox": "a", "roots": (b"a",)}),
    "Acl": (R.Acl, {"mailbox": "a", "rights": ((b"a", "l"),)}),
    "ListRights": (R.ListRights, {"mailbox": "a", "identifier": b"a", "required": "l", "optional": ("r",)}),
    "MyRights": (R.MyRights, {"mailbox": "a", "rights": "l"}),
    "Metadata": (R.Metadata, {"mailbox": "a", "values": {"/a": b"b"}, "entries": ()}),
    "Metadata as news": (R.Metadata, {"mailbox": "a", "values": None, "entries": ("/a",)}),
    "GenUrlAuth": (R.GenUrlAuth, {"urls": (b"a",)}),
    "UrlFetch": (R.UrlFetch, {"urls": ((b"a", b"b"),)}),
    "ThreadResult": (R.ThreadResult, {"nodes": ((0, 1),)}),
    "MailboxList": (
        MailboxList,
        {"kind": "LIST", "attributes": ("\\X",), "delimiter": "/", "mailbox": "a", "extended": (("X", 1),)},
    ),
    "Fetch": (
        Fetch,
        {
            "seq": 1,
            "uid": 2,
            "flags": ("a",),
            "modseq": 3,
            "internal_date": None,
            "size": 4,
            "envelope": None,
            "body": None,
            "body_structure": None,
            "sections": None,
            "preview": b"a",
            "save_date": None,
            "email_id": "a",
            "thread_id": "b",
            "gm_msgid": 5,
            "gm_thrid": 6,
            "gm_labels": ("a",),
            "others": {"X": 1},
        },
    ),
    "UIDFETCH": (Fetch, {"seq": None, "uid": 1, "flags": None}),
    "Address": (
        lambda **given: Fetch(1, envelope=Envelope(to=(Address(**given),))),
        {"name": None, "route": None, "mailbox": b"a", "host": b"b"},
    ),
    "Envelope": (
        lambda **given: Fetch(1, envelope=Envelope(**given)),
        dict.fromkeys(
            ("date", "subject", "from_", "sender", "reply_to", "to", "cc", "bcc", "in_reply_to", "message_id")
        ),
    ),
    "BodyStructure": (
        lambda **given: Fetch(1, body_structure=BodyStructure(**given)),
        {
            "type": "A",
            "subtype": "B",
            "params": (),
            "id": None,
            "description": None,
            "encoding": "7BIT",
            "size": 1,
            "lines": None,
            "md5": None,
            "disposition": None,
            "language": None,
            "location": None,
            "extensions": (),
            "envelope": None,
            "body": None,
            "parts": (),
            "extended": None,
        },
    ),
    "BodyStructure of text": (
        lambda **given: Fetch(1, body=BodyStructure(**given)),
        {"type": "TEXT", "subtype": "PLAIN", "size": 1, "lines": 2},
    ),
    "BodyStructure of a message": (
        lambda **given: Fetch(1, body_structure=BodyStructure("MESSAGE", "RFC822", **given)),
        {"envelope": Envelope(), "body": BodyStructure("A", "B"), "lines": 1, "extensions": (1,)},
    ),
    "BodyStructure of parts": (
        lambda **given: Fetch(1, body_structure=BodyStructure(**given)),
        {
            "subtype": "MIXED",
            "parts": (BodyStructure("A", "B"),),
            "params": ((b"a", b"b"),),
            "disposition": None,
            "location": None,
        },
    ),
    "ResponseCode": (
        lambda **given: StatusResponse(None, "OK", ResponseCode(**given), "x"),
        {"name": "X", "value": b"a"},
    ),
    "AppendUid": coded(R.AppendUid, "APPENDUID", uidvalidity=1, uids="1"),
    "CopyUid": coded(R.CopyUid, "COPYUID", uidvalidity=1, source="1", destination="2"),
    "UrlMechanism": (
        lambda **given: StatusResponse(
            None, "OK", ResponseCode("URLMECH", (R.UrlMechanism("INTERNAL"), R.UrlMechanism(**given))), "x"
        ),
        {"name": "X", "data": b"a"},
    ),
    "MetadataRefused": coded(R.MetadataRefused, "METADATA", reason="MAXSIZE", size=1),
    "MetadataRefused without size": coded(R.MetadataRefused, "METADATA", reason="TOOMANY", size=None),
    "InProgress": coded(R.InProgress, "INPROGRESS", tag="a", done=1, goal=2),
    "MessageLimit": coded(R.MessageLimit, "MESSAGELIMIT", limit=1, uid=2),
}

CASES = [
    pytest.param(make, fields, name, id=f"{cls}.{name}")
    for cls, (make, fields) in BUILT.items()
    for name in fields
]


def outside_literals(wire: bytes) -> bytes:
    """The octets of a response without the contents of its literals."""
    made = b""
    while found := re.search(rb"\{(\d+)\}\r\n(?!$)", wire, re.DOTALL):  # text may end like one
        made += wire[: found.start()] + b"{}"
        wire = wire[found.end() + int(found[1]) :]
    return made + wire


def check(value: Any) -> None:
    """All that a value promises."""
    assert "EVIL" not in repr(value)
    assert hash(value) == hash(pickle.loads(pickle.dumps(value)))
    assert pickle.loads(pickle.dumps(value)) == value
    json.dumps(value.to_dict(secrets=True))
    wire = bytes(value)
    plain = outside_literals(wire)
    assert plain.endswith(b"\r\n")
    assert not set(b"\r\n\0") & set(plain[:-2])
    assert b"EVIL" not in wire
    again = parse_response(wire)
    assert again == value
    assert type(again) is type(value)
    assert bytes(again) == wire or again.defects  # a list that is no envelope
    utf8 = b"".join(value.encode(utf8=True))
    assert not set(b"\r\n\0") & set(outside_literals(utf8)[:-2])


@pytest.mark.parametrize(("make", "fields", "name"), CASES)
def test_an_odd_argument_is_refused_or_taken_whole(make: Any, fields: dict[str, Any], name: str) -> None:
    check(make(**fields))
    failed = []
    for odd in ODD:
        try:
            value = make(**{**fields, name: odd})
        except (TypeError, ValueError):
            continue
        except Exception as error:
            failed.append((odd, repr(error)))
            continue
        try:
            check(value)
        except Exception as error:
            failed.append((odd, repr(value), repr(error)[:400]))
    assert not failed


@pytest.mark.parametrize("name", [*CODES, "X-OWN", "5", "a]b", "A B"])
def test_an_odd_argument_of_a_code(name: str) -> None:
    failed = []
    for odd in ODD:
        try:
            value = code(name)(odd)
        except (TypeError, ValueError):
            continue
        try:
            check(value)
        except Exception as error:
            failed.append((odd, repr(value), repr(error)[:400]))
    assert not failed

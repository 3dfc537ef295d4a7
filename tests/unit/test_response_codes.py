"""Response codes of every RFC: read, written, and checked where they are made in Python."""

from __future__ import annotations

from typing import Any

import pytest

from mailproto import ParseError
from mailproto._core.response_code import CODES
from mailproto.imap import MailboxName, SequenceSet, parse_response
from mailproto.imap.responses import (
    AppendUid,
    Continuation,
    CopyUid,
    InProgress,
    MessageLimit,
    MetadataRefused,
    ResponseCode,
    StatusResponse,
    UrlMechanism,
)

SAMPLES: list[tuple[bytes, str, Any]] = [
    (b"CAPABILITY IMAP4rev1 LITERAL+ AUTH=PLAIN", "CAPABILITY", ("IMAP4rev1", "LITERAL+", "AUTH=PLAIN")),
    (b"PERMANENTFLAGS (\\Deleted work \\*)", "PERMANENTFLAGS", ("\\Deleted", "work", "\\*")),
    (b"PERMANENTFLAGS ()", "PERMANENTFLAGS", ()),
    (b"UIDNEXT 4392", "UIDNEXT", 4392),
    (b"UIDVALIDITY 4294967295", "UIDVALIDITY", 2**32 - 1),
    (b"UNSEEN 12", "UNSEEN", 12),
    (b"HIGHESTMODSEQ 9223372036854775807", "HIGHESTMODSEQ", 2**63 - 1),
    (b"APPENDUID 38505 3955:3957", "APPENDUID", AppendUid(38505, SequenceSet("3955:3957"))),
    (
        b"COPYUID 1 304,319:320 3956:3958",
        "COPYUID",
        CopyUid(1, SequenceSet("304,319:320"), SequenceSet("3956:3958")),
    ),
    (b"MODIFIED 7,9", "MODIFIED", SequenceSet("7,9")),
    (b"MAILBOXID (F2212ea87-6097-4256-9d51-71338625)", "MAILBOXID", "F2212ea87-6097-4256-9d51-71338625"),
    (b"BADCHARSET (US-ASCII UTF-8)", "BADCHARSET", (b"US-ASCII", b"UTF-8")),
    (b"BADCHARSET", "BADCHARSET", ()),
    (b'NEWNAME old "new ]name"', "NEWNAME", (MailboxName("old"), MailboxName("new ]name"))),
    (b"REFERRAL IMAP://user;AUTH=*@SERVER2/", "REFERRAL", b"IMAP://user;AUTH=*@SERVER2/"),
    (
        b"URLMECH INTERNAL XSAMPLE=P34OKhO7VEkCbsiYY8rGEg==",
        "URLMECH",
        (
            UrlMechanism("INTERNAL"),
            UrlMechanism("XSAMPLE", bytes.fromhex("3f7e0e2a13bb5449026ec89863cac612")),
        ),
    ),
    (b'BADURL "/INBOX;UIDVALIDITY=1/;UID=2"', "BADURL", b'"/INBOX;UIDVALIDITY=1/;UID=2"'),
    (b'NOUPDATE "B02"', "NOUPDATE", "B02"),
    (b'NOUPDATE "a]b \\" c"', "NOUPDATE", 'a]b " c'),
    (b"METADATA LONGENTRIES 2199", "METADATA", MetadataRefused("LONGENTRIES", 2199)),
    (b"METADATA MAXSIZE 1024", "METADATA", MetadataRefused("MAXSIZE", 1024)),
    (b"METADATA TOOMANY", "METADATA", MetadataRefused("TOOMANY")),
    (b"METADATA NOPRIVATE", "METADATA", MetadataRefused("NOPRIVATE")),
    (b"BADEVENT (MailboxName FlagChange)", "BADEVENT", ("MailboxName", "FlagChange")),
    (b"UNDEFINED-FILTER on-the-road", "UNDEFINED-FILTER", "on-the-road"),
    (b'INPROGRESS ("A001" 454 1000)', "INPROGRESS", InProgress("A001", 454, 1000)),
    (b'INPROGRESS ("A001" 175 NIL)', "INPROGRESS", InProgress("A001", 175)),
    (b'INPROGRESS ("A001" NIL NIL)', "INPROGRESS", InProgress("A001")),
    (b"INPROGRESS", "INPROGRESS", InProgress()),
    (b"MESSAGELIMIT 1000 23221", "MESSAGELIMIT", MessageLimit(1000, 23221)),
    (b"MESSAGELIMIT 1000", "MESSAGELIMIT", MessageLimit(1000)),
    *((name.encode(), name, None) for name, (kind, _) in CODES.items() if kind == "plain"),
    (b"X-OWN", "X-OWN", None),
    (b'X-OWN (a "b c" d)', "X-OWN", b'(a "b c" d)'),
]


@pytest.mark.parametrize(("wire", "name", "value"), SAMPLES, ids=[repr(w)[:40] for w, _, _ in SAMPLES])
def test_each_code_both_ways(wire: bytes, name: str, value: Any) -> None:
    read = parse_response(b"* NO [" + wire + b"] why\r\n", strict=True)
    assert (read.code.name, read.code.value, read.text) == (name, value, "why")
    made = StatusResponse(None, "NO", ResponseCode(name.lower(), value), "why")
    assert made == read
    assert bytes(made) == b"* NO [" + wire + b"] why\r\n"
    assert bytes(made.code) == b"[" + wire + b"]"  # type: ignore[arg-type]
    assert parse_response(b"A1 NO [" + wire.lower() + b"] why\r\n").code.name == name
    read.to_dict()
    hash(read)


def test_every_code_of_the_table_has_a_sample() -> None:
    assert {name for _, name, _ in SAMPLES} >= set(CODES)
    assert all(rfc > 0 for _, rfc in CODES.values())


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        (b"UIDNEXT abc", b"abc"),
        (b"UIDNEXT", None),
        (b"ALERT now", b"now"),
        (b"APPENDUID 1", b"1"),
        (b"APPENDUID 1 0", b"1 0"),
        (b"COPYUID 1 2", b"1 2"),
        (b"MODIFIED x", b"x"),
        (b"MAILBOXID (a b)", b"(a b)"),
        (b"MAILBOXID ()", b"()"),
        (b"METADATA LONGENTRIES", b"LONGENTRIES"),
        (b"METADATA TOOMANY 3", b"TOOMANY 3"),
        (b'INPROGRESS ("A" 1)', b'("A" 1)'),
        (b"INPROGRESS 4", b"4"),
        (b"MESSAGELIMIT", None),
        (b"MESSAGELIMIT 1 2 3", b"1 2 3"),
        (b"URLMECH XSAMPLE", b"XSAMPLE"),
        (b"URLMECH INTERNAL X=?", b"INTERNAL X=?"),
        (b"BADEVENT x", b"x"),
        (b"BADEVENT ()", b"()"),
        (b"NOUPDATE NIL", b"NIL"),
        (b"NOUPDATE A01", b"A01"),
        (b"NEWNAME a", b"a"),
        (b"BADURL", None),
    ],
)
def test_a_known_code_with_another_argument_keeps_its_bytes(wire: bytes, value: bytes | None) -> None:
    data = b"* NO [" + wire + b"] why\r\n"
    read = parse_response(data)
    assert read.code.value == value
    assert "bad-code" in read.defects
    assert parse_response(bytes(read)) == read
    with pytest.raises(ParseError) as caught:
        parse_response(data, strict=True)
    assert data[caught.value.offset - 1 :].startswith((b" ", b"X", b"T", b"L", b"]", wire[-1:]))


#: What must not get out: an end of the line or of the code, a string left open.
EVIL = ("a\r\nb", "a\nb", "a\0b", "a]b", 'a "b', "a\r")


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("name", [*CODES, "X-OWN"])
def test_20_no_argument_splits_the_response(name: str, evil: str) -> None:
    for value in (evil, evil.encode(), (evil,), (evil.encode(),), (evil, evil)):
        try:
            code = ResponseCode(name, value)
            wire = bytes(StatusResponse(None, "OK", code, "text"))
        except (TypeError, ValueError):
            continue
        read = parse_response(wire)
        assert read.code == code
        assert read.text == "text"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UIDNEXT", 0),
        ("UIDNEXT", True),
        ("UIDNEXT", "1"),
        ("UIDNEXT", None),
        ("UIDVALIDITY", 2**32),
        ("HIGHESTMODSEQ", 2**63),
        ("ALERT", 1),
        ("CAPABILITY", "IMAP4rev1"),
        ("CAPABILITY", ("a b",)),
        ("PERMANENTFLAGS", ("a]",)),
        ("BADCHARSET", (5,)),
        ("APPENDUID", (1, "2")),
        ("COPYUID", None),
        ("MODIFIED", ()),
        ("MAILBOXID", "a b"),
        ("MAILBOXID", "x" * 256),
        ("MAILBOXID", b"x"),
        ("NOUPDATE", ""),
        ("BADEVENT", ()),
        ("URLMECH", (UrlMechanism("X"),)),
        ("METADATA", "TOOMANY"),
        ("MESSAGELIMIT", 5),
        ("INPROGRESS", 5),
        ("NEWNAME", ("a",)),
        ("BADURL", ""),
        ("X-OWN", 5),
        ("X-OWN", " x"),
        ("X OWN", None),
        ("X]OWN", None),
        ("", None),
    ],
)
def test_codes_from_python_are_checked(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        ResponseCode(name, value)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (AppendUid, (0, "1")),
        (AppendUid, (1, "")),
        (CopyUid, (1, "1", "")),
        (CopyUid, ("1", "1", "1")),
        (UrlMechanism, ("A=B",)),
        (UrlMechanism, ("A", "x")),
        (MetadataRefused, ("OTHER",)),
        (MetadataRefused, ("TOOMANY", 1)),
        (MetadataRefused, ("MAXSIZE",)),
        (MetadataRefused, ("MAXSIZE", -1)),
        (InProgress, ("a b",)),
        (InProgress, ("A", -1)),
        (InProgress, ("A", 1, 2**63)),
        (MessageLimit, (0,)),
        (MessageLimit, (1, 0)),
    ],
)
def test_arguments_from_python_are_checked(kind: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises((TypeError, ValueError)):
        kind(*arguments)


@pytest.mark.parametrize("text", ["[UIDNEXT 5] x", " [UIDNEXT 5] x", "   [x"])
def test_text_is_no_code(text: str) -> None:
    with pytest.raises(ValueError, match="response code"):
        StatusResponse(None, "OK", None, text)
    with pytest.raises(ValueError, match="response code"):
        Continuation(text)
    read = parse_response(b"* OK  [no end\r\n")
    assert (read.text, read.defects) == (" [no end", ())
    assert parse_response(bytes(read)) == read

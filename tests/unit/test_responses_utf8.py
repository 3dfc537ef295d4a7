"""Mailbox names of responses once UTF8=ACCEPT or IMAP4rev2 is enabled: UTF-8, not modified UTF-7."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproto import NEED_DATA, ParseError
from mailproto.imap import ResponseReader, parse_response, parse_response_prefix
from mailproto.imap.responses import (
    Acl,
    ESearch,
    Fetch,
    ListRights,
    MailboxList,
    MailboxName,
    MailboxStatus,
    Metadata,
    MyRights,
    Namespace,
    NamespaceEntry,
    QuotaRoot,
    ResponseCode,
    StatusResponse,
)

NAMES = ["Tom&-Jerry", "Tom&Jerry", "&", "&-", "&AOk-", "R&D é", "é&AOk-", 'a"\\&-', "INBOX", "a b&-", ""]

#: Octets of names and what they are in each mode: modified UTF-7, then UTF-8.
WIRE = [
    (b"Tom&-Jerry", "Tom&Jerry", "Tom&-Jerry"),
    (b"&", "&", "&"),
    (b"&-", "&", "&-"),
    (b"Hello&-AP8-world", "Hello&AP8-world", "Hello&-AP8-world"),
    (b"&AP8-", "ÿ", "&AP8-"),
    (b"inbox", "INBOX", "INBOX"),
]


def named(name: str) -> list[Any]:
    """Every response that holds a mailbox's name, with that name."""
    return [
        MailboxList("LIST", (), "/", name),
        MailboxList("LSUB", (), "/", name, (("OLDNAME", name),)),
        MailboxStatus(name, {"MESSAGES": 3}),
        MailboxStatus(name, {"MAILBOXID": "F1"}),
        Namespace(((name, "/"),), None, ((name, None), ("x", "."))),
        QuotaRoot(name, ("root",)),
        Acl(name, (("fred", "lr"),)),
        ListRights(name, "fred", "l", ("r",)),
        MyRights(name, "lr"),
        Metadata(name, {"/private/comment": b"x"}),
        ESearch(mailbox=name, uidvalidity=1),
        Fetch(1, gm_labels=(name or "x", "\\Inbox")),
        StatusResponse(None, "NO", ResponseCode("NEWNAME", (name, "b")), "x"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_out_in_a_mode_comes_back_in_it(name: str) -> None:
    for value in named(name):
        for utf8 in (False, True):
            wire = b"".join(value.encode(utf8=utf8))
            read = parse_response(wire, utf8=utf8, strict=True)
            assert read == value, wire
            assert read.encode(utf8=utf8) == value.encode(utf8=utf8)
            assert parse_response(bytes(read)) == value
            assert parse_response_prefix(wire + b"* ", utf8=utf8) == (value, len(wire))


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.just("&"), max_size=12), st.booleans())
def test_any_name_comes_back(name: str, utf8: bool) -> None:
    for value in named(name):
        assert parse_response(b"".join(value.encode(utf8=utf8)), utf8=utf8) == value


@pytest.mark.parametrize(("wire", "utf7", "utf8"), WIRE)
@pytest.mark.parametrize("form", [b"%s", b'"%s"', b"{%d}\r\n%s"], ids=["atom", "quoted", "literal"])
def test_the_mode_says_what_the_octets_are(wire: bytes, utf7: str, utf8: str, form: bytes) -> None:
    name = form % ((len(wire), wire) if b"{" in form else wire)
    line = b'* LIST () "/" %s\r\n* STATUS %s (MESSAGES 1)\r\n' % (name, name)
    for mode, expected in ((False, utf7), (True, utf8)):
        reader = ResponseReader(utf8=mode)
        reader.feed(line)
        listed, status = reader
        assert listed.mailbox == status.mailbox == expected
        assert listed.mailbox.encode_wire(utf8=mode) in (wire, b"INBOX")
    assert parse_response(b'* LIST () "/" %s\r\n' % name).mailbox == utf7


def test_a_literal_of_utf8_has_no_defect_in_utf8_mode() -> None:
    line = b'* LIST () "/" {5}\r\nR&\xc3\xa9!\r\n'
    assert parse_response(line).defects == ("mailbox-8bit",)
    with pytest.raises(ParseError, match="mailbox-8bit"):
        parse_response(line, strict=True)
    read = parse_response(line, utf8=True, strict=True)
    assert (read.mailbox, read.defects) == ("R&é!", ())
    assert parse_response(b"".join(read.encode(utf8=True)), utf8=True, strict=True) == read


def test_what_modified_utf7_calls_odd_is_a_name_in_utf8_mode() -> None:
    for wire in (b"&ACE-", b"&Jjo", b"R&D"):
        line = b"* STATUS %s (UNSEEN 1)\r\n" % wire
        with pytest.raises(ParseError, match="mailbox-"):
            parse_response(line, strict=True)
        read = parse_response(line, utf8=True, strict=True)
        assert read.mailbox == wire.decode() and not read.mailbox.defects


@pytest.mark.parametrize(
    "line", [b'* LIST () "/" "a&-\xff"\r\n', b'* NAMESPACE (("a&-\xff" "/")) NIL NIL\r\n']
)
def test_octets_that_are_no_utf8_go_back_as_they_came(line: bytes) -> None:
    read = parse_response(line, utf8=True)
    assert "mailbox-undecodable" in read.defects
    with pytest.raises(ParseError):
        parse_response(line, utf8=True, strict=True)
    name = read.mailbox if isinstance(read, MailboxList) else read.personal[0].prefix
    assert name.wire == name.encode_wire(utf8=True) == b"a&-\xff"
    assert pickle.loads(pickle.dumps(name)).wire == b"a&-\xff"
    for utf8 in (False, True):
        assert parse_response(b"".join(read.encode(utf8=utf8)), utf8=utf8) == read


def test_the_mode_of_a_reader_holds_for_what_is_read_from_then_on() -> None:
    line = b"* 1 FETCH (X-GM-LABELS (a&-) UID 1)\r\n"
    reader = ResponseReader()
    assert reader.utf8 is False
    reader.feed(line * 3)
    first = reader.next()
    reader.utf8 = True
    assert reader.utf8 is True
    second = reader.next()
    reader.utf8 = False
    third = reader.next()
    assert [row.gm_labels for row in (first, second, third)] == [("a&",), ("a&-",), ("a&",)]
    assert reader.next() is NEED_DATA
    assert ResponseReader(utf8=True).utf8 is True


def test_the_mode_is_a_bool() -> None:
    reader = ResponseReader()
    wrong: Any = "yes"
    with pytest.raises(TypeError, match="utf8"):
        reader.utf8 = wrong
    with pytest.raises(TypeError, match="utf8"):
        ResponseReader(utf8=wrong)
    with pytest.raises(TypeError, match="utf8"):
        parse_response(b"* OK x\r\n", utf8=wrong)
    unmade = ResponseReader.__new__(ResponseReader)
    assert unmade.utf8 is False
    with pytest.raises(TypeError, match="__init__"):
        unmade.utf8 = True


def test_a_prefix_goes_out_in_the_mode_of_the_session() -> None:
    value = Namespace((("Größe&/", "/"),), None, None)
    assert bytes(value) == b'* NAMESPACE (("Gr&APYA3w-e&-/" "/")) NIL NIL\r\n'
    assert b"".join(value.encode(utf8=True)) == '* NAMESPACE (("Größe&/" "/")) NIL NIL\r\n'.encode()
    assert isinstance(value.personal and value.personal[0], NamespaceEntry)


def test_a_name_that_a_quoted_string_cannot_hold_stays_hidden_in_a_code() -> None:
    """NEWNAME has no literals: CR, LF and NUL never leave."""
    read = parse_response(b"* NO [NEWNAME a&AA0ACgAA-b c] x\r\n")
    assert read.code.value[0] == "a\r\n\0b"
    assert b"".join(read.encode(utf8=True)).count(b"\r\n") == 1
    assert isinstance(read.code.value[0], MailboxName)

"""What is no grammar and read all the same: each leaves its defect, and a strict reader refuses it."""

from __future__ import annotations

import contextlib

import pytest

from mailproto.errors import ParseError
from mailproto.imap import ResponseReader, parse_response
from mailproto.imap.responses import Exists, StatusResponse

#: A unit, the one defect that it has, and the same without it.
ODD = [
    # the head
    (b"* 7 FETCH(UID 1)", "missing-space", b"* 7 FETCH (UID 1)"),
    (b"* OK[LIMIT] x", "missing-space", b"* OK [LIMIT] x"),
    (b"a NO[LIMIT] x", "missing-space", b"a NO [LIMIT] x"),
    (b"*  OK x", "extra-space", b"* OK x"),
    (b"* OK  [UIDNEXT 5] x", "extra-space", b"* OK [UIDNEXT 5] x"),
    (b"a NO   [LIMIT] x", "extra-space", b"a NO  x [LIMIT]"),
    (b"* NO  [BADCHARSET ({1}\r\na)] x", "extra-space", b"* NO [BADCHARSET ({1}\r\na)] x"),
    (b"+  [ALERT] x", "extra-space", b"+ [ALERT] x"),
    (b"a  OK x", "extra-space", b"a OK x"),
    (b"* 7  EXISTS", "extra-space", b"* 7 EXISTS"),
    (b"* FLAGS(a)", "missing-space", b"* FLAGS (a)"),
    (b'* LIST() "/" a', "missing-space", b'* LIST () "/" a'),
    (b"* X-FOO(a)", "missing-space", b"* X-FOO (a)"),
    # flags
    (b"* 1 FETCH (FLAGS ( a))", "extra-space", b"* 1 FETCH (FLAGS (a))"),
    (b"* 1 FETCH (FLAGS (a  b))", "extra-space", b"* 1 FETCH (FLAGS (a b))"),
    (b"* 1 FETCH (FLAGS (a ))", "extra-space", b"* 1 FETCH (FLAGS ())"),
    (rb"* 1 FETCH (FLAGS (\))", "bad-flag", rb"* 1 FETCH (FLAGS (\A))"),
    (rb"* 1 FETCH (FLAGS (\*))", "bad-flag", rb"* 1 FETCH (FLAGS (\Seen))"),
    (rb"* 1 FETCH (FLAGS (a*))", "bad-flag", rb"* 1 FETCH (FLAGS (a))"),
    (rb"* 1 FETCH (FLAGS (a\b))", "bad-flag", rb"* 1 FETCH (FLAGS (a|b))"),
    (rb"* 1 FETCH (FLAGS (x a%b))", "bad-flag", rb"* 1 FETCH (FLAGS (x a[b))"),
    (rb"* 1 FETCH (FLAGS (a]))", "bad-flag", rb"* 1 FETCH (FLAGS (a}))"),
    (b"* 1 FETCH (FLAGS (\\Se\xffn))", "8-bit", rb"* 1 FETCH (FLAGS (\Seen))"),
    (rb'* 1 FETCH (FLAGS (\Seen "\\Draft"))', "bad-flag", rb"* 1 FETCH (FLAGS (\Seen \Draft))"),
    (rb'* FLAGS ("\\Seen")', "bad-flag", rb"* FLAGS (\Seen)"),
    (rb'* LIST ("\\Noselect") "/" a', "bad-flag", rb'* LIST (\Noselect) "/" a'),
    (rb"* FLAGS (\Seen \*)", "bad-flag", rb"* FLAGS (\Seen)"),
    (rb"* FLAGS (a]b x)", "bad-flag", rb"* FLAGS (a[b x)"),
    (rb"* OK [PERMANENTFLAGS (\Seen\x)] x", "bad-flag", rb"* OK [PERMANENTFLAGS (\Seen \*)] x"),
    (rb"* OK [PERMANENTFLAGS (a%b)] x", "bad-flag", rb"* OK [PERMANENTFLAGS (a b)] x"),
    (rb"* OK [PERMANENTFLAGS (a  b)] x", "extra-space", rb"* OK [PERMANENTFLAGS (a b)] x"),
    (rb'* LIST (\) "/" a', "bad-flag", rb'* LIST (\X) "/" a'),
    (rb'* LIST (foo) "/" a', "bad-flag", rb'* LIST (\foo) "/" a'),
    (rb'* LSUB (\a%b) "/" a', "bad-flag", rb'* LSUB (\a-b) "/" a'),
    # response codes
    (b"* OK [UIDNEXT  5] x", "extra-space", b"* OK [UIDNEXT 5] x"),
    (b"* OK [UIDNEXT 5 ] x", "extra-space", b"* OK [UIDNEXT 5] x"),
    (b"* OK [ UIDNEXT 5] x", "extra-space", b"* OK [UIDNEXT 5] x"),
    (b"* OK [ALERT ] x", "extra-space", b"* OK [ALERT] x"),
    (b"* OK [] x", "bad-code", b"* OK [X] x"),
    (b"* OK [UIDNEXT 05] x", "bad-number", b"* OK [HIGHESTMODSEQ 05] x"),
    (b"* OK [UIDNEXT 4294967296] x", "bad-number", b"* OK [UIDNEXT 4294967295] x"),
    (b"* OK [APPENDUID (5) (1:3)] x", "bad-code", b"* OK [APPENDUID 5 1:3] x"),
    (b"* OK [APPENDUID 5 *] x", "bad-code", b"* OK [APPENDUID 5 7] x"),
    (b"* OK [COPYUID 5 1:* 4:*] x", "bad-code", b"* OK [COPYUID 5 1:3 4:6] x"),
    (b"* OK [COPYUID 5 1:3 4:9] x", "bad-value", b"* OK [COPYUID 5 3:1,7 4:7] x"),
    (b"* OK [COPYUID 0 1 2] x", "bad-number", b"* OK [COPYUID 1 1 2] x"),
    (b"* OK [INPROGRESS (abc 1 2)] x", "atom-for-string", b'* OK [INPROGRESS ("abc" 1 2)] x'),
    (b"* OK [INPROGRESS (NIL  1 2)] x", "extra-space", b"* OK [INPROGRESS (NIL 1 2)] x"),
    (b'* OK [MAILBOXID ("a")] x', "bad-value", b"* OK [MAILBOXID (a)] x"),
    (b"* NO [BADCHARSET ()] x", "bad-value", b"* NO [BADCHARSET (a)] x"),
    (b"* OK [NOUPDATE A01] x", "bad-code", b'* OK [NOUPDATE "A01"] x'),
    (b"* OK [NOUPDATE NIL] x", "bad-code", b'* OK [NOUPDATE "NIL"] x'),
    (b"* OK [BADEVENT ()] x", "bad-code", b"* OK [BADEVENT (a)] x"),
    (b"* OK [CAPABILITY] x", "bad-value", b"* OK [CAPABILITY IMAP4rev1] x"),
    (b"* OK [CAPABILITY a b%] x", "bad-value", b"* OK [CAPABILITY a b] x"),
    (b"* OK [CAPABILITY a  b] x", "extra-space", b"* OK [CAPABILITY a b] x"),
    (b"* OK [MESSAGELIMIT 0 0] x", "bad-number", b"* OK [MESSAGELIMIT 1 1] x"),
    (b'* OK [X-FOO (a "]" b)] x', "unclosed-code", b'* OK [X-FOO (a "[" b)] x'),
    # dates
    (
        b'* 1 FETCH (INTERNALDATE "7-Jul-1996 02:44:25 -0700")',
        "bad-date",
        b'* 1 FETCH (INTERNALDATE " 7-Jul-1996 02:44:25 -0700")',
    ),
    (b"* 1 FETCH (UID 1 INTERNALDATE NIL)", "bad-date", b"* 1 FETCH (UID 1 SAVEDATE NIL)"),
    (
        b"* 1 FETCH (INTERNALDATE {26}\r\n07-Jul-1996 02:44:25 -0700)",
        "bad-date",
        b'* 1 FETCH (INTERNALDATE "07-Jul-1996 02:44:25 -0700")',
    ),
    # sections
    *(
        (b"* 1 FETCH (" + odd + b' "x")', "bad-section", b"* 1 FETCH (" + plain + b' "x")')
        for odd, plain in (
            (b"BODY[FOO]", b"BODY[TEXT]"),
            (b"BODY[HEADER.FIELDS]", b"BODY[HEADER]"),
            (b"BODY[HEADER.FIELDS ()]", b'BODY[HEADER.FIELDS (a "b c")]'),
            (b"BODY[HEADER (a)]", b"BODY[HEADER.FIELDS.NOT (a])]"),
            (b"BODY[0]", b"BODY[10]"),
            (b"BODY[1.0]", b"BODY[1.10.HEADER.FIELDS (a)]"),
            (b"BODY[1..2]", b"BODY[1.2]"),
            (b"BODY[1.]", b"BODY[1.TEXT]"),
            (b"BODY[MIME]", b"BODY[2.MIME]"),
            (b"BODY[]<abc>", b"BODY[]<0>"),
            (b"BODY[]<1.2>", b"BODY[]<12>"),
            (b"BODY[]<>", b"BODY[]"),
            (b"BODY[HEADER.FIELDS  (a)]", b"BODY[HEADER.FIELDS (a)]"),
            (b"BINARY[HEADER]", b"BINARY[1.2]<5>"),
        )
    ),
    (b"* 1 FETCH (BINARY.SIZE[TEXT] 5)", "bad-section", b"* 1 FETCH (BINARY.SIZE[1] 5)"),
    # literal8
    (b"* 1 FETCH (BODY[] ~{1}\r\na)", "bad-value", b"* 1 FETCH (BINARY[] ~{1}\r\na)"),
    (b"* 1 FETCH (RFC822 ~{1}\r\na)", "bad-value", b"* 1 FETCH (RFC822 {1}\r\na)"),
    (b"* 1 FETCH (PREVIEW ~{1}\r\na)", "bad-value", b"* 1 FETCH (PREVIEW {1}\r\na)"),
    (
        b"* 1 FETCH (ENVELOPE (~{1}\r\na NIL NIL NIL NIL NIL NIL NIL NIL NIL))",
        "bad-value",
        b"* 1 FETCH (ENVELOPE ({1}\r\na NIL NIL NIL NIL NIL NIL NIL NIL NIL))",
    ),
    # other items of FETCH
    (b"* 1 FETCH ()", "bad-value", b"* 1 FETCH (UID 1)"),
    (b"* 1 FETCH (EMAILID (a.b))", "bad-value", b"* 1 FETCH (EMAILID (a-b))"),
    (b"* 1 FETCH (THREADID (a$))", "bad-value", b"* 1 FETCH (THREADID (a_))"),
    (
        b"* 1 FETCH (ENVELOPE (NIL NIL () NIL NIL NIL NIL NIL NIL NIL))",
        "bad-value",
        b"* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))",
    ),
    (
        b'* 1 FETCH (BODY ("text" "plain" () NIL NIL "7bit" 1 1))',
        "bad-value",
        b'* 1 FETCH (BODY ("text" "plain" NIL NIL NIL "7bit" 01 1))',
    ),
    (
        b'* 1 FETCH (BODYSTRUCTURE ("a" "b" NIL NIL NIL "7bit" 1 NIL ("a" ()) NIL NIL))',
        "bad-value",
        b'* 1 FETCH (BODYSTRUCTURE ("a" "b" NIL NIL NIL "7bit" 1 NIL ("a" NIL) NIL NIL))',
    ),
    (
        b'* 1 FETCH (BODYSTRUCTURE ("a" "b" NIL NIL NIL "7bit" 1 NIL NIL NIL NIL x))',
        "atom-for-string",
        b'* 1 FETCH (BODYSTRUCTURE ("a" "b" NIL NIL NIL "7bit" 1 NIL NIL NIL NIL 5 NIL (5 "a")))',
    ),
    # sets
    (b"* VANISHED $", "bad-value", b"* VANISHED 1"),
    (b"* VANISHED 1:*", "bad-value", b"* VANISHED 1:3"),
    (b"* VANISHED (EARLIER) *", "bad-value", b"* VANISHED (EARLIER) 7,1"),
    # results
    (b'* ESEARCH (TAG "a") PARTIAL (1:-5 3)', "bad-value", b'* ESEARCH (TAG "a") PARTIAL (-1:-5 3)'),
    (b'* ESEARCH (TAG "a") MIN 0', "bad-number", b'* ESEARCH (TAG "a") COUNT 0'),
    (b'* ESEARCH (TAG "a") MAX 4294967296', "bad-number", b'* ESEARCH (TAG "a") MAX 4294967295'),
    (b'* ESEARCH (TAG "a") "MIN" 1', "bad-value", b'* ESEARCH (TAG "a") MIN 1'),
    (b"* ESEARCH () COUNT 1", "bad-value", b"* ESEARCH COUNT 1"),
    (b'* ESEARCH (TAG "a" TAG "b")', "repeated-item", b'* ESEARCH (TAG "b")'),
    (b"* ESEARCH RELEVANCY (0 100)", "bad-number", b"* ESEARCH RELEVANCY (1 100)"),
    (b"* ESEARCH RELEVANCY (101)", "bad-number", b"* ESEARCH RELEVANCY (100)"),
    (b"* THREAD (1 (2))", "bad-value", b"* THREAD (1 (2)(3))"),
    # STATUS, LIST, CAPABILITY
    (b"* STATUS a (MESSAGES NIL)", "bad-number", b"* STATUS a (APPENDLIMIT NIL)"),
    (b'* STATUS a (MESSAGES "1")', "bad-number", b"* STATUS a (MESSAGES 1)"),
    (b"* STATUS a (UIDNEXT 0)", "bad-number", b"* STATUS a (MESSAGES 0 UNSEEN 0 HIGHESTMODSEQ 0)"),
    (b"* STATUS a (MESSAGES 1 MESSAGES 2)", "repeated-item", b"* STATUS a (MESSAGES 1 RECENT 2)"),
    (
        b"* STATUS a (MAILBOXID (x) MESSAGES 1 MESSAGES 2)",
        "repeated-item",
        b"* STATUS a (MAILBOXID (x) MESSAGES 1)",
    ),
    (b"* STATUS a (MAILBOXID (a.b))", "bad-value", b"* STATUS a (MAILBOXID (a-b))"),
    (b"* STATUS a (MAILBOXID 5)", "bad-value", b"* STATUS a (MAILBOXID (F5))"),
    (b"* STATUS a%b (MESSAGES 1)", "atom-for-string", b'* STATUS "a%b" (MESSAGES 1)'),
    (rb'* LIST () "\\" a\b', "atom-for-string", rb'* LIST () "\\" "a\\b"'),
    (b'* LIST () "/" a*', "atom-for-string", b'* LIST () "/" a]'),
    (b"* LIST () {1}\r\n/ a", "bad-value", b'* LIST () "/" a'),
    (rb'* LIST () "\." a', "bad-value", rb'* LIST () "." a'),
    (b"* CAPABILITY a]b", "bad-value", b"* CAPABILITY a[b"),
    (b"* X\xff 5", "8-bit", b"* X 5"),
]


@pytest.mark.parametrize(
    ("unit", "defect", "plain"), ODD, ids=[unit.decode("latin-1")[:50] for unit, _, _ in ODD]
)
def test_named_and_refused(unit: bytes, defect: str, plain: bytes) -> None:
    value = parse_response(unit + b"\r\n")
    assert value.defects == (defect,)
    assert parse_response(bytes(value)) == value
    with pytest.raises(ParseError):
        parse_response(unit + b"\r\n", strict=True)
    assert parse_response(plain + b"\r\n", strict=True).defects == ()


@pytest.mark.parametrize(
    "line",
    [
        b"* OK x {9}",
        b"* [ALERT] x {9}",
        b"* OK[ALERT] x {9}",
        b"*  OK x {9}",
        b"*\tOK x {9}",
        b" * OK x {9}",
        b"*OK x {9}",
        b"* 5 NO x {9}",
        b"* NO [BADCHARSET (x)] x {9}",
        b"A1  NO x {9}",
        b"A1\tNO x {9}",
        b"A1 OK[ALERT] x {9}",
        b"+ x {9}",
        b"+x {9}",
    ],
)
def test_text_that_ends_like_a_literal_swallows_nothing(line: bytes) -> None:
    reader = ResponseReader()
    reader.feed(line + b"\r\n* 2 EXISTS\r\n")
    read: list[object] = []
    for _ in range(2):  # some of the lines are none that can be read
        with contextlib.suppress(ParseError):
            read.extend(reader)
    assert read[-1] == Exists(2)


def test_the_text_of_a_missing_status_is_kept() -> None:
    reader = ResponseReader()
    reader.feed(b"* [ALERT] hello {20}\r\n")
    (value,) = reader
    assert isinstance(value, StatusResponse)
    assert value.text == "hello {20}"

"""What servers get wrong, one sample each: the value read, the defect it leaves, the strict refusal."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from mailproto import ParseError
from mailproto.imap import ResponseReader, SequenceSet, parse_response, responses
from mailproto.imap.defects import OF_RESPONSES

ADDRESS = b'((NIL NIL "a" "b.org"))'
ENVELOPE = (
    b'ENVELOPE (NIL "s" ' + ADDRESS + b" " + ADDRESS + b" " + ADDRESS + b' NIL NIL NIL NIL "<i@b.org>")'
)
BODY = b'("TEXT" "PLAIN" ("CHARSET" "UTF-8") NIL NIL "7BIT" 3 1)'


class Quirk(NamedTuple):
    """A sample: *defect* is what it leaves, *at* the octets where a strict reader finds it."""

    defect: str
    who: str
    wire: bytes
    read: Callable[[Any], Any]
    value: Any
    at: bytes


def row(items: bytes) -> bytes:
    return b"* 7 FETCH (" + items + b")\r\n"


def envelope(fields: bytes) -> bytes:
    return row(b"UID 4 ENVELOPE (" + fields + b")")


def subject(value: Any) -> Any:
    return value.uid, value.envelope.subject


def structure(value: Any) -> Any:
    part = value.body_structure
    return value.uid, part.type, part.subtype, part.params, part.size


PART = b'UID 4 BODYSTRUCTURE ("TEXT" '

QUIRKS = [
    Quirk("bare-lf", "a log", b"* 3 EXISTS\n", lambda v: v.count, 3, b"\n"),
    Quirk("bare-lf", "a log", row(b"UID 4")[:-2] + b"\n", lambda v: v.uid, 4, b"\n"),
    Quirk(
        "bad-section",
        "several",
        row(b'BODY[HEADER.FIELDS] "x"'),
        lambda v: v.sections["BODY[HEADER.FIELDS]"],
        b"x",
        b"[HEADER.FIELDS]",
    ),
    Quirk("trailing-space", "Exchange", b"* 3 EXISTS \r\n", lambda v: v.count, 3, b" \r"),
    Quirk("trailing-space", "several", b"* SEARCH \r\n", lambda v: v.numbers, SequenceSet(), b" \r"),
    Quirk("trailing-space", "Exchange", row(b"UID 4")[:-2] + b"  \r\n", lambda v: v.uid, 4, b"  \r"),
    Quirk("extra-space", "QQ, 163", row(b"UID 4 "), lambda v: v.uid, 4, b" )\r"),
    Quirk("extra-space", "none known", b"* 7 FETCH  (UID 4)\r\n", lambda v: v.uid, 4, b"  (UID"),
    Quirk("extra-space", "QQ, 163", row(b"FLAGS (\\Seen) UID  4"), lambda v: v.uid, 4, b"  4"),
    Quirk(
        "extra-space",
        "Domino",
        row(PART + b'"PLAIN"  NIL NIL NIL "7BIT" 3 1)'),
        structure,
        (4, b"TEXT", b"PLAIN", (), 3),
        b"  NIL",
    ),
    Quirk(
        "missing-space",
        "iCloud",
        row(b"FLAGS (\\Seen)UID 4"),
        lambda v: (v.flags, v.uid),
        (("\\Seen",), 4),
        b"UID",
    ),
    Quirk(
        "missing-space", "iCloud", row(b'PREVIEW "a"UID 4'), lambda v: (v.preview, v.uid), (b"a", 4), b"UID"
    ),
    Quirk(
        "missing-space",
        "iCloud",
        row(b"BODY[] {3}\r\nabcUID 4"),
        lambda v: (v.sections["BODY[]"], v.uid),
        (b"abc", 4),
        b"UID",
    ),
    Quirk(
        "missing-space",
        "none known",
        row(b"UID 5FLAGS (\\Seen)"),
        lambda v: (v.uid, v.flags),
        (5, ("\\Seen",)),
        b"FLAGS",
    ),
    Quirk(
        "missing-space",
        "none known",
        row(b'RFC822.SIZE 77BODY[] "a"'),
        lambda v: (v.size, v.sections["BODY[]"]),
        (77, b"a"),
        b"BODY",
    ),
    Quirk(
        "bad-flag",
        "several",
        row(rb'FLAGS ("\\Seen" "\seen" "Junk" "a\"b" "")'),
        lambda v: v.flags,
        ("\\Seen", "\\Seen", "Junk"),
        b'"\\\\Seen"',
    ),
    Quirk(
        "bad-flag",
        "several",
        rb'* FLAGS ("\\Answered" "\Draft")' + b"\r\n",
        lambda v: v.flags,
        ("\\Answered", "\\Draft"),
        b'"\\\\Answered"',
    ),
    Quirk(
        "bad-flag",
        "several",
        rb'* OK [PERMANENTFLAGS ("\\Deleted")] x' + b"\r\n",
        lambda v: v.code.value,
        ("\\Deleted",),
        b'"\\\\Deleted"',
    ),
    Quirk(
        "missing-space",
        "a gateway",
        row(PART + b'"PLAIN"("CHARSET" "UTF-8")NIL NIL"7BIT" 3 1)'),
        structure,
        (4, b"TEXT", b"PLAIN", None, 3),
        b'("CHARSET',
    ),
    Quirk("missing-text", "Exchange", b"a OK\r\n", lambda v: (v.status, v.text), ("OK", ""), b"\r\n"),
    Quirk("missing-text", "Exchange", b"* OK [READ-ONLY]\r\n", lambda v: v.code.name, "READ-ONLY", b"\r\n"),
    Quirk(
        "nil-for-string",
        "mail.ru",
        row(PART + b'"PLAIN" ("boundary" NIL) NIL NIL "7BIT" 3 1)'),
        structure,
        (4, b"TEXT", b"PLAIN", ((b"boundary", b""),), 3),
        b"NIL)",
    ),
    Quirk(
        "nil-for-string",
        "Exchange",
        row(PART + b"NIL NIL NIL NIL NIL 3 1)"),
        structure,
        (4, b"TEXT", b"", (), 3),
        b"NIL NIL NIL NIL NIL 3",
    ),
    Quirk(
        "8-bit", "Courier", b"* FLAGS (Wichtig\xe4)\r\n", lambda v: v.flags, ("Wichtig\udce4",), b"Wichtig"
    ),
    Quirk(
        "atom-for-string",
        "hMailServer",
        row(PART + b'PLAIN NIL NIL NIL "7BIT" 3 1)'),
        structure,
        (4, b"TEXT", b"PLAIN", (), 3),
        b"PLAIN",
    ),
    Quirk(
        "atom-for-string",
        "a gateway",
        row(b"UID 4 BODY[] abc"),
        lambda v: v.sections["BODY[]"],
        b"abc",
        b"abc",
    ),
    Quirk("bad-uid", "lost UIDs", row(b"UID 0 FLAGS ()"), lambda v: (v.uid, v.flags), (None, ()), b"0 FLAGS"),
    Quirk("bad-uid", "an overflow", row(b"UID -5 FLAGS ()"), lambda v: (v.uid, v.flags), (None, ()), b"-5"),
    Quirk("bad-uid", "an overflow", row(b"UID 4294967296 FLAGS ()"), lambda v: v.uid, None, b"4294967296"),
    Quirk(
        "zero-seq", "a message gone", b"* 0 FETCH (UID 4)\r\n", lambda v: (v.seq, v.uid), (0, 4), b"0 FETCH"
    ),
    Quirk("zero-modseq", "no CONDSTORE", row(b"MODSEQ (0)"), lambda v: v.modseq, 0, b"0)"),
    Quirk("bad-number", "mail.ru", row(b"RFC822.SIZE 1.86931e+06"), lambda v: v.size, 1869310, b"1.8"),
    Quirk("bad-number", "mail.ru", row(b"RFC822.SIZE 2E5 UID 4"), lambda v: v.size, 200_000, b"2E5"),
    Quirk("bad-number", "no size", row(b"RFC822.SIZE -1 UID 4"), lambda v: (v.size, v.uid), (None, 4), b"-1"),
    Quirk(
        "bad-number", "no size", row(b"RFC822.SIZE NIL UID 4"), lambda v: (v.size, v.uid), (None, 4), b"NIL"
    ),
    Quirk(
        "bad-number", "no value", row(b"MODSEQ () UID 4"), lambda v: (v.modseq, v.uid), (None, 4), b") UID"
    ),
    Quirk("bad-number", "an empty box", b"* OK [UNSEEN 0] none\r\n", lambda v: v.code.value, 0, b"0]"),
    Quirk(
        "bad-date",
        "a gateway",
        row(b'INTERNALDATE "Mon, 1 Jan 2020 10:00:00 +0000" UID 4'),
        lambda v: (v.internal_date, v.uid),
        (None, 4),
        b'"Mon',
    ),
    Quirk("bad-date", "a gateway", row(b'SAVEDATE "yesterday"'), lambda v: v.save_date, None, b'"yest'),
    Quirk("bad-envelope", "any", envelope(b"1 2 3"), lambda v: (v.uid, v.envelope), (4, None), b"3)"),
    Quirk(
        "bad-envelope", "any", row(b"ENVELOPE NIL UID 4"), lambda v: (v.uid, v.envelope), (4, None), b"NIL"
    ),
    Quirk(
        "bad-body-structure",
        "any",
        row(b"BODYSTRUCTURE (1 2 3 4) UID 4"),
        lambda v: (v.uid, v.body_structure),
        (4, None),
        b"3 4)",
    ),
    Quirk(
        "missing-status",
        "Exchange",
        b"* [COPYUID 1 2:3 4:5]\r\n",
        lambda v: (v.status, v.code.value),
        ("OK", responses.CopyUid(1, SequenceSet("2:3"), SequenceSet("4:5"))),
        b"[COPYUID",
    ),
    Quirk(
        "bad-code", "several", b"* OK [PERMANENTFLAGS none] x\r\n", lambda v: v.code.value, b"none", b"none"
    ),
    Quirk("bad-code", "several", b"a OK [COPYUID A B C] x\r\n", lambda v: v.code.value, b"A B C", b"A B"),
    Quirk("unclosed-code", "a short buffer", b"* OK [ALERT x\r\n", lambda v: v.text, "[ALERT x", b"[ALERT"),
    Quirk(
        "nil-address",
        "Exchange",
        envelope(b'NIL "s" (NIL) NIL NIL NIL NIL NIL NIL NIL'),
        lambda v: (v.uid, v.envelope.from_),
        (4, None),
        b"NIL) NIL",
    ),
    Quirk(
        "empty-multipart",
        "Gmail",
        row(b'UID 4 BODYSTRUCTURE ("ALTERNATIVE")'),
        lambda v: (v.body_structure.is_multipart, v.body_structure.subtype, v.body_structure.parts),
        (True, b"ALTERNATIVE", ()),
        b")",
    ),
    Quirk(
        "missing-subtype",
        "Exchange",
        row(b'UID 4 BODYSTRUCTURE ("X-ZIP" ("BOUNDARY" "") NIL NIL "7BIT" 3)'),
        structure,
        (4, b"X-ZIP", b"", ((b"BOUNDARY", b""),), 3),
        b'("BOUNDARY',
    ),
    Quirk("nul", "a header", b"* OK a\0b\r\n", lambda v: v.text, "a\ufffdb", b"\0"),
    Quirk("bad-flag", "any", row(b'FLAGS (\\Seen "x" \\*) UID 4'), lambda v: v.uid, 4, b'"x"'),
    Quirk("bad-flag", "any", b'* FLAGS (\\Seen "x")\r\n', lambda v: v.flags, ("\\Seen", "x"), b'"x"'),
    Quirk("bad-value", "old Courier", b'* LIST () "" x\r\n', lambda v: v.delimiter, None, b'" x'),
    Quirk("bad-value", "drafts", row(b'PREVIEW (FUZZY "a")'), lambda v: v.preview, b"a", b"(FUZZY"),
    Quirk(
        "bad-value", "RFC 9051", b"a NO [BADCHARSET UTF-8] x\r\n", lambda v: v.code.value, (b"UTF-8",), b"UTF"
    ),
    Quirk(
        "bad-value",
        "Domino",
        row(
            b'UID 4 BODYSTRUCTURE ("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 7 '
            b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) () 0)"
        ),
        structure,
        (4, b"MESSAGE", b"RFC822", (), 7),
        b"() 0",
    ),
    Quirk(
        "bad-value", "a gateway", row(b"EMAILID M1 UID 4"), lambda v: (v.email_id, v.uid), ("M1", 4), b"M1"
    ),
    Quirk("repeated-item", "Domino", row(b"UID 3 UID 4"), lambda v: v.uid, 4, b"UID 4"),
    Quirk("bare-cr", "a text", b"* OK a\rb\r\n", lambda v: v.text, "a\ufffdb", b"\rb"),
    Quirk(
        "unescaped-quote",
        "iCloud, QQ",
        envelope(b'NIL "s" NIL NIL NIL NIL NIL NIL NIL "<1.JavaMail."cv@b.org"@v-01>"'),
        lambda v: (v.uid, v.envelope.message_id),
        (4, b'<1.JavaMail."cv@b.org"@v-01>'),
        b'"cv@',
    ),
    Quirk(
        "unescaped-quote",
        "Yahoo, QQ",
        envelope(b'NIL "He said "hi" twice" ' + ADDRESS + b" NIL NIL NIL NIL NIL NIL NIL"),
        subject,
        (4, b'He said "hi" twice'),
        b'"hi',
    ),
    Quirk(
        "unescaped-quote",
        "Yahoo, QQ",
        envelope(b'NIL "12" (tall" ' + ADDRESS + b" NIL NIL NIL NIL NIL NIL NIL"),
        subject,
        (4, b'12" (tall'),
        b'" (tall',
    ),
    Quirk(
        "unescaped-quote",
        "Yahoo, QQ",
        envelope(b'NIL "s" (("Tom "T" Lee" NIL "a" "b")) NIL NIL NIL NIL NIL NIL NIL'),
        lambda v: v.envelope.from_[0].name,
        b'Tom "T" Lee',
        b'"T"',
    ),
    Quirk(
        "unescaped-quote",
        "Yahoo, QQ",
        row(b'UID 4 BODYSTRUCTURE ("A" "B" ("NAME" "a "b".pdf") NIL NIL "7BIT" 3)'),
        structure,
        (4, b"A", b"B", ((b"NAME", b'a "b".pdf'),), 3),
        b'"b".pdf',
    ),
    Quirk(
        "unescaped-quote",
        "any",
        row(b'UID 4 BODYSTRUCTURE ("TEXT" "HTML"" NIL NIL NIL {5}\r\n8bit" 74 2)'),
        structure,
        (4, b"TEXT", b'HTML"', (), 74),
        b'"" NIL',
    ),
    Quirk(
        "unescaped-quote",
        "any",
        row(b'BODY[TEXT] "a "b" c" UID 4'),
        lambda v: (v.uid, v.sections["BODY[TEXT]"]),
        (4, b'a "b" c'),
        b'"b"',
    ),
    Quirk("unbalanced-parenthesis", "QQ", row(b"UID 4)"), lambda v: v.uid, 4, b"))"),
    Quirk("unbalanced-parenthesis", "QQ", row(b"UID 4")[:-3] + b"\r\n", lambda v: v.uid, 4, b"\r\n"),
    Quirk(
        "unbalanced-parenthesis",
        "Domino",
        row(b"UID 4 (" + ENVELOPE + b") FLAGS ()"),
        lambda v: (*subject(v), v.flags),
        (4, b"s", ()),
        b"(ENV",
    ),
    Quirk(
        "unbalanced-parenthesis",
        "any",
        row(b"FLAGS (\\Seen " + ENVELOPE + b" UID 4"),
        lambda v: (*subject(v), v.flags),
        (4, b"s", ("\\Seen",)),
        b"ENV",
    ),
    Quirk("bad-item", "any", row(b"UID 4 FLAGS"), lambda v: (v.uid, v.flags), (4, None), b")"),
    Quirk(
        "bad-item", "any", row(b'FLAGS (\\Seen "x) UID 4'), lambda v: (v.uid, v.flags), (4, None), b"(\\Seen"
    ),
    Quirk(
        "bad-item",
        "any",
        row(b'BODY[TEXT] "abc UID 4'),
        lambda v: (v.uid, dict(v.sections)),
        (4, {}),
        b'"abc',
    ),
    Quirk("bad-item", "any", row(b"BODY[HEADER UID 4 FLAGS ()"), lambda v: v.flags, (), b"BODY["),
    Quirk(
        "short-envelope",
        "QQ",
        envelope(b'NIL "s" ' + ADDRESS + b' NIL NIL NIL NIL NIL "<i@qq.com>"'),
        lambda v: (*subject(v), v.envelope.in_reply_to, v.envelope.message_id),
        (4, b"s", b"<i@qq.com>", None),
        b")",
    ),
]

#: What looks odd and is right: read without a defect, by strict readers too.
NO_QUIRKS: list[tuple[bytes, Callable[[Any], Any], Any]] = [
    (b"* 7 fetch (uid 4 flags (\\seen))\r\n", lambda v: (v.uid, v.flags), (4, ("\\Seen",))),
    (b"* ok [permanentflags (\\seen \\*)] x\r\n", lambda v: v.code.value, ("\\Seen", "\\*")),
    (b'* list () nil ""\r\n', lambda v: (v.delimiter, str(v.mailbox)), (None, "")),
    (b'* LIST () NIL ""\r\n', lambda v: (v.delimiter, str(v.mailbox)), (None, "")),
    (b"* SEARCH\r\n", lambda v: v.numbers, SequenceSet()),
    (
        envelope(
            b'NIL "s" NIL NIL NIL ((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL)) NIL NIL NIL NIL'
        ),
        lambda v: [(a.mailbox, a.host) for a in v.envelope.to],
        [(b"undisclosed-recipients", None), (None, None)],
    ),
    (
        envelope(b'NIL "a \\"b\\" c" NIL NIL NIL NIL NIL NIL NIL "<\\"x\\"@y>"'),
        lambda v: (v.envelope.subject, v.envelope.message_id),
        (b'a "b" c', b'<"x"@y>'),
    ),
    (row(b"FLAGS (UID 5)"), lambda v: (v.uid, v.flags), (None, ("UID", "5"))),
    (row(b'BODY[TEXT] ") UID 4" FLAGS ()'), lambda v: v.sections["BODY[TEXT]"], b") UID 4"),
]


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda q: f"{q.defect}-{q.wire[:40]!r}")
def test_a_quirk_is_read_with_a_record(quirk: Quirk) -> None:
    value = parse_response(quirk.wire)
    got = quirk.read(value)
    if quirk.value is not None and isinstance(quirk.value, tuple) and None in quirk.value:
        assert all(mine == theirs or theirs is None for mine, theirs in zip(got, quirk.value, strict=True))
    else:
        assert got == quirk.value
    assert quirk.defect in value.defects
    assert parse_response(bytes(value)) == value
    if not isinstance(value, responses.MailboxList):
        assert value.raw


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda q: f"{q.defect}-{q.wire[:40]!r}")
def test_a_strict_reader_refuses_it_where_it_stands(quirk: Quirk) -> None:
    reader = ResponseReader(strict=True)
    reader.feed(quirk.wire + b"* 4711 EXISTS\r\n")
    with pytest.raises(ParseError) as caught:
        reader.next()
    assert not caught.value.fatal
    assert quirk.wire[caught.value.offset :].startswith(quirk.at), quirk.wire[caught.value.offset :]
    assert quirk.defect in caught.value.expected
    assert reader.next() == responses.Exists(4711)


@pytest.mark.parametrize(("wire", "read", "value"), NO_QUIRKS, ids=[repr(w)[:50] for w, _, _ in NO_QUIRKS])
def test_what_is_odd_and_right_leaves_no_defect(wire: bytes, read: Callable[[Any], Any], value: Any) -> None:
    got = parse_response(wire, strict=True)
    assert read(got) == value
    assert got.defects == ()


def test_every_defect_of_the_table_has_a_sample() -> None:
    assert {quirk.defect for quirk in QUIRKS} == set(OF_RESPONSES)
    for name, row_ in OF_RESPONSES.items():
        assert row_.name == name
        assert row_.seen
        assert row_.reading


def test_one_bad_item_keeps_its_bytes() -> None:
    value = parse_response(row(b'FLAGS (\\Seen "x) UID 4 RFC822.SIZE -1'))
    assert (value.uid, value.flags, value.size) == (4, None, None)
    assert dict(value.raw) == {"FLAGS": b'(\\Seen "x)', "RFC822.SIZE": b"-1"}
    assert "FLAGS" in value
    assert "BODY[]" not in value


def test_no_heuristic_takes_more_than_linear_time() -> None:
    """Rows full of what has to be mended: the work per octet is bounded, so each is read within a second."""
    for piece in (
        b'BODY[TEXT] "a"x ',
        b'FLAGS (UID 4 "',
        b'"a "b',
        b"UID ) ",
        b"((UID 4 ",
        b'PREVIEW "x ',
        b"FLAGS ((",
    ):
        for wire in (row(piece * 40_000), row(b"UID 4 ENVELOPE (" + piece * 40_000 + b")")):
            try:
                assert parse_response(wire).seq == 7
            except ParseError as error:
                assert not error.fatal
        body = row(b'UID 4 BODYSTRUCTURE ("A" "B" (' + piece * 40_000 + b') NIL NIL "7BIT" 3)')
        try:
            _ = parse_response(body).defects
        except ParseError as error:
            assert not error.fatal


MOMENT = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC)


def test_items_of_extensions_both_ways() -> None:
    made = responses.Fetch(
        7,
        preview="Grüße",
        save_date=MOMENT,
        email_id="M6d99",
        thread_id="T1",
        gm_msgid=2**64 - 1,
        gm_thrid=1,
        gm_labels=("\\Inbox", "Muy Importante", "Entwürfe", "NIL"),
        sections={"BINARY[1]": b"\0", "BODY[]<4>": b"x"},
        others={"BINARY.SIZE[1]": 1, "BINARY.SIZE[2.1]": 2**40},
    )
    read = parse_response(bytes(made), strict=True)
    assert read == made
    assert read.preview_text == "Grüße"
    assert read.save_date == MOMENT
    assert (read.email_id, read.thread_id, read.gm_msgid, read.gm_thrid) == ("M6d99", "T1", 2**64 - 1, 1)
    assert read.gm_labels == ("\\Inbox", "Muy Importante", "Entwürfe", "NIL")
    assert read.gm_labels[2].wire == b"Entw&APw-rfe"
    assert dict(read.binary_sizes) == {"1": 1, "2.1": 2**40}
    assert read.sections["BODY[]<4>"] == b"x"


@pytest.mark.parametrize("name", ["PREVIEW", "SAVEDATE", "THREADID"])
def test_nil_is_not_absence(name: str) -> None:
    made = responses.Fetch(7, others={name: None})
    read = parse_response(bytes(made), strict=True)
    assert read == made
    assert name in read
    assert read.others[name] is None
    assert (read.preview, read.save_date, read.thread_id) == (None, None, None)
    assert name not in responses.Fetch(7, uid=4)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("preview", 5),
        ("save_date", datetime.datetime(2024, 1, 1)),
        ("email_id", "a b"),
        ("email_id", ""),
        ("email_id", "x" * 256),
        ("thread_id", "a)b"),
        ("gm_msgid", -1),
        ("gm_msgid", 2**64),
        ("gm_thrid", "1"),
        ("gm_labels", "Inbox"),
        ("others", {"UID": 4}),
        ("others", {"BODY[]": b"x"}),
        ("others", {"EMAILID": None}),
        ("others", {"X) UID 4": "a"}),
        ("sections", {"X-OWN": b"x"}),
    ],
)
def test_items_from_python_are_checked(field: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        responses.Fetch(7, **{field: value})


def test_two_large_literals_and_one_in_a_nested_list() -> None:
    first, second, third = b"a)\r\n" * 500_000, b"(\0" * 300_000, b"c " * 200_000
    wire = row(
        b"BODY[1] {%d}\r\n%s BINARY[2] ~{%d}\r\n%s X-NEST (a (b {%d}\r\n%s) c) UID 4"
        % (len(first), first, len(second), second, len(third), third)
    )
    value = parse_response(wire, strict=True)
    assert value.sections == {"BODY[1]": first, "BINARY[2]": second}
    assert value.others["X-NEST"] == ("a", ("b", third), "c")
    assert value.uid == 4
    assert parse_response(bytes(value)) == value


@pytest.mark.parametrize(
    ("structure", "fields"),
    [
        (b'("text" NIL NIL NIL "7bit" 5 1)', (b"text", b"", b"7bit", 5, 1)),
        (b'("text" NIL NIL NIL NIL "7bit" 5 1)', (b"text", b"", b"7bit", 5, 1)),
        (b'("text" ("a" "b") NIL NIL "7bit" 5 1)', (b"text", b"", b"7bit", 5, 1)),
        (b'("message" "rfc822" NIL NIL NIL "7bit" 5 NIL NIL 7)', (b"message", b"rfc822", b"7bit", 5, None)),
    ],
)
def test_bodies_without_a_subtype_or_an_enclosed_message(structure: bytes, fields: tuple[Any, ...]) -> None:
    body = parse_response(b"* 1 FETCH (BODYSTRUCTURE " + structure + b")\r\n").body_structure
    assert (body.type, body.subtype, body.encoding, body.size, body.lines) == fields
    assert (body.language, body.extensions, len(body.defects)) == (None, (), 1)


def test_uid_0_of_a_uidfetch_is_none() -> None:
    row = parse_response(b"* 0 UIDFETCH (FLAGS ())\r\n")
    assert (row.seq, row.uid, row.defects) == (None, None, ("bad-uid",))
    assert parse_response(bytes(row)) == row


@pytest.mark.parametrize("octets", [b"\xff", b"\xc3"])
@pytest.mark.parametrize(
    "unit",
    [
        b'* 1 FETCH (ENVELOPE (NIL "@" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n',
        b'* 1 FETCH (BODYSTRUCTURE ("a" "b" ("name" "@") NIL NIL "7bit" 1))\r\n',
        b'* 1 FETCH (BODY[] "@")\r\n',
        b'* 1 FETCH (X-GM-LABELS ("@"))\r\n',
        b'* ID ("name" "@")\r\n',
        b'* METADATA a (/shared/x "@")\r\n',
    ],
)
def test_octets_between_quotes_that_are_no_utf8(unit: bytes, octets: bytes) -> None:
    assert parse_response(unit.replace(b"@", octets)).defects == ("8-bit",)
    assert parse_response(unit.replace(b"@", "é".encode()), strict=True).defects == ()


TEXT_PART = b'("TEXT" "HTML" NIL NIL NIL "7BIT" 6769 171 NIL NIL NIL)'


@pytest.mark.parametrize(
    "structure",
    [
        b'("ALTERNATIVE" ("BOUNDARY" "x") NIL NIL)',
        b'(("ALTERNATIVE" ("BOUNDARY" "x") NIL NIL)' + TEXT_PART + b' "MIXED" ("BOUNDARY" "y") NIL NIL)',
        b'(("ALTERNATIVE" NIL ("ATTACHMENT" NIL) NIL)' + TEXT_PART + b' "MIXED")',
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)'
        b' ("ALTERNATIVE" ("BOUNDARY" "20") NIL NIL) 50 NIL NIL NIL)',
        b'(NIL "ALTERNATIVE" ("boundary" "x") NIL NIL NIL)',
    ],
)
def test_multiparts_that_lost_their_parts(structure: bytes) -> None:
    row = parse_response(b"* 1 FETCH (BODYSTRUCTURE " + structure + b")\r\n")
    body = row.body_structure
    empty = body.body or (body.parts[0] if body.parts else body)
    assert (empty.is_multipart, empty.subtype, empty.parts) == (True, b"ALTERNATIVE", ())
    assert "empty-multipart" in row.defects
    assert (empty.params == ()) is (b"ATTACHMENT" in structure)
    assert parse_response(bytes(row)) == row


def test_negative_counts_of_a_body_are_0() -> None:
    row = parse_response(b'* 1 FETCH (BODYSTRUCTURE ("text" "html" NIL NIL NIL "7bit" -1 1.5e3))\r\n')
    body = row.body_structure
    assert (body.size, body.lines, row.defects) == (0, 0, ("bad-number",))

"""MIME structure: golden messages, sections with exact octets, limits, the saved form."""

import time

import pytest

from mailproto import LimitError, Limits, ParseError
from mailproto._core.mime import (
    MessageStructure,
    normalise_line_ends,
    parse_header,
    parse_message,
    select_fields,
)


def crlf(text):
    return text.replace("\n", "\r\n").encode()


MIXED = crlf("""\
Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)
From: Fred Foobar <foobar@Blurdybloop.COM>
Subject: afternoon
 meeting
To: mooch@owatagu.siam.edu
Message-Id: <B27397-0100000@Blurdybloop.COM>
MIME-Version: 1.0
Content-Type: MULTIPART/mixed; boundary="b 1"

preamble
--b 1
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII

Hello Joe
line 2

--b 1
Content-Type: message/rfc822
Content-Disposition: attachment; filename="x y.eml"; size=12
Content-Description: the mail

Subject: inner
From: q@r
Content-Type: multipart/alternative; boundary=b2

--b2

A
--b2
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Content-Language: en, de
Content-Location: http://x/
 y
Content-ID: <1@x>
Content-MD5: abc

<b>
--b2--
epilogue of the inner
--b 1
Content-Type: image/png; name*0*=utf-8''a; name*1=b
Content-Transfer-Encoding: BASE64

AAAA
--b 1--
epilogue
""")


def test_golden_envelope():
    fred = '(("Fred Foobar" NIL "foobar" "Blurdybloop.COM"))'
    assert parse_message(MIXED).envelope.decode() == (
        f'("Mon, 7 Feb 1994 21:52:25 -0800 (PST)" "afternoon meeting" {fred} {fred} {fred} '
        '((NIL NIL "mooch" "owatagu.siam.edu")) NIL NIL NIL "<B27397-0100000@Blurdybloop.COM>")'
    )


INNER = MIXED[MIXED.index(b"Subject: inner") : MIXED.index(b"\r\n--b 1\r\nContent-Type: image")]


def test_golden_body_structure():
    parsed = parse_message(MIXED)
    none = "NIL NIL NIL NIL"
    q = '((NIL NIL "q" "r"))'
    plain = '"TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT"'
    html = '"text" "html" ("charset" "utf-8") "<1@x>" NIL "quoted-printable" 3 0'
    mail = f'"MESSAGE" "RFC822" NIL NIL "the mail" "7BIT" {len(INNER)} (NIL "inner" {q} {q} {q} {none} NIL)'
    image = '"image" "png" ("name*0*" "utf-8\'\'a" "name*1" "b") NIL NIL "BASE64" 4'
    lines = INNER.count(b"\n")
    assert parsed.body.decode() == (
        f'(({plain} 19 2)({mail} (({plain} 1 0)({html}) "alternative") {lines})({image}) "mixed")'
    )
    assert parsed.body_structure.decode() == (
        f"(({plain} 19 2 {none})"
        f'({mail} (({plain} 1 0 {none})({html} "abc" NIL ("en" "de") "http://x/ y")'
        ' "alternative" ("boundary" "b2") NIL NIL NIL)'
        f' {lines} NIL ("attachment" ("filename" "x y.eml" "size" "12")) NIL NIL)'
        f'({image} {none}) "mixed" ("boundary" "b 1") NIL NIL NIL)'
    )
    assert (parsed.size, parsed.lines, parsed.defects) == (len(MIXED), MIXED.count(b"\n"), ())


@pytest.mark.parametrize(
    ("part", "text", "expected"),
    [
        ((), None, MIXED),
        ((), "HEADER", MIXED[: MIXED.index(b"preamble")]),
        ((), "TEXT", MIXED[MIXED.index(b"preamble") :]),
        ((), "MIME", None),
        ((1,), None, b"Hello Joe\r\nline 2\r\n"),
        ((1,), "MIME", b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n"),
        ((1,), "HEADER", None),
        ((1,), "TEXT", None),
        ((1, 1), None, None),
        ((2,), None, INNER),
        ((2,), "HEADER", INNER[: INNER.index(b"--b2")]),
        ((2,), "TEXT", INNER[INNER.index(b"--b2") :]),
        ((2, 1), None, b"A"),
        ((2, 1), "MIME", b"\r\n"),
        ((2, 2), None, b"<b>"),
        ((2, 2, 1), None, None),
        ((2, 3), None, None),
        ((3,), None, b"AAAA"),
        ((4,), None, None),
        ((0,), None, None),
        ((2**40,), None, None),
        ((1,) * 5000, None, None),
    ],
)
def test_sections(part, text, expected):
    parsed = parse_message(MIXED)
    assert parsed.section(part, text) == expected
    restored = MessageStructure.from_bytes(parsed.to_bytes(), MIXED)
    assert restored.section(part, text) == expected
    if expected is not None:
        offset, length = MessageStructure.from_bytes(parsed.to_bytes()).span(part, text)
        assert MIXED[offset : offset + length] == expected


def test_header_fields():
    parsed = parse_message(MIXED)
    assert (
        parsed.section((), "HEADER.FIELDS", ["SUBJECT", b"x-none"])
        == b"Subject: afternoon\r\n meeting\r\n\r\n"
    )
    assert parsed.section((), "HEADER", ["subject"]) == b"Subject: afternoon\r\n meeting\r\n\r\n"
    assert parsed.section((), "HEADER.FIELDS", []) == b"\r\n"
    rest = parsed.section((), "HEADER.FIELDS.NOT", ["subject"])
    assert rest == parsed.section((), "HEADER").replace(b"Subject: afternoon\r\n meeting\r\n", b"")
    assert parsed.section((2,), "HEADER.FIELDS", ["from"]) == b"From: q@r\r\n\r\n"
    assert parsed.section((1,), "HEADER.FIELDS", ["from"]) is None
    assert parsed.header_fields((2,))[:2] == [(b"Subject", b"inner"), (b"From", b"q@r")]
    assert parsed.header_fields((1,)) is None
    assert select_fields(b"A: 1", ["a"]) == b"A: 1\r\n\r\n"
    assert parse_header(b"A : 1\r\n 2\r\nnot a field\r\n: x\r\nB:\r\n\r\nC: body") == [
        (b"A", b"1 2"),
        (b"B", b""),
    ]


def test_a_message_that_is_a_message():
    outer = crlf("Content-Type: message/rfc822\n\n") + crlf("Subject: in\n\nbody\n")
    parsed = parse_message(outer)
    assert parsed.section((1,)) == crlf("Subject: in\n\nbody\n")
    assert parsed.section((1,), "HEADER") == crlf("Subject: in\n\n")
    assert parsed.section((1, 1)) == crlf("body\n")
    assert parsed.section((1, 1, 1)) is None


def test_single_part_is_part_1():
    parsed = parse_message(crlf("Subject: x\n\nbody\n"))
    assert parsed.section((1,)) == b"body\r\n"
    assert parsed.section((1,), "MIME") == crlf("Subject: x\n\n")
    assert parsed.section((2,)) is None


def test_nested_multiparts_and_a_missing_end():
    data = crlf("""\
Content-Type: multipart/mixed; boundary=a

--a
Content-Type: multipart/mixed; boundary=ab

--ab

1
--abc

still 1
--ab\t

2
--a
X: header without an end
--a

4
""")
    parsed = parse_message(data)
    assert parsed.section((1, 1)) == b"1\r\n--abc\r\n\r\nstill 1"
    assert parsed.section((1, 2)) == b"2"
    assert parsed.section((2,), "MIME") == b"X: header without an end\r\n"
    assert parsed.section((2,)) == b""
    assert parsed.section((3,)) == b"4\r\n"


def test_digest_holds_messages_by_default():
    data = crlf(
        "Content-Type: multipart/digest; boundary=a\n\n"
        "--a\n\nSubject: s\n\nt\n--a\nContent-Type: text/x\n\nu\n--a--\n"
    )
    structure = parse_message(data).body.decode()
    assert structure.startswith('(("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 15 (NIL "s" ')
    assert '("text" "x" NIL NIL NIL "7BIT" 1 0) "digest")' in structure


TEXT = '("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" '


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"", TEXT + "0 0)"),
        (b"\r\n", TEXT + "0 0)"),
        (b"no header", TEXT + "0 0)"),
        (b"\0\xff\r\n\r\n\0\xff\n", TEXT + "3 1)"),
        (b"Content-Type: nonsense\n\nabc", TEXT + "3 0)"),
        (b"Content-Type: multipart/mixed\n\nabc", TEXT + "3 0)"),
        (b"Content-Type: multipart/mixed; boundary=\"\"\n\nabc", TEXT + "3 0)"),
        (b"Content-Type: multipart/mixed; boundary=x\n\nabc", TEXT + "3 0)"),
        (b"Content-Type: multipart/mixed; boundary=x\n\n--x--\n", TEXT + "6 1)"),
        (b"Content-Type: multipart/mixed; boundary=x", TEXT + "0 0)"),
        (b"Content-Type: multipart/mixed; boundary=x\n\n--x", f"({TEXT}0 0) \"mixed\")"),
        (b'Content-Type: text/x; a="unfinished\n\n', '("text" "x" ("a" "unfinished") NIL NIL "7BIT" 0 0)'),
        (b"Content-Type: text/x; a; =b; c=d e (f); g\n\n", '("text" "x" ("c" "d e") NIL NIL "7BIT" 0 0)'),
        (b"Content-Type: text/x; a=\xff\n\n", '("text" "x" ("a" {1}\r\n\udcff) NIL NIL "7BIT" 0 0)'),
        (b"Content-Type: (c) text / (d) x\n\n", '("text" "x" NIL NIL NIL "7BIT" 0 0)'),
        (b"Content-Type: application/x\nContent-Description: a\0b\"\\\nContent-Transfer-Encoding: x y\n\n1",
         '("application" "x" NIL NIL "ab\\"\\\\" "x" 1)'),
    ],
)  # fmt: skip
def test_garbage_gets_a_valid_structure(data, body):
    parsed = parse_message(data)
    assert parsed.body.decode("utf-8", "surrogateescape") == body
    assert parsed.section() == data
    assert (parsed.section((), "HEADER") + parsed.section((), "TEXT")) == data


def addresses(field):
    wire = parse_message(b"To: " + field + b"\r\n\r\n").envelope
    return wire[wire.index(b"NIL NIL NIL NIL NIL") + 20 : -len(b" NIL NIL NIL NIL)")].decode(
        "utf-8", "surrogateescape"
    )


@pytest.mark.parametrize(
    ("field", "wire"),
    [
        (b"a@b", '((NIL NIL "a" "b"))'),
        (b"A B <a@b>, <c@d>", '(("A B" NIL "a" "b")(NIL NIL "c" "d"))'),
        (b'"B, \\"A\\"" <a@b>', '(("B, \\"A\\"" NIL "a" "b"))'),
        (b'"a b"@c', '((NIL NIL "a b" "c"))'),
        (b"a@b (Name)", '(("Name" NIL "a" "b"))'),
        (b"A (c (d)) <a@b>", '(("A" NIL "a" "b"))'),
        (b"=?utf-8?q?=C3=A4?= <a@b>", '(("=?utf-8?q?=C3=A4?=" NIL "a" "b"))'),
        (b"A\r\n B <a@b>", '(("A B" NIL "a" "b"))'),
        (b"<@x,@y:a@b>", '((NIL "@x,@y" "a" "b"))'),
        (b"a@[1.2.3.4]", '((NIL NIL "a" "[1.2.3.4]"))'),
        (b"a . b @ c . d", '((NIL NIL "a.b" "c.d"))'),
        (b"g: a@b;, e@f", '((NIL NIL "g" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL)(NIL NIL "e" "f"))'),
        (b"undisclosed-recipients:;", '((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))'),
        (b"g: a@b", '((NIL NIL "g" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL))'),
        (b":;", '((NIL NIL "" NIL)(NIL NIL NIL NIL))'),
        (b"a@b <a@b>", '(("a@b" NIL "a" "b"))'),
        (b"root", '((NIL NIL "root" ""))'),
        (b"Joe Doe", '((NIL NIL "Joe Doe" ""))'),
        (b"Joe <joe>", '(("Joe" NIL "joe" ""))'),
        (b"Joe <>", '(("Joe" NIL "" ""))'),
        (b"", "NIL"),
        (b",,, ,", "NIL"),
        (b"(only a comment", "NIL"),
        (b"\xc3\xa4 <a@b>", '(({2}\r\nä NIL "a" "b"))'),
        (b"a\0@b", '((NIL NIL "a" "b"))'),
        (b"a@b c@d", '((NIL NIL "a" "b"))'),
        (b"A <a@b> junk, c@d", '(("A" NIL "a" "b")(NIL NIL "c" "d"))'),
        (b"A <a@b, c@d", '(("A" NIL "a" "b")(NIL NIL "c" "d"))'),
    ],
)  # fmt: skip
def test_addresses(field, wire):
    assert addresses(field) == wire


def test_sender_and_reply_to_are_those_of_from_unless_given():
    def people(header):
        return parse_message(header + b"\r\n").envelope.decode()

    a, b = '((NIL NIL "a" "x"))', '((NIL NIL "b" "x"))'
    assert people(b"From: a@x\r\n") == f"(NIL NIL {a} {a} {a} NIL NIL NIL NIL NIL)"
    assert (
        people(b"From: a@x\r\nSender: b@x\r\nReply-To: \r\n") == f"(NIL NIL {a} {b} {a} NIL NIL NIL NIL NIL)"
    )
    assert people(b"Sender: b@x\r\n") == f"(NIL NIL NIL {b} NIL NIL NIL NIL NIL NIL)"
    assert people(b"Subject:\r\n") == '(NIL "" NIL NIL NIL NIL NIL NIL NIL NIL)'


def test_attack_12_a_group_and_an_empty_from():
    """CVE-2019-19722: a From that holds only an empty group."""
    wire = parse_message(b"From: Some group:;\r\nSender: \r\n\r\n").envelope
    group = b'((NIL NIL "Some group" NIL)(NIL NIL NIL NIL))'
    assert wire == b"(NIL NIL " + b" ".join([group] * 3) + b" NIL NIL NIL NIL NIL)"


@pytest.mark.parametrize(
    ("limit", "make"),
    [
        ("max_parts", lambda n: b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * (n - 1)),
        ("max_depth", lambda n: b"Content-Type: message/rfc822\n\n" * (n - 1) + b"\n"),
        ("max_header", lambda n: b"A: " + b"x" * (n - 3)),
        ("max_parameters", lambda n: b"Content-Type: text/x" + b";a=b" * n + b"\n\n"),
        ("max_addresses", lambda n: b"To: " + b",".join([b"a@b"] * n) + b"\n\n"),
    ],
)
def test_attack_12_exactly_a_limit_passes_and_one_more_is_cut(limit, make):
    limits = Limits(**{limit: 20})
    assert parse_message(make(20), limits, strict=True).defects == ()
    assert parse_message(make(21), limits).defects == (limit,)
    with pytest.raises(LimitError) as caught:
        parse_message(make(21), limits, strict=True)
    assert caught.value.limit == limit


def seconds(data):
    started = time.process_time()
    parsed = parse_message(data)
    return time.process_time() - started, parsed


def nested(n):
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(n))


@pytest.mark.parametrize(
    ("name", "make", "limit"),
    [
        ("addresses", lambda n: b"To: " + b",".join([b"a@b"] * n) + b"\n\n", "max_addresses"),
        ("groups", lambda n: b"To: " + b"a:" * n + b"\n\n", None),
        ("angles", lambda n: b"To: " + b"<" * n + b"\n\n", None),
        ("routes", lambda n: b"To: " + b"<@," * n + b"\n\n", "max_addresses"),
        ("comments", lambda n: b"To: " + b"(" * n + b"\n\n", None),
        ("words", lambda n: b"To: " + b"a " * n + b"\n\n", None),
        ("parameters", lambda n: b"Content-Type: text/x" + b";a*0*=b" * n + b"\n\n", "max_parameters"),
        ("parts", lambda n: b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\n" * n, "max_parts"),
        ("messages", lambda n: b"Content-Type: message/rfc822\n\n" * n, "max_depth"),
        ("multiparts", nested, "max_depth"),
        ("fields", lambda n: b"Content-Type: text/plain\n" * n + b"\n", "max_header"),
        ("folds", lambda n: b"Subject: a\n" + b" b\n" * n + b"\n", None),
        ("dashes", lambda n: nested(60) + b"--bx\n" * n, None),
    ],
)
def test_attack_12_hostile_messages_take_linear_time(name, make, limit):
    small, _ = seconds(make(25_000))
    large, parsed = seconds(make(100_000))
    assert limit is None or parsed.defects == (limit,)
    # Four times the input: quadratic work would take sixteen times as long.
    assert large < 8 * small + 0.2, name
    assert len(parsed.to_bytes()) < 200_000


def test_the_message_is_still_all_there_past_the_limits():
    data = b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 50 + b"--a--\n"
    parsed = parse_message(data, Limits(max_parts=11))
    assert parsed.part_count == 11
    assert parsed.section((9,)) == b"x"
    assert parsed.section((10,)).startswith(b"x\n--a\n")
    assert parsed.section() == data


@pytest.mark.parametrize("cut", range(0, 40, 3))
def test_saved_structure_that_was_damaged(cut):
    saved = parse_message(MIXED).to_bytes()
    with pytest.raises(ParseError):
        MessageStructure.from_bytes(saved[:cut] if cut < len(saved) else saved + b"\0")


def test_saved_structure_of_another_message():
    saved = parse_message(MIXED).to_bytes()
    with pytest.raises(ValueError, match="not the one"):
        MessageStructure.from_bytes(saved, MIXED + b"x")
    with pytest.raises(ValueError, match="without its message"):
        MessageStructure.from_bytes(saved).section()
    assert len(saved) < 10 * parse_message(MIXED).part_count


def test_line_ends():
    assert normalise_line_ends(b"\na\r\nb\n\n\rc\r") == b"\r\na\r\nb\r\n\r\n\rc\r"
    data = b"a\r\n"
    assert normalise_line_ends(data) is data
    assert normalise_line_ends(b"") == b""


def test_bare_lf_gives_the_same_structure():
    lf = MIXED.replace(b"\r\n", b"\n")
    assert parse_message(lf).section((2, 2)) == b"<b>"
    assert parse_message(normalise_line_ends(lf)).body_structure == parse_message(MIXED).body_structure


def test_a_structure_is_made_by_parsing_only():
    with pytest.raises(TypeError, match="parse_message"):
        MessageStructure()
    empty = MessageStructure.__new__(MessageStructure)
    assert empty.span() is None
    assert empty.span((1, 2), "MIME") is None

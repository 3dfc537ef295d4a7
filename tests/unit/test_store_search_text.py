"""Decoding of text for SEARCH, also of text that means harm."""

import email.header
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailproto.store.content import analyse, sent_day
from mailproto.store.search_text import HeadText, MessageText, Needle, decode, decode_words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?Q?caf=C3=A9?=", "café"),
        (b"=?UTF-8?b?Y2Fmw6k=?=", "café"),
        (b"=?iso-8859-1*fr?q?caf=E9_noir?=", "café noir"),
        (b"=?utf-8?b?Y2Fmw6k?=", "café"),  # padding forgotten
        (b"=?utf-8?q?one?= =?utf-8?q?two?=", "onetwo"),
        (b"=?utf-8?q?one?=\t  =?utf-8?q?two?= three", "onetwo three"),
        (b"a =?utf-8?q?b?= c", "a b c"),
        (b"=?utf-8?q?a b?=", "=?utf-8?q?a b?="),
        (b"=?utf-8?x?ab?=", "=?utf-8?x?ab?="),
        (b"=?utf-8?q?open", "=?utf-8?q?open"),
        (b"=?", "=?"),
        (b"=??=", "=??="),
        (b"=?=?utf-8?q?x?=", "=?x"),
        (b"=?no-such?q?caf=E9?=", "café"),
        (b"=?punycode?q?abc-?=", "abc-"),
        (b"=?unicode_escape?q?=5Cx41?=", "\\x41"),
        (b"=?\0?q?x?=", "x"),
        ("café".encode(), "café"),
        (b"caf\xe9", "café"),
        (b"=?utf-8?q?=ff?=", "\ufffd"),
    ],
)
def test_encoded_words(value: bytes, text: str) -> None:
    assert decode_words(value) == text


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]),
        min_size=1,
        max_size=60,
    )
)
@example("=?")
def test_what_the_standard_library_encodes_is_decoded(text: str) -> None:
    encoded = email.header.Header(text, "utf-8", maxlinelen=10**6).encode()
    assert decode_words(encoded.encode()) == text


@given(st.binary(max_size=200))
def test_any_octets_are_text(data: bytes) -> None:
    decode_words(data)
    HeadText(data).fields()
    MessageText(data).contains(Needle(b"x"))
    assert 0 <= analyse(data).header_size <= len(data)
    sent_day(data)


@given(st.lists(st.sampled_from([b"=?", b"?", b"q", b"utf-8", b"?=", b"=", b" ", b"a", b"b"]), max_size=30))
def test_any_pieces_of_encoded_words(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    if b"?q?" not in data and b"?b?" not in data:
        assert decode_words(data) == data.decode()
    else:
        decode_words(data)


@pytest.mark.parametrize(
    "hostile",
    [
        b"=?" * 500_000,
        b"=?a?q?" * 200_000,
        b"=?utf-8?q?" + b"x" * 1_000_000,
        b"=?utf-8?b?" + b"A" * 1_000_000 + b"?=",
        b"=?utf-8?q?x?= " * 70_000,
        b"?" * 1_000_000,
    ],
)
def test_hostile_headers_take_linear_time(hostile: bytes) -> None:
    started = time.perf_counter()
    HeadText(b"Subject: " + hostile + b"\r\n").contains(("SUBJECT",), Needle("é".encode()))
    assert time.perf_counter() - started < 10


def test_character_sets() -> None:
    assert decode("Žluť".encode("iso-8859-2"), "ISO-8859-2") == "Žluť"
    assert decode("日本".encode("iso-2022-jp"), "iso-2022-jp") == "日本"
    assert decode(b"x", "rot13") == "x"
    assert decode(b"x", "utf-8\0") == "x"
    assert decode(b"x", "zlib") == "x"
    assert decode(b"x" * 10, "utf" * 10_000) == "x" * 10


def test_header_fields() -> None:
    head = HeadText(b"Subject: one\r\n two\r\nX: a\r\nX: b\r\nbroken line\r\nEmpty:\r\n\r\n")
    assert head.fields() == [
        (b"subject", b"one two"),
        (b"x", b"a"),
        (b"x", b"b"),
        (b"empty", b""),
    ]
    assert head.contains(("x",), Needle(b"B"))
    assert head.contains(("EMPTY",), Needle(b""))
    assert not head.contains(("absent",), Needle(b""))
    assert head.contains(("Subject",), Needle(b"ONE TWO"))


def test_deep_and_broken_mime_is_searched() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2000)
    )
    assert MessageText(deep + b"\r\nneedle\r\n").contains(Needle(b"needle"))
    assert MessageText(
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=x\x00\r\n\r\nneedle"
    ).contains(Needle(b"NEEDLE"))


def test_binary_attachments_are_not_searched() -> None:
    data = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nbmVlZGxl\r\n"
    assert not MessageText(data).contains(Needle(b"needle"))
    assert not MessageText(data).contains(Needle(b"bmVlZGxl"))


@pytest.mark.parametrize(
    ("data", "octets"),
    [
        (b"", 0),
        (b"A: b", 4),
        (b"A: b\r\n", 6),
        (b"A: b\r\n\r\nbody\r\n\r\n", 8),
        (b"A: b\n\nbody", 6),
        (b"A: b\n\r\nbody", 7),
        (b"\r\nbody", 2),
        (b"\nbody", 1),
    ],
)
def test_where_the_header_ends(data: bytes, octets: int) -> None:
    assert analyse(data).header_size == octets


def test_the_day_a_message_was_sent() -> None:
    import datetime

    day = datetime.date(1994, 2, 7).toordinal()
    for written in (
        b"Mon, 7 Feb 1994 23:52:25 -0800",
        b"7 Feb 94 00:00 GMT",
        b" Mon,7 Feb 1994 21:52:25 -0800 (PST)",
    ):
        assert sent_day(written) == day, written
    for broken in (
        b"",
        b"yesterday",
        b"Mon, 32 Feb 1994 21:52:25 -0800",
        b"\xff" * 500,
        b"7 Feb 99999 1:1:1",
    ):
        assert sent_day(broken) is None, broken
    head = (
        b"X-Date: 1\r\nSubject: x\r\n Date: no\r\n"
        b"date:\r\n Mon, 7 Feb 1994\r\n 21:52:25 -0800\r\nDate: 2\r\n\r\n"
    )
    assert analyse(head).sent == day
    assert analyse(b"DATE: x\r\n\r\n").sent is None
    assert analyse(b"Dates: 7 Feb 1994 21:52:25 -0800\r\n\r\n").sent is None

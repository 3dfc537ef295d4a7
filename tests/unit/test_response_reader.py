"""The ResponseReader's contract: feeding, errors, limits, memory."""

import pytest

from mailproto import NEED_DATA, IncompleteError, LimitError, Limits, ParseError
from mailproto.imap import ResponseReader, parse_response, parse_response_prefix, responses

ROW = b"* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS (\\seen))\r\n"


def test_one_octet_at_a_time() -> None:
    reader = ResponseReader()
    for octet in ROW[:-1]:
        reader.feed(bytes([octet]))
        assert reader.next() is NEED_DATA
    reader.feed(ROW[-1:])
    row = reader.next()
    assert row == responses.Fetch(1, uid=7, sections={"BODY[]": b"a\r\nb)"}, flags=("\\Seen",))
    assert reader.next() is NEED_DATA
    reader.feed_eof()


def test_iteration_stops_where_data_is_wanted_and_goes_on() -> None:
    reader = ResponseReader()
    reader.feed(b"* 1 EXISTS\r\n* 2 RECENT\r\n* 3")
    assert list(reader) == [responses.Exists(1), responses.Recent(2)]
    reader.feed(b" EXISTS\r\n")
    assert list(reader) == [responses.Exists(3)]


def test_memory_for_a_transport() -> None:
    reader = ResponseReader()
    got = []
    for i in range(0, len(ROW) * 3, 7):
        data = (ROW * 3)[i : i + 7]
        view = reader.get_buffer(-1)
        assert len(view) > 0
        view[: len(data)] = data
        reader.buffer_updated(len(data))
        got += list(reader)  # while the view is still held
    assert len(got) == 3
    assert len(reader.get_buffer(100_000)) >= 100_000
    with pytest.raises(ValueError, match="more octets"):
        reader.buffer_updated(1 << 30)


def test_a_grammar_error_costs_one_response() -> None:
    reader = ResponseReader()
    reader.feed(b'* 1 FETCH (UID)\r\n* LIST (\\A "/" x\r\nA search\r\n* 4 EXISTS\r\n')
    for offset, expected in ((14, "value"), (None, None), (2, "OK, NO or BAD")):
        with pytest.raises(ParseError) as caught:
            reader.next()
        assert not caught.value.fatal
        assert caught.value.unit
        if offset is not None:
            assert caught.value.offset == offset
            assert expected in caught.value.expected
    assert reader.next() == responses.Exists(4)


def test_an_error_of_framing_is_final() -> None:
    reader = ResponseReader()
    reader.feed(b"* 1 FETCH (BODY[] {18446744073709551616}\r\n")
    with pytest.raises(LimitError) as caught:
        reader.next()
    assert caught.value.fatal
    assert caught.value.limit == "max_literal"
    reader.feed(b"* 4 EXISTS\r\n")
    assert reader.next() is NEED_DATA
    assert list(reader) == []
    reader.feed_eof()


def test_the_line_limit_is_inclusive_and_final() -> None:
    limits = Limits(max_line=12)
    assert parse_response(b"* 1 EXISTS\r\n", limits=limits) == responses.Exists(1)
    with pytest.raises(LimitError) as caught:
        parse_response(b"* 12 EXISTS\r\n", limits=limits)
    assert (caught.value.limit, caught.value.fatal, caught.value.offset) == ("max_line", True, 12)


@pytest.mark.parametrize(
    ("limits", "fits", "passes"),
    [
        (Limits(max_literal=3), b"* X {3}\r\nabc\r\n", b"* X {4}\r\nabcd\r\n"),
        (Limits(max_literals=1), b"* X {1}\r\na\r\n", b"* X {1}\r\na {1}\r\nb\r\n"),
        (Limits(max_depth=2), b"* X ((a))\r\n", b"* X (((a)))\r\n"),
        (Limits(max_elements=2), b"* X a b\r\n", b"* X a b c\r\n"),
        (Limits(max_unit=14), b"* X {3}\r\nabc\r\n", b"* X {4}\r\nabcd\r\n"),
    ],
)
def test_each_limit_is_inclusive(limits: Limits, fits: bytes, passes: bytes) -> None:
    parse_response(fits, limits=limits)
    with pytest.raises(LimitError) as caught:
        parse_response(passes, limits=limits)
    assert getattr(limits, caught.value.limit) < getattr(Limits(), caught.value.limit)


def test_the_end_of_the_stream_inside_a_response() -> None:
    ResponseReader().feed_eof()
    reader = ResponseReader()
    reader.feed(b"* 1 EX")
    reader.next()
    with pytest.raises(IncompleteError):
        reader.feed_eof()


def test_parse_response_wants_exactly_one() -> None:
    with pytest.raises(IncompleteError):
        parse_response(b"* 1 EXISTS\r")
    with pytest.raises(ParseError) as caught:
        parse_response(b"* 1 EXISTS\r\nx")
    assert caught.value.offset == 12
    assert parse_response_prefix(b"* 1 EXISTS\r\n???") == (responses.Exists(1), 12)


def test_strict_turns_a_defect_into_an_error() -> None:
    data = b"* 1 FETCH (ENVELOPE (NIL NIL))\r\n"
    row = parse_response(data)
    assert row.envelope is None
    assert row.defects == ("bad-envelope",)
    assert row.raw["ENVELOPE"] == b"(NIL NIL)"
    with pytest.raises(ParseError, match="bad-envelope"):
        parse_response(data, strict=True)
    assert parse_response(ROW, strict=True).uid == 7


def test_an_announced_literal_takes_no_memory() -> None:
    reader = ResponseReader()
    reader.feed(b"* 1 FETCH (BODY[] {1000000000}\r\n")
    assert reader.next() is NEED_DATA
    assert len(reader.get_buffer(-1)) < 1 << 20

"""INTERNALDATE and the dates of search keys."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproto import ParseError
from mailproto._core.dates import format_date, format_internal_date, parse_date, parse_internal_date
from mailproto._core.write import Writer

ZONE = dt.timezone(dt.timedelta(hours=5, minutes=30))


def test_internal_date():
    moment = dt.datetime(2024, 2, 1, 3, 4, 5, tzinfo=ZONE)
    assert format_internal_date(moment) == b" 1-Feb-2024 03:04:05 +0530"
    read = parse_internal_date(" 1-Feb-2024 03:04:05 +0530")
    assert read == moment
    assert read.utcoffset() == moment.utcoffset()
    assert parse_internal_date(b"1-feb-2024 03:04:05 +0530") == moment
    assert parse_internal_date("31-Dec-2016 23:59:60 +0000").second == 59
    assert bytes(Writer().date_time(moment)) == b'" 1-Feb-2024 03:04:05 +0530"'


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("1-Feb-2024", 10),
        ("30-Feb-2024 00:00:00 +0000", 0),
        ("01-Feb-2024 25:00:00 +0000", 11),
        ("01-Feb-2024 00:00:00 0000", 21),
        ("٠1-Feb-2024 00:00:00 +0000", 0),
    ],
)
def test_broken_internal_date(text, offset):
    with pytest.raises(ParseError) as caught:
        parse_internal_date(text)
    assert caught.value.offset == offset


def test_only_an_aware_datetime_of_whole_minutes():
    with pytest.raises(ValueError, match="naive"):
        format_internal_date(dt.datetime(2024, 1, 1))
    with pytest.raises(ValueError, match="minutes"):
        format_internal_date(dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=1))))
    with pytest.raises(TypeError):
        format_internal_date(dt.date(2024, 1, 1))


@given(st.datetimes(), st.integers(-1439, 1439))
def test_internal_dates_round_trip(moment, minutes):
    moment = moment.replace(microsecond=0, tzinfo=dt.timezone(dt.timedelta(minutes=minutes)))
    read = parse_internal_date(format_internal_date(moment))
    assert (read.replace(tzinfo=None), read.utcoffset()) == (moment.replace(tzinfo=None), moment.utcoffset())


@given(st.dates())
def test_dates_round_trip(day):
    assert parse_date(format_date(day)) == day
    assert bytes(Writer().date(day)) == format_date(day)


@pytest.mark.parametrize("text", ["", "1-Feb-94", "32-Jan-2024", "1 Feb 2024", '"1-Feb-2024"', "1-Feb-2024 "])
def test_broken_date(text):
    with pytest.raises(ParseError):
        parse_date(text)


@given(st.binary(max_size=30) | st.text(" 0123456789-:+FebMar", max_size=27))
def test_any_octets_parse_or_raise(text):
    for parse in (parse_date, parse_internal_date):
        try:
            parse(text)
        except ParseError as error:
            assert error.offset <= len(text)

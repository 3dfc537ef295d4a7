"""Plain builtins from whatever Python code gives."""

from __future__ import annotations

import datetime

import pytest

from mailproto import exact
from mailproto.imap import commands, parse_command

HOUR = datetime.timedelta(hours=1)


@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(HOUR)),
        datetime.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=datetime.timezone(-12 * HOUR)),
    ],
)
def test_a_date_at_the_ends_of_the_calendar(moment: datetime.datetime) -> None:
    message = commands.AppendMessage(b"x", date=moment)
    assert message.date == moment.replace(microsecond=0)
    assert message.date.utcoffset() == moment.utcoffset()
    command = commands.Append("a", message, tag="a")
    assert parse_command(bytes(command)) == command


def test_a_zone_of_the_callers_is_fixed() -> None:
    class Zone(datetime.tzinfo):
        def utcoffset(self, when: datetime.datetime | None) -> datetime.timedelta:
            return 2 * HOUR

        def dst(self, when: datetime.datetime | None) -> None:
            return None

        def tzname(self, when: datetime.datetime | None) -> str:
            return "x\r\n"

    kept = exact.moment(datetime.datetime(2024, 2, 29, 12, 30, 15, 7, tzinfo=Zone()), "date")
    assert kept == datetime.datetime(2024, 2, 29, 12, 30, 15, tzinfo=datetime.timezone(2 * HOUR))
    assert type(kept.tzinfo) is datetime.timezone
    for zone in (None, datetime.timezone(datetime.timedelta(seconds=30))):
        with pytest.raises(ValueError, match="zone"):
            exact.moment(datetime.datetime(2024, 1, 1, tzinfo=zone), "date")


def test_kinds_are_not_mixed() -> None:
    for call, value in (
        (exact.integer, True), (exact.integer, "1"), (exact.integer, 1.0), (exact.text, b"a"),
        (exact.octets, "a"), (exact.octets, 5), (exact.string, 5), (exact.string, None), (exact.boolean, 1),
        (exact.boolean, None), (exact.items, "ab"), (exact.items, b"ab"), (exact.items, 5),
        (exact.pair, [1, 2]), (exact.pair, (1,)), (exact.pair, (1, 2, 3)), (exact.date, "x"),
        (exact.date, datetime.datetime(2024, 1, 1)), (exact.moment, datetime.date(2024, 1, 1)),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"^a b must be "):
            call(value, "a b")  # type: ignore[operator]
    for number in (-1, 2**32):
        with pytest.raises(ValueError, match="from 0 to 4294967295"):
            exact.integer(number, "a b")
    assert exact.string("\udcff", "a b", errors="surrogateescape") == b"\xff"
    with pytest.raises(UnicodeEncodeError):
        exact.string("\udcff", "a b")
    assert exact.octets(memoryview(b"abcd")[::2], "a b") == b"ac"


def test_what_says_to_be_another_class_is_none() -> None:
    class Claim:
        def __init__(self, cls: type) -> None:
            self.cls = cls

        @property
        def __class__(self) -> type:  # type: ignore[override]
            return self.cls

    for call, cls in (
        (exact.integer, int), (exact.text, str), (exact.octets, bytes), (exact.octets, bytearray),
        (exact.string, str), (exact.pair, tuple), (exact.date, datetime.date),
        (exact.moment, datetime.datetime),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            call(Claim(cls), "a b")  # type: ignore[operator]

"""What hostile clients send: every attack ends in a clear answer, in linear work and bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from work import drained, memory_held, peak

from mailproto import NEED_DATA, LimitError, Limits, ParseError
from mailproto.imap import CommandReader, commands, parse_command, search

BEFORE = Limits.before_login()
NOOP = commands.Noop(tag="z")


def read(data: bytes, limits: Limits = BEFORE, *, announce: bool = False) -> list[object]:
    reader = CommandReader(limits=limits, announce=announce)
    reader.feed(data)
    return list(reader)


def bad(value: object) -> commands.BadCommand:
    assert isinstance(value, commands.BadCommand)
    return value


# 1. Sizes that cannot be meant.


@pytest.mark.parametrize("announce", [False, True])
@pytest.mark.parametrize(
    "size", [b"4294967295", b"4294967296", b"18446744073709551615", b"18446744073709551616", b"9" * 200]
)
def test_attack_01_a_literal_past_the_limit_is_refused_before_it_is_sent(size: bytes, announce: bool) -> None:
    tracemalloc.start()
    value, after = read(b"a1 LOGIN {" + size + b"}\r\nz NOOP\r\n", announce=announce)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    error = bad(value).error
    assert isinstance(error, LimitError)
    assert error.limit == "max_literal"
    assert bad(value).tag == "a1"
    assert not error.fatal
    assert after == NOOP
    assert peak < 1_000_000


@pytest.mark.parametrize("size", [b"-1", b"0x10", b"", b" 1", b"1 ", b"+", b"++1", b"1++", b"\xd9\xa1"])
def test_attack_01_what_is_no_size_is_a_syntax_error(size: bytes) -> None:
    value, after = read(b"a1 LOGIN {" + size + b"}\r\nz NOOP\r\n")
    assert bad(value).tag == "a1"
    assert not isinstance(bad(value).error, LimitError)
    assert after == NOOP


def test_attack_01_leading_zeros_are_digits() -> None:
    wire = b"a LOGIN {0000000000000000000000000000001}\r\nx y\r\n"
    assert read(wire) == [commands.Login("x", "y", tag="a")]


def test_attack_01_an_endless_literal_on_its_way_closes() -> None:
    reader = CommandReader(limits=BEFORE)
    reader.feed(b"a LOGIN {99999999999999999999+}\r\nz NOOP\r\n")
    with pytest.raises(LimitError) as caught:
        reader.next()
    assert caught.value.fatal
    assert reader.next() is NEED_DATA
    reader.feed(b"z NOOP\r\n")
    assert reader.next() is NEED_DATA
    assert reader.buffered == 0
    reader.feed_eof()


@pytest.mark.parametrize("field", ["max_literal", "max_literals", "max_unit", "max_line"])
def test_each_limit_is_inclusive(field: str) -> None:
    wire = b"a LOGIN {3+}\r\nabc {2+}\r\nde\r\n"
    exact = {"max_literal": 3, "max_literals": 2, "max_unit": len(wire), "max_line": len(wire) - 5}[field]
    assert read(wire, replace(Limits.server(), **{field: exact})) == [commands.Login("abc", "de", tag="a")]
    reader = CommandReader(limits=replace(Limits.server(), **{field: exact - 1}))
    try:
        reader.feed(wire)
        error = bad(reader.next()).error
    except LimitError as raised:
        error = raised
        assert field in ("max_unit", "max_line")
    assert isinstance(error, LimitError)
    assert error.limit == field


# 2. Memory follows what was received.


@pytest.mark.parametrize("wire", [b"a APPEND x {60000000}\r\n", b"a APPEND x {60000000+}\r\n"])
@pytest.mark.parametrize("announce", [False, True])
def test_attack_02_an_announced_literal_takes_no_memory(wire: bytes, announce: bool) -> None:
    def run() -> None:
        reader = CommandReader(announce=announce)
        reader.feed(wire)
        for value in drained(reader):
            assert isinstance(value, commands.LiteralAnnounced)
            reader.accept()
        reader.feed(b"x" * 1000)
        assert drained(reader) == []

    assert peak(run) < 300_000


def test_attack_02_a_rejected_literal_is_swallowed_in_fixed_memory() -> None:
    def run() -> None:
        reader = CommandReader(limits=BEFORE)
        reader.feed(b"a APPEND x {50000000+}\r\n")
        for _ in range(500):
            reader.feed(b"x" * 100_000)
            drained(reader)
        reader.feed(b"\r\nz NOOP\r\n")
        assert drained(reader)[-1] == NOOP

    assert peak(run) < 1_000_000


# 3. Many literals, each within bounds.


def test_attack_03_the_total_of_all_literals_is_capped() -> None:
    reader = CommandReader(limits=BEFORE)
    reader.feed(b"a LOGIN" + (b" {4000}\r\n" + b"x" * 4000) * 21 + b"\r\n")
    error = bad(reader.next()).error
    assert isinstance(error, LimitError)
    assert error.limit == "max_unit"


# 4. An oversize literal that does not wait.


@pytest.mark.parametrize("announce", [False, True])
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_attack_04_an_oversize_literal_is_drained_to_the_octet(step: int, announce: bool) -> None:
    inside = (b"x APPEND LOGOUT\r\n" * 300)[:5000]
    wire = b"a LOGIN {5000+}\r\n" + inside + b" {3+}\r\nabc\r\nz NOOP\r\n"
    reader, values = CommandReader(limits=BEFORE, announce=announce), []
    for at in range(0, len(wire), step):
        reader.feed(wire[at : at + step])
        values += list(reader)
    assert len(values) == 2
    assert isinstance(bad(values[0]).error, LimitError)
    assert bad(values[0]).tag == "a"
    assert values[1] == NOOP


@pytest.mark.parametrize("head", [b"a FOO", b"* LOGIN", b"a LOGIN (", b"a\0 LOGIN", b"a LOGIN x y z"])
def test_attack_04_a_bad_command_swallows_its_literals(head: bytes) -> None:
    wire = head + b" {16+}\r\nx LOGOUT\r\ny A\r\n {2+}\r\n\r\n\r\nz NOOP\r\n"
    value, after = read(wire, Limits.server())
    bad(value)
    assert after == NOOP


# 6. Every split point.

STREAM = (
    b'a1 LOGIN "j\\"o" {4}\r\n\xc3\xa9 a\r\na2 SELECT Entw&APw-rfe\r\n'
    b"a3 FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Subject)]<0.5>)\r\n"
    b"a4 SEARCH NOT (OR SEEN FROM {3+}\r\na)b)\r\n a5 NOOP\r\na6 FOO {3+}\r\nx\r\n {2}\r\n\r\n\r\n"
    b"a7 STORE 1 +FLAGS (\\Seen\r\n\r\na8 APPEND x (\\Seen) {5+}\r\n{3}\r\n\r\na9 LOGIN {99999999999+}\r\n"
)


@pytest.mark.parametrize("announce", [False, True])
def test_attack_06_every_split_point_gives_the_same(announce: bool) -> None:
    def run(pieces: list[bytes]) -> list[str]:
        reader = CommandReader(announce=announce)
        found = []
        for piece in pieces:
            reader.feed(piece)
            while values := drained(reader):
                for value in values:
                    found.append(repr(value))
                    if isinstance(value, commands.LiteralAnnounced):
                        reader.accept()
        return found

    whole = run([STREAM])
    assert len(whole) >= 9
    for cut in range(len(STREAM)):
        assert run([STREAM[:cut], STREAM[cut:]]) == whole, cut
    for step in (1, 2, 3, 7):
        assert run([STREAM[at : at + step] for at in range(0, len(STREAM), step)]) == whole


# 7. Octets that do not belong.


@pytest.mark.parametrize(
    "wire",
    [
        b'a LOGIN "a\0b" c\r\n',
        b"a LOGIN a\0b c\r\n",
        b"a LOGIN {3+}\r\na\0b c\r\n",
        b"a\0 NOOP\r\n",
        b'a LOGIN "a\rb" c\r\n',
        b"a LOGIN a\rb c\r\n",
        b"a NOOP\n",
        b"a NOOP\r\r\n",
        b"a LOGIN \xff c\r\n",
        b'a LOGIN "a\\" c\r\n',
        b'a LOGIN "a" "c\\\r\n',
        b'a LOGIN "a\\b" c\r\n',
        b"a LOGIN a%b c\r\n",
    ],
)
def test_attack_07_what_does_not_belong_is_refused(wire: bytes) -> None:
    value, after = read(wire + b"z NOOP\r\n")
    error = bad(value).error
    assert 0 <= error.offset <= len(wire)
    assert after == NOOP
    one_by_one, reader = [], CommandReader(limits=BEFORE)
    for octet in wire + b"z NOOP\r\n":
        reader.feed(bytes([octet]))
        one_by_one += drained(reader)
    assert [repr(v) for v in one_by_one] == [repr(value), repr(after)]


# 8. Endless things.


def test_attack_08_an_endless_line_is_told_once_and_closes() -> None:
    reader, errors, fed = CommandReader(limits=BEFORE), 0, 0
    for _ in range(1000):
        reader.feed(b"x" * 1000)
        fed += 1000
        try:
            assert reader.next() is NEED_DATA
        except LimitError as error:
            errors += 1
            assert error.limit == "max_line"
            assert error.fatal
            assert fed <= BEFORE.max_line + 1000
            assert len(error.unit) <= ParseError.UNIT_CAP
    assert errors == 1
    assert reader.buffered == 0


def test_attack_08_an_endless_tag_is_an_endless_line() -> None:
    reader = CommandReader(limits=BEFORE)
    reader.feed(b"a" * 20_000 + b" NOOP\r\n")
    with pytest.raises(LimitError):
        reader.next()


@pytest.mark.parametrize(
    "wire",
    [
        b"a ENABLE" + b" X" * 1_000_000 + b"\r\n",
        b"a STATUS x (" + b"A " * 1_000_000 + b"A)\r\n",
        b"a FETCH 1 (" + b"UID " * 1_000_000 + b"UID)\r\n",
        b"a SEARCH" + b" ALL" * 1_000_000 + b"\r\n",
        b"a STORE 1 FLAGS" + b" x" * 1_000_000 + b"\r\n",
        b'a LIST "" (' + b"x " * 1_000_000 + b"x)\r\n",
    ],
    ids=lambda wire: wire[2:10].decode(),
)
def test_attack_08_a_million_arguments(wire: bytes) -> None:
    limits = replace(Limits.server(), max_line=len(wire))
    value, after = read(wire + b"z NOOP\r\n", limits)
    error = bad(value).error
    assert isinstance(error, LimitError)
    assert error.limit == "max_elements"
    assert after == NOOP


def test_attack_08_the_number_of_arguments_is_inclusive() -> None:
    wire = b"a ENABLE" + b" X" * 9 + b"\r\n"  # a list and nine atoms
    limits = replace(Limits.server(), max_elements=10)
    assert read(wire, limits) == [commands.Enable(("X",) * 9, tag="a")]
    assert isinstance(bad(read(wire, replace(limits, max_elements=9))[0]).error, LimitError)


# 9, 10. Nesting.


@pytest.mark.parametrize(
    "wire",
    [
        b"a NOOP " + b"(" * 10_000 + b"\r\n",
        b"a NOOP " + b"()" * 5_000 + b"\r\n",
        b"a SEARCH " + b"(" * 10_000 + b"\r\n",
        b"a SEARCH " + b"()" * 5_000 + b"\r\n",
        b"a SEARCH (ALL" + b"\r\n",
        b"a STATUS x " + b"(" * 10_000 + b"\r\n",
        b"a FETCH 1 " + b"(" * 10_000 + b"\r\n",
        b"a ID " + b"(" * 10_000 + b"\r\n",
    ],
    ids=lambda wire: wire[2:14].decode(),
)
def test_attack_09_parentheses(wire: bytes) -> None:
    value, after = read(wire + b"z NOOP\r\n")
    bad(value)
    assert after == NOOP


def nested(opening: bytes, depth: int) -> bytes:
    closing = b")" * depth if opening == b"(" else b""
    return b"a SEARCH " + opening * depth + b"ALL" + closing + b"\r\n"


@pytest.mark.parametrize("opening", [b"NOT ", b"OR ALL ", b"("])
def test_attack_10_search_keys_100_000_deep(opening: bytes) -> None:
    wire = nested(opening, 100_000)
    limits = replace(Limits.server(), max_line=len(wire), max_elements=1 << 30)
    value, after = read(wire + b"z NOOP\r\n", limits)
    error = bad(value).error
    assert isinstance(error, LimitError)
    assert error.limit == "max_depth"
    assert after == NOOP


@pytest.mark.parametrize("opening", [b"NOT ", b"OR ALL ", b"("])
def test_attack_10_fifty_levels_pass(opening: bytes) -> None:
    wire = nested(opening, 50)
    for limits in (Limits.server(), replace(Limits.server(), max_depth=50)):
        (value,) = read(wire, limits)
        assert isinstance(value, commands.Search)
        assert sum(1 for key in value.criteria.walk() if key.children()) == 51
        assert bytes(value) == wire
    error = bad(read(wire, replace(Limits.server(), max_depth=49))[0]).error
    assert isinstance(error, LimitError)


def test_attack_10_without_a_limit_there_is_still_no_recursion() -> None:
    wire = nested(b"NOT ", 50_000)
    limits = replace(Limits.server(), max_line=1 << 20, max_depth=1 << 20, max_elements=1 << 20)
    (value,) = read(wire, limits)
    assert isinstance(value, commands.Search)
    assert bytes(value) == wire
    key = value.criteria.keys[0]
    del value
    while isinstance(key, search.Not):  # not left to the interpreter, which may free by recursion
        key = key.key


# 11. Sets stay lazy.


def test_attack_11_a_set_of_four_billion_is_two_numbers() -> None:
    tracemalloc.start()
    value = parse_command(b"a FETCH 1:4294967295,*:1 FLAGS\r\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000
    assert isinstance(value, commands.Fetch)
    assert bytes(value.sequence_set) == b"1:4294967295,*:1"


# 14. Floods of words, and criteria without end.


def test_attack_14_a_flood_of_words_leaves_memory_flat() -> None:
    def flood() -> Iterator[bytes]:
        for number in range(20_000):
            yield b"a%d STORE 1 FLAGS (k%d)\r\nb SELECT m%d\r\nc SEARCH KEYWORD k%d X%d\r\n" % ((number,) * 5)

    early, late = memory_held(CommandReader, flood(), 2_000)
    assert late < early + 50_000


def test_attack_14_huge_criteria_are_capped() -> None:
    limits = replace(Limits.server(), max_line=1 << 24)
    error = bad(read(b"a SEARCH" + b" OR SEEN (FROM x)" * 100_000 + b" ALL\r\n", limits)[0]).error
    assert isinstance(error, LimitError)
    assert error.limit in ("max_elements", "max_depth")


# 23. SASL.


def test_attack_23_a_long_sasl_line() -> None:
    reader = CommandReader(limits=BEFORE)
    reader.expect_line("sasl")
    reader.feed(b"A" * 10_000_000 + b"\r\n")
    with pytest.raises(LimitError):
        reader.next()


# Limits that change.


def test_limits_can_be_replaced_after_login() -> None:
    reader = CommandReader(limits=BEFORE)
    wire = b"a APPEND x {100000+}\r\n" + b"x" * 100_000 + b"\r\n"
    reader.feed(wire)
    bad(reader.next())
    reader.limits = Limits.server()
    assert reader.limits == Limits.server()
    reader.feed(wire)
    assert isinstance(reader.next(), commands.Append)
    reader.limits = BEFORE
    reader.feed(wire + b"z NOOP\r\n")
    bad(reader.next())
    assert reader.next() == NOOP


def test_limits_that_shrink_within_a_command_hold() -> None:
    reader = CommandReader(limits=replace(Limits.server(), max_line=50_000))
    reader.feed(b"a LOGIN " + b"x" * 30_000 + b" {1+}\r\n")
    assert reader.next() is NEED_DATA
    reader.limits = BEFORE
    reader.feed(b"y" + b"x" * 1000)
    with pytest.raises(LimitError):
        reader.next()

"""FetchTable: columns, flags beyond 64, what is kept aside, views that stay valid."""

import random
import tracemalloc

import pytest

from mailproto import LimitError, Limits, ParseError
from mailproto._core.fetch_table import PRESENT, FetchTable

ROWS = (
    b"* 1 FETCH (UID 7 FLAGS (\\seen $Label1) RFC822.SIZE 4000 MODSEQ (9223372036854775807))\r\n"
    b"* 2 FETCH (FLAGS () UID 4294967295)\r\n"
    b"* 9 UIDFETCH (MODSEQ (3))\r\n"
    b"* 3 FETCH (RFC822.SIZE 9223372036854775807)\r\n"
)


def columns(table: FetchTable) -> list[list[int]]:
    names = ("seq", "uid", "size", "modseq", "flags", "present")
    return [getattr(table, name).tolist() for name in names]


EXPECTED = [
    [1, 2, 0, 3],
    [7, 4294967295, 9, 0],
    [4000, 0, 0, 2**63 - 1],
    [2**63 - 1, 0, 3, 0],
    [3, 0, 0, 0],
    [15, 3, 9, 4],
]


def test_columns() -> None:
    table = FetchTable()
    table.feed(ROWS)
    assert len(table) == 4
    assert columns(table) == EXPECTED
    assert table.flag_names == ("\\Seen", "$Label1")
    assert (table.others, table.extra_flags, table.dropped) == ([], {}, 0)
    assert PRESENT == {"UID": 1, "FLAGS": 2, "RFC822.SIZE": 4, "MODSEQ": 8}
    for name, code in (
        ("seq", "I"),
        ("uid", "I"),
        ("size", "Q"),
        ("modseq", "Q"),
        ("flags", "Q"),
        ("present", "B"),
    ):
        view = getattr(table, name)
        assert (view.format, view.readonly, view.ndim) == (code, True, 1)


def test_nothing_yet_has_the_same_formats() -> None:
    table = FetchTable()
    for name, code in (
        ("seq", "I"),
        ("uid", "I"),
        ("size", "Q"),
        ("modseq", "Q"),
        ("flags", "Q"),
        ("present", "B"),
    ):
        view = getattr(table, name)
        assert (view.format, view.readonly, len(view)) == (code, True, 0)


def test_every_split_point() -> None:
    for cut in range(len(ROWS) + 1):
        table = FetchTable()
        table.feed(ROWS[:cut])
        table.feed(b"")
        table.feed(bytearray(ROWS[cut:]))
        assert columns(table) == EXPECTED
    table = FetchTable()
    for octet in ROWS:
        table.feed(bytes([octet]))
    assert columns(table) == EXPECTED


def test_views_stay_valid_and_as_they_were() -> None:
    table = FetchTable()
    table.feed(ROWS)
    early = [table.seq, table.uid, table.size, table.flags, table.present]
    before = [view.tolist() for view in early]
    for number in range(10, 5000):
        table.feed(b"* %d FETCH (UID %d FLAGS (k%d))\r\n" % (number, number, number % 3))
    assert [view.tolist() for view in early] == before
    assert table.uid.tolist()[4:] == list(range(10, 5000))
    late = table.seq
    del table
    assert late.tolist()[:4] == [1, 2, 0, 3]


def test_the_sixty_fifth_flag() -> None:
    table = FetchTable()
    table.feed(b"* 1 FETCH (FLAGS (%s))\r\n" % b" ".join(b"k%d" % i for i in range(64)))
    table.feed(b"* 2 FETCH (FLAGS (k0 more k63 yet))\r\n" * 2)
    table.feed(b"* 3 FETCH (FLAGS (k1))\r\n")
    assert table.flags.tolist() == [2**64 - 1, 2**63 + 1, 2**63 + 1, 2]
    assert table.extra_flags == {1: ("more", "yet"), 2: ("more", "yet")}
    assert len(table.flag_names) == 64


def test_a_repeated_list_has_the_same_bits() -> None:
    generator = random.Random(5)
    words = [f"w{i}" for i in range(40)]
    wanted = []
    table = FetchTable()
    for number in range(1, 3000):
        flags = generator.sample(words, generator.randrange(5))
        wanted.append(set(flags))
        table.feed(f"* {number} FETCH (FLAGS ({' '.join(flags)}))\r\n".encode())
    names = table.flag_names
    got = [{names[i] for i in range(64) if bits >> i & 1} for bits in table.flags]
    assert got == wanted


def test_other_items_and_other_responses_are_kept_aside() -> None:
    table = FetchTable(max_others=2)
    body = b"* 1 FETCH (UID 5 BODY[] {3}\r\na\r\n)\r\n"
    table.feed(b"* 4 EXISTS\r\n" + body + b"* OK {3}\r\n* 2 FETCH (UID NIL)\r\n")
    assert table.others == [b"* 4 EXISTS\r\n", body]
    assert table.dropped == 2
    assert (table.uid.tolist(), table.present.tolist()) == ([5, 0], [1, 0])


def test_a_broken_row_costs_itself() -> None:
    table = FetchTable()
    with pytest.raises(ParseError) as caught:
        table.feed(b"* 1 FETCH (UID 1)\r\n* 2 FETCH (UID\r\n* 3 FETCH (UID 3)\r\n* 4 FE")
    assert not caught.value.fatal
    table.feed(b"TCH (UID 4)\r\n")
    assert table.uid.tolist() == [1, 3, 4]


def test_an_error_of_framing_ends_it() -> None:
    table = FetchTable(limits=Limits(max_literal=5))
    table.feed(ROWS)
    with pytest.raises(LimitError) as caught:
        table.feed(b"* 5 FETCH (BODY[] {6}\r\n")
    assert caught.value.fatal
    table.feed(ROWS)
    assert columns(table) == EXPECTED


def test_memory_follows_the_rows() -> None:
    table = FetchTable()
    data = b"".join(b"* %d FETCH (UID %d FLAGS (\\Seen))\r\n" % (n, n) for n in range(1, 1001))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(100):
        table.feed(data)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(table) == 100_000
    assert after - before < 80 * len(table)  # 33 octets a row, and room to grow: no object a row


def test_made_without_init() -> None:
    assert len(FetchTable.__new__(FetchTable).seq) == 0

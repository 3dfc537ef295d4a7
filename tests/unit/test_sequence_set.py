"""SequenceSet: runs kept as written, lazy, with normalising set algebra."""

import copy
import pickle

import pytest

from mailproto import ParseError
from mailproto._core.sequence_set import SequenceSet


def test_runs_stay_as_written():
    numbers = SequenceSet("12:10,3,9:11")
    assert bytes(numbers) == b"12:10,3,9:11"
    assert list(numbers) == numbers.to_list() == [10, 11, 12, 3, 9, 10, 11]
    assert len(numbers) == 7
    assert numbers.ranges == ((12, 10), (3, 3), (9, 11))
    assert numbers != SequenceSet("3,9:12")
    assert numbers.normalised() == SequenceSet("3,9:12")


def test_buffer_is_n_by_2_of_uint32_with_0_for_star():
    view = memoryview(SequenceSet("1:4,*,7:*"))
    assert (view.shape, view.format, view.readonly) == ((3, 2), "I", True)
    assert view.tolist() == [[1, 4], [0, 0], [7, 0]]
    assert SequenceSet.from_ranges(view.tolist()) == SequenceSet("1:4,*,7:*")
    assert memoryview(SequenceSet()).nbytes == 0


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ("5", b"5"),
        (b"1:2", b"1:2"),
        (7, b"7"),
        ([1, 2, 3, 7, 8, 6], b"1:3,7:8,6"),
        (["*", 1, (5, 3), (2, "*")], b"*,1,5:3,2:*"),
        (range(3, 6), b"3:5"),
        ((4294967295,), b"4294967295"),
        (None, b""),
        ([], b""),
        ("$", b"$"),
    ],
)
def test_built_from(given, wire):
    assert bytes(SequenceSet(given)) == wire


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("0", 0),
        ("1:0", 2),
        ("1,", 2),
        (",1", 0),
        ("1,,5", 2),
        ("1:", 2),
        ("1:2:3", 3),
        ("**", 1),
        ("4294967296", 0),
        ("1,99999999999999999999", 2),
        ("$,1", 0),
        ("1 ", 1),
        ("-1", 0),
        ("1\r\n", 1),
        ("٣", 0),
        ("01", 0),
    ],
)
def test_broken_text_is_a_parse_error(text, offset):
    with pytest.raises(ParseError) as caught:
        SequenceSet(text)
    assert caught.value.offset == offset


@pytest.mark.parametrize("given", [0, -1, 2**32, [0], [1, 2**32], [(0, 1)]])
def test_numbers_out_of_range(given):
    with pytest.raises(ValueError, match="4294967295"):
        SequenceSet(given)


@pytest.mark.parametrize("given", [True, [True], [1, False], [(1, True)], 1.5, [1.5], [None], object()])
def test_what_is_no_number(given):
    with pytest.raises(TypeError, match=r"int or|str, bytes, int or an iterable"):
        SequenceSet(given)


def test_a_subclass_counts_as_what_it_holds():
    class Number(int):
        def __le__(self, _):
            return True

        __lt__ = __ge__ = __gt__ = __le__

        def __index__(self):
            return 7

    class Text(str):
        def encode(self, *_):
            return b"x\r\n"

    assert bytes(SequenceSet([Number(3), (Number(5), "*")])) == b"3,5:*"
    assert bytes(SequenceSet(Text("1:4"))) == b"1:4"
    for given in (Number(0), [Number(2**32)]):
        with pytest.raises(ValueError, match="4294967295"):
            SequenceSet(given)


def test_star_needs_a_mailbox():
    numbers = SequenceSet("9:*,3")
    assert numbers.has_star
    for use in (len, list, SequenceSet.to_list):
        with pytest.raises(ValueError, match="resolve"):
            use(numbers)
    assert numbers.resolve(11).to_list() == [9, 10, 11, 3]
    assert numbers.resolve(5).to_list() == [5, 6, 7, 8, 9, 3]  # RFC 9051: 9:* always holds the highest number
    assert numbers.resolve(0).to_list() == [3]
    assert 100 in numbers
    assert 8 not in numbers


def test_saved_result_has_no_numbers_here():
    saved = SequenceSet("$")
    assert saved.saved
    assert saved
    for use in (len, list, SequenceSet.normalised, lambda s: 1 in s, lambda s: s | SequenceSet("1")):
        with pytest.raises(ValueError, match=r"\$"):
            use(saved)


def test_algebra_with_star_takes_it_as_greater_than_every_number():
    assert bytes(SequenceSet("5:*") | SequenceSet("1:4")) == b"1:*"
    assert bytes(SequenceSet("5:*") & SequenceSet("1:10,*")) == b"5:10,*"
    assert bytes(SequenceSet("1:*") - SequenceSet("5,*")) == b"1:4,6:4294967295"
    assert bytes(SequenceSet("4294967295,*").normalised()) == b"4294967295,*"


def test_equal_sets_hash_alike_and_copy():
    numbers = SequenceSet("1:3,9:*")
    assert hash(numbers) == hash(SequenceSet(b"1:3,9:*"))
    assert copy.deepcopy(numbers) == pickle.loads(pickle.dumps(numbers)) == numbers
    assert pickle.loads(pickle.dumps(SequenceSet())) == SequenceSet()
    assert SequenceSet("1") != "1"


def test_attack_11_huge_sets_stay_lazy():
    everything = SequenceSet("1:4294967295")
    assert len(everything) == 4294967295
    assert memoryview(everything).nbytes == 8
    assert next(iter(everything)) == 1
    assert len(everything - SequenceSet("2")) == 4294967294
    backwards = SequenceSet("*:1")
    assert backwards.resolve(3).to_list() == [1, 2, 3]
    many = SequenceSet(",".join(["1:4294967295"] * 100_000))
    assert len(many) == 4294967295 * 100_000
    assert bytes(many.normalised()) == b"1:4294967295"
    assert repr(many).endswith(",...')")
    assert len(repr(many)) < 300

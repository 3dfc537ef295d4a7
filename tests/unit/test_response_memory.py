"""The readers' memory: what was lent, and use from inside and from two threads."""

import copy
import pickle
import re
import threading
from collections.abc import Callable

import pytest

from mailproto import NEED_DATA, LimitError, Limits, ParseError
from mailproto.imap import CommandReader, ResponseReader, parse_response, parse_response_prefix, responses

LINE = b"* 1 EXISTS\r\n"
LARGE = b"* 1 FETCH (BODY[] {2000000}\r\n" + b"x" * 2_000_000 + b")\r\n"


def test_feeding_takes_lent_memory_back() -> None:
    reader = ResponseReader()
    view = reader.get_buffer()
    reader.feed(LINE)
    with pytest.raises(ValueError, match="more octets"):
        reader.buffer_updated(1)
    with pytest.raises(ValueError, match="released"):
        view[:1] = b"x"
    assert list(reader) == [responses.Exists(1)]


def test_memory_that_was_lent_outlives_what_is_given_back() -> None:
    """An empty buffer over 1 MiB is let go of, but not while a transport is to write into it."""
    reader = ResponseReader()
    reader.feed(LARGE)
    view = reader.get_buffer()
    view[: len(LINE)] = LINE
    view.release()
    assert isinstance(reader.next(), responses.Fetch)
    reader.buffer_updated(len(LINE))
    reader.feed(LINE)
    assert list(reader) == [responses.Exists(1)] * 2


@pytest.mark.parametrize("make", [ResponseReader, CommandReader])
@pytest.mark.parametrize("count", [-1, 1 << 40])
def test_a_count_that_cannot_be(make: Callable[[], ResponseReader | CommandReader], count: int) -> None:
    reader = make()
    reader.get_buffer()
    with pytest.raises(ValueError, match=r"octets|buffer"):
        reader.buffer_updated(count)
    reader.buffer_updated(0)
    with pytest.raises(ValueError, match=r"octets|buffer"):  # one loan, one update
        reader.buffer_updated(1)


@pytest.mark.parametrize("hint", [-1, 0, 1, 100_000])
def test_a_view_is_never_empty(hint: int) -> None:
    reader = ResponseReader()
    assert len(reader.get_buffer(hint)) >= max(1, hint)
    reader.buffer_updated(0)
    assert reader.next() is NEED_DATA


def test_memory_after_a_fatal_error() -> None:
    reader = ResponseReader(limits=Limits(max_line=4))
    reader.feed(LINE)
    view = reader.get_buffer()
    with pytest.raises(LimitError):
        reader.next()
    view[:4] = b"x\r\n\r"  # harmless: it is nobody's memory now
    reader.buffer_updated(0)
    assert len(reader.get_buffer()) > 0
    reader.buffer_updated(4)
    assert reader.next() is NEED_DATA
    assert reader.buffered == 0


def test_one_value_over_a_megabyte() -> None:
    row = parse_response(LARGE)
    assert len(row.sections["BODY[]"]) == 2_000_000
    assert parse_response_prefix(LARGE + b"*")[1] == len(LARGE)
    with pytest.raises(ParseError) as caught:
        parse_response(LARGE + b"*")
    assert caught.value.offset == len(LARGE)


def test_any_buffer_counts_in_octets() -> None:
    assert parse_response(memoryview(LINE).cast("I")) == responses.Exists(1)


class Intruder:
    """A class of responses that uses the reader while the reader builds it."""

    reader: ResponseReader
    seen: list[object]

    def __new__(cls) -> object:
        for _ in range(40):
            cls.reader.feed(b'* LIST () "/" inner\r\n' * 50)
        cls.seen.append(cls.reader.next())
        return object.__new__(responses.UnknownResponse)


def test_a_reader_used_from_inside_itself() -> None:
    from mailproto._core.response import ResponseTypes
    from mailproto._core.response_code import CodeTypes
    from mailproto._core.response_reader import ResponseReader as Compiled
    from mailproto.imap.response_reader import DATA

    kinds = {
        "status": responses.StatusResponse,
        "flags": responses.MailboxFlags,
        "search": responses.SearchResult,
    }
    for name in [
        "Continuation",
        "Capability",
        "Enabled",
        "Exists",
        "Recent",
        "Expunge",
        "Vanished",
        "MailboxStatus",
    ]:
        key = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        kinds[key] = getattr(responses, name)
    codes = CodeTypes(
        code=responses.ResponseCode,
        append_uid=responses.AppendUid,
        copy_uid=responses.CopyUid,
        mechanism=responses.UrlMechanism,
        metadata=responses.MetadataRefused,
        progress=responses.InProgress,
        message_limit=responses.MessageLimit,
    )
    kinds["sort"] = responses.SortResult
    reader = Compiled(ResponseTypes(**kinds, codes=codes, data=DATA, unknown=Intruder))
    Intruder.reader = reader  # type: ignore[assignment]
    Intruder.seen = []
    reader.feed(b'* X-ONE (a b "c") {3}\r\nxyz\r\n')
    value = reader.next()
    assert value.values == (("a", "b", b"c"), b"xyz")
    assert Intruder.seen == [parse_response(b'* LIST () "/" inner\r\n')]
    assert len(list(reader)) == 40 * 50 - 1


def test_first_access_from_many_threads() -> None:
    wire = (
        b'* 1 FETCH (ENVELOPE (NIL "s" ((NIL NIL "m" "h")) NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE '
        b'(("a" "b" NIL NIL NIL "7BIT" 1)("c" "d" NIL NIL NIL "7BIT" 1) "mixed"))\r\n'
    )
    reader = ResponseReader()
    for _ in range(50):
        reader.feed(wire)
        row = reader.next()
        start = threading.Barrier(4)
        got: list[tuple[object, object]] = []

        def look(
            row: responses.Fetch = row,
            start: threading.Barrier = start,
            got: list[tuple[object, object]] = got,
        ) -> None:
            start.wait()
            got.append((row.envelope, row.body_structure))

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(got)) == 1
        assert got[0][0].subject == b"s"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "wire", [b"* OK [UIDNEXT 4] x\r\n", b"* SEARCH 1 2 3\r\n", b"* FLAGS (a)\r\n", b"* ID NIL\r\n"]
)
def test_values_from_python_can_be_pickled(wire: bytes) -> None:
    value = parse_response(wire)
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value


@pytest.mark.parametrize(
    "wire",
    [
        b"* 1 FETCH (UID 3)\r\n",
        b'* 1 FETCH (BODY[] "x" X-A (1 "b") ENVELOPE (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n',
        b'* 1 FETCH (BODY (("A" "B" NIL NIL NIL "7BIT" 1) "MIXED"))\r\n',
        b"* LIST () NIL x\r\n",
    ],
)
def test_compiled_values_are_pickled_and_copied(wire: bytes) -> None:
    value = parse_response(wire)
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert bytes(again) == bytes(value)
    assert copy.copy(value) is value
    assert copy.deepcopy(value) is value


def test_an_iterator_made_by_hand_is_empty() -> None:
    numbers = type(iter(responses.Vanished("1:3").uids))  # type: ignore[arg-type]
    assert list(numbers()) == []

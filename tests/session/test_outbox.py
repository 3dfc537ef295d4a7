"""The outbox: order, sync points, what is dropped, what is copied."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproto.imap.outbox import COPY_UP_TO, JOINED, Outbox

SYNC = object()


def joined(outbox: Outbox) -> bytes:
    return b"".join(outbox.take())


def test_everything_behind_a_sync_point_waits() -> None:
    outbox = Outbox()
    outbox.push([b"a1 LOGIN {4}\r\n", SYNC, b"user {4}\r\n", SYNC, b"pass\r\n"], "a1")
    outbox.push([b"a2 NOOP\r\n"], "a2")
    assert joined(outbox) == b"a1 LOGIN {4}\r\n"
    assert outbox.waiting == "a1"
    assert joined(outbox) == b""
    assert outbox.go_on()
    assert joined(outbox) == b"user {4}\r\n"
    assert outbox.go_on()
    assert joined(outbox) == b"pass\r\na2 NOOP\r\n"
    assert outbox.waiting is None
    assert not outbox.go_on()
    assert not outbox


def test_a_refused_command_is_dropped_and_the_next_goes_out() -> None:
    outbox = Outbox()
    outbox.push([b"a1 APPEND x {3}\r\n", SYNC, b"abc\r\n"], "a1")
    outbox.push([b"a2 NOOP\r\n"], "a2")
    outbox.take()
    assert outbox.holds("a1")
    assert not outbox.untouched("a1")
    assert outbox.untouched("a2")
    assert outbox.drop("a1")
    assert joined(outbox) == b"a2 NOOP\r\n"
    assert not outbox.drop("a1")
    assert not outbox.holds("a2")


def test_a_command_not_begun_can_be_dropped_from_the_middle() -> None:
    outbox = Outbox()
    outbox.push([b"a1 X {1}\r\n", SYNC, b"x\r\n"], "a1")
    outbox.push([b"a2\r\n"], "a2")
    outbox.push([b"a3\r\n"], "a3")
    outbox.take()
    assert outbox.drop("a2")
    assert outbox.waiting == "a1"
    assert outbox.go_on()
    assert joined(outbox) == b"x\r\na3\r\n"


def test_large_fragments_are_passed_through_and_small_ones_joined() -> None:
    outbox = Outbox()
    body = b"x" * (COPY_UP_TO + 1)
    outbox.push([b"* 1 FETCH (BODY[] {4097}\r\n", body, b")\r\n"])
    outbox.push([b"a OK\r\n"])
    first, second, third = outbox.take()
    assert first == b"* 1 FETCH (BODY[] {4097}\r\n"
    assert second is body
    assert third == b")\r\na OK\r\n"


def test_joined_buffers_are_bounded() -> None:
    outbox = Outbox()
    for _ in range(5000):
        outbox.push([b"y" * 100])
    buffers = outbox.take()
    assert sum(map(len, buffers)) == 500_000
    assert max(map(len, buffers)) <= JOINED
    assert len(buffers) <= 500_000 // (JOINED - 100) + 1


def test_clear_forgets_a_waiting_literal_too() -> None:
    outbox = Outbox()
    outbox.push([b"a {1}\r\n", SYNC, b"x\r\n"], "a")
    outbox.take()
    outbox.clear()
    outbox.push([b"b\r\n"], "b")
    assert joined(outbox) == b"b\r\n"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_like_object_may_be_sent(kind: type) -> None:
    outbox = Outbox()
    outbox.push([kind(b"abc")])
    assert joined(outbox) == b"abc"


units = st.lists(
    st.lists(st.one_of(st.just(SYNC), st.binary(max_size=8), st.just(b"z" * 5000)), max_size=6), max_size=8
)


@given(units, st.lists(st.booleans(), max_size=60))
def test_order_and_holding_agree_with_a_flat_model(commands: list[list[object]], moves: list[bool]) -> None:
    """take() gives exactly what stands before the first marker not yet passed by go_on()."""
    outbox = Outbox()
    for index, fragments in enumerate(commands):
        outbox.push(fragments, str(index))
    flat = [fragment for fragments in commands for fragment in fragments]
    sent, expected, passed = b"", b"", 0
    for go_on in [False, *moves]:
        if go_on and outbox.go_on():
            passed += 1
        sent += joined(outbox)
        markers, expected = 0, b""
        for fragment in flat:
            if fragment is SYNC:
                markers += 1
                if markers > passed:
                    break
            else:
                assert isinstance(fragment, bytes)
                expected += fragment
        assert sent == expected

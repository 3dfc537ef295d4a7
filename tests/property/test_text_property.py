"""Sequence sets against Python's sets, modified UTF-7 against an encoder in plain Python."""

from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet

small = st.integers(1, 60)
ranges = st.lists(st.tuples(small, small), max_size=12)
numbers = st.integers(1, 2**32 - 1) | st.just("*")


def plain_set(pairs):
    return {n for a, b in pairs for n in range(min(a, b), max(a, b) + 1)}


@given(ranges, ranges)
def test_algebra_agrees_with_sets(left, right):
    a, b = SequenceSet.from_ranges(left), SequenceSet.from_ranges(right)
    for ours, theirs in (
        (a | b, plain_set(left) | plain_set(right)),
        (a & b, plain_set(left) & plain_set(right)),
        (a - b, plain_set(left) - plain_set(right)),
        (a.normalised(), plain_set(left)),
    ):
        assert ours.to_list() == sorted(theirs)
        assert len(ours) == len(theirs)
        assert ours == ours.normalised()
        assert all(x[1] + 1 < y[0] for x, y in zip(ours.ranges, ours.ranges[1:], strict=False))
        assert (ours.min(), ours.max()) == (min(theirs, default=None), max(theirs, default=None))
    assert all((n in a) == (n in plain_set(left)) for n in range(62))
    assert len(a) == sum(abs(x - y) + 1 for x, y in left)
    assert a.to_list() == list(a) == [n for p in left for n in sorted(plain_set([p]))]


@given(st.lists(st.tuples(numbers, numbers), min_size=1))
def test_bytes_round_trip(pairs):
    written = SequenceSet.from_ranges(pairs)
    assert SequenceSet(bytes(written)) == written
    assert SequenceSet.from_ranges(memoryview(written).tolist()) == written
    assert written.normalised().normalised() == written.normalised()


@given(st.binary(max_size=40) | st.text("0123456789:,*$ ", max_size=40).map(str.encode))
def test_any_text_parses_or_raises(text):
    try:
        parsed = SequenceSet(text)
    except ValueError:
        return
    assert bytes(parsed) == text or b":" in text  # `5:5` is written `5`
    assert SequenceSet(bytes(parsed)) == parsed


def utf7(text):
    """RFC 3501 section 5.1.3, slowly."""
    out, held = b"", ""
    for c in [*text, None]:
        if c is None or " " <= c <= "~":
            if held:
                coded = b64encode(held.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
                out, held = out + b"&" + coded + b"-", ""
            out += b"" if c is None else b"&-" if c == "&" else c.encode()
        else:
            held += c
    return out


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("&-aäß\U0001f600")))
def test_mailbox_names_round_trip(text):
    name = MailboxName(text)
    if name == text:  # not another spelling of INBOX
        assert name.wire == utf7(text)
    for read in (MailboxName.from_wire(name.wire), MailboxName.from_wire(name.encode_wire(True), True)):
        assert read == name
        assert read.defects == ()
        assert read.wire == name.wire


@given(st.binary(max_size=60) | st.text("&-+,abcAJj01", max_size=30).map(str.encode), st.booleans())
def test_any_octets_are_kept(wire, utf8):
    name = MailboxName.from_wire(wire, utf8)
    if name != "INBOX":
        assert name.encode_wire(utf8) == wire

"""LIST patterns and the spelling of flags."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproto._core.flags import canonical_flag
from mailproto._core.mailbox_name import MailboxName, match_list_pattern


def oracle(pattern, name, delimiter):
    """By regular expression, on short input only."""
    rest = "." if delimiter is None else f"[^{re.escape(delimiter)}]"
    parts = {"*": ".*", "%": rest + "*"}
    return re.fullmatch("".join(parts.get(c, re.escape(c)) for c in pattern), name, re.DOTALL) is not None


@given(st.text("ab/*%", max_size=8), st.text("ab/", max_size=10), st.sampled_from(["/", "b", None]))
def test_agrees_with_a_regular_expression(pattern, name, delimiter):
    assert match_list_pattern(pattern, name, delimiter) == oracle(pattern, name, delimiter)


def test_inbox_in_any_case():
    assert match_list_pattern("inb*", MailboxName("INBOX"))
    assert match_list_pattern("InBox/%", "INBOX/a")
    assert not match_list_pattern("inbox/A", "INBOX/a")


def test_beyond_ascii_and_undecodable():
    assert match_list_pattern("Entwürfe/%", "Entwürfe/日本")
    assert match_list_pattern("*", MailboxName.from_wire(b"\xff"))
    assert match_list_pattern(b"a%", b"a\xff")


@pytest.mark.parametrize("delimiter", ["", "//", "ä"])
def test_delimiter_is_one_character(delimiter):
    with pytest.raises(ValueError, match="delimiter"):
        match_list_pattern("*", "a", delimiter)


def test_attack_13_patterns_do_not_explode():
    # A backtracking matcher takes longer than the age of the universe for any of these.
    name = "a" * 2000
    patterns = ["*%" * 20_000 + "b", "*a" * 900 + "b", "%a*" * 600 + "b", "*" * 60_000 + "b" * 60_000]
    started = time.process_time()
    assert not any(match_list_pattern(p, name) for p in patterns)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("\\seen", "\\Seen"),
        ("\\ANSWERED", "\\Answered"),
        ("$mdnsent", "$MDNSent"),
        ("Work", "Work"),
        ("\\x", "\\x"),
    ],
)
def test_flags_in_canonical_case(given, canonical):
    assert canonical_flag(given) == canonical

"""RFC 9051's own grammar, from the ``abnf`` package, as the judge of our readers.

Both directions: what the grammar makes must be read, without a defect; and of sentences that were damaged at
random the two must say the same. Where they differ on purpose, the case stands in a table below with its
reason; a line of a table that no case needs any more fails.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

pytest.importorskip("abnf")

from abnf_sentences import Sentences, accepts

from mailproto import IncompleteError, MailprotoError
from mailproto.imap import parse_command, parse_response, responses


class Frame(NamedTuple):
    """A rule of the grammar and what stands around it in a whole unit."""

    rule: str
    before: bytes = b""
    after: bytes = b""


RESPONSES = [
    Frame("response-data"),
    Frame("greeting"),
    Frame("response-tagged"),
    Frame("continue-req"),
    Frame("resp-text-code", b"* OK [", b"] x\r\n"),
    Frame("msg-att", b"* 1 FETCH ", b"\r\n"),
    Frame("msg-att-static", b"* 1 FETCH (", b")\r\n"),
    Frame("envelope", b"* 1 FETCH (ENVELOPE ", b")\r\n"),
    Frame("body", b"* 1 FETCH (BODYSTRUCTURE ", b")\r\n"),
    Frame("mailbox-data", b"* ", b"\r\n"),
    Frame("mailbox-list", b"* LIST ", b"\r\n"),
    Frame("esearch-response", b"* ", b"\r\n"),
    Frame("namespace-response", b"* ", b"\r\n"),
]
COMMANDS = [
    Frame("command"),
    *(
        Frame(rule, b"a ", b"\r\n")
        for rule in (
            "command-auth", "command-select", "login", "append", "fetch", "list", "search", "status",
            "store", "uid",
        )
    ),
]  # fmt: skip


class Difference(NamedTuple):
    """Units on which the grammar and we disagree on purpose: those that *test* holds for, and why."""

    test: Callable[[bytes, Any], bool]
    reason: str


def wire(pattern: str) -> Callable[[bytes, Any], bool]:
    """Whether the unit has *pattern* in it."""
    return lambda unit, _: re.search(pattern.encode("latin-1"), unit, re.IGNORECASE | re.DOTALL) is not None


def said(*words: str) -> Callable[[bytes, Any], bool]:
    """Whether what we said is one of these complaints."""
    return lambda _, complaint: any(word in str(complaint) for word in words)


def kept(test: Callable[[Any], bool]) -> Callable[[bytes, Any], bool]:
    """Whether what we read, which the grammar does not match, is of the kind that *test* knows."""
    return lambda _, value: not isinstance(value, str) and test(value)


def not_utf8(unit: bytes, _: Any) -> bool:
    try:
        unit.decode()
    except UnicodeDecodeError:
        return True
    return False


#: What the grammar makes and we refuse, or read with a defect.
NOT_READ_RESPONSES = [
    Difference(said("repeated-item"), "the same item twice in one FETCH: one of the two has to go"),
    Difference(
        wire(r"\[HEADER\.FIELDS[^]]*[\x80-\xff{]"), "field names are printable ASCII (RFC 5322 section 3.6.8)"
    ),
    Difference(wire(r"^\* ESEARCH .*ALL \$"), "what was saved is no result that a server tells"),
    Difference(
        wire(r"\[(?i:COPYUID) .*:"), "as many UIDs became others as there were (RFC 4315 section 3, in words)"
    ),
    Difference(said("expected name"), "an extension's item has a name of one octet at least"),
    Difference(said("mailbox-"), "section 5.1: names are Net-Unicode or modified UTF-7, not any octets"),
]
NOT_READ_COMMANDS = [
    Difference(said("header-fld-name"), "field names are printable ASCII (RFC 5322 section 3.6.8)"),
    Difference(said("charset"), "no registered charset has 8-bit octets in its name"),
    Difference(
        said("list-select-opt", "return-option", "search-return-opt", "tagged-ext-label"),
        "a server answers BAD to options it does not know (RFC 4466 section 2.6.1); vendors' names are ASCII",
    ),
]
#: What the grammar matches and we refuse, after damage.
REFUSED_RESPONSES = [
    Difference(
        said("missing-space", "missing-text", "bad-code", "unclosed-code", "extra-space"),
        "what is no response code may be text by the grammar; servers mean a code by it",
    ),
    Difference(
        said("number of 32 bits", "expected number", "bad-value", "bad-number"),
        "numbers have 32 or 63 bits (section 9, in words)",
    ),
]
REFUSED_COMMANDS = [
    Difference(said("sequence-set"), "numbers have 32 bits (section 9, in words)"),
]
#: What we read without a defect and the grammar does not match, after damage.
TAKEN_RESPONSES = [
    Difference(
        kept(lambda v: isinstance(v, responses.UnknownResponse)), "other responses come with extensions"
    ),
    Difference(
        kept(lambda v: isinstance(v, responses.Fetch) and bool(v.others)), "other items come with extensions"
    ),
    Difference(
        kept(
            lambda v: (
                isinstance(v, responses.StatusResponse | responses.Continuation) and not_utf8(bytes(v), None)
            )
        ),
        "text for people is kept whatever its charset",
    ),
    Difference(
        kept(lambda v: isinstance(v, responses.Capability)),
        "a server of RFC 3501 has no IMAP4rev2 to tell of",
    ),
    Difference(
        kept(lambda v: isinstance(v, responses.ESearch) and bool(v.others)),
        "other results come with extensions",
    ),
    Difference(
        kept(lambda v: bool(getattr(v, "extended", ()) or getattr(v, "correlators", ()))),
        "what extensions put into LIST and beside the tag of an ESEARCH has any name and value",
    ),
]
TAKEN_COMMANDS = [
    Difference(
        wire("^[^ ]* STATUS "),
        "other items come with extensions; whether there is such a one the server says",
    ),
    Difference(wire("^[^ ]* IDLE\r\n$"), "the grammar has the DONE that comes later in it"),
]


def strict_response(unit: bytes) -> Any:
    return parse_response(unit, strict=True)


def strict_command(unit: bytes) -> Any:
    return parse_command(unit, strict=True)


def verdict(read: Callable[[bytes], Any], unit: bytes) -> Any:
    """The value, where it is read and comes back from its own wire form; else what is wrong."""
    try:
        value = read(unit)
    except (MailprotoError, IncompleteError) as error:
        return str(error) or type(error).__name__
    return value if read(bytes(value)) == value else "read otherwise from its own wire form"


def unexplained(
    cases: list[tuple[bytes, Any]], table: list[Difference], also: list[Difference] | None = None
) -> tuple[list[str], list[str]]:
    """The cases that no line of *table* or *also* explains, and the lines of *table* that explain none."""
    used = set()
    left = []
    for unit, found in cases:
        reason = next((line for line in [*table, *(also or [])] if line.test(unit, found)), None)
        if reason is None:
            left.append(f"{unit!r}: {found}"[:500])
        else:
            used.add(reason)
    return sorted(left, key=len), [line.reason for line in table if line not in used]


def sentences(
    frames: list[Frame], count: int, *, server: bool, literals: bool = True
) -> Iterator[tuple[Frame, bytes]]:
    for frame in frames:
        for seed in range(count):
            inside = Sentences(seed, server=server, literals=literals).sentence(frame.rule)
            yield frame, frame.before + inside + frame.after


@pytest.mark.parametrize(
    ("frames", "read", "table"),
    [(RESPONSES, strict_response, NOT_READ_RESPONSES), (COMMANDS, strict_command, NOT_READ_COMMANDS)],
    ids=["responses", "commands"],
)
def test_what_the_grammar_makes_is_read(
    frames: list[Frame], read: Callable[[bytes], Any], table: list[Difference]
) -> None:
    cases = [(unit, verdict(read, unit)) for _, unit in sentences(frames, 150, server=frames is RESPONSES)]
    left, stale = unexplained([case for case in cases if isinstance(case[1], str)], table)
    assert left == []
    assert stale == []


# ---- damage ----------------------------

PIECES = [bytes([octet]) for octet in b' ()"*10\\][x\xff\0%,:<>.-+~'] + [b"NIL", b"{3}", b"\xc3\xa9"]
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[A-Za-z0-9.$-]+|.', re.DOTALL)


def damaged(unit: bytes, dice: random.Random) -> bytes:
    """*unit* with one token taken out, doubled, swapped with the next, put in or put for another."""
    tokens = TOKEN.findall(unit[:-2])
    at = dice.randrange(len(tokens))
    match dice.randrange(5):
        case 0:
            del tokens[at]
        case 1:
            tokens.insert(at, tokens[at])
        case 2 if at + 1 < len(tokens):
            tokens[at], tokens[at + 1] = tokens[at + 1], tokens[at]
        case 3:
            tokens[at] = dice.choice(PIECES)
        case _:
            tokens.insert(at, dice.choice(PIECES))
    return b"".join(tokens) + b"\r\n"


@pytest.mark.parametrize(
    ("frames", "rules", "read", "refused", "taken"),
    [
        (
            RESPONSES,
            ("response-data", "response-tagged", "greeting", "continue-req"),
            strict_response,
            REFUSED_RESPONSES,
            TAKEN_RESPONSES,
        ),
        (COMMANDS, ("command",), strict_command, REFUSED_COMMANDS, TAKEN_COMMANDS),
    ],
    ids=["responses", "commands"],
)
def test_damaged_sentences_are_judged_alike(
    frames: list[Frame],
    rules: tuple[str, ...],
    read: Callable[[bytes], Any],
    refused: list[Difference],
    taken: list[Difference],
) -> None:
    dice = random.Random(9051)
    too_strict, too_loose = [], []
    for _, unit in sentences(frames, 150, server=frames is RESPONSES, literals=False):
        if len(unit) > 120:  # the grammar's parser takes its time
            continue
        other = damaged(unit, dice)
        found = verdict(read, other)
        matches = any(accepts(rule, other) for rule in rules)
        if matches and isinstance(found, str):
            too_strict.append((other, found))
        elif not matches and not isinstance(found, str):
            too_loose.append((other, found))
    assert len(too_strict) + len(too_loose) > 20
    undamaged = NOT_READ_RESPONSES if frames is RESPONSES else NOT_READ_COMMANDS
    left, stale = unexplained(too_strict, refused, undamaged)
    left_loose, stale_loose = unexplained(too_loose, taken)
    assert left + left_loose == []
    assert stale + stale_loose == []

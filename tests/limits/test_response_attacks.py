"""What a hostile server sends to a client's reader, numbered as in the project's list of attacks."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from mailproto import NEED_DATA, IncompleteError, LimitError, Limits, ParseError
from mailproto.imap import ResponseReader, parse_response, responses
from mailproto.imap.responses import Address, BodyStructure, Envelope, Fetch, MailboxList, UnknownResponse


def outcome(wire: bytes, step: int | None = None, **options: Any) -> list[Any]:
    """Every value and error of a stream, comparable."""
    reader = ResponseReader(**options)
    got: list[Any] = []
    for start in range(0, len(wire), step or len(wire)):
        reader.feed(wire[start : start + (step or len(wire))])
        while True:
            try:
                value = reader.next()
            except ParseError as error:
                got.append((type(error), error.offset, error.expected, error.fatal))
                continue
            if value is NEED_DATA:
                break
            got.append((value, value.defects))
    return got


# 1. Sizes that are none.


@pytest.mark.parametrize(
    "size", [b"4294967295", b"18446744073709551615", b"99999999999999999999", b"1073741825"]
)
def test_attack_01_a_literal_past_the_limit_is_final(size: bytes) -> None:
    tracemalloc.start()
    (error,) = outcome(b"* 1 FETCH (BODY[] {" + size + b"}\r\nabc)\r\n* 2 EXISTS\r\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error[0] is LimitError
    assert error[1:] == (18, "no more than Limits.max_literal allows", True)
    assert peak < 100_000


@pytest.mark.parametrize("size", [b"-1", b"0x10", b"", b"1 ", b" 1", b"1+1", b"+", b"1e3"])
def test_attack_01_what_is_no_size_is_no_literal(size: bytes) -> None:
    error, after = outcome(b"* 1 FETCH (BODY[] {" + size + b"}\r\n* 2 EXISTS\r\n")
    assert error[0] is ParseError
    assert not error[3]
    assert after[0] == responses.Exists(2)


# 2. Memory follows what was received.


@pytest.mark.parametrize("via", ["feed", "get_buffer"])
def test_attack_02_an_announced_literal_takes_no_memory(via: str) -> None:
    reader = ResponseReader()
    tracemalloc.start()
    head = b"* 1 FETCH (BODY[] {1000000000}\r\n" + b"x" * 1000
    if via == "feed":
        reader.feed(head)
    else:
        for octet in range(0, len(head), 100):
            view = reader.get_buffer(-1)
            piece = head[octet : octet + 100]
            view[: len(piece)] = piece
            reader.buffer_updated(len(piece))
            assert reader.next() is NEED_DATA
    assert reader.next() is NEED_DATA
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000
    with pytest.raises(IncompleteError):
        reader.feed_eof()


# 3. One budget for all literals.


def test_attack_03_many_literals_share_one_budget() -> None:
    limits = Limits(max_unit=10_000, max_literal=1000)
    row = b"* 1 FETCH (" + b" ".join(b"X%d {1000}\r\n" % i + b"x" * 1000 for i in range(20)) + b")\r\n"
    ((kind, _, expected, fatal),) = outcome(row, limits=limits)
    assert (kind, fatal) == (LimitError, True)
    assert "max_unit" in expected


# 5. Linear work: see test_linear_work.py for all readers.


def test_attack_05_a_megabyte_one_octet_at_a_time_is_framed_once() -> None:
    """Each octet is looked at once: a second look at every octet would take hours, not a second."""
    wire = b"* 1 FETCH (BODY[] {1000000}\r\n" + b"\n" * 1_000_000 + b")\r\n"
    reader = ResponseReader()
    read = reader.next
    feed = reader.feed
    for octet in range(len(wire) - 1):
        feed(wire[octet : octet + 1])
        read()
    feed(wire[-1:])
    value = read()
    assert len(value.sections["BODY[]"]) == 1_000_000


def test_attack_05_encoded_words_left_open() -> None:
    """A subject of half a megabyte of openings: each was once searched to the end of the text."""
    for subject in (b"=?a?q?" * 80_000, b"=?a?b? " * 80_000 + b"?=", b"=?" * 250_000, b"=?a?b?=?" * 60_000):
        text = Envelope(subject=subject).subject_text
        assert text is not None
        assert len(text) <= len(subject)


# 6. Every split point.

STREAM = (
    b"* OK [CAPABILITY A B] caf\xc3\xa9 {5}\r\n"
    b'* NO [BADCHARSET (UTF-8 {3}\r\na)b "c")] x\r\n'
    b"* 1 FETCH (UID 3 BODY[HEADER.FIELDS ({7}\r\nSubject)] {9}\r\n{3}\r\n\xc3\xa9\r\n"
    b" ENVELOPE (NIL {2}\r\n\r\n NIL NIL NIL NIL NIL NIL NIL NIL))\r\n"
    b'* 2 FETCH (BODYSTRUCTURE ("A" {1}\r\nB NIL NIL NIL "7BIT" 3))\n'
    b'* LIST () "/" {4}\r\na  \r \r\n'
    b"* 3 FETCH (UID\r\n"
    b"* LIST () {1}\r\n/ ~peter\r\n"
    b"+ go on\r\n"
    b"a1 OK [UIDNEXT 3\r\n"
    b'* 5 FOO ("a\\"" ~{2}\r\n\0\0)\r\n'
    b"* 1 FETCH (BODY[] {99999999999}\r\n* 6 EXISTS\r\n"
)


def test_attack_06_every_split_point_gives_the_same() -> None:
    whole = outcome(STREAM)
    assert len(whole) == 11
    assert [type(entry[0]) for entry in whole].count(type) == 2  # the broken row and the literal
    for cut in range(len(STREAM)):
        reader = ResponseReader()
        got: list[Any] = []
        for piece in (STREAM[:cut], STREAM[cut:]):
            reader.feed(piece)
            while True:
                try:
                    value = reader.next()
                except ParseError as error:
                    got.append((type(error), error.offset, error.expected, error.fatal))
                    continue
                if value is NEED_DATA:
                    break
                got.append((value, value.defects))
        assert got == whole, cut
    for step in (1, 2, 3, 7):
        assert outcome(STREAM, step) == whole


# 7. Octets that do not belong.

ODD = {
    "nul in a quoted string": (b'* LIST () "/" "a\0b"\r\n', None),
    "nul in an atom": (b"* LIST () NIL a\0b\r\n", None),
    "nul in a literal": (b"* LIST () NIL {3}\r\na\0b\r\n", ("mailbox-not-canonical",)),
    "nul in text": (b"* OK a\0b\r\n", ("nul",)),
    "bare CR in a quoted string": (b'* LIST () "/" "a\rb"\r\n', None),
    "bare CR in an atom": (b"* LIST () NIL a\rb\r\n", None),
    "bare CR in text": (b"* OK a\rb\r\n", ("bare-cr",)),
    "bare LF": (b"* 3 EXISTS\n", ("bare-lf",)),
    "8 bits in an atom": (b"* X caf\xe9\r\n", ("8-bit",)),
    "8 bits in a code's name": (b"* OK [\xe9 3] x\r\n", ("8-bit", "bad-code")),
    "8 bits in an item's name": (b"* 1 FETCH (X\xe9 3)\r\n", ("8-bit",)),
    "8 bits in a section": (b'* 1 FETCH (BODY[HEADER.FIELDS ("\xe9")] "x")\r\n', ("8-bit",)),
    "a backslash before the closing quote": (b'* LIST () "/" "a\\"\r\n', None),
    "a backslash at the end": (b'* LIST () "/" "a\\\r\n', None),
    "a quoted flag": (b'* FLAGS ("a" b)\r\n', ("bad-flag",)),
    "a quote inside a flag": (b'* 1 FETCH (FLAGS (a"b"c d))\r\n', ("bad-flag",)),
    "a literal for a flag": (b"* 1 FETCH (FLAGS ({3}\r\na b d))\r\n", ("bad-flag",)),
    "a code's quote left open": (b'* OK [X "a] b" c] d\r\n', ("unclosed-code",)),
    "lists inside BADCHARSET": (b"* NO [BADCHARSET ((a))] x\r\n", ("bad-code",)),
    "PARTIAL that is no set": (b'* ESEARCH (TAG "a") PARTIAL (1:9 \xff)\r\n', ("8-bit", "bad-value")),
}


@pytest.mark.parametrize("what", sorted(ODD))
def test_attack_07_a_parse_error_or_a_named_defect(what: str) -> None:
    wire, defects = ODD[what]
    (got,) = outcome(wire)
    assert outcome(wire, 1) == [got]
    if defects is None:
        assert got[0] is ParseError
        assert not got[3]
        return
    value = got[0]
    assert set(value.defects) == set(defects)
    again = parse_response(bytes(value))
    assert again == value
    assert hash(again) == hash(value)
    if defects:
        with pytest.raises(ParseError):
            parse_response(wire, strict=True)


def test_attack_07_spaces_at_a_literals_end_are_its_own() -> None:
    value = parse_response(b"* LIST () NIL {4}\r\nab  \r\n", strict=True)
    assert value.mailbox == "ab  "
    assert parse_response(b"* LIST () NIL ab  \r\n").defects == ("trailing-space",)


# 8. Endless lines.


def test_attack_08_an_endless_line_is_told_once() -> None:
    reader = ResponseReader(limits=Limits(max_line=100_000))
    errors = 0
    for _ in range(100):
        reader.feed(b"* OK " + b"x" * 5000)
        try:
            assert reader.next() is NEED_DATA
        except LimitError as error:
            assert (error.limit, error.fatal, error.offset) == ("max_line", True, 100_000)
            errors += 1
    assert errors == 1
    assert reader.buffered == 0


# 9, 10. Nesting.


@pytest.mark.parametrize(
    "wire",
    [
        b"* X " + b"(" * 100_000 + b"\r\n",
        b"* X " + b"(" * 100_000 + b")" * 100_000 + b"\r\n",
        b"* 1 FETCH (X " + b"(" * 100_000 + b")" * 100_000 + b")\r\n",
        b"* 1 FETCH (BODYSTRUCTURE " + b"(" * 100_000 + b")" * 100_000 + b")\r\n",
        b"* LIST (" + b"(" * 1000 + b")" * 1000 + b") NIL x\r\n",
        b"* THREAD " + b"(1 " * 100_000 + b")" * 100_000 + b"\r\n",
        b"* NAMESPACE " + b"(" * 100_000 + b")" * 100_000 + b"\r\n",
        b"* ESEARCH X " + b"(" * 100_000 + b")" * 100_000 + b"\r\n",
    ],
)
@pytest.mark.parametrize("depth", [100, 10**9])
def test_attack_10_nested_100_000_deep(wire: bytes, depth: int) -> None:
    if depth > 100 and b"THREAD" in wire:
        return  # read, if it is allowed: see below
    (error,) = outcome(wire, limits=Limits(max_depth=depth))
    assert error[0] is LimitError
    assert "max_depth" in error[2]
    assert not error[3]


@pytest.mark.parametrize("opening", [b"(1 ", b"((1)", b"(1 (2)"])
def test_attack_10_threads_of_any_depth(opening: bytes) -> None:
    wire = b"* THREAD " + opening * 100_000 + b"(7)" + b")" * 100_000 + b"\r\n"
    value = parse_response(wire, limits=Limits(max_depth=10**9))
    assert isinstance(value, responses.ThreadResult)
    depth, number = value.nodes[-1]
    assert number == 7
    assert depth >= 99_999
    assert len(repr(value)) < 1000
    assert (
        parse_response(bytes(value), limits=Limits(max_depth=10**9)) == value == responses.ThreadResult(value)
    )
    assert hash(value) == hash(responses.ThreadResult(value.nodes))
    assert len(value.to_dict()["nodes"]) == len(value)
    with pytest.raises(LimitError):
        parse_response(wire)


def test_attack_09_an_open_or_empty_list_costs_one_response() -> None:
    error, after = outcome(b"* X (\r\n* 3 EXISTS\r\n")
    assert error[0] is ParseError
    assert after[0] == responses.Exists(3)
    with pytest.raises(LimitError):
        parse_response(b"* X " + b"()" * 1001 + b"\r\n", limits=Limits(max_elements=1000))


def enclosed(levels: int) -> bytes:
    inner = b'("A" "B" NIL NIL NIL "7BIT" 1)'
    for level in range(levels - 1):
        if level % 2:
            inner = b"(" + inner + b' "MIXED")'
        else:
            head = b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 1 (' + b" ".join([b"NIL"] * 10) + b") "
            inner = head + inner + b" 1)"
    return inner


def test_attack_10_fifty_levels_pass_and_every_use_of_them() -> None:
    wire = enclosed(50)
    row = parse_response(b"* 1 FETCH (BODYSTRUCTURE " + wire + b")\r\n", strict=True)
    same = parse_response(bytes(row))
    assert row == same
    assert hash(row.body_structure) == hash(same.body_structure)
    assert repr(row).count("MESSAGE") == 25
    assert bytes(row.body_structure) == bytes(BodyStructure.from_wire(wire))
    assert row.to_dict() == same.to_dict()


def test_attack_10_the_budget_is_not_renewed_inside_an_enclosed_message() -> None:
    limits = Limits(max_depth=20)
    assert BodyStructure.from_wire(enclosed(20), Limits(max_depth=22)).defects == ()
    with pytest.raises(LimitError):
        BodyStructure.from_wire(enclosed(21), limits)
    row = parse_response(b"* 1 FETCH (BODY " + enclosed(240) + b")\r\n", limits=Limits(max_depth=1000))
    assert hash(row.body) == hash(parse_response(bytes(row), limits=Limits(max_depth=1000)).body)
    with pytest.raises(LimitError):  # whatever max_depth says
        BodyStructure.from_wire(enclosed(260), Limits(max_depth=1000))


def test_attack_10_a_body_built_in_python_has_its_bound_too() -> None:
    part = BodyStructure("A", "B")
    with pytest.raises(ValueError, match="250 levels"):
        for _ in range(100_000):
            part = BodyStructure(subtype="MIXED", parts=(part,))
    assert hash(part) == hash(BodyStructure.from_wire(bytes(part), Limits(max_depth=1000)))


def test_attack_10_a_tree_built_in_python_is_no_crash() -> None:
    tree: Any = ()
    for _ in range(200_000):
        tree = (tree,)
    for make in (
        lambda: Fetch(1, others={"X": tree}),
        lambda: MailboxList("LIST", (), None, "x", (("t", tree),)),
        lambda: UnknownResponse("X", None, (tree,)),
        lambda: BodyStructure("A", "B", extensions=(tree,)),
    ):
        with pytest.raises(ValueError, match="nested too deeply"):
            make()
    while tree:
        (tree,) = tree


# 11. Sets and numbers.


@pytest.mark.parametrize(
    "wire",
    [
        b"* VANISHED 1:4294967295,4294967295:1\r\n",
        b'* ESEARCH (TAG "a") UID ALL 1:4294967295\r\n',
        b"* OK [COPYUID 1 1:4294967295 1:4294967295] x\r\n",
        b"* OK [MODIFIED 1:4294967295] x\r\n",
    ],
)
def test_attack_11_sets_stay_lazy(wire: bytes) -> None:
    tracemalloc.start()
    value = parse_response(wire, strict=True)
    assert parse_response(bytes(value)) == value
    value.to_dict()
    repr(value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


NUMBERS = (2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30)


@pytest.mark.parametrize("number", NUMBERS)
def test_attack_11_numbers_at_their_ends(number: int) -> None:
    def got(wire: str) -> Any:
        try:
            return parse_response(wire.encode())
        except ParseError as error:
            return error

    fits32, fits63 = number < 2**32, number < 2**63
    exists = got(f"* {number} EXISTS\r\n")
    assert exists == responses.Exists(number) if fits32 else isinstance(exists, ParseError)
    row = got(f"* 1 FETCH (UID {number} RFC822.SIZE {number})\r\n")
    assert row.uid == (number if fits32 else None)
    assert row.size == (number if fits63 else None)
    assert set(row.defects) == ({"bad-uid"} if not fits32 else set()) | (
        {"bad-number"} if not fits63 else set()
    )
    row = got(f"* 1 FETCH (MODSEQ ({number}))\r\n")
    assert row.modseq == number if fits63 else isinstance(row, ParseError)
    found = got(f"* SEARCH {number}\r\n")
    assert found.numbers.to_list() == [number] if fits32 else isinstance(found, ParseError)
    code = got(f"* OK [HIGHESTMODSEQ {number}] x\r\n").code
    assert code.value == (number if fits63 else str(number).encode())
    tree = got(f"* X {number}\r\n").values[0]
    assert tree in (number, str(number))
    box = got(f"* STATUS a (MESSAGES {number} HIGHESTMODSEQ 0)\r\n")
    assert box.items["MESSAGES"] in (number, str(number))


@pytest.mark.parametrize("uid", [b"0", b"-1", b"x", b"NIL", b"1.5", b'"1"', b"(1)"])
def test_attack_11_a_uid_that_is_none(uid: bytes) -> None:
    row = parse_response(b"* 1 FETCH (UID " + uid + b")\r\n")
    assert row.uid is None
    assert row.defects == ("bad-uid",)


# 12. Large but legal.


def test_attack_12_a_million_addresses() -> None:
    one = b'(NIL NIL "m" "h")'
    wire = b"* 1 FETCH (ENVELOPE (NIL NIL (" + one * 1_000_000 + b") NIL NIL NIL NIL NIL NIL NIL))\r\n"
    row = parse_response(wire)  # not looked into yet
    assert row.envelope is None
    assert row.defects == ("bad-envelope",)
    row = parse_response(wire, limits=Limits(max_addresses=1_000_000))
    assert len(row.envelope.from_) == 1_000_000
    assert row.envelope.from_[-1] == Address(mailbox=b"m", host=b"h")


def test_attack_12_100_000_parameters_and_parts() -> None:
    parameters = b'("A" "B" (' + b'"k" "v" ' * 99_999 + b'"k" "v") NIL NIL "7BIT" 1)'
    row = parse_response(b"* 1 FETCH (BODY " + parameters + b")\r\n")
    assert (row.body, row.defects) == (None, ("bad-body-structure",))
    many = b"(" + b'("A" "B" NIL NIL NIL "7BIT" 1)' * 100_000 + b' "MIXED")'
    row = parse_response(b"* 1 FETCH (BODY " + many + b")\r\n")
    assert (row.body, row.defects) == (None, ("bad-body-structure",))
    row = parse_response(b"* 1 FETCH (BODY " + many + b")\r\n", limits=Limits(max_parts=100_001))
    assert len(row.body.parts) == 100_000


def test_attack_12_groups_and_nobody() -> None:
    wire = (
        b'(NIL NIL ((NIL NIL "friends" NIL)("Jo" NIL "jo" "x")(NIL NIL NIL NIL)) NIL NIL NIL NIL NIL NIL NIL)'
    )
    envelope = Envelope.from_wire(wire)
    assert envelope.from_ is not None
    assert [address.addr_spec for address in envelope.from_] == [None, "jo@x", None]
    row = parse_response(b'* 1 FETCH (ENVELOPE (NIL NIL "" "" NIL NIL NIL NIL NIL NIL))\r\n')
    assert row.envelope.from_ is None
    assert row.defects == ("bad-value",)


# 13, 14. Floods of words.


def flood() -> Iterator[bytes]:
    for number in range(200_000):
        yield b"* 1 FETCH (FLAGS (k%d) X%d 1 BODY[%d] {1}\r\nx)\r\n" % (number, number, number)


def test_attack_14_a_flood_of_keywords_leaves_memory_flat() -> None:
    reader = ResponseReader()
    tracemalloc.start()
    for number, row in enumerate(flood()):
        reader.feed(row)
        reader.next()
        if number == 20_000:
            early = tracemalloc.get_traced_memory()[0]
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert late < early + 100_000


# 20. What a server is given to say comes out as one response with exactly that value.

EVIL = [
    b"a\r\n* 1 EXISTS",
    b"a)",
    b"a]",
    b'"',
    b"\\",
    b"{3}",
    b"{3}\r\n",
    b"\0",
    b"a (b",
    b"NIL",
    b"",
    b"*",
    b"\xff",
    b"a\n",
]


@pytest.mark.parametrize("evil", EVIL)
def test_attack_20_nothing_splits_a_response(evil: bytes) -> None:
    values: list[Any] = [
        Fetch(1, envelope=Envelope(subject=evil, from_=(Address(evil, None, evil, evil),))),
        Fetch(1, sections={"BODY[]": evil}, others={"X": (evil, (evil,))}),
        Fetch(1, body_structure=BodyStructure("A", "B", ((evil, evil),), description=evil)),
        UnknownResponse("X-METADATA", None, (evil,)),
        responses.Id(((evil, evil),)),
        responses.Quota(evil, (("STORAGE", 1, 2), (evil.decode("latin-1"), 3, 4))),
        responses.QuotaRoot("INBOX", (evil, evil)),
        responses.Acl("INBOX", ((evil, "lr"),)),
        responses.ListRights("INBOX", evil, "", ("a", "b")),
        responses.Metadata("INBOX", {"/shared/" + evil.decode("latin-1"): evil, "/b": evil}),
        responses.Metadata("INBOX", entries=("/shared/" + evil.decode("latin-1"),)),
        responses.Language((evil.decode("latin-1"), "de")),
        responses.Comparator(evil.decode("latin-1"), (evil.decode("latin-1"),)),
        responses.JmapAccess(evil),
        responses.UidBatches(evil.decode("latin-1"), ((9, 1),)),
        responses.GenUrlAuth((evil, evil)),
        responses.UrlFetch(((evil, evil), (evil, None), (evil, (("BODY", evil), ("BINARY", evil))))),
        responses.ESearch(evil.decode("latin-1"), count=1, others=(("X", (evil,)),)),
        responses.ESearch(correlators=(("X", (evil,)),), others=(("X", evil),)),
        responses.Namespace(
            (responses.NamespaceEntry("", "/", ((evil.decode("latin-1"), (evil,)),)),), None, None
        ),
        MailboxList("LIST", (), "/", "a", (("CHILDINFO", (evil.decode("latin-1"),)), ("X", (evil,)))),
        responses.MailboxStatus(responses.MailboxName("a"), {"X-OWN": evil}),
    ]
    for value in values:
        data = bytes(value)
        assert parse_response(data, strict=True) == value
    text = evil.decode("latin-1")
    for make in (
        lambda: MailboxList("LIST", (), "/", text),
        lambda: MailboxList("LIST", (), "/", "a", (("OLDNAME", text), (text, None))),
        lambda: responses.Metadata(text, {"/a": b""}),
        lambda: responses.Acl(text, (("x", "lr"),)),
        lambda: responses.MyRights("INBOX", text),
        lambda: responses.ListRights("INBOX", "x", text, (text,)),
        lambda: responses.ESearch(mailbox=text, others=((text, 1),)),
        lambda: responses.Namespace((responses.NamespaceEntry(text, "/"),), None, None),
        lambda: responses.UrlFetch((("u", ((text, 1),)),)),
        lambda: responses.MailboxStatus(responses.MailboxName(text), {"MESSAGES": 1}),
        lambda: responses.MailboxStatus(responses.MailboxName("a"), {"MAILBOXID": text}),
        lambda: Fetch(1, flags=(text,)),
        lambda: responses.MailboxFlags((text,)),
        lambda: responses.Capability((text,)),
        lambda: responses.StatusResponse(None, "OK", None, text),
        lambda: responses.StatusResponse(None, "OK", responses.ResponseCode("X", evil or None), "t"),
    ):
        try:
            value = make()
            data = bytes(value)
        except ValueError:
            continue  # refused
        assert parse_response(data) == value


@pytest.mark.parametrize("before", [*range(10, 30), *range(50, 62), *range(110, 126)])
def test_a_value_that_does_not_fit_behind_many_that_do(before: int) -> None:
    """Where the memory of the values was full, the tree of the broken one was written behind it."""
    value = parse_response(b"* ESEARCH RELEVANCY (" + b" ".join([b"5"] * before) + b") MIN x\r\n")
    assert (value.relevancy, value.min, value.defects) == ((5,) * before, None, ("bad-value",))


@pytest.mark.parametrize("name", ["5NO", "99OK", "99999999999BYE"])
def test_attack_20_a_name_that_ends_in_a_status_is_a_name(name: str) -> None:
    value = responses.UnknownResponse(name, None, (b"\r\n* BYE x\r\n",))
    reader = ResponseReader()
    reader.feed(bytes(value))
    assert list(reader) == [value]

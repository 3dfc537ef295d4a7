"""Each response of the extensions: what it reads to and is written as, what is mended, what is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from mailproto import LimitError, Limits, ParseError
from mailproto.imap import MailboxName, SequenceSet, parse_response, responses
from mailproto.imap.responses import (
    Acl,
    Comparator,
    ContextUpdate,
    ESearch,
    GenUrlAuth,
    Id,
    JmapAccess,
    Language,
    ListRights,
    MailboxList,
    MailboxStatus,
    Metadata,
    MyRights,
    Namespace,
    NamespaceEntry,
    Quota,
    QuotaRoot,
    SortResult,
    ThreadResult,
    UidBatches,
    UnknownResponse,
    UrlFetch,
)


def read(line: str, **options: Any) -> Any:
    return parse_response(b"* " + line.encode("latin-1") + b"\r\n", **options)


#: What a line reads to without a defect.
PLAIN: list[tuple[str, Any]] = [
    ('QUOTA "" (STORAGE 10 512)', Quota(b"", (("STORAGE", 10, 512),))),
    ('QUOTA "#user/a" (message 1 2 X-Y 0 9)', Quota("#user/a", (("MESSAGE", 1, 2), ("X-Y", 0, 9)))),
    ("quota x ()", Quota(b"x")),
    ('QUOTAROOT INBOX "#user/a" {2}\r\nb ', QuotaRoot("INBOX", (b"#user/a", b"b "))),
    ("QUOTAROOT comp.mail.mime", QuotaRoot("comp.mail.mime")),
    (
        'ACL INBOX Fred rwipslda "-Fred" wetd $team w',
        Acl("INBOX", {b"Fred": "rwipslda", b"-Fred": "wetd", b"$team": "w"}),
    ),
    ("ACL INBOX", Acl("INBOX")),
    ('ACL INBOX user ""', Acl("INBOX", ((b"user", ""),))),
    ("LISTRIGHTS ~/Mail smith la r swicdkxte", ListRights("~/Mail", "smith", "la", ("r", "swicdkxte"))),
    ('LISTRIGHTS INBOX user ""', ListRights("INBOX", b"user")),
    ("MYRIGHTS INBOX rwiptsldaex", MyRights("INBOX", "rwiptsldaex")),
    (
        'METADATA INBOX (/shared/comment "a (b" /private/comment NIL /x ~{2}\r\n\0b)',
        Metadata("INBOX", {"/shared/comment": b"a (b", "/private/comment": None, "/x": b"\0b"}),
    ),
    (
        'METADATA "" /shared/comment "/private/comment"',
        Metadata("", entries=("/shared/comment", "/private/comment")),
    ),
    ("METADATA INBOX ()", Metadata("INBOX", {})),
    ("SORT", SortResult()),
    ("SORT 5 3 4 1 (MODSEQ 17)", SortResult(SequenceSet([5, 3, 4, 1]), 17)),
    ("THREAD", ThreadResult()),
    (
        "THREAD (2)(3 6 (4 23)(44 7))",
        ThreadResult([(0, 2), (0, 3), (1, 6), (2, 4), (3, 23), (2, 44), (3, 7)]),
    ),
    ("THREAD ((3)(5))", ThreadResult([(0, None), (1, 3), (1, 5)])),
    ("THREAD (1 ((2)(3)))", ThreadResult([(0, 1), (1, None), (2, 2), (2, 3)])),
    ('LANGUAGE (EN "DE" i-default)', Language(("EN", "DE", "i-default"))),
    ("COMPARATOR i;basic", Comparator("i;basic")),
    ('COMPARATOR "i;basic" ("i;a" b)', Comparator("i;basic", ("i;a", "b"))),
    ('JMAPACCESS "https://example.com/.s/jmap"', JmapAccess("https://example.com/.s/jmap")),
    ('UIDBATCHES (TAG "A1") 215295:99696,99695:1', UidBatches("A1", ((215295, 99696), (99695, 1)))),
    ('UIDBATCHES (TAG "A1") 7:7', UidBatches("A1", ((7, 7),))),
    ('UIDBATCHES (TAG "A1")', UidBatches("A1")),
    ('GENURLAUTH "imap://joe" b', GenUrlAuth((b"imap://joe", b"b"))),
    ('URLFETCH "a" NIL b {2}\r\nxy', UrlFetch(((b"a", None), (b"b", b"xy")))),
    (
        'URLFETCH a (BODYPARTSTRUCTURE ("TEXT" 1)) (binary ~{2}\r\n\0x) b NIL c "d"',
        UrlFetch(
            ((b"a", (("BODYPARTSTRUCTURE", (b"TEXT", 1)), ("BINARY", b"\0x"))), (b"b", None), (b"c", b"d"))
        ),
    ),
    ('URLFETCH a (BODY NIL BINARY "x")', UrlFetch(((b"a", (("BODY", None), ("BINARY", b"x"))),))),
    ("ESEARCH", ESearch()),
    ('ESEARCH (TAG "a") UID', ESearch("a", True)),
    ("ESEARCH UID COUNT 5", ESearch(uid=True, count=5)),
    (
        'ESEARCH (TAG "a") MIN 1 max 9 COUNT 3 ALL 9,1:2 MODSEQ 17',
        ESearch("a", all=SequenceSet("9,1:2"), min=1, max=9, count=3, modseq=17),
    ),
    (
        'ESEARCH (TAG "t" MAILBOX "f&AOk-" UIDVALIDITY 1 X-Y (a)) UID ALL 4',
        ESearch("t", True, SequenceSet(4), mailbox="fé", uidvalidity=1, correlators=(("X-Y", ("a",)),)),
    ),
    ("ESEARCH PARTIAL (-1:-100 200:250,252)", ESearch(partial=((-1, -100), SequenceSet("200:250,252")))),
    ("ESEARCH PARTIAL (23500:24000 NIL)", ESearch(partial=((23500, 24000), None))),
    (
        'ESEARCH (TAG "B") UID REMOVEFROM (0 7) ADDTO (1 5 2 8:9)',
        ESearch(
            "B",
            True,
            updates=(
                ContextUpdate("REMOVEFROM", ((0, SequenceSet(7)),)),
                ContextUpdate("ADDTO", ((1, SequenceSet(5)), (2, SequenceSet("8:9")))),
            ),
        ),
    ),
    ("ESEARCH ALL 1,5 RELEVANCY (4 99)", ESearch(all=SequenceSet("1,5"), relevancy=(4, 99))),
    ('ESEARCH X-Y (a "b" (1)) Z 7', ESearch(others=(("X-Y", ("a", b"b", (1,))), ("Z", 7)))),
    ("NAMESPACE NIL NIL NIL", Namespace(None, None, None)),
    (
        'NAMESPACE (("" "/")("#mh/" NIL "X" ("A" "B"))) NIL (("s" "\\\\"))',
        Namespace((("", "/"), ("#mh/", None, (("X", (b"A", b"B")),))), None, (("s", "\\"),)),
    ),
    ("ID NIL", Id()),
    ('ID ("name" "x" "os" NIL)', Id(((b"name", b"x"), (b"os", None)))),
    ('XLIST (\\Inbox) "/" a', MailboxList("XLIST", ("\\Inbox",), "/", "a")),
    (
        'LIST () "/" New ("OLDNAME" ("Old") childinfo ("subscribed") X (1))',
        MailboxList(
            "LIST", (), "/", "New", (("OLDNAME", "Old"), ("CHILDINFO", ("SUBSCRIBED",)), ("X", (1,)))
        ),
    ),
    (
        "STATUS foo (mailboxid (123) APPENDLIMIT NIL SIZE 5 X (1 2) HIGHESTMODSEQ 0)",
        MailboxStatus(
            "foo", {"MAILBOXID": "123", "APPENDLIMIT": None, "SIZE": 5, "X": (1, 2), "HIGHESTMODSEQ": 0}
        ),
    ),
    (
        "STATUS foo (APPENDLIMIT 7 DELETED 1 DELETED-STORAGE 8)",
        MailboxStatus("foo", {"APPENDLIMIT": 7, "DELETED": 1, "DELETED-STORAGE": 8}),
    ),
    ('STATUS "misc" (X-GM-ID "a")', MailboxStatus("misc", {"X-GM-ID": b"a"})),
]


@pytest.mark.parametrize(("line", "expected"), PLAIN, ids=[line[:40] for line, _ in PLAIN])
def test_read_and_written(line: str, expected: Any) -> None:
    value = read(line, strict=True)
    assert value == expected
    assert type(value) is type(expected)
    assert value.defects == ()
    assert hash(value) == hash(expected)
    assert repr(value) == repr(expected)
    assert parse_response(bytes(expected), strict=True) == expected
    assert value.to_dict()["type"] == type(value).__name__
    if not isinstance(value, MailboxList):
        assert pickle.loads(pickle.dumps(value)) == value


#: What is mended: the line, the defects, and the same line as it should be.
MENDED: list[tuple[str, tuple[str, ...], str]] = [
    ('QUOTA "" (STORAGE -1 512)', ("bad-number",), 'QUOTA "" (STORAGE NIL 512)'),
    ('QUOTA "" (STORAGE "1" 512)', ("bad-number",), 'QUOTA "" (STORAGE 1 512)'),
    ('QUOTA "" NIL', ("bad-value",), 'QUOTA "" ()'),
    ('QUOTA ""(STORAGE 1 2)', ("missing-space",), 'QUOTA "" (STORAGE 1 2)'),
    ('QUOTA  "" ( STORAGE  1 2 ) ', ("trailing-space", "extra-space"), 'QUOTA "" (STORAGE 1 2)'),
    ('QUOTA "" (A 1 2 a 3 4)', ("repeated-item",), 'QUOTA "" (A 1 2 A 3 4)'),
    ("QUOTAROOT INBOX ", ("trailing-space",), "QUOTAROOT INBOX"),
    ("ACL INBOX a LR!", ("bad-value",), 'ACL INBOX a "LR!"'),
    ("ACL INBOX a l a r", ("repeated-item",), "ACL INBOX a l a r"),
    ("ACL INBOX \xe9 l", ("8-bit",), "ACL INBOX {1}\r\n\xe9 l"),
    ("MYRIGHTS INBOX Rw", ("bad-value",), "MYRIGHTS INBOX Rw"),
    ("LISTRIGHTS INBOX a l Q", ("bad-value",), "LISTRIGHTS INBOX a l Q"),
    ("METADATA INBOX (/a)", ("bad-value",), "METADATA INBOX (/a NIL)"),
    ("METADATA INBOX (/a b)", ("atom-for-string",), 'METADATA INBOX (/a "b")'),
    ("METADATA INBOX NIL", ("bad-value",), "METADATA INBOX ()"),
    ('METADATA INBOX (/a "1" /a "2")', ("repeated-item",), 'METADATA INBOX (/a "2")'),
    ("METADATA INBOX /a  /b", ("extra-space",), "METADATA INBOX /a /b"),
    ("SORT ", ("trailing-space",), "SORT"),
    ("THREAD  (1  2) ", ("trailing-space", "extra-space"), "THREAD (1 2)"),
    ("THREAD (1(2)(3))", ("missing-space",), "THREAD (1 (2)(3))"),
    ("THREAD(1)", ("missing-space",), "THREAD (1)"),
    ("THREAD (1 (2))", ("bad-value",), "THREAD (1 2)"),
    ("THREAD ()(1)", ("bad-value",), "THREAD (1)"),
    ("THREAD ((()))(1 (()))", ("bad-value",), "THREAD (1)"),
    ("LANGUAGE DE", ("bad-value",), "LANGUAGE (DE)"),
    ("COMPARATOR a b", ("bad-value",), "COMPARATOR a (b)"),
    ("JMAPACCESS NIL", ("nil-for-string",), 'JMAPACCESS ""'),
    ("JMAPACCESS http://x", ("atom-for-string",), 'JMAPACCESS "http://x"'),
    ("UIDBATCHES 3:1", ("bad-value",), "UIDBATCHES 3:1"),
    ("NAMESPACE NIL NIL", ("bad-value",), "NAMESPACE NIL NIL NIL"),
    ("NAMESPACE () NIL NIL", (), "NAMESPACE NIL NIL NIL"),
    ("NAMESPACE (()) NIL NIL", ("bad-value",), 'NAMESPACE (("" NIL)) NIL NIL'),
    ('NAMESPACE (("a" "")) NIL NIL', ("bad-value",), 'NAMESPACE (("a" NIL)) NIL NIL'),
    ('NAMESPACE ( ( "a" "/" ) ) NIL NIL', ("extra-space",), 'NAMESPACE (("a" "/")) NIL NIL'),
    ('ID ("a" "b" "c")', ("bad-value",), 'ID ("a" "b" "c" NIL)'),
    ("ID", ("bad-value",), "ID NIL"),
    ("QUOTA a", ("bad-value",), "QUOTA a ()"),
    ("ID (a b)", ("atom-for-string",), 'ID ("a" "b")'),
    ("ESEARCH COUNT x", ("bad-value",), "ESEARCH COUNT x"),
    ("ESEARCH PARTIAL (1:0 3)", ("bad-value",), "ESEARCH PARTIAL (1:0 3)"),
    ("ESEARCH PARTIAL (1:2)", ("bad-value",), "ESEARCH PARTIAL (1:2 NIL)"),
    ("ESEARCH ALL 0", ("bad-value",), "ESEARCH ALL 0"),
    ("ESEARCH ADDTO (1)", ("bad-value",), "ESEARCH ADDTO (1)"),
    ("ESEARCH MIN 1 MIN 2", ("repeated-item",), "ESEARCH MIN 2"),
    ("ESEARCH MIN 1 MAX", ("bad-value",), "ESEARCH MIN 1"),
    ("LIST () NIL a (OLDNAME x CHILDINFO (()))", ("bad-value",), "LIST () NIL a (OLDNAME x CHILDINFO (()))"),
    ("LIST () NIL a (X)", ("bad-value",), "LIST () NIL a ()"),
    ("STATUS a (MAILBOXID x)", ("bad-value",), "STATUS a (MAILBOXID (x))"),
    ("STATUS a (MESSAGES 1 2)", ("bad-value",), "STATUS a (MESSAGES 1)"),
]


@pytest.mark.parametrize(("line", "defects", "better"), MENDED, ids=[line[:40] for line, _, _ in MENDED])
def test_mended_with_a_defect(line: str, defects: tuple[str, ...], better: str) -> None:
    if not better:  # another name altogether, or no response
        with pytest.raises(ParseError):
            read(line)
        return
    value = read(line)
    assert value.defects == defects
    assert value == read(better)
    assert parse_response(bytes(value)) == value
    value.to_dict()
    if defects:
        if not isinstance(value, MailboxList):
            assert value.raw == b"* " + line.encode("latin-1") + b"\r\n"
        with pytest.raises(ParseError, match="response without " + "|".join(defects)):
            read(line, strict=True)


@pytest.mark.parametrize(
    "line",
    [
        "QUOTA",
        "QUOTA a (STORAGE 1)",
        "QUOTA a (STORAGE (1) 2)",
        "QUOTA a (STORAGE 1 2) x",
        "QUOTA (a) (STORAGE 1 2)",
        "QUOTAROOT",
        "QUOTAROOT (a)",
        "ACL",
        "ACL INBOX a",
        "ACL INBOX (a l)",
        "LISTRIGHTS INBOX a",
        "MYRIGHTS INBOX",
        "MYRIGHTS INBOX l r",
        "METADATA",
        "METADATA INBOX ((/a) b)",
        "METADATA INBOX /a (b)",
        "SORT 0",
        "SORT 1 x",
        "SORT 1:3",
        "THREAD 1",
        "THREAD (0)",
        "THREAD (4294967296)",
        "THREAD (1",
        "THREAD (1))",
        "THREAD (1 (2) 3)",
        "THREAD (a)",
        'THREAD ("1")',
        "LANGUAGE",
        "LANGUAGE ()",
        "LANGUAGE ((a))",
        "COMPARATOR",
        "COMPARATOR (a)",
        "NAMESPACE NIL NIL NIL NIL",
        'NAMESPACE ("" "/") NIL NIL',
        'NAMESPACE (("" "ab")) NIL NIL',
        "ID x",
        "ID ((a) b)",
        "JMAPACCESS",
        "JMAPACCESS (a)",
        "UIDBATCHES (TAG) x",
        'UIDBATCHES (TAG "a") 0:1',
        "GENURLAUTH",
        "GENURLAUTH (a)",
        "URLFETCH",
        "URLFETCH (a) b",
        "ESEARCH (TAG",
        "ESEARCH (a) (b) (c)",
        "ESEARCH COUNT 1 (2) 3",
        "STATUS",
        "STATUS a",
        "STATUS a (1 (2) (3) 4)",
    ],
)
def test_what_does_not_fit_is_an_error_that_costs_one_response(line: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(line)
    assert not caught.value.fatal
    assert not isinstance(caught.value, LimitError)
    assert 0 < caught.value.offset <= len(line) + 4


@pytest.mark.parametrize(
    "make",
    [
        lambda: Quota(1),
        lambda: Quota(b"", (("STORAGE", -1, 2),)),
        lambda: Quota(b"", (("STORAGE", 1, 2**63),)),
        lambda: Quota(b"", (("STORAGE", True, 2),)),
        lambda: Quota(b"", ((b"STORAGE", 1, 2),)),
        lambda: QuotaRoot("INBOX", b"ab"),
        lambda: QuotaRoot("INBOX", (1,)),
        lambda: Acl("INBOX", (("a", "LR"),)),
        lambda: Acl("INBOX", (("a", b"lr"),)),
        lambda: Acl(b"INBOX"),
        lambda: ListRights("INBOX", "a", "l r"),
        lambda: ListRights("INBOX", "a", "l", "rs t"),
        lambda: MyRights("INBOX", "l)"),
        lambda: Metadata("INBOX"),
        lambda: Metadata("INBOX", {1: b""}),
        lambda: Metadata("INBOX", {"/a": 1}),
        lambda: Metadata("INBOX", {"/a": b""}, ("/b",)),
        lambda: Metadata("INBOX", entries="/a"),
        lambda: SortResult([0]),
        lambda: SortResult([1], -1),
        lambda: ThreadResult([(1, 1)]),
        lambda: ThreadResult([(0, 1), (2, 2)]),
        lambda: ThreadResult([(0, None)]),
        lambda: ThreadResult([(0, 0)]),
        lambda: ThreadResult([(0, 2**32)]),
        lambda: ThreadResult([(-1, 1)]),
        lambda: ThreadResult([(None, 1)]),
        lambda: ThreadResult([("0", 1)]),
        lambda: ThreadResult([1]),
        lambda: Language(()),
        lambda: Language("de"),
        lambda: Comparator(b"x"),
        lambda: JmapAccess(None),
        lambda: UidBatches("a", ((0, 1),)),
        lambda: UidBatches("a", (5,)),
        lambda: UidBatches(1),
        lambda: GenUrlAuth(()),
        lambda: GenUrlAuth("abc"),
        lambda: UrlFetch(()),
        lambda: UrlFetch((("a", ()),)),
        lambda: UrlFetch((("a", (("B)", 1),)),)),
        lambda: UrlFetch((("a", 1),)),
        lambda: ESearch(1),
        lambda: ESearch(all="$"),
        lambda: ESearch(all=[]),
        lambda: ESearch(count=-1),
        lambda: ESearch(partial=((0, 1), None)),
        lambda: ESearch(partial=((1, 2**32), None)),
        lambda: ESearch(updates=("ADDTO",)),
        lambda: ContextUpdate("ADD", ((0, "1"),)),
        lambda: ContextUpdate("ADDTO", ()),
        lambda: ContextUpdate("ADDTO", ((-1, "1"),)),
        lambda: Namespace((("", "//"),), None, None),
        lambda: MailboxList("XXX", (), None, "a"),
        lambda: MailboxList("LIST", (), None, "a", (("CHILDINFO", (b"x",)),)),
        lambda: MailboxList("LIST", (), None, "a", (("", 1),)),
        lambda: MailboxStatus("a", {"MAILBOXID": 5}),
    ],
)
def test_arguments_are_checked(make: Callable[[], Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        make()


def test_threads_one_by_one() -> None:
    value = read("THREAD (2)(3 6 (4 23)(44))((8)(9))")
    assert [list(thread) for thread in value.threads()] == [
        [(0, 2)],
        [(0, 3), (1, 6), (2, 4), (3, 23), (2, 44)],
        [(0, None), (1, 8), (1, 9)],
    ]
    assert list(value.numbers) == [2, 3, 6, 4, 23, 44, 8, 9]
    assert len(value) == 9
    assert list(ThreadResult().threads()) == []
    with pytest.raises(TypeError):
        value.__init__([(0, 1)])
    assert pickle.loads(pickle.dumps(value)) == value
    assert value != ThreadResult([*list(value)[:-1], (1, 10)])
    assert value != "THREAD"


def test_threads_within_limits() -> None:
    line = "THREAD " + "(1 (2)" * 5 + "(3)" + ")" * 5
    assert read(line, limits=Limits(max_depth=6, max_elements=11)) == read(line)
    with pytest.raises(LimitError, match="max_depth"):
        read(line, limits=Limits(max_depth=5))
    with pytest.raises(LimitError, match="max_elements"):
        read(line, limits=Limits(max_elements=10))


def test_a_list_tells_what_it_was_called() -> None:
    value = read('LIST (\\NonExistent) "/" "New" ("OLDNAME" ("Old &AOk-") "CHILDINFO" ("SUBSCRIBED"))')
    assert value.old_name == "Old é"
    assert isinstance(value.old_name, MailboxName)
    assert value.child_info == ("SUBSCRIBED",)
    plain = read('LIST () "/" "New"')
    assert plain.old_name is None
    assert plain.child_info is None


def test_namespaces_have_a_name_in_the_language_of_the_session() -> None:
    value = read('NAMESPACE NIL (("Other Users/" "/" "TRANSLATION" ("Andere Ben&APw-tzer/"))) NIL')
    assert value.other[0].translation == "Andere Benützer/"
    assert value.other[0].prefix == "Other Users/"
    assert read('NAMESPACE (("" "/")) NIL NIL').personal[0].translation is None


def test_names_go_out_in_utf8_where_that_is_enabled() -> None:
    for value in (
        QuotaRoot("é"),
        Acl("é"),
        MyRights("é", "l"),
        Metadata("é", {}),
        ESearch(mailbox="é"),
        MailboxList("LIST", (), None, "a", (("OLDNAME", "é"),)),
    ):
        wire = b"".join(value.encode(utf8=True))
        assert '"é"'.encode() in wire
        assert b"&AOk-" in bytes(value)
        assert parse_response(wire) == value


def test_what_nobody_knows_stays_generic() -> None:
    for line in ("X-QUOTA a (b 1)", "5 QUOTA a", "QUOTAS a", "5 VANISHED 1:3", "19 EXPUNGED"):
        assert isinstance(read(line), UnknownResponse)


def test_to_dict() -> None:
    assert read('METADATA INBOX (/a "x" /b NIL)').to_dict() == {
        "type": "Metadata",
        "mailbox": "INBOX",
        "values": {"/a": "x", "/b": None},
        "entries": ["/a", "/b"],
    }
    assert read("THREAD (1 2)").to_dict() == {"type": "ThreadResult", "nodes": [[0, 1], [1, 2]]}
    quota = read("QUOTA a (STORAGE 1 2)").to_dict()
    assert quota["resources"] == [{"name": "STORAGE", "usage": 1, "limit": 2}]
    found = read("ESEARCH PARTIAL (1:2 7) ADDTO (0 3)").to_dict()
    assert found["partial"] == [[1, 2], "7"]
    assert found["updates"] == [{"kind": "ADDTO", "changes": [[0, "3"]]}]


def test_a_stream_of_them(tmp_path: Any) -> None:
    wire = b"".join(bytes(value) for _, value in PLAIN)
    reader = responses_reader()
    got = []
    for at in range(0, len(wire), 7):
        reader.feed(wire[at : at + 7])
        got.extend(reader)
    assert got == [value for _, value in PLAIN]


def responses_reader() -> Any:
    from mailproto.imap import ResponseReader

    return ResponseReader(strict=True)


def test_all_names_are_there() -> None:
    for name in responses.__all__:
        assert hasattr(responses, name)


@pytest.mark.parametrize("language", [b'"en"', b"{2}\r\nen", b'("en")', b"({2}\r\nen)"])
def test_one_language_of_a_body_may_stand_alone(language: bytes) -> None:
    row = parse_response(
        b'* 1 FETCH (BODY ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL NIL ' + language + b"))\r\n", strict=True
    )
    assert row.body.language == (b"en",)


def test_a_delimiter_is_a_character_of_utf8() -> None:
    names = parse_response(b'* NAMESPACE (("" "\xc2\xb7")) NIL NIL\r\n', strict=True)
    assert names.personal[0].delimiter == "·"
    assert NamespaceEntry("", "·") == names.personal[0]
    assert parse_response(bytes(names)) == names
    with pytest.raises(ParseError, match="delimiter"):
        parse_response(b'* NAMESPACE (("" "\xc2\xb7\xb7")) NIL NIL\r\n')


def test_what_stands_inside_a_response_has_a_wire_form() -> None:
    assert bytes(responses.NamespaceEntry("f\xe9", "/")) == b'("f&AOk-" "/")'
    assert bytes(responses.QuotaResource("STORAGE", 1, 2)) == b"STORAGE 1 2"
    assert bytes(ContextUpdate("ADDTO", ((0, SequenceSet("1:2")),))) == b"ADDTO (0 1:2)"
    assert bytes(responses.ResponseCode("UIDNEXT", 5)) == b"[UIDNEXT 5]"
    assert responses.AppendUid(1, SequenceSet(2)).encode() == [b"1 2"]


def test_an_unquoted_name_with_spaces_is_one_name() -> None:
    row = parse_response(b'* LIST () "." INBOX.a b c ("X" (1))\r\n')
    assert (row.mailbox, row.extended, row.defects) == ("INBOX.a b c", (("X", (1,)),), ("atom-for-string",))
    assert parse_response(bytes(row)) == row
    with pytest.raises(ParseError):
        parse_response(b'* LIST () "." a "b"\r\n')


def test_compiled_values_match_by_position() -> None:
    match parse_response(b'* LIST (\\HasChildren) "/" x\r\n'):
        case responses.MailboxList("LIST", attributes, "/", name):
            assert (attributes, name) == (("\\HasChildren",), "x")
        case other:
            pytest.fail(repr(other))
    match parse_response(
        b'* 1 FETCH (UID 7 ENVELOPE (NIL "s" ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL NIL NIL))\r\n'
    ):
        case responses.Fetch(
            1, uid=7, envelope=responses.Envelope(None, b"s", (responses.Address(None, None, b"a"),))
        ):
            pass
        case other:
            pytest.fail(repr(other))
    arguments: list[tuple[Any, ...]] = [
        (b"a", b"b", b"c", b"d"),
        (b"a", b"b", (), None, (), None, (), None, b"i", b"j"),
        ("LIST", (), "/", "x", ()),
        (b"TEXT", b"PLAIN", (), b"i", b"d", b"8BIT", 1, 2, b"m", None, (b"en",), b"l"),
    ]
    kinds = (responses.Address, responses.Envelope, responses.MailboxList, responses.BodyStructure)
    for kind, given in zip(kinds, arguments, strict=True):
        assert kind(*given) == kind(**dict(zip(kind.__match_args__, given, strict=False)))

"""Commands built from Python: arguments are checked and normalised, secrets stay hidden."""

from __future__ import annotations

import copy
import datetime
import json
import pickle
from pathlib import Path

import pytest
from tests.command_examples import EXAMPLES

from mailproto import ParseError
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import SYNC
from mailproto.imap import commands, parse_command, search

UTC = datetime.UTC


def test_the_examples_leave_no_class_out() -> None:
    classes = {
        value
        for name in commands.__all__
        if isinstance(value := getattr(commands, name), type)
        and issubclass(value, commands.Command)
        and value is not commands.Command
    }
    assert classes == {type(example) for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_values_are_frozen_and_comparable(example: commands.Command) -> None:
    assert example == copy.deepcopy(example)
    assert hash(example) == hash(copy.copy(example))
    assert example == pickle.loads(pickle.dumps(example))
    assert example.with_tag("b").tag == "b"
    assert example.with_tag("b") != example
    assert example.with_tag("b").with_tag("a") == example
    with pytest.raises(AttributeError):
        example.tag = "c"  # type: ignore[misc]
    as_json = json.loads(json.dumps(example.to_dict()))
    assert as_json["name"] == example.name
    assert as_json["tag"] == "a"


def test_what_is_given_is_normalised() -> None:
    assert commands.Authenticate("plain").mechanism == "PLAIN"
    assert commands.Login("ü", b"\xff").username == "ü".encode()
    assert commands.Fetch(4, "flags").items == ("FLAGS",)
    assert commands.Fetch([1, 2], ["flags"]).sequence_set == SequenceSet([1, 2])
    assert commands.Store("1", "-FLAGS", ["\\SEEN", "Kw"]).flags == ("\\Seen", "Kw")
    assert commands.List("", "*").patterns == (MailboxName("*"),)
    assert commands.Append("a", b"x").messages == (commands.AppendMessage(b"x"),)
    when = datetime.datetime(
        2024, 1, 1, 2, 3, 4, 567, datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    )
    assert commands.AppendMessage(b"", (), when).date == when.replace(microsecond=0)
    assert commands.Id({"a": "b"}).parameters == ((b"a", b"b"),)
    assert commands.Search(search.Key("all")).criteria == search.And([search.Key("ALL")])
    assert commands.Search([search.Text("FROM", "ü")]).charset == "UTF-8"
    assert commands.Search([search.Text("FROM", "u")]).charset is None


@pytest.mark.parametrize(
    "build",
    [
        lambda: commands.Noop(tag=""),
        lambda: commands.Noop(tag="a+"),
        lambda: commands.Noop(tag="a b"),
        lambda: commands.Noop(tag="ä"),
        lambda: commands.Enable(()),
        lambda: commands.Status("a", ()),
        lambda: commands.Status("a", ("UID NEXT",)),
        lambda: commands.Fetch("", "FLAGS"),
        lambda: commands.Fetch("1", ()),
        lambda: commands.Fetch("1", ("ALL", "FLAGS")),
        lambda: commands.Fetch("1", "BODY[X]"),
        lambda: commands.Fetch("1", "FLAGS", vanished=True),
        lambda: commands.Fetch("1", "FLAGS", changed_since=0),
        lambda: commands.Fetch("1", "FLAGS", changed_since=2**63),
        lambda: commands.Section(text="MIME"),
        lambda: commands.Section(text="HEADER.FIELDS"),
        lambda: commands.Section(text="HEADER", fields=("a",)),
        lambda: commands.Section((0,)),
        lambda: commands.Section(partial=(0, 0)),
        lambda: commands.Section(partial=(2**63, 1)),
        lambda: commands.Store("1", "FLAGS.SILENT", ()),
        lambda: commands.Store("1", "FLAGS", ("a b",)),
        lambda: commands.Store("1", "FLAGS", ("\\",)),
        lambda: commands.Store("1", "FLAGS", ("\\\\a",)),
        lambda: commands.Expunge("1"),
        lambda: commands.Expunge(uid=True),
        lambda: commands.Append("a", ()),
        lambda: commands.Append("a", b"\0"),
        lambda: commands.AppendMessage(b"", (), datetime.datetime(2024, 1, 1)),
        lambda: commands.Create("a", ("Sent",)),
        lambda: commands.List("", ()),
        lambda: commands.List("", "*", return_options=("STATUS",)),
        lambda: commands.Id({"x" * 31: "y"}),
        lambda: commands.Id([("a", "b"), ("A", "c")]),
        lambda: search.And(()),
        lambda: search.Key("FROM"),
        lambda: search.Text("ALL", b""),
        lambda: search.ModSeq(1, "/flags/\\seen"),
        lambda: search.ModSeq(2**63),
        lambda: search.Size("LARGER", -1),
        lambda: search.Within("OLDER", 0),
        lambda: search.Keyword("\\Seen"),
        lambda: search.Filter("a/b"),
        lambda: search.ObjectId("EMAILID", ""),
        lambda: search.ObjectId("EMAILID", "x" * 256),
        lambda: search.ObjectId("EMAILID", "a.b"),
        lambda: search.GmailId("X-GM-MSGID", 2**64),
        lambda: commands.Search(search.Key("ALL"), return_options=("FOO",)),
        lambda: commands.Search(search.Key("ALL"), return_options=(("PARTIAL", (0, 1)),)),
        lambda: commands.Search(search.Key("ALL"), return_options=(("PARTIAL", (-1, 1)),)),
        lambda: commands.Search(search.Key("ALL"), return_options=(("ALL", (1, 1)),)),
        lambda: commands.Sort((), search.Key("ALL")),
        lambda: commands.Sort("REVERSE", search.Key("ALL")),
        lambda: commands.Sort("DATE REVERSE SIZE", search.Key("ALL")),
        lambda: commands.ESearch(search.Key("ALL"), ()),
        lambda: commands.ESearch(search.Key("ALL"), commands.MailboxFilter("SELECTED-DELAYED")),
        lambda: commands.ESearch(search.Key("ALL"), scope_options=[commands.Parameter("X")]),
        lambda: commands.CancelUpdate(()),
        lambda: commands.CancelUpdate("a b"),
        lambda: commands.Parameter("1 X"),
        lambda: commands.Select("a", parameters=[commands.Parameter("1X")]),
        lambda: commands.Status("a", ["MESSAGES", "5"]),
        lambda: commands.List("", "*", (), (("STATUS", ("5",)),)),
        lambda: commands.GetMetadata("", "/a/"),
        lambda: commands.SetMetadata("", {"/a//b": None}),
        lambda: commands.Notify(
            [commands.EventGroup(commands.MailboxFilter(kind)) for kind in ("SELECTED", "SELECTED-DELAYED")]
        ),
        lambda: commands.Parameter("X", "abc"),
        lambda: commands.Parameter("X", ("a b",)),
        lambda: commands.Parameter("X", ("",)),
        lambda: commands.Qresync(0, 1),
        lambda: commands.Qresync(1, 0),
        lambda: commands.Qresync(1, 1, "1:*"),
        lambda: commands.Qresync(1, 1, "$"),
        lambda: commands.Qresync(1, 1, known_numbers="1"),
        lambda: commands.Select("a", parameters=[commands.Parameter("CONDSTORE")]),
        lambda: commands.Create("a", parameters=[commands.Parameter("USE", ("x",))]),
        lambda: commands.List("", "*", ("RECURSIVEMATCH",)),
        lambda: commands.List("", "*", (commands.Parameter("X", "1"),)),
        lambda: commands.List("", "*", (), ("METADATA",)),
        lambda: commands.List("", "*", (), (("METADATA", ()),)),
        lambda: commands.List("", "*", (), (commands.Parameter("STATUS", ("X",)),)),
        lambda: commands.AppendMessage(b"a", parts=[b"b"]),
        lambda: commands.AppendMessage(parts=[]),
        lambda: commands.AppendMessage(b"a", binary=True, utf8=True),
        lambda: commands.CatenateUrl("ü"),
        lambda: commands.Replace("1:2", "a", b""),
        lambda: commands.Replace("$", "a", b""),
        lambda: commands.BinarySection((0,)),
        lambda: commands.Fetch("1", "FLAGS", partial=(1, -1)),
        lambda: commands.Store("1", "+X-GM-LABELS", ("\\Seen",)),
        lambda: commands.Store("1", "FLAGS", labels=("a",)),
        lambda: commands.SetAcl("a", "b", "L"),
        lambda: commands.SetAcl("a", "b", "++l"),
        lambda: commands.SetQuota("a", {"STORAGE": -1}),
        lambda: commands.GetMetadata("a", "comment"),
        lambda: commands.GetMetadata("a", "/shared/*"),
        lambda: commands.GetMetadata("a", ()),
        lambda: commands.GetMetadata("a", "/a", depth="2"),
        lambda: commands.SetMetadata("a", {}),
        lambda: commands.SetMetadata("a", {"/a\tb": "c"}),
        lambda: commands.MailboxFilter("SUBTREE"),
        lambda: commands.MailboxFilter("PERSONAL", "a"),
        lambda: commands.MailboxFilter("ALL"),
        lambda: commands.EventGroup(commands.MailboxFilter("INBOXES"), ("MessageNew",), ("UID",)),
        lambda: commands.EventGroup(commands.MailboxFilter("SELECTED"), ("FlagChange",), ("UID",)),
        lambda: commands.EventGroup(commands.MailboxFilter("SELECTED"), ("MessageNew",), "ALL"),
        lambda: commands.Notify(()),
        lambda: commands.Notify(None, True),
        lambda: commands.GenUrlAuth(()),
        lambda: commands.ResetKey(None, ("X",)),
        lambda: commands.UrlFetch(()),
        lambda: commands.UidBatches(0),
        lambda: commands.UidBatches(1, (-1, -2)),
    ],
)
def test_values_that_the_protocol_cannot_carry_are_refused(build) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"\w"):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: commands.Noop(tag=b"a"),
        lambda: commands.Login(None, "x"),
        lambda: commands.Login("x", 7),
        lambda: commands.Select(b"INBOX"),
        lambda: commands.Select("INBOX", 1),
        lambda: commands.Fetch(None, "FLAGS"),
        lambda: commands.Fetch(True, "FLAGS"),
        lambda: commands.Fetch("1", b"FLAGS"),
        lambda: commands.Status("a", "MESSAGES"),
        lambda: commands.Store("1", "FLAGS", "\\Seen"),
        lambda: commands.Append("a", "text"),
        lambda: commands.Authenticate("PLAIN", "text"),
        lambda: commands.Search("ALL"),
        lambda: search.Not("ALL"),
        lambda: search.Date("ON", datetime.datetime(2024, 1, 1)),
        lambda: search.And(search.Key("ALL")),
        lambda: search.Fuzzy("ALL"),
        lambda: commands.Parameter("X", b"abc"),
        lambda: commands.Parameter("X", (1,)),
        lambda: commands.Select("a", qresync="x"),
        lambda: commands.Select("a", parameters=("X",)),
        lambda: commands.Search(search.Key("ALL"), return_options="MIN"),
        lambda: commands.SetQuota("a", "STORAGE"),
        lambda: commands.SetMetadata("a", {"/a": 1}),
        lambda: commands.EventGroup("SELECTED"),
        lambda: commands.Notify(["x"]),
        lambda: commands.ESearch(search.Key("ALL"), "PERSONAL"),
        lambda: commands.AppendMessage(parts=b"x"),
        lambda: commands.GetMetadata("a", 1),
    ],
)
def test_objects_of_the_wrong_kind_are_refused(build) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError):
        build()


def test_secrets_stay_hidden() -> None:
    login = commands.Login("user", "hunter2", tag="a")
    auth = commands.Authenticate("PLAIN", b"\0user\0hunter2")
    answer = commands.SaslResponse(b"hunter2")
    for value in (login, auth, answer):
        assert "hunter2" not in repr(value)
        assert "***" in repr(value)
        assert "hunter2" not in json.dumps(value.to_dict())
        assert "hunter2" in json.dumps(value.to_dict(secrets=True))
    assert "user" in repr(login)
    assert repr(commands.SaslResponse(None)) == "SaslResponse(data=None)"
    assert repr(commands.Authenticate("PLAIN", tag="a")) == (
        "Authenticate(tag='a', mechanism='PLAIN', initial_response=None)"
    )


def test_a_refused_secret_is_not_in_the_error() -> None:
    with pytest.raises(ValueError, match="password") as caught:
        commands.Login("user", "hunter2\0")
    assert "hunter2" not in str(caught.value)


def test_a_message_is_shown_by_its_length() -> None:
    assert "<5000 bytes>" in repr(commands.Append("a", b"x" * 5000))


def test_to_dict_has_builtins_only() -> None:
    value = commands.Append(
        "INBOX",
        commands.AppendMessage(b"\xff", ("\\Seen",), datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC)),
        tag="a",
    )
    assert value.to_dict() == {
        "name": "APPEND",
        "tag": "a",
        "mailbox": "INBOX",
        "messages": [
            {
                "data": {"b64": "/w=="},
                "flags": ["\\Seen"],
                "date": "2024-02-29T01:02:03+00:00",
                "binary": False,
                "utf8": False,
                "parts": None,
            }
        ],
    }


def test_walking_search_keys_does_not_recurse() -> None:
    key: search.SearchKey = search.Key("ALL")
    for _ in range(100_000):
        key = search.Not(key)
    assert sum(1 for _ in key.walk()) == 100_001
    # Taken apart by hand: the interpreter may free a chain this long by recursion.
    while isinstance(key, search.Not):
        key = key.key


def test_the_wire_form() -> None:
    assert bytes(commands.Login("user", "a b", tag="a")) == b'a LOGIN user "a b"\r\n'
    assert bytes(commands.Select("Entwürfe", True, tag="a")) == b"a SELECT Entw&APw-rfe (CONDSTORE)\r\n"
    assert commands.Select("Entwürfe", tag="a").encode(utf8=True) == ['a SELECT "Entwürfe"\r\n'.encode()]
    assert bytes(commands.Fetch("1:*", ["UID", "FLAGS"], tag="a")) == b"a FETCH 1:* (UID FLAGS)\r\n"
    key = search.Or(
        search.Key("SEEN"), search.Not(search.And([search.Date("ON", datetime.date(2024, 2, 1))]))
    )
    assert bytes(key) == b"OR SEEN NOT (ON 1-Feb-2024)"
    modseq = search.ModSeq(7, "/flags/\\draft", "all")
    assert bytes(modseq) == b'MODSEQ "/flags/\\\\draft" all 7'
    section = commands.Section((4, 1), "HEADER.FIELDS", ("A", "b c"), (0, 5))
    assert bytes(section) == b'BODY[4.1.HEADER.FIELDS (A "b c")]<0.5>'
    assert bytes(commands.IdleDone()) == b"DONE\r\n"
    assert bytes(commands.SaslResponse(b"")) == b"\r\n"
    assert bytes(commands.SaslResponse(None)) == b"*\r\n"


def test_a_command_without_tag_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="tag"):
        commands.Noop().encode()


def test_literals_wait_as_the_session_allows() -> None:
    login = commands.Login("a\n", "b" * 4097 + "\n", tag="t")
    head, tail = b"t LOGIN {2}\r\n", b"b" * 4097 + b"\n"
    assert login.encode() == [head, SYNC, b"a\n {4098}\r\n", SYNC, tail, b"\r\n"]
    assert login.encode(literals="plus") == [b"t LOGIN {2+}\r\na\n {4098+}\r\n", tail, b"\r\n"]
    assert login.encode(literals="minus") == [b"t LOGIN {2+}\r\na\n {4098}\r\n", SYNC, tail, b"\r\n"]


def test_a_message_is_passed_through_uncopied() -> None:
    data = b"x" * 100_000
    fragments = commands.Append("INBOX", data, tag="a").encode(literals="plus")
    assert any(fragment is data for fragment in fragments)


def test_no_charset_is_named_in_utf8_mode() -> None:
    find = commands.Search(search.Text("SUBJECT", "ü"), tag="a")
    assert bytes(find) == b"a SEARCH CHARSET UTF-8 SUBJECT {2}\r\n\xc3\xbc\r\n"
    assert find.encode(utf8=True) == [b'a SEARCH SUBJECT "\xc3\xbc"\r\n']


def test_encoding_deep_keys_does_not_recurse() -> None:
    key: search.SearchKey = search.Key("ALL")
    for _ in range(50_000):
        key = search.Not(key)
    assert bytes(key) == b"NOT " * 50_000 + b"ALL"
    while isinstance(key, search.Not):
        key = key.key


def test_parentheses_behind_preview_are_its_own_or_the_commands() -> None:
    """RFC 8970 section 3.2 puts LAZY where a FETCH of one item has its modifiers."""
    assert parse_command(b"a FETCH 1 PREVIEW (LAZY) (PARTIAL 1:2)\r\n") == commands.Fetch(
        "1", ("PREVIEW (LAZY)",), partial=(1, 2), tag="a"
    )
    assert parse_command(b"a FETCH 1 PREVIEW (CHANGEDSINCE 3)\r\n") == commands.Fetch(
        "1", ("PREVIEW",), changed_since=3, tag="a"
    )
    with pytest.raises(ParseError):
        parse_command(b"a FETCH 1 (PREVIEW (CHANGEDSINCE 3))\r\n")


def test_a_partial_has_numbers_of_63_bits() -> None:
    most = 2**63 - 1
    wire = f"a FETCH 1 (BODY[]<{most}.{most}> BINARY[1]<4294967296.1>)\r\n".encode()
    value = parse_command(wire)
    assert isinstance(value, commands.Fetch)
    assert value.items == (
        commands.Section(partial=(most, most)),
        commands.BinarySection((1,), partial=(2**32, 1)),
    )
    assert bytes(value) == wire
    for number in (f"{most + 1}.1", f"0.{most + 1}", "0.0"):
        with pytest.raises(ParseError, match="number64"):
            parse_command(f"a FETCH 1 BODY[]<{number}>\r\n".encode())


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("BODY[]", commands.Section()),
        ("body.peek[text]", commands.Section(text="TEXT", peek=True)),
        ("BODY[1.2.MIME]<0.5>", commands.Section((1, 2), "MIME", partial=(0, 5))),
        ("BODY[HEADER.FIELDS (Subject)]", commands.Section(text="HEADER.FIELDS", fields=("Subject",))),
        ("BINARY.PEEK[1]", commands.BinarySection((1,), peek=True)),
        ("BINARY.SIZE[1]", commands.BinarySize((1,))),
    ],
)
def test_a_section_may_be_given_as_it_is_written(text: str, section: commands.FetchItem) -> None:
    assert commands.Fetch(1, text) == commands.Fetch(1, section)
    assert commands.Fetch(1, ["UID", text]).items == ("UID", section)


@pytest.mark.parametrize(
    "text",
    ["BODY[", "BODY[X]", "BODY[]<0>", "BODY[] (CHANGEDSINCE 5)", "(BODY[] BODY[TEXT])", "BODY[] FLAGS",
     "BODY[]\r\nb NOOP", "BODY[]\r\n", " BODY[]", "BODY[] ", "BODY[HEADER.FIELDS ({9}", "BODY[\xe9]", "X["],
)  # fmt: skip
def test_what_is_no_section_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"or a section, such as BODY\[TEXT\]"):
        commands.Fetch(1, text)


def test_errors_say_what_to_give_instead(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"criteria must be .* search.Key\('UNSEEN'\)"):
        commands.Search("UNSEEN")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"search.Key\('UNSEEN'\)"):
        commands.Search(["UNSEEN"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="classes of their own, such as Keyword"):
        search.Key("KEYWORD")
    path = tmp_path / "mail.eml"
    path.write_bytes(b"Subject: x\r\n\r\nbody\r\n")
    with path.open("rb") as file:
        for build in (commands.Append, lambda name, message: commands.Replace(1, name, message)):
            with pytest.raises(TypeError):
                build("x", file)  # type: ignore[arg-type]
        assert file.read()  # none of it was taken

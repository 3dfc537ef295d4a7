"""CommandReader and parse_command: units, literals, hostile input."""

from __future__ import annotations

import datetime
import pickle

import pytest
from tests.command_examples import EXAMPLES

from mailproto import NEED_DATA, IncompleteError, Limits, ParseError
from mailproto.imap import CommandReader, SequenceSet, commands, parse_command, parse_command_prefix, search

BadCommand = commands.BadCommand
LiteralAnnounced = commands.LiteralAnnounced


def read(data: bytes, **options: object) -> list[object]:
    reader = CommandReader(**options)  # type: ignore[arg-type]
    reader.feed(data)
    return list(reader)


# ---- values


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_what_is_written_is_read(example: commands.Command) -> None:
    data = bytes(example)
    assert parse_command(data) == example
    assert parse_command(bytes(parse_command(data))) == example
    assert read(data) == [example]
    for literals in ("plus", "minus"):
        fragments = example.encode(literals=literals)  # type: ignore[arg-type]
        joined = b"".join(fragment for fragment in fragments if isinstance(fragment, bytes))
        assert parse_command(joined) == example


def test_types_are_those_that_python_code_would_build() -> None:
    value = parse_command(
        b'a uid fetch 1:* (flags body.peek[1.header.fields (a "b\\"c")]<5.6>) (changedsince 9)\r\n'
    )
    assert isinstance(value, commands.Fetch)
    assert type(value.sequence_set) is SequenceSet
    assert value.uid is True
    assert value.vanished is False
    assert value.changed_since == 9
    flags, section = value.items
    assert flags == "FLAGS"
    assert section == commands.Section((1,), "HEADER.FIELDS", ("a", 'b"c'), (5, 6), True)
    assert section.peek is True


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b"a noop\r\n", commands.Noop(tag="a")),
        (b'a LOGIN "a\\"b" {3+}\r\nx\ny\r\n', commands.Login('a"b', "x\ny", tag="a")),
        (b"a LOGIN a]b nil\r\n", commands.Login("a]b", "nil", tag="a")),
        ('a LOGIN "ü" b\r\n'.encode(), commands.Login("ü", "b", tag="a")),
        (b"a SELECT inbox\r\n", commands.Select("INBOX", tag="a")),
        (b"a SELECT Entw&APw-rfe (condstore)\r\n", commands.Select("Entwürfe", True, tag="a")),
        (b"a AUTHENTICATE login\r\n", commands.Authenticate("LOGIN", tag="a")),
        (b"a AUTHENTICATE PLAIN =\r\n", commands.Authenticate("PLAIN", b"", tag="a")),
        (b'a LIST "" %*\r\n', commands.List("", "%*", tag="a")),
        (b'a LIST () "" (% "a b")\r\n', commands.List("", ("%", "a b"), tag="a")),
        (
            b'a LIST (SUBSCRIBED RECURSIVEMATCH) "" * RETURN (STATUS (messages) children)\r\n',
            commands.List(
                "",
                "*",
                ("SUBSCRIBED", "RECURSIVEMATCH"),
                (("STATUS", ("MESSAGES",)), "CHILDREN"),
                tag="a",
            ),
        ),
        (b"a CREATE x (USE ())\r\n", commands.Create("x", tag="a")),
        (b"a ENABLE condstore X-y\r\n", commands.Enable(("CONDSTORE", "X-Y"), tag="a")),
        (b"a ID ()\r\n", commands.Id((), tag="a")),
        (b'a ID ("version" 102.7.1)\r\n', commands.Id({"version": "102.7.1"}, tag="a")),
        (b"a STORE 1 FLAGS \\seen kw\r\n", commands.Store("1", "FLAGS", ("\\Seen", "kw"), tag="a")),
        (b"a STORE $ -FLAGS.SILENT ()\r\n", commands.Store("$", "-FLAGS", (), True, tag="a")),
        (b"a FETCH 1 (FLAGS)\r\n", commands.Fetch("1", "FLAGS", tag="a")),
        (b"a FETCH 1 BODY\r\n", commands.Fetch("1", "BODY", tag="a")),
        (b"a FETCH 1 BODY[]\r\n", commands.Fetch("1", commands.Section(), tag="a")),
        (b"a FETCH 1 BODY[1.2]\r\n", commands.Fetch("1", commands.Section((1, 2)), tag="a")),
        (b"a FETCH 1 BODY[1.MIME]\r\n", commands.Fetch("1", commands.Section((1,), "MIME"), tag="a")),
        (b"a FETCH 1 (ALL)\r\n", commands.Fetch("1", "ALL", tag="a")),
        (b"a FETCH 1 FULL\r\n", commands.Fetch("1", "FULL", tag="a")),
        (
            b'a APPEND x (\\Draft) " 5-Jan-2024 01:02:03 -0130" {1}\r\nm\r\n',
            commands.Append(
                "x",
                commands.AppendMessage(
                    b"m",
                    ("\\Draft",),
                    datetime.datetime(
                        2024, 1, 5, 1, 2, 3, tzinfo=datetime.timezone(-datetime.timedelta(minutes=90))
                    ),
                ),
                tag="a",
            ),
        ),
        (b"a APPEND x {1}\r\nm {2+}\r\nno\r\n", commands.Append("x", (b"m", b"no"), tag="a")),
        (
            b'a SEARCH RETURN () CHARSET utf-8 2:4 HEADER x "" ON "1-Feb-2024" OLDER 5 UNKEYWORD z\r\n',
            commands.Search(
                [
                    search.Sequence("2:4"),
                    search.Header("x", b""),
                    search.Date("ON", datetime.date(2024, 2, 1)),
                    search.Within("OLDER", 5),
                    search.Keyword("z", True),
                ],
                "utf-8",
                return_options=(),
                tag="a",
            ),
        ),
        (
            b'a SEARCH MODSEQ "/flags/\\\\draft" ALL 620162338 MODSEQ 0\r\n',
            commands.Search(
                [search.ModSeq(620162338, "/flags/\\draft", "all"), search.ModSeq(0)],
                tag="a",
            ),
        ),
        (
            b"a SEARCH OR NOT SEEN (OR 1 2 NEW) (ALL)\r\n",
            commands.Search(
                [
                    search.Or(
                        search.Not(search.Key("SEEN")),
                        search.And([search.Or(search.Sequence(1), search.Sequence(2)), search.Key("NEW")]),
                    ),
                    search.And([search.Key("ALL")]),
                ],
                tag="a",
            ),
        ),
    ],
)
def test_forms_that_clients_send(wire: bytes, expected: commands.Command) -> None:
    value = parse_command(wire)
    assert value == expected
    assert type(value) is type(expected)
    assert parse_command(bytes(value)) == expected


@pytest.mark.parametrize(
    ("wire", "offset"),
    [
        (b"\r\n", 0),
        (b"* noop\r\n", 0),
        (b"+ noop\r\n", 0),
        (b"a\r\n", 1),
        (b"a \r\n", 2),
        (b"a  noop\r\n", 2),
        (b"a noop \r\n", 6),
        (b"a noop x\r\n", 6),
        (b"a noop\n", 6),
        (b"a noopx\r\n", 2),
        (b"a UID NOOP\r\n", 6),
        (b"a UID\r\n", 5),
        (b"a LOGIN a\r\n", 9),
        (b"a LOGIN a b c\r\n", 11),
        (b'a LOGIN "a b\r\n', 12),
        (b'a LOGIN "a\\x" b\r\n', 10),
        (b'a LOGIN "a\\"\r\n', 12),
        (b'a LOGIN "a\0" b\r\n', 10),
        (b"a LOGIN a\0 b\r\n", 9),
        (b"a LOGIN {1}\r\n\0 b\r\n", 13),
        (b'a LOGIN "\xff" b\r\n', 9),
        (b'a LOGIN "\xc0\x80" b\r\n', 9),
        (b'a LOGIN "\xed\xa0\x80" b\r\n', 9),
        (b"a LOGIN \xc3\xbc b\r\n", 8),
        (b"a LOGIN a\rb c\r\n", 9),
        (b"a LOGIN {-1}\r\n", 8),
        (b"a LOGIN {0x10}\r\n", 8),
        (b"a LOGIN {}\r\n", 8),
        (b"a LOGIN {1 }\r\n", 8),
        (b"a LOGIN {1}\nx y\r\n", 8),
        (b"a STATUS mbx ()\r\n", 14),
        (b"a STORE 1,2 TEST (\\Seen)\r\n", 12),
        (b"a STORE 1 FLAGS\r\n", 15),
        (b"a SEARCH TEST\r\n", 9),
        (b"a SEARCH\r\n", 8),
        (b"a SEARCH ALL \r\n", 13),
        (b"a SEARCH ()\r\n", 10),
        (b"a SEARCH (ALL\r\n", 13),
        (b"a SEARCH ALL)\r\n", 12),
        (b"a SEARCH OR ALL\r\n", 15),
        (b"a SEARCH NOT\r\n", 12),
        (b"a SEARCH ON 30-Feb-2024\r\n", 12),
        (b"a SEARCH OLDER 0\r\n", 15),
        (b"a SEARCH LARGER 9223372036854775808\r\n", 16),
        (b"a SEARCH MODSEQ 9223372036854775808\r\n", 16),
        (b"a IDLE STUFF\r\n", 6),
        (b"a FETCH 0 FLAGS\r\n", 8),
        (b"a FETCH 01 FLAGS\r\n", 8),
        (b"a FETCH 1: FLAGS\r\n", 10),
        (b"a FETCH 4294967296 FLAGS\r\n", 8),
        (b"a FETCH 1 (ALL UID)\r\n", 11),
        (b"a FETCH 1 (UID ALL)\r\n", 15),
        (b"a FETCH 1 BODY.PEEK\r\n", 10),
        (b"a FETCH 1 BODY[MIME]\r\n", 15),
        (b"a FETCH 1 BODY[1.]\r\n", 17),
        (b"a FETCH 1 BODY[0]\r\n", 15),
        (b"a FETCH 1 BODY[1TEXT]\r\n", 16),
        (b"a FETCH 1 BODY[]<0.0>\r\n", 19),
        (b"a FETCH 1 BODY[HEADER.FIELDS ()]\r\n", 30),
        (b"a FETCH 1 FLAGS (VANISHED)\r\n", 16),
        (b"a UID FETCH 1 FLAGS (CHANGEDSINCE 0)\r\n", 34),
        (b"a APPEND x\r\n", 10),
        (b"a APPEND x (\\Seen)\r\n", 18),
        (b'a APPEND x "notdate" {1}\r\nm\r\n', 12),
        (b"a APPEND x {1}\r\nmx\r\n", 17),
        (b"a APPEND x body\r\n", 11),
        (b'a LIST (RECURSIVEMATCH) "" *\r\n', 22),
        (b'a LIST (X "1") "" *\r\n', 10),
        (b'a LIST "" * RETURN (X Y z)z\r\n', 26),
        (b'a LIST "" * RETURN (STATUS)\r\n', 26),
        (b'a LIST "" * RETURN (METADATA ())\r\n', 30),
        (b"a AUTHENTICATE PLAIN abc\r\n", 21),
        (b"a AUTHENTICATE PLAIN a===\r\n", 21),
        (b"a ID\r\n", 4),
        (b'a ID ("a")\r\n', 9),
        (b"a SELECT a ()\r\n", 12),
        (b"a SELECT a (X (a)\r\n", 17),
        (b"a SELECT a (CONDSTORE CONDSTORE)\r\n", 31),
        (b"a SELECT a (QRESYNC (0 1))\r\n", 21),
        (b"a SELECT a (QRESYNC (1 0))\r\n", 23),
        (b"a SELECT a (QRESYNC (1 1 1:*))\r\n", 25),
        (b"a SELECT a (QRESYNC (1 1 (1)))\r\n", 27),
        (b"a CREATE a (USE (\\Sent) USE ())\r\n", 27),
        (b"a RENAME a b ()\r\n", 14),
        (b"a CREATE a (USE (Sent))\r\n", 17),
        # A number is no item of STATUS; entries, rights and tags are not any string.
        (b"a STATUS x (MESSAGES 5)\r\n", 21),
        (b'a LIST "" * RETURN (STATUS (5))\r\n', 28),
        (b'a LIST "" * RETURN (METADATA (x))\r\n', 30),
        (b"a GETMETADATA a noslash\r\n", 16),
        (b"a GETMETADATA a (/b /b//c)\r\n", 20),
        (b"a GETMETADATA a /b/\r\n", 16),
        (b'a SETMETADATA a ("/b%" "x")\r\n', 17),
        (b"a SETACL a b 1!\r\n", 13),
        (b"a SETACL a b Lr\r\n", 13),
        (b"a SETACL a b +-l\r\n", 13),
        (b'a CANCELUPDATE "a+"\r\n', 15),
        (b'a CANCELUPDATE "a" ""\r\n', 19),
        (b"a NOTIFY SET (selected NONE) (selected-delayed NONE)\r\n", 46),
        # RFC 7377 section 2.2: not valid where a search is limited.
        (b"a ESEARCH IN (selected-delayed) ALL\r\n", 14),
        (b"a ESEARCH IN (inboxes Selected-Delayed) ALL\r\n", 22),
    ],
)
def test_what_breaks_the_grammar(wire: bytes, offset: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse_command(wire)
    assert caught.value.offset == offset
    assert caught.value.unit == wire
    assert not caught.value.fatal
    (bad,) = read(wire)
    assert isinstance(bad, BadCommand)
    assert bad.error.offset == offset
    # The stream goes on behind it.
    assert read(wire + b"z NOOP\r\n")[-1] == commands.Noop(tag="z")


def test_a_bad_command_keeps_its_tag() -> None:
    assert [bad.tag for bad in read(b"a7 FOO\r\n* FOO\r\nb+ NOOP\r\nx\r\n\r\n")] == [
        "a7",
        None,
        None,
        "x",
        None,
    ]


def test_too_short_is_no_parse_error() -> None:
    whole = b"a LOGIN {1}\r\nx {1+}\r\ny\r\n"
    for cut in range(len(whole)):
        with pytest.raises(IncompleteError):
            parse_command(whole[:cut])
    assert parse_command(whole) == commands.Login("x", "y", tag="a")


def test_bytes_after_the_command() -> None:
    with pytest.raises(ParseError) as caught:
        parse_command(b"a noop\r\n???")
    assert caught.value.offset == 8
    assert parse_command_prefix(b"a noop\r\n???") == (commands.Noop(tag="a"), 8)
    assert parse_command_prefix(bytearray(b"a noop\r\n")) == (commands.Noop(tag="a"), 8)
    assert parse_command(memoryview(b"a noop\r\n")) == commands.Noop(tag="a")


def test_errors_never_show_the_bytes() -> None:
    (bad,) = read(b'a LOGIN user "hunter2\r\n')
    assert "hunter2" not in repr(bad)
    assert "hunter2" not in str(bad.error)
    assert "hunter2" not in repr(bad.error)


def test_utf8_mode_reads_mailbox_names_as_utf8() -> None:
    wire = 'a SELECT "Entwürfe&-"\r\n'.encode()
    assert parse_command(wire, utf8=True) == commands.Select("Entwürfe&-", tag="a")
    reader = CommandReader(utf8=True)
    assert reader.utf8 is True
    reader.feed(wire)
    assert reader.next() == commands.Select("Entwürfe&-", tag="a")


# ---- chunks

STREAM = b"".join(bytes(example) for example in EXAMPLES) + (
    b"a1 FOO {5+}\r\na NOO {3}\r\nabc x\r\n* bad\r\na2 NOOP\nz NOOP\r\n"
)


def plain(values: list[object]) -> list[object]:
    return [
        (value.tag, value.error.offset, value.error.expected) if isinstance(value, BadCommand) else value
        for value in values
    ]


WHOLE = plain(read(STREAM))


def test_whole_stream() -> None:
    assert WHOLE[: len(EXAMPLES)] == EXAMPLES
    assert [value[0] if isinstance(value, tuple) else value for value in WHOLE[len(EXAMPLES) :]] == [
        "a1",
        None,
        "a2",
        commands.Noop(tag="z"),
    ]


def test_every_split_gives_the_same() -> None:
    for cut in range(len(STREAM)):
        reader = CommandReader()
        reader.feed(STREAM[:cut])
        values = list(reader)
        reader.feed(STREAM[cut:])
        values += list(reader)
        assert plain(values) == WHOLE


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_small_chunks_give_the_same(size: int) -> None:
    reader, values = CommandReader(), []
    for at in range(0, len(STREAM), size):
        reader.feed(STREAM[at : at + size])
        values += list(reader)
    assert plain(values) == WHOLE
    assert reader.buffered == 0
    reader.feed_eof()


def test_get_buffer_gives_the_same() -> None:
    reader, values = CommandReader(), []
    for at in range(0, len(STREAM), 5):
        view = reader.get_buffer(-1)
        assert len(view) > 0
        chunk = STREAM[at : at + 5]
        view[: len(chunk)] = chunk
        reader.buffer_updated(len(chunk))
        with pytest.raises(ValueError, match="released"):
            view[0]
        values += list(reader)
    assert plain(values) == WHOLE


def test_a_buffer_held_during_buffer_updated_stays_valid() -> None:
    reader = CommandReader()
    view = reader.get_buffer()
    held = memoryview(view)
    view[:8] = b"a NOOP\r\n"
    reader.buffer_updated(8)
    assert list(reader) == [commands.Noop(tag="a")]
    for _ in range(10):
        reader.feed(b"x" * 3000)
    assert bytes(held[:8]) == b"a NOOP\r\n"
    held.release()


def test_reading_while_a_buffer_is_lent_moves_nothing() -> None:
    reader = CommandReader()
    for fed in (b"a NOOP\r\n", b"a APPEND x {20000+}\r\n" + b"x" * 20_000 + b"\r\n"):
        first = reader.get_buffer()
        first[:1] = fed[:1]
        reader.buffer_updated(1)
        for at in range(1, len(fed), 1000):
            view = reader.get_buffer()
            view[: len(fed[at : at + 1000])] = fed[at : at + 1000]
            reader.buffer_updated(len(fed[at : at + 1000]))
        view = reader.get_buffer()
        assert len(list(reader)) == 1
        assert reader.next() is NEED_DATA
        view[:8] = b"b NOOP\r\n"
        reader.buffer_updated(8)
        assert list(reader) == [commands.Noop(tag="b")]
    reader.feed(b"c NOOP\r\n")
    assert list(reader) == [commands.Noop(tag="c")]


def test_buffer_updated_needs_a_buffer() -> None:
    reader = CommandReader()
    with pytest.raises(ValueError, match="lent"):
        reader.buffer_updated(1)
    view = reader.get_buffer()
    with pytest.raises(ValueError, match="lent"):
        reader.buffer_updated(len(view) + 1)


def test_memory_follows_what_was_received() -> None:
    reader = CommandReader(limits=Limits.server())
    reader.feed(b"a APPEND x {60000000+}\r\n")
    assert list(reader) == []
    total = 0
    for _ in range(50):
        view = reader.get_buffer(65536)
        assert len(view) <= 2 * max(4096, total + 8192)
        total += len(view)
        reader.buffer_updated(len(view))
        if total > 1_000_000:
            break
    assert total > 1_000_000


def test_the_end_of_the_stream() -> None:
    CommandReader().feed_eof()
    reader = CommandReader()
    reader.feed(b"a NOOP\r\nb NO")
    assert list(reader) == [commands.Noop(tag="a")]
    with pytest.raises(IncompleteError):
        reader.feed_eof()
    assert reader.next() is NEED_DATA
    reader = CommandReader()
    reader.feed(b"")
    assert reader.next() is NEED_DATA


def test_a_fed_bytes_object_is_not_changed() -> None:
    data = b"a NOOP\r\nb NO"
    reader = CommandReader()
    reader.feed(data)
    list(reader)
    reader.feed(b"OP\r\n")
    assert list(reader) == [commands.Noop(tag="b")]
    assert data == b"a NOOP\r\nb NO"


# ---- literals announced


def test_announced_literals() -> None:
    reader = CommandReader(announce=True)
    reader.feed(b"a LOGIN {4}\r\n")
    assert reader.next() == LiteralAnnounced("a", 4, True)
    assert reader.next() is NEED_DATA
    reader.accept()
    assert reader.next() is NEED_DATA
    reader.feed(b"user {2+}\r\nab\r\nb NOOP\r\n")
    assert reader.next() == LiteralAnnounced("a", 2, False)
    reader.accept()
    assert list(reader) == [commands.Login("user", "ab", tag="a"), commands.Noop(tag="b")]
    for call in (reader.accept, reader.reject):
        with pytest.raises(ValueError, match="announced"):
            call()


def test_a_rejected_synchronising_literal_ends_its_command() -> None:
    reader = CommandReader(announce=True)
    reader.feed(b"a APPEND x {4}\r\n")
    assert reader.next() == LiteralAnnounced("a", 4, True)
    reader.reject()
    assert reader.next() is NEED_DATA
    reader.feed(b"b NOOP\r\n")
    assert reader.next() == commands.Noop(tag="b")
    reader.feed_eof()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"a append x {4}", "APPEND"),
        (b"a uid SEARCH SUBJECT {4}", "SEARCH"),
        (b"a UID {4}", None),
        (b"a XFOO {4}", "XFOO"),
        (b"a LOGIN{4}", None),
        (b"a {4}", None),
        (b"{4}", None),
        (b"a  LOGIN {4}", None),
        (b"a \xe9 {4}", None),
        (b"a" * 254 + b" LOGIN {4}", None),
    ],
)
def test_a_literal_is_announced_with_the_name_of_its_command(line: bytes, name: str | None) -> None:
    reader = CommandReader(announce=True)
    reader.feed(line + b"\r\n")
    announced = reader.next()
    assert isinstance(announced, LiteralAnnounced)
    assert announced.command == name


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_rejected_literal_on_its_way_is_swallowed(size: int) -> None:
    stream = b"a APPEND x {8+}\r\nz NOOP\r\n {8+}\r\ny NOOP\r\n\r\nb NOOP\r\n"
    reader, values = CommandReader(announce=True), []
    for at in range(0, len(stream), size):
        reader.feed(stream[at : at + size])
        for value in reader:
            values.append(value)
            if isinstance(value, LiteralAnnounced):
                reader.reject()
    assert values == [LiteralAnnounced("a", 8, False), commands.Noop(tag="b")]


def test_expected_lines() -> None:
    reader = CommandReader()
    reader.expect_line("sasl")
    reader.feed(b"YWJj\r\na NOOP\r\n")
    assert reader.next() == commands.SaslResponse(b"abc")
    assert reader.next() == commands.Noop(tag="a")
    for wire, data in ((b"*\r\n", None), (b"\r\n", b""), (b"YQ==\r\n", b"a")):
        reader.expect_line("sasl")
        reader.feed(wire)
        assert reader.next() == commands.SaslResponse(data)
    for wire in (b"DONE\r\n", b"done\r\n"):
        reader.expect_line("idle")
        reader.feed(wire)
        assert reader.next() == commands.IdleDone()
    with pytest.raises(ValueError, match="sasl"):
        reader.expect_line("text")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [b"YWJ\r\n", b"Y!Jj\r\n", b" YWJj\r\n", b"YWJj \r\n", b"**\r\n", b"YWJj\n", b"YQ==YQ==\r\n", b"====\r\n"],
)
def test_bad_sasl_lines(line: bytes) -> None:
    reader = CommandReader()
    reader.expect_line("sasl")
    reader.feed(line + b"a NOOP\r\n")
    bad = reader.next()
    assert isinstance(bad, BadCommand)
    assert bad.tag is None
    assert reader.next() == commands.Noop(tag="a")


@pytest.mark.parametrize(
    "line", [b" DONE\r\n", b"DONE \r\n", b"DONEE\r\n", b"DONE\n", b"a NOOP {3+}\r\n", b"\r\n"]
)
def test_bad_idle_lines(line: bytes) -> None:
    reader = CommandReader()
    reader.expect_line("idle")
    reader.feed(line + b"a NOOP\r\n")
    assert isinstance(reader.next(), BadCommand)
    assert reader.next() == commands.Noop(tag="a")


def test_discard_forgets_what_came_before_tls() -> None:
    reader = CommandReader(announce=True)
    reader.feed(b"a STARTTLS\r\nb LOGIN x y\r\nc LOGIN {")
    assert reader.next() == commands.StartTls(tag="a")
    assert reader.buffered == 22
    assert reader.discard() == 22
    assert reader.next() is NEED_DATA
    reader.feed(b"d NOOP\r\n")
    assert reader.next() == commands.Noop(tag="d")


def test_equal_refusals_are_equal() -> None:
    reader = CommandReader()
    reader.feed(b"a NOOP x\r\na NOOP x\r\na LOGIN\r\n")
    one, same, other = reader
    assert one == same
    assert hash(one) == hash(same)
    assert one == pickle.loads(pickle.dumps(one))
    assert one != other

"""The Writer: forms of strings, literals, and nothing that breaks out of its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import SYNC, Writer


def server():
    return Writer(side="server")


@pytest.mark.parametrize(
    ("data", "astring", "string"),
    [
        (b"abc", b"abc", b'"abc"'),
        (b"", b'""', b'""'),
        (b"NIL", b'"NIL"', b'"NIL"'),
        (b"a]b", b"a]b", b'"a]b"'),
        (b"a b", b'"a b"', b'"a b"'),
        (b'q"\\', b'"q\\"\\\\"', b'"q\\"\\\\"'),
        (b"a*b%", b'"a*b%"', b'"a*b%"'),
        (b"tab\t", b'"tab\t"', b'"tab\t"'),
        (b"cr\r", b"{3}\r\ncr\r", b"{3}\r\ncr\r"),
        (b"nul\0", b"{4}\r\nnul\0", b"{4}\r\nnul\0"),
        ("ä", b"{2}\r\n\xc3\xa4", b"{2}\r\n\xc3\xa4"),
        (b"x" * 1001, b"{1001}\r\n" + b"x" * 1001, b"{1001}\r\n" + b"x" * 1001),
        (b"x" * 1000, b"x" * 1000, b'"' + b"x" * 1000 + b'"'),
    ],
)
def test_forms(data, astring, string):
    assert bytes(server().astring(data)) == astring
    assert bytes(server().string(data)) == string


def test_utf8_mode_quotes_valid_utf8_only():
    assert bytes(Writer(utf8=True).string("ä")) == '"ä"'.encode()
    assert bytes(Writer(utf8=True).string(b"\xff")) == b"{1}\r\n\xff"
    assert bytes(Writer(utf8=True).mailbox("Entwürfe")) == '"Entwürfe"'.encode()
    assert bytes(Writer().mailbox("Entwürfe")) == b"Entw&APw-rfe"
    assert bytes(Writer().mailbox(MailboxName.from_wire(b"bad\xff"))) == b"{4}\r\nbad\xff"
    assert bytes(Writer().mailbox("inbox")) == b"INBOX"
    assert bytes(Writer().mailbox("a*")) == b'"a*"'
    assert bytes(Writer().list_mailbox("a*/%")) == b"a*/%"


@pytest.mark.parametrize(
    ("mode", "size", "fragments"),
    [
        ("sync", 2, [b"{2}\r\n", SYNC, b"xx\r\n"]),
        ("plus", 2, [b"{2+}\r\nxx\r\n"]),
        ("minus", 2, [b"{2+}\r\nxx\r\n"]),
        ("minus", 4096, [b"{4096+}\r\n", b"x" * 4096, b"\r\n"]),
        ("minus", 4097, [b"{4097}\r\n", SYNC, b"x" * 4097, b"\r\n"]),
        ("plus", 5000, [b"{5000+}\r\n", b"x" * 5000, b"\r\n"]),
    ],
)
def test_literals_of_a_client(mode, size, fragments):
    assert Writer(literals=mode).literal(b"x" * size).crlf().finish() == fragments


def test_an_empty_literal_still_waits():
    assert Writer().literal(b"").crlf().finish() == [b"{0}\r\n", SYNC, b"\r\n"]


def test_literal8():
    assert bytes(Writer(literals="plus").string(b"\0")) == b"~{1+}\r\n\0"
    assert bytes(Writer().literal(b"a", binary=True)) == b"~{1}\r\na"
    assert bytes(Writer().literal(b"\0", binary=False)) == b"{1}\r\n\0"


def test_a_server_never_waits_and_passes_bodies_uncopied():
    body = bytes(100_000)
    fragments = server().raw(b"* 1 FETCH (BODY[] ").literal(body).raw(b")").crlf().finish()
    assert fragments == [b"* 1 FETCH (BODY[] {100000}\r\n", body, b")\r\n"]
    assert fragments[1] is body


def test_a_line():
    writer = Writer().atom("a1").sp().raw("UID STORE ").sequence_set("1:3,7").sp().raw("FLAGS ")
    writer.list(["\\Seen", "work"], writer.flag).sp().nstring(None).sp().number(2**63).crlf()
    assert bytes(writer) == b"a1 UID STORE 1:3,7 FLAGS (\\Seen work) NIL 9223372036854775808\r\n"
    assert writer.finish() == [b"a1 UID STORE 1:3,7 FLAGS (\\Seen work) NIL 9223372036854775808\r\n"]
    with pytest.raises(ValueError, match="finished"):
        writer.sp()


@pytest.mark.parametrize(
    "bad", ["", "a b", "a\r\nb", "a\0", "nil", "(", "a)", "{1}", '"', "\\Seen", "*", "%", "ä", "\x7f", "]"]
)
def test_attack_19_only_an_atom_is_an_atom(bad):
    writer = Writer()
    with pytest.raises(ValueError, match="atom"):
        writer.atom(bad)
    assert bytes(writer) == b""


@pytest.mark.parametrize("bad", ["", "\\", "\\Seen)", "a b", "\\a\r\n", "\\*x", "x*", "ä", "a\0"])
def test_attack_20_only_a_flag_is_a_flag(bad):
    with pytest.raises(ValueError, match="flag"):
        Writer().flag(bad)


def test_attack_20_text_cannot_split_a_response():
    for bad in ("a\r\n* OK", "a\n", "\0"):
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            server().text(bad)


@pytest.mark.parametrize("number", [-1, 2**64])
def test_numbers_in_range(number):
    with pytest.raises(ValueError, match="from 0"):
        Writer().number(number)


def test_empty_set_cannot_be_sent():
    with pytest.raises(ValueError, match="empty"):
        Writer().sequence_set(SequenceSet())


@pytest.mark.parametrize("arguments", [{"literals": "always"}, {"side": "both"}])
def test_arguments(arguments):
    with pytest.raises(ValueError, match="must be"):
        Writer(**arguments)


def read_string(wire):
    """One string off the wire, by the grammar; returns (value, rest)."""
    if wire.startswith((b"{", b"~{")):
        wire = wire.removeprefix(b"~")
        size, _, rest = wire[1:].partition(b"}\r\n")
        size = int(size.rstrip(b"+"))
        return rest[:size], rest[size:]
    if wire[:1] != b'"':
        end = wire.index(b"\r\n")
        return wire[:end], wire[end:]
    value, i = b"", 1
    while wire[i : i + 1] != b'"':
        i += wire[i : i + 1] == b"\\"
        value += wire[i : i + 1]
        assert wire[i] not in b"\r\n\0"
        i += 1
    return value, wire[i + 1 :]


@given(
    st.binary(max_size=80) | st.text('a"\\{}()\r\n\0ä%*] ', max_size=20).map(str.encode),
    st.sampled_from(["sync", "plus", "minus"]),
    st.booleans(),
    st.sampled_from(["client", "server"]),
)
def test_every_string_comes_out_as_it_went_in(data, literals, utf8, side):
    for write in (Writer.astring, Writer.string, Writer.literal):
        writer = Writer(literals=literals, utf8=utf8, side=side)
        assert read_string(bytes(write(writer, data).crlf())) == (data, b"\r\n")

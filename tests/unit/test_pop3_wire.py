"""POP3 on the wire: codes, listings and capabilities as values; strict readers; what cannot be said."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from mailproto import IncompleteError, LimitError, Limits, ParseError
from mailproto.pop3 import (
    Capabilities,
    Capability,
    Continuation,
    DropListing,
    Expire,
    Language,
    LoginDelay,
    Reply,
    ReplyReader,
    ResponseCode,
    ScanListing,
    Streamed,
    UniqueId,
    codes,
    commands,
    events,
    parse_command,
    parse_reply,
    replies,
    stuff,
)


def reply_to(data: bytes, command: str) -> Reply:
    value = parse_reply(data, command)
    assert isinstance(value, Reply)
    return value


# ---- response codes


def test_codes_are_hierarchical() -> None:
    """RFC 2449 section 8: who does not know a lower level goes by the upper one."""
    code = parse_reply(b"-ERR [sys/temp/disk] later\r\n").code
    assert code == "SYS/TEMP/DISK" and isinstance(code, ResponseCode)
    assert code.levels == ("SYS", "TEMP", "DISK") and code.known == "SYS/TEMP" and code.is_temporary
    assert code.within("sys") and code.within("SYS/TEMP") and not code.within("SYS/TEM")
    assert ResponseCode("X-MINE").known is None and ResponseCode("X-MINE").is_temporary is None
    assert [codes.KNOWN[code] for code in ("IN-USE", "AUTH", "SYS")] == [True, False, None]
    assert ResponseCode("SYS").is_temporary is None and not ResponseCode("SYSTEM").within("SYS")


@pytest.mark.parametrize("code", ["", "a b", "a]", "a/", "/a", "a//b", "a\r\nb", "é", "[a"])
def test_what_is_no_code(code: str) -> None:
    if code == "[a":  # a bracket may stand inside
        assert parse_reply(bytes(replies.Err("x", code=code))).code == "[A"
        return
    with pytest.raises(ValueError):
        ResponseCode(code)


# ---- listings


def test_listings_are_tuples_with_names() -> None:
    assert reply_to(b"+OK 2 320 and more\r\n", "STAT").listing == (DropListing(2, 320),)
    scan = reply_to(b"+OK\r\n1 120 more\r\n2 200\r\n.\r\n", "LIST").listing
    assert scan == (ScanListing(1, 120), ScanListing(2, 200)) and scan[1].octets == 200
    assert reply_to(b"+OK 1 abc\r\n", "UIDL 1").listing[0].unique_id == "abc"
    languages = reply_to(
        b"+OK\r\nen English\r\nde-AT Deutsch mit S\xc3\xbc\xc3\x9fem\r\ni-x\r\n.\r\n", "LANG"
    )
    assert languages.listing == (
        Language("en", "English"), Language("de-AT", "Deutsch mit Süßem"), Language("i-x", ""),
    )  # fmt: skip
    assert reply_to(b"+OK es Idioma cambiado\r\n", "LANG es").listing == (Language("es", "Idioma cambiado"),)
    assert [entry.name for entry in reply_to(b"+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n", "AUTH").listing] == [
        "PLAIN", "LOGIN",
    ]  # fmt: skip
    assert reply_to(b"-ERR no\r\n", "LIST").listing is None


@pytest.mark.parametrize(
    ("command", "line", "entry", "defect"),
    [
        ("LIST", b" 1 5", (1, 5), "loose-blanks"),
        ("LIST", b"1\t5", (1, 5), "loose-blanks"),
        ("LIST", b"1  5", (1, 5), "loose-blanks"),
        ("LIST", b"1 0", (1, 0), None),
        ("LIST", b"1 9223372036854775807", (1, 2**63 - 1), None),
        ("LIST", b"1 9223372036854775808", None, "bad-listing-line"),
        ("LIST", b"1 5.5", None, "bad-listing-line"),
        ("LIST", b"1 -5", None, "bad-listing-line"),
        ("LIST", b"1", None, "bad-listing-line"),
        ("UIDL", b"1 a b c", (1, "a b c"), "loose-unique-id"),
        ("UIDL", b"1 " + b"u" * 70, (1, "u" * 70), None),
        ("UIDL", b"1 " + b"u" * 71, (1, "u" * 71), "loose-unique-id"),
        ("UIDL", b"1 a ", (1, "a"), "loose-unique-id"),
        ("UIDL", b"1 a\x80", None, "bad-listing-line"),
        ("UIDL", b"1", None, "bad-listing-line"),
        ("CAPA", b" TOP", ("TOP", ()), "loose-blanks"),
        ("CAPA", b"SASL  PLAIN", ("SASL", ("PLAIN",)), "loose-blanks"),
        ("CAPA", b"X-\xc3\xa9 y", None, "bad-listing-line"),
        ("CAPA", b"X \xff", ("X", ("\ufffd",)), None),
        ("CAPA", b"", None, "bad-listing-line"),
        ("LANG", b"e_n English", None, "bad-listing-line"),
        ("LANG", b"en English ", ("en", "English"), "loose-blanks"),
    ],
)
def test_odd_lines_are_read_with_a_defect_or_left_out(
    command: str, line: bytes, entry: Any, defect: str | None
) -> None:
    wire = b"+OK x\r\n" + stuff(b"%s\r\n" % line)
    reply = reply_to(wire, command)
    assert reply.listing == (() if entry is None else (entry,))
    assert reply.defects == (() if defect is None else (defect,))
    if defect is None:
        assert parse_reply(wire, command, strict=True) == reply
    else:
        with pytest.raises(ParseError) as caught:
            parse_reply(wire, command, strict=True)
        assert caught.value.offset == len(b"+OK x\r\n") and not caught.value.fatal
    assert reply_to(bytes(reply), command).listing == reply.listing


def test_an_answer_about_another_message_is_told() -> None:
    for command in ("LIST 7", "UIDL 7", commands.List(7), b"uidl 7\r\n"):
        assert parse_reply(b"+OK 7 100\r\n", command).defects == ()
        assert parse_reply(b"+OK 8 100\r\n", command).defects == ("other-message",)
        with pytest.raises(ParseError):
            parse_reply(b"+OK 8 100\r\n", command, strict=True)


@pytest.mark.parametrize(
    ("data", "command", "offset"),
    [
        (b"+ok 2 320\r\n", "STAT", 0),
        (b"+OK\t2 320\r\n", "STAT", 3),
        (b"-ERR caf\xe9\r\n", "STAT", 8),
        (b"-ERR ab\0c\r\n", "STAT", 7),
        (b"-ERR ab\n", "STAT", 7),
        (b"+OK x 1\r\n", "STAT", 4),
        (b"+OK\r\n1 1\r\n2\r\n.\r\n", "LIST", 10),
        (b"+OK\r\n1 a\r\n..\r\n2 b\r\n3\r\n.\r\n", "UIDL", 10),
        (b"+OK\r\nTOP\r\nEXPIRE soon\r\n.\r\n", "CAPA", 5),
        (b"+ !\r\n", "AUTH PLAIN", 2),
        (b"+\r\n", "AUTH PLAIN", 1),
    ],
)
def test_a_strict_reader_says_where(data: bytes, command: str, offset: int) -> None:
    assert parse_reply(data, command).defects
    reader = ReplyReader(strict=True)
    reader.expect(command, "NOOP")
    reader.feed(data + b"+OK\r\n")
    with pytest.raises(ParseError) as caught:
        reader.next()
    assert caught.value.offset == offset and not caught.value.fatal
    assert reader.next().ok


def test_a_challenge_that_no_line_can_hold_is_an_error_and_the_exchange_goes_on() -> None:
    reader = ReplyReader()
    reader.expect("AUTH PLAIN")
    reader.feed(b"+ a\0b\r\n+ a\rb\r\n+ \r\n+OK\r\n")
    for _ in range(2):
        with pytest.raises(ParseError) as caught:
            reader.next()
        assert caught.value.expected == "base64" and caught.value.offset == 3
    assert [value.data for value in [reader.next()]] == [b""] and reader.next().ok


def test_listings_are_values_whatever_their_size() -> None:
    """A drop of many messages: only what RETR and TOP give is streamed."""
    body = b"".join(b"%d abcdefgh\r\n" % n for n in range(1, 5001))
    reader = ReplyReader(stream_above=1000)
    reader.expect("UIDL", "TOP 1 0")
    reader.feed((b"+OK\r\n" + stuff(body)) * 2)
    assert len(reader.next().listing) == 5000
    found = list(reader)
    assert isinstance(found[0], events.BodyBegin) and isinstance(found[-1].body, Streamed)


# ---- capabilities

CAPA = (
    b"+OK Capability list follows\r\nTOP\r\nUSER\r\nSASL CRAM-MD5 kerberos_v4\r\nRESP-CODES\r\n"
    b"LOGIN-DELAY 900 USER\r\nPIPELINING\r\nEXPIRE 60\r\nUIDL\r\nSTLS\r\nAUTH-RESP-CODE\r\nLANG\r\n"
    b"UTF8 USER\r\nX-Odd 1 2\r\nIMPLEMENTATION Shlemazle Plotz v302\r\n.\r\n"
)


def test_every_capability_is_typed() -> None:
    found = reply_to(CAPA, "CAPA").capabilities
    assert found is not None
    assert found.top and found.user and found.uidl and found.stls and found.lang and found.pipelining
    assert found.resp_codes and found.auth_resp_code and found.utf8 and found.utf8_user
    assert found.sasl == ("CRAM-MD5", "KERBEROS_V4") and found.has("sasl", "cram-md5")
    assert found.login_delay == LoginDelay(900, per_user=True) and found.expire == Expire(60)
    assert found.implementation == "Shlemazle Plotz v302"
    assert found.unknown == (Capability("X-Odd", ("1", "2")),) and found["x-odd"] == ("1", "2")
    assert "top" in found and "APOP" not in found and len(found) == 14 and not found.defects
    assert json.loads(json.dumps(found.to_dict()))["EXPIRE"] == ["60"]
    assert stuff(bytes(found)) == CAPA.partition(b"\r\n")[2]
    assert bytes(replies.capa(found)) == CAPA
    assert hash(found) == hash(reply_to(CAPA, "CAPA").capabilities)
    made = Capabilities.of(
        top=True, user=True, sasl=["CRAM-MD5"], login_delay=LoginDelay(5), expire=Expire(None, True),
        utf8_user=True, others=[Capability("X", ("y",))], implementation="a b",
    )  # fmt: skip
    assert made.expire == Expire(None, per_user=True) and made.login_delay == LoginDelay(5)
    again = reply_to(bytes(replies.capa(made)), "CAPA").capabilities
    assert again == made == dict(made) and not made.pipelining
    assert reply_to(b"+OK\r\n.\r\n", "LIST").capabilities is None
    empty = reply_to(b"+OK\r\n.\r\n", "CAPA").capabilities
    assert empty == {} and empty.expire is None and empty.implementation is None and not empty.sasl


@pytest.mark.parametrize(
    ("line", "defect"),
    [
        (b"LOGIN-DELAY", "bad-login-delay"),
        (b"LOGIN-DELAY x", "bad-login-delay"),
        (b"LOGIN-DELAY " + b"9" * 30, "bad-login-delay"),
        ("LOGIN-DELAY ٣".encode(), "bad-login-delay"),
        (b"EXPIRE", "bad-expire"),
        (b"EXPIRE -1", "bad-expire"),
        (b"SASL", "sasl-without-mechanisms"),
        (b"SASL A\r\nSASL B", "capability-repeated"),
    ],
)
def test_odd_capabilities(line: bytes, defect: str) -> None:
    reply = reply_to(b"+OK\r\n" + line + b"\r\n.\r\n", "CAPA")
    assert reply.defects == (defect,)
    found = reply.capabilities
    assert found is not None and found.defects == (defect,)
    assert found.login_delay is None and found.expire is None


@pytest.mark.parametrize(
    "build",
    [
        lambda evil: Capabilities.of(sasl=[evil]),
        lambda evil: Capabilities.of(implementation=evil),
        lambda evil: Capabilities.of(others=[Capability(evil)]),
        lambda evil: Capabilities.of(others=[Capability("X", (evil,))]),
        lambda evil: replies.capa([evil]),
        lambda evil: replies.mechanism_listing([evil]),
        lambda evil: replies.lang_listing([(evil, "x")]),
        lambda evil: replies.lang_listing([("en", evil)]),
        lambda evil: replies.lang("en", evil),
        lambda evil: replies.greeting("hi", timestamp=evil),
        lambda evil: replies.greeting(evil),
        lambda evil: replies.Ok(code=evil),
        lambda evil: replies.message(b"", evil),
        lambda evil: replies.scan_listing([(1, 2)], evil),
    ],
)
@pytest.mark.parametrize("evil", ["a\r\n+OK b", "a\nb", "a\rb", "a\0b", "a\r\n.\r\n"])
def test_nothing_a_server_says_can_be_split(build: Any, evil: str) -> None:
    """ATTACKS 20."""
    with pytest.raises(ValueError):
        build(evil)


@pytest.mark.parametrize(
    "build",
    [
        lambda: replies.stat("1", 2), lambda: replies.scan(1, "2"), lambda: replies.scan_listing([(1, None)]),
        lambda: replies.uidl("1", "a"), lambda: replies.uidl(1, b"a"), lambda: replies.Ok(b"x"),
        lambda: Reply("+OK", None, "", "text"), lambda: replies.Err("x", code=5), lambda: Continuation("x"),
        lambda: commands.SaslResponse("x"), lambda: commands.Lang(5), lambda: commands.UnknownCommand(b"X"),
        lambda: LoginDelay("5"), lambda: Expire(1.5),
    ],
)  # fmt: skip
def test_values_of_the_wrong_kind(build: Any) -> None:
    with pytest.raises(TypeError):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: replies.stat(-1, 2), lambda: replies.scan(1, 2**63), lambda: replies.Ok("\ud800"),
        lambda: Reply("+OK", None, "  [AUTH] x"), lambda: Reply("-ERR", None, "", b"x"), lambda: Reply("OK"),
        lambda: commands.UnknownCommand("quit"), lambda: commands.UnknownCommand("XTND", b"  "),
        lambda: commands.Lang("en_US"), lambda: LoginDelay(-1), lambda: Streamed(-1),
        lambda: replies.greeting("x", timestamp="<a b@c>"),
    ],
)  # fmt: skip
def test_values_out_of_range(build: Any) -> None:
    with pytest.raises(ValueError):
        build()


# ---- every argument of every command

EVIL = ["a\r\nQUIT", "a\nb", "a\rb", "a\0b"]


def arguments() -> list[tuple[type, str]]:
    """Every field of every command class that is text: a class that is added is tried too."""
    found = []
    for cls in (*commands.BY_NAME.values(), commands.UnknownCommand):
        for item in dataclasses.fields(cls):
            found.append((cls, item.name))
    return found


@pytest.mark.parametrize(("cls", "name"), arguments(), ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("evil", EVIL)
def test_no_argument_of_any_command_can_end_its_line(cls: Any, name: str, evil: str) -> None:
    """ATTACKS 19: refused, or (an initial response, which goes out in base64) harmless."""
    good = {
        "username": "u", "password": "p", "digest": "d", "mechanism": "PLAIN", "initial_response": b"x",
        "number": 1, "lines": 1, "tag": "en", "keyword": "XTND", "arguments": b"x",
    }  # fmt: skip
    for value in (evil, evil.encode()):
        values = {item.name: good[item.name] for item in dataclasses.fields(cls)} | {name: value}
        try:
            wire = bytes(cls(**values))
        except (TypeError, ValueError) as error:
            assert "QUIT" not in str(error)
        else:
            assert name == "initial_response" and wire.count(b"\r\n") == 1 and b"\0" not in wire
            assert parse_command(wire) == cls(**values)


def test_what_a_subclass_says_of_itself_does_not_reach_the_wire() -> None:
    class Text(str):
        def __str__(self) -> str:
            return "en\r\nQUIT"

        def encode(self, *_: Any) -> bytes:
            return b"en\r\nQUIT"

    class Number(int):
        def __str__(self) -> str:
            return "1\r\nQUIT"

        __repr__ = __format__ = __str__  # type: ignore[assignment]

    assert bytes(commands.Lang(Text("en"))) == b"LANG en\r\n"
    assert bytes(commands.Retr(Number(1))) == b"RETR 1\r\n"


# ---- one unit


def test_one_unit_at_a_time() -> None:
    with pytest.raises(IncompleteError):
        parse_reply(b"+OK")
    with pytest.raises(IncompleteError):
        parse_reply(b"+OK\r\nbody\r\n", "RETR 1")
    with pytest.raises(ParseError) as caught:
        parse_reply(b"+OK\r\n+OK\r\n")
    assert caught.value.offset == 5
    with pytest.raises(ParseError):
        parse_reply(b"OK\r\n")
    assert parse_reply(b"+ aGk=\r\n", "AUTH X") == Continuation(b"aGk=")
    with pytest.raises(IncompleteError):
        parse_command(b"NOOP")
    with pytest.raises(ParseError) as caught:
        parse_command(b"NOOP\r\nNOOP\r\n")
    assert caught.value.offset == 6
    with pytest.raises(ParseError) as caught:
        parse_command(b"LIST a\r\n")
    assert caught.value.offset == 5
    with pytest.raises(LimitError):
        parse_command(b"PASS xx\r\n", limits=Limits(max_pop3_command=8))
    assert parse_command(b"*\r\n", sasl=True) == commands.SaslResponse(None)
    assert parse_command(b"LANG *\r\n") == commands.Lang("*")
    for line in (
        b"LANG a_b\r\n",
        b"LANG " + b"a" * 65 + b"\r\n",
        b"AUTH a+b\r\n",
        b"AUTH " + b"a" * 65 + b"\r\n",
    ):
        with pytest.raises(ParseError):
            parse_command(line)
    with pytest.raises(TypeError):
        ReplyReader().expect(5)


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        " STAT",
        "a\r\nb",
        "STAT\n",
        "STAT\r\nNOOP\r\n",
        b"\xff",
        b"STAT\0",
        "é",
        "x" * 65,
        b"LIST 1\r",
    ],
)
def test_what_is_expected_must_be_a_command(given: str | bytes) -> None:
    reader = ReplyReader()
    with pytest.raises(ValueError, match="a command"):
        reader.expect(given)
    assert reader.expected == 0
    with pytest.raises(ValueError, match="a command"):
        parse_reply(b"+OK\r\n", given)


@pytest.mark.parametrize(
    "given", ["STAT", "stat", b"LIST 1\r\n", "XTND XMIT x", b"USER \xff", commands.Retr(1)]
)
def test_a_command_may_be_expected_in_any_form(given: str | bytes | commands.Command) -> None:
    reader = ReplyReader()
    reader.expect(given)
    assert reader.expected == 1


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        ("POP3 server ready <1896.697170952@dbc.mtview.ca.us>", b"<1896.697170952@dbc.mtview.ca.us>"),
        ("<1@[127.0.0.1]> ready", b"<1@[127.0.0.1]>"),
        ("a < b <1.2@host>", b"<1.2@host>"),
        ("<a@b@c>", None),
        ("<@host>", None),
        ("<a@>", None),
        ("<a b@host>", None),
        ("<a..b@host>", None),
        ("<é@host>", None),
        ("<1896.697170952>", None),
        ("<" * 1000 + "a" * 1000, None),
    ],
)
def test_the_timestamp_must_be_a_msg_id(text: str, timestamp: bytes | None) -> None:
    """ATTACKS 26 (CVE-2007-1558)."""
    assert parse_reply(b"+OK " + text.encode() + b"\r\n").timestamp == timestamp
    assert replies.Err("<1@host>").timestamp is None
    if timestamp is not None:
        greeting = replies.greeting("hello", timestamp=timestamp.decode())
        assert parse_reply(bytes(greeting)).timestamp == timestamp


def test_builtins() -> None:
    assert parse_reply(b"+ \xff\r\n", "AUTH X").to_dict() == {
        "status": "+", "text": "***", "defects": ["bad-base64"],
    }  # fmt: skip
    bad = commands.BadCommand("PASS", ParseError(5, "argument"))
    assert json.loads(json.dumps(bad.to_dict())) == {
        "command": "PASS", "error": "at octet 5: expected argument", "offset": 5,
    }  # fmt: skip
    for value in (UniqueId(1, "a"), ScanListing(1, 2), Language("en", "x"), Capability("A", ("b",))):
        assert isinstance(hash(value), int) and bytes(value)

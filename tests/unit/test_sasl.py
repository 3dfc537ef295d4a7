"""SASL mechanisms: client against server, the RFCs' own examples, and what must be refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproto import ParseError, sasl
from mailproto.sasl import lines

NAMES = st.text(st.characters(exclude_characters="\0\x01", codec="utf-8"), min_size=1, max_size=40)


def test_plain_as_rfc_4616_section_4_has_it() -> None:
    mechanism = sasl.client("plain", username="tim", password="tanstaaftanstaaf")
    assert mechanism.client_first
    assert mechanism.respond(b"") == b"\0tim\0tanstaaftanstaaf"
    acting = sasl.client("PLAIN", username="Kurt", password="xipj3plmq", authzid="Ursel")
    assert acting.respond(b"") == b"Ursel\0Kurt\0xipj3plmq"


@given(NAMES, NAMES, NAMES | st.just(""))
def test_plain_client_meets_server(username: str, password: str, authzid: str) -> None:
    server = sasl.server("PLAIN")
    assert server.next(None) == b""
    claim = server.next(
        sasl.client("PLAIN", username=username, password=password, authzid=authzid).respond(b"")
    )
    assert claim == sasl.PasswordClaim(username, password, authzid)


@pytest.mark.parametrize(
    "message", [b"", b"\0", b"a\0b", b"\0a\0", b"\0\0b", b"\0a\0b\0", b"\0a\0b\0c", b"\0\xff\0b", b"tim"]
)
def test_plain_that_is_malformed(message: bytes) -> None:
    with pytest.raises(sasl.SaslError):
        sasl.server("PLAIN").next(message)


def test_login() -> None:
    client, server = sasl.client("LOGIN", username="tim", password="secret"), sasl.server("LOGIN")
    assert not client.client_first
    first = server.next(None)
    assert first == b"Username:"
    second = server.next(client.respond(first))
    assert second == b"Password:"
    assert server.next(client.respond(second)) == sasl.PasswordClaim("tim", "secret")
    with pytest.raises(sasl.SaslError):
        client.respond(b"And now?")


def test_login_takes_an_initial_response_for_the_name() -> None:
    server = sasl.server("LOGIN")
    assert server.next(b"tim") == b"Password:"
    assert server.next(b"secret") == sasl.PasswordClaim("tim", "secret")


@pytest.mark.parametrize("responses", [[b""], [b"tim", b""], [b"\xff"], [b"a\0b"]])
def test_login_that_is_malformed(responses: list[bytes]) -> None:
    server = sasl.server("LOGIN")
    with pytest.raises(sasl.SaslError):
        for response in responses:
            server.next(response)


def test_cram_md5_as_rfc_2195_section_2_has_it() -> None:
    with pytest.raises(ValueError, match="weak"):
        sasl.client("CRAM-MD5", username="tim", password="tanstaaftanstaaf")
    mechanism = sasl.client("CRAM-MD5", username="tim", password="tanstaaftanstaaf", allow_weak=["CRAM-MD5"])
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    assert mechanism.respond(challenge) == b"tim b913a602c7eda7a495b4e6e7334d3890"
    with pytest.raises(sasl.SaslError):
        mechanism.respond(challenge)


def test_there_is_no_server_of_cram_md5() -> None:
    with pytest.raises(ValueError):
        sasl.server("CRAM-MD5", allow_weak=["CRAM-MD5"])


def test_oauthbearer_as_rfc_7628_section_4_1_has_it() -> None:
    mechanism = sasl.client(
        "OAUTHBEARER", username="user@example.com", token="vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
        host="server.example.com", port=143,
    )  # fmt: skip
    message = mechanism.respond(b"")
    assert lines.encode_line(message) == (
        b"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyI"
        b"HZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )
    claim = sasl.server("OAUTHBEARER").next(message)
    assert claim == sasl.TokenClaim(
        "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "user@example.com", "server.example.com", 143
    )
    assert "vF9d" not in repr(claim)


@pytest.mark.parametrize(("name", "answer"), [("OAUTHBEARER", b"\x01"), ("XOAUTH2", b"")])
def test_a_refused_token(name: str, answer: bytes) -> None:
    client, server = sasl.client(name, username="a,b=c", token="tok"), sasl.server(name)
    assert server.next(client.respond(b"")) == sasl.TokenClaim("tok", "a,b=c")
    refusal = server.reject()
    assert refusal is not None
    assert client.respond(refusal) == answer
    assert client.error["status"]  # type: ignore[attr-defined]
    with pytest.raises(sasl.SaslError):
        client.respond(refusal)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"n,,",
        b"n,,\x01auth=Bearer t\x01",
        b"n,,\x01auth=Basic t\x01\x01",
        b"n,,\x01auth=Bearer \x01\x01",
        b"p=tls-unique,,\x01auth=Bearer t\x01\x01",
        b"n,x=1,\x01auth=Bearer t\x01\x01",
        b"n,a=b=c,\x01auth=Bearer t\x01\x01",
        b"n,,\x01auth=Bearer t\x01auth=Bearer u\x01\x01",
        b"n,,\x01port=\xc2\xb2\x01auth=Bearer t\x01\x01",
        b"n,,\x01auth=Bearer t\x01x\x01",
        b"n,,\x01host=h\x01\x01",
    ],
)
def test_oauthbearer_that_is_malformed(message: bytes) -> None:
    with pytest.raises(sasl.SaslError):
        sasl.server("OAUTHBEARER").next(message)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"user=a",
        b"user=a\x01auth=Bearer t\x01",
        b"user=\x01auth=Bearer t\x01\x01",
        b"user=a\x01x=Bearer t\x01\x01",
    ],
)
def test_xoauth2_that_is_malformed(message: bytes) -> None:
    with pytest.raises(sasl.SaslError):
        sasl.server("XOAUTH2").next(message)


def test_external_and_anonymous() -> None:
    assert sasl.server("EXTERNAL").next(sasl.client("EXTERNAL").respond(b"")) == sasl.ExternalClaim("")
    for refused in (sasl.client, sasl.server):
        with pytest.raises(ValueError, match="weak"):
            refused("ANONYMOUS")
    client = sasl.client("ANONYMOUS", username="sirhc", allow_weak=["ANONYMOUS"])
    server = sasl.server("ANONYMOUS", allow_weak=["ANONYMOUS"])
    assert server.next(client.respond(b"")) == sasl.AnonymousClaim("sirhc")
    with pytest.raises(sasl.SaslError):
        server.next(b"x" * 256)


@pytest.mark.parametrize("name", sasl.CLIENT_MECHANISMS)
def test_no_mechanism_shows_its_secret_or_takes_nul(name: str) -> None:
    values = {"username": "tim", "password": "hunter2", "token": "hunter2"}
    mechanism = sasl.client(name, allow_weak=sasl.CLIENT_MECHANISMS, **values)
    assert "hunter2" not in repr(mechanism)
    if name != "EXTERNAL":
        with pytest.raises(ValueError) as caught:
            sasl.client(
                name, allow_weak=sasl.CLIENT_MECHANISMS, username="hunter2\0", password="x", token="x"
            )
        assert "hunter2" not in str(caught.value)


def test_the_choice() -> None:
    def chosen(*offered: str, **what: object) -> str | None:
        mechanism = sasl.choose(offered, username="u", **what)  # type: ignore[arg-type]
        return mechanism and mechanism.name

    assert chosen("LOGIN", "plain", password="p") == "PLAIN"
    assert chosen("LOGIN", "PLAIN", password="p", secure=False) is None
    assert chosen("CRAM-MD5", password="p") is None
    assert chosen("CRAM-MD5", "PLAIN", password="p", secure=False, allow_weak=["CRAM-MD5"]) == "CRAM-MD5"
    assert chosen("PLAIN", token="t") is None
    assert chosen("PLAIN", "XOAUTH2", "OAUTHBEARER", token="t") == "OAUTHBEARER"
    assert chosen("PLAIN", "EXTERNAL", password="p", certificate=True) == "EXTERNAL"


@given(st.binary(max_size=100))
def test_base64_lines_round_trip(data: bytes) -> None:
    assert lines.decode_line(lines.encode_line(data)) == data
    assert lines.decode_initial_response(lines.encode_initial_response(data)) == data


@pytest.mark.parametrize(
    "line", [b"=", b"a", b"ab", b"abc", b"ab==x", b"a b=", b"ab=\n=", b"!!!!", b"\xff\xff\xff\xff", b"===="]
)
def test_what_is_no_base64(line: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        lines.decode_line(line)
    assert caught.value.unit == b""

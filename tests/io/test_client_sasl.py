"""AUTHENTICATE and AUTH by the clients, asyncio and blocking, against the real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mailproto import CommandFailed, blocking, sasl
from mailproto.aio import imap as aio_imap
from mailproto.aio import pop3 as aio_pop3
from tests.io.running import Running, running, untrusting

BINARY = bytes(range(1, 128)).decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    # TLS or nothing: the clients take STARTTLS and implicit TLS.
    users = (("bob", "secret"), ("zoë", "pässword " + BINARY))
    with running(tmp_path_factory.mktemp("data"), users=users, allow_cleartext_login=False) as server:
        yield server


def mechanism(name: str, user: str, password: str) -> Any:
    return sasl.client(name, username=user, password=password)


CREDENTIALS = pytest.mark.parametrize(
    ("user", "password"), [("bob", "secret"), ("zoë", "pässword " + BINARY)], ids=["plain", "odd"]
)
MECHANISMS = pytest.mark.parametrize("name", ["PLAIN", "LOGIN"])
KINDS = pytest.mark.parametrize("kind", ["imaps", "imap", "pop3s", "pop3"])


def options(server: Running, kind: str) -> dict[str, Any]:
    return {"tls": True if kind.endswith("s") else "starttls", "context": untrusting()}


@MECHANISMS
@CREDENTIALS
@KINDS
async def test_asyncio(server: Running, kind: str, name: str, user: str, password: str) -> None:
    connect: Any = aio_imap.connect if kind.startswith("imap") else aio_pop3.connect
    async with connect("127.0.0.1", server.ports[kind], **options(server, kind)) as client:
        with pytest.raises(CommandFailed) as caught:
            await client.authenticate(mechanism(name, user, "not it"))
        assert "not it" not in str(caught.value)
        await client.authenticate(mechanism(name, user, password))
        if kind.startswith("imap"):
            assert (await client.select("INBOX")).exists == 0
        else:
            assert await client.stat() == (0, 0)


@MECHANISMS
@CREDENTIALS
@KINDS
def test_blocking(server: Running, kind: str, name: str, user: str, password: str) -> None:
    connect: Any = blocking.connect_imap if kind.startswith("imap") else blocking.connect_pop3
    with connect("127.0.0.1", server.ports[kind], **options(server, kind)) as client:
        with pytest.raises(CommandFailed) as caught:
            client.authenticate(mechanism(name, user, "not it"))
        assert "not it" not in str(caught.value)
        client.authenticate(mechanism(name, user, password))
        if kind.startswith("imap"):
            assert client.select("INBOX").exists == 0
        else:
            assert client.stat() == (0, 0)


@KINDS
async def test_a_mechanism_the_server_does_not_have(server: Running, kind: str) -> None:
    connect: Any = aio_imap.connect if kind.startswith("imap") else aio_pop3.connect
    async with connect("127.0.0.1", server.ports[kind], **options(server, kind)) as client:
        with pytest.raises(CommandFailed):
            await client.authenticate(sasl.client("XOAUTH2", username="bob", token="t0ken"))
        await client.authenticate(mechanism("PLAIN", "bob", "secret"))

"""The asyncio POP3 client against our own POP3 server session, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import io
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import trustme

from mailproto import CommandFailed, CommandTimeout, ConnectionLost, LocalError, RemoteError
from mailproto.aio import Listener, ServerConnection, listen, pop3
from mailproto.pop3 import commands
from mailproto.pop3.server import ServerSession

from .maildrop import BIG, MESSAGES, Maildrop
from .script import Script

Start = Callable[..., Any]


@pytest.fixture
async def start(server_tls: ssl.SSLContext) -> AsyncIterator[Start]:
    listeners: list[Listener] = []

    async def run(implicit: bool = False) -> tuple[str, int, list[Maildrop]]:
        made: list[Maildrop] = []

        def handler(connection: ServerConnection) -> Maildrop:
            made.append(Maildrop(connection))
            return made[-1]

        listener = await listen(
            lambda: ServerSession(secure=implicit), handler, tls=server_tls, implicit_tls=implicit
        )
        listeners.append(listener)
        return (*listener.addresses[0], made)

    yield run
    for listener in listeners:
        await listener.close(grace=2)
        assert not listener.connections


@pytest.mark.parametrize("tls", [True, False, "starttls"])
async def test_a_session_from_login_to_quit(start: Start, client_tls: ssl.SSLContext, tls: Any) -> None:
    host, port, made = await start(implicit=tls is True)
    async with pop3.connect(host, port, tls=tls, user="tim", password="x", context=client_tls) as client:
        assert client.is_tls == bool(tls)
        assert await client.stat() == (len(MESSAGES), sum(map(len, MESSAGES)))
        assert await client.list() == {n + 1: len(m) for n, m in enumerate(MESSAGES)}
        assert (await client.uidl())[3] == "uid3"
        assert await client.top(2) == b"Subject: 2\r\n\r\n"
        assert await client.retr(1) == MESSAGES[0]
        assert await client.retr(40) == BIG
        file = io.BytesIO()
        assert await client.retr_to(40, file) == len(BIG)
        assert file.getvalue() == BIG
        assert await client.retr_to(1, io.BytesIO()) == len(MESSAGES[0])
        await client.dele(1)
        await client.rset()
        await client.dele(2)
        await client.noop()
        assert client.bytes_received > 2 * len(BIG)
        assert 100 < client.bytes_sent < 400
    assert client.is_closed
    assert made[0].gone == {2}


async def test_many_messages_are_asked_for_ahead(start: Start, client_tls: ssl.SSLContext) -> None:
    host, port, _made = await start(implicit=True)
    async with pop3.connect(host, port, user="tim", password="x", context=client_tls) as client:
        got = [pair async for pair in client.retrieve(range(1, 41))]
        assert got == list(enumerate(MESSAGES, 1))
        # One left in the middle leaves the connection usable.
        async for number, _message in client.retrieve(range(1, 41)):
            if number == 3:
                break
        assert await client.stat() == (len(MESSAGES), sum(map(len, MESSAGES)))
        with pytest.raises(CommandFailed) as failure:
            await client.retr(99)
        assert failure.value.status == "-ERR"
        assert failure.value.text == "no such message"
        assert await client.retr(2) == MESSAGES[1]


async def test_a_wrong_password(start: Start, client_tls: ssl.SSLContext) -> None:
    host, port, _made = await start(implicit=True)
    with pytest.raises(CommandFailed) as failure:
        async with pop3.connect(host, port, user="tim", password="wrong", context=client_tls):
            pass
    assert failure.value.code == "AUTH"
    assert "wrong" not in str(failure.value)


async def test_an_error_inside_the_block_deletes_nothing(start: Start, client_tls: ssl.SSLContext) -> None:
    host, port, made = await start(implicit=True)
    with pytest.raises(ZeroDivisionError):
        async with pop3.connect(host, port, user="tim", password="x", context=client_tls) as client:
            await client.dele(1)
            raise ZeroDivisionError
    assert made[0].gone == set()


async def test_a_cancelled_command_leaves_the_connection_usable(
    start: Start, client_tls: ssl.SSLContext
) -> None:
    host, port, _made = await start(implicit=True)
    async with pop3.connect(host, port, user="tim", password="x", context=client_tls) as client:
        for number in (40, 1, 40):
            task = asyncio.create_task(client.retr(number))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await client.retr(2) == MESSAGES[1]


async def test_a_certificate_nobody_vouches_for_is_refused(start: Start) -> None:
    host, port, made = await start(implicit=True)
    with pytest.raises(ssl.SSLCertVerificationError):
        async with pop3.connect(host, port, user="tim", password="x", timeout=5):
            pass
    assert not made[0].seen


async def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, client_tls: ssl.SSLContext
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    listener = await listen(lambda: ServerSession(secure=True), Maildrop, tls=context, implicit_tls=True)
    host, port = listener.addresses[0]
    with pytest.raises(ssl.SSLCertVerificationError):
        async with pop3.connect(host, port, user="tim", password="x", context=client_tls, timeout=5):
            pass
    await listener.close()


async def test_apop_must_be_asked_for(start: Start) -> None:
    host, port, made = await start()
    async with pop3.connect(host, port, tls=False, user="tim", password="x", apop=True) as client:
        assert await client.stat()
    assert type(made[0].seen[0]) is commands.Apop
    async with pop3.connect(host, port, tls=False) as client:
        with pytest.raises(LocalError):
            await client.login("tim", "x", apop=True)


# -- scripted servers ------------------------------------------------------------------------------


@pytest.fixture
async def scripted() -> AsyncIterator[Callable[..., Any]]:
    async with contextlib.AsyncExitStack() as stack:

        async def run(*steps: bytes | None) -> tuple[str, int, list[bytes]]:
            script = await stack.enter_async_context(Script(*steps))
            return script.host, script.port, script.heard

        yield run


async def test_octets_behind_the_ok_to_stls_are_refused(scripted: Any, client_tls: ssl.SSLContext) -> None:
    """ATTACKS 16."""
    host, port, heard = await scripted(b"+OK ready\r\n", b"+OK begin TLS\r\n+OK injected\r\n+OK injected\r\n")
    with pytest.raises(RemoteError):
        async with pop3.connect(
            host, port, tls="starttls", user="tim", password="secret", context=client_tls
        ):
            pass
    assert b"secret" not in b"".join(heard)


@pytest.mark.parametrize("answer", [b"-ERR no TLS today\r\n", b"+OK\r\n+OK\r\n"])
async def test_stls_refused_means_no_password(
    scripted: Any, client_tls: ssl.SSLContext, answer: bytes
) -> None:
    """ATTACKS 17."""
    host, port, heard = await scripted(b"+OK ready\r\n", answer, b"+OK\r\n", b"+OK\r\n")
    with pytest.raises((CommandFailed, RemoteError)):
        async with pop3.connect(
            host, port, tls="starttls", user="tim", password="secret", context=client_tls
        ):
            pass
    assert heard[0] == b"STLS\r\n"
    assert b"secret" not in b"".join(heard)


async def test_an_ok_to_stls_that_came_early_is_refused(scripted: Any, client_tls: ssl.SSLContext) -> None:
    """ATTACKS 17."""
    host, port, heard = await scripted(b"+OK ready\r\n+OK begin TLS\r\n", None)
    with pytest.raises((RemoteError, OSError)):
        async with pop3.connect(
            host, port, tls="starttls", user="tim", password="secret", context=client_tls, timeout=2
        ):
            pass
    assert b"secret" not in b"".join(heard)


async def test_a_server_that_refuses_says_why(scripted: Any) -> None:
    host, port, _ = await scripted(b"-ERR [IN-USE] go away\r\n", b"")
    with pytest.raises(ConnectionLost, match="go away"):
        await pop3.open_client(host, port, tls=False)


async def test_silence_is_a_timeout(scripted: Any) -> None:
    host, port, _ = await scripted(b"+OK ready\r\n", None)
    client = await pop3.open_client(host, port, tls=False)
    client._connection.timeout = 0.1  # from here on: the connect may take its time
    with pytest.raises(CommandTimeout):
        await client.capa()
    assert client.is_closed
    with pytest.raises(ConnectionLost):
        await client.capa()
    await client.close()


async def test_no_greeting_is_a_timeout(scripted: Any) -> None:
    host, port, _ = await scripted(None)
    with pytest.raises(CommandTimeout):
        await pop3.open_client(host, port, tls=False, timeout=0.1)


async def test_the_end_in_the_middle_of_a_message(scripted: Any) -> None:
    host, port, _ = await scripted(
        b"+OK ready\r\n", b"-ERR\r\n", b"+OK\r\n", b"+OK\r\n", b"-ERR\r\n", b"+OK\r\nhalf a mess", b""
    )
    client = await pop3.open_client(host, port, tls=False, user="a", password="b")
    with pytest.raises((ConnectionLost, RemoteError)):
        await client.retr(1)
    assert client.is_closed
    await client.close()

"""The asyncio and blocking IMAP clients against our own IMAP server session, over real sockets."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mailproto import CommandFailed, ConnectionLost, LocalError, RemoteError, blocking
from mailproto.aio import imap, listen
from mailproto.imap import responses
from mailproto.imap.commands import Section
from mailproto.imap.server import ServerSession
from mailproto.pop3.server import ServerSession as Pop3ServerSession

from .imapdrop import Account, Box
from .maildrop import MESSAGES, Maildrop
from .script import Script


@pytest.fixture(params=[True, "starttls", False])
async def served(request: Any, server_tls: ssl.SSLContext) -> AsyncIterator[tuple[Account, str, int, Any]]:
    implicit = request.param is True
    account = Account()
    listener = await listen(
        lambda: ServerSession(secure=implicit), account.handler, tls=server_tls, implicit_tls=implicit
    )
    yield account, *listener.addresses[0], request.param
    await listener.close(grace=1)
    assert not listener.connections


async def test_a_session_from_login_to_logout(served: Any, client_tls: ssl.SSLContext) -> None:
    account, host, port, tls = served
    async with imap.connect(host, port, tls=tls, user="tim", password="x", context=client_tls) as client:
        assert client.is_tls == bool(tls)
        assert "IDLE" in await client.capability()
        assert [str(box.mailbox) for box in await client.list()] == ["parent", "INBOX"]
        assert (await client.status("INBOX", ["MESSAGES"])) == {"MESSAGES": 30}
        inbox = await client.select("INBOX")
        assert (inbox.exists, inbox.uidvalidity) == (30, 7)
        assert (await client.search()).to_list() == list(range(1, 31))
        rows = await client.fetch("1:*", ["UID", "FLAGS", Section(peek=True)])
        assert [row.sections["BODY[]"] for row in rows] == [m.body for m in account.boxes["INBOX"].messages]
        streamed = [row.uid async for row in client.fetch("3:5", ["UID", "FLAGS"])]
        assert streamed == [3, 4, 5]
        where = await client.append("INBOX", b"Subject: big\r\n\r\n" + b"x" * 3_000_000, flags=["\\Seen"])
        assert where is not None
        assert where.uids.to_list() == [31]
        await asyncio.gather(*(client.noop() for _ in range(20)))
        assert client.bytes_sent > 3_000_000
    assert client.is_closed


async def test_idle_tells_news_and_ends(served: Any, client_tls: ssl.SSLContext) -> None:
    _account, host, port, tls = served
    async with imap.connect(host, port, tls=tls, user="tim", password="x", context=client_tls) as client:
        await client.select("INBOX")
        async with client.idle() as news:
            assert await news.next(timeout=5) == responses.Exists(99)
            assert await news.next(timeout=0.01) is None
            with pytest.raises(LocalError):
                await client.noop()
        await client.noop()


async def test_a_no_is_typed_and_the_connection_goes_on(served: Any, client_tls: ssl.SSLContext) -> None:
    _account, host, port, tls = served
    async with imap.connect(host, port, tls=tls, user="tim", password="x", context=client_tls) as client:
        with pytest.raises(CommandFailed) as failure:
            await client.select("nowhere")
        assert (failure.value.status, failure.value.code.name) == ("NO", "NONEXISTENT")
        await client.noop()
    with pytest.raises(CommandFailed):
        async with imap.connect(host, port, tls=tls, user="tim", password="wrong", context=client_tls):
            pass


async def test_cancelled_and_half_read_commands_leave_the_connection_usable(
    served: Any, client_tls: ssl.SSLContext
) -> None:
    account, host, port, tls = served
    account.boxes["INBOX"] = Box(7, *(b"%d" % n * 100_000 for n in range(200)))
    async with imap.connect(host, port, tls=tls, user="tim", password="x", context=client_tls) as client:
        await client.select("INBOX")
        task = asyncio.ensure_future(client._run(imap.operations.namespace()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async for row in client.fetch("1:*", ["UID", Section(peek=True)]):
            if row.uid == 5:
                break
        assert (await client.status("INBOX", ["MESSAGES"])) == {"MESSAGES": 200}


async def test_who_takes_responses_slowly_makes_the_server_wait(
    served: Any, client_tls: ssl.SSLContext
) -> None:
    account, host, port, tls = served
    account.boxes["INBOX"] = Box(7, *(b"x" * 100_000 for n in range(1000)))
    async with imap.connect(host, port, tls=tls, user="tim", password="x", context=client_tls) as client:
        await client.select("INBOX")
        rows = aiter(client.fetch("1:*", ["UID", Section(peek=True)]))
        await anext(rows)
        for _ in range(300):
            await asyncio.sleep(0)
        assert client.bytes_received < 70_000_000
        assert len([row async for row in rows]) == 999


async def test_the_blocking_client(served: Any, client_tls: ssl.SSLContext) -> None:
    account, host, port, tls = served

    def play() -> None:
        with blocking.connect_imap(
            host, port, tls=tls, user="tim", password="x", context=client_tls, timeout=10
        ) as client:
            assert client.is_tls == bool(tls)
            assert client.select("INBOX").exists == 30
            rows = [row.sections["BODY[]"] for row in client.fetch("1:*", ["UID", Section(peek=True)])]
            assert rows == [m.body for m in account.boxes["INBOX"].messages]
            for row in client.fetch("1:*", ["UID"]):
                if row.uid == 3:
                    break
            where = client.append("INBOX", b"y" * 3_000_000)
            assert where is not None
            with pytest.raises(CommandFailed):
                client.select("nowhere")
            client.select("INBOX")
            assert list(client.idle(timeout=0.05)) == [responses.Exists(99)]
            client.noop()
            assert client.bytes_sent > 3_000_000
        assert client.is_closed
        with pytest.raises(ConnectionLost):
            client.noop()
        with pytest.raises(CommandFailed):
            blocking.connect_imap(host, port, tls=tls, user="tim", password="wrong", context=client_tls)

    await asyncio.to_thread(play)


async def test_no_message_needs_no_command(served: Any, client_tls: ssl.SSLContext) -> None:
    """A search that found nothing leaves nothing to do; the other arguments are checked all the same."""
    account, host, port, tls = served
    account.boxes["INBOX"] = Box(7)
    options = {"tls": tls, "user": "tim", "password": "x", "context": client_tls}
    async with imap.connect(host, port, **options) as client:
        await client.select("INBOX")
        found = await client.search()
        sent = client.bytes_sent
        for nothing in (found, [], iter(())):
            assert [row async for row in client.fetch(nothing, ["FLAGS"])] == []
        assert await client.fetch(found, ["FLAGS"]) == []
        assert await client.store(found, "+FLAGS", ["\\Seen"]) == ([], found)
        assert await client.copy(found, "x") is None
        assert await client.move(found, "x") is None
        assert await client.expunge(found) == []
        assert client.bytes_sent == sent
        with pytest.raises(ValueError, match="items"):
            client.fetch(found, ["FLAG"])
        with pytest.raises(ValueError, match="operation"):
            await client.store(found, "FLAG", ())
        with pytest.raises(TypeError, match="messages must be"):
            client.fetch(b"1", ["FLAGS"])  # type: ignore[arg-type]

    def play() -> None:
        with blocking.connect_imap(host, port, **options) as client:
            client.select("INBOX")
            found = client.search()
            sent = client.bytes_sent
            assert list(client.fetch(found, ["FLAGS"])) == []
            assert client.store(found, "+FLAGS", ["\\Seen"]) == ([], found)
            assert client.copy(found, "x") is client.move(found, "x") is None
            assert client.expunge(found) == []
            assert client.bytes_sent == sent

    await asyncio.to_thread(play)


async def test_the_blocking_pop3_client(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    listener = await listen(Pop3ServerSession, Maildrop, tls=server_tls)
    host, port = listener.addresses[0]

    def play() -> None:
        with blocking.connect_pop3(
            host, port, tls="starttls", user="tim", password="x", context=client_tls, timeout=10
        ) as client:
            assert client.is_tls
            assert client.stat()[0] == len(MESSAGES)
            assert list(client.retrieve(range(1, 41))) == list(enumerate(MESSAGES, 1))
            assert client.top(1) == b"Subject: 1\r\n\r\n"
            client.dele(1)
            client.rset()

    await asyncio.to_thread(play)
    await listener.close(grace=1)


@pytest.mark.parametrize(
    "steps",
    [
        # ATTACKS 16: octets behind the OK, to be taken for ones sent inside.
        [b"* OK hi\r\n", b"A1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"],
        # ATTACKS 17: the OK before the question; NO; BAD; PREAUTH, in which STARTTLS is illegal.
        [b"* OK hi\r\nA1 OK begin\r\n"],
        [b"* OK hi\r\n", b"A1 NO not today\r\n", b"A2 OK\r\n"],
        [b"* OK [CAPABILITY IMAP4rev1] hi\r\n", b"A1 BAD what\r\n", b"A2 OK\r\n"],
        [b"* PREAUTH welcome\r\n", b"A1 OK\r\n"],
    ],
)
@pytest.mark.parametrize("kind", ["aio", "blocking"])
async def test_starttls_or_nothing(steps: list[bytes], kind: str, client_tls: ssl.SSLContext) -> None:
    options: Any = {
        "tls": "starttls",
        "user": "tim",
        "password": "secret",
        "context": client_tls,
        "timeout": 2,
    }
    async with Script(*steps) as server:
        with pytest.raises((CommandFailed, RemoteError, LocalError, ConnectionLost, ssl.SSLError)):
            if kind == "aio":
                await imap.open_client(server.host, server.port, **options)
            else:
                await asyncio.to_thread(blocking.connect_imap, server.host, server.port, **options)
    assert b"secret" not in b"".join(server.heard)
    assert b"LOGIN" not in b"".join(server.heard)

"""The server's end of a connection, over real sockets, with a session of plain lines."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from mailproto.aio import AddressLimiter, Handler, Listener, ServerConnection, Timeouts, listen
from mailproto.aio.server import FAREWELL

from .linesession import EOF, LineSession


class Recorder(Handler):
    """Echoes lines; some words make it do something else."""

    made: list[Recorder]

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.events: list[object] = []
        self.calls: list[str] = []
        self.gone = asyncio.Event()
        self.go_on = asyncio.Event()
        self.started = asyncio.Event()
        self.made.append(self)

    def say(self, data: bytes) -> None:
        self.connection.session.send(data + b"\r\n")

    def connected(self) -> None:
        self.say(b"hello")

    def handle(self, event: Any) -> Any:
        self.events.append(event)
        if event == EOF:
            return None
        word, _, rest = event.partition(b" ")
        match word:
            case b"STARTTLS":
                return self.connection.start_tls(b"go ahead\r\n")
            case b"QUIT":
                self.say(b"bye")
                self.connection.close()
            case b"WAIT":
                return self.wait()
            case b"BODY":
                self.say(b"x" * int(rest))
            case b"STREAM":
                return self.stream(int(rest))
            case b"CRASH":
                raise ZeroDivisionError
            case b"CRASHLATER":
                return self.crash()
            case _:
                self.say(b"echo " + event)
        return None

    async def wait(self) -> None:
        self.started.set()
        await self.go_on.wait()
        self.say(b"waited")

    async def crash(self) -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    async def stream(self, count: int) -> None:
        self.sent = 0
        try:
            for _ in range(count):
                self.connection.session.send(b"y" * 100_000)
                await self.connection.drain()
                self.sent += 100_000
                self.started.set()
        finally:
            self.calls.append("stream ended")

    def timed_out(self) -> None:
        self.calls.append("timed_out")
        self.say(b"too slow")

    def failed(self, error: Exception) -> None:
        self.calls.append(f"failed {type(error).__name__}")
        self.say(b"failed")

    def shutdown(self) -> None:
        self.calls.append("shutdown")
        self.say(b"going down")

    def disconnected(self) -> None:
        self.calls.append("disconnected")
        self.gone.set()


class Server:
    def __init__(self, listener: Listener, made: list[Recorder]) -> None:
        self.listener = listener
        self.made = made

    async def connect(
        self, tls: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.listener.addresses[0]
        return await asyncio.open_connection(
            host, port, ssl=tls, server_hostname="localhost" if tls else None, limit=2**26
        )

    @property
    def last(self) -> Recorder:
        return self.made[-1]


Start = Callable[..., Any]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    listeners = []

    async def run(session: type[LineSession] = LineSession, **options: Any) -> Server:
        made: list[Recorder] = []
        handler = type("H", (Recorder,), {"made": made})
        listener = await listen(session, handler, **options)
        listeners.append(listener)
        return Server(listener, made)

    yield run
    for listener in listeners:
        await listener.close(grace=2)
        assert not listener.connections
        assert not listener._tasks


def reset(writer: asyncio.StreamWriter) -> None:
    """Vanish as a machine does that lost its power: no orderly end, only a reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def finish(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_answers_what_arrives_together_in_one_write(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    assert await reader.readline() == b"hello\r\n"
    writer.write(b"".join(b"%d\r\n" % n for n in range(100)))
    assert await reader.readexactly(sum(len(b"echo %d\r\n" % n) for n in range(100))) == b"".join(
        b"echo %d\r\n" % n for n in range(100)
    )
    writer.write(b"QUIT\r\nNEVER\r\n")
    assert await reader.read() == b"bye\r\n"
    await finish(writer)
    await server.last.gone.wait()
    assert b"NEVER" not in server.last.events
    assert server.last.calls == ["disconnected"]
    assert server.last.connection.bytes_received == 10 * 3 + 90 * 4 + len(b"QUIT\r\nNEVER\r\n")
    assert server.last.connection.bytes_sent == len(b"hello\r\nbye\r\n") + 10 * 8 + 90 * 9


async def test_a_busy_handler_gets_no_event_and_the_peer_waits(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    await reader.readline()
    writer.write(b"WAIT\r\nafter\r\n")
    await server.last.started.wait()
    chunk = b"z" * 60_000 + b"\r\n"
    while not writer.transport.get_write_buffer_size() > 1_000_000:  # the peer's kernel and ours are full
        writer.write(chunk)
        await asyncio.sleep(0)
    held = len(server.last.connection.session.buffer)
    assert held < 200_000
    assert server.last.events == [b"WAIT"]
    server.last.go_on.set()
    assert await reader.readline() == b"waited\r\n"
    assert await reader.readline() == b"echo after\r\n"
    assert await reader.readline() == b"echo " + chunk
    writer.transport.abort()
    await server.last.gone.wait()


@pytest.mark.parametrize("tls", [False, True])
async def test_a_peer_that_does_not_read_costs_little_memory(
    start: Start, tls: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    server = await start(tls=server_tls, implicit_tls=tls)
    reader, writer = await server.connect(client_tls if tls else None)
    await reader.readline()
    writer.transport.pause_reading()
    writer.write(b"STREAM 200\r\nlater\r\n")
    await server.last.started.wait()
    connection = server.last.connection
    while not (connection.write_blocked and connection._drain_waiter is not None):
        await asyncio.sleep(0)
    blocked_at = server.last.sent
    assert blocked_at < 10_000_000
    assert connection.pending <= 200_000
    assert connection._transport.get_write_buffer_size() < 600_000
    writer.transport.resume_reading()
    assert await reader.readexactly(20_000_000) == b"y" * 20_000_000
    assert await reader.readline() == b"echo later\r\n"
    await finish(writer)
    await server.last.gone.wait()


async def test_pipelined_big_answers_to_a_peer_that_does_not_read_are_not_made(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    await reader.readline()
    writer.transport.pause_reading()
    writer.write(b"BODY 1000000\r\n" * 60 + b"end\r\n")
    while not server.last.connection.write_blocked:
        await asyncio.sleep(0)
    for _ in range(50):  # turns of the loop in which nothing more may be asked for
        await asyncio.sleep(0)
    assert len(server.last.events) < 40
    writer.transport.resume_reading()
    for _ in range(60):
        assert len(await reader.readline()) == 1_000_002
    assert await reader.readline() == b"echo end\r\n"
    await finish(writer)


async def test_starttls(start: Start, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    server = await start(tls=server_tls)
    reader, writer = await server.connect()
    await reader.readline()
    writer.write(b"STARTTLS\r\n")
    assert await reader.readline() == b"go ahead\r\n"
    await writer.start_tls(client_tls, server_hostname="localhost")
    for n in range(3):
        writer.write(b"%d\r\n" % n)
        assert await reader.readline() == b"echo %d\r\n" % n
    assert server.last.connection.is_tls
    await finish(writer)
    await server.last.gone.wait()


async def test_clear_text_behind_starttls_ends_the_connection(
    start: Start, server_tls: ssl.SSLContext
) -> None:
    """ATTACKS 15: one segment with STARTTLS and a command to be taken for one sent inside."""
    server = await start(tls=server_tls)
    reader, writer = await server.connect()
    await reader.readline()
    writer.write(b"STARTTLS\r\nLOGIN injected\r\n")
    assert await reader.read() == b"no\r\n"
    await finish(writer)
    await server.last.gone.wait()
    assert server.last.events == [b"STARTTLS"]


async def test_clear_text_after_starttls_is_no_handshake(start: Start, server_tls: ssl.SSLContext) -> None:
    """ATTACKS 15, in a segment of its own."""
    server = await start(tls=server_tls)
    reader, writer = await server.connect()
    await reader.readline()
    writer.write(b"STARTTLS\r\n")
    assert await reader.readline() == b"go ahead\r\n"
    writer.write(b"LOGIN injected\r\n")
    with contextlib.suppress(OSError):
        assert b"echo" not in await reader.read()
    await finish(writer)
    await server.last.gone.wait()
    assert server.last.events == [b"STARTTLS"]


async def test_implicit_tls_and_a_first_line_sent_with_the_handshake(
    start: Start, server_tls: ssl.SSLContext, ca_file: str
) -> None:
    server = await start(tls=server_tls, implicit_tls=True)
    address = server.listener.addresses[0]

    def play() -> bytes:
        # A client that sends its first command together with the end of its handshake.
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=ca_file)
        tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with socket.create_connection(address) as sock:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    sock.sendall(outgoing.read())
                    incoming.write(sock.recv(65536))
            tls.write(b"first\r\n")
            sock.sendall(outgoing.read())
            answer = b""
            while not answer.endswith(b"echo first\r\n"):
                try:
                    answer += tls.read(1000)
                except ssl.SSLWantReadError:
                    incoming.write(sock.recv(65536))
            return answer

    assert await asyncio.to_thread(play) == b"hello\r\necho first\r\n"
    await server.last.gone.wait()


async def test_a_peer_that_never_ends_its_handshake_is_cut_off(
    start: Start, server_tls: ssl.SSLContext
) -> None:
    server = await start(tls=server_tls, implicit_tls=True, timeouts=Timeouts(handshake=0.05))
    reader, writer = await server.connect()
    with contextlib.suppress(OSError):
        assert await reader.read() == b""
    await finish(writer)
    await server.last.gone.wait()
    assert not server.listener.connections


async def test_garbage_instead_of_a_handshake(start: Start, server_tls: ssl.SSLContext) -> None:
    server = await start(tls=server_tls, implicit_tls=True)
    reader, writer = await server.connect()
    writer.write(b"a1 LOGIN clear text\r\n")
    with contextlib.suppress(OSError):
        assert b"hello" not in await reader.read()
    await finish(writer)
    await server.last.gone.wait()
    assert server.last.events == []


async def test_half_closed_peer_gets_its_answers(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    writer.write(b"a\r\nWAIT\r\nb\r\n")
    writer.write_eof()
    await asyncio.sleep(0)
    while not server.made or not server.last.started.is_set():
        await asyncio.sleep(0)
    server.last.go_on.set()
    assert await reader.read() == b"hello\r\necho a\r\nwaited\r\necho b\r\n"
    await finish(writer)
    await server.last.gone.wait()
    assert server.last.events[-1] == EOF


async def test_peer_vanishes_while_the_handler_is_busy(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    await reader.readline()
    writer.write(b"WAIT\r\n")
    await server.last.started.wait()
    reset(writer)
    while server.listener.connections:
        await asyncio.sleep(0)
    # Not before the handler is done: what it holds, it may still be using.
    assert server.last.calls == []
    server.last.go_on.set()
    await server.last.gone.wait()
    assert server.last.calls == ["disconnected"]


async def test_peer_vanishes_in_the_middle_of_a_long_answer(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    await reader.readline()
    writer.transport.pause_reading()
    writer.write(b"STREAM 1000\r\n")
    await server.last.started.wait()
    reset(writer)
    await server.last.gone.wait()
    assert server.last.calls == ["stream ended", "disconnected"]


@pytest.mark.parametrize("word", [b"CRASH", b"CRASHLATER"])
async def test_a_handler_that_raises_ends_its_own_connection_only(
    start: Start, word: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server = await start()
    reader, writer = await server.connect()
    other_reader, other = await server.connect()
    with caplog.at_level(logging.ERROR, "mailproto.aio"):
        writer.write(word + b"\r\n")
        assert await reader.read() == b"hello\r\nfailed\r\n"
    assert "ZeroDivisionError" in caplog.text
    other.write(b"still here\r\n")
    assert await other_reader.readline() == b"hello\r\n"
    assert await other_reader.readline() == b"echo still here\r\n"
    await finish(writer)
    await finish(other)


async def test_a_peer_that_breaks_the_protocol_is_told_and_hears_it(start: Start, caplog: Any) -> None:
    server = await start()
    reader, writer = await server.connect()
    writer.write(b"q" * 2_000_000)
    assert await reader.read() == b"hello\r\ntoo long\r\nfailed\r\n"
    writer.transport.abort()
    await server.last.gone.wait()
    assert server.last.calls == ["failed RemoteError", "disconnected"]
    assert not caplog.records  # the peer's fault is no news


async def test_idle_timeout(start: Start) -> None:
    server = await start(timeouts=Timeouts(idle=0.05))
    reader, writer = await server.connect()
    assert await reader.read() == b"hello\r\ntoo slow\r\n"
    await finish(writer)
    await server.last.gone.wait()
    assert server.last.calls == ["timed_out", "disconnected"]


async def test_deadline_ends_a_peer_that_dribbles(start: Start) -> None:
    server = await start(timeouts=Timeouts(idle=60))
    reader, writer = await server.connect()
    await reader.readline()
    server.last.connection.set_deadline(0.1)

    async def dribble() -> None:
        with contextlib.suppress(OSError):
            while True:
                before = len(server.last.connection.session.buffer)
                writer.write(b"x")
                await writer.drain()
                while len(server.last.connection.session.buffer) == before:  # the next when this one came
                    await asyncio.sleep(0)

    task = asyncio.create_task(dribble())
    assert await reader.read() == b"too slow\r\n"
    task.cancel()
    await finish(writer)
    await server.last.gone.wait()


async def test_a_peer_that_stops_reading_is_cut_off(start: Start) -> None:
    server = await start(timeouts=Timeouts(stalled=0.1))
    reader, writer = await server.connect()
    await reader.readline()
    writer.transport.pause_reading()
    writer.write(b"STREAM 1000\r\n")
    await server.last.gone.wait()
    assert server.last.calls == ["stream ended", "disconnected"]
    writer.transport.abort()


async def test_addresses_are_capped_and_released(start: Start) -> None:
    limiter = AddressLimiter(per_address=2)
    server = await start(limiter=limiter, refusal=b"too many\r\n")
    first, second = await server.connect(), await server.connect()
    assert await first[0].readline() == b"hello\r\n"
    assert await second[0].readline() == b"hello\r\n"
    third = await server.connect()
    assert await third[0].read() == b"too many\r\n"
    await finish(third[1])
    await finish(first[1])
    await server.made[0].gone.wait()
    fourth = await server.connect()
    assert await fourth[0].readline() == b"hello\r\n"
    await finish(second[1])
    await finish(fourth[1])
    for handler in server.made:
        await handler.gone.wait()
    assert len(server.made) == 3
    assert limiter._all == 0
    assert not limiter._counts


def test_an_ipv6_client_counts_as_its_network() -> None:
    limiter = AddressLimiter(per_address=1)
    assert limiter.admit(("2001:db8::1", 1, 0, 0))
    assert not limiter.admit(("2001:db8::ffff", 2, 0, 0))
    assert limiter.admit(("2001:db8:0:1::1", 2, 0, 0))
    assert limiter.admit(("192.0.2.1", 1))
    assert not limiter.admit(("::ffff:192.0.2.1", 1, 0, 0))


async def test_shutdown_says_goodbye_and_waits_for_the_busy(start: Start) -> None:
    server = await start()
    idle_reader, idle = await server.connect()
    await idle_reader.readline()
    reader, writer = await server.connect()
    await reader.readline()
    writer.write(b"WAIT\r\n")
    await server.last.started.wait()
    closing = asyncio.create_task(server.listener.close(grace=5))
    assert await idle_reader.read() == b"going down\r\n"
    assert not closing.done()
    with pytest.raises(OSError):
        await server.connect()
    server.last.go_on.set()
    assert await reader.read() == b"waited\r\ngoing down\r\n"
    await finish(idle)
    await finish(writer)
    await closing


async def test_shutdown_does_not_wait_for_a_peer_that_keeps_its_end_open(start: Start) -> None:
    server = await start()
    said_bye_reader, said_bye = await server.connect()
    said_bye.write(b"QUIT\r\n")
    assert await said_bye_reader.read() == b"hello\r\nbye\r\n"
    idle_reader, idle = await server.connect()
    await idle_reader.readline()
    loop = asyncio.get_running_loop()
    started = loop.time()
    await server.listener.close(grace=60)
    assert loop.time() - started < 3  # neither the grace nor the five seconds that a slow reader gets
    assert await idle_reader.read() == b"going down\r\n"
    await finish(said_bye)
    await finish(idle)


async def test_shutdown_lets_a_slow_reader_have_all_of_it(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    await reader.readline()
    writer.transport.pause_reading()
    writer.write(b"BODY 40000000\r\n")  # more than the kernel keeps for a reader that is away
    while not server.last.events:
        await asyncio.sleep(0)
    closing = asyncio.create_task(server.listener.close(grace=60))
    await asyncio.sleep(3 * FAREWELL)
    assert not closing.done()
    writer.transport.resume_reading()
    assert (await reader.read()).endswith(b"xx\r\ngoing down\r\n")
    await finish(writer)
    await closing


async def test_shutdown_cuts_off_who_does_not_end(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    await reader.readline()
    writer.write(b"WAIT\r\n")
    await server.last.started.wait()
    await server.listener.close(grace=0.05)
    assert await reader.read() == b""
    await finish(writer)
    assert server.last.calls == ["disconnected"]


async def test_sending_after_the_end_is_no_error_and_draining_is(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    await reader.readline()
    reset(writer)
    await server.last.gone.wait()
    connection = server.last.connection
    connection.session.send(b"news")
    connection.flush()
    with pytest.raises(ConnectionError):
        await connection.drain()
    connection.close()
    connection.abort()
    assert connection.session.out == []

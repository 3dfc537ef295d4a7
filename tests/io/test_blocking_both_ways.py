"""A client that blocks must read while it sends: a server may take nothing before it was read from."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mailproto import CommandTimeout, ConnectionLost, blocking

#: More than both sides' socket buffers hold, whatever the kernel grows them to.
LARGE = 24 * 1024 * 1024

Script = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(script: Script, context: ssl.SSLContext | None) -> Iterator[int]:
    """A server that plays *script* on its one connection."""
    failures: list[BaseException] = []

    def run() -> None:
        with listener, contextlib.closing(listener.accept()[0]) as plain:
            try:
                if context is None:
                    script(plain)
                else:
                    with context.wrap_socket(plain, server_side=True) as inside:
                        script(inside)
            except OSError as error:
                failures.append(error)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield port
        finally:
            thread.join(60)
    assert not thread.is_alive() and not failures, failures


def read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\r\n"):
        octet = connection.recv(1)
        if not octet:
            raise ConnectionError("the client went away")
        line += octet
    return line


def read_exactly(connection: socket.socket, count: int) -> None:
    while count:
        got = len(connection.recv(min(count, 65536)))
        if not got:
            raise ConnectionError("the client went away")
        count -= got


@pytest.mark.parametrize("secure", [False, True], ids=["clear", "tls"])
def test_a_server_that_is_read_from_before_it_reads(
    secure: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
        tag = read_line(connection).split()[0]
        line = b"* OK " + b"x" * 1000 + b"\r\n"
        connection.sendall(line * (LARGE // len(line)))
        read_exactly(connection, LARGE + 2)
        connection.sendall(tag + b" OK done\r\n")
        tag = read_line(connection).split()[0]
        connection.sendall(b"* BYE\r\n" + tag + b" OK bye\r\n")

    with serving(script, server_tls if secure else None) as port:
        options: dict[str, Any] = {
            "tls": secure,
            "context": client_tls if secure else None,
            "timeout": 60,
        }
        with blocking.connect_imap("localhost", port, **options) as client:
            client.append("INBOX", b"m" * LARGE)
            assert client.bytes_sent > LARGE and client.bytes_received > LARGE - 2000


def test_pipelined_replies_are_read_while_commands_wait() -> None:
    """POP3: a thousand RETR are sent before the first answer was asked for."""
    message = b"x" * 10_000 + b"\r\n"

    def script(connection: socket.socket) -> None:
        connection.sendall(b"+OK ready\r\n")
        for line in (b"CAPA\r\n", b"USER tim\r\n", b"PASS secret\r\n", b"CAPA\r\n"):
            assert read_line(connection) == line
            connection.sendall(b"+OK\r\n" + (b"USER\r\nPIPELINING\r\n.\r\n" if line == b"CAPA\r\n" else b""))
        for number in range(1, 1001):
            assert read_line(connection) == b"RETR %d\r\n" % number
            connection.sendall(b"+OK\r\n" + message + b".\r\n")
        assert read_line(connection) == b"QUIT\r\n"
        connection.sendall(b"+OK\r\n")

    with (
        serving(script, None) as port,
        blocking.connect_pop3(
            "127.0.0.1", port, tls=False, user="tim", password="secret", timeout=60
        ) as client,
    ):
        assert [found for _, found in client.retrieve(range(1, 1001))] == [message] * 1000


def test_a_server_that_neither_reads_nor_writes_is_given_up() -> None:
    done = threading.Event()

    def script(connection: socket.socket) -> None:
        connection.sendall(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
        done.wait(60)

    with serving(script, None) as port:
        client = blocking.connect_imap("127.0.0.1", port, tls=False, timeout=0.2)
        try:
            with pytest.raises(CommandTimeout, match="took nothing in"):
                client.append("INBOX", b"m" * LARGE)
            assert client.is_closed
        finally:
            done.set()
            client.close()


def test_a_server_that_goes_while_it_is_sent_to() -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
        read_line(connection)
        connection.sendall(b"* BYE full\r\n")
        connection.shutdown(socket.SHUT_RDWR)

    with serving(script, None) as port:
        client = blocking.connect_imap("127.0.0.1", port, tls=False, timeout=60)
        with pytest.raises(ConnectionLost):
            client.append("INBOX", b"m" * LARGE)
        assert client.is_closed

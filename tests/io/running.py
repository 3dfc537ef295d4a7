"""A real server on loopback for tests: in a thread with a loop of its own, so that blocking clients can
drive it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import argon2

from mailproto.server.app import Server
from mailproto.server.config import LISTENERS, Address, Config, ServerLimits

T = TypeVar("T")
TIMEOUT = 20.0

#: Hashing is slow by design; the servers of test_server_program.py hash as users' do.
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
#: Nothing in tests waits for the delays that make guessing slow.
LIMITS = ServerLimits(login_delay=0.001, login_delay_cap=0.002, drain_timeout=1.0)
MESSAGE = (
    b"From: Alice Example <alice@example.org>\r\n"
    b"To: bob@example.org\r\n"
    b"Subject: =?utf-8?q?caf=C3=A9?= time\r\n"
    b"Date: Mon, 2 Nov 2026 10:00:00 +0100\r\n"
    b"Message-ID: <1@example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=sep\r\n"
    b"\r\n"
    b"preamble\r\n"
    b"--sep\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"a needle in a haystack\r\n"
    b"--sep\r\n"
    b"Content-Type: application/octet-stream\r\n"
    b"Content-Disposition: attachment; filename=data.bin\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"\r\n"
    b"AAECAwQ=\r\n"
    b"--sep--\r\n"
)


def message(subject: str, size: int = 0) -> bytes:
    """A small text message, or one of about ``size`` octets."""
    body = f"body of {subject}\r\n".encode()
    if size:
        line = b"x" * 76 + b"\r\n"
        body += line * (size // len(line))
    return f"From: a@example.org\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\n".encode() + body


class Running:
    """A server that runs until :meth:`stop`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._accounts = 0
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="server")
        self._thread.start()
        self._started.wait(TIMEOUT)
        if self._error is not None:
            self._thread.join()
            raise self._error

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:
            self._error = error
            self._started.set()

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.server = Server(self.config, hasher=QUICK)
        await self.server.start()
        self.ports = {kind: port for kind, _, port in self.server.bound}
        self._started.set()
        await self._stop.wait()
        await self.server.close()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(TIMEOUT)

    def account(self) -> str:
        """The name of a new account, password "secret"; one hash serves them all."""
        self._accounts += 1
        name = f"user{self._accounts}"

        async def create() -> None:
            store = self.server.store
            await store.create_account(name, (await store.account("bob")).password_hash)

        self.call(create())
        return name

    def deliver(self, user: str, data: bytes, mailbox: str = "INBOX", flags: tuple[str, ...] = ()) -> int:
        """Put a message into a mailbox from inside; its UID."""
        from mailproto.store.api import NewMessage

        async def append() -> int:
            store = self.server.store
            mail = store.mail(await store.account(user))
            return (await mail.append(mailbox, [NewMessage(data, flags)])).uids[0]

        return self.call(append())

    def stop(self) -> None:
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(TIMEOUT)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error


@contextlib.contextmanager
def running(folder: Path, **changes: Any) -> Iterator[Running]:
    """A server with the accounts bob and carol (passwords "secret") on free ports."""
    settings: dict[str, Any] = {
        "data": folder,
        "listen": {kind: (Address("127.0.0.1", 0),) for kind in LISTENERS},
        "users": (("bob", "secret"), ("carol", "secret")),
        "allow_cleartext_login": True,
        "limits": LIMITS,
    }
    server = Running(Config(**(settings | changes)))
    try:
        yield server
    finally:
        server.stop()


def untrusting() -> ssl.SSLContext:
    """A client context that takes the server's self-signed certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Raw:
    """A connection spoken to in octets."""

    def __init__(self, port: int, *, tls: bool = False) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        if tls:
            self.socket = untrusting().wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")
        self._count = 0

    def start_tls(self) -> None:
        self.file.close()
        self.socket = untrusting().wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self) -> bytes:
        """One line with its literals; ``b""`` at the end of the stream."""
        line = self.file.readline()
        while literal := re.search(rb"\{(\d+)\}\r\n\Z", line):
            line += self.file.read(int(literal[1])) + self.file.readline()
        return line

    def until(self, start: bytes) -> list[bytes]:
        """Lines up to and with the first that starts so."""
        lines = []
        while True:
            lines.append(self.line())
            if lines[-1].startswith(start):
                return lines
            assert lines[-1], lines

    def rest(self) -> bytes:
        """Everything up to the end of the stream."""
        with contextlib.suppress(ConnectionError):
            return self.file.read()
        return b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Imap(Raw):
    """A raw IMAP client that counts its tags."""

    def __init__(self, port: int, user: str | None = "bob", *, tls: bool = False) -> None:
        super().__init__(port, tls=tls)
        self.greeting = self.line()
        if user is not None:
            assert self.ok(f"LOGIN {user} secret")

    def command(self, text: str | bytes) -> list[bytes]:
        """Send a command; its answers, the tagged one last."""
        self._count += 1
        tag = b"t%d" % self._count
        self.send(tag + b" " + (text.encode() if isinstance(text, str) else text) + b"\r\n")
        lines = self.until(tag + b" ")
        return [*lines[:-1], lines[-1].removeprefix(tag + b" ")]

    def ok(self, text: str | bytes) -> list[bytes]:
        lines = self.command(text)
        assert lines[-1].startswith(b"OK"), lines
        return lines

    def no(self, text: str | bytes, code: bytes = b"") -> bytes:
        lines = self.command(text)
        assert lines[-1].startswith(b"NO " + (b"[" + code if code else b"")), lines
        return lines[-1]

    def bad(self, text: str | bytes) -> bytes:
        lines = self.command(text)
        assert lines[-1].startswith(b"BAD"), lines
        return lines[-1]

    def append(self, mailbox: str, data: bytes, flags: str = "", date: str = "") -> list[bytes]:
        extra = (f" ({flags})" if flags else "") + (f' "{date}"' if date else "")
        return self.ok(f"APPEND {mailbox}{extra} {{{len(data)}+}}\r\n".encode() + data)


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what other threads do and nothing announces; asserts that it happens."""
    done = threading.Event()
    for _ in range(int(TIMEOUT * 100)):
        if condition():
            return
        done.wait(0.01)
    raise AssertionError("it did not happen")

"""``mailproto demo``: IMAP and POP3 doing what people use them for, on an embedded store.

A real server in a process of its own, real sockets with TLS on free loopback ports, mailproto's own clients.
Every line that is printed was checked; the first claim that does not hold ends the demo with status 1.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import signal
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import click

from mailproto.aio import imap, pop3
from mailproto.aio.imap import ImapClient
from mailproto.aio.pop3 import Pop3Client
from mailproto.cli import CommandError
from mailproto.cli.demo_imap import devices, folders, offline_copy
from mailproto.cli.demo_mail import SampleMail, generate
from mailproto.cli.demo_pop3 import delete_mode, keep_mode
from mailproto.cli.demo_show import Comparison, Show, octets
from mailproto.store.api import NewMessage
from mailproto.store.sqlite import SqliteStore
from mailproto.tls import client_context

USER = "sam"
#: Seconds that the server may take to listen, and to end.
PATIENCE = 30


@dataclass(frozen=True)
class Place:
    """Where the demo's server is, and who logs in there."""

    ports: dict[str, int]  #: imap, imaps, pop3, pop3s
    certificate: Path  #: The server's own certificate: what the clients trust.
    user: str
    password: str
    data: Path
    scratch: Path

    def trust(self) -> ssl.SSLContext:
        """A TLS context that trusts the server's certificate and no other."""
        return client_context(ca_file=self.certificate)

    def imap(self, *, starttls: bool = False) -> AbstractAsyncContextManager[ImapClient]:
        """A device logged in by IMAP."""
        kind, tls = ("imap", "starttls") if starttls else ("imaps", True)
        return imap.connect(
            "127.0.0.1",
            self.ports[kind],
            tls=tls,
            user=self.user,
            password=self.password,
            context=self.trust(),
        )

    def pop3(self, *, stls: bool = False) -> AbstractAsyncContextManager[Pop3Client]:
        """A device logged in by POP3."""
        kind, tls = ("pop3", "starttls") if stls else ("pop3s", True)
        return pop3.connect(
            "127.0.0.1",
            self.ports[kind],
            tls=tls,
            user=self.user,
            password=self.password,
            context=self.trust(),
        )


async def _bound(output: asyncio.StreamReader) -> dict[str, int]:
    """Read the lines in which ``serve`` tells its addresses, until all four are there."""
    ports: dict[str, int] = {}
    while len(ports) < 4:
        line = (await output.readline()).decode()
        if not line:
            raise CommandError("the demo failed at 'start': the server ended before it listened")
        kind, _, address = line.strip().partition(" ")
        if kind in {"imap", "imaps", "pop3", "pop3s"}:
            ports[kind] = int(address.rpartition(":")[2])
    return ports


@contextlib.asynccontextmanager
async def serving(scratch: Path) -> AsyncIterator[Place]:
    """Run ``mailproto serve`` on a new data folder until the block ends; it must then exit with 0."""
    data, password = scratch / "data", secrets.token_urlsafe(12)
    arguments = ["serve", "--data", str(data), "--user", f"{USER}:{password}"]
    for kind in ("imap", "imaps", "pop3", "pop3s"):
        arguments += [f"--{kind}", "127.0.0.1:0"]
    command = (sys.executable, "-m", "mailproto.cli", *arguments)
    with open(scratch / "server.log", "wb") as log:  # its log of logins is not part of the show
        server = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=log)
    assert server.stdout is not None
    try:
        ports = await asyncio.wait_for(_bound(server.stdout), PATIENCE)
        yield Place(ports, data / "tls" / "cert.pem", USER, password, data, scratch)
        server.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(server.wait(), PATIENCE)
        if status:
            raise CommandError(f"the demo failed at 'end': the server exited with {status}, not 0")
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()


async def deliver(place: Place, mail: SampleMail) -> None:
    """Deliver everything into INBOX while the server runs, one by one, as ``mailproto deliver`` does."""
    store = await SqliteStore.open(place.data)
    try:
        account = await store.account(place.user)
        for message in mail.messages:
            await store.mail(account).append("INBOX", [NewMessage(message)])
    finally:
        await store.close()


async def play(show: Show, scratch: Path) -> None:
    """The whole demo."""
    compared = Comparison()
    show.part("An embedded store, a server, 200 messages")
    show.step("mail")
    mail = generate()
    show.fact(f"{len(mail.messages)} messages generated, {octets(mail.octets)}")
    show.step("server")
    async with serving(scratch) as place:
        listening = ", ".join(f"{kind} {port}" for kind, port in place.ports.items())
        show.fact(f"listens on 127.0.0.1, TLS on all four: {listening}")
        show.step("delivery")
        start = time.perf_counter()
        await deliver(place, mail)
        show.fact(f"{len(mail.messages)} messages safe on disk after {time.perf_counter() - start:.1f} s")
        await devices(show, place, mail, compared)
        await folders(show, place)
        await offline_copy(show, place, compared)
        await keep_mode(show, place, mail, compared)
        await delete_mode(show, place, compared)
        show.step("end")
    show.fact("the server was told to stop, and exited with 0")
    compared.print(show.console)


@click.command("demo")
@click.option("--keep", is_flag=True, help="Keep the temporary folder, and say where it is.")
def command(keep: bool) -> None:
    """Show IMAP and POP3 at work on an embedded store.

    Starts a server in a temporary folder, on free loopback ports, and plays two devices on one account.
    """
    folder = Path(tempfile.mkdtemp(prefix="mailproto-demo-"))
    try:
        asyncio.run(play(Show(), folder))
    finally:
        if keep:
            click.echo(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)

"""``mailproto serve``: IMAP and POP3 from a data folder, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine

    from mailproto.server.app import Server
    from mailproto.server.config import Config


@click.command("serve")
@click.option("--config", "file", metavar="FILE.toml", help="Settings; the options below override them.")
@click.option(
    "--data", metavar="DIR", type=click.Path(path_type=Path), help="The data folder; made if missing."
)
@click.option(
    "--user", "users", metavar="NAME:PASSWORD", multiple=True, help="Make this account if it is not there."
)
@click.option(
    "--imap", metavar="H:P", multiple=True, help="Serve IMAP with STARTTLS here. Port 0: any free one."
)
@click.option("--imaps", metavar="H:P", multiple=True, help="Serve IMAP inside TLS here.")
@click.option("--pop3", metavar="H:P", multiple=True, help="Serve POP3 with STLS here.")
@click.option("--pop3s", metavar="H:P", multiple=True, help="Serve POP3 inside TLS here.")
@click.option("--lmtp", metavar="H:P", multiple=True, help="Take mail from a transfer agent here (no login).")
@click.option(
    "--workers", metavar="N", type=int, help="Serve with this many processes, which share the ports."
)
@click.option("--tls-cert", metavar="FILE", type=click.Path(path_type=Path), help="Certificate chain, PEM.")
@click.option("--tls-key", metavar="FILE", type=click.Path(path_type=Path), help="Its private key, PEM.")
@click.option(
    "--allow-cleartext-login",
    is_flag=True,
    default=None,
    help="Take passwords without TLS: anybody on the way can read them.",
)
def command(  # noqa: PLR0917 - one argument an option
    file: str | None,
    data: Path | None,
    users: tuple[str, ...],
    workers: int | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    allow_cleartext_login: bool | None,
    **listen: tuple[str, ...],
) -> None:
    """Serve IMAP and POP3 from a data folder.

    Each bound address is printed as "imap 127.0.0.1:40143" before serving. Without a certificate a
    self-signed one is made in the data folder. SIGTERM and SIGINT let sessions finish, then end with
    status 0. Each login, accepted or refused, is one line on standard error.
    """
    from mailproto.server.config import build, parse_address, parse_user  # noqa: PLC0415

    config = build(
        file,
        data=data,
        users=[parse_user(user, "--user") for user in users],
        listen={
            kind: tuple(parse_address(where, f"--{kind}") for where in addresses)
            for kind, addresses in listen.items()
            if addresses
        },
        workers=workers,
        tls_cert=tls_cert,
        tls_key=tls_key,
        allow_cleartext_login=allow_cleartext_login,
    )
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("mailproto.login").setLevel(logging.INFO)
    if config.workers > 1:
        from mailproto.server.workers import supervise  # noqa: PLC0415

        # The accounts are made before the workers start, who need not know the passwords.
        served = dataclasses.replace(config, users=())
        supervise(config, announce, lambda sockets: _run(serve(served, sockets)))
    else:
        _run(serve(config, report=announce))


def _run(work: Coroutine[Any, Any, None]) -> None:
    with _runner() as runner:
        runner.run(work)


def _runner() -> asyncio.Runner:
    """With uvloop where it is installed: about half as much again in requests a second."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def announce(server: Server) -> None:
    """Tell where the server listens, and what its certificate is known by."""
    if server.certificate is not None:
        print(f"certificate {server.certificate.cert_file} (self-signed)")
        print(f"fingerprint SHA256 {server.certificate.fingerprint}")
    for kind, host, port in server.bound:
        print(f"{kind} [{host}]:{port}" if ":" in host else f"{kind} {host}:{port}")
    sys.stdout.flush()


async def serve(
    config: Config,
    sockets: list[tuple[str, socket.socket]] | None = None,
    report: Callable[[Server], None] | None = None,
) -> None:
    """Start, report, wait for the signal, end."""
    from mailproto.server.app import Server  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: SIGINT raises KeyboardInterrupt there
            with contextlib.suppress(ValueError):
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    server = Server(config)
    await server.start(sockets)
    try:
        if report is not None:
            report(server)
        await stop.wait()
    finally:
        await server.close()

"""``mailproto mirror``: an offline copy of a mail account in Maildir folders."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import click

from mailproto.cli import CommandError, printable
from mailproto.cli.user import first_line
from mailproto.sync.mirror import Progress, Summary
from mailproto.tls import client_context

PORTS = {"imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}


@dataclass(frozen=True, slots=True)
class Account:
    """What a URL says."""

    scheme: str
    host: str
    port: int
    user: str
    password: str | None

    @property
    def name(self) -> str:
        """What the copy is known by: no password in it."""
        kind = self.scheme.removesuffix("s")
        return f"{kind}://{self.user}@{self.host}:{self.port}"


def parse_url(url: str) -> Account:
    """Take a URL apart. Raises CommandError, which never shows it: it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise CommandError("the URL cannot be read") from None
    if parts.scheme not in PORTS:
        raise CommandError("the URL must begin with imap://, imaps://, pop3:// or pop3s://")
    if not parts.hostname or not parts.username:
        raise CommandError("the URL must name a user and a host: imaps://user@host")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise CommandError("the URL must end after the host and port: the whole account is copied")
    password = None if parts.password is None else unquote(parts.password)
    return Account(
        parts.scheme, parts.hostname, port or PORTS[parts.scheme], unquote(parts.username), password
    )


def find_password(account: Account, file: str | None) -> str:
    """The password: of the file, the URL, the environment, or the person at the terminal."""
    if file is not None:
        return first_line(file)
    if account.password is not None:
        return account.password
    if "MAILPROTO_PASSWORD" in os.environ:
        return os.environ["MAILPROTO_PASSWORD"]
    if not sys.stdin.isatty():
        raise CommandError("no password: set MAILPROTO_PASSWORD, or use --password-file")
    answer: str = click.prompt(f"Password of {account.user}", hide_input=True, err=True)
    return answer


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can listen."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress]:
    """Progress on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where somebody looks
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    with Bars(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(escape(printable(what)), total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report


async def run(account: Account, password: str, folder: str, *, delete: bool, **options: Any) -> Summary:
    """Connect (``options`` are ``tls`` and ``context``) and bring the copy up to date."""
    options |= {"user": account.user, "password": password}
    with progress_bar() as progress:
        if account.scheme.startswith("imap"):
            from mailproto.aio import imap  # noqa: PLC0415 - only one of the two protocols is needed
            from mailproto.sync.mirror_imap import mirror_imap  # noqa: PLC0415

            async with imap.connect(account.host, account.port, **options) as client:
                return await mirror_imap(client, folder, account.name, progress)
        from mailproto.aio import pop3  # noqa: PLC0415
        from mailproto.sync.mirror_pop3 import mirror_pop3  # noqa: PLC0415

        async with pop3.connect(account.host, account.port, **options) as drop:
            return await mirror_pop3(drop, folder, account.name, delete=delete, progress=progress)


@click.command("mirror", short_help="Keep an offline copy of a mail account in Maildir folders.")
@click.argument("url")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--keep", is_flag=True, help="POP3: leave the messages on the server (the default).")
@click.option("--delete", is_flag=True, help="POP3: delete on the server what is safely here.")
@click.option("--starttls", is_flag=True, help="imap:// and pop3://: go on inside TLS before logging in.")
@click.option("--ca-file", type=click.Path(dir_okay=False), help="Trust the certificates in this file alone.")
@click.option("--insecure", is_flag=True, help="Accept any certificate, and passwords in the clear.")
@click.option("--password-file", type=click.Path(dir_okay=False), help="A file with the password in it.")
def command(
    url: str,
    folder: str,
    *,
    keep: bool,
    delete: bool,
    starttls: bool,
    ca_file: str | None,
    insecure: bool,
    password_file: str | None,
) -> None:
    """Copy the account at URL (imaps://user@host) into FOLDER, or bring the copy there up to date.

    The password is that of --password-file, of the URL, of the environment variable MAILPROTO_PASSWORD, or
    asked for. FOLDER becomes a Maildir (INBOX) with a Maildir++ folder for each other mailbox; only what
    changed is transferred.
    """
    account = parse_url(url)
    if keep and delete:
        raise CommandError("--keep and --delete exclude each other")
    if (keep or delete) and not account.scheme.startswith("pop3"):
        raise CommandError("--keep and --delete are for POP3: an IMAP server keeps its mail")
    if starttls and account.scheme.endswith("s"):
        raise CommandError(f"{account.scheme}:// is TLS from the start: leave --starttls out")
    tls: bool | str = "starttls" if starttls else account.scheme.endswith("s")
    if not tls and not insecure and not is_loopback(account.host):
        raise CommandError(
            "this would send the password in the clear: use --starttls, or --insecure to do so"
        )
    context = client_context(ca_file=ca_file, dangerously_accept_any_certificate=insecure) if tls else None
    password = find_password(account, password_file)
    try:
        summary = asyncio.run(run(account, password, folder, delete=delete, tls=tls, context=context))
    except socket.gaierror as error:
        raise CommandError(f"{account.host}: {error.strerror or error}") from error
    except ssl.SSLCertVerificationError as error:
        raise CommandError(
            f"{account.host}: the certificate is not trusted ({error.verify_message}); see --ca-file"
        ) from error
    except ssl.SSLError as error:
        raise CommandError(f"{account.host}: TLS failed: {error.reason or error}") from error
    click.echo(str(summary))

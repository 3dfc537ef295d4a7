"""``mailproto user``: accounts of a data folder. Works while a server runs on it, too."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from mailproto.cli import EX_TEMPFAIL, CommandError, printable

if TYPE_CHECKING:
    from mailproto.store.accounts import Accounts
    from mailproto.store.api import Store

T = TypeVar("T")

_data = click.option(
    "--data",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The data folder; the default is that of serve.",
)
_password_file = click.option(
    "--password-file",
    metavar="FILE",
    help="Read the password from this file's first line; - is standard input.",
)


def with_store(
    data: Path | None, work: Callable[[Store, Accounts], Awaitable[T]], *, create: bool = False
) -> T:
    """Open the store of a data folder, do the work, close it.

    Raises CommandError for a folder that is not there.
    """
    from mailproto.server.config import default_data_folder  # noqa: PLC0415
    from mailproto.store.accounts import Accounts  # noqa: PLC0415
    from mailproto.store.sqlite import SqliteStore  # noqa: PLC0415

    folder = data or default_data_folder()
    if not create and not folder.is_dir():
        raise CommandError(f"there is no data folder {folder} (name it with --data)", EX_TEMPFAIL)
    if not create and not any(folder.iterdir()):
        raise CommandError(f"the data folder {folder} is empty (is it the right --data?)", EX_TEMPFAIL)

    async def run() -> T:
        store = await SqliteStore.open(folder)
        accounts = Accounts(store)
        try:
            return await work(store, accounts)
        except ValueError as error:  # a password that will not do
            raise CommandError(str(error)) from None
        finally:
            accounts.close()
            await store.close()

    return asyncio.run(run())


def first_line(file: str) -> str:
    """A password file's first line; ``-`` is standard input. Raises CommandError, OSError."""
    try:
        with click.open_file(file, encoding="utf-8") as stream:
            line: str = stream.readline()
    except UnicodeDecodeError:
        raise CommandError(f"the password file {file} is not UTF-8") from None
    return line.rstrip("\r\n")


def read_password(file: str | None) -> str:
    """The password: from ``--password-file``, else from the environment's MAILPROTO_PASSWORD, else asked
    for twice.

    Raises CommandError when it is empty or cannot be read.
    """
    password: str
    if file is not None:
        password = first_line(file)
    elif "MAILPROTO_PASSWORD" in os.environ:
        password = os.environ["MAILPROTO_PASSWORD"]
    elif not sys.stdin.isatty():
        raise CommandError("no password: set MAILPROTO_PASSWORD, or use --password-file")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if not password:
        raise CommandError("the password is empty")
    return password


@click.group("user")
def command() -> None:
    """Add, list and delete accounts, and set passwords.

    A password is read from --password-file, from the environment's MAILPROTO_PASSWORD, or from a prompt;
    it never stands on the command line.
    """


@command.command("add")
@click.argument("name")
@_data
@_password_file
def add(name: str, data: Path | None, password_file: str | None) -> None:
    """Add an account with an empty INBOX."""
    password = read_password(password_file)
    with_store(data, lambda _, accounts: accounts.add(name, password), create=True)
    click.echo(f"added {printable(name)}")


@command.command("list")
@_data
def list_(data: Path | None) -> None:
    """List the accounts, one name a line."""
    for account in with_store(data, lambda store, _: store.accounts()):
        click.echo(printable(account.name))


@command.command("passwd")
@click.argument("name")
@_data
@_password_file
def passwd(name: str, data: Path | None, password_file: str | None) -> None:
    """Set an account's password."""
    password = read_password(password_file)
    with_store(data, lambda _, accounts: accounts.set_password(name, password))
    click.echo(f"password of {printable(name)} set")


@command.command("delete")
@click.argument("name")
@_data
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(name: str, data: Path | None, yes: bool) -> None:
    """Delete an account with all its mail."""

    async def work(store: Store, accounts: Accounts) -> None:
        await store.account(name)  # the question is asked about accounts that are there
        if not yes:
            click.confirm(f"Delete {printable(name)} and all its mail?", abort=True, err=True)
        await accounts.delete(name)

    with_store(data, work)
    click.echo(f"deleted {printable(name)}")

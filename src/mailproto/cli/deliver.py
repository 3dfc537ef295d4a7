"""``mailproto deliver USER < message``: put a message into a user's INBOX.

For use as a mail transfer agent's delivery command: the exit status is that of sysexits.h (67 no such
user, 65 bad message, 75 try again later), and 0 says that the message is safe on disk.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mailproto.cli import EX_TEMPFAIL, CommandError
from mailproto.cli.user import with_store

if TYPE_CHECKING:
    from mailproto.store.accounts import Accounts
    from mailproto.store.api import Store

EX_DATAERR: Final = 65
EX_NOUSER: Final = 67

#: The line that delivery agents and mbox files put in front of the header.
_FROM_LINE: Final = re.compile(rb"\AFrom [^\r\n]*\r?\n")


def normalise(message: bytes) -> bytes:
    """The message as IMAP and POP3 want it: every line ends in CRLF, no mbox ``From`` line in front.

    Raises CommandError for one that is empty or holds NUL, which IMAP has no way to send.
    """
    from mailproto._core.mime import normalise_line_ends  # noqa: PLC0415

    message = normalise_line_ends(_FROM_LINE.sub(b"", message, count=1))
    if not message.strip():
        raise CommandError("the message is empty", EX_DATAERR)
    if b"\0" in message:
        raise CommandError("the message holds a NUL octet, which IMAP cannot carry", EX_DATAERR)
    return message if message.endswith(b"\r\n") else message + b"\r\n"


@click.command("deliver")
@click.argument("user")
@click.option(
    "--data",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The data folder; the default is that of serve.",
)
@click.option("--mailbox", default="INBOX", show_default=True, help="Where to put it.")
def command(user: str, data: Path | None, mailbox: str) -> None:
    """Put a message from standard input into a user's INBOX.

    Works while a server runs on the data folder: its sessions are told of the message.
    """
    from mailproto.store.api import NewMessage  # noqa: PLC0415
    from mailproto.store.errors import (  # noqa: PLC0415
        MessageRefused,
        MessageTooBig,
        NoSuchAccount,
        StoreError,
    )

    if sys.stdin is None:  # closed by whoever started us
        raise CommandError("there is no message: standard input is closed", EX_DATAERR)
    message = normalise(sys.stdin.buffer.read())

    async def work(store: Store, _: Accounts) -> None:
        account = await store.account(user)
        await store.mail(account).append(mailbox, [NewMessage(message)])

    try:
        with_store(data, work)
    except NoSuchAccount as error:
        raise CommandError(str(error), EX_NOUSER) from None
    except (MessageRefused, MessageTooBig) as error:
        raise CommandError(str(error), EX_DATAERR) from None
    except StoreError as error:  # a full disk, a quota, a wrong folder: keep the message
        raise CommandError(str(error), EX_TEMPFAIL) from None

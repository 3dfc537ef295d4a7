"""What the checks of a store share: messages to put in, and ways to look at what became of them."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeAlias

from mailproto.store.api import Mail, NewMessage, Store

OpenStore: TypeAlias = Callable[[], Awaitable[Store]]

#: How long a notice between two openings of one store may take, seconds.
PATIENCE = 5.0


@contextlib.contextmanager
def refused(kind: type[Exception]) -> Iterator[None]:
    """The body must raise ``kind``."""
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")


def message(subject: str = "hello", body: str = "A line.\r\n", fields: str = "") -> bytes:
    """A small message."""
    return (
        f"From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: {subject}\r\n"
        f"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nMessage-ID: <1@example.org>\r\n{fields}\r\n{body}"
    ).encode()


async def new_mail(store: Store, name: str = "ann", quota: int | None = None) -> Mail:
    """An account's mail; the account is made."""
    return store.mail(await store.create_account(name, "a hash", quota=quota))


async def fill(mail: Mail, count: int, name: str = "INBOX") -> tuple[int, list[int]]:
    """Append messages; the mailbox's id, and their UIDs."""
    result = await mail.append(name, [NewMessage(message(f"number {n}")) for n in range(count)])
    return result.mailbox, list(result.uids)


async def flags_of(mail: Mail, mailbox: int) -> dict[int, tuple[str, ...]]:
    """Flags by UID."""
    return {info.uid: info.flags for info in await mail.messages(mailbox)}

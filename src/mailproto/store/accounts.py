"""Passwords: hashed with Argon2id, checked in constant time and out of the event loop's way.

Apart from the store so that this imports without ``argon2-cffi``, which the extra ``mailproto[server]``
brings.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from mailproto.errors import MailprotoError
from mailproto.store.api import AccountInfo, Store
from mailproto.store.errors import NoSuchAccount

try:
    import argon2
    from argon2.exceptions import InvalidHashError, VerificationError
except ImportError as error:  # pragma: no cover - tried with the module hidden, in a process of its own
    raise MailprotoError("passwords need argon2-cffi: pip install 'mailproto[server]'") from error

_T = TypeVar("_T")

#: Octets of a password, in UTF-8. Hashing takes its time from the parameters, not from this, but nothing is
#: unbounded.
MAX_PASSWORD: Final = 1024
#: Hashes computed at once: each takes tens of MiB and one core on purpose.
_AT_ONCE: Final = 2


class Accounts:
    """Adding, checking and changing accounts of a store.

    ``hasher`` sets the cost; hashes made with other parameters still verify, and are renewed when they do.
    """

    def __init__(self, store: Store, hasher: argon2.PasswordHasher | None = None) -> None:
        self._store = store
        self._hasher = hasher or argon2.PasswordHasher()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mailproto-password")
        self._nobody: str | None = None

    async def add(self, name: str, password: str, *, quota: int | None = None) -> AccountInfo:
        """Make an account; ``quota`` counts octets. Raises AccountExists, InvalidName, and ValueError for an
        empty or overlong password."""
        return await self._store.create_account(name, await self._hash(password), quota=quota)

    async def list(self) -> list[AccountInfo]:
        """All accounts, by name."""
        return await self._store.accounts()

    async def set_password(self, name: str, password: str) -> None:
        """Change a password. Raises NoSuchAccount, ValueError."""
        await self._store.account(name)
        await self._store.set_password_hash(name, await self._hash(password))

    async def delete(self, name: str) -> None:
        """Delete an account with all its mail. Raises NoSuchAccount, MaildropLocked."""
        await self._store.delete_account(name)

    async def verify(self, name: str, password: str) -> AccountInfo | None:
        """The account if the password is right, else None: after the same time whether or not there is such
        an account, so that names cannot be probed for."""
        try:
            account: AccountInfo | None = await self._store.account(name)
        except NoSuchAccount:
            account = None
        if account is None:
            if self._nobody is None:
                self._nobody = await self._hash("nobody's password")
            known = self._nobody
        else:
            known = account.password_hash
        right, renewed = await self._in_thread(lambda: self._check(known, password))
        if account is None or not right:
            return None
        if renewed is not None:
            # Unless somebody has changed the password meanwhile.
            await self._store.set_password_hash(name, renewed, expected=account.password_hash)
        return account

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _hash(self, password: str) -> str:
        if not password:
            raise ValueError("a password cannot be empty")
        data = prepared(password)
        if data is None:
            raise ValueError(f"a password is Unicode text of at most {MAX_PASSWORD} octets")
        return await self._in_thread(lambda: self._hasher.hash(data))

    def _check(self, known: str, password: str) -> tuple[bool, str | None]:
        # A password that cannot be right takes as long as one that might be.
        data = prepared(password)
        try:
            self._hasher.verify(known, data or b"")
        except (VerificationError, InvalidHashError):
            return False, None
        if data is None:
            return False, None
        return True, self._hasher.hash(data) if self._hasher.check_needs_rehash(known) else None

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def prepared(password: str) -> bytes | None:
    """A password as it is hashed: in one normal form (RFC 8265 section 4.2), since keyboards differ in
    theirs. None: too long, or not Unicode."""
    try:
        data = unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        return None
    return data if len(data) <= MAX_PASSWORD else None

"""POP3's exclusive hold on a maildrop: a lock that dies with its process, and a snapshot."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType

from mailproto.store.api import Maildrop, MaildropMessage, Uids
from mailproto.store.errors import NoSuchMessage
from mailproto.store.sqlite_schema import LOCKS

if sys.platform == "win32":  # pragma: no cover - tried on Windows only
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        # flock, not lockf: it belongs to this open file, so two sessions of one process exclude each
        # other as well.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class MaildropLock:
    """One account's lock, held. The operating system takes it back when the process dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def try_take(cls, folder: Path, account: int) -> MaildropLock | None:
        """The lock, or None while somebody else holds it. Raises OSError."""
        descriptor = os.open(folder / LOCKS / f"{account}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _try_lock(descriptor):
            return cls(descriptor)
        os.close(descriptor)
        return None

    def release(self) -> None:
        """Give it up. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class SqliteMaildrop:
    """See :class:`mailproto.store.api.Maildrop`."""

    def __init__(
        self,
        messages: Sequence[MaildropMessage],
        read: Callable[[int, int, int | None], Awaitable[bytes]],
        delete: Callable[[Uids], Awaitable[object]],
        closed: Callable[[], None],
    ) -> None:
        self._messages = tuple(messages)
        self._contents = {message.content for message in messages}
        self._read = read
        self._delete = delete
        self._closed = closed

    @property
    def messages(self) -> Sequence[MaildropMessage]:
        return self._messages

    async def read(self, content: int, start: int = 0, length: int | None = None) -> bytes:
        if content not in self._contents:
            raise NoSuchMessage("no such message in this session")
        return await self._read(content, start, length)

    async def delete(self, uids: Uids) -> None:
        await self._delete(sorted(uids))

    async def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # the store was closed before
            self._closed()

    async def __aenter__(self) -> Maildrop:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

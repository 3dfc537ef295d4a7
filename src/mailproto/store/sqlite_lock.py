"""Locks on files in the data folder. The operating system takes them back when their process dies."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

LOCKS: Final = "locks"

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


class FileLock:
    """One lock, held."""

    #: Seconds between two tries of :meth:`take`.
    AGAIN: Final = 0.01

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def try_take(cls, folder: Path, name: int | str) -> FileLock | None:
        """The data folder's lock of this name (for a maildrop: its account's number), or None while
        somebody else holds it. Raises OSError.
        """
        descriptor = os.open(folder / LOCKS / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _try_lock(descriptor):
            return cls(descriptor)
        os.close(descriptor)
        return None

    @classmethod
    def take(cls, folder: Path, name: int | str, timeout: float) -> FileLock | None:
        """As :meth:`try_take`, waiting up to ``timeout`` seconds in this thread."""
        until = time.monotonic() + timeout
        while (lock := cls.try_take(folder, name)) is None and time.monotonic() < until:
            time.sleep(cls.AGAIN)
        return lock

    def release(self) -> None:
        """Give it up. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

"""Offline copies: what a server holds, in Maildir folders, transferred once.

Interrupted at any moment and run again, a mirror completes: messages are whole files or not there, their
names say which message they are, and what the state file remembers (how far a mailbox was seen) is written
after what it speaks of.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mailproto.errors import MailprotoError
from mailproto.sync.maildir import sync_folder

STATE: Final = "mailproto-mirror.json"
LOCK: Final = "mailproto-mirror.lock"

#: Called with what is being worked on, how many messages of it are done, and how many there are.
Progress = Callable[[str, int, int], None]


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody looks at."""


class MirrorError(MailprotoError):
    """The copy cannot be made here; the text says why."""


@dataclass(slots=True)
class Summary:
    """What a run did."""

    new: int = 0
    changed: int = 0
    removed: int = 0
    #: Octets received from the server in all.
    octets: int = 0

    def __str__(self) -> str:
        return f"{self.new} new, {self.changed} changed, {self.removed} removed, {self.octets} bytes"


class Folder:
    """The top folder of a copy: its state file, and its lock. Use as a context manager.

    Raises MirrorError where the folder holds the copy of another account, or another run is at work.
    """

    def __init__(self, path: str | os.PathLike[str], account: str) -> None:
        self.path = Path(path)
        self.account = account
        self.state: dict[str, Any] = {}
        self._lock: Any = None

    def __enter__(self) -> Folder:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_lock()
        try:
            self._read()
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._lock.close()

    def _take_lock(self) -> None:
        self._lock = open(self.path / LOCK, "ab")  # noqa: SIM115 - held until the end
        try:
            import fcntl  # noqa: PLC0415 - not on every platform
        except ImportError:
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise MirrorError(f"another mirror is at work in {self.path}") from None

    def _read(self) -> None:
        file = self.path / STATE
        try:
            state = json.loads(file.read_text("utf-8"))
            if not isinstance(state, dict) or not isinstance(state.get("mailboxes", {}), dict):
                raise ValueError("not a state file")
        except FileNotFoundError:
            state = {"account": self.account}
        except ValueError:
            raise MirrorError(
                f"{file} cannot be read; without it, only what is missing is transferred"
            ) from None
        if state.get("account") != self.account:
            raise MirrorError(f"{self.path} holds the copy of another account: {state.get('account')}")
        self.state = state

    def save(self) -> None:
        """Replace the state file whole."""
        handle, temporary = tempfile.mkstemp(dir=self.path, prefix=".mailproto-mirror.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self.state, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path / STATE)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        sync_folder(self.path)

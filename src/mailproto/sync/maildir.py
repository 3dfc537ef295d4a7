"""Maildir folders on disk: names that cannot escape, messages that are whole or not there.

The layout is Maildir++: the folder itself is INBOX, mailbox ``A/B`` is the folder ``.A.B`` in it. A part
of a mailbox name keeps its letters; dots, slashes, per cent signs and whatever is no printable character
become ``%XX``.

A message's file name says which message of the server it is, so that no list of files is needed to know
what is there: after a crash at any moment the folder itself tells. Other files are never touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

#: Between a file's name and its flags. Windows allows no colon there.
INFO: Final = ";2," if os.name == "nt" else ":2,"
#: Ends the fixed part of every file name that we make.
OURS: Final = ".mailproto"
#: Octets of a folder name; most file systems end at 255.
MAX_NAME: Final = 200

#: IMAP flag -> letter, in the order of the alphabet, as Maildir wants them. Keywords have no letter and
#: are not kept.
LETTERS: Final = {
    "\\draft": "D",
    "\\flagged": "F",
    "$forwarded": "P",
    "\\answered": "R",
    "\\seen": "S",
    "\\deleted": "T",
}

_KEY: Final = re.compile(r"[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)*")


def letters(flags: Iterable[str]) -> str:
    """The letters of a message's flags."""
    return "".join(sorted({LETTERS[flag.lower()] for flag in flags if flag.lower() in LETTERS}))


def _safe(part: str) -> str:
    out = []
    for character in part:
        if character.isprintable() and character not in "./%\\:":
            out.append(character)
        else:
            out.extend(f"%{octet:02X}" for octet in character.encode("utf-8", "surrogatepass"))
    # An empty part must not vanish: "A//B" is not "A/B".
    return "".join(out) or "%"


def folder_name(mailbox: str, delimiter: str | None) -> str:
    """The name of the folder of a mailbox, "" for INBOX: one path component, never "." or "..", different
    for different mailboxes."""
    if mailbox.upper() == "INBOX":
        return ""
    parts = mailbox.split(delimiter) if delimiter else [mailbox]
    if len(parts) > 1 and parts[0].upper() == "INBOX":
        parts[0] = "INBOX"
    name = "." + ".".join(_safe(part) for part in parts)
    octets = name.encode()
    if len(octets) > MAX_NAME:
        digest = hashlib.sha256(octets).hexdigest()[:32]
        # A lone "%" part is never followed by letters otherwise, so that no other mailbox has this name.
        name = octets[: MAX_NAME - 40].decode("utf-8", "ignore") + ".%" + digest
    return name


def sync_folder(path: Path) -> None:
    """Make what was renamed in a folder survive a power cut."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Maildir:
    """One Maildir folder. Messages are known by a key of ours: letters, digits, ``-_.``"""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, str] | None = None

    def create(self) -> None:
        """Make the folder with all in it, and clear what an interrupted run left in tmp."""
        for name in ("tmp", "new", "cur"):
            (self.path / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.path.name.startswith("."):
            (self.path / "maildirfolder").touch()  # Maildir++: a mark for those who deliver
        for name in os.listdir(self.path / "tmp"):
            if name.endswith(OURS):
                (self.path / "tmp" / name).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[str]:
        """The keys of our messages that are there."""
        return iter(self._known())

    def __contains__(self, key: object) -> bool:
        return key in self._known()

    def __len__(self) -> int:
        return len(self._known())

    def flags(self, key: str) -> str:
        """The letters of a message's flags. Raises KeyError."""
        return self._known()[key].partition(INFO)[2]

    def _known(self) -> dict[str, str]:
        """Key -> path below the folder."""
        if self._files is None:
            self._files = {}
            for part in ("new", "cur"):
                with contextlib.suppress(FileNotFoundError):
                    for name in os.listdir(self.path / part):
                        base = name.partition(INFO)[0]
                        if base.endswith(OURS):
                            self._files[base[: -len(OURS)]] = f"{part}/{name}"
        return self._files

    def add(self, key: str, message: bytes, flags: str, moment: float | None) -> None:
        """Write a message, synced before it gets its name. One of that key that is there is replaced."""
        with self.begin(key) as file:
            file.write(message)
            self.keep(file, key, flags, moment)

    def begin(self, key: str) -> BinaryIO:
        """A file to write a message to, then to :meth:`keep`. Left as it is, the next run removes it."""
        if not _KEY.fullmatch(key):
            raise ValueError("not a key")
        return open(self.path / "tmp" / (key + OURS), "wb", opener=lambda p, f: os.open(p, f, 0o600))

    def keep(self, file: BinaryIO, key: str, flags: str, moment: float | None) -> None:
        """Close the file of :meth:`begin`, and give the message its name, as :meth:`add` does."""
        file.flush()
        os.fsync(file.fileno())
        file.close()
        temporary = self.path / "tmp" / (key + OURS)
        if moment is not None:
            with contextlib.suppress(OSError, OverflowError):
                os.utime(temporary, (moment, moment))
        known = self._known()
        old = known.get(key)
        name = f"cur/{key}{OURS}{INFO}{flags}"
        os.replace(temporary, self.path / name)
        if old is not None and old != name:
            (self.path / old).unlink(missing_ok=True)
        known[key] = name

    def set_flags(self, key: str, flags: str) -> bool:
        """Rename a message to its new flags; false where it had them. Raises KeyError."""
        old = self._known()[key]
        name = f"cur/{key}{OURS}{INFO}{flags}"
        if old == name:
            return False
        os.replace(self.path / old, self.path / name)
        self._known()[key] = name
        return True

    def remove(self, key: str) -> None:
        """Remove a message; one that is gone is no error."""
        name = self._known().pop(key, None)
        if name is not None:
            (self.path / name).unlink(missing_ok=True)

    def sync(self) -> None:
        """Make all that was added, renamed and removed last."""
        for name in ("cur", "new"):
            with contextlib.suppress(FileNotFoundError):
                sync_folder(self.path / name)

    def dissolve(self) -> int:
        """The mailbox is gone: remove our messages, and the folder if nothing else is in it. How many they
        were."""
        count = 0
        for key in list(self):
            self.remove(key)
            count += 1
        with contextlib.suppress(OSError):
            for name in os.listdir(self.path / "tmp"):
                if name.endswith(OURS):
                    (self.path / "tmp" / name).unlink(missing_ok=True)
        if all(not any((self.path / name).glob("*")) for name in ("cur", "new", "tmp")):
            with contextlib.suppress(OSError):
                (self.path / "maildirfolder").unlink(missing_ok=True)
                for name in ("cur", "new", "tmp"):
                    (self.path / name).rmdir()
                self.path.rmdir()  # fails where somebody keeps something else here
        return count

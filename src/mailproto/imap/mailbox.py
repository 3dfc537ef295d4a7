"""A client session's view of the mailbox it has selected: what the server has said about it, kept up to
date.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mailproto.errors import RemoteError

if TYPE_CHECKING:
    from mailproto._core.sequence_set import SequenceSet

#: Most keywords that a mailbox may list (FLAGS, PERMANENTFLAGS). The largest real ones have some hundreds.
MAX_FLAGS: Final = 10_000
#: Messages whose UIDs are kept whatever order they arrive in: 4 MB. Beyond, memory follows what the server
#: sent.
FREELY_TRACKED: Final = 1 << 20


class SelectedMailbox:
    """The selected mailbox, as the server described it so far.

    ``exists`` and ``recent`` follow EXISTS, RECENT and EXPUNGE; ``uidvalidity``, ``uidnext``, ``unseen`` and
    ``highestmodseq`` are ``None`` until told. ``uid(seq)`` and ``seq(uid)`` know those messages whose UID
    came in a FETCH. All changes come from the session.
    """

    __slots__ = (
        "_settled",
        "_uids",
        "exists",
        "flags",
        "highestmodseq",
        "name",
        "permanent_flags",
        "read_only",
        "recent",
        "uidnext",
        "uidvalidity",
        "unseen",
    )

    def __init__(self, name: str, *, read_only: bool = False) -> None:
        self.name = name
        self.read_only = read_only
        self.exists = 0
        self.recent = 0
        self.flags: tuple[str, ...] = ()
        #: Flags that the client may change for good; ``None``: the server did not say, so all (RFC 3501
        #: section 7.1).
        self.permanent_flags: tuple[str, ...] | None = None
        self.uidvalidity: int | None = None
        self.uidnext: int | None = None
        self.unseen: int | None = None
        self.highestmodseq: int | None = None
        # Until SELECT is answered the last news about the mailbox before may still mix with ours (RFC 7162
        # section 3.2.11 has CLOSED for that, which older servers do not send): numbers are not judged yet.
        self._settled = False
        self._uids = array("I")  # by sequence number from 1; 0 where not known; as long as the last known one

    def uid(self, seq: int) -> int | None:
        """The UID of message number *seq*, if a FETCH told it."""
        return (self._uids[seq - 1] or None) if 1 <= seq <= len(self._uids) else None

    def seq(self, uid: int) -> int | None:
        """The number of the message with that UID, if a FETCH told it. Linear time."""
        if uid <= 0:
            return None
        try:
            return self._uids.index(uid) + 1
        except (ValueError, OverflowError):
            return None

    # Called by the session, with what arrived

    def settle(self) -> None:
        """SELECT was answered OK."""
        self._settled = True

    def on_exists(self, count: int) -> None:
        """EXISTS. Only EXPUNGE makes a mailbox smaller (RFC 9051 section 7.4.1)."""
        if self._settled and count < self.exists:
            raise RemoteError(f"EXISTS went down from {self.exists} to {count} without EXPUNGE")
        self.exists = count

    def on_recent(self, count: int) -> None:
        """RECENT."""
        self.recent = count

    def on_expunge(self, seq: int) -> None:
        """EXPUNGE: all later numbers move down by one."""
        if not 1 <= seq <= self.exists:
            if self._settled:
                raise RemoteError(f"EXPUNGE of message {seq} of {self.exists}")
            return
        self.exists -= 1
        if seq <= len(self._uids):
            del self._uids[seq - 1]

    def on_vanished(self, uids: SequenceSet, *, earlier: bool) -> None:
        """VANISHED (RFC 7162 section 3.2.10): with *earlier* nothing counted since SELECT is gone."""
        if not earlier:
            gone = sum(high - low + 1 for low, high in uids.normalised().ranges)
            if gone > self.exists:
                if self._settled:
                    raise RemoteError(f"{gone} of {self.exists} messages vanished")
                return
            self.exists -= gone
        if self._uids:
            self._uids = array("I", (uid for uid in self._uids if not uid or uid not in uids))

    def on_fetch(self, seq: int, uid: int) -> None:
        """A FETCH that told a UID; UIDs ascend with the numbers (RFC 9051 section 2.3.1.1)."""
        if not self._settled or seq < 1:
            return
        if seq > self.exists:
            raise RemoteError(f"FETCH of message {seq} of {self.exists}")
        uids = self._uids
        known = len(uids)
        if seq > known:
            if seq > FREELY_TRACKED and seq > 2 * known + 1:
                return  # one short response must not make us allocate gigabytes
            if known and uids[known - 1] >= uid:
                raise RemoteError("UIDs do not ascend with the message numbers")
            if seq > known + 1:
                uids.frombytes(bytes(uids.itemsize * (seq - known - 1)))
            uids.append(uid)
            return
        old = uids[seq - 1]
        if old == uid:
            return
        if old:
            raise RemoteError(f"the UID of message {seq} changed")
        if (seq > 1 and uids[seq - 2] >= uid) or (seq < known and 0 < uids[seq] <= uid):
            raise RemoteError("UIDs do not ascend with the message numbers")
        uids[seq - 1] = uid

    def on_flags(self, flags: Sequence[str]) -> None:
        """FLAGS: those in use in the mailbox."""
        self.flags = _bounded(flags)

    def on_code(self, name: str, value: object) -> None:
        """A response code of an OK that says something about the mailbox."""
        if name == "UIDVALIDITY" and isinstance(value, int):
            if self._settled and self.uidvalidity not in (None, value):
                raise RemoteError("UIDVALIDITY changed while the mailbox was selected")
            self.uidvalidity = value
        elif name == "UIDNEXT" and isinstance(value, int):
            self.uidnext = value
        elif name == "UNSEEN" and isinstance(value, int):
            self.unseen = value
        elif name == "HIGHESTMODSEQ" and isinstance(value, int):
            self.highestmodseq = value
        elif name == "NOMODSEQ":
            self.highestmodseq = None
        elif name == "PERMANENTFLAGS" and isinstance(value, tuple):
            self.permanent_flags = _bounded(value)
        elif name in ("READ-ONLY", "READ-WRITE"):
            self.read_only = name == "READ-ONLY"


def _bounded(flags: Sequence[str]) -> tuple[str, ...]:
    if len(flags) > MAX_FLAGS:
        raise RemoteError(f"more than {MAX_FLAGS} flags in one mailbox")
    return tuple(flags)

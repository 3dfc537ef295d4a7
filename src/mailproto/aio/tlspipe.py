"""TLS between a transport and a session, without I/O of its own.

asyncio's own TLS layer is not used: it keeps 256 KiB per connection for ever, copies what it decrypts
before the reader sees it, tells of a connection only after the handshake, and starts inside an existing
connection (STARTTLS) differently on each event loop. This is the same ``ssl.SSLObject`` with nothing held
while idle.
"""

from __future__ import annotations

import contextlib
import ssl


class TlsPipe:
    """One ``ssl.SSLObject`` with its two queues of encrypted octets."""

    __slots__ = ("_incoming", "_object", "_outgoing", "handshaking")

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=hostname
        )
        self.handshaking = True

    @property
    def ssl_object(self) -> ssl.SSLObject:
        """For the certificate, the cipher, the version."""
        return self._object

    def feed(self, data: memoryview) -> None:
        """Take in encrypted octets from the peer."""
        self._incoming.write(data)

    def handshake(self) -> bool:
        """Go on with the handshake; true when it is done. Raises ``ssl.SSLError``; see :meth:`to_send`
        even then."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.handshaking = False
        return True

    def read_into(self, view: memoryview) -> int | None:
        """Decrypt into ``view``: the count of octets, 0 at the peer's end, None when more must be fed
        first."""
        try:
            return self._object.read(len(view), view)  # type: ignore[return-value]
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLZeroReturnError:
            return 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt ``data``; :meth:`to_send` has the result."""
        view = memoryview(data)
        while view:
            view = view[self._object.write(view) :]

    def close(self) -> None:
        """Tell the peer that this is the end of what we send (close_notify)."""
        # The usual error is SSLWantReadError: the peer's own close_notify is not here yet, and need not come.
        with contextlib.suppress(ssl.SSLError):
            self._object.unwrap()

    def to_send(self) -> bytes:
        """The encrypted octets that must go to the peer now."""
        return self._outgoing.read() if self._outgoing.pending else b""

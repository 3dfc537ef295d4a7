"""A sans-IO session of a protocol that is nothing but lines: what transports need a session to be, and no
more."""

from __future__ import annotations

from mailproto import NEED_DATA, RemoteError

EOF = "EOF"


class LineSession:
    """Events are lines without CRLF, then EOF. The line STARTTLS pauses it; `max_line` is the only limit."""

    max_line = 100_000

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.view = memoryview(b"")
        self.out: list[bytes] = []
        self.paused = False
        self.eof = False
        self.refused = False

    def get_buffer(self, hint: int = -1) -> memoryview:
        self.view = memoryview(bytearray(65536))
        return self.view

    def buffer_updated(self, count: int) -> None:
        self.receive_data(bytes(self.view[:count]))

    def receive_data(self, data: bytes) -> None:
        if not data:
            self.eof = True
        self.buffer += data

    def next_event(self) -> object:
        if self.paused:
            return NEED_DATA
        end = self.buffer.find(b"\n")
        if end < 0:
            if len(self.buffer) > self.max_line:
                self.out.append(b"too long\r\n")
                raise RemoteError("line too long")
            if self.eof:
                self.eof = False
                return EOF
            return NEED_DATA
        line = bytes(self.buffer[:end]).rstrip(b"\r")
        del self.buffer[: end + 1]
        self.paused = line == b"STARTTLS"
        return line

    def send(self, data: bytes) -> None:
        if self.paused and self.buffer:
            if not self.refused:
                self.refused = True
                self.out.append(b"no\r\n")
            raise RemoteError("octets in the clear after STARTTLS")
        self.out.append(data)

    def data_to_send(self) -> list[bytes]:
        out, self.out = self.out, []
        return out

    def tls_started(self) -> None:
        if self.buffer:
            raise RemoteError("octets sent in the clear after STARTTLS")
        self.paused = False

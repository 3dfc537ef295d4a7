"""The listening sockets, bound before anything serves: workers inherit them."""

from __future__ import annotations

import errno
import os
import socket
from typing import Final

from mailproto.errors import MailprotoError
from mailproto.server.config import LISTENERS, Address, Config

BACKLOG: Final = 512


class StartError(MailprotoError):
    """The server cannot start; the text is one line that says why."""


def bind(config: Config) -> list[tuple[str, socket.socket]]:
    """Bind every address of the configuration: (listener kind, listening socket), in the order of LISTENERS.

    Raises StartError for the first that cannot be had, and leaves nothing open then.
    """
    bound: list[tuple[str, socket.socket]] = []
    try:
        for kind in LISTENERS:
            for address in config.listen.get(kind, ()):
                bound.extend((kind, sock) for sock in _bind(kind, address))
    except BaseException:
        close(bound)
        raise
    return bound


def close(bound: list[tuple[str, socket.socket]]) -> None:
    """Close them all."""
    for _, sock in bound:
        sock.close()


def _bind(kind: str, address: Address) -> list[socket.socket]:
    """One socket for each address that the host name stands for."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind_of_socket, protocol, _, where in dict.fromkeys(found):
            sock = socket.socket(family, kind_of_socket, protocol)
            sockets.append(sock)
            if os.name == "posix":  # elsewhere it would let two servers have one port
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setblocking(False)
            sock.bind(where)
            sock.listen(BACKLOG)
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise StartError(f"cannot listen on {address} for {kind}: {_why(error)}") from None
    return sockets


def _why(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "the port is in use"
        case errno.EACCES | errno.EPERM:
            return "permission denied (ports below 1024 need privilege)"
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address"
    return error.strerror or str(error)

"""asyncio clients and servers: the sans-IO sessions on sockets."""

from mailproto.aio.listener import AddressLimiter, Listener, listen
from mailproto.aio.server import Handler, ServerConnection, Timeouts
from mailproto.aio.transport import SessionConnection
from mailproto.errors import ConnectionLost

__all__ = [
    "AddressLimiter",
    "ConnectionLost",
    "Handler",
    "Listener",
    "ServerConnection",
    "SessionConnection",
    "Timeouts",
    "listen",
]

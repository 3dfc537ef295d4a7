"""POP3: values, readers and sans-IO sessions (RFC 1939, 2449, 2595, 3206, 5034, 6856)."""

from mailproto._core.pop3_stuffing import Stuffer, stuff, unstuff
from mailproto.pop3.client import ClientSession
from mailproto.pop3.readers import CommandReader, ReplyReader
from mailproto.pop3.replies import Continuation, Reply, Streamed
from mailproto.pop3.server import ServerSession

__all__ = [
    "ClientSession",
    "CommandReader",
    "Continuation",
    "Reply",
    "ReplyReader",
    "ServerSession",
    "Streamed",
    "Stuffer",
    "stuff",
    "unstuff",
]

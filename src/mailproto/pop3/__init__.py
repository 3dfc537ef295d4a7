"""POP3: values, readers and sans-IO sessions (RFC 1939, 2449, 2595, 3206, 5034, 6856)."""

from mailproto._core.pop3_stuffing import Stuffer, stuff, unstuff
from mailproto.pop3.client import ClientSession
from mailproto.pop3.codes import ResponseCode
from mailproto.pop3.listings import (
    Capabilities,
    Capability,
    DropListing,
    Expire,
    Language,
    LoginDelay,
    ScanListing,
    UniqueId,
)
from mailproto.pop3.readers import CommandReader, ReplyReader, parse_command, parse_reply
from mailproto.pop3.replies import Continuation, Reply
from mailproto.pop3.server import ServerSession
from mailproto.streamed import Streamed

__all__ = [
    "Capabilities",
    "Capability",
    "ClientSession",
    "CommandReader",
    "Continuation",
    "DropListing",
    "Expire",
    "Language",
    "LoginDelay",
    "Reply",
    "ReplyReader",
    "ResponseCode",
    "ScanListing",
    "ServerSession",
    "Streamed",
    "Stuffer",
    "UniqueId",
    "parse_command",
    "parse_reply",
    "stuff",
    "unstuff",
]

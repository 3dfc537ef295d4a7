"""What a wire log may show of POP3 values: their octets, with ``***`` where a secret stood."""

from __future__ import annotations

from mailproto.pop3 import commands, replies
from mailproto.pop3.events import BodyBegin, BodyChunk, BodyEnd

HIDDEN = b"***"

Sent = commands.Command | commands.SaslResponse | commands.BadCommand
Said = replies.Reply | replies.Continuation | BodyBegin | BodyChunk | BodyEnd


def from_client(value: Sent) -> bytes:
    """What the client said. Of a line that is no command nothing is shown: it may be a password."""
    match value:
        case commands.BadCommand(keyword=keyword):
            return (keyword or "").encode() + b" " + HIDDEN + b"\r\n"
        case commands.SaslResponse(data=data):
            return (b"*" if data is None else HIDDEN) + b"\r\n"
        case commands.Pass():
            return b"PASS " + HIDDEN + b"\r\n"
        case commands.Apop(username=username):
            return b"APOP " + username + b" " + HIDDEN + b"\r\n"
        case commands.Auth(mechanism=str(mechanism), initial_response=bytes()):
            return b"AUTH " + mechanism.encode() + b" " + HIDDEN + b"\r\n"
        case commands.UnknownCommand(keyword=keyword, arguments=arguments):
            return keyword.encode() + (b" " + HIDDEN if arguments else b"") + b"\r\n"
        case _:
            return bytes(value)


def from_server(value: Said) -> list[bytes]:
    """What the server said, challenges hidden. How much of a body is shown is the log's business."""
    match value:
        case replies.Continuation(line=line):
            return [b"+ " + (HIDDEN if line else b"") + b"\r\n"]
        case replies.Reply(body=bytes(body)):
            return [value.status_line, body]
        case replies.Reply():
            return [value.status_line]
        case BodyBegin(text=text):
            return [b"+OK " + text.encode("utf-8", "replace") + b"\r\n"]
        case BodyChunk(data=data):
            return [b"(%d octets)\r\n" % len(data)]
        case BodyEnd(size=size):
            return [b"(body of %d octets)\r\n" % size]

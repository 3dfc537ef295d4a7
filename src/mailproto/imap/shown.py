"""What a wire log may show of IMAP values: their bytes, with ``***`` where a secret stands."""

from __future__ import annotations

from typing import Any

from mailproto.imap import commands, responses
from mailproto.imap.events import LiteralBegin, LiteralChunk, LiteralEnd
from mailproto.wirelog import HIDDEN


def shown(value: Any, fragments: Any = None, *, secret: bool = False) -> Any:
    """The wire form of a command, a line or a response, as bytes or as fragments, without its secrets.

    *fragments*: the form in which it passes the wire, where it is at hand. *secret*: the value belongs to a
    SASL exchange, so that a continuation request is hidden too.
    """
    match value:
        case commands.Login():
            whole = bytes(commands.Login(value.username, HIDDEN, tag=value.tag))
            return whole.replace(b'"' + HIDDEN + b'"\r\n', HIDDEN + b"\r\n")
        case commands.Authenticate(initial_response=bytes()):
            return bytes(commands.Authenticate(value.mechanism, tag=value.tag)).rstrip() + b" ***\r\n"
        case commands.UrlFetch():
            # Each of the URLs lets whoever has it read a message.
            return bytes(commands.UrlFetch("", tag=value.tag)).replace(b'""', HIDDEN)
        case commands.Append() | commands.Replace() if _has_url(value):
            return repr(value).encode("utf-8", "backslashreplace") + b"\r\n"
        case responses.GenUrlAuth():
            return b"* GENURLAUTH" + b" ***" * len(value.urls) + b"\r\n"
        case responses.UrlFetch():
            return b"* URLFETCH" + b" *** <data>" * len(value.urls) + b"\r\n"
        case responses.StatusResponse(code=responses.ResponseCode(name="BADURL", value=bytes(url))):
            return bytes(value).replace(url, HIDDEN)
        case commands.SaslResponse():
            return b"*\r\n" if value.data is None else HIDDEN + b"\r\n"
        case commands.BadCommand():
            # What could not be read may be a LOGIN with one quote too many.
            return b"%s <cannot be read: %s>\r\n" % (
                (value.tag or "*").encode("ascii", "replace"),
                str(value.error).encode("utf-8", "replace"),
            )
        case commands.LiteralAnnounced() | LiteralBegin() | LiteralChunk() | LiteralEnd():
            return b""
        case responses.Continuation() if secret:
            return b"+ " + HIDDEN + b"\r\n"
    if fragments is not None:
        return fragments
    try:
        return value.encode()
    except (TypeError, ValueError):
        # Read all the same, with a defect that we would not send ourselves.
        return repr(value).encode("utf-8", "backslashreplace") + b"\r\n"


def _has_url(value: commands.Append | commands.Replace) -> bool:
    messages = value.messages if isinstance(value, commands.Append) else (value.message,)
    return any(isinstance(part, commands.CatenateUrl) for message in messages for part in message.parts or ())

"""mailproto: a C-accelerated protocol core for IMAP and POP3."""

from mailproto.errors import (
    NEED_DATA,
    CommandFailed,
    CommandTimeout,
    ConnectionLost,
    IncompleteError,
    LimitError,
    LocalError,
    MailprotoError,
    ParseError,
    RemoteError,
)
from mailproto.limits import Limits
from mailproto.streamed import Streamed

__version__ = "0.1.0"

__all__ = [
    "NEED_DATA",
    "CommandFailed",
    "CommandTimeout",
    "ConnectionLost",
    "IncompleteError",
    "LimitError",
    "Limits",
    "LocalError",
    "MailprotoError",
    "ParseError",
    "RemoteError",
    "Streamed",
    "__version__",
]

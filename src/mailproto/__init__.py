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
    "__version__",
]

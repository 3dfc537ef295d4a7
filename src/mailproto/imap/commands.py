"""The IMAP commands as values: one class a command, named as the RFC names it.

::

    commands.Login("user", "secret", tag="a1")
    commands.Fetch("1:*", ("UID", "FLAGS", commands.Section(text="HEADER", peek=True)), uid=True)

Every value is frozen. Building one checks every argument. The search keys are in
:mod:`mailproto.imap.search`.
"""

from mailproto.imap.commands_base import Command
from mailproto.imap.commands_mailbox import (
    Append,
    AppendMessage,
    Create,
    Delete,
    Examine,
    List,
    Lsub,
    Rename,
    Select,
    Status,
    Subscribe,
    Unsubscribe,
)
from mailproto.imap.commands_message import (
    Check,
    Close,
    Copy,
    Expunge,
    Fetch,
    Move,
    Search,
    Section,
    Store,
    Unselect,
)
from mailproto.imap.commands_session import (
    Authenticate,
    BadCommand,
    Capability,
    Enable,
    Id,
    Idle,
    IdleDone,
    LiteralAnnounced,
    Login,
    Logout,
    Namespace,
    Noop,
    SaslResponse,
    StartTls,
)

__all__ = [
    "Append",
    "AppendMessage",
    "Authenticate",
    "BadCommand",
    "Capability",
    "Check",
    "Close",
    "Command",
    "Copy",
    "Create",
    "Delete",
    "Enable",
    "Examine",
    "Expunge",
    "Fetch",
    "Id",
    "Idle",
    "IdleDone",
    "List",
    "LiteralAnnounced",
    "Login",
    "Logout",
    "Lsub",
    "Move",
    "Namespace",
    "Noop",
    "Rename",
    "SaslResponse",
    "Search",
    "Section",
    "Select",
    "StartTls",
    "Status",
    "Store",
    "Subscribe",
    "Unselect",
    "Unsubscribe",
]

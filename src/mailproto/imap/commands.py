"""The IMAP commands as values: one class a command, named as the RFC names it.

::

    commands.Login("user", "secret", tag="a1")
    commands.Fetch("1:*", ("UID", "FLAGS", commands.Section(text="HEADER", peek=True)), uid=True)

Every value is frozen. Building one checks every argument. The search keys are in
:mod:`mailproto.imap.search`.
"""

from mailproto.imap.commands_access import (
    DeleteAcl,
    GetAcl,
    GetQuota,
    GetQuotaRoot,
    ListRights,
    MyRights,
    SetAcl,
    SetQuota,
)
from mailproto.imap.commands_append import (
    Append,
    AppendMessage,
    CatenateUrl,
    Replace,
)
from mailproto.imap.commands_base import Command
from mailproto.imap.commands_fetch import (
    BinarySection,
    BinarySize,
    Fetch,
    Section,
    Store,
)
from mailproto.imap.commands_mailbox import (
    Create,
    Delete,
    Examine,
    List,
    Lsub,
    Rename,
    Rlist,
    Rlsub,
    Select,
    Status,
    Subscribe,
    Unsubscribe,
    Xlist,
)
from mailproto.imap.commands_message import (
    Check,
    Close,
    Copy,
    Expunge,
    Move,
    Unselect,
)
from mailproto.imap.commands_metadata import (
    GetMetadata,
    SetMetadata,
)
from mailproto.imap.commands_notify import (
    EventGroup,
    Notify,
)
from mailproto.imap.commands_parameters import (
    MailboxFilter,
    Parameter,
    Qresync,
)
from mailproto.imap.commands_search import (
    CancelUpdate,
    ESearch,
    Search,
    Sort,
    Thread,
)
from mailproto.imap.commands_session import (
    Authenticate,
    BadCommand,
    Capability,
    Comparator,
    Compress,
    Enable,
    GetJmapAccess,
    Id,
    Idle,
    IdleDone,
    Language,
    LiteralAnnounced,
    Login,
    Logout,
    Namespace,
    Noop,
    SaslResponse,
    StartTls,
    UidBatches,
    Unauthenticate,
)
from mailproto.imap.commands_urlauth import (
    GenUrlAuth,
    ResetKey,
    UrlFetch,
)

__all__ = [
    "Append",
    "AppendMessage",
    "Authenticate",
    "BadCommand",
    "BinarySection",
    "BinarySize",
    "CancelUpdate",
    "Capability",
    "CatenateUrl",
    "Check",
    "Close",
    "Command",
    "Comparator",
    "Compress",
    "Copy",
    "Create",
    "Delete",
    "DeleteAcl",
    "ESearch",
    "Enable",
    "EventGroup",
    "Examine",
    "Expunge",
    "Fetch",
    "GenUrlAuth",
    "GetAcl",
    "GetJmapAccess",
    "GetMetadata",
    "GetQuota",
    "GetQuotaRoot",
    "Id",
    "Idle",
    "IdleDone",
    "Language",
    "List",
    "ListRights",
    "LiteralAnnounced",
    "Login",
    "Logout",
    "Lsub",
    "MailboxFilter",
    "Move",
    "MyRights",
    "Namespace",
    "Noop",
    "Notify",
    "Parameter",
    "Qresync",
    "Rename",
    "Replace",
    "ResetKey",
    "Rlist",
    "Rlsub",
    "SaslResponse",
    "Search",
    "Section",
    "Select",
    "SetAcl",
    "SetMetadata",
    "SetQuota",
    "Sort",
    "StartTls",
    "Status",
    "Store",
    "Subscribe",
    "Thread",
    "UidBatches",
    "Unauthenticate",
    "Unselect",
    "Unsubscribe",
    "UrlFetch",
    "Xlist",
]

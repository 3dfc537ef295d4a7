"""Every response as a typed value: what a client reads and what a server builds and sends.

``bytes(value)`` is the wire form and ``value.encode(utf8=...)`` the same as a list of fragments, in which
long literals are passed through uncopied. ``parse_response(bytes(value)) == value``. Equality and hash ignore
``defects`` and ``raw``. What comes by the thousand (:class:`Fetch`, :class:`MailboxList` and what they hold)
is compiled.
"""

from mailproto._core.body_structure import BodyStructure
from mailproto._core.envelope import Address, Envelope
from mailproto._core.fetch import Fetch
from mailproto._core.listing import MailboxList
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.thread import ThreadResult
from mailproto.imap.codes import (
    AppendUid,
    CopyUid,
    InProgress,
    MessageLimit,
    MetadataRefused,
    ResponseCode,
    UrlMechanism,
)
from mailproto.imap.responses_access import (
    Acl,
    GenUrlAuth,
    ListRights,
    Metadata,
    MyRights,
    Quota,
    QuotaResource,
    QuotaRoot,
    UrlFetch,
)
from mailproto.imap.responses_base import Response
from mailproto.imap.responses_mailbox import (
    Exists,
    Expunge,
    MailboxFlags,
    MailboxStatus,
    Recent,
    UidBatches,
    Vanished,
)
from mailproto.imap.responses_search import (
    ContextUpdate,
    ESearch,
    SearchResult,
    SortResult,
)
from mailproto.imap.responses_session import (
    Capability,
    Comparator,
    Continuation,
    Enabled,
    Id,
    JmapAccess,
    Language,
    Namespace,
    StatusResponse,
    UnknownResponse,
)
from mailproto.imap.values import NamespaceEntry

__all__ = [
    "Acl",
    "Address",
    "AppendUid",
    "BodyStructure",
    "Capability",
    "Comparator",
    "ContextUpdate",
    "Continuation",
    "CopyUid",
    "ESearch",
    "Enabled",
    "Envelope",
    "Exists",
    "Expunge",
    "Fetch",
    "GenUrlAuth",
    "Id",
    "InProgress",
    "JmapAccess",
    "Language",
    "ListRights",
    "MailboxFlags",
    "MailboxList",
    "MailboxName",
    "MailboxStatus",
    "MessageLimit",
    "Metadata",
    "MetadataRefused",
    "MyRights",
    "Namespace",
    "NamespaceEntry",
    "Quota",
    "QuotaResource",
    "QuotaRoot",
    "Recent",
    "Response",
    "ResponseCode",
    "SearchResult",
    "SortResult",
    "StatusResponse",
    "ThreadResult",
    "UidBatches",
    "UnknownResponse",
    "UrlFetch",
    "UrlMechanism",
    "Vanished",
]

"""Reading responses: the compiled reader, given the classes of this layer."""

from __future__ import annotations

from typing import Any, Final

from mailproto._core import response_reader as _compiled
from mailproto._core.response import ResponseTypes
from mailproto._core.response_code import CodeTypes
from mailproto.imap import responses
from mailproto.limits import Limits

#: The responses that csrc/src/response_table.c has a row for.
DATA: Final = {
    "ACL": responses.Acl,
    "COMPARATOR": responses.Comparator,
    "ESEARCH": responses.ESearch,
    "GENURLAUTH": responses.GenUrlAuth,
    "ID": responses.Id,
    "JMAPACCESS": responses.JmapAccess,
    "LANGUAGE": responses.Language,
    "LISTRIGHTS": responses.ListRights,
    "METADATA": responses.Metadata,
    "MYRIGHTS": responses.MyRights,
    "NAMESPACE": responses.Namespace,
    "QUOTA": responses.Quota,
    "QUOTAROOT": responses.QuotaRoot,
    "UIDBATCHES": responses.UidBatches,
    "URLFETCH": responses.UrlFetch,
}

TYPES: Final = ResponseTypes(
    status=responses.StatusResponse,
    continuation=responses.Continuation,
    capability=responses.Capability,
    enabled=responses.Enabled,
    exists=responses.Exists,
    recent=responses.Recent,
    expunge=responses.Expunge,
    vanished=responses.Vanished,
    flags=responses.MailboxFlags,
    mailbox_status=responses.MailboxStatus,
    search=responses.SearchResult,
    sort=responses.SortResult,
    unknown=responses.UnknownResponse,
    data=DATA,
    codes=CodeTypes(
        code=responses.ResponseCode,
        append_uid=responses.AppendUid,
        copy_uid=responses.CopyUid,
        mechanism=responses.UrlMechanism,
        metadata=responses.MetadataRefused,
        progress=responses.InProgress,
        message_limit=responses.MessageLimit,
    ),
)


class ResponseReader(_compiled.ResponseReader):
    """Reads what a server sends: bytes in, responses out.

    ``feed(data)``, or ``get_buffer(hint)`` and ``buffer_updated(n)``, bring bytes in; ``next()`` gives a
    value or :data:`NEED_DATA`; iterating goes on until there is none. After a ParseError the reader goes on
    at the next response, unless the error is ``fatal``. With *strict* every defect is an error. *limits*
    default to :meth:`Limits.client`.
    """

    __slots__ = ()

    def __init__(self, *, limits: Limits | None = None, strict: bool = False) -> None:
        super().__init__(TYPES, limits=limits, strict=strict)


def parse_response(data: bytes, *, limits: Limits | None = None, strict: bool = False) -> Any:
    """The one response that *data* is, CRLF included, literals inline.

    Raises IncompleteError where more bytes are wanted, ParseError for what is no response and for bytes
    behind it, LimitError past a bound of *limits* (default: :meth:`Limits.client`).
    """
    return _compiled.parse_response(TYPES, data, limits=limits, strict=strict)


def parse_response_prefix(
    data: bytes, *, limits: Limits | None = None, strict: bool = False
) -> tuple[Any, int]:
    """The first response in *data*, and how many octets it takes.

    Raises as :func:`parse_response`.
    """
    return _compiled.parse_response_prefix(TYPES, data, limits=limits, strict=strict)

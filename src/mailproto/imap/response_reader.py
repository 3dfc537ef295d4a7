"""Reading responses: the compiled reader, given the classes of this layer."""

from __future__ import annotations

from typing import Any, Final

from mailproto._core import response_reader as _compiled
from mailproto._core.response import ResponseTypes
from mailproto._core.response_code import CodeTypes
from mailproto.imap import events, responses
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

_EVENTS: Final = (events.LiteralBegin, events.LiteralChunk, events.LiteralEnd)


class ResponseReader(_compiled.ResponseReader):
    """Reads what a server sends: bytes in, responses out.

    ``feed(data)``, or ``get_buffer(hint)`` and ``buffer_updated(n)``, bring bytes in; ``next()`` gives a
    value or :data:`NEED_DATA`; iterating goes on until there is none. After a ParseError the reader goes on
    at the next response, unless the error is ``fatal``. With *strict* every defect is an error. *limits*
    default to :meth:`Limits.client`. *utf8*, an attribute that can be set as well: mailbox names are UTF-8
    and not modified UTF-7, as once the server has enabled UTF8=ACCEPT or IMAP4rev2.

    *stream_above*: a literal of more octets, wherever it stands (but in the name of a FETCH section), is not
    kept. It comes as :class:`~mailproto.imap.events.LiteralBegin`, any number of
    :class:`~mailproto.imap.events.LiteralChunk` and :class:`~mailproto.imap.events.LiteralEnd`, in fixed
    memory if each is taken as it comes; then, after other literals maybe, the response, with
    :class:`~mailproto.Streamed` in its place. :meth:`read_literal_into` brings it straight into memory of
    yours. A response whose class has no room for that, one with a mailbox's name streamed, say, comes as an
    UnknownResponse. Streamed octets count against *limits* like others; ``max_unit`` may then be more than
    2**32 - 1. A response may still turn out broken after its literals were given.
    """

    __slots__ = ()

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        utf8: bool = False,
        strict: bool = False,
        stream_above: int | None = None,
    ) -> None:
        super().__init__(
            TYPES, limits=limits, utf8=utf8, strict=strict, stream_above=stream_above, events=_EVENTS
        )


def parse_response(
    data: bytes, *, limits: Limits | None = None, utf8: bool = False, strict: bool = False
) -> Any:
    """The one response that *data* is, CRLF included, literals inline; *utf8*: mailbox names are UTF-8.

    Raises IncompleteError where more bytes are wanted, ParseError for what is no response and for bytes
    behind it, LimitError past a bound of *limits* (default: :meth:`Limits.client`).
    """
    return _compiled.parse_response(TYPES, data, limits=limits, utf8=utf8, strict=strict)


def parse_response_prefix(
    data: bytes, *, limits: Limits | None = None, utf8: bool = False, strict: bool = False
) -> tuple[Any, int]:
    """The first response in *data*, and how many octets it takes.

    Raises as :func:`parse_response`.
    """
    return _compiled.parse_response_prefix(TYPES, data, limits=limits, utf8=utf8, strict=strict)

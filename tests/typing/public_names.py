"""What a type checker sees of the public names. Checked by ``make types``, never run."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import assert_type

from mailproto import NEED_DATA, Limits
from mailproto.imap import (
    CommandReader,
    FetchTable,
    MailboxName,
    ResponseReader,
    SequenceSet,
    commands,
    parse_command,
    parse_response,
    responses,
    search,
)
from mailproto.pop3 import ReplyReader, stuff, unstuff


def reading(data: bytes) -> None:
    reader = ResponseReader(limits=Limits.client())
    assert_type(reader.get_buffer(-1), memoryview)
    value = reader.next()
    if value is NEED_DATA:
        return
    if isinstance(value, responses.Fetch):
        assert_type(value.uid, int | None)
        assert_type(value.flags, tuple[str, ...] | None)
        assert_type(value.size, int | None)
        assert_type(value.internal_date, datetime.datetime | None)
        assert_type(value.envelope, responses.Envelope | None)
        assert_type(value.sections, Mapping[str, bytes | None])
    if isinstance(value, responses.MailboxList):
        assert_type(value.mailbox, MailboxName)
    if isinstance(value, responses.Metadata):
        assert_type(value.values, Mapping[str, bytes | None] | None)
    if isinstance(value, responses.Quota):
        assert_type(value.resources, tuple[responses.QuotaResource, ...])
    if isinstance(value, responses.ThreadResult):
        assert_type(value.nodes, tuple[tuple[int, int | None], ...])
    if isinstance(value, responses.ESearch):
        assert_type(value.partial, tuple[tuple[int, int], SequenceSet | None] | None)
    if isinstance(value, responses.UidBatches):
        assert_type(value.batches, tuple[tuple[int, int], ...])
    if isinstance(value, responses.SearchResult):
        assert_type(value.numbers, SequenceSet)
    if isinstance(parse_response(data), responses.StatusResponse):
        return


def writing() -> None:
    assert_type(bytes(commands.Login("sam", "secret", tag="A1")), bytes)
    assert_type(SequenceSet("1:5") | SequenceSet([7]), SequenceSet)
    assert_type(stuff(b""), bytes)
    assert_type(unstuff(b".\r\n"), bytes)


def commanding(data: bytes) -> None:
    value = parse_command(data, strict=True)
    assert_type(value, commands.Command)
    assert_type(value.defects, tuple[str, ...])
    if isinstance(value, commands.Select):
        assert_type(value.qresync, commands.Qresync | None)
        assert_type(value.parameters, tuple[commands.Parameter, ...])
    if isinstance(value, commands.Append):
        assert_type(value.messages[0].parts, tuple[bytes | commands.CatenateUrl, ...] | None)
    if isinstance(value, commands.Sort):
        assert_type(value.sort_keys, tuple[str, ...])
        assert_type(value.criteria, search.And)
    if isinstance(value, commands.Notify):
        assert_type(value.groups, tuple[commands.EventGroup, ...] | None)
    if isinstance(value, commands.ESearch):
        assert_type(value.sources, tuple[commands.MailboxFilter, ...] | None)
    if isinstance(value, commands.SetMetadata):
        assert_type(value.values, tuple[tuple[str, bytes | None], ...])
    if isinstance(value, commands.Fetch):
        assert_type(value.partial, tuple[int, int] | None)
    if isinstance(value, commands.UidBatches):
        assert_type(value.batches, tuple[int, int] | None)


def tables(reader: CommandReader, replies: ReplyReader) -> None:
    table = FetchTable()
    assert_type(table.uid, memoryview)
    reader.feed(b"")
    replies.feed(b"")

"""IMAP (RFC 3501, RFC 9051): values, readers and sans-IO sessions."""

from mailproto._core.fetch_table import FetchTable
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto.imap import commands, events, responses, search
from mailproto.imap.client import ClientSession
from mailproto.imap.command_reader import CommandReader, parse_command, parse_command_prefix
from mailproto.imap.defects import DEFECTS
from mailproto.imap.events import LiteralBegin, LiteralChunk, LiteralEnd, LiteralsVoid
from mailproto.imap.response_reader import ResponseReader, parse_response, parse_response_prefix
from mailproto.imap.responses import Address, BodyStructure, Envelope
from mailproto.imap.server import ServerSession
from mailproto.imap.view import MailboxView

__all__ = [
    "DEFECTS",
    "Address",
    "BodyStructure",
    "ClientSession",
    "CommandReader",
    "Envelope",
    "FetchTable",
    "LiteralBegin",
    "LiteralChunk",
    "LiteralEnd",
    "LiteralsVoid",
    "MailboxName",
    "MailboxView",
    "ResponseReader",
    "SequenceSet",
    "ServerSession",
    "commands",
    "events",
    "parse_command",
    "parse_command_prefix",
    "parse_response",
    "parse_response_prefix",
    "responses",
    "search",
]

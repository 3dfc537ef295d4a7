"""IMAP (RFC 3501, RFC 9051): values, readers and sans-IO sessions."""

from mailproto._core.fetch_table import FetchTable
from mailproto._core.text import MailboxName, SequenceSet
from mailproto.imap import commands, responses, search
from mailproto.imap.command_reader import CommandReader, parse_command, parse_command_prefix
from mailproto.imap.response_reader import ResponseReader, parse_response, parse_response_prefix
from mailproto.imap.responses import Address, BodyStructure, Envelope

__all__ = [
    "Address",
    "BodyStructure",
    "CommandReader",
    "Envelope",
    "FetchTable",
    "MailboxName",
    "ResponseReader",
    "SequenceSet",
    "commands",
    "parse_command",
    "parse_command_prefix",
    "parse_response",
    "parse_response_prefix",
    "responses",
    "search",
]

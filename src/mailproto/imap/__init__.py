"""IMAP (RFC 3501, RFC 9051): values, readers and sans-IO sessions."""

from mailproto._core.text import MailboxName, SequenceSet
from mailproto.imap import commands, search
from mailproto.imap.command_reader import CommandReader, parse_command, parse_command_prefix

__all__ = [
    "CommandReader",
    "MailboxName",
    "SequenceSet",
    "commands",
    "parse_command",
    "parse_command_prefix",
    "search",
]

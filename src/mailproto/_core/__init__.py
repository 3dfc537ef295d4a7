"""Compiled readers and writers. Private: import the names from mailproto.imap and mailproto.pop3."""

"""IMAP and POP3 clients that block: the sessions and conversations of :mod:`mailproto.aio` on a plain socket.

::

    with connect_imap("imap.example.org", user="tim", password="tanstaaftanstaaf") as client:
        client.select("INBOX")
        for message in client.fetch("1:*", ["ENVELOPE"]):
            print(message.envelope.subject_text)

One thread at a time per client. Methods raise what those of the asyncio clients raise.
"""

from mailproto.blocking.client import DEFAULT_TIMEOUT, Client
from mailproto.blocking.imap import ImapClient, connect_imap
from mailproto.blocking.pop3 import Pop3Client, connect_pop3

__all__ = ["DEFAULT_TIMEOUT", "Client", "ImapClient", "Pop3Client", "connect_imap", "connect_pop3"]

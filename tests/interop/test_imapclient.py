"""imapclient, and the standard library's imaplib: the clients that Python programs use."""

from __future__ import annotations

import datetime
import imaplib

import pytest

from tests.interop.peers import module, server
from tests.io.running import MESSAGE, message, untrusting

__all__ = ["server"]
pytestmark = pytest.mark.interop


@pytest.fixture
def client(server):
    module("imapclient")
    import imapclient

    client = imapclient.IMAPClient("localhost", server.ports["imaps"], ssl_context=untrusting(), timeout=20)
    client.login("bob", "secret")
    yield client
    client.logout()


def test_folders(client):
    client.create_folder("Entwürfe/2026")
    assert [name for *_, name in client.list_folders()] == ["INBOX", "Entwürfe", "Entwürfe/2026"]
    client.rename_folder("Entwürfe/2026", "Entwürfe/27")
    client.subscribe_folder("Entwürfe/27")
    assert [name for *_, name in client.list_sub_folders()] == ["Entwürfe/27"]
    assert client.folder_exists("Entwürfe/27") and not client.folder_exists("Entwürfe/2026")
    client.delete_folder("Entwürfe/27")
    assert client.namespace().personal == (("", "/"),)


def test_messages(client):
    moment = datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    client.normalise_times = False
    client.append("INBOX", MESSAGE, (b"\\Flagged", b"work"), moment)
    client.append("INBOX", message("two"))
    assert client.select_folder("INBOX")[b"EXISTS"] == 2
    assert client.search(["FLAGGED"]) == [1]
    assert client.search(["SUBJECT", "café"], "UTF-8") == [1]
    row = client.fetch(
        [1], ["FLAGS", "INTERNALDATE", "ENVELOPE", "BODYSTRUCTURE", "BODY.PEEK[1]", "RFC822.SIZE"]
    )[1]
    assert row[b"INTERNALDATE"] == moment
    assert row[b"ENVELOPE"].from_[0].mailbox == b"alice"
    assert row[b"BODYSTRUCTURE"].is_multipart and row[b"RFC822.SIZE"] == len(MESSAGE)
    assert row[b"BODY[1]"] == b"a needle in a haystack"
    client.add_flags([2], [b"\\Deleted", "later"])
    assert set(client.get_flags([2])[2]) >= {b"\\Deleted", b"later"}
    client.create_folder("there")
    client.copy([1], "there")
    client.move([1], "there")
    client.expunge()
    assert client.search() == []
    assert client.folder_status("there", ["MESSAGES", "UNSEEN"]) == {b"MESSAGES": 2, b"UNSEEN": 2}
    assert b"IDLE" in client.capabilities()


def test_idle(client, server):
    client.select_folder("INBOX")
    client.idle()
    server.deliver("bob", message("new"))
    assert (1, b"EXISTS") in client.idle_check(timeout=20)
    client.idle_done()


def test_imaplib(server):
    client = imaplib.IMAP4_SSL("localhost", server.ports["imaps"], ssl_context=untrusting(), timeout=20)
    client.authenticate("PLAIN", lambda _: b"\0bob\0secret")
    assert client.append("INBOX", None, None, MESSAGE)[0] == "OK"
    assert client.select() == ("OK", [b"1"])
    assert client.fetch("1", "(RFC822)")[1][0][1] == MESSAGE
    assert client.search(None, "ALL") == ("OK", [b"1"])
    assert client.store("1", "+FLAGS", "\\Deleted")[0] == "OK"
    assert client.expunge() == ("OK", [b"1"])
    assert client.status("INBOX", "(MESSAGES)")[1] == [b"INBOX (MESSAGES 0)"]
    assert client.logout()[0] == "BYE"

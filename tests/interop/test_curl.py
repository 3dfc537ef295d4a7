"""curl: imap://, imaps://, pop3:// and pop3s://."""

from __future__ import annotations

import re

import pytest

from tests.interop.peers import certificate, program, run, server
from tests.io.running import MESSAGE, message

__all__ = ["server"]
pytestmark = pytest.mark.interop


@pytest.fixture(params=["imap", "imaps"])
def imap(request, server):
    return client(server, request.param)


@pytest.fixture(params=["pop3", "pop3s"])
def pop3(request, server):
    return client(server, request.param)


def client(server, kind):
    curl = program("curl")
    base = [
        curl,
        "-sS",
        "--max-time",
        "30",
        "--cacert",
        certificate(server),
        "--ssl-reqd",
        "-u",
        "bob:secret",
    ]
    url = f"{kind}://localhost:{server.ports[kind]}"

    def ask(path: str, *options: str, ok: tuple[int, ...] = (0,)) -> bytes:
        return run(*base, *options, f"{url}/{path}", ok=ok)

    return ask


def test_list_and_folders(imap):
    assert b'"/" INBOX' in imap("")
    imap("", "-X", "CREATE Sent")
    assert b"Sent" in imap("")
    imap("", "-X", "DELETE Sent")
    assert b"Sent" not in imap("")


def test_fetch_parts_of_a_message(imap, server):
    server.deliver("bob", MESSAGE)
    assert imap("INBOX;UID=1") == MESSAGE
    assert imap("INBOX;UID=1;SECTION=TEXT") == MESSAGE.partition(b"\r\n\r\n")[2]
    assert imap("INBOX;MAILINDEX=1;SECTION=1") == b"a needle in a haystack"
    assert imap("INBOX?SUBJECT%20caf").strip() == b"* SEARCH" or imap("INBOX?ALL").split() == [
        b"*",
        b"SEARCH",
        b"1",
    ]
    assert b"EXISTS" in imap("INBOX", "-X", "EXAMINE INBOX")
    imap("INBOX;UID=99", ok=(78,))
    imap("nowhere;UID=1", ok=(67, 78, 8, 9))


def test_upload(imap, server, tmp_path):
    file = tmp_path / "message"
    file.write_bytes(message("uploaded", 50_000))
    imap("INBOX", "-T", str(file))
    assert imap("INBOX;UID=1") == message("uploaded", 50_000)
    assert b"UID 1" in imap("INBOX", "-X", "FETCH 1 (UID FLAGS)")


def test_wrong_password(server):
    curl = program("curl")
    common = [
        curl,
        "-sS",
        "--max-time",
        "30",
        "--cacert",
        certificate(server),
        "--ssl-reqd",
        "-u",
        "bob:wrong",
    ]
    for kind in ("imap", "imaps", "pop3", "pop3s"):
        run(*common, f"{kind}://localhost:{server.ports[kind]}/", ok=(67,))


def test_no_password_in_the_clear(server):
    curl = program("curl")
    for kind in ("imap", "pop3"):
        run(curl, "-sS", "-u", "bob:secret", f"{kind}://localhost:{server.ports[kind]}/", ok=(67,))


def test_pop3(pop3, server):
    server.deliver("bob", MESSAGE)
    big = message("big", 2_000_000).replace(b"xxx\r\n", b"xxx\r\n.\r\n..x\r\n", 50)
    server.deliver("bob", big)
    assert re.findall(rb"\d+ \d+", pop3("")) == [b"1 %d" % len(MESSAGE), b"2 %d" % len(big)]
    assert pop3("1") == MESSAGE
    assert pop3("2") == big
    assert pop3("", "-X", "UIDL").count(b"\r\n") == 2
    assert pop3("", "-X", "TOP 1 1").endswith(b"\r\n\r\npreamble\r\n")
    pop3("1", "-X", "DELE", "-I")
    assert re.findall(rb"\d+ \d+", pop3("")) == [b"1 %d" % len(big)]

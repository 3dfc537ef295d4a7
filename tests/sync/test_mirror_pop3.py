"""The POP3 mirror, against our own server session, by the command as its user meets it."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailproto.aio import ServerConnection, listen
from mailproto.cli import run
from mailproto.pop3 import commands
from mailproto.pop3.server import ServerSession
from tests.io.maildrop import MESSAGES, Maildrop


class Served:
    """A server in a thread of its own."""

    def __init__(self) -> None:
        self.made: list[Maildrop] = []
        self.address = ("", 0)

    def retrieved(self) -> list[int]:
        return [e.number for e in self.made[-1].seen if type(e) is commands.Retr]


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[Served]:
    served = Served()
    ready, loop = threading.Event(), asyncio.new_event_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def handler(connection: ServerConnection) -> Maildrop:
        served.made.append(Maildrop(connection))
        return served.made[-1]

    async def serve() -> None:
        served.stop = asyncio.Event()  # type: ignore[attr-defined]
        listener = await listen(lambda: ServerSession(secure=True), handler, tls=context, implicit_tls=True)
        served.address = listener.addresses[0]
        ready.set()
        await served.stop.wait()  # type: ignore[attr-defined]
        await listener.close(grace=1)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    yield served
    loop.call_soon_threadsafe(served.stop.set)  # type: ignore[attr-defined]
    thread.join()
    loop.close()


@pytest.fixture
def mirror(server: Served, authority: trustme.CA, tmp_path: Path, monkeypatch: Any) -> Any:
    monkeypatch.setenv("MAILPROTO_PASSWORD", "x")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def call(*options: str, user: str = "tim") -> int:
        host, port = server.address
        url = f"pop3s://{user}@{host}:{port}"
        return run(["mirror", url, str(tmp_path / "copy"), "--ca-file", str(tmp_path / "ca.pem"), *options])

    return call


def contents(path: Path) -> list[bytes]:
    return sorted(file.read_bytes() for file in (path / "copy" / "cur").iterdir())


def test_keep_transfers_once(mirror: Any, server: Served, tmp_path: Path, capsys: Any) -> None:
    assert mirror("--keep") == 0
    assert capsys.readouterr().out.startswith(f"{len(MESSAGES)} new, 0 changed, 0 removed, ")
    assert contents(tmp_path) == sorted(MESSAGES)
    assert server.made[-1].gone == set()
    # What the user throws away here does not come back.
    next((tmp_path / "copy" / "cur").iterdir()).unlink()
    assert mirror() == 0
    assert capsys.readouterr().out.startswith("0 new, 0 changed, 0 removed, ")
    assert server.retrieved() == []
    assert len(contents(tmp_path)) == len(MESSAGES) - 1


def test_delete_takes_all_and_deletes_what_is_here(mirror: Any, server: Served, tmp_path: Path) -> None:
    assert mirror("--delete") == 0
    assert contents(tmp_path) == sorted(MESSAGES)
    assert server.made[-1].gone == set(range(1, len(MESSAGES) + 1))


def test_a_run_that_was_cut_short_is_completed(mirror: Any, server: Served, tmp_path: Path) -> None:
    assert mirror() == 0
    # As if killed before the state was written, with some messages there and one half written.
    copy = tmp_path / "copy"
    (copy / "mailproto-mirror.json").unlink()
    files = sorted((copy / "cur").iterdir())
    for file in files[10:]:
        file.unlink()
    (copy / "tmp" / "pop3.half.mailproto").write_bytes(b"ha")
    assert mirror() == 0
    assert contents(tmp_path) == sorted(MESSAGES)
    assert len(server.retrieved()) == len(MESSAGES) - 10
    assert os.listdir(copy / "tmp") == []


def test_two_accounts_are_not_mixed_up(mirror: Any, capsys: Any) -> None:
    assert mirror() == 0
    assert mirror(user="tom") == 1
    assert "another account" in capsys.readouterr().err


def test_a_state_file_that_cannot_be_read(mirror: Any, tmp_path: Path, capsys: Any) -> None:
    assert mirror() == 0
    (tmp_path / "copy" / "mailproto-mirror.json").write_text(json.dumps([1]))
    assert mirror() == 1
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://a@b", "x"], "must begin with"),
        (["imaps://b", "x"], "must name a user"),
        (["imaps://a@b:99999", "x"], "cannot be read"),
        (["imap://a:secret@mail.example", "x"], "in the clear"),
        (["imaps://a:secret@b/folder", "x"], "must end"),
        (["imaps://a:secret@b", "x", "--keep"], "for POP3"),
        (["pop3s://a:secret@b", "x", "--keep", "--delete"], "exclude"),
        (["pop3s://a:secret@b", "x", "--starttls"], "leave --starttls out"),
        (["pop3s://a:secret@127.0.0.1:1", "x"], "refused"),
        (["pop3s://a:secret@127.0.0.1:1", "x", "--ca-file", "/nowhere"], "/nowhere"),
        (["pop3s://a@127.0.0.1:1", "x", "--password-file", "/nowhere"], "/nowhere"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: list[str], words: str, capsys: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["mirror", *arguments]) != 0
    error = capsys.readouterr().err
    assert words in error
    assert "secret" not in error
    assert "Traceback" not in error


def test_a_certificate_nobody_vouches_for(
    server: Served, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setenv("MAILPROTO_PASSWORD", "x")
    host, port = server.address
    url = f"pop3s://tim@{host}:{port}"
    assert run(["mirror", url, str(tmp_path / "copy")]) == 1
    assert "--ca-file" in capsys.readouterr().err
    assert run(["mirror", url, str(tmp_path / "copy"), "--insecure"]) == 0

"""``mailproto mirror`` against the real server: copies that end up the same whatever happened in between."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mailproto import cli
from tests.io.running import MESSAGE, Imap, Raw, Running, eventually, message
from tests.io.servers import imap, server, user

__all__ = ["imap", "server", "user"]

Mirror = Callable[..., "Done"]


class Done:
    """What one run said of itself."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = re.fullmatch(r"(\d+) new, (\d+) changed, (\d+) removed.*\n", text)
        assert found, text
        self.counts = tuple(map(int, found.groups()))


@pytest.fixture
def mirror(
    server: Running,
    user: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Mirror:
    """``mirror()`` runs the command in this process, and gives its counts: new, changed, removed."""
    monkeypatch.setenv("MAILPROTO_PASSWORD", "secret")

    def run(*options: str, scheme: str = "imap") -> tuple[int, ...]:
        url = f"{scheme}://{user}@127.0.0.1:{server.ports[scheme]}"
        status = cli.run(["mirror", url, str(tmp_path / "copy"), *options])
        told = capsys.readouterr()
        assert (status, told.err) == (0, "")
        return Done(told.out).counts

    return run


def copied(folder: Path) -> list[bytes]:
    """The messages of one Maildir, in the order of their octets."""
    return sorted(file.read_bytes() for part in ("cur", "new") for file in (folder / part).iterdir())


def test_imap_follows_the_account_and_transfers_only_what_changed(mirror, server, user, imap, tmp_path):
    copy = tmp_path / "copy"
    assert mirror() == (0, 0, 0)
    server.deliver(user, MESSAGE)
    server.deliver(user, message("two", 200_000), flags=("\\Seen",))
    assert mirror() == (2, 0, 0)
    assert copied(copy) == sorted([MESSAGE, message("two", 200_000)])
    assert mirror() == (0, 0, 0)
    client = imap()
    client.ok("SELECT INBOX")
    # A mirror changes nothing: not \Seen, and \Recent is still there to be claimed.
    assert b"(FLAGS (\\Recent))" in client.ok("FETCH 1 FLAGS")[0]
    client.ok("STORE 1 +FLAGS (\\Flagged \\Seen)")
    assert mirror() == (0, 1, 0)
    assert len(list((copy / "cur").glob("*:2,FS"))) == 1
    client.ok("STORE 2 +FLAGS (\\Deleted)")
    client.ok("EXPUNGE")
    client.append("INBOX", message("three"))
    assert mirror() == (1, 0, 1)
    assert copied(copy) == sorted([MESSAGE, message("three")])
    client.ok("CREATE Lists/dev")
    client.ok("COPY 1:2 Lists/dev")
    assert mirror() == (2, 0, 0)
    assert copied(copy / ".Lists.dev") == copied(copy)
    client.ok("RENAME Lists/dev Lists/old")
    assert mirror() == (2, 0, 2)
    assert not (copy / ".Lists.dev").exists()
    assert copied(copy / ".Lists.old") == copied(copy)
    client.ok("DELETE Lists/old")
    assert mirror() == (0, 0, 2)
    assert not (copy / ".Lists.old").exists()
    assert mirror() == (0, 0, 0)


def test_imap_a_mailbox_made_anew_under_its_name_is_copied_anew(mirror, server, user, imap, tmp_path):
    client = imap()
    client.ok("CREATE box")
    for name in ("a", "b"):
        server.deliver(user, message(name), "box")
    assert mirror() == (2, 0, 0)
    client.ok("DELETE box")
    client.ok("CREATE box")
    # The same UIDs, other messages.
    for name in ("c", "d"):
        server.deliver(user, message(name), "box")
    assert mirror() == (2, 0, 2)
    assert copied(tmp_path / "copy" / ".box") == sorted([message("c"), message("d")])
    assert mirror() == (0, 0, 0)


def test_imap_killed_in_the_middle_and_run_again(mirror, server, user, tmp_path):
    """Each message whole, none twice, and what had arrived is not transferred again."""
    copy = tmp_path / "copy"
    messages = [message(f"n{number}", 20_000) for number in range(250)]
    for data in messages:
        server.deliver(user, data)
    url = f"imap://{user}@127.0.0.1:{server.ports['imap']}"
    arrived = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "mailproto.cli", "mirror", url, str(copy)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            eventually(lambda before=arrived: len(list(copy.glob("cur/*"))) >= before + 20)
            process.send_signal(signal.SIGKILL)
        finally:
            process.kill()
            process.communicate()
        assert process.returncode == -signal.SIGKILL
        arrived = len(copied(copy))
        assert set(copied(copy)) < set(messages)
    assert mirror() == (len(messages) - arrived, 0, 0)
    assert copied(copy) == sorted(messages)
    assert not list((copy / "tmp").iterdir())
    assert mirror() == (0, 0, 0)


def test_pop3_keep_then_delete(mirror, server, user, imap, tmp_path):
    copy = tmp_path / "copy"
    server.deliver(user, MESSAGE)
    server.deliver(user, message("..dots\r\n.\r\n.more", 3000))
    assert mirror("--keep", scheme="pop3") == (2, 0, 0)
    assert copied(copy) == sorted([MESSAGE, message("..dots\r\n.\r\n.more", 3000)])
    assert mirror(scheme="pop3") == (0, 0, 0)
    client: Imap = imap()
    assert b"MESSAGES 2" in client.ok("STATUS INBOX (MESSAGES)")[0]
    server.deliver(user, message("three"))
    assert mirror("--delete", scheme="pop3") == (1, 0, 3)
    assert b"MESSAGES 0" in client.ok("STATUS INBOX (MESSAGES)")[0]
    assert len(copied(copy)) == 3
    assert mirror("--delete", scheme="pop3") == (0, 0, 0)


def test_pop3_another_session_holds_the_maildrop(server, user, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MAILPROTO_PASSWORD", "secret")
    server.deliver(user, MESSAGE)
    with Raw(server.ports["pop3"]) as holder:
        holder.send(f"USER {user}\r\nPASS secret\r\n".encode())
        assert [holder.line()[:3] for _ in range(3)] == [b"+OK"] * 3
        url = f"pop3://{user}@127.0.0.1:{server.ports['pop3']}"
        assert cli.run(["mirror", url, str(tmp_path / "copy"), "--delete"]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and "another POP3 session" in told.err
    with Raw(server.ports["pop3"]) as after:
        after.send(f"USER {user}\r\nPASS secret\r\nSTAT\r\n".encode())
        after.until(b"+OK 1 messages")


def test_a_wrong_password_is_one_line_and_makes_no_copy(server, user, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MAILPROTO_PASSWORD", "wrong-and-secret")
    for scheme in ("imap", "pop3"):
        url = f"{scheme}://{user}@127.0.0.1:{server.ports[scheme]}"
        assert cli.run(["mirror", url, str(tmp_path / "copy")]) == 1
        told = capsys.readouterr()
        assert told.out == "" and told.err.count("\n") == 1
        assert "Authentication failed" in told.err and "wrong-and-secret" not in told.err
    assert not (tmp_path / "copy").exists()

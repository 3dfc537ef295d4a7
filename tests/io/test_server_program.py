"""``mailproto serve``, ``user`` and ``deliver`` as their users run them: real processes."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.io.running import TIMEOUT, Imap, Raw, message

BASE = [sys.executable, "-m", "mailproto.cli"]
ALL = ["--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0", "--pop3", "127.0.0.1:0", "--pop3s", "127.0.0.1:0"]


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*BASE, *arguments],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
        env=os.environ | {"COLUMNS": "200"} | environment,
    )


class Served:
    """A server process and where it listens."""

    def __init__(self, data: Path, *arguments: str) -> None:
        command = [*BASE, "serve", "--data", str(data), "--user", "bob:secret", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        self.ports: dict[str, int] = {}
        self.lines: list[bytes] = []
        assert self.process.stdout is not None
        wanted = sum(argument.startswith("--") and argument[2:] in ALL_KINDS for argument in arguments)
        while len(self.ports) < wanted:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            self.lines.append(line)
            if found := re.fullmatch(rb"(imaps?|pop3s?) 127\.0\.0\.1:(\d+)\n", line):
                self.ports[found[1].decode()] = int(found[2])

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)


ALL_KINDS = ("imap", "imaps", "pop3", "pop3s")


@contextlib.contextmanager
def served(data: Path, *arguments: str) -> Iterator[Served]:
    server = Served(data, *(arguments or ALL))
    try:
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):  # its workers too: they hold the pipes
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_its_addresses_and_ends_with_status_0(tmp_path, number):
    with served(tmp_path / "data") as server:
        assert set(server.ports) == set(ALL_KINDS)
        text = b"".join(server.lines)
        certificate = re.search(rb"certificate (\S+cert\.pem)", text)
        assert Path(certificate[1].decode()).is_file()
        assert re.search(rb"fingerprint SHA256 (?:[0-9A-F]{2}:){31}[0-9A-F]{2}\n", text)
        with Imap(server.ports["imaps"], "bob", tls=True) as client:
            client.ok("SELECT INBOX")
            client.send(b"i IDLE\r\n")
            client.until(b"+ ")
            server.process.send_signal(number)
            assert b"* BYE" in client.rest()
        assert server.process.wait(TIMEOUT) == 0
        (login,) = server.process.stderr.read().splitlines()
        assert login.endswith(
            b'INFO mailproto.login: accepted user="bob" protocol=imap tls=yes peer=127.0.0.1'
        )


def test_the_account_stays_and_its_password_is_not_changed_by_a_second_start(tmp_path):
    with served(tmp_path, "--imap", "127.0.0.1:0", "--allow-cleartext-login") as server:
        with Imap(server.ports["imap"]) as client:
            client.append("INBOX", message("kept"))
        assert server.stop() == 0
    changed = run("user", "passwd", "bob", "--data", str(tmp_path), MAILPROTO_PASSWORD="secret2")
    assert changed.returncode == 0, changed.stderr
    with (
        served(tmp_path, "--imap", "127.0.0.1:0", "--allow-cleartext-login") as server,
        Imap(server.ports["imap"], None) as client,
    ):
        client.no("LOGIN bob secret")
        client.ok("LOGIN bob secret2")
        assert b"MESSAGES 1" in client.ok("STATUS INBOX (MESSAGES)")[0]


def one_line(result: subprocess.CompletedProcess[bytes], *words: str) -> None:
    """The command failed with one clear line on standard error, which holds these words."""
    text = result.stderr.decode()
    assert result.returncode not in (0, -11), text
    assert text.count("\n") == 1 and "Traceback" not in text, text
    for word in words:
        assert word in text
    assert result.stdout == b""


def test_a_port_in_use_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        one_line(run("serve", "--data", str(tmp_path), "--imap", where), where, "in use")


def test_wrong_settings_are_one_line(tmp_path):
    data = str(tmp_path / "data")
    one_line(run("serve", "--data", data, "--imap", "nowhere"), "--imap", "HOST:PORT")
    one_line(run("serve", "--data", data, "--user", "bob"), "--user", "NAME:PASSWORD")
    one_line(run("serve", "--config", str(tmp_path / "none.toml")), "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("data = [")
    one_line(run("serve", "--config", str(bad)), "bad.toml", "TOML")
    bad.write_text("colour = 1")
    one_line(run("serve", "--config", str(bad)), "colour")
    one_line(run("serve", "--data", data, "--tls-cert", "x.pem"), "key")
    one_line(run("serve", "--data", data, "--tls-cert", "x.pem", "--tls-key", "y.pem"), "x.pem")
    one_line(run("serve", "--nntp", "127.0.0.1:0"), "--nntp")


def test_a_data_folder_that_is_not_ours_is_one_line_and_left_alone(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    one_line(run("serve", "--data", str(tmp_path), "--imap", "127.0.0.1:0"), str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]
    file = tmp_path / "precious.txt"
    one_line(run("serve", "--data", str(file), "--imap", "127.0.0.1:0"))


def test_refused_logins_are_one_line_each_without_the_password(tmp_path):
    with served(
        tmp_path, "--imap", "127.0.0.1:0", "--pop3", "127.0.0.1:0", "--allow-cleartext-login"
    ) as server:
        with Imap(server.ports["imap"], None) as client:
            client.no('LOGIN "b\x1b[2J" hunter2')
        with Raw(server.ports["pop3"]) as client:
            client.send(b"USER bob\r\nPASS hunter3\r\nQUIT\r\n")
            client.rest()
        assert server.stop() == 0
        lines = [line.split(b" ", 2)[2] for line in server.process.stderr.read().splitlines()]
    assert lines == [
        b'WARNING mailproto.login: refused user="b\\u001b[2J" protocol=imap tls=no peer=127.0.0.1',
        b'WARNING mailproto.login: refused user="bob" protocol=pop3 tls=no peer=127.0.0.1',
    ]


def test_users(tmp_path):
    data = ["--data", str(tmp_path / "data")]
    one_line(run("user", "list", *data), "no data folder")
    secret = tmp_path / "secret"
    secret.write_text("from a file\nsecond line\n")
    assert run("user", "add", "ann", *data, "--password-file", str(secret)).returncode == 0
    assert run("user", "add", "zoe", *data, "--password-file", "-", stdin=b"piped\n").returncode == 0
    assert run("user", "add", "bob", *data, MAILPROTO_PASSWORD="secret").returncode == 0
    assert run("user", "list", *data).stdout == b"ann\nbob\nzoe\n"
    one_line(run("user", "add", "bob", *data, MAILPROTO_PASSWORD="x"), "already")
    one_line(run("user", "add", "eve", *data, MAILPROTO_PASSWORD=""), "empty")
    one_line(run("user", "passwd", "nobody", *data, MAILPROTO_PASSWORD="x"))
    one_line(run("user", "delete", "nobody", *data, "--yes"))
    assert run("user", "delete", "zoe", *data, stdin=b"n\n").returncode != 0
    assert run("user", "delete", "zoe", *data, "--yes").returncode == 0
    assert run("user", "list", *data).stdout == b"ann\nbob\n"
    with (
        served(tmp_path / "data", "--imap", "127.0.0.1:0", "--allow-cleartext-login") as server,
        Imap(server.ports["imap"], None) as client,
    ):
        client.ok('LOGIN ann "from a file"')


def test_passwords_that_cannot_be_had_are_one_line(tmp_path):
    data = ["--data", str(tmp_path / "data")]
    secret = tmp_path / "secret"
    secret.write_bytes(b"\xff\xfe\n")
    one_line(run("user", "add", "ann", *data, "--password-file", str(secret)), "secret", "UTF-8")
    one_line(run("mirror", "imap://a@127.0.0.1:1", "x", "--password-file", str(secret)), "UTF-8")
    one_line(run("user", "add", "ann", *data, "--password-file", str(tmp_path)), str(tmp_path))
    one_line(run("user", "add", "ann", *data), "MAILPROTO_PASSWORD")
    assert not (tmp_path / "data").exists()


def test_deletion_that_nobody_confirms_is_aborted(tmp_path):
    data = ["--data", str(tmp_path)]
    assert run("user", "add", "ann", *data, MAILPROTO_PASSWORD="x").returncode == 0
    result = run("user", "delete", "ann", *data)
    assert result.returncode == 130 and result.stderr.endswith(b"\nmailproto: aborted\n")
    assert run("user", "list", *data).stdout == b"ann\n"


def test_what_deliver_cannot_take_now_is_kept_by_its_caller(tmp_path):
    """75 (try again) for what an administrator can put right, 65 for what will never do (sysexits.h)."""
    data, mail = str(tmp_path / "data"), b"Subject: x\n\nbody\n"
    assert run("user", "add", "ann", "--data", data, MAILPROTO_PASSWORD="x").returncode == 0
    empty = tmp_path / "empty"
    empty.mkdir()
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").touch()
    for folder in (tmp_path / "none", empty, other):
        result = run("deliver", "ann", "--data", str(folder), stdin=mail)
        one_line(result, str(folder))
        assert result.returncode == 75
    assert not list(empty.iterdir())
    result = run("deliver", "ann", "--data", data, "--mailbox", "nope", stdin=mail)
    one_line(result, "mailbox")
    assert result.returncode == 75
    result = run("deliver", "ann", "--data", data, stdin=mail + b"x" * (64 * 1024 * 1024))
    one_line(result, "67108864")
    assert result.returncode == 65
    closed = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *BASE, "deliver", "ann", "--data", data],
        capture_output=True,
        timeout=60,
        check=False,
    )
    one_line(closed, "standard input")
    assert closed.returncode == 65


def test_deliver_while_the_server_runs_is_told_to_idle(tmp_path):
    data = str(tmp_path / "data")
    with (
        served(tmp_path / "data", "--imap", "127.0.0.1:0", "--allow-cleartext-login") as server,
        Imap(server.ports["imap"]) as client,
    ):
        client.ok("SELECT INBOX")
        client.send(b"i IDLE\r\n")
        client.until(b"+ ")
        result = run("deliver", "bob", "--data", data, stdin=b"From bob Mon\nSubject: x\n\nbody\nmore")
        assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
        client.until(b"* 1 EXISTS")
        client.send(b"DONE\r\n")
        client.until(b"i OK")
        assert b"Subject: x\r\n\r\nbody\r\nmore\r\n)" in client.ok("FETCH 1 BODY.PEEK[]")[0]
    result = run("deliver", "nobody", "--data", data, stdin=b"Subject: x\n\n")
    one_line(result, "nobody" if b"nobody" in result.stderr else "account")
    assert result.returncode == 67
    assert run("deliver", "bob", "--data", data, stdin=b"").returncode == 65
    assert run("deliver", "bob", "--data", data, stdin=b"Subject: \0\n\n").returncode == 65


def test_kill_at_any_moment_loses_and_doubles_nothing_that_was_acknowledged(tmp_path):
    """Appends over IMAP until the server is killed -9, again and again: each acknowledged message is there,
    none twice, none half."""
    acknowledged: list[str] = []
    counter = itertools.count()
    for round_number in range(4):
        with served(tmp_path, "--imap", "127.0.0.1:0", "--allow-cleartext-login") as server:
            clients = [Imap(server.ports["imap"]) for _ in range(3)]
            kill_after = len(acknowledged) + 15 + 7 * round_number
            with contextlib.suppress(OSError, AssertionError):
                while True:
                    batch = []
                    for client in clients:
                        name = f"n{next(counter)}"
                        data = message(name, 3000)
                        client.send(b"x APPEND INBOX {%d+}\r\n%b\r\n" % (len(data), data))
                        batch.append((client, name))
                    if len(acknowledged) >= kill_after:
                        server.process.kill()
                    for client, name in batch:
                        if client.until(b"x ")[-1].startswith(b"x OK"):
                            acknowledged.append(name)
            assert len(acknowledged) >= kill_after
            for client in clients:
                client.close()
    assert len(acknowledged) >= 60
    with (
        served(tmp_path, "--imap", "127.0.0.1:0", "--allow-cleartext-login") as server,
        Imap(server.ports["imap"]) as client,
    ):
        client.ok("SELECT INBOX")
        found = []
        for line in client.ok("FETCH 1:* (RFC822.SIZE BODY.PEEK[])")[:-1]:
            name = re.search(rb"Subject: (n\d+)\r\n", line)[1].decode()
            assert message(name, 3000) in line
            found.append(name)
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)


def test_the_pop3_server_of_a_process_deletes_at_quit_and_only_then(tmp_path):
    arguments = ("--pop3", "127.0.0.1:0", "--allow-cleartext-login")
    commands = b"USER bob\r\nPASS secret\r\nSTAT\r\nDELE 1\r\n"
    with served(tmp_path, *arguments) as server, Raw(server.ports["pop3"]) as client:
        assert run("deliver", "bob", "--data", str(tmp_path), stdin=message("one")).returncode == 0
        client.send(commands)
        assert [client.line() for _ in range(5)][3].startswith(b"+OK 1 ")
        server.process.kill()
        server.process.wait()
    for left in (b"+OK 1 ", b"+OK 0 "):
        with served(tmp_path, *arguments) as server, Raw(server.ports["pop3"]) as client:
            client.send(commands + b"QUIT\r\n")
            answers = [client.line() for _ in range(6)]
            assert answers[3].startswith(left)
            assert client.rest() == b""
            assert server.stop() == 0

"""mbsync: a two-way copy between Maildir folders and the server."""

from __future__ import annotations

import re

import pytest

from tests.interop.peers import certificate, program, run, server
from tests.io.running import MESSAGE, Imap, message

__all__ = ["server"]
pytestmark = pytest.mark.interop

CONFIG = """
IMAPAccount test
Host localhost
Port {port}
User bob
Pass secret
{tls}
CertificateFile {certificate}
PipelineDepth {depth}

IMAPStore far
Account test

MaildirStore near
Path {mail}/
Inbox {mail}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
"""


@pytest.mark.parametrize(
    ("kind", "tls", "depth"), [("imaps", "SSLType IMAPS", 50), ("imap", "SSLType STARTTLS", 1)]
)
def test_both_ways_and_again(server, tmp_path, kind, tls, depth):
    mbsync = program("mbsync")
    mail = tmp_path / "mail"
    mail.mkdir()
    config = tmp_path / "mbsyncrc"
    config.write_text(
        CONFIG.format(
            port=server.ports[kind], tls=tls, certificate=certificate(server), mail=mail, depth=depth
        )
    )

    def sync() -> None:
        run(mbsync, "-c", config, "-a", home=tmp_path)

    def files(folder: str) -> list[bytes]:
        return sorted(
            re.sub(rb"X-TUID: .*\n", b"", file.read_bytes())
            for part in ("cur", "new")
            for file in (mail / folder / part).iterdir()
        )

    def as_kept(*messages: bytes) -> list[bytes]:
        return sorted(data.replace(b"\r\n", b"\n") for data in messages)

    server.deliver("bob", MESSAGE)
    server.deliver("bob", message("two", 200_000), flags=("\\Seen",))
    with Imap(server.ports["imaps"], tls=True) as client:
        client.ok("CREATE Archive/2026")
        server.deliver("bob", message("old"), "Archive/2026")
        sync()
        assert [len(files(f)) for f in ("INBOX", "Archive/2026")] == [2, 1]
        assert files("INBOX") == as_kept(MESSAGE, message("two", 200_000))
        # From here to there: a new message, a flag, a deletion.
        (mail / "INBOX/cur/1.local:2,F").write_bytes(b"Subject: local\n\nfrom here\n")
        seen = next(f for f in (mail / "INBOX/cur").iterdir() if b"Subject: two" in f.read_bytes())
        seen.unlink()
        sync()
        client.ok("SELECT INBOX")
        assert client.ok('SEARCH SUBJECT "local" FLAGGED')[0].split()[2:]
        assert client.ok('SEARCH SUBJECT "two"')[0].strip() == b"* SEARCH"
        # And back again.
        client.ok("STORE 1 +FLAGS (\\Deleted)")
        client.ok("EXPUNGE")
        server.deliver("bob", message("three"))
        sync()
        kept = files("INBOX")
        assert len(kept) == 2 and any(b"Subject: three" in data for data in kept)
        before = {path: path.stat().st_mtime_ns for path in mail.rglob("*,*") if path.is_file()}
        sync()
        assert before == {path: path.stat().st_mtime_ns for path in mail.rglob("*,*") if path.is_file()}

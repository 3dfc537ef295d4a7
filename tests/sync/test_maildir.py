"""Maildir folders: names that cannot escape, messages that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproto.sync.maildir import MAX_NAME, Maildir, folder_name, letters

HOSTILE = [
    "..",
    ".",
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../b",
    "a\x00b",
    "a\nb\x1b[31m",
    "",
    "/",
    "//",
    "a/",
    "...",
    "%2E%2E",
    "inbox/..",
    "\ud800",
    "x" * 5000,
    "ä" * 500,
    "C:\\windows",
    "cur",
    "new",
    "tmp",
]


@pytest.mark.parametrize("delimiter", ["/", ".", "\\", None])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_mailbox_name_escapes(name: str, delimiter: str | None, tmp_path: Path) -> None:
    """ATTACKS 22."""
    folder = folder_name(name, delimiter)
    assert folder.startswith(".")
    assert folder not in (".", "..")
    assert not set(folder) & set("/\\\0\n\x1b")
    assert len(os.fsencode(folder)) <= MAX_NAME
    Maildir(tmp_path / folder).create()
    assert (tmp_path / folder).resolve().parent == tmp_path.resolve()


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(["/", ".", None]))
def test_different_mailboxes_have_different_folders(one: str, other: str, delimiter: str | None) -> None:
    def known(name: str) -> str:
        parts = name.split(delimiter) if delimiter else [name]
        return "INBOX" + name[5:] if parts[0].upper() == "INBOX" else name

    assert (folder_name(one, delimiter) == folder_name(other, delimiter)) == (known(one) == known(other))


def test_inbox_in_any_case_is_the_folder_itself() -> None:
    assert folder_name("INBOX", "/") == folder_name("inBox", "/") == ""
    assert folder_name("inbox/a", "/") == folder_name("INBOX/a", "/") == ".INBOX.a"
    assert folder_name("Entwürfe/2024.1", "/") == ".Entwürfe.2024%2E1"


def test_letters_are_sorted_and_keywords_left_out() -> None:
    assert letters(["\\Seen", "\\ANSWERED", "$Forwarded", "custom", "\\Flagged"]) == "FPRS"


def test_a_message_is_added_flagged_and_removed(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path)
    maildir.create()
    maildir.add("7.1", b"octets\r\n", "S", 86400.0)
    file = tmp_path / "cur" / "7.1.mailproto:2,S"
    assert file.read_bytes() == b"octets\r\n"
    assert file.stat().st_mode & 0o077 == 0
    assert file.stat().st_mtime == 86400
    assert maildir.set_flags("7.1", "FS")
    assert not maildir.set_flags("7.1", "FS")
    again = Maildir(tmp_path)
    assert list(again) == ["7.1"]
    assert again.flags("7.1") == "FS"
    again.remove("7.1")
    again.remove("7.1")
    assert not list((tmp_path / "cur").iterdir())


def test_half_a_message_is_not_there(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path)
    maildir.create()
    (tmp_path / "tmp" / "7.1.mailproto").write_bytes(b"hal")
    (tmp_path / "tmp" / "somebody.else").write_bytes(b"x")
    again = Maildir(tmp_path)
    assert "7.1" not in again
    again.create()
    assert os.listdir(tmp_path / "tmp") == ["somebody.else"]


@pytest.mark.parametrize("key", ["../x", "a/b", "", ".", "..", "a..b", "a b", "a:2,S"])
def test_a_key_cannot_escape(tmp_path: Path, key: str) -> None:
    maildir = Maildir(tmp_path)
    maildir.create()
    with pytest.raises(ValueError, match="not a key"):
        maildir.add(key, b"", "", None)


def test_dissolving_spares_what_is_not_ours(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path / ".gone")
    maildir.create()
    maildir.add("7.1", b"x", "", None)
    (tmp_path / ".gone" / "cur" / "1234.local:2,S").write_bytes(b"mine")
    assert maildir.dissolve() == 1
    assert os.listdir(tmp_path / ".gone" / "cur") == ["1234.local:2,S"]
    (tmp_path / ".gone" / "cur" / "1234.local:2,S").unlink()
    Maildir(tmp_path / ".gone").dissolve()
    assert not (tmp_path / ".gone").exists()

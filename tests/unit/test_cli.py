"""cli/__init__.py: lazy commands, one line for every error."""

import subprocess
import sys

import pytest

from mailproto import cli


def test_no_control_character_reaches_the_terminal():
    assert cli.printable("a\x1b[31mb\x07\u202e\x9bé") == "a\\x1b[31mb\\x07\\u202e\\x9bé"


def test_help_lists_the_commands(capsys):
    assert cli.run(["--help"]) == 0
    out = capsys.readouterr().out
    for name in cli.group().list_commands(None):
        assert name in out and cli.COMMANDS[name] in out


def test_version(capsys):
    from mailproto import __version__

    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"mailproto {__version__}\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"]])
def test_wrong_use_is_one_line_and_status_2(arguments, capsys):
    assert cli.run(arguments) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and err.startswith("mailproto: ") and "nonsense" in err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("No module named 'argon2'", name="argon2"), "pip install 'mailproto[server]'"),
        (ModuleNotFoundError("No module named 'click'", name="click"), "pip install 'mailproto[cli]'"),
        (cli.CommandError("no\nsuch \x1b thing"), "mailproto: no such \\x1b thing"),
        (FileNotFoundError(2, "No such file", "x\x1by"), "mailproto: No such file: x\\x1by"),
        (ZeroDivisionError("oops"), "internal error: ZeroDivisionError: oops"),
    ],
)
def test_every_error_is_one_line(error, words, capsys, monkeypatch):
    def fail(arguments):
        raise error

    monkeypatch.setattr(cli, "_run", fail)
    assert cli.run([]) == 1
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1


def test_nothing_is_imported_before_it_is_needed():
    code = (
        "import sys, mailproto.cli as cli\n"
        "assert not {'click', 'rich', 'argon2', 'sqlite3', 'ssl'} & set(sys.modules), sorted(sys.modules)\n"
        "cli.run(['--help'])\n"
        "assert not {'argon2', 'sqlite3', 'cryptography'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)

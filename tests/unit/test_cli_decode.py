"""cli/decode.py: transcripts and raw streams to JSON lines."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from mailproto import cli
from mailproto.cli.decode import decode


def units(data: bytes, **options: object) -> list[dict]:
    return list(decode(io.BytesIO(data), **options))


IMAP = b"""S: * OK [CAPABILITY IMAP4rev1] ready
C: a1 LOGIN bob hunter2
S: a1 OK done
C: a2 AUTHENTICATE PLAIN
S: +\x20
C: AGJvYgBodW50ZXIy
S: a2 OK done
C: a3 IDLE
S: + idling
S: * 3 EXISTS
C: DONE
S: a3 OK done
C: a4 APPEND INBOX {5+}
C: abc
C:
S: a4 OK done
"""


def test_an_imap_transcript():
    found = units(IMAP)
    assert len(found) == 14
    assert not any("error" in unit for unit in found)
    text = json.dumps(found)
    assert "hunter2" not in text and "AGJvYgBodW50ZXIy" not in text and text.count('"***"') == 2
    assert "hunter2" in json.dumps(units(IMAP, secrets=True))
    assert {unit.get("name") for unit in found} >= {"LOGIN", "AUTHENTICATE", "IDLE", "DONE", "APPEND"}


def test_a_raw_stream_of_each_side():
    server = b"* OK ready\r\n* 1 FETCH (FLAGS (\\Seen) BODY[] {7}\r\nx\r\ny\r\n\0)\r\na OK done\r\n"
    assert len(units(server.replace(b"\0", b"z"))) == 3
    client = b'a LOGIN {3+}\r\nbob "x y"\r\nb SELECT INBOX\r\nc FETCH 1:* (FLAGS)\r\n'
    assert [unit["name"] for unit in units(client)] == ["LOGIN", "SELECT", "FETCH"]
    assert [unit["name"] for unit in units(client, side="client", protocol="imap")] == [
        "LOGIN",
        "SELECT",
        "FETCH",
    ]


def test_pop3():
    transcript = (
        b"S: +OK ready\nC: USER bob\nS: +OK\nC: PASS hunter2\nS: +OK\n"
        b"C: RETR 1\nS: +OK 5 octets\nS: a\nS: ..b\nS: .\n"
        b"C: AUTH PLAIN\nS: +\x20\nC: AGJvYgBodW50ZXIy\nS: -ERR [AUTH] no\nC: QUIT\nS: +OK bye\n"
    )
    found = units(transcript)
    assert not any("error" in unit for unit in found), found
    assert [unit["body"] for unit in found if unit.get("body")] == ["a\r\n.b\r\n"]
    text = json.dumps(found)
    assert "hunter2" not in text and "AGJvYgBodW50ZXIy" not in text
    raw = b"+OK ready\r\n+OK 2 messages\r\n1 10\r\n2 20\r\n.\r\n-ERR no\r\n+OK bye\r\n"
    found = units(raw)
    assert len(found) == 4 and found[1]["body"] == "1 10\r\n2 20\r\n"
    assert [unit["command"] for unit in units(b"CAPA\r\nSTAT\r\nRETR 1\r\n")] == ["CAPA", "STAT", "RETR"]


def test_bad_units_are_lines_with_error_and_decoding_goes_on():
    found = units(b"* OK ready\r\n* 1 FETCH (((\r\n* 2 EXISTS\r\n")
    assert ["error" in unit for unit in found] == [False, True, False]
    assert found[1]["offset"] > 0 and found[1]["expected"]
    found = units(b"a NOOP\r\nb FETCH nonsense\r\nc NOOP\r\n")
    assert ["error" in unit for unit in found] == [False, True, False]
    assert found[1]["tag"] == "b"


def test_the_end_inside_a_unit_is_an_error_line():
    found = units(b"* OK ready\r\n* 1 FETCH (BODY[] {100}\r\nabc")
    assert len(found) == 2 and "ends inside" in found[1]["error"]


def test_nothing_gives_nothing():
    assert units(b"") == [] and units(b"\r\n\r\n") == []


def test_a_last_line_without_its_end_is_read():
    assert len(units(b"* OK ready\n* 2 EXISTS")) == 2


def test_lines_longer_than_a_piece():
    assert len(units(b"* OK " + b"x" * 200_000 + b"\r\n* 2 EXISTS\r\n")) == 2


def test_terminal_escapes_are_neutralised(tmp_path, capsys):
    file = tmp_path / "stream"
    file.write_bytes(b"* OK \x1b[31mred\x7f \xc2\x9b2J\r\n")
    assert cli.run(["decode", str(file)]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and all(" " <= c <= "~" for c in out.rstrip("\n"))
    assert "red" in json.loads(out)["text"]


def test_as_a_program_and_without_the_server_extra():
    code = (
        "import sys\n"
        "for name in ('argon2', 'cryptography', 'uvloop', 'rich'): sys.modules[name] = None\n"
        "from mailproto.cli import main; main(['decode', '-'])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], input=b"a NOOP\r\n", capture_output=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["name"] == "NOOP"


@pytest.mark.parametrize(
    "arguments", [["decode", "/nonexistent/file"], ["decode", "--protocol", "smtp", "-"]]
)
def test_errors_are_one_line(arguments, capsys):
    assert cli.run(arguments) != 0
    assert capsys.readouterr().err.count("\n") == 1

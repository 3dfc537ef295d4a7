"""The tables of what commands and mailbox names may have wrong."""

from __future__ import annotations

import pytest

from mailproto import ParseError
from mailproto.imap import DEFECTS, MailboxName, parse_command
from mailproto.imap.defects import OF_COMMANDS, OF_MAILBOX_NAMES, OF_RESPONSES

#: A command for each row of the table.
WITH_DEFECT = {
    "keyword-form": b"a SEARCH KEYWORD \\Seen\r\n",
    "empty-items": b"a FETCH 1 ()\r\n",
    "macro-in-list": b"a FETCH 1 (ALL)\r\n",
    "missing-space": b"a STORE 1(UNCHANGEDSINCE 1) FLAGS (a)\r\n",
    "atom-string": b'a ID ("version" 1.2)\r\n',
    "separate-lists": b"a SETQUOTA x (A 1) (B 2)\r\n",
    "options-behind": b"a GETMETADATA x (MAXSIZE 5) /a\r\n",
    "bare-events": b"a NOTIFY SET (personal MailboxName)\r\n",
    "odd-pair": b'a ID ("a" "b" "A" "c")\r\n',
}


def test_the_table_of_defects_has_every_one() -> None:
    assert list(WITH_DEFECT) == list(OF_COMMANDS)
    for name, wire in WITH_DEFECT.items():
        row = OF_COMMANDS[name]
        assert row.name == name
        assert row.seen
        assert row.reading
        command = parse_command(wire)
        assert command.defects == (name,)
        assert parse_command(bytes(command)) == command
        with pytest.raises(ParseError):
            parse_command(wire, strict=True)


def test_the_defects_of_names_are_in_a_table() -> None:
    found = {
        defect for wire in (b"&AGE-", b"\xc3\xa9", b"&") for defect in MailboxName.from_wire(wire).defects
    }
    assert found == set(OF_MAILBOX_NAMES)
    assert set(DEFECTS) == {*OF_RESPONSES, *OF_COMMANDS, *OF_MAILBOX_NAMES}

"""Golden transcripts of several servers: values, splits, round trips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.golden_helper import cuts, read, side, transcripts

from mailproto import NEED_DATA
from mailproto.imap import ResponseReader, parse_response, responses


def _of(brand: str) -> list[Any]:
    (path,) = (p for p in transcripts() if p.parent.name == brand)
    return read(ResponseReader(), [side(path, "S")])


@pytest.mark.parametrize("path", transcripts(), ids=lambda p: p.parent.name)
def test_every_cut_gives_the_same_values(path: Path) -> None:
    data = side(path, "S")
    whole = read(ResponseReader(), [data])
    assert not [event for event in whole if isinstance(event, tuple)]
    seen = [(value, value.defects) for value in whole]
    for pieces in cuts(data):
        assert [(value, value.defects) for value in read(ResponseReader(), pieces)] == seen


@pytest.mark.parametrize("path", transcripts(), ids=lambda p: p.parent.name)
def test_every_value_survives_the_wire(path: Path) -> None:
    for value in read(ResponseReader(), [side(path, "S")]):
        again = parse_response(bytes(value))
        assert again == value
        assert hash(again) == hash(value)
        assert again.to_dict().keys() >= {"type"}
        if not {"empty-multipart", "bad-flag"} & {*value.defects}:  # there is no right way to write these
            assert parse_response(bytes(again), strict=True) == value


def test_dovecot() -> None:
    values = _of("dovecot")
    first, second = (v for v in values if isinstance(v, responses.Fetch) and v.envelope is not None)
    assert first.envelope.subject_text == "Grüße"
    assert first.envelope.from_ is first.envelope.sender
    assert [a.addr_spec for a in first.envelope.to] == ["anna@example.net", "cd@example.net"]
    assert first.envelope.to[1].display_name == 'C, "D"'
    text, bill = first.body_structure.parts
    assert (text.media_type, text.lines, text.param("FORMAT")) == ("text/plain", 23, b"flowed")
    assert bill.disposition == (b"attachment", ((b"filename", b"bill.pdf"), (b"size", b"876")))
    assert (bill.language, bill.location) == ((b"de", b"en"), b"http://example.org/")
    assert first.internal_date.isoformat() == "2024-03-05T09:15:00+01:00"
    assert second.envelope.to[0].mailbox == b"undisclosed-recipients"
    assert second.body_structure.envelope.subject == b"inner"
    assert second.body_structure.body.size == 5
    assert second.body_structure.lines == 4
    sections = next(v.sections for v in values if isinstance(v, responses.Fetch) and v.sections)
    assert sections["BODY[1]<0>"] == b"0123456789\r\n"
    assert sections["BODY[HEADER.FIELDS (SUBJECT)]"].startswith(b"Subject: ")
    status = next(v for v in values if isinstance(v, responses.MailboxStatus))
    assert (status.mailbox, dict(status.items)) == (
        "Entwürfe",
        {"MESSAGES": 0, "UIDNEXT": 1, "HIGHESTMODSEQ": 1},
    )
    moved = next(v.code for v in values if getattr(v, "code", None) and v.code.name == "COPYUID")
    assert list(moved.value.destination) == [4]


def test_gmail() -> None:
    values = _of("gmail")
    row, body = (v for v in values if isinstance(v, responses.Fetch) and v.flags is None)
    assert row.others["X-GM-MSGID"] == 1278455344230334866
    assert row.gm_labels == ("\\Inbox", "\\Sent", "Important", "Muy Importante", "foo")
    assert row.body_structure.subtype == b"ALTERNATIVE"
    assert row.defects == ("empty-multipart",)
    assert body.sections["BODY[]"] == b"Subject: {5} is no literal\r\n\r\n"
    assert [v.mailbox for v in values if isinstance(v, responses.MailboxList)][3] == "Plain & simple"


def test_exchange() -> None:
    values = _of("exchange")
    defects = [value.defects for value in values if value.defects]
    assert defects == [
        ("trailing-space",),
        ("nil-for-string",),
        ("trailing-space",),
        ("missing-text", "missing-status"),
        ("missing-text",),
    ]
    copied = next(v for v in values if "missing-status" in v.defects)
    assert copied.status == "OK"
    assert list(copied.code.value.source) == [7]


def test_cyrus() -> None:
    values = _of("cyrus")
    names = next(v for v in values if isinstance(v, responses.Namespace))
    assert names.shared[1].extensions == (("X-PARAM", (b"FLAG1", b"FLAG2")),)
    vanished = next(v for v in values if isinstance(v, responses.Vanished))
    assert (list(vanished.uids), vanished.earlier) == ([1, 2, 3, 5], True)
    listed = next(v for v in values if isinstance(v, responses.MailboxList))
    assert listed.mailbox == 'a "b" c'
    assert listed.extended == (("CHILDINFO", ("SUBSCRIBED",)), ("OLDNAME", "old"))
    assert values[-1].code.value == (b"UTF-8", b"US ASCII")
    assert values[-1].text == "no [brackets] here {5}"
    assert ResponseReader().next() is NEED_DATA

"""Every golden transcript: what both sides say, at every cut, through ``feed`` and through ``get_buffer``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.golden_helper import GOLDEN, cuts, side, transcripts

from mailproto import NEED_DATA, ParseError
from mailproto.imap import CommandReader, ResponseReader

#: The servers whose habits the transcripts show.
BRANDS = {
    "courier", "cyrus", "domino", "dovecot", "exchange", "gmail", "hmailserver", "icloud", "james", "mailru",
    "protonbridge", "qq", "stalwart", "yahoo", "zimbra",
}  # fmt: skip


def fed(reader: Any, piece: bytes) -> None:
    reader.feed(piece)


def lent(reader: Any, piece: bytes) -> None:
    while piece:
        view = reader.get_buffer(-1)
        size = min(len(view), len(piece))
        view[:size] = piece[:size]
        view.release()
        reader.buffer_updated(size)
        piece = piece[size:]


def read(reader: Any, pieces: list[bytes], give: Callable[[Any, bytes], None]) -> list[Any]:
    found: list[Any] = []
    for piece in pieces:
        give(reader, piece)
        while True:
            try:
                value = reader.next()
            except ParseError as error:
                found.append((error.offset, error.expected, error.fatal))
                continue
            if value is NEED_DATA:
                break
            found.append((repr(value), value.defects) if hasattr(value, "error") else (value, value.defects))
    return found


def test_every_brand_has_its_transcript() -> None:
    assert {path.parent.name for path in GOLDEN.glob("*/*.txt")} >= BRANDS


@pytest.mark.parametrize("mark", ["S", "C"])
@pytest.mark.parametrize("path", transcripts(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_cut_and_no_way_in_makes_a_difference(path: Path, mark: str) -> None:
    make: Callable[[], Any] = ResponseReader if mark == "S" else CommandReader
    data = side(path, mark)
    if not data:
        return
    whole = read(make(), [data], fed)
    assert whole
    assert read(make(), [data], lent) == whole
    for number, pieces in enumerate(cuts(data)):
        assert read(make(), pieces, lent if number % 2 else fed) == whole

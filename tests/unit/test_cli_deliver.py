"""cli/deliver.py: what becomes of a message on its way in."""

from __future__ import annotations

import pytest

from mailproto.cli import CommandError
from mailproto.cli.deliver import EX_DATAERR, normalise


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"A: b\n\nbody\n", b"A: b\r\n\r\nbody\r\n"),
        (b"A: b\r\n\r\nbody\r\n", b"A: b\r\n\r\nbody\r\n"),
        (b"A: b\r\n\nmixed\r\nends", b"A: b\r\n\r\nmixed\r\nends\r\n"),
        (b"From bob@x Mon Nov  2\nA: b\n\nFrom here\n", b"A: b\r\n\r\nFrom here\r\n"),
        (b"From: bob\n\n", b"From: bob\r\n\r\n"),
        (b"A: b\n\n\x80\xff\n", b"A: b\r\n\r\n\x80\xff\r\n"),
    ],
)
def test_line_ends(given, kept):
    assert normalise(given) == kept


@pytest.mark.parametrize("message", [b"", b"\n", b"From bob\n", b"A: b\n\n\0\n"])
def test_refused(message):
    with pytest.raises(CommandError) as caught:
        normalise(message)
    assert caught.value.status == EX_DATAERR

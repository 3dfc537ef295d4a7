"""POP3 multi-line bodies."""

from __future__ import annotations

from bench import corpora, rivals
from bench.case import Case, Contestant
from bench.fetch import reads
from mailproto.pop3 import ReplyReader


def _ours(pieces: list[bytes], count: int) -> list[bytes]:
    reader = ReplyReader()
    reader.expect(*[f"RETR {number + 1}" for number in range(count)])
    out: list[bytes] = []
    for piece in pieces:
        reader.feed(piece)
        out.extend(reply.body for reply in reader)
    return out


def cases(scale: float = 1.0) -> list[Case]:
    """The rows of the table; *scale* shrinks the corpora for a smoke run."""
    replies = corpora.pop3_bodies(max(4, int(400 * scale)))
    stream = b"".join(replies)
    pieces = reads(stream)
    return [
        Case(
            "POP3 multi-line bodies of 25 KiB",
            len(replies),
            len(stream),
            Contestant(lambda: _ours(pieces, len(replies)), list),
            {
                "poplib": Contestant(
                    rivals.poplib_bodies(replies),
                    lambda found: [b"\r\n".join(lines) + b"\r\n" for lines in found],
                ),
                "replace idiom": Contestant(rivals.replace_idiom(replies), list),
            },
            {"poplib": 25, "replace idiom": 4},
        )
    ]

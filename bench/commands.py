"""Commands to typed values, as a server reads them."""

from __future__ import annotations

from typing import Any

from bench import corpora, rivals
from bench.case import Case, Contestant
from mailproto.imap import CommandReader


def cut(stream: bytes) -> list[bytes]:
    """The commands of a stream whose only literals are APPEND's."""
    units, at = [], 0
    while at < len(stream):
        end = stream.index(b"\r\n", at) + 2
        if stream[end - 4 : end] == b"+}\r\n":
            size = int(stream[stream.rindex(b"{", at, end) + 1 : end - 4])
            end = stream.index(b"\r\n", end + size) + 2
        units.append(stream[at:end])
        at = end
    return units


def _ours(stream: bytes) -> list[Any]:
    reader = CommandReader()
    reader.feed(stream)
    return list(reader)


def _tag(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value


def cases(scale: float = 1.0) -> list[Case]:
    """The rows of the table; *scale* shrinks the corpora for a smoke run."""
    stream = corpora.commands(max(20, int(4000 * scale)))
    units = cut(stream)
    against = {}
    if (run := rivals.codec_dicts(units, "CommandCodec")) is not None:
        against["imap-codec as_dict"] = Contestant(run, lambda found: [command["tag"] for command in found])
    if (run := rivals.pymap_commands(units)) is not None:
        against["pymap"] = Contestant(run, lambda found: [_tag(command.tag) for command in found])
    return [
        Case(
            "commands to typed values",
            len(units),
            len(stream),
            Contestant(lambda: _ours(stream), lambda found: [command.tag for command in found]),
            against,
            {"imap-codec as_dict": 10, "pymap": 90},
        )
    ]

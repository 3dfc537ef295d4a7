"""LIST, LSUB and STATUS lines, and one huge SEARCH answer."""

from __future__ import annotations

from typing import Any

from bench import corpora, rivals
from bench.case import Case, Contestant
from bench.fetch import cut, rows
from mailproto.imap import responses


def _lists(stream: bytes) -> list[Any]:
    found = rows(stream)
    for row in found:
        if isinstance(row, responses.MailboxStatus):
            row.mailbox, row.items  # noqa: B018
        else:
            row.kind, row.attributes, row.delimiter, row.mailbox  # noqa: B018
    return found


def _numbers(stream: bytes) -> list[int]:
    return rows(stream)[0].numbers.to_list()


def _plain_lists(found: list[Any]) -> list[Any]:
    return [
        (row.mailbox, sorted(row.items.values()))
        if isinstance(row, responses.MailboxStatus)
        else (row.mailbox, len(row.attributes))
        for row in found
    ]


def _plain_codec_lists(decoded: list[Any]) -> list[Any]:
    out = []
    for response in decoded:
        ((kind, data),) = response["Data"].items()
        name = data["mailbox"]["Other"]["String"]["Quoted"]
        items = data["items"]
        out.append(
            (name, sorted(v for item in items for v in item.values()))
            if kind == "Status"
            else (name, len(items))
        )
    return out


def cases(scale: float = 1.0) -> list[Case]:
    """The rows of the table; *scale* shrinks the corpora for a smoke run."""
    lists = corpora.lists(max(10, int(10_000 * scale)))
    search = corpora.search(max(10, int(1_000_000 * scale)))
    numbers = search.count(b" ") - 1
    dicts = rivals.codec_dicts([search])
    codec_search = {}
    if dicts is not None:
        codec_search = {"imap-codec as_dict": Contestant(dicts, lambda found: found[0]["Data"]["Search"])}
    others = {}
    if (run := rivals.imapclient_search(search)) is not None:
        others["imapclient"] = Contestant(run, list)
    others["split + int"] = Contestant(lambda: [int(n) for n in search[9:-2].split(b" ")], list)
    codec_lists = rivals.codec_dicts(cut(lists))
    return [
        Case(
            "LIST, LSUB and STATUS rows",
            lists.count(b"\r\n"),
            len(lists),
            Contestant(lambda: _lists(lists), _plain_lists),
            {}
            if codec_lists is None
            else {"imap-codec as_dict": Contestant(codec_lists, _plain_codec_lists)},
            {"imap-codec as_dict": 7.5},
        ),
        Case(
            "SEARCH, a million numbers, to SequenceSet",
            numbers,
            len(search),
            Contestant(lambda: rows(search), lambda found: found[0].numbers.to_list()),
            {**codec_search, **others},
            {"imap-codec as_dict": 6},
        ),
        Case(
            "SEARCH, a million numbers, to_list()",
            numbers,
            len(search),
            Contestant(lambda: _numbers(search), list),
            {**codec_search, **others},
            {"imap-codec as_dict": 2.1},
        ),
    ]

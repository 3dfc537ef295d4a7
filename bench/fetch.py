"""FETCH: envelope rows, flag rows, columns, bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bench import corpora, rivals
from bench.case import Case, Contestant
from mailproto.imap import FetchTable, ResponseReader

#: What a socket hands over at most in one read.
READ = 64 * 1024


def cut(stream: bytes) -> list[bytes]:
    """The units of a stream without literals."""
    return stream.splitlines(keepends=True)


def reads(stream: bytes) -> list[bytes]:
    """A stream as it comes from a socket: what a read hands over is no work of a parser's."""
    return [stream[start : start + READ] for start in range(0, len(stream), READ)]


def rows(stream: bytes) -> list[Any]:
    """Read a whole stream; nothing lazy is decoded."""
    reader = ResponseReader()
    reader.feed(stream)
    return list(reader)


def touch_address(address: Any) -> None:
    """Read every field of an Address."""
    address.name, address.route, address.mailbox, address.host  # noqa: B018


def touch_body(body: Any) -> None:
    """Read every field of a BodyStructure and of all the parts below it."""
    pending = [body]
    while pending:
        part = pending.pop()
        part.type, part.subtype, part.params, part.id, part.description, part.encoding, part.size  # noqa: B018
        part.lines, part.md5, part.disposition, part.language, part.location  # noqa: B018
        if part.parts:
            pending.extend(part.parts)


def touch_all(fetched: Iterable[Any]) -> None:
    """Read every field of every row, whatever it costs to decode."""
    for row in fetched:
        row.seq, row.uid, row.flags, row.internal_date, row.size  # noqa: B018
        envelope = row.envelope
        envelope.date, envelope.subject, envelope.in_reply_to, envelope.message_id  # noqa: B018
        for addresses in (
            envelope.from_, envelope.sender, envelope.reply_to, envelope.to, envelope.cc, envelope.bcc,
        ):  # fmt: skip
            if addresses:
                for address in addresses:
                    touch_address(address)
        touch_body(row.body_structure)


def _every_field(stream: bytes) -> list[Any]:
    fetched = rows(stream)
    touch_all(fetched)
    return fetched


def _decoded(stream: bytes) -> list[Any]:
    fetched = rows(stream)
    for row in fetched:
        row.envelope, row.body_structure  # noqa: B018
    return fetched


def _uid_and_flags(stream: bytes) -> list[Any]:
    fetched = rows(stream)
    for row in fetched:
        row.uid, row.flags  # noqa: B018
    return fetched


def _flag_rows(stream: bytes) -> list[Any]:
    fetched = rows(stream)
    for row in fetched:
        row.seq, row.uid, row.flags, row.size  # noqa: B018
    return fetched


# What can be compared: number, UID, flags, size and, where there is an envelope, its subject and recipients.


def plain_ours(fetched: list[Any]) -> list[Any]:
    """Our rows as tuples."""
    out = []
    for row in fetched:
        envelope = row.envelope
        texts = envelope and (envelope.subject, [(a.name, a.mailbox, a.host) for a in envelope.to])
        out.append((row.seq, row.uid, sorted(row.flags), row.size, texts))
    return out


def _string(value: Any) -> bytes | None:
    return None if value is None else next(iter(value.values())).encode()


def plain_codec(decoded: list[Any]) -> list[Any]:
    """imap-codec's dicts as the same tuples."""
    out = []
    for response in decoded:
        fetch = response["Data"]["Fetch"]
        items = {name: value for item in fetch["items"] for name, value in item.items()}
        flags = []
        for flag in items["Flags"]:
            name = flag if isinstance(flag, str) else flag["Flag"]
            flags.append(f"\\{name}" if isinstance(name, str) else name["Keyword"])
        texts = None
        if envelope := items.get("Envelope"):
            to = [(_string(a["name"]), _string(a["mailbox"]), _string(a["host"])) for a in envelope["to"]]
            texts = (_string(envelope["subject"]), to)
        out.append((fetch["seq"], items["Uid"], sorted(flags), items["Rfc822Size"], texts))
    return out


def plain_imapclient(fetched: dict[int, dict[bytes, Any]]) -> list[Any]:
    """imapclient's dict as the same tuples."""
    out = []
    for uid, row in fetched.items():
        envelope = row.get(b"ENVELOPE")
        texts = envelope and (envelope.subject, [(a.name, a.mailbox, a.host) for a in envelope.to])
        flags = sorted(flag.decode() for flag in row[b"FLAGS"])
        out.append((row[b"SEQ"], uid, flags, row[b"RFC822.SIZE"], texts))
    return out


def _offered(**contestants: tuple[Callable[[], Any] | None, Callable[[Any], Any]]) -> dict[str, Contestant]:
    """The rivals that are installed."""
    names = {"as_dict": "imap-codec as_dict", "imaplib": "imaplib", "find": "find + slice"}
    return {
        names.get(name, name): Contestant(run, plain)
        for name, (run, plain) in contestants.items()
        if run is not None
    }


def _columns(stream: bytes) -> Any:
    table = FetchTable()
    table.feed(stream)
    return table


def _plain_table(table: Any) -> list[Any]:
    names = table.flag_names
    return [
        (seq, uid, sorted(name for bit, name in enumerate(names) if flags >> bit & 1), size, None)
        for seq, uid, flags, size in zip(table.seq, table.uid, table.flags, table.size, strict=True)
    ]


def _bodies(pieces: list[bytes]) -> list[bytes]:
    reader = ResponseReader()
    out: list[bytes] = []
    for piece in pieces:
        reader.feed(piece)
        out.extend(row.sections["BODY[]"] for row in reader)
    return out


def _find_and_slice(stream: bytes) -> list[bytes]:
    """The least that anybody can do: find ``{n}``, slice."""
    out, at = [], 0
    while (opened := stream.find(b"{", at)) >= 0:
        closed = stream.index(b"}\r\n", opened)
        start = closed + 3
        at = start + int(stream[opened + 1 : closed])
        out.append(stream[start:at])
    return out


def cases(scale: float = 1.0) -> list[Case]:
    """The rows of the table; *scale* shrinks the corpora for a smoke run."""
    envelopes = corpora.fetch_envelopes(max(4, int(2000 * scale)))
    flags = corpora.fetch_flags(max(4, int(20_000 * scale)))
    bodies = corpora.fetch_bodies(max(4, int(400 * scale)))
    n_envelopes, n_flags = envelopes.count(b"\r\n"), flags.count(b"\r\n")
    pieces = reads(bodies)
    n_bodies = bodies.count(b" FETCH ")
    against_envelopes = _offered(
        as_dict=(rivals.codec_dicts(cut(envelopes)), plain_codec),
        imapclient=(rivals.imapclient_fetch(envelopes), plain_imapclient),
    )
    against_flags = _offered(
        as_dict=(rivals.codec_dicts(cut(flags)), plain_codec),
        imapclient=(rivals.imapclient_fetch(flags), plain_imapclient),
    )

    def envelope_case(name: str, run: Callable[[bytes], Any], goals: dict[str, float]) -> Case:
        ours = Contestant(lambda: run(envelopes), plain_ours)
        return Case(name, n_envelopes, len(envelopes), ours, against_envelopes, goals)

    return [
        envelope_case(
            "FETCH envelope row, every field touched",
            _every_field,
            {"imap-codec as_dict": 7, "imapclient": 50},
        ),
        envelope_case("FETCH envelope row, decoded, not read", _decoded, {"imap-codec as_dict": 12}),
        envelope_case(
            "FETCH envelope row, uid and flags touched", _uid_and_flags, {"imap-codec as_dict": 32}
        ),
        Case(
            "FETCH flags row, all fields",
            n_flags,
            len(flags),
            Contestant(lambda: _flag_rows(flags), plain_ours),
            against_flags,
            {"imap-codec as_dict": 12, "imapclient": 85},
        ),
        Case(
            "FETCH flags into columns (FetchTable)",
            n_flags,
            len(flags),
            Contestant(lambda: _columns(flags), _plain_table),
            {name: rival for name, rival in against_flags.items() if name != "imapclient"},
            {"imap-codec as_dict": 35},
        ),
        Case(
            "FETCH BODY[] of 32 KiB, in 64 KiB reads",
            n_bodies,
            len(bodies),
            Contestant(lambda: _bodies(pieces), list),
            _offered(
                imaplib=(
                    rivals.imaplib_data(bodies, "FETCH"),
                    lambda data: [d[1] for d in data if len(d) == 2],
                ),
                find=(lambda: _find_and_slice(bodies), list),
            ),
            {"imaplib": 3, "find + slice": 1},
        ),
    ]

"""Seeded protocol streams of the shapes that servers and clients really send.

Every function returns the same bytes for the same arguments on every machine and Python version.
"""

from __future__ import annotations

import random

WORDS = (
    "quarterly report invoice minutes lunch the of for draft contract review travel budget team notes and "
    "schedule release candidate customer question answer update weekly planning holiday photos re agenda"
).split()
NAMES = (
    "Ada Barnaby Chiara Dmitri Eleanor Farid Greta Hiroshi Ines Jonas Katarzyna Leila Mateo Nadia Oskar "
    "Priya Quentin Rosa Stefan Tomoko"
).split()
SURNAMES = (
    "Almeida Bergstrom Castellanos Dubois Eriksen Fitzgerald Grant Hoffmann Ivanova Jansen Kowalska "
    "Lindqvist Moreau Nakamura Okafor Petrov Quispe Rossi Schmidt Tanaka"
).split()
HOSTS = "example.com example.org mail.example.net lists.example.org corp.example.com".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
FLAG_SETS = (
    "", "\\Seen", "\\Seen", "\\Seen", "\\Answered \\Seen", "\\Flagged \\Seen", "\\Seen $Forwarded",
    "\\Seen NonJunk", "\\Deleted \\Seen", "\\Recent",
)  # fmt: skip


def _date(rng: random.Random) -> tuple[str, str]:
    """One moment as a header Date and as an INTERNALDATE."""
    day, month, year = rng.randrange(1, 29), rng.choice(MONTHS), rng.randrange(2015, 2027)
    clock = f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
    zone = rng.choice(("+0000", "+0200", "-0500", "+0900"))
    return (
        f"{rng.choice(DAYS)}, {day} {month} {year} {clock} {zone}",
        f"{day:2}-{month}-{year} {clock} {zone}",
    )


def _quoted(text: str | None) -> str:
    return "NIL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _person(rng: random.Random) -> str:
    first, last = rng.choice(NAMES), rng.choice(SURNAMES)
    name = None if rng.random() < 0.15 else f"{first} {last}"
    if rng.random() < 0.08:
        name = f"=?UTF-8?Q?{first}_{last}=C3=A9?="
    return f"({_quoted(name)} NIL {_quoted(f'{first}.{last}'.lower())} {_quoted(rng.choice(HOSTS))})"


def _message_id(rng: random.Random) -> str:
    return f"<{rng.randrange(16**12):012x}.{rng.randrange(16**8):08x}@{rng.choice(HOSTS)}>"


def _envelope(rng: random.Random, date: str) -> str:
    subject = " ".join(rng.choices(WORDS, k=rng.randrange(2, 9))).capitalize()
    if rng.random() < 0.3:
        subject = "Re: " + subject
    if rng.random() < 0.1:
        subject = "=?UTF-8?B?w5xiZXJzaWNodCBmw7xyIGRpZSBXb2NoZQ==?="
    sender = _person(rng)
    to = "".join(_person(rng) for _ in range(rng.choice((1, 1, 2, 3, 4))))
    cc = "(" + "".join(_person(rng) for _ in range(2)) + ")" if rng.random() < 0.35 else "NIL"
    reply = _quoted(_message_id(rng)) if rng.random() < 0.4 else "NIL"
    return (
        f"({_quoted(date)} {_quoted(subject)} ({sender}) ({sender}) ({sender}) ({to}) {cc} NIL {reply} "
        f"{_quoted(_message_id(rng))})"
    )


def _text_part(rng: random.Random, subtype: str) -> str:
    lines = rng.randrange(5, 400)
    encoding = rng.choice(("7BIT", "QUOTED-PRINTABLE", "8BIT"))
    return (
        f'("TEXT" "{subtype}" ("CHARSET" "UTF-8") NIL NIL "{encoding}" {lines * 61} {lines} NIL NIL NIL NIL)'
    )


def _body_structure(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.2:
        return _text_part(rng, "PLAIN")
    boundary = f"----=_Part_{rng.randrange(10**6)}_{rng.randrange(10**9)}.{rng.randrange(10**12)}"
    texts = _text_part(rng, "PLAIN") + _text_part(rng, "HTML")
    alternative = f'({texts} "ALTERNATIVE" ("BOUNDARY" "{boundary}") NIL NIL NIL)'
    if kind < 0.55:
        return alternative
    name = f"{rng.choice(WORDS)}-{rng.randrange(1000)}.pdf"
    attachment = (
        f'("APPLICATION" "PDF" ("NAME" "{name}") NIL NIL "BASE64" {rng.randrange(10**4, 10**7)} NIL '
        f'("ATTACHMENT" ("FILENAME" "{name}")) NIL NIL)'
    )
    return f'({alternative}{attachment} "MIXED" ("BOUNDARY" "{boundary}x") ("INLINE" NIL) NIL NIL)'


def fetch_envelopes(count: int, seed: int = 1) -> bytes:
    """FETCH rows with UID, FLAGS, INTERNALDATE, RFC822.SIZE, ENVELOPE and BODYSTRUCTURE: 930 octets each."""
    rng = random.Random(seed)
    rows = []
    for number in range(1, count + 1):
        date, internal = _date(rng)
        rows.append(
            f"* {number} FETCH (UID {1000 + number * 2} FLAGS ({rng.choice(FLAG_SETS)}) "
            f'INTERNALDATE "{internal}" '
            f"RFC822.SIZE {rng.randrange(800, 10**7)} ENVELOPE {_envelope(rng, date)} "
            f"BODYSTRUCTURE {_body_structure(rng)})\r\n"
        )
    return "".join(rows).encode("ascii")


def fetch_flags(count: int, seed: int = 2) -> bytes:
    """FETCH rows with UID, FLAGS and RFC822.SIZE, about 65 octets each.

    The size stands where CONDSTORE servers send MODSEQ, which imap-codec's Python package does not read.
    """
    rng = random.Random(seed)
    return "".join(
        f"* {number} FETCH (UID {100_000 + number * 3} FLAGS ({rng.choice(FLAG_SETS)}) "
        f"RFC822.SIZE {rng.randrange(10**3, 10**7)})\r\n"
        for number in range(1, count + 1)
    ).encode("ascii")


def _text(rng: random.Random, octets: int, dots: float = 0.0) -> bytes:
    """CRLF lines of words, *octets* long or a little more; a share *dots* of them starts with a dot."""
    lines, size = [], 0
    while size < octets:
        line = ("." if rng.random() < dots else "") + " ".join(rng.choices(WORDS, k=rng.randrange(1, 13)))
        lines.append(line)
        size += len(line) + 2
    return "\r\n".join(lines).encode("ascii") + b"\r\n"


def fetch_bodies(count: int, octets: int = 32 * 1024, seed: int = 3) -> bytes:
    """FETCH rows that hold one literal of about *octets* each."""
    rng = random.Random(seed)
    rows = []
    for number in range(1, count + 1):
        body = _text(rng, octets)
        rows.append(b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (number, number, len(body), body))
    return b"".join(rows)


def search(count: int, seed: int = 4) -> bytes:
    """One SEARCH answer of *count* ascending numbers with gaps: a million are about 7.4 MB."""
    rng = random.Random(seed)
    numbers, at = [], 0
    for _ in range(count):
        at += 1 if rng.random() < 0.7 else rng.randrange(2, 5)
        numbers.append(at)
    return b"* SEARCH " + " ".join(map(str, numbers)).encode("ascii") + b"\r\n"


def lists(count: int, seed: int = 5) -> bytes:
    """LIST, LSUB and STATUS lines, about 64 octets each."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        top = rng.choice(("Archive", "Clients", "Projects"))
        name = f"{top}/{rng.choice(WORDS)}/{rng.choice(SURNAMES)}{number}"
        kind = rng.random()
        if kind < 0.6:
            attributes = rng.choice(("\\HasNoChildren", "\\HasChildren", "\\HasNoChildren \\Marked"))
            rows.append(f'* LIST ({attributes}) "/" "{name}"\r\n')
        elif kind < 0.75:
            rows.append(f'* LSUB () "/" "{name}"\r\n')
        else:
            messages = rng.randrange(10_000)
            rows.append(
                f'* STATUS "{name}" (MESSAGES {messages} UIDNEXT {messages + 7} UNSEEN {messages // 9})\r\n'
            )
    return "".join(rows).encode("ascii")


def commands(count: int, seed: int = 6) -> bytes:
    """What a client sends: a mix of the usual commands, a few with a non-synchronising literal."""
    rng = random.Random(seed)
    out = []
    for number in range(count):
        first = rng.randrange(1, 5000)
        folder = f"Projects/{rng.choice(WORDS)}"
        body = _text(rng, 1200)
        out.append(
            rng.choice(
                (
                    b"UID FETCH %d:%d (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE "
                    b"BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT REFERENCES LIST-ID X-PRIORITY)])"
                    % (first, first + 50),
                    b"UID FETCH %d,%d,%d:%d (FLAGS BODY.PEEK[]<0.65536>)"
                    % (first, first + 3, first + 8, first + 11),
                    b"UID STORE %d +FLAGS.SILENT (\\Seen $Forwarded)" % first,
                    b"UID SEARCH OR FROM %b SUBJECT %b SINCE 1-Feb-2024 NOT DELETED UNSEEN LARGER 2048"
                    % (b"ines@example.com", b'"quarterly report"'),
                    b'SELECT "%b"' % folder.encode(),
                    b'STATUS "%b" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)' % folder.encode(),
                    b'LIST "" "%b/%%"' % folder.encode(),
                    b'UID MOVE %d:%d "%b"' % (first, first + 9, folder.encode()),
                    b"NOOP",
                    b'APPEND "Sent" (\\Seen) " 1-Feb-2024 10:00:00 +0100" {%d+}\r\n%b' % (len(body), body),
                )
            ).join((b"A%04d " % number, b"\r\n"))
        )
    return b"".join(out)


def pop3_bodies(count: int, octets: int = 25 * 1024, seed: int = 7) -> list[bytes]:
    """Replies to RETR, each a message of about *octets*, stuffed; a line in a hundred has a dot first."""
    rng = random.Random(seed)
    replies = []
    for _ in range(count):
        text = _text(rng, octets, dots=0.01)
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in text.split(b"\r\n"))
        replies.append(b"+OK %d octets\r\n%b.\r\n" % (len(text), stuffed))
    return replies

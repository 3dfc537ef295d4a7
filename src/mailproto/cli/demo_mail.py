"""The demo's mail: generated, realistic, the same every time.

Plain text, alternatives, attachments, forwarded messages, encoded words, UTF-8 and raw 8-bit text, and one
message of 25 MB. The facts that the demo checks (which messages hold the searched word, what the attachment's
octets are) are told beside the messages, not looked up in what the server says.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, Policy
from email.utils import format_datetime
from typing import Final

#: How many messages the demo delivers.
COUNT: Final = 200
#: Octets of the one large message, about.
LARGE: Final = 25_000_000
#: The word that the demo searches for; it stands in no vocabulary below.
WORD: Final = "kingfisher"
#: The file that the demo fetches without its message.
ATTACHMENT: Final = "floor plan.pdf"

_PEOPLE: Final = (
    ("Ada Okafor", "ada@lindgren.example"),
    ("Björn Håkansson", "bjorn@lindgren.example"),
    ("Chiara Rossi", "chiara.rossi@studio.example"),
    ("Dmitri Orlov", "d.orlov@orlov.example"),
    ("李小龙", "li@east.example"),
    ("Eleanor Fitzgerald", "eleanor@council.example"),
    ("O'Brien, Niamh", "niamh@obrien.example"),
    ("Zoë van Dijk", "zoe@dijk.example"),
)
_ME: Final = ("Sam Demo", "sam@demo.example")
_SUBJECTS: Final = (
    "Minutes of Tuesday's meeting",
    "Invoice 2026-{n:04}",
    "Re: lunch on Friday?",
    "Übersicht für die Woche {n}",
    "Фотографии с озера",
    "Your parcel arrives tomorrow",
    "Fwd: the boat house",
    "見積もりの件",
    "Weekly digest, issue {n}",
    "Re: Re: garden fence — the final word",
)
_SENTENCES: Final = (
    "The draft is with the printers and should be back by Thursday.",
    "Could you look over the second page before it goes out?",
    "We have moved the meeting to the small room on the third floor.",
    "Die Unterlagen liegen im Büro, schöne Grüße von allen.",
    "Спасибо за фотографии, они чудесные.",
    "Nothing urgent, but I would like your view on the budget.",
    ".hidden files begin with a dot, and so does this line.",
    "来週の会議の資料を送ります。",
    "The train was late again, so I read the whole report on the platform.",
)


@dataclass(frozen=True)
class SampleMail:
    """What is delivered, and what is known of it."""

    messages: list[bytes]
    #: Positions in ``messages``, from zero.
    with_word: list[int] = field(default_factory=list)
    with_attachment: int = 0
    attachment: bytes = b""
    large: int = 0

    @property
    def octets(self) -> int:
        """Octets of all messages."""
        return sum(map(len, self.messages))


def _paragraphs(rng: random.Random, ascii_only: bool = False) -> str:
    usable = [s for s in _SENTENCES if s.isascii()] if ascii_only else list(_SENTENCES)
    return "\n\n".join(
        " ".join(rng.choices(usable, k=rng.randrange(1, 6))) for _ in range(rng.randrange(1, 5))
    )


def _headers(rng: random.Random, number: int, message: EmailMessage) -> None:
    sender = rng.choice(_PEOPLE)
    message["From"] = _address(*sender)
    message["To"] = _address(*_ME)
    if rng.random() < 0.3:
        message["Cc"] = ", ".join(_address(*person) for person in rng.sample(_PEOPLE, 2))
    message["Subject"] = rng.choice(_SUBJECTS).format(n=number)
    sent = datetime(2026, 1, 5, 8, 0, tzinfo=UTC) + timedelta(hours=number * 7, minutes=rng.randrange(60))
    message["Date"] = format_datetime(sent)
    domain = sender[1].partition("@")[2]
    message["Message-ID"] = f"<demo.{number}.{rng.randrange(16**8):08x}@{domain}>"
    if rng.random() < 0.3:
        message["In-Reply-To"] = f"<demo.{max(1, number - 3)}@{domain}>"
    if rng.random() < 0.1:
        message["List-Id"] = "Boat house friends <boat.lists.example>"


def _address(name: str, mailbox: str) -> str:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{mailbox}>'


def _plain(rng: random.Random, number: int) -> EmailMessage:
    message = EmailMessage()
    _headers(rng, number, message)
    message.set_content(_paragraphs(rng, ascii_only=number % 2 == 0))
    return message


def _alternative(rng: random.Random, number: int) -> EmailMessage:
    message = EmailMessage()
    _headers(rng, number, message)
    text = _paragraphs(rng)
    message.set_content(text)
    html = "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n"))
    message.add_alternative(f"<html><body>{html}</body></html>", subtype="html")
    return message


def _with_file(rng: random.Random, number: int, name: str, content: bytes, subtype: str) -> EmailMessage:
    message = _alternative(rng, number)
    message.add_attachment(content, maintype="application", subtype=subtype, filename=name)
    return message


def _forwarded(rng: random.Random, number: int) -> EmailMessage:
    message = EmailMessage()
    _headers(rng, number, message)
    message.set_content("See below.\n")
    message.add_attachment(_plain(rng, number + 1000))
    return message


def _octets(message: EmailMessage, policy: Policy = SMTP) -> bytes:
    """The message as it is delivered. Boundaries are numbered, where `email` would draw them at random."""
    parts = [
        part for part in message.walk() if part.is_multipart() and part.get_content_type() != "message/rfc822"
    ]
    for number, part in enumerate(parts, 1):
        part.set_boundary(f"=_part_{number}_of_the_demo")
    return message.as_bytes(policy=policy)


def _eight_bit(rng: random.Random, number: int) -> bytes:
    """Raw ISO-8859-1 text without MIME headers, with a header that is 8-bit too: old software sends it."""
    return (
        "From: fax gateway <fax@gateway.example>\r\n"
        f"To: {_ME[1]}\r\n"
        f"Subject: Rückmeldung Nr. {number}\r\n"
        f"Date: Mon, 02 Feb 2026 0{number % 10}:00:00 +0100\r\n"
        "\r\n"
        "Schöne Grüße, die Lieferung ist unterwegs.\r\n"
        ".\r\n"
        "..und zwei Punkte.\r\n"
    ).encode("latin-1")


def _messages(rng: random.Random, attachment: bytes) -> Iterator[bytes]:
    for number in range(1, COUNT + 1):
        if number == COUNT - 10:
            content = rng.randbytes(LARGE * 54 // 74)  # base64 in lines of 76 makes 4 of 3, and a CRLF each
            yield _octets(_with_file(rng, number, "orchestra.flac", content, "octet-stream"))
        elif number == COUNT - 5:
            yield _octets(_with_file(rng, number, ATTACHMENT, attachment, "pdf"))
        elif number % 40 == 7:
            message = _plain(rng, number)
            message.set_content(f"{_paragraphs(rng)}\n\nOn the way home we saw a {WORD} by the weir.\n")
            yield _octets(message)
        elif number % 25 == 0:
            yield _eight_bit(rng, number)
        elif number % 20 == 3:
            yield _octets(_forwarded(rng, number))
        elif number % 20 == 13:
            # UTF-8 in the headers themselves (RFC 6532), as an internationalised sender writes them.
            yield _octets(_plain(rng, number), SMTPUTF8)
        elif number % 7 == 0:
            content = rng.randbytes(rng.randrange(2_000, 60_000))
            yield _octets(_with_file(rng, number, f"scan-{number}.png", content, "octet-stream"))
        elif number % 2:
            yield _octets(_alternative(rng, number))
        else:
            yield _octets(_plain(rng, number))


def generate(seed: int = 1) -> SampleMail:
    """Make the demo's messages. The same seed gives the same octets on every machine."""
    rng = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    attachment = b"%PDF-1.7\n" + rng.randbytes(180_000)
    messages = list(_messages(rng, attachment))
    return SampleMail(
        messages=messages,
        with_word=[index for index in range(COUNT) if (index + 1) % 40 == 7],
        with_attachment=COUNT - 6,
        attachment=attachment,
        large=COUNT - 11,
    )

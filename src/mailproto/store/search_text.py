"""Decoded text of messages, for SEARCH: encoded words, transfer encodings, character sets.

Everything here takes linear time: no backtracking regular expression meets a stranger's header.
"""

from __future__ import annotations

import binascii
import email
import email.errors
import email.message
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from mailproto._core.mime import parse_header

# Character sets whose decoders take linear time. Python knows others (punycode, idna, unicode_escape
# ...) that no message uses for honest purposes.
_CHARSETS: Final = (
    "utf", "us-ascii", "ascii", "iso-8859", "iso8859", "iso_8859", "iso-2022", "latin", "windows-", "cp",
    "koi8", "gb", "hz-gb", "big5", "euc", "shift_jis", "shift-jis", "sjis", "ks_c", "mac", "tis-620",
    "viscii",
)  # fmt: skip
_UNFOLD: Final = re.compile(rb"\r?\n(?=[ \t])")


class Needle:
    """What is searched for: UTF-8, compared without regard to case."""

    __slots__ = ("empty", "raw", "text")

    def __init__(self, value: bytes) -> None:
        self.text = fold(value.decode("utf-8", "replace"))
        self.empty = not self.text
        #: Lower-case octets where the needle is ASCII: then ASCII text need not be decoded at all.
        self.raw = self.text.encode() if self.text.isascii() else None

    def inside(self, text: str) -> bool:
        """Whether decoded text holds the needle."""
        return self.text in fold(text)


def fold(text: str) -> str:
    """For comparison: composed, without case."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def decode(data: bytes, charset: str | None) -> str:
    """Octets as text. An unknown or wrong character set loses no ASCII."""
    name = (charset or "utf-8").strip().lower()
    if name.startswith(_CHARSETS) and name.isprintable():
        try:
            return data.decode(name, "replace" if charset else "strict")
        except (LookupError, ValueError):
            pass
    return data.decode("latin-1")


def decode_words(value: bytes) -> str:
    """A header's value with its encoded words (RFC 2047) decoded; unfolded already."""
    if b"=?" not in value:
        return decode(value, None)
    out: list[str] = []
    at = plain = 0
    after_word = False
    while (start := value.find(b"=?", at)) >= 0:
        # =?charset?encoding?text?= ; none of the three holds "?" or a space
        pieces = value[start + 2 : start + 2 + 1000].split(b"?", 3)
        word = _word(pieces)
        if word is None:
            at = start + 2
            continue
        between = value[plain:start]
        if not (after_word and not between.strip()):  # space between two encoded words is not shown
            out.append(decode(between, None))
        out.append(word)
        at = plain = start + 2 + sum(map(len, pieces[:3])) + 3 + 1
        after_word = True
    out.append(decode(value[plain:], None))
    return "".join(out)


def _word(pieces: list[bytes]) -> str | None:
    if len(pieces) != 4 or not pieces[3].startswith(b"=") or b" " in pieces[2]:
        return None
    charset, encoding, text = pieces[0].decode("latin-1").partition("*")[0], pieces[1].upper(), pieces[2]
    if encoding == b"Q":
        return decode(binascii.a2b_qp(text, header=True), charset)
    if encoding == b"B":
        data = _base64(text)
        return None if data is None else decode(data, charset)
    return None


def _base64(text: bytes) -> bytes | None:
    try:
        return binascii.a2b_base64(text + b"==")
    except binascii.Error:
        return None


class HeadText:
    """A message header."""

    __slots__ = ("_fields", "_head")

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._fields: list[tuple[bytes, bytes]] | None = None

    def contains(self, names: tuple[str, ...], needle: Needle) -> bool:
        """Whether a field of one of these names (none: any line) holds the needle; an empty one: is there."""
        head = self._head
        if needle.raw and head.isascii() and b"=?" not in head and needle.raw not in _lowered(head):
            return False  # the common case: nothing is encoded, and the octets are not there
        wanted = {name.lower().encode("utf-8", "replace") for name in names}
        for name, value in self.fields():
            if wanted and name not in wanted:
                continue
            text = decode_words(value)
            if needle.inside(text if wanted else f"{name.decode('latin-1')}: {text}"):
                return True
        return False

    def fields(self) -> list[tuple[bytes, bytes]]:
        """(lower-case name, unfolded value) of every field."""
        if self._fields is None:
            self._fields = [(name.lower(), value) for name, value in parse_header(self._head)]
        return self._fields


def _lowered(data: bytes) -> bytes:
    # Folding puts a line end inside a value; the needle holds none.
    return _UNFOLD.sub(b"", data).lower()


class MessageText:
    """A whole message: the text of its text parts, and of the headers of messages inside it."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def contains(self, needle: Needle) -> bool:
        """Whether the body holds the needle."""
        return any(needle.inside(text) for text in self._texts())

    def _texts(self) -> Iterator[str]:
        try:
            # A stack, not recursion; True: a message inside, whose header is part of the body of the one
            # outside.
            stack = [(email.message_from_bytes(self._data), False)]
            while stack:
                part, inner = stack.pop()
                if inner:
                    yield "\n".join(
                        f"{name}: {decode_words(_UNFOLD.sub(b'', _octets(value)))}"
                        for name, value in part.raw_items()
                    )
                payload = part.get_payload()
                if isinstance(payload, list):
                    encloses = part.get_content_maintype() == "message"
                    stack.extend(
                        (child, encloses) for child in reversed(payload) if not isinstance(child, str)
                    )
                elif part.get_content_maintype() == "text":
                    yield self._text(part)
        except (
            RecursionError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            email.errors.MessageError,
        ):
            # Nested or broken past what the parser can take: search what is there, undecoded.
            yield self._data.decode("latin-1")

    @staticmethod
    def _text(part: email.message.Message) -> str:
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            return ""
        charset = part.get_param("charset")
        return decode(payload, charset if isinstance(charset, str) else None)


def _octets(value: object) -> bytes:
    return str(value).encode("utf-8", "surrogateescape")

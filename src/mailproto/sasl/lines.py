"""The base64 lines that carry SASL in IMAP (RFC 9051 section 6.2.2) and POP3 (RFC 5034 section 4)."""

from __future__ import annotations

import binascii

from mailproto.errors import ParseError


def decode_line(line: bytes) -> bytes:
    """The octets that *line*, without its line end, stands for.

    Raises ParseError for anything but canonical base64 (RFC 4648 section 3.5): another alphabet, blanks,
    padding that is missing or misplaced. The error does not hold the line, which may be a password.
    """
    try:
        return binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:
        raise ParseError(0, "base64") from None


def encode_line(data: bytes) -> bytes:
    """*data* in base64, without a line end."""
    return binascii.b2a_base64(data, newline=False)


def decode_initial_response(word: bytes) -> bytes:
    """The same for the word behind a mechanism's name: ``=`` stands for no octets (RFC 4959 section 3)."""
    return b"" if word == b"=" else decode_line(word)


def encode_initial_response(data: bytes) -> bytes:
    """The inverse of :func:`decode_initial_response`."""
    return encode_line(data) or b"="

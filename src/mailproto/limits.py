"""Bounds against hostile input: the Python mirror of ``csrc/include/mailproto/limits.h``."""

from __future__ import annotations

from dataclasses import dataclass

_KIB = 1024
_MIB = 1024 * _KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every bound that readers enforce. Each is inclusive; passing one is a :class:`mailproto.LimitError`.

    A unit is one response, one command or one POP3 reply, with its literals. The field defaults are those of
    :meth:`client`.
    """

    #: Octets of one unit outside its literals: a SEARCH answer of a million numbers is 7.4 MB.
    max_line: int = 64 * _MIB
    #: Octets of one literal: the largest message, or attachment, that is taken at all.
    max_literal: int = 1024 * _MIB
    #: Octets of one unit with its literals, so that many small literals are no way around the others. At most
    #: 2**32 - 1, and more only where literals are streamed.
    max_unit: int = 2048 * _MIB
    #: Literals in one unit: a LIST or a STATUS may have one in each of its values.
    max_literals: int = 100_000
    #: Lists open at once; also nested body parts, search keys and threads. Real mail has ten or so. Responses
    #: stop at 250 in any case.
    max_depth: int = 100
    #: Tokens in one unit: each costs memory of its own.
    max_elements: int = 4_000_000
    #: Addresses in one ENVELOPE: each is an object with four strings, made of as little as 17 octets.
    max_addresses: int = 100_000
    #: Parameters of one body part; real ones have three.
    max_parameters: int = 1000
    #: MIME parts in one message: the digest of a busy list has hundreds.
    max_parts: int = 10_000
    #: Octets of one message's or part's header, read as MIME, which is kept in memory as a whole.
    max_header: int = 16 * _MIB
    #: Octets of one POP3 multi-line body: nobody announces its size.
    max_body: int = 1024 * _MIB
    #: Octets of one POP3 command line, CRLF included: RFC 2449 section 4 says 255. AUTH and what answers its
    #: challenges (RFC 5034 section 4) may be as long as ``max_line``.
    max_pop3_command: int = 255

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name} must be an int")
            if value < 0:
                raise ValueError(f"{name} must not be negative")

    @classmethod
    def client(cls) -> Limits:
        """What a client takes from a server that it chose."""
        return cls()

    @classmethod
    def server(cls) -> Limits:
        """What a server takes from a client that has logged in."""
        return cls(
            max_line=64 * _KIB,
            max_literal=64 * _MIB,
            max_unit=128 * _MIB,
            max_literals=1000,
            max_depth=64,
            max_elements=20_000,
            max_addresses=10_000,
            max_header=_MIB,
            max_body=64 * _MIB,
        )

    @classmethod
    def before_login(cls) -> Limits:
        """What a server takes from anybody."""
        return cls(
            max_line=16 * _KIB,
            max_literal=4 * _KIB,
            max_unit=24 * _KIB,
            max_literals=8,
            max_depth=4,
            max_elements=64,
            max_addresses=0,
            max_parameters=0,
            max_parts=0,
            max_header=0,
            max_body=0,
        )

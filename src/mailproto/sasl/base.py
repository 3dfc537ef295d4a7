"""What all SASL mechanisms share: RFC 4422, without any I/O.

A client mechanism answers challenges; a server mechanism asks, and ends with a claim, which the program then
checks against what it knows: no mechanism here looks anything up or compares a secret.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from mailproto.errors import MailprotoError


class SaslError(MailprotoError):
    """The exchange cannot go on: the peer's message is malformed, or one too many came.

    It shows no secret.
    """


class ClientMechanism(ABC):
    """The client's side. One object serves one exchange."""

    #: The name as it stands in AUTHENTICATE or AUTH.
    name: ClassVar[str]
    #: Whether the client speaks first: ``respond(b"")`` then gives the initial response.
    client_first: ClassVar[bool] = True

    __slots__ = ()

    @abstractmethod
    def respond(self, challenge: bytes) -> bytes:
        """The answer to *challenge*; the first is ``b""`` where the client speaks first.

        Raises SaslError where no answer can be given: cancel the exchange then.
        """

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


@dataclass(frozen=True, slots=True)
class PasswordClaim:
    """The client says that it is *username*, knowing *password*, and would act for *authzid* (or itself)."""

    username: str
    password: str = field(repr=False)
    authzid: str = ""


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """The client holds an OAuth 2.0 bearer *token* (RFC 6750), and wants to act for *authzid*."""

    token: str = field(repr=False)
    authzid: str = ""
    host: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class ExternalClaim:
    """The client wants to be who the TLS certificate says, acting for *authzid* (or itself)."""

    authzid: str = ""


@dataclass(frozen=True, slots=True)
class AnonymousClaim:
    """The client wants to be nobody; *trace* is what it says about itself, and proves nothing."""

    trace: str = ""


Claim = PasswordClaim | TokenClaim | ExternalClaim | AnonymousClaim


class ServerMechanism(ABC):
    """The server's side. One object serves one exchange."""

    name: ClassVar[str]

    __slots__ = ()

    @abstractmethod
    def next(self, response: bytes | None) -> bytes | Claim:
        """What follows the client's *response*: a challenge to send, or the claim to check.

        The first *response* is the initial response, ``None`` where there was none. Raises SaslError where
        the response is malformed: answer NO or -ERR then.
        """

    def reject(self) -> bytes | None:
        """After the claim was found false.

        A last challenge to send, whose answer is to be ignored, or ``None``.
        """
        return None


def text(value: str | bytes, what: str, *, empty: bool = False) -> str:
    """A name or password for a mechanism whose separator is NUL. The error does not show the value."""
    if isinstance(value, bytes):
        value = value.decode()
    if "\0" in value or not (value or empty):
        raise ValueError(f"{what} must not {'hold NUL' if value else 'be empty'}")
    return value


def decoded(data: bytes, what: str) -> str:
    """A part of the peer's message as text. Raises SaslError where it is no UTF-8, or holds NUL."""
    try:
        value = data.decode()
    except UnicodeDecodeError:
        raise SaslError(f"{what} is not UTF-8") from None
    if "\0" in value:
        raise SaslError(f"{what} holds NUL")
    return value

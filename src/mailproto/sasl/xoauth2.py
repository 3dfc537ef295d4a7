"""XOAUTH2: what Google and Microsoft had before OAUTHBEARER, and still have. Only inside TLS."""

from __future__ import annotations

from typing import Any

from mailproto.sasl.base import ClientMechanism, SaslError, ServerMechanism, TokenClaim, decoded, text
from mailproto.sasl.oauthbearer import bearer, read_error, token_text


class XOAuth2Client(ClientMechanism):
    """``user=name ^A auth=Bearer token ^A ^A``.

    After a refusal, ``error`` holds what the server said about it.
    """

    name = "XOAUTH2"
    __slots__ = ("_message", "error")

    def __init__(self, token: str, username: str) -> None:
        self.error: dict[str, Any] | None = None
        name = text(username, "username")
        if "\x01" in name:
            raise ValueError("username must not hold control characters")
        self._message: bytes | None = f"user={name}\x01auth=Bearer {token_text(token)}\x01\x01".encode()

    def respond(self, challenge: bytes) -> bytes:
        message, self._message = self._message, None
        if message is not None:
            if challenge:
                raise SaslError("a challenge where the client speaks first")
            return message
        if self.error is not None:
            raise SaslError("XOAUTH2 has one challenge")
        # A refusal comes as a challenge, and is answered by nothing.
        self.error = read_error(challenge)
        return b""


class XOAuth2Server(ServerMechanism):
    """The server's side of XOAUTH2."""

    name = "XOAUTH2"
    __slots__ = ()

    def next(self, response: bytes | None) -> bytes | TokenClaim:
        if response is None:
            return b""
        parts = decoded(response, "the message").split("\x01")
        if len(parts) != 4 or parts[2:] != ["", ""] or not parts[0].startswith("user="):
            raise SaslError("XOAUTH2 wants a user and a token")
        key, _, value = parts[1].partition("=")
        username = parts[0][len("user=") :]
        if key != "auth" or not username:
            raise SaslError("XOAUTH2 wants a user and a token")
        return TokenClaim(bearer(value), username)

    def reject(self) -> bytes:
        return b'{"status":"400","schemes":"bearer"}'

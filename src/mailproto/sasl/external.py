"""EXTERNAL: RFC 4422 appendix A. Who the client is was settled outside, as a rule by its TLS certificate."""

from __future__ import annotations

from mailproto.sasl.base import ClientMechanism, ExternalClaim, SaslError, ServerMechanism, decoded, text


class ExternalClient(ClientMechanism):
    """Says for whom to act; nothing, to act for oneself."""

    name = "EXTERNAL"
    __slots__ = ("_message",)

    def __init__(self, authzid: str | bytes = "") -> None:
        self._message: bytes | None = text(authzid, "authzid", empty=True).encode()

    def respond(self, challenge: bytes) -> bytes:
        message, self._message = self._message, None
        if challenge or message is None:
            raise SaslError("EXTERNAL has no challenges")
        return message


class ExternalServer(ServerMechanism):
    """The server's side of EXTERNAL."""

    name = "EXTERNAL"
    __slots__ = ()

    def next(self, response: bytes | None) -> bytes | ExternalClaim:
        if response is None:
            return b""
        return ExternalClaim(decoded(response, "the authorization identity"))

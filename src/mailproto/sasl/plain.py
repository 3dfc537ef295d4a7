"""PLAIN: RFC 4616. The password itself goes over the wire: only inside TLS."""

from __future__ import annotations

from mailproto.sasl.base import ClientMechanism, PasswordClaim, SaslError, ServerMechanism, decoded, text


class PlainClient(ClientMechanism):
    """``message = [authzid] NUL authcid NUL passwd``."""

    name = "PLAIN"
    __slots__ = ("_message",)

    def __init__(self, username: str | bytes, password: str | bytes, authzid: str | bytes = "") -> None:
        parts = (
            text(authzid, "authzid", empty=True),
            text(username, "username"),
            text(password, "password"),
        )
        self._message: bytes | None = "\0".join(parts).encode()

    def respond(self, challenge: bytes) -> bytes:
        message, self._message = self._message, None
        if challenge or message is None:
            raise SaslError("PLAIN has no challenges")
        return message


class PlainServer(ServerMechanism):
    """The server's side of PLAIN."""

    name = "PLAIN"
    __slots__ = ()

    def next(self, response: bytes | None) -> bytes | PasswordClaim:
        if response is None:
            return b""
        parts = response.split(b"\0")
        if len(parts) != 3:
            raise SaslError("PLAIN wants an authorization identity, a name and a password")
        authzid, username, password = (decoded(part, "a part of PLAIN") for part in parts)
        if not username or not password:
            raise SaslError("PLAIN wants a name and a password")
        return PasswordClaim(username, password, authzid)

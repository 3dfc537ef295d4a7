"""LOGIN: draft-murchison-sasl-login, obsolete and everywhere.

The password itself goes over the wire: only in TLS.
"""

from __future__ import annotations

from mailproto.sasl.base import ClientMechanism, PasswordClaim, SaslError, ServerMechanism, decoded, text


class LoginClient(ClientMechanism):
    """Name, then password. What the challenges say differs from server to server, and is not looked at."""

    name = "LOGIN"
    client_first = False
    __slots__ = ("_answers",)

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self._answers = [text(password, "password").encode(), text(username, "username").encode()]

    def respond(self, challenge: bytes) -> bytes:
        if not self._answers:
            raise SaslError("LOGIN has two challenges")
        return self._answers.pop()


class LoginServer(ServerMechanism):
    """The server's side of LOGIN. An initial response is taken for the name, as real clients mean it."""

    name = "LOGIN"
    __slots__ = ("_username",)

    def __init__(self) -> None:
        self._username: str | None = None

    def next(self, response: bytes | None) -> bytes | PasswordClaim:
        if response is None:
            return b"Username:"
        if self._username is None:
            self._username = decoded(response, "the name")
            if not self._username:
                raise SaslError("LOGIN wants a name")
            return b"Password:"
        password = decoded(response, "the password")
        if not password:
            raise SaslError("LOGIN wants a password")
        return PasswordClaim(self._username, password)

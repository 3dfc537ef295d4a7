"""CRAM-MD5: RFC 2195, client only, and only where asked for.

A listener can guess at the password offline, and a server must keep it readable: so there is no server's side
here.
"""

from __future__ import annotations

import hmac

from mailproto.sasl.base import ClientMechanism, SaslError, text


class CramMd5Client(ClientMechanism):
    """``name SP hexadecimal HMAC-MD5 of the challenge, keyed with the password``."""

    name = "CRAM-MD5"
    client_first = False
    __slots__ = ("_password", "_username")

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self._username = text(username, "username").encode()
        self._password: bytes | None = text(password, "password").encode()

    def respond(self, challenge: bytes) -> bytes:
        password, self._password = self._password, None
        if password is None or not challenge:
            raise SaslError("CRAM-MD5 has one challenge")
        return self._username + b" " + hmac.new(password, challenge, "md5").hexdigest().encode()

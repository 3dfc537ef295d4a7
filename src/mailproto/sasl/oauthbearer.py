"""OAUTHBEARER: RFC 7628. An OAuth 2.0 bearer token (RFC 6750) instead of a password: only inside TLS."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from mailproto.sasl.base import ClientMechanism, SaslError, ServerMechanism, TokenClaim, decoded, text

_SEPARATOR: Final = "\x01"
# b64token of RFC 6750 section 2.1, and a little more that is found in the field; no blank, no control.
_TOKEN: Final = re.compile(r"[!-~]+")


def token_text(value: str) -> str:
    """A token that cannot break out of its place. The error does not show it."""
    if not _TOKEN.fullmatch(value):
        raise ValueError("token must be printable ASCII without blanks")
    return value


def read_error(challenge: bytes) -> dict[str, Any]:
    """What a server says of a token that it refuses (RFC 7628 section 3.2.2).

    Empty where that is not JSON.
    """
    try:
        found = json.loads(challenge)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class OAuthBearerClient(ClientMechanism):
    """``gs2-header kvsep *kvpair kvsep``. After a refusal, ``error`` holds what the server said about it."""

    name = "OAUTHBEARER"
    __slots__ = ("_message", "error")

    def __init__(
        self, token: str, username: str = "", *, host: str | None = None, port: int | None = None
    ) -> None:
        self.error: dict[str, Any] | None = None
        name = text(username, "username", empty=True).replace("=", "=3D").replace(",", "=2C")
        if _SEPARATOR in name or _SEPARATOR in (host or ""):
            raise ValueError("username and host must not hold control characters")
        parts = [f"n,a={name}," if name else "n,,"]
        if host is not None:
            parts.append(f"host={host}")
        if port is not None:
            parts.append(f"port={port:d}")
        parts += [f"auth=Bearer {token_text(token)}", "", ""]
        self._message: bytes | None = _SEPARATOR.join(parts).encode()

    def respond(self, challenge: bytes) -> bytes:
        message, self._message = self._message, None
        if message is not None:
            if challenge:
                raise SaslError("a challenge where the client speaks first")
            return message
        if self.error is not None:
            raise SaslError("OAUTHBEARER has one challenge")
        # Section 3.2.3: a refusal comes as a challenge, and is answered by one %x01.
        self.error = read_error(challenge)
        return b"\x01"


def _saslname(value: str) -> str:
    """RFC 5801 section 4.

    ``=2C`` stands for a comma, ``=3D`` for an equals sign, nothing else for anything.
    """
    if "=" in value.replace("=2C", "").replace("=3D", ""):
        raise SaslError("the authorization identity is not quoted as RFC 5801 says")
    return value.replace("=2C", ",").replace("=3D", "=")


def bearer(value: str) -> str:
    """The token in ``Bearer token``."""
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise SaslError("no bearer token")
    return token


class OAuthBearerServer(ServerMechanism):
    """The server's side of OAUTHBEARER."""

    name = "OAUTHBEARER"
    __slots__ = ()

    def next(self, response: bytes | None) -> bytes | TokenClaim:
        if response is None:
            return b""
        header, *pairs = decoded(response, "the message").split(_SEPARATOR)
        if len(pairs) < 3 or pairs[-2:] != ["", ""]:
            raise SaslError("the message is not closed")
        flag, _, rest = header.partition(",")
        authzid, comma, left = rest.partition(",")
        # Channel binding ("p=...") cannot be had with this mechanism.
        if flag not in ("n", "y") or not comma or left or not (authzid == "" or authzid.startswith("a=")):
            raise SaslError("no gs2-header")
        values: dict[str, str] = {}
        for pair in pairs[:-2]:
            key, equals, value = pair.partition("=")
            if not equals or not key.isalpha() or key.lower() in values:
                raise SaslError("a key-value pair is malformed or there twice")
            values[key.lower()] = value
        port = values.get("port")
        if port is not None and not (port.isascii() and port.isdigit() and len(port) <= 5):
            raise SaslError("the port is not a number")
        return TokenClaim(
            bearer(values.get("auth", "")),
            _saslname(authzid[2:]),
            values.get("host"),
            int(port) if port else None,
        )

    def reject(self) -> bytes:
        return b'{"status":"invalid_token"}'

"""SASL mechanisms, client and server, without any I/O: RFC 4422.

::

    mechanism = sasl.client("PLAIN", username="tim", password="tanstaaftanstaaf")
    tag = session.authenticate(mechanism)              # the session puts the challenges to it

    mechanism = sasl.server("PLAIN")
    step = mechanism.next(command.initial_response)    # a challenge (bytes), or a claim to check
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from mailproto.sasl.anonymous import AnonymousClient, AnonymousServer
from mailproto.sasl.base import (
    AnonymousClaim,
    Claim,
    ClientMechanism,
    ExternalClaim,
    PasswordClaim,
    SaslError,
    ServerMechanism,
    TokenClaim,
)
from mailproto.sasl.cram_md5 import CramMd5Client
from mailproto.sasl.external import ExternalClient, ExternalServer
from mailproto.sasl.login import LoginClient, LoginServer
from mailproto.sasl.oauthbearer import OAuthBearerClient, OAuthBearerServer
from mailproto.sasl.plain import PlainClient, PlainServer
from mailproto.sasl.xoauth2 import XOAuth2Client, XOAuth2Server

__all__ = [
    "CLIENT_MECHANISMS",
    "SERVER_MECHANISMS",
    "AnonymousClaim",
    "Claim",
    "ClientMechanism",
    "ExternalClaim",
    "PasswordClaim",
    "SaslError",
    "ServerMechanism",
    "TokenClaim",
    "choose",
    "client",
    "server",
]

#: Mechanisms that must be asked for by name in ``allow_weak``, on either side.
WEAK: Final = frozenset({"CRAM-MD5", "ANONYMOUS"})
#: What a client has, the best first.
CLIENT_MECHANISMS: Final = (
    "EXTERNAL",
    "OAUTHBEARER",
    "XOAUTH2",
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "ANONYMOUS",
)

_SERVERS: Final[dict[str, type[ServerMechanism]]] = {
    cls.name: cls
    for cls in (
        ExternalServer,
        OAuthBearerServer,
        XOAuth2Server,
        PlainServer,
        LoginServer,
        AnonymousServer,
    )
}
#: What a server has.
SERVER_MECHANISMS: Final = tuple(_SERVERS)


def client(
    mechanism: str,
    *,
    username: str = "",
    password: str | None = None,
    token: str | None = None,
    authzid: str = "",
    host: str | None = None,
    port: int | None = None,
    allow_weak: Collection[str] = (),
) -> ClientMechanism:
    """The client's side of *mechanism*, for one exchange.

    *password* for PLAIN, LOGIN and CRAM-MD5; *token* for OAUTHBEARER (with the server's *host* and *port*, if
    wanted) and XOAUTH2; *authzid* (PLAIN, EXTERNAL) for whom to act, if not for oneself; *username* is the
    trace of ANONYMOUS. CRAM-MD5 and ANONYMOUS must be named in *allow_weak*. Raises ValueError for an unknown
    or disallowed mechanism, and where what it needs is missing or cannot be carried.
    """
    name = mechanism.upper()
    if name in WEAK and name not in allow_weak:
        raise ValueError(f"{name} is weak: name it in allow_weak to have it")
    if name in ("OAUTHBEARER", "XOAUTH2"):
        if token is None:
            raise ValueError(f"{name} needs a token")
        if name == "XOAUTH2":
            return XOAuth2Client(token, username)
        return OAuthBearerClient(token, username, host=host, port=port)
    if name == "EXTERNAL":
        return ExternalClient(authzid)
    if name == "ANONYMOUS":
        return AnonymousClient(username)
    if name not in CLIENT_MECHANISMS:
        raise ValueError("no such mechanism")
    if password is None:
        raise ValueError(f"{name} needs a password")
    if name == "PLAIN":
        return PlainClient(username, password, authzid)
    return LoginClient(username, password) if name == "LOGIN" else CramMd5Client(username, password)


def choose(
    offered: Iterable[str],
    *,
    username: str = "",
    password: str | None = None,
    token: str | None = None,
    certificate: bool = False,
    host: str | None = None,
    port: int | None = None,
    secure: bool = True,
    allow_weak: Collection[str] = (),
) -> ClientMechanism | None:
    """The best mechanism among those that the server *offered* for what the caller has, or ``None``.

    A *token* is never passed over for a password. Outside TLS (*secure* false) only what does not show the
    secret is taken, so as a rule nothing.
    """
    names = {name.upper() for name in offered}
    usable: list[str] = []
    if certificate and secure:
        usable.append("EXTERNAL")
    if token is not None:
        usable += ["OAUTHBEARER", "XOAUTH2"] if secure else []
    elif password is not None:
        usable += ["PLAIN", "LOGIN"] if secure else []
        usable += [name for name in ("CRAM-MD5",) if name in allow_weak]
    for name in usable:
        if name in names:
            return client(
                name,
                username=username,
                password=password,
                token=token,
                host=host,
                port=port,
                allow_weak=allow_weak,
            )
    return None


def server(mechanism: str, *, allow_weak: Collection[str] = ()) -> ServerMechanism:
    """The server's side of *mechanism*, for one exchange.

    ANONYMOUS must be named in *allow_weak*. Raises ValueError for an unknown or disallowed mechanism.
    """
    name = mechanism.upper()
    if name not in _SERVERS:
        raise ValueError("no such mechanism")
    if name in WEAK and name not in allow_weak:
        raise ValueError(f"{name} is weak: name it in allow_weak to have it")
    return _SERVERS[name]()

"""How fast passwords may be tried.

Passwords are verified by the store's accounts. What is here makes guessing slow, the same way whether
the account exists or not: the same words, the same work, the same delay.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mailproto.sasl import PasswordClaim, SaslError, ServerMechanism
from mailproto.server.config import ServerLimits

if TYPE_CHECKING:
    from mailproto.aio.server import ServerConnection
    from mailproto.store.accounts import Accounts
    from mailproto.store.api import AccountInfo

#: One line a login, taken or refused: for people, and for programs that block addresses.
log = logging.getLogger("mailproto.login")

#: Characters of a claimed name that are logged.
_LOGGED_NAME: Final = 80

#: SASL mechanisms offered where passwords may be sent.
MECHANISMS: Final = ("PLAIN", "LOGIN")

#: What a client is told whatever was wrong with its credentials.
REFUSED: Final = "Authentication failed"


class Penalties:
    """Failed logins by address, as the delay that the next attempt from there must wait.

    The delay doubles with each failure up to a cap and is forgotten ``FORGET`` seconds after the last one.
    A success does not clear it, or one good account would make guessing others free.
    """

    #: Seconds after its last failure when an address starts anew.
    FORGET: Final = 300.0
    #: Addresses remembered; the one unheard of for longest goes first, so memory is bounded.
    REMEMBERED: Final = 20_000

    def __init__(self, limits: ServerLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._first = limits.login_delay
        self._cap = limits.login_delay_cap
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failures)

    def delay(self, key: str) -> float:
        """Seconds that an attempt from this address waits before its password is looked at."""
        count, last = self._failures.get(key, (0, 0.0))
        if count == 0:
            return 0.0
        if self._clock() - last >= self.FORGET:
            del self._failures[key]
            return 0.0
        # 2**60 seconds are past every cap; the bound keeps the power a small number.
        return float(min(self._cap, self._first * 2 ** min(count - 1, 60)))

    def failed(self, key: str) -> None:
        """Count one failed login."""
        now = self._clock()
        count, last = self._failures.get(key, (0, now))
        self._failures[key] = ((count if now - last < self.FORGET else 0) + 1, now)
        self._failures.move_to_end(key)
        if len(self._failures) > self.REMEMBERED:
            self._failures.popitem(last=False)


def claim(name: bytes, password: bytes) -> PasswordClaim:
    """What LOGIN and USER with PASS claim.

    What is not UTF-8 names nobody, and goes the way of any wrong name.
    """
    return PasswordClaim(name.decode(errors="replace"), password.decode(errors="replace"))


def sasl_step(
    mechanism: ServerMechanism, response: bytes | None, *, first: bool = False
) -> bytes | PasswordClaim | None:
    """Give a mechanism the client's response (``first``: the initial one, ``None`` where it sent none).

    Returns the next challenge, or what the client claims, or ``None`` when it gave up or sent what the
    mechanism does not know.
    """
    if response is None and not first:
        return None
    try:
        outcome = mechanism.next(response)
    except SaslError:
        return None
    return outcome if isinstance(outcome, bytes | PasswordClaim) else None


class Authenticator:
    """Verifies credentials at a bounded rate."""

    def __init__(self, accounts: Accounts, limits: ServerLimits) -> None:
        self._accounts = accounts
        self.penalties = Penalties(limits)

    async def verify(self, key: str, claimed: PasswordClaim, via: str = "") -> AccountInfo | None:
        """The account, or ``None`` for an unknown name, a wrong password, or another's name as the
        ``authzid`` (nobody acts for another here): which of them cannot be told.

        ``key`` stands for the peer's address, ``via`` (see :func:`via`) is what the log says of the
        connection. Waits as long as that address's earlier failures ask for,
        before the password is looked at, so that hanging up early gains nothing. Raises
        StoreUnavailable.
        """
        wait = self.penalties.delay(key)
        if wait:
            await asyncio.sleep(wait)
        account = await self._accounts.verify(claimed.username, claimed.password)
        if claimed.authzid not in ("", claimed.username):
            account = None
        if account is None:
            self.penalties.failed(key)
        # Quoted and in ASCII: whoever chooses the name cannot forge a line, nor drive a terminal.
        name = json.dumps(claimed.username[:_LOGGED_NAME])
        log.log(
            logging.WARNING if account is None else logging.INFO,
            "%s user=%s %s",
            "refused" if account is None else "accepted",
            name,
            via,
        )
        return account


def via(protocol: str, connection: ServerConnection) -> str:
    """What the log says of a connection."""
    peer = connection.peer
    where = peer[0] if isinstance(peer, tuple) and peer else "local"
    return f"protocol={protocol} tls={'yes' if connection.is_tls else 'no'} peer={where}"

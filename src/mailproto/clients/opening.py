"""How a connection begins, before anything is sent: the session, the port, the greeting. No I/O."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mailproto.errors import ConnectionLost


@dataclass(frozen=True, slots=True)
class Opening:
    """A session that is to be connected.

    *tls*: True (implicit), ``"starttls"`` or False. ``refusal(greeting)`` gives the server's words where it
    refuses the connection, else ``None``; ``logged_in(greeting)`` tells whether no login is needed.
    """

    session: Any
    tls: bool | str
    port: int
    refusal: Callable[[Any], str | None]
    logged_in: Callable[[Any], bool]

    @property
    def upgrades(self) -> bool:
        """Whether TLS begins after the greeting."""
        return self.tls == "starttls"

    def welcomed(self, greeting: Any) -> bool:
        """Whether a login is due after *greeting*. Raises ConnectionLost where the server refuses."""
        words = self.refusal(greeting)
        if words is not None:
            raise ConnectionLost(f"the server refuses: {words}")
        return not self.logged_in(greeting)


def check_tls(tls: bool | str) -> None:
    """Raise ValueError for what is no way to use TLS."""
    if tls not in (True, False, "starttls"):
        raise ValueError("tls must be True, False or 'starttls'")


def unreachable(error: OSError, host: str, port: int) -> OSError:
    """*error* of a connect, saying to where. A name that cannot be resolved: that error says it well."""
    if error.errno is None or error.errno <= 0:
        return error
    return OSError(error.errno, f"{host} port {port}: {os.strerror(error.errno)}")

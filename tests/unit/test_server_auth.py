"""server/auth.py: delays that grow, words that do not tell."""

from __future__ import annotations

import asyncio

from mailproto.server.auth import Authenticator, Penalties, claim
from mailproto.server.config import ServerLimits

LIMITS = ServerLimits(login_delay=0.5, login_delay_cap=4.0)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_attack_25_the_delay_doubles_up_to_a_cap_and_is_forgotten():
    clock = Clock()
    penalties = Penalties(LIMITS, clock)
    seen = []
    for _ in range(6):
        seen.append(penalties.delay("a"))
        penalties.failed("a")
    assert seen == [0.0, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert penalties.delay("b") == 0.0
    clock.now += Penalties.FORGET - 1
    assert penalties.delay("a") == 4.0
    clock.now += 1
    assert penalties.delay("a") == 0.0 and len(penalties) == 0


def test_a_late_failure_starts_anew():
    clock = Clock()
    penalties = Penalties(LIMITS, clock)
    for _ in range(4):
        penalties.failed("a")
    clock.now += Penalties.FORGET
    penalties.failed("a")
    assert penalties.delay("a") == 0.5


def test_a_great_many_failures_are_a_small_number():
    penalties = Penalties(LIMITS, Clock())
    for _ in range(5000):
        penalties.failed("a")
    assert penalties.delay("a") == 4.0


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(Penalties, "REMEMBERED", 100)
    penalties = Penalties(LIMITS, Clock())
    penalties.failed("first")
    for number in range(100):
        penalties.failed(str(number))
    assert len(penalties) == 100
    assert penalties.delay("first") == 0.0 and penalties.delay("99") == 0.5


class FakeAccounts:
    """Knows bob, and counts how often a password was looked at."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def verify(self, name: str, password: str) -> str | None:
        self.asked.append((name, password))
        return name if (name, password) == ("bob", "secret") else None


async def test_attack_25_known_and_unknown_names_go_the_same_way(monkeypatch):
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    accounts = FakeAccounts()
    auth = Authenticator(accounts, LIMITS)
    assert await auth.verify("peer", claim(b"bob", b"wrong")) is None
    assert await auth.verify("peer", claim(b"nobody", b"wrong")) is None
    assert await auth.verify("peer", claim(b"\xff", b"\xff")) is None
    assert await auth.verify("peer", claim(b"bob", b"secret")) == "bob"
    assert waits == [0.5, 1.0, 2.0]  # a success is no way around the delay, nor an end to it
    assert len(accounts.asked) == 4
    assert await auth.verify("elsewhere", claim(b"bob", b"secret")) == "bob"
    assert len(waits) == 3

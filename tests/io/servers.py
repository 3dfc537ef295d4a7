"""Fixtures of the server tests: import them where they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.io.running import Imap, Raw, Running, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for a test file; each test has an account of its own."""
    with running(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture
def user(server: Running) -> str:
    return server.account()


@pytest.fixture
def imap(server: Running, user: str) -> Iterator[Callable[..., Imap]]:
    """``imap()`` gives a session of the test's account, ``imap("name")`` of another, ``imap(None)``
    before login.
    """
    opened: list[Raw] = []

    def connect(name: str | None = user, *, tls: bool = False) -> Imap:
        opened.append(client := Imap(server.ports["imaps" if tls else "imap"], name, tls=tls))
        return client

    yield connect
    for client in opened:
        client.close()

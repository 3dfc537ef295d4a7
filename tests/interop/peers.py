"""Peer programs: found, or skipped; with MAILPROTO_REQUIRE_PEERS=1 in the environment a missing one is a
failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.io.running import Running, running


def program(name: str) -> str:
    """Where a peer program is."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("MAILPROTO_REQUIRE_PEERS") == "1":
            pytest.fail(f"{name} is not installed, and MAILPROTO_REQUIRE_PEERS=1 asks for it")
        pytest.skip(f"{name} is not installed")
    return path


def module(name: str) -> None:
    """Skip or fail likewise where a Python peer is not installed."""
    try:
        __import__(name)
    except ImportError:
        if os.environ.get("MAILPROTO_REQUIRE_PEERS") == "1":
            pytest.fail(f"{name} is not installed, and MAILPROTO_REQUIRE_PEERS=1 asks for it")
        pytest.skip(f"{name} is not installed")


def run(
    *command: str | Path, home: Path | None = None, ok: tuple[int, ...] = (0,), stdin: bytes = b""
) -> bytes:
    """Run a peer, with ``home`` as its home folder; what it says on standard output."""
    environment = os.environ | ({"HOME": str(home)} if home else {})
    result = subprocess.run(
        [str(part) for part in command],
        input=stdin,
        capture_output=True,
        timeout=90,
        check=False,
        env=environment,
    )
    assert result.returncode in ok, (result.returncode, result.stdout[-3000:], result.stderr[-3000:])
    return result.stdout


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A server with the defaults: no login in the clear."""
    with running(tmp_path / "data", allow_cleartext_login=False) as server:
        yield server


def certificate(server: Running) -> Path:
    """The server's self-signed certificate, which peers are told to trust."""
    assert server.server.certificate is not None
    return server.server.certificate.cert_file

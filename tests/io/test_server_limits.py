"""What one peer may use of the server: connections, time, failed logins."""

from __future__ import annotations

import dataclasses
import time

import pytest

from tests.io.running import LIMITS, Imap, Raw, eventually, message, running


def test_attack_27_connections_from_one_address_are_capped(tmp_path):
    limits = dataclasses.replace(LIMITS, connections_per_address=5)
    with running(tmp_path, limits=limits) as server:
        port = server.ports["imap"]
        kept = [Imap(port) for _ in range(5)]
        with Raw(port) as extra:
            assert extra.rest().startswith(b"* BYE [UNAVAILABLE]")
        with Raw(server.ports["pop3"]) as extra:
            assert extra.rest().startswith(b"-ERR [SYS/TEMP]")
        kept.pop().close()
        eventually(lambda: admitted(port))
        for client in kept:
            client.ok("NOOP")
            client.close()


def admitted(port: int) -> bool:
    with Raw(port) as client:
        return client.line().startswith(b"* OK")


def test_attack_27_connections_before_login_are_capped_apart(tmp_path):
    limits = dataclasses.replace(LIMITS, logins_per_address=3)
    with running(tmp_path, limits=limits) as server:
        port = server.ports["imap"]
        logged_in = [Imap(port) for _ in range(6)]  # those do not count any more
        waiting = [Imap(port, None) for _ in range(3)]
        with Raw(port) as extra:
            assert extra.rest().startswith(b"* BYE [UNAVAILABLE]")
        waiting[0].ok("LOGIN bob secret")
        with Imap(port, None) as client:
            assert client.greeting.startswith(b"* OK")
        for client in (*logged_in, *waiting):
            client.close()


@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_attack_27_a_silent_or_slow_peer_before_login_is_closed(tmp_path, kind):
    limits = dataclasses.replace(LIMITS, login_timeout=0.5)
    with running(tmp_path, limits=limits) as server:
        start = time.monotonic()
        with Raw(server.ports[kind]) as client:
            client.line()
            client.rest()
        assert 0.4 < time.monotonic() - start < 10
        # One octet now and then is no way around it.
        start = time.monotonic()
        with Raw(server.ports[kind]) as client:
            client.line()
            client.socket.settimeout(0.1)
            for _ in range(100):
                try:
                    client.send(b"x")
                    if not client.socket.recv(4096):
                        break
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
            else:
                raise AssertionError("still open")
        assert time.monotonic() - start < 10
        with Raw(server.ports[kind + "s"]) as client:  # nothing where a TLS handshake should be
            assert client.rest() == b""


def test_silence_after_login_ends_the_session(tmp_path):
    limits = dataclasses.replace(LIMITS, imap_timeout=0.3, pop3_timeout=0.3)
    with running(tmp_path, limits=limits) as server:
        server.deliver("bob", message("m"))
        with Imap(server.ports["imap"]) as client:
            assert client.rest().startswith(b"* BYE")
        with Raw(server.ports["pop3"]) as client:
            client.send(b"USER bob\r\nPASS secret\r\nDELE 1\r\n")
            assert client.rest().count(b"+OK") == 4
        with Raw(server.ports["pop3"]) as client:  # RFC 1939 section 3: without entering the UPDATE state
            client.send(b"USER bob\r\nPASS secret\r\nSTAT\r\nQUIT\r\n")  # at once: nobody is silent here
            assert b"\r\n+OK 1 " in client.rest()


def test_a_long_line_before_login_is_told_and_closed(tmp_path):
    with running(tmp_path) as server:
        for kind, word in (("imap", b"* BYE"), ("pop3", b"-ERR")):
            with Raw(server.ports[kind]) as client:
                client.line()
                try:
                    for _ in range(100):
                        client.send(b"A" * 65536)
                except ConnectionError:
                    pass
                rest = client.rest()
                assert not rest or word in rest
            assert admitted(server.ports["imap"])

"""Several clients at once do whatever comes to mind on one mailbox, and each keeps the books a real client
keeps: from what it is told alone it must know every message, its number and its flags (RFC 9051 section 7.5).
"""

from __future__ import annotations

import random
import re

import pytest

from tests.io.running import Imap, message
from tests.io.servers import imap, server, user

__all__ = ["imap", "server", "user"]

FLAGS = ("\\Seen", "\\Deleted", "\\Flagged", "\\Answered", "custom")
STEPS = 60


class Client:
    """A session on INBOX, and what its owner believes."""

    def __init__(self, connection: Imap, name: str) -> None:
        self.connection = connection
        self.name = name
        #: (UID, flags) by sequence number; None where it was not told.
        self.known: list[tuple[int, frozenset[str]] | None] = []
        self.count = 0
        self.told_now: set[int] = set()
        for line in connection.ok("SELECT INBOX"):
            self.told(line, expunge=False)
        self.finish(self.start("FETCH 1:* (UID FLAGS)" if self.known else "NOOP"))

    def start(self, command: str) -> str:
        """Send a command, and do not wait."""
        self.count += 1
        self.connection.send(f"{self.name}{self.count} {command}\r\n".encode())
        return command

    def finish(self, command: str) -> None:
        """Read the answers."""
        words = command.split()
        # RFC 9051 section 7.5.1: not during these, for the client may be about to use numbers.
        expunge = words[0] not in ("FETCH", "STORE", "SEARCH")
        self.told_now.clear()
        tag = f"{self.name}{self.count} ".encode()
        while not (line := self.connection.line()).startswith(tag):
            assert line, command
            self.told(line, expunge=expunge)
        assert b" BAD " not in line.split(b"[")[0], (command, line)
        if ".SILENT" in command and (b" OK " in line or b"EXPUNGEISSUED" in line):
            self.stored_silently(command)

    def stored_silently(self, command: str) -> None:
        """What .SILENT spares the server to say."""
        by_uid = command.startswith("UID ")
        match = re.fullmatch(r"(?:UID )?STORE (\d+)(?::(\d+))? ([+-]?)FLAGS\.SILENT \((.*)\)", command)
        low, high = sorted((int(match[1]), int(match[2] or match[1])))
        flags = frozenset(match[4].split())
        for index, entry in enumerate(self.known):
            if entry is None or entry[0] in self.told_now:  # what the server says is later than our sum
                continue
            if low <= (entry[0] if by_uid else index + 1) <= high:
                now = {"": flags, "+": entry[1] | flags, "-": entry[1] - flags}[match[3]]
                self.known[index] = (entry[0], now)

    def told(self, line: bytes, *, expunge: bool) -> None:
        if found := re.match(rb"\* (\d+) EXISTS", line):
            assert int(found[1]) >= len(self.known), "EXISTS took messages away"
            self.known += [None] * (int(found[1]) - len(self.known))
        elif found := re.match(rb"\* (\d+) EXPUNGE", line):
            assert expunge, "EXPUNGE while numbers are in use"
            del self.known[int(found[1]) - 1]
        elif found := re.match(rb"\* (\d+) FETCH ", line):
            index = int(found[1]) - 1
            before = self.known[index]
            uid = int(re.search(rb"UID (\d+)", line)[1]) if b"UID " in line else before and before[0]
            if uid is None:
                return
            assert before is None or before[0] == uid, "a number means another message"
            if flags := re.search(rb"FLAGS \(([^)]*)\)", line):
                self.told_now.add(uid)
                self.known[index] = (uid, frozenset(flags[1].decode().split()) - {"\\Recent"})
        elif line.startswith(b"* SEARCH"):
            assert all(int(number) <= 1 << 32 for number in line.split()[2:])

    def catch_up(self) -> list[tuple[int, frozenset[str]] | None]:
        """What it believes once all waiting news are told, having asked for what it does not know alone."""
        self.finish(self.start("NOOP"))
        unknown = [number for number, entry in enumerate(self.known, 1) if entry is None]
        if unknown:
            self.finish(self.start(f"FETCH {','.join(map(str, unknown))} (UID FLAGS)"))
        return self.known


def something(chosen: random.Random, client: Client) -> str:
    """A command that is legal for this client now."""
    count = len(client.known)
    uids = [entry[0] for entry in client.known if entry]
    flags = " ".join(chosen.sample(FLAGS, chosen.randint(0, 2)))
    sign = chosen.choice(["", "+", "-"])
    silent = chosen.choice(["", ".SILENT"])
    options = ["NOOP", "CHECK", "EXPUNGE", "STATUS INBOX (MESSAGES)", "APPEND INBOX {6+}\r\na: b\r\n"]
    if count:
        number = chosen.randint(1, count)
        some = f"{number}:{chosen.randint(1, count)}"
        options += [
            f"FETCH {some} (UID FLAGS)",
            f"FETCH {number} BODY[]",
            f"STORE {some} {sign}FLAGS{silent} ({flags})",
            "SEARCH UNSEEN",
            f"COPY {number} INBOX",
        ]
    if uids:
        uid = chosen.choice(uids)
        options += [
            f"UID FETCH {uid}:* FLAGS",
            f"UID STORE {uid} {sign}FLAGS{silent} ({flags})",
            f"UID STORE {uid} +FLAGS (\\Deleted)",
            f"UID MOVE {uid} Other",
            f"UID EXPUNGE {uid}",
            "UID SEARCH ALL",
        ]
    return chosen.choice(options)


@pytest.mark.parametrize("condstore", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_every_client_knows_what_it_was_told(imap, server, user, seed, condstore):
    chosen = random.Random(seed)
    for number in range(8):
        server.deliver(user, message(f"m{number}"))
    connections = [imap() for _ in range(3)]
    connections[0].ok("CREATE Other")
    if condstore:
        connections[0].ok("ENABLE CONDSTORE")
    clients = [Client(connection, name) for connection, name in zip(connections, "xyz", strict=True)]
    for _ in range(STEPS):
        # All commands are under way before the first answer is read.
        pending = [
            (client, client.start(something(chosen, client)))
            for client in chosen.sample(clients, chosen.randint(1, 3))
        ]
        for client, command in pending:
            client.finish(command)
    books = [client.catch_up() for client in clients]
    truth = Client(imap(), "w").known
    for client, book in zip(clients, books, strict=True):
        assert book == truth, client.name

"""Several processes on one data folder: the ports are bound once, and every worker accepts from them.

Nothing is shared but the sockets and the store, which tells each process of the others' changes. The
connection limits of the configuration hold for each worker by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from mailproto.errors import MailprotoError
from mailproto.server.app import Server
from mailproto.server.config import Config
from mailproto.server.sockets import StartError, bind, close

log = logging.getLogger("mailproto.workers")

#: A worker that lives shorter than this many seconds failed at its start; some of them in a row end it all.
SHORT_LIFE: Final = 2.0
MAX_SHORT_LIVES: Final = 3

Sockets = list[tuple[str, socket.socket]]


def supervise(config: Config, report: Callable[[Server], None], work: Callable[[Sockets], None]) -> None:
    """Bind, prepare the store, report, and run ``work(sockets)`` in ``config.workers`` processes.

    Returns after SIGTERM or SIGINT, when all of them have ended. A worker that dies is started again. Raises
    StartError where workers cannot be had or do not stay alive.
    """
    if not hasattr(os, "fork"):
        raise StartError("workers: this platform has no fork; serve with one process")
    sockets = bind(config)
    try:
        report(asyncio.run(_prepare(config, sockets)))
        _Supervisor(config.workers, lambda: work(sockets)).run()
    finally:
        close(sockets)


async def _prepare(config: Config, sockets: Sockets) -> Server:
    """Make the store, the accounts and the certificate once, before there are several to make them."""
    server = Server(config)
    await server.start(sockets=[])
    await server.close()
    server.bound = [(kind, *sock.getsockname()[:2]) for kind, sock in sockets]
    return server


class _Supervisor:
    """Starts workers, restarts those that die, ends them all."""

    def __init__(self, count: int, work: Callable[[], None]) -> None:
        self._count = count
        self._work = work
        self._started: dict[int, float] = {}
        self._stopping = False
        self._short_lives = 0

    def run(self) -> None:
        """Until a signal asks for the end, and every worker has ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for _ in range(self._count):
            self._start()
        while self._started:
            pid, status = os.waitpid(-1, 0)
            began = self._started.pop(pid, None)
            if began is None or self._stopping:
                continue
            log.error("worker %d ended with status %d", pid, os.waitstatus_to_exitcode(status))
            self._short_lives = self._short_lives + 1 if time.monotonic() - began < SHORT_LIFE else 0
            if self._short_lives >= MAX_SHORT_LIVES:
                self._stop(signal.SIGTERM, None)
            else:
                self._start()
        if self._short_lives >= MAX_SHORT_LIVES:
            raise StartError("workers do not stay alive; the lines above say why")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        for pid in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _start(self) -> None:
        sys.stdout.flush()
        # A signal between the fork and the note of it would miss the new process.
        wanted = {signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
        try:
            pid = os.fork()
            if pid == 0:
                os._exit(self._child(wanted))
            self._started[pid] = time.monotonic()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, wanted)

    def _child(self, wanted: set[signal.Signals]) -> int:
        """The life of a worker; its exit status. Never raises: it must not run the parent's cleaning up."""
        try:
            for number in wanted:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, wanted)
            self._work()
            return 0
        except MailprotoError as error:
            log.error("%s", error)
        except Exception:
            log.exception("worker")
        return 1

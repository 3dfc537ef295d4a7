"""A server that says given lines, whatever it hears."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self


class Script:
    """Says ``steps``, one after each line it hears; then listens until the peer has gone, or after b""
    leaves first.

    None says nothing and listens. Use as ``async with``; ``heard`` is complete after it.
    """

    def __init__(self, *steps: bytes | None) -> None:
        self.steps = steps
        self.heard: list[bytes] = []
        self._playing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._play, "127.0.0.1", 0)
        self.host, self.port = self._server.sockets[0].getsockname()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        if self._playing:
            await asyncio.wait(self._playing)
        await self._server.wait_closed()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._playing.add(task)
        with contextlib.suppress(OSError):
            for step, following in zip(self.steps, (*self.steps[1:], None), strict=True):
                if not step:
                    break
                writer.write(step)
                if following == b"":
                    break
                self.heard.append(await reader.readline())
            if self.steps[-1] != b"":
                self.heard.append(await reader.read())
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

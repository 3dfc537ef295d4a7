"""POP3's exclusive hold on a maildrop: its snapshot."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType

from mailproto.store.api import Maildrop, MaildropMessage, Uids
from mailproto.store.errors import NoSuchMessage


class SqliteMaildrop:
    """See :class:`mailproto.store.api.Maildrop`."""

    def __init__(
        self,
        messages: Sequence[MaildropMessage],
        read: Callable[[int, int, int | None], Awaitable[bytes]],
        delete: Callable[[Uids], Awaitable[object]],
        closed: Callable[[], None],
    ) -> None:
        self._messages = tuple(messages)
        self._contents = {message.content for message in messages}
        self._read = read
        self._delete = delete
        self._closed = closed

    @property
    def messages(self) -> Sequence[MaildropMessage]:
        return self._messages

    async def read(self, content: int, start: int = 0, length: int | None = None) -> bytes:
        if content not in self._contents:
            raise NoSuchMessage("no such message in this session")
        return await self._read(content, start, length)

    async def delete(self, uids: Uids) -> None:
        await self._delete(sorted(uids))

    async def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # the store was closed before
            self._closed()

    async def __aenter__(self) -> Maildrop:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

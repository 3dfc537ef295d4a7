from typing import Literal, Self

from typing_extensions import disjoint_base

from mailproto._core.command_build import Builder
from mailproto._core.literal_intake import LiteralIntake
from mailproto.errors import NeedData
from mailproto.imap.commands_base import Command
from mailproto.imap.commands_session import BadCommand, IdleDone, LiteralAnnounced, SaslResponse
from mailproto.imap.events import LiteralBegin, LiteralChunk, LiteralEnd
from mailproto.limits import Limits

_Event = LiteralAnnounced | LiteralBegin | LiteralChunk | LiteralEnd
_Value = Command | BadCommand | SaslResponse | IdleDone | _Event

def parse(
    builder: Builder, data: bytes | bytearray | memoryview, limits: Limits, utf8: bool, strict: bool
) -> tuple[Command, int]: ...

@disjoint_base
class CommandReader(LiteralIntake):
    def __new__(
        cls,
        builder: Builder,
        *,
        limits: Limits | None = None,
        announce: bool = False,
        utf8: bool = False,
        strict: bool = False,
        stream_above: int | None = None,
        events: tuple[type[LiteralBegin], type[LiteralChunk], type[LiteralEnd]] | None = None,
    ) -> Self: ...
    def feed_eof(self) -> None: ...
    @property
    def buffered(self) -> int: ...
    def discard(self) -> int: ...
    @property
    def limits(self) -> Limits: ...
    @limits.setter
    def limits(self, value: Limits) -> None: ...
    @property
    def utf8(self) -> bool: ...
    @utf8.setter
    def utf8(self, value: bool) -> None: ...
    def expect_line(self, what: Literal["sasl", "idle"]) -> None: ...
    def accept(self, *, stream: bool | None = None) -> None: ...
    def reject(self) -> None: ...
    def next(self) -> _Value | NeedData: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _Value: ...

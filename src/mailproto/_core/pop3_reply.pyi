from typing import Any

from typing_extensions import disjoint_base

from mailproto._core.pop3_input import Input
from mailproto.limits import Limits

@disjoint_base
class ReplyReader(Input):
    def __init__(
        self,
        types: tuple[Any, ...],
        limits: Limits | None = None,
        *,
        stream_above: int | None = None,
        strict: bool = False,
    ) -> None: ...
    def expect(self, *commands: Any) -> None: ...
    @property
    def expected(self) -> int: ...
    def next(self) -> Any: ...
    def __iter__(self) -> ReplyReader: ...
    def __next__(self) -> Any: ...
    def feed_eof(self) -> None: ...

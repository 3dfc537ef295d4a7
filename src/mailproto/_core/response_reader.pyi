from typing import Any, Self

from typing_extensions import disjoint_base

from mailproto._core.literal_intake import LiteralIntake
from mailproto._core.response import ResponseTypes
from mailproto.limits import Limits

@disjoint_base
class ResponseReader(LiteralIntake):
    def __init__(
        self,
        types: ResponseTypes,
        *,
        limits: Limits | None = None,
        utf8: bool = False,
        strict: bool = False,
        stream_above: int | None = None,
        events: tuple[type, type, type] | None = None,
    ) -> None: ...
    @property
    def buffered(self) -> int: ...
    @property
    def utf8(self) -> bool: ...
    @utf8.setter
    def utf8(self, value: bool) -> None: ...
    def next(self) -> Any: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> Any: ...
    def feed_eof(self) -> None: ...

def parse_response(
    types: ResponseTypes,
    data: bytes,
    *,
    limits: Limits | None = None,
    utf8: bool = False,
    strict: bool = False,
) -> Any: ...
def parse_response_prefix(
    types: ResponseTypes,
    data: bytes,
    *,
    limits: Limits | None = None,
    utf8: bool = False,
    strict: bool = False,
) -> tuple[Any, int]: ...

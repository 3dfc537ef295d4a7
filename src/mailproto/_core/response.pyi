from collections.abc import Mapping
from typing import Self, final

from mailproto._core.response_code import CodeTypes

def is_response_name(name: str, /) -> bool: ...

@final
class ResponseTypes:
    def __new__(
        cls,
        *,
        status: type,
        continuation: type,
        capability: type,
        enabled: type,
        exists: type,
        recent: type,
        expunge: type,
        vanished: type,
        flags: type,
        mailbox_status: type,
        search: type,
        sort: type,
        unknown: type,
        data: Mapping[str, type],
        codes: CodeTypes,
    ) -> Self: ...

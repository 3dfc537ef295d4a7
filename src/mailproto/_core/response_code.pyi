from collections.abc import Mapping
from typing import Final, Self, final

CODES: Final[Mapping[str, tuple[str, int]]]

@final
class CodeTypes:
    def __new__(
        cls,
        *,
        code: type,
        append_uid: type,
        copy_uid: type,
        mechanism: type,
        metadata: type,
        progress: type,
        message_limit: type,
    ) -> Self: ...

from typing import Final, final

DEFECTS: Final[tuple[str, ...]]

@final
class WordCache: ...

from typing import Final, final

DEFECT_ROWS: Final[tuple[tuple[str, str, str], ...]]

@final
class WordCache: ...

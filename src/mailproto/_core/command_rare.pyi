from types import ModuleType
from typing import Final, Self

from typing_extensions import disjoint_base

COMMAND_DEFECT_ROWS: Final[tuple[tuple[str, str, str], ...]]
FIELDS: dict[str, tuple[str, ...]]
CLASSES: dict[str, str]
ABSENT: dict[tuple[str, str], object]
PAIRED: set[str]

@disjoint_base
class RareBuilder:
    def __new__(cls, commands: ModuleType, search: ModuleType) -> Self: ...

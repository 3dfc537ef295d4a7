from types import ModuleType
from typing import Self

FIELDS: dict[str, tuple[str, ...]]
CLASSES: dict[str, str]
ABSENT: dict[tuple[str, str], object]
PAIRED: set[str]

class RareBuilder:
    def __new__(cls, commands: ModuleType, search: ModuleType) -> Self: ...

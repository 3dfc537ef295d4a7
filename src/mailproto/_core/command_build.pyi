from types import ModuleType
from typing import Self, final

@final
class Builder:
    def __new__(cls, commands: ModuleType, search: ModuleType) -> Self: ...

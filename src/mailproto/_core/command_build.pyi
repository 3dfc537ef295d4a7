from types import ModuleType
from typing import Self, final

from mailproto._core.command_rare import RareBuilder

@final
class Builder(RareBuilder):
    def __new__(cls, commands: ModuleType, search: ModuleType) -> Self: ...

from typing_extensions import disjoint_base

from mailproto._core.intake import Intake

@disjoint_base
class Input(Intake):
    @property
    def pending(self) -> int: ...
    def discard(self) -> int: ...

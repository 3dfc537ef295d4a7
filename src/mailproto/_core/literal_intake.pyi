from typing_extensions import disjoint_base

from mailproto._core.intake import Intake

@disjoint_base
class LiteralIntake(Intake):
    def keep_literal(self) -> None: ...
    def read_literal_into(self, buffer: bytearray | memoryview, /) -> None: ...

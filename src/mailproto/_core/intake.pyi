from typing import final

from typing_extensions import disjoint_base

@final
class Block:
    def __buffer__(self, flags: int, /) -> memoryview: ...

@final
class Loan:
    def __buffer__(self, flags: int, /) -> memoryview: ...

@disjoint_base
class Intake:
    def feed(self, data: bytes | bytearray | memoryview, /) -> None: ...
    def get_buffer(self, hint: int = -1, /) -> memoryview: ...
    def buffer_updated(self, count: int, /) -> None: ...

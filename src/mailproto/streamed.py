"""What stands in a value where octets were handed over in chunks instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Streamed:
    """Stands for *size* octets, a literal or a POP3 body, that were handed over as they came.

    They are not kept. ``bytes()`` of it, and of any value that holds it, raises ValueError.
    """

    size: int

    def __post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, int) or self.size < 0:
            raise ValueError("size must be a number of octets")

    def __bytes__(self) -> bytes:
        raise ValueError("the octets were streamed and are not kept")

    def to_dict(self, *, secrets: bool = False) -> dict[str, int]:
        """JSON-able builtins; there are no secrets in a size."""
        del secrets
        return {"streamed": self.size}

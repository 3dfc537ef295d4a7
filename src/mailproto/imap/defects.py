"""The defects that a value may carry: what servers get wrong and is read all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mailproto._core.words import DEFECT_ROWS


@dataclass(frozen=True, slots=True)
class Defect:
    """One row of the table of defects.

    ``name`` is what stands in a value's ``.defects``, ``seen`` who is known to send it, ``reading`` says what
    is wrong and what is read instead. A reader with ``strict=True`` refuses it.
    """

    name: str
    seen: str
    reading: str


#: Every defect that reading a response can record, by name. What a :class:`MailboxName` records of its own is
#: told there.
DEFECTS: Final[Mapping[str, Defect]] = MappingProxyType({row[0]: Defect(*row) for row in DEFECT_ROWS})

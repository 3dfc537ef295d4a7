"""The defects that a value may carry: what servers and clients get wrong and is read all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mailproto._core.command_rare import COMMAND_DEFECT_ROWS
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


#: Every defect that reading a response can record, by name; :data:`MAILBOX_DEFECTS` may stand beside them.
DEFECTS: Final[Mapping[str, Defect]] = MappingProxyType({row[0]: Defect(*row) for row in DEFECT_ROWS})

#: Every defect that reading a command can record, by name.
COMMAND_DEFECTS: Final[Mapping[str, Defect]] = MappingProxyType(
    {row[0]: Defect(*row) for row in COMMAND_DEFECT_ROWS}
)

#: What a :class:`MailboxName` records of its octets; the values that hold it may repeat that.
MAILBOX_DEFECTS: Final[Mapping[str, Defect]] = MappingProxyType(
    {
        row[0]: Defect(*row)
        for row in (
            (
                "mailbox-not-canonical",
                "clients and servers with an encoder of their own",
                "modified UTF-7 that another encoder would have written otherwise; decoded, the octets kept",
            ),
            (
                "mailbox-8bit",
                "Courier and other older servers",
                "octets of 0x80 or more where modified UTF-7 was due; read as UTF-8, the octets kept",
            ),
            (
                "mailbox-undecodable",
                "servers that pass names of the file system on",
                "neither modified UTF-7 nor UTF-8; the octets themselves",
            ),
        )
    }
)

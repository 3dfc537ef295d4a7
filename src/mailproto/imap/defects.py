"""The defects that a value may carry: what servers and clients get wrong and is read all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def _by_name(rows: Iterable[tuple[str, str, str]]) -> Mapping[str, Defect]:
    return MappingProxyType({row[0]: Defect(*row) for row in rows})


#: What reading a response can record: the table of csrc/include/mailproto/defects.h.
OF_RESPONSES: Final = _by_name(DEFECT_ROWS)

#: What reading a command can record: the table of csrc/include/mailproto/imap_command.h.
OF_COMMANDS: Final = _by_name(COMMAND_DEFECT_ROWS)

#: What a :class:`MailboxName` records of its octets; the values that hold it repeat that.
OF_MAILBOX_NAMES: Final = _by_name(
    (
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
)

#: Every name that ``.defects`` of any value may hold. One that commands and responses share means the same in
#: both, and is told as responses have it.
DEFECTS: Final[Mapping[str, Defect]] = MappingProxyType({**OF_COMMANDS, **OF_RESPONSES, **OF_MAILBOX_NAMES})

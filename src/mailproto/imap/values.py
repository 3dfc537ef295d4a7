"""The smaller values inside responses: namespaces, generic trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.trees import write_generic_tree
from mailproto._core.write import Writer
from mailproto.imap.commands_base import Value

#: What no part of the library has a type for: an atom is ``str``, a number ``int``, ``NIL`` ``None``, a
#: string ``bytes``, a list ``tuple``.
Tree: TypeAlias = str | int | bytes | tuple["Tree", ...] | None

#: What ends an atom.
NOT_IN_ATOM: Final = frozenset('()"{ \x7f' + "".join(map(chr, range(32))))


def to_octets(text: str) -> bytes:
    """*text* as it goes on the wire: UTF-8, and octets that were no UTF-8 as they came."""
    return text.encode("utf-8", "surrogateescape")


def write_tree(writer: Writer, tree: Tree) -> None:
    """Write *tree*, without recursion. Raises ValueError where an atom would be read as something else."""
    write_generic_tree(writer, tree)


def write_flag(writer: Writer, flag: str) -> None:
    """Write a flag as a server may have it: looser than the grammar, but nothing that ends the flag early."""
    if not flag or not NOT_IN_ATOM.isdisjoint(flag):
        raise ValueError("not a flag")
    writer.raw(to_octets(flag))


@dataclass(frozen=True, slots=True, repr=False)
class NamespaceEntry(Value):
    """One namespace (RFC 2342): its prefix and the hierarchy delimiter there (``None``: flat)."""

    prefix: str
    delimiter: str | None
    extensions: tuple[Tree, ...] = ()

    def _put(self, writer: Writer) -> None:
        writer.open()
        name = self.prefix if isinstance(self.prefix, MailboxName) else MailboxName(self.prefix)
        delimiter = None if self.delimiter is None else to_octets(self.delimiter)
        writer.string(name.wire).sp().nstring(delimiter)
        for item in self.extensions:
            write_tree(writer.sp(), item)
        writer.close()

"""The smaller values inside responses: response codes, UIDPLUS results, namespaces, generic trees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.trees import write_generic_tree
from mailproto._core.write import Writer
from mailproto.imap.commands_base import Value

#: What no part of the library has a type for: an atom is ``str``, a number ``int``, ``NIL`` ``None``, a
#: string ``bytes``, a list ``tuple``.
Tree: TypeAlias = str | int | bytes | tuple["Tree", ...] | None

#: A quoted string where a response code may hold one; linear, for nothing in it can match twice.
_QUOTED: Final = re.compile(rb'(?<=[ (])"(?:[^"\\]|\\.)*"')
_OPEN_QUOTE: Final = re.compile(rb'[ (]"')
_NOT_IN_ATOM: Final = frozenset('()"{ \x7f' + "".join(map(chr, range(32))))


def to_octets(text: str) -> bytes:
    """*text* as it goes on the wire: UTF-8, and octets that were no UTF-8 as they came."""
    return text.encode("utf-8", "surrogateescape")


def write_tree(writer: Writer, tree: Tree) -> None:
    """Write *tree*, without recursion. Raises ValueError where an atom would be read as something else."""
    write_generic_tree(writer, tree)


def write_flag(writer: Writer, flag: str) -> None:
    """Write a flag as a server may have it: looser than the grammar, but nothing that ends the flag early."""
    if not flag or not _NOT_IN_ATOM.isdisjoint(flag):
        raise ValueError("not a flag")
    writer.raw(to_octets(flag))


@dataclass(frozen=True, slots=True, repr=False)
class AppendUid(Value):
    """The argument of ``APPENDUID`` (RFC 4315 section 3): where an APPEND put its messages."""

    uidvalidity: int
    uids: SequenceSet

    def _check(self) -> None:
        self._set("uids", self.uids if isinstance(self.uids, SequenceSet) else SequenceSet(self.uids))

    def _put(self, writer: Writer) -> None:
        writer.number(self.uidvalidity).sp().sequence_set(self.uids)


@dataclass(frozen=True, slots=True, repr=False)
class CopyUid(Value):
    """The argument of ``COPYUID`` (RFC 4315 section 3).

    The n-th UID of ``source`` became the n-th of ``destination``.
    """

    uidvalidity: int
    source: SequenceSet
    destination: SequenceSet

    def _check(self) -> None:
        for name in ("source", "destination"):
            value = getattr(self, name)
            self._set(name, value if isinstance(value, SequenceSet) else SequenceSet(value))

    def _put(self, writer: Writer) -> None:
        writer.number(self.uidvalidity).sp().sequence_set(self.source).sp().sequence_set(self.destination)


#: Codes whose tuple stands in parentheses on the wire.
_LISTS: Final = frozenset({"PERMANENTFLAGS", "BADCHARSET"})


@dataclass(frozen=True, slots=True, repr=False)
class ResponseCode(Value):
    """A response code, such as ``[UIDNEXT 7]``.

    ``name`` is in upper case. ``value`` is ``None`` for a code without argument, an ``int`` for UIDNEXT,
    UIDVALIDITY, UNSEEN and HIGHESTMODSEQ, a tuple of ``str`` for CAPABILITY and PERMANENTFLAGS, of ``bytes``
    for BADCHARSET, :class:`AppendUid`, :class:`CopyUid`, a :class:`SequenceSet` for MODIFIED, and the raw
    ``bytes`` of its argument for any other code.
    """

    name: str
    value: Any = None

    def _check(self) -> None:
        legal = self.name.isascii() and _NOT_IN_ATOM.isdisjoint(self.name) and "]" not in self.name
        if not self.name or not legal:
            raise ValueError("the name of a response code must be an atom without ]")
        self._set("name", self.name.upper())

    def _put(self, writer: Writer) -> None:
        writer.raw(b"[").raw(to_octets(self.name))
        match self.value:
            case None:
                pass
            case () if self.name == "BADCHARSET":
                pass
            case int():
                writer.sp().number(self.value)
            case SequenceSet():
                writer.sp().sequence_set(self.value)
            case AppendUid() | CopyUid():
                self.value._put(writer.sp())
            case bytes():
                if _OPEN_QUOTE.search(rest := _QUOTED.sub(b"x", b" " + self.value)):
                    raise ValueError("a quoted string in the argument of a response code must be closed")
                if b"]" in rest:
                    raise ValueError("the argument of a response code must not hold ]")
                writer.sp().text(self.value)
            case tuple() if self.name in _LISTS:
                write = write_flag if self.name == "PERMANENTFLAGS" else Writer.astring
                writer.sp().list(self.value, lambda item: write(writer, item))
            case tuple():
                for item in self.value:
                    write_flag(writer.sp(), item)
            case _:
                raise TypeError(f"no wire form for a response code's {type(self.value).__name__}")
        writer.raw(b"]")


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

"""The smaller values inside responses: namespaces, generic trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.trees import check_tree, write_generic_tree
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import LiteralMode, Value

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


class Argument(Value):
    """Base class of what stands inside a response and has a wire form of its own, without a line end."""

    __slots__ = ()

    def _put(self, writer: Writer) -> None:
        raise NotImplementedError

    def encode(self, utf8: bool = False, literals: LiteralMode = "sync") -> list[bytes]:  # type: ignore[override]
        """The wire form as fragments, see :meth:`Response.encode`."""
        writer = Writer(utf8=utf8, side="server")
        self._put(writer)
        return writer.finish()  # type: ignore[return-value]

    def __bytes__(self) -> bytes:
        return b"".join(self.encode())


@dataclass(frozen=True, slots=True, repr=False)
class NamespaceEntry(Argument):
    """One namespace (RFC 2342): its prefix and the hierarchy delimiter there (``None``: flat).

    ``extensions`` are pairs of name and value, a tree.
    """

    prefix: MailboxName
    delimiter: str | None
    extensions: tuple[tuple[str, Tree], ...] = ()

    def _check(self) -> None:
        if not isinstance(self.prefix, str):
            raise TypeError("prefix must be a str")
        prefix = self.prefix if type(self.prefix) is MailboxName else MailboxName(self.prefix)
        self._set("prefix", prefix)
        if self.delimiter is not None:
            delimiter = exact.text(self.delimiter, "delimiter")
            if len(delimiter) != 1 or delimiter in "\r\n\0" or "\ud800" <= delimiter <= "\udfff":
                raise ValueError("delimiter must be one character, not CR, LF or NUL, or None")
            self._set("delimiter", delimiter)
        extensions = []
        for label, value in check.pairs(self.extensions, "extensions"):
            kept = exact.text(label, "extensions")
            to_octets(kept)
            extensions.append((kept, check_tree(value, "extensions")))
        self._set("extensions", tuple(extensions))

    @classmethod
    def _read(cls, prefix: MailboxName | None, delimiter: bytes | None, extensions: Any) -> NamespaceEntry:
        """From the wire, without the checks."""
        made = object.__new__(cls)
        made._set("prefix", MailboxName("") if prefix is None else prefix)
        made._set("delimiter", None if delimiter is None else delimiter.decode("utf-8", "surrogateescape"))
        made._set("extensions", extensions)
        return made

    @property
    def translation(self) -> MailboxName | None:
        """The prefix in the language of the session (RFC 5255 section 3.4), ``None`` where there is none."""
        for label, tree in self.extensions:
            if (
                label.upper() == "TRANSLATION"
                and isinstance(tree, tuple)
                and tree
                and isinstance(tree[0], bytes)
            ):
                return MailboxName.from_wire(tree[0])
        return None

    def _put(self, writer: Writer) -> None:
        writer.open().string(self.prefix.encode_wire(writer.in_utf8)).sp().delimiter(self.delimiter)
        for label, tree in self.extensions:
            writer.sp().string(to_octets(label))
            write_tree(writer.sp(), tree)
        writer.close()

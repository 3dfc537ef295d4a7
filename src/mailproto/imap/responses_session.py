"""What a server says of itself: status, capabilities, namespaces, language; and what nobody knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from mailproto import exact
from mailproto._core.flags import check_atoms
from mailproto._core.response import is_response_name
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.codes import ResponseCode
from mailproto.imap.responses_base import Response, Wire, line, octets, put_name, text, texts, tree
from mailproto.imap.values import NamespaceEntry, Tree, to_octets, write_flag, write_tree

#: 4 characters at a time, as RFC 4648 section 4 has them; linear.
_BASE64: Final = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_STATUSES: Final = frozenset(("OK", "NO", "BAD", "PREAUTH", "BYE"))


def _check_text(response: StatusResponse | Continuation) -> None:
    """resp-text = ["[" resp-text-code "]" SP] text (RFC 9051 section 9)."""
    if response.code is not None and not isinstance(response.code, ResponseCode):
        raise TypeError("code must be a ResponseCode or None")
    response._set("text", line(response.text, "text"))
    if response.code is None and response.text.lstrip(" ").startswith("["):
        raise ValueError("text must not begin with [, as a response code does, nor with spaces before one")


@dataclass(frozen=True, slots=True, repr=False)
class StatusResponse(Response):
    """OK, NO, BAD, PREAUTH or BYE (RFC 9051 section 7.1). ``tag`` is ``None`` for an untagged one."""

    tag: str | None
    status: str
    code: ResponseCode | None = None
    text: str = ""

    def _check(self) -> None:
        self._set("status", check.one_of(self.status, _STATUSES, "status"))
        if self.tag is not None:
            self._set("tag", check.tag(self.tag))
            if self.status in ("PREAUTH", "BYE"):
                raise ValueError(f"{self.status} is never tagged")
        _check_text(self)

    def _put(self, writer: Writer) -> None:
        if self.tag is None:
            writer.raw(b"* ")
        else:
            writer.raw(self.tag).sp()
        writer.raw(self.status).sp()
        if self.code is not None:
            self.code._put(writer)
            writer.sp()
        writer.text(to_octets(self.text))


@dataclass(frozen=True, slots=True, repr=False)
class Continuation(Response):
    """``+``: the server waits for a literal, a SASL response or the end of IDLE.

    A ``text`` that can be base64 may be the challenge of a SASL mechanism, and hold a secret: ``repr`` and
    ``to_dict`` hide it.
    """

    text: str = ""
    code: ResponseCode | None = None

    def _hidden(self) -> frozenset[str]:
        return frozenset(("text",) if self.text and _BASE64.fullmatch(self.text) else ())

    def _check(self) -> None:
        _check_text(self)

    def _put(self, writer: Writer) -> None:
        writer.raw(b"+ ")
        if self.code is not None:
            self.code._put(writer)
            writer.sp()
        writer.text(to_octets(self.text))


@dataclass(frozen=True, slots=True, repr=False)
class Capability(Response):
    """CAPABILITY (RFC 9051 section 7.2.2): names as the server wrote them."""

    capabilities: tuple[str, ...]

    def _check(self) -> None:
        self._set("capabilities", check_atoms(self.capabilities, "capabilities"))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* CAPABILITY")
        for name in self.capabilities:
            write_flag(writer.sp(), name)


@dataclass(frozen=True, slots=True, repr=False)
class Enabled(Response):
    """ENABLED (RFC 5161 section 3.2)."""

    capabilities: tuple[str, ...] = ()

    def _check(self) -> None:
        self._set("capabilities", check_atoms(self.capabilities, "capabilities"))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ENABLED")
        for name in self.capabilities:
            write_flag(writer.sp(), name)


def _entry(entry: object, what: str) -> NamespaceEntry:
    if isinstance(entry, NamespaceEntry):
        return entry
    if not isinstance(entry, tuple) or len(entry) not in (2, 3):
        raise TypeError(f"{what} must hold NamespaceEntry, or tuples of prefix and delimiter")
    return NamespaceEntry(*entry)


@dataclass(frozen=True, slots=True, repr=False)
class Namespace(Response):
    """NAMESPACE (RFC 2342): each kind a tuple of :class:`NamespaceEntry`, or ``None``.

    When building one, ``(prefix, delimiter)`` will do for an entry.
    """

    personal: tuple[NamespaceEntry, ...] | None
    other: tuple[NamespaceEntry, ...] | None
    shared: tuple[NamespaceEntry, ...] | None

    def _check(self) -> None:
        for name in ("personal", "other", "shared"):
            if (entries := getattr(self, name)) is not None:
                made = [_entry(entry, name) for entry in exact.items(entries, name, "NamespaceEntry")]
                self._set(name, tuple(made) or None)

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        kinds = [
            None if not kind else tuple(NamespaceEntry._read(*entry) for entry in kind) for kind in values
        ]
        return tuple(zip(cls.__match_args__, kinds, strict=True)), ()

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* NAMESPACE")
        for entries in (self.personal, self.other, self.shared):
            writer.sp()
            if not entries:
                writer.nil()
                continue
            writer.open()
            for entry in entries:
                entry._put(writer)
            writer.close()


@dataclass(frozen=True, slots=True, repr=False)
class Id(Response):
    """ID (RFC 2971): pairs of name and value as ``bytes``, in the server's order; ``None`` for ``NIL``."""

    parameters: tuple[tuple[bytes, bytes | None], ...] | None = None

    def _check(self) -> None:
        if self.parameters is not None:
            made = [
                (octets(name, "parameters"), None if value is None else octets(value, "parameters"))
                for name, value in check.pairs(self.parameters, "parameters")
            ]
            self._set("parameters", tuple(made))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        (pairs,) = values
        return (("parameters", None if pairs is None else tuple((name or b"", v) for name, v in pairs)),), ()

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ID ")
        if self.parameters is None:
            writer.nil()
            return
        writer.open()
        for index, (name, value) in enumerate(self.parameters):
            if index:
                writer.sp()
            writer.string(name).sp().nstring(value)
        writer.close()


@dataclass(frozen=True, slots=True, repr=False)
class Language(Response):
    """LANGUAGE (RFC 5255 section 3.3): the language that is in use, or all that can be asked for."""

    tags: tuple[str, ...]

    def _check(self) -> None:
        self._set("tags", texts(self.tags, "tags", least=1))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* LANGUAGE ").list(self.tags, lambda tag: put_name(writer, tag))


@dataclass(frozen=True, slots=True, repr=False)
class Comparator(Response):
    """COMPARATOR (RFC 5255 section 4.8): the collation in use, and all that matched if several did."""

    active: str
    matching: tuple[str, ...] = ()

    def _check(self) -> None:
        self._set("active", text(self.active, "active"))
        self._set("matching", texts(self.matching, "matching"))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        active, matching = values
        return (("active", active), ("matching", matching or ())), ()

    def _put(self, writer: Writer) -> None:
        put_name(writer.raw(b"* COMPARATOR "), self.active)
        if self.matching:
            writer.sp().list(self.matching, lambda item: put_name(writer, item))


@dataclass(frozen=True, slots=True, repr=False)
class JmapAccess(Response):
    """JMAPACCESS (RFC 9698 section 4): where the same mail is offered by JMAP, a URL as ``bytes``."""

    url: bytes

    def _check(self) -> None:
        self._set("url", octets(self.url, "url"))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        return (("url", values[0] or b""),), ()

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* JMAPACCESS ").string(self.url)


@dataclass(frozen=True, slots=True, repr=False)
class UnknownResponse(Response):
    """Any other untagged response.

    ``name`` is in upper case, ``number`` came before it if any did, ``values`` are the rest as generic trees.
    """

    name: str
    number: int | None = None
    values: tuple[Tree, ...] = ()

    def _check(self) -> None:
        name = check.word(self.name, "name")
        # what would be read as something else: "* OK", "* 5", "* [ALERT]" for the quirk that it is
        if is_response_name(name) or name.isdigit() or name.startswith("["):
            raise ValueError("name must not be that of a response with a class of its own, nor a number")
        self._set("name", name)
        if self.number is not None:
            self._set("number", exact.integer(self.number, "number"))
        values = exact.items(self.values, "values", "trees")
        self._set("values", tuple([tree(value, "values") for value in values]))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ")
        if self.number is not None:
            writer.number(self.number).sp()
        write_flag(writer, self.name)
        for value in self.values:
            write_tree(writer.sp(), value)

"""What a server says of limits, rights, annotations and URLs: QUOTA, ACL, METADATA, URLAUTH."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import to_builtin
from mailproto.imap.responses_base import (
    Response,
    Wire,
    mailbox,
    octets,
    put_name,
    repeated,
    several_octets,
    text,
    texts,
    tree,
)
from mailproto.imap.values import Argument, Tree, write_tree

_RIGHTS: Final = re.compile("[a-z0-9]*")


def _rights(value: object, what: str = "rights") -> str:
    """rights = astring; lower-case letters and digits only (RFC 4314 section 5)."""
    rights = exact.text(value, what)
    if not _RIGHTS.fullmatch(rights):
        raise ValueError(f"{what} must be lower-case letters and digits")
    return rights


def _odd(*rights: str) -> tuple[str, ...]:
    return () if all(map(_RIGHTS.fullmatch, rights)) else ("bad-value",)


@dataclass(frozen=True, slots=True, repr=False)
class QuotaResource(Argument):
    """One limit of a :class:`Quota`.

    ``name``: ``"STORAGE"`` (units of 1024 octets), ``"MESSAGE"``, ``"MAILBOX"``, ``"ANNOTATION-STORAGE"`` or
    another, in upper case. ``usage`` and ``limit`` are ``None`` where the server sent what is no number.
    """

    name: str
    usage: int | None
    limit: int | None

    def _check(self) -> None:
        self._set("name", text(self.name, "name").upper())
        for what in ("usage", "limit"):
            if (value := getattr(self, what)) is not None:
                self._set(what, exact.integer(value, what, most=exact.MAX_NUMBER64))

    def _put(self, writer: Writer) -> None:
        put_name(writer, self.name)
        for value in (self.usage, self.limit):
            writer.sp()
            if value is None:
                writer.nil()
            else:
                writer.number(value)


def _resource(resource: object) -> QuotaResource:
    if isinstance(resource, QuotaResource):
        return resource
    if not isinstance(resource, tuple) or len(resource) != 3:
        raise TypeError("resources must hold QuotaResource, or tuples of name, usage and limit")
    return QuotaResource(*resource)


@dataclass(frozen=True, slots=True, repr=False)
class Quota(Response):
    """QUOTA (RFC 9208 section 4.2.1, RFC 2087): what a quota root (``bytes``) allows and how much is used.

    When building one, ``(name, usage, limit)`` will do for a resource.
    """

    root: bytes
    resources: tuple[QuotaResource, ...] = ()

    def _check(self) -> None:
        self._set("root", octets(self.root, "root"))
        resources = exact.items(self.resources, "resources", "QuotaResource")
        self._set("resources", tuple([_resource(resource) for resource in resources]))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        root, resources = values
        made = tuple(QuotaResource(*resource) for resource in resources or ())
        return (("root", root), ("resources", made)), repeated(resource.name for resource in made)

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* QUOTA ").astring(self.root).sp()
        writer.list(self.resources, lambda resource: resource._put(writer))


@dataclass(frozen=True, slots=True, repr=False)
class QuotaRoot(Response):
    """QUOTAROOT (RFC 9208 section 4.2.2): the quota roots, as ``bytes``, that hold for a mailbox."""

    mailbox: MailboxName
    roots: tuple[bytes, ...] = ()

    def _check(self) -> None:
        self._set("mailbox", mailbox(self.mailbox))
        self._set("roots", several_octets(self.roots, "roots"))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* QUOTAROOT ").mailbox(self.mailbox)
        for root in self.roots:
            writer.sp().astring(root)


@dataclass(frozen=True, slots=True, repr=False)
class Acl(Response):
    """ACL (RFC 4314 section 3.6): pairs of identifier (``bytes``) and its rights (``str``)."""

    mailbox: MailboxName
    rights: tuple[tuple[bytes, str], ...] = ()

    def _check(self) -> None:
        self._set("mailbox", mailbox(self.mailbox))
        pairs = check.pairs(self.rights, "rights")
        self._set("rights", tuple([(octets(who, "identifier"), _rights(rights)) for who, rights in pairs]))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        box, pairs = values
        more = (*_odd(*(rights for _, rights in pairs)), *repeated(who for who, _ in pairs))
        return (("mailbox", box), ("rights", pairs)), more

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ACL ").mailbox(self.mailbox)
        for who, rights in self.rights:
            put_name(writer.sp().astring(who).sp(), rights)


@dataclass(frozen=True, slots=True, repr=False)
class ListRights(Response):
    """LISTRIGHTS (RFC 4314 section 3.7): what may be granted to an identifier (``bytes``).

    ``required`` it has always; each entry of ``optional`` is granted or taken as a whole.
    """

    mailbox: MailboxName
    identifier: bytes
    required: str = ""
    optional: tuple[str, ...] = ()

    def _check(self) -> None:
        self._set("mailbox", mailbox(self.mailbox))
        self._set("identifier", octets(self.identifier, "identifier"))
        self._set("required", _rights(self.required, "required"))
        self._set("optional", tuple([_rights(tied, "optional") for tied in texts(self.optional, "optional")]))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        return tuple(zip(cls.__match_args__, values, strict=True)), _odd(values[2], *values[3])

    def _put(self, writer: Writer) -> None:
        put_name(
            writer.raw(b"* LISTRIGHTS ").mailbox(self.mailbox).sp().astring(self.identifier).sp(),
            self.required,
        )
        for tied in self.optional:
            put_name(writer.sp(), tied)


@dataclass(frozen=True, slots=True, repr=False)
class MyRights(Response):
    """MYRIGHTS (RFC 4314 section 3.8): the rights of the user who is logged in."""

    mailbox: MailboxName
    rights: str

    def _check(self) -> None:
        self._set("mailbox", mailbox(self.mailbox))
        self._set("rights", _rights(self.rights))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        return tuple(zip(cls.__match_args__, values, strict=True)), _odd(values[1])

    def _put(self, writer: Writer) -> None:
        put_name(writer.raw(b"* MYRIGHTS ").mailbox(self.mailbox).sp(), self.rights)


@dataclass(frozen=True, slots=True, repr=False)
class Metadata(Response):
    """METADATA (RFC 5464 section 4.4): annotations of a mailbox, of the server where the name is empty.

    As an answer, ``values`` maps each entry to ``bytes``, or ``None`` where it has no value, in the server's
    order. As news, ``values`` is ``None``. ``entries`` names what was asked for, or what changed.
    """

    mailbox: MailboxName
    values: Mapping[str, bytes | None] | None = None
    entries: tuple[str, ...] = ()

    def _check(self) -> None:
        self._set("mailbox", mailbox(self.mailbox))
        if self.values is None:
            self._set("entries", texts(self.entries, "entries", least=1))
            return
        pairs = {
            text(entry, "values"): None if value is None else octets(value, "values")
            for entry, value in check.pairs(self.values, "values")
        }
        if (entries := texts(self.entries, "entries")) and entries != tuple(pairs):
            raise ValueError("entries follow from the values")
        self._set("values", MappingProxyType(pairs))
        self._set("entries", tuple(pairs))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        box, found = values
        if form == 1:
            return (("mailbox", box), ("values", None), ("entries", found)), ()
        pairs = dict(found or ())
        fields = (("mailbox", box), ("values", MappingProxyType(pairs)), ("entries", tuple(pairs)))
        return fields, repeated(entry for entry, _ in found or ())

    def __hash__(self) -> int:
        return hash((self.mailbox, self.values is None, self.entries))

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """As :meth:`Response.to_dict`."""
        result: dict[str, Any] = {"type": "Metadata"}
        if self.defects:
            result["defects"] = list(self.defects)
        result["mailbox"] = to_builtin(self.mailbox)
        if self.values is not None:
            result["values"] = {to_builtin(entry): to_builtin(value) for entry, value in self.values.items()}
        return {**result, "entries": to_builtin(self.entries)}

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* METADATA ").mailbox(self.mailbox)
        if self.values is None:
            for entry in self.entries:
                put_name(writer.sp(), entry)
            return
        writer.sp().open()
        for index, (entry, value) in enumerate(self.values.items()):
            put_name(writer.raw(b" " if index else b""), entry)
            writer.sp().nstring(value)
        writer.close()


@dataclass(frozen=True, slots=True, repr=False)
class GenUrlAuth(Response):
    """GENURLAUTH (RFC 4467 section 7): the URLs, as ``bytes``, with their authorisation.

    They are secrets: whoever has one can read the message.
    """

    _secret: ClassVar[frozenset[str]] = frozenset(("urls",))

    urls: tuple[bytes, ...]

    def _check(self) -> None:
        self._set("urls", several_octets(self.urls, "urls"))
        if not self.urls:
            raise ValueError("urls must not be empty")

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* GENURLAUTH")
        for url in self.urls:
            writer.sp().astring(url)


@dataclass(frozen=True, slots=True, repr=False)
class UrlFetch(Response):
    """URLFETCH (RFC 4467 section 7): pairs of URL (``bytes``) and what it stands for.

    That is ``bytes``, ``None`` where it could not be had, or, where more was asked for (RFC 5524), a tuple of
    pairs: ``"BODY"`` or ``"BINARY"`` with ``bytes`` or ``None``, and other names in upper case with a tree.
    The URLs are secrets, as those of :class:`GenUrlAuth`.
    """

    _secret: ClassVar[frozenset[str]] = frozenset(("urls",))

    urls: tuple[tuple[bytes, bytes | tuple[tuple[str, Tree], ...] | None], ...]

    def _check(self) -> None:
        urls = [exact.pair(url, "urls") for url in exact.items(self.urls, "urls", "pairs")]
        if not urls:
            raise ValueError("urls must not be empty")
        self._set("urls", tuple([(octets(url, "urls"), _url_data(data)) for url, data in urls]))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        (urls,) = values
        made = tuple(
            # nothing but names without a value (a defect): as if it could not be had
            (url, tuple((n.upper(), v) for n, v in data) or None if isinstance(data, tuple) else data)
            for url, data in urls
        )
        return (("urls", made),), ()

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* URLFETCH")
        for url, data in self.urls:
            writer.sp().astring(url)
            if not isinstance(data, tuple):
                writer.sp().nstring(data)
                continue
            for label, value in data:
                put_name(writer.raw(b" ("), label)  # an atom, but for what was read tolerantly
                writer.sp()
                if label == "BINARY" and isinstance(value, bytes):
                    writer.literal(value, binary=True)
                else:
                    write_tree(writer, value)
                writer.close()


def _url_data(data: object) -> bytes | tuple[tuple[str, Tree], ...] | None:
    if data is None or not isinstance(data, tuple):
        return None if data is None else octets(data, "urls")
    if not data:
        raise ValueError("what a URL stands for must not be an empty tuple")
    made: list[tuple[str, Tree]] = []
    for label, value in check.pairs(data, "urls"):
        name = check.word(label, "urls")
        if name in ("BODY", "BINARY"):
            made.append((name, None if value is None else octets(value, name)))
        else:
            made.append((name, tree(value, "urls")))
    return tuple(made)

"""SEARCH (RFC 3501 section 6.4.4), SORT and THREAD (RFC 5256), ESEARCH over several mailboxes (RFC 7377)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from mailproto import exact
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap import search
from mailproto.imap.commands_base import Command
from mailproto.imap.commands_parameters import MailboxFilter, Parameter, parameters, write_list

#: What a caller may give as criteria: a key, or keys that must all match.
Criteria = search.SearchKey | Iterable[search.SearchKey]

_SORT_KEY: Final = re.compile(
    "(?:REVERSE )?(?:ARRIVAL|CC|DATE|FROM|SIZE|SUBJECT|TO|DISPLAYFROM|DISPLAYTO|RELEVANCY)"
)


def _criteria(value: Criteria) -> search.And:
    if isinstance(value, search.And):
        return value
    if isinstance(value, search.SearchKey):
        return search.And((value,))
    return search.And(exact.items(value, "criteria", "search keys, such as search.Key('UNSEEN')"))


def _charset(value: str | None, criteria: search.And) -> str | None:
    """The charset as given; UTF-8 where there is none and a string is not ASCII."""
    if value is not None:
        return check.text(value, "charset")
    strings = (k.value for k in criteria.walk() if isinstance(k, (search.Text, search.Header)))
    return None if all(string.isascii() for string in strings) else "UTF-8"


def _write_return(writer: Writer, options: tuple[check.SearchOption, ...] | None) -> None:
    if options is not None:
        words = [o if isinstance(o, str) else f"{o[0]} {o[1][0]}:{o[1][1]}" for o in options]
        writer.raw(b" RETURN ").list(words, writer.raw)


def _write_program(writer: Writer, utf8: bool, charset: str | None, criteria: search.And) -> None:
    # RFC 6855 section 3: a session that has enabled UTF8=ACCEPT must not name a charset.
    if charset is not None and not (utf8 and charset.upper() == "UTF-8"):
        writer.raw(b" CHARSET ").astring(charset)
    writer.sp()
    search.write_keys(writer, criteria)


@dataclass(frozen=True, slots=True, repr=False)
class Search(Command):
    """SEARCH (RFC 3501 section 6.4.4) with return options (RFC 4731, RFC 5182, RFC 5267, RFC 6203, RFC 9394).

    *criteria* is a search key or an iterable of keys that must all match, and is kept as :class:`search.And`.
    *charset* is that of the keys' strings; where none is given and a string is not ASCII it becomes UTF-8.
    *return_options*: ``None`` for a plain SEARCH, else words such as ``"MIN"``, and ``("PARTIAL", (1, 10))``,
    counted from the end where both are negative; ``()`` is ``RETURN ()``.
    """

    name: ClassVar[str] = "SEARCH"

    criteria: search.And
    charset: str | None = None
    uid: bool = False
    return_options: tuple[check.SearchOption, ...] | None = None

    def __init__(
        self,
        criteria: Criteria,
        charset: str | None = None,
        uid: bool = False,
        return_options: Iterable[check.SearchOption] | None = None,
        *,
        tag: str | None = None,
    ) -> None:
        kept = _criteria(criteria)
        self._keep(
            tag=tag,
            criteria=kept,
            charset=_charset(charset, kept),
            uid=exact.boolean(uid, "uid"),
            return_options=check.search_options(return_options, "return_options"),
        )

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        _write_return(writer, self.return_options)
        _write_program(writer, utf8, self.charset, self.criteria)


@dataclass(frozen=True, slots=True, repr=False)
class Sort(Command):
    """SORT (RFC 5256 section 3, RFC 5957): *sort_keys* such as ``"DATE"`` and ``"REVERSE SIZE"``.

    *return_options* as in :class:`Search` (RFC 5267). The charset must be named: UTF-8 if none is given.
    """

    name: ClassVar[str] = "SORT"

    sort_keys: tuple[str, ...]
    criteria: search.And
    charset: str = "UTF-8"
    uid: bool = False
    return_options: tuple[check.SearchOption, ...] | None = None

    def __init__(
        self,
        sort_keys: str | Iterable[str],
        criteria: Criteria,
        charset: str = "UTF-8",
        uid: bool = False,
        return_options: Iterable[check.SearchOption] | None = None,
        *,
        tag: str | None = None,
    ) -> None:
        self._keep(
            tag=tag,
            sort_keys=tuple([key.upper() for key in check.texts(sort_keys, "sort_keys", least=1)]),
            criteria=_criteria(criteria),
            charset=check.text(charset, "charset"),
            uid=exact.boolean(uid, "uid"),
            return_options=check.search_options(return_options, "return_options"),
        )

    def _check(self) -> None:
        if not all(map(_SORT_KEY.fullmatch, self.sort_keys)):
            raise ValueError("sort_keys must be sort keys of RFC 5256, each alone or behind REVERSE")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        _write_return(writer, self.return_options)
        writer.sp().list(self.sort_keys, writer.raw).sp().astring(self.charset).sp()
        search.write_keys(writer, self.criteria)


@dataclass(frozen=True, slots=True, repr=False)
class Thread(Command):
    """THREAD (RFC 5256 section 3): *algorithm* such as ``"REFERENCES"``, kept in upper case."""

    name: ClassVar[str] = "THREAD"

    algorithm: str
    criteria: search.And
    charset: str = "UTF-8"
    uid: bool = False

    def __init__(
        self,
        algorithm: str,
        criteria: Criteria,
        charset: str = "UTF-8",
        uid: bool = False,
        *,
        tag: str | None = None,
    ) -> None:
        self._keep(
            tag=tag,
            algorithm=check.word(algorithm, "algorithm"),
            criteria=_criteria(criteria),
            charset=check.text(charset, "charset"),
            uid=exact.boolean(uid, "uid"),
        )

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().raw(self.algorithm).sp().astring(self.charset).sp()
        search.write_keys(writer, self.criteria)


@dataclass(frozen=True, slots=True, repr=False)
class ESearch(Command):
    """ESEARCH (RFC 7377): a search of the mailboxes that *sources* name, or of the selected one for ``None``.

    *scope_options* are for extensions; none is defined.
    """

    name: ClassVar[str] = "ESEARCH"

    criteria: search.And
    sources: tuple[MailboxFilter, ...] | None = None
    charset: str | None = None
    return_options: tuple[check.SearchOption, ...] | None = None
    scope_options: tuple[Parameter, ...] = ()

    def __init__(
        self,
        criteria: Criteria,
        sources: MailboxFilter | Iterable[MailboxFilter] | None = None,
        charset: str | None = None,
        return_options: Iterable[check.SearchOption] | None = None,
        scope_options: Iterable[Parameter] = (),
        *,
        tag: str | None = None,
    ) -> None:
        kept = _criteria(criteria)
        if sources is not None:
            given = (sources,) if isinstance(sources, MailboxFilter) else sources
            sources = exact.items(given, "sources", "MailboxFilter")
        self._keep(
            tag=tag,
            criteria=kept,
            sources=sources,
            charset=_charset(charset, kept),
            return_options=check.search_options(return_options, "return_options"),
            scope_options=parameters(scope_options, frozenset(), "scope_options"),
        )

    def _check(self) -> None:
        if self.sources is None:
            if self.scope_options:
                raise ValueError("scope_options go with sources")
            return
        if not self.sources:
            raise ValueError("sources must not be empty")
        if not all(isinstance(source, MailboxFilter) for source in self.sources):
            raise TypeError("sources must be MailboxFilter, an iterable of them or None")
        if any(source.kind == "SELECTED-DELAYED" for source in self.sources):
            raise ValueError("SELECTED-DELAYED is for NOTIFY alone (RFC 7377 section 2.2)")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        if self.sources is not None:
            writer.raw(b" IN (")
            for index, source in enumerate(self.sources):
                if index:
                    writer.sp()
                source._write(writer, utf8)
            if self.scope_options:
                writer.sp()
                write_list(writer, self.scope_options)
            writer.close()
        _write_return(writer, self.return_options)
        _write_program(writer, utf8, self.charset, self.criteria)


@dataclass(frozen=True, slots=True, repr=False)
class CancelUpdate(Command):
    """CANCELUPDATE (RFC 5267 section 4.2): no more updates for the searches with these tags."""

    name: ClassVar[str] = "CANCELUPDATE"

    tags: tuple[str, ...]

    def __init__(self, tags: str | Iterable[str], *, tag: str | None = None) -> None:
        given = check.texts(tags, "tags", least=1)
        self._keep(tag=tag, tags=tuple([check.tag(value, "tags") for value in given]))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        for value in self.tags:
            writer.sp().string(value)

"""Commands about mailboxes (RFC 3501 section 6.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command
from mailproto.imap.commands_parameters import Parameter, Qresync, parameters, write_list

#: A return option of LIST: a word; a word with its items, ``("STATUS", ("MESSAGES", "UNSEEN"))`` (RFC 5819)
#: or ``("METADATA", ("/shared/comment",))`` (RFC 9590); or one that is not known here.
ReturnOption = str | tuple[str, tuple[str, ...]] | Parameter
#: A selection option of LIST: a word, or one that is not known here.
SelectionOption = str | Parameter

_SELECTION: Final = frozenset(("SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"))
_RETURN: Final = frozenset(("SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "MYRIGHTS"))
_WITH_ITEMS: Final = frozenset(("STATUS", "METADATA"))
_SELECT: Final = frozenset(("CONDSTORE", "QRESYNC"))


@dataclass(frozen=True, slots=True, repr=False)
class _OneMailbox(Command):
    """A command whose only argument is a mailbox."""

    mailbox: MailboxName

    def __init__(self, mailbox: str, *, tag: str | None = None) -> None:
        self._keep(tag=tag, mailbox=check.mailbox(mailbox, "mailbox"))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox)


@dataclass(frozen=True, slots=True, repr=False)
class _Open(Command):
    """SELECT and EXAMINE."""

    mailbox: MailboxName
    condstore: bool = False
    qresync: Qresync | None = None
    parameters: tuple[Parameter, ...] = ()

    def __init__(
        self,
        mailbox: str,
        condstore: bool = False,
        qresync: Qresync | None = None,
        parameters: Iterable[Parameter] = (),
        *,
        tag: str | None = None,
    ) -> None:
        self._keep(
            tag=tag,
            mailbox=check.mailbox(mailbox, "mailbox"),
            condstore=exact.boolean(condstore, "condstore"),
            qresync=qresync,
            parameters=_parameters(parameters, _SELECT),
        )

    def _check(self) -> None:
        if self.qresync is not None and not isinstance(self.qresync, Qresync):
            raise TypeError("qresync must be a Qresync")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox)
        if self.condstore or self.qresync is not None or self.parameters:
            writer.sp()
            condstore = ("CONDSTORE",) if self.condstore else ()
            qresync = () if self.qresync is None else (self.qresync,)
            write_list(writer, (*condstore, *qresync, *self.parameters))


def _parameters(values: Iterable[Parameter], known: frozenset[str]) -> tuple[Parameter, ...]:
    return parameters(values, known, "parameters")


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Select(_Open):
    """SELECT (RFC 3501 section 6.3.1).

    *condstore* adds the parameter of RFC 7162 section 3.1.8, *qresync* that of its section 3.2.5,
    *parameters* others (RFC 4466 section 2.1).
    """

    name: ClassVar[str] = "SELECT"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Examine(_Open):
    """EXAMINE (RFC 3501 section 6.3.2): SELECT, read-only."""

    name: ClassVar[str] = "EXAMINE"


@dataclass(frozen=True, slots=True, repr=False)
class Create(Command):
    """CREATE (RFC 3501 section 6.3.3); *special_use* holds attributes such as ``\\Sent`` (RFC 6154 section
    3), *parameters* others (RFC 4466 section 2.2).
    """

    name: ClassVar[str] = "CREATE"

    mailbox: MailboxName
    special_use: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    def __init__(
        self,
        mailbox: str,
        special_use: Iterable[str] = (),
        parameters: Iterable[Parameter] = (),
        *,
        tag: str | None = None,
    ) -> None:
        self._keep(
            tag=tag,
            mailbox=check.mailbox(mailbox, "mailbox"),
            special_use=check.flags(special_use, "special_use"),
            parameters=_parameters(parameters, frozenset(("USE",))),
        )

    def _check(self) -> None:
        if not all(attribute.startswith("\\") for attribute in self.special_use):
            raise ValueError("special_use holds attributes, which start with a backslash")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox)
        uses = (f"USE ({' '.join(self.special_use)})",) if self.special_use else ()
        if uses or self.parameters:
            writer.sp()
            write_list(writer, (*uses, *self.parameters))


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Delete(_OneMailbox):
    """DELETE (RFC 3501 section 6.3.4)."""

    name: ClassVar[str] = "DELETE"


@dataclass(frozen=True, slots=True, repr=False)
class Rename(Command):
    """RENAME (RFC 3501 section 6.3.5), with parameters as RFC 4466 section 2.3 allows them."""

    name: ClassVar[str] = "RENAME"

    mailbox: MailboxName
    new_name: MailboxName
    parameters: tuple[Parameter, ...] = ()

    def __init__(
        self,
        mailbox: str,
        new_name: str,
        parameters: Iterable[Parameter] = (),
        *,
        tag: str | None = None,
    ) -> None:
        self._keep(
            tag=tag,
            mailbox=check.mailbox(mailbox, "mailbox"),
            new_name=check.mailbox(new_name, "new_name"),
            parameters=_parameters(parameters, frozenset()),
        )

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox).sp().mailbox(self.new_name)
        if self.parameters:
            writer.sp()
            write_list(writer, self.parameters)


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Subscribe(_OneMailbox):
    """SUBSCRIBE (RFC 3501 section 6.3.6)."""

    name: ClassVar[str] = "SUBSCRIBE"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Unsubscribe(_OneMailbox):
    """UNSUBSCRIBE (RFC 3501 section 6.3.7)."""

    name: ClassVar[str] = "UNSUBSCRIBE"


@dataclass(frozen=True, slots=True, repr=False)
class List(Command):
    """LIST (RFC 3501 section 6.3.8), with the options and several patterns of RFC 5258.

    *patterns* may be given as one ``str``. Options are kept in upper case; see :data:`ReturnOption`.
    """

    name: ClassVar[str] = "LIST"

    reference: MailboxName
    patterns: tuple[MailboxName, ...]
    selection_options: tuple[SelectionOption, ...] = ()
    return_options: tuple[ReturnOption, ...] = ()

    def __init__(
        self,
        reference: str,
        patterns: str | Iterable[str],
        selection_options: Iterable[SelectionOption] = (),
        return_options: Iterable[ReturnOption] = (),
        *,
        tag: str | None = None,
    ) -> None:
        selected = exact.items(selection_options, "selection_options", "options")
        returned = exact.items(return_options, "return_options", "options")
        self._keep(
            tag=tag,
            reference=check.mailbox(reference, "reference"),
            patterns=check.mailboxes(patterns, "patterns", least=1),
            selection_options=tuple([_option(o, _SELECTION, "selection_options") for o in selected]),
            return_options=tuple([_return_option(option) for option in returned]),
        )

    def _check(self) -> None:
        selected = self.selection_options
        if "RECURSIVEMATCH" in selected and all(o in ("RECURSIVEMATCH", "REMOTE") for o in selected):
            raise ValueError("RECURSIVEMATCH needs SUBSCRIBED, SPECIAL-USE or an extension beside it")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp()
        if self.selection_options:
            write_list(writer, self.selection_options)
            writer.sp()
        writer.mailbox(self.reference).sp()
        if len(self.patterns) == 1:
            writer.list_mailbox(self.patterns[0])
        else:
            writer.list(self.patterns, writer.list_mailbox)
        if self.return_options:
            writer.raw(b" RETURN ").open()
            for index, option in enumerate(self.return_options):
                if index:
                    writer.sp()
                if isinstance(option, tuple):
                    metadata = option[0] == "METADATA"
                    writer.raw(option[0]).sp().list(option[1], writer.astring if metadata else writer.raw)
                elif isinstance(option, Parameter):
                    option._write(writer, utf8)
                else:
                    writer.raw(option)
            writer.close()


def _return_option(option: ReturnOption) -> ReturnOption:
    if isinstance(option, tuple):
        name, items = exact.pair(option, "return_options")
        if check.one_of(name, _WITH_ITEMS, "return_options") == "METADATA":
            return "METADATA", check.entries(items, "return_options")
        return "STATUS", check.labels(items, "return_options")
    kept = _option(option, _RETURN, "return_options")
    if isinstance(kept, Parameter) and kept.name in _WITH_ITEMS:
        raise ValueError(f"return_options: {kept.name} needs items")
    return kept


def _option(option: object, known: frozenset[str], what: str) -> SelectionOption:
    """A word that is known, or an option-extension (RFC 5258 section 6), whose value must be a list."""
    if isinstance(option, str):
        name = check.word(option, what)
        return name if name in known else Parameter(name)
    if not isinstance(option, Parameter):
        raise TypeError(f"{what} must hold str or Parameter")
    if isinstance(option.value, str):
        raise ValueError(f"{what}: the value of {option.name} must be a list")
    if option.name in known:
        if option.value is not None:
            raise ValueError(f"{what}: {option.name} has no value")
        return option.name
    return option


@dataclass(frozen=True, slots=True, repr=False)
class _ByPattern(Command):
    """A command that lists by one reference and one pattern."""

    reference: MailboxName
    pattern: MailboxName

    def __init__(self, reference: str, pattern: str, *, tag: str | None = None) -> None:
        self._keep(
            tag=tag,
            reference=check.mailbox(reference, "reference"),
            pattern=check.mailbox(pattern, "pattern"),
        )

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.reference).sp().list_mailbox(self.pattern)


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Lsub(_ByPattern):
    """LSUB (RFC 3501 section 6.3.9)."""

    name: ClassVar[str] = "LSUB"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Xlist(_ByPattern):
    """XLIST: LIST with special uses, as Gmail had it before RFC 6154."""

    name: ClassVar[str] = "XLIST"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Rlist(_ByPattern):
    """RLIST: LIST that also shows mailboxes of other servers (RFC 2193)."""

    name: ClassVar[str] = "RLIST"


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Rlsub(_ByPattern):
    """RLSUB: LSUB that also shows mailboxes of other servers (RFC 2193)."""

    name: ClassVar[str] = "RLSUB"


@dataclass(frozen=True, slots=True, repr=False)
class Status(Command):
    """STATUS (RFC 3501 section 6.3.10): *items* such as ``UIDNEXT``, kept in upper case."""

    name: ClassVar[str] = "STATUS"

    mailbox: MailboxName
    items: tuple[str, ...]

    def __init__(self, mailbox: str, items: Iterable[str], *, tag: str | None = None) -> None:
        self._keep(tag=tag, mailbox=check.mailbox(mailbox, "mailbox"), items=check.labels(items, "items"))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        writer.sp().mailbox(self.mailbox).sp().list(self.items, writer.raw)

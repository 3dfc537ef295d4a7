"""What searches find: SEARCH, SORT, ESEARCH."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from mailproto import exact
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.responses_base import Response, Wire, found, labelled, mailbox, put_name, repeated, text
from mailproto.imap.values import Argument, Tree, to_octets, write_tree


@dataclass(frozen=True, slots=True, repr=False)
class _Numbers(Response):
    """What SEARCH and SORT share."""

    _name: ClassVar[bytes]

    numbers: SequenceSet = field(default_factory=SequenceSet)
    modseq: int | None = None

    def _check(self) -> None:
        # one canonical form, so that equality does not depend on how the set was built
        self._set("numbers", _in_order(self.numbers))
        if self.modseq is not None:
            self._set("modseq", exact.integer(self.modseq, "modseq", most=exact.MAX_NUMBER64))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ").raw(self._name)
        if self.numbers:
            writer.raw(b" ").raw(" ".join(map(str, self.numbers)))
        if self.modseq is not None:
            writer.raw(b" (MODSEQ ").number(self.modseq).close()


@dataclass(frozen=True, slots=True, repr=False)
class SearchResult(_Numbers):
    """SEARCH (RFC 3501 section 7.2.5); ``modseq`` with CONDSTORE (RFC 7162 section 3.1.5).

    ``numbers`` is a :class:`SequenceSet` in the server's order; it is never expanded but by iteration.
    """

    _name: ClassVar[bytes] = b"SEARCH"


@dataclass(frozen=True, slots=True, repr=False)
class SortResult(_Numbers):
    """SORT (RFC 5256 section 4); ``modseq`` with CONDSTORE (RFC 7162 section 3.1.6).

    ``numbers`` is a :class:`SequenceSet` that iterates in the order of the sort.
    """

    _name: ClassVar[bytes] = b"SORT"


_KINDS: Final = frozenset(("ADDTO", "REMOVEFROM"))


@dataclass(frozen=True, slots=True, repr=False)
class ContextUpdate(Argument):
    """ADDTO or REMOVEFROM (RFC 5267 section 4.3): what changed in a result that the server keeps up to date.

    ``kind`` is ``"ADDTO"`` or ``"REMOVEFROM"``, ``changes`` pairs of a position in the sorted result (0 where
    there is none) and the numbers that came or went there, to be applied in their order.
    """

    kind: str
    changes: tuple[tuple[int, SequenceSet], ...]

    def _check(self) -> None:
        self._set("kind", check.one_of(self.kind, _KINDS, "kind"))
        changes = [exact.pair(change, "changes") for change in exact.items(self.changes, "changes", "pairs")]
        if not changes:
            raise ValueError("changes must not be empty")
        made = [(exact.integer(at, "changes"), found(numbers, "changes")) for at, numbers in changes]
        self._set("changes", tuple(made))

    def _put(self, writer: Writer) -> None:
        writer.raw(self.kind).raw(b" (")
        for index, (position, numbers) in enumerate(self.changes):
            writer.raw(b" " if index else b"").number(position).sp().sequence_set(numbers)
        writer.close()


_NUMBERS: Final = ("MIN", "MAX", "COUNT", "MODSEQ")
#: What has a field of its own, so that neither ``others`` nor ``correlators`` may hold it.
_TYPED: Final = frozenset({*_NUMBERS, *_KINDS, "ALL", "PARTIAL", "RELEVANCY", "UID"})
_CORRELATORS: Final = frozenset(("TAG", "MAILBOX", "UIDVALIDITY"))


@dataclass(frozen=True, slots=True, repr=False)
class ESearch(Response):
    """ESEARCH (RFC 9051 section 7.3.4): the answer to a SEARCH or SORT with return options.

    ``tag``: of the command, ``None`` in news that no command asked for; ``mailbox``, ``uidvalidity`` (RFC
    7377): where it was found. ``all`` is in the server's order. ``partial`` (RFC 9394) is the range asked
    for, as a pair of numbers that count from the end where they are below zero, and what was found there or
    ``None``. ``updates`` (RFC 5267) are to be applied in their order. ``relevancy`` (RFC 6203) has a score
    from 1 to 100 for each number in ``all``. What has no field of its own is in ``others``, beside the tag in
    ``correlators``, as pairs of name and tree.
    """

    tag: str | None = None
    uid: bool = False
    all: SequenceSet | None = None
    min: int | None = None
    max: int | None = None
    count: int | None = None
    modseq: int | None = None
    partial: tuple[tuple[int, int], SequenceSet | None] | None = None
    others: tuple[tuple[str, Tree], ...] = ()
    mailbox: MailboxName | None = None
    uidvalidity: int | None = None
    updates: tuple[ContextUpdate, ...] = ()
    relevancy: tuple[int, ...] | None = None
    correlators: tuple[tuple[str, Tree], ...] = ()

    def _check(self) -> None:
        if self.tag is not None:
            self._set("tag", text(self.tag, "tag"))
        self._set("uid", exact.boolean(self.uid, "uid"))
        if self.all is not None:
            self._set("all", found(self.all, "all"))
        for what in ("min", "max", "count", "modseq"):
            if (value := getattr(self, what)) is not None:
                self._set(what, exact.integer(value, what, most=exact.MAX_NUMBER64))
        if self.partial is not None:
            span, numbers = exact.pair(self.partial, "partial")
            kept = None if numbers is None else found(numbers, "partial")
            self._set("partial", (check.result_range(span, "partial"), kept))
        if self.mailbox is not None:
            self._set("mailbox", mailbox(self.mailbox))
        if self.uidvalidity is not None:
            self._set("uidvalidity", exact.integer(self.uidvalidity, "uidvalidity"))
        self._set("updates", exact.items(self.updates, "updates", "ContextUpdate"))
        if not all(isinstance(update, ContextUpdate) for update in self.updates):
            raise TypeError("updates must be ContextUpdate")
        if self.relevancy is not None:
            scores = exact.items(self.relevancy, "relevancy", "int")
            self._set("relevancy", tuple([exact.integer(score, "relevancy") for score in scores]))
        self._set("others", labelled(self.others, "others", _other))
        self._set("correlators", labelled(self.correlators, "correlators", _correlator))

    @classmethod
    def _from_wire(cls, form: int, *values: Any) -> Wire:
        correlators, uid, items = values
        fields: dict[str, Any] = dict.fromkeys(cls.__match_args__)
        others: list[tuple[str, Any]] = []
        beside: list[tuple[str, Any]] = []
        updates: list[ContextUpdate] = []
        more = repeated(item[0] for item in items if item[0] not in ("ADDTO", "REMOVEFROM"))
        more = more or repeated(label for label, _ in correlators or ())
        for label, value in correlators or ():
            if label == "TAG" and isinstance(value, bytes):
                fields["tag"] = value.decode("utf-8", "surrogateescape")
            elif (label == "MAILBOX" and isinstance(value, MailboxName)) or (
                label == "UIDVALIDITY" and isinstance(value, int)
            ):
                fields[label.lower()] = value
            else:
                beside.append((label, value))
        for label, *value in items:
            match label, *value:
                case "PARTIAL", (int(), int()) as span, (SequenceSet() | None) as numbers:
                    fields["partial"] = (span, numbers)
                case (("MIN" | "MAX" | "COUNT" | "MODSEQ"), int(number)):
                    fields[label.lower()] = number
                case "ALL", SequenceSet() as numbers:
                    fields["all"] = numbers
                case (("ADDTO" | "REMOVEFROM"), tuple(changes)) if _are_changes(changes):
                    updates.append(_update(label, changes))
                case "RELEVANCY", tuple(scores) if all(isinstance(score, int) for score in scores):
                    fields["relevancy"] = scores
                case _:
                    others.append((label, value[0]))
        fields.update(uid=bool(uid), others=tuple(others), updates=tuple(updates), correlators=tuple(beside))
        return tuple(fields.items()), more

    def _put(self, writer: Writer) -> None:
        writer.raw(b"* ESEARCH")
        self._put_correlators(writer)
        if self.uid:
            writer.raw(b" UID")
        for label in _NUMBERS:
            if (value := getattr(self, label.lower())) is not None:
                writer.sp().raw(label).sp().number(value)
        if self.all is not None:
            writer.raw(b" ALL ").sequence_set(self.all)
        if self.partial is not None:
            (first, last), numbers = self.partial
            writer.raw(f" PARTIAL ({first}:{last} ")
            if numbers is None:
                writer.nil()
            else:
                writer.sequence_set(numbers)
            writer.close()
        if self.relevancy is not None:
            writer.raw(b" RELEVANCY ").list(self.relevancy, writer.number)
        for update in self.updates:
            update._put(writer.sp())
        for label, tree in self.others:
            if not label:
                raise ValueError("the name of a result must not be empty")
            put_name(writer.sp(), label)
            write_tree(writer.sp(), tree)

    def _put_correlators(self, writer: Writer) -> None:
        first = True

        def begin(label: str) -> Writer:
            nonlocal first
            put_name(writer.raw(b" (" if first else b" "), label)  # an atom, but for what was read tolerantly
            first = False
            return writer.sp()

        if self.tag is not None:
            begin("TAG").string(to_octets(self.tag))
        if self.mailbox is not None:
            begin("MAILBOX").mailbox(self.mailbox)
        if self.uidvalidity is not None:
            begin("UIDVALIDITY").number(self.uidvalidity)
        for label, tree in self.correlators:
            write_tree(begin(label), tree)
        if not first:
            writer.close()


def _other(label: object, what: str) -> str:
    name = check.label(label, what)
    if name in _TYPED:
        raise ValueError(f"{what} must not hold what has a field of its own")
    return name


def _correlator(label: object, what: str) -> str:
    name = check.word(label, what)
    if name in _CORRELATORS:
        raise ValueError(f"{what} must not hold what has a field of its own")
    return name


def _in_order(numbers: object) -> SequenceSet:
    """The one form that these numbers have in this order, so that ``==`` does not ask how a set was built.

    What is made here is what is read: numbers that follow each other are one run. A run that was written
    from the higher end down iterates upwards, so it is turned; nothing is expanded.
    """
    if not isinstance(numbers, SequenceSet):
        numbers = SequenceSet(numbers)  # type: ignore[arg-type]
    if numbers.saved or numbers.has_star:
        raise ValueError("numbers must be numbers")
    joined: list[tuple[int, int]] = []
    for first, last in numbers.ranges:
        low, high = min(first, last), max(first, last)
        if joined and joined[-1][1] + 1 == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return SequenceSet.from_ranges(joined)


def _are_changes(value: tuple[Any, ...]) -> bool:
    return all(
        isinstance(change, tuple) and len(change) == 2 and isinstance(change[-1], SequenceSet)
        for change in value
    )


def _update(kind: str, changes: tuple[Any, ...]) -> ContextUpdate:
    update = object.__new__(ContextUpdate)
    update._set("kind", kind)
    update._set("changes", changes)
    return update

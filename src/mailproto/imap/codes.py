"""Response codes: what stands in brackets in OK, NO, BAD, BYE and PREAUTH, as typed values.

Every code of the RFCs is known, with the kind of its argument; that of any other is kept as ``bytes``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mailproto import exact
from mailproto._core.flags import canonical_flag
from mailproto._core.mailbox_name import MailboxName
from mailproto._core.response_code import CODES
from mailproto._core.sequence_set import SequenceSet
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.responses_base import found, mailbox
from mailproto.imap.values import NOT_IN_ATOM, Argument, to_octets, write_flag

#: A quoted string where a response code may hold one; linear, for nothing in it can match twice.
_QUOTED: Final = re.compile(rb'(?<=[ (])"(?:[^"\\]|\\.)*"')
_OPEN_QUOTE: Final = re.compile(rb'[ (]"')


def _number(value: object, what: str, least: int = 1, most: int = exact.MAX_NUMBER) -> int:
    return exact.integer(value, what, least=least, most=most)


def _atom(value: object, what: str) -> str:
    """What ends neither itself nor the code around it."""
    kept = exact.text(value, what)
    if not kept or not kept.isascii() or "]" in kept or not NOT_IN_ATOM.isdisjoint(kept):
        raise ValueError(f"{what} must be an atom without ]")
    return kept


def _put_quoted(writer: Writer, text: str) -> None:
    """A quoted string, whatever it holds: a response code has no literals."""
    wire = to_octets(text)
    if any(octet in wire for octet in (0, 10, 13)):
        raise ValueError("the string of a response code must not hold CR, LF or NUL")
    writer.raw(b'"' + wire.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"')


def _put_astring(writer: Writer, text: str) -> None:
    if text and text.isascii() and text.upper() != "NIL" and NOT_IN_ATOM.isdisjoint(text) and "]" not in text:
        writer.raw(text)
    else:
        _put_quoted(writer, text)


def _put_number(writer: Writer, number: int | None) -> None:
    if number is None:
        writer.nil()
    else:
        writer.number(number)


@dataclass(frozen=True, slots=True, repr=False)
class AppendUid(Argument):
    """The argument of ``APPENDUID`` (RFC 4315 section 3): where an APPEND put its messages."""

    uidvalidity: int
    uids: SequenceSet

    def _check(self) -> None:
        self._set("uidvalidity", _number(self.uidvalidity, "uidvalidity"))
        self._set("uids", found(self.uids, "uids"))

    def _put(self, writer: Writer) -> None:
        writer.number(self.uidvalidity).sp().sequence_set(self.uids)


@dataclass(frozen=True, slots=True, repr=False)
class CopyUid(Argument):
    """The argument of ``COPYUID`` (RFC 4315 section 3).

    The n-th UID of ``source`` became the n-th of ``destination``.
    """

    uidvalidity: int
    source: SequenceSet
    destination: SequenceSet

    def _check(self) -> None:
        self._set("uidvalidity", _number(self.uidvalidity, "uidvalidity"))
        self._set("source", found(self.source, "source"))
        self._set("destination", found(self.destination, "destination"))

    def _put(self, writer: Writer) -> None:
        writer.number(self.uidvalidity).sp().sequence_set(self.source).sp().sequence_set(self.destination)


@dataclass(frozen=True, slots=True, repr=False)
class UrlMechanism(Argument):
    """One mechanism of ``URLMECH`` (RFC 4467 section 9): its name and, for some, its data, decoded."""

    name: str
    data: bytes | None = None

    def _check(self) -> None:
        self._set("name", _atom(self.name, "name"))
        if "=" in self.name:
            raise ValueError("the name of a mechanism must not hold =")
        if self.data is not None:
            self._set("data", exact.octets(self.data, "data"))

    def _put(self, writer: Writer) -> None:
        writer.raw(to_octets(self.name))
        if self.data is not None:
            writer.raw(b"=" + base64.b64encode(self.data))


@dataclass(frozen=True, slots=True, repr=False)
class MetadataRefused(Argument):
    """The argument of ``METADATA`` (RFC 5464 section 4): why an entry was left out or not set.

    ``reason`` is LONGENTRIES (``size``: octets of the longest entry left out), MAXSIZE (``size``: octets that
    a value may have), TOOMANY or NOPRIVATE (no ``size``).
    """

    reason: str
    size: int | None = None

    def _check(self) -> None:
        reason = _atom(self.reason, "reason").upper()
        if reason not in ("LONGENTRIES", "MAXSIZE", "TOOMANY", "NOPRIVATE"):
            raise ValueError("reason must be LONGENTRIES, MAXSIZE, TOOMANY or NOPRIVATE")
        if (self.size is not None) != (reason in ("LONGENTRIES", "MAXSIZE")):
            raise ValueError("size goes with LONGENTRIES and MAXSIZE, and with them alone")
        if self.size is not None:
            self._set("size", _number(self.size, "size", 0, exact.MAX_NUMBER64))
        self._set("reason", reason)

    def _put(self, writer: Writer) -> None:
        writer.raw(self.reason)
        if self.size is not None:
            writer.sp().number(self.size)


@dataclass(frozen=True, slots=True, repr=False)
class InProgress(Argument):
    """The argument of ``INPROGRESS`` (RFC 9585): the command ``tag`` has done ``done`` of ``goal``."""

    tag: str | None = None
    done: int | None = None
    goal: int | None = None

    def _check(self) -> None:
        if self.tag is not None:
            self._set("tag", check.tag(self.tag))
        for what in ("done", "goal"):
            if (value := getattr(self, what)) is not None:
                self._set(what, _number(value, what, 0, exact.MAX_NUMBER64))

    def _put(self, writer: Writer) -> None:
        writer.open()
        if self.tag is None:
            writer.nil()
        else:
            _put_quoted(writer, self.tag)
        _put_number(writer.sp(), self.done)
        _put_number(writer.sp(), self.goal)
        writer.close()


@dataclass(frozen=True, slots=True, repr=False)
class MessageLimit(Argument):
    """The argument of ``MESSAGELIMIT`` (RFC 9738): how many messages a command may touch.

    ``uid`` is the lowest UID that was processed.
    """

    limit: int
    uid: int | None = None

    def _check(self) -> None:
        self._set("limit", _number(self.limit, "limit"))
        if self.uid is not None:
            self._set("uid", _number(self.uid, "uid"))

    def _put(self, writer: Writer) -> None:
        writer.number(self.limit)
        if self.uid is not None:
            writer.sp().number(self.uid)


# ---- what a code's value may be when it is made in Python ----------------------------


def _of(kind: type[Any]) -> Callable[[str, Any], Any]:
    def checked(name: str, value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError(f"{name} takes {kind.__name__}, not {type(value).__name__}")
        return value

    return checked


def _plain(name: str, value: Any) -> None:
    if value is not None:
        raise ValueError(f"{name} takes no argument")


def _code_number(name: str, value: Any) -> int:
    return _number(value, name, 1, exact.MAX_NUMBER64 if name == "HIGHESTMODSEQ" else exact.MAX_NUMBER)


def _items(name: str, value: Any) -> tuple[Any, ...]:
    return exact.items(value, name, "values")


def _atoms(name: str, value: Any) -> tuple[str, ...]:
    return tuple([_atom(item, name) for item in _items(name, value)])


def _some_atoms(name: str, value: Any) -> tuple[str, ...]:
    if not (made := _atoms(name, value)):
        raise ValueError(f"{name} takes at least one")
    return made


def _flags(name: str, value: Any) -> tuple[str, ...]:
    return tuple([canonical_flag(_atom(item, name)) for item in _items(name, value)])


def _charsets(name: str, value: Any) -> tuple[bytes, ...]:
    return tuple([exact.string(item, name) for item in _items(name, () if value is None else value)])


def _octets(name: str, value: Any) -> bytes:
    made = exact.string(value, name)
    if not made:
        raise ValueError(f"{name} takes an argument")
    _check_octets(made)
    return made


def _check_octets(value: bytes) -> None:
    """Refuse bytes that would end the code or the line, or be read as another argument."""
    if any(octet in value for octet in (0, 10, 13)):
        raise ValueError("the argument of a response code must not hold CR, LF or NUL")
    if _OPEN_QUOTE.search(rest := _QUOTED.sub(b"x", b" " + value)):
        raise ValueError("a quoted string in the argument of a response code must be closed")
    if b"]" in rest:
        raise ValueError("the argument of a response code must not hold ]")
    if value != value.strip(b" "):
        raise ValueError("the argument of a response code must not start or end with a space")


def _string(name: str, value: Any) -> str:
    made = exact.text(value, name)
    if not made or any(ch in made for ch in "\r\n\0"):
        raise ValueError(f"{name} takes a string without CR, LF and NUL")
    made.encode("utf-8", "surrogateescape")
    return made


def _object_id(name: str, value: Any) -> str:
    made = check.object_id(value, name)
    if made.upper() == "NIL":  # where it stands without quotes, that is no string
        raise ValueError(f"{name} must not be NIL")
    return made


def _mechanisms(name: str, value: Any) -> tuple[UrlMechanism, ...]:
    items = _items(name, value)
    made = tuple([item if isinstance(item, UrlMechanism) else UrlMechanism(item) for item in items])
    if not made or made[0] != UrlMechanism("INTERNAL"):
        raise ValueError(f"the first mechanism of {name} must be INTERNAL")
    return made


def _mailboxes(name: str, value: Any) -> tuple[MailboxName, ...]:
    made = tuple([mailbox(item) for item in _items(name, value)])
    if len(made) != 2:
        raise ValueError(f"{name} takes the old name and the new one")
    if any(octet in box.wire for box in made for octet in b"\r\n"):
        raise ValueError(f"{name} takes names without CR and LF: a response code has no literals")
    return made


_CHECKS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "plain": _plain,
    "number": _code_number,
    "atoms": _atoms,
    "flags": _flags,
    "charsets": _charsets,
    "appenduid": _of(AppendUid),
    "copyuid": _of(CopyUid),
    "set": lambda name, value: found(value, name),
    "text": _octets,
    "string": _string,
    "objectid": _object_id,
    "words": _some_atoms,
    "mechanisms": _mechanisms,
    "metadata": _of(MetadataRefused),
    "progress": lambda name, value: InProgress() if value is None else _of(InProgress)(name, value),
    "limit": _of(MessageLimit),
    "mailboxes": _mailboxes,
}


@dataclass(frozen=True, slots=True, repr=False)
class ResponseCode(Argument):
    """A response code, such as ``[UIDNEXT 7]``.

    ``name`` is in upper case. ``value`` is, by the code:

    - ``None`` for those without an argument (ALERT, READ-ONLY, TRYCREATE, those of RFC 5530 ...);
    - an ``int`` for UIDNEXT, UIDVALIDITY, UNSEEN, HIGHESTMODSEQ;
    - a tuple of ``str`` for CAPABILITY, PERMANENTFLAGS, BADEVENT, of ``bytes`` for BADCHARSET;
    - a ``str`` for MAILBOXID, NOUPDATE, UNDEFINED-FILTER; ``bytes`` (a URL) for REFERRAL and BADURL;
    - a :class:`SequenceSet` for MODIFIED, :class:`AppendUid`, :class:`CopyUid`;
    - :class:`MetadataRefused` for METADATA, :class:`InProgress`, :class:`MessageLimit`, a tuple of
      :class:`UrlMechanism` for URLMECH, two :class:`MailboxName` for NEWNAME;
    - the raw ``bytes`` of its argument, or ``None``, for any other code.

    Made in Python it is checked: TypeError for a value of another kind, ValueError for one that cannot be
    sent. One that was read with the defect ``bad-code`` has ``bytes``, whatever its name.
    """

    name: str
    value: Any = None

    @property
    def _secret(self) -> frozenset[str]:  # type: ignore[override]
        """The URL of BADURL may be authorised: whoever has such a one can read the message (RFC 4467)."""
        return frozenset(("value",)) if self.name == "BADURL" else frozenset()

    def _check(self) -> None:
        name = _atom(self.name, "the name of a response code").upper()
        self._set("name", name)
        if name in CODES:
            self._set("value", _CHECKS[CODES[name][0]](name, self.value))
        elif self.value is not None:
            self._set("value", _octets(name, self.value))

    def _put(self, writer: Writer) -> None:
        writer.raw(b"[").raw(to_octets(self.name))
        kind = CODES[self.name][0] if self.name in CODES else ""
        match self.value:
            case None:
                pass
            case ():
                if kind == "flags":
                    writer.raw(b" ()")
            case InProgress(None, None, None):
                pass
            case int():
                writer.sp().number(self.value)
            case str():
                self._put_str(writer.sp(), kind)
            case SequenceSet():
                writer.sp().sequence_set(self.value)
            case Argument():
                self.value._put(writer.sp())
            case bytes():
                _check_octets(self.value)
                writer.sp().text(self.value)
            case tuple():
                self._put_tuple(writer.sp(), kind)
            case _:
                raise TypeError(f"no wire form for a response code's {type(self.value).__name__}")
        writer.raw(b"]")

    def _put_str(self, writer: Writer, kind: str) -> None:
        if kind == "objectid":
            writer.open().raw(self.value).close()
        elif self.name == "NOUPDATE":
            _put_quoted(writer, self.value)
        else:
            _put_astring(writer, self.value)

    def _put_tuple(self, writer: Writer, kind: str) -> None:
        match kind:
            case "flags" | "words":
                writer.list(self.value, lambda flag: write_flag(writer, flag))
            case "charsets":
                writer.list(self.value, writer.astring)
            case _:
                for index, item in enumerate(self.value):
                    if index:
                        writer.sp()
                    if isinstance(item, MailboxName):
                        wire = item.encode_wire(writer.in_utf8)
                        if any(octet in wire for octet in b"\r\n\0"):
                            wire = item.wire  # a quoted string cannot hold them, modified UTF-7 hides them
                        _put_astring(writer, wire.decode("utf-8", "surrogateescape"))
                    elif isinstance(item, UrlMechanism):
                        item._put(writer)
                    else:
                        write_flag(writer, item)

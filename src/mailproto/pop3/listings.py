"""The lines of POP3 listings as values: STAT, LIST, UIDL, LANG (a tuple with names each), and CAPA.

:attr:`mailproto.pop3.Reply.listing` gives them to a client; a server hands them to the functions of
:mod:`mailproto.pop3.replies`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from mailproto import exact

#: The largest number that any line may hold: 2**63 - 1.
MAX_NUMBER: Final = 2**63 - 1

_TAG: Final = re.compile(r"[!-~]{1,500}")
_PARAM: Final = re.compile(r"[^\x00-\x20\x7f]{1,500}")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_UNIQUE_ID: Final = re.compile(r"[!-~]{1,70}")
_MECHANISM: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def _number(value: object, what: str) -> int:
    return exact.integer(value, what, most=MAX_NUMBER)


class DropListing(NamedTuple):
    """The answer to STAT (RFC 1939 section 5): how many messages, and their octets together."""

    messages: int
    octets: int

    def __bytes__(self) -> bytes:
        return b"%d %d" % (_number(self.messages, "messages"), _number(self.octets, "octets"))


class ScanListing(NamedTuple):
    """A line of the answer to LIST (RFC 1939 section 5): a message's number, and its octets."""

    number: int
    octets: int

    def __bytes__(self) -> bytes:
        return b"%d %d" % (_number(self.number, "number"), _number(self.octets, "octets"))


class UniqueId(NamedTuple):
    """A line of the answer to UIDL (RFC 1939 section 7): a message's number, and its name for all time."""

    number: int
    unique_id: str

    def __bytes__(self) -> bytes:
        unique_id = exact.text(self.unique_id, "unique_id")
        if not _UNIQUE_ID.fullmatch(unique_id):
            raise ValueError("a unique-id is 1 to 70 printable ASCII characters (RFC 1939 section 7)")
        return b"%d %s" % (_number(self.number, "number"), unique_id.encode())


class Language(NamedTuple):
    """A line of the answer to LANG (RFC 6856 section 3.2): a language tag, and its name in that language.

    Where LANG chose a language, *description* is the server's text behind the tag.
    """

    tag: str
    description: str = ""

    def __bytes__(self) -> bytes:
        tag, description = exact.text(self.tag, "tag"), exact.text(self.description, "description")
        if not _LANGUAGE.fullmatch(tag):
            raise ValueError("tag must be a language tag (RFC 5646)")
        if _CONTROL.search(description) or description != description.strip(" "):
            raise ValueError("description must hold neither control characters nor blanks around it")
        return (f"{tag} {description}" if description else tag).encode()


class Capability(NamedTuple):
    """A line of the answer to CAPA (RFC 2449 section 3), or (name only) of that to a bare AUTH."""

    name: str
    arguments: tuple[str, ...] = ()

    def __bytes__(self) -> bytes:
        name, arguments = self._exact()
        if not _TAG.fullmatch(name):
            raise ValueError("the name of a capability is printable ASCII without blanks")
        if not all(_PARAM.fullmatch(argument) for argument in arguments):
            raise ValueError("an argument of a capability must not hold blanks or control characters")
        return " ".join([name, *arguments]).encode()

    def _exact(self) -> Capability:
        given = exact.items(self.arguments, "arguments")
        return Capability(exact.text(self.name, "name"), tuple([exact.text(a, "arguments") for a in given]))


@dataclass(frozen=True, slots=True)
class LoginDelay:
    """LOGIN-DELAY (RFC 2449 section 6.5): *seconds* between two logins, at least.

    *per_user*: another value may hold after the login; *seconds* is then the largest of all users.
    """

    seconds: int
    per_user: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", _number(self.seconds, "seconds"))
        object.__setattr__(self, "per_user", exact.boolean(self.per_user, "per_user"))


@dataclass(frozen=True, slots=True)
class Expire:
    """EXPIRE (RFC 2449 section 6.7): messages are kept for *days* at least; ``None``: NEVER deleted.

    0: they may go as soon as they were retrieved. *per_user*: another value may hold after the login; *days*
    is then the smallest of all users.
    """

    days: int | None
    per_user: bool = False

    def __post_init__(self) -> None:
        if self.days is not None:
            object.__setattr__(self, "days", _number(self.days, "days"))
        object.__setattr__(self, "per_user", exact.boolean(self.per_user, "per_user"))


#: Capabilities that are just there or not, by the name of their field.
_SIMPLE: Final = {
    "top": "TOP",
    "user": "USER",
    "resp_codes": "RESP-CODES",
    "auth_resp_code": "AUTH-RESP-CODE",
    "pipelining": "PIPELINING",
    "uidl": "UIDL",
    "stls": "STLS",
    "lang": "LANG",
}

#: Every capability of RFC 2449, 2595, 3206, 5034 and 6856.
KNOWN: Final = frozenset({*_SIMPLE.values(), "SASL", "LOGIN-DELAY", "EXPIRE", "IMPLEMENTATION", "UTF8"})


@dataclass(frozen=True, slots=True)
class Capabilities(Mapping[str, tuple[str, ...]]):
    """What a server can do: a mapping from each name, in upper case, to its arguments, in the server's order.

    ``"TOP" in capabilities``, ``capabilities["SASL"]``, and properties for all that the RFCs name. What they
    do not name is kept (:attr:`unknown`). Names are looked up in any case. :meth:`of` makes those of a
    server.
    """

    #: The lines as they were sent.
    lines: tuple[Capability, ...] = ()
    _by_name: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _defects: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, tuple[str, ...]] = {}
        defects: list[str] = []
        lines = [Capability(*line)._exact() for line in exact.items(self.lines, "lines", "Capability")]
        for name, arguments in lines:
            if by_name.setdefault(name.upper(), arguments) != arguments:
                defects.append("capability-repeated")
        object.__setattr__(self, "lines", tuple(lines))
        object.__setattr__(self, "_by_name", by_name)
        if "LOGIN-DELAY" in by_name and self.login_delay is None:
            defects.append("bad-login-delay")
        if "EXPIRE" in by_name and self.expire is None:
            defects.append("bad-expire")
        if "SASL" in by_name and not self.sasl:
            defects.append("sasl-without-mechanisms")
        object.__setattr__(self, "_defects", tuple(sorted(set(defects))))

    @classmethod
    def of(
        cls,
        *,
        top: bool = False,
        user: bool = False,
        sasl: Iterable[str] = (),
        resp_codes: bool = False,
        auth_resp_code: bool = False,
        login_delay: LoginDelay | None = None,
        pipelining: bool = False,
        expire: Expire | None = None,
        uidl: bool = False,
        stls: bool = False,
        utf8: bool = False,
        utf8_user: bool = False,
        lang: bool = False,
        implementation: str | None = None,
        others: Iterable[Capability] = (),
    ) -> Self:
        """The capabilities of a server. Raises ValueError for what no line can hold."""
        flags = {
            "top": top, "user": user, "resp_codes": resp_codes, "auth_resp_code": auth_resp_code,
            "pipelining": pipelining, "uidl": uidl, "stls": stls, "lang": lang,
        }  # fmt: skip
        lines = [Capability(_SIMPLE[name]) for name, there in flags.items() if exact.boolean(there, name)]
        if mechanisms := tuple([exact.text(mechanism, "sasl") for mechanism in exact.items(sasl, "sasl")]):
            if not all(_MECHANISM.fullmatch(mechanism) for mechanism in mechanisms):
                raise ValueError("sasl must be names of SASL mechanisms")
            lines.append(Capability("SASL", mechanisms))
        if not isinstance(login_delay, LoginDelay | None) or not isinstance(expire, Expire | None):
            raise TypeError("login_delay must be a LoginDelay, expire an Expire")
        if login_delay is not None:
            lines.append(Capability("LOGIN-DELAY", _words(login_delay.seconds, login_delay.per_user)))
        if expire is not None:
            days = "NEVER" if expire.days is None else expire.days
            lines.append(Capability("EXPIRE", _words(days, expire.per_user)))
        if exact.boolean(utf8, "utf8") | exact.boolean(utf8_user, "utf8_user"):
            lines.append(Capability("UTF8", ("USER",) if utf8_user else ()))
        lines += [Capability(*line)._exact() for line in exact.items(others, "others", "Capability")]
        if implementation is not None:
            words = exact.text(implementation, "implementation")
            if _CONTROL.search(words):
                raise ValueError("implementation must not hold control characters")
            lines.append(Capability("IMPLEMENTATION", tuple(words.split())))
        for line in lines:
            bytes(line)
        return cls(tuple(lines))

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._by_name[name.upper()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.upper() in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Capabilities):
            return self.lines == other.lines
        return Mapping.__eq__(self, other)

    def __hash__(self) -> int:
        return hash(self.lines)

    def has(self, name: str, argument: str | None = None) -> bool:
        """Whether *name* is there, with *argument* in any case, as in ``("SASL", "PLAIN")``."""
        words = self._by_name.get(name.upper())
        if words is None:
            return False
        return argument is None or argument.upper() in (word.upper() for word in words)

    @property
    def defects(self) -> tuple[str, ...]:
        """What is wrong with the lines, by name: a value that is none, a name twice with other arguments."""
        return self._defects

    @property
    def top(self) -> bool:
        """TOP (RFC 2449 section 6.1)."""
        return "TOP" in self._by_name

    @property
    def user(self) -> bool:
        """USER and PASS (RFC 2449 section 6.2)."""
        return "USER" in self._by_name

    @property
    def sasl(self) -> tuple[str, ...]:
        """The mechanisms of AUTH, in upper case (RFC 5034 section 3); none without SASL."""
        return tuple(word.upper() for word in self._by_name.get("SASL", ()))

    @property
    def resp_codes(self) -> bool:
        """Texts that start with "[" are response codes (RFC 2449 section 6.4)."""
        return "RESP-CODES" in self._by_name

    @property
    def auth_resp_code(self) -> bool:
        """Every refused login has a code, AUTH where the credentials were wrong (RFC 3206 section 6)."""
        return "AUTH-RESP-CODE" in self._by_name

    @property
    def login_delay(self) -> LoginDelay | None:
        """LOGIN-DELAY; ``None`` without, and (with a defect) where it has no number."""
        number, per_user = _number_and_user(self._by_name.get("LOGIN-DELAY", ()))
        return None if number is None else LoginDelay(number, per_user)

    @property
    def pipelining(self) -> bool:
        """Commands may be sent before the answers to those before them came (RFC 2449 section 6.6)."""
        return "PIPELINING" in self._by_name

    @property
    def expire(self) -> Expire | None:
        """EXPIRE; ``None`` without, and (with a defect) where it has neither a number nor NEVER."""
        words = self._by_name.get("EXPIRE", ())
        if words and words[0].upper() == "NEVER":
            return Expire(None, _is_user(words))
        number, per_user = _number_and_user(words)
        return None if number is None else Expire(number, per_user)

    @property
    def uidl(self) -> bool:
        """UIDL (RFC 2449 section 6.8)."""
        return "UIDL" in self._by_name

    @property
    def stls(self) -> bool:
        """STLS (RFC 2595 section 4)."""
        return "STLS" in self._by_name

    @property
    def lang(self) -> bool:
        """LANG (RFC 6856 section 3)."""
        return "LANG" in self._by_name

    @property
    def utf8(self) -> bool:
        """UTF8 (RFC 6856 section 2)."""
        return "UTF8" in self._by_name

    @property
    def utf8_user(self) -> bool:
        """UTF-8 in the arguments of USER, PASS and APOP too (RFC 6856 section 2.2)."""
        return self.has("UTF8", "USER")

    @property
    def implementation(self) -> str | None:
        """What the server says that it is (RFC 2449 section 6.9)."""
        words = self._by_name.get("IMPLEMENTATION")
        return None if words is None else " ".join(words)

    @property
    def unknown(self) -> tuple[Capability, ...]:
        """The lines that no RFC of ours names."""
        return tuple(line for line in self.lines if line.name.upper() not in KNOWN)

    def __bytes__(self) -> bytes:
        return b"".join([bytes(line) + b"\r\n" for line in self.lines])

    def to_dict(self, *, secrets: bool = False) -> dict[str, list[str]]:
        """The capabilities as builtins that ``json`` takes. There are no secrets."""
        return {name: list(arguments) for name, arguments in self._by_name.items()}


def _words(number: int | str, per_user: bool) -> tuple[str, ...]:
    return (str(number), "USER") if per_user else (str(number),)


def _is_user(words: tuple[str, ...]) -> bool:
    return len(words) > 1 and words[1].upper() == "USER"


def _number_and_user(words: tuple[str, ...]) -> tuple[int | None, bool]:
    if not words or not (words[0].isascii() and words[0].isdigit() and len(words[0]) < 19):
        return None, False
    return int(words[0]), _is_user(words)

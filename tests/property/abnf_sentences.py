"""Sentences out of an ABNF grammar: any rule of the ``abnf`` package, walked at random to a bounded depth.

The grammar is the package's own, written down by other people, so it knows nothing of how we read. What ABNF
says in prose only (a literal has as many octets as it announces, a number fits its type, a date exists) is
said here, rule by rule.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from abnf.grammars import rfc9051
from abnf.parser import ParseError as AbnfError
from abnf.parser import Rule

#: How deep rules may nest before the shortest way out is taken.
DEPTH = 24
#: Words that a peer chooses: short, and with all that an atom may hold.
ATOM_CHARS = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in '(){%*"\\]')


def rule(name: str) -> Rule:
    """A rule of RFC 9051 by its name."""
    found: Rule | None = rfc9051.Rule.get(name)
    assert found is not None, name
    return found


def accepts(name: str, data: bytes) -> bool:
    """Whether the grammar's rule *name* matches all of *data*, an octet a character."""
    try:
        rule(name).parse_all(data.decode("latin-1"))
    except AbnfError:
        return False
    return True


class Sentences:
    """Makes sentences; the same *seed* makes the same ones. *server*: without what only a client says."""

    def __init__(self, seed: int, *, server: bool, literals: bool = True) -> None:
        self.dice = random.Random(seed)
        self.server = server
        self.literals = literals
        self.special: dict[str, Callable[[], str]] = {
            "literal": self.literal,
            "literal8": self.literal8,
            "string": lambda: self.literal() if literals and self.dice.random() < 0.2 else self.quoted(),
            "number": lambda: str(self.pick(0, 1, 7, 2**31, 2**32 - 1)),
            "nz-number": lambda: str(self.pick(1, 2, 77, 2**32 - 1)),
            "number64": lambda: str(self.pick(0, 9, 2**32, 2**63 - 1)),
            "nz-number64": lambda: str(self.pick(1, 2**32, 2**63 - 1)),
            "date-day": lambda: self.pick("1", "09", "28"),
            "date-day-fixed": lambda: self.pick(" 1", "09", "28"),
            "date-year": lambda: self.pick("1970", "2024", "9998"),
            "time": lambda: self.pick("00:00:00", "23:59:59", "12:30:00"),
            "zone": lambda: self.pick("+0000", "-0000", "-1130", "+1400"),
            "quoted": self.quoted,
            "atom": self.atom,
            "tag": lambda: self.atom().replace("+", "]"),
            "text": lambda: self.pick("x", "all done (really) {3}", '\t"\\ caf\xc3\xa9 \xf0\x9f\x98\x80]'),
            # The rules of these two go on with the lines that the client sends later.
            "idle": lambda: "IDLE",
            "authenticate": self.authenticate,
            # Recursive in RFC 9051, once a number.
            "uid-set": lambda: self.numbers(False),
            "sequence-set": lambda: self.pick("$", self.numbers(True), self.numbers(True)),
        }
        self.depth = 0

    def pick(self, *choices: Any) -> Any:
        return self.dice.choice(choices)

    def sentence(self, name: str) -> bytes:
        """One sentence of the rule *name*."""
        self.depth = 0
        return self.walk(rule(name)).encode("latin-1")

    def walk(self, part: Any) -> str:
        kind = type(part).__name__
        if isinstance(part, Rule):
            special = self.special.get(part.name.lower())
            if special is not None:
                return special()
            self.depth += 1
            made = self.walk(part.definition)
            self.depth -= 1
            return made
        if kind == "Literal":
            if isinstance(part.value, tuple):
                first, last = map(ord, part.value)
                return chr(self.dice.randint(first, last))
            word: str = part.value
            return (
                self.pick(word, word, word, word.lower(), word.upper()) if not part.case_sensitive else word
            )
        if kind == "Concatenation":
            return "".join(map(self.walk, part.parsers))
        if kind == "Alternation":
            choices = part.parsers
            if self.depth > DEPTH:  # the way out: no rule that could lead on
                choices = sorted(choices, key=weight)[:1]
            return self.walk(self.dice.choice(choices))
        if kind == "Option":
            return self.walk(part.alternation) if self.depth <= DEPTH and self.dice.random() < 0.5 else ""
        assert kind == "Repetition", kind
        least, most = part.repeat.min, part.repeat.max
        more = 0 if self.depth > DEPTH else self.pick(0, 0, 1, 1, 2, 3)
        count = least + more if most is None else min(most, least + more)
        return "".join(self.walk(part.element) for _ in range(count))

    # What the grammar says in words.

    def octets(self, low: int) -> str:
        size = self.pick(0, 1, 3, 12)
        common = 'ab \r\n)({3}"\\\xe9\xff'
        made = "".join(
            self.pick(chr(self.dice.randint(low, 255)), self.dice.choice(common)) for _ in range(size)
        )
        return made

    def literal(self) -> str:
        if not self.literals:
            return self.quoted()
        inside = self.octets(1)
        plus = "" if self.server else self.pick("", "+")
        return f"{{{self.pick('', '', '00')}{len(inside)}{plus}}}\r\n{inside}"

    def literal8(self) -> str:
        if not self.literals:
            return self.quoted()
        inside = self.octets(0)
        return f"~{{{len(inside)}}}\r\n{inside}"

    def quoted(self) -> str:
        words = (
            "",
            "a",
            "NIL",
            "two words",
            '\\"',
            "\\\\",
            "({3})",
            "\xc3\xa9",
            "\x01\t\x7f",
            "*%]",
            "=?utf-8?q?=41?=",
        )
        return '"' + "".join(self.pick(*words) for _ in range(self.pick(1, 1, 2, 3))) + '"'

    def atom(self) -> str:
        return "".join(self.dice.choice(ATOM_CHARS) for _ in range(self.pick(1, 2, 5, 9)))

    def numbers(self, star: bool) -> str:
        ends = ("1", "7", "77", "4294967295", *(("*",) if star else ()))
        made = [
            self.pick(self.pick(*ends), f"{self.pick(*ends)}:{self.pick(*ends)}")
            for _ in range(self.pick(1, 1, 2, 9))
        ]
        return ",".join(made)

    def authenticate(self) -> str:
        return f"AUTHENTICATE {self.pick('PLAIN', 'X-1')}{self.pick('', ' =', ' AGEAYg==', ' YWJj')}"


def weight(part: Any) -> int:
    """How far *part* may lead: a word leads nowhere, a rule anywhere."""
    kind = type(part).__name__
    if kind == "Literal":
        return 0
    if isinstance(part, Rule):
        return (
            2
            if part.name.lower() in ("nil", "quoted", "string", "nstring", "number", "atom", "astring")
            else 9
        )
    if kind == "Concatenation":
        return sum(map(weight, part.parsers))
    if kind == "Alternation":
        return min(map(weight, part.parsers))
    return 0 if kind == "Option" or part.repeat.min == 0 else weight(part.element)

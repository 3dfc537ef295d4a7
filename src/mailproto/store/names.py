"""Names of mailboxes and accounts, and flags: which are kept, and in what form."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from mailproto.store.api import DELIMITER, SYSTEM_FLAGS
from mailproto.store.errors import InvalidName, LimitReached, NoSuchMailbox

#: Octets of a mailbox name in UTF-8. Seven bits a byte: some 375 characters of modified UTF-7 still fit a
#: line.
MAX_NAME_OCTETS: Final = 1000
MAX_LEVELS: Final = 32
MAX_ACCOUNT_NAME: Final = 255
MAX_FLAG_OCTETS: Final = 128
#: Different keywords in one mailbox: each stands in every FLAGS response.
MAX_KEYWORDS: Final = 500

_SYSTEM: Final = {flag.lower(): 1 << bit for bit, flag in enumerate(SYSTEM_FLAGS)}
ANSWERED, FLAGGED, DELETED, SEEN, DRAFT = (1 << bit for bit in range(5))
_SYSTEM_TUPLES: Final = tuple(
    tuple(flag for bit, flag in enumerate(SYSTEM_FLAGS) if bits & 1 << bit) for bits in range(32)
)
# atom-specials, RFC 9051 section 9, and what is not ASCII.
_NOT_IN_ATOM: Final = frozenset('(){ %*"\\]')


def canonical_name(name: str) -> str:
    """A mailbox name as it is looked up: INBOX, as the whole name or as its first level, in capitals."""
    text = str.__str__(name)
    first, delimiter, rest = text.partition(DELIMITER)
    return "INBOX" + delimiter + rest if first.upper() == "INBOX" else text


def existing_name(name: str) -> str:
    """The canonical form of a name to look up. Raises NoSuchMailbox if no mailbox can bear it."""
    text = canonical_name(name)
    if not _encodable(text):
        raise NoSuchMailbox("no such mailbox")
    return text


def new_mailbox_name(name: str) -> str:
    """Check a name to be made; a delimiter at its end is dropped. Raises InvalidName, LimitReached."""
    text = canonical_name(name)
    if text.endswith(DELIMITER):
        text = text[: -len(DELIMITER)]
    if not text:
        raise InvalidName("a mailbox name cannot be empty")
    if not _encodable(text) or any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text
    ):
        raise InvalidName("a mailbox name cannot hold control characters or what is not Unicode")
    levels = text.split(DELIMITER)
    if not all(levels):
        raise InvalidName("a level of a mailbox name cannot be empty")
    if len(levels) > MAX_LEVELS:
        raise LimitReached(f"a mailbox name has at most {MAX_LEVELS} levels")
    if len(text.encode()) > MAX_NAME_OCTETS:
        raise InvalidName(f"a mailbox name has at most {MAX_NAME_OCTETS} octets")
    return text


def new_account_name(name: str) -> str:
    """Check the name of an account to be made. Raises InvalidName."""
    if not name or len(name) > MAX_ACCOUNT_NAME:
        raise InvalidName(f"an account name has 1 to {MAX_ACCOUNT_NAME} characters")
    if not _encodable(name) or any(
        unicodedata.category(character)[0] in "CZ" or character in ":/\\" for character in name
    ):
        raise InvalidName("an account name cannot hold spaces, control characters, colons or slashes")
    return name


def superiors(name: str) -> list[str]:
    """The names above ``name``, outermost first."""
    levels = name.split(DELIMITER)
    return [DELIMITER.join(levels[:count]) for count in range(1, len(levels))]


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def split_flags(flags: Iterable[str]) -> tuple[int, tuple[str, ...]]:
    r"""Bits of the system flags, and the keywords, each once. ``\Recent`` is dropped: only the server sets
    it. Raises InvalidName."""
    bits = 0
    keywords: dict[str, str] = {}
    for flag in flags:
        lowered = flag.lower()
        if lowered in _SYSTEM:
            bits |= _SYSTEM[lowered]
        elif lowered != "\\recent":
            if (
                not flag
                or len(flag) > MAX_FLAG_OCTETS
                or not flag.isascii()
                or not flag.isprintable()
                or not _NOT_IN_ATOM.isdisjoint(flag)
            ):
                raise InvalidName("a flag must be a system flag or an atom")
            keywords.setdefault(lowered, flag)
    return bits, tuple(keywords.values())


#: RFC 6154 section 2, and \\Important of RFC 8457.
SPECIAL_USES: Final = (
    "\\All",
    "\\Archive",
    "\\Drafts",
    "\\Flagged",
    "\\Important",
    "\\Junk",
    "\\Sent",
    "\\Trash",
)


def special_use(use: str) -> str:
    """A special use in the RFC's spelling. Raises InvalidName (RFC 6154 section 3: USEATTR)."""
    for known in SPECIAL_USES:
        if known.lower() == use.lower():
            return known
    raise InvalidName("a special use that this store does not know")


def join_keywords(keywords: Iterable[str]) -> str | None:
    """Keywords as they are stored: sorted, parted by spaces, None for none."""
    return " ".join(sorted(keywords, key=str.lower)) or None


class FlagTuples(dict[tuple[int, str | None], tuple[str, ...]]):
    """``tuples[bits, keywords]``: the flags as a tuple, one tuple shared by all messages with the same
    flags."""

    #: Combinations remembered; hostile keywords must not fill the memory.
    BOUND: Final = 4096

    def __missing__(self, key: tuple[int, str | None]) -> tuple[str, ...]:
        bits, keywords = key
        flags = _SYSTEM_TUPLES[bits]
        if keywords is not None:
            flags += tuple(keywords.split(" "))
        if len(self) >= self.BOUND:
            self.clear()
        self[key] = flags
        return flags

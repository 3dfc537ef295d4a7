"""Response codes of POP3 replies: RFC 2449 section 8, RFC 3206 sections 4 and 5, RFC 6856 section 5."""

from __future__ import annotations

import re
from typing import Final, Self

from mailproto import exact

_CODE: Final = re.compile(r"[!-.0-\\^-~]+(?:/[!-.0-\\^-~]+)*")


class ResponseCode(str):
    """What stands in the brackets of ``-ERR [SYS/TEMP] ...``: upper case, compared as the str that it is.

    Codes are hierarchical: ``SYS/TEMP`` is a kind of ``SYS``, and whoever does not know a lower level goes by
    the upper one (RFC 2449 section 8). Raises ValueError for what cannot stand in brackets.
    """

    __slots__ = ()

    def __new__(cls, code: str) -> Self:
        """*code* in any case, without its brackets."""
        kept = exact.text(code, "code")
        if not _CODE.fullmatch(kept):
            raise ValueError("code must be a response code without its brackets")
        return super().__new__(cls, kept.upper())

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels, the widest first: ``("SYS", "TEMP")``."""
        return tuple(self.split("/"))

    def within(self, code: str) -> bool:
        """Whether this is *code* or a kind of it: ``SYS/TEMP`` is within ``SYS``."""
        levels = code.upper().split("/")
        return list(self.levels[: len(levels)]) == levels

    @property
    def known(self) -> str | None:
        """The narrowest code of the RFCs that this is within, such as ``SYS/TEMP`` for ``SYS/TEMP/DISK``."""
        levels = self.levels
        for count in range(len(levels), 0, -1):
            if (code := "/".join(levels[:count])) in KNOWN:
                return code
        return None

    @property
    def is_temporary(self) -> bool | None:
        """Whether the same may work later, as far as the code says; ``None`` where it does not say."""
        return KNOWN.get(self.known or "")


#: The maildrop is open in another session (RFC 2449 section 8.1.2).
IN_USE: Final = ResponseCode("IN-USE")
#: Logged in again too soon (RFC 2449 section 8.1.1).
LOGIN_DELAY: Final = ResponseCode("LOGIN-DELAY")
#: A failure of the system that goes away by itself (RFC 3206 section 4).
SYS_TEMP: Final = ResponseCode("SYS/TEMP")
#: One that somebody has to mend.
SYS_PERM: Final = ResponseCode("SYS/PERM")
#: The credentials are wrong (RFC 3206 section 5).
AUTH: Final = ResponseCode("AUTH")
#: The message, or the name, needs UTF-8 mode (RFC 6856 section 5).
UTF8: Final = ResponseCode("UTF8")

#: Every code of the RFCs, and whether what it tells of is temporary.
KNOWN: Final[dict[str, bool | None]] = {
    IN_USE: True,
    LOGIN_DELAY: True,
    "SYS": None,
    SYS_TEMP: True,
    SYS_PERM: False,
    AUTH: False,
    UTF8: False,
}

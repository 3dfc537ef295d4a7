"""Commands of URLAUTH (RFC 4467): URLs that let others fetch one message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mailproto._core.mailbox_name import MailboxName
from mailproto._core.write import Writer
from mailproto.imap import _arguments as check
from mailproto.imap.commands_base import Command


@dataclass(frozen=True, slots=True, repr=False)
class GenUrlAuth(Command):
    """GENURLAUTH (RFC 4467 section 7).

    *urls* are pairs of a URL without its token, and a mechanism such as ``"INTERNAL"``.
    """

    name: ClassVar[str] = "GENURLAUTH"

    urls: tuple[tuple[str, str], ...]

    def __init__(self, urls: Iterable[tuple[str, str]], *, tag: str | None = None) -> None:
        pairs = check.pairs(urls, "urls")
        kept = [(check.text(url, "urls"), check.word(mechanism, "urls")) for url, mechanism in pairs]
        self._keep(tag=tag, urls=tuple(kept))

    def _check(self) -> None:
        if not self.urls:
            raise ValueError("urls must not be empty")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        for url, mechanism in self.urls:
            writer.sp().astring(url).sp().raw(mechanism)


@dataclass(frozen=True, slots=True, repr=False)
class ResetKey(Command):
    """RESETKEY (RFC 4467 section 7): the URLs of *mailbox*, or of all, are void; *mechanisms* go with one."""

    name: ClassVar[str] = "RESETKEY"

    mailbox: MailboxName | None = None
    mechanisms: tuple[str, ...] = ()

    def __init__(
        self, mailbox: str | None = None, mechanisms: Iterable[str] = (), *, tag: str | None = None
    ) -> None:
        self._keep(
            tag=tag,
            mailbox=None if mailbox is None else check.mailbox(mailbox, "mailbox"),
            mechanisms=check.words(mechanisms, "mechanisms"),
        )

    def _check(self) -> None:
        if self.mechanisms and self.mailbox is None:
            raise ValueError("mechanisms go with a mailbox")

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        if self.mailbox is not None:
            writer.sp().mailbox(self.mailbox)
        for mechanism in self.mechanisms:
            writer.sp().raw(mechanism)


@dataclass(frozen=True, slots=True, repr=False)
class UrlFetch(Command):
    """URLFETCH (RFC 4467 section 7). Whoever has one of these URLs can read the message: they are secrets."""

    name: ClassVar[str] = "URLFETCH"
    _secret: ClassVar[frozenset[str]] = frozenset(("urls",))

    urls: tuple[str, ...]

    def __init__(self, urls: str | Iterable[str], *, tag: str | None = None) -> None:
        self._keep(tag=tag, urls=check.texts(urls, "urls", least=1))

    def _write_arguments(self, writer: Writer, utf8: bool) -> None:
        for url in self.urls:
            writer.sp().astring(url)

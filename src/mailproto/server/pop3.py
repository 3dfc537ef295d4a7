"""The POP3 server: one handler a connection (RFC 1939, 2449, 2595, 3206, 5034).

A session holds the maildrop alone, sees it as it was when the session began whatever IMAP does
meanwhile, and deletes only at QUIT: a connection that is lost deletes nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from mailproto import __version__, sasl
from mailproto.aio.listener import AddressLimiter
from mailproto.aio.server import Handler, Outcome, ServerConnection
from mailproto.errors import MailprotoError
from mailproto.pop3 import commands, replies
from mailproto.pop3.commands import Command, SaslResponse
from mailproto.pop3.events import Closed, StartTls
from mailproto.pop3.listings import Capabilities, Expire
from mailproto.pop3.replies import Err, Ok
from mailproto.sasl import PasswordClaim
from mailproto.server.auth import MECHANISMS, REFUSED, claim, sasl_step, via
from mailproto.server.eager import eagerly
from mailproto.store.errors import StoreError

if TYPE_CHECKING:
    from mailproto.server.app import Server
    from mailproto.store.api import Maildrop, MaildropMessage

#: Octets of a message read at once, so that the memory for a connection does not grow with its messages.
CHUNK: Final = 128 * 1024
#: Octets read at once while TOP looks for the end of what it wants.
TOP_CHUNK: Final = 16 * 1024


class Refused(Exception):
    """The command in progress is answered with -ERR, ``code`` and ``text``."""

    def __init__(self, text: str, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class Pop3Handler(Handler):
    """One POP3 connection."""

    def __init__(self, connection: ServerConnection, server: Server) -> None:
        self.connection = connection
        self.session: Any = connection.session
        self.server = server
        self.maildrop: Maildrop | None = None
        self.deleted: set[int] = set()
        self._sasl: sasl.ServerMechanism | None = None
        self._counted = False
        self._failures = 0

    # -- the connection ----------------------------------------------------------------------------

    def connected(self) -> Outcome:
        """Greet, unless too many from the same address have come and not logged in."""
        self._counted = self.server.before_login.admit(self.connection.peer)
        if not self._counted:
            self.send(Err("Too many connections that have not logged in", code="SYS/TEMP"))
            self.connection.close()
            return None
        self.connection.set_deadline(self.server.config.limits.login_timeout)
        self.send(Ok("mailproto is ready"))
        return None

    def send(self, reply: Any) -> None:
        """Queue a reply."""
        self.session.send(reply)

    @property
    def may_log_in(self) -> bool:
        """Whether a password may be sent: inside TLS, or where the administrator says that it may."""
        return self.connection.is_tls or self.server.config.allow_cleartext_login

    def handle(self, event: Any) -> Outcome:
        """Answer one event of the session."""
        method = _METHODS.get(type(event))
        if method is not None:
            return eagerly(self._carry_out(method, event))
        match event:
            case SaslResponse():
                return eagerly(self._sasl_step(event.data))
            case StartTls():
                return self.connection.start_tls()
            case Closed():
                self.connection.close()
            case Command():
                self.send(Err("not supported"))
        return None

    async def _carry_out(
        self, method: Callable[[Pop3Handler, Any], Coroutine[Any, Any, None]], command: Command
    ) -> None:
        try:
            await method(self, command)
        except Refused as error:
            self.send(Err(error.text, code=error.code))
        except StoreError as error:
            self.send(Err(str(error), code=error.pop3_code))

    def timed_out(self) -> None:
        """RFC 1939 section 3: close without an update, and without a word."""

    def shutdown(self) -> None:
        """The server stops.

        A reply that nobody asked for would be taken for the answer to the next command.
        """

    def failed(self, error: Exception) -> None:
        """The peer broke the protocol, or we failed: a last word, then the end."""
        with contextlib.suppress(MailprotoError):
            self.send(
                Err(str(error))
                if isinstance(error, MailprotoError)
                else Err("Internal error", code="SYS/TEMP")
            )

    def disconnected(self) -> Outcome:
        """The connection is gone: nothing is deleted, and the maildrop is free."""
        self._count_out()
        maildrop, self.maildrop = self.maildrop, None
        return maildrop.close() if maildrop is not None else None

    def _count_out(self) -> None:
        if self._counted:
            self._counted = False
            self.server.before_login.release(self.connection.peer)

    # -- before login ------------------------------------------------------------------------------

    async def do_capa(self, command: commands.Capa) -> None:
        """CAPA (RFC 2449 section 5)."""
        before_login = self.maildrop is None
        self.send(
            replies.capa(
                Capabilities.of(
                    top=True,
                    uidl=True,
                    resp_codes=True,
                    auth_resp_code=True,
                    pipelining=True,
                    lang=True,
                    expire=Expire(None),
                    stls=before_login and self.server.tls is not None and not self.connection.is_tls,
                    user=before_login and self.may_log_in,
                    sasl=MECHANISMS if before_login and self.may_log_in else (),
                    implementation=f"mailproto-{__version__}",
                )
            )
        )

    async def do_lang(self, command: commands.Lang) -> None:
        """LANG (RFC 6856 section 3): there is English."""
        if command.tag is None:
            self.send(replies.lang_listing([("en", "English")]))
        elif command.tag == "*" or command.tag.lower().split("-")[0] in ("en", "i"):
            self.send(replies.lang("en", "It is English already"))
        else:
            raise Refused("There is no such language here")

    async def do_utf8(self, command: commands.Utf8) -> None:
        """UTF8 (RFC 6856 section 2.1): not offered, since messages go out as they are in any case."""
        raise Refused("UTF-8 mode is not supported")

    async def do_stls(self, command: commands.Stls) -> None:
        """STLS (RFC 2595 section 4)."""
        if self.server.tls is None:
            raise Refused("TLS is not available")
        # The event that follows has reading stopped before this leaves.
        self.send(Ok("Begin TLS"))

    async def do_user(self, command: commands.User) -> None:
        """USER (RFC 1939 section 7): answered alike whether there is such a user or not."""
        self._require_privacy()
        self.send(Ok("Now the password"))

    async def do_pass(self, command: commands.Pass) -> None:
        """PASS (RFC 1939 section 7)."""
        self._require_privacy()
        await self._log_in(claim(self.session.username, command.password))

    async def do_auth(self, command: commands.Auth) -> None:
        """AUTH (RFC 5034 section 4)."""
        if command.mechanism is None:
            self.send(replies.mechanism_listing(MECHANISMS))
            return
        self._require_privacy()
        if command.mechanism not in MECHANISMS:
            raise Refused("The mechanism is not supported")
        self._sasl = sasl.server(command.mechanism)
        await self._sasl_step(command.initial_response, first=True)

    async def _sasl_step(self, data: bytes | None, *, first: bool = False) -> None:
        assert self._sasl is not None
        outcome = sasl_step(self._sasl, data, first=first)
        if isinstance(outcome, bytes):
            self.send(replies.Continuation.challenge(outcome))
            return
        self._sasl = None
        if outcome is None:
            self.send(Err("Authentication cancelled or malformed"))
            return
        try:
            await self._log_in(outcome)
        except Refused as error:
            self.send(Err(error.text, code=error.code))
        except StoreError as error:
            self.send(Err(str(error), code=error.pop3_code))

    def _require_privacy(self) -> None:
        if not self.may_log_in:
            raise Refused("Start TLS first: a password must not be sent in the clear")

    async def _log_in(self, claimed: PasswordClaim) -> None:
        account = await self.server.auth.verify(
            AddressLimiter.key(self.connection.peer), claimed, via("pop3", self.connection)
        )
        if account is None:
            self._failures += 1
            self.send(Err(REFUSED, code="AUTH"))
            if self._failures >= self.server.config.limits.login_failures:
                self.connection.close()
            return
        self.maildrop = maildrop = await self.server.store.mail(account).lock_maildrop()
        self._count_out()
        self.connection.set_deadline(None)
        self.connection.set_timeout(self.server.config.limits.pop3_timeout)
        self.send(Ok(f"{len(maildrop.messages)} messages"))

    # -- the maildrop ------------------------------------------------------------------------------

    @property
    def drop(self) -> Maildrop:
        """The maildrop; the session's state table lets no command through that needs it before login."""
        if self.maildrop is None:
            raise Refused("Log in first")
        return self.maildrop

    def _message(self, number: int) -> MaildropMessage:
        messages = self.drop.messages
        if number > len(messages):
            raise Refused(f"There are {len(messages)} messages")
        if number in self.deleted:
            raise Refused("The message is marked as deleted")
        return messages[number - 1]

    def _left(self) -> list[tuple[int, MaildropMessage]]:
        return [pair for pair in enumerate(self.drop.messages, 1) if pair[0] not in self.deleted]

    async def do_stat(self, command: commands.Stat) -> None:
        """STAT (RFC 1939 section 5)."""
        left = self._left()
        self.send(replies.stat(len(left), sum(message.size for _, message in left)))

    async def do_list(self, command: commands.List) -> None:
        """LIST (RFC 1939 section 5)."""
        if command.number is not None:
            self.send(replies.scan(command.number, self._message(command.number).size))
        else:
            left = self._left()
            self.send(replies.scan_listing(((n, m.size) for n, m in left), f"{len(left)} messages"))

    async def do_uidl(self, command: commands.Uidl) -> None:
        """UIDL (RFC 1939 section 7)."""
        if command.number is not None:
            self.send(replies.uidl(command.number, self._message(command.number).uidl))
        else:
            self.send(replies.uidl_listing((n, m.uidl) for n, m in self._left()))

    async def do_retr(self, command: commands.Retr) -> None:
        """RETR (RFC 1939 section 5)."""
        message = self._message(command.number)
        # The first piece first: when it cannot be read the answer is still -ERR.
        data = await self.drop.read(message.content, 0, CHUNK)
        text = f"{message.size} octets"
        if len(data) >= message.size:
            self.send(replies.message(data, text))
            return
        self.session.begin_body(text)
        at = 0
        while data:
            self.session.send_chunk(data)
            await self.connection.drain()
            at += len(data)
            try:
                data = await self.drop.read(message.content, at, CHUNK)
            except StoreError:
                # Nothing can be said in the middle of a body, and its end must not be faked.
                self.connection.abort()
                return
        self.session.end_body()

    async def do_top(self, command: commands.Top) -> None:
        """TOP (RFC 1939 section 7): reads no more of the message than it shows, give or take a chunk."""
        message = self._message(command.number)
        self.send(
            replies.message(await self._first_lines(message, command.lines), "Top of the message follows")
        )

    async def _first_lines(self, message: MaildropMessage, lines: int) -> bytes:
        data = bytearray()
        start = 0  #: of the line that is looked at
        body = -1  #: lines of the body seen, -1 while in the header
        while len(data) < message.size:
            data += await self.drop.read(message.content, len(data), TOP_CHUNK)
            while (end := data.find(b"\n", start)) >= 0:
                if body < 0:
                    if bytes(data[start:end]) in (b"", b"\r"):
                        body = 0
                else:
                    body += 1
                start = end + 1
                if body >= lines:
                    return bytes(data[:start])
        return bytes(data)

    async def do_dele(self, command: commands.Dele) -> None:
        """DELE (RFC 1939 section 5)."""
        self._message(command.number)
        self.deleted.add(command.number)
        self.send(Ok("Marked"))

    async def do_rset(self, command: commands.Rset) -> None:
        """RSET (RFC 1939 section 5)."""
        self.deleted.clear()
        self.send(Ok(f"{len(self.drop.messages)} messages"))

    async def do_noop(self, command: commands.Noop) -> None:
        """NOOP (RFC 1939 section 5)."""
        self.send(Ok("Done"))

    async def do_quit(self, command: commands.Quit) -> None:
        """QUIT (RFC 1939 sections 5 and 6): the deletions are on disk when it is answered +OK."""
        maildrop, self.maildrop = self.maildrop, None
        try:
            if maildrop is not None:
                try:
                    if self.deleted:
                        await maildrop.delete(sorted(maildrop.messages[n - 1].uid for n in self.deleted))
                finally:
                    await maildrop.close()
            self.send(Ok("Goodbye"))
        except StoreError as error:
            self.send(Err(f"Nothing was deleted: {error}", code=error.pop3_code))
        self.connection.close()


_METHODS: Final[dict[type, Any]] = {
    command: getattr(Pop3Handler, f"do_{name.lower()}")
    for name, command in commands.BY_NAME.items()
    if hasattr(Pop3Handler, f"do_{name.lower()}")
}

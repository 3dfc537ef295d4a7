"""The IMAP server: one handler a connection, from the greeting to LOGOUT.

What is here is about the connection: login, TLS, IDLE, and which method answers which command. The
commands about mailboxes and messages are in the modules beside this one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from mailproto import __version__, sasl
from mailproto.aio.listener import AddressLimiter
from mailproto.aio.server import Outcome, ServerConnection
from mailproto.errors import MailprotoError
from mailproto.imap import commands, responses
from mailproto.imap.commands import Command, IdleDone, LiteralAnnounced, SaslResponse
from mailproto.imap.events import Closed, StartTls
from mailproto.imap.view import NoSuchMessageError
from mailproto.sasl import PasswordClaim
from mailproto.server.auth import MECHANISMS, REFUSED, claim, sasl_step, via
from mailproto.server.eager import eagerly
from mailproto.server.imap_base import Ended, Refused
from mailproto.server.imap_fetch import FetchCommands
from mailproto.server.imap_unsupported import unsupported
from mailproto.store.errors import StoreError

if TYPE_CHECKING:
    from mailproto.server.app import Server

log = logging.getLogger("mailproto.server")

_ALWAYS: Final = ("IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "ENABLE", "IDLE")
_LOGGED_IN: Final = (
    "IMAP4rev1",
    "LITERAL+",
    "ID",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "CHILDREN",
    "UIDPLUS",
    "MOVE",
    "UNSELECT",
    "CONDSTORE",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
)


class ImapHandler(FetchCommands):
    """One IMAP connection."""

    def __init__(self, connection: ServerConnection, server: Server) -> None:
        super().__init__(connection, server)
        self._counted = False
        self._failures = 0
        self._sasl: sasl.ServerMechanism | None = None

    # -- the connection ----------------------------------------------------------------------------

    def connected(self) -> Outcome:
        """Greet, unless too many from the same address have come and not logged in."""
        self._counted = self.server.before_login.admit(self.connection.peer)
        if not self._counted:
            self.status("BYE", "Too many connections that have not logged in", "UNAVAILABLE")
            return None
        self.connection.set_deadline(self.server.config.limits.login_timeout)
        self.status("OK", "mailproto is ready", "CAPABILITY", self.capabilities())
        return None

    def capabilities(self) -> tuple[str, ...]:
        """What this connection can do now (RFC 3501 section 6.1.1)."""
        if self.account is not None:
            return _LOGGED_IN
        offered: tuple[str, ...] = _ALWAYS
        if not self.connection.is_tls and self.server.tls is not None:
            offered += ("STARTTLS",)
        if self.may_log_in:
            return offered + tuple(f"AUTH={name}" for name in MECHANISMS)
        return (*offered, "LOGINDISABLED")

    @property
    def may_log_in(self) -> bool:
        """Whether a password may be sent: inside TLS, or where the administrator says that it may."""
        return self.connection.is_tls or self.server.config.allow_cleartext_login

    def handle(self, event: Any) -> Outcome:
        """Answer one event of the session."""
        method = _METHODS.get(type(event))
        if method is not None:
            if method is ImapHandler.do_noop and not self._has_news():
                self.ok(event, "Done")
                return None
            return eagerly(self._carry_out(method, event))
        match event:
            case LiteralAnnounced():
                # The session has refused what is too long.
                self.session.accept_literal()
            case SaslResponse():
                return eagerly(self._sasl_step(self.session.command.tag, event.data))
            case IdleDone():
                return eagerly(self._idle_done())
            case StartTls():
                return self.connection.start_tls()
            case Closed():
                self.connection.close()
            case Command():
                self.status("BAD", f"{event.name} is not supported", tag=event.tag)
        return None

    async def _carry_out(
        self, method: Callable[[ImapHandler, Any], Coroutine[Any, Any, None]], command: Command
    ) -> None:
        reason = unsupported(command)
        if reason is not None:
            self.status("BAD", reason, tag=command.tag)
            return
        try:
            await method(self, command)
        except Ended:
            return
        except (Refused, StoreError, NoSuchMessageError) as error:
            self.refuse(command.tag, error)

    def _has_news(self) -> bool:
        box = self.selected
        return box is not None and (box.watch.pending or box.view.has_news)

    def timed_out(self) -> None:
        """Say why the connection ends."""
        self.status("BYE", "Autologout: nothing was heard for too long")

    def shutdown(self) -> None:
        """Say why the connection ends."""
        self.status("BYE", "The server is shutting down", "UNAVAILABLE")

    def failed(self, error: Exception) -> None:
        """The peer broke the protocol, or we failed: a last word, then the end."""
        with contextlib.suppress(MailprotoError):
            if isinstance(error, MailprotoError):
                self.status("BYE", str(error))
            else:
                self.status("BYE", "Internal error", "SERVERBUG")

    def disconnected(self) -> Outcome:
        """The connection is gone."""
        self._count_out()
        self.close_mailbox()
        if self.idle_task is not None:
            self.idle_task.cancel()
        return None

    def _count_out(self) -> None:
        if self._counted:
            self._counted = False
            self.server.before_login.release(self.connection.peer)

    # -- any state ---------------------------------------------------------------------------------

    async def do_capability(self, command: commands.Capability) -> None:
        """CAPABILITY (RFC 3501 section 6.1.1)."""
        self.send(responses.Capability(self.capabilities()))
        await self.news()
        self.ok(command, "Capabilities")

    async def do_noop(self, command: commands.Noop) -> None:
        """NOOP (RFC 3501 section 6.1.2)."""
        await self.news()
        self.ok(command, "Done")

    async def do_logout(self, command: commands.Logout) -> None:
        """LOGOUT (RFC 3501 section 6.1.3)."""
        self.close_mailbox()
        self.status("BYE", "Logging out")
        self.ok(command, "Goodbye")

    async def do_id(self, command: commands.Id) -> None:
        """ID (RFC 2971)."""
        self.send(responses.Id(((b"name", b"mailproto"), (b"version", __version__.encode()))))
        await self.news()
        self.ok(command, "Pleased to meet you")

    async def do_enable(self, command: commands.Enable) -> None:
        """ENABLE (RFC 5161): CONDSTORE is what can be enabled."""
        enabled: tuple[str, ...] = ()
        if "CONDSTORE" in command.capabilities:
            enabled = ("CONDSTORE",)
            self.enable_condstore()
        self.send(responses.Enabled(enabled))
        await self.news()
        self.ok(command, "Enabled")

    # -- login -------------------------------------------------------------------------------------

    async def do_starttls(self, command: commands.StartTls) -> None:
        """STARTTLS (RFC 3501 section 6.2.1)."""
        if self.server.tls is None:
            raise Refused("TLS is not available")
        # The event that follows has reading stopped before this leaves.
        self.ok(command, "Begin TLS")

    async def do_login(self, command: commands.Login) -> None:
        """LOGIN (RFC 3501 section 6.2.3)."""
        self._require_privacy()
        await self._log_in(command.tag, claim(command.username, command.password))

    async def do_authenticate(self, command: commands.Authenticate) -> None:
        """AUTHENTICATE (RFC 3501 section 6.2.2) with SASL-IR (RFC 4959)."""
        self._require_privacy()
        if command.mechanism not in MECHANISMS:
            raise Refused("The mechanism is not supported", "CANNOT")
        self._sasl = sasl.server(command.mechanism)
        await self._sasl_step(command.tag, command.initial_response, first=True)

    async def _sasl_step(self, tag: str | None, data: bytes | None, *, first: bool = False) -> None:
        assert self._sasl is not None
        outcome = sasl_step(self._sasl, data, first=first)
        if isinstance(outcome, bytes):
            self.session.challenge(outcome)
            return
        self._sasl = None
        if outcome is None:
            self.status("BAD", "Authentication cancelled or malformed", tag=tag)
            return
        try:
            await self._log_in(tag, outcome)
        except StoreError as error:
            self.refuse(tag, error)

    def _require_privacy(self) -> None:
        if not self.may_log_in:
            raise Refused("Start TLS first: a password must not be sent in the clear", "PRIVACYREQUIRED")

    async def _log_in(self, tag: str | None, claimed: PasswordClaim) -> None:
        account = await self.server.auth.verify(
            AddressLimiter.key(self.connection.peer), claimed, via("imap", self.connection)
        )
        if account is None:
            self._failures += 1
            self.status("NO", REFUSED, "AUTHENTICATIONFAILED", tag=tag)
            if self._failures >= self.server.config.limits.login_failures:
                self.status("BYE", "Too many failed logins")
            return
        self.account = account
        self._mail = self.server.store.mail(account)
        self._count_out()
        self.connection.set_deadline(None)
        self.connection.set_timeout(self.server.config.limits.imap_timeout)
        self.status("OK", "Logged in", "CAPABILITY", self.capabilities(), tag=tag)

    # -- IDLE --------------------------------------------------------------------------------------

    async def do_idle(self, command: commands.Idle) -> None:
        """IDLE (RFC 2177): tell of what happens, at once, until DONE."""
        await self.look()
        self.send(responses.Continuation("idling"))
        self.session.announce()
        if self.selected is not None:
            self.idle_task = asyncio.get_running_loop().create_task(self._idle())

    async def _idle(self) -> None:
        box = self.box
        try:
            while not self.connection.is_closing:
                await box.watch.wait()
                await self.look(always=True)
                self.session.announce()
                await self.connection.drain()
        except Ended:
            self.connection.flush()
            self.connection.close()
        except StoreError as error:
            self.status("BYE", str(error), error.code)
            self.connection.close()
        except (ConnectionError, MailprotoError):
            # The connection is over, or about to be: whoever ended it has said why.
            return
        except Exception as error:
            log.exception("IDLE failed")
            self.failed(error)
            self.connection.close()

    async def _idle_done(self) -> None:
        tag = self.session.command.tag
        task, self.idle_task = self.idle_task, None
        if task is not None:
            task.cancel()
            # It may be in the middle of a look: let it end before the next one.
            await asyncio.wait([task])
            try:
                await self.look(always=True)
            except Ended:
                return
            except StoreError as error:
                self.refuse(tag, error)
                return
        self.status("OK", "Idle ended", tag=tag)


_METHODS: Final[dict[type, Any]] = {
    command: getattr(ImapHandler, f"do_{command.name.lower()}")
    for command in vars(commands).values()
    if isinstance(command, type)
    and issubclass(command, Command)
    and hasattr(ImapHandler, f"do_{command.name.lower()}")
}

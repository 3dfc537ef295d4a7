"""What a client can tell without asking the server: the same for those that await and those that block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailproto.clients.conversation import Conversation
    from mailproto.imap.mailbox import SelectedMailbox


class Known:
    """Of any client."""

    _conversation: Conversation

    @property
    def session(self) -> Any:
        """The sans-IO session underneath."""
        return self._conversation.session


class KnownOfImap(Known):
    """Of an IMAP client."""

    @property
    def mailbox(self) -> SelectedMailbox | None:
        """The selected mailbox as the server described it so far."""
        return self.session.mailbox  # type: ignore[no-any-return]

    @property
    def news(self) -> list[Any]:
        """Responses that no command asked for, in order; taken out by reading this."""
        news = [*self._conversation.news]
        self._conversation.news.clear()
        return news


class KnownOfPop3(Known):
    """Of a POP3 client."""

    @property
    def timestamp(self) -> bytes | None:
        """What the greeting gave for APOP; None without."""
        return self.session.timestamp  # type: ignore[no-any-return]

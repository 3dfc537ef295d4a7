r"""What every store must do, as tests that any implementation can run.

With pytest (and pytest-asyncio in auto mode) subclass :class:`StoreChecks` and give it one fixture::

    class TestMyStore(StoreChecks):
        @pytest.fixture
        async def open_store(self):        # each call opens the same, at first empty, data once more
            ...
            yield open_one
            ...                            # close what was opened

Without pytest, await each ``test_`` method with such a function.
"""

from __future__ import annotations

from mailproto.store.checks_base import OpenStore, fill, flags_of, message, new_mail, refused
from mailproto.store.checks_mailboxes import MailboxChecks
from mailproto.store.checks_messages import MessageChecks
from mailproto.store.checks_search import SearchChecks
from mailproto.store.checks_sessions import SessionChecks


class StoreChecks(MailboxChecks, MessageChecks, SearchChecks, SessionChecks):
    """The tests. Each gets ``open_store``; see the module."""


__all__ = ["OpenStore", "StoreChecks", "fill", "flags_of", "message", "new_mail", "refused"]

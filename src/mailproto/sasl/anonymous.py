"""ANONYMOUS: RFC 4505. Lets anybody in, so neither side has it unless asked to."""

from __future__ import annotations

from mailproto.sasl.base import AnonymousClaim, ClientMechanism, SaslError, ServerMechanism, decoded, text

#: RFC 4505 section 2: "The trace information ... up to 255 characters".
MAX_TRACE = 255


class AnonymousClient(ClientMechanism):
    """Sends *trace*: an e-mail address, or any text, or nothing."""

    name = "ANONYMOUS"
    __slots__ = ("_message",)

    def __init__(self, trace: str = "") -> None:
        if len(trace) > MAX_TRACE:
            raise ValueError(f"trace must have at most {MAX_TRACE} characters")
        self._message: bytes | None = text(trace, "trace", empty=True).encode()

    def respond(self, challenge: bytes) -> bytes:
        message, self._message = self._message, None
        if challenge or message is None:
            raise SaslError("ANONYMOUS has no challenges")
        return message


class AnonymousServer(ServerMechanism):
    """The server's side of ANONYMOUS."""

    name = "ANONYMOUS"
    __slots__ = ()

    def next(self, response: bytes | None) -> bytes | AnonymousClaim:
        if response is None:
            return b""
        trace = decoded(response, "the trace")
        if len(trace) > MAX_TRACE:
            raise SaslError(f"the trace has more than {MAX_TRACE} characters")
        return AnonymousClaim(trace)

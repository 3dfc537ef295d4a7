"""What a server must have said before a command with a literal8 (``~{n}``, RFC 3516) may go to it.

A server that does not know the form ends the command at the line, and takes the octets behind it for the
next commands. So none goes out on a guess.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from mailproto.imap import commands


def missing(command: commands.Command, announced: AbstractSet[str], enabled: AbstractSet[str]) -> str | None:
    """What *command* needs for its literal8s and the server has not said; ``None`` where nothing is missing.

    *announced*: the server's capabilities, none where they are not known; *enabled*: what ENABLE switched on.
    Both in upper case.
    """
    match command:
        case commands.Append():
            messages = command.messages
        case commands.Replace():
            messages = (command.message,)
        case commands.SetMetadata():
            # RFC 5464 section 5: its own grammar has the literal8
            binary = any(value is not None and b"\0" in value for _, value in command.values)
            return "METADATA" if binary and announced.isdisjoint(("METADATA", "METADATA-SERVER")) else None
        case _:
            return None
    # RFC 9051 appendix B: IMAP4rev2 does not include the literal8 of APPEND
    if "BINARY" not in announced and any(map(_is_binary, messages)):
        return "BINARY"
    # RFC 6855 section 4: the server must refuse the wrapper as long as UTF8=ACCEPT is not enabled
    if "UTF8=ACCEPT" not in enabled and any(message.utf8 for message in messages):
        return "ENABLE UTF8=ACCEPT"
    return None


def _is_binary(message: commands.AppendMessage) -> bool:
    return message.binary or any(isinstance(p, bytes) and b"\0" in p for p in message.parts or ())

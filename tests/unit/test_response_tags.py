"""A response may carry every tag that a command may have."""

import pytest

from mailproto.imap import commands, parse_command, responses


@pytest.mark.parametrize("tag", ["a", "]", "NIL", "nil", "1", "a.b/c]"])
def test_a_response_takes_the_tag_of_its_command(tag: str) -> None:
    command = parse_command(f"{tag} NOOP\r\n".encode())
    assert command == commands.Noop(tag=tag)
    assert bytes(responses.StatusResponse(tag, "OK", None, "done")) == f"{tag} OK done\r\n".encode()


@pytest.mark.parametrize("tag", ["", "a b", "a\r\nb", "a+", "*"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="tag"):
        bytes(responses.StatusResponse(tag, "OK", None, "done"))

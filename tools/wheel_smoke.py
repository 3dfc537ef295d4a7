"""Reads one unit of each protocol from an installed wheel that has no other package beside it."""

import sys

import mailproto
import mailproto.imap
import mailproto.pop3
import mailproto.sasl

assert not [m for m in sys.modules if m.split(".")[0] in ("click", "rich", "argon2", "cryptography")]
fetch = mailproto.imap.parse_response(b"* 1 FETCH (UID 7 FLAGS (\\Seen))\r\n")
assert (fetch.uid, fetch.flags) == (7, ("\\Seen",)), fetch
assert mailproto.imap.parse_command(b"a1 NOOP\r\n").tag == "a1"
assert mailproto.pop3.unstuff(b"..x\r\n.\r\n") == b".x\r\n"
print("smoke: ok", mailproto.__version__, mailproto.__file__)

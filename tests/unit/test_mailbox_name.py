"""MailboxName: a str that knows its octets on the wire."""

import copy
import pickle

import pytest

from mailproto._core.mailbox_name import MailboxName


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("Entwürfe", b"Entw&APw-rfe"),
        ("a&b", b"a&-b"),
        ("&", b"&-"),
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("\U0001f600", b"&2D3eAA-"),
        ("tab\there", b"tab&AAk-here"),
        ("\x00", b"&AAA-"),
        ("", b""),
        ("name with space", b"name with space"),
    ],
)
def test_modified_utf7(text, wire):
    assert MailboxName(text).wire == wire
    read = MailboxName.from_wire(wire)
    assert (read, read.wire, read.defects) == (text, wire, ())


def test_utf8_mode():
    name = MailboxName.from_wire("Entwürfe & mehr".encode(), utf8=True)
    assert name == "Entwürfe & mehr"
    assert name.wire == b"Entw&APw-rfe &- mehr"
    assert name.encode_wire(utf8=True) == "Entwürfe & mehr".encode()


def test_inbox_in_any_case():
    assert MailboxName("inBox") == MailboxName.from_wire(b"InbOX") == "INBOX"
    assert MailboxName("inbox").wire == b"INBOX"
    assert MailboxName("inbox/sub") == "inbox/sub"
    assert MailboxName("ınbox").wire == b"&ATE-nbox"


@pytest.mark.parametrize(
    ("wire", "text", "defect"),
    [
        (b"&ACE-", "!", "mailbox-not-canonical"),
        (b"&U,BTFw-&ZeVnLIqe-", "台北日本語", "mailbox-not-canonical"),
        ("Test-ąęć".encode(), "Test-ąęć", "mailbox-8bit"),
        ("R&D é".encode(), "R&D é", "mailbox-8bit"),
        (b"R&D \xff", "R&D \udcff", "mailbox-undecodable"),
        (b"&", "&", "mailbox-undecodable"),
        (b"&Jjo", "&Jjo", "mailbox-undecodable"),
        (b"&Jjo!", "&Jjo!", "mailbox-undecodable"),
        (b"&12-foo", "&12-foo", "mailbox-undecodable"),
        (b"&AAB-", "&AAB-", "mailbox-undecodable"),  # bits that are neither zero nor a character
        (b"&2AA-", "&2AA-", "mailbox-undecodable"),  # a surrogate alone
        (b"&3gDYAA-", "&3gDYAA-", "mailbox-undecodable"),  # a pair the wrong way round
        (b"\xc0\xaf", "\udcc0\udcaf", "mailbox-undecodable"),  # overlong "/"
        (b"\xff", "\udcff", "mailbox-undecodable"),
    ],
)
def test_attack_22_odd_names_keep_their_octets(wire, text, defect):
    name = MailboxName.from_wire(wire)
    assert name == text
    assert name.wire == wire
    assert name.defects == (defect,)
    for twin in (copy.deepcopy(name), pickle.loads(pickle.dumps(name)), MailboxName(name)):
        assert (twin, twin.wire, twin.defects) == (name, wire, (defect,))


def test_undecodable_utf8_goes_back_as_it_came():
    name = MailboxName.from_wire(b"bad\xff&", utf8=True)
    assert name.encode_wire(utf8=True) == name.encode_wire() == b"bad\xff&"


def test_only_text_that_can_be_sent():
    with pytest.raises(ValueError, match="surrogates"):
        MailboxName("\ud800")
    with pytest.raises(TypeError):
        MailboxName(b"bytes")


def test_is_a_str():
    assert {MailboxName("a"): 1}["a"] == 1
    assert repr(MailboxName("a")) == "MailboxName('a')"
    assert str(MailboxName("a")) == "a"

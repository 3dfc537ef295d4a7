"""tls.py: safe defaults, a certificate made once, and one clear line when a file will not do."""

from __future__ import annotations

import datetime
import os
import ssl
from pathlib import Path

import pytest

from mailproto import tls
from mailproto.tls import Certificate, TlsError, client_context, fingerprint, self_signed, server_context

x509 = pytest.importorskip("cryptography.x509")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"), ["mail.example.org", "192.0.2.7", "bücher.example"])


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """A handshake in memory; the client's end."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = list(ends)
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                pass
    assert not waiting
    return ends[0]


def test_clients_check_certificate_and_name(certificate: Certificate) -> None:
    server = server_context(certificate.cert_file, certificate.key_file)
    trusting = client_context(ca_file=certificate.cert_file)
    for name in ("localhost", "127.0.0.1", "mail.example.org", "192.0.2.7"):
        assert shake_hands(server, trusting, name).version() in ("TLSv1.2", "TLSv1.3")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(server, trusting, "mail.example.com")
    with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
        shake_hands(server, client_context(), "localhost")
    anything = client_context(dangerously_accept_any_certificate=True)
    assert shake_hands(server, anything, "mail.example.com").version()


def test_nothing_older_than_tls_1_2(certificate: Certificate) -> None:
    server = server_context(certificate.cert_file, certificate.key_file)
    client = client_context(dangerously_accept_any_certificate=True)
    assert server.minimum_version == client.minimum_version == ssl.TLSVersion.TLSv1_2
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        shake_hands(server, old, "localhost")


def test_a_certificate_is_made_once(certificate: Certificate, tmp_path: Path) -> None:
    first = self_signed(tmp_path / "new" / "tls")
    again = self_signed(tmp_path / "new" / "tls")
    assert first.created and not again.created
    assert first.fingerprint == again.fingerprint == fingerprint(first.cert_file) != certificate.fingerprint
    if os.name == "posix":
        assert first.key_file.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in (tmp_path / "new" / "tls").iterdir()} == {"cert.pem", "key.pem"}


def test_a_certificate_about_to_expire_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "VALID_DAYS", tls.RENEW_DAYS - 1)
    first = self_signed(tmp_path)
    monkeypatch.undo()
    second = self_signed(tmp_path)
    assert second.created and second.fingerprint != first.fingerprint
    left = x509.load_pem_x509_certificate(second.cert_file.read_bytes()).not_valid_after_utc
    assert left - datetime.datetime.now(datetime.UTC) > datetime.timedelta(days=tls.RENEW_DAYS)


def test_a_pair_that_does_not_match_is_made_anew(tmp_path: Path) -> None:
    first, other = self_signed(tmp_path / "a"), self_signed(tmp_path / "b")
    other.key_file.replace(first.key_file)
    second = self_signed(tmp_path / "a")
    assert second.created and second.fingerprint != first.fingerprint
    server_context(second.cert_file, second.key_file)


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(
    certificate: Certificate, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(certificate.key_file.read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(TlsError, match="passphrase"):
        server_context(certificate.cert_file, locked)


def test_files_that_will_not_do_are_named(certificate: Certificate, tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("not PEM")
    for call in (
        lambda path: server_context(path, certificate.key_file),
        lambda path: server_context(certificate.cert_file, path),
        lambda path: server_context(path),
        lambda path: client_context(ca_file=path),
        fingerprint,
    ):
        for path in (rubbish, tmp_path / "none.pem", tmp_path):
            with pytest.raises(TlsError) as caught:
                call(path)
            text = str(caught.value)
            assert str(path) in text and "_ssl.c" not in text and "\n" not in text
    with pytest.raises(TlsError, match=r"rubbish\.pem"):
        self_signed(rubbish)

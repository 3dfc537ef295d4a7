"""TLS contexts with safe defaults, and self-signed certificates for servers that have none.

Nothing below TLS 1.2 (RFC 8996), no compression, no renegotiation; a client checks the certificate chain
and the name unless told not to by a parameter whose name says so.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import ipaddress
import os
import socket
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mailproto.errors import MailprotoError

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName

#: How long a certificate made here is valid. Apple's clients refuse server certificates beyond 825 days.
VALID_DAYS: Final = 800
#: A certificate made here is made anew when fewer days than this are left.
RENEW_DAYS: Final = 30


class TlsError(MailprotoError):
    """A certificate or key cannot be read or made; the text says which file and why."""


def client_context(
    *, ca_file: str | os.PathLike[str] | None = None, dangerously_accept_any_certificate: bool = False
) -> ssl.SSLContext:
    """A context for clients: the system's authorities, or those of ``ca_file`` (PEM) alone.

    ``dangerously_accept_any_certificate`` leaves the connection open to anyone in the middle: passwords
    and mail can be read and changed. Raises :class:`TlsError`.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else os.fspath(ca_file))
    except (OSError, ValueError) as error:
        raise TlsError(f"cannot read the certificates in {ca_file}: {_reason(error)}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if dangerously_accept_any_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def server_context(
    cert_file: str | os.PathLike[str], key_file: str | os.PathLike[str] | None = None
) -> ssl.SSLContext:
    """A context for servers: the certificate chain (PEM) and its key, which may be in the same file.

    Raises :class:`TlsError`; a key with a passphrase is one (a server cannot be asked).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    # Tickets make resumption stateless: nothing is kept per client. Two per handshake (the default) is one
    # too many.
    context.num_tickets = 1
    try:
        context.load_cert_chain(
            os.fspath(cert_file), None if key_file is None else os.fspath(key_file), password=_no_passphrase
        )
    except (OSError, ValueError) as error:
        files = str(cert_file) if key_file is None else f"{cert_file} and {key_file}"
        raise TlsError(f"cannot use the certificate and key in {files}: {_reason(error)}") from error
    return context


def _no_passphrase() -> str:
    raise ValueError("the key is protected by a passphrase")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, ssl.SSLError):
        return "it is not PEM, or not whole"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where a certificate and its key are, and how people recognise it."""

    cert_file: Path
    key_file: Path
    #: SHA-256 of the certificate in DER, as pairs of hexadecimal digits with colons.
    fingerprint: str
    #: True where this call made it.
    created: bool = False


def fingerprint(cert_file: str | os.PathLike[str]) -> str:
    """SHA-256 of the first certificate in a PEM file, as ``AB:CD:...``. Raises :class:`TlsError`."""
    try:
        text = Path(cert_file).read_text("ascii")
        end = "-----END CERTIFICATE-----"
        der = ssl.PEM_cert_to_DER_cert(
            text[text.index("-----BEGIN CERTIFICATE-----") : text.index(end) + len(end)]
        )
    except (OSError, ValueError) as error:
        raise TlsError(f"cannot read the certificate in {cert_file}: {_reason(error)}") from error
    return ":".join(f"{octet:02X}" for octet in hashlib.sha256(der).digest())


def self_signed(folder: str | os.PathLike[str], names: Iterable[str] = ()) -> Certificate:
    """The self-signed certificate kept in ``folder`` (``cert.pem``, ``key.pem``), made when it is missing
    or about to expire.

    ``names`` are DNS names and IP addresses it is for, besides this machine's own name and the loopback
    ones. The key is readable by its owner alone from the moment its file exists. Raises :class:`TlsError`,
    also when the ``cryptography`` package (extra ``mailproto[server]``) is missing.
    """
    folder = Path(folder)
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    try:
        from cryptography import x509  # noqa: PLC0415 - an extra: the module works without it
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415
    except ImportError as error:
        raise TlsError(
            "making a certificate needs the 'cryptography' package: pip install 'mailproto[server]'"
        ) from error

    now = datetime.datetime.now(datetime.UTC)
    try:
        if cert_file.exists() and key_file.exists():
            old = x509.load_pem_x509_certificate(cert_file.read_bytes())
            if old.not_valid_after_utc > now + datetime.timedelta(days=RENEW_DAYS):
                # A start that was cut off between the two files leaves a pair that does not match.
                with contextlib.suppress(TlsError):
                    server_context(cert_file, key_file)
                    return Certificate(cert_file, key_file, fingerprint(cert_file))

        key = ec.generate_private_key(ec.SECP256R1())
        hostname = socket.gethostname() or "localhost"
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"mailproto on {hostname}"[:64])])
        wanted = dict.fromkeys(("localhost", hostname, "127.0.0.1", "::1", *names))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
            .add_extension(
                x509.SubjectAlternativeName([_general_name(name) for name in wanted]), critical=False
            )
            # A clients' --ca-file may name this very certificate: a leaf that is trusted by itself alone.
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=False,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )
        certificate = builder.sign(key, hashes.SHA256())
        folder.mkdir(parents=True, exist_ok=True)
        _write(
            key_file,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            0o600,
        )
        _write(cert_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    except (OSError, ValueError) as error:
        raise TlsError(f"cannot make a certificate in {folder}: {_reason(error)}") from error
    return Certificate(cert_file, key_file, fingerprint(cert_file), created=True)


def _general_name(name: str) -> GeneralName:
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode("ascii"))


def _write(path: Path, data: bytes, mode: int) -> None:
    """Replace a file whole: written beside it under its final mode, synced, renamed."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise

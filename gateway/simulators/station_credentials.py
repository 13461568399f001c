"""Keys, certificate requests and certificates as a simulated station handles them; all of it PEM text."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from gateway.simulators.station_wire import Json

type Flaw = Literal["", "forged", "misnamed", "foreign", "weak", "unasked"]
"""What is wrong with the requests of a station; `unasked`: it never makes one."""

_FORMS = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A certificate chain, leaf first, and its key."""

    chain: str
    key: str

    @property
    def leaf(self) -> x509.Certificate:
        """Return the station's own certificate."""
        return certificates(self.chain)[0]


def certificates(pem: str) -> list[x509.Certificate]:
    """Return the certificates of a text; ValueError where there is none that can be read."""
    return x509.load_pem_x509_certificates(pem.encode())


def make_request(operator: str, name: str, flaw: Flaw = "") -> tuple[str, str]:
    """Return a certificate request and the key that it is for (A02.FR.02)."""
    made: ec.EllipticCurvePrivateKey = ec.generate_private_key(
        ec.SECP384R1() if flaw == "weak" else ec.SECP256R1()
    )
    subject = x509.Name(
        [
            x509.NameAttribute(
                NameOID.ORGANIZATION_NAME, "Somebody else" if flaw == "foreign" else operator
            ),
            x509.NameAttribute(NameOID.COMMON_NAME, f"not-{name}" if flaw == "misnamed" else name),
        ]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    der = builder.sign(made, hashes.SHA256()).public_bytes(Encoding.DER)
    if flaw == "forged":
        der = der[:-1] + bytes([der[-1] ^ 1])
    key = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return ssl.DER_cert_to_PEM_cert(der).replace(" CERTIFICATE", " CERTIFICATE REQUEST"), key


def misfit(found: Credentials, operator: str, name: str, now: datetime) -> str:
    """Return why a certificate is not what was asked for, nothing where it is (A02.FR.06)."""
    try:
        chain = certificates(found.chain)
    except ValueError:
        return "no certificate"
    leaf, key = chain[0], load_pem_private_key(found.key.encode(), None)
    named = {
        str(part.value)
        for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for part in leaf.subject.get_attributes_for_oid(kind)
    }
    if leaf.public_key().public_bytes(*_FORMS) != key.public_key().public_bytes(*_FORMS):
        return "for another key"
    if named != {operator, name}:
        return "for somebody else"
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        return "not valid now"
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature):
            return "a broken chain"
    return ""


def pem_of(certificate: x509.Certificate) -> str:
    """Return a certificate as text."""
    return certificate.public_bytes(Encoding.PEM).decode()


def name_of_root(pem: str) -> Json:
    """Return how OCPP names a root certificate (CertificateHashData); its key is EC or RSA."""
    root = certificates(pem)[0]
    key = root.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        bits = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        bits = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hashlib.sha256(root.issuer.public_bytes()).hexdigest(),
        "issuerKeyHash": hashlib.sha256(bits).hexdigest(),
        "serialNumber": f"{root.serial_number:x}",
    }


def context(roots: Iterable[str], own: Credentials | None) -> ssl.SSLContext:
    """Return a TLS context that trusts these roots alone and shows what is the station's own."""
    return _context("".join(sorted(roots)), own)


@lru_cache(maxsize=256)
def _context(roots: str, own: Credentials | None) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if roots:
        made.load_verify_locations(cadata=roots)
    if own is not None:
        with tempfile.TemporaryDirectory() as folder:  # OpenSSL takes keys from files only
            file = Path(folder) / "own.pem"
            file.touch(mode=0o600)
            file.write_text(own.key + own.chain, encoding="ascii")
            made.load_cert_chain(file)
    return made

"""Identities on disk: a certificate chain and its key, read, checked and named by LFDI and SFDI."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.errors import IdentityError
from gateway.security.certificates import SigningKey
from translators.ieee2030_5.identity import lfdi, sfdi

CERTIFICATE_SUFFIXES = (".pem", ".crt", ".cer")


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its key, and the two names that IEEE 2030.5 derives from it."""

    certificate_path: Path
    key_path: Path
    lfdi: str  # 40 upper-case hexadecimal digits
    sfdi: int


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a certificate file ends; `days_left` is negative once it has."""

    path: Path
    subject: str
    not_after: datetime
    days_left: int


def read_identity(certificate: Path, key: Path, *, now: datetime | None = None) -> Identity:
    """Read and check a pair of files; IdentityError when it cannot be used at `now`.

    Checked: both files are readable PEM, the key belongs to the first certificate, and that
    certificate is valid at `now` (default: the present).
    """
    leaf = read_chain(certificate)[0]
    check_pair(read_key(key), key, leaf, certificate)
    check_validity(leaf, certificate, now=now)
    name = lfdi(leaf.public_bytes(Encoding.DER))
    return Identity(certificate, key, name, sfdi(name))


def read_chain(path: Path) -> list[x509.Certificate]:
    """Return the certificates of a PEM file in file order, at least one, else IdentityError."""
    content = _content(path, "certificate")
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as exc:
        raise IdentityError(
            "holds no readable PEM certificate", where=str(path), code="DG-1105"
        ) from exc


def read_key(path: Path) -> PrivateKeyTypes:
    """Return the unencrypted private key of a PEM file, else IdentityError."""
    content = _content(path, "key")
    try:
        return load_pem_private_key(content, password=None)
    except TypeError as exc:
        raise IdentityError(
            "the key is protected by a passphrase, which a service cannot type",
            where=str(path),
            code="DG-1106",
        ) from exc
    except ValueError as exc:
        raise IdentityError("holds no readable PEM key", where=str(path), code="DG-1106") from exc


def read_signing_key(path: Path) -> SigningKey:
    """Return the unencrypted private key of an authority, else IdentityError."""
    key = read_key(path)
    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        return key
    problem = "an authority signs with an EC or RSA key"
    raise IdentityError(problem, where=str(path), code="DG-1106")


def check_validity(
    certificate: x509.Certificate, path: Path, *, now: datetime | None = None
) -> None:
    """Raise IdentityError when `certificate` is expired or not yet valid at `now`."""
    at = now or datetime.now(UTC)
    if at > certificate.not_valid_after_utc:
        raise IdentityError(
            f"the certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC",
            where=str(path),
            code="DG-1107",
        )
    if at < certificate.not_valid_before_utc:
        raise IdentityError(
            f"the certificate is valid only from "
            f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M:%S} UTC",
            where=str(path),
            code="DG-1108",
            advice="check the clock of this machine",
        )


def certificate_lfdi(path: Path) -> str:
    """Return the LFDI of the first certificate in a PEM or DER file, else IdentityError."""
    content = _content(path, "certificate")
    if b"-----BEGIN" in content:
        return lfdi(read_chain(path)[0].public_bytes(Encoding.DER))
    try:
        x509.load_der_x509_certificate(content)
    except ValueError as exc:
        raise IdentityError(
            "is neither a PEM nor a DER certificate", where=str(path), code="DG-1105"
        ) from exc
    return lfdi(content)


def expiries(folder: Path, *, now: datetime | None = None) -> list[Expiry]:
    """Return when each certificate file of `folder` ends (earliest in its chain), soonest first."""
    if not folder.is_dir():
        raise IdentityError("is no folder", where=str(folder), code="DG-1101")
    at = now or datetime.now(UTC)
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix not in CERTIFICATE_SUFFIXES:
            continue
        first = min(read_chain(path), key=lambda item: item.not_valid_after_utc)
        ends = first.not_valid_after_utc
        found.append(Expiry(path, first.subject.rfc4514_string(), ends, (ends - at).days))
    return sorted(found, key=lambda item: item.not_after)


def trust_store(path: Path) -> str:
    """Return the PEM text of the trust anchors in `path` that are valid now.

    IdentityError when none is: an old anchor may lie beside its successor, but not alone.
    """
    anchors = read_chain(path)
    now = datetime.now(UTC)
    valid = [
        anchor
        for anchor in anchors
        if anchor.not_valid_before_utc <= now <= anchor.not_valid_after_utc
    ]
    if not valid:
        check_validity(anchors[-1], path, now=now)
    return "".join(item.public_bytes(Encoding.PEM).decode() for item in valid)


def check_pair(
    key: PrivateKeyTypes, key_path: Path, certificate: x509.Certificate, path: Path
) -> None:
    """Raise IdentityError where a private key is not the one of a certificate."""
    if key.public_key() != certificate.public_key():
        problem = f"the key does not belong to the certificate {path}"
        raise IdentityError(problem, where=str(key_path), code="DG-1104")


def _content(path: Path, kind: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise IdentityError(
            f"cannot read the {kind}: {exc.strerror}", where=str(path), code="DG-1101"
        ) from exc

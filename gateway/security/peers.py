"""Whom the certificate of a connected peer names; its chain has been verified by TLS before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID


def naming_fault(
    der: bytes, operator: str, names: Collection[str], *, now: datetime | None = None
) -> str | None:
    """Return why a certificate does not stand for a station, None where it does.

    Its O must be `operator` (A00.FR.404) and its CN one of `names` (A00.FR.405), each exactly once:
    of two names nobody could say which counts. Its time is checked here too, for a resumed TLS
    session skips the chain.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        subject = certificate.subject
    except ValueError:
        return "the certificate cannot be read"
    at = now or datetime.now(UTC)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        return "the certificate is not valid now"
    fault = subject_fault(subject, operator, names)
    return None if fault is None else f"the certificate's {fault}"


def subject_fault(subject: x509.Name, operator: str, names: Collection[str]) -> str | None:
    """Return which part of a subject does not stand for a station, None where all do."""
    if _only(subject, NameOID.ORGANIZATION_NAME) != operator:
        return f"O is not {operator}"
    if _only(subject, NameOID.COMMON_NAME) not in names:
        return "CN is neither the id nor the serial number"
    return None


def key_of(der: bytes) -> CertificatePublicKeyTypes:
    """Return the public key of a certificate that has been read before."""
    return x509.load_der_x509_certificate(der).public_key()


def common_name(subject: x509.Name) -> str:
    """Return the CN of a subject that has exactly one, else nothing."""
    return _only(subject, NameOID.COMMON_NAME) or ""


def _only(subject: x509.Name, kind: x509.ObjectIdentifier) -> str | None:
    """Return the one attribute of a kind, None where there is none or more than one."""
    found = subject.get_attributes_for_oid(kind)
    return str(found[0].value) if len(found) == 1 else None

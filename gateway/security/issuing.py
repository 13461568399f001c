"""The authority that signs station certificates while the gateway runs: a key here, or an operator.

With a key the answer comes at once. Without one a request lies in a folder until somebody put the
certificate beside it: `CS1.csr` is answered by `CS1.pem`, leaf first.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import IdentityError
from gateway.security.certificates import (
    CLOCK_SLACK,
    PublicKey,
    Signer,
    Validity,
    distinguished_name,
    station_certificate,
)
from gateway.security.files import make_folder, replace_private
from gateway.security.identities import check_pair, check_validity, read_chain, read_signing_key
from gateway.security.peers import subject_fault
from gateway.security.requests import read_request

LONGEST_CHAIN = 10_000
"""Characters of a certificate chain (CertificateSignedRequest)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sound request of one station."""

    station: str
    pem: str
    operator: str
    name: str
    """CN: its id or serial number."""
    key: PublicKey


def wanted(station: str, pem: str, operator: str, serial_number: str = "") -> Wanted:
    """Read a request of a station; IdentityError says what is wrong with it."""
    names = {station, serial_number} - {""}
    return Wanted(station, pem, operator, *read_request(pem, operator, names))


class StationAuthority(Protocol):
    """Whoever signs certificates of stations."""

    def sign(self, request: Wanted, now: datetime) -> str | None:
        """Return the chain (PEM, leaf first), None where it is not there yet; IdentityError."""
        ...

    def delivered(self, request: Wanted) -> None:
        """The station has it: the request is done with."""
        ...

    def reload(self) -> None:
        """Read what it signs with anew; IdentityError changes nothing."""
        ...


class KeyAuthority:
    """Signs with a key of this machine."""

    def __init__(self, certificate: Path, key: Path, days: int) -> None:
        """Read both files; IdentityError where they cannot be used, or others can read the key."""
        self._certificate, self._key, self._days = certificate, key, days
        self._chain, self._signer = self._read()

    def reload(self) -> None:
        """Sign with what the files hold now; IdentityError changes nothing."""
        self._chain, self._signer = self._read()

    def _read(self) -> tuple[list[x509.Certificate], Signer]:
        check_private(self._key)
        chain = read_chain(self._certificate)
        signer = Signer(chain[0], read_signing_key(self._key))
        check_pair(signer.key, self._key, signer.certificate, self._certificate)
        if not _may_sign(signer.certificate):
            raise IdentityError("is no authority", where=str(self._certificate), code="DG-1113")
        return chain, signer

    def sign(self, request: Wanted, now: datetime | None = None) -> str:
        """Return the chain, begun now; IdentityError where the authority itself has ended."""
        authority, at = self._signer.certificate, now or datetime.now(UTC)
        check_validity(authority, self._certificate, now=at)
        end = min(at + timedelta(days=self._days), authority.not_valid_after_utc)
        term = Validity(at - CLOCK_SLACK, end)
        subject = distinguished_name(request.operator, request.name)
        leaf = station_certificate(subject, request.key, term, self._signer)
        above = [item for item in self._chain if item.issuer != item.subject]
        return "".join(item.public_bytes(Encoding.PEM).decode() for item in (leaf, *above))

    def delivered(self, request: Wanted) -> None:
        """Keep nothing."""


class Spool:
    """A folder in which an operator, or a program of theirs, answers requests."""

    def __init__(self, folder: Path, trust: Path) -> None:
        """Take certificates that the authorities in `trust` signed; the folder is made when needed."""
        self._folder, self._trust = folder, trust

    def sign(self, request: Wanted, now: datetime) -> str | None:
        """Return what lies there for this very request; else lay the request there."""
        answer = self._path(request, ".pem")
        make_folder(self._folder)
        with _touching(self._folder):
            if not self._lies_there(request):
                answer.unlink(missing_ok=True)
                replace_private(self._path(request, ".csr"), request.pem.encode())
                return None
            if not answer.exists():
                return None
        chain = read_chain(answer)
        self._check(request, answer, chain, now)
        return "".join(item.public_bytes(Encoding.PEM).decode() for item in chain)

    def delivered(self, request: Wanted) -> None:
        """Take request and answer away."""
        with _touching(self._folder):
            for suffix in (".csr", ".pem"):
                self._path(request, suffix).unlink(missing_ok=True)

    def reload(self) -> None:
        """Keep nothing that could be read anew."""

    def _lies_there(self, request: Wanted) -> bool:
        path = self._path(request, ".csr")
        return path.exists() and path.read_bytes() == request.pem.encode()

    def _path(self, request: Wanted, suffix: str) -> Path:
        return self._folder / f"{quote(request.station, safe='')}{suffix}"

    def _check(
        self, request: Wanted, path: Path, chain: list[x509.Certificate], now: datetime
    ) -> None:
        leaf = chain[0]
        check_validity(leaf, path, now=now)
        problem = subject_fault(leaf.subject, request.operator, {request.name})
        if leaf.public_key() != request.key:
            problem = "key is not the one of the request"
        elif problem is None and not _led_to(chain, read_chain(self._trust)):
            problem = f"chain does not lead to an authority in {self._trust}"
        if problem is not None:
            raise IdentityError(f"the certificate's {problem}", where=str(path), code="DG-1114")


def described(chain: str) -> str:
    """Return serial number and end of the first certificate of a chain, for the audit."""
    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    return f"serial {leaf.serial_number:x}, ends {leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"


def check_private(path: Path) -> None:
    """Raise IdentityError where others than the owner may touch a key file."""
    try:
        mode = path.stat().st_mode
    except OSError as exc:
        problem = f"cannot read the key: {exc.strerror}"
        raise IdentityError(problem, where=str(path), code="DG-1101") from exc
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise IdentityError(
            f"others than its owner may use the key (mode {stat.S_IMODE(mode):04o})",
            where=str(path),
            code="DG-1115",
            advice=f"chmod 600 {path.name}",
        )


@contextmanager
def _touching(folder: Path) -> Iterator[None]:
    """Say of which folder it was that the system refused something."""
    try:
        yield
    except OSError as exc:
        problem = f"cannot be used: {exc.strerror}"
        raise IdentityError(problem, where=str(folder), code="DG-1102") from exc


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    return basic.ca


def _led_to(chain: list[x509.Certificate], anchors: list[x509.Certificate]) -> bool:
    """Say whether each certificate is signed by the next, and the last by an anchor."""
    for certificate, *above in (chain[n:] for n in range(len(chain))):
        candidates = above[:1] or anchors
        if not any(_issued(certificate, issuer) for issuer in candidates):
            return False
    return True


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True

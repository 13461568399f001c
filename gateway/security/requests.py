"""Certificate requests of stations (PKCS #10): what is demanded of one before anybody signs it."""

from __future__ import annotations

from collections.abc import Collection

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.errors import IdentityError
from gateway.security.certificates import PublicKey
from gateway.security.peers import common_name, subject_fault

LONGEST_REQUEST = 5500
"""Characters of a request (SignCertificateRequest)."""
_RSA_BITS = range(2048, 4097)
"""More bits than these would cost whoever checks them more than the one who sends them."""
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def read_request(pem: str, operator: str, names: Collection[str]) -> tuple[str, PublicKey]:
    """Return CN and public key of a request that may be signed, else IdentityError.

    Its O is `operator` (A00.FR.404), its CN one of `names` (A00.FR.405), its key EC P-256 or RSA of
    2048 to 4096 bits, and its signature proves that whoever sends it has that key. Nothing else that it
    asks for is granted: the rest is the authority's business.
    """
    if len(pem) > LONGEST_REQUEST:
        raise _unfit(f"has {len(pem)} characters, more than {LONGEST_REQUEST}")
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        key, subject = _public_key(request), request.subject
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise _unfit("cannot be read") from exc
    fault = subject_fault(subject, operator, names)
    if fault is not None:
        raise _unfit(f"is not for this station: {fault}")
    if not _proves(request):
        raise _unfit("is not signed with its own key")
    return common_name(subject), key


def _public_key(request: x509.CertificateSigningRequest) -> PublicKey:
    """Return the key, whose kind is looked at before anything is computed with it."""
    key = request.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        if isinstance(key.curve, ec.SECP256R1):
            return key
        raise _unfit(f"has a key on {key.curve.name}: P-256 is taken")
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size in _RSA_BITS:
            return key
        raise _unfit(f"has an RSA key of {key.key_size} bits: 2048 to 4096 are taken")
    raise _unfit("has a key that is neither EC nor RSA")


def _proves(request: x509.CertificateSigningRequest) -> bool:
    """Say whether the request is signed with its own key, over a hash that still counts."""
    return isinstance(request.signature_hash_algorithm, _HASHES) and request.is_signature_valid


def _unfit(problem: str) -> IdentityError:
    return IdentityError(f"the certificate request {problem}", code="DG-1112")

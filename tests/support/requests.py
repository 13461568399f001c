"""Certificate requests as stations make them, sound and otherwise."""

import base64

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.security import certificates as build

OPERATOR = "Grid Operator"
_KINDS = {"O": NameOID.ORGANIZATION_NAME, "CN": NameOID.COMMON_NAME}


def a_request(*subject, key=None, algorithm=None, extension=None):
    """Return a request (PEM); the subject is given as `O=Grid Operator`, by default a sound one."""
    parts = (part.split("=", 1) for part in subject or (f"O={OPERATOR}", "CN=CS1"))
    name = x509.Name([x509.NameAttribute(_KINDS[kind], value) for kind, value in parts])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    made = builder.sign(key or build.new_key(), algorithm or hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def forged(pem):
    """Return a request whose signature is no longer the one of its key."""
    der = bytearray(x509.load_pem_x509_csr(pem.encode()).public_bytes(Encoding.DER))
    der[-1] ^= 1
    return x509_pem(bytes(der))


def x509_pem(der):
    """Return the octets of a request as PEM."""
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{lines}-----END CERTIFICATE REQUEST-----\n"

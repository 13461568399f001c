"""Ed25519 keys that sign what is handed to auditors: made at the first use, never leave their file."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.errors import IdentityError
from gateway.security.files import make_folder, write_private


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What verifies; `fingerprint` is the SHA-256 (hex) of its 32 octets."""

    key: Ed25519PublicKey

    @property
    def fingerprint(self) -> str:
        """Return the name of the key."""
        return hashlib.sha256(self.key.public_bytes_raw()).hexdigest()

    @property
    def pem(self) -> str:
        """Return the key as PEM (SubjectPublicKeyInfo)."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_bytes(serialization.Encoding.PEM, form).decode()

    def verifies(self, signature: str, text: bytes) -> bool:
        """Say whether `signature` (base64) is this key's over `text`."""
        try:
            self.key.verify(base64.b64decode(signature, validate=True), text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and what it is known by."""

    key: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """Return what verifies its signatures."""
        return PublicKey(self.key.public_key())

    def sign(self, text: bytes) -> str:
        """Return the signature (base64)."""
        return base64.b64encode(self.key.sign(text)).decode()


def signer_at(path: Path) -> Signer:
    """Return the key of a file, made where there is none; IdentityError where it is no good."""
    if not path.exists():
        make_folder(path.parent)
        key = Ed25519PrivateKey.generate()
        form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        write_private(path, key.private_bytes(serialization.Encoding.PEM, form, none))
    data = _read(path)
    if path.stat().st_mode & 0o077:
        problem = "others may read this private key"
        raise IdentityError(problem, where=str(path), code="DG-1130", advice=f"chmod 600 {path}")
    try:
        found = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError) as exc:
        raise IdentityError("is no private key", where=str(path), code="DG-1131") from exc
    if not isinstance(found, Ed25519PrivateKey):
        raise IdentityError("is no Ed25519 key", where=str(path), code="DG-1131")
    return Signer(found)


def public_key_at(path: Path) -> PublicKey:
    """Return the public key of a PEM file; IdentityError where there is none."""
    try:
        found = serialization.load_pem_public_key(_read(path))
    except ValueError as exc:
        raise IdentityError("is no public key", where=str(path), code="DG-1131") from exc
    if not isinstance(found, Ed25519PublicKey):
        raise IdentityError("is no Ed25519 key", where=str(path), code="DG-1131")
    return PublicKey(found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        problem = f"cannot be read: {os.strerror(exc.errno or 0)}"
        raise IdentityError(problem, where=str(path), code="DG-1132") from exc

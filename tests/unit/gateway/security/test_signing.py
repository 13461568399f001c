"""Ed25519 keys: made once, kept private, told by their fingerprint."""

import base64
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from gateway.errors import IdentityError
from gateway.security.signing import public_key_at, signer_at


@pytest.fixture
def signer(tmp_path):
    return signer_at(tmp_path / "keys" / "audit.key")


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path, signer):
    path = tmp_path / "keys" / "audit.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signer_at(path).public.fingerprint == signer.public.fingerprint


def test_a_signature_is_of_one_text_and_one_key(tmp_path, signer):
    other = signer_at(tmp_path / "other.key")
    signature = signer.sign(b"text")
    assert signer.public.verifies(signature, b"text")
    assert not signer.public.verifies(signature, b"texts")
    assert not other.public.verifies(signature, b"text")
    flipped = bytes([base64.b64decode(signature)[0] ^ 1]) + base64.b64decode(signature)[1:]
    assert not signer.public.verifies(base64.b64encode(flipped).decode(), b"text")
    assert not signer.public.verifies("no base64", b"text")


def test_the_public_half_is_read_from_pem(tmp_path, signer):
    (tmp_path / "audit.pub").write_text(signer.public.pem)
    assert public_key_at(tmp_path / "audit.pub").fingerprint == signer.public.fingerprint


def pem_of_another_kind(path):
    key = generate_private_key(SECP256R1())
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, none))
    path.chmod(0o600)


def open_to_all(path):
    signer_at(path)
    path.chmod(0o644)


def no_key(path):
    path.write_text("hello")
    path.chmod(0o600)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (open_to_all, "DG-1130 others may read this private key"),
        (no_key, "DG-1131 is no private key"),
        (pem_of_another_kind, "DG-1131 is no Ed25519 key"),
        (lambda path: path.mkdir(), "DG-1132 cannot be read: Is a directory"),
    ],
)
def test_a_file_that_is_no_good_is_named(tmp_path, spoil, problem):
    path = tmp_path / "audit.key"
    spoil(path)
    with pytest.raises(IdentityError, match=problem):
        signer_at(path)


def test_a_public_key_that_is_none_is_named(tmp_path):
    with pytest.raises(IdentityError, match="DG-1132 cannot be read: No such file"):
        public_key_at(tmp_path / "none.pub")
    (tmp_path / "a.pub").write_text("hello")
    with pytest.raises(IdentityError, match="DG-1131 is no public key"):
        public_key_at(tmp_path / "a.pub")
    key = generate_private_key(SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "a.pub").write_bytes(key.public_bytes(serialization.Encoding.PEM, form))
    with pytest.raises(IdentityError, match="DG-1131 is no Ed25519 key"):
        public_key_at(tmp_path / "a.pub")

"""The development PKI: files, modes, chains, and that nothing is overwritten."""

import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gateway.errors import IdentityError
from gateway.security import pki
from gateway.security.certificates import hardware_alternative_name, hardware_serial
from gateway.security.identities import read_chain, read_key


def names(folder):
    return sorted(item.name for item in folder.iterdir())


def test_three_levels_are_made(tmp_path):
    authorities = pki.create_authorities(tmp_path / "pki", organisation="Grid")
    assert names(authorities.folder) == [
        "mca.key",
        "mca.pem",
        "mica.key",
        "mica.pem",
        "serca.key",
        "serca.pem",
    ]
    subjects = [
        read_chain(level.certificate_path)[0].subject.rfc4514_string()
        for level in authorities.levels
    ]
    assert subjects == ["CN=Grid SERCA,O=Grid", "CN=Grid MCA,O=Grid", "CN=Grid MICA,O=Grid"]


def test_each_level_signs_the_next(authorities):
    serca, mca, mica = (read_chain(level.certificate_path)[0] for level in authorities.levels)
    serca.verify_directly_issued_by(serca)
    mca.verify_directly_issued_by(serca)
    mica.verify_directly_issued_by(mca)


def test_every_key_file_has_mode_0600(tmp_path):
    authorities = pki.create_authorities(tmp_path)
    pki.issue_device(authorities, "cs1")
    pki.issue_server(authorities)
    pki.issue_endpoint(pki.create_endpoint_authority(tmp_path))
    pki.request_device(tmp_path, "cs2")
    keys = list(tmp_path.glob("*.key"))
    assert len(keys) == 8
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_a_device_file_holds_the_leaf_and_the_chain_without_the_root(authorities, tmp_path):
    identity = pki.issue_device(authorities, "cs1", folder=tmp_path)
    leaf, *chain = read_chain(identity.certificate_path)
    assert hardware_serial(leaf) == "cs1"
    assert chain == [
        read_chain(authorities.mica.certificate_path)[0],
        read_chain(authorities.mca.certificate_path)[0],
    ]
    assert names(tmp_path) == ["cs1.key", "cs1.pem"]


def test_identities_lie_beside_the_authorities_by_default(tmp_path):
    authorities = pki.create_authorities(tmp_path)
    assert pki.issue_device(authorities, "cs1").key_path == tmp_path / "cs1.key"
    assert pki.issue_server(authorities, name="dso").key_path == tmp_path / "dso.key"


def test_two_devices_never_share_a_name(authorities, tmp_path):
    one = pki.issue_device(authorities, "cs1", folder=tmp_path)
    two = pki.issue_device(authorities, "cs2", folder=tmp_path)
    assert one.lfdi != two.lfdi
    assert one.sfdi != two.sfdi


def test_authorities_are_found_again(authorities):
    assert pki.load_authorities(authorities.folder) == authorities


def test_a_missing_authority_is_named(tmp_path):
    pki.create_authorities(tmp_path)
    (tmp_path / "mca.key").unlink()
    with pytest.raises(IdentityError, match=r"mca\.key DG-1101"):
        pki.load_authorities(tmp_path)


@pytest.mark.parametrize("survivor", ["serca.pem", "mica.key"])
def test_authorities_are_never_replaced(tmp_path, survivor):
    (tmp_path / survivor).write_bytes(b"precious")
    with pytest.raises(IdentityError, match="exists already"):
        pki.create_authorities(tmp_path)
    assert names(tmp_path) == [survivor]
    assert (tmp_path / survivor).read_bytes() == b"precious"


@pytest.mark.parametrize("suffix", [".pem", ".key"])
def test_an_identity_is_never_replaced_nor_half_made(authorities, tmp_path, suffix):
    (tmp_path / f"cs1{suffix}").write_bytes(b"precious")
    with pytest.raises(IdentityError, match="exists already"):
        pki.issue_device(authorities, "cs1", folder=tmp_path)
    assert names(tmp_path) == [f"cs1{suffix}"]


@pytest.mark.parametrize(
    "serial",
    [
        pytest.param("", id="empty"),
        pytest.param("../evil", id="leads elsewhere"),
        pytest.param("a/b", id="a folder"),
        pytest.param(".hidden", id="hidden"),
        pytest.param("x" * 65, id="too long"),
        pytest.param("a\n", id="a line break"),
    ],
)
def test_a_serial_that_cannot_name_a_file_is_refused(authorities, tmp_path, serial):
    with pytest.raises(IdentityError, match="cannot name a file"):
        pki.issue_device(authorities, serial, folder=tmp_path)
    assert names(tmp_path) == []


def test_an_authority_with_a_key_that_cannot_sign_ecdsa_or_rsa_is_refused(tmp_path):
    root = pki.create_endpoint_authority(tmp_path)
    key = ed25519.Ed25519PrivateKey.generate()
    root.key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(IdentityError, match="signs with an EC or RSA key"):
        pki.load_endpoint_authority(tmp_path)


def test_the_root_of_the_stations_is_found_again_and_never_replaced(tmp_path):
    root = pki.create_endpoint_authority(tmp_path)
    assert pki.load_endpoint_authority(tmp_path) == root
    with pytest.raises(IdentityError, match="exists already"):
        pki.create_endpoint_authority(tmp_path)


def test_an_endpoint_may_have_an_rsa_key(endpoint_root):
    identity = pki.issue_endpoint(endpoint_root, name="rsa", key_kind="rsa2048")
    key = read_key(identity.key_path)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048


def test_an_endpoint_certificate_lasts_397_days(endpoint_root):
    identity = pki.issue_endpoint(endpoint_root, name="ec")
    leaf = read_chain(identity.certificate_path)[0]
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == 397


def test_a_request_names_the_hardware_and_keeps_its_key(tmp_path):
    request_path, key_path = pki.request_device(tmp_path / "new", "cs9")
    request = x509.load_pem_x509_csr(request_path.read_bytes())
    assert request.is_signature_valid
    assert request.subject == x509.Name([])
    assert request.public_key() == read_key(key_path).public_key()
    extension = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert extension.critical
    assert extension.value == hardware_alternative_name("cs9")


def test_a_request_never_replaces_a_key(tmp_path):
    pki.request_device(tmp_path, "cs9")
    before = (tmp_path / "cs9.key").read_bytes()
    with pytest.raises(IdentityError, match="exists already"):
        pki.request_device(tmp_path, "cs9")
    assert (tmp_path / "cs9.key").read_bytes() == before

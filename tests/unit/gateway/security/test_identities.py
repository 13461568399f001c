"""Identities on disk: what is read, what is refused and in which words."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from gateway.errors import IdentityError
from gateway.security import certificates as build
from gateway.security import pki
from gateway.security.identities import (
    certificate_lfdi,
    expiries,
    read_chain,
    read_identity,
    read_key,
    trust_store,
)

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
PAST = build.Validity(NOW - 10 * DAY, NOW - DAY)
FUTURE = build.Validity(NOW + DAY, NOW + 10 * DAY)


@pytest.fixture(scope="module")
def device(authorities, tmp_path_factory):
    return pki.issue_device(authorities, "cs1", folder=tmp_path_factory.mktemp("device"))


def test_a_pair_of_files_is_read_with_its_names(device):
    assert read_identity(device.certificate_path, device.key_path) == device


def test_the_lfdi_is_the_head_of_the_digest_of_the_leaf(device):
    leaf = read_chain(device.certificate_path)[0].public_bytes(Encoding.DER)
    assert device.lfdi == hashlib.sha256(leaf).hexdigest()[:40].upper()
    assert str(device.sfdi).startswith(str(int(device.lfdi[:9], 16)))
    assert sum(map(int, str(device.sfdi))) % 10 == 0


def test_a_missing_certificate_is_named(device, tmp_path):
    with pytest.raises(IdentityError, match="cannot read the certificate") as caught:
        read_identity(tmp_path / "none.pem", device.key_path)
    assert (caught.value.code, caught.value.exit_status) == ("DG-1101", 2)
    assert "none.pem" in str(caught.value)


def test_a_missing_key_is_named(device, tmp_path):
    with pytest.raises(IdentityError, match="cannot read the key"):
        read_identity(device.certificate_path, tmp_path / "none.key")


def test_the_key_of_another_certificate_is_refused(authorities, device, tmp_path):
    other = pki.issue_device(authorities, "other", folder=tmp_path)
    with pytest.raises(IdentityError, match="does not belong to the certificate") as caught:
        read_identity(device.certificate_path, other.key_path)
    assert caught.value.code == "DG-1104"
    assert caught.value.where == str(other.key_path)


@pytest.mark.parametrize(
    ("validity", "words", "code"),
    [
        pytest.param(PAST, "the certificate expired on", "DG-1107", id="expired"),
        pytest.param(FUTURE, "is valid only from", "DG-1108", id="not yet valid"),
    ],
)
def test_a_certificate_outside_its_time_is_refused(authorities, tmp_path, validity, words, code):
    identity = pki.issue_device(authorities, "late", folder=tmp_path, validity=validity)
    with pytest.raises(IdentityError, match=words) as caught:
        read_identity(identity.certificate_path, identity.key_path)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("at", "refused"),
    [
        pytest.param(PAST.begin - timedelta(seconds=2), True, id="a moment too early"),
        pytest.param(PAST.begin + timedelta(seconds=1), False, id="just begun"),
        pytest.param(PAST.end - timedelta(seconds=2), False, id="about to end"),
        pytest.param(PAST.end + timedelta(seconds=1), True, id="a moment too late"),
    ],
)
def test_the_given_time_decides(authorities, tmp_path, at, refused):
    identity = pki.issue_device(authorities, "then", folder=tmp_path, validity=PAST)
    if refused:
        with pytest.raises(IdentityError):
            read_identity(identity.certificate_path, identity.key_path, now=at)
    else:
        read_identity(identity.certificate_path, identity.key_path, now=at)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no certificate at all", id="prose"),
        pytest.param(
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", id="garbage inside"
        ),
    ],
)
def test_what_is_no_certificate_is_refused(tmp_path, content):
    (tmp_path / "a.pem").write_bytes(content)
    with pytest.raises(IdentityError, match="no readable PEM certificate"):
        read_chain(tmp_path / "a.pem")


def test_what_is_no_key_is_refused(tmp_path):
    (tmp_path / "a.key").write_bytes(b"no key at all")
    with pytest.raises(IdentityError, match="no readable PEM key"):
        read_key(tmp_path / "a.key")


def test_a_key_with_a_passphrase_is_refused_in_those_words(tmp_path):
    content = build.new_key().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    (tmp_path / "a.key").write_bytes(content)
    with pytest.raises(IdentityError, match="protected by a passphrase"):
        read_key(tmp_path / "a.key")


def test_the_lfdi_of_a_file_is_that_of_its_first_certificate(device, tmp_path):
    assert certificate_lfdi(device.certificate_path) == device.lfdi
    leaf = read_chain(device.certificate_path)[0]
    (tmp_path / "leaf.der").write_bytes(leaf.public_bytes(Encoding.DER))
    assert certificate_lfdi(tmp_path / "leaf.der") == device.lfdi


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"\x30\x03abc", "neither a PEM nor a DER", id="binary garbage"),
        pytest.param(b"-----BEGIN NOTHING-----", "no readable PEM", id="PEM of something else"),
    ],
)
def test_a_file_without_certificate_has_no_lfdi(tmp_path, content, words):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(IdentityError, match=words):
        certificate_lfdi(tmp_path / "file")


def test_a_missing_file_has_no_lfdi(tmp_path):
    with pytest.raises(IdentityError, match="cannot read"):
        certificate_lfdi(tmp_path / "file")


def test_expiries_come_soonest_first_and_ignore_other_files(endpoint_root, tmp_path):
    folder = tmp_path / "pki"
    root = pki.create_endpoint_authority(folder)
    late = build.Validity(NOW - DAY, NOW + 90 * DAY)
    soon = build.Validity(NOW - DAY, NOW + 5 * DAY)
    pki.issue_endpoint(root, name="late", validity=late)
    pki.issue_endpoint(root, name="soon", validity=soon)
    (folder / "README.md").write_text("nothing to read")
    found = expiries(folder, now=NOW)
    assert [item.path.name for item in found] == ["soon.pem", "late.pem", "csms-ca.pem"]
    assert [item.days_left for item in found][:2] == [4, 89]
    assert "127.0.0.1" in found[0].subject


def test_an_expired_certificate_has_less_than_no_days_left(authorities, tmp_path):
    pki.issue_device(authorities, "old", folder=tmp_path, validity=PAST)
    assert expiries(tmp_path)[0].days_left < 0


def test_expiries_need_a_folder(tmp_path):
    with pytest.raises(IdentityError, match="is no folder"):
        expiries(tmp_path / "none")


def test_the_trust_store_keeps_valid_anchors_only(authorities, foreign, tmp_path):
    old = pki.issue_device(authorities, "old", folder=tmp_path, validity=PAST)
    leaf = read_chain(old.certificate_path)[0].public_bytes(Encoding.PEM)
    (tmp_path / "both.pem").write_bytes(leaf + foreign.trust_anchor.read_bytes())
    assert trust_store(tmp_path / "both.pem") == foreign.trust_anchor.read_text()


def test_a_trust_store_of_old_anchors_alone_is_refused(authorities, tmp_path):
    old = pki.issue_device(authorities, "old", folder=tmp_path, validity=PAST)
    leaf = read_chain(old.certificate_path)[0].public_bytes(Encoding.PEM)
    (tmp_path / "leaf.pem").write_bytes(leaf)
    with pytest.raises(IdentityError, match="expired"):
        trust_store(tmp_path / "leaf.pem")

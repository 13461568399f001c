"""Who signs the certificates of stations: a key of this machine, or an operator by way of a folder."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.errors import IdentityError
from gateway.security import certificates as build
from gateway.security import pki
from gateway.security.identities import read_chain
from gateway.security.issuing import KeyAuthority, Spool, wanted
from gateway.security.peers import naming_fault
from support.requests import OPERATOR, a_request

NOW = datetime.now(UTC)


@pytest.fixture
def root(tmp_path):
    return pki.create_endpoint_authority(tmp_path / "ca")


def an_authority(root, days=397):
    return KeyAuthority(root.certificate_path, root.key_path, days)


def a_want(station="CS1", **options):
    return wanted(station, a_request(f"O={OPERATOR}", f"CN={station}", **options), OPERATOR)


def certificates_of(chain):
    return x509.load_pem_x509_certificates(chain.encode())


def der(certificate):
    return certificate.public_bytes(Encoding.DER)


def test_what_it_signs_stands_for_the_station_and_leads_to_the_authority(root):
    request = a_want()
    (leaf,) = certificates_of(an_authority(root).sign(request, NOW))
    leaf.verify_directly_issued_by(read_chain(root.certificate_path)[0])
    assert leaf.public_key() == request.key
    assert naming_fault(der(leaf), OPERATOR, {"CS1"}, now=NOW) is None


def test_a_certificate_is_for_clients_and_never_an_authority(root):
    wish = x509.BasicConstraints(ca=True, path_length=None)
    (leaf,) = certificates_of(an_authority(root).sign(a_want(extension=wish), NOW))
    basic = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert (basic.value.ca, basic.critical) == (False, True)
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]


def test_no_two_certificates_have_one_number(root):
    authority = an_authority(root)
    numbers = {certificates_of(authority.sign(a_want(), NOW))[0].serial_number for _ in range(8)}
    assert len(numbers) == 8


def test_it_ends_when_the_settings_say_and_never_after_the_authority(root, tmp_path):
    (leaf,) = certificates_of(an_authority(root, 90).sign(a_want(), NOW))
    assert leaf.not_valid_after_utc == (NOW + timedelta(days=90)).replace(microsecond=0)
    short = an_ending(tmp_path, NOW + timedelta(days=9))
    (leaf,) = certificates_of(short.sign(a_want(), NOW))
    assert leaf.not_valid_after_utc == (NOW + timedelta(days=9)).replace(microsecond=0)


def an_ending(folder, end, ca=True):
    """Return an authority that ends then."""
    key, name = build.new_key(), build.distinguished_name(OPERATOR, "CA")
    term = build.Validity(NOW - timedelta(days=99), end)
    if ca:
        made = build.authority_certificate(name, key, term, 0, None)
    else:
        made = build.endpoint_certificate(key, term, build.Signer(plain(name, key), key), ("x",))
    files = pki._Files.of(folder, "ending")
    identity = files.write(made, key, ())
    return KeyAuthority(identity.certificate_path, identity.key_path, 90)


def plain(name, key):
    term = build.Validity(NOW - timedelta(days=99), NOW)
    return build.authority_certificate(name, key, term, 0, None)


def test_an_authority_that_has_ended_signs_nothing(tmp_path):
    authority = an_ending(tmp_path, NOW - timedelta(days=1))
    with pytest.raises(IdentityError, match="expired"):
        authority.sign(a_want(), NOW)


def test_a_certificate_that_is_no_authority_is_refused(tmp_path):
    with pytest.raises(IdentityError, match="is no authority"):
        an_ending(tmp_path, NOW + timedelta(days=9), ca=False)


def test_an_intermediate_authority_comes_along_and_the_root_does_not(tmp_path):
    made = pki.create_authorities(tmp_path)
    chain = tmp_path / "issuer.pem"
    chain.write_text("".join(path.read_text() for path in (*made.mica.chain, made.trust_anchor)))
    authority = KeyAuthority(chain, made.mica.key_path, 90)
    names = [
        item.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        for item in certificates_of(authority.sign(a_want(), NOW))
    ]
    assert [name.split()[-1] for name in names] == ["CS1", "MICA", "MCA"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_touch_is_refused(root, mode):
    root.key_path.chmod(mode)
    with pytest.raises(IdentityError, match=f"mode {mode:04o}.*chmod 600"):
        an_authority(root)


def test_a_missing_key_is_named(root):
    root.key_path.unlink()
    with pytest.raises(IdentityError, match=r"csms-ca\.key DG-1101 cannot read the key"):
        an_authority(root)


def test_a_key_of_another_authority_is_refused(root, tmp_path):
    other = pki.create_endpoint_authority(tmp_path / "other")
    with pytest.raises(IdentityError, match="does not belong"):
        KeyAuthority(root.certificate_path, other.key_path, 90)


@pytest.fixture
def spool(tmp_path, root):
    return Spool(tmp_path / "spool", root.certificate_path)


def answer(tmp_path, chain, name="CS1"):
    (tmp_path / "spool" / f"{name}.pem").write_text(chain)


def test_a_request_waits_in_the_folder_until_somebody_answered_it(tmp_path, root, spool):
    request = a_want()
    assert spool.sign(request, NOW) is None
    assert spool.sign(request, NOW) is None
    assert (tmp_path / "spool" / "CS1.csr").read_text() == request.pem
    chain = an_authority(root).sign(request, NOW)
    answer(tmp_path, chain)
    assert spool.sign(request, NOW) == chain
    spool.delivered(request)
    assert list((tmp_path / "spool").iterdir()) == []


def test_the_answer_to_an_earlier_request_is_thrown_away(tmp_path, root, spool):
    old, new = a_want(), a_want()
    spool.sign(old, NOW)
    answer(tmp_path, an_authority(root).sign(old, NOW))
    assert spool.sign(new, NOW) is None
    assert spool.sign(new, NOW) is None
    assert (tmp_path / "spool" / "CS1.csr").read_text() == new.pem


def test_an_id_never_leads_out_of_the_folder(tmp_path, spool):
    spool.sign(a_want("a|b*c"), NOW)
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["a%7Cb%2Ac.csr"]


def test_an_answer_for_another_key_subject_or_root_is_refused(tmp_path, root, spool):
    request, other = a_want(), a_want()
    foreign = pki.create_endpoint_authority(tmp_path / "foreign")
    named = wanted("CS2", a_request(f"O={OPERATOR}", "CN=CS2"), OPERATOR)
    spool.sign(request, NOW)
    wrong = {
        "key is not the one": an_authority(root).sign(other, NOW),
        "does not lead": an_authority(foreign).sign(request, NOW),
        "key is not": an_authority(root).sign(named, NOW),
    }
    for words, chain in wrong.items():
        answer(tmp_path, chain)
        with pytest.raises(IdentityError, match=words):
            spool.sign(request, NOW)


def test_an_answer_under_another_name_is_refused(tmp_path, root, spool):
    request = a_want()
    spool.sign(request, NOW)
    signer = pki.signer_of(root)
    term = build.Validity(NOW - timedelta(hours=1), NOW + timedelta(days=1))
    name = build.distinguished_name(OPERATOR, "CS2")
    leaf = build.station_certificate(name, request.key, term, signer)
    answer(tmp_path, leaf.public_bytes(Encoding.PEM).decode())
    with pytest.raises(IdentityError, match="CN is neither"):
        spool.sign(request, NOW)


def test_an_answer_by_way_of_an_intermediate_authority_is_taken(tmp_path):
    made = pki.create_authorities(tmp_path / "pki")
    spool, request = Spool(tmp_path / "spool", made.trust_anchor), a_want()
    spool.sign(request, NOW)
    chain = tmp_path / "issuer.pem"
    chain.write_text("".join(path.read_text() for path in made.mica.chain))
    answer(tmp_path, KeyAuthority(chain, made.mica.key_path, 90).sign(request, NOW))
    assert len(certificates_of(spool.sign(request, NOW))) == 3


def test_what_was_renewed_signs_after_a_reload_and_what_is_no_good_changes_nothing(root, tmp_path):
    authority = an_authority(root)
    next_one = pki.create_endpoint_authority(tmp_path / "next")
    next_one.certificate_path.replace(root.certificate_path)
    with pytest.raises(IdentityError, match="does not belong"):
        authority.reload()
    (leaf,) = certificates_of(authority.sign(a_want(), NOW))
    with pytest.raises((ValueError, InvalidSignature)):
        leaf.verify_directly_issued_by(read_chain(root.certificate_path)[0])
    next_one.key_path.replace(root.key_path)
    authority.reload()
    (leaf,) = certificates_of(authority.sign(a_want(), NOW))
    leaf.verify_directly_issued_by(read_chain(root.certificate_path)[0])


def test_a_folder_has_nothing_to_read_anew_and_says_what_it_cannot_use(tmp_path, root):
    spool = Spool(tmp_path / "file", root.certificate_path)
    spool.reload()
    (tmp_path / "file").write_text("")
    with pytest.raises(IdentityError, match="file DG-1102"):
        spool.sign(a_want(), NOW)
    (tmp_path / "spool" / "CS1.csr").mkdir(parents=True)
    with pytest.raises(IdentityError, match="cannot be used"):
        Spool(tmp_path / "spool", root.certificate_path).delivered(a_want())

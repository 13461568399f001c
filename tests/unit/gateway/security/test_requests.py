"""What a station's certificate request must be before anybody signs it."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import IdentityError
from gateway.security import certificates as build
from gateway.security.requests import LONGEST_REQUEST, read_request
from support.requests import OPERATOR, a_request, forged

NAMES = {"CS1", "SN-1"}


def read(pem):
    return read_request(pem, OPERATOR, NAMES)


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("make_key", [build.new_key, build.new_rsa_key])
def test_a_request_under_the_id_or_the_serial_number_is_read(name, make_key):
    key = make_key()
    found = read(a_request(f"O={OPERATOR}", f"CN={name}", key=key))
    assert found == (name, key.public_key())


SUBJECTS = [
    pytest.param((f"O={OPERATOR}", "CN=CS2"), "CN is neither", id="another station"),
    pytest.param((f"O={OPERATOR}", "CN=CS1", "CN=CS2"), "CN is neither", id="two names"),
    pytest.param((f"O={OPERATOR}",), "CN is neither", id="no name"),
    pytest.param(("O=Other", "CN=CS1"), "O is not", id="another operator"),
    pytest.param(("CN=CS1",), "O is not", id="no operator"),
]


@pytest.mark.parametrize(("subject", "words"), SUBJECTS)
def test_a_request_for_anybody_else_is_refused(subject, words):
    with pytest.raises(IdentityError, match=f"not for this station: {words}"):
        read(a_request(*subject))


KEYS = [
    pytest.param(lambda: ec.generate_private_key(ec.SECP384R1()), "secp384r1", id="P-384"),
    pytest.param(lambda: ec.generate_private_key(ec.SECP256K1()), "secp256k1", id="Koblitz"),
    pytest.param(lambda: rsa.generate_private_key(65537, 1024), "1024 bits", id="short RSA"),  # noqa: S505 - to be refused
    pytest.param(lambda: rsa.generate_private_key(65537, 4160), "4160 bits", id="long RSA"),
]


@pytest.mark.parametrize(("make_key", "words"), KEYS)
def test_a_key_that_is_too_weak_or_too_costly_is_refused(make_key, words):
    with pytest.raises(IdentityError, match=words):
        read(a_request(key=make_key()))


def test_a_key_of_another_kind_is_refused():
    name = build.distinguished_name(OPERATOR, "CS1")
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    made = builder.sign(ed25519.Ed25519PrivateKey.generate(), None)
    pem = made.public_bytes(Encoding.PEM).decode()
    with pytest.raises(IdentityError, match="neither EC nor RSA"):
        read(pem)


def test_a_request_that_its_key_did_not_sign_is_refused():
    with pytest.raises(IdentityError, match="not signed with its own key"):
        read(forged(a_request()))


def test_a_signature_over_a_hash_that_no_longer_counts_is_refused():
    with pytest.raises(IdentityError, match="not signed with its own key"):
        read(a_request(algorithm=hashes.SHA224()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CSR",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "schlüssel",
    ],
)
def test_text_that_is_no_request_is_refused(text):
    with pytest.raises(IdentityError, match="cannot be read"):
        read(text)


def test_a_request_longer_than_the_standard_allows_is_not_even_parsed():
    with pytest.raises(IdentityError, match=f"more than {LONGEST_REQUEST}"):
        read(a_request() + " " * LONGEST_REQUEST)

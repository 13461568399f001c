"""The content of certificates, read back through the library and through OpenSSL's own eyes."""

import subprocess
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID

from gateway.security import certificates as build
from gateway.security import pki
from gateway.security.identities import read_chain

ALWAYS = build.Validity(datetime(2026, 1, 1, tzinfo=UTC), build.FOREVER)


@pytest.fixture(scope="module")
def root():
    key = build.new_key()
    name = build.distinguished_name("Grid", "Root")
    return build.Signer(build.authority_certificate(name, key, ALWAYS, 0, None), key)


@pytest.fixture(scope="module")
def device(root):
    return build.device_certificate("SN-42", build.new_key(), ALWAYS, root)


def test_a_device_has_no_subject_and_a_p256_key(device):
    assert device.subject == x509.Name([])
    assert isinstance(device.public_key().curve, ec.SECP256R1)


def test_a_device_names_its_hardware_critically(device):
    names = device.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    (hardware,) = names.value
    assert names.critical
    assert hardware.type_id.dotted_string == "1.3.6.1.5.5.7.8.4"
    # SEQUENCE { OBJECT IDENTIFIER 1.3.6.1.4.1.32473.1, OCTET STRING "SN-42" }
    assert hardware.value.hex() == "301206092b0601040181fd59010405" + b"SN-42".hex()
    assert build.hardware_serial(device) == "SN-42"


def test_openssl_reads_the_hardware_name_as_asn1(device, tmp_path):
    names = device.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    (tmp_path / "name.der").write_bytes(names.get_values_for_type(x509.OtherName)[0].value)
    shown = subprocess.run(
        ["openssl", "asn1parse", "-inform", "DER", "-in", tmp_path / "name.der"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "1.3.6.1.4.1.32473.1" in shown
    assert "SN-42" in shown


def test_a_device_states_its_policy_critically(device):
    policies = device.extensions.get_extension_for_class(x509.CertificatePolicies)
    assert policies.critical
    assert [item.policy_identifier.dotted_string for item in policies.value] == [
        "1.3.6.1.4.1.40732.1.1"
    ]


def test_a_device_signs_and_agrees_and_nothing_else(device):
    usage = device.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.key_agreement
    assert not usage.value.key_cert_sign
    assert not usage.value.key_encipherment


def test_a_device_certificate_has_no_end(device):
    assert device.not_valid_after_utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_device_is_no_authority(device):
    with pytest.raises(x509.ExtensionNotFound):
        device.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS)


def test_serial_numbers_differ_and_fit_20_octets(root):
    made = [build.device_certificate("x", root.key, ALWAYS, root) for _ in range(20)]
    numbers = {item.serial_number for item in made}
    assert len(numbers) == 20
    assert all(0 < number < 1 << 159 for number in numbers)


@pytest.mark.parametrize(
    ("hosts", "dns", "addresses"),
    [
        pytest.param((), [], [], id="none"),
        pytest.param(("127.0.0.1",), [], ["127.0.0.1"], id="an IPv4 address"),
        pytest.param(("::1",), [], ["::1"], id="an IPv6 address"),
        pytest.param(("grid.example",), ["grid.example"], [], id="a name"),
        pytest.param(("localhost", "10.0.0.1"), ["localhost"], ["10.0.0.1"], id="both"),
    ],
)
def test_hosts_become_names_and_addresses(root, hosts, dns, addresses):
    made = build.device_certificate("server", build.new_key(), ALWAYS, root, hosts)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == dns
    assert [str(item) for item in names.get_values_for_type(x509.IPAddress)] == addresses
    assert build.hardware_serial(made) == "server"


@pytest.mark.parametrize(
    "serial",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 65, id="65 octets"),
        pytest.param("\N{EURO SIGN}" * 22, id="66 octets in 22 characters"),
    ],
)
def test_a_serial_outside_1_to_64_octets_is_refused(serial):
    with pytest.raises(ValueError, match="1 to 64 octets"):
        build.hardware_alternative_name(serial)


@pytest.mark.parametrize("serial", ["x", "y" * 64, "Zähler-7"])
def test_any_other_serial_is_read_back(root, serial):
    made = build.device_certificate(serial, build.new_key(), ALWAYS, root)
    assert build.hardware_serial(made) == serial


def test_a_certificate_without_other_names_has_no_hardware_serial(root):
    assert build.hardware_serial(root.certificate) is None
    endpoint = build.endpoint_certificate(build.new_key(), ALWAYS, root, ("localhost",))
    assert build.hardware_serial(endpoint) is None


def test_an_other_name_of_another_kind_is_not_taken_for_hardware(root):
    name = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x01a")
    made = (
        x509.CertificateBuilder(x509.Name([]), x509.Name([]))
        .public_key(root.key.public_key())
        .serial_number(1)
        .not_valid_before(ALWAYS.begin)
        .not_valid_after(ALWAYS.end)
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .sign(root.key, root.certificate.signature_hash_algorithm)
    )
    assert build.hardware_serial(made) is None


def test_an_endpoint_is_named_after_its_first_host_and_the_operator_of_the_root(root):
    made = build.endpoint_certificate(build.new_key(), ALWAYS, root, ("csms.example", "10.1.1.1"))
    subject = {item.oid: item.value for item in made.subject}
    assert subject == {NameOID.ORGANIZATION_NAME: "Grid", NameOID.COMMON_NAME: "csms.example"}


@pytest.mark.parametrize(
    ("make_key", "enciphers"),
    [
        pytest.param(build.new_key, False, id="an EC key signs only"),
        pytest.param(build.new_rsa_key, True, id="an RSA key also serves the RSA suites"),
    ],
)
def test_the_key_usage_of_an_endpoint_follows_its_key(root, make_key, enciphers):
    made = build.endpoint_certificate(make_key(), ALWAYS, root, ("localhost",))
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.key_encipherment is enciphers


def test_the_path_length_shrinks_from_the_root_down(authorities):
    lengths = []
    for level in authorities.levels:
        certificate = read_chain(level.certificate_path)[0]
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value.ca
        lengths.append(constraints.value.path_length)
    assert lengths == [2, 1, 0]


def test_openssl_verifies_a_device_through_all_levels_strictly(authorities, tmp_path):
    identity = pki.issue_device(authorities, "strict", folder=tmp_path)
    verified = subprocess.run(
        [
            "openssl",
            "verify",
            "-x509_strict",
            "-policy_check",
            "-policy",
            "1.3.6.1.4.1.40732.1.1",
            "-explicit_policy",
            "-CAfile",
            authorities.trust_anchor,
            "-untrusted",
            identity.certificate_path,
            identity.certificate_path,
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 0, verified.stderr

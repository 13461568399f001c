"""X.509 building blocks in memory: authorities, 2030.5 devices, TLS endpoints."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import CertificatePoliciesOID, ExtendedKeyUsageOID, NameOID

type SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
type PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
type Extension = tuple[x509.ExtensionType, bool]  # with: critical

CLOCK_SLACK = timedelta(hours=1)
"""How much earlier than it is made a certificate begins: a peer's clock may run a little behind."""
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280 4.1.2.5: no end
DEVICE_POLICY = x509.ObjectIdentifier("1.3.6.1.4.1.40732.1.1")
HARDWARE_MODULE_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.4")  # RFC 4108 5
# hwType 1.3.6.1.4.1.32473.1: the enterprise number that RFC 5612 keeps for examples.
_HARDWARE_TYPE = bytes.fromhex("06092b0601040181fd5901")
_SEQUENCE, _OCTETS = 0x30, 0x04
_LONGEST_SERIAL = 64
_TAG_AND_LENGTH = 2  # DER, short form: nothing here is longer than 127 octets


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a certificate holds."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority at work: its certificate and its key."""

    certificate: x509.Certificate
    key: SigningKey


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a fresh P-256 key, the only curve of IEEE 2030.5."""
    return ec.generate_private_key(ec.SECP256R1())


def new_rsa_key() -> rsa.RSAPrivateKey:
    """Return a fresh RSA key of 2048 bits, for peers that know RSA suites only."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def authority_certificate(
    subject: x509.Name, key: SigningKey, validity: Validity, path_length: int, signer: Signer | None
) -> x509.Certificate:
    """Return a CA certificate; without `signer` it signs itself."""
    policy = x509.PolicyInformation(CertificatePoliciesOID.ANY_POLICY, None)
    extensions = [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (_key_usage(sign_certificates=True), True),
        (x509.CertificatePolicies([policy]), True),
    ]
    return _build(subject, key, validity, extensions, signer)


def device_certificate(
    serial: str, key: SigningKey, validity: Validity, signer: Signer, hosts: tuple[str, ...] = ()
) -> x509.Certificate:
    """Return a 2030.5 device certificate: no subject, critical hardwareModuleName and policy.

    `hosts` adds DNS names and addresses: a 2030.5 server is a device that others connect to.
    """
    policy = x509.PolicyInformation(DEVICE_POLICY, None)
    extensions = [
        (hardware_alternative_name(serial, hosts), True),  # RFC 5280 4.2.1.6: no subject
        (x509.CertificatePolicies([policy]), True),
        (_key_usage(agree=True), True),
    ]
    return _build(x509.Name([]), key, validity, extensions, signer)


def endpoint_certificate(
    key: SigningKey, validity: Validity, signer: Signer, hosts: tuple[str, ...]
) -> x509.Certificate:
    """Return a TLS server certificate: CN = first host, O = the signer's operator."""
    extensions = [
        (x509.SubjectAlternativeName(_host_names(hosts)), False),
        (_key_usage(encipher=isinstance(key, rsa.RSAPrivateKey)), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    ]
    operator = signer.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    subject = distinguished_name(str(operator[0].value), hosts[0])
    return _build(subject, key, validity, extensions, signer)


def station_certificate(
    subject: x509.Name, key: PublicKey, validity: Validity, signer: Signer
) -> x509.Certificate:
    """Return a TLS client certificate of a station (A00.FR.404, A00.FR.405: O and CN in `subject`)."""
    extensions = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage(encipher=isinstance(key, rsa.RSAPublicKey)), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
    ]
    return _signed(subject, key, validity, extensions, signer.certificate.subject, signer.key)


def distinguished_name(organisation: str, common_name: str) -> x509.Name:
    """Return `O = organisation, CN = common_name`."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def hardware_alternative_name(
    serial: str, hosts: tuple[str, ...] = ()
) -> x509.SubjectAlternativeName:
    """Return the names of a device: its hardware module, then `hosts`. ValueError: bad serial."""
    octets = serial.encode()
    if not 1 <= len(octets) <= _LONGEST_SERIAL:
        raise ValueError(f"a serial number has 1 to {_LONGEST_SERIAL} octets, not {len(octets)}")
    # HardwareModuleName ::= SEQUENCE { hwType OBJECT IDENTIFIER, hwSerialNum OCTET STRING }
    content = _HARDWARE_TYPE + bytes([_OCTETS, len(octets)]) + octets
    encoded = bytes([_SEQUENCE, len(content)]) + content
    hardware = x509.OtherName(HARDWARE_MODULE_NAME, encoded)
    return x509.SubjectAlternativeName([hardware, *_host_names(hosts)])


def hardware_serial(certificate: x509.Certificate) -> str | None:
    """Return the serial number of the hardwareModuleName, or None where there is none."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    for name in names:
        if isinstance(name, x509.OtherName) and name.type_id == HARDWARE_MODULE_NAME:
            octets = name.value[_TAG_AND_LENGTH:]  # into the SEQUENCE
            octets = octets[_TAG_AND_LENGTH + octets[1] :]  # past hwType
            return octets[_TAG_AND_LENGTH:].decode(errors="backslashreplace")
    return None


def _build(
    subject: x509.Name,
    key: SigningKey,
    validity: Validity,
    extensions: list[Extension],
    signer: Signer | None,
) -> x509.Certificate:
    issuer_key = key if signer is None else signer.key
    issuer = subject if signer is None else signer.certificate.subject
    return _signed(subject, key.public_key(), validity, extensions, issuer, issuer_key)


def _signed(
    subject: x509.Name,
    key: PublicKey,
    validity: Validity,
    extensions: list[Extension],
    issuer: x509.Name,
    issuer_key: SigningKey,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(secrets.randbits(159) | 1)  # RFC 5280 4.1.2.2: positive, <= 20 octets
        .not_valid_before(validity.begin)
        .not_valid_after(validity.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _host_names(hosts: tuple[str, ...]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def _key_usage(
    *, sign_certificates: bool = False, agree: bool = False, encipher: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=encipher,
        data_encipherment=False,
        key_agreement=agree,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )

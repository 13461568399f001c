"""Whom a certificate stands for: O and CN, each once, and its time."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.security import certificates as build
from gateway.security.peers import naming_fault

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TERM = build.Validity(NOW - timedelta(days=1), NOW + timedelta(days=1))
KINDS = {"O": NameOID.ORGANIZATION_NAME, "CN": NameOID.COMMON_NAME}


def fault(*subject, names=("CS1", "SN-1"), now=NOW):
    """Judge a certificate whose subject has these parts, given as `O=Grid`."""
    parts = (part.split("=", 1) for part in subject)
    name = x509.Name([x509.NameAttribute(KINDS[kind], value) for kind, value in parts])
    key = build.new_key()
    root = build.authority_certificate(name, key, TERM, 0, None)
    made = build.station_certificate(name, key.public_key(), TERM, build.Signer(root, key))
    return naming_fault(made.public_bytes(Encoding.DER), "Grid", set(names), now=now)


@pytest.mark.parametrize("name", ["CS1", "SN-1"])
def test_the_id_or_the_serial_number_is_named(name):
    assert fault("O=Grid", f"CN={name}") is None


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        pytest.param(("O=Grid", "CN=CS2"), "CN", id="another station"),
        pytest.param(("O=Grid", "CN=cs1"), "CN", id="other letters"),
        pytest.param(("O=Grid", "CN=CS1 "), "CN", id="a space more"),
        pytest.param(("O=Grid",), "CN", id="no CN"),
        pytest.param(("O=Grid", "CN=CS1", "CN=CS2"), "CN", id="two CN"),
        pytest.param(("O=Other", "CN=CS1"), "O is not Grid", id="another operator"),
        pytest.param(("CN=CS1",), "O is not Grid", id="no operator"),
        pytest.param(("O=Grid", "O=Other", "CN=CS1"), "O is not Grid", id="two operators"),
    ],
)
def test_any_other_subject_is_a_fault(subject, words):
    assert words in fault(*subject)


@pytest.mark.parametrize("days", [-2, 2])
def test_a_certificate_outside_its_time_is_a_fault(days):
    assert "not valid now" in fault("O=Grid", "CN=CS1", now=NOW + timedelta(days=days))


@pytest.mark.parametrize("octets", [b"", b"0", b"\x30\x03\x02\x01\x01"])
def test_octets_that_are_no_certificate_are_a_fault(octets):
    assert "cannot be read" in naming_fault(octets, "Grid", {"CS1"})

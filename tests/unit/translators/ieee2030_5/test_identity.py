"""LFDI and SFDI by the standard's own example and by construction."""

import hashlib

import pytest

from translators.ieee2030_5.identity import lfdi, sfdi


def test_the_example_of_the_standard():
    assert sfdi("3E4F45AB31EDFE5B67E343E5E4562E31984E23E5") == 167261211391


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("000000000", 0),
        ("000000001", 19),
        ("00000000A", 109),
        ("000000013", 190),
        ("FFFFFFFFF", 687194767357),
    ],
)
def test_the_last_digit_makes_the_digit_sum_a_multiple_of_ten(digits, expected):
    found = sfdi(digits + "0" * 31)
    assert found == expected
    assert sum(map(int, str(found))) % 10 == 0


def test_the_lfdi_is_the_left_half_of_the_hash_in_upper_case():
    certificate = b"some certificate"
    assert lfdi(certificate) == hashlib.sha256(certificate).hexdigest().upper()[:40]
    assert len(lfdi(certificate)) == 40
    assert lfdi(certificate) == lfdi(certificate).upper()


def test_only_the_left_36_bits_count():
    assert sfdi("3E4F45AB3" + "0" * 31) == sfdi("3E4F45AB3" + "F" * 31)

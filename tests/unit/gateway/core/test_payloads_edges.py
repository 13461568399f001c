"""How far a reported number may lie from the one that was told."""

import pytest

from gateway.core.payloads import same_payload


@pytest.mark.parametrize(
    ("told", "reported", "same"),
    [
        (0.5, 0.5 + 9e-7, True),
        (0.5, 0.5 - 9e-7, True),
        (0.5, 0.5 + 2e-6, False),
        (0.5, 0.5 - 2e-6, False),
        (10000, 10000.009, True),
        (10000, 9999.98, False),
        (-10000, -10000.009, True),
        (0, 0.0000009, True),
    ],
)
def test_numbers_agree_to_the_sixth_digit(told, reported, same):
    assert same_payload({"x": told}, {"x": reported}) is same

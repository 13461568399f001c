"""Whether a Host header means this machine."""

import pytest

from gateway.admin.hosts import names_us


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8631", True),
        ("192.0.2.7", True),
        ("[::1]:8631", True),
        ("localhost", True),
        ("Gateway.example:8631", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example#localhost", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_an_address_and_our_own_names_are_ours(host, ours):
    assert names_us(host, "gateway.example") is ours

"""What a report comes to."""

import pytest

from gateway.cli.inspection import Report
from gateway.errors import IdentityError, PeerError, SettingsError
from translators.errors import MappingError

AWAY, WRONG = PeerError("is away"), SettingsError("unknown key")


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        pytest.param([], 0, id="nothing wrong"),
        pytest.param([WRONG], 2, id="settings"),
        pytest.param([IdentityError("expired")], 2, id="identity"),
        pytest.param([MappingError("unit")], 2, id="mapping"),
        pytest.param([AWAY], 4, id="a peer"),
        pytest.param([AWAY, PeerError("is odd")], 4, id="two peers"),
        pytest.param([AWAY, WRONG], 2, id="what must be changed here comes first"),
    ],
)
def test_the_status_says_whose_turn_it_is(faults, status):
    assert Report(faults=faults).status == status


def test_a_warning_alone_is_no_failure():
    assert Report(warnings=["a certificate ends in 7 days"]).status == 0

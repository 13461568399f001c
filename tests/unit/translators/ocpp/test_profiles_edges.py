"""Setpoints at zero and one step beside it."""

import pytest

from support.translation import (
    charge_only,
    only,
    period,
    q,
    refused,
    running,
    situation,
    translated,
)
from translators.canonical.controls import ActiveSetpoint

WATTS = charge_only("2.1", units=("W",))


def asked(watts):
    return translated(
        ActiveSetpoint(q(f"{watts} W")), station=WATTS, situation=situation(running())
    )


@pytest.mark.parametrize(("watts", "limit"), [("0", 0), ("-1", 1)])
def test_a_station_that_only_charges_can_do_nothing_and_more(watts, limit):
    assert period(only(asked(watts))) == {"limit": limit}


def test_a_station_that_only_charges_cannot_feed_in_a_watt():
    assert refused(asked("1")) == [("not_supported", "ActiveSetpoint")]

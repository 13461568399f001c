"""Limits that others gave a station, as it tells them."""

from fractions import Fraction

import pytest

from support.translation import an_evse
from translators.ocpp.foreign import ForeignLimit, Rate, foreign_limit, in_watts


def told(*schedules, evse=None, **limit):
    payload = {"chargingLimit": {"chargingLimitSource": "EMS", **limit}}
    if evse is not None:
        payload["evseId"] = evse
    if schedules:
        payload["chargingSchedule"] = [
            {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": [period]}
            for unit, period in schedules
        ]
    return payload


@pytest.mark.parametrize(
    ("payload", "limit"),
    [
        (told(), ForeignLimit("EMS", None)),
        (told(evse=0), ForeignLimit("EMS", None)),
        (told(evse=2.0), ForeignLimit("EMS", 2)),
        (told(evse=2, isGridCritical=True), ForeignLimit("EMS", 2, grid_critical=True)),
        (
            told(("A", {"startPeriod": 0, "limit": 6.5, "numberPhases": 1})),
            ForeignLimit("EMS", None, (Rate(Fraction("6.5"), "A", 1),)),
        ),
        (
            told(("W", {"startPeriod": 0, "limit": 9}), ("W", {"startPeriod": 0, "limit": 7})),
            ForeignLimit("EMS", None, (Rate(Fraction(9)), Rate(Fraction(7)))),
        ),
        (told(("W", {"startPeriod": 0})), ForeignLimit("EMS", None)),
    ],
    ids=["bare", "the station", "in JSON's way", "one EVSE", "amps", "all of them", "no number"],
)
def test_a_notice_becomes_a_limit(payload, limit):
    assert foreign_limit(payload) == limit


def test_amps_are_watts_at_the_nominal_voltage_of_all_phases():
    evse = an_evse()
    volts = evse.ratings.v_nom
    assert in_watts(Rate(Fraction(10), "A"), (evse,)) == 10 * volts * evse.phases
    assert in_watts(Rate(Fraction(10), "A", 1), (evse,)) == 10 * volts
    assert in_watts(Rate(Fraction(10)), ()) == 10
    assert in_watts(Rate(Fraction(10), "A"), ()) is None

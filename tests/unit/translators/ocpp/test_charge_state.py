"""A state of charge to reach: a ceiling, at the rated power in the unit that the station knows."""

import pytest

from support.translation import (
    F,
    a_station,
    an_evse,
    charge_only,
    kinds,
    only,
    period,
    refused,
    running,
    situation,
    translated,
)
from translators.canonical.controls import ChargeStateTarget

ONE = situation(running())


def target(soc="0.8", **context):
    return translated(ChargeStateTarget(F(soc)), situation=ONE, **context)


def schedule(translation):
    (made,) = only(translation)["chargingProfile"]["chargingSchedule"]
    return made


@pytest.mark.parametrize(
    ("rated", "limit", "lost"),
    [
        (22080, 32, ["approximate"]),
        (22000, 31.8840, ["approximate", "round"]),
        (690, 1, ["approximate"]),
    ],
)
def test_a_station_that_knows_no_watts_gets_amps(rated, limit, lost):
    made = target(station=charge_only(max_charge_rate_w=rated))
    assert period(only(made)) == {"limit": limit, "numberPhases": 3}
    assert schedule(made)["chargingRateUnit"] == "A"
    assert schedule(made)["limitAtSoC"] == {"soc": 80, "limit": 0}
    assert kinds(made) == lost


def test_one_phase_carries_it_all():
    made = target(
        station=a_station(an_evse(units=("A",), phases=1, v_nom=230, max_charge_rate_w=4600))
    )
    assert period(only(made)) == {"limit": 20, "numberPhases": 1}


@pytest.mark.parametrize("volts", [None, 0])
def test_amps_need_the_voltage(volts):
    made = target(station=charge_only(v_nom=volts))
    assert refused(made) == [("not_applicable", "ChargeStateTarget")]
    assert made.refusals[0].problem == "amps need the nominal voltage of the EVSE"


def test_where_ceiling_and_limit_come_from_is_traced():
    made = target("0.805", station=charge_only(max_charge_rate_w=22000))
    schedule = "chargingProfile/chargingSchedule[0]"
    steps = [(s.operation, s.source, s.target, s.after) for s in made.steps]
    assert ("per cent", "soc", f"{schedule}/limitAtSoC/soc", "80.5") in steps
    limit = f"{schedule}/chargingSchedulePeriod[0]/limit"
    assert ("amps over 3 phases", "station.rating", limit, "2200/69") in steps
    assert ("round 4 down", limit, limit, "31.884") in steps
    assert kinds(made) == ["approximate", "round", "round"]

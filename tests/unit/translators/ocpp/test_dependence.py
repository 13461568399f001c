"""What a change of ratings makes doubtful: functions by the ratings that their numbers rest on."""

from dataclasses import replace

import pytest

from support.translation import (
    F,
    a_station,
    an_evse,
    curve,
    enter_service,
    limit,
    pf,
    q,
    running,
    situation,
    translated,
)
from translators.canonical.controls import ActiveSetpoint, ChargeStateTarget, FixedVar, VoltVar
from translators.ocpp.dependence import changed, ratings_used, stale
from translators.units import Base


def rated(station, **ratings):
    values = {name: None if v is None else F(v) for name, v in ratings.items()}
    return replace(
        station,
        evses=tuple(replace(e, ratings=replace(e.ratings, **values)) for e in station.evses),
    )


def used(*controls, default=False, settings=None, **dialect):
    made = translated(
        *controls,
        station=a_station(**dialect),
        situation=situation(running(), settings=settings),
        default=default,
    )
    return {
        name: {base.value for base in bases} for name, bases in ratings_used(made.steps).items()
    }


def test_a_rebase_rests_on_both_bases_by_the_sign():
    assert used(FixedVar(q("10 pct[setMaxW]"))) == {"FixedVar": {"setMaxW", "setMaxVar"}}
    assert used(FixedVar(q("-10 pct[setMaxW|setMaxChargeRateW]"))) == {
        "FixedVar": {"setMaxChargeRateW", "setMaxVarNeg"}
    }
    assert used(FixedVar(q("-10 pct[setMaxVA]"))) == {"FixedVar": {"setMaxVA", "setMaxVarNeg"}}


def test_what_keeps_its_base_rests_on_nothing():
    assert used(FixedVar(q("-10 pct[setMaxVar]")), pf()) == {}


def test_a_limit_in_watts_rests_on_the_rated_discharge():
    assert used(limit("export", "5000 W")) == {"PowerLimit.export.device": {"setMaxDischargeRateW"}}


def test_the_looser_of_two_limits_rests_on_what_made_it_so():
    both = used(limit("export", "5000 W"), limit("generation", "60 pct[setMaxW]"))
    assert both["PowerLimit.generation.device"] == {"setMaxW"}


def test_a_setpoint_rests_on_what_bounds_it_though_it_is_within():
    assert used(ActiveSetpoint(q("5 W"))) == {
        "ActiveSetpoint": {"setMaxChargeRateW", "setMaxW", "setMaxDischargeRateW"}
    }


def test_a_reading_in_volts_rests_on_the_nominal_voltage():
    assert used(enter_service(), default=True) == {}
    told = used(enter_service(), default=True, enter_service_voltage="volts")
    assert told == {"EnterService": {"V_nom"}}


def test_a_setting_below_a_rating_makes_its_share_rest_on_it():
    told = used(FixedVar(q("10 pct[setMaxVar]")), settings={"setMaxVar": 5000})
    assert told == {"FixedVar": {"setMaxVar"}}


ASKED = (FixedVar(q("-10 pct[setMaxW]")), pf(), limit("export", "5000 W"))
BEFORE = a_station()


@pytest.mark.parametrize(
    ("after", "doubtful"),
    [
        (BEFORE, set()),
        (rated(BEFORE, max_w=1), {"FixedVar"}),
        (rated(BEFORE, max_var_neg=1), {"FixedVar"}),
        (rated(BEFORE, max_var=1), set()),
        (rated(BEFORE, max_discharge_rate_w=1), {"PowerLimit.export.device"}),
        (rated(BEFORE, max_va=1), set()),
        (a_station(an_evse(modes=())), {"FixedVar", "PowerLimit.export.device"}),
        (a_station(an_evse(1), an_evse(2)), {"FixedVar", "PowerLimit.export.device"}),
    ],
    ids=["nothing", "watts", "absorbed var", "injected var", "discharge", "VA", "modes", "an EVSE"],
)
def test_only_what_rests_on_a_changed_rating_is_doubtful(after, doubtful):
    made = translated(*ASKED, station=BEFORE)
    found = stale(made, BEFORE, after)
    if after.evses[0].der_modes != BEFORE.evses[0].der_modes or len(after.evses) > 1:
        doubtful = doubtful | {"FixedPowerFactor.injecting"}
    assert found == doubtful


def test_a_missing_absorbing_side_moves_with_the_injecting_one():
    before = rated(BEFORE, max_var_neg=None)
    assert changed(before, rated(before, max_var=1)) == {Base.MAX_VAR, Base.MAX_VAR_NEG}


def test_what_was_refused_or_followed_silently_may_change_with_any_rating():
    bare = rated(BEFORE, max_w=None)
    made = translated(FixedVar(q("10 pct[setMaxW]")), pf(), station=bare)
    assert stale(made, bare, BEFORE) == {"FixedVar"}
    charging = a_station(an_evse(modes=(), v2x=(), max_discharge_rate_w=0))
    silent = translated(limit("export", "1 W"), station=charging)
    assert stale(silent, charging, rated(charging, max_discharge_rate_w=1)) == {
        "PowerLimit.export.device"
    }


def test_asymmetric_var_is_translated_anew_when_the_car_can_absorb_less():
    control = FixedVar(q("-10 pct[setMaxW]"))
    after = rated(BEFORE, max_var_neg=4000)
    sent = [
        translated(control, station=station).value.messages[0].payload["fixedVar"]["setpoint"]
        for station in (BEFORE, after)
    ]
    assert sent == [-25, -50]
    assert stale(translated(control, station=BEFORE), BEFORE, after) == {"FixedVar"}


def test_a_charge_state_in_amps_rests_on_the_nominal_voltage():
    station = a_station(an_evse(modes=(), v2x=(), units=("A",)))
    made = translated(ChargeStateTarget(F("0.8")), station=station, situation=situation(running()))
    assert ratings_used(made.steps) == {
        "ChargeStateTarget": {Base.MAX_CHARGE_W, Base.V_NOM},
    }


def test_a_curve_names_its_ratings_once_each():
    assert used(VoltVar(curve("90 10, 110 -10", "pct[setMaxVA]"))) == {
        "VoltVar": {"setMaxVA", "setMaxVar", "setMaxVarNeg"}
    }

"""Frequency curves in watts: both signs turn, nothing beyond the ratings, one curve for each EVSE."""

from dataclasses import replace

import pytest

from support.translation import (
    F,
    a_command,
    a_station,
    an_evse,
    curve,
    droop,
    kinds,
    limit,
    only,
    payloads,
    period,
    q,
    refused,
    running,
    situation,
    translated,
)
from translators.canonical.controls import ActiveSetpoint, Energize, FixedVar, FreqWatt
from translators.chain import load_book, to_station

FREQUENCY = {"modes": (), "v2x": ("LocalFrequency", "CentralSetpoint")}
STATION = a_station(an_evse(**FREQUENCY), nominal=50)


def freq_watt(points, y="pct[setMaxW]"):
    return FreqWatt(curve(points, y, "Hz"))


def points(payload):
    return [(p["frequency"], p["power"]) for p in period(payload)["v2xFreqWattCurve"]]


def test_a_default_is_a_default_of_every_evse():
    station = a_station(an_evse(1, **FREQUENCY), an_evse(2, **FREQUENCY, max_w=10000), nominal=50)
    state = situation(running(evse=1))
    made = translated(freq_watt("50 0, 51 -50"), station=station, situation=state, default=True)
    profiles = [
        (p["evseId"], p["chargingProfile"]["chargingProfilePurpose"]) for p in payloads(made)
    ]
    assert profiles == [(1, "TxDefaultProfile"), (2, "TxDefaultProfile")]
    assert [points(p)[1] for p in payloads(made)] == [(51, 10000), (51, 5000)]


def test_a_running_transaction_has_its_own_and_the_other_evse_a_default():
    station = a_station(an_evse(1, **FREQUENCY), an_evse(2, **FREQUENCY), nominal=50)
    made = translated(droop(), station=station, situation=situation(running(4000, evse=2)))
    found = {
        p["evseId"]: (p["chargingProfile"]["chargingProfilePurpose"], period(p)["v2xBaseline"])
        for p in payloads(made)
    }
    assert found == {1: ("TxDefaultProfile", 0), 2: ("TxProfile", -4000)}


def test_one_evse_without_the_mode_refuses_all():
    """Half a station that follows the frequency is not what the utility asked for."""
    bare = an_evse(2, modes=(), v2x=("CentralSetpoint",))
    made = translated(droop(), station=a_station(an_evse(1, **FREQUENCY), bare, nominal=50))
    assert refused(made) == [("not_supported", "FreqDroop")]
    assert payloads(made) == []


def test_a_curve_is_cut_where_it_crosses_the_ratings():
    made = translated(freq_watt("49 200, 51 -200"), station=STATION)
    assert points(only(made)) == [(49, -16000), (49.6, -16000), (50.55, 22000), (51, 22000)]
    assert kinds(made) == ["approximate", "clip"]


def test_a_point_that_stands_twice_is_sent_once_and_nothing_is_cut():
    made = translated(freq_watt("49 10, 50 0, 50 0, 51 -10"), station=STATION)
    assert points(only(made)) == [(49, -2000), (50, 0), (51, 2000)]
    assert kinds(made) == ["approximate"]


RULE = """
apiVersion: dergate/mapping.v1
kind: TargetMapping
metadata: {id: t.odd, version: 1.0.0, cites: [here]}
target: {versions: ["2.1"], message: SetChargingProfile, operator: local_frequency}
canonical: [FixedVar]
points:
  x: {unit: Hz}
  y: {unit: W, negate: true}
"""


def test_a_rule_may_not_make_a_frequency_curve_of_something_else():
    odd = load_book({"t.yaml": RULE})
    made = to_station(odd, a_command(FixedVar(q("1 pct[setMaxVar]"))), STATION, situation())
    assert [(r.outcome.value, r.problem) for r in made.refusals] == [
        ("not_supported", "is no function of frequency")
    ]


def test_settings_below_the_ratings_bound_the_curve():
    state = situation(settings={"setMaxDischargeRateW": 5000, "setMaxChargeRateW": 4000})
    made = translated(droop(), station=STATION, situation=state)
    powers = [power for _, power in points(only(made))]
    assert (min(powers), max(powers)) == (-5000, 4000)


def test_more_than_twenty_points_are_thinned_with_the_error_declared():
    zigzag = ", ".join(f"{49 + F(n, 5)} {(-1) ** n * 200}" for n in range(10))
    made = translated(freq_watt(zigzag), station=STATION)
    assert len(points(only(made))) == 20
    assert kinds(made) == ["approximate", "clip"]
    assert "at most 20 points" in [loss.detail for loss in made.losses]


@pytest.mark.parametrize("names", [("max_charge_rate_w",), ("max_w", "max_discharge_rate_w")])
def test_without_rated_powers_nothing_bounds_a_curve(names):
    station = a_station(an_evse(**FREQUENCY, **dict.fromkeys(names)), nominal=50)
    made = translated(freq_watt("50 0, 51 0"), station=station)
    assert [outcome for outcome, _ in refused(made)] == ["not_applicable"]


def test_who_ceases_to_energize_follows_no_frequency():
    made = translated(droop(), Energize(energized=False), station=STATION)
    assert made.value.vacuous == ("FreqDroop",)
    assert [period(p) for p in payloads(made)] == [{"limit": 0}]


def test_a_setpoint_and_a_frequency_curve_cannot_share_a_transaction():
    made = translated(
        ActiveSetpoint(q("5000 W")), droop(), station=STATION, situation=situation(running())
    )
    assert len(payloads(made)) == 1
    assert [outcome for outcome, _ in refused(made)] == ["not_applicable"]


@pytest.mark.parametrize(
    ("p_min", "before", "floor"), [(0, 4000, 4000), (2000, 4000, 2000), (6000, 4000, 0)]
)
def test_a_droop_takes_away_no_more_than_down_to_the_least_power(p_min, before, floor):
    made = translated(droop(p_min=F(p_min)), station=STATION, situation=situation(running(before)))
    assert max(power for _, power in points(only(made))) == floor


def test_steep_droops_are_steps():
    made = translated(droop(over_droop=F(0), under_droop=F(0)), station=STATION)
    assert points(only(made)) == [(49.96, -16000), (49.96, 0), (50.036, 0), (50.036, 20000)]


def test_the_trace_names_what_bounds_a_curve():
    made = translated(droop(), station=STATION)
    (bound,) = [step for step in made.steps if step.operation == "bound"]
    assert bound.base == "setMaxChargeRateW = 22000, setMaxW = 20000, setMaxDischargeRateW = 16000"


def test_frequency_curves_of_2_0_1_do_not_exist():
    made = translated(droop(), station=replace(STATION, ocpp_version="2.0.1"))
    assert refused(made) == [("not_supported", "FreqDroop")]


@pytest.mark.parametrize(
    ("control", "beside", "state", "baseline", "least"),
    [
        (freq_watt("49 100, 51 0"), limit("export", "300 W"), running(), 0, -300),
        (droop(), limit("export", "300 W"), running(9000), -300, 0),
        (droop(), limit("generation", "300 W"), running(100), -100, -200),
        (droop(), limit("export", "300 W"), running(-9000), 9000, -9300),
    ],
)
def test_an_export_limit_beside_it_bounds_the_curve(control, beside, state, baseline, least):
    context = replace(situation(state), beside=(beside,))
    made = translated(control, station=STATION, situation=context)
    assert period(only(made))["v2xBaseline"] == baseline
    assert min(power for _, power in points(only(made))) == least
    assert "clip" in kinds(made)


def test_an_import_limit_beside_it_bounds_the_curve_and_its_baseline():
    context = replace(situation(running(-9000)), beside=(limit("import", "300 W"),))
    made = translated(droop(), station=STATION, situation=context)
    assert period(only(made))["v2xBaseline"] == 300
    assert max(power for _, power in points(only(made))) == 0


def test_evses_share_an_export_limit_that_their_station_does_not_keep_itself():
    station = a_station(an_evse(1, **FREQUENCY), an_evse(2, **FREQUENCY), nominal=50)
    context = replace(situation(), beside=(limit("export", "300 W"),))
    made = translated(freq_watt("49 100, 51 0"), station=station, situation=context)
    assert [points(payload)[0] for payload in payloads(made)] == [(49, -150), (49, -150)]


def test_a_station_that_keeps_the_limit_itself_has_no_shares():
    able = {**FREQUENCY, "modes": ("LimitMaxDischarge",)}
    station = a_station(an_evse(1, **able), an_evse(2, **able), nominal=50)
    context = replace(situation(), beside=(limit("export", "300 W"),))
    made = translated(freq_watt("49 100, 51 0"), station=station, situation=context)
    assert [points(payload)[0] for payload in payloads(made)] == [(49, -300), (49, -300)]

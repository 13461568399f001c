"""The last look before a message leaves: what lies outside the nameplate."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.core.guard import beyond
from support.engine_bench import a_command, a_profile, pf
from translators.canonical.capability import Dialect
from translators.canonical.controls import Excitation
from translators.canonical.telemetry import ControlOutcome


def station(*, dialect=None, evses=1, **ratings):
    profile = a_profile()
    known = {
        "max_w": 10_000,
        "max_charge_rate_w": 11_000,
        "max_discharge_rate_w": 10_000,
        "max_var": 5000,
        "max_var_neg": 4000,
        "max_a": 32,
        "over_excited_pf": Fraction(9, 10),
        "under_excited_pf": Fraction(8, 10),
    } | ratings
    exact = {name: None if value is None else Fraction(value) for name, value in known.items()}
    evse = replace(profile.evses[0], ratings=replace(profile.evses[0].ratings, **exact))
    several = tuple(replace(evse, id=number) for number in range(1, evses + 1))
    return replace(profile, evses=several, dialect=Dialect(**(dialect or {})))


def control(kind, slot, **body):
    return "SetDERControl", {"controlType": kind, slot: {"priority": 1, **body}}


def curve(kind, *points):
    return control(kind, "curve", curveData=[{"x": x, "y": y} for x, y in points])


def factor(displacement, *, excitation):
    return control(
        "FixedPFInject", "fixedPFInject", displacement=displacement, excitation=excitation
    )


def profile(unit="W", evse=1, **period):
    schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": [{"startPeriod": 0, **period}]}
    return "SetChargingProfile", {
        "evseId": evse,
        "chargingProfile": {"chargingSchedule": [schedule]},
    }


def droop(**changes):
    body = {"overFreq": 50.2, "underFreq": 49.8, "overDroop": 0.05, "underDroop": 0.05} | changes
    return control("FreqDroop", "freqDroop", **body)


SERVICE = {"highVoltage": 110, "lowVoltage": 90, "highFreq": 50.1, "lowFreq": 49.9}


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        pytest.param(factor(0.85, excitation=True), None, id="absorbing within its side"),
        pytest.param(
            factor(0.85, excitation=False), "displacement: 0.85 is below 0.9", id="injecting"
        ),
        pytest.param(
            factor(0.79, excitation=True), "displacement: 0.79 is below 0.8", id="absorbing"
        ),
        pytest.param(
            factor(1.01, excitation=True), "displacement: 1.01 is above 1", id="above unity"
        ),
        pytest.param(
            control("FixedPFAbsorb", "fixedPFAbsorb", displacement=0.5, excitation=False),
            "fixedPFAbsorb/displacement: 0.5 is below 0.9",
            id="while charging",
        ),
        pytest.param(control("FixedVar", "fixedVar", setpoint=-100), None, id="all var"),
        pytest.param(control("FixedVar", "fixedVar", setpoint=101), "above 100", id="more var"),
        pytest.param(droop(), None, id="droop"),
        pytest.param(droop(overDroop=0), "overDroop: 0 is no droop", id="no droop"),
        pytest.param(droop(underDroop=-1), "underDroop: -1 is no droop", id="negative droop"),
        pytest.param(droop(overFreq=500), "overFreq: 500 is above 120", id="no frequency"),
        pytest.param(droop(underFreq=1), "underFreq: 1 is below 30", id="no frequency below"),
        pytest.param(
            control("Gradients", "gradient", gradient=-1, softGradient=0), "below 0", id="gradient"
        ),
        pytest.param(
            control("Gradients", "gradient", gradient=5, softGradient=0), None, id="gradients"
        ),
        pytest.param(control("EnterService", "enterService", **SERVICE), None, id="service"),
        pytest.param(
            control("EnterService", "enterService", **SERVICE | {"lowVoltage": 111}),
            "lowVoltage: 111 is above highVoltage 110",
            id="voltages crossed",
        ),
        pytest.param(
            control("EnterService", "enterService", **SERVICE | {"delay": -1}),
            "delay: -1 is below 0",
            id="delay",
        ),
        pytest.param(curve("VoltVar", (92, 100), (108, -100)), None, id="volt-var"),
        pytest.param(curve("VoltVar", (92, 101)), "curveData[0]/y: 101 is above 100", id="var"),
        pytest.param(curve("WattVar", (500, -101)), "y: -101 is below -100", id="watt-var"),
        pytest.param(curve("VoltWatt", (106, 100), (110, -110)), None, id="charging below zero"),
        pytest.param(curve("VoltWatt", (106, -111)), "y: -111 is below -110", id="more charging"),
        pytest.param(curve("FreqWatt", (50.2, 100.1)), "y: 100.1 is above 100", id="freq-watt"),
        pytest.param(curve("WattPF", (0, 0.85), (100, -0.95)), None, id="watt-PF"),
        pytest.param(curve("WattPF", (0, -0.85)), "y: 0.85 is below 0.9", id="injecting side"),
        pytest.param(curve("HVMustTrip", (120, 0.16)), None, id="trip"),
        pytest.param(curve("HVMustTrip", (120, -1)), "y: -1 is below 0", id="trip in the past"),
        pytest.param(curve("LFMayTrip", (-1, 1)), "x: -1 is below 0", id="no frequency at all"),
        pytest.param(
            control("LimitMaxDischarge", "limitMaxDischarge", pctMaxDischargePower=100),
            None,
            id="limit",
        ),
        pytest.param(
            control("LimitMaxDischarge", "limitMaxDischarge", pctMaxDischargePower=-1),
            "pctMaxDischargePower: -1 is below 0",
            id="limit below nothing",
        ),
        pytest.param(
            control(
                "LimitMaxDischarge",
                "limitMaxDischarge",
                powerMonitoringMustTrip={"curveData": [{"x": 1, "y": 110}, {"x": -1, "y": 1}]},
            ),
            "powerMonitoringMustTrip/curveData[1]/x: -1 is below 0",
            id="a monitor of power in the past",
        ),
        pytest.param(factor(0.89996, excitation=False), None, id="rounded to four places"),
        pytest.param(
            factor(0.8999, excitation=False), "displacement: 0.8999 is below 0.9", id="and no more"
        ),
        pytest.param(
            factor(1.00004, excitation=True),
            "displacement: 1.00004 is above 1",
            id="no more than 1",
        ),
        pytest.param(profile(setpoint=11_000), None, id="charging at its rating"),
        pytest.param(
            profile(setpoint=11_001), "setpoint: 11001 is above 11000", id="more charging"
        ),
        pytest.param(
            profile(setpoint=-10_001), "setpoint: -10001 is below -10000", id="discharging"
        ),
        pytest.param(profile(setpoint_L2=-10_001), "setpoint_L2: -10001 is below", id="a phase"),
        pytest.param(profile(setpoint=0, setpointReactive=4000), None, id="absorbing var"),
        pytest.param(
            profile(setpointReactive=4001), "Reactive: 4001 is above 4000", id="absorbing more"
        ),
        pytest.param(
            profile(setpointReactive=-5001), "Reactive: -5001 is below -5000", id="injecting"
        ),
        pytest.param(profile(limit=1e9), None, id="a limit that binds nothing"),
        pytest.param(profile(limit=-1), "limit: -1 is below 0", id="negative limit"),
        pytest.param(profile(dischargeLimit=1), "dischargeLimit: 1 is above 0", id="wrong side"),
        pytest.param(profile("A", setpoint=33), "setpoint: 33 is above 32", id="amps"),
        pytest.param(
            ("UpdateDynamicSchedule", {"scheduleUpdate": {"setpoint": 12_000}}),
            "scheduleUpdate/setpoint: 12000 is above 11000",
            id="an update",
        ),
        pytest.param(("ClearDERControl", {"isDefault": True}), None, id="another message"),
    ],
)
def test_what_lies_outside_the_nameplate_is_named(message, fault):
    found = beyond(station(), *message)
    assert (found == ()) if fault is None else (len(found) == 1 and fault in found[0])


def test_what_is_not_known_bounds_nothing():
    powers = ["max_w", "max_charge_rate_w", "max_discharge_rate_w", "max_var", "max_var_neg"]
    bare = station(**dict.fromkeys([*powers, "max_a", "over_excited_pf", "under_excited_pf"]))
    assert beyond(bare, *profile(setpoint=1e9, setpointReactive=-1e9)) == ()
    assert beyond(bare, *factor(0.1, excitation=True)) == ()


def test_the_flag_is_read_as_the_station_reads_it():
    inverted = station(dialect={"excitation": "inverted", "wattpf_y": "inverted"})
    assert beyond(inverted, *factor(0.85, excitation=False)) == ()
    assert beyond(inverted, *factor(0.85, excitation=True)) != ()
    assert beyond(inverted, *curve("WattPF", (0, -0.85))) == ()


def test_a_station_wide_profile_may_use_all_evses_and_one_of_its_own_no_more():
    twin = station(evses=2)
    assert beyond(twin, *profile(evse=0, setpoint=22_000)) == ()
    assert beyond(twin, *profile(evse=2, setpoint=22_000)) != ()


def test_every_evse_counts_with_its_own_power_factor():
    twin = station(evses=2)
    better = replace(twin.evses[1].ratings, under_excited_pf=Fraction(19, 20))
    twin = replace(twin, evses=(twin.evses[0], replace(twin.evses[1], ratings=better)))
    assert "is below 0.95" in beyond(twin, *factor(0.9, excitation=True))[0]


def test_a_power_factor_is_raised_to_the_nameplate_and_goes_out(bench):
    bench.connect(station())
    bench.command(a_command("M1", pf("0.5", Excitation.UNDER)))
    (call,) = bench.calls("SetDERControl")
    assert call.payload["fixedPFInject"]["displacement"] == 0.8


def test_what_the_site_sets_wins_over_the_nameplate(bench):
    rules = bench.engine.world.stations["CS1"].rules
    stricter = replace(rules, settings={"setMinPFUnderExcited": Fraction(95, 100)})
    bench.engine.world.stations["CS1"].rules = stricter
    bench.connect(station())
    bench.command(a_command("M1", pf("0.5", Excitation.UNDER)))
    (call,) = bench.calls("SetDERControl")
    assert call.payload["fixedPFInject"]["displacement"] == 0.95


def test_what_lies_beyond_is_refused_told_and_never_sent(bench):
    bench.engine.world.stations["CS1"].rules = replace(
        bench.engine.world.stations["CS1"].rules,
        settings={"setMinPFUnderExcited": Fraction(1, 10)},
    )
    bench.connect(station())
    bench.command(a_command("M1", pf("0.5", Excitation.UNDER)))
    assert bench.calls("SetDERControl") == []
    assert bench.told() == [ControlOutcome.RECEIVED, ControlOutcome.NOT_APPLICABLE]
    refused = bench.audited("command.refused")[0]
    (refusal,) = refused.details["refusals"]
    assert (refusal["rule"], refusal["problem"]) == ("nameplate", "0.5 is below 0.8")

"""Every charging profile keeps the tables of K01 and Q, as a simulated station reads them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.station_profile_rules import Situation as Judge
from gateway.simulators.station_profile_rules import refusal
from support.strategies import controls, numbers
from support.translation import F, a_station, an_evse, payloads, running, situation, translated
from translators.canonical.controls import (
    Quantity,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
    function_of,
)
from translators.units import parse_unit

BUILDS = {
    "der": {},
    "v2x": {"modes": ()},
    "central": {"modes": (), "v2x": ("CentralSetpoint",)},
    "frequency": {"modes": (), "v2x": ("LocalFrequency",)},
    "charging": {"modes": (), "v2x": (), "max_discharge_rate_w": 0},
    "amps": {"modes": (), "v2x": (), "max_discharge_rate_w": 0, "units": ("A",)},
}
watts = numbers(-30_000, 30_000)
targets = (
    st.builds(lambda w: StorageTarget(Quantity(w, parse_unit("W"))), watts)
    | st.builds(lambda w: RelativeActiveSetpoint(Quantity(w, parse_unit("W"))), watts)
    | st.builds(lambda v: RelativeReactiveSetpoint(Quantity(v, parse_unit("var"))), watts)
)


@given(
    st.lists(controls | targets, min_size=1, max_size=4, unique_by=function_of),
    st.sampled_from(sorted(BUILDS)),
    st.sampled_from(("2.1", "2.1", "2.0.1")),
    st.fixed_dictionaries(
        {"ramp_time": st.none() | numbers(0, 100), "live": st.booleans(), "default": st.booleans()}
    ),
    st.none() | watts,
    st.sampled_from(({}, {"central_setpoint_limits": "include"})),
    st.sampled_from((None, 2, 30)),
)
def test_a_simulated_station_takes_every_profile(
    asked, build, version, command, before, dialect, periods
):
    evse = replace(
        an_evse(**BUILDS[build]),
        dynamic_profiles=True,
        max_offline_duration=True,
        periods_per_schedule=periods,
    )
    if version == "2.0.1":
        evse = replace(evse, der_modes=frozenset(), v2x_operation_modes=frozenset())
    ours = 5000 if "CentralSetpoint" in evse.v2x_operation_modes else None
    state = replace(
        situation(running(ours), max_offline_s="60", dynamic_watchdog_s="30"),
        baseline_w=before,
        baseline_var=before,
    )
    made = translated(
        *asked,
        station=a_station(evse, version=version, **dialect),
        situation=state,
        **command,
    )
    judge = Judge(
        version=version,
        rate_units=evse.charging_rate_units,
        modes=evse.v2x_operation_modes,
        transaction_id="tx-1",
        max_periods=periods or 1024,
    )
    held = ()
    for request in payloads(made, "SetChargingProfile"):
        assert refusal(request, replace(judge, held=held)) is None
        held = (*held, (request["evseId"], request["chargingProfile"]))
    assert len({profile["id"] for _, profile in held}) == len(held)


@given(watts, watts, numbers(F(1, 2), 100), st.none() | st.integers(2, 12))
def test_a_staircase_is_never_further_off_the_ramp_than_it_declares(before, target, time, periods):
    evse = replace(
        an_evse(max_w=40000, max_charge_rate_w=40000, max_discharge_rate_w=40000),
        periods_per_schedule=periods,
    )
    made = translated(
        StorageTarget(Quantity(target, parse_unit("W"))),
        station=a_station(evse),
        situation=replace(situation(running()), baseline_w=before),
        ramp_time=time,
    )
    (payload,) = payloads(made)
    steps = payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    begins = [step["startPeriod"] for step in steps]
    assert begins == sorted(set(begins))
    assert begins[0] == 0
    assert len(steps) <= (periods or 11)
    off = [F(loss.residual) for loss in made.losses if "steps in place" in loss.detail]
    if len(steps) == 1:
        assert off == []
        return
    ends = [*begins[1:], max(time, F(begins[-1]))]
    gaps = [
        abs(before + (target - before) * min(at / time, F(1)) + F(str(step["setpoint"])))
        for step, begin, end in zip(steps, begins, ends, strict=True)
        for at in (F(begin), F(end))
    ]
    assert max(gaps) <= max(off) + F(1, 10_000)

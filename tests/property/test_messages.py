"""What leaves for a station: never more than was asked, signs that follow their source, ids that stay."""

import json
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from support.strategies import (
    asked_together,
    factor_vertices,
    numbers,
    quantities,
    setpoints,
    vertices,
)
from support.translation import (
    F,
    a_dercontrol,
    a_dercurve,
    a_station,
    an_evse,
    body,
    charge_only,
    droop,
    el,
    fields,
    kinds,
    limit,
    only,
    payloads,
    period,
    q,
    read,
    running,
    situation,
    some_ratings,
    translated,
    trip,
    xy,
)
from translators.canonical.controls import (
    ActiveSetpoint,
    FixedVar,
    PowerLimit,
    ReactiveSetpoint,
    VoltVar,
    WattPowerFactor,
    function_of,
)
from translators.canonical.curves import Curve
from translators.units import parse_unit

STATIONS = (a_station(), charge_only(), charge_only("2.0.1"), charge_only("2.0.1", units=("W",)))
stations = st.sampled_from(STATIONS)
caps = st.builds(
    PowerLimit,
    st.just(limit("load", "1 W").on),
    quantities("W", "pct[setMaxChargeRateW]", low=0, high=100),
)


def exact(number):
    """Return a JSON number as the fraction that its shortest text says."""
    return F(str(number))


def watts_of(payload, station):
    """Return what a charging limit comes to in watts."""
    (schedule,) = payload["chargingProfile"]["chargingSchedule"]
    sent = period(payload)
    if schedule["chargingRateUnit"] == "W":
        return exact(sent["limit"])
    return exact(sent["limit"]) * sent["numberPhases"] * station.evses[0].ratings.v_nom


@given(caps, stations)
def test_a_bound_of_charge_is_never_above_its_source_and_within_one_step_below(control, station):
    payload = only(translated(control, station=station))
    of = station.evses[0].ratings
    source = control.value.value * (
        1 if control.value.unit.kind.value == "W" else of.max_charge_rate_w / 100
    )
    sent = watts_of(payload, station)
    step = F(1, 10) if station.ocpp_version == "2.0.1" else F(1, 10_000)
    per_step = of.v_nom * 3 if "numberPhases" in period(payload) else 1
    assert 0 <= source - sent < step * per_step


@given(
    quantities("W", "pct[setMaxW]", low=0, high=30_000), st.sampled_from(["export", "generation"])
)
def test_a_bound_of_discharge_is_never_above_its_source(quantity, on):
    control = replace(limit(on, "1 W"), value=quantity)
    sent = exact(body(translated(control))["pctMaxDischargePower"]) * 16000 / 100
    source = quantity.value * (1 if quantity.unit.kind.value == "W" else 200)
    assert sent <= source
    assert source - sent < F(16000, 10**6) or sent == 16000


@given(numbers(0, 30_000), numbers(0, 30_000), st.lists(numbers(0, 30_000), min_size=1, max_size=3))
def test_running_setpoints_never_break_a_bound_together(cap, other, watts):
    station = a_station(*(an_evse(n + 1) for n in range(len(watts))))
    state = situation(*(running(w, n + 1, f"t{n}") for n, w in enumerate(watts)))
    both = (limit("export", f"{cap} W"), limit("generation", f"{other} W"))
    sent = [
        period(p)
        for p in payloads(translated(*both, station=station, situation=state), "SetChargingProfile")
    ]
    total = -sum(exact(p["setpoint"]) for p in sent) if sent else sum(watts)
    assert total <= min(cap, other)


@given(setpoints, numbers(0, 30_000), numbers(0, 30_000))
def test_a_setpoint_stays_within_the_bounds_of_its_own_command(control, export, taken):
    bounds = (limit("export", f"{export} W"), limit("import", f"{taken} W"))
    translation = translated(control, *bounds, situation=situation(running()))
    (own,) = [p for p in payloads(translation, "SetChargingProfile") if p["evseId"]]
    assert -export <= exact(period(own)["setpoint"]) <= taken


@given(asked_together(5), stations | st.just(a_station(version="2.0.1")), st.booleans())
def test_no_message_is_of_a_purpose_that_is_not_ours(asked, station, default):
    """K01.FR.22; Table 95: a station's maximum knows charging alone; Q06.FR.22: setpoints belong to Tx."""
    state = situation(running(5000))
    for payload in payloads(
        translated(*asked, station=station, situation=state, default=default), "SetChargingProfile"
    ):
        profile = payload["chargingProfile"]
        sent = period(payload)
        assert profile["chargingProfilePurpose"] in {"ChargingStationMaxProfile", "TxProfile"}
        if profile["chargingProfilePurpose"] == "ChargingStationMaxProfile":
            assert payload["evseId"] == 0
            assert sent.keys() <= {"limit", "numberPhases"}
            assert "transactionId" not in profile
        else:
            assert (payload["evseId"], profile["transactionId"]) == (1, "tx-1")
        if sent.get("operationMode") == "CentralSetpoint":
            assert "setpoint" in sent
            assert "limit" not in sent
        if sent.get("operationMode") == "Idle":
            assert sent == {"operationMode": "Idle"}


@given(asked_together(4), st.integers(0, 255))
def test_the_same_command_is_the_same_messages(asked, primacy):
    state = situation(running(5000))
    one, two = (translated(*asked, situation=state, primacy=primacy) for _ in range(2))
    assert json.dumps([m.payload for m in one.value.messages]) == json.dumps(
        [m.payload for m in two.value.messages]
    )
    other = translated(*asked, situation=state, primacy=primacy, mrid="FF")
    assert {m.id for m in one.value.messages}.isdisjoint(m.id for m in other.value.messages)
    assert (one.losses, one.refusals) == (two.losses, two.refusals)


@given(asked_together(5), stations, st.booleans())
def test_every_control_is_sent_followed_or_refused(asked, station, default):
    translation = translated(
        *asked, station=station, situation=situation(running(5000)), default=default
    )
    orders = translation.value
    accounted = {f for m in orders.messages for f in m.functions} | set(orders.vacuous)
    accounted |= {refusal.function for refusal in translation.refusals}
    from_controls = {function_of(control) for control in asked}
    assert accounted == from_controls
    assert kinds(translation).count("unsupported") == len(translation.refusals)


# Metamorphic: the same number in another scale, and the same question with its sign turned.

ALIKE = a_station(an_evse(max_var_neg=10000, max_charge_rate_w=16000, max_w=16000))


@given(st.integers(-100, 100), st.integers(0, 2), st.booleans())
def test_another_multiplier_for_the_same_number_is_the_same_message(value, shift, absorbing):
    def sent(number, exponent):
        rows = f"90 {number}, 110 {-number}"
        curve = a_dercurve(11, rows, yMultiplier=exponent)
        flag = str(absorbing).lower()
        factor = fields(
            "opModFixedPFInjectW",
            displacement=95 * 10**-exponent,
            excitation=flag,
            multiplier=exponent - 2,
        )
        watts = fields("opModTargetW", multiplier=exponent, value=number)
        document = a_dercontrol(el("opModVoltVar", href="/c"), factor, watts)
        command = read(document, {"/c": curve}).value
        return payloads(translated(*command.controls, situation=situation(running())))

    assert sent(value, 0) == sent(value * 10**shift, -shift)


@given(
    numbers(-300, 300), st.sampled_from(["pct[setMaxVar]", "pct[setMaxVA]", "pct[statVarAvail]"])
)
def test_turning_the_sign_of_fixed_var_turns_its_setpoint_and_nothing_else(value, unit):
    up, down = (
        only(translated(FixedVar(q(f"{s * value} {unit}")), station=ALIKE)) for s in (1, -1)
    )
    assert up["fixedVar"].pop("setpoint") == -down["fixedVar"].pop("setpoint")
    assert up == down


@given(numbers(-15_000, 15_000), numbers(-9_000, 9_000))
def test_turning_the_sign_of_setpoints_turns_the_setpoints_and_nothing_else(watts, var):
    def sent(sign):
        asked = ActiveSetpoint(q(f"{sign * watts} W")), ReactiveSetpoint(q(f"{sign * var} var"))
        return only(translated(*asked, station=ALIKE, situation=situation(running())))

    up, down = sent(1), sent(-1)
    for name in ("setpoint", "setpointReactive"):
        one, two = (
            p["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0].pop(name)
            for p in (up, down)
        )
        assert one == -two
    assert up == down


@given(numbers(-15_000, 15_000))
def test_a_profile_has_the_sign_of_the_load_and_a_der_control_that_of_the_generator(value):
    setpoint = only(
        translated(ActiveSetpoint(q(f"{value} W")), station=ALIKE, situation=situation(running()))
    )
    assert exact(period(setpoint)["setpoint"]) * value <= 0
    var = only(translated(FixedVar(q(f"{value / 200} pct[setMaxVar]")), station=ALIKE))
    assert exact(var["fixedVar"]["setpoint"]) * value >= 0


@given(vertices(y_low=-99, y_high=99, most=8))
def test_turning_a_var_curve_turns_every_y_and_no_x(points):
    def sent(sign):
        turned = tuple(type(p)(p.x, sign * p.y) for p in points)
        drawn = Curve(turned, parse_unit("pct[V_ref]"), parse_unit("pct[setMaxVar]"))
        return xy(translated(VoltVar(drawn), station=ALIKE))

    assert sent(1) == [(x, -y) for x, y in sent(-1)]


@given(
    st.lists(factor_vertices, min_size=1, max_size=4).map(
        lambda v: tuple(sorted(v, key=lambda p: p.x))
    )
)
def test_turning_every_excitation_turns_every_power_factor(points):
    other = {
        "over": type(points[0].excitation)("under"),
        "under": type(points[0].excitation)("over"),
    }
    turned = tuple(replace(p, excitation=other[p.excitation.value]) for p in points)
    one, two = (
        xy(translated(WattPowerFactor(v, parse_unit("pct[setMaxW]")))) for v in (points, turned)
    )
    assert [(x, -y) for x, y in one] == two


@given(vertices(y_low=0, y_high=300))
def test_a_boundary_keeps_its_points_whichever_way_it_was_drawn(points):
    text = ", ".join(f"{p.x} {p.y}" for p in points)
    back = ", ".join(f"{p.x} {p.y}" for p in points[::-1])
    one, two = translated(trip(text)), translated(trip(back))
    assert sorted(xy(one)) == sorted(xy(two))
    assert all(a[0] <= b[0] for sent in (xy(one), xy(two)) for a, b in pairwise(sent))


@given(st.sampled_from([50, 60]), numbers(0, 4, denominator=1000), numbers(0, 4, denominator=1000))
def test_droop_moves_with_nominal_frequency_and_keeps_its_sides(nominal, over, under):
    control = droop(over_deadband=over, under_deadband=under)
    sent = body(translated(control, station=a_station(nominal=nominal)))
    assert exact(sent["underFreq"]) <= nominal <= exact(sent["overFreq"])
    assert abs(exact(sent["overFreq"]) - nominal - over) <= F(1, 20_000)
    assert abs(nominal - exact(sent["underFreq"]) - under) <= F(1, 20_000)


@given(numbers(-50, 50), st.integers(2, 5))
def test_a_percentage_of_a_larger_station_is_as_many_times_the_watts(value, times):
    """Base rescale: all ratings times n, the same percentage, n times the setpoint."""
    small = some_ratings()
    grown = {
        name: getattr(small, name) * times
        for name in (
            "max_w",
            "max_charge_rate_w",
            "max_discharge_rate_w",
            "max_va",
            "max_var",
            "max_var_neg",
        )
    }
    asked = ActiveSetpoint(q(f"{value} pct[setMaxW|setMaxChargeRateW]"))
    one, many = (
        exact(
            period(
                only(translated(asked, station=a_station(evse), situation=situation(running())))
            )["setpoint"]
        )
        for evse in (an_evse(), an_evse(**grown))
    )
    assert abs(many - one * times) <= F(times + 1, 20_000)
    var = FixedVar(q(f"{value} pct[setMaxW]"))
    assert body(translated(var)) == body(translated(var, station=a_station(an_evse(**grown))))

"""Properties of IEC 61850: signs, exact reciprocals, FLOAT32, and dialects that say the same."""

import struct
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.stations.validators import violation
from support.operated import CEI, ED2, MESA, NL, curve_values, operated, read, read_one, sent
from support.translation import a_station, an_evse, book, running, situation
from translators.canonical.capability import Situation
from translators.chain import Case, travel
from translators.iec61850.values import shortest
from translators.units import to_decimal

EVEN = a_station(an_evse(max_w=20000, max_discharge_rate_w=16000, max_va=25000))
"""Ratings by which a watt is a finite per cent of each."""
RUNNING = situation(running(0))

decimals = st.decimals(-100, 100, places=3, allow_nan=False)
shares = st.decimals(0, 100, places=2, allow_nan=False)


@given(decimals)
def test_the_sign_of_a_set_point_flips_the_set_point_and_nothing_else(value):
    up, down = (read_one("DAGC1", {"WSpt.ctlVal": v}) for v in (value, -value))
    assert up.value.value == -down.value.value
    assert up.value.unit == down.value.unit


@given(st.decimals(1, 4000, places=1, allow_nan=False))
def test_a_profile_is_in_the_frame_of_the_load(value):
    (feeding,), (charging,) = (
        sent("DAGC1", {"WSpt.ctlVal": v}, situation=RUNNING) for v in (value, -value)
    )
    periods = [
        payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]
        for payload in (feeding, charging)
    ]
    assert periods[0] == {**periods[1], "setpoint": -periods[1]["setpoint"]}
    assert periods[0]["setpoint"] < 0


@given(st.lists(st.tuples(shares, decimals), min_size=1, max_size=8))
def test_the_signs_of_a_curve_flip_its_y_and_nothing_else(rows):
    rows = sorted(rows)
    up, down = (
        read_one("DVVR1", curve_values("VVArCrv", ", ".join(f"{x} {sign * y}" for x, y in rows)))
        for sign in (1, -1)
    )
    assert [(p.x, p.y) for p in up.curve.points] == [(p.x, -p.y) for p in down.curve.points]
    assert [p.x for p in up.curve.points] == [Fraction(x) for x, _ in rows]


@given(
    st.decimals("0.01", 1000, places=2, allow_nan=False),
    st.decimals("0.01", 1000, places=2, allow_nan=False),
    st.sampled_from([50, 60]),
)
def test_a_droop_is_the_exact_reciprocal_of_a_gradient(over, under, nominal):
    control = read_one(
        "DHFW1",
        {"HzStr.setMag": nominal + 1, "WGra.setMag": over, "OplTmsMax.setVal": 1},
        beside={"DLFW": {"HzStr.setMag": nominal - 1, "WGra.setMag": under}},
        nominal_frequency_hz=Fraction(nominal),
    )
    assert control.over_droop * Fraction(over) * nominal == 100
    assert control.under_droop * Fraction(under) * nominal == 100
    assert (control.over_deadband, control.under_deadband) == (1, 1)


@given(
    st.decimals("0.01", 100, places=2, allow_nan=False),
    st.decimals("0.01", 100, places=2, allow_nan=False),
)
def test_a_droop_is_the_same_from_either_side(over, under):
    high = {"HzStr.setMag": Decimal("60.1"), "WGra.setMag": over, "OplTmsMax.setVal": 2}
    low = {"HzStr.setMag": Decimal("59.7"), "WGra.setMag": under}
    from_high = read_one("DHFW1", high, beside={"DLFW": low})
    from_low = read_one("DLFW1", low, beside={"DHFW": high})
    assert from_high == from_low


@given(st.integers(0, 160))
def test_one_limit_in_four_dialects_is_one_message(hundreds):
    watts = Decimal(hundreds * 100)
    said = (
        (ED2, {"WMaxSptPct.ctlVal": watts / 200}),
        (ED2, {"WMaxSpt.ctlVal": watts}),
        (CEI, {"WMaxSptPct.ctlVal": watts / 250}),
        (CEI, {"WMaxSpt.ctlVal": watts / 1000}),
        (NL, {"WMaxSetPct.setMag": watts / 200}),
        (NL, {"WMaxSet.setMag": watts}),
        (MESA, {"WLimPct.ctlVal": watts / 200}),
        (MESA, {"LimW.ctlVal": watts}),
    )
    (first, *others) = (
        sent("DWMX1", values, profile, station=EVEN, device="LD0") for profile, values in said
    )
    assert len(first) == 1
    assert all(other == first for other in others)


@given(st.integers(-60, 60))
def test_one_reactive_power_in_three_dialects_is_one_message(hundreds):
    var = Decimal(hundreds * 100)
    said = (
        (ED2, {"VArTgtSptPct.ctlVal": var / 200}, {"VArSetRef.setVal": 1}),
        (ED2, {"VArTgtSpt.ctlVal": var}, {}),
        (CEI, {"VArTgtSptPct.ctlVal": var / 250}, {}),
        (CEI, {"VArTgtSpt.ctlVal": var / 1000}, {}),
        (MESA, {"VArTgt.ctlVal": var}, {}),
    )
    (first, *others) = (
        sent("DVAR1", values, profile, station=EVEN, settings=settings, device="LD0")
        for profile, values, settings in said
    )
    assert all(other == first for other in others)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_shortest_decimal_is_the_same_float32(value):
    made = shortest(value)
    assert struct.pack(">f", float(made)) == struct.pack(">f", value)
    assert len(made.as_tuple().digits) <= 9


@given(st.decimals(-9999, 9999, places=2, allow_nan=False))
def test_a_decimal_of_six_digits_survives_float32(value):
    (wire,) = struct.unpack(">f", struct.pack(">f", float(value)))
    assert shortest(wire) == value


@given(st.decimals(0, 200, places=4, allow_nan=False))
def test_a_limit_that_is_sent_is_never_looser_than_its_source(percent):
    (payload,) = sent("DWMX1", {"WMaxSptPct.ctlVal": percent}, station=EVEN)
    told = Fraction(str(payload["limitMaxDischarge"]["pctMaxDischargePower"])) * 16000 / 100
    assert told <= Fraction(percent) * 20000 / 100


texts = st.one_of(
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(width=32),
    st.decimals(allow_nan=True),
    st.text(max_size=8),
)


@given(
    st.sampled_from([ED2, CEI, NL, MESA]),
    st.sampled_from(
        ["DWMX1", "DAGC1", "DFPF1", "DVAR1", "DVVR1", "DPFW1", "DHFW1", "DCTE1", "PTOV1", "XABC1"]
    ),
    st.dictionaries(
        st.sampled_from(
            [
                *("WMaxSptPct.ctlVal", "WSpt.ctlVal", "PFGnTgtSpt.ctlVal", "VArTgtSptPct.ctlVal"),
                *(
                    "VVArCrv.crvPts[0].xVal",
                    "VVArCrv.crvPts[0].yVal",
                    "VVArCrv.numPts",
                    "Mod.ctlVal",
                ),
                *("RvrtTms.setVal", "WGra.setMag", "HzStr.setMag", "VHiLim.setMag", "WSetA.setMag"),
                *("PFSetA.setMag", "TmVCrv.numPts", "CeaEngzReq.ctlVal", "X", ""),
            ]
        ),
        texts,
        max_size=5,
    ),
)
def test_whatever_is_operated_is_carried_out_legally_or_refused(profile, node, values):
    case = Case(operated(node, values, profile), EVEN, Situation())
    gone = travel(book(), case)
    for message in gone.value.orders.messages:
        assert violation(message.ocpp, message.action, message.payload, request=True) is None
    released = operated(node, values, profile).releases(book())
    orders = gone.value.orders
    assert gone.refusals or released or orders.messages or orders.vacuous


@given(st.decimals(-100, 100, places=2, allow_nan=False), st.integers(1, 10**6))
def test_every_delivery_makes_the_same(value, seconds):
    assume(value != 0)
    first, second = (
        read("DVAR1", {"VArTgtSptPct.ctlVal": to_decimal(Fraction(value))}, duration_s=seconds)
        for _ in range(2)
    )
    assert first == second

"""What R04 refuses: one row for each way to be wrong."""

import pytest

from gateway.simulators.station_rules import Y_UNITS, refusal
from support.station_messages import BODIES, curve, set_control

TRIPS = (
    "HVMustTrip",
    "HVMayTrip",
    "HVMomCess",
    "LVMustTrip",
    "LVMayTrip",
    "LVMomCess",
    "HFMustTrip",
    "HFMayTrip",
    "LFMustTrip",
    "PowerMonitoringMustTrip",
)
UNITS = ("PctMaxW", "PctMaxVar", "PctWAvail", "PctVarAvail", "PctEffectiveV", "Not_Applicable")


def reason(request):
    found = refusal(request)
    return None if found is None else found[0]


@pytest.mark.parametrize("kind", [*BODIES, *TRIPS])
def test_a_sound_control_is_not_refused(kind):
    assert refusal(set_control(kind)) is None


@pytest.mark.parametrize("kind", sorted({*BODIES, *TRIPS} - {"EnterService", "Gradients"}))
def test_a_sound_default_is_not_refused(kind):
    assert refusal(set_control(kind, default=True)) is None


@pytest.mark.parametrize("name", ["startTime", "duration"])
def test_a_default_has_no_time(name):  # R04.FR.13
    value = {"startTime": "2027-01-15T08:00:00Z", "duration": 60}[name]
    request = set_control("FixedVar", default=True)
    request["fixedVar"][name] = value
    assert refusal(request) == ("InvalidValue", f"a default control has no {name}")


@pytest.mark.parametrize("kind", ["EnterService", "Gradients"])
def test_some_types_exist_as_a_default_only(kind):  # R04.FR.15
    assert refusal(set_control(kind, default=False)) == (
        "InvalidValue",
        f"{kind} exists as a default only",
    )


@pytest.mark.parametrize("missing", ["startTime", "duration"])
def test_a_scheduled_control_needs_its_times(missing):
    request = set_control("FixedVar", **{missing: None})
    assert refusal(request) == ("MissingParam", f"a scheduled control needs {missing}")


def test_a_control_without_length_is_refused():
    assert refusal(set_control(duration=0)) == ("InvalidValue", "duration is not positive")


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("VoltVar", "freqDroop"),
        ("FreqDroop", "curve"),
        ("FixedPFInject", "fixedPFAbsorb"),
        ("HVMustTrip", "limitMaxDischarge"),
        ("Gradients", "enterService"),
    ],
)
def test_a_foreign_member_is_refused(kind, member):  # R04.FR.17
    right = set_control(kind)
    body = next(value for value in right.values() if isinstance(value, dict))
    alone = {key: value for key, value in right.items() if value is not body} | {member: body}
    assert reason(alone) == "InvalidValue"
    assert reason(right | {member: body}) == "InvalidValue"


def test_a_control_without_a_member_is_refused():  # R04.FR.17
    request = set_control()
    del request["curve"]
    assert refusal(request) == ("InvalidValue", "VoltVar takes curve alone, not []")


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("kind", ["VoltVar", "WattVar", "VoltWatt", "FreqWatt", "WattPF", *TRIPS])
def test_each_curve_knows_its_y_units(kind, unit):  # R04.FR.50-56
    allowed = {
        "VoltVar": {"PctMaxVar", "PctVarAvail"},
        "WattVar": {"PctMaxVar", "PctVarAvail"},
        "VoltWatt": {"PctMaxW", "PctWAvail"},
        "FreqWatt": {"PctMaxW", "PctWAvail"},
    }.get(kind, {"Not_Applicable"})
    expected = None if unit in allowed else "InvalidValue"
    assert reason(set_control(kind, yUnit=unit)) == expected
    assert set(Y_UNITS) == {"VoltVar", "WattVar", "VoltWatt", "FreqWatt"}


@pytest.mark.parametrize(("unit", "expected"), [("Not_Applicable", None), ("PctMaxW", "x")])
def test_power_monitoring_inside_a_limit_has_no_unit(unit, expected):  # R04.FR.56
    tripping = {"priority": 0, **curve((5, 100), unit=unit)}
    found = refusal(set_control("LimitMaxDischarge", powerMonitoringMustTrip=tripping))
    assert (found is None) is (expected is None)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("PctMaxVar", None),
        ("PctVarAvail", None),
        ("PctMaxW", None),
        ("PctEffectiveV", "InvalidValue"),
        ("PctWAvail", "InvalidValue"),
        ("Not_Applicable", "InvalidValue"),
    ],
)
def test_a_fixed_var_needs_a_base_of_power(unit, expected):
    assert reason(set_control("FixedVar", unit=unit)) == expected


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("FixedPFInject", {"displacement": 1.01}),
        ("FixedPFAbsorb", {"displacement": -0.1}),
        ("FixedVar", {"setpoint": 100.5}),
        ("FixedVar", {"setpoint": -101}),
        ("LimitMaxDischarge", {"pctMaxDischargePower": 101}),
        ("LimitMaxDischarge", {"pctMaxDischargePower": -1}),
        ("FreqDroop", {"overDroop": 0}),
        ("FreqDroop", {"underFreq": -50}),
        ("FreqDroop", {"responseTime": -1}),
        ("Gradients", {"gradient": -1}),
        ("EnterService", {"delay": -1}),
        ("VoltVar", {"curveData": [{"x": 100, "y": 0}, {"x": 99, "y": 1}]}),
    ],
)
def test_values_out_of_range_are_refused(kind, body):
    assert reason(set_control(kind, **body)) == "InvalidValue"


def test_a_vertical_step_of_a_curve_is_sound():
    points = [{"x": 88, "y": 2}, {"x": 88, "y": 21}]
    assert refusal(set_control("LVMustTrip", curveData=points)) is None


def test_reactive_parameters_belong_to_volt_var():
    params = {"reactivePowerParams": {"vRef": 95}}
    assert refusal(set_control("VoltVar", **params)) is None
    assert reason(set_control("WattVar", **params)) == "InvalidValue"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"hv10MinMeanValue": 110}, "MissingParam"),
        ({"hv10MinMeanTripDelay": 1}, "MissingParam"),
        ({"hv10MinMeanValue": 110, "hv10MinMeanTripDelay": 1}, None),
    ],
)
def test_the_ten_minute_mean_needs_value_and_delay(params, expected):
    assert reason(set_control("HVMustTrip", voltageParams=params)) == expected

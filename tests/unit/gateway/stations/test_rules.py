"""What the schemas of OCPP do not say, case by case (R04.FR.12-17, R04.FR.50-56, K01.FR.22, Table 95)."""

import pytest

from gateway.stations.validators import violation

TIMES = {"startTime": "2026-12-01T12:00:00Z", "duration": 3600}
BODIES = {
    "EnterService": (
        "enterService",
        {"priority": 1, "highVoltage": 110, "lowVoltage": 90, "highFreq": 50.1, "lowFreq": 49.9},
    ),
    "FreqDroop": (
        "freqDroop",
        {"priority": 1, "overFreq": 50.2, "underFreq": 49.8, "overDroop": 0.05}
        | {"underDroop": 0.05, "responseTime": 1},
    ),
    "FixedPFAbsorb": ("fixedPFAbsorb", {"priority": 1, "displacement": 0.9, "excitation": True}),
    "FixedPFInject": ("fixedPFInject", {"priority": 1, "displacement": 0.9, "excitation": True}),
    "FixedVar": ("fixedVar", {"priority": 1, "setpoint": 20, "unit": "PctMaxVar"}),
    "Gradients": ("gradient", {"priority": 1, "gradient": 1, "softGradient": 2}),
    "LimitMaxDischarge": ("limitMaxDischarge", {"priority": 1, "pctMaxDischargePower": 50}),
}
UNITS = {
    "FreqWatt": "PctMaxW",
    "VoltWatt": "PctMaxW",
    "VoltVar": "PctMaxVar",
    "WattVar": "PctMaxVar",
}
TRIPS = [f"{side}{kind}" for side in ("HF", "HV", "LF", "LV") for kind in ("MustTrip", "MayTrip")]
TRIPS.remove("LFMayTrip")  # OCPP 2.1 has no such type
CURVES = [*UNITS, *TRIPS, "HVMomCess", "LVMomCess", "WattPF"]
TYPES = [*BODIES, *CURVES]
DEFAULT_ONLY = {"EnterService", "Gradients"}


def a_curve(control_type="VoltVar", points=((90, 30), (110, -30)), **changes):
    body = {
        "priority": 1,
        "yUnit": UNITS.get(control_type, "Not_Applicable"),
        "curveData": [{"x": x, "y": y} for x, y in points],
    }
    return body | changes


def a_trip(control_type="HVMustTrip", points=((110, 13), (120, 0.16)), **changes):
    return a_curve(control_type, points, **changes)


def body_of(control_type):
    if control_type in CURVES:
        points = (
            ((0, 1), (1, 2)) if control_type.endswith(("Trip", "Cess")) else ((90, 30), (110, 0))
        )
        return "curve", a_curve(control_type, points)
    return BODIES[control_type]


def a_set(control_type="FixedVar", *, default=False, slot=None, body=None, **changes):
    if slot is None or body is None:
        usual = body_of(control_type)
        slot, body = slot or usual[0], usual[1] if body is None else body
    times = {} if default else TIMES
    payload = {"isDefault": default, "controlId": "c1", "controlType": control_type}
    return payload | {slot: body | times} | changes


def fault(payload):
    return violation("2.1", "SetDERControl", payload, request=True)


@pytest.mark.parametrize("control_type", TYPES)
def test_every_type_is_sound_as_a_default(control_type):
    assert fault(a_set(control_type, default=True)) is None


@pytest.mark.parametrize("control_type", [name for name in TYPES if name not in DEFAULT_ONLY])
def test_every_type_but_two_is_sound_when_scheduled(control_type):
    assert fault(a_set(control_type)) is None


def test_a_limit_is_sound_with_the_curve_of_a_monitored_trip():
    nested = a_curve("PowerMonitoringMustTrip", ((1, 110), (2, 120)))
    body = {"priority": 1, "pctMaxDischargePower": 50, "powerMonitoringMustTrip": nested}
    assert fault(a_set("LimitMaxDischarge", body=body)) is None


def with_points(*points, control_type="HVMustTrip"):
    return a_set(control_type, body=a_trip(control_type, points))


BROKEN = [
    ("no member at all", {"isDefault": True, "controlId": "c", "controlType": "VoltVar"}, "FR.16"),
    (
        "the member of another type",
        a_set("VoltVar", slot="freqDroop", body=BODIES["FreqDroop"][1]),
        "FR.16",
    ),
    ("two members", a_set("FixedVar", curve=a_curve()), "FR.16"),
    (
        "a default with a start",
        a_set(default=True, body=BODIES["FixedVar"][1] | {"startTime": TIMES["startTime"]}),
        "FR.12",
    ),
    (
        "a default with a duration",
        a_set(default=True, body=BODIES["FixedVar"][1] | {"duration": 5}),
        "FR.12",
    ),
    ("scheduled, without start", a_set(fixedVar=BODIES["FixedVar"][1] | {"duration": 5}), "FR.13"),
    (
        "scheduled, without duration",
        a_set(fixedVar=BODIES["FixedVar"][1] | {"startTime": TIMES["startTime"]}),
        "FR.13",
    ),
    (
        "scheduled for no time",
        a_set(fixedVar=BODIES["FixedVar"][1] | TIMES | {"duration": 0}),
        "no length of time",
    ),
    ("a scheduled enter service", a_set("EnterService", default=True, isDefault=False), "FR.14"),
    ("a scheduled ramp", a_set("Gradients", default=True, isDefault=False), "FR.14"),
    ("volt-var in watts", a_set("VoltVar", body=a_curve(yUnit="PctMaxW")), "FR.50"),
    ("volt-watt in var", a_set("VoltWatt", body=a_curve(yUnit="PctMaxVar")), "FR.50"),
    ("frequency-watt in nothing", a_set("FreqWatt", body=a_curve(yUnit="Not_Applicable")), "FR.50"),
    ("watt-var of the voltage", a_set("WattVar", body=a_curve(yUnit="PctEffectiveV")), "FR.50"),
    ("watt-PF in watts", a_set("WattPF", body=a_curve(yUnit="PctMaxW")), "FR.50"),
    ("a trip in watts", a_set("HVMustTrip", body=a_trip(yUnit="PctMaxW")), "FR.50"),
    ("falling x", a_set("VoltVar", body=a_curve(points=((110, -30), (90, 30)))), "x falls"),
    ("a trip whose x falls", with_points((120, 0.16), (110, 13)), "x falls"),
    ("a trip in the past", with_points((110, -1), (120, 0.16)), "no past"),
    ("a trip at a negative voltage", with_points((-1, 1), (120, 0.16)), "no negative value"),
    (
        "reactive parameters elsewhere",
        a_set("VoltWatt", body=a_curve("VoltWatt", reactivePowerParams={"vRef": 100})),
        "belongs to VoltVar",
    ),
    (
        "a mean value without its delay",
        a_set("HVMustTrip", body=a_trip(voltageParams={"hv10MinMeanValue": 110})),
        "need each other",
    ),
    (
        "a power factor above one",
        a_set("FixedPFInject", body=BODIES["FixedPFInject"][1] | {"displacement": 1.01}),
        "outside 0 to 1",
    ),
    (
        "a negative power factor",
        a_set("FixedPFAbsorb", body=BODIES["FixedPFAbsorb"][1] | {"displacement": -0.9}),
        "outside 0 to 1",
    ),
    (
        "var above the whole",
        a_set(body=BODIES["FixedVar"][1] | {"setpoint": 100.5}),
        "outside -100 to 100",
    ),
    (
        "a limit above the whole",
        a_set("LimitMaxDischarge", body={"priority": 1, "pctMaxDischargePower": 101}),
        "outside 0 to 100",
    ),
    (
        "a limit of nothing",
        a_set("LimitMaxDischarge", body={"priority": 1}),
        "needs pctMaxDischargePower",
    ),
    (
        "a monitored trip as a limit",
        a_set("PowerMonitoringMustTrip", slot="limitMaxDischarge", body={"priority": 1}),
        "FR.16",
    ),
    (
        "a monitored trip of a limit in watts",
        a_set(
            "LimitMaxDischarge",
            body={
                "priority": 1,
                "pctMaxDischargePower": 50,
                "powerMonitoringMustTrip": a_curve(yUnit="PctMaxW"),
            },
        ),
        "FR.50",
    ),
]


@pytest.mark.parametrize(
    ("payload", "words"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_what_the_schema_lets_pass_the_rules_refuse(payload, words):
    found = fault(payload)
    assert found is not None
    assert found.code == "PropertyConstraintViolation"
    assert words in str(found)


def test_a_mean_value_with_its_delay_and_a_volt_var_reference_are_sound():
    pair = {"hv10MinMeanValue": 110, "hv10MinMeanTripDelay": 10}
    assert fault(a_set("HVMustTrip", body=a_trip(voltageParams=pair))) is None
    assert fault(a_set("VoltVar", body=a_curve(reactivePowerParams={"vRef": 101}))) is None


def a_profile(purpose="TxDefaultProfile", **period):
    return {
        "evseId": 1,
        "chargingProfile": {
            "id": 1,
            "stackLevel": 1,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {
                    "id": 1,
                    "startSchedule": TIMES["startTime"],
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [{"startPeriod": 0, **(period or {"limit": 5000})}],
                }
            ],
        },
    }


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
def test_external_constraints_are_never_set_by_us(version):
    found = violation(
        version,
        "SetChargingProfile",
        a_profile("ChargingStationExternalConstraints"),
        request=True,
    )
    assert "K01.FR.22" in str(found)


PURPOSES = [
    ("TxDefaultProfile", {"operationMode": "CentralSetpoint", "setpoint": -5000}, True),
    ("TxDefaultProfile", {"operationMode": "Idle"}, True),
    ("ChargingStationMaxProfile", {"limit": 5000}, True),
    ("ChargingStationMaxProfile", {"limit": 0, "operationMode": "ChargingOnly"}, True),
    ("ChargingStationMaxProfile", {"operationMode": "CentralSetpoint", "setpoint": 1}, False),
    ("ChargingStationMaxProfile", {"operationMode": "Idle"}, False),
]


@pytest.mark.parametrize(("purpose", "period", "sound"), PURPOSES)
def test_a_station_maximum_knows_charging_only(purpose, period, sound):
    payload = a_profile(purpose, **period)
    assert (violation("2.1", "SetChargingProfile", payload, request=True) is None) is sound

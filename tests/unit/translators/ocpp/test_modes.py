"""Purposes, modes and members: what the tables let through, and what raises instead of being sent."""

import pytest

from translators.errors import ModelError
from translators.ocpp.modes import MODE_FIELDS, MODES, PURPOSE_MODES, SENT, check_profile

CURVE = [{"frequency": 50, "power": 0}, {"frequency": 51, "power": 1}]
WHOLE = {
    "ChargingOnly": {"limit": 1},
    "CentralSetpoint": {"setpoint": 1},
    "CentralFrequency": {"setpoint": 1},
    "LocalFrequency": {"v2xBaseline": 0, "v2xFreqWattCurve": CURVE},
}
PLAIN = WHOLE["ChargingOnly"]


def a_period(mode, **changes):
    return {"operationMode": mode, **WHOLE.get(mode, {}), **changes}


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("purpose", sorted(PURPOSE_MODES))
def test_a_purpose_has_the_modes_of_table_95_and_no_other(purpose, mode):
    allowed = mode == "ChargingOnly" or purpose.startswith("Tx")
    if allowed:
        check_profile(purpose, "Absolute", "W", [a_period(mode)])
        return
    with pytest.raises(ModelError, match=f"is no mode of {purpose}"):
        check_profile(purpose, "Absolute", "W", [a_period(mode)])


def test_external_constraints_are_never_ours():
    with pytest.raises(ModelError, match="is no purpose of ours"):
        check_profile("ChargingStationExternalConstraints", "Absolute", "W", [PLAIN])


def test_a_dynamic_profile_has_one_period():
    check_profile("TxProfile", "Dynamic", "W", [PLAIN])
    with pytest.raises(ModelError, match="has one period"):
        check_profile("TxProfile", "Dynamic", "W", [PLAIN, PLAIN])


@pytest.mark.parametrize("mode", sorted(MODES))
def test_a_mode_has_its_members_and_no_other(mode):
    required, optional = MODE_FIELDS[mode]
    members = {"limit", "dischargeLimit", "setpoint", "setpointReactive"}
    for member in sorted(required):
        without = a_period(mode)
        del without[member]
        with pytest.raises(ModelError, match=f"does not fit {mode}"):
            check_profile("TxProfile", "Absolute", "W", [without])
    for member in sorted(optional):
        check_profile("TxProfile", "Absolute", "W", [a_period(mode, **{member: 0})])
    for member in sorted(members - required - optional):
        with pytest.raises(ModelError, match=f"does not fit {mode}"):
            check_profile("TxProfile", "Absolute", "W", [a_period(mode, **{member: 0})])


@pytest.mark.parametrize(("unit", "points"), [("A", CURVE), ("W", CURVE[:1])])
def test_a_frequency_curve_is_of_watts_and_two_points(unit, points):
    period = a_period("LocalFrequency", v2xFreqWattCurve=points)
    with pytest.raises(ModelError, match="needs watts and two points"):
        check_profile("TxProfile", "Absolute", unit, [period])


def test_what_we_send_is_among_the_modes():
    assert SENT < MODES

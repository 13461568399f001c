"""Every payload that leaves is valid by the official schemas, and by R04 and K01 besides."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.stations.validators import violation
from support.strategies import asked_together
from support.translation import (
    ALL_MODES,
    EVERY_CONTROL,
    a_station,
    an_evse,
    charge_only,
    running,
    situation,
    translated,
)

STATIONS = {
    "v2g": a_station(),
    "v2g 50 Hz": a_station(nominal=50),
    "v2g on 2.0.1": a_station(version="2.0.1"),
    "two evses": a_station(an_evse(1), an_evse(2)),
    "no limit mode": a_station(an_evse(modes=ALL_MODES - {"LimitMaxDischarge"})),
    "no v2x": a_station(an_evse(v2x=())),
    "no idle": a_station(an_evse(v2x=("CentralSetpoint",))),
    "amps": a_station(an_evse(units=("A",))),
    "charge only": charge_only(),
    "charge only on 2.0.1": charge_only("2.0.1"),
    "charge only in watts on 2.0.1": charge_only("2.0.1", units=("W",)),
    "other readings": a_station(
        excitation="inverted",
        wattpf_y="inverted",
        droop="percent",
        vref="bake_multiplicative",
        gradient="seconds_full_scale",
        enter_service_voltage="volts",
        enter_service_ramp="pct_per_s",
        trip_axes="time_x",
        central_setpoint_limits="include",
    ),
    "additive vref": a_station(vref="bake_additive"),
}
HELD = {"setMaxW": 9000, "setMaxVar": 5000, "setMinPFOverExcited": "0.9"}
SITUATIONS = {
    "nothing runs": situation(),
    "charging": situation(running(-5000)),
    "discharging": situation(running(9000)),
    "settings": situation(running(), settings=HELD),
}
stations = st.sampled_from(list(STATIONS.values()))
situations = st.sampled_from(list(SITUATIONS.values()))


def faults(translation):
    """Return what the schemas and rules say against the messages, after a trip through JSON."""
    found = []
    for message in translation.value.messages:
        payload = json.loads(json.dumps(message.payload))
        fault = violation(message.ocpp, message.action, payload, request=True)
        if fault is not None:
            found.append((message.action, str(fault), payload))
    return found


@pytest.mark.parametrize("default", [False, True], ids=["event", "default"])
@pytest.mark.parametrize("station", STATIONS.values(), ids=STATIONS)
def test_every_kind_of_control_leaves_in_valid_messages(station, default):
    sent = 0
    for state in SITUATIONS.values():
        for control in EVERY_CONTROL:
            translation = translated(control, station=station, situation=state, default=default)
            assert faults(translation) == []
            sent += len(translation.value.messages)
    assert sent > 0


@pytest.mark.parametrize("station", STATIONS.values(), ids=STATIONS)
def test_all_of_them_together_leave_in_valid_messages(station):
    for state in SITUATIONS.values():
        assert faults(translated(*EVERY_CONTROL, station=station, situation=state)) == []


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(asked_together(5), stations, situations, st.booleans(), st.integers(0, 255))
def test_whatever_is_asked_leaves_in_valid_messages(asked, station, state, default, primacy):
    translation = translated(
        *asked, station=station, situation=state, default=default, primacy=primacy
    )
    assert faults(translation) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"controlType": "VoltVar"}, "VoltVar takes exactly this member"),
        ({"isDefault": True}, "a default control has no startTime"),
        ({"extra": 1}, "extra"),
        ({"controlId": "x" * 37}, "controlId"),
    ],
)
def test_the_judge_sees_what_is_wrong(change, problem):
    (message,) = translated(EVERY_CONTROL[0]).value.messages
    fault = violation("2.1", "SetDERControl", {**message.payload, **change}, request=True)
    assert problem in str(fault)

"""When the inverter leaves the grid, and when it comes back."""

import pytest

from gateway.simulators.station_trip import Event, Protection
from support.station_messages import BODIES, curve

HIGH_V = curve((110, 13), (120, 13), (120, 0.16), unit="Not_Applicable")
LOW_V = curve((50, 2), (88, 2), (88, 21), unit="Not_Applicable")
HIGH_F = curve((51, 3), unit="Not_Applicable")
LOW_F = curve((48, 3), unit="Not_Applicable")
CURVES = {"HVMustTrip": HIGH_V, "LVMustTrip": LOW_V, "HFMustTrip": HIGH_F, "LFMustTrip": LOW_F}
RULE = BODIES["EnterService"][1]  # 10 s between 91.7 and 105 %, 49.5 and 50.1 Hz


def run(protection, seconds, bodies, voltage_pct=100.0, frequency_hz=50.0, step=0.5):
    events = []
    for _ in range(round(seconds / step)):
        events += protection.step(step, bodies, voltage_pct, frequency_hz)
    return [(event.control_type, event.fault, event.ended) for event in events]


@pytest.mark.parametrize(
    ("voltage_pct", "frequency_hz", "after_s", "event"),
    [
        (115, 50, 13, ("HVMustTrip", "OverVoltage", False)),
        (125, 50, 0.5, ("HVMustTrip", "OverVoltage", False)),
        (40, 50, 2, ("LVMustTrip", "UnderVoltage", False)),
        (88, 50, 21, ("LVMustTrip", "UnderVoltage", False)),
        (100, 51.5, 3, ("HFMustTrip", "OverFrequency", False)),
        (100, 47, 3, ("LFMustTrip", "UnderFrequency", False)),
    ],
)
def test_it_trips_when_the_time_of_the_curve_is_over(voltage_pct, frequency_hz, after_s, event):
    protection = Protection()
    assert run(protection, after_s - 0.5, CURVES, voltage_pct, frequency_hz) == []
    assert protection.connected
    assert run(protection, 0.5, CURVES, voltage_pct, frequency_hz) == [event]
    assert protection.tripped == event[0]
    assert not protection.connected


def test_a_short_excursion_does_not_count():
    protection = Protection()
    for _ in range(5):
        assert run(protection, 12, CURVES, voltage_pct=115) == []
        assert run(protection, 1, CURVES) == []


def test_inside_the_curves_nothing_happens():
    assert run(Protection(), 100, CURVES, voltage_pct=100) == []


def test_without_enter_service_it_comes_back_when_the_grid_is_good():
    protection = Protection()
    run(protection, 3, CURVES, frequency_hz=51.5)
    assert run(protection, 5, CURVES, frequency_hz=51.5) == []
    assert run(protection, 0.5, CURVES) == [("HFMustTrip", "OverFrequency", True)]
    assert protection.connected


def test_enter_service_wants_a_good_grid_for_its_delay():
    protection, bodies = Protection(), CURVES | {"EnterService": RULE}
    run(protection, 3, bodies, frequency_hz=51.5)
    assert run(protection, 60, bodies, frequency_hz=50.2) == []  # not good enough
    assert run(protection, 60, bodies, voltage_pct=91) == []
    assert run(protection, 9.5, bodies) == []
    assert run(protection, 0.5, bodies, frequency_hz=50.2) == []  # begins anew
    assert run(protection, 9.5, bodies) == []
    assert run(protection, 0.5, bodies) == [("HFMustTrip", "OverFrequency", True)]


@pytest.mark.parametrize(("kind", "voltage_pct"), [("HVMomCess", 115), ("LVMomCess", 40)])
def test_cessation_lasts_as_long_as_the_excursion_and_raises_no_alarm(kind, voltage_pct):
    bodies = {kind: {"HVMomCess": HIGH_V, "LVMomCess": LOW_V}[kind]}
    protection = Protection()
    assert run(protection, 14, bodies, voltage_pct=voltage_pct) == []
    assert not protection.connected
    assert run(protection, 0.5, bodies) == []
    assert protection.connected


@pytest.mark.parametrize(("share", "after_s"), [(0.0, 10), (0.25, 15), (1.0, 30)])
def test_a_random_delay_spreads_the_way_back(share, after_s):
    protection = Protection(random_share=share)
    bodies = CURVES | {"EnterService": RULE | {"randomDelay": 20}}
    run(protection, 3, bodies, frequency_hz=51.5)
    assert run(protection, after_s - 0.5, bodies) == []
    assert run(protection, 0.5, bodies) == [("HFMustTrip", "OverFrequency", True)]


POWER = curve((10, 50), (2, 80), unit="Not_Applicable")  # x is seconds, y per cent


@pytest.mark.parametrize(("percent", "after_s"), [(60, 10), (81, 2), (100, 2)])
def test_power_monitoring_trips_after_the_time_of_what_flows(percent, after_s):
    protection, bodies = Protection(), {"PowerMonitoringMustTrip": POWER}
    steps = round(after_s / 0.5)
    events = [protection.step(0.5, bodies, 100, 50, percent) for _ in range(steps)]
    assert [len(found) for found in events] == [0] * (steps - 1) + [1]
    assert events[-1][0] == Event("PowerMonitoringMustTrip", "")


@pytest.mark.parametrize("percent", [0, 50])
def test_power_monitoring_lets_through_what_is_allowed(percent):
    protection, bodies = Protection(), {"PowerMonitoringMustTrip": POWER}
    assert not any(protection.step(0.5, bodies, 100, 50, percent) for _ in range(100))


def test_power_monitoring_may_come_with_a_discharge_limit():
    protection = Protection()
    bodies = {"LimitMaxDischarge": {"powerMonitoringMustTrip": POWER}}
    for _ in range(3):
        assert protection.step(0.5, bodies, 100, 50, 90) == []
    assert protection.step(0.5, bodies, 100, 50, 90) == [Event("PowerMonitoringMustTrip", "")]
    assert protection.step(0.5, bodies, 100, 50, 0) == [
        Event("PowerMonitoringMustTrip", "", ended=True)
    ]


def test_a_short_surge_does_not_count():
    protection, bodies = Protection(), {"PowerMonitoringMustTrip": POWER}
    for _ in range(10):
        assert protection.step(1.5, bodies, 100, 50, 90) == []
        assert protection.step(0.5, bodies, 100, 50, 10) == []


MAY = {"HVMayTrip": curve((110, 1), unit="Not_Applicable"), "HVMustTrip": HIGH_V}


@pytest.mark.parametrize(
    ("eager", "voltage_pct", "seconds", "expected"),
    [
        (False, 115, 12, []),
        (True, 115, 0.5, []),
        (True, 115, 1, [("HVMayTrip", "OverVoltage", False)]),
        (True, 109, 60, []),
        (False, 115, 13, [("HVMustTrip", "OverVoltage", False)]),
    ],
    ids=["a patient one stays", "not yet", "as soon as it may", "not inside", "it has to"],
)
def test_what_a_curve_permits_only_an_eager_one_does(eager, voltage_pct, seconds, expected):
    assert run(Protection(eager=eager), seconds, MAY, voltage_pct) == expected


def test_who_left_because_it_might_comes_back_as_well():
    protection = Protection(eager=True)
    run(protection, 2, MAY, 115)
    assert run(protection, 1, MAY) == [("HVMayTrip", "OverVoltage", True)]

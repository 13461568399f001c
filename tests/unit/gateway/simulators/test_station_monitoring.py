"""Monitors of the simulated station: what may be set, what fires, how it is told (N02 to N08)."""

import pytest

from gateway.simulators.station_device import MOST_MONITORS
from gateway.simulators.station_options import Personality
from gateway.simulators.station_wire import CallError
from support.station_bench import Bench, actions, of
from support.station_messages import EPOCH

POWER = ("EVSE", "Power", 1)
MODES = ("DCDERCtrlr", "ModesSupported", 1)
STATE = ("EVSE", "AvailabilityState", 1)
STANDING = {"discharge_w": 0.0}


def a_monitor(place=POWER, kind="Delta", value=1000.0, severity=8, **more):
    component, name, evse = place
    return {
        "value": value,
        "type": kind,
        "severity": severity,
        "component": {"name": component, "evse": {"id": evse}},
        "variable": {"name": name},
    } | more


def watch(bench, *monitors):
    """Set monitors; return (status, id) of each."""
    answer = bench.ask("SetVariableMonitoring", {"setMonitoringData": list(monitors)})
    return [(result["status"], result.get("id")) for result in answer["setMonitoringResult"]]


def events(calls):
    """Return (variable, trigger, value) of each event that was told."""
    return [
        (event["variable"]["name"], event["trigger"], event["actualValue"])
        for payload in of(calls, "NotifyEvent")
        for event in payload["eventData"]
    ]


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [
        pytest.param(a_monitor(), "Accepted", id="a change of a number"),
        pytest.param(a_monitor(MODES), "Accepted", id="a change of a list"),
        pytest.param(a_monitor(kind="UpperThreshold"), "Accepted", id="an upper threshold"),
        pytest.param(a_monitor(kind="LowerThreshold", value=-1), "Accepted", id="a negative one"),
        pytest.param(a_monitor(kind="Periodic", value=2), "Accepted", id="a period"),
        pytest.param(a_monitor(kind="PeriodicClockAligned", value=60), "Accepted", id="a clock"),
        pytest.param(a_monitor(("Fridge", "Light", 1)), "UnknownComponent", id="no component"),
        pytest.param(a_monitor(("EVSE", "Light", 1)), "UnknownVariable", id="no variable"),
        pytest.param(
            a_monitor(("EVSE", "Available", 1)), "UnsupportedMonitorType", id="not to be watched"
        ),
        pytest.param(
            a_monitor(MODES, "UpperThreshold"),
            "UnsupportedMonitorType",
            id="no threshold of a list",
        ),
        pytest.param(a_monitor(kind="TargetDelta"), "UnsupportedMonitorType", id="no target"),
        pytest.param(a_monitor(value=0), "Rejected", id="no change at all"),
        pytest.param(a_monitor(kind="Periodic", value=0), "Rejected", id="no period"),
        pytest.param(a_monitor(severity=10), "Rejected", id="no severity"),
        pytest.param(a_monitor(id=7), "Rejected", id="replaces what is not there"),
        pytest.param(
            a_monitor(periodicEventStream={"interval": 1, "values": 1}),
            "Rejected",
            id="a stream of changes",
        ),
    ],
)
def test_each_monitor_is_judged_by_itself(monitor, expected):
    bench = Bench()
    found = watch(bench, monitor, a_monitor(STATE))
    assert found[0][0] == expected
    assert found[1][0] == "Accepted"
    assert (found[0][1] is not None) is (expected == "Accepted")


def test_the_same_monitor_twice_is_a_duplicate_and_of_another_severity_is_not():
    bench = Bench()
    assert watch(bench, a_monitor(), a_monitor(), a_monitor(severity=5)) == [
        ("Accepted", 1),
        ("Duplicate", None),
        ("Accepted", 2),
    ]


def test_a_monitor_is_replaced_by_its_number_for_its_own_variable_only():
    bench = Bench()
    watch(bench, a_monitor())
    assert watch(bench, a_monitor(value=5, id=1), a_monitor(STATE, id=1)) == [
        ("Accepted", 1),
        ("Rejected", None),
    ]
    assert reported(bench)[0]["value"] == 5


def test_more_monitors_than_fit_are_refused():
    items = [a_monitor(severity=n) for n in range(MOST_MONITORS + 1)]
    with pytest.raises(CallError) as found:
        watch(Bench(), *items)
    assert found.value.code == "OccurrenceConstraintViolation"


def test_a_change_beyond_its_value_is_told_once():
    bench = Bench(**STANDING)
    watch(bench, a_monitor(value=1000))
    assert events(bench.go(2)) == []
    bench.core.plug(bench.now, present=True, discharge_w=900.0)
    assert events(bench.go(2)) == []
    bench.core.plug(bench.now, present=True, discharge_w=3000.0)
    assert events(bench.go(5)) == [("Power", "Delta", "-3000")]


def test_what_is_no_number_is_told_whenever_it_changes():
    bench = Bench()
    watch(bench, a_monitor(MODES))
    bench.core.vary(*MODES[:2], "VoltVar,FixedVar", 1)
    (event,) = of(bench.go(2), "NotifyEvent")[0]["eventData"]
    assert event["actualValue"] == "VoltVar,FixedVar"
    assert event["component"] == {"name": "DCDERCtrlr", "evse": {"id": 1}}
    assert event["eventNotificationType"] == "CustomMonitor"
    assert (event["variableMonitoringId"], event["severity"]) == (1, 8)


def test_modes_that_are_named_no_more_are_not_taken_any_more():
    bench = Bench()
    bench.core.vary(*MODES[:2], "FixedVar", 1)
    assert bench.core.controls.supported == {"FixedVar"}
    with pytest.raises(KeyError):
        bench.core.vary("DCDERCtrlr", "Colour", "red", 1)


def test_a_threshold_is_told_when_it_is_passed_and_when_all_is_well_again():
    bench = Bench(**STANDING)
    watch(bench, a_monitor(kind="LowerThreshold", value=-2000))
    bench.core.plug(bench.now, present=True, discharge_w=3000.0)
    told = of(bench.go(3), "NotifyEvent")
    assert [e.get("cleared") for p in told for e in p["eventData"]] == [None]
    assert events(bench.told)[-1][1] == "Alerting"
    bench.core.plug(bench.now, present=True, discharge_w=0.0)
    assert [e["cleared"] for p in of(bench.go(3), "NotifyEvent") for e in p["eventData"]] == [True]


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [("Periodic", [2, 4, 6]), ("PeriodicClockAligned", [2, 4, 6])],
)
def test_a_period_tells_again_and_again(kind, seconds):
    bench = Bench()
    watch(bench, a_monitor(kind=kind, value=2))
    calls = []
    for _ in range(14):
        calls += [(bench.now - EPOCH, call) for call in bench.go(0.5)]
    assert [at for at, (action, _) in calls if action == "NotifyEvent"] == seconds


def test_the_clock_aligned_count_from_midnight():
    bench = Bench()
    bench.now += 7.0
    bench.core.advance(bench.now)
    bench.take()
    watch(bench, a_monitor(kind="PeriodicClockAligned", value=10))
    told = [bench.now for _ in range(60) if of(bench.go(0.5), "NotifyEvent")]
    assert [at % 10 for at in told] == [0, 0, 0]


def test_a_monitor_of_transactions_rests_without_one():
    bench = Bench(plugged_in=False)
    watch(bench, a_monitor(kind="Periodic", value=1, transaction=True))
    assert of(bench.go(3), "NotifyEvent") == []
    bench.core.plug(bench.now, present=True)
    assert of(bench.go(3), "NotifyEvent") != []


def test_what_fires_at_once_is_told_together_and_events_are_numbered():
    bench = Bench()
    watch(bench, a_monitor(kind="Periodic", value=1), a_monitor(STATE, "Periodic", 1))
    told = of(bench.go(2), "NotifyEvent")
    assert [[e["eventId"] for e in payload["eventData"]] for payload in told] == [[1, 2], [3, 4]]
    assert {(payload["seqNo"], payload["tbc"]) for payload in told} == {(0, False)}


def test_an_old_station_tells_no_severity():
    bench = Bench("2.0.1")
    watch(bench, a_monitor(STATE))
    bench.core.plug(bench.now, present=False)
    (payload,) = of(bench.go(1), "NotifyEvent")
    assert "severity" not in payload["eventData"][0]
    assert events(bench.told) == [("AvailabilityState", "Delta", "Available")]


def reported(bench, **request):
    """Return the monitors of a GetMonitoringReport, each with its variable's name."""
    answer = bench.ask("GetMonitoringReport", {"requestId": 4} | request)
    parts = of(bench.take(), "NotifyMonitoringReport")
    assert (answer["status"] == "Accepted") is bool(parts)
    assert {part["requestId"] for part in parts} <= {4}
    return [
        {"name": item["variable"]["name"], **monitor}
        for part in parts
        for item in part["monitor"]
        for monitor in item["variableMonitoring"]
    ]


def test_monitors_are_reported_by_criteria_and_place():
    bench = Bench()
    assert reported(bench) == []
    watch(bench, a_monitor(), a_monitor(STATE), a_monitor(kind="Periodic", value=2))
    watch(bench, a_monitor(kind="UpperThreshold"))
    assert [(m["name"], m["type"]) for m in reported(bench)] == [
        ("Power", "Delta"),
        ("AvailabilityState", "Delta"),
        ("Power", "Periodic"),
        ("Power", "UpperThreshold"),
    ]
    assert [m["id"] for m in reported(bench, monitoringCriteria=["PeriodicMonitoring"])] == [3]
    place = {"component": {"name": "EVSE"}, "variable": {"name": "AvailabilityState"}}
    assert [m["id"] for m in reported(bench, componentVariable=[place])] == [2]


@pytest.mark.parametrize(("version", "told"), [("2.1", {"CustomMonitor"}), ("2.0.1", {None})])
def test_who_set_a_monitor_is_told_in_2_1(version, told):
    bench = Bench(version)
    watch(bench, a_monitor())
    assert {monitor.get("eventNotificationType") for monitor in reported(bench)} == told


def test_monitors_are_cleared_each_by_itself():
    bench = Bench()
    watch(bench, a_monitor(kind="Periodic", value=1))
    answer = bench.ask("ClearVariableMonitoring", {"id": [1, 9]})
    assert [r["status"] for r in answer["clearMonitoringResult"]] == ["Accepted", "NotFound"]
    assert of(bench.go(3), "NotifyEvent") == []


def test_monitors_outlive_a_reboot_unless_the_station_forgets():
    bench = Bench()
    watch(bench, a_monitor())
    bench.core.reboot(bench.now)
    assert len(reported(bench)) == 1
    bench.core.personality = Personality(forgets_on_reboot=True)
    bench.core.reboot(bench.now)
    assert reported(bench) == []


def test_a_mute_station_accepts_monitors_and_tells_nothing():
    bench = Bench(personality=Personality(mute_events=True))
    assert watch(bench, a_monitor(kind="Periodic", value=1))[0][0] == "Accepted"
    assert "NotifyEvent" not in actions(bench.go(3))


def test_a_refusing_station_refuses_each_monitor():
    bench = Bench(personality=Personality(rejects=frozenset({"SetVariableMonitoring"})))
    assert watch(bench, a_monitor(), a_monitor(STATE)) == [("Rejected", None)] * 2


def test_nothing_is_noticed_while_nobody_listens():
    bench = Bench()
    watch(bench, a_monitor(kind="Periodic", value=1), a_monitor(STATE))
    bench.core.went_offline(bench.now)
    assert of(bench.go(3), "NotifyEvent") == []
    bench.core.plug(bench.now, present=False)
    bench.take()
    bench.core.greet(bench.now)
    assert ("AvailabilityState", "Delta", "Available") in events(bench.go(1))


def test_a_report_can_lose_its_first_part():
    bench = Bench(personality=Personality(cuts_reports=True))
    bench.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    numbers = [part["seqNo"] for part in of(bench.take(), "NotifyReport")]
    assert numbers == list(range(1, len(numbers) + 1))


def a_report(bench, **request):
    """Return the status of a GetReport and the variables that came, as (component, variable)."""
    answer = bench.ask("GetReport", {"requestId": 5} | request)
    parts = of(bench.take(), "NotifyReport")
    return answer["status"], [
        (item["component"]["name"], item["variable"]["name"])
        for part in parts
        for item in part["reportData"]
    ]


def test_a_report_holds_what_it_was_asked_for():
    component = {"component": {"name": "V2XChargingCtrlr"}}
    assert a_report(Bench(), componentVariable=[component]) == (
        "Accepted",
        [("V2XChargingCtrlr", "Enabled"), ("V2XChargingCtrlr", "SupportedOperationModes")],
    )
    one = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
    assert a_report(Bench(), componentVariable=[one]) == ("Accepted", [("EVSE", "Power")])


def test_criteria_take_whole_components():
    bench = Bench()
    bench.core.vary("V2XChargingCtrlr", "Enabled", "false", 1)
    _, found = a_report(bench, componentCriteria=["Enabled"])
    names = {component for component, _ in found}
    assert "DCDERCtrlr" in names
    assert "V2XChargingCtrlr" not in names


def test_a_report_of_nothing_is_an_empty_set():
    nothing = {"component": {"name": "Fridge"}}
    assert a_report(Bench(), componentVariable=[nothing]) == ("EmptyResultSet", [])


def test_power_is_what_flows_into_the_station():
    bench = Bench(discharge_w=0.0, demand_w=7000.0)
    bench.go(1)
    request = {"component": {"name": "EVSE"}, "variable": {"name": "Power"}}
    answer = bench.ask("GetVariables", {"getVariableData": [request]})
    assert answer["getVariableResult"][0]["attributeValue"] == "7000"


def test_a_change_of_availability_is_told_for_each_evse():
    bench = Bench(evses=2)
    bench.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})
    told = [(s["evseId"], s["connectorStatus"]) for s in of(bench.take(), "StatusNotification")]
    assert told == [(1, "Unavailable"), (2, "Unavailable")]
    bench.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})
    assert bench.take() == []

"""Which variables are watched, and the difference to what a station watches already."""

import pytest

from gateway.stations.device_model import DeviceModel, Variable
from gateway.stations.monitors import (
    MOST_STREAMS,
    SEVERITY,
    Monitor,
    Present,
    Watch,
    difference,
    present,
    wanted,
)
from gateway.stations.validators import violation

MODES = Variable("DCDERCtrlr", "ModesSupported", 1)
MAX_W = Variable("DCDERCtrlr", "MaxW", 1)
PF = Variable("DCDERCtrlr", "OverExcitedPF", 1)
ENABLED = Variable("DCDERCtrlr", "Enabled", 1)
STATE = Variable("EVSE", "AvailabilityState", 1)
POWER, OTHER_POWER = Variable("EVSE", "Power", 1), Variable("EVSE", "Power", 2)
STREAMS = Variable("MonitoringCtrlr", "MaxPeriodicEventStreams")
NAMES = {"DCDERCtrlr": frozenset({"ModesSupported", "MaxW", "OverExcitedPF", "Enabled"})}


def a_model(*watchable, streams=None):
    values = {} if streams is None else {STREAMS: str(streams)}
    return DeviceModel(values, frozenset(watchable))


def aims(*watchable, streams=None, version="2.1", power_s=0):
    found = wanted(a_model(*watchable, streams=streams), NAMES, version, power_s)
    return {(m.variable, m.kind): (m.value, m.stream_s) for m in found}


def test_changes_of_what_rules_read_are_wanted_at_once():
    assert aims(MODES, MAX_W, PF, ENABLED, STATE) == {
        (MODES, "Delta"): (1, 0),
        (MAX_W, "Delta"): (1, 0),
        (PF, "Delta"): (0.01, 0),
        (ENABLED, "Delta"): (1, 0),
        (STATE, "Delta"): (1, 0),
    }


def test_what_cannot_be_watched_or_is_not_read_is_not_asked_for():
    assert aims() == {}
    assert aims(Variable("Fridge", "Light"), Variable("DCDERCtrlr", "InverterModel", 1)) == {}


@pytest.mark.parametrize("switch", ["Enabled", "Available"])
def test_where_monitoring_is_switched_off_nothing_is_asked_for(switch):
    values = {Variable("MonitoringCtrlr", switch): "false"}
    assert wanted(DeviceModel(values, frozenset({MODES})), NAMES, "2.1", 0) == ()


@pytest.mark.parametrize(
    ("version", "streams", "power_s", "expected"),
    [
        pytest.param("2.1", 4, 0, {}, id="nobody asks"),
        pytest.param("2.1", 4, 2, {POWER: 2, OTHER_POWER: 2}, id="streams"),
        pytest.param("2.1", 1, 2, {POWER: 2, OTHER_POWER: 0}, id="one stream, the other by events"),
        pytest.param("2.1", None, 2, {POWER: 0, OTHER_POWER: 0}, id="no streams"),
        pytest.param("2.0.1", 4, 2, {POWER: 0, OTHER_POWER: 0}, id="no streams in 2.0.1"),
    ],
)
def test_power_is_measured_where_it_is_asked_for(version, streams, power_s, expected):
    found = aims(POWER, OTHER_POWER, streams=streams, version=version, power_s=power_s)
    assert found == {(v, "Periodic"): (power_s, stream) for v, stream in expected.items()}


def test_what_is_asked_for_is_sound():
    monitors = [Monitor(POWER, "Periodic", 2.0, 5), Monitor(MODES, "Delta", 1.0)]
    request = {"setMonitoringData": [m.data() for m in monitors] + [monitors[0].data(7)]}
    assert violation("2.1", "SetVariableMonitoring", request, request=True) is None
    assert request["setMonitoringData"][0]["periodicEventStream"] == {"interval": 5, "values": 1}
    assert [entry.get("id") for entry in request["setMonitoringData"]] == [None, None, 7]


def a_part(variable, *monitors):
    return {"monitor": [{**variable.where(), "variableMonitoring": list(monitors)}]}


def a_monitor(number=1, kind="Delta", value=1.0, **more):
    return {
        "id": number,
        "transaction": False,
        "value": value,
        "type": kind,
        "severity": SEVERITY,
    } | more


def test_of_all_monitors_ours_are_told_apart():
    parts = [
        a_part(MODES, a_monitor(1), a_monitor(2, severity=3)),
        a_part(MAX_W, a_monitor(3, eventNotificationType="HardWiredMonitor")),
        a_part(STATE, a_monitor(4, eventNotificationType="CustomMonitor")),
        {},
    ]
    assert list(present(parts)) == [
        Present(1, MODES, "Delta", 1.0),
        Present(4, STATE, "Delta", 1.0),
    ]


CHANGES_OF_MODES = (Monitor(MODES, "Delta", 1.0),)


def plan(*there, monitors=CHANGES_OF_MODES, streams=()):
    return difference(monitors, there, {number: {} for number in streams})


def test_what_is_there_already_is_left():
    found = plan(Present(5, MODES, "Delta", 1.0))
    assert (found.adding, found.clearing, found.known) == ((), (), ((5, MODES),))


def test_what_lacks_is_set():
    found = plan()
    assert found.adding == (Monitor(MODES, "Delta", 1.0).data(),)
    assert found.known == ()


def test_another_value_is_replaced_by_its_number():
    (entry,) = plan(Present(5, MODES, "Delta", 3.0)).adding
    assert (entry["id"], entry["value"]) == (5, 1.0)


def test_what_is_not_wanted_and_what_is_there_twice_is_cleared():
    found = plan(
        Present(5, MODES, "Delta", 1.0),
        Present(6, MODES, "Delta", 1.0),
        Present(7, POWER, "Periodic", 2.0),
    )
    assert (found.adding, found.clearing) == ((), (6, 7))


@pytest.mark.parametrize(("streams", "again"), [((5,), 0), ((), 1)])
def test_a_monitor_that_shall_stream_and_does_not_is_set_anew(streams, again):
    found = plan(
        Present(5, POWER, "Periodic", 2.0),
        monitors=[Monitor(POWER, "Periodic", 2.0, 2)],
        streams=streams,
    )
    assert [entry.get("id") for entry in found.adding] == [5] * again


def test_an_event_is_known_again_among_the_last_ones():
    watch = Watch()
    event = {"eventId": 0, "timestamp": "t"}
    assert not watch.repeated(event)
    assert watch.repeated(event)
    assert not watch.repeated({"eventId": 0, "timestamp": "after a boot"})
    for number in range(1, 40):
        watch.repeated({"eventId": number, "timestamp": "t"})
    assert not watch.repeated(event)


def test_a_monitor_has_one_stream():
    watch = Watch()
    assert watch.opened(1, 10)
    assert watch.opened(2, 10)
    assert watch.streams == {2: 10}


def test_streams_without_end_are_known_up_to_a_bound():
    watch = Watch()
    assert all(watch.opened(n, n) for n in range(MOST_STREAMS))
    assert not watch.opened(99, 99)
    assert watch.opened(99, 5)
    assert all(watch.ignore(n) for n in range(MOST_STREAMS + 5))
    assert not watch.ignore(0)
    assert watch.ignore(MOST_STREAMS + 1)
    watch.forget_streams()
    assert watch.streams == {}
    assert watch.ignore(0)


@pytest.mark.parametrize(
    ("parts", "missed"),
    [
        pytest.param([(0, False), (0, False)], False, id="one part each"),
        pytest.param([(0, True), (1, True), (2, False)], False, id="in order"),
        pytest.param([(0, True), (2, False)], True, id="a gap"),
        pytest.param([(0, True), (0, False)], True, id="cut short"),
        pytest.param([(3, False)], False, id="counted on"),
    ],
)
def test_parts_that_are_missing_are_noticed(parts, missed):
    watch = Watch()
    found = [watch.missed({"seqNo": number, "tbc": more}) for number, more in parts]
    assert found[-1] is missed
    assert not any(found[:-1])


def test_a_value_that_cannot_be_read_is_named_once_and_of_many_not_all():
    watch = Watch()
    assert [watch.names(problem) for problem in ("x", "x", "y")] == [True, False, True]
    assert sum(watch.names(str(number)) for number in range(1000)) == 30

"""Periodic event streams of the simulated station (N11 to N15)."""

import pytest

from support.station_bench import Bench, actions, of
from support.station_messages import EPOCH, at

SEVERITY = 8


def a_stream(interval=2, values=0, period=1.0, name="Power", **more):
    return {
        "value": period,
        "type": "Periodic",
        "severity": SEVERITY,
        "component": {"name": "EVSE", "evse": {"id": 1}},
        "variable": {"name": name},
        "periodicEventStream": {"interval": interval, "values": values},
    } | more


def opened(bench, *streams, accepted="Accepted"):
    """Set monitors with streams and answer what the station asks; return what it asked for."""
    bench.ask("SetVariableMonitoring", {"setMonitoringData": list(streams)})
    requests = of(bench.take(), "OpenPeriodicEventStream")
    for request in requests:
        answer = {"status": accepted}
        bench.core.answered("OpenPeriodicEventStream", request, answer, bench.now)
    return [request["constantStreamData"] for request in requests]


def test_the_station_asks_for_its_stream():
    assert opened(Bench(), a_stream(interval=5, values=3)) == [
        {"id": 1, "variableMonitoringId": 1, "params": {"interval": 5, "values": 3}}
    ]


def test_samples_go_out_together_after_the_interval():
    bench = Bench(discharge_w=4000.0)
    opened(bench, a_stream(interval=3))
    first, second = of(bench.go(6.5), "NotifyPeriodicEventStream")
    assert first == {
        "id": 1,
        "pending": 0,
        "basetime": at(EPOCH + 1).replace("Z", ".000Z"),
        "data": [{"t": t, "v": "-4000"} for t in (0.0, 1.0, 2.0)],
    }
    assert len(second["data"]) == 3


def test_as_many_as_fit_go_out_as_soon_as_they_are_there():
    bench = Bench()
    opened(bench, a_stream(interval=60, values=2))
    parts = of(bench.go(5), "NotifyPeriodicEventStream")
    assert [len(part["data"]) for part in parts] == [2, 2]


def test_a_stream_that_is_not_accepted_goes_on_as_events():
    bench = Bench()
    opened(bench, a_stream(), accepted="Rejected")
    told = actions(bench.go(3))
    assert "NotifyEvent" in told
    assert "NotifyPeriodicEventStream" not in told


def test_nothing_is_sent_before_the_stream_is_accepted():
    bench = Bench()
    bench.ask("SetVariableMonitoring", {"setMonitoringData": [a_stream()]})
    assert of(bench.go(5), "NotifyPeriodicEventStream") == []


def test_there_are_no_more_streams_than_the_device_model_says():
    bench = Bench(event_streams=1)
    request = {"setMonitoringData": [a_stream(), a_stream(name="AvailabilityState")]}
    answer = bench.ask("SetVariableMonitoring", request)
    assert [r["status"] for r in answer["setMonitoringResult"]] == ["Accepted", "Rejected"]
    again = {"setMonitoringData": [a_stream(interval=9, id=1)]}
    assert bench.ask("SetVariableMonitoring", again)["setMonitoringResult"][0]["status"] == (
        "Accepted"
    )


@pytest.mark.parametrize(("streams", "told"), [(4, "4"), (0, None)])
def test_a_station_says_how_many_streams_it_can(streams, told):
    bench = Bench(event_streams=streams)
    item = {
        "component": {"name": "MonitoringCtrlr"},
        "variable": {"name": "MaxPeriodicEventStreams"},
    }
    answer = bench.ask("GetVariables", {"getVariableData": [item]})
    assert answer["getVariableResult"][0].get("attributeValue") == told


def test_open_streams_are_listed_and_adjusted():
    bench = Bench()
    assert bench.ask("GetPeriodicEventStream", {}) == {}
    (constant,) = opened(bench, a_stream(interval=60))
    assert bench.ask("GetPeriodicEventStream", {}) == {"constantStreamData": [constant]}
    change = {"id": constant["id"], "params": {"interval": 2}}
    assert bench.ask("AdjustPeriodicEventStream", change)["status"] == "Accepted"
    assert len(of(bench.go(4.5), "NotifyPeriodicEventStream")) == 2
    unknown = {"id": 99, "params": {"interval": 2}}
    assert bench.ask("AdjustPeriodicEventStream", unknown)["status"] == "Rejected"


def test_with_its_monitor_a_stream_is_closed():
    bench = Bench()
    opened(bench, a_stream())
    bench.ask("ClearVariableMonitoring", {"id": [1]})
    assert of(bench.take(), "ClosePeriodicEventStream") == [{"id": 1}]
    assert of(bench.go(4), "NotifyPeriodicEventStream") == []


def test_a_monitor_that_is_replaced_without_a_stream_closes_it():
    bench = Bench()
    opened(bench, a_stream())
    plain = {key: value for key, value in a_stream(id=1).items() if key != "periodicEventStream"}
    bench.ask("SetVariableMonitoring", {"setMonitoringData": [plain]})
    assert of(bench.take(), "ClosePeriodicEventStream") == [{"id": 1}]
    assert "NotifyEvent" in actions(bench.go(2))


def test_after_a_boot_streams_are_opened_again():
    bench = Bench()
    (constant,) = opened(bench, a_stream())
    bench.core.reboot(bench.now)
    assert of(bench.go(4), "NotifyPeriodicEventStream") == []
    bench.core.greet(bench.now)
    (request,) = of(bench.take(), "OpenPeriodicEventStream")
    assert request == {"constantStreamData": constant}
    bench.core.answered("OpenPeriodicEventStream", request, {"status": "Accepted"}, bench.now)
    assert of(bench.go(4), "NotifyPeriodicEventStream") != []


def test_an_answer_that_comes_after_the_stream_is_gone_opens_nothing():
    bench = Bench()
    bench.ask("SetVariableMonitoring", {"setMonitoringData": [a_stream()]})
    (request,) = of(bench.take(), "OpenPeriodicEventStream")
    bench.ask("ClearVariableMonitoring", {"id": [1]})
    bench.core.answered("OpenPeriodicEventStream", request, {"status": "Accepted"}, bench.now)
    assert bench.ask("GetPeriodicEventStream", {}) == {}
    assert of(bench.take(), "ClosePeriodicEventStream") == []


def test_an_old_station_has_no_streams():
    bench = Bench("2.0.1")
    plain = {key: value for key, value in a_stream().items() if key != "periodicEventStream"}
    bench.ask("SetVariableMonitoring", {"setMonitoringData": [plain]})
    assert set(actions(bench.go(2))) == {"MeterValues", "NotifyEvent"}

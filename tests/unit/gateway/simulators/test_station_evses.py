"""Stations of several EVSEs: whose profile, whose transaction, whose power."""

import pytest

from gateway.simulators.station_options import StationOptions
from support.station_bench import OPTIONS, Bench, of
from support.station_messages import set_control, set_profile


def a_pair(**options):
    return Bench(evses=2, discharge_w=0.0, demand_w=5000.0, **options)


def transaction(bench, evse):
    return bench.core.evse(evse).transaction.id


def test_each_evse_tells_its_state_transaction_and_meter():
    bench = a_pair(greeted=False)
    bench.core.greet(bench.now)
    calls = bench.take()
    assert [call["evseId"] for call in of(calls, "StatusNotification")] == [1, 2]
    started = of(calls, "TransactionEvent")
    assert [event["evse"]["id"] for event in started] == [1, 2]
    assert len({event["transactionInfo"]["transactionId"] for event in started}) == 2
    assert [call["evseId"] for call in of(bench.go(0.5), "MeterValues")] == [1, 2]


def test_a_session_ends_at_one_evse_and_goes_on_at_the_other():
    bench = a_pair()
    for evse in (1, 2):
        request = set_profile(profile_id=evse, evse=evse, transaction=transaction(bench, evse))
        assert bench.ask("SetChargingProfile", request) == {"status": "Accepted"}
    bench.core.plug(bench.now, present=False, evse=2)
    assert [event["evse"]["id"] for event in of(bench.take(), "TransactionEvent")] == [2]
    assert [profile.id for profile in bench.core.profiles.held] == [1]
    bench.go(1)
    assert (bench.flow(1)[0], bench.flow(2)[0]) == (-5000, 0)


def test_a_transaction_of_the_other_evse_is_not_found():
    bench = a_pair()
    request = set_profile(evse=2, transaction=transaction(bench, 1))
    assert bench.ask("SetChargingProfile", request)["statusInfo"]["reasonCode"] == "TxNotFound"


@pytest.mark.parametrize(("evse", "status"), [(2, "Accepted"), (3, "Rejected")])
def test_an_evse_must_exist(evse, status):
    bench = a_pair()
    request = set_profile("TxDefaultProfile", evse=evse)
    assert bench.ask("SetChargingProfile", request)["status"] == status
    answer = bench.ask("GetCompositeSchedule", {"evseId": evse, "duration": 60})
    assert answer["status"] == status


def test_a_profile_of_one_evse_leaves_the_other_alone():
    bench = a_pair()
    bench.ask("SetChargingProfile", set_profile("TxDefaultProfile", evse=2, period={"limit": 1000}))
    bench.go(1)
    assert (bench.flow(1)[0], bench.flow(2)[0]) == (-5000, -1000)


def test_a_default_of_the_station_holds_at_every_evse_and_that_of_an_evse_before_it():
    bench = a_pair()
    for number, evse, limit in ((1, 0, 3000), (2, 2, 1000)):
        request = set_profile("TxDefaultProfile", number, evse=evse, period={"limit": limit})
        assert bench.ask("SetChargingProfile", request) == {"status": "Accepted"}
    bench.go(1)
    assert (bench.flow(1)[0], bench.flow(2)[0]) == (-3000, -1000)


def test_cars_share_the_limit_of_the_station():
    bench = a_pair()
    request = set_profile("ChargingStationMaxProfile", period={"limit": 6000})
    bench.ask("SetChargingProfile", request)
    bench.go(1)
    assert (bench.flow(1)[0], bench.flow(2)[0]) == (-3000, -3000)
    bench.core.plug(bench.now, present=False, evse=1)
    bench.go(1)
    assert (bench.flow(1)[0], bench.flow(2)[0]) == (0, -5000)


def test_the_schedules_of_all_evses_add_up():
    bench = a_pair()
    bench.ask("SetChargingProfile", set_profile("TxDefaultProfile", evse=2, period={"limit": 1000}))

    def limit(evse):
        answer = bench.ask("GetCompositeSchedule", {"evseId": evse, "duration": 60})
        [period] = answer["schedule"]["chargingSchedulePeriod"]
        return period["limit"]

    assert (limit(1), limit(2), limit(0)) == (22_000, 1000, 23_000)


def test_a_der_control_is_of_the_whole_station():
    bench = Bench(evses=2)
    limit = set_control("LimitMaxDischarge", default=True, pctMaxDischargePower=10)
    bench.ask("SetDERControl", limit)
    bench.go(1)
    assert (bench.flow(1)[0], bench.flow(2)[0]) == (2000, 2000)


def test_one_trip_of_several_evses_is_one_alarm():
    bench = Bench(evses=3)
    trip = set_control("HVMustTrip", default=True, curveData=[{"x": 110, "y": 1}])
    bench.ask("SetDERControl", trip)
    bench.grid.set_voltage(1.2)
    assert [alarm["alarmEnded"] for alarm in of(bench.go(3), "NotifyDERAlarm")] == [False]
    bench.grid.set_voltage(1.0)
    assert [alarm["alarmEnded"] for alarm in of(bench.go(3), "NotifyDERAlarm")] == [True]


def test_evses_come_back_apart_and_the_alarm_ends_with_the_last():
    bench = Bench(evses=2)
    trip = set_control("HVMustTrip", default=True, curveData=[{"x": 110, "y": 1}])
    bench.ask("SetDERControl", trip)
    bench.ask("SetDERControl", set_control("EnterService", "es", delay=1, randomDelay=100))
    bench.grid.set_voltage(1.2)
    bench.go(3)
    bench.grid.set_voltage(1.0)
    back = {}
    ended = None
    for second in range(110):
        calls = bench.go(1)
        for evse in (1, 2):
            if bench.flow(evse)[0]:
                back.setdefault(evse, second)
        if of(calls, "NotifyDERAlarm"):
            ended = second
    assert abs(back[1] - back[2]) > 2
    assert ended == max(back.values())


def test_each_evse_has_its_variables():
    bench = a_pair()
    bench.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    found = [
        item["component"].get("evse", {}).get("id")
        for report in of(bench.take(), "NotifyReport")
        for item in report["reportData"]
        if item["variable"]["name"] == "ModesSupported"
    ]
    assert found == [1, 2]


@pytest.mark.parametrize("evses", [0, 65])
def test_a_station_has_some_evses(evses):
    with pytest.raises(ValueError, match="is not 1 to 64"):
        StationOptions(**OPTIONS, evses=evses)


@pytest.mark.parametrize("number", [0, 3])
def test_an_evse_that_is_not_there_cannot_be_plugged(number):
    with pytest.raises(IndexError):
        a_pair().core.plug(0.0, present=True, evse=number)


@pytest.mark.parametrize("gone", [(), (1,), (1, 2)], ids=["both cars", "one car", "no car"])
def test_together_evses_never_take_more_than_the_limit_of_the_station(gone):
    bench = a_pair()
    bench.ask(
        "SetChargingProfile", set_profile("ChargingStationMaxProfile", period={"limit": 6000})
    )
    for evse in gone:
        bench.core.plug(bench.now, present=False, evse=evse)
    answer = bench.ask("GetCompositeSchedule", {"evseId": 0, "duration": 60})
    (period,) = answer["schedule"]["chargingSchedulePeriod"]
    assert period["limit"] == 6000

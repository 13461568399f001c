"""What a simulated station is asked and tells of charging besides its profiles."""

import pytest

from gateway.simulators import station_charging
from support.station_bench import Bench, of
from support.station_messages import at, set_profile

MAX, TX, PRIORITY = "ChargingStationMaxProfile", "TxProfile", "PriorityCharging"
LOCAL = {
    "operationMode": "LocalFrequency",
    "v2xBaseline": 0,
    "v2xFreqWattCurve": [{"frequency": 49, "power": 0}, {"frequency": 51, "power": 0}],
}
SIGNALS = [{"signal": -100, "power": -8000}, {"signal": 100, "power": 8000}]


def running(**options):
    bench = Bench(**{"demand_w": 9000.0, "discharge_w": 0.0, **options})
    bench.go(1)
    return bench


def profile(bench, purpose=TX, number=1, **more):
    request = set_profile(purpose, number, transaction=bench.transaction, **more)
    assert bench.ask("SetChargingProfile", request) == {"status": "Accepted"}


def signal(bench, value, after=0.0):
    return bench.ask("AFRRSignal", {"timestamp": at(bench.now + after), "signal": value})


# AFRRSignal


def test_a_signal_moves_power_by_the_curve_of_the_profile():
    bench = running()
    profile(bench, period={**LOCAL, "v2xSignalWattCurve": SIGNALS})
    bench.go(1)
    assert bench.p_w == 0
    assert signal(bench, 50) == {"status": "Accepted"}
    bench.go(1)
    assert bench.p_w == -4000
    signal(bench, -100)
    bench.go(1)
    assert bench.p_w == 8000


def test_a_signal_counts_from_its_timestamp():
    bench = running()
    profile(bench, period={**LOCAL, "v2xSignalWattCurve": SIGNALS})
    signal(bench, 50)
    signal(bench, 100, after=5)
    bench.go(4)
    assert bench.p_w == -4000
    bench.go(2)
    assert bench.p_w == -8000


@pytest.mark.parametrize("period", [LOCAL, {"limit": 7000}, None])
def test_a_signal_without_a_curve_in_force_is_rejected(period):
    bench = running()
    if period is not None:
        profile(bench, period=period)
    answer = signal(bench, 50)
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == (
        "Rejected",
        "NoSignalWattCurve",
    )


# Priority charging


def prior(bench, activate, transaction=None):
    payload = {"transactionId": transaction or bench.transaction, "activate": activate}
    return bench.ask("UsePriorityCharging", payload)


def test_priority_charging_stands_in_for_the_profile_of_the_transaction():
    bench = running()
    profile(bench, period={"limit": 2000})
    profile(bench, PRIORITY, 2, period={"limit": 6000})
    bench.go(1)
    assert bench.p_w == -2000
    assert prior(bench, activate=True) == {"status": "Accepted"}
    assert prior(bench, activate=True) == {"status": "Accepted"}
    bench.go(1)
    assert bench.p_w == -6000
    prior(bench, activate=False)
    bench.go(1)
    told = of(bench.told, "NotifyPriorityCharging")
    assert [item["activated"] for item in told] == [True, False]
    assert bench.p_w == -2000


def test_a_station_limit_binds_priority_charging_too():
    bench = running()
    profile(bench, MAX, 3, period={"limit": 3000})
    profile(bench, PRIORITY, 2, period={"limit": 6000})
    prior(bench, activate=True)
    bench.go(1)
    assert bench.p_w == -3000


def test_without_a_profile_for_it_there_is_no_priority_charging():
    assert prior(running(), activate=True)["status"] == "NoProfile"


def test_priority_of_an_unknown_transaction_is_rejected():
    assert prior(running(), activate=True, transaction="tx-9")["status"] == "Rejected"


def test_priority_ends_with_its_transaction():
    bench = running()
    profile(bench, PRIORITY, 2, period={"limit": 6000})
    prior(bench, activate=True)
    bench.core.plug(bench.now, present=False)
    assert bench.core.profiles.prior == set()


def test_a_driver_needs_a_transaction_for_it():
    bench = Bench(plugged_in=False)
    station_charging.prioritise(bench.core, 1, activated=True)
    assert of(bench.take(), "NotifyPriorityCharging") == []


def test_a_priority_profile_knows_charging_only():
    bench = running()
    central = {"operationMode": "CentralSetpoint", "setpoint": 5}
    request = set_profile(PRIORITY, 2, transaction=bench.transaction, period=central)
    assert bench.ask("SetChargingProfile", request)["status"] == "Rejected"


# Allowed energy transfer


def allow(bench, *modes, transaction=None):
    number = transaction or bench.transaction
    payload = {"transactionId": number, "allowedEnergyTransfer": list(modes)}
    return bench.ask("NotifyAllowedEnergyTransfer", payload)


def test_without_a_bidirectional_mode_nothing_is_discharged():
    bench = running()
    profile(bench, period={"operationMode": "CentralSetpoint", "setpoint": -5000})
    bench.go(1)
    assert bench.p_w == 5000
    assert allow(bench, "DC") == {"status": "Accepted"}
    bench.go(1)
    assert bench.p_w == 0
    allow(bench, "DC", "DC_BPT")
    bench.go(1)
    assert bench.p_w == 5000


def test_what_is_allowed_counts_for_one_transaction():
    bench = running()
    allow(bench, "DC")
    bench.core.plug(bench.now, present=False)
    assert bench.core.profiles.charging_only == set()
    assert allow(bench, "DC", transaction="tx-9")["status"] == "Rejected"


# Limits of others


@pytest.mark.parametrize(("evse", "expected"), [(0, -3000), (1, -3000), (2, -9000)])
def test_a_limit_of_somebody_else_binds_and_is_told(evse, expected):
    bench = running(evses=2)
    bench.core.plug(bench.now, present=False, evse=2)
    bench.take()
    station_charging.limit_from(bench.core, "EMS", 3000.0, evse)
    (told,) = of(bench.go(1), "NotifyChargingLimit")
    assert told["chargingLimit"] == {"chargingLimitSource": "EMS"}
    assert bench.p_w == expected
    station_charging.limit_from(bench.core, "EMS", None, evse)
    (gone,) = of(bench.go(1), "ClearedChargingLimit")
    assert gone == {"chargingLimitSource": "EMS", "evseId": evse}
    assert bench.p_w == -9000


def test_the_composite_schedule_shows_it():
    bench = running()
    profile(bench, period={"limit": 7000})
    station_charging.limit_from(bench.core, "EMS", 3000.0)
    answer = bench.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60})
    assert answer["schedule"]["chargingSchedulePeriod"][0]["limit"] == 3000


# Updates of dynamic schedules


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"setpoint": 3000}, "Accepted"),
        ({"setpointReactive": 100}, "Accepted"),
        ({"setpoint": 9000, "limit": 8000}, "Rejected"),
        ({"limit": -1}, "Rejected"),
    ],
)
def test_an_update_is_held_to_the_rules_of_its_mode(change, status):
    bench = running()
    profile(bench, kind="Dynamic", period={"operationMode": "CentralSetpoint", "setpoint": 1000})
    update = {"chargingProfileId": 1, "scheduleUpdate": change}
    assert bench.ask("UpdateDynamicSchedule", update)["status"] == status
    bench.go(1)
    assert bench.p_w == (-3000 if change == {"setpoint": 3000} else -1000)


def test_a_limit_has_no_setpoint_to_update():
    bench = running()
    profile(bench, kind="Dynamic", period={"limit": 5000})
    update = {"chargingProfileId": 1, "scheduleUpdate": {"setpoint": 3000}}
    assert bench.ask("UpdateDynamicSchedule", update)["status"] == "Rejected"

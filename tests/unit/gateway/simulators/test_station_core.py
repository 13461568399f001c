"""A station without its socket: requests, time, and what it wants to tell."""

import pytest

from gateway.simulators.station_handlers import HANDLERS
from gateway.simulators.station_options import ANY, Personality
from gateway.simulators.station_wire import CallError
from support.station_bench import Bench, actions, events, of
from support.station_messages import EPOCH, at, set_control, set_profile

# Greeting, transactions


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
def test_it_greets_with_its_state_and_transaction(version):
    bench = Bench(version, greeted=False)
    bench.core.greet(EPOCH)
    calls = bench.take()
    assert actions(calls) == ["StatusNotification", "TransactionEvent"]
    assert events(calls) == [("Started", "CablePluggedIn", 0)]
    assert of(calls, "StatusNotification")[0]["connectorStatus"] == "Occupied"


def test_an_empty_station_tells_no_transaction():
    bench = Bench(greeted=False, plugged_in=False)
    bench.core.greet(EPOCH)
    calls = bench.take()
    assert actions(calls) == ["StatusNotification"]
    assert of(calls, "StatusNotification")[0]["connectorStatus"] == "Available"


def test_after_an_interruption_the_transaction_goes_on():
    bench = Bench()
    before = bench.transaction
    bench.core.went_offline(EPOCH + 1)
    bench.core.greet(EPOCH + 2)
    assert events(bench.take()) == [("Updated", "ChargingStateChanged", 1)]
    assert bench.transaction == before


def test_a_car_goes_and_another_comes():
    bench = Bench()
    first = bench.transaction
    bench.core.plug(bench.now, present=False)
    assert events(bench.take()) == [("Ended", "EVDeparted", 1)]
    bench.go(1)
    assert bench.p_w == 0
    bench.core.plug(bench.now, present=True, demand_w=4000.0, discharge_w=0.0)
    assert events(bench.take()) == [("Started", "CablePluggedIn", 0)]
    bench.go(1)
    assert bench.p_w == -4000
    assert bench.transaction != first


def test_the_profiles_of_a_transaction_end_with_it():
    bench = Bench()
    bench.ask("SetChargingProfile", set_profile(transaction=bench.transaction))
    bench.ask("SetChargingProfile", set_profile("ChargingStationMaxProfile", 2))
    bench.core.plug(bench.now, present=False)
    assert [profile.id for profile in bench.core.profiles.held] == [2]


# The meter


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
def test_the_meter_speaks_in_its_interval(version):
    bench = Bench(version)
    assert len(of(bench.go(5), "MeterValues")) == 6  # one at once
    bench.ask(
        "SetVariables",
        {
            "setVariableData": [
                {
                    "component": {"name": "SampledDataCtrlr"},
                    "variable": {"name": "TxUpdatedInterval"},
                    "attributeValue": "2",
                }
            ]
        },
    )
    assert 5 <= len(of(bench.go(10), "MeterValues")) <= 6


def measured(payload):
    return {
        value["measurand"]: value["value"] for value in payload["meterValue"][0]["sampledValue"]
    }


def test_the_meter_tells_what_the_physics_does():
    bench = Bench()
    bench.ask("SetDERControl", set_control("FixedVar", default=True, setpoint=-50))
    bench.grid.set_voltage(1.05)
    bench.grid.set_frequency(50.1)
    values = measured(of(bench.go(3), "MeterValues")[-1])
    assert values == {
        "Power.Active.Import": 0,
        "Power.Active.Export": 6000,
        "Power.Reactive.Import": 5500,
        "Power.Reactive.Export": 0,
        "Voltage": 241.5,
        "Frequency": 50.1,
        "SoC": pytest.approx(50, abs=0.1),
    }


def test_charging_is_import():
    bench = Bench(discharge_w=0.0, demand_w=7000.0)
    values = measured(of(bench.go(1), "MeterValues")[-1])
    assert (values["Power.Active.Import"], values["Power.Active.Export"]) == (7000, 0)


def test_nobody_is_told_while_the_station_is_offline():
    bench = Bench()
    bench.core.went_offline(bench.now)
    assert bench.go(5) == []


def test_a_peer_that_does_not_listen_is_not_buried_in_measurements():
    bench = Bench()
    for _ in range(5):
        bench.now += 1
        bench.core.advance(bench.now)
    assert len(of(bench.take(), "MeterValues")) == 1


def test_a_mute_meter_says_nothing():
    bench = Bench(personality=Personality(mute_meter=True))
    assert bench.go(5) == []


# Controls and profiles move power


def test_a_control_starts_acts_and_ends():
    bench = Bench()
    control = set_control("LimitMaxDischarge", pctMaxDischargePower=10, start=EPOCH + 2, duration=5)
    assert bench.ask("SetDERControl", control) == {"status": "Accepted"}
    calls = bench.go(3)
    assert [n["started"] for n in of(calls, "NotifyDERStartStop")] == [True]
    assert bench.p_w == 2000
    calls = bench.go(5)
    assert [n["started"] for n in of(calls, "NotifyDERStartStop")] == [False]
    assert bench.p_w == 6000


def test_a_profile_orders_power():
    bench = Bench()
    period = {"operationMode": "CentralSetpoint", "setpoint": -3000, "setpointReactive": 1000}
    request = set_profile(transaction=bench.transaction, period=period)
    assert bench.ask("SetChargingProfile", request) == {"status": "Accepted"}
    bench.go(1)
    assert (bench.p_w, bench.core.inverter.q_var) == (3000, -1000)


def test_a_profile_of_another_transaction_is_refused():
    answer = Bench().ask("SetChargingProfile", set_profile(transaction="tx-other"))
    assert answer["statusInfo"]["reasonCode"] == "TxNotFound"


def test_what_offline_profiles_forget_shows_in_power():
    bench = Bench(discharge_w=0.0, demand_w=9000.0)
    request = set_profile(
        "ChargingStationMaxProfile", profile={"maxOfflineDuration": 10}, period={"limit": 2000}
    )
    bench.ask("SetChargingProfile", request)
    bench.core.went_offline(bench.now)
    bench.go(10)
    assert bench.p_w == -2000
    bench.go(1)
    assert bench.p_w == -9000


def test_an_inoperative_station_lets_nothing_through():
    bench = Bench()
    bench.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})
    bench.go(1)
    assert bench.p_w == 0
    bench.ask("ChangeAvailability", {"operationalStatus": "Operative"})
    bench.go(1)
    assert bench.p_w == 6000


def test_a_trip_raises_an_alarm_and_its_end():
    bench = Bench()
    bench.ask("SetDERControl", set_control("HVMustTrip", default=True))
    bench.grid.set_voltage(1.15)
    alarms = of(bench.go(3), "NotifyDERAlarm")
    bench.grid.set_voltage(1.0)
    alarms += of(bench.go(1), "NotifyDERAlarm")
    assert [(a["controlType"], a["gridEventFault"], a["alarmEnded"]) for a in alarms] == [
        ("HVMustTrip", "OverVoltage", False),
        ("HVMustTrip", "OverVoltage", True),
    ]


def test_a_jump_of_the_clock_is_one_long_breath():
    bench = Bench()
    bench.now += 10 * 86_400
    bench.core.advance(bench.now)
    assert bench.core.car.soc_pct == 0
    assert len(of(bench.take(), "MeterValues")) == 1


# Reboots


def test_controls_survive_a_reboot_and_transactions_do_not():  # R01.FR.03
    bench = Bench()
    bench.ask("SetDERControl", set_control(duration=100))
    bench.go(1)
    first = bench.transaction
    bench.core.reboot(bench.now)
    assert events(bench.take()) == [("Ended", "AbnormalCondition", 1)]
    bench.core.greet(bench.now)
    calls = bench.take() + bench.go(1)
    assert events(calls) == [("Started", "CablePluggedIn", 0)]
    assert of(calls, "NotifyDERStartStop") == []  # it ran on
    assert "VoltVar" in bench.core.controls.active
    assert bench.transaction != first


def test_a_forgetful_station_loses_everything():
    bench = Bench(personality=Personality(forgets_on_reboot=True))
    bench.ask("SetDERControl", set_control())
    bench.ask("SetChargingProfile", set_profile("ChargingStationMaxProfile"))
    bench.core.reboot(bench.now)
    assert (bench.core.controls.held, bench.core.profiles.held) == ((), ())


def test_an_empty_station_reboots_without_a_word():
    bench = Bench(plugged_in=False)
    bench.core.reboot(bench.now)
    assert bench.take() == []


def test_only_what_matters_later_outlives_an_interruption():
    bench = Bench()
    bench.ask("SetDERControl", set_control(start=EPOCH + 1))
    bench.now += 1
    bench.core.advance(bench.now)
    bench.core.plug(bench.now, present=False)
    bench.core.went_offline(bench.now)
    assert actions(bench.take()) == ["NotifyDERStartStop", "TransactionEvent"]


# Personalities


@pytest.mark.parametrize("ignored", ["LimitMaxDischarge", ANY])
def test_an_ignored_control_is_accepted_reported_and_not_followed(ignored):
    bench = Bench(personality=Personality(ignores=frozenset({ignored})))
    limit = set_control("LimitMaxDischarge", pctMaxDischargePower=0)
    assert bench.ask("SetDERControl", limit) == {"status": "Accepted"}
    assert of(bench.go(1), "NotifyDERStartStop") != []
    assert bench.p_w == 6000
    assert "LimitMaxDischarge" in bench.core.controls.active


def test_ignored_profiles_are_accepted_and_not_followed():
    bench = Bench(
        personality=Personality(ignores=frozenset({"profiles"})),
        discharge_w=0.0,
        demand_w=9000.0,
    )
    request = set_profile("ChargingStationMaxProfile", period={"limit": 0})
    assert bench.ask("SetChargingProfile", request) == {"status": "Accepted"}
    bench.go(1)
    assert bench.p_w == -9000


def test_notices_can_be_muted():
    bench = Bench(personality=Personality(mute_notices=True))
    bench.ask("SetDERControl", set_control())
    assert of(bench.go(2), "NotifyDERStartStop") == []


@pytest.mark.parametrize(
    ("action", "payload", "expected"),
    [
        ("SetDERControl", set_control(), "Rejected"),
        ("ClearChargingProfile", {}, "Unknown"),
        ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}, "NoProfiles"),
    ],
)
def test_a_refusing_station_refuses_in_the_words_of_the_action(action, payload, expected):
    bench = Bench(personality=Personality(rejects=frozenset({action})))
    assert bench.ask(action, payload)["status"] == expected
    assert bench.core.controls.held == ()


# Requests

SOUND = {
    "SetDERControl": set_control(),
    "GetDERControl": {"requestId": 1},
    "ClearDERControl": {"isDefault": True},
    "SetChargingProfile": set_profile("ChargingStationMaxProfile"),
    "UpdateDynamicSchedule": {"chargingProfileId": 1, "scheduleUpdate": {"limit": 1}},
    "GetChargingProfiles": {"requestId": 1, "chargingProfile": {}},
    "ClearChargingProfile": {},
    "GetCompositeSchedule": {"evseId": 1, "duration": 60},
    "GetBaseReport": {"requestId": 1, "reportBase": "FullInventory"},
    "GetVariables": {"getVariableData": [{"component": {"name": "a"}, "variable": {"name": "b"}}]},
    "SetVariables": {
        "setVariableData": [
            {"component": {"name": "a"}, "variable": {"name": "b"}, "attributeValue": "c"}
        ]
    },
    "ChangeAvailability": {"operationalStatus": "Operative"},
    "Reset": {"type": "Immediate"},
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "GetTransactionStatus": {},
    "GetReport": {"requestId": 1},
    "SetVariableMonitoring": {
        "setMonitoringData": [
            {
                "value": 1,
                "type": "Delta",
                "severity": 8,
                "component": {"name": "EVSE", "evse": {"id": 1}},
                "variable": {"name": "Power"},
            }
        ]
    },
    "ClearVariableMonitoring": {"id": [1]},
    "GetMonitoringReport": {"requestId": 1},
    "GetPeriodicEventStream": {},
    "AdjustPeriodicEventStream": {"id": 1, "params": {"interval": 1}},
    "AFRRSignal": {"timestamp": at(EPOCH), "signal": 5},
    "UsePriorityCharging": {"transactionId": "tx-9", "activate": True},
    "NotifyAllowedEnergyTransfer": {"transactionId": "tx-9", "allowedEnergyTransfer": ["DC"]},
    "CertificateSigned": {"certificateChain": "PEM"},
    "InstallCertificate": {"certificateType": "CSMSRootCertificate", "certificate": "PEM"},
    "GetInstalledCertificateIds": {},
    "DeleteCertificate": {
        "certificateHashData": {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "a",
            "issuerKeyHash": "b",
            "serialNumber": "1",
        }
    },
    "SetNetworkProfile": {
        "configurationSlot": 2,
        "connectionData": {
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": "wss://x",
            "messageTimeout": 30,
            "securityProfile": 2,
            "ocppInterface": "Wired0",
        },
    },
}
NEW = {"SetDERControl", "GetDERControl", "ClearDERControl", "UpdateDynamicSchedule"} | {
    "GetPeriodicEventStream",
    "AdjustPeriodicEventStream",
    "AFRRSignal",
    "UsePriorityCharging",
    "NotifyAllowedEnergyTransfer",
}


@pytest.mark.parametrize("action", HANDLERS)
def test_every_action_answers_by_its_schema(action):
    Bench().ask(action, SOUND[action])


@pytest.mark.parametrize("action", HANDLERS)
def test_an_old_station_does_not_know_what_is_new(action):
    bench = Bench("2.0.1")
    if action not in NEW:
        bench.ask(action, SOUND[action])
        return
    with pytest.raises(CallError) as found:
        bench.ask(action, SOUND[action])
    assert found.value.code == "NotImplemented"


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Nonsense", {}, "NotImplemented"),
        ("ClearCache", {}, "NotSupported"),
        ("SetDERControl", {}, "OccurrenceConstraintViolation"),
        ("SetDERControl", set_control(startTime="noon"), "FormatViolation"),
    ],
)
def test_a_request_that_deserves_no_answer_gets_an_error(action, payload, code):
    with pytest.raises(CallError) as found:
        Bench().ask(action, payload)
    assert found.value.code == code


def test_a_charge_only_station_supports_no_der_control():
    bench = Bench(der_modes=())
    assert bench.ask("SetDERControl", set_control())["status"] == "NotSupported"


@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        ("GetDERControl", {"requestId": 9}, "ReportDERControl"),
        ("GetChargingProfiles", {"requestId": 9, "chargingProfile": {}}, "ReportChargingProfiles"),
        ("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"}, "NotifyReport"),
    ],
)
def test_reports_follow_their_answer(action, payload, report):
    bench = Bench()
    bench.ask("SetDERControl", set_control())
    bench.ask("SetChargingProfile", set_profile("ChargingStationMaxProfile"))
    assert bench.ask(action, payload) == {"status": "Accepted"}
    parts = of(bench.take(), report)
    assert parts
    assert all(part["requestId"] == 9 for part in parts)


@pytest.mark.parametrize(
    ("wanted", "status", "call"),
    [
        ("MeterValues", "Accepted", "MeterValues"),
        ("StatusNotification", "Accepted", "StatusNotification"),
        ("TransactionEvent", "Accepted", "TransactionEvent"),
        ("Heartbeat", "Accepted", "Heartbeat"),
        ("LogStatusNotification", "NotImplemented", None),
    ],
)
def test_messages_are_triggered(wanted, status, call):
    bench = Bench()
    assert bench.ask("TriggerMessage", {"requestedMessage": wanted}) == {"status": status}
    assert actions(bench.take()) == ([] if call is None else [call])


def test_no_transaction_is_triggered_where_none_runs():
    bench = Bench(plugged_in=False)
    request = {"requestedMessage": "TransactionEvent"}
    assert bench.ask("TriggerMessage", request) == {"status": "NotImplemented"}


def test_the_status_of_a_transaction_is_told():
    bench = Bench()
    here = {"transactionId": bench.transaction}
    running = {"messagesInQueue": False, "ongoingIndicator": True}
    assert bench.ask("GetTransactionStatus", here) == running
    bench.core.plug(bench.now, present=False)
    ended = {"messagesInQueue": True, "ongoingIndicator": False}
    assert bench.ask("GetTransactionStatus", here) == ended


def test_a_reset_is_carried_out_after_its_answer():
    bench = Bench()
    assert bench.ask("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    assert bench.core.reboot_wanted
    bench.core.reboot(bench.now)
    assert not bench.core.reboot_wanted


@pytest.mark.parametrize("replays", [True, False])
def test_notices_may_be_replayed_after_a_reboot(replays):
    bench = Bench(personality=Personality(replays_notices=replays))
    bench.ask("SetDERControl", set_control(start=EPOCH))
    first = of(bench.go(1), "NotifyDERStartStop")
    bench.core.reboot(bench.now)
    assert of(bench.take(), "NotifyDERStartStop") == (first if replays else [])


@pytest.mark.parametrize("off_s", [0, 3600, -20])
def test_a_clock_that_is_off_leaves_the_grid_where_it_is(off_s):
    bench = Bench(personality=Personality(clock_off_s=off_s))
    bench.grid.set_voltage(1.1, over_s=100)
    for second in range(51):
        bench.core.advance(bench.now + second + off_s)
    assert bench.core.inverter.voltage_pu == pytest.approx(1.05)

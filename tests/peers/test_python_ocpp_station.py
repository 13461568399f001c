"""A station on the `ocpp` package connects, boots, takes what we send and reports it back.

On 2.1 the package loses keys in its change of case: what that costs is stated here, too.
"""

import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from peers.csms import PASSWORD, STATION, csms
from peers.program import running, told_by
from peers.vectors import owed

from gateway.core.events import (
    NoticeReceived,
    ReplyStatus,
    SamplesTaken,
    SecurityNoticed,
    StationConnected,
    StationDisconnected,
    TransactionsChanged,
)
from gateway.stations.session import Rhythm
from support.schema_instances import MISCASED
from translators.canonical.capability import Transaction
from translators.canonical.telemetry import Phase
from translators.units import Kind

SHORT = Rhythm(call_timeout_s=1, report_timeout_s=1)
VERSIONS = {"2.0.1": "v201", "2.1": "v21"}
NOTICED = "2026-12-01T18:00:00Z"
both = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
def station(prepared):
    """Connect a station of one version; give the gateway and the station's program."""
    peer = prepared("python_ocpp")

    @asynccontextmanager
    async def connected(version, *left_out, rhythm=None):
        async with csms(rhythm) as gateway:
            arguments = (gateway.url, STATION, PASSWORD, VERSIONS[version], *left_out)
            async with running(peer, "station.py", *arguments) as program:
                await gateway.sees(StationConnected)
                yield gateway, program

    return connected


def import_limit(watts, number=7):
    period = {"startPeriod": 0, "limit": watts}
    schedule = {"id": number, "startSchedule": NOTICED, "duration": 3600, "chargingRateUnit": "W"}
    profile = {
        "id": number,
        "stackLevel": 1,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [{**schedule, "chargingSchedulePeriod": [period]}],
    }
    return {"evseId": 0, "chargingProfile": profile}


def fixed_pf(displacement, *, excitation):
    body = {"priority": 10, "displacement": displacement, "excitation": excitation}
    return {
        "isDefault": True,
        "controlId": "pf-1",
        "controlType": "FixedPFInject",
        "fixedPFInject": body,
    }


def sampled(measurand, value, unit=None, **more):
    unit_of_measure = {"unit": unit, "multiplier": more.pop("multiplier", 0)} if unit else None
    found = {"value": value, "measurand": measurand, "unit_of_measure": unit_of_measure, **more}
    return {key: item for key, item in found.items() if item is not None}


def metered(*values):
    return [{"timestamp": NOTICED, "sampled_value": list(values)}]


@both
async def test_it_boots_its_base_report_becomes_a_profile_and_its_end_is_seen(station, version):
    async with station(version, rhythm=Rhythm(heartbeat_s=77)) as (gateway, program):
        assert (await program.hears("connected"))["subprotocol"] == f"ocpp{version}"
        booted = (await program.hears("answer", action="BootNotification"))["payload"]
        assert (booted["status"], booted["interval"]) == ("Accepted", 77)
        told = datetime.fromisoformat(booted["current_time"])
        assert abs(told - datetime.now(UTC)) < timedelta(seconds=30)
        assert (await program.hears("asked", action="GetBaseReport"))["base"] == "FullInventory"
        profile = (await gateway.sees(StationConnected)).profile
    await gateway.sees(StationDisconnected, station=STATION)
    (evse,) = profile.evses
    assert (profile.ocpp_version, profile.vendor, profile.model) == (
        version,
        "Foreign",
        "python-ocpp",
    )
    assert evse.ratings.max_w == 22000
    assert evse.ratings.max_discharge_rate_w == Fraction("20000.5")
    assert set(evse.charging_rate_units) == {"A", "W"}
    modes = (len(evse.der_modes), len(evse.v2x_operation_modes))
    assert modes == ((6, 2) if version == "2.1" else (0, 0))


@both
async def test_it_takes_a_limit_value_by_value(station, version):
    async with station(version) as (gateway, program):
        replied = await gateway.send("SetChargingProfile", import_limit(7360.5))
        asked = await program.hears("asked", action="SetChargingProfile")
    assert replied.status is ReplyStatus.ACCEPTED
    profile, (schedule,) = asked["profile"], asked["profile"]["charging_schedule"]
    assert asked["evse"] == 0
    assert profile["charging_profile_purpose"] == "ChargingStationMaxProfile"
    assert profile["stack_level"] == 1
    assert schedule["charging_rate_unit"] == "W"
    assert (schedule["start_schedule"], schedule["duration"]) == (NOTICED, 3600)
    assert schedule["charging_schedule_period"] == [{"start_period": 0, "limit": 7360.5}]


@both
async def test_it_reports_back_every_profile_that_the_vectors_owe(station, version):
    profiles = [it for it in owed(version).values() if it.action == "SetChargingProfile"]
    async with station(version) as (gateway, _):
        for message in profiles:
            replied = await gateway.send(message.action, message.payload)
            assert replied.status is ReplyStatus.ACCEPTED, replied
        report = await gateway.read_back()
    assert report.complete
    held = {item.id: item.payload for item in report.held}
    assert held == {message.id: message.payload for message in profiles}
    assert len(held) >= 3


@both
async def test_what_it_cleared_it_does_not_know_again(station, version):
    async with station(version) as (gateway, _):
        await gateway.send("SetChargingProfile", import_limit(7000))
        request = {"chargingProfileId": 7}
        first = await gateway.send("ClearChargingProfile", request)
        second = await gateway.send("ClearChargingProfile", request)
        report = await gateway.read_back()
    assert (first.status, second.status) == (ReplyStatus.ACCEPTED, ReplyStatus.NOT_FOUND)
    assert (report.held, report.complete) == ((), True)


MEASURED = [
    ([sampled("Power.Active.Import", 7360.5)], {(Kind.POWER, Phase.ALL): "-7360.5"}),
    (
        [sampled("Power.Active.Export", 4.2, "kW"), sampled("Power.Active.Import", 0, "W")],
        {(Kind.POWER, Phase.ALL): "4200"},
    ),
    (
        [sampled("Power.Reactive.Import", 33, "var", multiplier=1)],
        {(Kind.REACTIVE, Phase.ALL): "-330"},
    ),
    (
        [sampled("Voltage", 231.2, "V", phase="L1"), sampled("Frequency", 49.98)],
        {
            (Kind.VOLTAGE, Phase.L1): "231.2",
            (Kind.VOLTAGE, Phase.ALL): "231.2",
            (Kind.FREQUENCY, Phase.ALL): "49.98",
        },
    ),
]


@both
async def test_its_meter_values_get_the_sign_of_a_generator(station, version):
    async with station(version) as (gateway, program):
        for number, (values, expected) in enumerate(MEASURED, 1):
            payload = {"evse_id": 1, "meter_value": metered(*values)}
            await program.tell(action="MeterValues", payload=payload)
            samples = (await gateway.sees(SamplesTaken, times=number)).samples
            found = {(it.kind, it.phase): it.value for it in samples}
            assert found == {key: Fraction(value) for key, value in expected.items()}
            assert {(it.station, it.evse) for it in samples} == {(STATION, 1)}
            assert {it.at for it in samples} == {datetime(2026, 12, 1, 18, tzinfo=UTC)}
        await program.hears("answer", action="MeterValues", times=len(MEASURED))


@both
async def test_its_transaction_is_followed_from_start_to_end(station, version):
    info = {"transaction_id": "t-1"}
    event = {"timestamp": NOTICED, "trigger_reason": "CablePluggedIn", "transaction_info": info}
    values = metered(sampled("Power.Active.Import", 11000))
    started = {**event, "event_type": "Started", "seq_no": 0, "evse": {"id": 1}}
    async with station(version) as (gateway, program):
        payload = {**started, "meter_value": values}
        await program.tell(action="TransactionEvent", payload=payload)
        running_now = await gateway.sees(TransactionsChanged)
        taken = await gateway.sees(SamplesTaken)
        ended = {**event, "event_type": "Ended", "seq_no": 1}
        await program.tell(action="TransactionEvent", payload=ended)
        over = await gateway.sees(TransactionsChanged, times=2)
    assert running_now.transactions == (Transaction(1, "t-1"),)
    assert [it.value for it in taken.samples] == [-11000]
    assert over.transactions == ()


async def test_a_wrong_password_is_refused(prepared):
    async with csms() as gateway:
        arguments = (gateway.url, STATION, "guess", "v201")
        told = await told_by(prepared("python_ocpp"), "station.py", *arguments)
    assert told == [{"kind": "refused", "status": 401}]
    (noticed,) = gateway.events
    assert (type(noticed), noticed.kind, noticed.station) == (
        SecurityNoticed,
        "access.denied",
        STATION,
    )


async def test_an_action_that_it_lacks_is_refused_on_2_0_1(station):
    async with station("2.0.1", "SetChargingProfile") as (gateway, _):
        replied = await gateway.send("SetChargingProfile", import_limit(7000))
    assert replied.status is ReplyStatus.NOT_SUPPORTED
    assert "NotImplemented" in replied.reason


async def test_an_action_that_it_lacks_gets_no_answer_on_2_1(station):
    """The package finds no handler and says nothing: only the time-out ends the call."""
    async with station("2.1", "SetChargingProfile", rhythm=SHORT) as (gateway, _):
        replied = await gateway.send("SetChargingProfile", import_limit(7000))
        after = await gateway.send("ClearChargingProfile", {"chargingProfileId": 7})
    assert replied.status is ReplyStatus.NO_ANSWER
    assert after.status is ReplyStatus.NOT_FOUND


async def test_a_power_factor_reaches_its_handler_on_2_1(station):
    async with station("2.1") as (gateway, program):
        replied = await gateway.send("SetDERControl", fixed_pf(0.95, excitation=True))
        asked = (await program.hears("asked", action="SetDERControl"))["request"]
    assert replied.status is ReplyStatus.ACCEPTED
    assert asked["control_type"] == "FixedPFInject"
    assert asked["fixed_pf_inject"] == {"priority": 10, "displacement": 0.95, "excitation": True}


async def test_a_power_factor_cannot_be_reported_by_it_and_counts_as_unknown(station):
    """`fixedPFInject` leaves as `fixedPfInject`, which its own schema forbids: nothing is sent."""
    async with station("2.1", rhythm=SHORT) as (gateway, program):
        await gateway.send("SetDERControl", fixed_pf(0.95, excitation=True))
        report = await gateway.read_back()
        failed = await program.hears("failed", action="ReportDERControl")
    assert failed["problem"] == "FormatViolationError"
    assert not report.complete
    assert report.held == ()


async def test_every_other_control_of_the_vectors_comes_back_as_it_was_sent(station):
    controls = {
        it.id: it
        for it in owed("2.1").values()
        if it.action == "SetDERControl" and not it.payload["controlType"].startswith("FixedPF")
    }
    async with station("2.1") as (gateway, _):
        for message in controls.values():
            replied = await gateway.send(message.action, message.payload)
            assert replied.status is ReplyStatus.ACCEPTED, replied
        report = await gateway.read_back()
    held = {item.id: item.payload for item in report.held}
    assert held == {number: message.payload for number, message in controls.items()}
    kinds = {message.payload["controlType"] for message in controls.values()}
    assert {"VoltVar", "FreqDroop", "Gradients", "LimitMaxDischarge"} <= kinds


async def test_its_notice_of_a_start_arrives(station):
    notice = {"control_id": "c-1", "started": True, "timestamp": NOTICED}
    async with station("2.1") as (gateway, program):
        payload = {**notice, "superseded_ids": ["c-0"]}
        await program.tell(action="NotifyDERStartStop", payload=payload)
        received = (await gateway.sees(NoticeReceived)).notice
    assert (received.station, received.control_id, received.started) == (STATION, "c-1", True)
    assert received.at == datetime(2026, 12, 1, 18, tzinfo=UTC)
    assert received.superseded_ids == ("c-0",)


HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "01",
}
WAY = {
    "ocppVersion": "OCPP20",
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "wss://gateway.example/ocpp",
    "messageTimeout": 30,
    "securityProfile": 2,
    "ocppInterface": "Wired0",
}
NAMED = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
ASKED = {
    "TriggerMessage": {"requestedMessage": "SignChargingStationCertificate"},
    "CertificateSigned": {
        "certificateChain": "PEM",
        "certificateType": "ChargingStationCertificate",
    },
    "InstallCertificate": {"certificateType": "CSMSRootCertificate", "certificate": "PEM"},
    "DeleteCertificate": {"certificateHashData": HASHES},
    "SetNetworkProfile": {"configurationSlot": 2, "connectionData": WAY},
    "SetVariables": {"setVariableData": [{**NAMED, "attributeValue": "a-new-password-1"}]},
    "Reset": {"type": "OnIdle"},
    "GetTransactionStatus": {"transactionId": "t-1"},
}


def snake(value):
    """Return a payload under the names that the package gives its handlers."""
    if isinstance(value, dict):
        return {re.sub("([A-Z])", r"_\1", key).lower(): snake(item) for key, item in value.items()}
    return [snake(item) for item in value] if isinstance(value, list) else value


@both
async def test_what_is_asked_for_security_arrives_word_for_word(station, version):
    async with station(version) as (gateway, program):
        for action, payload in ASKED.items():
            replied = await gateway.send(action, payload)
            assert replied.status is ReplyStatus.ACCEPTED, (action, replied)
            asked = await program.hears("asked", action=action)
            assert asked["request"] == snake(payload)
        installed = await gateway.send("GetInstalledCertificateIds", {})
    assert installed.status is ReplyStatus.NOT_FOUND


COMPONENT = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
TOLD = {
    "SecurityEventNotification": {"type": "TamperDetectionActivated", "timestamp": NOTICED},
    "StatusNotification": {
        "timestamp": NOTICED,
        "connector_status": "Available",
        "evse_id": 1,
        "connector_id": 1,
    },
    "NotifyEvent": {
        "generated_at": NOTICED,
        "seq_no": 0,
        "event_data": [
            {
                "event_id": 1,
                "timestamp": NOTICED,
                "trigger": "Delta",
                "actual_value": "5",
                "event_notification_type": "CustomMonitor",
                **COMPONENT,
            }
        ],
    },
    "Heartbeat": {},
}


@both
async def test_what_it_tells_is_answered(station, version):
    async with station(version) as (gateway, program):
        for action, payload in TOLD.items():
            await program.tell(action=action, payload=payload)
            await program.hears("answer", action=action)
        noticed = await gateway.sees(SecurityNoticed)
    assert (noticed.kind, noticed.reported_at) == ("TamperDetectionActivated", NOTICED)


@pytest.mark.parametrize(
    ("version", "known", "broken"), [("v201", 244, []), ("v21", 555, MISCASED)]
)
async def test_the_keys_that_it_cannot_bring_back_are_these(prepared, version, known, broken):
    (told,) = await told_by(prepared("python_ocpp"), "keys.py", version)
    assert (told["known"], told["broken"]) == (known, broken)


def test_of_them_we_send_those_of_a_power_factor_alone():
    """What else is sent to it arrives whole; see the tests above."""

    def keys(value):
        if isinstance(value, dict):
            yield from value
            for item in value.values():
                yield from keys(item)
        elif isinstance(value, list):
            for item in value:
                yield from keys(item)

    sent = {key for message in owed("2.1").values() for key in keys(message.payload)}
    assert sent & set(MISCASED) == {"fixedPFAbsorb", "fixedPFInject"}

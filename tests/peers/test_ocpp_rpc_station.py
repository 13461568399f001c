"""A station on ocpp-rpc (Node) connects, boots, takes what we send and reports it back, key by key."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from peers.csms import PASSWORD, STATION, csms
from peers.program import running, told_by
from peers.vectors import owed

from gateway.core.events import (
    AlarmReceived,
    NoticeReceived,
    ReplyStatus,
    SamplesTaken,
    SecurityNoticed,
    StationConnected,
    TransactionsChanged,
)
from gateway.stations.session import Rhythm
from translators.canonical.capability import Transaction
from translators.canonical.telemetry import GridFault
from translators.units import Kind

NOTICED = "2026-12-01T18:00:00Z"
AT = datetime(2026, 12, 1, 18, tzinfo=UTC)
ITS_MODES = {"FixedPFInject", "VoltVar", "FreqDroop", "Gradients"}
both = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


@pytest.fixture
def station(prepared):
    """Connect a station that offers versions in its order; give the gateway and its program."""
    peer = prepared("ocpp_rpc")

    @asynccontextmanager
    async def connected(*versions, rhythm=None):
        async with csms(rhythm) as gateway:
            offered = [f"ocpp{version}" for version in versions]
            arguments = (gateway.url, STATION, PASSWORD, *offered)
            async with running(peer, "station.js", *arguments) as program:
                await gateway.sees(StationConnected)
                yield gateway, program

    return connected


async def make(program, action, payload):
    """Let the station make a call and return what it tells of the end."""
    await program.tell(action=action, payload=payload)
    return (await program.hears("answer", action=action))["payload"]


def metered(**values):
    sampled = [{"measurand": name, "value": value} for name, value in values.items()]
    return [{"timestamp": NOTICED, "sampledValue": sampled}]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("2.1", "2.0.1"), "2.1"),
        (("2.0.1", "2.1"), "2.0.1"),
        (("1.6", "2.0.1"), "2.0.1"),
    ],
    ids=["newest first", "oldest first", "one known"],
)
async def test_its_own_order_decides_the_version(station, offered, chosen):
    async with station(*offered) as (gateway, program):
        assert (await program.hears("connected"))["subprotocol"] == f"ocpp{chosen}"
        profile = (await gateway.sees(StationConnected)).profile
    assert profile.ocpp_version == chosen


async def test_its_boot_is_answered_and_its_report_becomes_a_profile(station):
    async with station("2.1", rhythm=Rhythm(heartbeat_s=77)) as (gateway, program):
        booted = (await program.hears("answer", action="BootNotification"))["payload"]
        profile = (await gateway.sees(StationConnected)).profile
    assert (booted["status"], booted["interval"]) == ("Accepted", 77)
    told = datetime.fromisoformat(booted["currentTime"])
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=30)
    assert (profile.vendor, profile.model) == ("Foreign", "ocpp-rpc")
    (evse,) = profile.evses
    assert (evse.ratings.max_w, evse.ratings.max_discharge_rate_w) == (22000, Fraction("20000.5"))
    assert evse.der_modes == ITS_MODES
    assert evse.v2x_operation_modes == {"ChargingOnly", "CentralSetpoint"}


@both
async def test_every_message_of_the_vectors_arrives_and_comes_back_as_it_was_sent(station, version):
    messages = {
        it.id: it
        for it in owed(version).values()
        if it.payload.get("controlType", "FixedPFInject") in ITS_MODES
    }
    async with station(version) as (gateway, program):
        for message in messages.values():
            replied = await gateway.send(message.action, message.payload)
            assert replied.status is ReplyStatus.ACCEPTED, replied
            await program.hears("asked", action=message.action, params=message.payload)
        report = await gateway.read_back()
    assert report.complete
    held = {(item.action, item.id): item.payload for item in report.held}
    assert held == {(it.action, it.id): it.payload for it in messages.values()}


async def test_a_power_factor_comes_back_under_its_own_name(station):
    body = {"priority": 0, "displacement": 0.95, "excitation": True}
    asked = {"isDefault": True, "controlId": "pf-1", "controlType": "FixedPFInject"}
    asked["fixedPFInject"] = body
    async with station("2.1") as (gateway, _):
        assert (await gateway.send("SetDERControl", asked)).status is ReplyStatus.ACCEPTED
        (held,) = (await gateway.read_back()).held
        cleared = {"isDefault": True, "controlId": "pf-1"}
        first = await gateway.send("ClearDERControl", cleared)
        second = await gateway.send("ClearDERControl", cleared)
        empty = await gateway.read_back()
    assert held.payload == asked
    assert (first.status, second.status) == (ReplyStatus.ACCEPTED, ReplyStatus.NOT_FOUND)
    assert (empty.held, empty.complete) == ((), True)


async def test_what_it_lacks_it_says(station):
    (limit, *_) = [
        it for it in owed("2.1").values() if it.payload.get("controlType") == "LimitMaxDischarge"
    ]
    async with station("2.1") as (gateway, _):
        control = await gateway.send("SetDERControl", limit.payload)
        action = await gateway.send("GetCompositeSchedule", {"duration": 60, "evseId": 0})
    assert control.status is action.status is ReplyStatus.NOT_SUPPORTED
    assert "NotImplemented" in action.reason


@both
async def test_its_meter_values_and_its_transaction_arrive(station, version):
    values = metered(**{"Power.Active.Export": 4200.5, "Power.Reactive.Import": 330})
    event = {"timestamp": NOTICED, "triggerReason": "CablePluggedIn", "seqNo": 0}
    event |= {"eventType": "Started", "transactionInfo": {"transactionId": "t-1"}}
    async with station(version) as (gateway, program):
        assert await make(program, "MeterValues", {"evseId": 1, "meterValue": values}) == {}
        taken = await gateway.sees(SamplesTaken)
        assert await make(program, "TransactionEvent", {**event, "evse": {"id": 1}}) == {}
        changed = await gateway.sees(TransactionsChanged)
    assert {it.kind: it.value for it in taken.samples} == {
        Kind.POWER: Fraction("4200.5"),
        Kind.REACTIVE: -330,
    }
    assert {it.at for it in taken.samples} == {AT}
    assert changed.transactions == (Transaction(1, "t-1"),)


async def test_its_notices_and_alarms_arrive(station):
    notice = {"controlId": "c-1", "started": False, "timestamp": NOTICED}
    alarm = {"controlType": "VoltVar", "timestamp": NOTICED, "gridEventFault": "OverVoltage"}
    async with station("2.1") as (gateway, program):
        assert await make(program, "NotifyDERStartStop", notice) == {}
        assert await make(program, "NotifyDERAlarm", alarm) == {}
        noticed = (await gateway.sees(NoticeReceived)).notice
        alarmed = (await gateway.sees(AlarmReceived)).alarm
    assert (noticed.control_id, noticed.started, noticed.at) == ("c-1", False, AT)
    assert (alarmed.fault, alarmed.ended, alarmed.at) == (GridFault.OVER_VOLTAGE, False, AT)


STATUS = {"timestamp": NOTICED, "connectorStatus": "Available", "connectorId": 1}
REFUSED = {
    "unknown action": ("MakeCoffee", {}, "NotImplemented"),
    "action of a CSMS": ("SetChargingProfile", {}, "NotSupported"),
    "missing member": ("MeterValues", {"evseId": 1}, "OccurrenceConstraintViolation"),
    "unknown member": ("Heartbeat", {"mood": "good"}, "FormatViolation"),
    "number as text": ("StatusNotification", STATUS | {"evseId": "1"}, "TypeConstraintViolation"),
}


async def test_what_it_may_not_ask_is_refused_by_name(station):
    async with station("2.1") as (_, program):
        found = {}
        for fault, (action, payload, _code) in REFUSED.items():
            await program.tell(action=action, payload=payload)
            found[fault] = (await program.hears("failed", action=action))["problem"]
    assert found == {fault: code for fault, (_, _, code) in REFUSED.items()}


async def test_a_wrong_password_is_refused(prepared):
    async with csms() as gateway:
        arguments = (gateway.url, STATION, "guess", "ocpp2.1")
        told = await told_by(prepared("ocpp_rpc"), "station.js", *arguments)
    assert told == [{"kind": "refused", "status": 401, "problem": "Unauthorized"}]
    (noticed,) = gateway.events
    assert (type(noticed), noticed.kind, noticed.station) == (
        SecurityNoticed,
        "access.denied",
        STATION,
    )


async def test_without_a_common_version_the_connection_is_closed(prepared):
    async with csms() as gateway:
        arguments = (gateway.url, STATION, PASSWORD, "ocpp1.6")
        told = await told_by(prepared("ocpp_rpc"), "station.js", *arguments)
    assert [item["kind"] for item in told] == ["refused"]
    assert "no subprotocol" in told[0]["problem"]
    assert gateway.events == []

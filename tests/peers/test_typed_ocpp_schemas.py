"""The schemas of typed-ocpp, a second copy of the standard's, accept what we emit and answer."""

import copy

import pytest
from peers.csms import PASSWORD, STATION, csms
from peers.program import running
from peers.vectors import everything

from gateway.core.effects import ReadBack
from gateway.core.events import ControlsReported, StationConnected
from gateway.core.evidence import composite_request
from gateway.core.payloads import clear_call
from gateway.security import pki
from gateway.simulators.station import Personality
from gateway.stations.errands import (
    ChangePassword,
    DeleteRoot,
    InstallRoot,
    ListRoots,
    Move,
    Renew,
)
from support.kept_site import a_kept_site
from support.stations import a_weak_verifier
from translators.ocpp import live

NOTICED = "2026-12-01T18:00:00Z"
VALUE = {"timestamp": NOTICED, "sampledValue": [{"value": 1}]}
TRANSACTION = {
    "eventType": "Updated",
    "timestamp": NOTICED,
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 1,
    "transactionInfo": {"transactionId": "t-1"},
}
TOKEN = {"idToken": "AB", "type": "Central"}
NEEDS = {"requestedEnergyTransfer": "AC_single_phase"}
ASKED_BY_STATIONS = {
    "Heartbeat": {},
    "MeterValues": {"evseId": 1, "meterValue": [VALUE]},
    "TransactionEvent": TRANSACTION,
    "Authorize": {"idToken": TOKEN},
    "DataTransfer": {"vendorId": "Foreign"},
    "NotifyEVChargingNeeds": {"evseId": 1, "chargingNeeds": NEEDS},
    "SecurityEventNotification": {"type": "StartupOfTheDevice", "timestamp": NOTICED},
}


def call(version, action, payload):
    return {"version": version, "call": [2, "1", action, payload]}


@pytest.fixture(scope="module")
def messages():
    """Return what all vectors owe over both versions, by a name for the failure."""
    return {
        f"{name} over {version}": message
        for version in ("2.1", "2.0.1")
        for name, message in everything(version).items()
    }


@pytest.fixture
def judge(service):
    """Return the errors that the peer finds in each exchange, by its name; none for a sound one."""
    schemas = service("typed_ocpp", "validate.js")

    async def judged(named):
        found = {}
        for name, exchange in named.items():
            (verdict,) = await schemas.ask(**exchange)
            if verdict["errors"]:
                found[name] = verdict["errors"]
        return found

    return judged


async def test_every_message_that_the_vectors_owe_is_valid(judge, messages):
    calls = {name: call(it.ocpp, it.action, it.payload) for name, it in messages.items()}
    assert await judge(calls) == {}


def followed_by(message):
    """Return the calls that a message of the engine leads to: its end, a question, a renewal."""
    yield clear_call(message.action, message.payload)
    if message.action == "SetDERControl":
        yield "GetDERControl", {"requestId": 1, "isDefault": message.payload["isDefault"]}
        return
    yield "GetCompositeSchedule", composite_request(message.payload)
    if live.lapse(message.payload) is not None:
        yield "UpdateDynamicSchedule", live.renewal(message.payload)


def watched(message):
    """Return a charging profile as a site with a watchdog sends it: one period that is renewed."""
    profile = message.payload["chargingProfile"]
    (period, *more) = profile["chargingSchedule"][0]["chargingSchedulePeriod"]
    if more or message.ocpp != "2.1":
        return None
    schedule = {**profile["chargingSchedule"][0], "duration": 600}
    schedule |= {"chargingSchedulePeriod": [{**period, "startPeriod": 0}]}
    kept = {**profile, "chargingProfileKind": "Dynamic", "chargingSchedule": [schedule]}
    return {**message.payload, "chargingProfile": kept}


async def test_every_call_that_follows_from_them_is_valid(judge, messages):
    calls, kinds = {}, set()
    for name, it in messages.items():
        for action, payload in followed_by(it):
            kinds.add(action)
            calls[f"{name}: {action}"] = call(it.ocpp, action, payload)
        dynamic = watched(it) if it.action == "SetChargingProfile" else None
        if dynamic is not None:
            renewal = live.renewal(dynamic)
            kinds.add("UpdateDynamicSchedule")
            calls[f"{name}: watched"] = call(it.ocpp, "SetChargingProfile", dynamic)
            calls[f"{name}: renewed"] = call(it.ocpp, "UpdateDynamicSchedule", renewal)
    assert await judge(calls) == {}
    assert kinds == {
        "ClearDERControl",
        "ClearChargingProfile",
        "GetDERControl",
        "GetCompositeSchedule",
        "UpdateDynamicSchedule",
    }


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("UsePriorityCharging", {"transactionId": "t-1", "activate": False}),
        ("GetTransactionStatus", {"transactionId": "t-1"}),
        ("TriggerMessage", {"requestedMessage": "MeterValues"}),
    ],
)
async def test_what_the_engine_asks_besides_is_valid(judge, action, payload):
    assert await judge({action: call("2.1", action, payload)}) == {}


def test_the_vectors_exercise_both_versions_and_both_actions(messages):
    assert {(item.ocpp, item.action) for item in messages.values()} == {
        ("2.1", "SetDERControl"),
        ("2.1", "SetChargingProfile"),
        ("2.0.1", "SetChargingProfile"),
    }
    kinds = {
        item.payload["controlType"] for item in messages.values() if item.action == "SetDERControl"
    }
    assert {"FixedPFInject", "VoltVar", "FreqDroop", "Gradients", "LimitMaxDischarge"} <= kinds


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
async def test_what_a_session_asks_and_answers_is_valid(judge, prepared, version):
    """A station on ocpp-rpc asks all that stations ask; its record of both directions is judged."""
    async with csms() as gateway:
        arguments = (gateway.url, STATION, PASSWORD, f"ocpp{version}")
        async with running(prepared("ocpp_rpc"), "station.js", *arguments) as program:
            await gateway.sees(StationConnected)
            await gateway.read_back()
            for action, payload in ASKED_BY_STATIONS.items():
                await program.tell(action=action, payload=payload)
                await program.hears("answer", action=action)
            heard = list(program.heard)
    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "Foreign", "model": "x"}}
    asked = [item for item in heard if item["kind"] == "asked"]
    exchanges = {item["action"]: call(version, item["action"], item["params"]) for item in asked}
    for action, payload in {**ASKED_BY_STATIONS, "BootNotification": boot}.items():
        (answer,) = [it for it in heard if it["kind"] == "answer" and it["action"] == action]
        exchanges[action] = call(version, action, payload) | {"result": [3, "1", answer["payload"]]}
    assert {"GetBaseReport", "GetChargingProfiles", "BootNotification"} <= set(exchanges)
    assert await judge(exchanges) == {}


SENT = {
    "GetBaseReport",
    "GetMonitoringReport",
    "SetVariableMonitoring",
    "GetVariables",
    "SetVariables",
    "TriggerMessage",
    "CertificateSigned",
    "InstallCertificate",
    "GetInstalledCertificateIds",
    "DeleteCertificate",
    "SetNetworkProfile",
    "Reset",
    "GetChargingProfiles",
}
"""What a session asks of a station that is watched, and looked after, by the end of its errands."""


async def everything_at(site, station, folder):
    """Have a station asked for all that its upkeep can ask; wait until it moved."""
    await site.connected(1)
    root = pki.create_endpoint_authority(folder / "next")
    pem = root.certificate_path.read_text()
    serial = next(iter(station.core.security.roots))
    for errand in (
        InstallRoot("CS1", pem),
        ListRoots("CS1"),
        Renew("CS1"),
        ChangePassword("CS1"),
    ):
        assert (await site.ordered(errand)).done, errand
    await site.connected(2)
    site.endpoint._stations.read_back(ReadBack("CS1", "held"))
    await site.posted.next(ControlsReported)
    await site.ordered(Move("CS1", 2, site.endpoint.url))
    await site.connected(3)
    await station.wait_for(lambda: station.payloads("in", "SetVariableMonitoring"), 5)
    await site.ordered(DeleteRoot("CS1", next(iter(set(station.core.security.roots) - {serial}))))


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
async def test_what_is_asked_for_security_and_monitoring_is_valid(judge, tmp_path, version):
    """Our own station takes the calls and keeps the frames of both directions; the peer judges them."""
    async with a_kept_site(tmp_path, password=a_weak_verifier()) as site:
        options = {"versions": (f"ocpp{version}",), "personality": Personality()}
        async with site.station(**options) as station:
            await everything_at(site, station, tmp_path)
            frames = [frame for _, frame in station.frames if isinstance(frame, list)]
            ours = [frame for way, frame in station.frames if way == "in" and frame[0] in {2, 3}]
    told = {frame[1]: frame for frame in frames if frame[0] == 2}
    exchanges = {}
    for number, frame in enumerate(ours):
        if frame[0] == 2:
            exchanges[f"{number} {frame[2]}"] = call(version, frame[2], frame[3])
        else:
            asked = told[frame[1]]
            answer = {"result": [3, "1", frame[2]]}
            exchanges[f"{number} answer"] = call(version, asked[2], asked[3]) | answer
    assert {frame[2] for frame in ours if frame[0] == 2} >= SENT
    assert await judge(exchanges) == {}


WRONG = {
    "boolean as text": ("FixedPFInject", lambda it: it["fixedPFInject"].update(excitation="true")),
    "key in another case": (
        "FixedPFInject",
        lambda it: it.update(fixedPfInject=it.pop("fixedPFInject")),
    ),
    "curve without points": ("VoltVar", lambda it: it["curve"].update(curveData=[])),
    "missing member": ("FreqDroop", lambda it: it["freqDroop"].pop("responseTime")),
}


async def test_the_peer_would_see_a_wrong_message_and_a_wrong_answer(judge, messages):
    named = {}
    for fault, (control_type, spoil) in WRONG.items():
        sound = next(
            it for it in messages.values() if it.payload.get("controlType") == control_type
        )
        wrong = copy.deepcopy(sound.payload)
        spoil(wrong)
        named[f"sound before {fault}"] = call("2.1", sound.action, sound.payload)
        named[fault] = call("2.1", sound.action, wrong)
    beat = call("2.1", "Heartbeat", {})
    named["sound answer"] = beat | {"result": [3, "1", {"currentTime": NOTICED}]}
    named["wrong answer"] = beat | {"result": [3, "1", {"currentTime": 5}]}
    assert list(await judge(named)) == [*WRONG, "wrong answer"]

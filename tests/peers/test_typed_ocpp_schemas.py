"""The schemas of typed-ocpp, a second copy of the standard's, accept what we emit and answer."""

import copy

import pytest
from peers.csms import PASSWORD, STATION, csms
from peers.program import running
from peers.vectors import owed

from gateway.core.events import StationConnected

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
    """Return what the vectors owe over both versions, by a name for the failure."""
    return {
        f"{name} over {version}": message
        for version in ("2.1", "2.0.1")
        for name, message in owed(version).items()
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

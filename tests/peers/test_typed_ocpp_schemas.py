"""The schemas of typed-ocpp, which nobody made from ours, accept what the translators emit."""

import copy
import itertools
from dataclasses import replace

import pytest
from peers.program import told_by

from gateway.settings.mappings import mapping_files
from support.places import ROOT
from translators.chain import load_book, travel
from translators.vectors import case_of, read_stations, read_vector

VECTORS = ROOT / "tests" / "golden" / "vectors"


def vectors():
    read = [read_vector(path.read_text()) for path in sorted(VECTORS.glob("*.json"))]
    return [vector for vector in read if vector.source.protocol == "ieee2030_5"]


@pytest.fixture(scope="module")
def messages():
    """Return what each vector owes its station over each version, by a name for the failure."""
    book = load_book(mapping_files())
    stations = read_stations((VECTORS / "stations.yaml").read_text())
    found = {}
    for vector in vectors():
        for version in ("2.1", "2.0.1"):
            spoken = vector.model_copy(update={"ocpp_version": version})
            orders = travel(book, case_of(spoken, stations)).value.orders
            names = (f"{vector.id} {version} #{number}" for number in itertools.count(1))
            found |= dict(zip(names, orders.messages, strict=False))
    return found


@pytest.fixture
def judge(prepared):
    """Return the errors that the peer finds in each message, by its name; nothing for a sound one."""
    peer = prepared("typed_ocpp")

    async def judged(named):
        frames = [
            {"version": item.ocpp, "call": [2, str(number), item.action, item.payload]}
            for number, item in enumerate(named.values())
        ]
        verdicts = await told_by(peer, "validate.js", given=frames)
        found = dict(zip(named, (it["errors"] for it in verdicts), strict=True))
        return {name: errors for name, errors in found.items() if errors}

    return judged


async def test_every_message_that_the_vectors_owe_is_valid(judge, messages):
    assert await judge(messages) == {}


def test_the_vectors_exercise_both_versions_and_both_actions(messages):
    seen = {(item.ocpp, item.action) for item in messages.values()}
    assert seen == {
        ("2.1", "SetDERControl"),
        ("2.1", "SetChargingProfile"),
        ("2.0.1", "SetChargingProfile"),
    }
    controls = {
        item.payload["controlType"] for item in messages.values() if item.action == "SetDERControl"
    }
    assert {"FixedPFInject", "VoltVar", "FreqDroop", "Gradients", "LimitMaxDischarge"} <= controls


WRONG = {
    "boolean as text": ("FixedPFInject", lambda it: it["fixedPFInject"].update(excitation="true")),
    "key in another case": (
        "FixedPFInject",
        lambda it: it.update(fixedPfInject=it.pop("fixedPFInject")),
    ),
    "curve without points": ("VoltVar", lambda it: it["curve"].update(curveData=[])),
    "missing member": ("FreqDroop", lambda it: it["freqDroop"].pop("responseTime")),
}


async def test_the_peer_would_see_a_wrong_message(judge, messages):
    named = {}
    for fault, (control_type, spoil) in WRONG.items():
        sound = next(
            it for it in messages.values() if it.payload.get("controlType") == control_type
        )
        payload = copy.deepcopy(sound.payload)
        spoil(payload)
        named |= {f"sound before {fault}": sound, fault: replace(sound, payload=payload)}
    assert list(await judge(named)) == list(WRONG)

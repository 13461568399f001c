"""What a real VTN served, and what becomes of it: every event is mapped, or refused with a reason.

The station is a 22 kW one that discharges 16 kW, with one transaction running; no contract, no policy.
"""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from support.openadr import a_context, told
from support.translation import a_station, book, situation
from translators.chain import Case, travel
from translators.errors import DocumentError
from translators.openadr.inbound import served
from translators.openadr.wire import parse

FOLDERS = {
    # folder: (edition, events in answers, in notifications)
    "vtn-reference-3.0.1": ("3.0", 142, 24),
    "vtn-reference-3.1.0-main": ("3.1", 181, 25),
    "vtn-reference-3.1.0-mqtt": ("3.1", 238, 79),
}
OUTCOMES = {
    # event as served: what the station is told, or why it is told nothing; the kinds of loss
    ("dispatch", "TxProfile setpoint 0:22000 900:22000 1800:0 until 2700", "clip"),
    ("negative_dispatch", "refused: is -50.0, not in 0..1000000000", "unsupported"),
    ("import-limit", "ChargingStationMaxProfile limit 0:22500 900:11000 until 1800", "scope"),
    ("import-limit", "ChargingStationMaxProfile limit 0:15000 900:8000 until 1800", "scope"),
    ("export-limit", "LimitMaxDischarge 0 %", "scope semantic"),
    (
        "import-export",
        "ChargingStationMaxProfile limit 0:50000 until 1800; LimitMaxDischarge 64.0625 %",
        "scope semantic",
    ),
    (
        "subscription",
        "ChargingStationMaxProfile limit 0:100000 until 2592000; LimitMaxDischarge 100 %",
        "clip scope semantic",
    ),
    (
        "two-windows",
        (
            "ChargingStationMaxProfile limit 0:30000 until 1800; "
            "ChargingStationMaxProfile limit 0:60000 until 2700"
        ),
        "scope",
    ),
    ("targeted-mine", "ChargingStationMaxProfile limit 0:7000 until 3600", "scope"),
    ("targeted-other", "ChargingStationMaxProfile limit 0:3000 until 3600", "scope"),
    ("no-unit", "refused: descriptor/units is missing", "unsupported"),
    ("overlap_hi", "refused: descriptor/units is missing", "unsupported"),
    ("amps", "refused: descriptor/units is 'AMPS'", "unsupported"),
    ("soc", "TxProfile limit 0:22000 until 14400, 0 above 80 %", "approximate"),
    ("voltvar", "refused: CURVE names no curve, axis, base or sign", "unsupported"),
    ("flat_curve", "refused: CURVE names no curve, axis, base or sign", "unsupported"),
    ("day-ahead-prices", "Price.import.EUR/KWH", ""),
    ("emergency", "Alert.GRID_EMERGENCY", ""),
    ("now_dateonly", "Alert.GRID_EMERGENCY", ""),
    ("simple", "Alert.SIMPLE", ""),
    ("random", "Alert.SIMPLE", ""),
    ("no_start", "Alert.SIMPLE", ""),
    ("after-unsubscribe", "Alert.SIMPLE", ""),
    ("with-dead-callback", "Alert.SIMPLE", ""),
    ("zero_dur", "refused: lasts no time", "unsupported"),
    ("report_only", "nothing to do", ""),
}
NOT_IN_3_0 = {"no_start"}
"""This VTN refused an interval without a start."""


@pytest.fixture
def folder(captures):
    return captures / "openadr"


def exchanges(folder, name, *kinds):
    """The documents that a peer sent in exchanges of these kinds, each with its instant."""
    for item in json.loads((folder / name / "index.json").read_text())["exchanges"]:
        if item["kind"] in kinds:
            file = item.get("payload") or item.get("response_body")
            if item["kind"] == "webhook_received":
                file = item.get("request_body")
            if file is not None:
                text = (folder / name / file).read_text()
                yield document(text), datetime.fromtimestamp(item["t"], UTC)


def document(text):
    try:
        found = parse(text)
        return parse(found) if isinstance(found, str) else found
    except DocumentError:
        return None


def events(found):
    """The events in an answer or a notification, as they stand there."""
    match found:
        case list():
            return [event for item in found for event in events(item)]
        case {"object": dict(event), "objectType": "EVENT"} | {
            "object": dict(event),
            "object_type": "EVENT",
        }:
            return [event]
        case {"objectType": "EVENT", **rest} if "operation" not in rest:
            return [found]
        case _:
            return []


def answers(folder, name):
    kinds = ("ven_request", "business_logic_request")
    return [(e, at) for found, at in exchanges(folder, name, *kinds) for e in events(found)]


def notices(folder, name):
    kinds = ("webhook_received", "mqtt_message_received")
    return [(e, at) for found, at in exchanges(folder, name, *kinds) for e in events(found)]


def outcome(event, received, revision):
    return told(event, a_context(revision=revision, received=received))


def test_every_folder_is_known(folder):
    assert {path.name for path in folder.iterdir()} == set(FOLDERS)


@pytest.mark.parametrize("name", FOLDERS)
def test_every_event_in_an_answer_is_mapped_or_refused_with_a_reason(folder, name):
    revision, many, _ = FOLDERS[name]
    found = answers(folder, name)
    seen = {(e["eventName"], *outcome(e, at, revision)) for e, at in found}
    absent = NOT_IN_3_0 if revision == "3.0" else set()
    assert seen == {row for row in OUTCOMES if row[0] not in absent}
    assert len(found) == many


@pytest.mark.parametrize("name", FOLDERS)
def test_an_event_in_a_notification_means_the_same_or_cannot_be_read(folder, name):
    revision, _, many = FOLDERS[name]
    found = notices(folder, name)
    seen = Counter()
    for event, at in found:
        told = outcome(event, at, revision)
        if "program_id" in event:  # snake_case: one variant of the VTN pushes what is no event
            assert told == ("refused: programID: field required", "unsupported")
            seen["snake"] += 1
        else:
            assert (event["eventName"], *told) in OUTCOMES
            seen["camel"] += 1
    assert seen.total() == many
    assert (seen["snake"] == many) is (name == "vtn-reference-3.1.0-main")


def test_a_contract_turns_the_curve_that_was_served_into_a_control(folder):
    contract = {"curve": "volt_var", "x": "pu_of_VNom", "y": "pu_of_setMaxVA"}
    contract |= {"program": "0", "y_sign": "inject_positive"}
    context = a_context(contract)
    found = answers(folder, "vtn-reference-3.1.0-mqtt")
    event = next(event for event, _ in found if event["eventName"] == "voltvar")
    gone = travel(book(), Case(served(event, context), a_station(), situation()))
    (message,) = gone.value.orders.messages
    points = [(p["x"], p["y"]) for p in message.payload["curve"]["curveData"]]
    assert points == [(92, 100), (92.5455, 100), (98, 0), (102, 0), (106.3636, -100), (108, -100)]

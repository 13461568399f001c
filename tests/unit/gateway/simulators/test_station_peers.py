"""What others send, at a simulated station: the messages of the vectors, the calls of recorded peers."""

import json

import pytest

from gateway.simulators.grid import Grid
from gateway.simulators.station_core import Core
from gateway.simulators.station_handlers import handle
from gateway.simulators.station_options import StationOptions
from gateway.simulators.station_schema import check_response
from gateway.simulators.station_wire import CallError
from support.places import shared_folder
from support.station_messages import EPOCH

PLACES = {"@ID": "id-1", "@PROFILE": 100, "@LEVEL": 5, "@SCHEDULE": 7}


def a_station(version):
    options = StationOptions(id="cs-1", password="x", url="ws://x", capacity_wh=1e9)
    core = Core(options, Grid(clock=lambda: EPOCH), EPOCH)
    core.negotiated(version)
    core.greet(EPOCH)
    return core


def filled(value, core):
    """Return a message with the placeholders of the vectors filled in."""
    match value:
        case dict():
            return {key: filled(item, core) for key, item in value.items()}
        case list():
            return [filled(item, core) for item in value]
        case "tx-1":
            return core.transaction.id
        case str():
            return PLACES.get(value, value)
        case _:
            return value


@pytest.fixture(scope="module")
def vectors():
    folder = shared_folder() / "vectors"
    if not folder.is_dir():
        pytest.skip("no vectors here: DERGATE_SHARED names no folder that holds them")
    return [json.loads(path.read_text()) for path in sorted(folder.glob("GV*.json"))]


def test_the_station_accepts_every_message_that_the_vectors_expect(vectors):
    answers = {}
    for vector in vectors:
        for number, message in enumerate(vector["expect"].get("messages", ())):
            core = a_station(message["ocpp"])
            payload = filled(message["payload"], core)
            answer = handle(core, message["action"], payload, EPOCH)
            answers[vector["id"], number] = answer["status"]
    assert len(answers) > 25
    assert set(answers.values()) == {"Accepted"}, answers


@pytest.mark.parametrize(
    ("folder", "version"),
    [
        ("virtual-charge-point-2.1", "2.1"),
        ("ocpp-cp-simulator-2.1", "2.1"),
        ("ocpp-rpc-client-2.1", "2.1"),
        ("virtual-charge-point-2.0.1", "2.0.1"),
        ("ocpp-cp-simulator-2.0.1", "2.0.1"),
        ("e-mobility-simulator-2.0.1", "2.0.1"),
    ],
)
def test_every_recorded_call_of_a_csms_gets_a_sound_answer(captures, folder, version):
    core, asked = a_station(version), 0
    for path in sorted((captures / "ocpp" / folder).glob("*.jsonl")):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            frame = entry["frame"]
            if entry["dir"] != "csms->station" or not isinstance(frame, list) or frame[0] != 2:
                continue
            asked += 1
            try:
                answer = handle(core, frame[2], frame[3], EPOCH)
            except CallError as exc:
                assert exc.code in CODES  # noqa: PT017
            else:
                check_response(version, frame[2], answer)
            core.advance(EPOCH)
    assert asked > 0


CODES = {
    "NotImplemented",
    "NotSupported",
    "TypeConstraintViolation",
    "OccurrenceConstraintViolation",
    "PropertyConstraintViolation",
    "FormatViolation",
}

import json
import math

import pytest

from gateway.simulators import station_wire as wire
from gateway.simulators.station_wire import Frame, FrameError, Kind


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        ([2, "1", "Heartbeat", {}], Frame(Kind.CALL, "1", "Heartbeat", {})),
        ([3, "1", {"a": 1}], Frame(Kind.RESULT, "1", "", {"a": 1})),
        ([4, "1", "GenericError", "", {}], Frame(Kind.ERROR, "1", "GenericError", {})),
        ([5, "1", "GenericError", "", {}], Frame(Kind.RESULT_ERROR, "1", "GenericError", {})),
        ([6, "1", "NotifyPeriodicEventStream", {}], Frame(Kind.SEND, "1", "NotifyPeriodicEventStream", {})),
    ],
)  # fmt: skip
def test_every_kind_of_frame_is_read(message, frame):
    assert Frame.parse(json.dumps(message)) == frame


@pytest.mark.parametrize(
    ("text", "code", "message_id"),
    [
        ("", "RpcFrameworkError", "-1"),
        ("{", "RpcFrameworkError", "-1"),
        ("{}", "RpcFrameworkError", "-1"),
        ("[]", "RpcFrameworkError", "-1"),
        ("[2]", "RpcFrameworkError", "-1"),
        ('[2, 7, "A", {}]', "RpcFrameworkError", "-1"),
        ('[2, "", "A", {}]', "RpcFrameworkError", "-1"),
        (f'[2, "{"x" * 37}", "A", {{}}]', "RpcFrameworkError", "-1"),
        ('[7, "1", "A", {}]', "MessageTypeNotSupported", "1"),
        ('[true, "1", "A", {}]', "MessageTypeNotSupported", "1"),
        ('["2", "1", "A", {}]', "MessageTypeNotSupported", "1"),
        ('[2, "1", "A"]', "RpcFrameworkError", "1"),
        ('[3, "1", {}, {}]', "RpcFrameworkError", "1"),
        ('[2, "1", 5, {}]', "RpcFrameworkError", "1"),
        ('[2, "1", "A", []]', "RpcFrameworkError", "1"),
        ('[2, "1", "A", {"x": NaN}]', "RpcFrameworkError", "-1"),
        ('[2, "1", "A", {"x": -Infinity}]', "RpcFrameworkError", "-1"),
        ("[" * 100_000, "RpcFrameworkError", "-1"),
    ],
)
def test_a_broken_frame_is_named(text, code, message_id):
    with pytest.raises(FrameError) as found:
        Frame.parse(text)
    assert (found.value.code, found.value.message_id) == (code, message_id)


def test_what_is_written_is_read_again():
    for frame in (
        wire.call("1", "Heartbeat", {}),
        wire.result("2", {"currentTime": "x"}),
        wire.error("3", "GenericError", "y" * 300),
    ):
        assert Frame.parse(wire.dump(frame)).message_id == frame[1]


def test_a_long_problem_is_cut_to_what_the_standard_allows():
    assert len(wire.error("3", "GenericError", "y" * 300)[3]) == 255


def test_instants_are_written_and_read_in_utc():
    assert wire.instant(1_800_000_000.25) == "2027-01-15T08:00:00.250Z"
    assert wire.seconds("2027-01-15T08:00:00.25Z") == 1_800_000_000.25
    assert wire.seconds("2027-01-15T09:00:00+01:00") == 1_800_000_000
    assert wire.seconds("2027-01-15T08:00:00") == 1_800_000_000


def test_a_status_carries_the_reason_of_a_refusal():
    assert wire.status("Accepted") == {"status": "Accepted"}
    assert wire.status("Rejected", "X") == {"status": "Rejected", "statusInfo": {"reasonCode": "X"}}
    assert wire.status("Rejected", "X", "why")["statusInfo"]["additionalInfo"] == "why"


def test_measurements_are_rounded_and_finite():
    assert str(wire.rounded(-0.0001)) == "0.0"
    assert wire.rounded(1.23456) == 1.235
    with pytest.raises(ValueError, match="no measurement"):
        wire.rounded(math.nan)

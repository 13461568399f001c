"""Every recorded frame of foreign stations goes through a session; what becomes of each is pinned.

Words of the station: `answered` or the code of our CALLERROR for its calls; the outcome that the engine
is told for its answers; `odd` for what belongs to nothing. `unsendable` counts calls of the recording
CSMS that this one would not make (broken on purpose), whose answers are then odd.
"""

import pytest

from support.ocpp_replay import Replay, read

EXPECTED = [
    ("e-mobility-simulator-2.0.1/boot", "answered 3"),
    ("e-mobility-simulator-2.0.1/charging_profiles", "NotSupported 19, odd 2, unsendable 2"),
    ("e-mobility-simulator-2.0.1/charging_profiles_clear", "NotSupported 6"),
    ("e-mobility-simulator-2.0.1/device_model", "Accepted 5, NotSupported 1, answered 2"),
    ("e-mobility-simulator-2.0.1/errors", "Accepted 3, answered 1, odd 8, unsendable 6"),
    (
        "e-mobility-simulator-2.0.1/transaction",
        "Accepted 3, CallError 1, NotSupported 2, Rejected 1, answered 5",
    ),
    ("e-mobility-simulator-2.0.1/trigger_message", "Accepted 6, Rejected 2, answered 6"),
    ("ocpp-cp-simulator-2.0.1/boot", "answered 4"),
    (
        "ocpp-cp-simulator-2.0.1/charging_profiles",
        "Accepted 16, CallError 1, Rejected 2, answered 2, odd 2, unsendable 2",
    ),
    ("ocpp-cp-simulator-2.0.1/charging_profiles_clear", "Accepted 4, NotFound 2"),
    ("ocpp-cp-simulator-2.0.1/device_model", "Accepted 5, NotFound 1, answered 2"),
    ("ocpp-cp-simulator-2.0.1/errors", "Accepted 3, answered 1, odd 6, unsendable 6"),
    ("ocpp-cp-simulator-2.0.1/station_messages", "answered 9"),
    ("ocpp-cp-simulator-2.0.1/transaction", "Accepted 5, Rejected 2, answered 7"),
    ("ocpp-cp-simulator-2.0.1/trigger_message", "Accepted 6, Rejected 2, answered 8"),
    ("ocpp-cp-simulator-2.1/boot", "answered 4"),
    (
        "ocpp-cp-simulator-2.1/charging_profiles",
        "Accepted 16, CallError 1, Rejected 2, answered 2, odd 2, unsendable 2",
    ),
    ("ocpp-cp-simulator-2.1/charging_profiles_clear", "Accepted 4, NotFound 2"),
    ("ocpp-cp-simulator-2.1/charging_profiles_v2x", "Accepted 3, Rejected 11, odd 1, unsendable 1"),
    ("ocpp-cp-simulator-2.1/der_get_clear", "NotSupported 12"),
    ("ocpp-cp-simulator-2.1/der_invalid", "odd 14, unsendable 14"),
    ("ocpp-cp-simulator-2.1/der_set_defaults", "NotSupported 14, odd 4, unsendable 4"),
    ("ocpp-cp-simulator-2.1/der_set_scheduled", "NotSupported 6"),
    ("ocpp-cp-simulator-2.1/device_model", "Accepted 5, NotFound 1, answered 2"),
    ("ocpp-cp-simulator-2.1/errors", "Accepted 3, answered 1, odd 5, unsendable 5"),
    ("ocpp-cp-simulator-2.1/station_messages", "answered 9"),
    ("ocpp-cp-simulator-2.1/transaction", "Accepted 5, Rejected 3, answered 7"),
    ("ocpp-cp-simulator-2.1/trigger_message", "Accepted 6, Rejected 2, answered 8"),
    ("ocpp-rpc-client-2.1/boot", "answered 10"),
    (
        "ocpp-rpc-client-2.1/charging_profiles",
        "Accepted 8, NotSupported 2, Rejected 9, odd 2, unsendable 2",
    ),
    ("ocpp-rpc-client-2.1/charging_profiles_clear", "Accepted 4, Rejected 2"),
    (
        "ocpp-rpc-client-2.1/charging_profiles_v2x",
        "Accepted 10, NotSupported 2, Rejected 2, odd 1, unsendable 1",
    ),
    ("ocpp-rpc-client-2.1/der_get_clear", "Accepted 6, NotFound 6"),
    ("ocpp-rpc-client-2.1/der_invalid", "odd 14, unsendable 14"),
    ("ocpp-rpc-client-2.1/der_set_defaults", "Accepted 13, NotSupported 1, odd 4, unsendable 4"),
    ("ocpp-rpc-client-2.1/der_set_scheduled", "Accepted 6"),
    ("ocpp-rpc-client-2.1/device_model", "Accepted 4, CallError 1, NotSupported 1"),
    ("ocpp-rpc-client-2.1/errors", "Accepted 3, odd 8, unsendable 5"),
    ("ocpp-rpc-client-2.1/transaction", "Accepted 1, NotSupported 2"),
    ("ocpp-rpc-client-2.1/trigger_message", "Accepted 8"),
    ("virtual-charge-point-2.0.1/boot", "answered 3"),
    ("virtual-charge-point-2.0.1/charging_profiles", "Accepted 19, odd 2, unsendable 2"),
    ("virtual-charge-point-2.0.1/charging_profiles_clear", "Accepted 6"),
    (
        "virtual-charge-point-2.0.1/device_model",
        "Accepted 6, OccurrenceConstraintViolation 1, answered 2",
    ),
    ("virtual-charge-point-2.0.1/error_answer_to_nothing", "answered 2"),
    ("virtual-charge-point-2.0.1/error_callerror_from_csms", "Accepted 2, answered 2"),
    ("virtual-charge-point-2.0.1/error_duplicate_id", "Accepted 2, answered 2"),
    ("virtual-charge-point-2.0.1/error_malformed_payload", "answered 2, odd 1, unsendable 1"),
    ("virtual-charge-point-2.0.1/error_message_type", "answered 2"),
    ("virtual-charge-point-2.0.1/error_missing_fields", "answered 2, odd 1, unsendable 1"),
    ("virtual-charge-point-2.0.1/error_not_json", "answered 2"),
    ("virtual-charge-point-2.0.1/error_unknown_action", "answered 2, unsendable 1"),
    ("virtual-charge-point-2.0.1/station_messages", "answered 10"),
    ("virtual-charge-point-2.0.1/transaction", "Accepted 6, Rejected 1, answered 9"),
    ("virtual-charge-point-2.0.1/trigger_message", "Accepted 8, answered 1"),
    ("virtual-charge-point-2.1/boot", "answered 3"),
    ("virtual-charge-point-2.1/charging_profiles", "Accepted 19, odd 2, unsendable 2"),
    ("virtual-charge-point-2.1/charging_profiles_clear", "Accepted 6"),
    ("virtual-charge-point-2.1/charging_profiles_v2x", "Accepted 14, odd 1, unsendable 1"),
    ("virtual-charge-point-2.1/der_get_clear", "Accepted 12"),
    ("virtual-charge-point-2.1/der_invalid", "odd 14, unsendable 14"),
    ("virtual-charge-point-2.1/der_set_defaults", "Accepted 14, odd 4, unsendable 4"),
    ("virtual-charge-point-2.1/der_set_scheduled", "Accepted 6"),
    (
        "virtual-charge-point-2.1/device_model",
        "Accepted 6, OccurrenceConstraintViolation 1, answered 2",
    ),
    ("virtual-charge-point-2.1/error_answer_to_nothing", "answered 2"),
    ("virtual-charge-point-2.1/error_callerror_from_csms", "Accepted 2, answered 2"),
    ("virtual-charge-point-2.1/error_duplicate_id", "Accepted 2, answered 2"),
    ("virtual-charge-point-2.1/error_malformed_payload", "answered 2, odd 1, unsendable 1"),
    ("virtual-charge-point-2.1/error_message_type", "answered 2"),
    ("virtual-charge-point-2.1/error_missing_fields", "answered 2, odd 1, unsendable 1"),
    ("virtual-charge-point-2.1/error_not_json", "answered 2"),
    ("virtual-charge-point-2.1/error_unknown_action", "answered 2, unsendable 1"),
    ("virtual-charge-point-2.1/error_wrong_types_der", "answered 2, odd 1, unsendable 1"),
    ("virtual-charge-point-2.1/station_messages", "PropertyConstraintViolation 1, answered 21"),
    ("virtual-charge-point-2.1/transaction", "Accepted 7, Rejected 1, answered 9"),
    ("virtual-charge-point-2.1/trigger_message", "Accepted 8, answered 1"),
]
NOT_SAID = {"unsendable", "unanswered"}


def test_every_scenario_is_pinned(captures):
    recorded = sorted(
        path.relative_to(captures / "ocpp") for path in captures.glob("ocpp/*/*.jsonl")
    )
    assert [str(path.with_suffix("")) for path in recorded] == [name for name, _ in EXPECTED]


@pytest.mark.parametrize(("scenario", "outcome"), EXPECTED, ids=[name for name, _ in EXPECTED])
async def test_every_frame_of_a_station_has_its_outcome(captures, scenario, outcome):
    lines = read(captures / "ocpp" / f"{scenario}.jsonl")
    version = scenario.split("/")[0].rsplit("-", 1)[1]
    found = await Replay(version).run(lines)
    assert ", ".join(f"{kind} {count}" for kind, count in sorted(found.items())) == outcome
    said = sum(line["dir"] == "station->csms" for line in lines)
    assert sum(count for kind, count in found.items() if kind not in NOT_SAID) == said

"""What answers mean."""

import pytest

from gateway.core.events import ReplyStatus
from gateway.stations import outcomes
from gateway.stations.rules import Violation

STATUSES = [
    ({"status": "Accepted"}, ReplyStatus.ACCEPTED),
    ({}, ReplyStatus.ACCEPTED),
    ({"status": "Rejected"}, ReplyStatus.REJECTED),
    ({"status": "NotSupported"}, ReplyStatus.NOT_SUPPORTED),
    ({"status": "NotFound"}, ReplyStatus.NOT_FOUND),
    ({"status": "Unknown"}, ReplyStatus.NOT_FOUND),
    ({"status": "NoProfiles"}, ReplyStatus.NOT_FOUND),
    ({"status": "EmptyResultSet"}, ReplyStatus.NOT_FOUND),
    ({"status": "Scheduled"}, ReplyStatus.REJECTED),
]


@pytest.mark.parametrize(("payload", "status"), STATUSES)
def test_only_an_acceptance_is_an_acceptance(payload, status):
    assert outcomes.answered(payload).status is status


def test_the_reason_of_a_station_is_kept():
    info = {"reasonCode": "InvalidSchedule", "additionalInfo": "setpoint beyond limit"}
    reply = outcomes.answered({"status": "Rejected", "statusInfo": info})
    assert reply.reason == "InvalidSchedule setpoint beyond limit"
    assert (
        outcomes.answered({"status": "Rejected", "statusInfo": {"reasonCode": "X"}}).reason == "X"
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("NotImplemented", ReplyStatus.NOT_SUPPORTED),
        ("NotSupported", ReplyStatus.NOT_SUPPORTED),
        ("InternalError", ReplyStatus.CALL_ERROR),
        ("FormationViolation", ReplyStatus.CALL_ERROR),
    ],
)
def test_a_callerror_is_a_lack_or_a_failure(code, status):
    assert outcomes.refused(code, "").status is status
    assert outcomes.refused(code, "why").reason == f"{code} why"


def test_an_answer_that_breaks_its_schema_is_no_success_and_is_kept_for_the_record():
    reply = outcomes.unusable({"status": "Yes"}, Violation("Type", "status", "is no status"))
    assert reply.status is ReplyStatus.CALL_ERROR
    assert reply.payload == {"status": "Yes"}
    assert "status: is no status" in reply.reason

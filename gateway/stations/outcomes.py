"""What an answer of a station means for the call that it ends."""

from __future__ import annotations

from gateway.core.events import ReplyStatus
from gateway.stations.context import Json, Reply
from gateway.stations.rules import Violation

_NOT_SUPPORTED = frozenset({"NotImplemented", "NotSupported"})
_STATUS = {
    "Accepted": ReplyStatus.ACCEPTED,
    "NotSupported": ReplyStatus.NOT_SUPPORTED,
    "NotFound": ReplyStatus.NOT_FOUND,
    "Unknown": ReplyStatus.NOT_FOUND,  # ClearChargingProfile, K10
    "NoProfiles": ReplyStatus.NOT_FOUND,  # GetChargingProfiles, K09
    "NoProfile": ReplyStatus.NOT_FOUND,  # UsePriorityCharging, K21
    "EmptyResultSet": ReplyStatus.NOT_FOUND,  # GetBaseReport, B07
}


def answered(payload: Json) -> Reply:
    """Return the outcome of a CALLRESULT of sound schema; one without status is an acceptance."""
    status = _STATUS.get(str(payload.get("status", "Accepted")), ReplyStatus.REJECTED)
    info = payload.get("statusInfo", {})
    reason = f"{info.get('reasonCode', '')} {info.get('additionalInfo', '')}".strip()
    return Reply(status, payload, reason)


def unusable(payload: Json, fault: Violation) -> Reply:
    """Return the outcome of a CALLRESULT that breaks its schema: never a success."""
    return Reply(ReplyStatus.CALL_ERROR, payload, f"answer breaks its schema: {fault}")


def refused(code: str, description: str) -> Reply:
    """Return the outcome of a CALLERROR."""
    lacking = code in _NOT_SUPPORTED
    status = ReplyStatus.NOT_SUPPORTED if lacking else ReplyStatus.CALL_ERROR
    return Reply(status, reason=f"{code} {description}".strip())


def open_ended(reply: Reply) -> bool:
    """Say whether a station may have done what it was asked: no answer came, or one of no use."""
    return reply.status is ReplyStatus.NO_ANSWER or (
        reply.status is ReplyStatus.CALL_ERROR and bool(reply.payload)
    )


def unsendable(fault: Violation) -> Reply:
    """Return the outcome of a call that no sound station could take: it never left."""
    return Reply(ReplyStatus.NOT_SUPPORTED, reason=f"not sendable: {fault}")


UNANSWERED = Reply(ReplyStatus.NO_ANSWER, reason="no answer in time")
LOST = Reply(ReplyStatus.NO_ANSWER, reason="connection lost")
SHADOWED = Reply(ReplyStatus.NOT_SENT, reason="shadow: stations are only asked")
UNSENT = Reply(ReplyStatus.NOT_SENT, reason="connection lost")

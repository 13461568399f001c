"""What a station calls or sends, given to the block that takes it: each CALL gets exactly one answer."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from gateway.protocols.ocpp_rpc import Called, Rpc, Sent
from gateway.stations.blocks import (
    availability,
    der_control,
    housekeeping,
    monitoring,
    provisioning,
    security,
    smart_charging,
)
from gateway.stations.context import Context, Handler
from gateway.stations.validators import STREAM, known_actions, read_violation
from translators.errors import DocumentError

log = structlog.get_logger()

_HANDLERS: Mapping[str, Handler] = {
    **provisioning.HANDLERS,
    **der_control.HANDLERS,
    **smart_charging.HANDLERS,
    **availability.HANDLERS,
    **monitoring.HANDLERS,
    **security.HANDLERS,
    **housekeeping.HANDLERS,
}
"""What every session answers alike."""


def answer[K](context: Context, rpc: Rpc[K], called: Called, handler: Handler | None) -> bool:
    """Answer one CALL: NotImplemented, the schema's fault, or what its block says; return whether that.

    `handler` is of this session, or None where every session answers alike.
    """
    version, action = context.version, called.action
    handler = handler or _HANDLERS.get(action)
    if action not in known_actions(version):
        problem = f"{action} is no action of OCPP {version}"
        rpc.refuse(called.message_id, "NotImplemented", problem)
    elif context.registration.bars(action):
        problem = f"{action} has to wait until the boot is accepted"
        rpc.refuse(called.message_id, "SecurityError", problem)
    elif handler is None:
        rpc.refuse(called.message_id, "NotSupported", f"nothing here takes {action}")
    elif fault := read_violation(version, action, called.payload, request=True):
        log.warning("call.refused", station=context.entry.id, action=action, problem=str(fault))
        context.spoil(called.payload.get("requestId"))
        rpc.refuse(called.message_id, fault.code, str(fault))
    else:
        return _handle(context, rpc, called, handler)
    return False


def _handle[K](context: Context, rpc: Rpc[K], called: Called, handler: Handler) -> bool:
    """Answer as a block does; False where it cannot take what the payload means."""
    try:
        found = handler(context, called.payload)
    except DocumentError as error:
        station, action = context.entry.id, called.action
        log.warning("call.refused", station=station, action=action, problem=str(error))
        rpc.refuse(called.message_id, "PropertyConstraintViolation", str(error))
        return False
    rpc.answer(called.message_id, found)
    return True


def hear[K](context: Context, rpc: Rpc[K], sent: Sent) -> None:
    """Take in what wants no answer: parts of event streams, and nothing else (2.1)."""
    fault = read_violation(context.version, sent.action, sent.payload, request=True)
    if sent.action != STREAM:
        problem = f"{sent.action} is nothing that is sent"
    else:
        problem = str(fault) if fault else monitoring.stream(context, sent.payload)
    if problem:
        rpc.odd += 1
        log.warning("send.odd", station=context.entry.id, problem=problem)

"""A04: what a station notices of its own security goes into the audit and the log, word for word."""

from __future__ import annotations

import structlog

from gateway.core.events import SecurityNoticed
from gateway.stations.context import Context, Handler, Json

log = structlog.get_logger()


def security_event(context: Context, payload: Json) -> Json:
    """Pass an event on; its type may be one that no list names."""
    station, kind = context.entry.id, str(payload["type"])
    problem = str(payload.get("techInfo", ""))
    log.warning("security.noticed", kind=kind, station=station, problem=problem)
    context.post(
        SecurityNoticed(kind, station, station, problem, reported_at=str(payload["timestamp"]))
    )
    return {}


HANDLERS: dict[str, Handler] = {"SecurityEventNotification": security_event}

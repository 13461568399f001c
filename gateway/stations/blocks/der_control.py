"""R: DER controls as a station holds, starts, ends and alarms them."""

from __future__ import annotations

from gateway.core.events import AlarmReceived, HeldControl, NoticeReceived
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.context import Context, Handler, Json
from translators.ocpp.inbound import Held, alarm, held_controls, notice


def start_stop(context: Context, payload: Json) -> Json:
    """Pass on that a control started or ended (R04.FR.20, R04.FR.22)."""
    context.post(NoticeReceived(notice(context.entry.id, payload)))
    if payload["started"]:
        context.measure_soon()
    return {}


def der_alarm(context: Context, payload: Json) -> Json:
    """Pass on a grid alarm or its end (R05)."""
    context.post(AlarmReceived(alarm(context.entry.id, payload)))
    return {}


def report(context: Context, payload: Json) -> Json:
    """Collect a part of what the station holds (R04)."""
    context.collect("ReportDERControl", payload)
    return {}


async def read_back(context: Context) -> tuple[list[HeldControl], bool]:
    """Return every DER control of both default flags, and whether that is all.

    A station that knows no DER controls holds none.
    """
    held: list[HeldControl] = []
    complete = True
    for is_default in (True, False):
        found = await context.gather("GetDERControl", {"isDefault": is_default}, Priority.GRID)
        held += [_held(item) for part in found.parts for item in held_controls(part)]
        complete = complete and found.complete
    return held, complete


def _held(item: Held) -> HeldControl:
    return HeldControl(item.id, item.action, item.payload, item.superseded)


HANDLERS: dict[str, Handler] = {
    "NotifyDERStartStop": start_stop,
    "NotifyDERAlarm": der_alarm,
    "ReportDERControl": report,
}

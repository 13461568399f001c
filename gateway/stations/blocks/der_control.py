"""R: DER controls as a station holds, starts, ends and alarms them."""

from __future__ import annotations

from gateway.core.events import AlarmReceived, HeldControl, NoticeReceived, ReplyStatus
from gateway.stations.context import Context, Handler, Json
from translators.ocpp.inbound import Held, alarm, held_controls, notice

REPORT_TIMEOUT_S = 30.0


def start_stop(context: Context, payload: Json) -> Json:
    """Pass on that a control started or ended (R04.FR.20, R04.FR.22)."""
    context.post(NoticeReceived(notice(context.entry.id, payload)))
    return {}


def der_alarm(context: Context, payload: Json) -> Json:
    """Pass on a grid alarm or its end (R05)."""
    context.post(AlarmReceived(alarm(context.entry.id, payload)))
    return {}


def report(context: Context, payload: Json) -> Json:
    """Collect a part of what the station holds (R04)."""
    context.collect(payload)
    return {}


async def read_back(context: Context) -> tuple[list[HeldControl], bool]:
    """Return every DER control of both default flags, and whether that is all."""
    held: list[HeldControl] = []
    complete = True
    for is_default in (True, False):
        found, told = await _of_flag(context, is_default=is_default)
        held += found
        complete = complete and told
    return held, complete


async def _of_flag(context: Context, *, is_default: bool) -> tuple[list[HeldControl], bool]:
    number, report_ = context.open_report()
    request = {"requestId": number, "isDefault": is_default}
    reply = await context.call("GetDERControl", request)
    told = reply.status is ReplyStatus.NOT_FOUND  # nothing is held
    if reply.status is ReplyStatus.ACCEPTED:
        told = await report_.wait(REPORT_TIMEOUT_S)
    context.reports.pop(number, None)
    return [_held(item) for part in report_.parts for item in held_controls(part)], told


def _held(item: Held) -> HeldControl:
    return HeldControl(item.id, item.action, item.payload, item.superseded)


HANDLERS: dict[str, Handler] = {
    "NotifyDERStartStop": start_stop,
    "NotifyDERAlarm": der_alarm,
    "ReportDERControl": report,
}

"""N: what a station notices and tells by itself, which monitors make it do so, and its event streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import batched

import structlog

from gateway.core.events import AlarmReceived, ReplyStatus, SamplesTaken, StationDescribed
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.connectors import noted
from gateway.stations.context import Context, Handler, Json
from gateway.stations.device_model import SWITCHES, Variable, instant_of, named, read_names
from gateway.stations.monitors import Monitor, Plan, Watch, difference, present, wanted
from translators.canonical.telemetry import Alarm
from translators.errors import DocumentError
from translators.ocpp.metering import Samples
from translators.ocpp.stream import measured, streamed, value_at

log = structlog.get_logger()

_AT_ONCE = 10
"""Monitors in one request, where the station does not say how many it takes."""
_MOST_AT_ONCE = 20
"""Monitors in one request, however many it takes: bytes are bounded, too."""
_ALERT = 5
"""The least severe event that is an alarm (SetMonitoringData: 5 is an alert, 6 a warning)."""
_MAX_WORDS = 255
"""Characters of an alarm."""
_CRITERIA = ["DeltaMonitoring", "PeriodicMonitoring"]


def notify_event(context: Context, payload: Json) -> Json:
    """Take in what changed; where a part went missing, the station is asked what it is (N07)."""
    watch = _watch(context)
    if watch.missed(payload):
        log.warning("event.part_missing", station=context.entry.id, part=payload["seqNo"])
        context.ask_again()
    for event in payload["eventData"]:
        if not watch.repeated(event):
            _take(context, event)
    return {}


def _take(context: Context, event: Json) -> None:
    variable, value = named(event), event["actualValue"]
    if variable.name == "AvailabilityState":
        connector = variable.evse or 0, variable.connector or 0
        noted(context, connector, value, event["timestamp"])
        return
    if measured(variable.component, variable.name):
        place = variable.component, variable.name
        read = value_at(context.entry.id, variable.evse, place, event["timestamp"], value)
        _pass_on(context, read)
    else:
        _changed(context, variable, event)
    if event["trigger"] == "Alerting" and event.get("severity", _ALERT) <= _ALERT:
        _alarm(context, variable, event)


def _changed(context: Context, variable: Variable, event: Json) -> None:
    """Let the device model follow; a component that was switched has more to say than that."""
    entry, version, at = context.entry, context.version, instant_of(event["timestamp"])
    before = context.plate.model.values
    profile = context.plate.changed(entry, version, variable, event["actualValue"], at)
    if profile is not None:
        context.post(StationDescribed(entry.id, profile))
    if context.plate.model.values is not before:
        context.keep_model()
    switched = variable.name in SWITCHES and variable.component in read_names(entry.book, version)
    if switched and context.plate.model.values is not before:
        context.ask_again()


def _alarm(context: Context, variable: Variable, event: Json) -> None:
    words = (event["actualValue"], event.get("techCode", ""), event.get("techInfo", ""))
    place = "" if variable.evse is None else f" of EVSE {variable.evse}"
    alarm = Alarm(
        station=context.entry.id,
        control_type=f"{variable.component}.{variable.name}{place}",
        fault=None,
        at=instant_of(event["timestamp"]) or context.clock(),
        ended=event.get("cleared", False),
        text=" ".join(word for word in words if word)[:_MAX_WORDS],
    )
    context.post(AlarmReceived(alarm))


def _pass_on(context: Context, read: Samples) -> None:
    for problem in read.problems:
        if _watch(context).names(problem):
            log.warning("sample.unreadable", station=context.entry.id, problem=problem)
    if read.samples:
        context.post(SamplesTaken(context.entry.id, read.samples))


def open_stream(context: Context, payload: Json) -> Json:
    """Accept a stream of a variable that we want measured, and no other (N11)."""
    data, watch = payload["constantStreamData"], _watch(context)
    monitor = data["variableMonitoringId"]
    variable = watch.numbers.get(monitor)
    ours = measured(variable.component, variable.name) if variable else watch.setting
    taken = bool(ours) and watch.opened(data["id"], monitor)
    return {"status": "Accepted" if taken else "Rejected"}


def close_stream(context: Context, payload: Json) -> Json:
    """Forget a stream (N13)."""
    _watch(context).streams.pop(payload["id"], None)
    return {}


def stream(context: Context, payload: Json) -> str:
    """Take in a part of a stream (N15); return what is odd about it, or nothing.

    A stream that was never opened here is odd once, and unheard from then on.
    """
    watch, number = _watch(context), payload["id"]
    variable = watch.numbers.get(watch.streams.get(number, -1))
    if variable is None:
        return f"stream {number} is not open" if watch.ignore(number) else ""
    place = variable.component, variable.name
    try:
        _pass_on(context, streamed(context.entry.id, variable.evse, place, payload))
    except DocumentError as error:
        return str(error)
    return ""


def report(context: Context, payload: Json) -> Json:
    """Collect a part of the monitors that a station has (N02)."""
    context.collect("NotifyMonitoringReport", payload)
    return {}


async def watch_station(context: Context, *, booted: bool) -> None:
    """Have the station tell what has to be noticed at once: set what lacks, clear what is too much.

    Only what the station says can be monitored is asked for; what it refuses is told in the log. Without a
    boot it still has the monitors that it had.
    """
    model, entry = context.plate.model, context.entry
    if not model.watchable:
        return
    names = read_names(entry.book, context.version)
    aims = wanted(model, names, context.version, context.power_s)
    known = set() if context.plate.watch is None else set(context.plate.watch.numbers.values())
    if (not booted and known >= {aim.variable for aim in aims}) or not (aims or known):
        return
    request = {"monitoringCriteria": _CRITERIA}
    found = await context.gather("GetMonitoringReport", request, Priority.HOUSEKEEPING)
    if not found.answered:
        return
    streams = await _open_streams(context) if any(aim.stream_s for aim in aims) else {}
    plan = difference(aims, present(found.parts), streams)
    await _carry_out(context, plan, aims, streams)


async def _open_streams(context: Context) -> dict[int, Json]:
    """Return the parameters of the streams that are open at the station, by monitor (N12)."""
    reply = await context.call("GetPeriodicEventStream", {}, Priority.HOUSEKEEPING)
    if reply.status is not ReplyStatus.ACCEPTED:
        return {}
    streams = reply.payload.get("constantStreamData", ())
    _watch(context).streams = {item["id"]: item["variableMonitoringId"] for item in streams}
    return {item["variableMonitoringId"]: item for item in streams}


async def _carry_out(
    context: Context, plan: Plan, aims: Sequence[Monitor], streams: dict[int, Json]
) -> None:
    watch = _watch(context)
    watch.numbers = dict(plan.known)
    for numbers in batched(plan.clearing, _size(context, "ClearVariableMonitoring")):
        request = {"id": list(numbers)}
        await context.call("ClearVariableMonitoring", request, Priority.HOUSEKEEPING)
    watch.setting = True
    try:
        for part in batched(plan.adding, _size(context, "SetVariableMonitoring")):
            if not await _set(context, watch, part):
                return
    finally:
        watch.setting = False
    for request in _adjustments(watch, aims, streams):
        await context.call("AdjustPeriodicEventStream", request, Priority.HOUSEKEEPING)


def _size(context: Context, action: str) -> int:
    """Return how many monitors go into one request."""
    most = context.plate.model.number("MonitoringCtrlr", "ItemsPerMessage", action)
    return min(max(1, most or _AT_ONCE), _MOST_AT_ONCE)


async def _set(context: Context, watch: Watch, part: Sequence[Json]) -> bool:
    """Set some monitors, each judged by itself; return whether the station did so."""
    request = {"setMonitoringData": list(part)}
    reply = await context.call("SetVariableMonitoring", request, Priority.HOUSEKEEPING)
    if reply.status is not ReplyStatus.ACCEPTED:
        log.info("monitors.refused", station=context.entry.id, reason=reply.reason)
        return False
    for result in reply.payload["setMonitoringResult"]:
        variable, status = named(result), result["status"]
        if status == "Accepted" and "id" in result:
            watch.numbers[result["id"]] = variable
        elif status != "Duplicate":  # N04: it watches this already
            log.info("monitor.refused", station=context.entry.id, variable=variable, status=status)
    return True


def _adjustments(watch: Watch, aims: Sequence[Monitor], streams: dict[int, Json]) -> Iterator[Json]:
    """Yield the requests that bring open streams into the wanted rhythm (N14)."""
    wanted_by = {aim.variable: aim for aim in aims if aim.stream_s}
    for monitor, item in streams.items():
        aim = wanted_by.get(watch.numbers[monitor]) if monitor in watch.numbers else None
        if aim is not None and item["params"].get("interval") != aim.stream_s:
            yield {"id": item["id"], "params": aim.params()}


def _watch(context: Context) -> Watch:
    plate = context.plate
    if plate.watch is None:
        plate.watch = Watch()
    return plate.watch


HANDLERS: dict[str, Handler] = {
    "NotifyEvent": notify_event,
    "NotifyMonitoringReport": report,
    "OpenPeriodicEventStream": open_stream,
    "ClosePeriodicEventStream": close_stream,
}

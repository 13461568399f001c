"""How a simulated station answers each request; the first check is the schema of its version."""

from __future__ import annotations

from collections.abc import Callable

from gateway.simulators import station_charging
from gateway.simulators import station_security as security
from gateway.simulators.station_core import Core
from gateway.simulators.station_monitoring import Call
from gateway.simulators.station_options import hits
from gateway.simulators.station_profile_rules import Situation
from gateway.simulators.station_schema import check_request
from gateway.simulators.station_wire import CallError, Json, status

_FOR_NOT_SUPPORTED = frozenset(
    {"SetDERControl", "GetDERControl", "ClearDERControl", "GetBaseReport", "GetReport"}
    | {"GetMonitoringReport"}
)
"""Whose answers have a status NotSupported."""
_REFUSALS = {
    "ClearChargingProfile": "Unknown",
    "GetChargingProfiles": "NoProfiles",
    "GetInstalledCertificateIds": "NotFound",
    "DeleteCertificate": "Failed",
}
"""What a station that refuses says where there is no status Rejected."""

type Handler = Callable[[Core, Json, float], Json]


def handle(core: Core, action: str, payload: Json, now: float) -> Json:
    """Answer a request; CallError where it deserves no other answer."""
    check_request(core.version, action, payload)
    handler = HANDLERS.get(action)
    if handler is None:
        raise CallError("NotSupported", f"this station does not do {action}")
    if hits(core.personality.unsupported, action):
        if action not in _FOR_NOT_SUPPORTED:
            raise CallError("NotSupported", f"this station does not do {action}")
        return status("NotSupported")
    if hits(core.personality.rejects, action):
        if action == "SetVariableMonitoring":
            return _refused_monitors(payload)
        return status(_REFUSALS.get(action, "Rejected"), "RequestNotAllowed")
    return handler(core, payload, now)


def _refused_monitors(payload: Json) -> Json:
    told = ("type", "severity", "component", "variable")
    items = payload["setMonitoringData"]
    return {
        "setMonitoringResult": [
            {key: item[key] for key in told} | status("Rejected") for item in items
        ]
    }


def _set_control(core: Core, payload: Json, now: float) -> Json:
    return core.controls.set(payload, now)


def _get_control(core: Core, payload: Json, _now: float) -> Json:
    answer, reports = core.controls.get(payload)
    return _followed_by(core, answer, "ReportDERControl", reports)


def _clear_control(core: Core, payload: Json, _now: float) -> Json:
    return core.controls.clear(payload)


def _set_profile(core: Core, payload: Json, now: float) -> Json:
    number = payload["evseId"]
    running = core.evse(number).transaction if 1 <= number <= len(core.evses) else None
    situation = Situation(
        version=core.version,
        evses=len(core.evses),
        rate_units=core.options.charging_rate_units,
        modes=frozenset(core.options.v2x_modes),
        transaction_id=None if running is None else running.id,
    )
    return core.profiles.set(payload, situation, now)


def _update_profile(core: Core, payload: Json, now: float) -> Json:
    return core.profiles.update(payload, now)


def _get_profiles(core: Core, payload: Json, _now: float) -> Json:
    answer, reports = core.profiles.get(payload, core.options.report_part)
    return _followed_by(core, answer, "ReportChargingProfiles", reports)


def _clear_profile(core: Core, payload: Json, _now: float) -> Json:
    return core.profiles.clear(payload)


def _composite(core: Core, payload: Json, now: float) -> Json:
    number = payload["evseId"]
    asked = core.evses[number - 1 : number] if number else core.evses
    sharing = core.sharing if number else len(core.evses)  # together they have the limit once
    places = [place.around(core.offline_since, sharing) for place in asked]
    rating_w = max((place.inverter.plate.max_charge_w for place in asked), default=0.0)
    answer = core.profiles.composite(payload, now, places, rating_w)
    if core.personality.fractional_periods and "schedule" in answer:
        for period in answer["schedule"]["chargingSchedulePeriod"]:
            period["startPeriod"] += 0.5
    return answer


def _base_report(core: Core, payload: Json, now: float) -> Json:
    core.disclose()
    answer, reports = core.device.base_report(payload, now)
    return _reporting(core, answer, reports)


def _report(core: Core, payload: Json, now: float) -> Json:
    core.disclose()
    answer, reports = core.device.report(payload, now)
    return _reporting(core, answer, reports)


def _reporting(core: Core, answer: Json, reports: list[Json]) -> Json:
    kept = reports[1:] if core.personality.cuts_reports else reports
    return _followed_by(core, answer, "NotifyReport", kept)


def _set_monitors(core: Core, payload: Json, now: float) -> Json:
    core.measure()
    answer, calls = core.monitoring.set(payload, now)
    return _calling(core, answer, calls)


def _clear_monitors(core: Core, payload: Json, _now: float) -> Json:
    answer, calls = core.monitoring.clear(payload)
    return _calling(core, answer, calls)


def _calling(core: Core, answer: Json, calls: list[Call]) -> Json:
    for action, payload in calls:
        core.tell(action, payload)
    return answer


def _monitors(core: Core, payload: Json, now: float) -> Json:
    answer, reports = core.monitoring.report(payload, now)
    return _followed_by(core, answer, "NotifyMonitoringReport", reports)


def _streams(core: Core, _payload: Json, _now: float) -> Json:
    return core.monitoring.streams.get()


def _adjust_stream(core: Core, payload: Json, _now: float) -> Json:
    return core.monitoring.streams.adjust(payload)


def _get_variables(core: Core, payload: Json, _now: float) -> Json:
    core.disclose()
    return core.device.get_variables(payload)


def _set_variables(core: Core, payload: Json, now: float) -> Json:
    before = core.device.value("SampledDataCtrlr", "TxUpdatedInterval")
    answer = core.device.set_variables(payload)
    after = core.device.value("SampledDataCtrlr", "TxUpdatedInterval")
    if after != before:
        core.meter_interval_s = float(after)
    for asked, told in zip(payload["setVariableData"], answer["setVariableResult"], strict=True):
        key = asked["component"]["name"], asked["variable"]["name"]
        own = core.security.write(key, asked["attributeValue"], now)
        if own is not None:
            told["attributeStatus"] = own
    return answer


def _availability(core: Core, payload: Json, now: float) -> Json:
    before, core.operative = core.operative, payload["operationalStatus"] == "Operative"
    for place in core.evses if core.operative is not before else ():
        core.tell_status(place, now)  # G03.FR.09
    return status("Accepted")


def _reset(core: Core, _payload: Json, _now: float) -> Json:
    core.reboot_wanted = "RemoteReset"
    return status("Accepted")


def _trigger(core: Core, payload: Json, now: float) -> Json:
    match payload["requestedMessage"]:
        case "MeterValues":
            core.tell_meter(now)
        case "StatusNotification":
            for place in core.evses:
                core.tell_status(place, now)
        case "TransactionEvent" if any(place.transaction for place in core.evses):
            for place in core.evses:
                core.tell_transaction(place, "Updated", "Trigger", now)
        case "Heartbeat":
            core.tell("Heartbeat", {})
        case "BootNotification" if core.online:  # F06.FR.17: it was accepted already
            return status("Rejected", "NotEnabled")
        case "BootNotification":
            core.boot_wanted = True
        case "SignChargingStationCertificate":
            core.security.ask(now, core.personality.flaw)
        case _:
            return status("NotImplemented")
    return status("Accepted")


def _transaction_status(core: Core, payload: Json, _now: float) -> Json:
    queued = any(action == "TransactionEvent" for action, _ in core.outbox)
    answer: Json = {"messagesInQueue": queued}
    if "transactionId" in payload:
        running = {place.transaction.id for place in core.evses if place.transaction is not None}
        answer["ongoingIndicator"] = payload["transactionId"] in running
    return answer


def _followed_by(core: Core, answer: Json, action: str, parts: list[Json]) -> Json:
    for part in parts:
        core.tell(action, part)
    return answer


def _securing(handler: security.Handler) -> Handler:
    return lambda core, payload, now: handler(core.security, payload, now)


HANDLERS: dict[str, Handler] = {
    **{action: _securing(handler) for action, handler in security.HANDLERS.items()},
    **station_charging.HANDLERS,
    "SetDERControl": _set_control,
    "GetDERControl": _get_control,
    "ClearDERControl": _clear_control,
    "SetChargingProfile": _set_profile,
    "UpdateDynamicSchedule": _update_profile,
    "GetChargingProfiles": _get_profiles,
    "ClearChargingProfile": _clear_profile,
    "GetCompositeSchedule": _composite,
    "GetBaseReport": _base_report,
    "GetReport": _report,
    "SetVariableMonitoring": _set_monitors,
    "ClearVariableMonitoring": _clear_monitors,
    "GetMonitoringReport": _monitors,
    "GetPeriodicEventStream": _streams,
    "AdjustPeriodicEventStream": _adjust_stream,
    "GetVariables": _get_variables,
    "SetVariables": _set_variables,
    "ChangeAvailability": _availability,
    "Reset": _reset,
    "TriggerMessage": _trigger,
    "GetTransactionStatus": _transaction_status,
}
"""What the station answers; every other action is NotSupported."""

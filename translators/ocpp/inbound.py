"""Station messages to canonical values: notices, alarms, what is held; measurements are `metering`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from translators.canonical.telemetry import Alarm, ControlNotice, GridFault
from translators.ocpp.wire import Json, instant


def notice(station: str, payload: Json) -> ControlNotice:
    """Return a NotifyDERStartStop (R04.FR.20-22)."""
    return ControlNotice(
        station=station,
        control_id=payload["controlId"],
        started=payload["started"],
        at=instant(payload["timestamp"]),
        superseded_ids=tuple(payload.get("supersededIds", ())),
    )


def alarm(station: str, payload: Json) -> Alarm:
    """Return a NotifyDERAlarm (R05); absent alarmEnded is a start."""
    fault = payload.get("gridEventFault")
    return Alarm(
        station=station,
        control_type=payload["controlType"],
        fault=None if fault is None else GridFault(fault),
        at=instant(payload["timestamp"]),
        ended=payload.get("alarmEnded", False),
        text=payload.get("extraInfo", ""),
    )


@dataclass(frozen=True, slots=True)
class Held:
    """One control as the station reports it, in the words of the message that would set it."""

    id: str
    action: str
    payload: Json
    superseded: bool = False


_REPORTED = {
    "fixedPFAbsorb": ("FixedPFAbsorb", "fixedPF", "fixedPFAbsorb"),
    "fixedPFInject": ("FixedPFInject", "fixedPF", "fixedPFInject"),
    "fixedVar": ("FixedVar", "fixedVar", "fixedVar"),
    "freqDroop": ("FreqDroop", "freqDroop", "freqDroop"),
    "limitMaxDischarge": ("LimitMaxDischarge", "limitMaxDischarge", "limitMaxDischarge"),
    "enterService": ("EnterService", "enterService", "enterService"),
    "gradient": ("Gradients", "gradient", "gradient"),
}
"""ReportDERControl array: control type, member there, member of SetDERControl."""


def held_controls(payload: Json) -> tuple[Held, ...]:
    """Return the controls of a ReportDERControl as SetDERControl payloads.

    EnterService and Gradients carry no isDefault there, because they are nothing else (R04.FR.14).
    """
    found = [
        _held(item, item["curveType"], "curve", item["curve"]) for item in payload.get("curve", ())
    ]
    for array, (control_type, member, slot) in _REPORTED.items():
        found += [_held(item, control_type, slot, item[member]) for item in payload.get(array, ())]
    return tuple(found)


def _held(item: Mapping[str, Any], control_type: str, slot: str, body: Json) -> Held:
    payload: Json = {
        "isDefault": item.get("isDefault", True),
        "controlId": item["id"],
        "controlType": control_type,
        slot: body,
    }
    return Held(item["id"], "SetDERControl", payload, item.get("isSuperseded", False))


def held_profiles(payload: Json) -> tuple[Held, ...]:
    """Return the profiles of a ReportChargingProfiles as SetChargingProfile payloads."""
    evse = payload["evseId"]
    return tuple(
        Held(
            str(profile["id"]),
            "SetChargingProfile",
            {"evseId": evse, "chargingProfile": profile},
        )
        for profile in payload["chargingProfile"]
    )

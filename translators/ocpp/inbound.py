"""Station messages to canonical values: measurements, notices, alarms, what is held.

Import is what the station takes from the grid: it becomes negative here, in the generator frame, and nowhere
else. A value that cannot be read is left out and named; its neighbours live on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from translators.canonical.telemetry import Alarm, ControlNotice, GridFault, Phase, Quality, Sample
from translators.errors import DocumentError
from translators.ocpp.wire import Json
from translators.units import Kind, scale10

_SIGNED = {
    "Power.Active.Import": (Kind.POWER, -1),
    "Power.Active.Export": (Kind.POWER, 1),
    "Power.Reactive.Import": (Kind.REACTIVE, -1),
    "Power.Reactive.Export": (Kind.REACTIVE, 1),
    "Voltage": (Kind.VOLTAGE, 1),
    "Frequency": (Kind.FREQUENCY, 1),
    "Current.Import": (Kind.CURRENT, -1),
    "Current.Export": (Kind.CURRENT, 1),
}
_UNITS = {
    Kind.POWER: {"W": 1, "kW": 1000},
    Kind.REACTIVE: {"var": 1, "kvar": 1000},
    Kind.VOLTAGE: {"V": 1},
    Kind.FREQUENCY: {"Hz": 1, "Hertz": 1},
    Kind.CURRENT: {"A": 1},
}
_PHASES = {"L1": Phase.L1, "L2": Phase.L2, "L3": Phase.L3}
_NEUTRAL = "-N"
_SUMMED = frozenset({Kind.POWER, Kind.REACTIVE})

_PLACES = ("Outlet", None, "Cable", "Inlet", "Upstream")
"""Where a value may be measured, best first; None is the default, Outlet. Body and car are left out."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_MULTIPLIERS = range(-30, 31)

type _Key = tuple[datetime, Kind, Phase]
type _Series = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Samples:
    """What could be read of a report, and a line for what could not."""

    samples: tuple[Sample, ...]
    problems: tuple[str, ...] = ()


def samples(station: str, evse: int | None, meter_values: Sequence[Json]) -> Samples:
    """Return the samples of `meterValue` entries; import and export of one instant are one value.

    What a station says twice of one instant (by two contexts, or at two places) counts once.
    """
    read: dict[_Series, dict[Phase, _Reading]] = {}
    problems: list[str] = []
    for number, entry in enumerate(meter_values):
        for index, value in enumerate(entry["sampledValue"]):
            where = f"meterValue[{number}]/sampledValue[{index}]"
            try:
                found = _read(entry["timestamp"], value, where)
            except DocumentError as error:
                problems.append(str(error))
                continue
            if found is not None:
                series, phase, reading = found
                known = read.setdefault(series, {})
                if phase not in known or reading.place <= known[phase].place:
                    known[phase] = reading
    return Samples(tuple(_netted(station, evse, read)), tuple(problems))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One value with its sign; `place` ranks where it was measured, 0 is best."""

    value: Fraction
    quality: Quality
    place: int = 0


def _netted(
    station: str, evse: int | None, read: Mapping[_Series, Mapping[Phase, _Reading]]
) -> Iterator[Sample]:
    """Yield one sample for each instant, kind and phase: export less import."""
    parts: defaultdict[_Key, list[_Reading]] = defaultdict(list)
    for (at, measurand), phases in read.items():
        kind, _ = _SIGNED[measurand]
        for phase, reading in _with_total(kind, phases).items():
            parts[at, kind, phase].append(reading)
    for (at, kind, phase), readings in parts.items():
        value = sum((reading.value for reading in readings), Fraction())
        yield Sample(station, evse, kind, value, at, phase, _worst(readings))


def _worst(readings: Iterable[_Reading]) -> Quality:
    good = all(reading.quality is Quality.GOOD for reading in readings)
    return Quality.GOOD if good else Quality.QUESTIONABLE


def _read(timestamp: str, value: Json, where: str) -> tuple[_Series, Phase, _Reading] | None:
    """Return one sampled value with its sign, None for what we do not follow."""
    measurand = value.get("measurand", "Energy.Active.Import.Register")
    if measurand not in _SIGNED:
        return None
    kind, sign = _SIGNED[measurand]
    phase, place = _phase(value.get("phase")), value.get("location")
    if phase is None or place not in _PLACES:
        return None
    unit = value.get("unitOfMeasure", {})
    name = unit.get("unit", next(iter(_UNITS[kind])))
    factor = _UNITS[kind].get(name)
    if factor is None:
        raise DocumentError(f"is no unit of {measurand}", where=where, value=name)
    multiplier = unit.get("multiplier", 0)
    if multiplier not in _MULTIPLIERS:
        raise DocumentError("is no multiplier of a unit", where=where, value=multiplier)
    exact = scale10(_fraction(value["value"], where) * factor, int(multiplier))
    doubtful = value.get("context") in {"Interruption.Begin", "Interruption.End"}
    quality = Quality.QUESTIONABLE if doubtful else Quality.GOOD
    reading = _Reading(sign * exact, quality, _PLACES.index(place))
    return (_instant(timestamp, where), measurand), phase, reading


def _phase(name: str | None) -> Phase | None:
    """Return the conductor; line-to-line and neutral values are not followed."""
    if name is None:
        return Phase.ALL
    return _PHASES.get(name.removesuffix(_NEUTRAL))


def _with_total(kind: Kind, phases: Mapping[Phase, _Reading]) -> Mapping[Phase, _Reading]:
    """Return the readings; where there are phases alone, with their sum (power) or mean (voltage)."""
    if Phase.ALL in phases:
        return phases
    total = sum((reading.value for reading in phases.values()), Fraction())
    whole = total if kind in _SUMMED else total / len(phases)
    return {**phases, Phase.ALL: _Reading(whole, _worst(phases.values()))}


def _fraction(value: Any, where: str) -> Fraction:
    """Return a decimal number, exactly; what would not fit into memory is no number."""
    text = str(value)
    if _NUMBER.fullmatch(text) is None:
        raise DocumentError("is no number", where=where, value=value)
    return Fraction(text)


def _instant(text: str, where: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise DocumentError("is no instant", where=where, value=text) from exc


def notice(station: str, payload: Json) -> ControlNotice:
    """Return a NotifyDERStartStop (R04.FR.20-22)."""
    return ControlNotice(
        station=station,
        control_id=payload["controlId"],
        started=payload["started"],
        at=_instant(payload["timestamp"], "timestamp"),
        superseded_ids=tuple(payload.get("supersededIds", ())),
    )


def alarm(station: str, payload: Json) -> Alarm:
    """Return a NotifyDERAlarm (R05); absent alarmEnded is a start."""
    fault = payload.get("gridEventFault")
    return Alarm(
        station=station,
        control_type=payload["controlType"],
        fault=None if fault is None else GridFault(fault),
        at=_instant(payload["timestamp"], "timestamp"),
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

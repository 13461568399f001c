"""Station messages to canonical values: measurements, notices, alarms, capability, what is held.

Import is what the station takes from the grid: it becomes negative here, in the generator frame, and nowhere
else. A value that cannot be read is left out and named; its neighbours live on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from translators.canonical.capability import Evse, Ratings
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

type _Key = tuple[datetime, Kind, Phase]


@dataclass(frozen=True, slots=True)
class Samples:
    """What could be read of a report, and a line for what could not."""

    samples: tuple[Sample, ...]
    problems: tuple[str, ...] = ()


def samples(station: str, evse: int | None, meter_values: Sequence[Json]) -> Samples:
    """Return the samples of `meterValue` entries; import and export of one instant are one value."""
    totals: defaultdict[_Key, Fraction] = defaultdict(Fraction)
    doubtful: set[_Key] = set()
    problems: list[str] = []
    for number, entry in enumerate(meter_values):
        for index, value in enumerate(entry["sampledValue"]):
            where = f"meterValue[{number}]/sampledValue[{index}]"
            try:
                read = _read(entry["timestamp"], value, where)
            except DocumentError as error:
                problems.append(str(error))
                continue
            if read is not None:
                key, signed = read
                totals[key] += signed
                if value.get("context") in {"Interruption.Begin", "Interruption.End"}:
                    doubtful.add(key)
    _add_totals(totals)
    found = tuple(
        Sample(station, evse, kind, value, at, phase, _quality((at, kind, phase) in doubtful))
        for (at, kind, phase), value in totals.items()
    )
    return Samples(found, tuple(problems))


def _quality(doubtful: bool) -> Quality:
    return Quality.QUESTIONABLE if doubtful else Quality.GOOD


def _read(timestamp: str, value: Json, where: str) -> tuple[_Key, Fraction] | None:
    """Return one sampled value with its sign, None for what we do not follow."""
    measurand = value.get("measurand", "Energy.Active.Import.Register")
    if measurand not in _SIGNED:
        return None
    kind, sign = _SIGNED[measurand]
    phase = _phase(value.get("phase"))
    if phase is None:
        return None
    unit = value.get("unitOfMeasure", {})
    name = unit.get("unit", next(iter(_UNITS[kind])))
    factor = _UNITS[kind].get(name)
    if factor is None:
        raise DocumentError(f"is no unit of {measurand}", where=where, value=name)
    number = _fraction(value["value"], where)
    exact = scale10(number * factor, int(unit.get("multiplier", 0)))
    return (_instant(timestamp, where), kind, phase), sign * exact


def _phase(name: str | None) -> Phase | None:
    """Return the conductor; line-to-line and neutral values are not followed."""
    if name is None:
        return Phase.ALL
    return _PHASES.get(name.removesuffix(_NEUTRAL))


def _add_totals(totals: defaultdict[_Key, Fraction]) -> None:
    """Where a station reports phases alone, add their sum (power) or mean (voltage)."""
    groups: defaultdict[tuple[datetime, Kind], list[Fraction]] = defaultdict(list)
    for (at, kind, phase), value in totals.items():
        if phase is not Phase.ALL:
            groups[at, kind].append(value)
    for (at, kind), values in groups.items():
        total = sum(values, Fraction())
        whole = total if kind in _SUMMED else total / len(values)
        totals.setdefault((at, kind, Phase.ALL), whole)


def _fraction(value: Any, where: str) -> Fraction:
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError) as exc:
        raise DocumentError("is no number", where=where, value=value) from exc


def _instant(text: str, where: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError as exc:
        raise DocumentError("is no instant", where=where, value=text) from exc
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


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


RATINGS = {
    "MaxW": "max_w",
    "MaxChargeRateW": "max_charge_rate_w",
    "MaxDischargeRateW": "max_discharge_rate_w",
    "MaxVA": "max_va",
    "MaxVar": "max_var",
    "MaxVarNeg": "max_var_neg",
    "VNom": "v_nom",
    "MaxA": "max_a",
    "OverExcitedPF": "over_excited_pf",
    "UnderExcitedPF": "under_excited_pf",
}
"""Variables of DCDERCtrlr by the rating that they are."""


def capability(declared: tuple[Evse, ...], report: Iterable[Json]) -> tuple[Evse, ...]:
    """Return the EVSEs with what a base report (NotifyReport) says of them.

    An EVSE that nobody declared is left out; a rating that is no number is left as declared.
    """
    found = {evse.id: evse for evse in declared}
    for item in report:
        component, variable = item["component"], item["variable"]["name"]
        number = component.get("evse", {}).get("id")
        value = _actual(item)
        if value is None:
            continue
        for evse_id in found if number is None else [number]:
            if evse_id in found:
                found[evse_id] = _described(found[evse_id], component["name"], variable, value)
    return tuple(found.values())


def _actual(item: Json) -> str | None:
    for attribute in item["variableAttribute"]:
        if attribute.get("type", "Actual") == "Actual":
            value: str | None = attribute.get("value")
            return value
    return None


def _described(evse: Evse, component: str, variable: str, value: str) -> Evse:
    members = frozenset(part.strip() for part in value.split(",") if part.strip())
    match component, variable:
        case "DCDERCtrlr" | "ACDERCtrlr", "ModesSupported":
            return replace(evse, der_modes=evse.der_modes | members)
        case "V2XChargingCtrlr", "SupportedOperationModes":
            return replace(evse, v2x_operation_modes=members)
        case "SmartChargingCtrlr", "RateUnit" if members:
            return replace(evse, charging_rate_units=tuple(sorted(members, reverse=True)))
        case "DCDERCtrlr" | "ACDERCtrlr", name if name in RATINGS:
            return replace(evse, ratings=with_rating(evse.ratings, name, value))
        case _:
            return evse


def with_rating(ratings: Ratings, name: str, value: object) -> Ratings:
    """Return the ratings with one variable of DCDERCtrlr; unchanged where the value is no number."""
    try:
        number = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return ratings
    return replace(ratings, **{RATINGS[name]: number})


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

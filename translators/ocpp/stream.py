"""Values of a monitored variable, as events and periodic streams bring them (N07, N15), made samples."""

from __future__ import annotations

from datetime import datetime, timedelta

from translators.errors import DocumentError
from translators.ocpp.metering import Samples, samples
from translators.ocpp.wire import Json, instant

_MEASURANDS = {("EVSE", "Power"): ("Power.Active.Import", "W")}
"""Variables that are measurements, as a measurand and its unit: their frame is the load's."""


def measured(component: str, variable: str) -> bool:
    """Say whether the values of a variable are samples."""
    return (component, variable) in _MEASURANDS


def value_at(
    station: str, evse: int | None, name: tuple[str, str], timestamp: str, value: str
) -> Samples:
    """Return one value of a measured variable, given as (component, variable)."""
    return samples(station, evse, [_meter_value(name, timestamp, value)])


def streamed(station: str, evse: int | None, name: tuple[str, str], payload: Json) -> Samples:
    """Return the values of a NotifyPeriodicEventStream; `DocumentError` for instants beyond all time."""
    begin = instant(payload["basetime"], "basetime")
    values = [
        _meter_value(name, _later(begin, element["t"], number), element["v"])
        for number, element in enumerate(payload["data"])
    ]
    return samples(station, evse, values)


def _meter_value(name: tuple[str, str], timestamp: str, value: str) -> Json:
    measurand, unit = _MEASURANDS[name]
    sampled = {"value": value, "measurand": measurand, "unitOfMeasure": {"unit": unit}}
    return {"timestamp": timestamp, "sampledValue": [sampled]}


def _later(begin: datetime, offset_s: float, number: int) -> str:
    try:
        return (begin + timedelta(seconds=offset_s)).isoformat()
    except (ValueError, OverflowError) as exc:
        where = f"data[{number}]/t"
        raise DocumentError("is no offset of an instant", where=where, value=offset_s) from exc

"""How a simulated station reads what the standard leaves open, or reads wrongly.

The physics know one reading, that of the text: `as_meant` turns a body that the station holds into what
it makes of it. So a translation for a station model can be proved by the power that flows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.simulators.station_wire import Json


@dataclass(frozen=True, slots=True)
class Dialect:
    """The readings of one station model; the first of each is that of the text."""

    excitation: Literal["as_spec", "inverted"] = "as_spec"
    """`inverted`: true is over-excited, which injects."""
    wattpf_y: Literal["as_spec", "inverted"] = "as_spec"
    """`inverted`: a positive y injects."""
    droop: Literal["per_unit", "percent"] = "per_unit"
    vref: Literal["multiplicative", "additive", "ignored"] = "multiplicative"
    """Whether vRef stretches the volt-var curve or shifts it, as IEEE 1547 does."""
    gradient: Literal["pct_per_s", "seconds_full_scale"] = "pct_per_s"
    enter_service_voltage: Literal["pct", "volts"] = "pct"
    enter_service_ramp: Literal["seconds", "pct_per_s"] = "seconds"
    hysteresis_unit: Literal["y", "x"] = "y"
    """`x`: the bounds of a hysteresis are voltages or frequencies."""
    trip_axes: Literal["value_x", "time_x"] = "value_x"
    """`time_x`: x is seconds and y per cent or Hz, as in IEEE 2030.5."""


OF_X = "of_x"
"""A mark beside the bounds of a hysteresis: they are voltages (per cent) or frequencies."""
TEXT = Dialect()
"""The reading of the standard's text."""


def as_meant(kind: str, body: Json, dialect: Dialect, v_nom: float) -> Json:
    """Return the body of a control as this dialect understands it, in the terms of the text."""
    match kind:
        case "FixedPFInject" | "FixedPFAbsorb" if dialect.excitation == "inverted":
            return body | {"excitation": not body["excitation"]}
        case "WattPF" if dialect.wattpf_y == "inverted":
            return _curve(body, [(p["x"], -p["y"]) for p in body["curveData"]])
        case "FreqDroop" if dialect.droop == "percent":
            return _changed(body, 1 / 100, "overDroop", "underDroop")
        case "VoltVar" if dialect.vref == "ignored":
            return {name: value for name, value in body.items() if name != "reactivePowerParams"}
        case "VoltWatt" | "FreqWatt" if dialect.hysteresis_unit == "x" and "hysteresis" in body:
            return body | {"hysteresis": {**body["hysteresis"], OF_X: True}}
        case "Gradients" if dialect.gradient == "seconds_full_scale":
            return _inverted(body, "gradient", "softGradient")
        case "EnterService":
            return _entering(body, dialect, v_nom)
        case _ if dialect.trip_axes == "time_x" and kind.endswith(("Trip", "MomCess")):
            return _curve(body, sorted((p["y"], p["x"]) for p in body["curveData"]))
        case _:
            return body


def _entering(body: Json, dialect: Dialect, v_nom: float) -> Json:
    if dialect.enter_service_voltage == "volts":
        body = _changed(body, 100 / v_nom, "highVoltage", "lowVoltage")
    return _inverted(body, "rampRate") if dialect.enter_service_ramp == "pct_per_s" else body


def _curve(body: Json, points: list[tuple[float, float]]) -> Json:
    return body | {"curveData": [{"x": x, "y": y} for x, y in points]}


def _changed(body: Json, factor: float, *names: str) -> Json:
    return body | {name: body[name] * factor for name in names if name in body}


def _inverted(body: Json, *names: str) -> Json:
    """Turn a time for the full scale into per cent a second, or back; 0 stays none."""
    return body | {name: 100 / body[name] for name in names if body.get(name)}

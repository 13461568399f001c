"""Curves of the wire read backwards: axes, excitation from the sign, units of both axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from translators.canonical.controls import Excitation, PowerFactorVertex, TripQuantity
from translators.canonical.curves import Curve, Vertex
from translators.canonical.geometry import split_at_zero, straight
from translators.ocpp.inverse.numbers import (
    Reading,
    exact,
    note_bounds,
    quantity,
    undone,
    unit_named,
)
from translators.rules.emission import Number
from translators.rules.schema import TargetPoints
from translators.rules.trace import LossKind
from translators.rules.values import Unmet
from translators.units import Kind, Unit

_WATCHED = {TripQuantity.VOLTAGE: Kind.PERCENT, TripQuantity.FREQUENCY: Kind.FREQUENCY}


def shape(
    canonical: str, spec: TargetPoints, given: Mapping[str, Any], reading: Reading
) -> dict[str, Any]:
    """Return the canonical fields that a curve's points make up; `given` are those of the control type."""
    points = _vertices(reading)
    if len(points) == spec.max:
        detail = f"{spec.max} points are the most: there may have been more"
        reading.trace.lose(LossKind.APPROXIMATE, reading.at("curveData"), detail)
    match canonical:
        case "TripCurve":
            return _boundary(points, given["quantity"], reading)
        case "WattPowerFactor":
            return _power_factors(points, reading)
        case _:
            return _line(points, reading)


def _vertices(reading: Reading) -> list[Vertex]:
    """Return the points as they stand on the wire."""
    made = []
    for number, point in enumerate(reading.member("curveData") or ()):
        where = reading.at(f"curveData[{number}]")
        x, y = (exact(point.get(axis), f"{where}/{axis}") for axis in "xy")
        for axis, value in (("x", x), ("y", y)):
            reading.trace.step("take", f"{where}/{axis}", value, f"points[{number}].{axis}", value)
        made.append(Vertex(x, y))
    if not made or any(right.x < left.x for left, right in pairwise(made)):
        raise Unmet("invalid", reading.at("curveData"), "needs points whose x never falls")
    return made


def _line(points: Sequence[Vertex], reading: Reading) -> dict[str, Any]:
    """Return a curve in the bases of the wire, or of DERSettings where they set one."""
    x, y = reading.rule.numbers["x"], reading.rule.numbers["y"]
    x_unit, y_unit = _unit_of(x, reading), _unit_of(y, reading)
    for number, point in enumerate(points):
        note_bounds(y, point.y, y_unit, reading, reading.at(f"curveData[{number}]"))

    def moved(point: Vertex) -> Vertex:
        where = reading.at("curveData")
        return Vertex(
            quantity(undone(x, point.x, reading, where), x_unit, reading, where).value,
            quantity(undone(y, point.y, reading, where), y_unit, reading, where).value,
        )

    split = split_at_zero(points)
    bent = [moved(point) for point, _ in split]
    kept = tuple(
        vertex
        for number, vertex in enumerate(bent)
        if split[number][1] is not None or not straight(bent[number - 1], vertex, bent[number + 1])
    )
    return {"curve": Curve(kept, _bare(x_unit, reading), _bare(y_unit, reading))}


def _bare(unit: Unit, reading: Reading) -> Unit:
    return quantity(Fraction(), unit, reading, reading.path).unit


def _power_factors(points: Sequence[Vertex], reading: Reading) -> dict[str, Any]:
    """Return unsigned factors with the excitation that their sign says: y > 0 absorbs.

    The two vertices, +1 and -1 at one x, by which the sign changes are one vertex at unity; another step
    at one x is a jump, it passes through nothing.
    """
    x, y = reading.rule.numbers["x"], reading.rule.numbers["y"]
    unit, where = _unit_of(x, reading), reading.at("curveData")
    signed = [Vertex(p.x, undone(y, p.y, reading, where)) for p in points]
    made: list[PowerFactorVertex] = []
    for number, point in enumerate(signed):
        before = signed[number - 1] if number else point
        turns = before.x == point.x and {before.y, point.y} == {Fraction(1), Fraction(-1)}
        if turns:
            continue
        passes = before.y * point.y < 0 and before.x < point.x
        if not 0 < abs(point.y) <= 1 or passes:
            raise Unmet(
                "invalid", where, "a power factor lies in (0, 1] and never passes through 0"
            )
        at = quantity(undone(x, point.x, reading, where), unit, reading, where).value
        side = Excitation.UNDER if point.y > 0 else Excitation.OVER
        made.append(PowerFactorVertex(at, abs(point.y), side))
    return {"points": tuple(made), "x_unit": _bare(unit, reading)}


def _boundary(points: Sequence[Vertex], watched: TripQuantity, reading: Reading) -> dict[str, Any]:
    """Return (value, seconds), whichever axis this station model has the seconds on."""
    x = reading.rule.numbers["x"]
    unit = {unit.kind: unit for unit, _ in x.units}[_WATCHED[watched]]
    if reading.dialect.trip_axes == "time_x":
        where = reading.at("curveData")
        reading.trace.step("swap axes", where, "s, value", "points", "value, s")
        points = [Vertex(p.y, p.x) for p in points]
    return {"points": tuple(points), "unit": unit}


def _unit_of(axis: Number, reading: Reading) -> Unit:
    """Return the unit of an axis: the one that a member of the message names, or the only one."""
    for name, spec in reading.rule.model.emit.items():
        if spec.unit_of == axis.name:
            return unit_named(axis, reading.member(name), reading.at(name))
    return axis.units[0][0]

"""Curves on their way to the wire: units of both axes, vRef, cutting, signs, rounding, at most ten points."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from translators.canonical.controls import (
    FreqWatt,
    Quantity,
    TripCurve,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
    WattVar,
)
from translators.canonical.curves import Vertex
from translators.canonical.geometry import clip, signed_power_factors, simplify
from translators.errors import MappingError
from translators.ocpp.wire import Json
from translators.rules.schema import TargetPoints
from translators.rules.target import Draft, Number, TargetRule
from translators.rules.trace import LossKind
from translators.rules.values import Unmet, text
from translators.units import Unit, to_json_number

_HUNDRED = Fraction(100)


def curve_points(rule: TargetRule, spec: TargetPoints, draft: Draft) -> list[Json]:
    """Return the curveData of a control that is a curve; `Unmet` where it cannot be drawn."""
    control = draft.control
    match control:
        case VoltVar() | VoltWatt() | WattVar() | FreqWatt():
            points = _converted(rule, control, draft)
        case WattPowerFactor():
            points = _power_factors(rule, control, draft)
        case TripCurve():
            points = _boundary(control, draft)
        case _:
            raise MappingError("is no curve", where=rule.id, value=type(control).__name__)
    points = _few(points, spec.max, draft)
    x, y = rule.numbers["x"], rule.numbers["y"]
    clip_y = isinstance(control, WattPowerFactor | TripCurve)
    return [
        {
            "x": to_json_number(x.finish(p.x, draft, f"{draft.path}/curveData[{n}]/x")),
            "y": to_json_number(
                y.finish(p.y, draft, f"{draft.path}/curveData[{n}]/y", clip=clip_y)
            ),
        }
        for n, p in enumerate(points)
    ]


def _converted(
    rule: TargetRule, control: VoltVar | VoltWatt | WattVar | FreqWatt, draft: Draft
) -> tuple[Vertex, ...]:
    """Bring both axes to the target's bases, fold in vRef where the dialect wants it, and cut."""
    curve, path = control.curve, f"{draft.path}/curveData"
    x, y = rule.numbers["x"], rule.numbers["y"]
    points = []
    for number, point in enumerate(curve.points):
        where = f"{path}[{number}]"
        points.append(
            Vertex(
                _axis(x, point.x, curve.x_unit, draft, f"{where}/x"),
                _axis(y, point.y, curve.y_unit, draft, f"{where}/y"),
            )
        )
    if isinstance(control, VoltVar):
        points = _baked(points, control, draft)
    _once(draft, LossKind.REBASE)
    return _cut(points, y, draft, path)


def _axis(number: Number, value: Fraction, unit: Unit, draft: Draft, where: str) -> Fraction:
    quantity = Quantity(value, unit)
    return number.in_unit(quantity, draft, where)


def _baked(points: list[Vertex], control: VoltVar, draft: Draft) -> list[Vertex]:
    """Fold vRef into x: by a factor (2030.5) or an offset (1547), as the dialect says."""
    how = draft.dialect.vref
    if how == "native" or control.v_ref == _HUNDRED:
        return points
    if control.v_ref_auto:
        raise Unmet("not_applicable", draft.path, "an autonomous vRef cannot be folded into points")
    ratio, offset = control.v_ref / 100, control.v_ref - 100
    baked = [
        Vertex(p.x * ratio if how == "bake_multiplicative" else p.x + offset, p.y) for p in points
    ]
    draft.trace.step(f"vref {how}", "v_ref", control.v_ref, f"{draft.path}/curveData", "points")
    draft.trace.lose(LossKind.BAKE, draft.path, f"vRef {text(control.v_ref)} % is in the points")
    return baked


def _cut(points: Sequence[Vertex], y: Number, draft: Draft, path: str) -> tuple[Vertex, ...]:
    """Cut geometrically: crossing vertices are inserted, slopes stay."""
    if y.spec.clip is None:
        return tuple(points)
    low, high = (Fraction(str(bound)) for bound in y.spec.clip)
    if all(low <= point.y <= high for point in points):
        return tuple(points)
    cut = clip(points, low, high)
    beyond = max(max(p.y - high, low - p.y) for p in points)
    draft.trace.step(f"clip geometric {text(low)}..{text(high)}", path, len(points), path, len(cut))
    draft.trace.lose(LossKind.CLIP, path, "beyond the range", beyond)
    return cut


def _power_factors(rule: TargetRule, control: WattPowerFactor, draft: Draft) -> tuple[Vertex, ...]:
    vertices, exact = signed_power_factors(control.points)
    path = f"{draft.path}/curveData"
    draft.trace.step("sign from excitation", "points", len(control.points), path, len(vertices))
    if not exact:
        problem = "the sign changes between two vertices; the step at unity is put between them"
        draft.trace.lose(LossKind.APPROXIMATE, path, problem)
    x = rule.numbers["x"]
    moved = tuple(Vertex(_axis(x, p.x, control.x_unit, draft, path), p.y) for p in vertices)
    _once(draft, LossKind.REBASE)
    return moved


def _boundary(control: TripCurve, draft: Draft) -> tuple[Vertex, ...]:
    """Return (value, seconds) with the value never falling, or the axes a dialect wants."""
    path = f"{draft.path}/curveData"
    points = control.points
    if draft.dialect.trip_axes == "time_x":
        draft.trace.step("swap axes", "points", "value, s", path, "s, value")
        points = tuple(Vertex(p.y, p.x) for p in points)
    if any(right.x < left.x for left, right in pairwise(points)):
        points = points[::-1]
        draft.trace.step("reverse", path, "x falls", path, "x rises")
    if any(right.x < left.x for left, right in pairwise(points)):
        raise Unmet("not_applicable", draft.path, "the boundary turns back along its x axis")
    return points


def _few(points: tuple[Vertex, ...], most: int, draft: Draft) -> tuple[Vertex, ...]:
    """Thin to the schema's number of points, with the error declared."""
    if len(points) <= most:
        return points
    path = f"{draft.path}/curveData"
    thinned, error = simplify(points, most)
    draft.trace.step(f"simplify {most}", path, len(points), path, len(thinned), text(error))
    draft.trace.lose(LossKind.APPROXIMATE, path, f"at most {most} points", error)
    return thinned


def _once(draft: Draft, kind: LossKind) -> None:
    """Keep one loss of a kind per curve, not one per vertex."""
    first = next((loss for loss in draft.trace.losses if loss.kind is kind), None)
    draft.trace.losses[:] = [x for x in draft.trace.losses if x.kind is not kind or x is first]

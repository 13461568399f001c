"""Curves on their way to the wire: units of both axes, vRef, cutting, signs, rounding, at most ten points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise

from translators.canonical.controls import (
    FreqWatt,
    PowerMonitoring,
    Quantity,
    TripCurve,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
    WattVar,
)
from translators.canonical.curves import Vertex
from translators.canonical.geometry import (
    clip,
    signed_power_factors,
    simplify,
    split_at_zero,
    straight,
)
from translators.canonical.swift import swift
from translators.errors import MappingError
from translators.ocpp.wire import Json
from translators.rules.emission import Draft, Number
from translators.rules.schema import TargetPoints
from translators.rules.target import TargetRule
from translators.rules.trace import LossKind, Note
from translators.rules.values import Unmet, text
from translators.units import Unit, to_json_number

type _Origins = Sequence[tuple[Vertex, str]]

_HUNDRED = Fraction(100)


@swift
@dataclass(frozen=True, slots=True)
class _Drawn:
    """Vertices on their way, and those of the source where they came to lie, by name ("" without one)."""

    points: tuple[Vertex, ...]
    sources: Sequence[Vertex]
    names: Sequence[str] | None = None
    """None: by their numbers."""
    axes: tuple[str, str] = ("x", "y")
    """Which canonical axis goes out as x and which as y."""

    def origins(self) -> _Origins:
        """Return the vertices of the source that have a name."""
        names = _named(self.sources) if self.names is None else self.names
        return [(v, name) for v, name in zip(self.sources, names, strict=True) if name]


def curve_points(rule: TargetRule, spec: TargetPoints, draft: Draft) -> list[Json]:
    """Return the curveData of a control that is a curve; `Unmet` where it cannot be drawn."""
    control = draft.control
    match control:
        case VoltVar() | VoltWatt() | WattVar() | FreqWatt() | PowerMonitoring():
            drawn = converted(rule, control, draft)
        case WattPowerFactor():
            drawn = _power_factors(rule, control, draft)
        case TripCurve():
            drawn = _boundary(control, draft)
        case _:
            raise MappingError("is no curve", where=rule.id, value=type(control).__name__)
    points, place = few(drawn.points, spec.max, draft), f"{draft.path}/curveData"
    if not points:
        raise Unmet("invalid", place, "the curve has no points")
    clip_y = isinstance(control, WattPowerFactor | TripCurve)
    kept = _as_they_are(rule, points, clip_y=clip_y)
    if kept is not None:
        draft.trace.later(partial(_tell, drawn, points, place))
        return kept
    origins = drawn.origins()
    made: list[Json] = []
    for number, point in enumerate(points):
        wire: Json = {}
        for axis, before, value in _led(drawn, origins, point):
            where = f"{place}[{number}]/{axis}"
            _lead(draft.trace.step, before, value, where)
            finish, clipped = rule.numbers[axis].finish, clip_y and axis == "y"
            wire[axis] = to_json_number(finish(value, draft, where, clip=clipped))
        made.append(wire)
    return made


def _as_they_are(rule: TargetRule, points: Sequence[Vertex], *, clip_y: bool) -> list[Json] | None:
    """Return the points of the wire where nothing is to be done to any number, else None."""
    x, y = rule.numbers["x"], rule.numbers["y"]
    if not (x.untouched(clip=False) and y.untouched(clip=clip_y)):
        return None
    along, up = x.exactly([point.x for point in points]), y.exactly([point.y for point in points])
    if along is None or up is None:
        return None
    return [{"x": left, "y": right} for left, right in zip(along, up, strict=True)]


def _tell(drawn: _Drawn, points: Sequence[Vertex], place: str, note: Note) -> None:
    """Note which numbers of the source the points of the wire are."""
    origins = drawn.origins()
    for number, point in enumerate(points):
        for axis, before, value in _led(drawn, origins, point):
            _lead(note, before, value, f"{place}[{number}]/{axis}")


def _led(
    drawn: _Drawn, origins: _Origins, point: Vertex
) -> Iterator[tuple[str, tuple[str, Fraction], Fraction]]:
    """Yield each axis of a point of the wire: the number of the source, by name, and what goes out."""
    name, vertex = _origin(origins, point)
    values = (vertex.x, vertex.y), (point.x, point.y)
    for axis, of, before, value in zip("xy", drawn.axes, *values, strict=True):
        yield axis, (f"{name}.{of}" if ".." not in name else _both(name, of), before), value


def _lead(note: Note, before: tuple[str, Fraction], value: Fraction, where: str) -> None:
    """Note where a number of the wire comes from, and that it was moved."""
    name, number = before
    note("insert" if ".." in name else "emit", name, number, where, number)
    if number is not value and number != value:
        note("clip", where, number, where, value)


def _both(name: str, of: str) -> str:
    return "..".join(f"{part}.{of}" for part in name.split(".."))


def _origin(origins: _Origins, point: Vertex) -> tuple[str, Vertex]:
    """Return the name of the vertex that a point is and where that lay; `a..b` between two."""
    for vertex, name in origins:
        if vertex is point:
            return name, vertex
    near = [(abs(v.y - point.y), name, v) for v, name in origins if v.x == point.x]
    if near:
        _, name, vertex = min(near, key=lambda found: found[0])
        return name, vertex
    before = [name for v, name in origins if v.x < point.x]
    after = [name for v, name in origins if v.x > point.x]
    return "..".join(before[-1:] + after[:1]), point


def _named(points: Sequence[Vertex]) -> list[str]:
    return [f"points[{number}]" for number in range(len(points))]


def converted(
    rule: TargetRule,
    control: VoltVar | VoltWatt | WattVar | FreqWatt | PowerMonitoring,
    draft: Draft,
) -> _Drawn:
    """Bring both axes to the target's bases, fold in vRef where the dialect wants it, and cut."""
    curve = control.curve
    x, y = rule.numbers["x"], rule.numbers["y"]
    if _stays(x, y, control, draft):
        return _Drawn(_cut(curve.points, y, draft), curve.points)

    def moved(point: Vertex, name: str) -> Vertex:
        return Vertex(
            _axis(x, point.x, curve.x_unit, draft, f"{name}.x"),
            _axis(y, point.y, curve.y_unit, draft, f"{name}.y"),
        )

    points, names = _bent(curve.points, _named(curve.points), moved)
    _once(draft, LossKind.REBASE)
    if isinstance(control, VoltVar):
        points = _baked(points, control, draft)
    return _Drawn(_cut(points, y, draft), points, names)


def _stays(
    x: Number,
    y: Number,
    control: VoltVar | VoltWatt | WattVar | FreqWatt | PowerMonitoring,
    draft: Draft,
) -> bool:
    """Say whether the vertices go out as they are: in bases that are the target's, no vRef folded in."""
    curve = control.curve
    if isinstance(control, VoltVar) and draft.dialect.vref != "native":
        return False
    return x.keeps(curve.x_unit, draft) and y.keeps(curve.y_unit, draft)


def _bent(
    points: Sequence[Vertex], given: Sequence[str], moved: Callable[[Vertex, str], Vertex]
) -> tuple[list[Vertex], list[str]]:
    """Return the vertices in other bases with their names, and nameless ones where a line bends at 0."""
    made: list[Vertex] = []
    names: list[str] = []
    for point, number in split_at_zero(points):
        names.append("" if number is None else given[number])
        made.append(moved(point, names[-1] or "points"))
    bends = [
        bool(names[n]) or not straight(made[n - 1], made[n], made[n + 1]) for n in range(len(made))
    ]
    kept = [n for n, bend in enumerate(bends) if bend]
    return [made[n] for n in kept], [names[n] for n in kept]


def _axis(number: Number, value: Fraction, unit: Unit, draft: Draft, where: str) -> Fraction:
    return number.in_unit(Quantity(value, unit), draft, where)


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
    for number, (before, after) in enumerate(zip(points, baked, strict=True)):
        where = f"points[{number}].x"
        draft.trace.step(f"vref {how}", where, before.x, where, after.x, text(control.v_ref))
    draft.trace.lose(LossKind.BAKE, draft.path, f"vRef {text(control.v_ref)} % is in the points")
    return baked


def _cut(points: Sequence[Vertex], y: Number, draft: Draft) -> tuple[Vertex, ...]:
    """Cut geometrically: crossing vertices are inserted, slopes stay."""
    if y.spec.clip is None:
        return tuple(points)
    low, high = y.bounds(draft)
    if _within(points, low, high):
        return tuple(points)
    path = f"{draft.path}/curveData"
    cut = clip(points, low, high)
    beyond = max(max(p.y - high, low - p.y) for p in points)
    draft.trace.step(f"clip geometric {text(low)}..{text(high)}", path, len(points), path, len(cut))
    draft.trace.lose(LossKind.CLIP, path, "beyond the range", beyond)
    return cut


def _within(points: Sequence[Vertex], low: Fraction, high: Fraction) -> bool:
    (least, of_least), (most, of_most) = low.as_integer_ratio(), high.as_integer_ratio()
    for point in points:
        number, parts = point.y.as_integer_ratio()
        if least * parts > number * of_least or number * of_most > most * parts:
            return False
    return True


def _power_factors(rule: TargetRule, control: WattPowerFactor, draft: Draft) -> _Drawn:
    vertices, exact = signed_power_factors(control.points)
    path = f"{draft.path}/curveData"
    draft.trace.step("sign from excitation", "points", len(control.points), path, len(vertices))
    if not exact:
        problem = "the sign changes between two vertices; the step at unity is put between them"
        draft.trace.lose(LossKind.APPROXIMATE, path, problem)
    x = rule.numbers["x"]

    def moved(point: Vertex, name: str) -> Vertex:
        return Vertex(_axis(x, point.x, control.x_unit, draft, f"{name}.x"), point.y)

    at = {point.x: f"points[{number}]" for number, point in enumerate(control.points)}
    points, names = _bent(vertices, [at.get(point.x, "") for point in vertices], moved)
    _once(draft, LossKind.REBASE)
    return _Drawn(tuple(points), points, names)


def _boundary(control: TripCurve, draft: Draft) -> _Drawn:
    """Return (value, seconds) with the value never falling, or the axes a dialect wants."""
    path = f"{draft.path}/curveData"
    points, axes = control.points, ("x", "y")
    if draft.dialect.trip_axes == "time_x":
        draft.trace.step("swap axes", "points", "value, s", path, "s, value")
        points, axes = tuple(Vertex(p.y, p.x) for p in points), ("y", "x")
    sources = points
    if any(right.x < left.x for left, right in pairwise(points)):
        points = points[::-1]
        draft.trace.step("reverse", path, "x falls", path, "x rises")
    if any(right.x < left.x for left, right in pairwise(points)):
        raise Unmet("not_applicable", draft.path, "the boundary turns back along its x axis")
    return _Drawn(points, sources, axes=axes)


def few(
    points: tuple[Vertex, ...], most: int, draft: Draft, member: str = "curveData"
) -> tuple[Vertex, ...]:
    """Thin to the schema's number of points, with the error declared.

    A power factor that changes its side of unity is refused instead (`Unmet`).
    """
    if len(points) <= most:
        return points
    path = f"{draft.path}/{member}"
    if isinstance(draft.control, WattPowerFactor) and len({point.y > 0 for point in points}) > 1:
        # between two signs lies unity, not 0: what a thinned line says there has no bound
        problem = f"at most {most} points, and fewer cannot keep where the excitation changes"
        raise Unmet("not_applicable", path, problem)
    thinned, error = simplify(points, most)
    draft.trace.step(f"simplify {most}", path, len(points), path, len(thinned), text(error))
    draft.trace.lose(LossKind.APPROXIMATE, path, f"at most {most} points", error)
    return thinned


def _once(draft: Draft, kind: LossKind) -> None:
    """Keep one loss of a kind per curve, not one per vertex."""
    losses = draft.trace.losses
    if len(losses) > 1:
        first = next((loss for loss in losses if loss.kind is kind), None)
        losses[:] = [loss for loss in losses if loss.kind is not kind or loss is first]

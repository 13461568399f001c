"""Points of a curve as rules read them: both axes, the powers beside the list, the side of a factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from translators.rules.canonical import Points
from translators.rules.forms import Form, form
from translators.rules.readers import Choice, choice
from translators.rules.scaling import Raw, Scaled, Unknown, Worth
from translators.rules.schema import SourcePoints
from translators.rules.taking import INT8, Texts, View, integer, place_of
from translators.rules.trace import Note
from translators.rules.values import Trace

type ReadPoints = Callable[[View, Trace, str, str], Points]
type _Taken = tuple[Raw | None, int | None, Fraction, Fraction]
"""A number as it stands (None: left out) with its power of ten; then in the wire's unit and the canonical."""
type _Vertex = tuple[_Taken, _Taken, tuple[str | None, Any]]
type _Forms = tuple[Form, Form]
type _Pair = tuple[Worth, Worth]
type _Plain = tuple[list[_Pair], tuple[int | None, int | None]]
"""Points that are whole numbers alone, and the powers of ten of both axes."""
type _Powers = dict[str, int | None]
type _Places = tuple[Texts, Texts, str, _Powers]
"""The point, the curve, where the point stands, and the powers of ten that the curve is known to state."""

_ONE_SIDE = (None, None)


def points(spec: SourcePoints, rule: str) -> ReadPoints:
    """Compile the points of a curve; `MappingError` for an axis or a side that cannot be."""
    x, y = (Scaled(axis, getattr(spec, axis), rule) for axis in ("x", "y"))
    form_x, form_y = form("x", spec.x, rule), form("y", spec.y, rule)
    side = None if spec.excitation is None else choice("excitation", spec.excitation, rule)
    take = _taker(spec.each, x, y, side)
    plainly = _plain_reader(spec.each, x, y) if side is None else None

    def read(view: View, trace: Trace, where: str, revision: str) -> Points:
        forms = form_x(view, where, revision), form_y(view, where, revision)
        drawn = _Drawn(spec, (x, y), forms, where)
        plain = None if plainly is None else plainly(view)
        if plain is None:
            taken = take(view, forms, where)
            trace.later(partial(_tell, drawn, taken))
            rows = tuple([(a[3], b[3], excitation[1]) for a, b, excitation in taken])
            return Points(rows, forms[0].unit, forms[1].unit)
        trace.later(partial(_tell_plain, drawn, plain))
        return _points(plain[0], forms)

    return read


def _points(worths: Sequence[_Pair], forms: _Forms) -> Points:
    of_x, of_y = forms
    if of_x.factor is None and of_y.factor is None:
        plain = tuple([(x[1], y[1], None) for x, y in worths])
        doubles = [{"x": x[2], "y": y[2]} for x, y in worths]
        return Points(plain, of_x.unit, of_y.unit, doubles)
    rows = tuple([(of_x.whole(x[1]), of_y.whole(y[1]), None) for x, y in worths])
    return Points(rows, of_x.unit, of_y.unit)


def _plain_reader(each: str, x: Scaled, y: Scaled) -> Callable[[View], _Plain | None] | None:
    """Compile how points are read that are whole numbers alone, their powers fixed or beside the list.

    It gives None for all others, and for any that are none or lie outside their range: `_taker` says why.
    """
    known_x, known_y, power_x, power_y = x.known, y.known, x.power, y.power
    if known_x is None or known_y is None:
        return None
    path_x, path_y, scale_x, scale_y = x.path, y.path, x.scale, y.scale

    def worths(view: View) -> _Plain | None:
        in_x, in_y = power_x(view), power_y(view)
        made: list[_Pair] = []
        try:
            for point in view.every(each):
                raw = point.raw
                made.append((known_x(raw(path_x), in_x), known_y(raw(path_y), in_y)))
                if (scale_x and raw(scale_x) is not None) or (scale_y and raw(scale_y) is not None):
                    return None  # a power of its own
        except Unknown:
            return None
        return made, (in_x, in_y)

    return worths


def _taker(
    each: str, x: Scaled, y: Scaled, side: Choice | None
) -> Callable[[View, _Forms, str], list[_Vertex]]:
    """Compile how any points are read, with all that is to be told of them; `Unmet` where they cannot be."""
    at_x, at_y = _coordinate(x), _coordinate(y)

    def take(view: View, forms: _Forms, where: str) -> list[_Vertex]:
        of_x, of_y = forms
        beside: _Powers = {}
        taken: list[_Vertex] = []
        for number, point in enumerate(view.every(each)):
            at = f"{where}/{each}[{number}]"
            places = point, view, at, beside
            horizontal, vertical = at_x(places, of_x), at_y(places, of_y)
            taken.append((horizontal, vertical, _ONE_SIDE if side is None else side(point, at)))
        return taken

    return take


def _coordinate(number: Scaled) -> Callable[[_Places, Form], _Taken]:
    """Compile how one number of a vertex is taken.

    The power of ten of a point is its own, else the one beside the list, which is asked for once.
    """
    path, take, scaled = number.path, number.take, number.scaled
    scale, fixed = number.scale, number.fixed

    def coordinate(places: _Places, own: Form) -> _Taken:
        point, curve, at, beside = places
        raw = take(point, path, at)
        if raw is None:
            absent: Any = number.absent(at)  # never None: a number with a unit is not optional
            return None, None, absent, own.whole(absent)
        power: int | None = fixed
        if scale is not None:
            if point.raw(scale) is not None:
                power = integer(INT8, point, scale, at)
            elif scale in beside:
                power = beside[scale]
            else:
                power = beside[scale] = integer(INT8, curve, scale, at)
        value = scaled(raw, power)
        if number.turned:
            value = number.turn(value, at)
        return raw, power, value, value if own.factor is None else value * own.factor

    return coordinate


class _Drawn(NamedTuple):
    """What the numbers of a curve were read by, and where."""

    spec: SourcePoints
    numbers: tuple[Scaled, Scaled]
    forms: _Forms
    where: str


def _tell_plain(drawn: _Drawn, plain: _Plain, note: Note) -> None:
    """Note what became of points that are whole numbers alone."""
    (worths, (in_x, in_y)), (of_x, of_y) = plain, drawn.forms
    taken: list[_Vertex] = [
        ((x[0], in_x, x[1], of_x.whole(x[1])), (y[0], in_y, y[1], of_y.whole(y[1])), _ONE_SIDE)
        for x, y in worths
    ]
    _tell(drawn, taken, note)


def _tell(drawn: _Drawn, taken: list[_Vertex], note: Note) -> None:
    """Note what became of each point: the scales of both numbers, their units, the side."""
    spec, numbers, forms, where = drawn
    for index, vertex in enumerate(taken):
        at, name = f"{where}/{spec.each}[{index}]", f"points[{index}]"
        above, both = at.rpartition("/")[0], vertex[:2]
        for number, (raw, power, _, _) in zip(numbers, both, strict=True):
            if raw is not None:
                number.tell(raw, power, (at, above, f"{name}.{number.name}"), note)
        for number, own, (_, _, value, whole) in zip(numbers, forms, both, strict=True):
            place = f"{at}/{number.path}"
            note(own.standing, place, value, f"{name}.{number.name}", whole, own.name)
        said, side = vertex[2]
        if said is not None and spec.excitation is not None:
            place = place_of(at, spec.excitation.from_ or ".")
            note("cases", place, said, f"{name}.excitation", side)

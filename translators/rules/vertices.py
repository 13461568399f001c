"""Points of a curve as rules read them: both axes, the powers beside the list, the side of a factor."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from translators.rules.canonical import Points
from translators.rules.forms import Form, form
from translators.rules.readers import choice
from translators.rules.scaling import Raw, Scaled
from translators.rules.schema import SourcePoints
from translators.rules.taking import INT8, Texts, View, integer, place_of
from translators.rules.trace import Note
from translators.rules.values import Trace

type ReadPoints = Callable[[View, Trace, str, str], Points]
type _Taken = tuple[Raw | None, int | None, Fraction, Fraction]
"""A number as it stands (None: left out) with its power of ten; then in the wire's unit and the canonical."""
type _Vertex = tuple[_Taken, _Taken, tuple[str | None, Any]]


def points(spec: SourcePoints, rule: str) -> ReadPoints:
    """Compile the points of a curve; `MappingError` for an axis or a side that cannot be."""
    x, y = (Scaled(axis, getattr(spec, axis), rule) for axis in ("x", "y"))
    form_x, form_y = form("x", spec.x, rule), form("y", spec.y, rule)
    side = _no_side if spec.excitation is None else choice("excitation", spec.excitation, rule)
    each = spec.each

    def read(view: View, trace: Trace, where: str, revision: str) -> Points:
        forms = form_x(view, where, revision), form_y(view, where, revision)
        beside, taken = _Beside(view), []
        for number, point in enumerate(view.every(each)):
            at = f"{where}/{each}[{number}]"
            pair = (
                _taken(x, forms[0], point, at, beside),
                _taken(y, forms[1], point, at, beside),
            )
            taken.append((*pair, side(point, at)))
        trace.later(partial(_tell, _Drawn(spec, (x, y), forms, where), taken))
        rows = tuple([(x[3], y[3], excitation[1]) for x, y, excitation in taken])
        return Points(rows, forms[0].unit, forms[1].unit)

    return read


class _Beside:
    """Powers of ten that stand beside the list of points; each is asked for once."""

    __slots__ = ("_curve", "_known")

    def __init__(self, curve: Texts) -> None:
        self._curve = curve
        self._known: dict[str, int | None] = {}

    def power(self, point: Texts, name: str, where: str) -> int | None:
        """Return the power of a point's number: the point is asked first."""
        own = integer(INT8, point, name, where)
        if own is not None:
            return own
        if name not in self._known:
            self._known[name] = integer(INT8, self._curve, name, where)
        return self._known[name]


def _no_side(_point: Texts, _where: str) -> tuple[None, None]:
    return None, None


def _taken(number: Scaled, own: Form, point: Texts, where: str, beside: _Beside) -> _Taken:
    """Return one number of a vertex; an axis is never left out without a value that stands for it."""
    raw = number.take(point, number.path, where)
    if raw is None:
        absent: Any = number.absent(where)
        return None, None, absent, own.whole(absent)
    power = number.fixed if number.scale is None else beside.power(point, number.scale, where)
    value = number.scaled(raw, power)
    if number.turned:
        value = number.turn(value, where)
    return raw, power, value, value if own.factor is None else value * own.factor


class _Drawn(NamedTuple):
    """What the numbers of a curve were read by, and where."""

    spec: SourcePoints
    numbers: tuple[Scaled, Scaled]
    forms: tuple[Form, Form]
    where: str


def _tell(drawn: _Drawn, taken: list[_Vertex], note: Note) -> None:
    """Note what became of each point: the scales of both numbers, their units, the side."""
    spec, numbers, forms, where = drawn
    for index, vertex in enumerate(taken):
        at, name = f"{where}/{spec.each}[{index}]", f"points[{index}]"
        above, both = at.rpartition("/")[0], vertex[:2]
        for number, (raw, power, _, _) in zip(numbers, both, strict=True):
            if raw is not None:
                number.tell(note, raw, power, (at, above, f"{name}.{number.name}"))
        for number, own, (_, _, value, whole) in zip(numbers, forms, both, strict=True):
            place = f"{at}/{number.path}"
            note(own.standing, place, value, f"{name}.{number.name}", whole, own.name)
        said, side = vertex[2]
        if said is not None and spec.excitation is not None:
            place = place_of(at, spec.excitation.from_ or ".")
            note("cases", place, said, f"{name}.excitation", side)

"""Source rules compiled: from a wire element to one canonical control, with steps and losses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, Protocol

from translators.canonical.controls import DerControl, Excitation, Quantity
from translators.errors import MappingError, ModelError
from translators.rules.canonical import (
    CLASSES,
    QUANTITY_KINDS,
    UNITS,
    Points,
    build,
    enum_value,
    names,
    needed,
)
from translators.rules.guards import Condition, condition
from translators.rules.schema import SourceField, SourceMapping, SourcePoints, UnitSwitch
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet
from translators.units import Kind, Unit, convert, parse_unit, percent, same_base, scale10

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_ANY_32_BIT, _INT8 = (-(2**31), 2**32 - 1), (-128, 127)
"""Bounds of a number whose rule states none: Int32 and UInt32 together; and of a multiplier."""
_TRUE, _FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


class Texts(Protocol):
    """A wire element as a field reads it: texts by path."""

    def raw(self, path: str) -> str | None:
        """Return the text at `path` (`.` is the element itself), or None where it is absent."""
        ...


class View(Texts, Protocol):
    """A wire element as a rule reads it: texts, and repeated children as views."""

    def every(self, path: str) -> Sequence[View]:
        """Return the children called `path`."""
        ...


type Reader = Callable[[Texts, Trace, str], Any]


class SourceRule:
    """One compiled rule; `units` are all that its quantity or its axes may carry."""

    def __init__(self, model: SourceMapping) -> None:
        """Compile; `MappingError` for a unit, name or guard that cannot be."""
        self.model = model
        self.id = f"{model.metadata.id}@{model.metadata.version}"
        self.cites = tuple(model.metadata.cites)
        if model.canonical not in CLASSES:
            raise MappingError("is no canonical control", where=self.id, value=model.canonical)
        known = names(CLASSES[model.canonical])
        for name in (*model.fields, *model.quantity):
            if name not in known:
                raise MappingError("is no field of the control", where=self.id, value=name)
        given = {name for name, field in model.fields.items() if not field.optional}
        missing = needed(CLASSES[model.canonical], model.points is not None) - given
        if missing - model.quantity.keys():
            problem = "is needed by the control and not always given"
            raise MappingError(problem, where=self.id, value=min(missing))
        self._known = known
        self._fields = {name: self._field(name, f) for name, f in model.fields.items()}
        self._quantities = {name: self._quantity(name, f) for name, f in model.quantity.items()}
        self._points = None if model.points is None else self._compile_points(model.points)
        self._guards: list[tuple[str, str, Condition]] = [
            (guard.id, guard.on_fail, condition(guard.expr, known, self.id))
            for guard in model.guards
        ]

    def apply(self, view: View, revision: str, where: str) -> tuple[DerControl, Trace]:
        """Return the control and its trace; `Unmet` where the document asks for the impossible."""
        trace = Trace(self.id, self.cites)
        self._expect(view, where)
        values: dict[str, Any] = {}
        for name, read in self._fields.items():
            value = read(view, trace, where)
            if value is not None:
                values[name] = value
        for name, measure in self._quantities.items():
            values[name] = measure(view, trace, where, revision)
        points = None if self._points is None else self._points(view, trace, where, revision)
        for ignored in self.model.ignored:
            if ignored.loss is not None and view.raw(ignored.field) is not None:
                path = f"{where}/{ignored.field}"
                trace.lose(LossKind.DROP, path, ignored.reason)
        return self._checked(values, points, where), trace

    def _checked(self, values: dict[str, Any], points: Points | None, where: str) -> DerControl:
        seen = self._seen(values, points)
        for guard, on_fail, holds in self._guards:
            if not holds(seen):
                raise Unmet(on_fail, where, f"guard {guard} fails")
        axis = 1 if self.model.canonical == "TripCurve" else 0
        if points is not None and _falls([row[axis] for row in points.rows]):
            raise Unmet("invalid", where, "x falls along the curve")
        try:
            return build(self.model, values, points)
        except ModelError as error:
            raise Unmet("invalid", where, error.problem) from error

    def _seen(self, values: dict[str, Any], points: Points | None) -> dict[str, Any]:
        """Return what guards see, before the control exists; null where a field is not given."""
        seen: dict[str, Any] = dict.fromkeys(self._known)
        for name, value in values.items():
            number = value.value if isinstance(value, Quantity) else value
            seen[name] = float(number) if isinstance(number, Fraction) else value
        if points is not None:
            seen["points"] = [{"x": float(x), "y": float(y)} for x, y, _ in points.rows]
        return seen

    def _expect(self, view: View, where: str) -> None:
        expected = {} if self.model.resolve is None else self.model.resolve.expect
        for path, value in expected.items():
            if view.raw(path) != str(value):
                raise Unmet("invalid", f"{where}/{path}", f"is {view.raw(path)}, not {value}")

    def _field(self, name: str, field: SourceField) -> Reader:
        """Compile a field that is a plain number, an enum or a boolean."""
        if field.const is not None:
            const = enum_value(name, field.const, self.id)
            return lambda _view, _trace, _where: const
        if field.cases is not None:
            return self._cases(name, field)
        if not isinstance(field.unit, str):
            raise MappingError("needs one unit", where=f"{self.id}.{name}")
        unit, canonical = parse_unit(field.unit), UNITS.get(name)
        if canonical is None:
            raise MappingError("is no plain number of the control", where=f"{self.id}.{name}")
        if not same_base(unit, canonical):
            raise MappingError(
                f"is {unit}, the canonical field {canonical}; declare a re-base",
                where=f"{self.id}.{name}",
                rule="units",
            )
        read = self._number(name, field)

        def number(view: Texts, trace: Trace, where: str) -> Fraction | None:
            raw = read(view, trace, where)
            if raw is None:
                return None
            value = convert(raw, unit, canonical)
            if unit != canonical:
                place = _at(where, field.from_ or ".")
                trace.step(f"unit {unit} -> {canonical}", place, raw, name, value)
            return value

        return number

    def _cases(self, name: str, field: SourceField) -> Reader:
        path = field.from_ or "."
        cases = {
            key: enum_value(name, value, self.id) for key, value in (field.cases or {}).items()
        }

        def choose(view: Texts, trace: Trace, where: str) -> object:
            raw = view.raw(path)
            if raw is None:
                if field.absent is not None:
                    return enum_value(name, field.absent, self.id)
                raise Unmet("invalid", f"{where}/{path}", "is missing")
            key = raw if raw in cases else _boolean(raw)
            if key not in cases:
                raise Unmet(
                    "invalid", f"{where}/{path}", f"is {raw!r}, not one of {', '.join(cases)}"
                )
            trace.step("cases", _at(where, path), raw, name, cases[key])
            return cases[key]

        return choose

    def _number(self, name: str, field: SourceField) -> Reader:
        """Compile reading a whole number and scaling it by a power of ten."""
        path = field.from_ or "."
        low, high = field.range or _ANY_32_BIT
        exponent = field.scale10

        def number(view: Texts, trace: Trace, where: str) -> Fraction | None:
            raw = _integer(view, path, where, (low, high))
            if raw is None:
                if field.absent is not None:
                    return Fraction(str(field.absent))
                if field.optional:
                    return None
                raise Unmet("invalid", f"{where}/{path}", "is missing")
            power = exponent
            if isinstance(exponent, str):
                power = _integer(view, exponent, where, _INT8)
            value = scale10(Fraction(raw), int(power or 0))
            operation = f"scale10 {power}" if power else "take"
            trace.step(operation, _at(where, path), raw, name, value)
            return value

        return number

    def units(self, axis: str = "value") -> frozenset[Unit]:
        """Return the units that a quantity (`value`) or an axis (`x`, `y`) may arrive in."""
        found: set[Unit] = set()
        if axis == "value":
            specs = [field.unit for field in self.model.quantity.values()]
        else:
            points = self.model.points
            specs = [] if points is None else [getattr(points, axis).unit]
        for spec in specs:
            texts = spec.cases.values() if isinstance(spec, UnitSwitch) else [str(spec)]
            found |= {_whole(parse_unit(text)) for text in texts}
        return frozenset(found)

    def _unit(self, name: str, field: SourceField) -> Callable[[View, str, str], Unit]:
        spec = field.unit
        if field.optional:
            raise MappingError("is needed: it cannot be optional", where=f"{self.id}.{name}")
        if isinstance(spec, str):
            fixed = parse_unit(spec)
            return lambda _view, _where, _revision: fixed
        if spec is None:
            raise MappingError("needs a unit", where=f"{self.id}.{name}", rule="units")
        cases = {number: parse_unit(text) for number, text in spec.cases.items()}

        def choose(view: View, where: str, revision: str) -> Unit:
            number = _integer(view, spec.switch, where, (0, 255))
            known = number in cases and revision in spec.since.get(number, [revision])
            if number is None or not known:
                raise Unmet("invalid", f"{where}/{spec.switch}", f"base {number} does not fit here")
            return cases[number]

        return choose

    def _quantity(
        self, name: str, field: SourceField
    ) -> Callable[[View, Trace, str, str], Quantity]:
        read, choose = self._number(name, field), self._unit(name, field)
        allowed = QUANTITY_KINDS.get(self.model.canonical, frozenset())

        def measure(view: View, trace: Trace, where: str, revision: str) -> Quantity:
            unit = choose(view, where, revision)
            raw = read(view, trace, where)
            whole = _whole(unit)
            value = raw * unit.scale / whole.scale
            place = _at(where, field.from_ or ".")
            trace.step(f"unit {unit} -> {whole}", place, raw, name, value)
            return Quantity(value, whole)

        for unit in self._units_of(field):
            if unit.kind not in allowed:
                raise MappingError(
                    f"is {unit}", where=f"{self.id}.{name}", rule="W, var, VA never mix"
                )
        return measure

    def _units_of(self, field: SourceField) -> list[Unit]:
        spec = field.unit
        if isinstance(spec, UnitSwitch):
            return [parse_unit(text) for text in spec.cases.values()]
        return [] if spec is None else [parse_unit(spec)]

    def _compile_points(self, spec: SourcePoints) -> Callable[[View, Trace, str, str], Points]:
        read_x, read_y = self._number("x", spec.x), self._number("y", spec.y)
        unit_x, unit_y = self._unit("x", spec.x), self._unit("y", spec.y)
        excite = None if spec.excitation is None else self._cases("excitation", spec.excitation)

        def points(view: View, trace: Trace, where: str, revision: str) -> Points:
            x_unit, y_unit = unit_x(view, where, revision), unit_y(view, where, revision)
            rows = []
            for number, point in enumerate(view.every(spec.each)):
                path = f"{where}/{spec.each}[{number}]"
                # multipliers stand beside the list, not in the point
                joint = _Joint(point, view)
                with trace.within(f"points[{number}]."):
                    x, y = read_x(joint, trace, path), read_y(joint, trace, path)
                    trace.step("unit", f"{path}/{spec.x.from_}", x, "x", x, str(x_unit))
                    trace.step("unit", f"{path}/{spec.y.from_}", y, "y", y, str(y_unit))
                    rows.append((x, y, None if excite is None else excite(point, trace, path)))
            return Points(tuple(rows), x_unit, y_unit)

        return points


class _Joint:
    """A point whose scales stand with the curve: the point is asked first."""

    def __init__(self, point: Texts, curve: Texts) -> None:
        self._point, self._curve = point, curve

    def raw(self, path: str) -> str | None:
        """Return the point's own text, else the curve's."""
        own = self._point.raw(path)
        return self._curve.raw(path) if own is None else own


def _at(where: str, path: str) -> str:
    """Return the path of a field below an element; `.` is the element itself."""
    return where if path == "." else f"{where}/{path}"


def _boolean(raw: str) -> str:
    """Return the one spelling of a boolean of XML Schema, anything else as it is."""
    return "true" if raw in _TRUE else "false" if raw in _FALSE else raw


def _falls(values: Sequence[Fraction | Excitation | None]) -> bool:
    """Say whether the source's own x (seconds in trip curves) falls somewhere."""
    numbers = [value for value in values if isinstance(value, Fraction)]
    return any(right < left for left, right in pairwise(numbers))


def _integer(view: Texts, path: str, where: str, bounds: tuple[int, int]) -> int | None:
    """Return the whole number at `path`, None where absent; `Unmet` where it is none or outside."""
    raw = view.raw(path)
    if raw is None:
        return None
    number = int(raw) if _INTEGER.fullmatch(raw) else None
    if number is None or not bounds[0] <= number <= bounds[1]:
        problem = f"is {raw!r}, not a whole number in {bounds[0]}..{bounds[1]}"
        raise Unmet("invalid", f"{where}/{path}", problem)
    return number


def _whole(unit: Unit) -> Unit:
    """Return the canonical form of a unit: SI, or one per cent of the same base."""
    if unit.kind is Kind.PERCENT and unit.of is not None:
        return percent(unit.of, unit.of_negative)
    return Unit(unit.kind)

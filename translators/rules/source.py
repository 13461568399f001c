"""Source rules compiled: from a wire element to one canonical control, with steps and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

from translators.canonical.controls import DerControl, Excitation, Quantity
from translators.errors import MappingError, ModelError, near
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
from translators.rules.guards import Condition, Scope, condition
from translators.rules.schema import SourceField, SourceMapping, SourcePoints, UnitSwitch
from translators.rules.taking import (
    INT8,
    Texts,
    View,
    boolean,
    decimals,
    integer,
    integers,
    place_of,
)
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet, loss_kind
from translators.units import Kind, Unit, convert, parse_unit, percent, same_base, scale10

_TOLD_APART = frozenset(
    {
        *("FixedPowerFactor", "PowerLimit", "ReactiveLimit", "ApparentLimit"),
        *("TripCurve", "Price", "Alert"),
    }
)
"""Controls whose function (`function_of`) is more than their class."""


type Reader = Callable[[Texts, Trace, str], Any]


class SourceRule:
    """One compiled rule; `units` are all that its quantity or its axes may carry."""

    def __init__(self, model: SourceMapping) -> None:
        """Compile; `MappingError` for a unit, name or guard that cannot be."""
        self.model = model
        self.id = f"{model.metadata.id}@{model.metadata.version}"
        self.cites = tuple(model.metadata.cites)
        if model.canonical not in CLASSES:
            hint = near(model.canonical, CLASSES)
            raise MappingError(
                f"is no canonical control{hint}", where=self.id, value=model.canonical
            )
        known = names(CLASSES[model.canonical])
        for name in (*model.fields, *model.quantity):
            if name not in known:
                hint = near(name, known)
                raise MappingError(f"is no field of the control{hint}", where=self.id, value=name)
        given = {name for name, field in model.fields.items() if not field.optional}
        missing = needed(CLASSES[model.canonical], model.points is not None) - given
        if missing - model.quantity.keys():
            problem = "is needed by the control and not always given"
            raise MappingError(problem, where=self.id, value=min(missing))
        self._known = known
        # what is told apart by its fields is named once they are known
        self._function = "" if model.canonical in _TOLD_APART else model.canonical
        self._fields = {name: self._field(name, f) for name, f in model.fields.items()}
        self._quantities = {name: self._quantity(name, f) for name, f in model.quantity.items()}
        self._points = None if model.points is None else self._compile_points(model.points)
        self._guards: list[tuple[str, str, Condition]] = [
            (guard.id, guard.on_fail, condition(guard.expr, known, self.id))
            for guard in model.guards
        ]
        self._losses: list[tuple[LossKind, str, Condition | None]] = [
            (
                loss_kind(loss.kind, self.id),
                loss.reason,
                None if loss.when is None else condition(loss.when, known, self.id),
            )
            for loss in model.losses
        ]

    def apply(self, view: View, revision: str, where: str) -> tuple[DerControl, Trace]:
        """Return the control and its trace; `Unmet` where the document asks for the impossible."""
        trace = Trace(self.id, self.cites, self._function)
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
        seen = Scope(partial(_seen, values, points))
        control = self._checked(values, points, seen, where)
        for kind, reason, holds in self._losses:
            if holds is None or holds(seen):
                trace.lose(kind, where, reason)
        return control, trace

    def _checked(
        self, values: dict[str, Any], points: Points | None, seen: Scope, where: str
    ) -> DerControl:
        for guard, on_fail, holds in self._guards:
            if not holds(seen):
                raise Unmet(on_fail, where, f"guard {guard} fails")
        if points is not None and self._falls(points):
            raise Unmet("invalid", where, "x falls along the curve")
        try:
            return build(self.model.canonical, values, points)
        except ModelError as error:
            raise Unmet("invalid", where, error.problem) from error

    def _falls(self, points: Points) -> bool:
        """Say whether the source's own x falls somewhere; of a trip curve either axis may be that."""
        by_level = _falls([row[0] for row in points.rows])
        if self.model.canonical != "TripCurve":
            return by_level
        by_seconds = _falls([row[1] for row in points.rows])
        # 2030.5 DERCurve: x of a trip curve is seconds
        return by_seconds and (by_level or self.model.source.protocol == "ieee2030_5")

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
        if field.text:
            return _said(name, field)
        if not isinstance(field.unit, str):
            raise MappingError("needs one unit", where=f"{self.id}.{name}")
        own = UNITS.get(f"{self.model.canonical}.{name}")
        unit, canonical = parse_unit(field.unit), own or UNITS.get(name)
        if canonical is None:
            raise MappingError("is no plain number of the control", where=f"{self.id}.{name}")
        if not same_base(unit, canonical):
            raise MappingError(
                f"is {unit}, the canonical field {canonical}; declare a re-base",
                where=f"{self.id}.{name}",
                rule="units",
            )
        read, same = self._number(name, field), unit == canonical
        turning = f"unit {unit} -> {canonical}"

        def number(view: Texts, trace: Trace, where: str) -> Fraction | None:
            raw: Fraction | None = read(view, trace, where)
            if raw is None or same:
                return raw
            value = convert(raw, unit, canonical)
            trace.step(turning, place_of(where, field.from_ or "."), raw, name, value)
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
            key = raw if raw in cases else boolean(raw)
            if key not in cases:
                raise Unmet(
                    "invalid", f"{where}/{path}", f"is {raw!r}, not one of {', '.join(cases)}"
                )
            trace.step("cases", place_of(where, path), raw, name, cases[key])
            return cases[key]

        return choose

    def _number(self, name: str, field: SourceField, *, listed: bool = False) -> Reader:
        """Compile reading a number: scaled by a power of ten, turned over, its sign changed.

        Of a `listed` number (a vertex) the power stands beside the list.
        """
        path = field.from_ or "."
        exponent = field.scale10
        take = decimals(field) if field.decimal else integers(field, f"{self.id}.{name}")

        absent = None if field.absent is None else _absent(field.absent, f"{self.id}.{name}")
        turned, optional = field.reciprocal or field.negate, field.optional
        below, scale = "" if path == "." else f"/{path}", str(exponent)
        fixed = None if isinstance(exponent, str) else exponent or 0
        if fixed is not None and not INT8[0] <= fixed <= INT8[1]:
            raise MappingError("is no power of ten", where=f"{self.id}.{name}", value=exponent)

        def number(view: Texts, trace: Trace, where: str) -> Fraction | None:
            raw = take(view, path, where)
            if raw is None:
                if absent is not None or optional:
                    return absent
                raise Unmet("invalid", f"{where}/{path}", "is missing")
            power, stated = fixed, ""
            if power is None:
                power = integer(view, scale, where, INT8)
                if power is not None:
                    above = where.rpartition("/")[0] if listed else where
                    stated = f"{above}/{exponent} = {power}"
            value = scale10(raw, power) if power else Fraction(raw)
            place = where + below
            trace.step(f"scale10 {power}" if power else "take", place, raw, name, value, stated)
            return _turned(field, value, trace, place, name) if turned else value

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
            found |= {_whole(parse_unit(unit)) for unit in texts}
        return frozenset(found)

    def _unit(self, name: str, field: SourceField) -> Callable[[View, str, str], _Form]:
        spec = field.unit
        if field.optional:
            raise MappingError("is needed: it cannot be optional", where=f"{self.id}.{name}")
        if isinstance(spec, str):
            fixed = _Form(parse_unit(spec))
            return lambda _view, _where, _revision: fixed
        if spec is None:
            raise MappingError("needs a unit", where=f"{self.id}.{name}", rule="units")
        cases: dict[int | str, _Form] = {k: _Form(parse_unit(u)) for k, u in spec.cases.items()}
        for key in (*spec.since, *(() if spec.absent is None else (spec.absent,))):
            if key not in cases:
                raise MappingError("is no case of the switch", where=f"{self.id}.{name}", value=key)
        by_number = all(isinstance(key, int) for key in cases)

        def choose(view: View, where: str, revision: str) -> _Form:
            key: int | str | None
            key = (
                integer(view, spec.switch, where, (0, 255)) if by_number else view.raw(spec.switch)
            )
            key = spec.absent if key is None else key
            if key is None or key not in cases or revision not in spec.since.get(key, [revision]):
                place = f"{where}/{spec.switch}"
                if by_number:
                    raise Unmet("invalid", place, f"base {key} does not fit here")
                problem = "is missing" if key is None else f"is {key!r}"
                raise Unmet("invalid", place, f"{problem}, not one of {', '.join(map(str, cases))}")
            return cases[key]

        return choose

    def _quantity(
        self, name: str, field: SourceField
    ) -> Callable[[View, Trace, str, str], Quantity]:
        read, choose = self._number(name, field), self._unit(name, field)
        allowed = QUANTITY_KINDS.get(self.model.canonical, frozenset())
        path = field.from_ or "."

        def measure(view: View, trace: Trace, where: str, revision: str) -> Quantity:
            form = choose(view, where, revision)
            raw = read(view, trace, where)
            value = form.whole(raw)
            trace.step(form.turning, place_of(where, path), raw, name, value)
            return Quantity(value, form.unit)

        for unit in self._units_of(field):
            if unit.kind not in allowed:
                raise MappingError(
                    f"is {unit}", where=f"{self.id}.{name}", rule="W, var, VA never mix"
                )
        return measure

    def _units_of(self, field: SourceField) -> list[Unit]:
        spec = field.unit
        if isinstance(spec, UnitSwitch):
            return [parse_unit(unit) for unit in spec.cases.values()]
        return [] if spec is None else [parse_unit(spec)]

    def _compile_points(self, spec: SourcePoints) -> Callable[[View, Trace, str, str], Points]:
        read_x, read_y = (
            self._number(axis, field, listed=True) for axis, field in (("x", spec.x), ("y", spec.y))
        )
        unit_x, unit_y = self._unit("x", spec.x), self._unit("y", spec.y)
        excite = None if spec.excitation is None else self._cases("excitation", spec.excitation)
        x_below, y_below = f"/{spec.x.from_}", f"/{spec.y.from_}"

        def points(view: View, trace: Trace, where: str, revision: str) -> Points:
            x_form, y_form = unit_x(view, where, revision), unit_y(view, where, revision)
            rows, step = [], trace.step
            for number, point in enumerate(view.every(spec.each)):
                path = f"{where}/{spec.each}[{number}]"
                # multipliers stand beside the list, not in the point
                joint = _Joint(point, view)
                trace.prefix = f"points[{number}]."
                raw_x, raw_y = read_x(joint, trace, path), read_y(joint, trace, path)
                x, y = x_form.whole(raw_x), y_form.whole(raw_y)
                step(x_form.standing, path + x_below, raw_x, "x", x, x_form.name)
                step(y_form.standing, path + y_below, raw_y, "y", y, y_form.name)
                rows.append((x, y, None if excite is None else excite(point, trace, path)))
            trace.prefix = ""
            return Points(tuple(rows), x_form.unit, y_form.unit)

        return points


class _Form:
    """A unit of the wire, and the canonical form in which its numbers go on."""

    __slots__ = ("_factor", "name", "standing", "turning", "unit")

    def __init__(self, unit: Unit) -> None:
        self.unit = _whole(unit)
        self.name = str(self.unit)
        self.turning = f"unit {unit} -> {self.unit}"
        self.standing = "unit" if self.unit == unit else self.turning
        factor = unit.scale / self.unit.scale
        self._factor = None if factor == 1 else factor

    def whole(self, value: Fraction) -> Fraction:
        """Return a number of the wire's unit in the canonical one."""
        return value if self._factor is None else value * self._factor


class _Joint:
    """A point whose scales stand with the curve: the point is asked first."""

    def __init__(self, point: Texts, curve: Texts) -> None:
        self._point, self._curve = point, curve

    def raw(self, path: str) -> str | None:
        """Return the point's own text, else the curve's."""
        own = self._point.raw(path)
        return own if own is not None else self._curve.raw(path)


def _said(name: str, field: SourceField) -> Reader:
    """Return how a field is taken that is a text for people."""
    path = field.from_ or "."

    def said(view: Texts, trace: Trace, where: str) -> str:
        raw = view.raw(path)
        if raw is None:
            raise Unmet("invalid", place_of(where, path), "is missing")
        trace.step("take", place_of(where, path), raw, name, raw)
        return raw

    return said


def _seen(values: dict[str, Any], points: Points | None, name: str) -> Any:
    """Return what conditions see of a field before the control exists; null where it is not given."""
    if name == "points" and points is not None:
        return [{"x": _double(x), "y": _double(y)} for x, y, _ in points.rows]
    value = values.get(name)
    number = value.value if isinstance(value, Quantity) else value
    return _double(number) if type(number) is Fraction else number


def _double(value: Fraction) -> float:
    return value.numerator / value.denominator


def _falls(values: Sequence[Fraction | Excitation | None]) -> bool:
    """Say whether the values fall somewhere."""
    ratios = [value.as_integer_ratio() for value in values if type(value) is Fraction]
    return any(
        right * of_left < left * of_right for (left, of_left), (right, of_right) in pairwise(ratios)
    )


def _absent(value: object, where: str) -> Fraction:
    try:
        return Fraction(str(value))
    except ValueError as exc:
        raise MappingError("is no number", where=where, value=value) from exc


def _turned(field: SourceField, value: Fraction, trace: Trace, place: str, name: str) -> Fraction:
    """Return the reciprocal and the other sign, where a field asks for them."""
    if field.reciprocal:
        if not value:
            raise Unmet("invalid", place, "is 0, which has no reciprocal")
        trace.step("reciprocal", place, value, name, 1 / value)
        value = 1 / value
    if field.negate:
        trace.step("sign", place, value, name, -value)
        value = -value
    return value


def _whole(unit: Unit) -> Unit:
    """Return the canonical form of a unit: SI, or one per cent of the same base."""
    if unit.kind is Kind.PERCENT and unit.of is not None:
        return percent(unit.of, unit.of_negative)
    return Unit(unit.kind)

"""Source rules compiled: from a wire element to one canonical control, with steps and losses."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any, Literal

from translators.canonical.controls import TOLD_APART, DerControl, Quantity
from translators.errors import MappingError, ModelError, near
from translators.rules.canonical import CLASSES, Points, Rows, builder, names, needed
from translators.rules.forms import arriving
from translators.rules.guards import Condition, Scope, condition
from translators.rules.readers import measure, reader
from translators.rules.schema import SourceMapping
from translators.rules.taking import View
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet, loss_kind
from translators.rules.vertices import points
from translators.units import Unit


class SourceRule:
    """One compiled rule; `units` are all that its quantity or its axes may carry."""

    def __init__(self, model: SourceMapping) -> None:
        """Compile; `MappingError` for a unit, name or guard that cannot be."""
        self.model = model
        self.id = f"{model.metadata.id}@{model.metadata.version}"
        self.cites = tuple(model.metadata.cites)
        known = _known(model, self.id)
        canonical, own = model.canonical, self.id
        # what is told apart by its fields is named once they are known
        self._function = "" if canonical in TOLD_APART else canonical
        self._fields = [(n, reader(n, f, canonical, own)) for n, f in model.fields.items()]
        self._quantities = [(n, measure(n, f, canonical, own)) for n, f in model.quantity.items()]
        self._points = None if model.points is None else points(model.points, own)
        expected = {} if model.resolve is None else model.resolve.expect
        self._expected = [(path, str(value)) for path, value in expected.items()]
        self._dropped = [(i.field, i.reason) for i in model.ignored if i.loss is not None]
        self._build = builder(canonical)
        self._guards: list[tuple[str, str, Condition]] = [
            (guard.id, guard.on_fail, condition(guard.expr, known, own)) for guard in model.guards
        ]
        self._losses: list[tuple[LossKind, str, Condition | None]] = [
            (
                loss_kind(loss.kind, own),
                loss.reason,
                None if loss.when is None else condition(loss.when, known, own),
            )
            for loss in model.losses
        ]

    def apply(self, view: View, revision: str, where: str) -> tuple[DerControl, Trace]:
        """Return the control and its trace; `Unmet` where the document asks for the impossible."""
        trace = Trace(self.id, self.cites, self._function)
        for path, expected in self._expected:
            found = view.raw(path)
            if found != expected:
                raise Unmet("invalid", f"{where}/{path}", f"is {found}, not {expected}")
        values: dict[str, Any] = {}
        for name, read in self._fields:
            value = read(view, trace, where)
            if value is not None:
                values[name] = value
        for name, quantity in self._quantities:
            values[name] = quantity(view, trace, where, revision)
        drawn = None if self._points is None else self._points(view, trace, where, revision)
        for field, reason in self._dropped:
            if view.raw(field) is not None:
                trace.lose(LossKind.DROP, f"{where}/{field}", reason)
        seen = Scope(partial(_seen, values, drawn))
        control = self._checked(values, drawn, seen, where)
        for kind, reason, holds in self._losses:
            if holds is None or holds(seen):
                trace.lose(kind, where, reason)
        return control, trace

    def units(self, axis: str = "value") -> frozenset[Unit]:
        """Return the units that a quantity (`value`) or an axis (`x`, `y`) may arrive in."""
        if axis == "value":
            found = [arriving(field) for field in self.model.quantity.values()]
            return frozenset[Unit]().union(*found)
        spec = self.model.points
        return frozenset() if spec is None else arriving(getattr(spec, axis))

    def _checked(
        self, values: dict[str, Any], drawn: Points | None, seen: Scope, where: str
    ) -> DerControl:
        for guard, on_fail, holds in self._guards:
            if not holds(seen):
                raise Unmet(on_fail, where, f"guard {guard} fails")
        if drawn is not None and self._falls(drawn.rows):
            raise Unmet("invalid", where, "x falls along the curve")
        try:
            return self._build(values, drawn)
        except ModelError as error:
            raise Unmet("invalid", where, error.problem) from error

    def _falls(self, rows: Rows) -> bool:
        """Say whether the source's own x falls somewhere; of a trip curve either axis may be that."""
        by_level = _falls(rows, 0)
        if self.model.canonical != "TripCurve":
            return by_level
        by_seconds = _falls(rows, 1)
        # 2030.5 DERCurve: x of a trip curve is seconds
        return by_seconds and (by_level or self.model.source.protocol == "ieee2030_5")


def _known(model: SourceMapping, rule: str) -> frozenset[str]:
    """Return the fields of a rule's control; `MappingError` where the rule gives others, or too few."""
    if model.canonical not in CLASSES:
        hint = near(model.canonical, CLASSES)
        problem = f"is no canonical control{hint}"
        raise MappingError(problem, where=rule, value=model.canonical)
    known = names(CLASSES[model.canonical])
    for name in (*model.fields, *model.quantity):
        if name not in known:
            hint = near(name, known)
            raise MappingError(f"is no field of the control{hint}", where=rule, value=name)
    given = {name for name, field in model.fields.items() if not field.optional}
    missing = needed(CLASSES[model.canonical], model.points is not None) - given
    if missing - model.quantity.keys():
        problem = "is needed by the control and not always given"
        raise MappingError(problem, where=rule, value=min(missing))
    return known


def _seen(values: dict[str, Any], drawn: Points | None, name: str) -> Any:
    """Return what conditions see of a field before the control exists; null where it is not given."""
    if name == "points" and drawn is not None:
        if drawn.doubles is not None:
            return drawn.doubles
        return [{"x": _double(x), "y": _double(y)} for x, y, _ in drawn.rows]
    value = values.get(name)
    number = value.value if type(value) is Quantity else value
    return _double(number) if type(number) is Fraction else number


def _double(value: Fraction) -> float:
    whole, parts = value.as_integer_ratio()
    return whole / parts


def _falls(rows: Rows, axis: Literal[0, 1]) -> bool:
    """Say whether the numbers of an axis fall somewhere."""
    whole_before, parts_before = -1, 0  # less than any
    for row in rows:
        whole, parts = row[axis].as_integer_ratio()
        if whole * parts_before < whole_before * parts:
            return True
        whole_before, parts_before = whole, parts
    return False

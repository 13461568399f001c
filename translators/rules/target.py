"""Target rules compiled: from a canonical control to members of a message, with steps and losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from translators.canonical.controls import DerControl, Quantity, function_of
from translators.errors import MappingError, near
from translators.rules.canonical import CLASSES, UNITS, names
from translators.rules.emission import Codec, Draft, Number
from translators.rules.guards import Condition, condition, seen
from translators.rules.schema import TargetField, TargetMapping, Variant
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet, loss_kind, text
from translators.units import to_json_number

type Emit = Callable[[Draft], Any]

PERIOD = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod[0]"
"""Where the numbers of a SetChargingProfile stand: we send one schedule with one period."""

_ABSENT = object()
_DIALECT = frozenset({"dialect"})
_QUANTITIES = frozenset({"value", "setpoint", "delta"})


class TargetRule:
    """One compiled rule of one target."""

    def __init__(self, model: TargetMapping, codecs: Mapping[str, Codec]) -> None:
        """Compile; `MappingError` for a unit, name, guard or loss that cannot be."""
        self.model = model
        self.name = model.metadata.id
        self.id = f"{model.metadata.id}@{model.metadata.version}"
        self.cites = tuple(model.metadata.cites)
        unknown = [name for name in model.canonical if name not in CLASSES]
        if unknown:
            hint = near(unknown[0], CLASSES)
            raise MappingError(f"is no canonical control{hint}", where=self.id, value=unknown[0])
        self._names = frozenset.union(*(names(CLASSES[name]) for name in model.canonical))
        self.numbers: dict[str, Number] = {}
        self._codecs = codecs
        self._emit = [
            (self._when(when), [(name.split("."), self._value(name, s)) for name, s in fields])
            for when, fields in groupby(model.emit.items(), lambda field: field[1].when)
        ]
        if model.points is not None:
            for axis in ("x", "y"):
                spec: TargetField = getattr(model.points, axis)
                self.numbers[axis] = Number(axis, spec, self.id, codecs)
        self._losses: list[tuple[LossKind, str, Condition | None]] = [
            (loss_kind(loss.kind, self.id), loss.reason, self._when(loss.when))
            for loss in model.losses
        ]
        self._dropped = [(i.field, i.reason) for i in model.ignored if i.loss is not None]
        # a form that nothing selects is that of every control
        self._always = next((v for v in model.variants[:1] if not v.match), None)
        matched = {key for variant in model.variants for key in variant.match}
        ignored = {ignored.field for ignored in model.ignored}
        for name in sorted((matched | ignored) - self._names):
            raise MappingError("is no field of the control", where=self.id, value=name)

    def trace(self, control: DerControl) -> Trace:
        """Return an empty trace of this rule for a control."""
        return Trace(self.id, self.cites, function_of(control))

    def place(self, control: DerControl) -> str:
        """Return where in the message's payload the members of a control stand."""
        variant = self.variant(control)
        if variant is not None and variant.slot is not None:
            return variant.slot
        profiled = self.model.target.message == "SetChargingProfile"
        return PERIOD if profiled else type(control).__name__

    def variant(self, control: DerControl) -> Variant | None:
        """Return the wire form for this control, None where the target has none."""
        if self._always is not None:
            return self._always
        for variant in self.model.variants:
            if all(seen(control, key) == value for key, value in variant.match.items()):
                return variant
        return None

    def serves(self, control: DerControl) -> bool:
        """Say whether the rule is for this control: one of its variants is, or it has none."""
        return not self.model.variants or self.variant(control) is not None

    def members(self, draft: Draft) -> dict[str, Any]:
        """Return the members that the rule emits, `a.b` nested, absent ones left out."""
        result: dict[str, Any] = {}
        for holds, fields in self._emit:
            if holds is not None and not holds(draft.scope):
                continue
            for path, emit in fields:
                value = emit(draft)
                if value is not _ABSENT:
                    _nest(result, path, value)
        self.declare(draft, draft.trace)
        return result

    def declare(self, draft: Draft, trace: Trace) -> None:
        """Record the losses that the rule has for this control, each kind once."""
        if self._losses:
            known = {loss.kind for loss in trace.losses}
            for kind, reason, holds in self._losses:
                if kind not in known and (holds is None or holds(draft.scope)):
                    trace.lose(kind, draft.path, reason)
        for field, reason in self._dropped:
            if getattr(draft.control, field) is not None:
                trace.lose(LossKind.DROP, f"{draft.path}/{field}", reason)

    def _when(self, expression: str | None) -> Condition | None:
        known = self._names | _DIALECT
        return None if expression is None else condition(expression, known, self.id)

    def _value(self, name: str, spec: TargetField) -> Emit:
        if spec.unit_of is not None:
            of = spec.unit_of
            if of not in self.numbers and (self.model.points is None or of not in {"x", "y"}):
                raise MappingError("is no number before this one", where=self.id, value=of)
            return lambda draft: draft.units[of]
        if spec.const is not None:
            const = spec.const
            return lambda _draft: const
        if spec.from_ is None or spec.from_ not in self._names:
            hint = near(spec.from_, self._names)
            raise MappingError(f"is no field of the control{hint}", where=self.id, value=spec.from_)
        source = spec.from_
        if spec.cases is not None:
            return _cases(name, source, spec)
        if spec.unit is None and spec.units is None:
            if source in UNITS or source in _QUANTITIES:
                raise MappingError("needs a unit", where=f"{self.id}.{name}", rule="units")
            return lambda draft: getattr(draft.control, source)
        number = Number(name, spec, self.id, self._codecs)
        self.numbers[name] = number
        if source in UNITS:
            number.check(UNITS[source])
        return lambda draft: _number(number, source, draft)


def _cases(name: str, source: str, spec: TargetField) -> Emit:
    cases = spec.cases or {}

    def choose(draft: Draft) -> Any:
        value = getattr(draft.control, source)
        inverted = spec.codec == "excitation" and draft.dialect.excitation == "inverted"
        wire = not cases[value.value] if inverted else cases[value.value]
        operation = "cases inverted" if inverted else "cases"
        draft.trace.step(operation, source, value, f"{draft.path}/{name}", wire)
        return wire

    return choose


def _number(number: Number, source: str, draft: Draft) -> Any:
    value = getattr(draft.control, source)
    where = draft.path + number.below
    if value is None:
        if number.spec.omit_if_absent:
            return _ABSENT
        if number.spec.default is None:
            raise Unmet("not_applicable", where, f"{source} is not given and the target demands it")
        value, source = Fraction(number.spec.default), f"{source} (not given)"
    if isinstance(value, Quantity):
        draft.trace.step("emit", source, value.value, where, value.value)
        value = number.in_unit(value, draft, where)
    else:
        draft.trace.step("emit", source, value, where, value)
    value = _floored(value, number, draft, where)
    return to_json_number(number.finish(value, draft, where))


def _floored(value: Fraction, number: Number, draft: Draft, where: str) -> Fraction:
    """Raise a power factor to what settings or ratings allow on its side of unity."""
    if number.spec.floor is None:
        return value
    side = seen(draft.control, "excitation")
    name = number.spec.floor[side]
    least = draft.bases.situation.settings.get(name)
    if least is None or value >= least:
        return value
    draft.trace.step(f"floor {name}", where, value, where, least, f"{name} = {text(least)}")
    draft.trace.lose(LossKind.CLIP, where, f"below {name}", value - least)
    return least


def _nest(result: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for head in path[:-1]:
        result = result.setdefault(head, {})
    result[path[-1]] = value

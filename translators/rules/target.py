"""Target rules compiled: from a canonical control to members of a message, with steps and losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from translators.canonical.capability import Dialect
from translators.canonical.controls import DerControl, Quantity, function_of
from translators.errors import MappingError, near
from translators.rules.bases import Bases
from translators.rules.canonical import CLASSES, UNITS, names
from translators.rules.guards import Condition, Scope, condition, seen
from translators.rules.schema import TargetField, TargetMapping, Variant
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet, loss_kind, text
from translators.units import Rounding, Unit, parse_unit, round_to, same_base, to_json_number

type Codec = Callable[[Fraction, Dialect, Bases, str], Fraction]
type Emit = Callable[["Draft"], Any]

PERIOD = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod[0]"
"""Where the numbers of a SetChargingProfile stand: we send one schedule with one period."""

_ABSENT = object()
_DIALECT = frozenset({"dialect"})
_QUANTITIES = frozenset({"value", "setpoint", "delta"})


@dataclass(slots=True)
class Draft:
    """One control on its way to the wire; `units` names the unit that a field or axis went out in."""

    control: DerControl
    bases: Bases
    trace: Trace
    path: str
    units: dict[str, str]
    _scope: Scope | None = None

    @property
    def scope(self) -> Scope:
        """Return what conditions see: the control's fields and the dialect, each value turned once."""
        if self._scope is None:
            self._scope = Scope(partial(_read, self.control, self.dialect))
        return self._scope

    @property
    def dialect(self) -> Dialect:
        """Return how this station model reads."""
        return self.bases.profile.dialect


def _read(control: DerControl, dialect: Dialect, name: str) -> Any:
    head, _, reading = name.partition(".")
    return getattr(dialect, reading) if head == "dialect" else seen(control, name)


class Number:
    """A compiled numeric field: unit, re-base, offset, bounds, dialect, rounding, in this order."""

    def __init__(
        self, name: str, spec: TargetField, rule: str, codecs: Mapping[str, Codec]
    ) -> None:
        """Compile; `MappingError` for an unknown unit or codec."""
        self.name, self.spec, self.rule = name, spec, rule
        self.below = f"/{name.replace('.', '/')}"
        texts = spec.units or ({spec.unit: ""} if spec.unit else {})
        self.units = tuple((parse_unit(unit), wire) for unit, wire in texts.items())
        if spec.codec is not None and spec.codec not in codecs:
            hint = near(spec.codec, codecs)
            raise MappingError(f"is no codec{hint}", where=f"{rule}.{name}", value=spec.codec)
        low, high = spec.clip or (0.0, 0.0)
        self._clip = Fraction(str(low)), Fraction(str(high))
        if low > high:
            raise MappingError("cuts to an empty range", where=f"{rule}.{name}", value=spec.clip)
        self._mode = Rounding("half_even" if spec.round is None else spec.round.mode)
        self._codec = None if spec.codec is None else codecs[spec.codec]
        self._loss = None if spec.loss is None else loss_kind(spec.loss, f"{rule}.{name}")
        # what goes out as it is: nothing is done to it, and its decimals fit
        done = spec.negate or spec.add is not None or self._codec is not None
        self._kept = not done and self._loss is None
        self._shift = None if spec.round is None else 10**spec.round.places

    def check(self, source: Unit) -> None:
        """Refuse, at load, a plain canonical field whose base is not the target's."""
        if not any(same_base(source, unit) for unit, _ in self.units):
            raise MappingError(
                f"stands in {source}, not in {', '.join(str(unit) for unit, _ in self.units)}",
                where=f"{self.rule}.{self.name}",
                rule="units",
            )

    def keeps(self, unit: Unit, draft: Draft) -> bool:
        """Say whether numbers of a unit go out as they are, whatever their sign; notes the unit then."""
        for own, wire in self.units:
            if own.kind is not unit.kind or own.of is not unit.of:
                if own.of_negative is unit.of_negative:
                    return False
                continue
            settled = draft.bases.situation.settings
            if own.of_negative is not unit.of_negative or own.scale != unit.scale:
                return False
            if settled and (own.of in settled or own.of_negative in settled):
                return False
            draft.units[self.name] = wire
            return True
        return False

    def in_unit(self, quantity: Quantity, draft: Draft, where: str) -> Fraction:
        """Return the number in the first target unit that fits; the last resort is a re-base."""
        base = quantity.base
        for unit, wire in self.units:
            there = unit.of_negative if quantity.value < 0 else unit.of
            if (there, unit.kind) == (base, quantity.unit.kind):
                draft.units[self.name] = wire
                return draft.bases.convert(quantity, unit, draft.trace, where)
        unit, wire = self.units[0]
        draft.units[self.name] = wire
        return draft.bases.convert(quantity, unit, draft.trace, where)

    def finish(self, value: Fraction, draft: Draft, where: str, *, clip: bool = True) -> Fraction:
        """Return the number as the wire gets it."""
        spec, trace = self.spec, draft.trace
        if spec.negate:
            trace.step("sign", where, value, where, -value)
            value = -value
        if spec.add == "nominal_frequency":
            nominal = draft.bases.profile.nominal_frequency_hz
            trace.step("add nominal frequency", where, value, where, value + nominal, text(nominal))
            value += nominal
        if spec.clip is not None and clip:
            value = self._clipped(value, draft, where)
        if self._codec is not None:
            read = self._codec(value, draft.dialect, draft.bases, where)
            if read != value:
                trace.step(f"codec {spec.codec}", where, value, where, read)
            value = read
        if self._loss is not None:
            trace.lose(self._loss, where, "station models read this field differently")
        return self._rounded(value, trace, where)

    def untouched(self, *, clip: bool = True) -> bool:
        """Say whether `finish` does nothing to a number but round it."""
        return self._kept and not (clip and self.spec.clip is not None)

    def exactly(self, value: Fraction) -> int | float | None:
        """Return what the wire gets of an untouched number, None where rounding would change it."""
        whole, parts = value.as_integer_ratio()
        if parts == 1:
            return whole
        return None if self._shift is not None and self._shift % parts else whole / parts

    def bounds(self, draft: Draft) -> tuple[Fraction, Fraction]:
        """Return what the number is cut to: the range of the field, or less where DERSettings say so."""
        low, high = self._clip
        if not draft.bases.situation.settings:
            return low, high
        used = next((u for u, wire in self.units if wire == draft.units.get(self.name)), None)
        if used is None:
            return low, high
        share, share_negative = (draft.bases.share(base) for base in (used.of, used.of_negative))
        if share == share_negative == 1:
            return low, high
        return low * share_negative, high * share

    def _clipped(self, value: Fraction, draft: Draft, where: str) -> Fraction:
        low, high = self.bounds(draft)
        cut = min(max(value, low), high)
        if cut != value:
            draft.trace.step(f"clip {text(low)}..{text(high)}", where, value, where, cut)
            draft.trace.lose(LossKind.CLIP, where, "beyond the range", value - cut)
        return cut

    def _rounded(self, value: Fraction, trace: Trace, where: str) -> Fraction:
        rounding = self.spec.round
        if rounding is None or value.denominator == 1:
            return value
        result = round_to(value, rounding.places, self._mode)
        if result is not value:
            trace.step(f"round {rounding.places} {rounding.mode}", where, value, where, result)
            lost_already = any(loss.kind is LossKind.ROUND for loss in trace.losses)
            if not lost_already:
                trace.lose(LossKind.ROUND, where, f"{rounding.places} decimals", value - result)
        return result


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
        self._emit = [(name.split("."), self._field(name, s)) for name, s in model.emit.items()]
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
        for path, emit in self._emit:
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

    def _field(self, name: str, spec: TargetField) -> Emit:
        holds = self._when(spec.when)
        emit = self._value(name, spec)
        if holds is None:
            return emit
        return lambda draft: emit(draft) if holds(draft.scope) else _ABSENT

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

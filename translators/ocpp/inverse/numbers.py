"""Numbers of the wire read backwards: dialect, offset, sign and unit of a target rule undone, exactly.

What a rule did and a number does not show is declared: a value at its bound may have been cut there
(`clip`), one that stands in for a missing value may be it (`semantic`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from translators.canonical.capability import Dialect
from translators.canonical.controls import Quantity
from translators.ocpp.wire import Json
from translators.rules.bases import Bases
from translators.rules.emission import Number
from translators.rules.target import TargetRule
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet, text
from translators.units import Base, Kind, Unit, percent

type Undo = Callable[[Fraction, Dialect, Bases, str], Fraction]


@dataclass(frozen=True, slots=True)
class Reading:
    """One message read by one rule: where its members stand, and the station's bases and dialect."""

    rule: TargetRule
    body: Json
    bases: Bases
    trace: Trace
    path: str

    @property
    def dialect(self) -> Dialect:
        """Return how this station model reads."""
        return self.bases.profile.dialect

    def member(self, name: str) -> Any:
        """Return the member `a.b` of the body, None where it is absent."""
        value: Any = self.body
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def at(self, name: str) -> str:
        """Return the path of a member in the payload."""
        return f"{self.path}/{name.replace('.', '/')}"


def exact(value: Any, where: str) -> Fraction:
    """Return a JSON number as the fraction that its shortest text says; `Unmet` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unmet("invalid", where, f"is {value!r}, no number")
    try:
        return Fraction(str(value))
    except ValueError as exc:
        raise Unmet("invalid", where, f"is {value}, no number") from exc


def undone(number: Number, value: Fraction, reading: Reading, where: str) -> Fraction:
    """Return the number in the rule's unit as it was before dialect, offset and sign."""
    spec, trace = number.spec, reading.trace
    if spec.codec is not None:
        plain = UNDO[spec.codec](value, reading.dialect, reading.bases, where)
        if plain != value:
            trace.step(f"undo codec {spec.codec}", where, value, where, plain)
        value = plain
    if spec.add == "nominal_frequency":
        nominal = reading.bases.profile.nominal_frequency_hz
        trace.step("less nominal frequency", where, value, where, value - nominal, text(nominal))
        value -= nominal
    if spec.negate:
        trace.step("sign", where, value, where, -value)
        value = -value
    return value


def quantity(value: Fraction, unit: Unit, reading: Reading, where: str) -> Quantity:
    """Return a number of the wire with its unit; where DERSettings set its base, of the setting."""
    whole = Unit(unit.kind) if unit.of is None else percent(unit.of, unit.of_negative)
    value *= unit.scale / whole.scale
    base = whole.of_negative if value < 0 else whole.of
    set_to = reading.bases.setting(base)
    if base is not None and set_to:
        rating = reading.bases.rating(base, where)
        of_setting = value * rating / set_to
        used = f"rating {base} = {text(rating)}, {base} = {text(set_to)}"
        reading.trace.step("of the setting", where, value, where, of_setting, used)
        value = of_setting
    return Quantity(value, whole)


def note_bounds(number: Number, value: Fraction, unit: Unit, reading: Reading, where: str) -> None:
    """Declare that a number at its bound may have been cut there."""
    if number.spec.clip is None or unit.kind is not Kind.PERCENT:
        return
    low, high = (Fraction(str(bound)) for bound in number.spec.clip)
    low *= reading.bases.share(unit.of_negative)
    high *= reading.bases.share(unit.of)
    if value == high or (value == low and low < 0):
        _lose_once(reading.trace, LossKind.CLIP, where, "at its bound: more may have been asked")


def note_floor(least: Fraction | None, value: Fraction, reading: Reading, where: str) -> None:
    """Declare that a power factor at its least may have been raised to it."""
    if value == least:
        _lose_once(reading.trace, LossKind.CLIP, where, "at its least: less may have been asked")


def unit_named(number: Number, wire: object, where: str) -> Unit:
    """Return the unit that goes by a name of the wire; `Unmet` where the rule sends none so called."""
    for unit, name in number.units:
        if name == wire:
            return unit
    raise Unmet(
        "invalid", where, f"is {wire!r}, not one of {', '.join(n for _, n in number.units)}"
    )


def _lose_once(trace: Trace, kind: LossKind, where: str, detail: str) -> None:
    if not any(loss.kind is kind for loss in trace.losses):
        trace.lose(kind, where, detail)


def _droop(value: Fraction, dialect: Dialect, _bases: Bases, _where: str) -> Fraction:
    return value / 100 if dialect.droop == "percent" else value


def _gradient(value: Fraction, dialect: Dialect, _bases: Bases, _where: str) -> Fraction:
    seconds = dialect.gradient == "seconds_full_scale" and value != 0
    return 100 / value if seconds else value


def _enter_service_voltage(value: Fraction, dialect: Dialect, bases: Bases, where: str) -> Fraction:
    if dialect.enter_service_voltage == "volts":
        return value / bases.rating(Base.V_NOM, where) * 100
    return value


def _enter_service_ramp(value: Fraction, dialect: Dialect, _bases: Bases, where: str) -> Fraction:
    if dialect.enter_service_ramp == "pct_per_s":
        if value == 0:
            raise Unmet("not_applicable", where, "a rate of 0 is no ramp time")
        return 100 / value
    return value


def _wattpf_y(value: Fraction, dialect: Dialect, _bases: Bases, _where: str) -> Fraction:
    return -value if dialect.wattpf_y == "inverted" else value


UNDO: Mapping[str, Undo] = {
    "droop": _droop,
    "gradient": _gradient,
    "enter_service_voltage": _enter_service_voltage,
    "enter_service_ramp": _enter_service_ramp,
    "wattpf_y": _wattpf_y,
}
"""For each numeric codec of `translators.ocpp.dialect` what undoes it."""

"""Units of the wire, and the canonical form in which their numbers go on."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from translators.errors import MappingError
from translators.rules.schema import SourceField, UnitSwitch
from translators.rules.taking import View, integer
from translators.rules.values import Unmet
from translators.units import Kind, Unit, parse_unit, percent

type Choose = Callable[[View, str, str], Form]
"""Which form the numbers of a document have: by what it reads, where that stands, its revision."""

_CODE = (0, 255)
"""UInt8, what a switch by number may hold."""


class Form:
    """A unit of the wire, and the canonical unit of its numbers: SI, or one per cent of the same base."""

    __slots__ = ("factor", "name", "standing", "turning", "unit")

    def __init__(self, unit: Unit) -> None:
        """Find the canonical unit."""
        self.unit = _canonical(unit)
        self.name = str(self.unit)
        self.turning = f"unit {unit} -> {self.unit}"
        self.standing = "unit" if self.unit == unit else self.turning
        factor = unit.scale / self.unit.scale
        self.factor = None if factor == 1 else factor

    def whole(self, value: Fraction) -> Fraction:
        """Return a number of the wire's unit in the canonical one."""
        return value if self.factor is None else value * self.factor


def forms_of(field: SourceField) -> tuple[Unit, ...]:
    """Return the units that a field may have on the wire."""
    spec = field.unit
    if isinstance(spec, UnitSwitch):
        return tuple(parse_unit(unit) for unit in spec.cases.values())
    return () if spec is None else (parse_unit(spec),)


def arriving(field: SourceField) -> frozenset[Unit]:
    """Return the canonical units that a field's numbers may have."""
    return frozenset(_canonical(unit) for unit in forms_of(field))


def form(name: str, field: SourceField, rule: str) -> Choose:
    """Compile how the form of a field is told; `MappingError` where it is not, or not always."""
    spec = field.unit
    if field.optional:
        raise MappingError("is needed: it cannot be optional", where=f"{rule}.{name}")
    if isinstance(spec, str):
        fixed = Form(parse_unit(spec))
        return lambda _view, _where, _revision: fixed
    if spec is None:
        raise MappingError("needs a unit", where=f"{rule}.{name}", rule="units")
    return _switched(spec, f"{rule}.{name}")


def _switched(spec: UnitSwitch, where: str) -> Choose:
    """Compile a unit that another field of the source names."""
    cases: dict[int | str, Form] = {k: Form(parse_unit(u)) for k, u in spec.cases.items()}
    for key in (*spec.since, *(() if spec.absent is None else (spec.absent,))):
        if key not in cases:
            raise MappingError("is no case of the switch", where=where, value=key)
    by_number = all(isinstance(key, int) for key in cases)
    switch, since, absent = spec.switch, spec.since, spec.absent

    def choose(view: View, at: str, revision: str) -> Form:
        key: int | str | None
        key = integer(_CODE, view, switch, at) if by_number else view.raw(switch)
        key = absent if key is None else key
        if key in cases and revision in since.get(key, (revision,)):
            return cases[key]
        place = f"{at}/{switch}"
        if by_number:
            raise Unmet("invalid", place, f"base {key} does not fit here")
        problem = "is missing" if key is None else f"is {key!r}"
        raise Unmet("invalid", place, f"{problem}, not one of {', '.join(map(str, cases))}")

    return choose


def _canonical(unit: Unit) -> Unit:
    if unit.kind is Kind.PERCENT and unit.of is not None:
        return percent(unit.of, unit.of_negative)
    return Unit(unit.kind)

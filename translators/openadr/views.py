"""A payload as rules read it: its values, what describes them, and what the program's contract adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from translators.openadr.wire import Descriptor, Payload, Point, Value
from translators.rules.taking import View, exact_decimal

_LONGEST_TEXT = 512
_SHARE_PLACES = 9


@dataclass(frozen=True, slots=True)
class PayloadView:
    """Paths: `.` the value, `x` and `y` of a point, `descriptor/…`, `binding/…`, `said`, `capacity_share`.

    `binding/level` is what the axis of a trip curve counts that does not count seconds.
    `said` is the value with its unit, for people; `capacity_share` an energy over the capacity of the
    contract. `values` repeats the points of a curve.
    """

    payload: Payload
    descriptor: Descriptor
    binding: Mapping[str, str]

    @property
    def single(self) -> bool:
        """Say whether the values are one thing: one of them, or lines of one text."""
        values = self.payload.values
        return len(values) <= 1 or all(isinstance(value, str) for value in values)

    def raw(self, path: str) -> str | None:
        """Return the text at `path`, None where there is none."""
        first = self.payload.values[0] if self.payload.values else None
        match path.split("/"):
            case ["."]:
                return self._said()
            case ["x" | "y"]:
                return PointView(first, self.binding).raw(path)
            case ["descriptor", name]:
                return {"units": self.descriptor.units, "currency": self.descriptor.currency}.get(
                    name
                )
            case ["binding", "level"]:
                return _level(self.binding)
            case ["binding", name]:
                return self.binding.get(name)
            case ["said"]:
                return " ".join(filter(None, [self._said(), *self._unit()])) or None
            case ["per"]:
                return "/".join([self.descriptor.currency or "?", *self._unit()])
            case ["capacity_share"]:
                return _share(text_of(first), self.binding.get("capacity_kwh"))
            case _:
                return None

    def every(self, path: str) -> Sequence[View]:
        """Return the points of a curve, at `values`."""
        if path != "values":
            return ()
        return [PointView(value, self.binding) for value in self.payload.values]

    def _said(self) -> str | None:
        """Return the value as text; several texts are lines of one."""
        values = [text for text in map(text_of, self.payload.values) if text is not None]
        return "; ".join(values)[:_LONGEST_TEXT] if values else None

    def _unit(self) -> list[str]:
        return [self.descriptor.units] if self.descriptor.units else []


@dataclass(frozen=True, slots=True)
class PointView:
    """A point: `x` and `y` as they stand, or by what they are.

    Of the axes of a trip curve the contract says which one counts seconds: `seconds`, and `level` the
    other one. A power factor has its side in its sign: `factor` without it, and `side` as text.
    """

    point: Value
    binding: Mapping[str, str]

    def raw(self, path: str) -> str | None:
        """Return the text at `path`, None where there is none."""
        if not isinstance(self.point, Point):
            return None
        x, y = text_of(self.point.x), text_of(self.point.y)
        seconds_first = self.binding.get("x") == "s"
        found = {
            "x": x,
            "y": y,
            "seconds": x if seconds_first else y,
            "level": y if seconds_first else x,
            "factor": None if y is None else y.lstrip("+-"),
            "side": None if y is None else "negative" if y.startswith("-") else "positive",
        }
        return found.get(path)

    def every(self, path: str) -> Sequence[View]:
        """Return nothing: a point repeats nothing."""
        del path
        return ()


def text_of(value: Value) -> str | None:
    """Return a value as text: numbers in plain digits where they are not absurd."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            plain = value.is_finite() and abs(value.adjusted()) <= 60
            return f"{value:f}" if plain else str(value)
        case str():
            return value[:_LONGEST_TEXT]
        case _:
            return None


def _level(binding: Mapping[str, str]) -> str | None:
    """Return the unit of the axis that does not count seconds, None where not exactly one does."""
    axes = [binding.get("x"), binding.get("y")]
    others = [axis for axis in axes if axis != "s"]
    return others[0] if len(others) == 1 else None


def _share(energy: str | None, capacity: str | None) -> str | None:
    """Return an energy as a share of the capacity, cut after nine decimals; None where one is no number."""
    held, whole = (None if text is None else exact_decimal(text) for text in (energy, capacity))
    if held is None or whole is None or whole <= 0:
        return None
    cut = Fraction(int(held / whole * 10**_SHARE_PLACES), 10**_SHARE_PLACES)
    return f"{Decimal(cut.numerator) / Decimal(cut.denominator):f}"

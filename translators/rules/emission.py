"""A control on its way to the wire: the draft of it, and its numbers with all that is done to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from translators.canonical.capability import Dialect
from translators.canonical.controls import DerControl, Quantity
from translators.errors import MappingError, near
from translators.rules.bases import Bases
from translators.rules.guards import Scope, seen
from translators.rules.schema import TargetField
from translators.rules.trace import LossKind
from translators.rules.values import Trace, loss_kind, text
from translators.units import Base, Kind, Rounding, Unit, parse_unit, round_to, same_base

_OF_DIALECT = "dialect."

type Codec = Callable[[Fraction, Dialect, Bases, str], Fraction]


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
    if name.startswith(_OF_DIALECT):
        return getattr(dialect, name[len(_OF_DIALECT) :])
    return seen(control, name)


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
        self._standing: tuple[Unit | None, str | None] = (None, None)
        """The unit that was met last, and the name of the target unit that it is."""
        # what goes out as it is: nothing is done to it, and its decimals fit
        done = spec.negate or spec.add is not None or self._codec is not None
        self._kept = not done and self._loss is None
        self.places = None if spec.round is None else spec.round.places
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
        known, wire = self._standing
        if known is not unit:
            wire = self._stands(unit)
            self._standing = unit, wire
        settled = draft.bases.situation.settings
        if wire is None or (settled and (unit.of in settled or unit.of_negative in settled)):
            return False
        draft.units[self.name] = wire
        return True

    def _stands(self, unit: Unit) -> str | None:
        """Return the name of the target unit that is this one, None where another is met before it."""
        for own, wire in self.units:
            if own.kind is not unit.kind or own.of is not unit.of:
                if own.of_negative is unit.of_negative:
                    return None
                continue
            same = own.of_negative is unit.of_negative and own.scale == unit.scale
            return wire if same else None
        return None

    def in_unit(self, quantity: Quantity, draft: Draft, where: str) -> Fraction:
        """Return the number in the first target unit that fits; the last resort is a re-base."""
        negative = quantity.value < 0
        unit, wire = self.fitting(quantity.base, quantity.unit.kind, negative=negative)
        draft.units[self.name] = wire
        return draft.bases.convert(quantity, unit, draft.trace, where)

    def fitting(self, base: Base | None, kind: Kind, *, negative: bool) -> tuple[Unit, str]:
        """Return the first target unit that is of a base and a kind, else the first, with its name."""
        for unit, wire in self.units:
            if (unit.of_negative if negative else unit.of) == base and unit.kind is kind:
                return unit, wire
        return self.units[0]

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

    def exactly(self, values: Iterable[Fraction]) -> list[int | float] | None:
        """Return what the wire gets of untouched numbers, None where rounding would change one."""
        made: list[int | float] = []
        shift = self._shift
        for value in values:
            whole, parts = value.as_integer_ratio()
            if parts == 1:
                made.append(whole)
            elif shift is not None and shift % parts:
                return None
            else:
                made.append(whole / parts)
        return made

    def plain(self) -> bool:
        """Say whether numbers are moved to a base, cut and rounded, and nothing else is done to them."""
        return self._kept and self.spec.round is not None

    def wires(self, ratios: Iterable[tuple[int, int]]) -> tuple[list[int | float], int | None]:
        """Return what the wire gets of plain numbers, and which is the first that had to be rounded."""
        made: list[int | float] = []
        first, shift = None, self._shift or 1
        for whole, parts in ratios:
            nearest, rest = divmod(whole * shift, parts)
            if rest:
                nearest = self._nearest(nearest, rest, parts)
                first = len(made) if first is None else first
            made.append(nearest / shift if nearest % shift else nearest // shift)
        return made, first

    def residual(self, whole: int, parts: int) -> Fraction:
        """Return what rounding takes from `whole / parts` of a plain number."""
        shift = self._shift or 1
        below, rest = divmod(whole * shift, parts)
        left = whole * shift - self._nearest(below, rest, parts) * parts
        return Fraction(left, parts * shift)

    def _nearest(self, below: int, rest: int, parts: int) -> int:
        """Return how many of the last decimal `below` and a rest become."""
        if self._mode is Rounding.DOWN:  # toward 0
            return below + (below < 0 < rest)
        over = 2 * rest - parts
        return below + (over > 0 or (over == 0 and below % 2 == 1))

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

"""What 100 % means at one station: ratings over its EVSEs, and the step that moves a base."""

from __future__ import annotations

from fractions import Fraction

from translators.canonical.capability import Situation, StationProfile
from translators.canonical.controls import Quantity
from translators.errors import MappingError
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet, text
from translators.units import Base, Kind, Unit

_WATTS = frozenset({Base.MAX_W, Base.MAX_CHARGE_W, Base.MAX_DISCHARGE_W})
_VARS = frozenset({Base.MAX_VAR, Base.MAX_VAR_NEG})
_VOLTS = frozenset({Base.V_NOM, Base.V_REF})
_KIND_OF = (
    dict.fromkeys(_WATTS, Kind.POWER)
    | dict.fromkeys(_VARS, Kind.REACTIVE)
    | {Base.MAX_VA: Kind.APPARENT}
    | dict.fromkeys(_VOLTS, Kind.VOLTAGE)
)

_WHOLE = Fraction(1)


class Bases:
    """Ratings of a station as bases: the sum over EVSEs that are alike, or by policy of any."""

    def __init__(self, profile: StationProfile, situation: Situation) -> None:
        """Look nothing up yet; `used` are the ratings that were."""
        self.profile = profile
        self.situation = situation
        self.used: dict[Base, Fraction] = {}

    def rating(self, base: Base, where: str) -> Fraction:
        """Return what 100 % of `base` is at this station; `Unmet` where it cannot be told."""
        total = self.used.get(base)
        if total is None:
            evses = self.profile.evses
            total = evses[0].ratings.base(base) if len(evses) == 1 else self._shared(base, where)
            if total is None:
                raise Unmet("not_applicable", where, f"the station's rating {base} is not known")
            if total.numerator <= 0:
                problem = f"the station's rating {base} is {text(total)}"
                raise Unmet("not_applicable", where, problem)
            self.used[base] = total
        return total

    def _shared(self, base: Base, where: str) -> Fraction | None:
        """Return what several EVSEs have together, None where one of them does not say."""
        values = [evse.ratings.base(base) for evse in self.profile.evses]
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return None
        unequal = len(set(known)) > 1
        if unequal and self.situation.policy.get("unequal_ratings") != "sum":
            problem = f"EVSEs differ in {base}: a station-wide percentage is ambiguous"
            raise Unmet("not_applicable", where, problem)
        return known[0] if base in _VOLTS else sum(known, Fraction())

    def setting(self, base: Base | None) -> Fraction | None:
        """Return the magnitude that DERSettings set a base to, None where they do not."""
        value = None if base is None else self.situation.settings.get(base)
        return None if value is None else abs(value)

    def share(self, base: Base | None) -> Fraction:
        """Return how much of its rating the station may use by DERSettings: at most 1."""
        set_to = self.setting(base)
        if base is None or set_to is None:
            return _WHOLE
        return min(_WHOLE, set_to / self.rating(base, base))

    def total(self, name: str) -> Fraction | None:
        """Return the sum of a rating over all EVSEs by attribute name, None where one is unknown."""
        values = [getattr(evse.ratings, name) for evse in self.profile.evses]
        known = [value for value in values if value is not None]
        return sum(known, Fraction()) if known and len(known) == len(values) else None

    def convert(self, quantity: Quantity, unit: Unit, trace: Trace, where: str) -> Fraction:
        """Return the number of `unit` that `quantity` is, by ratings where bases differ.

        From one percentage base to another is a re-base and declared; between watts and per cent of
        watts the rating only says how many. Where DERSettings set a base (setMaxW below rtgMaxW), a
        percentage of the utility is of the setting; the station's own are of its rating.
        """
        source, value = quantity.unit, quantity.value
        here, there = quantity.base, unit.of_negative if value < 0 else unit.of
        if here == there and source.kind == unit.kind and self.setting(here) is None:
            return value if source.scale == unit.scale else value * source.scale / unit.scale
        if here is None and there is None:
            raise MappingError(f"is {source}, not {unit}", where=where, rule="W, var, VA never mix")
        if value == 0 and (here is None or there is None):
            trace.step(f"unit {source} -> {unit}", where, value, where, value)
            return value
        before, used = value, []
        value *= source.scale
        if here is not None:
            set_to = self.setting(here)
            rating = self.rating(here, where) if set_to is None else set_to
            used.append(f"{here} = {text(rating)}")
            value = value * rating / 100
        if there is not None:
            rating = self.rating(there, where)
            used.append(f"{'rating ' if here == there else ''}{there} = {text(rating)}")
            value = value / rating * 100
        value /= unit.scale
        trace.step(f"rebase {source} -> {unit}", where, before, where, value, ", ".join(used))
        if here is not None and there is not None:
            trace.lose(LossKind.REBASE, where, f"{here} to {there}")
        return value


def kind_of(base: Base) -> Kind | None:
    """Return what a percentage of `base` measures in the end, None where it varies with time."""
    return _KIND_OF.get(base)


def check_bases(
    source: Unit, targets: tuple[Unit, ...], rebase: frozenset[str], where: str
) -> None:
    """Refuse, at load, a conversion between bases that nobody declared."""
    if any(_reaches(source, target) for target in targets):
        return
    positive = {source.of} - {target.of for target in targets}
    negative = {source.of_negative} - {target.of_negative for target in targets}
    missing = {base for base in positive | negative if base is not None} - rebase
    if source.kind is not Kind.PERCENT or missing:
        names = ", ".join(str(target) for target in targets)
        hint = f", rebase: [{', '.join(sorted(missing))}], or add a unit of it" if missing else ""
        problem = f"may arrive as {source}, the target is {names}: declare a re-base{hint}"
        raise MappingError(problem, where=where, rule="units")


def _reaches(source: Unit, target: Unit) -> bool:
    """Say whether scale and ratings of the same base alone lead from source to target."""
    if source.kind == target.kind:
        return (source.of, source.of_negative) == (target.of, target.of_negative)
    bases = [b for b in (source.of, source.of_negative, target.of, target.of_negative) if b]
    kinds = {source.kind, target.kind} - {Kind.PERCENT}
    return {kind_of(base) for base in bases} == kinds

"""A logical node as rules read it: data objects by name, and what follows from them.

Paths that rules may use:

    WMaxSptPct               the value of a data object of the node
    DLFW/HzStr               the same of a node beside it, by class
    WSpt/abs  WSpt/sign      magnitude, and `negative` or `positive`
    HzStr/above_nominal      a frequency as its distance from the nominal one, Hz; also below_nominal
    WGra/per_unit            per cent of power per Hz as power per unit of frequency per unit, magnitude
    PFGnTgtSpt/unity         `unity` where the magnitude is 1, else absent
    site/side                what the site's configuration says of the node

Alternatives and conditions as `rules.paths` has them.

Lists: the points of a curve (`VVArCrv`), data objects spelled out by letters (a profile's `lists`), a
scalar as a list of one; `DLFW/HzWCrv HzWCrv` is one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from translators.errors import MappingError
from translators.iec61850.lineage import Lineage
from translators.iec61850.values import Objects
from translators.rules.paths import chosen
from translators.rules.taking import exact_decimal
from translators.rules.values import Trace, Unmet, text

_HUNDRED = Fraction(100)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node's reading depends on besides its values; `beside` by class of node."""

    lineage: Lineage
    settings: Objects
    beside: Mapping[str, Objects]
    site: Mapping[str, str]
    nominal_frequency_hz: Fraction | None


class NodeView:
    """A node with what it says, what its settings say, and what its profile says of it."""

    def __init__(
        self, node: str, where: str, values: Objects, around: Surroundings, trace: Trace
    ) -> None:
        """Read nothing yet: class and name of the node; `trace` takes what is derived on the way."""
        self._node, self._where, self._values = node, where, values
        self._around, self._trace = around, trace

    def raw(self, path: str) -> str | None:
        """Return the text at a path, None where it is absent."""
        return chosen(self._raw, path)

    def _raw(self, path: str) -> str | None:
        name, _, rest = path.partition("/")
        if name == "site":
            return self._around.site.get(rest)
        if name in self._around.beside:
            return self._beside(name).raw(rest)
        if not rest:
            return self._scalar(name)
        value = self._scalar(name)
        return None if value is None else self._derived(name, rest, value)

    def every(self, path: str) -> Sequence[NodePoint]:
        """Return the points of a list."""
        return [point for part in path.split(" ") for point in self._every(part)]

    def _every(self, path: str) -> Sequence[NodePoint]:
        name, _, rest = path.partition("/")
        if name in self._around.beside:
            return self._beside(name).every(rest)
        lettered = self._around.lineage.lettered(self._node, name)
        if lettered is not None:
            rows = [
                {member: self._scalar(f"{member}{letter}") for member in lettered.members}
                for letter in lettered.letters
            ]
            return [NodePoint(row, self) for row in rows if any(row.values())]
        curve = self._values.curves.get(name, self._around.settings.curves.get(name))
        if curve is None and self._scalar(name) is not None:
            return [NodePoint({}, self)]
        return [NodePoint(point, self) for point in curve or ()]

    def derived(self, name: str, operator: str, value: str) -> str | None:
        """Return what an operator makes of a value at a path."""
        return self._derived(name, operator, value)

    def _beside(self, node: str) -> NodeView:
        where = f"{self._where}/{node}"
        return NodeView(node, where, self._around.beside[node], self._around, self._trace)

    def _scalar(self, name: str) -> str | None:
        for objects in (self._values, self._around.settings):
            if name in objects.scalars:
                return objects.scalars[name]
        return self._around.lineage.setting(self._node, name)

    def _derived(self, name: str, operator: str, value: str) -> str | None:
        number, place = exact_decimal(value), f"{self._where}/{name}"
        if number is None:
            raise Unmet("invalid", place, f"is {value!r}, not a decimal number")
        if operator == "sign":
            return "negative" if number < 0 else "positive"
        if operator == "unity":
            return "unity" if abs(number) == 1 else None
        if operator not in _OPERATORS:
            raise MappingError("is no operator of nodes", where=place, value=operator, rule="path")
        nominal = self._nominal(place) if operator in _OF_NOMINAL else Fraction(1)
        base = f"nominal {text(nominal)} Hz" if operator in _OF_NOMINAL else ""
        made = _OPERATORS[operator](number, nominal)
        self._trace.step(operator, place, number, f"{place}/{operator}", made, base)
        return text(made)

    def _nominal(self, place: str) -> Fraction:
        nominal = self._around.nominal_frequency_hz
        if nominal is None:
            raise Unmet("not_applicable", place, "the site's nominal frequency is not known")
        return nominal


class NodePoint:
    """One point of a list: its own members, else the node's data objects."""

    def __init__(self, members: Mapping[str, str | None], node: NodeView) -> None:
        """Take the members by name."""
        self._members, self._node = members, node

    def raw(self, path: str) -> str | None:
        """Return the text at a path, None where it is absent."""
        return chosen(self._raw, path)

    def _raw(self, path: str) -> str | None:
        name, _, operator = path.partition("/")
        own = self._members.get(name)
        if own is None:
            return None if name in self._members else self._node.raw(path)
        return self._node.derived(name, operator, own) if operator else own

    def every(self, path: str) -> Sequence[NodePoint]:
        """Return the points of a list of the node."""
        return self._node.every(path)


def _per_unit(gradient: Fraction, nominal: Fraction) -> Fraction:
    """Return per unit of power per per-unit of frequency: the reciprocal of a droop."""
    return abs(gradient) * nominal / _HUNDRED


_OPERATORS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "abs": lambda value, _nominal: abs(value),
    "above_nominal": lambda value, nominal: value - nominal,
    "below_nominal": lambda value, nominal: nominal - value,
    "per_unit": _per_unit,
}
_OF_NOMINAL = frozenset({"above_nominal", "below_nominal", "per_unit"})

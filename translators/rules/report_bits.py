"""Bitmaps of a report: one line a bit, and none of a closed set of facts forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from translators.errors import MappingError
from translators.rules.facts import Fact, Facts, Sort, Value
from translators.rules.guards import Condition
from translators.rules.report_schema import Bit, ReportField

type IsSet = Callable[[Facts, Mapping[str, Any]], bool]


class Bitmap:
    """A compiled bitmap: hexadecimal of a fixed number of octets."""

    def __init__(
        self,
        spec: ReportField,
        catalogue: Mapping[str, Fact],
        compiled: Callable[[str], Condition],
        where: str,
    ) -> None:
        """Compile; `MappingError` for a bit that is there twice, does not fit, or means nothing."""
        bits = spec.bits or []
        numbers = [bit.bit for bit in bits]
        twice = [number for number in numbers if numbers.count(number) > 1]
        if twice or max(numbers, default=0) >= 8 * spec.octets:
            problem = "stands twice or does not fit"
            raise MappingError(problem, where=where, value=(twice or [max(numbers)])[0])
        self._octets, self._facts, self._compiled = spec.octets, catalogue, compiled
        told = [bit for bit in bits if bit.never is None]
        self._arms = [(bit, self._arm(bit, f"{where}.{bit.name}")) for bit in told]
        self._complete(told, where)

    def of(
        self, facts: Facts, seen: Mapping[str, Any], revision: str
    ) -> tuple[str, tuple[str, ...]]:
        """Return the word, and the names of the bits that are set in it."""
        word, names = 0, []
        for bit, is_set in self._arms:
            if (not bit.revisions or revision in bit.revisions) and is_set(facts, seen):
                word |= 1 << bit.bit
                names.append(bit.name)
        return f"{word:0{2 * self._octets}X}", tuple(names)

    def _arm(self, bit: Bit, where: str) -> IsSet:
        if sum(item is not None for item in (bit.const, bit.from_, bit.when)) != 1:
            raise MappingError("needs exactly one of const, from, when and never", where=where)
        if bit.when is not None:
            holds = self._compiled(bit.when)
            return lambda _facts, seen: holds(seen)
        if bit.from_ is None:
            return lambda _facts, _seen: True
        name, member = bit.from_, bit.has or bit.name
        fact = self._facts.get(name)
        if (
            fact is None
            or fact.sort is not Sort.MEMBERS
            or (fact.members and member not in fact.members)
        ):
            raise MappingError("is no member of these facts", where=where, value=member)
        return lambda facts, _seen: _has(facts.get(name), member)

    def _complete(self, bits: Sequence[Bit], where: str) -> None:
        """Refuse a bitmap that forgets a member of a closed set."""
        for name in {bit.from_ for bit in bits if bit.from_ is not None}:
            told = {bit.has or bit.name for bit in bits if bit.from_ == name}
            left = sorted((self._facts[name].members or frozenset()) - told)
            if left:
                raise MappingError(f"has no bit for {', '.join(left)}", where=where, value=name)


def _has(value: Value, member: str) -> bool:
    """Say whether a set has a member; of sets per EVSE, whether every one has it."""
    if isinstance(value, tuple):
        return bool(value) and all(_has(item, member) for item in value)
    return isinstance(value, frozenset) and member in value

"""Several utilities for one station: which of them has its way when.

    strong  setpoint        ├── A ──┤
    weak    setpoint    ├─────── B ───────┤
    in force            ├ B ┤├─ A ─┤├─ B ─┤      B was cut, not beaten: it comes back

    strong  limit 8 kW  ├─────── C ───────┤
    weak    limit 5 kW      ├── D ──┤
    in force            ├ 8 ┤├─ 5 ─┤├─ 8 ─┤      limits hold together (`slots`)

Each utility decides between its own commands on a time line of its own (`timeline`); primacies of two
utilities are never compared. What they want then meets here, in our time. A function rules subjects
(`RULED`): where those of two utilities rule one subject at one time, the utility with precedence holds
it, and the other is cut for that time. Limits rule nothing, they add up; nor does information. Whoever
forbids (to connect, to energize) forbids it whatever others permit, with or without precedence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from gateway.core.timeline import Segment
from translators.canonical.capability import StationProfile
from translators.canonical.commands import Interval
from translators.canonical.controls import (
    Connect,
    DerControl,
    Energize,
    GridConnectPermit,
    IslandPermit,
)
from translators.canonical.swift import changed
from translators.ocpp.members import supports

type Segments = dict[str, tuple[Segment, ...]]
type Rules = Callable[[str], frozenset[str]]
"""What a function rules at a station."""


class Subject(StrEnum):
    """What of a station one utility rules at a time, although several functions could."""

    SETPOINT = "setpoint"
    """What a transaction is told to follow: one profile holds both its powers."""
    FREQUENCY = "frequency"
    """How active power answers the frequency: two curves would add up."""
    VAR_INJECTING = "var_injecting"
    """Reactive power while active power is injected."""
    VAR_ABSORBING = "var_absorbing"
    """Reactive power while active power is absorbed."""


_VAR = frozenset({Subject.VAR_INJECTING, Subject.VAR_ABSORBING})
_NOTHING: frozenset[Subject] = frozenset()
_BY_PROFILE = ("FreqWatt", "FreqDroop")

RULED: Mapping[str, frozenset[Subject]] = MappingProxyType(
    {
        "ActiveSetpoint": frozenset({Subject.SETPOINT}),
        "RelativeActiveSetpoint": frozenset({Subject.SETPOINT}),
        "StorageTarget": frozenset({Subject.SETPOINT}),
        "ChargeStateTarget": frozenset({Subject.SETPOINT}),
        "ReactiveSetpoint": _VAR | {Subject.SETPOINT},
        "RelativeReactiveSetpoint": _VAR | {Subject.SETPOINT},
        "FreqWatt": frozenset({Subject.FREQUENCY}),
        "FreqDroop": frozenset({Subject.FREQUENCY}),
        "FixedPowerFactor.injecting": frozenset({Subject.VAR_INJECTING}),
        "FixedPowerFactor.absorbing": frozenset({Subject.VAR_ABSORBING}),
        "FixedVar": _VAR,
        "VoltVar": _VAR,
        "WattVar": _VAR,
        "WattPowerFactor": _VAR,
        "VoltageSetpoint": _VAR,
        "PowerLimit": _NOTHING,
        "ReactiveLimit": _NOTHING,
        "ApparentLimit": _NOTHING,
        "Connect": _NOTHING,
        "Energize": _NOTHING,
        "GridConnectPermit": _NOTHING,
        "IslandPermit": _NOTHING,
        "Price": _NOTHING,
        "Alert": _NOTHING,
    }
)
"""By function, or by control where all its functions rule the same; what is missing rules itself alone."""

_FORBIDS = frozenset(
    {
        Connect(connected=False),
        Energize(energized=False),
        GridConnectPermit(permitted=False),
        IslandPermit(permitted=False),
    }
)
_PERMISSIONS = frozenset(type(control).__name__ for control in _FORBIDS)


def subjects(function: str) -> frozenset[str]:
    """Return what a function rules.

    A trip curve rules its whole side of voltage or frequency: what must trip for one utility may lie
    inside what must not for the other.
    """
    name = function.partition(".")[0]
    if name == "TripCurve":
        return frozenset({function.rpartition(".")[0]})
    known = RULED.get(function, RULED.get(name))
    return frozenset({function}) if known is None else known


def rules_of(profile: StationProfile | None) -> Rules:
    """Return what functions rule at a station.

    Where it lacks the DER control, how it answers the frequency is told as a profile of a transaction, which
    hides a setpoint, or is hidden by one.
    """
    lacking = {n for n in _BY_PROFILE if profile is not None and not supports(profile, n)}
    if not lacking:
        return subjects
    return lambda name: subjects(name) | ({Subject.SETPOINT} if name in lacking else _NOTHING)


def forbids(control: DerControl) -> bool:
    """Say whether a control takes a permission away."""
    return control in _FORBIDS


def conflicts(one: str, other: str, rules: Rules = subjects) -> bool:
    """Say whether a station can do two functions for one utility at a time only."""
    return one == other or not rules(one).isdisjoint(rules(other))


def combine(
    lines: Sequence[Segments],
    forbidding: Collection[tuple[str, str]] = (),
    rules: Rules = subjects,
) -> Segments:
    """Return who holds what when, of utilities in order of precedence, the strongest first.

    `forbidding` names command and function of what `forbids`.
    """
    found: defaultdict[str, list[Segment]] = defaultdict(list)
    ruled: defaultdict[str, list[Interval]] = defaultdict(list)
    for line in lines:
        others = [other for other in lines if other is not line]
        kept = [*_permissions(line, others, forbidding), *_free(line, ruled, rules)]
        for span in kept:
            found[span.function].append(span)
            for subject in rules(span.function):
                ruled[subject].append(span.interval)
    return {function: tuple(sorted(spans, key=_start)) for function, spans in found.items()}


def _free(
    line: Segments, ruled: Mapping[str, Sequence[Interval]], rules: Rules
) -> Iterator[Segment]:
    """Yield what those before leave to a utility."""
    for function, spans in line.items():
        if function not in _PERMISSIONS:
            holes = [hole for subject in rules(function) for hole in ruled.get(subject, ())]
            yield from _without(spans, holes)


def _permissions(
    line: Segments, others: Sequence[Segments], forbidding: Collection[tuple[str, str]]
) -> Iterator[Segment]:
    """Yield what a utility forbids, and what it permits where no other one forbids it."""
    for function in sorted(_PERMISSIONS & line.keys()):
        bans = [span for other in others for span in other.get(function, ())]
        holes = [span.interval for span in bans if (span.key, function) in forbidding]
        for span in line[function]:
            yield from (span,) if (span.key, function) in forbidding else _without([span], holes)


def _without(spans: Iterable[Segment], holes: Sequence[Interval]) -> Iterator[Segment]:
    """Yield the segments outside `holes`; what ends at one was beaten by nobody of its own utility."""
    for span in spans:
        parts = [span.interval]
        for hole in holes:
            parts = [rest for part in parts for rest in _beside(part, hole)]
        for part in parts:
            whole = part.end == span.interval.end
            yield (
                span
                if part == span.interval
                else changed(
                    span,
                    interval=part,
                    beaten_by=span.beaten_by if whole else None,
                    yields=span.yields and whole,
                )
            )


def _beside(part: Interval, hole: Interval) -> Iterator[Interval]:
    """Yield what of `part` lies before and after `hole`."""
    if hole.start > part.start:
        end = hole.start if part.end is None else min(part.end, hole.start)
        yield Interval(part.start, end)
    if hole.end is not None and (part.end is None or hole.end < part.end):
        yield Interval(max(part.start, hole.end), part.end)


def _start(span: Segment) -> datetime:
    return span.interval.start

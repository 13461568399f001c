"""Limits of several commands that fill one slot of a station: one control at a time carries them all.

    A  export      5 kW   ├──────────────────────────┤
    B  generation  3 kW            ├────────┤
    slot                  ├─ A: 5 ─┤├─ B: 3 ─┤├─ A: 5 ┤

A station knows one bound of charge and one of discharge, the utility several functions that hold at
once. What starts last takes the slot over and carries the tightest of all that hold from then on: a
tighter bound stands at the station before its time, only a looser one waits for an update. Who ceases
to energize keeps the slot.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from gateway.core.timeline import Segment
from translators.canonical.commands import DerCommand, Interval
from translators.canonical.controls import (
    Connect,
    DerControl,
    Energize,
    LimitOn,
    PowerLimit,
    function_of,
)
from translators.rules.trace import Loss, LossKind

type Segments = Mapping[str, tuple[Segment, ...]]
type Carried = frozenset[tuple[str, str]]
"""Commands with the function of theirs that a control of another command carries."""

_FOREVER = datetime.max.replace(tzinfo=UTC)


class Slot(StrEnum):
    """What a station can be told once at a time."""

    CHARGE = "charge"
    """ChargingStationMaxProfile of the whole station."""
    DISCHARGE = "discharge"
    """LimitMaxDischarge."""


_SLOTS = {
    LimitOn.IMPORT: Slot.CHARGE,
    LimitOn.LOAD: Slot.CHARGE,
    LimitOn.EXPORT: Slot.DISCHARGE,
    LimitOn.GENERATION: Slot.DISCHARGE,
}
_STOPS = (Connect(connected=False), Energize(energized=False))
_STOPPING = frozenset(function_of(control) for control in _STOPS)


@dataclass(frozen=True, slots=True)
class Part:
    """A control of a command fills a slot for an interval."""

    key: str
    control: DerControl
    interval: Interval

    @property
    def function(self) -> str:
        """Return the function under which it competes."""
        return function_of(self.control)

    @property
    def rank(self) -> tuple[bool, datetime, str]:
        """Return the sort key: the highest carries."""
        return (self.control in _STOPS, self.interval.start, self.key)


@dataclass(frozen=True, slots=True)
class _Span:
    key: str
    interval: Interval


def slot_of(control: DerControl) -> Slot | None:
    """Return the slot that a control fills, or None."""
    if isinstance(control, PowerLimit):
        return _SLOTS[control.on]
    return Slot.CHARGE if control in _STOPS else None


def slot_of_functions(functions: Iterable[str]) -> Slot | None:
    """Return the slot of a control that a station was told for these functions, or None."""
    slots = (_slot_named(function) for function in functions)
    return next((slot for slot in slots if slot is not None), None)


def _slot_named(function: str) -> Slot | None:
    name, _, rest = function.partition(".")
    if name == PowerLimit.__name__:
        return _SLOTS[LimitOn(rest.partition(".")[0])]
    return Slot.CHARGE if name in _STOPPING else None


class Slots:
    """Who fills which slot when, over all events of a station, and the defaults behind them."""

    def __init__(
        self,
        commands: Mapping[str, DerCommand],
        segments: Segments,
        defaults: Sequence[tuple[str, DerControl]],
    ) -> None:
        """`commands` by key; `defaults` hold, by utility, where no event of it has their function."""
        self._utilities = {key: command.origin.utility for key, command in commands.items()}
        self._segments = segments
        self._defaults = tuple(item for item in defaults if slot_of(item[1]) is not None)
        self._parts: dict[Slot, list[Part]] = {slot: [] for slot in Slot}
        for part in _parts(commands, segments):
            self._parts[slot_of(part.control) or Slot.CHARGE].append(part)
        self.shared = frozenset(slot for slot in Slot if _overlap(self._parts[slot]))
        """Slots that controls of several commands fill at one time."""
        defined = {slot for _, control in self._defaults if (slot := slot_of(control))}
        self._contested = self.shared | defined
        self._changes = _changes(segments)
        self.cut = {name: tuple(self._cut(name, spans)) for name, spans in segments.items()}
        """The segments; in shared slots those of limits shrink to what they carry."""

    def _cut(self, function: str, segments: tuple[Segment, ...]) -> Iterator[Segment]:
        slot = _slot_named(function)
        if slot is None or slot not in self.shared or function in _STOPPING:
            yield from segments
            return
        spans = tuple(_spans(self._parts[slot]))
        for segment in segments:
            for span in spans:
                if span.key == segment.key and _meet(span.interval, segment.interval):
                    yield replace(segment, interval=span.interval, yields=False)

    def beside(
        self, key: str, controls: Sequence[DerControl], interval: Interval | None, now: datetime
    ) -> tuple[DerControl, ...]:
        """Return what else holds in the slots of `controls` at any time from now to their end."""
        limits = (control for control in controls if isinstance(control, PowerLimit))
        slots = {_SLOTS[control.on] for control in limits} & self._contested
        if not slots:
            return ()
        if interval is None:
            own = {(self._utilities[key], function_of(control)) for control in controls}
            others = ((u, c) for u, c in self._defaults if slot_of(c) in slots)
            return tuple(c for u, c in others if (u, function_of(c)) not in own)
        rest = Interval(max(interval.start, now), interval.end)
        found = [c for at in self._instants(rest) for c in self._others(slots, key, at)]
        return tuple(dict.fromkeys(found))

    def bounds(
        self, key: str, controls: Sequence[DerControl], instant: datetime
    ) -> tuple[DerControl, ...]:
        """Return what bounds `controls` of `key` at `instant`: limits beside them, and who stops all."""
        rest = (
            p for p in self._parts_of(Slot, instant) if p.key != key or p.control not in controls
        )
        return tuple(dict.fromkeys([*(p.control for p in rest), *self._standing(Slot, instant)]))

    def _others(self, slots: Collection[Slot], key: str, instant: datetime) -> Iterator[DerControl]:
        yield from (part.control for part in self._holding(slots, key, instant))
        yield from self._standing(slots, instant)

    def _standing(self, slots: Collection[Slot], instant: datetime) -> Iterator[DerControl]:
        """Yield the defaults that hold at an instant."""
        for utility, control in self._defaults:
            if slot_of(control) in slots and not self._covered(utility, control, instant):
                yield control

    def early(self, key: str, controls: Sequence[DerControl], instant: datetime) -> Iterator[Loss]:
        """Yield the loss of each limit that its own command carries although it does not hold yet."""
        for control in controls:
            slot = slot_of(control)
            if slot not in self.shared:
                continue
            function = function_of(control)
            own = (s.interval for s in self._segments.get(function, ()) if s.key == key)
            if not any(interval.covers(instant) for interval in own):
                detail = "counts before its time: the command's control carries it from its start"
                yield Loss(LossKind.APPROXIMATE, "slots", slot, detail, control=function)

    def carried(self, key: str, controls: Sequence[DerControl], instant: datetime) -> Carried:
        """Return what the command's controls carry for others at `instant`."""
        slots = {slot for control in controls if (slot := slot_of(control)) in self.shared}
        return frozenset((p.key, p.function) for p in self._holding(slots, key, instant))

    def _holding(self, slots: Collection[Slot], key: str, instant: datetime) -> Iterator[Part]:
        return (part for part in self._parts_of(slots, instant) if part.key != key)

    def _parts_of(self, slots: Collection[Slot], instant: datetime) -> Iterator[Part]:
        for part in (part for slot in sorted(slots) for part in self._parts[slot]):
            if part.interval.covers(instant):
                yield part

    def _covered(self, utility: str, control: DerControl, instant: datetime) -> bool:
        """Say whether an event of a utility holds the function of its default."""
        spans = self._segments.get(function_of(control), ())
        return any(s.interval.covers(instant) and self._utilities[s.key] == utility for s in spans)

    def _instants(self, rest: Interval) -> list[datetime]:
        """Return the start and each change inside."""
        first = bisect_right(self._changes, rest.start)
        last = None if rest.end is None else bisect_left(self._changes, rest.end)
        return [rest.start, *self._changes[first:last]]


def _changes(segments: Segments) -> list[datetime]:
    """Return all instants at which a segment starts or ends, in order."""
    intervals = [segment.interval for spans in segments.values() for segment in spans]
    ends = {interval.end for interval in intervals if interval.end is not None}
    return sorted({interval.start for interval in intervals} | ends)


def _parts(commands: Mapping[str, DerCommand], segments: Segments) -> Iterator[Part]:
    for function, spans in segments.items():
        for span in spans:
            for control in commands[span.key].controls:
                if function_of(control) == function and slot_of(control) is not None:
                    yield Part(span.key, control, span.interval)


def _overlap(parts: Sequence[Part]) -> bool:
    """Say whether two commands fill the slot at one time."""
    running: list[Part] = []
    for part in sorted(parts, key=lambda part: part.interval.start):
        running = [other for other in running if _meet(other.interval, part.interval)]
        if any(other.key != part.key for other in running):
            return True
        running.append(part)
    return False


def _meet(one: Interval, other: Interval) -> bool:
    return one.covers(other.start) or other.covers(one.start)


def _spans(parts: Sequence[Part]) -> Iterator[_Span]:
    """Yield who carries a slot when: of those that hold, the one that started last."""
    starts = {part.interval.start for part in parts}
    instants = sorted(starts | {part.interval.end or _FOREVER for part in parts})
    begun, carrier = datetime.min.replace(tzinfo=UTC), ""
    for instant in instants:
        holding = [p for p in parts if instant != _FOREVER and p.interval.covers(instant)]
        best = max(holding, key=lambda part: part.rank).key if holding else ""
        if best == carrier:
            continue
        if carrier:
            yield _Span(carrier, Interval(begun, None if instant == _FOREVER else instant))
        begun, carrier = instant, best

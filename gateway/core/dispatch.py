"""From commands to what one station should hold: arbitrate, group by interval, translate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction

from gateway.core.guard import guarded
from gateway.core.ledger import Desired
from gateway.core.lifecycle import CLAIMING, ENDED, State
from gateway.core.records import Baseline, CommandRecord
from gateway.core.slots import Carried, Slot, Slots, slot_of, slot_of_functions
from gateway.core.timeline import Claim, Segment, arbitrate
from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand, Interval, Revision
from translators.canonical.controls import (
    ActiveSetpoint,
    ChargeStateTarget,
    DerControl,
    FreqDroop,
    FreqWatt,
    LimitOn,
    LimitScope,
    PowerLimit,
    Quantity,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
    function_of,
)
from translators.chain import StationOrders, to_station
from translators.rules.book import Book
from translators.rules.memo import Memo
from translators.rules.trace import Loss, Refusal, Translation
from translators.units import Kind, Unit

_NO_EXPORT = PowerLimit(LimitOn.EXPORT, Quantity(Fraction(0), Unit(Kind.POWER)), LimitScope.DEVICE)

_MOVES = (
    ActiveSetpoint,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
    ChargeStateTarget,
    FreqWatt,
    FreqDroop,
)
"""What may be told as a profile of a transaction, which would win over that of who ceases to energize."""

type Segments = dict[str, tuple[Segment, ...]]


@dataclass(slots=True)
class Wanted:
    """What a station should hold, and what became of the commands on the way there."""

    desired: dict[str, Desired] = field(default_factory=dict)
    vacuous: dict[str, frozenset[str]] = field(default_factory=dict)
    """By command: functions whose time has come and which it follows without being told."""
    refusals: dict[str, tuple[Refusal, ...]] = field(default_factory=dict)
    traces: dict[str, Translation[StationOrders]] = field(default_factory=dict)
    """By control id."""
    segments: Segments = field(default_factory=dict)
    carried: dict[str, Carried] = field(default_factory=dict)
    """By control id: functions of other commands that it carries by now."""
    shared: frozenset[Slot] = frozenset()
    """Slots that several commands fill at one time."""


@dataclass(frozen=True, slots=True)
class _Share:
    """The controls of one command that share one interval.

    `beside` holds meanwhile and is told elsewhere; where not `sent` another command carries it all.
    """

    record: CommandRecord
    controls: tuple[DerControl, ...]
    interval: Interval | None
    yields: bool = False
    beside: tuple[DerControl, ...] = ()
    carried: Carried = frozenset()
    early: tuple[Loss, ...] = ()
    sent: bool = True


class Translator:
    """Translates through the book in force and remembers the last result per command and interval.

    A command stays with the rules by which it was first translated, whatever `book` becomes meanwhile.
    """

    def __init__(self, book: Book) -> None:
        """Start empty."""
        self.book = book
        self._books: dict[tuple[str, str], Book] = {}
        self._memo: defaultdict[tuple[str, str], Memo[Translation[StationOrders]]] = defaultdict(
            Memo
        )

    def orders(
        self, command: DerCommand, profile: StationProfile, situation: Situation
    ) -> Translation[StationOrders]:
        """Return what `to_station` makes within the nameplate, once while nothing changes."""
        part = tuple(function_of(control) for control in command.controls)
        book = self.book_of(command)
        return self._memo[command.target.station, command.mrid].recall(
            part,
            (command, profile, situation, book.digest),
            lambda: guarded(to_station(book, command, profile, situation), profile),
        )

    def book_of(self, command: DerCommand) -> Book:
        """Return the rules that a command is translated by."""
        return self._books.setdefault((command.target.station, command.mrid), self.book)

    def forget(self, command: DerCommand) -> None:
        """Let go of what is remembered of a command."""
        self._memo.pop((command.target.station, command.mrid), None)
        self._books.pop((command.target.station, command.mrid), None)


def segments_of(records: Iterable[CommandRecord]) -> Segments:
    """Return who holds which function when, in utility time, over all events of one utility.

    Commands that are over have their place in the past: without it those behind them would start anew.
    """
    claims = [
        Claim(
            key=record.key,
            function=function,
            primacy=record.command.primacy,
            created=record.command.created,
            interval=interval,
            bridges=record.withdraw_at is None,
        )
        for record in records
        if record.state in CLAIMING | ENDED and (interval := record.interval) is not None
        for function in record.functions
    ]
    # IEEE 2030.5-2018 knows no resume after supersession; 2023 does (response 15)
    resume = any(r.command.origin.revision is Revision.IEEE2030_5_2023 for r in records)
    return arbitrate(claims, resume=resume)


@dataclass(frozen=True, slots=True)
class Scene:
    """The station and the moment for which commands are translated.

    `offset` is the utility's clock minus ours; `utility_now` its time.
    """

    profile: StationProfile
    situation: Situation
    translator: Translator
    utility_now: datetime
    offset: timedelta


def wanted(records: tuple[CommandRecord, ...], scene: Scene) -> Wanted:
    """Return what the station should hold from now on; times of the result are ours (UTC)."""
    result = Wanted(segments=segments_of(records))
    by_key = {record.key: record for record in records}
    defaults = _defaults(records)
    commands = {key: record.command for key, record in by_key.items()}
    slots = Slots(commands, result.segments, [c for _, controls in defaults for c in controls])
    result.shared = slots.shared
    shares = [
        *_event_shares(by_key, slots, scene.utility_now),
        *_carried_shares(by_key, result.segments, slots, scene.utility_now),
        *_default_shares(defaults, slots, scene.utility_now),
    ]
    for share in shares:
        _translate(share, scene, result)
    return result


def _next(
    by_key: dict[str, CommandRecord], segments: Segments, utility_now: datetime
) -> Iterator[Segment]:
    """Yield of each function and live command the segment that is in force now or next."""
    for spans in segments.values():
        seen: set[str] = set()
        for span in spans:
            ahead = span.interval.end is None or span.interval.end > utility_now
            if ahead and span.key not in seen and not by_key[span.key].over:
                seen.add(span.key)
                yield span


def _event_shares(
    by_key: dict[str, CommandRecord], slots: Slots, utility_now: datetime
) -> Iterator[_Share]:
    """Yield each event's controls, grouped by the interval in which they are in force next."""
    groups: defaultdict[tuple[str, Interval, bool], list[str]] = defaultdict(list)
    for span in _next(by_key, slots.cut, utility_now):
        groups[span.key, span.interval, span.yields].append(span.function)
    for (key, interval, yields), functions in groups.items():
        record, at = by_key[key], max(interval.start, utility_now)
        controls = tuple(c for c in record.controls if function_of(c) in functions)
        yield _Share(
            record,
            controls,
            interval,
            yields,
            beside=(
                *slots.beside(key, controls, interval, utility_now),
                *_apart(record, controls, slots, at),
                *(slots.stops(key, at) if any(isinstance(c, _MOVES) for c in controls) else ()),
            ),
            carried=slots.carried(key, controls, at),
            early=tuple(slots.early(key, controls, at)),
        )


def _apart(
    record: CommandRecord, controls: tuple[DerControl, ...], slots: Slots, at: datetime
) -> Iterator[DerControl]:
    """Yield what the command's own setpoints and limits need to know of each other when parted."""
    setpoint = (ActiveSetpoint, ReactiveSetpoint)
    rest = tuple(c for c in record.controls if c not in controls)
    if any(isinstance(control, setpoint) for control in controls):
        limits = [c for c in rest if isinstance(c, PowerLimit) and slot_of(c) in slots.shared]
        yield from slots.around(record.key, limits, at)
    elif any(slot_of(control) in slots.shared for control in controls):
        yield from (control for control in rest if isinstance(control, setpoint))


def _carried_shares(
    by_key: dict[str, CommandRecord], segments: Segments, slots: Slots, utility_now: datetime
) -> Iterator[_Share]:
    """Yield limits that other commands carry to the end: they may still be refused."""
    told = {(span.key, span.function) for span in _next(by_key, slots.cut, utility_now)}
    for span in _next(by_key, segments, utility_now):
        if (span.key, span.function) not in told:
            record = by_key[span.key]
            controls = tuple(c for c in record.controls if function_of(c) == span.function)
            yield _Share(record, controls, span.interval, sent=False)


def _defaults(
    records: tuple[CommandRecord, ...],
) -> list[tuple[CommandRecord, tuple[DerControl, ...]]]:
    """Return the defaults: per function that of the best program which defines it."""
    taken: set[str] = set()
    found = []
    live = CLAIMING - {State.CANCELLING}
    defaults = [r for r in records if r.command.is_default and r.state in live]
    for record in sorted(defaults, key=lambda r: (r.command.primacy, r.key)):
        controls = tuple(c for c in record.controls if function_of(c) not in taken)
        taken |= {function_of(control) for control in controls}
        if controls:
            found.append((record, controls))
    return found


def _default_shares(
    defaults: list[tuple[CommandRecord, tuple[DerControl, ...]]], slots: Slots, now: datetime
) -> Iterator[_Share]:
    """Yield the defaults; of those that bound one slot the first carries all."""
    taken: set[Slot | None] = set()
    for record, defined in defaults:
        controls = tuple(
            c for c in defined if not isinstance(c, PowerLimit) or slot_of(c) not in taken
        )
        taken |= {slot_of(control) for control in controls}
        if controls:
            beside = slots.beside(record.key, controls, None, now)
            yield _Share(record, controls, None, beside=beside)


def _forbidden(policy: Mapping[str, str]) -> tuple[DerControl, ...]:
    """Return what a site forbids whatever a utility asks for: to discharge, where it says so."""
    return (_NO_EXPORT,) if policy.get("discharge") == "forbid" else ()


def _translate(share: _Share, scene: Scene, result: Wanted) -> None:
    record, ours = share.record, None
    if share.interval is not None:
        end = share.interval.end
        ours = Interval(
            share.interval.start - scene.offset, None if end is None else end - scene.offset
        )
    command = replace(record.command, controls=share.controls, interval=ours)
    baseline = record.baseline or Baseline()
    begun = share.interval is not None and share.interval.start <= scene.utility_now
    situation = replace(
        scene.situation,
        stack_level=record.level,
        beside=share.beside + _forbidden(scene.situation.policy),
        baseline_w=baseline.watts,
        baseline_var=baseline.var,
        running=begun and "dynamic_watchdog_s" in scene.situation.policy,
    )
    orders = scene.translator.orders(command, scene.profile, situation)
    key = record.key
    if share.interval is None or share.interval.start <= scene.utility_now:
        result.vacuous[key] = result.vacuous.get(key, frozenset()) | set(orders.value.vacuous)
    result.refusals[key] = result.refusals.get(key, ()) + orders.refusals
    for message in orders.value.messages if share.sent else ():
        result.traces[message.id] = orders._replace(losses=orders.losses + share.early)
        slot = slot_of_functions(message.functions)
        result.carried[message.id] = frozenset(
            (other, name) for other, name in share.carried if slot_of_functions([name]) is slot
        )
        result.desired[message.id] = Desired(
            id=message.id,
            command=key,
            action=message.action,
            payload=message.payload,
            functions=message.functions,
            start=None if ours is None else ours.start,
            end=None if ours is None else ours.end,
            is_default=record.command.is_default,
            yields=share.yields,
        )

"""From commands to what one station should hold: arbitrate, group by interval, translate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from gateway.core.agenda import Defaults, Line, agenda, defaults_of
from gateway.core.between import Segments, rules_of
from gateway.core.ledger import Desired
from gateway.core.records import Baseline, CommandRecord
from gateway.core.rolling import put_off_at, told_until
from gateway.core.slots import Carried, Slot, Slots, slot_of, slot_of_functions
from gateway.core.timeline import Segment
from gateway.core.translating import Translator
from gateway.core.wanted import Trace, Wanted
from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import Interval
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
from translators.canonical.swift import changed
from translators.rules.trace import Loss
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
"""What may be told as a profile of a transaction, which would win over what bounds it."""
_FOLLOWED = ("ActiveSetpoint", "RelativeActiveSetpoint", "StorageTarget", "ReactiveSetpoint")


@dataclass(frozen=True, slots=True)
class _Share:
    """The controls of one command that share one interval.

    `beside` holds meanwhile and is told elsewhere; where not `sent` another command carries it all.
    `leans` are commands whose setpoints keep its limits where the station knows no limit.
    """

    record: CommandRecord
    controls: tuple[DerControl, ...]
    interval: Interval | None
    yields: bool = False
    beside: tuple[DerControl, ...] = ()
    leans: frozenset[str] = frozenset()
    carried: Carried = frozenset()
    early: tuple[Loss, ...] = ()
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Scene:
    """The station and the moment (UTC) for which commands are translated.

    `apart` are utilities whose controls have ids of their own: another one may use the same mRIDs.
    """

    profile: StationProfile
    situation: Situation
    translator: Translator
    now: datetime
    apart: frozenset[str] = frozenset()


def wanted(lines: Sequence[Line], scene: Scene) -> Wanted:
    """Return what the station should hold from now on, of utilities in order of precedence, in our time."""
    rules = rules_of(scene.profile)
    held = agenda(lines, rules)
    result = Wanted(
        claimed=held.claimed,
        segments=held.segments,
        utilities=frozenset(line.utility for line in lines),
    )
    by_key = {record.key: record for line in lines for record in line.records}
    defaults = defaults_of(lines, rules)
    slots = Slots(
        {key: record.command for key, record in by_key.items()},
        result.segments,
        [(record.utility, control) for record, controls in defaults for control in controls],
    )
    result.shared = slots.shared
    shares = [
        *_event_shares(by_key, slots, scene.now),
        *_carried_shares(by_key, result.segments, slots, scene.now),
        *_default_shares(defaults, slots, scene.now),
    ]
    for share in shares:
        _translate(share, scene, result)
    ahead = (at for at in _changes(result.segments, shares, scene.now) if at > scene.now)
    result.until = min(ahead, default=None)
    return result


def _changes(segments: Segments, shares: Iterable[_Share], now: datetime) -> Iterator[datetime]:
    """Yield the instants at which something begins or ends, or is told a later end."""
    for spans in segments.values():
        for span in spans:
            yield span.interval.start
            if span.interval.end is not None:
                yield span.interval.end
    for share in shares:
        if share.interval is not None and share.interval.end is None:
            yield put_off_at(share.interval, share.record.command.controls, now)


def _next(by_key: dict[str, CommandRecord], segments: Segments, now: datetime) -> Iterator[Segment]:
    """Yield of each function and live command the segment that is in force now or next."""
    for spans in segments.values():
        seen: set[str] = set()
        for span in spans:
            ahead = span.interval.end is None or span.interval.end > now
            if ahead and span.key not in seen and not by_key[span.key].over:
                seen.add(span.key)
                yield span


def _event_shares(
    by_key: dict[str, CommandRecord], slots: Slots, now: datetime
) -> Iterator[_Share]:
    """Yield each event's controls, grouped by the interval in which they are in force next."""
    groups: defaultdict[tuple[str, Interval, bool], list[str]] = defaultdict(list)
    for span in _next(by_key, slots.cut, now):
        groups[span.key, span.interval, span.yields].append(span.function)
    for (key, interval, yields), functions in groups.items():
        record, at = by_key[key], max(interval.start, now)
        controls = tuple(c for c in record.controls if function_of(c) in functions)
        moves = any(isinstance(control, _MOVES) for control in controls)
        limits = any(isinstance(control, PowerLimit) for control in controls)
        followed = _setpoints(by_key, slots.cut, at) if limits else ()
        setpoints = [pair for pair in followed if pair[0] != key or pair[1] not in controls]
        yield _Share(
            record,
            controls,
            interval,
            yields,
            beside=(
                *slots.beside(key, controls, interval, now),
                *(slots.bounds(key, controls, at) if moves else ()),
                *(control for _, control in setpoints),
            ),
            leans=frozenset(other for other, _ in setpoints),
            carried=slots.carried(key, controls, at),
            early=tuple(slots.early(key, controls, at)),
        )


def _setpoints(
    by_key: Mapping[str, CommandRecord], segments: Segments, at: datetime
) -> Iterator[tuple[str, DerControl]]:
    """Yield what a transaction is to follow at an instant, and for whom."""
    for function in _FOLLOWED:
        for span in segments.get(function, ()):
            if span.interval.covers(at):
                controls = by_key[span.key].controls
                yield from ((span.key, c) for c in controls if function_of(c) == function)


def _carried_shares(
    by_key: dict[str, CommandRecord], segments: Segments, slots: Slots, now: datetime
) -> Iterator[_Share]:
    """Yield limits that other commands carry to the end: they may still be refused."""
    told = {(span.key, span.function) for span in _next(by_key, slots.cut, now)}
    for span in _next(by_key, segments, now):
        if (span.key, span.function) not in told:
            record = by_key[span.key]
            controls = tuple(c for c in record.controls if function_of(c) == span.function)
            yield _Share(record, controls, span.interval, sent=False)


def _default_shares(defaults: Defaults, slots: Slots, now: datetime) -> Iterator[_Share]:
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


def _named(record: CommandRecord, scene: Scene) -> str:
    """Return what the ids of a command's controls are derived from."""
    mrid = record.command.mrid
    return f"{record.utility}/{mrid}" if record.utility in scene.apart else mrid


def _told(share: _Share, now: datetime) -> Interval | None:
    """Return the interval that a station is told, in our time."""
    if share.interval is None:
        return None
    controls = share.record.command.controls
    return Interval(share.interval.start, told_until(share.interval, controls, now))


def _translate(share: _Share, scene: Scene, result: Wanted) -> None:
    record, ours = share.record, _told(share, scene.now)
    command = changed(
        record.command, mrid=_named(record, scene), controls=share.controls, interval=ours
    )
    baseline = record.baseline or Baseline()
    begun = ours is not None and ours.start <= scene.now
    situation = changed(
        scene.situation,
        stack_level=record.level,
        beside=share.beside + _forbidden(scene.situation.policy),
        baseline_w=baseline.watts,
        baseline_var=baseline.var,
        running=begun and "dynamic_watchdog_s" in scene.situation.policy,
    )
    key = record.key
    orders = scene.translator.orders(key, command, scene.profile, situation)
    if ours is None or begun:
        result.vacuous[key] = result.vacuous.get(key, frozenset()) | set(orders.value.vacuous)
        result.leaning[key] = result.leaning.get(key, frozenset()) | share.leans
    result.refusals[key] = result.refusals.get(key, ()) + orders.refusals
    for message in orders.value.messages if share.sent else ():
        result.traces[message.id] = Trace(orders.told, message, command.mrid, share.early)
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

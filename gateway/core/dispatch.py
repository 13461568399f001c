"""From commands to what one station should hold: arbitrate, group by interval, translate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.core.ledger import Desired
from gateway.core.lifecycle import CLAIMING, ENDED, State
from gateway.core.records import CommandRecord
from gateway.core.timeline import Claim, Segment, arbitrate
from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand, Interval, Revision
from translators.canonical.controls import DerControl, function_of
from translators.chain import StationOrders, to_station
from translators.rules.book import Book
from translators.rules.trace import Refusal, Translation

type Segments = dict[str, tuple[Segment, ...]]
type _Known = tuple[object, Translation[StationOrders]]


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


@dataclass(frozen=True, slots=True)
class _Share:
    """The controls of one command that share one interval."""

    record: CommandRecord
    controls: tuple[DerControl, ...]
    interval: Interval | None
    yields: bool = False


class Translator:
    """Translates through one book and remembers the last result per command and interval."""

    def __init__(self, book: Book) -> None:
        """Start empty."""
        self.book = book
        self._memo: defaultdict[tuple[str, str], dict[tuple[str, ...], _Known]] = defaultdict(dict)

    def orders(
        self, command: DerCommand, profile: StationProfile, situation: Situation
    ) -> Translation[StationOrders]:
        """Return what `to_station` returns, computed once while nothing changes."""
        known = self._memo[command.target.station, command.mrid]
        part = tuple(function_of(control) for control in command.controls)
        inputs = (command, profile, situation)
        if part not in known or known[part][0] != inputs:
            known[part] = (inputs, to_station(self.book, command, profile, situation))
        return known[part][1]

    def forget(self, command: DerCommand) -> None:
        """Let go of what is remembered of a command."""
        self._memo.pop((command.target.station, command.mrid), None)


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
    shares = [
        *_event_shares(by_key, result.segments, scene.utility_now),
        *_default_shares(records),
    ]
    for share in shares:
        _translate(share, scene, result)
    return result


def _event_shares(
    by_key: dict[str, CommandRecord], segments: Segments, utility_now: datetime
) -> Iterable[_Share]:
    """Yield each event's controls, grouped by the interval in which they are in force next."""
    groups: defaultdict[tuple[str, Interval, bool], list[str]] = defaultdict(list)
    for function, spans in segments.items():
        seen: set[str] = set()
        for span in spans:
            ahead = span.interval.end is None or span.interval.end > utility_now
            if ahead and span.key not in seen and not by_key[span.key].over:
                seen.add(span.key)
                groups[span.key, span.interval, span.yields].append(function)
    for (key, interval, yields), functions in groups.items():
        record = by_key[key]
        controls = tuple(c for c in record.controls if function_of(c) in functions)
        yield _Share(record, controls, interval, yields)


def _default_shares(records: tuple[CommandRecord, ...]) -> Iterable[_Share]:
    """Yield the defaults: per function that of the best program which defines it."""
    taken: set[str] = set()
    live = CLAIMING - {State.CANCELLING}
    defaults = [r for r in records if r.command.is_default and r.state in live]
    for record in sorted(defaults, key=lambda r: (r.command.primacy, r.key)):
        controls = tuple(c for c in record.controls if function_of(c) not in taken)
        taken |= {function_of(control) for control in controls}
        if controls:
            yield _Share(record, controls, None)


def _translate(share: _Share, scene: Scene, result: Wanted) -> None:
    record, ours = share.record, None
    if share.interval is not None:
        end = share.interval.end
        ours = Interval(
            share.interval.start - scene.offset, None if end is None else end - scene.offset
        )
    command = replace(record.command, controls=share.controls, interval=ours)
    situation = replace(scene.situation, stack_level=record.level)
    orders = scene.translator.orders(command, scene.profile, situation)
    key = record.key
    if share.interval is None or share.interval.start <= scene.utility_now:
        result.vacuous[key] = result.vacuous.get(key, frozenset()) | set(orders.value.vacuous)
    result.refusals[key] = result.refusals.get(key, ()) + orders.refusals
    for message in orders.value.messages:
        result.traces[message.id] = orders
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

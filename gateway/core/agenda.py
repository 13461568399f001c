"""What utilities want of one station: the commands of each on its own time line, and all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.between import Rules, Segments, combine, conflicts, forbids, subjects
from gateway.core.lifecycle import CLAIMING, ENDED, State, Trigger
from gateway.core.records import CommandRecord
from gateway.core.timeline import Claim, Segment, arbitrate
from translators.canonical.commands import Interval, Revision
from translators.canonical.controls import DerControl, function_of
from translators.canonical.swift import swift

_RESUMING = frozenset({Revision.IEEE2030_5_2023, Revision.OPENADR_3_0, Revision.OPENADR_3_1})
"""Whose beaten commands come back: 2030.5-2018 knows no resume, 2023 does (response 15).

An OpenADR event holds to the end of its intervals, whatever else held in between.
"""

type Defaults = list[tuple[CommandRecord, tuple[DerControl, ...]]]


@swift
@dataclass(frozen=True, slots=True)
class Line:
    """The commands of one utility for a station; `offset` is its clock minus ours."""

    utility: str
    offset: timedelta
    records: tuple[CommandRecord, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """Who holds which function when, in our time (UTC).

    `claimed` is what each utility's own commands leave to each other, `segments` what of it the other
    utilities leave: the same where only one asks for anything.
    """

    claimed: Segments
    segments: Segments

    @property
    def contested(self) -> bool:
        """Say whether several utilities ask for something."""
        return self.segments is not self.claimed


def agenda(lines: Sequence[Line], rules: Rules = subjects) -> Agenda:
    """Return who holds what when; `lines` stand in order of precedence, the strongest first."""
    each = [segments_of(line.records, line.offset) for line in lines]
    each = [segments for segments in each if segments]
    if len(each) < 2:
        (alone,) = each or [{}]
        return Agenda(alone, alone)
    claimed: defaultdict[str, tuple[Segment, ...]] = defaultdict(tuple)
    for segments in each:
        for function, spans in segments.items():
            claimed[function] += spans
    return Agenda(claimed, combine(each, frozenset(_forbidding(lines)), rules))


def segments_of(records: Iterable[CommandRecord], offset: timedelta = timedelta()) -> Segments:
    """Return who holds which function when, over all events of one utility, in its time less `offset`.

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
        if record.state in CLAIMING | ENDED and (interval := _ours(record, offset)) is not None
        for function in sorted(record.functions)
    ]
    resume = any(r.command.origin.revision in _RESUMING for r in records)
    return arbitrate(claims, resume=resume)


def defeat(
    segments: Segments, record: CommandRecord, others: Mapping[str, CommandRecord], now: datetime
) -> Trigger:
    """Return how a command was beaten by those of its utility that hold its functions at an instant."""
    holders = {
        span.key
        for function in record.functions
        for span in segments.get(function, ())
        if span.interval.covers(now) and others[span.key].utility == record.utility
    }
    programs = {others[key].command.origin.program for key in holders - {record.key}}
    same = not programs or record.command.origin.program in programs
    return Trigger.BEATEN if same else Trigger.OUTRANKED


def rivals(
    segments: Segments, record: CommandRecord, now: datetime, rules: Rules = subjects
) -> list[tuple[str, str]]:
    """Return commands and functions that hold at an instant and that a command cannot have beside it."""
    return sorted(
        (span.key, function)
        for function, spans in segments.items()
        if any(conflicts(function, own, rules) for own in record.functions)
        for span in spans
        if span.key != record.key and span.interval.covers(now)
    )


def defaults_of(lines: Sequence[Line], rules: Rules = subjects) -> Defaults:
    """Return the defaults, those of the utility with precedence first.

    Per utility and function that of the best program which defines it; what another utility's defaults
    rule already is left out (`between`).
    """
    found: Defaults = []
    ruled: set[str] = set()
    for line in lines:
        own = [
            (record, kept)
            for record, controls in _own_defaults(line.records)
            if (kept := tuple(c for c in controls if ruled.isdisjoint(rules(function_of(c)))))
        ]
        for control in (control for _, kept in own for control in kept):
            ruled |= rules(function_of(control))
        found += own
    return found


def _own_defaults(
    records: Iterable[CommandRecord],
) -> Iterator[tuple[CommandRecord, tuple[DerControl, ...]]]:
    """Yield the defaults of one utility: per function that of the best program which defines it."""
    taken: set[str] = set()
    live = CLAIMING - {State.CANCELLING}
    defaults = [r for r in records if r.command.is_default and r.state in live]
    for record in sorted(defaults, key=lambda r: (r.command.primacy, r.key)):
        controls = tuple(c for c in record.controls if function_of(c) not in taken)
        taken |= {function_of(control) for control in controls}
        yield record, controls


def _ours(record: CommandRecord, offset: timedelta) -> Interval | None:
    """Return a command's interval in our time."""
    interval = record.interval
    if interval is None or not offset:
        return interval
    end = interval.end
    return Interval(interval.start - offset, None if end is None else end - offset)


def _forbidding(lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    for record in (record for line in lines for record in line.records):
        for control in record.controls:
            if forbids(control):
                yield record.key, function_of(control)

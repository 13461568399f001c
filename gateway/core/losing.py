"""Commands that lose: to others of their utility for good, to those of another utility while these hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.core.agenda import Agenda, defeat, rivals
from gateway.core.between import Segments, rules_of
from gateway.core.lifecycle import State, Trigger
from gateway.core.records import CommandRecord
from gateway.core.responses import advance
from gateway.core.wanted import Wanted
from gateway.core.world import Turn
from translators.canonical.commands import Protocol
from translators.canonical.swift import changed

_OPEN = frozenset({State.SCHEDULED, State.ACTIVE})


def lose(turn: Turn, record: CommandRecord, found: Wanted | Agenda) -> CommandRecord:
    """Give up functions that another command of its utility holds for good from now on.

    Nothing is for good in OpenADR, where every event may be deleted and what gave way to it resumes.
    """
    if record.command.origin.protocol is Protocol.OPENADR:
        return record
    now = turn.now.utc
    ahead = _ahead(found.claimed, record, now)
    gone = record.functions - ahead
    if not gone:
        return record
    lost = changed(record, lost=record.lost | gone)
    turn.keep(lost)
    if ahead:
        return lost
    others = turn.world.records[record.command.target.station]
    return advance(turn, lost, defeat(found.claimed, record, others, now))


def overrule(
    turn: Turn,
    name: str,
    found: Wanted | Agenda,
    shown: Callable[[CommandRecord], frozenset[str]],
) -> None:
    """End commands at a station or site of which other utilities hold all that is left (2030.5 response 13).

    Not before what they hold now is `shown` to have started: until then it may be refused, and what was to
    give way goes on at a station that cannot be reached.
    """
    if not found.contested:
        return
    now, records, state = turn.now.utc, turn.world.records[name], turn.world.stations.get(name)
    rules = rules_of(None if state is None else state.profile)
    for record in turn.records(name):
        interval = record.interval
        if interval is None or interval.start > turn.time_of(record) or record.state not in _OPEN:
            continue
        if not _ahead(found.claimed, record, now) or _ahead(found.segments, record, now):
            continue
        held = rivals(found.segments, record, now, rules)
        by = [pair for pair in held if records[pair[0]].utility != record.utility]
        if by and all(function in shown(records[key]) for key, function in by):
            turn.audit("command.loses", "gateway", record.key, by=sorted({key for key, _ in by}))
            lost = changed(record, lost=record.lost | record.functions)
            advance(turn, lost, Trigger.OVERRULED)


def aside(found: Wanted, record: CommandRecord, now: datetime) -> frozenset[str]:
    """Return the functions that a command would hold now, were there no other utility."""
    if not found.contested:
        return frozenset()
    claimed, left = (_held(part, record, now) for part in (found.claimed, found.segments))
    return claimed - left


def _ahead(segments: Segments, record: CommandRecord, now: datetime) -> frozenset[str]:
    """Return the functions that a command holds now or later."""
    return frozenset(
        function
        for function, spans in segments.items()
        for span in spans
        if span.key == record.key and (span.interval.end is None or span.interval.end > now)
    )


def _held(segments: Segments, record: CommandRecord, now: datetime) -> frozenset[str]:
    return frozenset(
        function
        for function, spans in segments.items()
        if any(span.key == record.key and span.interval.covers(now) for span in spans)
    )

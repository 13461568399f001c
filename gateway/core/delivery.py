"""What a station delivered while an event was in force, beside what flowed before: kept with the event.

flow  ──────┐ before                   each value holds until the next one comes; a gap longer than
└────────────── mean       `meters.GAP_S` is not filled, and shows in the seconds
start ├─ seconds that were measured ─┤ end
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.core.lifecycle import ENDED, State
from gateway.core.meters import STATION, Course, Flow, Value
from gateway.core.records import CommandRecord, Delivered
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.units import Kind


def note(turn: Turn, state: StationState, at: float) -> None:
    """Take in what meters show at an instant, for each event that is in force."""
    running = [r for r in turn.records(state.id) if r.state is State.ACTIVE and r.interval]
    if not running:
        return
    flow = _flow(state.meters.places), _flow(state.meters.earlier)
    for record in running:
        course = state.courses.get(record.key)
        if course is None:
            state.courses[record.key] = Course(_before(record, flow[1]), at, flow[0])
        else:
            course.move(at, flow[0])


def close(turn: Turn, record: CommandRecord) -> CommandRecord:
    """Return an event that is over with what was delivered; it stands in the audit beside what was asked."""
    state = turn.world.stations.get(record.command.target.station)
    course = None if state is None else state.courses.pop(record.key, None)
    if course is None or record.state not in ENDED:
        return record
    means = (round(total / course.seconds) if course.seconds else None for total in course.sums)
    watts, var = (
        mean if known is not None else None for mean, known in zip(means, course.last, strict=True)
    )
    found = Delivered(watts, var, *course.before, round(course.seconds))
    turn.audit(
        "command.delivered",
        "gateway",
        record.key,
        watts=watts,
        var=var,
        watts_before=found.watts_before,
        var_before=found.var_before,
        seconds=found.seconds,
    )
    return replace(record, delivered=found)


def _before(record: CommandRecord, earlier: Flow) -> tuple[int | None, int | None]:
    """Return what flowed before, by the baseline where one was frozen (+ exports, + injects)."""
    frozen = record.baseline
    known = (None, None) if frozen is None else (frozen.watts, frozen.var)
    watts, var = (
        first if first is not None else second for first, second in zip(known, earlier, strict=True)
    )
    return None if watts is None else round(watts), None if var is None else round(var)


def _flow(places: dict[int, dict[Kind, Value]]) -> Flow:
    """Return the W and var of all EVSEs, or of the main meter where they have none."""
    watts, var = (_sum(places, kind) for kind in (Kind.POWER, Kind.REACTIVE))
    return watts, var


def _sum(places: dict[int, dict[Kind, Value]], kind: Kind) -> float | None:
    found = list(_values(places, kind))
    main = places.get(STATION, {}).get(kind)
    if found:
        return sum(found)
    return None if main is None else main.value


def _values(places: dict[int, dict[Kind, Value]], kind: Kind) -> Iterator[float]:
    for place, values in places.items():
        if place != STATION and kind in values:
            yield values[kind].value

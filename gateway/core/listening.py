"""Utilities as they are heard: what their silence changes at each of their stations and sites.

While one is LIMITED (see `failsafe`) its station, or site, has a command of the gateway's own, under the name
`failsafe:UTILITY`: an event without end, whose limits hold beside all others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.core import failsafe, intake
from gateway.core.effects import Persist, Table
from gateway.core.events import CommandReceived, CommandWithdrawn, Now, UtilityHeard, Withdrawal
from gateway.core.failsafe import OWN, Hearing, Patience, Stage
from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord
from gateway.core.site_state import SiteState
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.canonical.codec import encode
from translators.canonical.commands import (
    DerCommand,
    Interval,
    Origin,
    Protocol,
    Revision,
    Target,
)

_RECHECK_S = 60.0
"""How soon it is looked again, at the latest, whether what fail-safe controls wait for has ended."""


type Party = StationState | SiteState
"""Who follows utilities."""


def begin(
    turn: Turn, links: Mapping[str, dict[str, Any]], clocks: Mapping[str, dict[str, Any]]
) -> None:
    """Listen to every utility of every station and site, from what was kept of the run before."""
    for utility, document in clocks.items():
        turn.world.timed[utility] = _confirmed_at(document, turn.now)
    for state in _parties(turn):
        for utility in state.rules.utilities:
            known = links.get(_key(utility, state.id))
            hearing = failsafe.begin(known, _patience(turn, state, utility), turn.now)
            _note(turn, state, utility, hearing)
            if hearing.cold:
                _tell_limited(turn, state, utility, cold=True)
            _limit(turn, state, utility, hearing)
    turn.world.listen_at = _next(turn)


def heard(turn: Turn, event: UtilityHeard) -> Collection[str]:
    """Take in a word of a utility; return the stations where it changes something."""
    state, utility, now = turn.world.named(event.station), event.utility, turn.now.monotonic
    changed = dict.fromkeys(_timed(turn, utility) if event.timed else ())
    if state is None or utility not in state.rules.utilities:
        return tuple(changed)
    limits = _patience(turn, state, utility)
    known = turn.world.hearings.get((utility, state.id)) or Hearing(now, event.poll_s)
    after = failsafe.heard(known, limits, event.poll_s, now)
    changed |= dict.fromkeys(_moved(turn, state, utility, after))
    turn.world.listen_at = min(turn.world.listen_at, after.silent_at(limits))
    return tuple(changed)


def passed(turn: Turn) -> Collection[str]:
    """Let time pass; return the stations where that alone changes something."""
    world, now = turn.world, turn.now.monotonic
    if now < world.listen_at:
        return ()
    changed = dict.fromkeys(_aged(turn))
    for state, utility, hearing in tuple(_hearings(turn)):
        limits = _patience(turn, state, utility)
        runs = _runs_until(turn, state, utility, hearing) > now
        after = failsafe.passed(hearing, limits, now, runs=runs)
        changed |= dict.fromkeys(_moved(turn, state, utility, after))
    world.listen_at = _next(turn)
    return tuple(changed)


def _parties(turn: Turn) -> Iterator[Party]:
    yield from turn.world.stations.values()
    yield from turn.world.sites.values()


def _hearings(turn: Turn) -> Iterator[tuple[Party, str, Hearing]]:
    for state in _parties(turn):
        for utility in state.rules.utilities:
            hearing = turn.world.hearings.get((utility, state.id))
            if hearing is not None:
                yield state, utility, hearing


def _confirmed_at(document: Mapping[str, Any], now: Now) -> float:
    """Return when a clock offset was confirmed last (monotonic seconds), by what was kept of it."""
    if "at" not in document:
        return now.monotonic
    age_s = (now.utc - datetime.fromisoformat(document["at"])).total_seconds()
    return now.monotonic - max(0.0, age_s)


def _key(utility: str, station: str) -> str:
    return f"{utility}/{station}"


def _patience(turn: Turn, state: Party, utility: str) -> Patience:
    return Patience.of(turn.world.rules_of(utility), state.rules.fail_safe)


def _moved(turn: Turn, state: Party, utility: str, after: Hearing) -> Collection[str]:
    """Keep what is heard, and do what a new stage asks for; return the station where it matters."""
    before = turn.world.hearings.get((utility, state.id))
    if before == after:
        return ()
    _note(turn, state, utility, after)
    if before is None:
        return ()
    if after.stage is before.stage:
        return () if (after.row is None) is (before.row is None) else (state.id,)
    silence_s = round(turn.now.monotonic - before.word)
    if before.stage is Stage.HEARD:
        turn.audit("failsafe.entered", utility, state.id, silence_s=silence_s)
    if after.stage is Stage.LIMITED:
        _tell_limited(turn, state, utility, silence_s=silence_s)
    elif after.stage is Stage.HEARD:
        turn.audit("failsafe.left", utility, state.id, stage=before.stage.value)
    _limit(turn, state, utility, after)
    return (state.id,)


def _tell_limited(turn: Turn, state: Party, utility: str, **details: Any) -> None:
    controls = [encode(control) for control in state.rules.fail_safe.controls]
    turn.audit("failsafe.limited", utility, state.id, controls=controls, **details)


def _note(turn: Turn, state: Party, utility: str, hearing: Hearing) -> None:
    """Know it, and keep it durably where it is news; a word of who is HEARD, once a poll."""
    key, world = (utility, state.id), turn.world
    heard_before = world.hearings.get(key, hearing).stage is Stage.HEARD
    world.hearings[key] = hearing
    fresh = hearing.word - world.noted.get(key, float("-inf")) < hearing.poll_s
    if heard_before and hearing.stage is Stage.HEARD and fresh:
        return
    world.noted[key] = hearing.word
    document = failsafe.document(hearing, turn.now)
    turn.emit(Persist(Table.LINKS, _key(*key), document))


def _runs_until(turn: Turn, state: Party, utility: str, hearing: Hearing) -> float:
    """Return when the last event ends that began before the utility was silent (monotonic seconds).

    One without end is not waited for.
    """
    limits, now = _patience(turn, state, utility), turn.now
    at = hearing.limited_at(limits)
    if at is None or now.monotonic < at:
        return 0.0
    unow = turn.utility_now(utility)
    silent_at = unow - timedelta(seconds=now.monotonic - hearing.silent_at(limits))
    ends = [
        interval.end
        for record in turn.records(state.id)
        if record.utility == utility
        and record.functions
        and (interval := record.interval) is not None
        and interval.end is not None
        and interval.start <= silent_at
    ]
    return now.monotonic + (max(ends, default=unow) - unow).total_seconds()


def _limit(turn: Turn, state: Party, utility: str, hearing: Hearing) -> None:
    """Let the fail-safe controls of the settings hold while a utility is LIMITED, and no longer."""
    name = f"{OWN}{utility}"
    wanted = state.rules.fail_safe.controls if hearing.stage is Stage.LIMITED else ()
    for record in turn.records(state.id):
        command = record.command
        if record.utility != name or record.state is State.CANCELLING:
            continue
        if command.controls == wanted and _begun(turn, record):
            return
        gone = CommandWithdrawn(name, state.id, command.mrid, Withdrawal.CANCELLED)
        intake.withdraw(turn, gone)
    if wanted:
        now = turn.utility_now(name).replace(microsecond=0)
        command = DerCommand(
            mrid=f"{name}-{now:%Y%m%dT%H%M%SZ}",
            origin=Origin(name, Protocol.IEEE2030_5, Revision.IEEE2030_5_2018),
            target=Target(state.id),
            controls=wanted,
            primacy=0,
            created=now,
            server_time=now,
            interval=Interval(now, None),
            description=f"{utility} is silent",
        )
        intake.receive(turn, CommandReceived(command))


def _begun(turn: Turn, record: CommandRecord) -> bool:
    """Say whether a command has begun: not where our clock was set back between two runs."""
    return record.interval is not None and record.interval.start <= turn.time_of(record)


def _timed(turn: Turn, utility: str) -> Iterator[str]:
    """A utility's clock was read: yield the stations where it was unknown."""
    world = turn.world
    world.timed[utility] = turn.now.monotonic
    world.listen_at = min(world.listen_at, _ages_at(turn, utility))
    turn.keep_clock(utility)
    if utility in world.untimed:
        world.untimed.discard(utility)
        turn.audit("clock.known", utility, utility)
        yield from _stations_of(turn, utility)


def _aged(turn: Turn) -> Iterator[str]:
    """Yield the stations of utilities whose clock offset was not confirmed for too long."""
    world, now = turn.world, turn.now.monotonic
    for utility, at in world.timed.items():
        if utility not in world.untimed and _ages_at(turn, utility) <= now:
            world.untimed.add(utility)
            turn.audit("clock.unknown", utility, utility, age_s=round(now - at))
            yield from _stations_of(turn, utility)


def _ages_at(turn: Turn, utility: str) -> float:
    """Return when a clock offset counts as unknown unless it is confirmed (monotonic seconds)."""
    return turn.world.timed[utility] + turn.world.rules_of(utility).keep_offset_s


def _stations_of(turn: Turn, utility: str) -> Iterator[str]:
    for state in _parties(turn):
        if utility in state.rules.utilities:
            yield state.id


def _next(turn: Turn) -> float:
    """Return when time alone may change something next."""
    world = turn.world
    dues = [_ages_at(turn, utility) for utility in world.timed.keys() - world.untimed]
    for state, utility, hearing in _hearings(turn):
        at = failsafe.due(hearing, _patience(turn, state, utility))
        if at is not None and at <= turn.now.monotonic:
            at = _runs_until(turn, state, utility, hearing)
            at = min(at, turn.now.monotonic + _RECHECK_S)
        if at is not None:
            dues.append(at)
    return min(dues, default=float("inf"))

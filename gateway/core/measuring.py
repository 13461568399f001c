"""Measurements and alarms on their way up, and whether stations follow what they accepted."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, assert_never

from gateway.core.commissioning import take
from gateway.core.delivery import note
from gateway.core.doing import doing
from gateway.core.effects import PostSamples, ReportStation
from gateway.core.events import EventsMissed, ReadingsSigned, SamplesTaken
from gateway.core.forces import in_force
from gateway.core.judging import Judged, Scene
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.canonical.capability import StationProfile
from translators.canonical.codec import encode
from translators.canonical.telemetry import Alarm, Sample, SignedReading

_EVIDENCE = frozenset(field.name for field in fields(SignedReading)) - {"station", "transaction"}
_TRIPS = ("MustTrip", "MayTrip", "MomCess")


def heard(
    turn: Turn, state: StationState, event: SamplesTaken | ReadingsSigned | EventsMissed
) -> None:
    """Take in what a station's meters say, what they signed, and which of its words never came."""
    match event:
        case SamplesTaken(samples=samples):
            sampled(turn, state, samples)
        case ReadingsSigned(readings=readings):
            for reading in readings:
                _signed(turn, state, reading)
        case EventsMissed(transaction=number, first=first, last=last):
            turn.audit("transaction.events_missed", state.id, number, first=first, last=last)
        case _:
            assert_never(event)


def sampled(turn: Turn, state: StationState, samples: tuple[Sample, ...]) -> None:
    """Pass samples on to the station's utilities, and judge what is in force by them."""
    turn.emit(*(PostSamples(utility, state.id, samples) for utility in state.rules.utilities))
    take(turn, state, samples)
    profile = state.profile
    evses = () if profile is None else profile.evses
    at = state.meters.take(samples, evses, turn.now.utc)
    if at is None or profile is None:
        return
    note(turn, state, at)
    if state.ledger.entries or state.watch.tracks:
        _judge(turn, state, profile, at)


def _judge(turn: Turn, state: StationState, profile: StationProfile, at: float) -> None:
    """Judge all that runs; a verdict that changes is audited, and DERStatus follows."""
    watch = state.watch
    before, excuses = watch.unfollowed, watch.excused
    scene = Scene(state, profile, tuple(in_force(turn, state, at)))
    for judged in scene.judged():
        _tell(turn, state, judged)
        if judged.track.unfollowed or judged.bound.holds:
            _remember(turn, state, judged)
    watch.excused = scene.excused
    for key, reason in scene.excused.items():
        if key not in excuses:
            turn.audit("control.excused", state.id, key[0], function=key[1], reason=reason)
    if watch.unfollowed is not before:
        report(turn, state)


def _tell(turn: Turn, state: StationState, judged: Judged) -> None:
    """Audit a verdict that changed, and what only the car leaves undone, each once."""
    bounded = state.watch.bounded
    key = judged.force.entry.desired.id, judged.force.function, judged.place
    if judged.spared:
        if bounded.get(key) != judged.spared:
            bounded[key] = judged.spared
            _audit(turn, state, judged, "control.bounded", reason=judged.spared)
        return
    bounded.pop(key, None)
    if judged.changed:
        unfollowed = judged.track.unfollowed
        _audit(
            turn, state, judged, "control.not_followed" if unfollowed else "control.followed_again"
        )


def _audit(turn: Turn, state: StationState, judged: Judged, kind: str, **more: Any) -> None:
    bound = judged.bound
    turn.audit(
        kind,
        state.id,
        judged.force.entry.desired.id,
        function=judged.force.function,
        command=judged.force.record.key,
        unit=bound.kind.value,
        evse=judged.place or None,
        measured=round(bound.measured),
        low=None if bound.low is None else round(bound.low),
        high=None if bound.high is None else round(bound.high),
        **more,
    )


def _remember(turn: Turn, state: StationState, judged: Judged) -> None:
    """Keep with an event whether its function was ever seen to be followed: its end tells."""
    key = judged.force.record.key
    record = turn.world.records[state.id][key]
    if not record.command.is_default:
        function = judged.force.function
        turn.keep(record.seen(function, followed=judged.bound.holds))


def met(turn: Turn, state: StationState) -> None:
    """A station connects: its clock may be another, and what it did before is not one course with now."""
    state.meters.restarted()
    state.watch.tripped = frozenset()
    state.watch.beyond.clear()
    state.watch.disturb(turn.now.utc.timestamp())


def _signed(turn: Turn, state: StationState, reading: SignedReading) -> None:
    """Keep what a meter signed, character by character: the audit is never written anew."""
    told = {name: part for name, part in encode(reading).items() if name in _EVIDENCE}
    turn.audit("meter.signed", state.id, reading.transaction or state.id, **told)


def alarmed(turn: Turn, state: StationState, alarm: Alarm) -> None:
    """Remember an alarm or its end, and tell it with DERStatus."""
    turn.audit(
        "station.alarm",
        state.id,
        alarm.control_type,
        fault=alarm.fault and alarm.fault.value,
        ended=alarm.ended,
        at=alarm.at.isoformat(),
        text=alarm.text,
    )
    if alarm.control_type.endswith(_TRIPS):
        _tripped(turn, state, alarm)
    if alarm.fault is None:
        return
    faults = {alarm.fault}
    state.alarms = state.alarms - faults if alarm.ended else state.alarms | faults
    report(turn, state)


def _tripped(turn: Turn, state: StationState, alarm: Alarm) -> None:
    """Know that a station left the grid, or is back: what it shows before and after is not one course."""
    now, watch = turn.now.utc.timestamp(), state.watch
    watch.disturb(now)
    if alarm.ended:
        watch.tripped -= {alarm.control_type}
        watch.returned = now
    else:
        watch.tripped |= {alarm.control_type}
        watch.left_at = now


def report(turn: Turn, state: StationState) -> None:
    """Tell each of its utilities what the station is now."""
    for utility in state.rules.utilities:
        _report(turn, state, utility)


def show(turn: Turn, state: StationState) -> None:
    """Tell the utilities that are told of states what the station does, where that changed."""
    for utility in state.rules.utilities:
        told = turn.world.rules_of(utility).states
        if told and state.shown.get(utility) != doing(turn, state, utility):
            _report(turn, state, utility)


def _report(turn: Turn, state: StationState, utility: str) -> None:
    does = doing(turn, state, utility) if turn.world.rules_of(utility).states else None
    if does is not None:
        state.shown[utility] = does
    turn.emit(
        ReportStation(
            utility=utility,
            station=state.id,
            profile=state.profile,
            connected=state.connected,
            alarms=state.alarms,
            at=turn.utility_now(utility),
            faulted=state.watch.unfollowed,
            doing=does,
        )
    )

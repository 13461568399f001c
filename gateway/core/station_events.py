"""What stations say: who is here, what was answered, noticed and measured."""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

from gateway.core import charging, measuring, replies, site_settling, transactions
from gateway.core.effects import Persist, Table
from gateway.core.events import (
    AlarmReceived,
    CarSuspended,
    ControlsReported,
    DeviceReported,
    EventsMissed,
    LimitCleared,
    LimitNoticed,
    NoticeReceived,
    PriorityNoticed,
    ReadingsSigned,
    SamplesTaken,
    SchedulePulled,
    StationConnected,
    StationDescribed,
    StationDisconnected,
    StationReplied,
    TransactionsChanged,
)
from gateway.core.station import StationState, station_document
from gateway.core.world import Turn
from translators.canonical.capability import StationProfile


def hear_station(turn: Turn, event: StationEvent) -> Collection[str]:
    """Take in what a station says; return the stations to settle."""
    name = _station_of(event)
    state = turn.world.stations.get(name)
    if state is None:
        turn.audit("event.from_unknown_station", name, name)
        return ()
    match event:
        case DeviceReported(document=document):
            turn.emit(Persist(Table.DEVICES, name, document))
            return ()
        case (
            StationConnected()
            | StationDescribed()
            | StationDisconnected()
            | TransactionsChanged()
            | CarSuspended()
        ):
            _present(turn, state, event)
        case StationReplied():
            replies.replied(turn, state, event)
        case ControlsReported():
            replies.reported(turn, state, event)
        case NoticeReceived():
            replies.noticed(turn, state, event)
        case AlarmReceived(alarm=alarm):
            measuring.alarmed(turn, state, alarm)
        case SamplesTaken() | ReadingsSigned() | EventsMissed():
            measuring.heard(turn, state, event)
            samples = event.samples if isinstance(event, SamplesTaken) else ()
            return site_settling.measured(turn, state, samples)
        case SchedulePulled() | LimitNoticed() | LimitCleared() | PriorityNoticed():
            charging.heard(turn, state, event)
        case _:
            assert_never(event)
    return (name,)


type StationEvent = (
    DeviceReported
    | StationConnected
    | StationDescribed
    | StationDisconnected
    | StationReplied
    | ControlsReported
    | NoticeReceived
    | AlarmReceived
    | SamplesTaken
    | ReadingsSigned
    | EventsMissed
    | TransactionsChanged
    | CarSuspended
    | SchedulePulled
    | LimitNoticed
    | LimitCleared
    | PriorityNoticed
)


type _Presence = (
    StationConnected | StationDescribed | StationDisconnected | TransactionsChanged | CarSuspended
)


def _station_of(event: StationEvent) -> str:
    match event:
        case NoticeReceived(notice=notice):
            return notice.station
        case AlarmReceived(alarm=alarm):
            return alarm.station
        case _:
            return event.station


def _present(
    turn: Turn,
    state: StationState,
    event: _Presence,
) -> None:
    match event:
        case StationConnected():
            _connected(turn, state, event)
        case StationDescribed(profile=profile):
            if _described(turn, state, profile):
                measuring.report(turn, state)
        case StationDisconnected():
            _disconnected(turn, state)
        case TransactionsChanged(transactions=running):
            transactions.changed(turn, state, running)
        case CarSuspended():
            transactions.suspended(turn, state, event)
        case _:
            assert_never(event)


def _connected(turn: Turn, state: StationState, event: StationConnected) -> None:
    """A station is here: what it held before is not believed until it says so itself."""
    _described(turn, state, event.profile)
    state.connected, state.ready, state.reading = True, False, ""
    state.met_anew()
    measuring.met(turn, state)
    replies.abandon(turn, state)
    transactions.ask(turn, state)
    turn.audit("station.connected", state.id, state.id, version=event.profile.ocpp_version)
    measuring.report(turn, state)


def _described(turn: Turn, state: StationState, profile: StationProfile) -> bool:
    """Take in what a station is; return whether that is new."""
    if state.profile == profile:
        return False
    state.profile = turn.world.shared.profile(profile)
    document = station_document(state)
    turn.emit(Persist(Table.STATIONS, state.id, document))
    turn.audit("station.profile", state.id, state.id, profile=document["profile"])
    return True


def _disconnected(turn: Turn, state: StationState) -> None:
    state.connected, state.ready, state.reading = False, False, ""
    turn.audit("station.disconnected", state.id, state.id)
    measuring.report(turn, state)

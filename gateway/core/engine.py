"""The engine: hears events, keeps the truth about commands and stations, says what is to be done.

Theory of operation: an event changes what is known (`_hear`), then the station that it concerns
is settled: what time has done, arbitration, translation, the ledger's difference, the answers
owed. All that changed leaves as effects, durable ones first (`_ORDER`); nothing here does I/O or
reads a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never

from gateway.core import (
    canary,
    charging,
    commissioning,
    intake,
    listening,
    measuring,
    participation,
    planning,
    replies,
    responses,
    site_settling,
    transactions,
)
from gateway.core.effects import (
    Audit,
    Effect,
    Persist,
    PostSamples,
    ReadBack,
    ReportStation,
    RespondToUtility,
    SendToStation,
    Table,
    WakeAt,
)
from gateway.core.events import (
    AlarmReceived,
    CarSuspended,
    CommandReceived,
    CommandWithdrawn,
    CommissioningOrdered,
    ControlsReported,
    DeviceReported,
    DrainRequested,
    Event,
    EventsMissed,
    HoldChanged,
    LimitCleared,
    LimitNoticed,
    NoticeReceived,
    Now,
    ParticipationChanged,
    PlanOrdered,
    PriorityNoticed,
    ReadingsSigned,
    ResponsePosted,
    RulesRefused,
    RulesReplaced,
    SamplesTaken,
    SchedulePulled,
    SecurityNoticed,
    StationConnected,
    StationDescribed,
    StationDisconnected,
    StationReplied,
    Tick,
    TransactionsChanged,
    UtilityChanged,
    UtilityHeard,
)
from gateway.core.failsafe import UtilityRules
from gateway.core.ledger import Ledger
from gateway.core.pace import PaceRules
from gateway.core.records import from_document
from gateway.core.settle import settle
from gateway.core.site_state import SiteRules, SiteState
from gateway.core.station import (
    StationRules,
    StationState,
    continue_from,
    entry_from_document,
    station_document,
)
from gateway.core.translating import Translator
from gateway.core.world import Turn, World
from translators.canonical.capability import StationProfile
from translators.rules.book import Book

_ORDER: tuple[type, ...] = (
    Persist,
    Audit,
    RespondToUtility,
    WakeAt,
    SendToStation,
    ReadBack,
    PostSamples,
    ReportStation,
)
"""Durable before acknowledged, audited before sent; inside one kind in the order of decision."""
_RANKS = {kind: rank for rank, kind in enumerate(_ORDER)}

RESTORED = (
    Table.COMMANDS,
    Table.LEDGER,
    Table.RESPONSES,
    Table.STATIONS,
    Table.UTILITIES,
    Table.SITE,
    Table.LINKS,
)
"""What an engine continues from."""

type Documents = Mapping[Table, Mapping[str, dict[str, Any]]]


class Engine:
    """All decisions of one gateway, over all its stations and utilities."""

    def __init__(
        self,
        book: Book,
        stations: Iterable[StationRules],
        utilities: Mapping[str, UtilityRules] | None = None,
        sites: Iterable[SiteRules] = (),
        pace: PaceRules | None = None,
    ) -> None:
        """Know the stations, utilities and sites of the settings, and nothing else yet."""
        pace = pace or PaceRules()
        self.world = World(Translator(book), utilities=dict(utilities or {}), pace=pace)
        for rules in stations:
            self.world.stations[rules.id] = StationState(rules)
        for site in sites:
            self.world.sites[site.id] = SiteState(site)
            self.world.homes |= {member.station: site.id for member in site.members}
            if site.meter is not None:
                others = self.world.measured.get(site.meter.station, ())
                self.world.measured[site.meter.station] = (*others, site.id)

    def restore(self, kept: Documents, now: Now) -> list[Effect]:
        """Continue from what was kept; what is unknown is read back first."""
        world = self.world
        for name, document in kept.get(Table.UTILITIES, {}).items():
            world.offsets[name] = timedelta(seconds=document["offset_s"])
        for name, document in kept.get(Table.STATIONS, {}).items():
            if name in world.stations:
                state = world.stations[name]
                continue_from(state, document)
                state.profile = state.profile and world.shared.profile(state.profile)
        for document in kept.get(Table.COMMANDS, {}).values():
            record = from_document(document)
            world.records[record.command.target.station][record.key] = record
        for document in kept.get(Table.LEDGER, {}).values():
            station = world.stations.get(document["station"])
            if station is not None:
                entry = entry_from_document(document)
                station.ledger = Ledger({**station.ledger.entries, entry.desired.id: entry})
        world.hold, world.holds = participation.continue_from(kept.get(Table.SITE, {}))
        commissioning.continue_from(world, kept.get(Table.SITE, {}))
        turn = Turn(world, now)
        for document in kept.get(Table.RESPONSES, {}).values():
            response = responses.from_document(document)
            world.owed[response.key] = response
            turn.emit(response)
        listening.begin(turn, kept.get(Table.LINKS, {}), kept.get(Table.UTILITIES, {}))
        for state in world.stations.values():
            intake.leave(turn, state)
            settle(turn, state)
        site_settling.restored(turn, kept.get(Table.SITE, {}))
        return _ordered(turn.effects)

    def handle(self, event: Event, now: Now) -> list[Effect]:
        """Return what is to be done about `event`, in the order in which it has to be done."""
        turn = Turn(self.world, now)
        jumped = turn.watch_clock()
        moved = self._moved_clocks(turn)
        names = dict.fromkeys(listening.passed(turn))
        names |= dict.fromkeys(self._hear(turn, event))
        if moved or jumped:
            known: list[StationState | SiteState] = [*self.world.stations.values()]
            known += self.world.sites.values()
            names |= {
                state.id: None
                for state in known
                if jumped or not moved.isdisjoint(state.rules.utilities)
            }
        self._settle(turn, names)
        self._settle(turn, canary.keep_back(turn, names))
        site_settling.settle_sites(turn, names)
        return _ordered(turn.effects)

    def _settle(self, turn: Turn, names: Iterable[str]) -> None:
        for name in names:
            if (state := self.world.stations.get(name)) is not None:
                settle(turn, state)

    @property
    def quiet(self) -> bool:
        """Say whether no station owes an answer."""
        return not any(state.calls or state.reading for state in self.world.stations.values())

    def _moved_clocks(self, turn: Turn) -> frozenset[str]:
        """Return the utilities whose clock is now known, or known otherwise than before."""
        before = dict(self.world.offsets)
        return frozenset(u for u in turn.now.offsets if turn.offset(u) != before.get(u))

    def _due(self, now: datetime) -> Collection[str]:
        """Return the stations and sites that asked to be settled by now."""
        named = ((name, self.world.named(name)) for name in self.world.wakes.due(now))
        return [
            name
            for name, state in named
            if state is not None and state.wake_at is not None and state.wake_at <= now
        ]

    def _hear(self, turn: Turn, event: Event) -> Collection[str]:
        """Take the event in; return the stations to settle."""
        match event:
            case Tick():
                return self._due(turn.now.utc)
            case (
                DrainRequested()
                | ParticipationChanged()
                | HoldChanged()
                | CommissioningOrdered()
                | PlanOrdered()
                | RulesReplaced()
                | RulesRefused()
            ):
                return self._hear_operator(turn, event)
            case SecurityNoticed(kind=kind, address=actor, station=name):
                turn.audit(
                    f"security.{kind}",
                    actor,
                    name,
                    problem=event.problem,
                    count=event.count,
                    at=event.reported_at,
                )
                return ()
            case ResponsePosted():
                responses.posted(turn, event)
                return ()
            case CommandReceived(command=command):
                return self._hear_command(turn, event, command.target.station)
            case CommandWithdrawn(station=name):
                return self._hear_command(turn, event, name)
            case UtilityChanged(utility=utility, station=name):
                kind = "utility.up" if event.up else "utility.down"
                turn.audit(kind, utility, name, problem=event.problem)
                return (name,) if self.world.named(name) is not None else ()
            case UtilityHeard():
                return listening.heard(turn, event)
            case _:
                return self._hear_station(turn, event)

    def _hear_operator(self, turn: Turn, event: _OperatorEvent) -> Collection[str]:
        match event:
            case DrainRequested(mode=mode):
                self.world.drain = mode
                turn.audit("gateway.draining", "gateway", mode.value)
                return tuple(self.world.stations)
            case ParticipationChanged():
                return participation.changed(turn, event)
            case HoldChanged():
                return participation.held(turn, event)
            case CommissioningOrdered():
                return commissioning.begin(turn, event)
            case PlanOrdered():
                return planning.ordered(turn, event)
            case RulesReplaced(book=book, at_once=at_once):
                turn.audit("rules.replaced", "gateway", book.digest)
                self.world.translator.adopt(book, self.world.translated())
                if at_once:
                    self.world.translator.renew()
                    return (*self.world.stations, *self.world.sites)
            case RulesRefused(problem=problem):
                digest = self.world.translator.book.digest
                turn.audit("rules.refused", "gateway", digest, problem=problem)
            case _:
                assert_never(event)
        return ()

    def _hear_command(
        self, turn: Turn, event: CommandReceived | CommandWithdrawn, station: str
    ) -> Collection[str]:
        if self.world.named(station) is None:
            turn.audit("command.for_unknown_station", "gateway", station)
            return ()
        if isinstance(event, CommandWithdrawn):
            intake.withdraw(turn, event)
        elif intake.crowded(turn, event):
            return ()
        else:
            intake.receive(turn, event)
        return (station,)

    def _hear_station(self, turn: Turn, event: _StationEvent) -> Collection[str]:
        name = _station_of(event)
        state = self.world.stations.get(name)
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


type _OperatorEvent = (
    DrainRequested
    | ParticipationChanged
    | HoldChanged
    | CommissioningOrdered
    | PlanOrdered
    | RulesReplaced
    | RulesRefused
)
type _StationEvent = (
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


def _station_of(event: _StationEvent) -> str:
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


def _ordered(effects: list[Effect]) -> list[Effect]:
    return sorted(effects, key=lambda effect: _RANKS[type(effect)])

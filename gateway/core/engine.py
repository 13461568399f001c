"""The engine: hears events, keeps the truth about commands and stations, says what is to be done.

Theory of operation: an event changes what is known (`_hear`), then the station that it concerns
is settled: what time has done, arbitration, translation, the ledger's difference, the answers
owed. All that changed leaves as effects, durable ones first (`_ORDER`); nothing here does I/O or
reads a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, assert_never

from gateway.core import (
    canary,
    commissioning,
    intake,
    listening,
    participation,
    planning,
    responses,
    site_settling,
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
    CommandReceived,
    CommandWithdrawn,
    DocumentRefused,
    Event,
    Now,
    ResponsePosted,
    SecurityNoticed,
    SessionKept,
    Tick,
    UtilityChanged,
    UtilityHeard,
)
from gateway.core.failsafe import UtilityRules
from gateway.core.ledger import Ledger
from gateway.core.orders import (
    CommissioningOrdered,
    DrainRequested,
    HoldChanged,
    ParticipationChanged,
    PlanOrdered,
    RulesRefused,
    RulesReplaced,
)
from gateway.core.pace import PaceRules
from gateway.core.records import from_document
from gateway.core.settle import cut_short, settle
from gateway.core.site_state import SiteRules, SiteState
from gateway.core.station import (
    StationRules,
    StationState,
    continue_from,
    entry_from_document,
)
from gateway.core.station_events import hear_station
from gateway.core.translating import Translator
from gateway.core.world import JUMPED, Turn, World
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
        turn.recall_clock(kept.get(Table.SITE, {}).get(JUMPED))
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
            for name in names:
                cut_short(turn, name, moved)
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
            case UtilityChanged() | UtilityHeard() | SessionKept() | DocumentRefused():
                return self._hear_utility(turn, event)
            case _:
                return hear_station(turn, event)

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

    def _hear_utility(self, turn: Turn, event: _UtilityEvent) -> Collection[str]:
        match event:
            case UtilityChanged(utility=utility, station=name):
                kind = "utility.up" if event.up else "utility.down"
                turn.audit(kind, utility, name, problem=event.problem)
                return (name,) if self.world.named(name) is not None else ()
            case UtilityHeard():
                return listening.heard(turn, event)
            case SessionKept(utility=utility, part=part, document=document):
                turn.emit(Persist(Table.SESSIONS, f"{utility}/{part}", document))
            case DocumentRefused(utility=utility, document=name, station=station, raw=raw):
                told = [asdict(refusal) for refusal in event.refusals]
                turn.audit("document.refused", utility, name, raw, station=station, refusals=told)
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
            canary.keep_late(turn, station)
        return (station,)


type _OperatorEvent = (
    DrainRequested
    | ParticipationChanged
    | HoldChanged
    | CommissioningOrdered
    | PlanOrdered
    | RulesReplaced
    | RulesRefused
)
type _UtilityEvent = UtilityChanged | UtilityHeard | SessionKept | DocumentRefused


def _ordered(effects: list[Effect]) -> list[Effect]:
    return sorted(effects, key=lambda effect: _RANKS[type(effect)])

"""A recorded run under other mapping rules: what would have been sent instead.

Commands are taken as they were read. A station answers each call as it answered the recorded one about the
same control; it accepts at once what it was never sent on that day, and holds it. Notices and samples are
those of the day: nobody knows what a station would have shown otherwise.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import orjson

from gateway.core.effects import Effect, ReadBack, SendToStation
from gateway.core.engine import Documents, Engine
from gateway.core.events import (
    ControlsReported,
    Event,
    HeldControl,
    Now,
    ReplyStatus,
    StationConnected,
    StationReplied,
)
from gateway.core.orders import RulesReplaced
from gateway.core.replaying import Decision
from translators.compare import (
    Direction,
    MessageChange,
    NumberChange,
    number_changes,
    of_presence,
)
from translators.ocpp.wire import StationMessage

_SETS = frozenset({"SetDERControl", "SetChargingProfile"})
_CLEARS = frozenset({"ClearDERControl", "ClearChargingProfile"})
_TOLD = _SETS | _CLEARS | {"UpdateDynamicSchedule"}
"""What changes what a station does; all else that is sent only asks."""


@dataclass(frozen=True, slots=True)
class About:
    """What a call is about: one control or profile of one station, or what is asked for."""

    station: str
    action: str
    subject: str


def about(effect: SendToStation | ReadBack) -> About:
    """Return what a call is about; the same in every run that sends it."""
    if isinstance(effect, ReadBack):
        return About(effect.station, "ReadBack", "")
    payload = effect.payload
    profile = payload.get("chargingProfile", {}).get("id", payload.get("chargingProfileId"))
    known = payload.get("controlId") or profile
    subject = str(known) if known is not None else orjson.dumps(payload).decode()
    return About(effect.station, effect.action, subject)


class Day:
    """The recorded calls, as they went out and were answered."""

    def __init__(self) -> None:
        """Know no call yet."""
        self.asked: dict[str, About] = {}
        """By request id: what was asked and not answered yet."""
        self.told: set[tuple[str, str]] = set()
        """Stations and the controls that they were ever sent."""

    def take(self, decision: Decision) -> None:
        """Take in what was sent; what a station was asked on an earlier connection it answers no more."""
        if isinstance(decision.event, StationConnected):
            name = decision.event.station
            self.asked = {key: call for key, call in self.asked.items() if call.station != name}
        for effect in decision.effects:
            if isinstance(effect, SendToStation | ReadBack):
                call = self.asked[effect.request_id] = about(effect)
                self.told.add((call.station, call.subject))

    def open(self, call: About) -> bool:
        """Say whether this very call waits for its answer."""
        return call in self.asked.values()


class Otherwise:
    """The engine with other rules, in the place of the one that decided."""

    def __init__(self, engine: Engine, day: Day) -> None:
        """Let `engine` live through `day`; it was begun as the recorded one."""
        self.engine, self._day = engine, day
        self._open: defaultdict[About, deque[SendToStation | ReadBack]] = defaultdict(deque)
        self._held: defaultdict[str, dict[str, HeldControl]] = defaultdict(dict)

    def begin(self, kept: Documents, now: Now) -> list[Effect]:
        """Continue from what the recorded run continued from."""
        return self.settle(self.engine.restore(kept, now), now)

    def hear(self, event: Event, now: Now) -> list[Effect]:
        """Return what comes of an event of the day, answers of stations to that included."""
        match event:
            case RulesReplaced():
                return []
            case StationReplied() | ControlsReported():
                mine = self._answered(event)
                return [] if mine is None else self.decide(mine, now)
            case StationConnected(station=station):
                for call in [call for call in self._open if call.station == station]:
                    del self._open[call]
        return self.decide(event, now)

    def decide(self, event: Event, now: Now) -> list[Effect]:
        """Return what the engine decides, with what comes of answers that are given at once."""
        return self.settle(self.engine.handle(event, now), now)

    def settle(self, effects: list[Effect], now: Now) -> list[Effect]:
        """Return effects with what comes of those calls that nobody answered on that day."""
        done = list(effects)
        waiting = deque(
            effect for effect in effects if isinstance(effect, SendToStation | ReadBack)
        )
        while waiting:
            effect = waiting.popleft()
            if self._day.open(about(effect)):
                self._open[about(effect)].append(effect)
                continue
            more = self.engine.handle(self._at_once(effect), now)
            done += more
            waiting += [one for one in more if isinstance(one, SendToStation | ReadBack)]
        return done

    def _answered(self, event: StationReplied | ControlsReported) -> Event | None:
        """Return an answer of the day as one to our own call about the same, None where there is none."""
        call = self._day.asked.pop(event.request_id, None)
        if call is None or not self._open[call]:
            return None
        mine = self._open[call].popleft()
        if isinstance(event, ControlsReported):
            held = tuple(self._shown(event))
            return replace(event, request_id=mine.request_id, held=held)
        if isinstance(mine, SendToStation) and event.status is ReplyStatus.ACCEPTED:
            self._hold(mine)
        return StationReplied(
            event.station, mine.request_id, event.status, event.reason, event.payload
        )

    def _at_once(self, effect: SendToStation | ReadBack) -> Event:
        """Return the answer to what nobody was asked on that day."""
        if isinstance(effect, ReadBack):
            held = tuple(self._held[effect.station].values())
            return ControlsReported(effect.station, effect.request_id, held)
        status = ReplyStatus.ACCEPTED if effect.action in _TOLD else ReplyStatus.NOT_SUPPORTED
        self._hold(effect)
        return StationReplied(effect.station, effect.request_id, status)

    def _hold(self, effect: SendToStation) -> None:
        held, subject = self._held[effect.station], about(effect).subject
        if effect.action in _SETS:
            held[subject] = HeldControl(subject, effect.action, effect.payload)
        elif effect.action in _CLEARS:
            held.pop(subject, None)

    def _shown(self, event: ControlsReported) -> Iterator[HeldControl]:
        """Yield what a station would have reported: its own, and of ours what it took and still has."""
        held, reported = self._held[event.station], {control.id for control in event.held}
        for control in event.held:
            if (event.station, control.id) not in self._day.told or control.id not in held:
                yield control
        for key, control in held.items():
            if key in reported or (event.station, key) not in self._day.told:
                yield control


@dataclass(frozen=True, slots=True)
class Told:
    """One call that changes what a station does, and the functions that it serves."""

    station: str
    control: str
    action: str
    payload: Mapping[str, Any]
    functions: tuple[str, ...] = ()

    def like(self, other: Told) -> bool:
        """Say whether a station is told the same by both."""
        return self.action == other.action and self.payload == other.payload


@dataclass(frozen=True, slots=True)
class Difference:
    """One control at one station that is told otherwise: pairs of calls, one of both may be missing."""

    station: str
    control: str
    pairs: tuple[tuple[Told | None, Told | None], ...]

    @property
    def changes(self) -> tuple[NumberChange | MessageChange, ...]:
        """Return what differs: members of calls, and calls that only one of the rules leads to."""
        return tuple(change for old, new in self.pairs for change in _changes(old, new))


def told(engine: Engine, effects: Sequence[Effect]) -> Iterator[Told]:
    """Yield what of some effects, which `engine` has just had, changes what a station does."""
    for effect in effects:
        if isinstance(effect, SendToStation) and effect.action in _TOLD:
            call, station = about(effect), engine.world.stations[effect.station]
            entry = station.ledger.entries.get(call.subject)
            functions = () if entry is None else entry.desired.functions
            yield Told(call.station, call.subject, effect.action, effect.payload, functions)


def differences(sent: Iterable[Told], instead: Iterable[Told]) -> list[Difference]:
    """Return the controls of which something else would have been told, in order of station."""
    before, after = _by_control(sent), _by_control(instead)
    found = []
    for station, control in sorted(before.keys() | after.keys()):
        calls = before.get((station, control), ()), after.get((station, control), ())
        pairs = tuple(
            (old, new)
            for old, new in zip_longest(*calls)
            if old is None or new is None or not old.like(new)
        )
        if pairs:
            found.append(Difference(station, control, pairs))
    return found


def _by_control(calls: Iterable[Told]) -> dict[tuple[str, str], list[Told]]:
    found: defaultdict[tuple[str, str], list[Told]] = defaultdict(list)
    for call in calls:
        found[call.station, call.control].append(call)
    return found


def _changes(old: Told | None, new: Told | None) -> Iterator[NumberChange | MessageChange]:
    if old is not None and new is not None and old.action == new.action:
        yield from number_changes(old.action, _message(old), _message(new))
        return
    for call, sent in ((old, False), (new, True)):
        if call is not None:
            clears = call.action in _CLEARS
            way = Direction.OTHER if clears else of_presence(call.functions, sent=sent)
            yield MessageChange(call.action, call.functions, sent, way)


def _message(call: Told) -> StationMessage:
    return StationMessage("", call.action, dict(call.payload), call.control, call.functions)

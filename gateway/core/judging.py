"""Judging what runs at one station by what its meters show now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from gateway.core.aims import aim, droop_range, setpoint_range
from gateway.core.following import LATENCY_S, Bound, Key, Track, together, within_apparent
from gateway.core.forces import Force, away_s, gradient, unsettled
from gateway.core.meters import STATION, TOGETHER_S, Value
from gateway.core.plates import Plate, plates
from gateway.core.shown import Aim, Excuse, Sense, Shown
from gateway.core.sparing import spared
from gateway.core.station import StationState
from gateway.core.tripping import abnormal, protection
from translators.canonical.capability import StationProfile
from translators.canonical.controls import (
    ActiveSetpoint,
    Connect,
    Energize,
    EnterService,
    FixedVar,
    FreqDroop,
    PowerLimit,
    ReactiveSetpoint,
    StorageTarget,
    TripCurve,
)
from translators.units import Base, Kind

_CONTROL = 0.04
"""Share of the rating that a station may miss an aim by, beside what the meter may be wrong by."""
_CLASS = Fraction(1)
"""Class of a meter that nobody declared: per cent of the rating."""
_IDLE = 0.02
"""Share of the rating below which nothing flows."""
_SUMMED = (Kind.POWER, Kind.REACTIVE)
_WHOLE = (PowerLimit, Connect, Energize)
"""Controls of all EVSEs together."""
_CONSTANT = (
    PowerLimit,
    Connect,
    Energize,
    FixedVar,
    ActiveSetpoint,
    ReactiveSetpoint,
    StorageTarget,
)
"""Controls whose aim does not depend on what is measured."""


@dataclass(frozen=True, slots=True)
class Place:
    """One meter at one instant."""

    number: int
    at: float
    shown: Shown


@dataclass(frozen=True, slots=True)
class _Followed:
    """One control at one place, with what is asked of it alone."""

    force: Force
    place: Place
    track: Track
    bound: Bound


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgement: a control at a place, the bound, whether the verdict changed by it."""

    force: Force
    place: int
    track: Track
    bound: Bound
    changed: bool
    spared: str = ""
    """Why it is not held against the station, empty where it is."""


class Scene:
    """One station at the instant of its newest samples."""

    def __init__(
        self, state: StationState, profile: StationProfile, forces: Sequence[Force]
    ) -> None:
        """Read the meters; nothing is judged yet."""
        self.state, self.profile, self.forces = state, profile, forces
        self.watch = state.watch
        self.plates = _plates(state, profile)
        self.meter = float(Fraction(state.rules.policy.get("meter_class_pct", _CLASS))) / 100
        self.excused: dict[Key, str] = {}
        numbers = [number for number in self.plates if number in state.meters.places]
        found = [self._place(number) for number in numbers]
        self.places = {place.number: place for place in found if place is not None}
        whole = self._together()
        if whole is not None:
            self.places[STATION] = whole
        self._notice_the_grid()
        now = max((place.at for place in self.places.values()), default=0.0)
        self.rate = self._rate(now)
        self.unsettled = unsettled(state, now)

    def _notice_the_grid(self) -> None:
        """Remember where the grid is so that a station may leave it, and for how long."""
        controls = [force.control for force in self.forces]
        for number, place in self.places.items():
            if abnormal(place.shown, controls):
                self.watch.away_until[number] = place.at + away_s(self.state)

    def _rate(self, now: float) -> float | None:
        """Return the gradient in per cent of MaxW a second: the soft one for a while after a trip."""
        soft = gradient(self.state, soft=True)
        returning = soft is not None and now < self.watch.returned + 200 / soft
        return soft if returning else gradient(self.state, soft=False)

    def _place(self, number: int) -> Place | None:
        now = self.state.meters.at(number)
        return self._of(number, now) if now else None

    def _before(self, place: Place) -> Place | None:
        """Return what a place showed before; of all EVSEs together that is not known."""
        known = self.state.meters.before(place.number)
        return self._of(place.number, known) if known else None

    def _of(self, number: int, values: Mapping[Kind, Value]) -> Place:
        shown = self._shown(number, {kind: value.value for kind, value in values.items()})
        return Place(number, min(value.at for value in values.values()), shown)

    def _shown(self, number: int, known: Mapping[Kind, float]) -> Shown:
        plate = self.plates[number]
        shown = Shown(
            plate,
            float(self.profile.nominal_frequency_hz),
            known.get(Kind.POWER),
            known.get(Kind.REACTIVE),
            known.get(Kind.VOLTAGE),
            known.get(Kind.FREQUENCY),
            meter=self.meter,
            session=self._session(number, plate, known.get(Kind.POWER)),
            vref=self.profile.dialect.vref,
        )
        return self._with_droop(shown)

    def _session(self, number: int, plate: Plate, watts: float | None) -> bool:
        """Say whether a car is there: by its transaction, or because power flows."""
        running = {transaction.evse_id for transaction in self.state.transactions}
        several = len(self.profile.evses) > 1
        if (number in running) if number and several else running:
            return True
        return watts is not None and abs(watts) > _IDLE * plate.full(Kind.POWER)

    def _with_droop(self, shown: Shown) -> Shown:
        for force in self.forces:
            if isinstance(force.control, FreqDroop):
                added = droop_range(force.control, shown)
                if added is not None:
                    response = float(force.control.response_time)
                    return replace(shown, droop=added, droop_response_s=response)
        return shown

    def _together(self) -> Place | None:
        """Return all EVSEs as one, where their values are of one instant; a main meter counts first."""
        own = self.places.get(STATION)
        parts = {n: place for n, place in self.places.items() if n != STATION}
        if own is not None or not parts:
            return own
        running = {transaction.evse_id for transaction in self.state.transactions}
        missing = {evse.id for evse in self.profile.evses} - set(parts)
        instants = [place.at for place in parts.values()]
        if missing & running or max(instants) - min(instants) > TOGETHER_S:
            return None
        found = {kind: self._sum(kind, parts) for kind in _SUMMED}
        shown = self._shown(STATION, {k: value for k, value in found.items() if value is not None})
        return Place(STATION, min(instants), shown)

    def _sum(self, kind: Kind, parts: Iterable[int]) -> float | None:
        values = [self.state.meters.at(number).get(kind) for number in parts]
        known = [value.value for value in values if value is not None]
        return sum(known) if len(known) == len(values) else None

    def where(self, force: Force) -> tuple[int, ...]:
        """Return the places at which a control is judged."""
        evses = tuple(number for number in self.places if number != STATION)
        profile = force.entry.desired.payload.get("chargingProfile", {})
        number = force.entry.desired.payload.get("evseId")
        if isinstance(force.control, _WHOLE):
            return (STATION,)
        if profile.get("chargingProfilePurpose") == "TxProfile" and number in evses:
            return (number,)
        return evses or (STATION,)

    def judged(self) -> Iterator[Judged]:
        """Judge what is in force by what is new, and yield the judgements."""
        followed: dict[Key, _Followed] = {}
        taken = set()
        for force in self.forces:
            for number in self.where(force):
                whose = (force.record.key, force.function, number)
                if number not in self.places or whose in taken:
                    continue  # several profiles may serve one function: it is judged once
                found = self._follow(force, self.places[number])
                if found is not None:
                    taken.add(whose)
                    followed[force.entry.desired.id, force.function, number] = found
        for group in self._groups(followed):
            asked = together([item.bound for item in group])
            for item, bound in zip(group, asked, strict=True):
                possible = self._possible(item.place, bound, followed.values())
                if item.place.at > item.track.judged_at and self._tells(item.track, possible):
                    yield self._judged(item, possible)
        self.watch.keep(frozenset(followed))
        self.watch.swept_at = max((p.at for p in self.places.values()), default=0.0)

    def _judged(self, item: _Followed, bound: Bound) -> Judged:
        """Take one judgement in; what only the car leaves undone is no strike."""
        reason = "" if bound.holds else self._spared(item, bound)
        changed = item.track.judge(item.place.at, holds=bound.holds or bool(reason))
        return Judged(item.force, item.place.number, item.track, bound, changed, reason)

    def _spared(self, item: _Followed, bound: Bound) -> str:
        number, at = item.place.number, item.place.at
        only = len(self.profile.evses) == 1
        places = {number, STATION, self.profile.evses[0].id} if only else {number}
        charges = [c for place in places if (c := self.state.meters.charge(place, at)) is not None]
        suspended = bool(self.state.suspended & places)
        return spared(item.force.control, bound, next(iter(charges), None), suspended=suspended)

    def _tells(self, track: Track, bound: Bound) -> bool:
        """Say whether a value says anything: who else may rule is known, and it had its time."""
        if bound.sense is Sense.TARGET and bound.kind in self.unsettled:
            return False
        return not bound.holds or track.settled(bound.sense, bound.slack)

    def _groups(self, followed: Mapping[Key, _Followed]) -> Iterator[list[_Followed]]:
        """Yield what shares one meter: with one EVSE everything, else what is at one place."""
        if len(self.profile.evses) == 1:
            yield list(followed.values())
            return
        for number in self.places:
            yield [item for item in followed.values() if item.place.number == number]

    def _follow(self, force: Force, place: Place) -> _Followed | None:
        key: Key = (force.entry.desired.id, force.function, place.number)
        asked = self._asked(key, force, place)
        if asked is None:
            return None
        measured = place.shown.watts if asked.kind is Kind.POWER else place.shown.var
        if measured is None or place.at <= force.begun + LATENCY_S:
            return None
        track = self.watch.tracks.get(key)
        if track is None or track.source is not force.entry.desired:
            track = self.watch.tracks[key] = self._begin(force, place, asked, track)
        rating = place.shown.plate.ratings.get(Base.MAX_W)
        rate = None if self.rate is None or rating is None else self.rate * rating / 100
        track.move(asked, place.at, rate)
        slack = (_CONTROL + self.meter) * place.shown.plate.full(asked.kind)
        return _Followed(force, place, track, track.bound(asked, measured, slack))

    def _asked(self, key: Key, force: Force, place: Place) -> Aim | None:
        """Return the aim of a control at a place; where there is an excuse, it is noted."""
        if isinstance(force.control, TripCurve | EnterService):
            return protection(self.watch, key, force.control, place.at, place.shown)
        asked = aim(force.control, self._with_base(force, place), force.entry.desired.payload)
        excuse = asked.reason if isinstance(asked, Excuse) else ""
        if (
            isinstance(asked, Aim)
            and asked.sense is Sense.TARGET
            and (asked.low, asked.high) != (0, 0)
        ):
            excuse = self.watch.away(place.number, place.at) or self._bound_by_others(key[0])
        if excuse:
            self.excused[key] = excuse
            return None
        return asked if isinstance(asked, Aim) else None

    def _bound_by_others(self, control_id: str) -> str:
        """Return whose limit leaves a control less than it asks for, empty where nobody's does."""
        sources = sorted(source for source, bound in self.state.bound if bound == control_id)
        return f"a limit of {', '.join(sources)}" if sources else ""

    def _with_base(self, force: Force, place: Place) -> Shown:
        """Return what is shown, with what a setpoint asks for where the station has reached it."""
        if not isinstance(force.control, FreqDroop):
            return place.shown
        for other in self.forces:
            payload = other.entry.desired.payload
            base = setpoint_range(other.control, place.shown, payload)
            track = self.watch.tracks.get((other.entry.desired.id, other.function, place.number))
            if base is not None and track is not None and track.source is other.entry.desired:
                reached = track.high - base[1] <= _IDLE * place.shown.plate.full(Kind.POWER)
                return replace(place.shown, base=base) if reached else place.shown
        return place.shown

    def _begin(self, force: Force, place: Place, asked: Aim, old: Track | None) -> Track:
        """Return a track that begins when the control did, or when it came back into force."""
        begun = force.begun + LATENCY_S
        if old is None:
            begun = max(begun, self.watch.swept_at)
        recent: list[tuple[float, float, float]] = []
        before = self._before(place)
        if before is not None:
            earlier = aim(force.control, before.shown, force.entry.desired.payload)
            if isinstance(earlier, Aim):
                recent, begun = [(before.at, earlier.low, earlier.high)], max(begun, before.at)
        if not recent and not isinstance(force.control, _CONSTANT):
            begun = place.at
        full = place.shown.plate.full(asked.kind)
        track = Track(force.entry.desired, min(begun, place.at), -full, full, recent)
        if old is not None:
            track.unfollowed, track.judged_at = old.unfollowed, old.judged_at
        return track

    def _possible(self, place: Place, bound: Bound, followed: Iterable[_Followed]) -> Bound:
        """Return what is asked where apparent power, or a limit of all EVSEs, leaves less."""
        shown = place.shown
        most = shown.plate.apparent(shown.volts)
        other = shown.var if bound.kind is Kind.POWER else shown.watts
        bound = within_apparent(bound, other, most)
        alone = place.number == STATION or len(self.profile.evses) == 1
        if alone or bound.sense is not Sense.TARGET or bound.kind is not Kind.POWER:
            return bound
        limits = [item.bound for item in followed if item.place.number == STATION]
        share = shown.plate.share
        low = None if any(_used_up(x, Sense.CEILING, bound, share) for x in limits) else bound.low
        high = None if any(_used_up(x, Sense.FLOOR, bound, share) for x in limits) else bound.high
        return replace(bound, low=low, high=high)


def _plates(state: StationState, profile: StationProfile) -> Mapping[int, Plate]:
    """Return the plates of a station, made once for a profile."""
    known = state.watch.plates
    if known is None or known[0] is not profile:
        known = state.watch.plates = profile, plates(profile)
    return known[1]


def _used_up(limit: Bound, sense: Sense, one: Bound, share: float) -> bool:
    """Say whether a limit of the whole station leaves an EVSE no room: together, or for its share."""
    if limit.sense is not sense:
        return False
    if sense is Sense.CEILING:
        room = limit.own[0] - limit.slack
        return limit.measured >= room or one.measured >= limit.own[0] * share - one.slack
    room = limit.own[1] + limit.slack
    return limit.measured <= room or one.measured <= limit.own[1] * share + one.slack

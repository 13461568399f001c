"""What a site's utilities are told of it: ratings in sum, its state, and what flows.

With a meter of the site its values go up as they are; without, the sum over the stations, as soon as each
that is here has shown one. What a station that is away takes is not known: then the sum is questionable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from gateway.core.doing import site_doing
from gateway.core.effects import PostSamples, ReportStation
from gateway.core.meters import STATION
from gateway.core.site_state import Member, SiteState
from gateway.core.slots import Slot
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.telemetry import Quality, Sample
from translators.units import Kind

_SUMMED = (Kind.POWER, Kind.REACTIVE)
_LATELY = timedelta(minutes=15)
"""How old a value may be that is part of a sum."""


def report(turn: Turn, site: SiteState) -> None:
    """Tell each utility what the site is now, where that is something new."""
    states = [turn.world.stations[member.station] for member in site.rules.members]
    known = (
        tuple(state.profile for state in states),
        any(state.connected for state in states),
        frozenset().union(*(state.alarms for state in states)),
        any(site.excess.values()) or any(state.watch.unfollowed for state in states),
    )
    for utility in site.rules.utilities:
        states_told = turn.world.rules_of(utility).states
        told = *known, site_doing(turn, site, utility) if states_told else None
        if site.reported.get(utility) != told:
            site.reported[utility] = told
            at, profile = turn.utility_now(utility), _profile(site, states)
            _, connected, alarms, faulted, does = told
            turn.emit(
                ReportStation(
                    utility, site.id, profile, connected, alarms, at, faulted=faulted, doing=does
                )
            )


def metered(turn: Turn, site: SiteState, samples: tuple[Sample, ...]) -> None:
    """Send up what a site's own meter shows."""
    _post(turn, site, tuple(_renamed(sample, site.id) for sample in samples if not sample.evse))


def summed(turn: Turn, site: SiteState, samples: tuple[Sample, ...]) -> None:
    """Send up the sum of what stations show, after these samples of one of them."""
    _post(turn, site, tuple(_sums(turn, site, samples)))


def _post(turn: Turn, site: SiteState, samples: tuple[Sample, ...]) -> None:
    if samples:
        turn.emit(*(PostSamples(utility, site.id, samples) for utility in site.rules.utilities))


def _renamed(sample: Sample, name: str) -> Sample:
    return Sample(name, None, sample.kind, sample.value, sample.at, sample.phase, sample.quality)


def _sums(turn: Turn, site: SiteState, samples: Iterable[Sample]) -> Iterator[Sample]:
    told = {sample.kind: sample.at for sample in samples}
    for kind in _SUMMED:
        if kind not in told:
            continue
        flows = dict(_flows(turn, site, kind))
        here = [m.station for m in site.rules.members if turn.world.stations[m.station].connected]
        if all(name in flows for name in here):
            known = sum((flows[name] for name in here), Fraction())
            quality = Quality.GOOD if len(here) == len(site.rules.members) else Quality.QUESTIONABLE
            yield Sample(site.id, None, kind, known, told[kind], quality=quality)


def _flows(turn: Turn, site: SiteState, kind: Kind) -> Iterator[tuple[str, Fraction]]:
    """Yield the newest power of each station of the site that was seen lately, + exports or injects."""
    oldest = (turn.now.utc - _LATELY).timestamp()
    for member in site.rules.members:
        places = turn.world.stations[member.station].meters.places
        wanted = [STATION] if kind in places.get(STATION, {}) else list(places)
        values = [places[place][kind] for place in wanted if kind in places[place]]
        if values and all(value.at >= oldest for value in values):
            yield member.station, sum((value.sample.value for value in values), Fraction())


def _profile(site: SiteState, states: Iterable[StationState]) -> StationProfile:
    """Return what a site is: the EVSEs of its stations, with the modes that all of them have."""
    found = [
        _rated(site.rules.members[n]) if state.profile is None else state.profile.evses
        for n, state in enumerate(states)
    ]
    modes = [frozenset().union(*(evse.der_modes for evse in evses)) for evses in found]
    shared = frozenset.intersection(*modes)
    evses = tuple(
        replace(evse, id=number, der_modes=evse.der_modes & shared)
        for number, evse in enumerate((e for group in found for e in group), start=1)
    )
    known = [state.profile for state in states if state.profile is not None]
    versions = {profile.ocpp_version for profile in known}
    return StationProfile(
        site.id,
        versions.pop() if len(versions) == 1 else "",
        known[0].nominal_frequency_hz if known else Fraction(50),
        evses,
    )


def _rated(member: Member) -> tuple[Evse, ...]:
    """Return a station that has never come, by the ratings of the settings."""
    ratings = Ratings(
        max_w=member.most[Slot.DISCHARGE] or member.most[Slot.CHARGE],
        max_charge_rate_w=member.most[Slot.CHARGE],
        max_discharge_rate_w=member.most[Slot.DISCHARGE],
    )
    return (Evse(1, Current.AC, 3, ratings),)

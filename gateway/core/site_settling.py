"""Settling a site: what its utilities want, shared out over its stations; what that came to, told back.

Whatever changes one of its stations (an answer, a line, a verdict of its meter), a command of the site, its
meter or the time leads here. What stations are told is settled at once, in the same turn; what they answer
leads here again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.core import site_answers, site_reports
from gateway.core.effects import Persist, Table, WakeAt
from gateway.core.envelope import SOON, changes, envelope, limits
from gateway.core.passing import pass_on
from gateway.core.settle import close_ended, forget, settle
from gateway.core.site_meter import fresh_until, see
from gateway.core.site_shares import (
    begin_anew,
    keep_to,
    lift,
    retract,
    rotate,
    share_out,
    try_again,
    withdraw,
)
from gateway.core.site_state import (
    SiteState,
    View,
    continue_from,
    remember,
    site_document,
    station_document,
)
from gateway.core.site_views import learn, one_later, view_of
from gateway.core.slots import Slot
from gateway.core.station import SITE, StationState
from gateway.core.world import Turn
from translators.canonical.telemetry import Sample

_KEY = "site/"
_ROUNDS = 3
"""How often stations are told in one turn: what one cannot do or need not be told frees room at once."""


def settle_sites(turn: Turn, names: Iterable[str]) -> None:
    """Settle the sites that are named, and those of which a station that is named looks otherwise now."""
    world = turn.world
    if not world.sites:
        return
    found: dict[str, set[str]] = {}
    for name in names:
        home = world.homes.get(name)
        if name in world.sites:
            found.setdefault(name, set()).update(world.sites[name].stations)
        elif home is not None and _looks_otherwise(turn, world.sites[home], name):
            found.setdefault(home, set()).add(name)
    for name, met in found.items():
        _settle(turn, world.sites[name], met)


def measured(turn: Turn, state: StationState, samples: tuple[Sample, ...]) -> tuple[str, ...]:
    """Return the sites that what a station's meters show concerns; their utilities get the sums."""
    world = turn.world
    if not world.sites:
        return ()
    now, measured = turn.now.utc.timestamp(), world.measured.get(state.id, ())
    home = world.sites.get(world.homes.get(state.id, ""))
    for name in measured:
        see(world, world.sites[name], state.id, now)
        site_reports.metered(turn, world.sites[name], samples)
    if home is None:
        return measured
    see(world, home, state.id, now)
    if home.rules.meter is None:
        site_reports.summed(turn, home, samples)
    changed = (home.id,) if _looks_otherwise(turn, home, state.id) else ()
    return tuple(dict.fromkeys((*measured, *changed)))


def restored(turn: Turn, kept: Mapping[str, dict[str, Any]]) -> None:
    """Continue from what was kept of each site; what a site no longer rules is taken back."""
    world = turn.world
    for site in world.sites.values():
        _recall(site, kept)
        begin_anew(turn, site)
    for name, state in world.stations.items():
        home = world.sites.get(world.homes.get(name, ""))
        left = [
            record
            for record in turn.records(name)
            if record.utility.startswith(SITE) and not (home and home.rules.speaks(record.utility))
        ]
        for record in left:
            withdraw(turn, record)
        if left:
            settle(turn, state)
    for site in world.sites.values():
        _settle(turn, site, set(site.stations))


def _looks_otherwise(turn: Turn, site: SiteState, name: str) -> bool:
    return site.views.get(name) != view_of(turn, site, turn.world.stations[name])


def _settle(turn: Turn, site: SiteState, met: Collection[str]) -> None:
    """Bring one site as far as it can go now, and ask to be woken; `met` may look otherwise."""
    close_ended(turn, site.id)
    met = met if site.views else site.stations
    rounds = 0
    while met and rounds < _ROUNDS:
        back = _look(turn, site, met)
        met = back | (_decide(turn, site) if turn.world.drain is None else set())
        for name in sorted(met):
            settle(turn, turn.world.stations[name])
        rounds += 1
    site_answers.answer(turn, site)
    site_reports.report(turn, site)
    forget(turn, site.id)
    _keep(turn, site)
    _wake(turn, site)


def _look(turn: Turn, site: SiteState, names: Collection[str]) -> set[str]:
    """Know anew what may be counted on at stations; return those that listen again."""
    now, back = turn.now.utc, set()
    for name in sorted(names):
        state = turn.world.stations[name]
        view, before = view_of(turn, site, state), site.views.get(name, View())
        if view.charges:
            site.since.setdefault(name, turn.utility_now(site.rules.origin).timestamp())
        else:
            site.since.pop(name, None)
        if view.listens and view.refuses:
            view = _answer_no(turn, site, state, view, anew=not before.listens)
        if before.listens and not view.listens:
            learn(site, name, view, now)
            if retract(turn, site, name):
                settle(turn, state)
                view = view_of(turn, site, state)
        if view.listens and not before.listens:
            back.add(name)
        site.views[name] = view
        site.touched.add(name)
        learn(site, name, view, now)
    return back


def _answer_no(turn: Turn, site: SiteState, state: StationState, view: View, *, anew: bool) -> View:
    """Tell a station that is back anew what it refused; until then it keeps to what it holds."""
    places = [(slot, state.id) for slot in sorted(view.refuses)]
    if anew:
        kept = site.refused.intersection(places)
        site.refused -= kept
        again = [place for place in places if place not in kept]
        for place in again:
            try_again(turn, site, place)
    else:
        again = [place for place in places if one_later(site, place)]
        for place in again:
            keep_to(turn, site, place)
    if again:
        settle(turn, state)
    return view_of(turn, site, state)


def _decide(turn: Turn, site: SiteState) -> set[str]:
    """Share out what bounds the site, pass on the rest; return the stations that were told something."""
    rotate(turn, site)
    lines = turn.lines(site)
    found = limits(lines, turn.now.utc)
    told = pass_on(turn, site, lines)
    for slot in Slot:
        bounds = envelope(turn.world, site, slot, found, turn.now.utc)
        if bounds:
            told |= share_out(turn, site, slot, bounds)
        else:
            lift(turn, site, slot)
    return told | _reap(turn, site)


def _reap(turn: Turn, site: SiteState) -> set[str]:
    """Take shares back that the site has given up; return the stations."""
    given = {share.mrid for share in site.shares.values()}
    told = set()
    for name in site.stations:
        for record in turn.records(name):
            own = record.utility == site.rules.origin
            if own and record.command.mrid not in given and withdraw(turn, record):
                told.add(name)
    return told


def _recall(site: SiteState, kept: Mapping[str, dict[str, Any]]) -> None:
    own = kept.get(_KEY + site.id)
    if own is not None:
        continue_from(site, own)
        site.saved[""] = own
    for name in site.stations:
        document = kept.get(f"{_KEY}{site.id}/{name}")
        if document is not None:
            remember(site, name, document)
            site.saved[name] = document


def _keep(turn: Turn, site: SiteState) -> None:
    """Keep what changed, durably: a document of the site, and one of each station."""
    documents = {"": site_document(site)}
    documents |= {name: station_document(site, name) for name in sorted(site.touched)}
    site.touched.clear()
    for name, document in documents.items():
        if site.saved.get(name) != document:
            site.saved[name] = document
            key = f"{_KEY}{site.id}/{name}".removesuffix("/")
            turn.emit(Persist(Table.SITE, key, document))


def _wake(turn: Turn, site: SiteState) -> None:
    """Ask for a tick at the next instant that changes something here."""
    now = turn.now.utc
    site.wake_at = min((at for at in _instants(turn, site) if at > now), default=None)
    if site.wake_at is not None:
        turn.world.wakes.ask(site.id, site.wake_at)
        turn.emit(WakeAt(site.wake_at))


def _instants(turn: Turn, site: SiteState) -> Iterator[datetime]:
    for at in changes(turn.lines(site)):
        yield at
        yield at - SOON
    for record in turn.records(site.id):
        offset, planned = turn.time_of(record) - turn.now.utc, record.planned
        ends = record.withdraw_at, None if planned is None else planned.end
        yield from (at - offset for at in ends if at is not None)
    if site.turned is not None:
        waited = turn.utility_now(site.rules.origin) - site.turned
        yield turn.now.utc + site.rules.rotate - waited
    for (slot, station), spans in site.spans.items():
        if slot not in site.views[station].sure:
            yield from (span.end for span in spans if span.end is not None)
    stale = fresh_until(turn.world, site)
    if stale is not None:
        yield datetime.fromtimestamp(stale, UTC)

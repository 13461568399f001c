"""What a site may count on at one of its stations: what binds it for sure, and whether it listens.

A bound counts from when the station is known to hold it and nothing else in its slot; until then it may
draw by whatever it held before. What it was told and never took, or lost, bounds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from gateway.core.ledger import MAX_ATTEMPTS, Desired, Evidence, holds
from gateway.core.site_state import Place, SiteState, Spans, View
from gateway.core.slots import Slot, slot_of_functions
from gateway.core.station import SITE, StationState
from gateway.core.wanted import Wanted
from gateway.core.world import Turn, World
from translators.canonical.capability import StationProfile
from translators.canonical.commands import Interval
from translators.ocpp.limits import can_discharge

_EVER = datetime.min.replace(tzinfo=UTC)


def secured(state: StationState, found: Wanted, now: datetime) -> dict[str, Spans]:
    """Return when the station holds limits of its site as wanted, and none looser beside, by command."""
    if not any(utility.startswith(SITE) for utility in found.utilities):
        return {}
    served: dict[str, Spans] = {}
    for slot in Slot:
        wanted = [w for w in found.desired.values() if slot_of_functions(w.functions) is slot]
        if all(_runs(state, one, now) for one in wanted) and _alone(state, wanted, slot, now):
            for one in wanted:
                span = Interval(one.start or _EVER, one.end)
                for key in {one.command, *(key for key, _ in found.carried[one.id])}:
                    served[key] = (*served.get(key, ()), span)
    for key in found.vacuous:
        if followed_untold(state, key, found):
            served[key] = (Interval(_EVER, None),)
    return {key: spans for key, spans in served.items() if key.startswith(SITE)}


def followed_untold(state: StationState, key: str, found: Wanted) -> frozenset[str]:
    """Return what is followed without being told, once setpoints that are clipped for it are held so."""
    others, entries = found.leaning.get(key, frozenset()), state.ledger.entries
    clipped = [desired for desired in found.desired.values() if desired.command in others]
    held = all((e := entries.get(d.id)) is not None and holds(e, d) for d in clipped)
    return found.vacuous.get(key, frozenset()) if held else frozenset()


def _runs(state: StationState, wanted: Desired, now: datetime) -> bool:
    """Say whether a control is held as wanted, and has begun where its time has come."""
    entry = state.ledger.entries.get(wanted.id)
    if entry is None or not holds(entry, wanted):
        return False
    scheduled = wanted.action == "SetDERControl" and not wanted.is_default
    due = wanted.start is not None and wanted.start <= now
    return entry.evidence is Evidence.STARTED or not (scheduled and due)


def _alone(state: StationState, wanted: Iterable[Desired], slot: Slot, now: datetime) -> bool:
    """Say whether nothing else may be held in a slot."""
    ids = {one.id for one in wanted}
    return not any(
        entry.may_be_held
        and not entry.swept(now)
        and entry.desired.id not in ids
        and slot_of_functions(entry.desired.functions) is slot
        for entry in state.ledger.entries.values()
    )


def view_of(turn: Turn, site: SiteState, state: StationState) -> View:
    """Return what a site may count on at a station now."""
    records = turn.world.records[state.id]
    keyed = {
        slot: f"{site.rules.origin}/{state.id}/{share.mrid}"
        for slot in Slot
        if (share := site.shares.get((slot, state.id))) is not None
    }
    held = {slot for slot, key in keyed.items() if _may_hold(state, key, turn.now.utc)}
    ignored = {
        slot_of_functions([key[1]]) for key, track in state.watch.tracks.items() if track.unfollowed
    }
    return View(
        listens=state.connected and state.ready and _dispatched(turn, state),
        away=not state.connected,
        sure={
            slot: spans
            for slot, key in keyed.items()
            if _in_force(spans := state.secured.get(key, ()), turn.now.utc)
        },
        free=frozenset(Slot) - held,
        refuses=frozenset(
            slot
            for slot, key in keyed.items()
            if (slot, state.id) in site.refused or (key in records and records[key].refused)
        ),
        mute=frozenset(slot for slot, key in keyed.items() if _mute(state, key)),
        ignores=frozenset(slot for slot in Slot if slot in ignored),
        in_amps=_in_amps(state.profile),
        charges=bool(state.transactions),
        progress=frozenset(
            (record.key, record.state, tuple(function for function, _ in record.refused))
            for record in records.values()
            if record.utility.startswith(f"{site.rules.origin}:")
        ),
        feeds=state.profile is None or can_discharge(state.profile),
    )


def awaits_share(world: World, station: str) -> bool:
    """Say whether a station is back to which its site, which is bounded, has said nothing yet.

    Until then it keeps the limits that it came with: without them it would be free for a moment.
    """
    home = world.sites.get(world.homes.get(station, ""))
    return home is not None and bool(home.bounds) and not home.views.get(station, View()).listens


def _dispatched(turn: Turn, state: StationState) -> bool:
    hold = turn.held(state.id)
    return hold is None or hold.release


def _in_amps(profile: StationProfile | None) -> bool:
    evses = () if profile is None else profile.evses
    return any("W" not in evse.charging_rate_units for evse in evses)


def _may_hold(state: StationState, key: str, now: datetime) -> bool:
    return any(e.may_be_held and not e.expired(now) for e in state.ledger.of_command(key))


def _mute(state: StationState, key: str) -> bool:
    return any(entry.attempts >= MAX_ATTEMPTS for entry in state.ledger.of_command(key))


def learn(site: SiteState, station: str, view: View, now: datetime) -> None:
    """Let a site know what a station may hold: its share where that is sure, else at worst what it may be.

    Where nothing of the share is held, or the meter shows that it is ignored, only the rating is left; and
    where what it was known to hold has ended, or begins later: our clock was set.
    """
    for slot in Slot:
        place = slot, station
        if slot in view.ignores:
            site.held[place] = None
        elif slot in view.sure:
            share = site.proven[place] = site.shares[place]
            site.spans[place] = view.sure[slot]
            site.held[place] = share.amount
        elif slot in view.free or not _in_force(site.spans.get(place), now):
            site.held[place] = None
        elif slot in view.refuses and one_later(site, place):
            site.held[place] = site.proven[place].amount
        else:
            before = site.held.get(place)
            site.held[place] = None if before is None else max(before, site.shares[place].amount)


def _in_force(spans: Spans | None, now: datetime) -> bool:
    """Say whether what is held in these spans holds now; where nobody wrote them down, it does."""
    return spans is None or any(span.covers(now) for span in spans)


def one_later(site: SiteState, place: Place) -> bool:
    """Say whether a share is the only edition since the one that its station was known to hold."""
    proven, share = site.proven.get(place), site.shares[place]
    return proven is not None and (proven.mrid, proven.version + 1) == (share.mrid, share.version)

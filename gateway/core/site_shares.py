"""A site's envelope in one direction, shared out: what each station is told now, and what is left undone.

A share is a limit that the site sends its station as a utility would: it is kept, translated, sent, read
back and proved like any other, and holds together with whatever else bounds the station. One that grows
waits until others have confirmed that they shrank (`allocation`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from gateway.core import intake
from gateway.core.allocation import Allocation, Participant, Policy, allocate, steps
from gateway.core.envelope import WATTS
from gateway.core.events import CommandReceived, CommandWithdrawn, Withdrawal
from gateway.core.lifecycle import State, Trigger
from gateway.core.records import CommandRecord
from gateway.core.site_state import Place, Share, SiteState
from gateway.core.slots import Slot
from gateway.core.world import Turn
from translators.canonical.commands import DerCommand, Interval, Origin, Protocol, Revision, Target
from translators.canonical.controls import LimitOn, LimitScope, PowerLimit, Quantity, function_of
from translators.units import Kind, Unit

_WATT = Unit(Kind.POWER)
_ON = {Slot.CHARGE: LimitOn.IMPORT, Slot.DISCHARGE: LimitOn.EXPORT}


def share_out(turn: Turn, site: SiteState, slot: Slot, bounds: Mapping[str, Fraction]) -> set[str]:
    """Tell stations their shares of an envelope; return those that were told something new."""
    _regain(turn, site, slot)
    crowd = tuple(_participants(site, slot, bounds))
    found = _plan(site, slot, bounds, crowd)
    due = steps(bounds, crowd, found.targets)
    told = {name for name, amount in due.items() if _tell(turn, site, (slot, name), amount)}
    site.bounds[slot] = bounds
    site.kept[slot] = all(_used(crowd, name) <= bound for name, bound in bounds.items())
    _note(turn, site, slot, found)
    return told


def _plan(
    site: SiteState, slot: Slot, bounds: Mapping[str, Fraction], crowd: tuple[Participant, ...]
) -> Allocation:
    """Return the targets; what those who can be told hold by now changes none of them."""
    asked = tuple(replace(one, held=None) if one.revocable else one for one in crowd)
    key = bounds, asked, site.turn
    known = site.planned.get(slot)
    if known is None or known[0] != key:
        known = key, allocate(bounds, crowd, site.rules.policy, site.turn)
        site.planned[slot] = known
    return known[1]


def lift(turn: Turn, site: SiteState, slot: Slot) -> None:
    """Give every share in a direction up: nothing bounds the site there any more.

    Who is away keeps its own until it is back: should another bound come first, it is told that in its place.
    """
    for place in tuple(site.shares):
        if place[0] is slot and site.views[place[1]].listens:
            del site.shares[place]
            site.refused.discard(place)
            site.touched.add(place[1])
    site.kept.pop(slot, None)
    site.bounds.pop(slot, None)
    _note(turn, site, slot, Allocation({}, {}))


def try_again(turn: Turn, site: SiteState, place: Place) -> None:
    """Tell a station anew what it refused, and never more than it holds: others may have taken the room.

    It is told as of now: the same words would change nothing.
    """
    share, held = site.shares[place], site.held.get(place)
    amount = share.amount if held is None else min(share.amount, held)
    _send(turn, site, place, replace(share.of(amount), since=_now(turn, site)))


def keep_to(turn: Turn, site: SiteState, place: Place) -> None:
    """Let the share that a station holds stay its share after it refused the next edition.

    What it holds would bound nothing beside looser limits of its own if it were nobody's any more.
    """
    site.refused.add(place)
    version = site.shares[place].version + 1
    _send(turn, site, place, replace(site.proven[place], version=version))


def begin_anew(turn: Turn, site: SiteState) -> None:
    """Let shares hold from now on that would begin later: our clock was set back before this start."""
    for place, share in tuple(site.shares.items()):
        if share.since > (now := _now(turn, site)):
            _send(turn, site, place, replace(share.of(share.amount), since=now))


def retract(turn: Turn, site: SiteState, station: str) -> bool:
    """Take growth back that a station which left never confirmed; say whether there was any.

    When it is back it would be told so before anything else, and others may have the room by then.
    """
    places = [(slot, station) for slot in Slot]
    grown = [place for place in places if _unconfirmed_growth(site, place)]
    for place in grown:
        _tell(turn, site, place, site.proven[place].amount)
    return bool(grown)


def _unconfirmed_growth(site: SiteState, place: Place) -> bool:
    share, proven = site.shares.get(place), site.proven.get(place)
    if share is None or proven is None:
        return False
    return share.mrid == proven.mrid and share.amount > proven.amount


def withdraw(turn: Turn, record: CommandRecord) -> bool:
    """Take back what a site told a station; say whether that is news."""
    if record.state is State.CANCELLING:
        return False
    station, mrid = record.command.target.station, record.command.mrid
    intake.withdraw(turn, CommandWithdrawn(record.utility, station, mrid, Withdrawal.CANCELLED))
    return True


def _participants(
    site: SiteState, slot: Slot, bounds: Mapping[str, Fraction]
) -> Iterator[Participant]:
    for member in site.rules.members:
        view = site.views[member.station]
        held = site.held.get((slot, member.station))
        if view.away and member.away is not None:
            held = _without_a_line(site, (slot, member.station), member.away)
        most = member.most[slot] if slot is Slot.CHARGE or view.feeds else Fraction()
        yield Participant(
            id=member.station,
            most=most,
            uses=_uses(member.amps if view.in_amps else member.alone, bounds),
            least=min(member.least, most) if slot is Slot.CHARGE else Fraction(),
            priority=member.priority,
            since=site.since.get(member.station, math.inf),
            held=held,
            revocable=not view.without(slot),
        )


def _without_a_line(site: SiteState, place: Place, own: Fraction) -> Fraction:
    """Return what a station draws at most by settings of its own, or by what it may hold still."""
    held, proven = site.held.get(place), site.proven.get(place)
    amounts = [own] if held is None else [own, held]
    if proven is not None and place[0] not in site.views[place[1]].free:
        amounts.append(proven.amount)
    return max(amounts)


def _uses(amps: Mapping[str, Fraction], bounds: Mapping[str, Fraction]) -> dict[str, Fraction]:
    parts = {WATTS: Fraction(1), **amps}
    return {name: part for name, part in parts.items() if name in bounds}


def _used(crowd: tuple[Participant, ...], name: str) -> Fraction:
    return sum((one.may_draw * one.uses.get(name, 0) for one in crowd), Fraction())


def _tell(turn: Turn, site: SiteState, place: Place, amount: Fraction) -> bool:
    """Give a station its share, new or in place of the one it has; say whether that is news."""
    known = site.shares.get(place)
    if known is not None and known.amount == amount:
        return False
    if known is None:
        site.spells += 1
        share = Share(_mrid(site, place), amount, _now(turn, site))
    else:
        share = known.of(amount)
    _send(turn, site, place, share)
    return True


def _now(turn: Turn, site: SiteState) -> datetime:
    """Return the time of what a site tells its stations: no step of our clock moves it."""
    return turn.utility_now(site.rules.origin)


def _regain(turn: Turn, site: SiteState, slot: Slot) -> None:
    """Let stations hold on to shares that they are just letting go of.

    A new one beside it would be set after that is cleared: in between nothing would bound the station.
    """
    function = function_of(PowerLimit(_ON[slot], Quantity(Fraction(), _WATT)))
    for name in site.stations:
        for record in turn.records(name) if (slot, name) not in site.shares else ():
            command, control = record.command, record.command.controls[0]
            own = record.utility == site.rules.origin and record.state is State.CANCELLING
            if own and isinstance(control, PowerLimit) and function_of(control) == function:
                turn.keep(replace(record, withdraw_at=None).step(Trigger.REGAINED))
                share = Share(command.mrid, control.value.value, command.created, command.version)
                site.shares[slot, name] = share
                site.touched.add(name)
                if not site.views[name].listens:
                    retract(turn, site, name)


def _send(turn: Turn, site: SiteState, place: Place, share: Share) -> None:
    site.shares[place] = share
    site.touched.add(place[1])
    slot, name = place
    watts = Quantity(share.amount, _WATT)
    intake.receive(
        turn,
        CommandReceived(
            DerCommand(
                mrid=share.mrid,
                origin=Origin(site.rules.origin, Protocol.SITE, Revision.SITE),
                target=Target(name),
                controls=(PowerLimit(_ON[slot], watts, LimitScope.DEVICE),),
                primacy=0,
                created=share.since,
                server_time=_now(turn, site),
                interval=Interval(share.since, None),
                version=share.version,
                description=f"share of site {site.id}",
            )
        ),
    )


def _mrid(site: SiteState, place: Place) -> str:
    """Return the mRID of a new share: no other one ever has it."""
    text = f"{site.id}|{place[1]}|{place[0]}|{site.spells}"
    return hashlib.sha256(text.encode()).hexdigest()[:32].upper()


def _note(turn: Turn, site: SiteState, slot: Slot, found: Allocation) -> None:
    """Say where what cannot be revoked is more than the envelope, and when that is over; and who pauses."""
    if found.excess != site.excess.get(slot, {}):
        kind = "site.excess" if found.excess else "site.excess_cured"
        site.excess[slot] = found.excess
        turn.audit(
            kind,
            "gateway",
            site.id,
            direction=slot.value,
            excess={name: str(amount) for name, amount in found.excess.items()},
            because=_irrevocable(site, slot),
        )
    if slot is Slot.CHARGE and found.paused != site.paused:
        site.paused = found.paused
        turn.audit("site.paused", "gateway", site.id, stations=sorted(found.paused))


def _irrevocable(site: SiteState, slot: Slot) -> dict[str, str]:
    """Return the stations that cannot be told to take less, and why."""
    found = {name: view.without(slot) for name, view in site.views.items()}
    return {name: reason for name, reason in found.items() if reason}


def rotate(turn: Turn, site: SiteState) -> None:
    """Let the next station pause, where some do that could take turns."""
    now = _now(turn, site)
    takes_turns = site.paused and site.rules.policy in {Policy.EQUAL, Policy.PROPORTIONAL}
    if not takes_turns:
        site.turned = None
    elif site.turned is None:
        site.turned = now
    elif site.turned + site.rules.rotate <= now:
        site.turned, site.turn = now, site.turn + 1

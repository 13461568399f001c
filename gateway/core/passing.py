"""What a site hands on to its stations: modes as they are, quantities in parts that add up.

A percentage is of each one's own rating, so it is passed on unchanged; W, var and VA are split by what the
stations can do, exactly: the parts add up to what was asked, less what is beyond all ratings together.
Limits of active power are not handed on: they are shared out (`site_shares`). What one station gets has the
interval of the site's command, in the site's time, so that it knows of it in advance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from gateway.core import intake
from gateway.core.agenda import Line
from gateway.core.events import CommandReceived
from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord, differs
from gateway.core.site_shares import withdraw
from gateway.core.site_state import Member, SiteState
from gateway.core.slots import Slot
from gateway.core.world import Turn, World
from translators.canonical.commands import (
    DerCommand,
    Interval,
    Protocol,
    Randomization,
    ResponseDuty,
    Target,
)
from translators.canonical.controls import (
    ActiveSetpoint,
    ApparentLimit,
    DerControl,
    FixedVar,
    PowerLimit,
    Quantity,
    ReactiveLimit,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
    function_of,
)
from translators.rules.trace import Loss, LossKind
from translators.units import Base, Kind

_QUANTITY = {
    ActiveSetpoint: "value",
    ReactiveSetpoint: "value",
    StorageTarget: "value",
    FixedVar: "setpoint",
    ReactiveLimit: "value",
    ApparentLimit: "value",
    RelativeActiveSetpoint: "delta",
    RelativeReactiveSetpoint: "delta",
}
"""The member of a control that adds up over stations."""
_TAKEN_BACK = frozenset({State.CANCELLING, State.CANCELLED})
_RATED = {Kind.REACTIVE: Base.MAX_VAR, Kind.APPARENT: Base.MAX_VA}


@dataclass(frozen=True, slots=True)
class _Part:
    """What one station does of a command, and what all of them together cannot."""

    controls: tuple[DerControl, ...]
    losses: tuple[Loss, ...] = ()


def pass_on(turn: Turn, site: SiteState, lines: Sequence[Line]) -> set[str]:
    """Let each station have its part of each command; return those that were told something new."""
    told: set[str] = set()
    wanted: set[str] = set()
    for line in lines:
        for record in line.records:
            if record.over or not handed_on(record):
                continue
            for member, part in _parts(turn, site, record):
                station = member.station
                mrid, known = child_of(turn.world, site, record, station)
                name = site.rules.line(record.utility)
                shift = (turn.offset(name) or timedelta()) - line.offset
                command = _command(record, (name, station, mrid), part, shift)
                wanted.add(f"{name}/{station}/{mrid}")
                if _receive(turn, command, known, part.losses):
                    told.add(station)
    return told | _take_back(turn, site, wanted)


def handed_on(record: CommandRecord) -> tuple[DerControl, ...]:
    """Return the controls of a command that its stations get, each in its part; none once it is withdrawn."""
    if record.declined or record.state is State.CANCELLING:
        return ()
    gone = {function for function, _ in record.refused}
    kept = (c for c in record.command.controls if function_of(c) not in gone)
    return tuple(control for control in kept if not isinstance(control, PowerLimit))


def child_of(
    world: World, site: SiteState, record: CommandRecord, station: str
) -> tuple[str, CommandRecord | None]:
    """Return what a station has of a site's command: its mRID, and the record where there is one.

    What was taken back never comes again under its mRID: then the next one is returned.
    """
    return next(
        (mrid, known)
        for mrid, known in offspring(world, site, record, station)
        if known is None or known.state not in _TAKEN_BACK or record.command.is_default
    )


def offspring(
    world: World, site: SiteState, record: CommandRecord, station: str
) -> Iterator[tuple[str, CommandRecord | None]]:
    """Yield all that a station ever got of a site's command, and the mRID of what it would get next."""
    records, line = world.records.get(station, {}), site.rules.line(record.utility)
    number, known = 0, None
    while number == 0 or known is not None:
        text = f"{site.id}|{record.utility}|{record.command.mrid}|{number}"
        mrid = hashlib.sha256(text.encode()).hexdigest()[:32].upper()
        known = records.get(f"{line}/{station}/{mrid}")
        yield mrid, known
        number += 1


def _take_back(turn: Turn, site: SiteState, wanted: set[str]) -> set[str]:
    """Withdraw what no command of the site asks for any more."""
    told = set()
    for member in site.rules.members:
        for record in turn.records(member.station):
            passed = record.utility.startswith(f"{site.rules.origin}:")
            if passed and record.key not in wanted and withdraw(turn, record):
                told.add(member.station)
    return told


def _command(
    record: CommandRecord, child: tuple[str, str, str], part: _Part, shift: timedelta
) -> DerCommand:
    """Return what a station gets, in the site's time and with what was drawn for the site.

    `child` is the name of the site's line, the station and the mRID; `shift` leads from the utility's time.
    """
    origin, station, mrid = child
    planned = record.planned
    if planned is not None and shift:
        end = None if planned.end is None else planned.end + shift
        planned = Interval(planned.start + shift, end)
    return replace(
        record.command,
        mrid=mrid,
        origin=replace(record.command.origin, utility=origin, protocol=Protocol.SITE),
        target=Target(station),
        controls=part.controls,
        interval=planned,
        randomization=Randomization(),
        response=ResponseDuty(),
    )


def _receive(
    turn: Turn, command: DerCommand, known: CommandRecord | None, losses: tuple[Loss, ...]
) -> bool:
    """Hand a command to its station, new or as the next edition; say whether it is news there."""
    version = 0
    if known is not None:
        if not (known.over and command.is_default) and (
            known.over or not differs(known.command, command)
        ):
            return False
        version = known.command.version + 1
    intake.receive(turn, CommandReceived(replace(command, version=version), losses=losses))
    return True


def _parts(turn: Turn, site: SiteState, record: CommandRecord) -> Iterator[tuple[Member, _Part]]:
    controls = handed_on(record)
    split = {function_of(c): _split(turn, site, q) for c in controls if (q := _divisible(c))}
    for number, member in enumerate(site.rules.members):
        own, losses = [], []
        for control in controls:
            parts = split.get(function_of(control))
            if parts is None:
                own.append(control)
                continue
            amounts, beyond = parts
            if amounts[number] or (not beyond and not any(amounts)):
                own.append(_with(control, amounts[number]))
            if beyond:
                function = function_of(control)
                detail = "beyond what all stations of the site can do"
                losses.append(
                    Loss(LossKind.CLIP, "sites", site.id, detail, str(beyond), control=function)
                )
        if own:
            yield member, _Part(tuple(own), tuple(losses))


def _divisible(control: DerControl) -> Quantity | None:
    name = _QUANTITY.get(type(control))
    quantity = None if name is None else getattr(control, name)
    return None if quantity is None or quantity.unit.kind is Kind.PERCENT else quantity


def _with(control: DerControl, amount: Fraction) -> DerControl:
    name = _QUANTITY[type(control)]
    quantity = replace(getattr(control, name), value=amount)
    return replace(control, **{name: quantity})


def _split(turn: Turn, site: SiteState, whole: Quantity) -> tuple[list[Fraction], Fraction]:
    """Return each station's part in the quantity's own unit, and what is beyond all of them."""
    rated = [_able(turn, site, member, whole) for member in site.rules.members]
    total = sum(rated, Fraction())
    if not total:
        return [Fraction()] * len(rated), whole.value
    bound = total / whole.unit.scale
    asked = max(-bound, min(whole.value, bound))
    return [asked * one / total for one in rated], whole.value - asked


def _able(turn: Turn, site: SiteState, member: Member, whole: Quantity) -> Fraction:
    """Return what a station can do of a quantity, in SI: W by its rating while a car is there."""
    slot = Slot.DISCHARGE if whole.value > 0 else Slot.CHARGE
    base = _RATED.get(whole.unit.kind)
    profile = turn.world.stations[member.station].profile
    if base is not None:
        known = [e.ratings.base(base) for e in (() if profile is None else profile.evses)]
        return sum((value for value in known if value is not None), Fraction())
    views = site.views
    here = any(view.listens and view.charges for view in views.values())
    view = views[member.station]
    return member.most[slot] if not here or (view.listens and view.charges) else Fraction()

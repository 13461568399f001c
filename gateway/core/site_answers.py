"""What became of a site's commands, by what became of them at its stations; their utility is told.

A limit has started once the stations keep it by all that they may hold; a mode once every station that takes
part runs it. Stations that are away take no part, nor those that refuse: where none is left, the command is
refused, as the gravest of them said. What each did, and for how much of the site's rating, is audited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from gateway.core.agenda import agenda
from gateway.core.envelope import in_watts
from gateway.core.lifecycle import State, Trigger
from gateway.core.losing import lose, overrule
from gateway.core.passing import child_of, handed_on, offspring
from gateway.core.records import CommandRecord
from gateway.core.responses import advance
from gateway.core.site_state import SiteState
from gateway.core.slots import Slot, slot_of
from gateway.core.world import Turn, World
from translators.canonical.controls import PowerLimit, function_of
from translators.canonical.telemetry import ControlOutcome
from translators.rules.trace import Refusal

_RAN = frozenset({State.ACTIVE, State.COMPLETED})
_NO = frozenset({State.REFUSED, State.CLOSED})


class Extent(StrEnum):
    """How many stations of a site carry a command out."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Taken:
    """Who takes part in a command of a site, and who does not, with the reason; `share` is of the rating."""

    extent: Extent
    share: Fraction
    without: dict[str, str]


def answer(turn: Turn, site: SiteState) -> None:
    """Let each command of the site start, lose, be refused or be over."""
    held = agenda(turn.lines(site))
    for record in turn.records(site.id):
        record = _refuse(turn, site, record)  # noqa: PLW2901 - the record moves on
        interval = record.interval
        if record.state is State.CANCELLING:
            _release(turn, site, record)
            continue
        if interval is None:
            continue
        begun = interval.start <= turn.time_of(record)
        if begun:
            record = lose(turn, record, held)  # noqa: PLW2901 - the record moves on
        if begun and record.state is State.SCHEDULED and _started(turn, site, record):
            _tell(turn, site, advance(turn, record, Trigger.STARTED))
    overrule(turn, site.id, held, _shown)


def _shown(record: CommandRecord) -> frozenset[str]:
    """Return the functions of a command that are known to have started."""
    return record.functions if record.state is State.ACTIVE else frozenset()


def taken(world: World, site: SiteState, record: CommandRecord) -> Taken:
    """Return which stations take part in a command, and why others do not."""
    without: dict[str, str] = {}
    for member in site.rules.members:
        reason = _reason(world, site, record, member.station)
        if reason:
            without[member.station] = reason
    slots = {slot for c in record.command.controls if (slot := slot_of(c)) is not None}
    rated = {m.station: sum(m.most[s] for s in slots or Slot) for m in site.rules.members}
    total = sum(rated.values())
    part = sum(amount for name, amount in rated.items() if name not in without)
    some = len(without) < len(site.rules.members)
    extent = Extent.NONE if not some else Extent.SOME if without else Extent.ALL
    return Taken(extent, Fraction(part, total) if total else Fraction(some), without)


def _reason(world: World, site: SiteState, record: CommandRecord, station: str) -> str:
    """Return why a station takes no part in a command, empty where it does."""
    view = site.views[station]
    if not view.listens:
        return "away or on hold"
    slots = (slot for control in record.controls if (slot := slot_of(control)) is not None)
    if reason := next(filter(None, map(view.without, slots)), ""):
        return reason
    if handed_on(record):
        _, child = child_of(world, site, record, station)
        if child is None:
            return "no part"
        if child.state in _NO or child.refused:
            functions = ", ".join(f"{name}: {outcome}" for name, outcome in child.refused)
            return f"refused {functions}"
    return ""


def _tell(turn: Turn, site: SiteState, record: CommandRecord) -> None:
    found = taken(turn.world, site, record)
    turn.audit(
        "command.shared",
        "gateway",
        record.key,
        extent=found.extent.value,
        share=str(found.share),
        without=found.without,
        meter="" if site.rules.meter is None else site.rules.meter.station,
    )


def _started(turn: Turn, site: SiteState, record: CommandRecord) -> bool:
    """Say whether all that takes part does what is asked."""
    slots = {slot_of(c) for c in record.controls if isinstance(c, PowerLimit)} - {None}
    if not all(site.kept.get(slot, False) for slot in slots if slot is not None):
        return False
    if not handed_on(record):
        return bool(slots)
    listening = (m.station for m in site.rules.members if site.views[m.station].listens)
    children = [child_of(turn.world, site, record, station)[1] for station in listening]
    taking = [child for child in children if child is not None and not child.refused]
    return bool(taking) and all(child.state in _RAN for child in taking)


def _refuse(turn: Turn, site: SiteState, record: CommandRecord) -> CommandRecord:
    """Refuse what no station takes, and limits that cannot be reckoned in W."""
    refusals = [*_unreckoned(turn, site, record), *_refused_by_all(turn, site, record)]
    refused = record.refuse(tuple(refusals))
    if refused != record:
        turn.audit(
            "command.refused",
            "gateway",
            record.key,
            refusals=[{"function": r.function, "problem": r.problem} for r in refusals],
        )
        turn.keep(refused)
    if refused.refused and not refused.command.is_default:
        return advance(turn, refused, Trigger.REFUSED)
    return refused


def _unreckoned(turn: Turn, site: SiteState, record: CommandRecord) -> Iterator[Refusal]:
    for control in record.controls:
        if not isinstance(control, PowerLimit):
            continue
        if in_watts(turn.world, site, control.value) is None:
            problem = f"{control.value.unit} of a site whose stations' ratings are not known"
            yield _no(ControlOutcome.NOT_APPLICABLE, function_of(control), site.id, problem)


def _refused_by_all(turn: Turn, site: SiteState, record: CommandRecord) -> Iterator[Refusal]:
    controls, interval = handed_on(record), record.interval
    ahead = interval is not None and interval.start > turn.time_of(record)
    away = not all(site.views[station].listens for station in site.stations)
    if not controls or (ahead and away):
        return  # who is away may be back by the start
    found = [_last_of(turn.world, site, record, m.station) for m in site.rules.members]
    children = [child for child in found if child is not None]
    for function in (function_of(control) for control in controls):
        outcomes = [dict(child.refused).get(function) for child in children]
        if outcomes and None not in outcomes:
            gravest = next(child.refusal for child in children if child.refusal is not None)
            yield _no(gravest, function, site.id, "no station of the site takes it")


def _last_of(
    world: World, site: SiteState, record: CommandRecord, station: str
) -> CommandRecord | None:
    """Return what a station has of a command, or had before it went away: it may be back."""
    children = [c for _, c in offspring(world, site, record, station) if c is not None]
    had = None if site.views[station].listens or not children else children[-1]
    return child_of(world, site, record, station)[1] or had


def _no(outcome: ControlOutcome, function: str, where: str, problem: str) -> Refusal:
    return Refusal(outcome, function, where, problem, "sites")


def _release(turn: Turn, site: SiteState, record: CommandRecord) -> None:
    """Finish a withdrawal once no station holds anything of it any more."""
    if record.withdraw_at is None or record.withdraw_at > turn.time_of(record):
        return
    world = turn.world
    held = (
        entry.may_be_held
        for member in site.rules.members
        for _, child in offspring(turn.world, site, record, member.station)
        if child is not None
        for entry in world.stations[member.station].ledger.of_command(child.key)
    )
    if not any(held):
        advance(turn, record, Trigger.CLEARED)

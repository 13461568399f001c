"""One event for one station after another: what does not rest on a station's ratings is settled once.

A fleet's stations differ in their ratings, and in little else: what they are owed for one command differs
in their control ids and in numbers that are moved from one base to another. With the second station of a
kind a press finds out which ratings the numbers of a curve go by, and multiplies them for all others.
Where it cannot (a cut, a bend at 0, a rating that is missing, a control that is no curve), and whenever
somebody reads the trace, a station is translated by the long way, `to_station`; both say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import partial
from operator import attrgetter
from typing import Any

from translators.canonical.capability import Evse, Situation, StationProfile
from translators.canonical.commands import DerCommand
from translators.canonical.controls import (
    DerControl,
    FreqWatt,
    PowerMonitoring,
    VoltVar,
    VoltWatt,
    WattVar,
    function_of,
)
from translators.ocpp.curves import curve_points
from translators.ocpp.desk import Desk
from translators.ocpp.fallback import carrier
from translators.ocpp.identifiers import control_id
from translators.ocpp.limits import can_discharge
from translators.ocpp.orders import StationOrders, to_station
from translators.ocpp.rated import Axis, Wired, axis
from translators.ocpp.wire import Json, StationMessage
from translators.rules.bases import Bases
from translators.rules.book import Book
from translators.rules.target import TargetRule
from translators.rules.trace import Block, Loss, LossKind, Note, Translation
from translators.rules.values import Unmet, text

_MOST_EVENTS, _MOST_KINDS = 64, 64
"""Of which a press keeps what it settled; the oldest is forgotten first."""
_ASKED = attrgetter(
    *("mrid", "controls", "interval", "is_default", "primacy", "ramp_time", "target.evse")
)
"""What of a command a station is told."""
_KIND = attrgetter("ocpp_version", "nominal_frequency_hz", "dialect")
_EVSE = attrgetter(*(item.name for item in fields(Evse) if item.name != "ratings"))
"""What decides how a station is told, with whether it can discharge; how many of what, say its ratings."""
_ADDED = frozenset({LossKind.ROUND, LossKind.REBASE, LossKind.CLIP})
"""What a curve's own numbers lose."""


class Press:
    """Translates by one book; `orders` says what `to_station` says."""

    def __init__(self, book: Book) -> None:
        """Know no event yet."""
        self.book = book
        self._events: dict[tuple[Any, ...], _Event] = {}
        self._last: _Event | None = None

    def orders(
        self, command: DerCommand, profile: StationProfile, situation: Situation
    ) -> Translation[StationOrders]:
        """Return the messages for all controls of a command at one station."""
        plan = None
        if not (situation.settings or situation.beside):
            plan = self._event(command).plan(self.book, profile, situation)
        made = None if plan is None else plan.orders(command, profile, situation)
        return to_station(self.book, command, profile, situation) if made is None else made

    def _event(self, command: DerCommand) -> _Event:
        """Return what is known of a command, or of another that asks for the same."""
        asked, event = _ASKED(command), self._last
        if event is not None and event.asked == asked:  # to compare is cheaper than to hash
            return event
        key = command.mrid, command.interval, tuple(map(function_of, command.controls))
        event = self._events.get(key)
        if event is None or event.asked != asked:
            event = self._events[key] = _Event(command, asked)
            _forget(self._events, _MOST_EVENTS)
        self._last = event
        return event


def _forget(known: dict[Any, Any], most: int) -> None:
    if len(known) > most:
        del known[next(iter(known))]


@dataclass(slots=True)
class _Event:
    """One command, and how each kind of station is told it: None after the first of a kind."""

    command: DerCommand
    asked: tuple[Any, ...]
    kinds: dict[tuple[Any, ...], _Plan | None] = field(default_factory=dict)
    last: tuple[tuple[Any, ...], _Plan | None] = ((), None)
    """The kind that was asked for last, and its plan."""

    def plan(self, book: Book, profile: StationProfile, situation: Situation) -> _Plan | None:
        """Return how stations of this kind are told, None for the first of them."""
        kind = (_KIND(profile), can_discharge(profile), *map(_EVSE, profile.evses))
        known, plan = self.last
        if known == kind:  # to compare is cheaper than to hash
            return plan
        if kind not in self.kinds:
            self.kinds[kind] = None
            _forget(self.kinds, _MOST_KINDS)
            return None
        plan = self.kinds[kind]
        if plan is None:
            plan = self.kinds[kind] = _plan(book, self.command, profile, situation)
        self.last = kind, plan
        return plan


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the stations of one kind are told one command; without curves each goes the long way."""

    book: Book
    curves: tuple[_Curve, ...] = ()
    last: tuple[Loss, ...] = ()
    """What the command loses as a whole."""

    def orders(
        self, command: DerCommand, profile: StationProfile, situation: Situation
    ) -> Translation[StationOrders] | None:
        """Return what a station is owed, None where it has to go the long way."""
        bases = Bases(profile, situation)
        messages, parts, losses = [], [], list[Loss]()
        for number, curve in enumerate(self.curves):
            drawn = curve.drawn(bases)
            if drawn is None:
                return None
            points, lost = drawn
            messages.append(curve.message(command.mrid, profile.id, points))
            losses += lost
            tell = partial(_tell, self.book, command, profile, situation, number)
            parts.append(Block(*curve.told_by, (tell,)))
        if not messages:
            return None
        losses += self.last
        return Translation(StationOrders(tuple(messages)), tuple(parts), tuple(losses))


def _tell(
    book: Book,
    command: DerCommand,
    profile: StationProfile,
    situation: Situation,
    number: int,
    note: Note,
) -> None:
    """Note what the long way does for the control of that number."""
    made = to_station(book, command, profile, situation)
    (function,) = made.value.messages[number].functions
    for step in made.steps:
        if step.control == function:
            note(*step.noted)


@dataclass(frozen=True, slots=True)
class _Curve:
    """The message of one curve, as a station of its kind got it, and how its numbers go by ratings."""

    x: Axis
    y: Axis
    model: StationMessage
    slot: str
    told_by: tuple[str, tuple[str, ...], str]
    """Rule, what it cites, and function."""
    before: tuple[Loss, ...]
    after: tuple[Loss, ...]
    lost: tuple[Loss, ...]
    """What is lost before and after numbers are rounded, and where none is."""

    def drawn(self, bases: Bases) -> tuple[list[Json], tuple[Loss, ...]] | None:
        """Return the points at a station and all that is lost, None where the long way has to find them."""
        try:
            x, y = self.x.at(bases), self.y.at(bases)
        except Unmet:
            return None
        if x is None or y is None:
            return None
        points: list[Json] = [{"x": a, "y": b} for a, b in zip(x.numbers, y.numbers, strict=True)]
        if x.rounded is None and y.rounded is None:
            return points, self.lost
        return points, (*self.before, self._rounded(x, y), *self.after)

    def message(self, mrid: str, station: str, points: list[Json]) -> StationMessage:
        """Return the message with these points."""
        model, slot = self.model, self.slot
        number = control_id(mrid, station, model.part)
        body = {**model.payload[slot], "curveData": points}
        payload = {**model.payload, "controlId": number, slot: body}
        return StationMessage(
            model.ocpp, model.action, payload, number, model.functions, model.interval, model.part
        )

    def _rounded(self, x: Wired, y: Wired) -> Loss:
        """Return what rounding takes from the first number that it changes; of a point x comes before y."""
        at_x, at_y = x.rounded, y.rounded
        if at_x is not None and (at_y is None or at_x <= at_y):
            at, wired, number = at_x, x, self.x.number
        else:
            at, wired, number = at_y or 0, y, self.y.number
        rule, _, function = self.told_by
        where = f"{self.slot}/curveData[{at}]/{number.name}"
        rest = text(number.residual(*wired.ratios[at]))
        return Loss(LossKind.ROUND, rule, where, f"{number.places} decimals", rest, function)


def _plan(book: Book, command: DerCommand, profile: StationProfile, situation: Situation) -> _Plan:
    """Return how stations of this kind are told, if it says of this one what the long way says."""
    made = to_station(book, command, profile, situation)
    if made.refusals or len(made.value.messages) != len(command.controls):
        return _Plan(book)
    desk, curves = Desk(command, profile, situation), []
    for control, message in zip(command.controls, made.value.messages, strict=True):
        rule = carrier(book, profile, control)
        curve = None if rule is None else _curve(desk, rule, control, message)
        if curve is None:
            return _Plan(book)
        curves.append(curve)
    plan = _Plan(book, tuple(curves), tuple(loss for loss in made.losses if not loss.control))
    again = plan.orders(command, profile, situation)
    same = again is not None and (again.value, again.losses) == (made.value, made.losses)
    return plan if same else _Plan(book)


def _curve(
    desk: Desk, rule: TargetRule, control: DerControl, message: StationMessage
) -> _Curve | None:
    """Return how a control is told that is a curve with nothing but ratings and rounding to heed."""
    spec, variant = rule.model.points, rule.variant(control)
    if spec is None or variant is None or rule.model.target.operator != "der_control":
        return None
    if not isinstance(control, VoltVar | VoltWatt | WattVar | FreqWatt | PowerMonitoring):
        return None
    if isinstance(control, VoltVar) and desk.profile.dialect.vref != "native":
        return None
    x, y, curve = rule.numbers["x"], rule.numbers["y"], control.curve
    if len(curve.points) > spec.max or not (x.plain() and y.plain()):
        return None
    drawn, rest = desk.draft(rule, control), desk.draft(rule, control)
    curve_points(rule, spec, drawn)
    rest.units.update(drawn.units)
    rule.members(rest)
    after = tuple(rest.trace.losses)
    declared = {LossKind(loss.kind) for loss in rule.model.losses}
    if rest.bases.used or _ADDED & (declared | {loss.kind for loss in after}):
        return None
    before = tuple(loss for loss in drawn.trace.losses if loss.kind is not LossKind.ROUND)
    bounds = None if y.spec.clip is None else y.bounds(drawn)
    return _Curve(
        x=axis(x, curve.x_unit, [point.x for point in curve.points]),
        y=axis(y, curve.y_unit, [point.y for point in curve.points], bounds),
        model=message,
        slot=str(variant.slot),
        told_by=(rule.id, rule.cites, function_of(control)),
        before=before,
        after=after,
        lost=(*before, *after),
    )

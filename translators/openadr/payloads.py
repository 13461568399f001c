"""A payload of one interval to one canonical control: which rule reads it, and why none does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from translators.canonical.commands import DerCommand, Revision
from translators.canonical.controls import DerControl, function_of
from translators.canonical.telemetry import ControlOutcome
from translators.openadr.binding import Binding
from translators.openadr.contracts import Terms
from translators.openadr.intervals import Slot
from translators.openadr.views import PayloadView, text_of
from translators.openadr.wire import Descriptor, Event, Payload, Program
from translators.rules.book import Book
from translators.rules.scopes import read_in
from translators.rules.source import SourceRule
from translators.rules.trace import Loss, LossKind, Part, Refusal, Step, Translation, told
from translators.rules.values import Trace, Unmet

_BY_UNIT = frozenset({"CHARGE_STATE_SETPOINT"})
_FALLBACKS = frozenset(
    {"IMPORT_CAPACITY_SUBSCRIPTION", "EXPORT_CAPACITY_SUBSCRIPTION", "CAPACITY_SUBSCRIPTION"}
)
_UNMAPPED = {
    "CONTROL_LEVEL_OFFSET": "an offset of levels, and no contract says what a level is",
    "CONTROL_LEVEL_OFFSET_PERCENT": "an offset of levels, and no contract says what a level is",
    "CTA2045_REBOOT": "stations are no CTA-2045 devices",
    "CTA2045_SET_OVERRIDE_STATUS": "stations are no CTA-2045 devices",
    "CONTROL_SETPOINT": "says neither what it controls nor in which unit: needs a binding",
    "CURVE": "names no curve, axis, base or sign: needs a binding",
    "DISPATCH_INSTRUCTION": "a named action, and no contract says what it is: needs a binding",
}
"""Standard types that mean nothing to a station by themselves, and why."""


@dataclass(frozen=True, slots=True)
class EventContext:
    """Where an event was served, and what its reading depends on besides its bytes.

    `received` is when it was first seen, `now` the VTN's clock: intervals that ended before are left out.
    `known` says that an edition of it was held before. `seed` is the site's, for random starts; without
    it they are left to whoever draws.
    """

    utility: str
    station: str
    revision: Revision
    program: Program | None = None
    bindings: tuple[Binding, ...] = ()
    policy: Mapping[str, str] = field(default_factory=dict)
    received: datetime | None = None
    now: datetime | None = None
    known: bool = False
    seed: str = ""
    digest: str = ""
    contract: Terms | None = None
    """What events must keep besides, None for nothing."""

    def binding(self, program: str, payload: str) -> Binding | None:
        """Return the contract of a program for a payload type, None where there is none."""
        wanted = (program, payload)
        return next((b for b in self.bindings if (b.program, b.payload) == wanted), None)


def identity(event: Event, context: EventContext) -> str:
    """Return what tells an event from all others: VTNs reuse their ids after a restart."""
    return "/".join(part for part in (context.utility, event.id, event.created_text) if part)


@dataclass(slots=True)
class Reading:
    """What became of the payloads of one event so far; what is refused alike is refused once."""

    parts: list[Part] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    refused: dict[tuple[str, str], tuple[Refusal, int]] = field(default_factory=dict)
    commands: int = 0

    def take(self, parts: Sequence[Part]) -> None:
        """Note how one more command came about."""
        self.parts += read_in(self.commands, list(told(parts))) if self.commands else parts
        self.commands += 1

    def refuse(self, function: str, where: str, problem: str, outcome: str, rule: str) -> None:
        """Note a payload that nobody will carry out."""
        refusal = Refusal(ControlOutcome(outcome), function, where, problem, rule)
        first, times = self.refused.get((function, problem), (refusal, 0))
        self.refused[function, problem] = (first, times + 1)

    def result(self, commands: Sequence[DerCommand]) -> Translation[tuple[DerCommand, ...]]:
        """Return the commands with all that was noted."""
        refusals = [
            first
            if times == 1
            else replace(first, problem=f"{first.problem} (and {times - 1} more)")
            for first, times in self.refused.values()
        ]
        unsupported = [
            Loss(LossKind.UNSUPPORTED, item.rule, item.where, item.problem) for item in refusals
        ]
        losses = (*_once(self.losses), *unsupported)
        return Translation(tuple(commands), tuple(self.parts), losses, tuple(refusals))


@dataclass(frozen=True, slots=True)
class Made:
    """One control of an interval, how it came about, and whether it holds only while nothing else does."""

    control: DerControl
    trace: Trace
    fallback: bool


def controls_of(
    book: Book, event: Event, slot: Slot, context: EventContext, reading: Reading
) -> Iterator[Made]:
    """Yield the controls of one interval's payloads, each function once; a limit hides a subscription."""
    seen: dict[str, bool] = {}
    ordered = sorted(enumerate(slot.payloads), key=lambda item: item[1].type in _FALLBACKS)
    for number, payload in ordered:
        where = f"intervals[{slot.interval}]/payloads[{number}]"
        rule_id = "openadr"
        try:
            rule, view, bound = _resolved(book, event, payload, context)
            rule_id = rule.id
            control, trace = rule.apply(view, context.revision.value, where)
        except Unmet as unmet:
            reading.refuse(
                payload.type, unmet.where or where, unmet.problem, unmet.outcome, rule_id
            )
            continue
        function, fallback = function_of(control), payload.type in _FALLBACKS
        if fallback and seen.get(function) is False:
            reading.parts.append(_hidden(rule, where, function))
            continue
        if function in seen:
            problem = "the interval asks for this twice"
            reading.refuse(payload.type, where, problem, "invalid", rule_id)
            continue
        seen[function] = fallback
        if bound and not any(loss.kind is LossKind.BINDING for loss in trace.losses):
            trace.lose(LossKind.BINDING, f"{where}/descriptor/units", bound)
        yield Made(control, trace, fallback)


def _hidden(rule: SourceRule, where: str, function: str) -> Step:
    """Return that a subscription gives way to the limit of its own time (User Guide 8.10.1)."""
    return Step(rule.id, rule.cites, "covered by a limit", where, "", function, "not in force")


def _resolved(
    book: Book, event: Event, payload: Payload, context: EventContext
) -> tuple[SourceRule, PayloadView, str]:
    """Return the rule for a payload, what it reads, and what a contract alone says of its unit."""
    binding = context.binding(event.program, payload.type)
    values = {} if binding is None else binding.values
    descriptor, bound = _described(event, payload.type, context, values)
    view = PayloadView(payload, descriptor, values)
    element = payload.type
    if binding is not None and binding.variant:
        element = binding.variant
    elif payload.type in _BY_UNIT:
        element = f"{payload.type}.{descriptor.units or ''}"
    action = _action(payload, context.policy)
    if action != "log":
        element = f"{payload.type}.{action}"
    rule = book.source(context.revision.value, "event", element, "openadr")
    if rule is None:
        raise Unmet(*_why_unmapped(event, payload, element, descriptor))
    if rule.model.points is None and not view.single:
        raise Unmet("invalid", "", f"{payload.type} lists several values where one is read")
    return rule, view, bound


def _described(
    event: Event, payload_type: str, context: EventContext, values: Mapping[str, str]
) -> tuple[Descriptor, str]:
    """Return what describes a payload: the event, else its program, else the contract, which is said."""
    programs = {} if context.program is None else context.program.descriptors
    told = event.descriptors.get(payload_type) or programs.get(payload_type) or Descriptor()
    if told.units is None and "units" in values:
        return replace(told, units=values["units"]), "the unit is the program's contract"
    return told, ""


def _action(payload: Payload, policy: Mapping[str, str]) -> str:
    """Return what the site does about an alert or a level: `log` unless its policy says otherwise."""
    first = text_of(payload.values[0]) if payload.values else None
    name = f"simple_{first}" if payload.type == "SIMPLE" else payload.type.lower()
    known = payload.type == "SIMPLE" or payload.type.startswith("ALERT_")
    return policy.get(name, "log") if known else "log"


def _why_unmapped(
    event: Event, payload: Payload, element: str, descriptor: Descriptor
) -> tuple[str, str, str]:
    """Return outcome, place and reason of a payload without a rule."""
    if element in _UNMAPPED:
        return (
            "not_supported",
            "",
            f"{payload.type} {_UNMAPPED[element]} (program {event.program!r})",
        )
    if payload.type in _BY_UNIT:
        return "invalid", "", f"{payload.type} in units {descriptor.units!r} is not known"
    if element != payload.type:
        return "not_supported", "", f"{payload.type} read as {element} has no rule"
    problem = (
        f"{payload.type} is no payload type of OpenADR 3 that stations follow, and nothing binds it"
    )
    return "not_supported", "", problem


def _once(losses: Sequence[Loss]) -> list[Loss]:
    """Return the losses, each kind of each control and payload place once."""
    found: dict[tuple[str, str, str], Loss] = {}
    for loss in losses:
        place = loss.where.partition("]/")[2] or loss.where
        found.setdefault((loss.kind.value, loss.control, place), loss)
    return list(found.values())

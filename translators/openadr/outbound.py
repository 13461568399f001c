"""What goes back to an OpenADR 3 VTN about a station: reports of one payload type, attributes of a resource.

What a payload is, and in which unit and sign, stands in the rules of the book. Here is the form of the
objects: 3.0.1 names the program in a report, 3.1 does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from translators.canonical.capability import StationProfile
from translators.canonical.commands import Protocol, Revision
from translators.canonical.telemetry import ControlOutcome
from translators.openadr.binding import Binding
from translators.rules import facts as f
from translators.rules.book import Book
from translators.rules.facts import CATALOGUE, Facts
from translators.rules.report import Member, ReportRule
from translators.rules.trace import Loss, LossKind, Refusal, Step, Translation
from translators.units import Kind, to_json_number

type Json = dict[str, Any]
type Told = dict[str, Mapping[str, Member]]
"""The payloads of one interval by type: the members of each."""

_RULE = "openadr.report"
_QUALITY = "DATA_QUALITY"
_GENERATOR = frozenset({"export_positive", "inject_positive"})
"""Signs of a contract that are the generator's; without one a program's numbers are the load's."""
_MEANS = frozenset({"", "DIRECT_READ", "MEAN", "AVERAGE"})
_SUMS = {"USAGE": frozenset({"SUMMED"})}
"""What a value of an interval may be called: a mean, and of energy a sum."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report descriptor of an event asks for, and of whom.

    `units` and `reading` (readingType) are empty where it leaves them open; `binding` is the program's
    contract for the type; `name` is the reportName, the payload type where it is empty.
    """

    payload: str
    event: str
    program: str
    client: str
    resource: str
    units: str = ""
    binding: Binding | None = None
    name: str = ""
    reading: str = ""

    @property
    def frame(self) -> str:
        """The frame of signed powers: of the load, unless the contract has exports positive."""
        sign = "" if self.binding is None else self.binding.values.get("y_sign", "")
        return "generator" if sign in _GENERATOR else "load"


@dataclass(frozen=True, slots=True)
class Slot:
    """What is known of one interval of a report; `number` is its id, its place in the report where None."""

    start: datetime
    duration: timedelta
    facts: Facts
    number: int | None = None


def report(
    book: Book, revision: Revision, wanted: Wanted, slots: Sequence[Slot]
) -> Translation[Json | None]:
    """Return a report with an interval for each slot of which the payload can be told; None without any.

    Beside what was measured stands how good it is (user guide 7.8), and MISSING alone where others of the
    report were and it was not. What is not known otherwise or not allowed (export as DEMAND) leaves its
    interval out: refusals and losses say why. Instants are the VTN's.
    """
    steps: list[Step] = []
    losses: list[Loss] = []
    refusals: list[Refusal] = []
    told: list[tuple[Slot, Told]] = []
    for slot in slots:
        made = _slot(book, revision, wanted, slot)
        steps += made.steps
        losses += made.losses
        refusals += made.refusals
        if made.value is not None:
            told.append((slot, made.value))
    known = any(wanted.payload in payloads for _, payloads in told)
    value = _report(revision, wanted, told) if known else None
    return Translation(value, tuple(steps), tuple(losses), tuple(refusals))


def payload(
    book: Book, revision: Revision, wanted: Wanted, facts: Facts
) -> Translation[Mapping[str, Member] | None]:
    """Return the members of one payload by name; None where its rule cannot tell it, or there is none."""
    known = facts
    if "frame" in CATALOGUE[facts.subject]:
        known = Facts(facts.subject, {**facts.values, "frame": wanted.frame})
    rule = _rule(book, revision, wanted, known)
    if isinstance(rule, Refusal):
        return Translation(None, refusals=(rule,))
    made = rule.tell(known, revision)
    value = None if made.value is None else {member.path: member for member in made.value}
    return Translation(value, made.parts, made.losses, made.refusals)


def measured(book: Book, revision: Revision, wanted: Wanted) -> Kind | None:
    """Return the quantity whose mean a payload type tells in the units wanted, None where it is none."""
    for rule in book.reports.get((Protocol.OPENADR, revision, wanted.payload), ()):
        if "kind" in rule.model.match and _fits(rule, wanted):
            return Kind(rule.model.match["kind"])
    return None


def told_of(book: Book, revision: Revision, payload_type: str) -> frozenset[str]:
    """Return the subjects of facts that a payload type tells of, none where it is never told."""
    rules = book.reports.get((Protocol.OPENADR, revision, payload_type), ())
    return frozenset(rule.model.facts for rule in rules)


def resource_attributes(
    book: Book, revision: Revision, profile: StationProfile
) -> Translation[list[Json]]:
    """Return the attributes of a station's resource; a rating that is not known is left out."""
    known = f.nameplate(profile)
    rule = book.report(Protocol.OPENADR, revision, "resource", known)
    if rule is None:
        return Translation([], losses=(Loss(LossKind.DROP, _RULE, "resource", "no rule tells it"),))
    made = rule.tell(known, revision)
    members = made.value or ()
    attributes = [{"type": member.path, "values": [_json(member)]} for member in members]
    return Translation(attributes, made.parts, made.losses, made.refusals)


def _rule(book: Book, revision: Revision, wanted: Wanted, facts: Facts) -> ReportRule | Refusal:
    """Return the rule of a payload type for these facts, or why none tells it as it is wanted."""
    rules = book.reports.get((Protocol.OPENADR, revision, wanted.payload), ())
    mine = [rule for rule in rules if rule.model.facts == facts.subject and rule.serves(facts)]
    if not mine:
        problem = f"no rule tells it of {facts.subject}" if rules else "no rule tells it"
        return Refusal(ControlOutcome.NOT_SUPPORTED, wanted.payload, "payloadType", problem, _RULE)
    if wanted.reading not in _MEANS | _SUMS.get(wanted.payload, frozenset()):
        problem = f"is no {wanted.reading[:40]}"
        outcome = ControlOutcome.NOT_APPLICABLE
        return Refusal(outcome, wanted.payload, "readingType", problem, mine[0].id)
    if not _fits(mine[0], wanted):
        problem = f"is told in {_units(mine[0])}, not in {wanted.units}"
        outcome = ControlOutcome.NOT_APPLICABLE
        return Refusal(outcome, wanted.payload, "units", problem, mine[0].id)
    return mine[0]


def _fits(rule: ReportRule, wanted: Wanted) -> bool:
    return not wanted.units or _units(rule) in {"", wanted.units}


def _slot(book: Book, revision: Revision, wanted: Wanted, slot: Slot) -> Translation[Told | None]:
    made = payload(book, revision, wanted, slot.facts)
    told: Told = {} if made.value is None else {wanted.payload: made.value}
    missing = slot.facts.subject == "measurement" and slot.facts.get("mean") is None
    if told or missing:
        told |= _quality(book, revision, wanted, slot.facts)
    return Translation(told or None, made.parts, made.losses, made.refusals)


def _quality(book: Book, revision: Revision, wanted: Wanted, facts: Facts) -> Told:
    """Return how good a measured value is."""
    if facts.subject != "measurement":
        return {}
    quality = payload(
        book, revision, replace(wanted, payload=_QUALITY, units="", reading=""), facts
    )
    return {} if quality.value is None else {_QUALITY: quality.value}


def _units(rule: ReportRule) -> str:
    units = rule.model.emit.get("units")
    return "" if units is None else str(units.const)


def _report(revision: Revision, wanted: Wanted, told: Sequence[tuple[Slot, Told]]) -> Json:
    first = told[0][0]
    members = next(made[wanted.payload] for _, made in told if wanted.payload in made)
    descriptor: Json = {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": wanted.payload}
    for name in ("readingType", "units"):
        if name in members:
            descriptor[name] = _json(members[name])
    if wanted.reading and "readingType" in descriptor:
        descriptor["readingType"] = wanted.reading
    even = _even([slot for slot, _ in told])
    resource = {
        "resourceName": wanted.resource,
        "intervalPeriod": _period(first),
        "intervals": [
            _interval(number, slot, payloads, inherits=even)
            for number, (slot, payloads) in enumerate(told)
        ],
    }
    made: Json = {
        "eventID": wanted.event,
        "clientName": wanted.client,
        "reportName": wanted.name or wanted.payload,
        "payloadDescriptors": [descriptor],
        "resources": [resource],
    }
    return {"programID": wanted.program, **made} if revision is Revision.OPENADR_3_0 else made


def _even(slots: Sequence[Slot]) -> bool:
    """Say whether the intervals are alike and each begins where the last one ended."""
    return all(
        left.duration == right.duration and left.start + left.duration == right.start
        for left, right in pairwise(slots)
    )


def _interval(number: int, slot: Slot, told: Told, *, inherits: bool) -> Json:
    payloads = [
        {"type": name, "values": [_json(members["value"])]} for name, members in told.items()
    ]
    period = {} if inherits else {"intervalPeriod": _period(slot)}
    return {"id": number if slot.number is None else slot.number, **period, "payloads": payloads}


def _period(slot: Slot) -> Json:
    start = slot.start.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"start": start, "duration": _duration(slot.duration)}


def _duration(duration: timedelta) -> str:
    """Return whole seconds as ISO 8601 has them."""
    return f"PT{duration // timedelta(seconds=1)}S"


def _json(member: Member) -> bool | int | float | str:
    value = member.value
    return to_json_number(value) if isinstance(value, Fraction) else value

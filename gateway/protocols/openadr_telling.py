"""A report in words of the VTN: what is known of each interval, by the rules of the book."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from gateway.protocols.openadr_answers import STATE
from gateway.protocols.openadr_http import Json
from gateway.protocols.openadr_scene import AGGREGATED, Scene
from gateway.protocols.openadr_spans import Subject
from translators.canonical.averages import Average
from translators.canonical.capability import StationProfile
from translators.canonical.codec import decode, encode
from translators.canonical.commands import Revision
from translators.canonical.status import Availability, StationStatus
from translators.canonical.telemetry import Quality
from translators.openadr import outbound
from translators.openadr.outbound import Slot, Wanted
from translators.openadr.requests import ReportRequest
from translators.openadr.windows import Span
from translators.rules import facts as f
from translators.rules.facts import Facts
from translators.units import Kind

_SUMMED = frozenset({Kind.POWER, Kind.REACTIVE, Kind.CURRENT})
"""Quantities that have a sum over resources (user guide 7.7)."""


class Stage(StrEnum):
    """How far a report is."""

    OPEN = "open"
    FILED = "filed"
    REFUSED = "refused"


@dataclass(slots=True)
class Report:
    """One report; `subjects` are one, or those that are summed. `count` is of samples told when it was filed.

    `number` is the place of its descriptor in the event. `states` are what a report at an instant tells.
    """

    name: str
    event: str
    number: int
    payload: str
    subjects: tuple[str, ...]
    aggregate: bool
    due: datetime
    spans: tuple[Span, ...]
    stage: Stage = Stage.OPEN
    count: int = 0
    states: dict[str, StationStatus] = field(default_factory=dict)
    tried: bool = False
    """Whether it may have come before: it is looked up."""
    sent: bool = False
    """Whether it was sent, as far as we know: what is there knows no more than we do."""

    def document(self) -> dict[str, Any]:
        """Return what must be known after a restart, all but its name."""
        return {
            "event": self.event,
            "number": self.number,
            "payload": self.payload,
            "subjects": list(self.subjects),
            "aggregate": self.aggregate,
            "due": self.due.isoformat(),
            "spans": [
                [it.id, it.start.isoformat(), None if it.end is None else it.end.isoformat()]
                for it in self.spans
            ],
            "stage": self.stage.value,
            "count": self.count,
            "sent": self.sent,
            "states": {name: encode(state) for name, state in self.states.items()},
        }


def report_of(name: str, document: Mapping[str, Any]) -> Report:
    """Return the report that `Report.document` described."""
    return Report(
        name,
        document["event"],
        document["number"],
        document["payload"],
        tuple(document["subjects"]),
        document["aggregate"],
        datetime.fromisoformat(document["due"]),
        tuple(
            Span(
                id_,
                datetime.fromisoformat(start),
                None if end is None else datetime.fromisoformat(end),
            )
            for id_, start, end in document["spans"]
        ),
        Stage(document["stage"]),
        document["count"],
        {name: decode(state, StationStatus) for name, state in document["states"].items()},
        sent=document.get("sent", False),
    )


@dataclass(frozen=True, slots=True)
class Telling:
    """What can be told: `known` of the intervals are, or never will be; of `count` samples.

    `problem` is why nothing ever will be.
    """

    body: Json | None = None
    known: int = 0
    count: int = 0
    problem: str = ""


@dataclass(slots=True)
class Teller:
    """Tells reports of one request of an event of what is known of subjects now."""

    scene: Scene
    revision: Revision
    request: ReportRequest
    wanted: Wanted
    of: frozenset[str] = field(init=False)
    kind: Kind | None = field(init=False)

    def __post_init__(self) -> None:
        """See which facts are told."""
        self.of = outbound.told_of(self.scene.book, self.revision, self.request.payload)
        self.kind = outbound.measured(self.scene.book, self.revision, self.wanted)

    @property
    def measures(self) -> bool:
        """Say whether samples are told."""
        return "measurement" in self.of

    @property
    def problem(self) -> str:
        """Return why nothing is told, whatever happens; empty where something is."""
        if not self.of:
            return "is not told here"
        if self.measures and self.kind is None:
            return f"is not told in {self.wanted.units[:40]}"
        if not self.request.historical and self.measures:
            return "is asked of the future, and nothing is forecast"
        if self.request.aggregate and self._no_sum():
            return "has no sum over resources"
        return ""

    def tell(self, report: Report) -> Telling:
        """Return a report as far as it can be told now."""
        if self.problem:  # by rules that came since it was planned
            return Telling(problem=f"{self.request.payload[:40]} {self.problem}")
        subjects = [self.scene.stations.get(name) or Subject(name) for name in report.subjects]
        spans = report.spans if self._reaches else report.spans[:1]
        slots = [slot for span in spans if (slot := self._slot(report, subjects, span)) is not None]
        made = outbound.report(
            self.scene.book, self.revision, replace(self.wanted, name=report.name), slots
        )
        if made.value is None:
            refused = len(made.refusals) == len(spans) and bool(spans)
            problem = made.refusals[0].problem if refused else ""
            return Telling(problem=problem)
        intervals = made.value["resources"][0]["intervals"]
        told = [{payload["type"] for payload in interval["payloads"]} for interval in intervals]
        known = sum(self.request.payload in types for types in told) + len(made.refusals)
        known += len(report.spans) - len(spans)
        counts = [
            span.count
            for subject in subjects
            for it in report.spans
            if it.end is not None and (span := subject.spans.get((it.start, it.end))) is not None
        ]
        return Telling(made.value, known, sum(counts))

    @property
    def _reaches(self) -> bool:
        """Say whether all intervals are told: of the future ratings alone are known, else its beginning."""
        return self.request.historical or self.of == {"nameplate"}

    def _no_sum(self) -> bool:
        return self.request.payload == STATE or (self.measures and self.kind not in _SUMMED)

    def _slot(self, report: Report, subjects: Sequence[Subject], span: Span) -> Slot | None:
        """Return what is known of one interval, None where nothing is."""
        length = timedelta(0) if span.end is None else span.end - span.start
        if self.measures:
            facts = self._measured(subjects, span)
        elif "status" in self.of:
            facts = self._status(report, subjects, span)
        else:
            facts = self._rated(report, subjects, span)
        return None if facts is None else Slot(span.start, length, facts, span.id)

    def _measured(self, subjects: Sequence[Subject], span: Span) -> Facts | None:
        if self.kind is None or span.end is None:
            return None
        seconds = int((span.end - span.start).total_seconds())
        means: list[Average] = []
        for subject in subjects:
            held = subject.spans.get((span.start, span.end))
            mean = None if held is None else held.average(subject.id, self.kind)
            if mean is None:  # a sum without a part of it is none
                return f.unmeasured(self.kind, span.start, seconds)
            means.append(mean)
        good = all(mean.quality is Quality.GOOD for mean in means)
        total = sum((mean.value for mean in means), Fraction(0))
        quality = Quality.GOOD if good else Quality.QUESTIONABLE
        return f.measurement(Average(self.kind, total, quality), span.start, seconds)

    def _status(self, report: Report, subjects: Sequence[Subject], span: Span) -> Facts | None:
        states: list[StationStatus] = []
        for subject in subjects:
            state = report.states.get(subject.id) or _state(subject, span)
            if state is None:
                return None
            states.append(state)
        if not report.aggregate:
            return f.status(states[0])
        return f.status(
            StationStatus(
                states[0].at,
                connected=all(it.connected for it in states),
                power=_sum(states, lambda it: it.power),
                setpoint=_sum(states, lambda it: it.setpoint),
            )
        )

    def _rated(self, report: Report, subjects: Sequence[Subject], span: Span) -> Facts | None:
        profiles = [it.profile for it in subjects if it.profile is not None]
        if len(profiles) < len(subjects):
            return None
        if "nameplate" in self.of:
            evses = tuple(evse for profile in profiles for evse in profile.evses)
            return f.nameplate(replace(profiles[0], evses=evses))
        found: list[Availability] = []
        for subject in subjects:
            state = report.states.get(subject.id) or _state(subject, span)
            if state is None or subject.profile is None:
                return None
            found.append(_available(subject, subject.profile, state))
        return f.availability(
            Availability(
                span.start,
                inject_w=_sum(found, lambda it: it.inject_w),
                absorb_w=_sum(found, lambda it: it.absorb_w),
                up_w=_sum(found, lambda it: it.up_w),
                down_w=_sum(found, lambda it: it.down_w),
            )
        )


def teller(
    scene: Scene, event: str, request: ReportRequest, resource: str = AGGREGATED
) -> Teller | None:
    """Return who tells a request of an event; None where the event cannot be named, or its VTN not be."""
    held, revision = scene.events.get(event), scene.revision
    if held is None or revision is None:
        return None
    wanted = scene.wanted(held, request.payload, resource, "", request.units)
    if wanted is None:
        return None
    return Teller(scene, revision, request, replace(wanted, reading=request.reading_type))


def _state(subject: Subject, span: Span) -> StationStatus | None:
    """Return what a station did at the end of an interval."""
    held = None if span.end is None else subject.spans.get((span.start, span.end))
    return None if held is None else held.state


def _available(subject: Subject, profile: StationProfile, doing: StationStatus) -> Availability:
    """Return how far the power of a station may move, as far as what runs there is known.

    Only EVSEs with a transaction count, and where a rating of one of them or the power is not known nothing
    is told.
    """
    sessions = subject.sessions
    if not doing.connected or doing.power is None or sessions is None:
        return Availability(doing.at)
    rated = [evse.ratings for evse in profile.evses if evse.id in sessions]
    out = _sum(rated, lambda it: it.max_discharge_rate_w)
    into = _sum(rated, lambda it: it.max_charge_rate_w)
    up = None if out is None else max(Fraction(0), out - doing.power)
    down = None if into is None else max(Fraction(0), into + doing.power)
    return Availability(doing.at, inject_w=out, absorb_w=into, up_w=up, down_w=down)


def _sum[T](items: Sequence[T], part: Callable[[T], Fraction | None]) -> Fraction | None:
    """Return the sum of a part of each, None where one is not known."""
    parts = [part(item) for item in items]
    known = [value for value in parts if value is not None]
    return sum(known, Fraction(0)) if len(known) == len(parts) else None

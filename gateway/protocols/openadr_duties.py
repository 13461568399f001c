"""The reports that events ask for: from when they begin to count until they are filed, and updated.

OPEN ── due, all is known ──────────────> FILED ── late samples ──> filed anew, under its name
  │  ── due, part is known ── a while ──┘
  └─ due, nothing is known: it waits for what comes late, for a day
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.protocols.openadr_agenda import Agenda
from gateway.protocols.openadr_changes import Held
from gateway.protocols.openadr_filing import Fate
from gateway.protocols.openadr_plans import Plan, at_any_time, lasts, plan_of
from gateway.protocols.openadr_scene import AGGREGATED, Outgoing, Scene
from gateway.protocols.openadr_spans import Key, span_of
from gateway.protocols.openadr_telling import Report, Stage, Telling, report_of, teller
from gateway.protocols.openadr_watches import Watch, Watches
from translators.canonical.telemetry import Sample
from translators.errors import DocumentError
from translators.openadr.requests import ReportRequest
from translators.openadr.windows import Window, report_name
from translators.openadr.wire import Event
from translators.rules.values import Unmet

SETTLE = timedelta(seconds=5)
"""How long the last samples of an interval are waited for, and those that come late together."""
PATIENCE = timedelta(minutes=5)
"""How long the rest of a report is waited for before it is filed without."""
KEEP = timedelta(days=1)
"""How long late samples count."""
_MOST = 10_000
"""Reports of one VTN that are remembered; beyond, those that were due long ago are given up."""

type _Asked = tuple[str, int]
"""An event by its key, and the place of a descriptor in it."""


class Duties:
    """All reports of one VEN; `kept` is what `document` said in an earlier run."""

    def __init__(self, scene: Scene, kept: Mapping[str, Any]) -> None:
        """Know what an earlier run planned, measured and filed."""
        self._scene = scene
        self._reports: dict[str, Report] = {}
        self._marks: dict[str, dict[str, Any]] = dict(kept.get("marks", {}))
        """By event: its digest, and by descriptor when the last report is due that began."""
        self._plans: dict[_Asked, Plan] = {}
        self._opens: Agenda[_Asked] = Agenda()
        self._watches = Watches(scene, kept.get("watches", {}))
        self._checks: Agenda[str] = Agenda()
        """Reports that are open, or to be updated."""
        self._ends: Agenda[tuple[str, Key]] = Agenda()
        """Intervals of subjects."""
        self._old: Agenda[str] = Agenda()
        self._users: dict[tuple[str, Key], set[str]] = {}
        """Which reports tell of an interval of a subject."""
        self._lacking: dict[str, set[str]] = {}
        """Reports that wait to hear of a subject."""
        self._begun: set[str] = set()
        """Reports that the edition of an event that was served last asks for by now."""
        self.notes: list[str] = []
        """What is not told and why, for people, until it is taken from here."""
        self.moved = False
        """Whether plans or reports are not what `document` said last."""
        self.counted = False
        """Whether samples came since then."""
        for subject, spans in kept.get("spans", {}).items():
            for span in map(span_of, spans):
                scene.station(subject).spans[span.start, span.end] = span
        for name, document in kept.get("reports", {}).items():
            self._take(report_of(name, document))

    @property
    def count(self) -> int:
        """Return how many reports are remembered."""
        return len(self._reports)

    def document(self) -> dict[str, Any]:
        """Return what must be known after a restart."""
        self.moved = self.counted = False
        return {
            "marks": self._marks,
            "watches": self._watches.document(),
            "reports": {name: report.document() for name, report in self._reports.items()},
            "spans": {
                name: [span.document() for span in subject.spans.values()]
                for name, subject in self._scene.stations.items()
                if subject.spans
            },
        }

    def served(self, held: Held, utc: datetime) -> None:
        """Plan what an event asks for; another edition of it is planned anew."""
        mark = self._marks.get(held.key)
        before: set[str] = set()
        if mark is None or mark["digest"] != held.digest:
            self._marks[held.key] = {"digest": held.digest, "planned": {}}
            before = {it.name for it in self._of(held.key) if it.due > utc}
        self._begun.clear()
        self.moved = True
        self._rest(held.key)
        event = held.event
        for request in self._scene.requests(held):
            try:
                if isinstance(request, DocumentError):
                    self._note(held.key, f"{request.where} {request.problem}")
                elif isinstance(event, Event):
                    self._plan(held, event, request)
            except Unmet as unmet:
                self._note(held.key, f"{unmet.where} {unmet.problem}")
        self.pass_to(utc)
        for name in before - self._begun:
            self._forget(self._reports[name])
        for report in self._of(held.key):
            self._look(report, utc)

    def removed(self, key: str) -> None:
        """Report nothing more on an event that is served no more: a VTN takes no report on it."""
        self._rest(key)
        self._watches.forget(key)
        self.moved |= self._marks.pop(key, None) is not None
        for report in self._of(key):
            self._forget(report)

    def listed(self) -> None:
        """Know that what an earlier run reported on and is not served is gone."""
        for key in self._marks.keys() - self._scene.events.keys():
            self.removed(key)

    def described(self, subject: str, utc: datetime) -> None:
        """Know that a subject may do something else from now on."""
        self._watches.touch(subject, utc)
        for name in self._lacking.pop(subject, ()):
            if name in self._reports:
                self._look(self._reports[name], utc)

    def measured(self, subject: str, samples: Iterable[Sample], utc: datetime) -> None:
        """Count samples in; what they change is told a moment later."""
        self._watches.touch(subject, utc)
        for key in self._scene.station(subject).take(samples):
            self.counted = True
            for name in self._users.get((subject, key), ()):
                self._look(self._reports[name], utc + SETTLE)

    def pass_to(self, utc: datetime) -> None:
        """Let time pass: what ended is settled, what begins is opened, what is old is forgotten."""
        while (end := self._ends.pop(utc)) is not None:
            subject, key = end
            self._scene.station(subject).settle(key, utc)
        while (asked := self._opens.pop(utc)) is not None:
            self._open(asked, utc)
        for report in self._watches.changed(utc):
            self._take(report)
        while (name := self._old.pop(utc)) is not None:
            self._forget(self._reports[name])
        while len(self._reports) > _MOST and self._give_up(utc):
            pass

    def next(self, utc: datetime) -> Outgoing | None:
        """Return the report to file now, None where none is due."""
        self.pass_to(utc)
        while (name := self._checks.pop(utc)) is not None:
            report = self._reports[name]
            telling = self._telling(report)
            if telling is None or telling.body is None:
                self._untold(report, telling)
            elif telling.known < len(report.spans) and utc < report.due + PATIENCE:
                self._checks.put(name, report.due + PATIENCE)
            elif report.stage is Stage.OPEN or telling.count > report.count:
                report.count = telling.count
                updates = report.stage is Stage.FILED
                fresh = self._scene.later(report.due) and not (report.tried or report.states)
                return Outgoing(name, report.event, telling.body, updates, fresh)
        return None

    def done(self, name: str, fate: Fate, problem: str, utc: datetime) -> None:
        """Take what became of a report; one that is not filed yet is looked at again."""
        report = self._reports.get(name)
        if report is None:
            return
        if fate is Fate.LATER:
            report.count, report.tried = 0, True
            self._checks.put(name, utc)
            return
        self.moved = True
        if fate is Fate.REFUSED:
            what = "update" if report.stage is Stage.FILED else "report"
            self._note(report.event, f"the {what} of {name} is refused: {problem}")
        report.stage = Stage.FILED if fate is Fate.FILED else Stage.REFUSED

    def wake_at(self) -> datetime | None:
        """Return when something may be due."""
        firsts = (
            self._checks.first(),
            self._ends.first(),
            self._opens.first(),
            self._watches.first(),
        )
        return min(filter(None, firsts), default=None)

    def _plan(self, held: Held, event: Event, request: ReportRequest) -> None:
        """Plan the reports of one request."""
        revision = self._scene.revision
        who = teller(self._scene, held.key, request)
        if revision is None or who is None:
            return
        if who.problem:
            self._note(held.key, f"{request.payload[:40]} {who.problem}")
            return
        if at_any_time(event, request) and not who.measures:
            since, until = lasts(held, event, revision)
            for resource, subjects in self._resources(held.key, request):
                self._watches.add(Watch(held.key, request, resource, subjects, since, until))
            return
        told = self._marks[held.key]["planned"].get(str(request.number))
        planned = None if told is None else datetime.fromisoformat(told)
        plan = plan_of(held, event, request, revision, planned)
        asked = held.key, request.number
        self._plans[asked] = plan
        self._opens.put(asked, held.received)

    def _open(self, asked: _Asked, utc: datetime) -> None:
        """Follow the reports of a request that begin to count."""
        plan = self._plans[asked]
        key, number = asked
        try:
            for window in plan.opened(utc):
                self._marks[key]["planned"][str(number)] = window.due.isoformat()
                for resource, subjects in self._resources(key, plan.request):
                    self._begin(key, plan.request, window, resource, subjects, utc)
        except Unmet as unmet:
            self._note(key, f"{unmet.where} {unmet.problem}")
        if plan.wake_at is not None:
            self._opens.put(asked, plan.wake_at)

    def _begin(
        self,
        event: str,
        request: ReportRequest,
        window: Window,
        resource: str,
        subjects: tuple[str, ...],
        utc: datetime,
    ) -> None:
        name = report_name(event, request, resource, window)
        self._begun.add(name)
        who = teller(self._scene, event, request, resource)
        if name in self._reports or who is None:
            return
        report = Report(
            name,
            event,
            request.number,
            request.payload,
            subjects,
            request.aggregate,
            window.due,
            window.spans,
            tried=window.due < utc,  # of the past: it may be told already, and forgotten here
        )
        kind = who.kind if who.measures else None
        for subject in subjects if request.historical else ():
            for span in window.spans:
                if span.end is not None:
                    self._scene.station(subject).open((span.start, span.end), kind)
        self._take(report)

    def _take(self, report: Report) -> None:
        """Know a report, and follow the intervals that it tells of."""
        self.moved = True
        self._reports[report.name] = report
        self._old.put(report.name, report.due + KEEP)
        if report.stage is not Stage.REFUSED:
            wait = SETTLE if self._keys(report) else timedelta(0)
            self._checks.put(report.name, report.due + wait)
        for key in self._keys(report):
            self._users.setdefault(key, set()).add(report.name)
            self._ends.put(key, key[1][1])

    def _give_up(self, utc: datetime) -> bool:
        """Give up the oldest report; say whether there was one that had its time."""
        name = self._old.next()
        report = self._reports.get(name or "")
        if report is None or report.due + PATIENCE > utc:
            return False
        if report.stage is Stage.OPEN:
            self._note(report.event, f"{report.name} is given up: more than {_MOST} reports")
        self._forget(report)
        return True

    def _keys(self, report: Report) -> list[tuple[str, Key]]:
        """Return the intervals of subjects that a report tells of and that are followed."""
        return [
            (subject, (span.start, span.end))
            for subject in report.subjects
            for span in report.spans
            if span.end is not None and (span.start, span.end) in self._scene.station(subject).spans
        ]

    def _forget(self, report: Report) -> None:
        """Know nothing more of a report, nor of intervals that no other one tells of."""
        self.moved = True
        for subject, key in self._keys(report):
            users = self._users.get((subject, key), set())
            users.discard(report.name)
            if not users:
                self._users.pop((subject, key), None)
                self._ends.drop((subject, key))
                del self._scene.station(subject).spans[key]
        del self._reports[report.name]
        self._checks.drop(report.name)
        self._old.drop(report.name)

    def _telling(self, report: Report) -> Telling | None:
        """Return what of a report can be told, None where its event does not ask for it (yet)."""
        held = self._scene.events.get(report.event)
        requests = () if held is None else self._scene.requests(held)
        request = requests[report.number] if report.number < len(requests) else None
        if not isinstance(request, ReportRequest) or request.payload != report.payload:
            return None
        one = "" if report.aggregate else self._scene.resource(report.subjects[0])
        who = teller(self._scene, report.event, request, one or AGGREGATED)
        return None if who is None else who.tell(report)

    def _untold(self, report: Report, telling: Telling | None) -> None:
        """Wait for what comes late; what never can be told is given up."""
        for subject in report.subjects:
            self._lacking.setdefault(subject, set()).add(report.name)
        if telling is not None and telling.problem:
            self.moved = True
            report.stage = Stage.REFUSED
            self._note(report.event, f"{report.name} is not told: {telling.problem}")

    def _look(self, report: Report, at: datetime) -> None:
        """Look at a report again, once it is due, and as soon as it was to be looked at anyway."""
        at = max(report.due + SETTLE, at)
        before = self._checks.at(report.name)
        if report.stage is not Stage.REFUSED and (before is None or at < before):
            self._checks.put(report.name, at)

    def _resources(
        self, event: str, request: ReportRequest
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield of whom a request asks: resource names, each with the subjects that it stands for."""
        subjects = sorted(self._scene.asked(event, request))
        if not request.aggregate:
            yield from ((self._scene.resource(subject), (subject,)) for subject in subjects)
        elif self._scene.counted_twice(subjects):
            self._note(event, f"{request.payload[:40]} of a site and of stations has no sum")
        elif subjects:
            yield AGGREGATED, tuple(subjects)

    def _of(self, event: str) -> list[Report]:
        return [report for report in self._reports.values() if report.event == event]

    def _rest(self, event: str) -> None:
        """Plan nothing on an event until it is served again."""
        for asked in [asked for asked in self._plans if asked[0] == event]:
            del self._plans[asked]
            self._opens.drop(asked)
        self._watches.rest(event)

    def _note(self, event: str, problem: str) -> None:
        self.notes.append(f"event {event}: {problem}")

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
from gateway.protocols.openadr_filing import Fate, Filing
from gateway.protocols.openadr_folder import PATIENCE, Folder
from gateway.protocols.openadr_plans import Plan, at_any_time, lasts, plan_of
from gateway.protocols.openadr_scene import AGGREGATED, Outgoing, Scene
from gateway.protocols.openadr_telling import Report, Stage, Telling, teller
from gateway.protocols.openadr_watches import Watch, Watches
from translators.canonical.telemetry import Sample
from translators.errors import DocumentError
from translators.openadr.requests import ReportRequest
from translators.openadr.windows import Window, report_name
from translators.openadr.wire import Event
from translators.rules.values import Unmet

SETTLE = timedelta(seconds=5)
"""How long the last samples of an interval are waited for, and those that come late together."""
_MOST_REQUESTS = 100
"""reportDescriptors of one event that are heeded."""

type _Asked = tuple[str, int]
"""An event by its key, and the place of a descriptor in it."""


class Duties:
    """All reports of one VEN; `kept` is what `document` said in an earlier run."""

    def __init__(self, scene: Scene, kept: Mapping[str, Any]) -> None:
        """Know what an earlier run planned, measured and filed."""
        self._scene = scene
        self._folder = Folder(scene, kept)
        self._marks: dict[str, dict[str, Any]] = dict(kept.get("marks", {}))
        """By event: its digest, and by descriptor when the last report is due that began."""
        self._plans: dict[_Asked, Plan] = {}
        self._opens: Agenda[_Asked] = Agenda()
        self._begun: set[str] = set()
        """Reports that the edition of an event that was served last asks for by now."""
        self._watches = Watches(scene, kept.get("watches", {}))
        self._checks: Agenda[str] = Agenda()
        """Reports that are open, or to be updated."""
        self.notes: list[str] = []
        """What is not told and why, for people, until it is taken from here."""
        self._moved = False
        self.counted = False
        """Whether samples came since `document` was read last."""
        for report in self._folder:
            if report.stage is Stage.OPEN:
                self._look(report, report.due)

    @property
    def moved(self) -> bool:
        """Say whether plans or reports are not what `document` said last."""
        return self._moved or self._folder.moved

    @property
    def count(self) -> int:
        """Return how many reports are remembered."""
        return len(self._folder)

    def document(self) -> dict[str, Any]:
        """Return what must be known after a restart."""
        self._moved = self.counted = False
        kept = {"marks": self._marks, "watches": self._watches.document()}
        return kept | self._folder.document()

    def served(self, held: Held, utc: datetime) -> None:
        """Plan what an event asks for; another edition of it is planned anew."""
        requests = self._scene.requests(held)
        mark = self._marks.get(held.key)
        if mark is None and not requests:
            return
        before: set[str] = set()
        if mark is None or mark["digest"] != held.digest:
            self._marks[held.key] = {"digest": held.digest, "planned": {}}
            before = {it.name for it in self._folder.on(held.key) if it.due > utc}
            self._moved = True
        self._begun.clear()
        self._rest(held.key)
        if len(requests) > _MOST_REQUESTS:
            self._note(held.key, f"more than {_MOST_REQUESTS} reportDescriptors")
        for request in requests[:_MOST_REQUESTS]:
            self._plan(held, request)
        self.pass_to(utc)
        for name in before - self._begun:
            self._forget(name)
        for report in self._folder.on(held.key):
            self._look(report, utc)

    def removed(self, key: str) -> None:
        """Report nothing more on an event that is served no more: a VTN takes no report on it."""
        self._rest(key)
        self._watches.forget(key)
        self._moved |= self._marks.pop(key, None) is not None
        for report in self._folder.on(key):
            self._forget(report.name)

    def listed(self) -> None:
        """Know that what an earlier run reported on and is not served is gone."""
        for key in self._marks.keys() - self._scene.events.keys():
            self.removed(key)

    def described(self, subject: str, utc: datetime) -> None:
        """Know that a subject may do something else from now on."""
        self._watches.touch(subject, utc)
        for report in self._folder.heard(subject):
            self._look(report, utc)

    def measured(self, subject: str, samples: Iterable[Sample], utc: datetime) -> None:
        """Count samples in; what they change is told a moment later."""
        self._watches.touch(subject, utc)
        for key in self._scene.station(subject).take(samples):
            self.counted = True
            for report in self._folder.telling_of(subject, key):
                self._look(report, utc + SETTLE)

    def pass_to(self, utc: datetime) -> None:
        """Let time pass: what ended is settled, what begins is opened, what is old is forgotten."""
        self.notes += self._folder.pass_to(utc)
        while (asked := self._opens.pop(utc)) is not None:
            self._open(asked, utc)
        for report in self._watches.changed(utc):
            self._take(report)

    def next(self, utc: datetime) -> Outgoing | None:
        """Return the report to file now, None where none is due."""
        self.pass_to(utc)
        while (name := self._checks.pop(utc)) is not None:
            report = self._folder.get(name)
            if report is None:
                continue
            telling = self._telling(report)
            if telling is None or telling.body is None:
                self._untold(report, telling)
            elif telling.known < len(report.spans) and utc < report.due + PATIENCE:
                self._checks.put(name, report.due + PATIENCE)
            elif report.stage is Stage.OPEN or telling.count > report.count:
                report.count = telling.count
                updates = report.sent or report.stage is Stage.FILED
                fresh = self._scene.later(report.due) and not report.tried
                return Outgoing(name, report.event, telling.body, updates, fresh)
        return None

    def done(self, name: str, fate: Fate, filing: Filing, utc: datetime) -> None:
        """Take what became of a report; one that is not filed yet is looked at again."""
        report = self._folder.get(name)
        if report is None:
            return
        if fate is Fate.LATER:
            report.count, report.tried = 0, True
            report.sent |= filing.wrote
            self._checks.put(name, utc)
            return
        self._moved = True
        if fate is Fate.REFUSED:
            what = "update" if report.stage is Stage.FILED else "report"
            self._note(report.event, f"the {what} of {name} is refused: {filing.problem}")
        report.stage = Stage.FILED if fate is Fate.FILED else Stage.REFUSED

    def wake_at(self) -> datetime | None:
        """Return when something may be due."""
        firsts = (
            self._checks.first(),
            self._opens.first(),
            self._watches.first(),
            self._folder.wake_at(),
        )
        return min(filter(None, firsts), default=None)

    def _plan(self, held: Held, request: ReportRequest | DocumentError) -> None:
        """Plan the reports of one request, or say why there are none."""
        if isinstance(request, DocumentError):
            self._note(held.key, f"{request.where} {request.problem}")
            return
        event, revision, who = (
            held.event,
            self._scene.revision,
            teller(self._scene, held.key, request),
        )
        if revision is None or who is None or not isinstance(event, Event):
            return
        if who.problem:
            self._note(held.key, f"{request.payload[:40]} {who.problem}")
            return
        try:
            if at_any_time(event, request) and not who.measures:
                since, until = lasts(held, event, revision)
                for resource, subjects in self._resources(held.key, request):
                    self._watches.add(Watch(held.key, request, resource, subjects, since, until))
                return
            told = self._marks[held.key]["planned"].get(str(request.number))
            planned = None if told is None else datetime.fromisoformat(told)
            asked = held.key, request.number
            self._plans[asked] = plan_of(held, event, request, revision, planned)
            self._opens.put(asked, held.received)
        except Unmet as unmet:
            self._note(held.key, f"{unmet.where} {unmet.problem}")

    def _open(self, asked: _Asked, utc: datetime) -> None:
        """Follow the reports of a request that begin to count."""
        plan = self._plans[asked]
        key, number = asked
        try:
            for window in plan.opened(utc):
                self._marks[key]["planned"][str(number)] = window.due.isoformat()
                for resource, subjects in self._resources(key, plan.request):
                    name = report_name(key, plan.request, resource, window)
                    self._begun.add(name)
                    if self._folder.full:
                        self._note(key, f"{name} is not told: there is no room for more reports")
                    elif name not in self._folder:
                        report = _report(name, key, plan.request, subjects, window)
                        report.tried = window.due < utc  # it may be told already, and forgotten
                        self._begin(report, plan.request)
        except Unmet as unmet:
            self._note(key, f"{unmet.where} {unmet.problem}")
        if plan.wake_at is not None:
            self._opens.put(asked, plan.wake_at)

    def _begin(self, report: Report, request: ReportRequest) -> None:
        """Follow the intervals of a report that looks back; of what lies ahead the beginning is known."""
        who = teller(self._scene, report.event, request)
        kind = who.kind if who is not None and who.measures else None
        for station in map(self._scene.station, report.subjects):
            if not request.historical:
                state = None if report.tried else station.doing(report.due)
                report.states |= {} if state is None else {station.id: state}
                continue
            for span in report.spans:
                if span.end is not None:
                    station.open((span.start, span.end), kind)
        self._take(report)

    def _take(self, report: Report) -> None:
        self._folder.take(report)
        wait = SETTLE if self._folder.followed(report) else timedelta(0)
        self._checks.put(report.name, report.due + wait)

    def _forget(self, name: str) -> None:
        self._folder.forget(name)
        self._checks.drop(name)

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
        self._folder.wait(report)
        if telling is not None and telling.problem:
            self._moved = True
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

    def _rest(self, event: str) -> None:
        """Plan nothing on an event until it is served again."""
        for asked in [asked for asked in self._plans if asked[0] == event]:
            del self._plans[asked]
            self._opens.drop(asked)
        self._watches.rest(event)

    def _note(self, event: str, problem: str) -> None:
        self.notes.append(f"event {event}: {problem}")


def _report(
    name: str, event: str, request: ReportRequest, subjects: tuple[str, ...], window: Window
) -> Report:
    """Return a report that nothing is known of yet."""
    return Report(
        name,
        event,
        request.number,
        request.payload,
        subjects,
        request.aggregate,
        window.due,
        window.spans,
    )

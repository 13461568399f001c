"""The reports that are open or were filed, and the intervals of stations and sites that they tell of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.protocols.openadr_agenda import Agenda
from gateway.protocols.openadr_scene import Scene
from gateway.protocols.openadr_spans import Key, span_of
from gateway.protocols.openadr_telling import Report, Stage, report_of

PATIENCE = timedelta(minutes=5)
"""How long the rest of a report is waited for before it is filed without."""
_KEEP = timedelta(days=1)
"""How long late samples count."""
_MOST = 10_000
"""Reports that are remembered; beyond, those that were due long ago are given up."""
_ROOM = 50_000
"""Reports that there may be at all."""


class Folder:
    """Reports by name; `kept` is what `document` said in an earlier run."""

    def __init__(self, scene: Scene, kept: Mapping[str, Any]) -> None:
        """Know what an earlier run opened, filed and measured."""
        self._scene = scene
        self._reports: dict[str, Report] = {}
        self._of: defaultdict[str, set[str]] = defaultdict(set)
        """Names by event."""
        self._users: defaultdict[tuple[str, Key], set[str]] = defaultdict(set)
        """Names by the intervals of subjects that they tell of."""
        self._lacking: defaultdict[str, set[str]] = defaultdict(set)
        """Names by the subjects that they wait to hear of."""
        self._ends: Agenda[tuple[str, Key]] = Agenda()
        self._old: Agenda[str] = Agenda()
        self.moved = False
        """Whether there are other reports than `document` said last."""
        for subject, spans in kept.get("spans", {}).items():
            for span in map(span_of, spans):
                scene.station(subject).spans[span.start, span.end] = span
        for name, document in kept.get("reports", {}).items():
            self.take(report_of(name, document))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._reports)

    def __iter__(self) -> Iterator[Report]:
        """Yield all of them."""
        return iter(self._reports.values())

    def __contains__(self, name: str) -> bool:
        """Say whether there is a report of that name."""
        return name in self._reports

    def get(self, name: str) -> Report | None:
        """Return a report, None where there is none of that name."""
        return self._reports.get(name)

    @property
    def full(self) -> bool:
        """Say whether no other report may be opened."""
        return len(self._reports) >= _ROOM

    def document(self) -> dict[str, Any]:
        """Return what must be known after a restart."""
        self.moved = False
        return {
            "reports": {name: report.document() for name, report in self._reports.items()},
            "spans": {
                name: [span.document() for span in subject.spans.values()]
                for name, subject in self._scene.stations.items()
                if subject.spans
            },
        }

    def take(self, report: Report) -> None:
        """Know a report, and follow the intervals that it tells of."""
        self.moved = True
        self._reports[report.name] = report
        self._of[report.event].add(report.name)
        self._old.put(report.name, report.due + _KEEP)
        for key in self.followed(report):
            self._users[key].add(report.name)
            self._ends.put(key, key[1][1])

    def forget(self, name: str) -> None:
        """Know nothing more of a report, nor of intervals that no other one tells of."""
        report = self._reports.pop(name)
        self.moved = True
        self._old.drop(name)
        _discard(self._of, report.event, name)
        for subject in report.subjects:
            _discard(self._lacking, subject, name)
        for subject, key in self.followed(report):
            if _discard(self._users, (subject, key), name):
                self._ends.drop((subject, key))
                del self._scene.station(subject).spans[key]

    def on(self, event: str) -> list[Report]:
        """Return the reports on an event."""
        return [self._reports[name] for name in self._of.get(event, ())]

    def telling_of(self, subject: str, key: Key) -> list[Report]:
        """Return the reports that tell of an interval of a subject."""
        return [self._reports[name] for name in self._users.get((subject, key), ())]

    def wait(self, report: Report) -> None:
        """Know that a report lacks what its subjects do or are."""
        for subject in report.subjects:
            self._lacking[subject].add(report.name)

    def heard(self, subject: str) -> list[Report]:
        """Return the reports that waited to hear of a subject."""
        return [self._reports[name] for name in self._lacking.pop(subject, ())]

    def followed(self, report: Report) -> list[tuple[str, Key]]:
        """Return the intervals of subjects that a report tells of and that are followed."""
        return [
            (subject, (span.start, span.end))
            for subject in report.subjects
            for span in report.spans
            if span.end is not None and (span.start, span.end) in self._scene.station(subject).spans
        ]

    def pass_to(self, utc: datetime) -> list[str]:
        """Let time pass: settle what ended, forget what is old; say in words what was given up."""
        while (end := self._ends.pop(utc)) is not None:
            subject, key = end
            self._scene.station(subject).settle(key, utc)
        notes = []
        while (name := self._old.pop(utc)) is not None:
            if self._reports[name].stage is Stage.OPEN:
                notes.append(f"{name} is given up: it was due a day ago")
            self.forget(name)
        while len(self._reports) > _MOST:
            oldest = self._reports[self._old.next() or ""]
            if oldest.due + PATIENCE > utc:
                break
            if oldest.stage is Stage.OPEN:
                notes.append(f"{oldest.name} is given up: more than {_MOST} reports")
            self.forget(oldest.name)
        return notes

    def wake_at(self) -> datetime | None:
        """Return when an interval ends next."""
        return self._ends.first()


def _discard[K](names: defaultdict[K, set[str]], key: K, name: str) -> bool:
    """Take a name off a set; say whether it was the last, which takes the set off too."""
    if key not in names:
        return False
    names[key].discard(name)
    if names[key]:
        return False
    del names[key]
    return True

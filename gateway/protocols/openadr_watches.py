"""States that are told when they change: what an event asks for at any time (user guide 7.5, ad hoc)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from gateway.protocols.openadr_agenda import Agenda
from gateway.protocols.openadr_answers import STATE
from gateway.protocols.openadr_filing import said
from gateway.protocols.openadr_scene import Scene
from gateway.protocols.openadr_telling import Report, teller
from translators.openadr.requests import ReportRequest
from translators.openadr.windows import Span

_APART = timedelta(minutes=15)
_STATES_APART = timedelta(seconds=10)
"""How far reports on change are apart: numbers move all the time, OPERATING_STATE seldom."""


@dataclass(slots=True)
class Watch:
    """What is told of one resource: one subject, or several that are summed.

    It is told from `since` until `until`, None for as long as the event is served.
    """

    event: str
    request: ReportRequest
    resource: str
    subjects: tuple[str, ...]
    since: datetime
    until: datetime | None
    told: int = 0
    """How many reports were made."""
    last: str = ""
    """Digest of what the last one said."""

    @property
    def key(self) -> str:
        """Return its name, the same in every run."""
        return f"{self.event}|{self.request.number}|{self.resource}"

    def asked(self, utc: datetime) -> bool:
        """Say whether a report may still be made; `repeat` counts where it says more than once."""
        left = (
            self.request.repeat < 0 or self.told < self.request.repeat or self.request.repeat == 1
        )
        return left and (self.until is None or utc < self.until)

    @property
    def name(self) -> str:
        """Return the reportName of the next report: it counts them, so that no restart tells one twice."""
        digest = sha256(repr((self.key, self.told)).encode()).hexdigest()[:16]
        return f"{self.request.payload[:40]}/{self.resource[:40]}/{self.told}/{digest}"


class Watches:
    """All that is told on change; `kept` is what `document` said in an earlier run."""

    def __init__(self, scene: Scene, kept: Mapping[str, Any]) -> None:
        """Know how often what was told."""
        self._scene, self._kept = scene, dict(kept)
        self._watches: dict[str, Watch] = {}
        self._agenda: Agenda[str] = Agenda()
        self._after: dict[str, datetime] = {}
        self._of: dict[str, set[str]] = {}
        """Which watches tell of a subject."""

    def add(self, watch: Watch) -> None:
        """Tell a state from now on; what an earlier run told of it counts."""
        watch.told, watch.last = self._kept.get(watch.key, (0, ""))
        self._watches[watch.key] = watch
        for subject in watch.subjects:
            self._of.setdefault(subject, set()).add(watch.key)
        self._agenda.put(watch.key, watch.since)

    def touch(self, subject: str, utc: datetime) -> None:
        """Look at a subject again: it may do something else."""
        for key in self._of.get(subject, ()):
            at = max(utc, self._watches[key].since)
            self._agenda.put(key, max(at, self._after.get(key, at)))

    def rest(self, event: str) -> None:
        """Tell nothing on an event until it is added again."""
        for key in [key for key, watch in self._watches.items() if watch.event == event]:
            for subject in self._watches.pop(key).subjects:
                self._of[subject].discard(key)
            self._agenda.drop(key)
            self._after.pop(key, None)

    def forget(self, event: str) -> None:
        """Know nothing more of an event."""
        self.rest(event)
        self._kept = {key: it for key, it in self._kept.items() if not key.startswith(f"{event}|")}

    def document(self) -> dict[str, Any]:
        """Return what must be known after a restart."""
        return dict(self._kept)

    def changed(self, utc: datetime) -> Iterator[Report]:
        """Yield a report of each state that is not what was told last."""
        while (key := self._agenda.pop(utc)) is not None:
            watch = self._watches[key]
            report = self._report(watch, utc) if watch.asked(utc) else None
            if report is not None:
                apart = _STATES_APART if watch.request.payload == STATE else _APART
                self._after[key] = utc + apart
                self._kept[key] = [watch.told, watch.last]
                yield report

    def first(self) -> datetime | None:
        """Return when something is to be looked at."""
        return self._agenda.first()

    def _report(self, watch: Watch, utc: datetime) -> Report | None:
        who = teller(self._scene, watch.event, watch.request, watch.resource)
        if who is None or who.problem:
            return None
        at = utc.replace(microsecond=0)
        doing = {name: self._scene.station(name).doing(at) for name in watch.subjects}
        report = Report(
            name=watch.name,
            event=watch.event,
            number=watch.request.number,
            payload=watch.request.payload,
            subjects=watch.subjects,
            aggregate=watch.request.aggregate,
            due=at,
            spans=(Span(watch.told, at, at),),
            states={name: state for name, state in doing.items() if state is not None},
            tried=True,  # by an earlier run, where that was not kept
        )
        body = who.tell(report).body
        if body is None or said(body).digest == watch.last:
            return None
        watch.told, watch.last = watch.told + 1, said(body).digest
        return report

"""A Reporter driven against a list of reports, with time as a number."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from gateway.protocols.openadr_access import Resource
from gateway.protocols.openadr_answers import Owed
from gateway.protocols.openadr_changes import Held
from gateway.protocols.openadr_http import Answer
from gateway.protocols.openadr_reports import Reporter
from support.openadr import an_event
from support.openadr_ven import an_access
from support.translation import book
from translators.canonical.status import StationStatus
from translators.canonical.telemetry import ControlOutcome, Phase, Quality, Sample
from translators.errors import DocumentError
from translators.openadr.wire import event_of
from translators.units import Kind

NOON = datetime(2027, 3, 9, 12, tzinfo=UTC)
CREATED = "2027-03-09T09:00:00Z"
RESOURCES = (Resource("CS1", "EVSE-1"), Resource("CS2", "EVSE-2"))


def a_held(*descriptors, key=None, received=NOON, program=None, digest="d", known=False, **changes):
    """An event as it is served, that asks for these reports."""
    asks = {"reportDescriptors": list(descriptors)} if descriptors else {}
    value = an_event(**{**asks, **changes})
    try:
        event = event_of(value)
    except DocumentError as error:
        event = error
    return Held(
        key or f"{value['id']}/{value.get('createdDateTime', '')}",
        value,
        json.dumps(value).encode(),
        digest,
        event,
        program,
        received,
        known,
    )


def an_owed(outcome="opted_out", *, key=None, event="e1", slot="", **changes):
    mrid = f"vtn/{event}/{CREATED}{slot}"
    known = {"subject": "CS1", "event": event, "mrid": mrid, "at": NOON}
    outcome = ControlOutcome(outcome)
    return Owed(**{"key": key or f"{mrid}/{outcome}", "outcome": outcome, **known, **changes})


def a_status(**changes):
    return StationStatus(**{"at": NOON, "connected": True, **changes})


def a_sample(value, seconds, *, kind=Kind.POWER, evse=1, phase=Phase.ALL, quality=Quality.GOOD):
    at = NOON + timedelta(seconds=seconds)
    return Sample("CS1", evse, kind, value, at, phase, quality)


@dataclass
class Desk:
    """The reports of a VTN; `faults` are answers to the next requests, None lets one through.

    A `lost` answer is one whose request was carried out.
    """

    reports: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    requests: list = field(default_factory=list)

    def answer(self, request):
        self.requests.append(f"{request.method} {request.path.partition('?')[0]}")
        fault = self.faults.pop(0) if self.faults else None
        if fault == "lost":
            self._carried_out(request)
            return Answer(0, problem="timed out")
        return self._carried_out(request) if fault is None else fault

    def _carried_out(self, request):
        one = request.path.rpartition("/")[2]
        if request.method == "GET" and one != "reports":
            return Answer(200, body=json.dumps(self.reports[int(one)]).encode())
        if request.method == "GET":
            query = dict(request.query)
            skip, limit = int(query.get("skip", 0)), int(query.get("limit", 50))
            return Answer(200, body=json.dumps(self.reports[skip : skip + limit]).encode())
        if request.method == "POST":
            made = {**request.body, "id": str(len(self.reports))}
            self.reports.append(made)
            return Answer(201, body=json.dumps(made).encode())
        found = self.reports[int(one)]
        found |= request.body
        return Answer(200, body=json.dumps(found).encode())


class Course:
    """A reporter and its VTN; `now` are seconds since NOON."""

    def __init__(self, desk=None, *, kept=None, draw=0.5, **access):
        self.desk = desk or Desk()
        self.access = an_access(**{"resources": RESOURCES, "ven": "gateway", **access})
        self.reporter = Reporter(self.access, book(), kept)
        self.now, self.draw = 0.0, draw
        self.delivered, self.document = [], kept

    @property
    def utc(self):
        return NOON + timedelta(seconds=self.now)

    def serve(self, *held, subjects=("CS1",)):
        for one in held:
            self.reporter.served(one, frozenset(subjects), self.utc)
        self.reporter.listed(self.utc)

    def describe(self, subject="CS1", *, profile=None, sessions=None, **changes):
        state = a_status(**changes)
        self.reporter.described(subject, state, profile, sessions, self.utc)

    def measure(self, *samples, subject="CS1"):
        self.reporter.measured(subject, samples, self.utc)

    def file(self):
        """Send all that is due now; return what was asked."""
        before = len(self.desk.requests)
        while (request := self.reporter.due(self.now, self.utc)) is not None:
            self.reporter.answered(self.desk.answer(request), self.now, self.utc, self.draw)
        self.delivered += self.reporter.delivered()
        if (kept := self.reporter.kept(self.now)) is not None:
            self.document = orjson.loads(orjson.dumps(kept.document))  # as the store does
        return self.desk.requests[before:]

    def pass_until(self, seconds):
        """Let time pass, sending what becomes due."""
        while True:
            self.file()
            wake = self.reporter.wake_at(self.now, self.utc)
            if wake is None or wake > seconds:
                break
            self.now = max(wake, self.now + 0.001)
        self.now = seconds

    def again(self):
        """Return the next run of the same gateway, with what was kept last."""
        course = Course(self.desk, kept=self.document)
        course.access, course.now = self.access, self.now
        course.reporter = Reporter(self.access, book(), self.document)
        return course


def told(report):
    """Return resource and (type, value) pairs by interval of a report."""
    (resource,) = report["resources"]
    return resource["resourceName"], [
        {payload["type"]: payload["values"][0] for payload in interval["payloads"]}
        for interval in resource["intervals"]
    ]

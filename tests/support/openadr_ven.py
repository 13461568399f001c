"""A VTN made of lists, and a VEN session driven against it with time as a number."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import unquote

from gateway.protocols.openadr_access import Resource, VenAccess
from gateway.protocols.openadr_changes import EventRemoved, EventServed, SessionKept, VtnState
from gateway.protocols.openadr_http import Answer
from gateway.protocols.openadr_ven import Ven
from support.openadr import an_event
from translators.canonical.commands import Revision

EPOCH = datetime(2027, 3, 9, 12, tzinfo=UTC)


def an_access(**changes):
    known = {"utility": "vtn", "url": "https://vtn.example/openadr3", "ven": ""}
    known["revision"] = Revision.OPENADR_3_1
    return VenAccess(**{**known, **changes})


def named(*ids, **changes):
    return [an_event(id=id_, **changes) for id_ in ids]


def a_program(id_="flex", **changes):
    return {"id": id_, "programName": f"name of {id_}", **changes}


@dataclass
class AVtn:
    """What is served: `events` and `programs` as JSON values, or texts as they are; `faults` first."""

    events: list = field(default_factory=list)
    programs: list = field(default_factory=lambda: [a_program()])
    vens: list = field(default_factory=list)
    resources: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    skew_s: float = 0.0
    etags: bool = False
    page: int = 50
    pages: bool = True
    requests: list = field(default_factory=list)

    def answer(self, request, utc):
        self.requests.append(request)
        if self.faults:
            fault = self.faults.pop(0)
            if fault is not None:
                return fault if isinstance(fault, Answer) else Answer(fault)
        date = format_datetime(utc + timedelta(seconds=self.skew_s), usegmt=True)
        status, value = self._served(request)
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        headers = {"date": date}
        if self.etags and status == 200:
            headers["etag"] = f'"{hash(body)}"'
            if request.headers.get("If-None-Match") == headers["etag"]:
                return Answer(304, headers)
        return Answer(status, headers, body)

    def _served(self, request):
        name, _, rest = request.path.lstrip("/").partition("/")
        if request.method == "GET" and name == "auth":
            return 200, {"tokenURL": "https://vtn.example/token"}
        listed = {
            "programs": self.programs,
            "events": self.events,
            "vens": self.vens,
            "resources": self.resources,
        }[name]
        if name == "vens" and "/resources" in rest:
            listed, rest = self.resources, rest.rpartition("resources")[2].lstrip("/")
        if request.method == "POST":
            return self._made(name, listed, request.body)
        if request.method == "PUT":
            found = next(item for item in listed if item["id"] == rest.rpartition("/")[2])
            found |= request.body
            return 200, found
        if rest:
            found = [it for it in listed if isinstance(it, dict) and it["id"] == unquote(rest)]
            return (200, found[0]) if found else (404, {"status": "404", "title": "no such object"})
        return 200, self._page(listed, dict(request.query))

    def _page(self, listed, query):
        if self.pages:
            skip, limit = int(query.get("skip", 0)), min(int(query.get("limit", 50)), self.page)
            listed = listed[skip : skip + limit]
        texts = [it if isinstance(it, bytes) else json.dumps(it).encode() for it in listed]
        return b"[" + b", ".join(texts) + b"]"

    def _made(self, name, listed, body):
        key = "venName" if name == "vens" and "venName" in body else "resourceName"
        if any(item[key] == body[key] for item in listed):
            return 409, []
        made = {**body, "id": str(len(listed))}
        listed.append(made)
        return 201, made


class Course:
    """A session and its VTN; `run` passes time."""

    def __init__(self, vtn=None, *, kept=None, draw=0.5, **access):
        self.vtn = vtn or AVtn()
        self.ven = Ven(an_access(**access), kept)
        self.now, self.draw = 0.0, draw
        self.changes = []

    @property
    def utc(self):
        return EPOCH + timedelta(seconds=self.now)

    def step(self):
        request = self.ven.due(self.now)
        if request is None:
            return None
        answer = self.vtn.answer(request, self.utc)
        found = self.ven.answered(request, answer, self.now, self.utc, self.draw)
        self.changes += found
        return found

    def walk(self):
        """Answer all that is due now; return what changed."""
        before = len(self.changes)
        while self.step() is not None:
            pass
        return self.changes[before:]

    def poll(self):
        """Pass time until something is due, and answer it."""
        self.now = max(self.now, self.ven.wake_at())
        return self.walk()

    def kept(self):
        return next(it.document for it in reversed(self.changes) if isinstance(it, SessionKept))


def served(changes):
    return [it.held.event.id for it in changes if isinstance(it, EventServed)]


def removed(changes):
    return [it.key.partition("/")[0] for it in changes if isinstance(it, EventRemoved)]


def states(changes):
    return [(it.up, it.problem) for it in changes if isinstance(it, VtnState)]


RESOURCES = (Resource("CS1", "CS1-1"), Resource("site", "site", frozenset({"feeder7"})))

"""One report to a VTN, filed once: looked up by its name before it is sent, and again after a lost answer.

    LOOK ── not there ──> POST ── 2xx ──> filed
     │                     └── no answer, 5xx, 409 ──> LOOK
     ├── there, alike ──> filed
     └── there, otherwise ──> PUT ── 2xx ──> filed

VTNs do not tell one report from its repetition, so nothing is posted while their list cannot be read.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from http import HTTPStatus

from gateway.protocols.openadr_http import Answer, Json, Request, Role
from translators.errors import DocumentError
from translators.openadr.wire import parse

PAGE = 50
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_OF_THE_MOMENT = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.CONFLICT,
    }
)


class Fate(StrEnum):
    """What became of a report so far."""

    ASKING = "asking"
    """Send the next request."""
    LATER = "later"
    """Send the next request after a while."""
    FILED = "filed"
    REFUSED = "refused"
    """The VTN never will take it; `problem` says why."""


class Filing:
    """A report on its way; `report` is its body, its reportName is the same at every attempt."""

    def __init__(self, report: Json) -> None:
        """Begin by looking it up."""
        self._report = report
        self._next, self._skip, self._id = "LOOK", 0, ""
        self.problem = ""

    def request(self) -> Request:
        """Return what to send now."""
        match self._next:
            case "POST":
                return Request(Role.REPORTS, "POST", "/reports", body=self._report)
            case "PUT":
                return Request(Role.REPORTS, "PUT", f"/reports/{self._id}", body=self._report)
            case _:
                names = [name for name in ("programID", "clientName") if name in self._report]
                query = [(name, str(self._report[name])) for name in names]
                pages = [("skip", str(self._skip)), ("limit", str(PAGE))]
                return Request(Role.REPORTS, "GET", "/reports", query=(*query, *pages))

    def answered(self, answer: Answer) -> Fate:
        """Take the answer to `request`, and say how it goes on."""
        if answer.ok:
            return self._listed(answer.body) if self._next == "LOOK" else Fate.FILED
        self.problem = answer.problem or f"HTTP {answer.status}"
        moved = self._next == "PUT" and answer.status == HTTPStatus.NOT_FOUND
        self._next, self._skip = "LOOK", 0
        client = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if client and answer.status not in _OF_THE_MOMENT and not moved:
            return Fate.REFUSED
        return Fate.LATER

    def _listed(self, body: bytes) -> Fate:
        try:
            found = parse(body.decode())
        except (DocumentError, UnicodeDecodeError) as error:
            return self._unread(str(error))
        if not isinstance(found, list):
            return self._unread("the list of reports is no list")
        mine = [item for item in found if isinstance(item, dict) and self._same(item)]
        said = parse(json.dumps(self._report["resources"]))
        if any(item.get("resources") == said for item in mine):
            return Fate.FILED
        if mine:
            self._next, self._id = "PUT", str(mine[0].get("id"))
            if not _ID.fullmatch(self._id):
                self.problem = "is there under an id that is none"
                return Fate.REFUSED
        elif len(found) >= PAGE:
            self._skip += len(found)
        else:
            self._next = "POST"
        return Fate.ASKING

    def _unread(self, problem: str) -> Fate:
        self.problem, self._skip = problem, 0
        return Fate.LATER

    def _same(self, item: Json) -> bool:
        names = ("eventID", "clientName", "reportName")
        return all(item.get(name) == self._report[name] for name in names)

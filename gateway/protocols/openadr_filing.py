"""One report to a VTN, filed once: looked up by its name before it is sent, and again after a lost answer.

    LOOK ── not there ──> POST ── 2xx ──> filed          fresh ──> POST
     │                     └── no answer, 5xx, 409 ──> LOOK
     ├── there, alike ──> filed
     └── there, otherwise ──> PUT ── 2xx ──> filed       read long ago ──> look at it alone first

VTNs do not tell one report from its repetition, so nothing that may have been sent is posted while their
list cannot be read. It is read once for each event and then known (`Shelf`), until an answer is lost; what
is `fresh` was never sent, by no earlier run either, and need not be looked up: lists grow for ever. VTNs
give an id to another report after a restart, so one that was read long ago is read again before its update.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus

from gateway.protocols.openadr_http import Answer, Json, Request, Role
from gateway.protocols.openadr_listing import Listing
from gateway.protocols.openadr_problem import parsed, problem_of
from translators.errors import DocumentError

_LIST = "/reports"
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_OF_THE_MOMENT = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,  # also of a token that was revoked
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
_MOST_LISTED = 10_000
"""Reports on one event that are looked through."""
_MOST_CONFLICTS = 5
"""How often a VTN may say that a report is there which its list does not have."""


class Fate(StrEnum):
    """What became of a report so far."""

    ASKING = "asking"
    """Send the next request."""
    LATER = "later"
    """Send the next request after a while."""
    FILED = "filed"
    REFUSED = "refused"
    """The VTN never will take it; `problem` says why."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a report says: a digest of it, and of how many intervals it tells something."""

    digest: str
    told: int


class Shelf:
    """The reports of one client on one event, as the VTN has them."""

    def __init__(self, event: str, client: str) -> None:
        """Know none of them."""
        self._event, self._client = event, client
        self._reading = self._listing()
        self._found: dict[str, tuple[str, Said]] = {}
        self.known = False
        """Whether all that is not found is not there."""

    def request(self) -> Request:
        """Return the page to ask for."""
        return self._reading.request()

    def answered(self, answer: Answer) -> bool:
        """Take a page; say whether the list is too long. `DocumentError` where it cannot be read."""
        if not self._reading.answered(answer):
            return len(self._reading.items) > _MOST_LISTED
        self._found = {}
        for item in self._reading.items:
            self._take(item)
        self.known = True
        self._reading = self._listing()
        return False

    def find(self, name: str) -> tuple[str, Said] | None:
        """Return the id of a report by its name, and what it says."""
        return self._found.get(name)

    def put(self, name: str, id_: str, said: Said) -> None:
        """Know that a report was filed."""
        self._found[name] = (id_, said)

    def doubt(self, name: str = "") -> None:
        """Read the list again before it counts that something is not there; know nothing of a report."""
        self._found.pop(name, None)
        self.known = False
        self._reading = self._listing()

    def _listing(self) -> Listing:
        # filters that a server ignores are applied here too
        query = (("eventID", self._event), ("clientName", self._client))
        return Listing(Role.REPORTS, _LIST, query)

    def _take(self, item: bytes) -> None:
        """Know one report of the list; what is none, or is not ours, is passed over."""
        try:
            value = parsed(item)
        except DocumentError:
            return
        if not isinstance(value, dict):
            return
        name = value.get("reportName")
        ours = (value.get("eventID"), value.get("clientName")) == (self._event, self._client)
        if ours and isinstance(name, str):
            self._found[name] = (str(value.get("id")), said(value))


class Filing:
    """A report on its way; its reportName is the same at every attempt.

    One that is there under its name and says something else is replaced where it `updates`, or tells of fewer
    intervals.
    """

    def __init__(
        self, report: Json, shelf: Shelf, *, updates: bool = True, fresh: bool = False
    ) -> None:
        """Begin by looking it up, unless it is `fresh` or the list is known."""
        self._report, self._shelf = report, shelf
        self._updates, self._fresh = updates, fresh
        self._said = said(report)
        self._conflicts = 0
        self._sure = False
        """Whether an id was read for this filing."""
        self._sent: Request | None = None
        self.problem = ""
        self.wrote = False
        """Whether it was sent, and may have come."""

    def request(self) -> Request | None:
        """Return what to send now, None where the report is filed or never will be (`fate`)."""
        self._sent = self._next()
        return self._sent

    @property
    def fate(self) -> Fate:
        """Say what became of it where nothing is to be sent."""
        return Fate.REFUSED if self.problem else Fate.FILED

    def _next(self) -> Request | None:
        found = self._shelf.find(self._report["reportName"])
        if found is None and not (self._fresh or self._shelf.known):
            return self._shelf.request()
        if found is None:
            return Request(Role.REPORTS, "POST", _LIST, body=self._report)
        id_, held = found
        if held == self._said or not (self._updates or held.told < self._said.told):
            self.problem = ""
            return None
        if not _ID.fullmatch(id_):
            self.problem = "is there under an id that is none"
            return None
        if not self._sure:
            return Request(Role.REPORTS, "GET", f"/reports/{id_}")
        return Request(Role.REPORTS, "PUT", f"/reports/{id_}", body=self._report)

    def answered(self, answer: Answer) -> Fate:
        """Take the answer to `request`, and say how it goes on."""
        method, path = ("", "") if self._sent is None else (self._sent.method, self._sent.path)
        if method == "GET":
            return self._looked(answer) if path == _LIST else self._seen(answer)
        self.wrote = True
        if answer.ok and not answer.problem:
            self._filed(method, answer)
            return Fate.FILED
        self.problem, self._fresh = problem_of(answer), False
        self._shelf.doubt(self._report["reportName"])
        self._conflicts += answer.status == HTTPStatus.CONFLICT
        moved = method == "PUT" and answer.status == HTTPStatus.NOT_FOUND
        if self._conflicts > _MOST_CONFLICTS or (_for_good(answer.status) and not moved):
            return Fate.REFUSED
        return Fate.LATER

    def _looked(self, answer: Answer) -> Fate:
        try:
            endless = self._shelf.answered(answer)
        except DocumentError as error:
            self.problem = str(error)
            self._shelf.doubt()
            return Fate.LATER
        if endless:
            self.problem = f"may be among more than {_MOST_LISTED} reports"
            self._shelf.doubt()
            return Fate.REFUSED
        self._sure = True
        return Fate.ASKING

    def _seen(self, answer: Answer) -> Fate:
        """Take one report by its id: where it is not this one any more, the list tells."""
        if not (answer.ok or _for_good(answer.status)):
            self.problem = problem_of(answer)
            return Fate.LATER
        self._sure = True
        if not self._is_this(answer):
            self._shelf.doubt(self._report["reportName"])
            self._fresh = False
        return Fate.ASKING

    def _is_this(self, answer: Answer) -> bool:
        try:
            value = parsed(answer.body)
        except DocumentError:
            return False
        names = ("eventID", "clientName", "reportName")
        return isinstance(value, dict) and all(value.get(it) == self._report[it] for it in names)

    def _filed(self, method: str, answer: Answer) -> None:
        """Know it as the VTN has it from now on; without its id it has to be looked up again."""
        name = self._report["reportName"]
        if method == "PUT":
            found = self._shelf.find(name)
            self._shelf.put(name, "" if found is None else found[0], self._said)
            return
        try:
            made = parsed(answer.body)
        except DocumentError:
            made = None
        id_ = str(made.get("id")) if isinstance(made, dict) else ""
        if _ID.fullmatch(id_):
            self._shelf.put(name, id_, self._said)
        else:
            self._shelf.doubt(name)


def said(report: Json) -> Said:
    """Return what a report says: values by resource and interval, however they are written.

    VTNs write times, numbers and absent members in their own way.
    """
    found = [
        (resource.get("resourceName"), [_payloads(it) for it in _objects(resource, "intervals")])
        for resource in _objects(report, "resources")
    ]
    told = [
        any(kind != "DATA_QUALITY" for kind, _ in payloads)
        for _, intervals in found
        for payloads in intervals
    ]
    return Said(sha256(repr(found).encode()).hexdigest(), sum(told))


def _payloads(interval: Json) -> list[tuple[Json, list[object]]]:
    return [
        (item.get("type"), [_plain(value) for value in _listed(item, "values")])
        for item in _objects(interval, "payloads")
    ]


def _objects(value: Json, key: str) -> list[Json]:
    return [item for item in _listed(value, key) if isinstance(item, dict)]


def _listed(value: Json, key: str) -> list[Json]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _plain(value: Json) -> object:
    """Return a number by value: 7, 7.0 and 70e-1 are one."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        return str(exact)
    sign, digits, exponent = exact.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    short = text.rstrip("0")
    return (sign, short, int(exponent) + len(text) - len(short)) if short else 0


def _for_good(status: int) -> bool:
    """Say whether a refusal will be the same at the next try."""
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return (refused and status not in _OF_THE_MOMENT) or status == HTTPStatus.NOT_IMPLEMENTED

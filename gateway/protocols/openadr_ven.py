"""An OpenADR 3 VEN at one VTN, without I/O: which request is due, and what its answer changes.

Theory of operation. `due(now)` names the next request, `answered` takes what came of it and returns what
changed, `wake_at` says when the next one is due; one request is under way at a time. Found out first is
which edition the VTN speaks; then a walk reads its programs and its events, page by page, and the ledger
compares. Then the VEN registers itself. `hint` makes a walk due at once: a push is never the truth itself.
Failures change nothing but the time of the next try: what was served last goes on. Of a list that came in
part only what is in it counts. While the VTN's clock is too far from ours, nothing of it is passed on.

Random numbers in [0, 1) and all times come in: monotonic seconds, and UTC by our clock. The token is the
business of whoever owns the connection (`openadr_token`): 401 here means that none is to be had.

In the list of changes `SessionKept` stands first: it must be kept before the others are acted on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_changes import (
    Change,
    Held,
    RevisionFound,
    SessionKept,
    VtnHeard,
    VtnState,
)
from gateway.protocols.openadr_enrolment import Enrolment
from gateway.protocols.openadr_events import Ledger, Scope
from gateway.protocols.openadr_http import Answer, Json, Request, Role
from gateway.protocols.openadr_problem import DATE_S, parsed, problem_of, retry_after_s, said_at
from gateway.protocols.openadr_programs import Programs
from gateway.protocols.openadr_walk import Walk, Wish
from gateway.protocols.pacing import backoff, spread
from translators.canonical.commands import Revision
from translators.errors import DocumentError

_HINT_S = 1.0
"""How soon after one walk a hint may begin another; after a failure it is five times as long."""
_UNCHANGED = 304
_TRIES = 3
"""After how many failures a walk is begun anew."""
_STALE_S = 300.0
_EDITION = re.compile(r"/3\.(\d)(?:\.\d+)?(?:/|$)")


class _Stage(Enum):
    """How far a walk is."""

    REVISION = "which edition"
    PROGRAMS = "programs"
    EVENTS = "events"
    REST = "between walks"


class Ven:
    """One VEN; `kept` is the document of its last `SessionKept` of the part `ven`."""

    def __init__(self, access: VenAccess, kept: Mapping[str, Any] | None = None) -> None:
        """Know the VTN, and what an earlier run saw."""
        self._access = access
        kept = kept or {}
        self._ledger = Ledger(kept.get("events"))
        self.seed: str = kept.get("seed", "")
        """Of random starts: drawn once, the same after a restart."""
        self.revision = access.revision or _by_path(access.url)
        self._programs = Programs(access.programs)
        self._scope: Scope | None = None
        self.enrolment = Enrolment(access)
        self._announced = False
        self._stage = _Stage.REST
        self._due, self._began, self._last = 0.0, 0.0, 0.0
        self._failures, self._barred = 0, 0.0
        self._again = False
        self._walk, self._walked = Walk(self._ledger), False
        self._up: bool | None = None
        self._trouble = ""
        self._state: VtnState | None = None

    @property
    def programs(self) -> tuple[str, ...]:
        """Return the ids of the programs that are followed, as far as they are known."""
        return self._programs.here

    @property
    def held(self) -> list[Held]:
        """Return the events that are served now."""
        return self._ledger.held

    def describe(self, subject: str, attributes: Sequence[Json], now: float) -> None:
        """Know the attributes of a subject's resource, as the VTN is to have them."""
        self.enrolment.describe(subject, attributes, now)

    def hint(self, now: float) -> None:
        """Read everything at once: something changed, says a push."""
        self._programs.due = now
        self._again = self._stage is not _Stage.REST
        if not self._again or self._failures:
            pause = _HINT_S * (5 if self._failures else 1)
            self._due = min(self._due, max(now, self._last + pause, self._barred))

    def due(self, now: float) -> Request | None:
        """Return the request that is due, None where none is."""
        if now < self._barred:
            return None
        if now >= self._due:
            if self._stage is _Stage.REST:
                self._begin(now)
            return self._walk_request()
        if self._enrols() and now >= self.enrolment.due and self.revision is not None:
            return self.enrolment.request(self.revision)
        return None

    def wake_at(self) -> float:
        """Return when the next request will be due (monotonic seconds)."""
        first = min(self._due, self.enrolment.due) if self._enrols() else self._due
        return max(first, self._barred)

    def answered(
        self, request: Request, answer: Answer, now: float, utc: datetime, draw: float
    ) -> list[Change]:
        """Take what came of a request; return what changed. `draw` in [0, 1) spreads the next try."""
        self._last = now
        changes: list[Change] = []
        if not self.seed:
            self.seed, self._ledger.moved = f"{draw:.17f}", True
        if request.role in {Role.VENS, Role.RESOURCES}:
            self._enrolled(request, answer, now, utc, draw)
        else:
            try:
                self._guard(answer, utc)
                changes += self._take(request, answer, now, utc, draw)
                if answer.ok or answer.status == _UNCHANGED:
                    self._failures = 0
            except DocumentError as error:
                changes += self._failed(str(error), answer, now, utc, draw)
        if self.revision is not None and not self._announced:
            self._announced = True
            changes.insert(0, RevisionFound(self.revision))
        if self._ledger.moved:
            document = {"seed": self.seed, "events": self._ledger.document()}
            changes.insert(0, SessionKept("ven", document))
        return [*changes, *self._state_changed()]

    def _begin(self, now: float) -> None:
        """Start a walk."""
        self._began, self._again = now, False
        self._walk.reset()
        self._programs.begin()
        if self.revision is None:
            self._stage = _Stage.REVISION
        elif now >= self._programs.due:
            self._stage = _Stage.PROGRAMS
        else:
            self._to_events(now)

    def _to_events(self, now: float) -> None:
        self._stage = _Stage.EVENTS
        self._walk.begin(self._wish(), now)

    def _wish(self) -> Wish:
        """Return what is asked for; the scope is another one only where it says something else."""
        programs, revision = self._programs, self.revision or Revision.OPENADR_3_1
        scope = self._scope
        if scope is None or scope.programs is not programs.by_id or scope.revision != revision:
            audience = self._access.audience
            scope = Scope(programs.by_id, programs.followed, audience, revision)
        self._scope = scope
        return Wish(scope, programs.only, self._access.asked)

    def _walk_request(self) -> Request:
        match self._stage:
            case _Stage.REVISION:
                return Request(Role.DISCOVERY, "GET", "/auth/server")
            case _Stage.PROGRAMS:
                return self._programs.request()
            case _:
                return self._walk.request()

    def _take(
        self, request: Request, answer: Answer, now: float, utc: datetime, draw: float
    ) -> list[Change]:
        """Go on with the walk by what came."""
        match self._stage:
            case _Stage.REVISION:
                self._discovered(answer)
                self._stage = _Stage.PROGRAMS
            case _Stage.PROGRAMS:
                if self._programs.answered(answer, now):
                    if self._walk.begun:  # asked for because of an event
                        self._stage = _Stage.EVENTS
                        self._walk.wish(self._wish())
                        return self._listed(now, utc, draw)
                    self._to_events(now)
            case _Stage.EVENTS if self._walk.answered(request, answer, utc):
                return self._listed(now, utc, draw)
            case _:
                pass
        return []

    def _discovered(self, answer: Answer) -> None:
        """Know the edition: only 3.1 has this address (3.1 Definition, auth/server)."""
        if answer.problem or answer.status in {0, 408, 429} or answer.status >= 500:
            raise DocumentError(problem_of(answer), where="/auth/server")
        try:
            value = parsed(answer.body) if answer.ok else None
        except DocumentError:
            value = None
        named = isinstance(value, dict) and "tokenURL" in value
        self.revision = Revision.OPENADR_3_1 if named else Revision.OPENADR_3_0

    def _listed(self, now: float, utc: datetime, draw: float) -> list[Change]:
        """All lists are whole: close the walk with what changed, unless there is more to ask."""
        changes: list[Change] = []
        if not self._walk.same(utc):
            if self._programs.lacks(self._walk.programs(), self._began):
                self._programs.begin()
                self._stage = _Stage.PROGRAMS
                return []
            if not self._walk.settled(now, utc):
                return []
            changes = self._walk.compare(utc)
        pause = spread(self._access.poll_s, draw)
        self._stage, self._walked = _Stage.REST, True
        self._due = now + (_HINT_S if self._again else pause)
        self._up = True
        return [*changes, VtnHeard(pause)]

    def _failed(
        self, problem: str, answer: Answer, now: float, utc: datetime, draw: float
    ) -> list[Change]:
        """Pause; take what came of a list as far as it did, and remove nothing."""
        self._failures += 1
        asked = retry_after_s(answer, utc)
        if asked is not None:
            self._barred = self._due = now + asked
        else:
            self._due = now + backoff(self._access.poll_s, self._failures, draw)
        changes: list[Change] = []
        if self._stage is _Stage.EVENTS and not self._skewed(answer, utc):
            changes = self._walk.part(utc)
        if now - self._began > _STALE_S or self._failures >= _TRIES:
            self._stage = _Stage.REST
        self._up, self._trouble = False, problem
        return changes

    def _guard(self, answer: Answer, utc: datetime) -> None:
        """Refuse answers of a VTN whose clock is too far from ours, an old copy of one too."""
        if self._skewed(answer, utc):
            told = said_at(answer)
            problem = f"its clock says {told}, ours {utc.replace(microsecond=0)}"
            raise DocumentError(problem, where="Date", rule="max_skew_s")

    def _skewed(self, answer: Answer, utc: datetime) -> bool:
        told = said_at(answer) if answer.status else None
        if told is None:
            return False
        return abs((told - utc).total_seconds()) > self._access.max_skew_s + DATE_S

    def _enrols(self) -> bool:
        return bool(self._access.ven) and self._walked and self.revision is not None

    def _enrolled(
        self, request: Request, answer: Answer, now: float, utc: datetime, draw: float
    ) -> None:
        known = self.enrolment.ven_id
        self.enrolment.answered(request, answer, now, draw)
        asked = retry_after_s(answer, utc) if not answer.ok else None
        if asked is not None:
            self.enrolment.due = now + asked
        if self.revision is not None and self.enrolment.request(self.revision) is None:
            self.enrolment.over(now, draw)
            if self.enrolment.ven_id != known or request.method == "POST":
                self.hint(now)  # events for its targets may be served from now on

    def _state_changed(self) -> list[Change]:
        if self._up is None:
            return []
        odd = [self._programs.note, self.enrolment.problem, *self._ledger.notes[:3]]
        problem = "; ".join(filter(None, odd)) if self._up else self._trouble
        state = VtnState(self._up, problem)
        if state == self._state:
            return []
        self._state = state
        return [state]


def _by_path(url: str) -> Revision | None:
    """Return the edition that a base address names (`/openadr3/3.0.1`), None where it names none."""
    found = _EDITION.search(urlsplit(url).path)
    if found is None:
        return None
    return Revision.OPENADR_3_0 if found[1] == "0" else Revision.OPENADR_3_1

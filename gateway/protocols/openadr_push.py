"""How a VEN is told that something changed, without I/O: what the VTN offers, its topics, subscriptions.

Theory of operation. A round asks a VTN of 3.1 what it offers and for the topics of its broker, and then
brings the subscriptions up to date (`openadr_subscriptions`). Rounds are made anew from time to time, and
at once where the VTN was away, for it may have forgotten everything. What is offered is no condition of
anything: polling goes on as well.

`SessionKept` names the address that subscriptions lead to, for they have to be taken back when webhooks are
no longer wanted: a VTN may fail where a callback does not answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_changes import SessionKept
from gateway.protocols.openadr_http import Answer, Request, Role
from gateway.protocols.openadr_notifiers import Broker, Offer, offer_of, topic_paths, topics_of
from gateway.protocols.openadr_problem import problem_of, retry_after_s, trouble_of
from gateway.protocols.openadr_subscriptions import Callback, Subscriptions, Watched
from gateway.protocols.pacing import backoff, spread
from translators.canonical.commands import Revision
from translators.errors import DocumentError

_ROUND_S = 300.0
_AGAIN_S = 1.0
_MOST_PROGRAMS = 50
_TRIES = 3
"""How often something is asked for in vain before the round goes on without it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How pushes may come: to a callback, by the VTN's broker; `plain` where that needs no TLS."""

    callback: Callback = field(default_factory=Callback)
    mqtt: bool = False
    plain: bool = False


class _Stage(Enum):
    """How far a round is."""

    OFFER = "what the VTN offers"
    TOPICS = "topics of its broker"
    SUBSCRIPTIONS = "subscriptions"
    REST = "between rounds"


class Push:
    """The pushes of one VEN; `kept` is the document of its last `SessionKept` of the part `push`."""

    def __init__(
        self, access: VenAccess, wanted: Wanted, kept: Mapping[str, Any] | None = None
    ) -> None:
        """Ask nothing before `know`."""
        self._access, self._wanted = access, wanted
        self._kept = str((kept or {}).get("callback", ""))
        name = access.ven or access.client.id or "dergate"
        self._subscriptions = Subscriptions(name, wanted.callback, self._kept)
        self._revision: Revision | None = None
        self._programs: tuple[str, ...] = ()
        self._ven_id = ""
        self.broker: Broker | None = None
        """The VTN's broker, with the topics that the VTN named; both as of the last round."""
        self.topics: frozenset[str] = frozenset()
        self._offer = Offer()
        self._stage, self._due, self._failures = _Stage.REST, 0.0, 0
        self._again, self._serving = False, True
        self._paths: list[str] = []
        self._named: set[str] = set()
        self._notes: list[str] = []
        self.problem = ""
        """What of it does not work, for people, as of the last round."""

    @property
    def programs(self) -> tuple[str, ...] | None:
        """Return the ids of the programs that are followed, None for all."""
        return self._programs if self._access.programs else None

    def know(
        self, revision: Revision | None, programs: tuple[str, ...], ven_id: str, now: float
    ) -> None:
        """Know what the session found out, ids of followed programs among it; what differs begins a round."""
        told = revision, programs, ven_id
        if told != (self._revision, self._programs, self._ven_id):
            self._revision, self._programs, self._ven_id = told
            self.recheck(now)

    def serve(self, now: float, *, serving: bool) -> None:
        """Know whether the callback answers; nothing leads there while it does not."""
        if serving is not self._serving:
            self._serving = serving
            self.recheck(now)

    def recheck(self, now: float) -> None:
        """Begin a round at once: the VTN may have forgotten what it was told."""
        self._again = self._stage is not _Stage.REST
        if not self._failures:
            self._due = min(self._due, now)

    def due(self, now: float) -> Request | None:
        """Return the request that is due, None where none is."""
        if self._revision is None or now < self._due or not self._works():
            return None
        if self._stage is _Stage.REST:
            self._begin()
        request = self._request()
        if request is None:  # nothing to ask for at all
            self._close(now, 0.5)
        return request

    def wake_at(self) -> float | None:
        """Return when the next request will be due (monotonic seconds), None before anything is known."""
        return self._due if self._revision is not None and self._works() else None

    def answered(
        self, request: Request, answer: Answer, now: float, utc: datetime, draw: float
    ) -> list[SessionKept]:
        """Take what came of a request; return what has to be kept. `draw` in [0, 1) spreads the next try."""
        try:
            self._take(request, answer)
            self._failures = 0
        except DocumentError as error:
            if answer.status and self._failures + 1 >= _TRIES and request.method == "GET":
                self._pass_over(str(error))
            else:
                self._failed(str(error), answer, now, utc, draw)
        if not self._failures and self._request() is None:
            self._close(now, draw)
        if self._subscriptions.callback == self._kept:
            return []
        self._kept = self._subscriptions.callback
        return [SessionKept("push", {"callback": self._kept})]

    def _works(self) -> bool:
        """Say whether there is anything to ask for, or to take back."""
        return bool(self._wanted.callback.url or self._wanted.mqtt or self._kept)

    def _begin(self) -> None:
        self._again, self._notes, self._named, self._paths = False, [], set(), []
        self._offer = Offer()
        if self._revision is Revision.OPENADR_3_1 and (
            self._wanted.mqtt or self._wanted.callback.url
        ):
            self._stage = _Stage.OFFER
        else:
            self._to_subscriptions()

    def _to_subscriptions(self) -> None:
        """Leave the topics behind; what was named counts from now on."""
        self.broker, self.topics = self._offer.broker, frozenset(self._named)
        watched = None
        called = self._wanted.callback.url and self._offer.webhook and self._serving
        if called and self._revision is not None:
            watched = Watched(
                self._revision,
                self._programs[:_MOST_PROGRAMS],
                every=not self._access.programs,
                targets=self._access.asked,
            )
        self._stage = _Stage.SUBSCRIPTIONS
        self._subscriptions.begin(watched)

    def _request(self) -> Request | None:
        match self._stage:
            case _Stage.OFFER:
                return Request(Role.NOTIFIERS, "GET", "/notifiers")
            case _Stage.TOPICS:
                return Request(Role.NOTIFIERS, "GET", self._paths[0])
            case _Stage.SUBSCRIPTIONS:
                return self._subscriptions.request()
            case _:
                return None

    def _take(self, request: Request, answer: Answer) -> None:
        """Go on with the round by what came."""
        if self._stage is _Stage.SUBSCRIPTIONS:
            self._subscriptions.take(request, answer)
            return
        trouble_of(answer, request.path)
        if not answer.ok:
            self._pass_over(f"{request.path}: {problem_of(answer)}")
            return
        try:
            self._read(answer)
        except DocumentError as error:
            self._pass_over(f"{request.path}: {error}")

    def _read(self, answer: Answer) -> None:
        """Take what the VTN offers, or topics of its broker."""
        if self._stage is _Stage.OFFER:
            plain, client = self._wanted.plain, self._access.client.id
            self._offered(offer_of(answer, client, plain=plain))
        elif self._stage is _Stage.TOPICS:
            self._named.update(topics_of(answer))
            self._next_topics()

    def _pass_over(self, problem: str) -> None:
        """Go on without what cannot be had."""
        if self._stage is _Stage.SUBSCRIPTIONS:
            self._subscriptions.unlisted(problem)
            return
        self._notes.append(problem)
        if self._stage is _Stage.OFFER:
            self._offered(Offer())  # 3.1: webhooks must be offered
        else:
            self._next_topics()

    def _offered(self, offer: Offer) -> None:
        self._offer = offer if self._wanted.mqtt else Offer(offer.webhook)
        if self._offer.problem:
            self._notes.append(self._offer.problem)
        if not offer.webhook and self._wanted.callback.url:
            self._notes.append("it offers no webhooks")
        self._stage = _Stage.TOPICS
        if self._offer.broker is not None:
            programs, every = self._programs[:_MOST_PROGRAMS], not self._access.programs
            self._paths = topic_paths(programs, self._ven_id, all_programs=every)
        if not self._paths:
            self._to_subscriptions()

    def _next_topics(self) -> None:
        self._paths.pop(0)
        if not self._paths:
            self._to_subscriptions()

    def _failed(self, problem: str, answer: Answer, now: float, utc: datetime, draw: float) -> None:
        """Pause; what may or may not have been done is looked up before it is done again."""
        self._failures += 1
        self.problem = problem
        asked = retry_after_s(answer, utc)
        pause = backoff(self._access.poll_s, self._failures, draw) if asked is None else asked
        self._due = now + pause
        if self._stage is _Stage.SUBSCRIPTIONS:
            self._subscriptions.again()

    def _close(self, now: float, draw: float) -> None:
        """End a round; the next one comes in its time, at once where something changed meanwhile."""
        notes = [*self._notes, *self._subscriptions.notes]
        if len(self._programs) > _MOST_PROGRAMS:
            notes.append(f"of {len(self._programs)} programs {_MOST_PROGRAMS} are watched")
        self.problem = "; ".join(list(dict.fromkeys(notes))[:3])
        self._stage = _Stage.REST
        self._due = now + (_AGAIN_S if self._again else spread(_ROUND_S, draw))

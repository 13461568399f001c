"""Files what a VTN is to be told: drives `openadr_reports` beside the session, one request at a time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from gateway.connectors.openadr.waiting import rest
from gateway.core.effects import Doing, PostSamples, ReportStation, RespondToUtility
from gateway.core.events import SessionKept
from gateway.errors import PeerError, ResponseRefusedError
from gateway.failpoints import Failpoints
from gateway.ports import Clock, Post
from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_answers import Delivered, Need, Owed
from gateway.protocols.openadr_changes import Held
from gateway.protocols.openadr_http import Answer, Request
from gateway.protocols.openadr_reports import Reporter
from translators.canonical.commands import Revision
from translators.canonical.status import StationStatus
from translators.canonical.telemetry import ControlOutcome
from translators.rules.book import Book

log = structlog.get_logger()

_SLICE_S = 5.0
_ENDED = "the connection is not open"

type Send = Callable[[Request], Awaitable[Answer]]
"""Ask the VTN once, with a token that is good; never raises for what the peer does."""


class Reporting:
    """What one VEN tells its VTN, for all its stations and sites.

    The driver of the session hands on what it learned (`speaks`, `served`, `removed`, `listed`, `refused`)
    and runs `run` in its task group; links hand on what the engine wants told (`respond`, `measured`,
    `described`). `kept` is the document of the part `reports` that an earlier run kept.
    """

    def __init__(
        self,
        access: VenAccess,
        book: Book,
        clock: Clock,
        *,
        kept: Mapping[str, Any] | None = None,
        draw: random.Random | None = None,
        failpoints: Failpoints | None = None,
    ) -> None:
        """Ask nothing yet."""
        self._access, self._clock = access, clock
        self._reporter = Reporter(access, book, kept)
        self._draw = draw or random.SystemRandom()
        self._failpoints = failpoints or Failpoints()
        self._changed = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[Delivered]] = {}
        self._problem = ""
        self._running = False

    def use(self, book: Book) -> None:
        """Write by other mapping rules from now on."""
        self._reporter.use(book)

    def speaks(self, revision: Revision) -> None:
        """Know the edition of the VTN (`RevisionFound`)."""
        self._reporter.speaks(revision, self._clock.now().utc)
        self._changed.set()

    def served(self, held: Held, subjects: frozenset[str]) -> None:
        """Know an event or another edition of it (`EventServed`), and the subjects that it addresses.

        Also one that cannot be read, or that addresses nobody.
        """
        self._reporter.served(held, subjects, self._clock.now().utc)
        self._changed.set()

    def removed(self, key: str) -> None:
        """Report nothing more on an event that is served no more (`EventRemoved`)."""
        self._reporter.removed(key)
        self._changed.set()

    def listed(self) -> None:
        """Know that a whole list of events came (`VtnHeard`), after its changes were handed on."""
        self._reporter.listed(self._clock.now().utc)
        self._changed.set()

    def refused(self, key: str, subject: str, outcome: ControlOutcome) -> None:
        """Tell once that an event, by its key, is not followed at a subject.

        It is for what the engine never hears of: what it gets as a command with refusals it answers itself.
        """
        self._reporter.refused(key, subject, outcome)
        self._changed.set()

    def measured(self, effect: PostSamples) -> None:
        """Take measured values of a subject."""
        self._reporter.measured(effect.station, effect.samples, self._clock.now().utc)

    def described(self, effect: ReportStation) -> None:
        """Know what a subject is and does; the newest counts."""
        does = effect.doing or Doing()
        state = StationStatus(
            effect.at,
            effect.connected,
            effect.alarms,
            faulted=effect.faulted,
            in_session=None if does.sessions is None else bool(does.sessions),
            opted_out=does.opted_out,
            curtailed=does.curtailed,
            setpoint=does.setpoint,
        )
        utc = self._clock.now().utc
        self._reporter.described(effect.station, state, effect.profile, does.sessions, utc)
        self._changed.set()

    async def respond(self, response: RespondToUtility) -> None:
        """Tell what became of a command, where that is to be told; return once it is filed.

        `PeerError` to try again, `ResponseRefusedError` where the VTN never will take it.
        """
        owed = Owed(
            key=response.key,
            subject=response.station,
            event=response.reply_to,
            mrid=response.mrid,
            outcome=response.outcome,
            at=response.created,
        )
        need = self._reporter.owe(owed) if self._running else Need.UNKNOWN
        if need is Need.UNKNOWN:
            raise PeerError(need.value, where=self._access.utility)
        if need is Need.NOTHING:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting[response.key] = future
        self._changed.set()
        try:
            delivered = await future
        finally:
            self._waiting.pop(response.key, None)
        if delivered.accepted:
            return
        if delivered.final:
            raise ResponseRefusedError(delivered.problem, where=self._access.utility)
        raise PeerError(delivered.problem, where=self._access.utility)

    async def run(self, send: Send, post: Post) -> None:
        """File what is due until cancelled; what waits for an answer is then told to try again."""
        self._running = True
        try:
            while True:
                now = self._clock.now()
                request = self._reporter.due(now.monotonic, now.utc)
                self._tell(post)
                if request is None:
                    await self._rest()
                    continue
                self._failpoints.reach("reporting")
                answer = await send(request)
                self._failpoints.reach("reported")
                now = self._clock.now()
                self._reporter.answered(answer, now.monotonic, now.utc, self._draw.random())
                self._tell(post)
        finally:
            self._running = False
            self._keep(post, final=True)
            for key, future in self._waiting.items():
                _settle(future, Delivered(key, accepted=False, problem=_ENDED, final=False))

    def _tell(self, post: Post) -> None:
        """Hand on what became of answers, and what has to be kept."""
        for delivered in self._reporter.delivered():
            future = self._waiting.get(delivered.key)
            if future is not None:
                _settle(future, delivered)
        self._keep(post)
        for note in self._reporter.notes():
            log.warning("report.untold", utility=self._access.utility, problem=note)
        problem = self._reporter.problem
        if problem and problem != self._problem:
            log.warning("reports.delayed", utility=self._access.utility, problem=problem)
        self._problem = problem

    def _keep(self, post: Post, *, final: bool = False) -> None:
        kept = self._reporter.kept(self._clock.now().monotonic, final=final)
        if kept is not None:
            post(SessionKept(self._access.utility, kept.part, kept.document))

    async def _rest(self) -> None:
        """Wait until something is due, or something changed."""
        now = self._clock.now()
        wake = self._reporter.wake_at(now.monotonic, now.utc)
        ahead = _SLICE_S if wake is None else wake - now.monotonic
        await rest(self._changed, min(_SLICE_S, ahead))


def _settle(future: asyncio.Future[Delivered], delivered: Delivered) -> None:
    if not future.done():
        future.set_result(delivered)

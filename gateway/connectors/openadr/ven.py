"""Drives a session with one VTN: asks what is due, hands on what it serves, tells what is owed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, assert_never

import structlog

from gateway.beside import beside
from gateway.connectors.openadr.access import VtnAccess
from gateway.connectors.openadr.channel import Channel
from gateway.connectors.openadr.handing import Handed
from gateway.connectors.openadr.pushing import PART as PUSH
from gateway.connectors.openadr.pushing import Pushing
from gateway.connectors.openadr.reporting import Reporting
from gateway.connectors.openadr.schedule import Schedule
from gateway.connectors.openadr.sender import Sender
from gateway.connectors.openadr.waiting import rest
from gateway.core import events
from gateway.core.effects import PostSamples, ReportStation, RespondToUtility
from gateway.core.events import Now, UtilityChanged, UtilityHeard
from gateway.errors import IdentityError
from gateway.failpoints import Failpoints
from gateway.ports import Clock, Post
from gateway.protocols.openadr_changes import (
    Change,
    EventRemoved,
    EventServed,
    RevisionFound,
    SessionKept,
    VtnHeard,
    VtnState,
)
from gateway.protocols.openadr_http import Role
from gateway.protocols.openadr_reports import PART as REPORTS
from gateway.protocols.openadr_token import Tokens
from gateway.protocols.openadr_ven import Ven
from translators.canonical.commands import Revision
from translators.openadr.outbound import resource_attributes
from translators.rules.book import Book

log = structlog.get_logger()

_IDENTITY_RETRY_S = 30.0
_SLICE_S = 5.0
PART = "ven"
"""The part of the session that this is."""


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier run left: the documents of the session by part, commands by subject and mRID."""

    kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    handed: Mapping[str, Mapping[str, Handed]] = field(default_factory=dict)


class OpenAdrVen:
    """One VEN at its VTN, for all stations and sites that it stands for.

    A `silent` one reads, and tells nothing: it registers nobody and files no report.
    """

    def __init__(
        self,
        access: VtnAccess,
        book: Book,
        clock: Clock,
        *,
        before: Before | None = None,
        failpoints: Failpoints | None = None,
        silent: bool = False,
    ) -> None:
        """Open nothing, read nothing."""
        before = before or Before()
        self._access, self._book, self._clock, self._silent = access, book, clock, silent
        self._draw = random.SystemRandom()
        self._failpoints = failpoints or Failpoints()
        asked = replace(access.ven, ven="") if silent else access.ven
        self._session = Ven(asked, before.kept.get(PART))
        self._tokens = Tokens(access.ven.client, access.ven.url)
        self._schedule = Schedule(access.ven, book, before.handed)
        self._reporting = Reporting(
            access.ven,
            book,
            clock,
            kept=before.kept.get(REPORTS),
            draw=self._draw,
            failpoints=self._failpoints,
        )
        self.pushing = Pushing(access, clock, kept=before.kept.get(PUSH), draw=self._draw)
        self._driving = asyncio.Lock()
        self._woken, self._hinted = asyncio.Event(), False

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return the ids of the stations and sites."""
        return tuple(resource.subject for resource in self._access.ven.resources)

    def use(self, book: Book) -> None:
        """Read and write by other mapping rules from now on."""
        self._book = book
        self._schedule.use(book)
        self._reporting.use(book)

    def hint(self) -> None:
        """Read everything at once: something changed, says a push."""
        self._hinted = True
        self._woken.set()

    async def run(self, post: Post) -> None:
        """Follow the VTN until cancelled; survives every fault of the peer.

        Whoever comes while it is followed waits for the turn.
        """
        async with self._driving:
            while True:
                try:
                    async with Channel(self._access) as channel:
                        await self._follow(channel, post)
                except IdentityError as error:
                    self._tell_state(VtnState(up=False, problem=str(error)), post)
                    log.error(  # noqa: TRY400 - no traceback needed
                        "identity.unusable", utility=self._access.ven.utility, problem=str(error)
                    )
                    await asyncio.sleep(_IDENTITY_RETRY_S)

    async def respond(self, response: RespondToUtility) -> None:
        """Deliver one answer; `PeerError` to try again, `ResponseRefusedError` where it never will."""
        await self._reporting.respond(response)

    def measured(self, effect: PostSamples) -> None:
        """Keep measured values for the reports that events ask for."""
        self._reporting.measured(effect)

    def described(self, effect: ReportStation) -> None:
        """Know what a station or site is and does: its resource gets its ratings."""
        self._reporting.described(effect)
        if effect.profile is None:
            return
        edition = self._session.revision or Revision.OPENADR_3_1
        attributes = resource_attributes(self._book, edition, effect.profile).value
        self._session.describe(effect.station, attributes, self._clock.now().monotonic)
        self._woken.set()

    async def _follow(self, channel: Channel, post: Post) -> None:
        sender = Sender(channel, self._tokens, lambda: self._clock.now().monotonic)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll(sender, post))
            if not self._silent:
                tasks.create_task(self._reporting.run(sender.send, post))
                tasks.create_task(self.pushing.run(sender, post, self.hint))

    async def _poll(self, sender: Sender, post: Post) -> None:
        """Ask for what is due, hand on what changed or what time brings."""
        while True:
            await self._hand_on(post)
            now = self._clock.now()
            if self._hinted:
                self._hinted = False
                self._session.hint(now.monotonic)
            request = self._session.due(now.monotonic)
            if request is None:
                await self._rest(now)
                continue
            answer = await sender.send(request)
            self._failpoints.reach("fetched")
            now, draw = self._clock.now(), self._draw.random()
            times = now.monotonic, now.utc, draw
            work = partial(self._session.answered, request, answer, *times)
            changes = await beside(work) if request.role is Role.EVENTS else work()
            await self._take(changes, post)
            self.pushing.learned(self._session)

    async def _rest(self, now: Now) -> None:
        """Wait until something is due, or somebody woke the session."""
        await rest(self._woken, min(_SLICE_S, self._session.wake_at() - now.monotonic))

    async def _take(self, changes: Iterable[Change], post: Post) -> None:
        """Hand changes to the engine in its own words, commands before the word that they are whole."""
        utility = self._access.ven.utility
        for change in changes:
            match change:
                case SessionKept(part=part, document=document):
                    post(events.SessionKept(utility, part, document))
                case RevisionFound(revision=revision):
                    self._reporting.speaks(revision)
                case EventServed(held=held):
                    self._clock.set_offset(utility, 0.0)  # it came by a clock that is near ours
                    self._reporting.served(held, self._schedule.served(held))
                case EventRemoved(key=key):
                    self._schedule.removed(key)
                    self._reporting.removed(key)
                case VtnHeard(poll_s=poll_s):
                    self._schedule.complete()
                    self._reporting.listed()
                    self._clock.set_offset(utility, 0.0)
                    await self._hand_on(post)
                    for subject in self.subjects:
                        post(UtilityHeard(utility, subject, poll_s, timed=True))
                case VtnState(up=up):
                    self._tell_state(change, post)
                    if up:
                        self.pushing.returned()
                case _:
                    assert_never(change)

    async def _hand_on(self, post: Post) -> None:
        """Plan anew for whom it is due; post what changes, and what nobody will follow."""
        revision, seed = self._session.revision, self._session.seed
        if revision is None:
            return
        for subject in self._schedule.due(self._time()):
            work = partial(self._schedule.plan, subject, revision, seed, self._time())
            plan = await beside(work) if self._schedule.large else work()
            self._failpoints.reach("mapped")
            for event in plan.events:
                post(event)
            for refused in plan.refused:
                post(refused.event)
                self._reporting.refused(refused.key, subject, refused.outcome)
            await asyncio.sleep(0)  # others get their turn

    def _time(self) -> datetime:
        """Return our time as the VTN last was near it, gone on since: setting our clock moves nothing."""
        now = self._clock.now()
        return now.utc + now.offsets.get(self._access.ven.utility, timedelta())

    def _tell_state(self, state: VtnState, post: Post) -> None:
        utility = self._access.ven.utility
        log.info("utility.changed", utility=utility, up=state.up, problem=state.problem)
        for subject in self.subjects:
            post(UtilityChanged(utility, subject, state.up, state.problem))

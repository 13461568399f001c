"""Drives the walk over one channel: fetches what is due, posts what changed, delivers what is owed."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from gateway.connectors.ieee2030_5.access import UtilityAccess
from gateway.connectors.ieee2030_5.channel import Channel
from gateway.connectors.ieee2030_5.outgoing import Outgoing, leads_nowhere
from gateway.connectors.ieee2030_5.readings import Readings, post_rate
from gateway.connectors.ieee2030_5.reports import Reports, default_gradient
from gateway.core.effects import PostSamples, ReportStation, RespondToUtility
from gateway.core.events import (
    CommandReceived,
    CommandWithdrawn,
    Now,
    Tick,
    UtilityChanged,
    UtilityHeard,
    Withdrawal,
)
from gateway.errors import IdentityError, PeerError, ResponseRefusedError
from gateway.failpoints import Failpoints
from gateway.ports import Clock, Post
from gateway.protocols.sep2_changes import (
    Change,
    ControlServed,
    ControlWithdrawn,
    LinkState,
    OffsetMeasured,
)
from gateway.protocols.sep2_documents import Role, address
from gateway.protocols.sep2_walk import Answer, Identity, Request, Walk
from translators.ieee2030_5 import outbound
from translators.ieee2030_5.inbound import ProgramContext, to_command
from translators.rules.book import Book
from translators.rules.facts import answer

log = structlog.get_logger()

_IDENTITY_RETRY_S = 30.0
_REPORT_RETRY_S = 5.0
_SLICE_S = 5.0


class Ieee2030_5Link:  # noqa: N801 - the name of the protocol
    """A `UtilityLink`: one identity at one IEEE 2030.5 server, for one station.

    `remembered` are the events that the gateway still holds from an earlier run: mRID, and end in the
    utility's seconds or None. What is served no more is withdrawn.
    """

    def __init__(
        self,
        access: UtilityAccess,
        book: Book,
        clock: Clock,
        *,
        remembered: Mapping[str, int | None] | None = None,
        draw: random.Random | None = None,
        failpoints: Failpoints | None = None,
    ) -> None:
        """Open nothing, read nothing."""
        self._failpoints = failpoints or Failpoints()
        self._access, self._book, self._clock = access, book, clock
        self._remembered = dict(remembered or {})
        self._draw = draw or random.SystemRandom()
        begun = clock.now()
        self._epoch = begun.utc - timedelta(seconds=begun.monotonic)
        self._walk: Walk | None = None
        self._outgoing = Outgoing(access.utility, self._monotonic)
        self._readings = Readings(self._outgoing, book, access)
        self._reports = Reports(self._outgoing, book, access)
        self._rate_changed = asyncio.Event()
        self._reporting = asyncio.Lock()
        self._reported: object = None
        self._report_after = 0.0
        self._report_retry_s = _REPORT_RETRY_S

    def use(self, book: Book) -> None:
        """Read and write by other mapping rules from now on."""
        self._book = book
        self._readings.use(book)
        self._reports.use(book)

    async def run(self, post: Post) -> None:
        """Poll, walk and post events until cancelled; survives every fault of the peer."""
        while True:
            try:
                async with Channel(self._access, self._utc) as channel:
                    await self._follow(channel, post)
            except IdentityError as error:
                post(self._changed(LinkState(up=False, problem=str(error))))
                log.error("identity.unusable", utility=self._access.utility, problem=str(error))  # noqa: TRY400 - no traceback needed
                await asyncio.sleep(_IDENTITY_RETRY_S)

    async def respond(self, response: RespondToUtility) -> None:
        """Deliver one answer; `PeerError` to try again, `ResponseRefusedError` where it never will."""
        walk = self._following()
        url = address(self._access.url, response.reply_to)
        if url is None:
            raise ResponseRefusedError(
                f"replyTo {response.reply_to!r} leads to another origin", where=self._access.utility
            )
        told = answer(
            response.outcome,
            event=response.mrid,
            device=self._lfdi,
            at=response.created,
            elements=_modes(walk, response.mrid),
        )
        document = outbound.response(self._book, self._access.revision, told)
        await self._outgoing.send("POST", url, document)

    async def post_samples(self, effect: PostSamples) -> None:
        """Keep measured values; their averages go up every post interval."""
        self._readings.add(effect.samples)

    async def report_station(self, effect: ReportStation) -> None:
        """Deliver nameplate and status; the newest wins, repeated until the utility took it."""
        self._reports.newest = effect
        await self._report(self._following())

    async def _follow(self, channel: Channel, post: Post) -> None:
        access = self._access
        self._walk = Walk(
            access.url,
            Identity(channel.lfdi, access.pin),
            poll_s=access.poll_interval_s,
            remembered=self._remembered,
        )
        self._outgoing.channel = channel
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._poll(channel, self._walk, post))
                tasks.create_task(self._measure(self._walk))
        finally:
            self._outgoing.channel = None

    async def _poll(self, channel: Channel, walk: Walk, post: Post) -> None:
        """Fetch what is due, and hand on what changed."""
        while True:
            request = walk.due(self._monotonic())
            if request is None:
                await asyncio.sleep(max(0.001, min(_SLICE_S, walk.wake_at() - self._monotonic())))
                continue
            answer = await self._ask(channel, walk, request)
            self._failpoints.reach("fetched")
            draw, rate = self._draw.random(), self._post_s(walk)
            for change in walk.answered(request, answer, self._monotonic(), draw):
                self._tell(walk, change, post)
            if (word := walk.word) is not None:
                names = self._access.utility, self._access.station
                post(UtilityHeard(*names, word.poll_s, word.timed))
            if self._post_s(walk) != rate:
                self._rate_changed.set()
            await self._report_again(walk)

    async def _ask(self, channel: Channel, walk: Walk, request: Request) -> Answer:
        if request.role is not Role.ENROLMENT:
            return await channel.get(request.url)
        at = self._utc() + timedelta(seconds=walk.offset_s)
        device = outbound.end_device(self._book, self._access.revision, channel.lfdi, at)
        reply, _ = await channel.send("POST", request.url, device)
        log.info("utility.enrolment", utility=self._access.utility, status=reply.status)
        return reply

    def _tell(self, walk: Walk, change: Change, post: Post) -> None:
        """Hand one change to the engine in its own words."""
        access = self._access
        match change:
            case OffsetMeasured(seconds=seconds):
                now = self._clock.now()
                stepped = round((self._utc(now) - now.utc).total_seconds())
                self._clock.set_offset(access.utility, seconds + stepped)
                post(Tick())
            case LinkState():
                post(self._changed(change))
            case ControlWithdrawn(mrid=mrid, reason=reason):
                post(
                    CommandWithdrawn(access.utility, access.station, mrid, Withdrawal(reason.value))
                )
            case ControlServed():
                self._serve(walk, change, post)
            case _:
                assert_never(change)

    def _serve(self, walk: Walk, served: ControlServed, post: Post) -> None:
        """Translate a control; one that is no command at all is logged, its neighbours go on."""
        self._failpoints.reach("parsed")
        context = ProgramContext(
            utility=self._access.utility,
            station=self._access.station,
            revision=self._access.revision,
            program=served.program.key,
            primacy=served.program.primacy,
            server_time=self._utc() + timedelta(seconds=walk.offset_s),
            digest=hashlib.sha256(b"".join(served.raw)).hexdigest(),
        )
        read = to_command(self._book, served.control, served.curves, context)
        self._failpoints.reach("mapped")
        if read.value is None:
            for refusal in read.refusals:
                log.warning(
                    "control.unreadable",
                    utility=self._access.utility,
                    mrid=served.mrid,
                    where=refusal.where,
                    problem=refusal.problem,
                )
            return
        post(
            CommandReceived(
                read.value,
                read.steps,
                read.losses,
                read.refusals,
                served.raw,
                book=self._book.digest,
            )
        )

    def _changed(self, state: LinkState) -> UtilityChanged:
        access = self._access
        log.info("utility.changed", utility=access.utility, up=state.up, problem=state.problem)
        return UtilityChanged(access.utility, access.station, state.up, state.problem)

    async def _measure(self, walk: Walk) -> None:
        """Post averages at the utility's rate; a change of the rate counts at once."""
        while True:
            begin, start = self._monotonic(), self._utc() + timedelta(seconds=walk.offset_s)
            while (left := begin + self._post_s(walk) - self._monotonic()) > 0:
                self._rate_changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._rate_changed.wait(), left)
            duration = round(self._monotonic() - begin)
            await self._readings.post(walk.tree, self._lfdi, start, duration)

    def _post_s(self, walk: Walk) -> float:
        return self._access.post_interval_s or post_rate(walk.tree, self._lfdi)

    async def _report(self, walk: Walk) -> None:
        async with self._reporting:
            self._reported = _report_key(walk)
            try:
                await self._reports.deliver(walk.tree)
            except PeerError as error:
                self._reported = None
                self._report_after = self._monotonic() + self._report_retry_s
                if leads_nowhere(error):
                    walk.rediscover(self._monotonic())
                raise

    async def _report_again(self, walk: Walk) -> None:
        """Tell the utility anew where its DER has moved, or its default gradient has changed."""
        if self._reports.newest is None or not walk.tree.ders_known or walk.tree.obstacle:
            return
        if self._reported == _report_key(walk) or self._monotonic() < self._report_after:
            return
        try:
            await self._report(walk)
        except PeerError as error:
            log.info("report.delayed", utility=self._access.utility, problem=str(error))

    def _following(self) -> Walk:
        """Return the walk where the utility is followed; PeerError where it is not (yet)."""
        if self._walk is None or self._outgoing.channel is None:
            raise PeerError("the connection is not open", where=self._access.utility)
        if self._walk.tree.obstacle:
            # CSIP-AUS ALL-03-REJ: a utility that does not know the PIN is not spoken to.
            raise PeerError(self._walk.tree.obstacle, where=self._access.utility)
        return self._walk

    @property
    def _lfdi(self) -> str:
        return "" if self._outgoing.channel is None else self._outgoing.channel.lfdi

    def _utc(self, now: Now | None = None) -> datetime:
        """Return our UTC as if nobody had set our clock since the link was made: the walk counts by it."""
        return self._epoch + timedelta(seconds=(now or self._clock.now()).monotonic)

    def _monotonic(self) -> float:
        return self._clock.now().monotonic


def _report_key(walk: Walk) -> object:
    return walk.tree.ders, walk.tree.csip_aus, default_gradient(walk.tree)


def _modes(walk: Walk, mrid: str) -> tuple[str, ...]:
    """Return the elements of an event's DERControlBase, none where it is not served any more."""
    for offer in walk.tree.offers:
        if offer.mrid == mrid:
            base = offer.item.resource.first("DERControlBase")
            return tuple(part.name for part in (() if base is None else base.children))
    return ()

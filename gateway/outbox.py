"""All that goes up over one link of a utility, each in its own way: kept until taken, or while it is new."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog

from gateway.core.effects import PostSamples, ReportStation, RespondToUtility
from gateway.core.events import ResponsePosted
from gateway.errors import PeerError, ResponseRefusedError
from gateway.leading import never, until_leading
from gateway.ports import Post, UtilityLink

log = structlog.get_logger()

type PassBy = Callable[[str], None]
"""Called with the name of each place that an answer passes."""
type Patience = tuple[tuple[float, ...], random.Random]
"""Seconds before each further try, the last for all that follow; and what varies them."""


class Outbox:
    """All that goes up over one link: answers until taken, status and samples while new."""

    def __init__(
        self,
        link: UtilityLink,
        post: Post,
        pass_by: PassBy,
        patience: Patience,
        lapsed: Callable[[], bool] = never,
    ) -> None:
        """Deliver nothing yet; `post` hears what became of answers, `pass_by` of each step to it.

        While it has `lapsed` that this gateway leads, nothing is delivered.
        """
        self._link, self._post, self._pass_by, self._patience = link, post, pass_by, patience
        self._lapsed = lapsed
        self._answers: asyncio.Queue[RespondToUtility] = asyncio.Queue()
        self._samples: asyncio.Queue[PostSamples] = asyncio.Queue(maxsize=1_000)
        self._status: ReportStation | None = None
        self._changed = asyncio.Event()

    def owe(self, response: RespondToUtility) -> None:
        """Deliver one answer, however long it takes."""
        self._answers.put_nowait(response)

    def measure(self, effect: PostSamples) -> None:
        """Deliver samples; the oldest give way."""
        if self._samples.full():
            self._samples.get_nowait()
        self._samples.put_nowait(effect)

    def describe(self, effect: ReportStation) -> None:
        """Deliver status; only the newest."""
        self._status = effect
        self._changed.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer())
            group.create_task(self._measure())
            group.create_task(self._describe())

    async def _answer(self) -> None:
        while True:
            response = await self._answers.get()
            self._post(await self._deliver(response))

    async def _deliver(self, response: RespondToUtility) -> ResponsePosted:
        attempt = 0
        while True:
            await until_leading(self._lapsed)
            self._pass_by("acknowledged")
            try:
                await self._link.respond(response)
            except ResponseRefusedError as error:
                log.warning("response.refused", key=response.key, problem=str(error))
                return ResponsePosted(response.key, accepted=False, problem=str(error))
            except PeerError as error:
                log.info("response.delayed", key=response.key, problem=str(error))
                await self._pause(attempt)
                attempt += 1
            else:
                self._pass_by("responded")
                return ResponsePosted(response.key, accepted=True)

    async def _measure(self) -> None:
        while True:
            effect = await self._samples.get()
            await until_leading(self._lapsed)
            try:
                await self._link.post_samples(effect)
            except PeerError as error:
                log.info("samples.delayed", station=effect.station, problem=str(error))

    async def _describe(self) -> None:
        attempt = 0
        while True:
            await self._changed.wait()
            await until_leading(self._lapsed)
            self._changed.clear()
            effect = self._status
            if effect is None:
                continue
            try:
                await self._link.report_station(effect)
            except ResponseRefusedError as error:
                log.warning("status.refused", station=effect.station, problem=str(error))
            except PeerError as error:
                log.info("status.delayed", station=effect.station, problem=str(error))
                await self._pause(attempt)
                attempt += 1
                self._changed.set()
            else:
                attempt = 0

    async def _pause(self, attempt: int) -> None:
        """Wait before the next try; the draw keeps many links from coming at once."""
        waits, draw = self._patience
        await asyncio.sleep(waits[min(attempt, len(waits) - 1)] * draw.uniform(0.8, 1.2))

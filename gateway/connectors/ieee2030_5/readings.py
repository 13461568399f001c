"""Measured values on their way to the utility's MirrorUsagePoint, averaged over its post interval."""

from __future__ import annotations

from collections import deque
from datetime import datetime

import structlog

from gateway.connectors.ieee2030_5.access import UtilityAccess
from gateway.connectors.ieee2030_5.outgoing import Outgoing, leads_nowhere
from gateway.errors import PeerError
from gateway.protocols.sep2_survey import Survey
from translators.canonical.averages import Average
from translators.canonical.telemetry import Sample
from translators.ieee2030_5.mirror import averages, point_mrid, reading, usage_point
from translators.rules.book import Book

log = structlog.get_logger()

DEFAULT_POST_S = 300
_LONGEST_POST_S = 86_400
_MOST_SAMPLES = 100_000


class Readings:
    """Collects samples, and posts their averages; the newest count, a lost interval stays lost."""

    def __init__(self, outgoing: Outgoing, book: Book, access: UtilityAccess) -> None:
        """Hold no sample, know no mirror."""
        self._outgoing, self._book = outgoing, book
        self._utility, self._revision = access.utility, access.revision
        self._samples: deque[Sample] = deque(maxlen=_MOST_SAMPLES)
        self._mirror: str | None = None
        self._problem = ""

    def use(self, book: Book) -> None:
        """Write by other mapping rules from now on."""
        self._book = book

    def add(self, samples: tuple[Sample, ...]) -> None:
        """Keep samples for the interval that runs."""
        self._samples.extend(samples)

    async def post(self, tree: Survey, lfdi: str, start: datetime, duration_s: int) -> None:
        """Post what was measured since `start` (utility time); problems are logged once each."""
        found = averages(self._book, self._revision, self._samples)
        self._samples.clear()
        if not found or tree.mirror_list is None or tree.obstacle:
            return
        try:
            await self._deliver(tree, lfdi, found, (start, duration_s))
        except PeerError as error:
            self._note(str(error))
        else:
            self._note("")

    async def _deliver(
        self, tree: Survey, lfdi: str, found: tuple[Average, ...], span: tuple[datetime, int]
    ) -> None:
        mirror = self._mirror or _listed(tree, lfdi) or await self._create(tree, lfdi, span[1])
        try:
            await self._send(mirror, lfdi, found, span)
        except PeerError as error:
            if not leads_nowhere(error):
                raise
            await self._send(await self._create(tree, lfdi, span[1]), lfdi, found, span)

    async def _send(
        self, mirror: str, lfdi: str, found: tuple[Average, ...], span: tuple[datetime, int]
    ) -> None:
        for average in found:
            told = reading(self._book, self._revision, lfdi, average, span)
            await self._outgoing.send("POST", mirror, told.value)
        self._mirror = mirror

    async def _create(self, tree: Survey, lfdi: str, duration_s: int) -> str:
        """Make the MirrorUsagePoint and return its address; the same mRID makes no second one."""
        self._mirror = None
        point = usage_point(self._book, self._revision, lfdi, duration_s)
        where = await self._outgoing.send("POST", tree.mirror_list or "", point)
        if where is None:
            raise PeerError("the new MirrorUsagePoint has no Location", where=self._utility)
        return where

    def _note(self, problem: str) -> None:
        if problem and problem != self._problem:
            log.warning("readings.delayed", utility=self._utility, problem=problem)
        self._problem = problem


def post_rate(tree: Survey, lfdi: str) -> float:
    """Return the seconds between two posts: of the mirror, of the EndDevice, or the default."""
    rates = [mirror.post_rate_s for mirror in tree.mirrors if mirror.mrid == point_mrid(lfdi)]
    rates.append(tree.post_rate_s)
    told = next((rate for rate in rates if rate is not None), DEFAULT_POST_S)
    return float(max(1, min(told, _LONGEST_POST_S)))


def _listed(tree: Survey, lfdi: str) -> str | None:
    own = point_mrid(lfdi)
    return next((mirror.url for mirror in tree.mirrors if mirror.mrid == own), None)

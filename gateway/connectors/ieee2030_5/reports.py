"""A station at its utility: DERCapability, DERSettings and DERStatus, sent when they say something new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction

import structlog

from gateway.connectors.ieee2030_5.access import UtilityAccess
from gateway.connectors.ieee2030_5.outgoing import Outgoing, leads_nowhere
from gateway.core.effects import ReportStation
from gateway.errors import PeerError, ResponseRefusedError
from gateway.protocols.sep2_documents import number
from gateway.protocols.sep2_survey import Survey
from translators.canonical.controls import Gradients
from translators.canonical.status import StationStatus
from translators.ieee2030_5 import xml
from translators.ieee2030_5.nameplate import der_capability, der_settings
from translators.ieee2030_5.outbound import der_status
from translators.ieee2030_5.wire import Resource
from translators.rules.book import Book
from translators.rules.trace import Translation

log = structlog.get_logger()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reports:
    """Knows what the utility took last, by address, and sends only what says something else."""

    def __init__(self, outgoing: Outgoing, book: Book, access: UtilityAccess) -> None:
        """Have nothing to tell yet."""
        self._outgoing, self._book = outgoing, book
        self._utility, self._revision = access.utility, access.revision
        self._taken: dict[str, bytes] = {}
        self.newest: ReportStation | None = None

    def use(self, book: Book) -> None:
        """Write by other mapping rules from now on."""
        self._book = book

    async def deliver(self, tree: Survey) -> None:
        """Send what changed; PeerError where that has to be tried again."""
        report = self.newest
        if report is None:
            return
        if tree.obstacle or not tree.ders_known:
            raise PeerError(tree.obstacle or "the DER is not known yet", where=self._utility)
        timeless = dict(self._documents(report, tree, _EPOCH))
        for url, translation in self._documents(report, tree, report.at):
            compared = timeless[url].value
            if translation.value is None or compared is None:
                continue
            said = xml.render(compared)
            if self._taken.get(url) != said:
                await self._put(url, translation.value, translation)
                self._taken[url] = said

    async def _put(
        self, url: str, document: Resource, translation: Translation[Resource | None]
    ) -> None:
        for loss in translation.losses:
            log.info("report.loss", where=loss.where, detail=loss.detail, residual=loss.residual)
        try:
            await self._outgoing.send("PUT", url, document)
        except ResponseRefusedError as error:
            if leads_nowhere(error):
                raise PeerError(error.problem, where=self._utility, code=error.code) from error
            log.warning("report.refused", utility=self._utility, problem=str(error))

    def _documents(
        self, report: ReportStation, tree: Survey, at: datetime
    ) -> Iterator[tuple[str, Translation[Resource | None]]]:
        """Yield each document with its address, as far as the utility has one for it."""
        for der in tree.ders[:1]:
            if report.profile is not None and der.capability is not None:
                yield (
                    der.capability,
                    der_capability(self._book, report.profile, self._revision, tree.csip_aus),
                )
            if report.profile is not None and der.settings is not None:
                yield (
                    der.settings,
                    der_settings(
                        self._book,
                        report.profile,
                        self._revision,
                        at,
                        defaults=[Gradients(Fraction(default_gradient(tree), 100))],
                        csip_aus=tree.csip_aus,
                    ),
                )
            if der.status is not None:
                status = StationStatus(at, report.connected, report.alarms, faulted=report.faulted)
                yield der.status, der_status(self._book, self._revision, status)


def default_gradient(tree: Survey) -> int:
    """Return setGradW of the best default control that has one, 0 (no limit) without."""
    for offer in tree.offers:
        gradient = number(offer.item.resource.text_at("setGradW"))
        if gradient is not None and 0 <= gradient < 1 << 16:
            return gradient
    return 0

"""One station or site at its VTN: the VEN that it shares with others reads for it, and tells what it owes."""

from __future__ import annotations

from typing import Protocol

from gateway.core.effects import PostSamples, ReportStation, RespondToUtility
from gateway.ports import Post


class Shared(Protocol):
    """The VEN behind several links."""

    async def run(self, post: Post) -> None:
        """Follow the VTN until cancelled, for all of them."""
        ...

    async def respond(self, response: RespondToUtility) -> None:
        """Deliver one answer."""
        ...

    def measured(self, effect: PostSamples) -> None:
        """Take measured values."""
        ...

    def described(self, effect: ReportStation) -> None:
        """Know what a subject is and does."""
        ...


class OpenAdrLink:
    """A `UtilityLink`: one station or site that a VEN stands for."""

    def __init__(self, ven: Shared) -> None:
        """Share `ven` with the links of its other stations and sites."""
        self._ven = ven

    async def run(self, post: Post) -> None:
        """Post events until cancelled; of the links of one VEN the first one drives it."""
        await self._ven.run(post)

    async def respond(self, response: RespondToUtility) -> None:
        """Deliver one answer; `PeerError` to try again, `ResponseRefusedError` where it never will."""
        await self._ven.respond(response)

    async def post_samples(self, effect: PostSamples) -> None:
        """Keep measured values for the reports that events ask for."""
        self._ven.measured(effect)

    async def report_station(self, effect: ReportStation) -> None:
        """Know what the VTN is to be told of a station or site; reports and its resource follow."""
        self._ven.described(effect)

"""A link of a shadow: it reads what the utility serves, and tells it nothing."""

from __future__ import annotations

from gateway.core.effects import PostSamples, ReportStation, RespondToUtility
from gateway.ports import Post, UtilityLink


class ShadowLink:
    """A `UtilityLink` whose answers, samples and reports go nowhere, and count as taken."""

    def __init__(self, link: UtilityLink) -> None:
        """Read by `link`, which posts only what it is given."""
        self._link = link

    async def run(self, post: Post) -> None:
        """Read and post events until cancelled."""
        await self._link.run(post)

    async def respond(self, response: RespondToUtility) -> None:
        """Deliver nothing."""

    async def post_samples(self, effect: PostSamples) -> None:
        """Deliver nothing."""

    async def report_station(self, effect: ReportStation) -> None:
        """Deliver nothing."""

"""A VEN at work on a simulated VTN, without a gateway around it."""

import asyncio
from contextlib import asynccontextmanager, suppress

from gateway.clock import SystemClock
from gateway.connectors.openadr import OpenAdrLink, OpenAdrVen, VtnAccess
from gateway.protocols.openadr_access import Resource, VenAccess
from support.translation import book

PATIENCE_S = 15
PAIR = (Resource("CS1", "CS1"), Resource("CS2", "CS2"))


class Working:
    """A VEN with its links, and what they posted."""

    def __init__(self, ven, clock):
        self.ven, self.clock, self.posted, self._more = ven, clock, [], asyncio.Event()
        self.links = {subject: OpenAdrLink(ven) for subject in ven.subjects}

    def post(self, event):
        self.posted.append(event)
        self._more.set()

    def of(self, kind):
        return [event for event in self.posted if isinstance(event, kind)]

    async def until(self, predicate):
        async with asyncio.timeout(PATIENCE_S):
            while not predicate():
                self._more.clear()
                await self._more.wait()


def an_access(vtn, *, webhook=None, mqtt=None, **changes):
    known = {"utility": "vtn", "url": vtn.url, "ven": "depot", "resources": PAIR, "poll_s": 0.2}
    ven = VenAccess(**(known | changes))
    return VtnAccess(ven, insecure=True, webhook=webhook, mqtt=mqtt)


@asynccontextmanager
async def at_work(access, clock=None, **options):
    clock = clock or SystemClock()
    working = Working(OpenAdrVen(access, book(), clock, **options), clock)
    tasks = [asyncio.create_task(link.run(working.post)) for link in working.links.values()]
    try:
        yield working
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)

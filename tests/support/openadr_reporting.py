"""Reporting against a simulated VTN over real sockets, with a clock that tests move."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from gateway.connectors.openadr.access import VtnAccess
from gateway.connectors.openadr.channel import Channel
from gateway.connectors.openadr.reporting import Reporting
from gateway.core.effects import Doing, PostSamples, ReportStation, RespondToUtility
from gateway.core.events import Now, SessionKept
from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_changes import EventRemoved, EventServed, RevisionFound, VtnHeard
from gateway.protocols.openadr_ven import Ven
from gateway.simulators.vtn import Options, SimulatedVtn
from support.openadr_reports import NOON, RESOURCES, a_sample
from support.translation import book
from translators.canonical.telemetry import ControlOutcome


class AClock:
    """A clock that stands until a test moves it."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return Now(NOON + timedelta(seconds=self.seconds), self.seconds)

    def timestamp(self):
        return self.now().utc.timestamp()

    def set_offset(self, utility, seconds):
        raise NotImplementedError


class Teller:
    """One run of a gateway that reports to a VTN."""

    def __init__(self, vtn, clock, channel, kept=None, failpoints=None):
        self.vtn, self.clock, self.channel = vtn, clock, channel
        self.access = an_access(vtn).ven
        self.posted = []
        self.reporting = Reporting(self.access, book(), clock, kept=kept, failpoints=failpoints)
        self.ven = Ven(self.access)
        self._task = None

    def start(self):
        self._task = asyncio.create_task(
            self.reporting.run(self.channel.exchange, self.posted.append)
        )

    async def stop(self):
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def read(self):
        """Read what the VTN serves, and hand it on."""
        self.ven.hint(self.clock.seconds)
        self.clock.seconds += 5  # hints are held apart
        while (request := self.ven.due(self.clock.seconds)) is not None:
            answer = await self.channel.exchange(request)
            now = self.clock.now()
            for change in self.ven.answered(request, answer, now.monotonic, now.utc, 0.5):
                self._hand_on(change)

    def _hand_on(self, change):
        match change:
            case RevisionFound(revision=revision):
                self.reporting.speaks(revision)
            case EventServed(held=held):
                self.reporting.served(held, frozenset({"CS1"}))
            case EventRemoved(key=key):
                self.reporting.removed(key)
            case VtnHeard():
                self.reporting.listed()

    def pass_to(self, seconds):
        self.clock.seconds = float(seconds)
        self.describe()  # so that it looks up

    def measure(self, watts):
        sample = a_sample(watts, self.clock.seconds)
        self.reporting.measured(PostSamples("vtn", "CS1", (sample,)))

    def describe(self, **changes):
        does = Doing(**{"sessions": frozenset({1}), **changes})
        utc = self.clock.now().utc
        self.reporting.described(
            ReportStation(
                "vtn", "CS1", None, connected=True, alarms=frozenset(), at=utc, doing=does
            )
        )

    async def respond(self, outcome="opted_out"):
        """Deliver an answer to the event that is served."""
        (held,) = self.ven.held
        mrid, told = f"vtn/{held.key}", ControlOutcome(outcome)
        await self.reporting.respond(
            RespondToUtility(f"{mrid}/{told}", "vtn", "CS1", mrid, told, NOON, held.event.id, "3.1")
        )

    def kept(self):
        documents = [it.document for it in self.posted if isinstance(it, SessionKept)]
        return documents[-1] if documents else None

    async def told(self, count):
        """Wait until the VTN has so many reports."""
        await self.vtn.wait_for(lambda: len(self.vtn.reports) >= count, 3)
        return [entry.body for entry in self.vtn.reports]


@asynccontextmanager
async def telling(revision, **options):
    """A VTN and a gateway that reports to it."""
    clock = AClock()
    made = Options(revision=revision, open=True, strict=True, **options)
    async with (
        SimulatedVtn(made, clock=clock.timestamp) as vtn,
        Channel(an_access(vtn)) as channel,
    ):
        teller = Teller(vtn, clock, channel)
        teller.start()
        try:
            yield vtn, teller
        finally:
            await teller.stop()


@asynccontextmanager
async def restarted(teller):
    """The next run of a gateway that was stopped, with what it kept last."""
    again = Teller(teller.vtn, teller.clock, teller.channel, teller.kept())
    again.start()
    try:
        yield again
    finally:
        await again.stop()


def an_access(vtn):
    ven = VenAccess(
        "vtn", vtn.url, "gateway", resources=RESOURCES, request_timeout_s=2.0, max_skew_s=1e6
    )
    return VtnAccess(ven, insecure=True)

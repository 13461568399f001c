"""A link against the simulated utility: real TLS, the real book, events collected in a list."""

import asyncio
import random
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from gateway.connectors.ieee2030_5 import Ieee2030_5Link, UtilityAccess
from gateway.core.effects import ReportStation, RespondToUtility
from gateway.core.events import CommandReceived, CommandWithdrawn, Now, UtilityChanged
from translators.canonical.commands import Revision
from translators.canonical.telemetry import ControlOutcome


class BenchClock:
    """The machine's clock, which can be `set` by so much, and the offsets that the link measured."""

    def __init__(self):
        self.offsets, self.set = {}, timedelta()

    def now(self):
        offsets = {name: timedelta(seconds=value) for name, value in self.offsets.items()}
        return Now(datetime.now(UTC) + self.set, time.monotonic(), offsets)

    def set_offset(self, utility, seconds):
        self.offsets[utility] = seconds


class Bench:
    """One link at work, and what it told."""

    def __init__(self, access, book, remembered=None):
        self.access, self.clock, self.events = access, BenchClock(), []
        self._changed = asyncio.Event()
        dice = random.Random(1)  # noqa: S311 - spreads polls, keeps no secret
        self.link = Ieee2030_5Link(access, book, self.clock, remembered=remembered, draw=dice)

    def post(self, event):
        self.events.append(event)
        self._changed.set()

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def commands(self):
        return [event.command for event in self.of(CommandReceived)]

    @property
    def received(self):
        """The newest edition of each command by mRID."""
        return {event.command.mrid: event for event in self.of(CommandReceived)}

    @property
    def withdrawn(self):
        return {event.mrid: event.reason.value for event in self.of(CommandWithdrawn)}

    @property
    def state(self):
        return next(reversed(self.of(UtilityChanged)), None)

    async def until(self, predicate, timeout_s=10):
        """Wait until `predicate` holds, asked after each event."""
        try:
            async with asyncio.timeout(timeout_s):
                while not predicate():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as exc:
            raise TimeoutError(f"events so far: {self.events[-8:]}") from exc

    async def up(self):
        await self.until(lambda: self.state is not None and self.state.up)


def an_access(utility, identity, authorities, **changes):
    fields = {
        "utility": "dso",
        "station": "CS1",
        "revision": Revision.IEEE2030_5_2018,
        "url": utility.url,
        "certificate": identity.certificate_path,
        "key": identity.key_path,
        "trust_anchor": authorities.trust_anchor,
        "pin": 111115,
        "poll_interval_s": 0.05,
        "post_interval_s": 0.1,
        "request_timeout_s": 3.0,
    }
    return UtilityAccess(**{**fields, **changes})


@asynccontextmanager
async def at_work(bench):
    """Run the link until the block ends; what ends it otherwise fails the test."""
    task = asyncio.create_task(bench.link.run(bench.post))
    try:
        yield bench
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.wait([task])


def a_response(mrid, outcome=ControlOutcome.RECEIVED, **changes):
    fields = {
        "key": f"dso/CS1/{mrid}/{outcome}",
        "utility": "dso",
        "station": "CS1",
        "mrid": mrid,
        "outcome": outcome,
        "created": datetime.now(UTC),
        "reply_to": "/rsp",
        "revision": "2018",
    }
    return RespondToUtility(**{**fields, **changes})


def a_report(profile=None, *, connected=True, alarms=frozenset(), at=None):
    return ReportStation("dso", "CS1", profile, connected, alarms, at or datetime.now(UTC))

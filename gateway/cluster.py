"""Who leads, where several gateways share a database: one, by a lease that it has to renew.

A thread of its own renews the lease, so that a long step of the loop does not lose it; it stops where the
loop has not turned for `STALL_S`. The leader trusts its lease by a clock that goes on while the process
or the machine sleeps, from before each renewal was asked for: it stops before another one may begin.
While it cannot renew, it sends nothing; where another one took over, it ends.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

import structlog

from gateway.beside import beside
from gateway.errors import LockedError, StoreError
from gateway.ports import Seat

log = structlog.get_logger()

STALL_S = 60.0
"""How long the loop may stand still before the gateway counts as dead."""
_RENEWALS = 5
"""Renewals within one lease."""
_MARGIN = 0.1
"""The part of a lease that is not used: clocks do not run alike."""
_LOOK_S = 0.1
_FOLLOW_S = 0.5


_PAST = 1.0
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_time() -> float:
    """Return seconds that go on while the process sleeps, and on Linux while the machine does."""
    return time.clock_gettime(_CLOCK)


class Lead(Protocol):
    """Whether this gateway may send, and why not."""

    @property
    def problem(self) -> str:
        """Return why it may not; empty where it may."""
        ...

    def lapsed(self) -> bool:
        """Say whether another gateway may lead by now: nothing is sent then."""
        ...

    async def keep(self) -> None:
        """Go on leading; `LockedError` once another gateway leads."""
        ...

    def close(self) -> None:
        """Let another gateway lead."""
        ...


class Alone:
    """The only gateway of its state, which nobody can take from it."""

    problem = ""

    def lapsed(self) -> bool:
        """Say no."""
        return False

    async def keep(self) -> None:
        """Have nothing to do."""
        await asyncio.Event().wait()

    def close(self) -> None:
        """Have nobody to tell."""


class Lease:
    """A term as leader of gateways that share a database."""

    def __init__(self, seat: Seat, seconds: float, clock: Callable[[], float] = boot_time) -> None:
        """Lead not yet."""
        self._seat, self._seconds, self._clock = seat, seconds, clock
        self._until = 0.0
        self._turned = 0.0
        self._waits = ""
        self._lost = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    @property
    def problem(self) -> str:
        """Return why this gateway may not send; empty where it may."""
        if not self._until:
            return f"standby: {self._waits}"
        return "database: the lease cannot be renewed" if self.lapsed() else ""

    def lapsed(self) -> bool:
        """Say whether another gateway may lead by now."""
        return self._clock() >= self._until

    async def take(self, follow: Callable[[], object]) -> None:
        """Wait until this gateway leads; `follow` the leader meanwhile, step by step."""
        while not await beside(partial(self._taken, follow)):  # noqa: ASYNC110 - it asks a server
            await asyncio.sleep(_FOLLOW_S)
        self._turned = self._clock()
        self._thread.start()
        log.info("lead.taken", lease_s=self._seconds)

    async def keep(self) -> None:
        """Show that the loop turns; `LockedError` once another gateway leads."""
        while not self._lost:
            self._turned = self._clock()
            await asyncio.sleep(_LOOK_S)
        raise LockedError(
            "another gateway leads now", code="DG-1402", advice="start this one anew as its standby"
        )

    def close(self) -> None:
        """Let another gateway lead."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if not self._until or self._lost:
            return
        self._until = 0.0
        try:
            self._seat.leave()
        except StoreError as error:
            log.warning("lead.kept", problem=str(error))

    def _taken(self, follow: Callable[[], object]) -> bool:
        """Take the lead where it is free; else follow, and note why this gateway waits."""
        asked, waits = self._clock(), "another gateway leads"
        try:
            if self._seat.take(self._seconds):
                self._extend(asked)
                return True
            follow()
        except StoreError as error:
            waits = str(error)
        if waits != self._waits:
            log.info("lead.awaited", problem=waits)
            self._waits = waits
        return False

    def _renew(self) -> None:
        """Renew the lease until told to stop, unless the loop stands still; note where it is lost."""
        while not self._over.wait(self._seconds / _RENEWALS):
            asked = self._clock()
            if asked - self._turned > STALL_S:
                continue
            try:
                self._lost = not self._seat.renew(self._seconds)
            except StoreError as error:
                log.warning("lease.not_renewed", problem=str(error))
                continue
            except LockedError:
                self._lost = True
            if self._lost:
                self._until = _PAST
                return
            self._extend(asked)

    def _extend(self, asked: float) -> None:
        self._until = asked + self._seconds * (1 - _MARGIN)

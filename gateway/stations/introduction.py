"""Who is here: asked after a boot or without one, told once, and asked again where it is not all or changed.

Theory of operation: a boot starts one task that reads the base report; a boot meanwhile makes it start
over. With the announcement a second task begins: it asks for what was cut short, sets the monitors, and
asks again whenever a handler says that the station changed. No task outlives its work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

import structlog

from gateway.core.events import StationConnected, StationDisconnected
from gateway.stations.blocks import monitoring, provisioning
from gateway.stations.context import Context
from gateway.stations.registration import Registration
from translators.canonical.capability import StationProfile

log = structlog.get_logger()

type Begin = Callable[[Coroutine[None, None, None]], asyncio.Task[None] | None]
"""Lets work run beside the frames, as long as the connection lasts."""


@dataclass(slots=True)
class Introduction:
    """Keeps the engine told of who a connected station is; `announced` once it was said to be here."""

    context: Context
    begin: Begin
    announced: bool = False
    _announcing: asyncio.Task[None] | None = None
    _following: asyncio.Task[None] | None = None
    """What comes after the announcement: the rest of the report, monitors, news."""
    _booted: bool = False
    """Whether it booted since its announcement began."""
    _boots: int = 0
    _stale: bool = False
    """Whether the station is to be asked what it is, once more."""

    def __post_init__(self) -> None:
        """Let handlers say that the station changed."""
        self.context.ask_again = self.ask_again

    def booted(self) -> None:
        """Ask who booted, unless nothing is to be said to it (B03); until it is accepted it is away."""
        self._booted = True
        self._boots += 1
        registration = self.context.registration
        if registration is not Registration.ACCEPTED and self.announced:
            self.announced = False
            self.context.post(StationDisconnected(self.context.entry.id))
        if registration is not Registration.REJECTED and self._announcing is None:
            self._announcing = self.begin(self._announce())

    def boot_missed(self) -> None:
        """Announce a station that came back without a boot."""
        known = self.announced or self._announcing is not None
        if self.context.registration is Registration.ACCEPTED and not known:
            log.info("station.no_boot", station=self.context.entry.id)
            profile = self._by_memory()
            if profile is None:
                self._announcing = self.begin(self._announce())
            else:
                self._stale = self.context.ask_known == "later"
                self._here(profile, lacking=False)

    def ask_again(self) -> None:
        """Have the station say anew what it is, once for all that changed meanwhile."""
        self._stale = True
        if self._following is None and self.announced:
            self._following = self.begin(self._refresh())

    def stop(self) -> None:
        """Ask nothing more."""
        for task in (self._announcing, self._following):
            if task is not None:
                task.cancel()

    async def _announce(self) -> None:
        """Say that the station is here, as what it says that it is."""
        while True:
            self._booted = self._stale = False
            found = await provisioning.discover(self.context)
            if not self._booted:
                break  # else it rebooted meanwhile, and its report with it
        self._announcing = None
        if self.context.registration is not Registration.ACCEPTED:
            return  # it may be asked and configured, and boots again (B02)
        self._here(found.profile, lacking=found.lacking)

    def _by_memory(self) -> StationProfile | None:
        """Return what the station said that it is, where that is good enough for now."""
        context = self.context
        if context.ask_known == "first":
            return None
        return context.plate.known(context.entry, context.version)

    def _here(self, profile: StationProfile, *, lacking: bool) -> None:
        """Tell that the station is here, and see to what comes after that."""
        self.announced = True
        self.context.post(StationConnected(self.context.entry.id, profile))
        if self._following is not None:
            self._following.cancel()
        self._following = self.begin(self._follow(lacking=lacking))

    async def _follow(self, *, lacking: bool) -> None:
        """Hear the station out, have it tell what changes, and ask again where it did."""
        if lacking:
            await provisioning.complete(self.context)
        await monitoring.watch_station(self.context, booted=self._boots > 0)
        await self._refresh()

    async def _refresh(self) -> None:
        while self._stale:
            self._stale = False
            await provisioning.refresh(self.context)
        self._following = None

"""An endpoint whose stations are looked after, its authorities, and stations that connect to it."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.core.events import SecurityNoticed, StationConnected
from gateway.security.certificates import Validity
from gateway.security.issuing import KeyAuthority, Spool
from gateway.security.vault import Vault
from gateway.simulators.station import Personality, SimulatedStation, StationOptions
from gateway.simulators.station_security import SecurityOptions
from gateway.stations.endpoint import Endpoint, EndpointConfig
from gateway.stations.facade import Stations
from gateway.stations.orders import Orders
from gateway.stations.upkeep import Means, Pace, Upkeep, Ward
from support.site import a_free_port
from support.station_tls import OPERATOR, Makers
from support.stations import DEFAULTS, PASSWORD, PATIENCE_S, PATIENT, Posted, an_entry, real_clocks

BRISK = replace(PATIENT, boot_grace_s=0.1)
"""A station that comes back without a boot is soon believed."""
SWIFT = Pace(interval_s=0.02, sweep_s=0.05, retry_s=3600, request_s=2)


@dataclass
class KeptSite:
    """One endpoint at work, and what was told of it."""

    endpoint: Endpoint
    upkeep: Upkeep
    orders: Orders
    makers: Makers
    posted: Posted
    folder: Path

    @property
    def plain_url(self):
        return f"ws://127.0.0.1:{self.endpoint.plain_port}/ocpp"

    @property
    def kinds(self):
        return [event.kind for event in self.posted.of(SecurityNoticed)]

    async def told(self, kind, nth=1):
        """Wait until something was told so many times; return the event."""
        async with asyncio.timeout(PATIENCE_S):
            while (
                len(found := [e for e in self.posted.of(SecurityNoticed) if e.kind == kind]) < nth
            ):
                self.posted._changed.clear()
                await self.posted._changed.wait()
        return found[nth - 1]

    async def connected(self, nth):
        return await self.posted.next(StationConnected, nth)

    async def settled(self):
        """Wait until one password counts."""
        async with asyncio.timeout(PATIENCE_S):
            while self.upkeep.past.doubtful("CS1"):  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.01)

    async def ordered(self, errand):
        """Give an order and return how it ended."""
        name = self.orders.place(errand)
        async with asyncio.timeout(PATIENCE_S):
            while (found := self.orders.outcome(name)) is None:  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.01)
        return found

    def certificate(self, *, begun_days=300, ends_days=90, file="own"):
        """Issue a certificate that a station was delivered with."""
        now = datetime.now(UTC)
        term = Validity(now - timedelta(days=begun_days), now + timedelta(days=ends_days))
        return self.makers.station(file=file, validity=term)

    def station(self, identity=None, *, personality=None, **options):
        """Return a simulated station, with a certificate or with the usual password."""
        files = {}
        if identity is not None:
            files = {"certificate": identity.certificate_path, "key": identity.key_path}
        security = SecurityOptions(operator=OPERATOR, **files, wait_s=1)
        given = {
            "id": "CS1",
            "password": PASSWORD,
            "url": self.endpoint.url,
            "trust_anchor": self.makers.endpoint.certificate_path,
            "security": security,
            "backoff_s": 0.02,
            "meter_interval_s": 60.0,
        }
        return SimulatedStation(
            StationOptions(**given | options), personality=personality or Personality()
        )


@asynccontextmanager
async def a_kept_site(folder, *, password="", profile=0, spool=False):
    """Open an endpoint for CS1, which should have a security profile; plain connections have a door, too."""
    makers, port = Makers.of(folder), a_free_port()
    posted, clocks = Posted(), real_clocks()
    stations, orders = Stations(posted), Orders(folder / "orders")
    root = makers.stations
    key = KeyAuthority(root.certificate_path, root.key_path, 90)
    means = Means(
        Vault(folder / "vault"),
        orders,
        stations.here,
        posted,
        clocks,
        authority=Spool(folder / "requests", root.certificate_path) if spool else key,
        operator=OPERATOR,
        url=f"wss://127.0.0.1:{port}/ocpp",
        pace=SWIFT,
    )
    upkeep, entry = (
        Upkeep({"CS1": Ward(password, profile)}, means),
        an_entry(password_verifier=password),
    )

    config = makers.config(plain_port=0)
    settings = EndpointConfig("127.0.0.1", port, rhythm=BRISK, **DEFAULTS | config)
    async with Endpoint(settings, [entry], stations, posted, clocks, upkeep) as endpoint:
        upkeep.use = endpoint.rekey
        running = asyncio.create_task(upkeep.run())
        try:
            yield KeptSite(endpoint, upkeep, orders, makers, posted, folder)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

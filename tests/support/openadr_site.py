"""A gateway in this process between a simulated VTN and a simulated station."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from gateway.settings import load
from gateway.settings.mode import FOR_REAL
from gateway.simulators.station import IN, SimulatedStation, StationOptions
from gateway.store.story import records
from support.service import Service
from support.site import PASSWORD, a_free_port, a_site, a_station, a_vtn, write_site

PATIENCE_S = 10
LIMIT = "IMPORT_CAPACITY_LIMIT"


def a_limit(kw=7, *, start_s=-60, duration="PT1H", **changes):
    """Members of an event that limits import from `start_s` seconds from now."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=start_s)
    return {
        "intervalPeriod": {"start": start.isoformat().replace("+00:00", "Z"), "duration": duration},
        "payloadDescriptors": [
            {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": LIMIT, "units": "KW"}
        ],
        "intervals": [{"id": 0, "payloads": [{"type": LIMIT, "values": [kw]}]}],
    } | changes


class Depot:
    """The gateway's site, its station, and the VTN that it follows."""

    def __init__(self, vtn, folder):
        self.vtn, self.folder = vtn, folder
        self.program = vtn.add_program("flex")
        self.port = a_free_port()
        self.station = self.gateway = self.running = None
        self._stack = AsyncExitStack()
        secret = folder / "client.secret"
        secret.write_text("secret\n")
        secret.chmod(0o600)

    def settings(self, site, **changes):
        """What site.yaml says; `changes` are those of the VTN's entry."""
        secret = {
            "auth": "post",
            "client_id": "ven_client",
            "client_secret_file": "client.secret",
            "ven": "depot",
        }
        told = {
            "url": self.vtn.url,
            "insecure": True,
            "poll_interval_s": 0.3,
            **({} if self.vtn.options.open else secret),
        }
        whole = a_site(
            ocpp={"port": self.port},
            utilities=[a_vtn(**(told | changes))],
            **({"stations": [a_station()]} | (site or {})),
        )
        return load(write_site(self.folder, whole), {})

    async def begin(self, mode=FOR_REAL, site=None, **changes):
        """Start the gateway, and the station where there is none yet."""
        self.gateway = Service(self.settings(site, **changes), mode)
        self.running = await self.gateway.running()
        if self.station is None:
            url = f"ws://127.0.0.1:{self.port}/ocpp"
            options = StationOptions(id="CS1", password=PASSWORD, url=url, tick_s=0.1)
            self.station = await self._stack.enter_async_context(SimulatedStation(options))
        await self.station.wait_for(lambda: self.station.ready, PATIENCE_S)

    async def end(self):
        """Stop the gateway; the station keeps what it has."""
        await self.gateway.end()
        self.gateway = None

    async def close(self):
        if self.gateway is not None:
            await self.end()
        await self._stack.aclose()

    async def station_holds(self, *watts):
        """Wait until the station's limits of import are exactly these."""
        await self.station.wait_for(lambda: self.limits() == sorted(watts), PATIENCE_S)

    def limits(self):
        """Return the limits of import that the station holds, in W."""
        return sorted(
            profile.body["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"]
            for profile in self.station.profiles.held
        )

    def sets(self):
        """Return the profiles that the station was ever given."""
        return self.station.payloads(IN, "SetChargingProfile")

    async def polled(self, times=3):
        """Wait until events were asked for so often anew."""
        since = len(self.vtn.exchanges)
        await self.vtn.wait_for(lambda: self.polls(since) >= times, PATIENCE_S)

    def audited(self, *kinds):
        """Return what the audit says of these kinds, oldest first; the gateway has ended."""
        found = records(self.folder / "state" / "audit")
        return [record for record in found if record["kind"] in kinds]

    def polls(self, since=0):
        """Return how often events were asked for, after so many exchanges."""
        return sum(it.path == "/events" for it in self.vtn.exchanges[since:])

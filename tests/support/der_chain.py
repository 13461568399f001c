"""Engine, endpoint and the shipped simulated station in one process, from command to inverter."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from gateway.core.effects import Audit, ReadBack, RespondToUtility, SendToStation, WakeAt
from gateway.core.engine import Engine
from gateway.core.events import CommandReceived, CommandWithdrawn, Now, Tick, Withdrawal
from gateway.core.station import StationRules
from gateway.simulators.grid import Grid
from gateway.simulators.station import SimulatedStation, StationOptions
from gateway.simulators.station_options import ALL_MODES
from gateway.stations.endpoint import Endpoint, EndpointConfig
from gateway.stations.facade import Stations
from support.engine_bench import the_book
from support.stations import PASSWORD, PATIENT, an_entry, real_clocks
from support.translation import a_command
from translators.canonical.commands import Interval, ResponseDuty


@dataclass
class Gateway:
    """What the engine decides is done at once; nothing is kept on disk."""

    engine: Engine
    stations: Stations | None = None
    effects: list = field(default_factory=list)

    def post(self, event):
        asyncio.get_running_loop().call_soon(self._handle, event)

    def _handle(self, event):
        now = Now(datetime.now(UTC), time.monotonic(), {"dso": timedelta()})
        for effect in self.engine.handle(event, now):
            self.effects.append(effect)
            match effect:
                case SendToStation():
                    self.stations.send(effect)
                case ReadBack():
                    self.stations.read_back(effect)
                case WakeAt(utc=utc):
                    ahead = (utc - datetime.now(UTC)).total_seconds()
                    asyncio.get_running_loop().call_later(max(0, ahead), self.post, Tick())

    @property
    def ledger(self):
        return self.engine.world.stations["CS1"].ledger.entries

    def states(self):
        """Return what is believed, by control type and whether it is a default."""
        return {
            (e.desired.payload["controlType"], e.desired.is_default): e.state.value
            for e in self.ledger.values()
            if e.desired.action == "SetDERControl"
        }

    def sent(self, action):
        sends = (effect for effect in self.effects if isinstance(effect, SendToStation))
        return [effect.payload for effect in sends if effect.action == action]

    def told(self, mrid):
        owed = (effect for effect in self.effects if isinstance(effect, RespondToUtility))
        return [effect.outcome.value for effect in owed if effect.mrid == mrid]

    def audited(self, kind):
        return [e for e in self.effects if isinstance(e, Audit) and e.kind == kind]

    def serve(self, mrid, *controls, start_s=None, seconds=3600, **changes):
        """Serve a command that starts so many seconds from this one, which is whole, or a default."""
        now = datetime.now(UTC).replace(microsecond=0)
        interval = None
        if start_s is not None:
            begin = now + timedelta(seconds=start_s)
            interval = Interval(begin, begin + timedelta(seconds=seconds))
        command = a_command(
            *controls,
            mrid=mrid,
            interval=interval,
            is_default=interval is None,
            created=now,
            server_time=now,
            response=ResponseDuty(received=True, specific=True, reply_to="/rsp"),
            **changes,
        )
        self.post(CommandReceived(command))

    def withdraw(self, mrid):
        self.post(CommandWithdrawn("dso", "CS1", mrid, Withdrawal.CANCELLED))


@asynccontextmanager
async def a_chain(personality=None, *, policy=None, **options):
    """Yield the gateway and its station, which is connected and read back."""
    gateway = Gateway(Engine(the_book(), [StationRules("CS1", ("dso",), policy=policy or {})]))
    gateway.stations = Stations(gateway.post)
    rhythm = replace(PATIENT, boot_grace_s=0.5)
    config = EndpointConfig("127.0.0.1", 0, rhythm=rhythm)
    endpoint = Endpoint(config, (an_entry(),), gateway.stations, gateway.post, real_clocks())
    async with endpoint:
        made = StationOptions(
            id="CS1",
            password=PASSWORD,
            url=endpoint.url,
            versions=("ocpp2.1",),
            nominal_frequency_hz=50,
            **{"der_modes": ALL_MODES, "backoff_s": 0.05, "tick_s": 0.02, **options},
        )
        async with SimulatedStation(made, Grid(frequency_hz=50), personality) as station:
            await ready(gateway, station)
            yield gateway, station


async def ready(gateway, station):
    """Wait until the station was read back."""
    state = gateway.engine.world.stations["CS1"]
    await station.wait_for(lambda: state.connected and state.ready, timeout_s=10)


async def quiet(gateway, station):
    """Wait until no call is outstanding."""
    await station.wait_for(lambda: gateway.engine.quiet, timeout_s=10)

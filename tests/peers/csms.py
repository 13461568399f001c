"""The endpoint of the gateway with an inbox: what foreign stations connect to."""

import asyncio
import itertools
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from fractions import Fraction

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import ControlsReported, StationReplied
from gateway.security.credentials import make_verifier
from gateway.settings.packs import shipped_book
from gateway.stations.context import StationEntry
from gateway.stations.endpoint import Endpoint, EndpointConfig
from gateway.stations.facade import Stations
from gateway.stations.session import Clocks, Rhythm
from translators.canonical.capability import Current, Evse, Ratings

PATIENCE_S = 60
PASSWORD = "a-password-of-the-tests"
STATION = "CS1"
_VERIFIER = make_verifier(PASSWORD)


class Csms:
    """What the stations of an endpoint are told, and what the gateway hears of them."""

    def __init__(self):
        self.events = []
        self.stations = Stations(self.post)
        self.url = ""
        self._news = asyncio.Event()
        self._numbers = itertools.count(1)

    def post(self, event):
        self.events.append(event)
        self._news.set()

    async def sees(self, kind, *, times=1, **wanted):
        """Return the n-th event of a kind with these values, waiting for it."""

        def found():
            return [
                event
                for event in self.events
                if isinstance(event, kind)
                and all(getattr(event, name) == value for name, value in wanted.items())
            ]

        try:
            async with asyncio.timeout(PATIENCE_S):
                while len(found()) < times:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            names = [type(event).__name__ for event in self.events]
            raise AssertionError(f"no {kind.__name__} {wanted} among {names}") from None
        return found()[times - 1]

    async def send(self, action, payload):
        """Send one call and return how it ended."""
        number = f"r{next(self._numbers)}"
        self.stations.send(SendToStation(STATION, number, action, payload))
        return await self.sees(StationReplied, request_id=number)

    async def read_back(self):
        """Return what the station says that it holds."""
        number = f"r{next(self._numbers)}"
        self.stations.read_back(ReadBack(STATION, number))
        return await self.sees(ControlsReported, request_id=number)


@asynccontextmanager
async def csms(rhythm=None):
    """Open an endpoint at which one station with one EVSE is enrolled."""
    gateway = Csms()
    evse = Evse(1, Current.DC, 3, Ratings())
    entry = StationEntry(STATION, _VERIFIER, Fraction(50), (evse,), shipped_book())
    clocks = Clocks(lambda: datetime.now(UTC), time.monotonic)
    config = EndpointConfig("127.0.0.1", 0, rhythm=rhythm or Rhythm())
    async with Endpoint(config, [entry], gateway.stations, gateway.post, clocks) as endpoint:
        gateway.url = endpoint.url
        yield gateway

"""Stations as the station side of the gateway sees them: in memory, and over a raw WebSocket."""

import asyncio
import base64
import hashlib
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction

from websockets.asyncio.client import connect

from gateway.core.events import StationConnected
from gateway.errors import PeerError
from gateway.settings.packs import shipped_book
from gateway.stations.context import StationEntry
from gateway.stations.endpoint import Endpoint, EndpointConfig
from gateway.stations.facade import Stations
from gateway.stations.session import Clocks, Rhythm, Session
from translators.canonical.capability import Current, Evse, Ratings

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
PATIENCE_S = 60
PASSWORD = "a password of one station"
PATIENT = Rhythm(call_timeout_s=5, report_timeout_s=5, boot_grace_s=5, probe_timeout_s=5)
"""Nothing times out before a slow machine is done."""
UNBOOTED = replace(PATIENT, boot_grace_s=0.01)
SILENT = replace(UNBOOTED, call_timeout_s=0.02, report_timeout_s=0.02)
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M1", "vendorName": "ACME"}}


def a_weak_verifier(password=PASSWORD):
    """Return a verifier that costs next to nothing; for tests only."""
    digest = hashlib.scrypt(password.encode(), salt=b"salt", n=2, r=1, p=1, dklen=32)
    parts = (base64.b64encode(b"salt").decode(), base64.b64encode(digest).decode())
    return f"scrypt$2$1$1${parts[0]}${parts[1]}"


def an_evse(number=1, **changes):
    fields = {
        "id": number,
        "current": Current.DC,
        "phases": 3,
        "ratings": Ratings(max_w=Fraction(22000)),
    }
    return Evse(**{**fields, **changes})


def an_entry(name="CS1", **changes):
    fields = {
        "id": name,
        "password_verifier": a_weak_verifier(),
        "nominal_frequency_hz": Fraction(50),
        "evses": (an_evse(),),
        "book": shipped_book(),
    }
    return StationEntry(**{**fields, **changes})


def real_clocks():
    return Clocks(lambda: datetime.now(UTC), time.monotonic)


def fixed_clocks(at=NOON):
    return Clocks(lambda: at, time.monotonic)


class MemoryTransport:
    """A station without a socket: what it says is queued, what it is told is kept."""

    def __init__(self, station="CS1", version="2.1"):
        self.station = station
        self.subprotocol = f"ocpp{version}"
        self.sent = []
        self.closed = None
        self.aborted = False
        self.lives = True
        self._said = asyncio.Queue()
        self._changed = asyncio.Event()
        self._gone = asyncio.Event()

    def send(self, frame):
        if self.closed or self.aborted:
            raise PeerError("the connection is closed", where=self.station)
        self.sent.append(json.loads(frame))
        self._changed.set()

    async def receive(self, take):
        while (frame := await self._said.get()) is not None:
            take(frame)

    async def alive(self, _timeout_s):
        return self.lives

    def close(self, code, reason):
        self.closed = (code, reason)
        self.hang_up()

    def abort(self):
        self.aborted = True
        self.hang_up()

    def hang_up(self):
        self._said.put_nowait(None)
        self._gone.set()

    async def gone(self):
        """Wait until the connection is closed from either side."""
        await asyncio.wait_for(self._gone.wait(), 5)

    def say(self, *message):
        """Queue one frame: a message, or bytes as they are."""
        raw = len(message) == 1 and isinstance(message[0], bytes)
        self._said.put_nowait(message[0] if raw else json.dumps(message).encode())

    async def until(self, predicate, timeout_s=5):
        """Wait for the first frame that was sent and satisfies a predicate."""
        async with asyncio.timeout(timeout_s):
            while True:
                for frame in self.sent:
                    if predicate(frame):
                        return frame
                self._changed.clear()
                await self._changed.wait()

    def calls(self, action):
        return [frame for frame in self.sent if frame[0] == 2 and frame[2] == action]

    async def called(self, action, nth=1):
        """Wait for the nth call of an action; return its id and payload."""
        await self.until(lambda _frame: len(self.calls(action)) >= nth)
        frame = self.calls(action)[nth - 1]
        return frame[1], frame[3]

    async def answered(self, message_id):
        """Wait for the answer to a call of ours."""
        return await self.until(lambda frame: frame[0] in {3, 4} and frame[1] == message_id)


@dataclass
class Posted:
    """What the engine would hear."""

    events: list = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, event):
        self.events.append(event)
        self._changed.set()

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    async def next(self, kind, nth=1):
        """Wait for the nth event of a kind."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.of(kind)) < nth:
                self._changed.clear()
                await self._changed.wait()
        return self.of(kind)[nth - 1]


@asynccontextmanager
async def a_session(
    version="2.1", *, entry=None, rhythm=PATIENT, transport=None, clocks=None, **changes
):
    """Run a session over a memory transport; ends it after the block."""
    posted = Posted()
    station = transport or MemoryTransport(version=version)
    clocks = clocks or fixed_clocks()
    session = Session(station, entry or an_entry(), posted, clocks, rhythm, **changes)
    running = asyncio.create_task(session.run())
    try:
        yield station, session, posted
    finally:
        station.hang_up()
        await asyncio.wait_for(running, PATIENCE_S)
        session.end()


async def announce(station, posted, report=None):
    """Let a station boot and answer its base report; return what was announced."""
    before, asked = len(posted.of(StationConnected)), len(station.calls("GetBaseReport"))
    station.say(2, "boot", "BootNotification", BOOT)
    number, request = await station.called("GetBaseReport", asked + 1)
    if report is None:
        station.say(3, number, {"status": "NotSupported"})
    else:
        station.say(3, number, {"status": "Accepted"})
        station.say(2, f"report{asked}", "NotifyReport", a_report(request["requestId"], report))
    return await posted.next(StationConnected, before + 1)


def a_report(request_id, values, *, number=0, more=False):
    """Return a NotifyReport; `values` are (component, variable, value) or with an EVSE before."""
    data = []
    for row in values:
        evse, (component, variable, value) = (row[0], row[1:]) if len(row) == 4 else (None, row)
        named = {"name": component} if evse is None else {"name": component, "evse": {"id": evse}}
        data.append(
            {
                "component": named,
                "variable": {"name": variable},
                "variableAttribute": [{"value": value}],
            }
        )
    report = {"requestId": request_id, "generatedAt": "2026-12-01T12:00:00Z", "seqNo": number}
    return {**report, "tbc": more, "reportData": data} if data else {**report, "tbc": more}


DEFAULTS = {}
"""What every endpoint of a test is configured with; tests that run over each transport set it."""


@dataclass
class Site:
    """An open endpoint, and what the engine would hear of it."""

    endpoint: Endpoint
    stations: Stations
    posted: Posted


@asynccontextmanager
async def a_site(*entries, rhythm=PATIENT, **config):
    posted = Posted()
    stations = Stations(posted)
    settings = EndpointConfig("127.0.0.1", 0, rhythm=rhythm, **DEFAULTS | config)
    endpoint = Endpoint(settings, entries or (an_entry(),), stations, posted, real_clocks())
    async with endpoint:
        yield Site(endpoint, stations, posted)


def basic(name, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def dial(site, name="CS1", *, versions=("ocpp2.1",), headers=None, **options):
    """Connect as a station would; use with `async with`."""
    return connect(
        f"{site.endpoint.url}/{name}",
        subprotocols=list(versions) or None,
        additional_headers=basic(name) if headers is None else headers,
        **options,
    )


class Wire:
    """A raw station: it says what it is told to say, and waits for frames."""

    def __init__(self, socket):
        self.socket = socket
        self._kept = []

    async def say(self, message):
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        await self.socket.send(text)

    async def hear(self, predicate):
        """Return the next frame that satisfies a predicate; others are kept for later."""
        for frame in self._kept:
            if predicate(frame):
                self._kept.remove(frame)
                return frame
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = json.loads(await self.socket.recv())
                if predicate(frame):
                    return frame
                self._kept.append(frame)

    async def answer_to(self, message_id):
        return await self.hear(lambda frame: frame[0] in {3, 4} and frame[1] == message_id)

    async def call_of(self, action):
        return await self.hear(lambda frame: frame[0] == 2 and frame[2] == action)

    async def ask(self, action, payload, message_id="ask"):
        await self.say([2, message_id, action, payload])
        return await self.answer_to(message_id)

    async def boot(self):
        """Boot, and say that there is no base report."""
        answer = await self.ask("BootNotification", BOOT, "boot")
        call = await self.call_of("GetBaseReport")
        await self.say([3, call[1], {"status": "NotSupported"}])
        return answer[2]


def masked(text):
    """Return a short text as a client frames it, with a mask of zero."""
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


@asynccontextmanager
async def a_mute_station(site, name="CS1", *, says=b""):
    """Connect and then neither read, answer nor close: what a dead link looks like from here.

    `says` is what it sends with its request.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", site.endpoint.port)
    lines = [
        f"GET /ocpp/{name} HTTP/1.1",
        "Host: gateway",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: ocpp2.1",
        *(f"{key}: {value}" for key, value in basic(name).items()),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode() + says)
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        assert head.startswith(b"HTTP/1.1 101")
        yield reader, writer
    finally:
        writer.transport.abort()

"""A simulated charging station: a real websocket, OCPP 2.1 or 2.0.1, R04 controls that move physics.

    grid = Grid(frequency_hz=60)
    options = StationOptions(id="cs1", password="...", url="ws://127.0.0.1:9000/ocpp")
    async with SimulatedStation(options, grid) as station:
        await station.wait_for(lambda: "VoltVar" in station.controls.active, timeout_s=5)
        grid.set_voltage(1.06)
        await station.wait_for(lambda: station.inverter.q_var < -1000, timeout_s=5)

It refuses what the standard refuses, keeps what a reboot must not take, and misbehaves on demand: set
`station.personality`. Every frame is in `station.frames` for others to judge.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from gateway.simulators.grid import Grid
from gateway.simulators.station_connection import IN, OUT, Connection, LostError, Recorded
from gateway.simulators.station_controls import Controls
from gateway.simulators.station_core import Core
from gateway.simulators.station_inverter import Inverter
from gateway.simulators.station_options import Nameplate, Personality, StationOptions
from gateway.simulators.station_profiles import Profiles
from gateway.simulators.station_wire import Json

__all__ = [
    "IN",
    "OUT",
    "Grid",
    "Nameplate",
    "Personality",
    "SimulatedStation",
    "StationOptions",
]

_KEPT_FRAMES = 20_000
_MAX_DOUBLINGS = 5
_HEARTBEAT_S = 60.0


class SimulatedStation:
    """A station that connects, boots and works while the `async with` lasts; it reconnects itself."""

    def __init__(
        self,
        options: StationOptions,
        grid: Grid | None = None,
        personality: Personality | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.options = options
        self.grid = grid or Grid(frequency_hz=options.nominal_frequency_hz)
        self.core = Core(options, self.grid, clock())
        self.core.personality = personality or Personality()
        self.frames: deque[Recorded] = deque(maxlen=_KEPT_FRAMES)
        self.problems: list[str] = []
        self.sessions = 0
        self._clock = clock
        self._boot_reason: str | None = "PowerUp"
        self._heartbeat_s = _HEARTBEAT_S
        self._socket: ClientConnection | None = None
        self._changed = asyncio.Condition()
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start; connecting goes on in the background."""
        works = (self._stay_connected(), self._tick(), self._wake_watchers())
        self._tasks = [asyncio.create_task(work) for work in works]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect and stop; a fault of the station itself surfaces here."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        fault = self._fault()
        if fault is not None and exc is None:
            raise fault

    def _fault(self) -> BaseException | None:
        ended = [task for task in self._tasks if task.done() and not task.cancelled()]
        return next((task.exception() for task in ended), None)

    @property
    def personality(self) -> Personality:
        """How it misbehaves; may be changed at any time."""
        return self.core.personality

    @personality.setter
    def personality(self, value: Personality) -> None:
        self.core.personality = value

    @property
    def inverter(self) -> Inverter:
        """The measured side: p_w (+ export), q_var (+ inject), voltage_v, frequency_hz."""
        return self.core.inverter

    @property
    def controls(self) -> Controls:
        """The DER controls: held, and active by control type."""
        return self.core.controls

    @property
    def profiles(self) -> Profiles:
        """The charging profiles that it holds."""
        return self.core.profiles

    @property
    def transaction_id(self) -> str | None:
        """The running transaction."""
        return None if self.core.transaction is None else self.core.transaction.id

    @property
    def ready(self) -> bool:
        """Whether it is connected and its boot was accepted."""
        return self.core.online

    def payloads(self, direction: str, action: str) -> list[Json]:
        """Return the payloads of the calls of one action, in order."""
        return [
            frame[3]
            for way, frame in self.frames
            if way == direction and isinstance(frame, list) and frame[0] == 2 and frame[2] == action
        ]

    def plug_in(self, **wishes: float) -> None:
        """Let a car come; `wishes` are fields of Car such as demand_w."""
        self.core.plug(self._clock(), present=True, **wishes)

    def unplug(self) -> None:
        """Let the car go."""
        self.core.plug(self._clock(), present=False)

    async def reboot(self, reason: str = "Watchdog") -> None:
        """Restart: the connection drops, a BootNotification follows."""
        self.core.reboot(self._clock())
        self._boot_reason = reason
        await self.disconnect()

    async def disconnect(self) -> None:
        """Drop the connection; the station comes back by itself."""
        self.core.went_offline(self._clock())
        if self._socket is not None:
            await self._socket.close(1001)

    async def wait_for(self, predicate: Callable[[], object], timeout_s: float | None) -> None:
        """Wait until `predicate` holds, asked after each frame and step of time.

        TimeoutError says which frames came last.
        """
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: bool(predicate()))
        except TimeoutError as exc:
            fault = self._fault()
            if fault is not None:
                raise fault from exc
            recent = "; ".join(f"{way} {frame}" for way, frame in list(self.frames)[-6:])
            troubles = "; ".join(self.problems[-3:])
            raise TimeoutError(
                f"not within {timeout_s} s: {recent or 'no frame'} {troubles}"
            ) from exc

    async def _tick(self) -> None:
        while True:
            self.core.advance(self._clock())
            self._stirred.set()
            await asyncio.sleep(self.options.tick_s)

    async def _wake_watchers(self) -> None:
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            async with self._changed:
                self._changed.notify_all()

    async def _stay_connected(self) -> None:
        doublings = 0
        while True:
            sessions = self.sessions
            try:
                await self._connect_once()
            except (OSError, WebSocketException, LostError, TimeoutError) as exc:
                self.problems.append(f"{type(exc).__name__}: {exc}")
            self._socket = None
            self.core.went_offline(self._clock())
            doublings = 0 if self.sessions > sessions else min(doublings + 1, _MAX_DOUBLINGS)
            await asyncio.sleep(self.options.backoff_s * 2**doublings)

    async def _connect_once(self) -> None:
        options = self.options
        credentials = base64.b64encode(f"{options.id}:{options.password}".encode()).decode()
        async with connect(
            f"{options.url.rstrip('/')}/{quote(options.id, safe='')}",
            subprotocols=[Subprotocol(version) for version in options.versions],
            additional_headers={"Authorization": f"Basic {credentials}"},
            ssl=_context(options),
            proxy=None,
            close_timeout=1,
        ) as socket:
            if socket.subprotocol is None:
                self.problems.append("no common subprotocol")
                return
            self._socket = socket
            self.core.negotiated(socket.subprotocol.removeprefix("ocpp"))
            try:
                await self._work(socket)
            finally:
                await socket.close(1001)

    async def _work(self, socket: ClientConnection) -> None:
        connection = Connection(
            socket,
            self.core,
            self._clock,
            self.frames,
            self._stirred.set,
            self.options.call_timeout_s,
        )
        reader = asyncio.create_task(connection.read())
        writer = asyncio.create_task(self._write(connection))
        try:
            done, _ = await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                with suppress(ConnectionClosed):
                    task.result()
        finally:
            reader.cancel()
            writer.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)

    async def _write(self, connection: Connection) -> None:
        """Boot, greet, then make the calls of the core and the heartbeats."""
        await self._boot(connection)
        self.core.greet(self._clock())
        beat = self._clock()
        while True:
            if self.core.reboot_wanted:
                await self.reboot("RemoteReset")
                return
            if self.core.outbox:
                await self._deliver(connection)
                continue
            if self._clock() - beat >= self._heartbeat_s:
                beat = self._clock()
                self.core.tell("Heartbeat", {})
            await asyncio.sleep(self.options.tick_s / 5)

    async def _deliver(self, connection: Connection) -> None:
        """Make the next call; it stays queued until it ended, so that a broken line repeats it."""
        entry = self.core.outbox[0]
        await connection.call(*entry)
        if self.core.outbox and self.core.outbox[0] is entry:
            self.core.outbox.popleft()

    async def _boot(self, connection: Connection) -> None:
        """Repeat the BootNotification until it is accepted; after a mere reconnect none is due."""
        while self._boot_reason is not None:
            chargers = {"vendorName": self.options.vendor, "model": self.options.model}
            payload = {"reason": self._boot_reason, "chargingStation": chargers}
            outcome = await connection.call("BootNotification", payload)
            code, answer = outcome or ("Timeout", {})
            interval = float(answer.get("interval") or self.options.backoff_s)
            if not code and answer.get("status") == "Accepted":
                self._boot_reason = None
                self._heartbeat_s = interval
            else:
                await asyncio.sleep(interval)
        self.sessions += 1


def _context(options: StationOptions) -> ssl.SSLContext | None:
    """Return the TLS context of a wss address: trust in `trust_anchor` alone."""
    if not options.url.startswith("wss:"):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(options.trust_anchor)
    return context

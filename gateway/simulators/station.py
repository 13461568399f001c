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
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from gateway.simulators.grid import Grid
from gateway.simulators.station_boot import boot, deliver
from gateway.simulators.station_charging import limit_from, prioritise
from gateway.simulators.station_connection import (
    IN,
    OUT,
    Connection,
    LostError,
    Record,
    Recorded,
)
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
_KEPT_PROBLEMS = 1_000
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
        record: Record | None = None,
        driven: bool = False,
    ) -> None:
        """Set up a station; where it is `driven`, somebody else calls `advance` every now and then.

        Frames go to `record`, without which the last 20,000 are kept in `frames`.
        """
        faults = personality or Personality()
        self.options = options
        self.grid = grid or Grid(frequency_hz=options.nominal_frequency_hz)
        self.core = Core(options, self.grid, clock() + faults.clock_off_s)
        self.core.personality = faults
        self.frames: deque[Recorded] = deque(maxlen=_KEPT_FRAMES)
        self.problems: deque[str] = deque(maxlen=_KEPT_PROBLEMS)
        self.sessions = 0
        self._record = self.frames if record is None else record
        self._driven = driven
        self._true_clock = clock
        self._boot_reason: str | None = "PowerUp"
        self._beat = 0.0
        self._heartbeat_s = _HEARTBEAT_S
        self._socket: ClientConnection | None = None
        self._work_due = asyncio.Event()
        self._watchers: list[asyncio.Future[None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start; connecting goes on in the background."""
        self._tasks = [asyncio.create_task(self._stay_connected())]
        if not self._driven:
            self._tasks.append(asyncio.create_task(self._tick()))
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
        self.core.went_offline(self._clock())
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

    def plug_in(self, evse: int = 1, **wishes: Any) -> None:
        """Let a car come; `wishes` are fields of Car such as demand_w."""
        self.core.plug(self._clock(), present=True, evse=evse, **wishes)
        self._stir()

    def unplug(self, evse: int = 1) -> None:
        """Let the car go."""
        self.core.plug(self._clock(), present=False, evse=evse)
        self._stir()

    def prioritise(self, evse: int = 1, *, activated: bool = True) -> None:
        """Let the driver at an EVSE begin or end priority charging (K22)."""
        prioritise(self.core, evse, activated=activated)
        self._stir()

    def limit_from(self, source: str, watts: float | None, evse: int = 0) -> None:
        """Let somebody else than the CSMS limit its charge, or (None) no more (K12, K13)."""
        limit_from(self.core, source, watts, evse)
        self._stir()

    def advance(self) -> None:
        """Let time pass until now."""
        self.core.advance(self._clock())
        self._stir()

    def _clock(self) -> float:
        return self._true_clock() + self.core.personality.clock_off_s

    def _stir(self) -> None:
        """Wake whoever waits for something that may have happened now."""
        core = self.core
        if core.outbox or core.reboot_wanted or core.security.reconnect or self._beat_due():
            self._work_due.set()
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)

    def _beat_due(self) -> bool:
        return self.core.online and self._true_clock() - self._beat >= self._heartbeat_s

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
            async with asyncio.timeout(timeout_s):
                while not predicate():
                    watcher = asyncio.get_running_loop().create_future()
                    self._watchers.append(watcher)
                    await watcher
        except TimeoutError as exc:
            fault = self._fault()
            if fault is not None:
                raise fault from exc
            recent = "; ".join(f"{way} {frame}" for way, frame in list(self.frames)[-6:])
            troubles = "; ".join(list(self.problems)[-3:])
            raise TimeoutError(
                f"not within {timeout_s} s: {recent or 'no frame'} {troubles}"
            ) from exc

    async def _tick(self) -> None:
        while True:
            self.advance()
            await asyncio.sleep(self.options.tick_s)

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
            if self.sessions == sessions:
                self.core.security.network.failed()
            doublings = 0 if self.sessions > sessions else min(doublings + 1, _MAX_DOUBLINGS)
            await asyncio.sleep(self.options.backoff_s * 2**doublings)

    async def _connect_once(self) -> None:
        options, security = self.options, self.core.security
        security.reconnect = False
        async with connect(
            f"{security.network.way.url.rstrip('/')}/{quote(options.id, safe='')}",
            subprotocols=[Subprotocol(version) for version in options.versions],
            additional_headers=security.headers,
            ssl=security.context,
            compression="deflate" if options.compress else None,
            ping_interval=options.keepalive_s,
            proxy=None,
            close_timeout=1,
        ) as socket:
            self._work_due.set()
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
            self._record,
            self._stir,
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
        self._beat = self._true_clock()
        while True:
            self._work_due.clear()
            if self.core.reboot_wanted:
                await self.reboot(self.core.reboot_wanted)
                return
            if self.core.security.reconnect:  # A01, A02.FR.08
                await self.disconnect()
                return
            if self.core.outbox:
                await deliver(connection, self.core, self.core.outbox[0], self._clock)
            elif self._beat_due():
                self._beat = self._true_clock()
                self.core.tell("Heartbeat", {})
            else:
                await self._work_due.wait()

    async def _boot(self, connection: Connection) -> None:
        """Boot until that is accepted; after a mere reconnect none is due."""
        if self._boot_reason is not None:
            serial = self.options.security.serial_number
            chargers = {"vendorName": self.options.vendor, "model": self.options.model}
            shown = chargers | ({"serialNumber": serial} if serial else {})
            request = {"reason": self._boot_reason, "chargingStation": shown}
            due, clock = self._work_due, self._clock
            self._heartbeat_s = await boot(connection, self.core, request, due, clock)
            self._boot_reason = None
        self.sessions += 1

"""What the gateway is compared with: a raw `websockets` server, and a plain CSMS on the `ocpp` package.

Neither translates, keeps or audits anything; the raw server does not even read what it is told. The CSMS
is the package's own example: `call` for what goes out, `on` for what comes in, its defaults kept.
"""

from __future__ import annotations

import asyncio
import importlib
import ssl
import sys
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from gateway.bench.contender import Told, attend
from gateway.bench.lines import run
from gateway.bench.wire import Wire

CHUNK = 200
"""Stations that are told before the loop may turn to what came in."""
_CURVE: dict[str, Any] = {
    "priority": 1,
    "curveData": [{"x": 92, "y": 44}, {"x": 98, "y": 0}, {"x": 102, "y": 0}, {"x": 108, "y": -44}],
    "yUnit": "PctMaxVar",
    "responseTime": 5,
    "startTime": "2026-12-01T18:00:00Z",
    "duration": 3600,
}
_NAME = "a2e2b5f6-94b8-5c64-a9be-0f42e0a3c1d7"
"""A control id, in the length that ids have."""


class Raw:
    """`websockets` through its public interface: a frame out, a frame in, nothing read or checked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Know no station yet."""
        self._tls = tls
        self._connections: list[ServerConnection] = []
        self._left = 0
        self._heard = 0
        self._changed = asyncio.Event()
        control = {
            "isDefault": False,
            "controlId": _NAME,
            "controlType": "VoltVar",
            "curve": _CURVE,
        }
        self._text = orjson.dumps([2, _NAME, "SetDERControl", control]).decode()

    async def open(self) -> int:
        """Listen."""
        return await _listen(self._serve, self._tls)

    async def connected(self, count: int) -> None:
        """Wait for so many connections."""
        while len(self._connections) < count:
            self._changed.clear()
            await self._changed.wait()

    async def fan_out(self) -> Told:
        """Send the prebuilt frame to all and wait for as many."""
        self._left = len(self._connections)
        self._changed.clear()
        for chunk in batched(self._connections, CHUNK):
            for connection in chunk:
                await connection.send(self._text)
            await asyncio.sleep(0)
        await self._changed.wait()
        return {"done": len(self._connections)}

    def counts(self) -> Told:
        """Say how many texts were echoed."""
        return {"taken": self._heard}

    def audited(self) -> Told:
        """Say nothing: nothing is kept."""
        return {}

    async def _serve(self, connection: ServerConnection) -> None:
        self._connections.append(connection)
        self._changed.set()
        async for text in connection:
            if text[1] == "3":
                self._left -= 1
                if not self._left:
                    self._changed.set()
            else:
                self._heard += 1
                await connection.send('[3,"s",{}]')


class Plain:
    """A CSMS as the `ocpp` package's readme writes it."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Know no station yet."""
        self._tls = tls
        self._points: list[Any] = []
        self._changed = asyncio.Event()
        self._taken = 0
        v21 = importlib.import_module("ocpp.v21")
        on = importlib.import_module("ocpp.routing").on
        self._call, result = v21.call, v21.call_result

        def meter_values(_self: object, **_payload: Any) -> Any:
            self._taken += 1
            return result.MeterValues()

        self._kind = type(
            "Point", (v21.ChargePoint,), {"meter_values": on("MeterValues")(meter_values)}
        )

    async def open(self) -> int:
        """Listen."""
        return await _listen(self._serve, self._tls)

    async def connected(self, count: int) -> None:
        """Wait for so many connections."""
        while len(self._points) < count:
            self._changed.clear()
            await self._changed.wait()

    async def fan_out(self) -> Told:
        """Call all stations, a chunk at a time."""
        done = 0
        for chunk in batched(self._points, CHUNK):
            answers = await asyncio.gather(*(self._told(point, done) for point in chunk))
            done += sum(answer.status == "Accepted" for answer in answers)
        return {"done": done}

    def counts(self) -> Told:
        """Say how many MeterValues were answered."""
        return {"taken": self._taken}

    def audited(self) -> Told:
        """Say nothing: nothing is kept."""
        return {}

    async def _told(self, point: Any, number: int) -> Any:
        request = self._call.SetDERControl(
            is_default=False,
            control_id=f"{_NAME[:-6]}{number % 10**6:06d}",
            control_type="VoltVar",
            curve=_CURVE,
        )
        return await point.call(request)

    async def _serve(self, connection: ServerConnection) -> None:
        point = self._kind(connection.request.path if connection.request else "", connection)
        self._points.append(point)
        self._changed.set()
        await point.start()


async def _listen(handler: Any, tls: ssl.SSLContext | None) -> int:
    server = await serve(
        handler,
        "127.0.0.1",
        0,
        ssl=tls,
        subprotocols=[Subprotocol("ocpp2.1")],
        compression=None,
        ping_interval=None,
    )
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


def main() -> None:
    """Serve the parent; arguments are the rival's name and the wire."""
    run(_main(sys.argv[1], Wire.read(sys.argv[2:])))


async def _main(kind: str, wire: Wire) -> None:
    with TemporaryDirectory() as folder:
        tls = wire.context(Path(folder) / "tls")
        await attend(lambda: Raw(tls) if kind == "raw" else Plain(tls))

"""Many stations in one process at little cost: they connect, answer every CALL alike, and send on demand.

The wire is written by hand, on `asyncio.Protocol`: a station here costs a few microseconds for each
frame, so that the server under test is what the machine is busy with. Started by `contender`.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
import sys
from typing import cast

import orjson

from gateway.bench.lines import read_line, run, tell

PASSWORD = "bench"  # noqa: S105 - of stations that exist in a benchmark only
VARIED = 16
"""Messages of a station that differ in their numbers, before the first comes again."""
_AT_ONCE = 50
"""Handshakes under way at one time, where it is no storm."""
_PAUSE_S = 0.5
"""How long a station waits that was told to come again, or was not answered."""
_STORM = 100_000
_NAG_S = 0.1
"""How often a station says something that hears nothing."""
_TEXT, _PING, _PONG = 0x1, 0x9, 0xA
_BOOT = (
    b'[2,"boot","BootNotification",'
    b'{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)
_ASKED = {
    b'"GetBaseReport"': b'{"status":"NotSupported"}',
    b'"GetChargingProfiles"': b'{"status":"NoProfiles"}',
    b'"GetDERControl"': b'{"status":"NotFound"}',
}
"""What questions are answered with, by action: there is nothing to report."""


def name_of(number: int) -> str:
    """Return the id of a station."""
    return f"bench-{number:06d}"


def watts_of(number: int) -> float:
    """Return what each phase takes by the message of that number, in watts."""
    return 7360.5 + number % VARIED


def measurement(number: int = 0) -> bytes:
    """Return the payload of a MeterValues: three phases of power and voltage at one instant."""
    values = [
        {
            "value": watts_of(number) if measurand.startswith("Power") else 230.1 + number % VARIED,
            "context": "Sample.Periodic",
            "measurand": measurand,
            "phase": phase,
            "location": "Outlet",
            "unitOfMeasure": {"unit": unit},
        }
        for measurand, unit in (("Power.Active.Import", "W"), ("Voltage", "V"))
        for phase in ("L1", "L2", "L3")
    ]
    entry = {"timestamp": "2026-12-01T12:00:00Z", "sampledValue": values}
    return orjson.dumps({"evseId": 1, "meterValue": [entry]})


def framed(payload: bytes, opcode: int = _TEXT) -> bytes:
    """Return a client's frame; its mask is zero, which leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    else:
        head = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


class BusyError(Exception):
    """The server lets nobody in for the moment; come again after so many seconds."""

    def __init__(self, after_s: float) -> None:
        """Say when."""
        super().__init__(f"come again after {after_s} s")
        self.after_s = after_s


class RefusedError(Exception):
    """The server lets one of its own stations not in: no figure is worth anything then."""


class Fleet:
    """All stations of the process."""

    def __init__(self, boots: bool, tls: ssl.SSLContext | None = None) -> None:
        """Know no station yet."""
        self.boots, self._tls = boots, tls
        self.stations: list[Station] = []
        self.answer = b'{"status":"Accepted"}'
        self.messages = [b',"MeterValues",' + measurement(n) + b"]" for n in range(VARIED)]
        self.said = 0
        self.refused = 0
        self.expected = 0
        self.turned_away = self.dropped = 0
        """How often a station was told to come again, and how often nobody answered."""
        self.done = asyncio.Event()

    def spoil(self) -> None:
        """Say a digit string for a number from now on, in turns for the EVSE and for a value."""
        members = (b"evseId", b"value")
        self.messages = [
            re.sub(rb'("%s":)([0-9.]+)' % members[n % 2], rb'\1"\2"', text, count=1)
            for n, text in enumerate(self.messages)
        ]

    async def connect(self, host: str, port: int, numbers: range, at_once: int = _AT_ONCE) -> None:
        """Connect stations, a few at a time; those of a storm take it that nobody answers at first."""
        gate = asyncio.Semaphore(at_once)

        async def one(number: int) -> None:
            async with gate:
                while True:
                    try:
                        station = await self._knock(host, port, number)
                    except BusyError as busy:
                        self.turned_away += 1
                        await asyncio.sleep(busy.after_s)
                    except OSError:
                        if at_once < _STORM:
                            raise
                        self.dropped += 1
                        await asyncio.sleep(_PAUSE_S)
                    else:
                        self.stations.append(station)
                        return

        async with asyncio.TaskGroup() as group:
            for number in numbers:
                group.create_task(one(number))

    async def _knock(self, host: str, port: int, number: int) -> Station:
        _, station = await asyncio.get_running_loop().create_connection(
            lambda: Station(self, name_of(number), f"{host}:{port}"), host, port, ssl=self._tls
        )
        await station.open
        return station

    async def say(self, each: int) -> int:
        """Let each station send so many MeterValues, one after the other's answer; return how many."""
        self.said, self.refused, self.expected = 0, 0, each * len(self.stations)
        self.done.clear()
        for station in self.stations:
            station.say(each)
        await self.done.wait()
        return self.said

    def first(self) -> Station:
        """Return the station with the lowest number, whoever came in first."""
        return min(self.stations, key=lambda station: station.name)

    def heard(self) -> None:
        """Count one answer."""
        self.said += 1
        if self.said == self.expected:
            self.done.set()


class Station(asyncio.Protocol):
    """One connection."""

    def __init__(self, fleet: Fleet, name: str, host: str) -> None:
        """Wait for the connection."""
        self._fleet, self.name, self._host = fleet, name, host
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.WriteTransport | None = None
        self._rest = b""
        self._left = 0
        self._number = 0
        self._stalled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        wire = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass of it
        self._transport = wire
        login = base64.b64encode(f"{self.name}:{PASSWORD}".encode()).decode()
        lines = (
            f"GET /ocpp/{self.name} HTTP/1.1",
            f"Host: {self._host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: ocpp2.1",
            f"Authorization: Basic {login}",
        )
        wire.write("\r\n".join((*lines, "", "")).encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """End the whole fleet: a benchmark without all its stations is none."""
        if not self.open.done():
            self.open.set_exception(exc or ConnectionError(f"{self.name} was not let in"))

    def data_received(self, data: bytes) -> None:
        """Take in the handshake, then frames."""
        self._rest += data
        if not self.open.done():
            head, end, self._rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            if head.startswith((b"HTTP/1.1 503", b"HTTP/1.1 429")):
                _, told, later = head.lower().partition(b"retry-after: ")
                after_s = float(later.split(b"\r\n")[0]) if told else _PAUSE_S
                self.open.set_exception(BusyError(after_s))
                return
            if not head.startswith(b"HTTP/1.1 101"):
                answer = head[:200].decode("latin-1")
                self.open.set_exception(RefusedError(f"{self.name} is refused: {answer}"))
                return
            self.open.set_result(None)
            if self._fleet.boots:
                self._write(_BOOT)
        while (found := _frame(self._rest)) is not None:
            opcode, payload, size = found
            self._rest = self._rest[size:]
            self._take(opcode, payload)

    def say(self, count: int) -> None:
        """Send so many MeterValues, each after the answer to the one before."""
        self._left = count
        self._next()

    def stall(self) -> None:
        """Read nothing any more, and go on asking: the answers pile up on the other side."""
        self._stalled = True
        cast("asyncio.ReadTransport", self._transport).pause_reading()
        self._nag()

    def resume(self) -> None:
        """Read on."""
        self._stalled = False
        cast("asyncio.ReadTransport", self._transport).resume_reading()

    def _nag(self) -> None:
        if self._stalled:
            self._tell_measured()
            asyncio.get_running_loop().call_later(_NAG_S, self._nag)

    def _next(self) -> None:
        self._left -= 1
        self._tell_measured()

    def _tell_measured(self) -> None:
        self._number += 1
        self._write(b'[2,"s%d"' % self._number + self._fleet.messages[self._number % VARIED])

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._send(framed(payload, _PONG))
        elif opcode == _TEXT and payload.startswith(b"[2"):
            begin = payload.index(b'"')
            message_id = payload[begin : payload.index(b'"', begin + 1) + 1]
            action = payload[payload.index(b",", begin) + 1 :][:22].partition(b",")[0]
            answer = _ASKED.get(action, self._fleet.answer)
            self._write(b"[3," + message_id + b"," + answer + b"]")
        elif opcode == _TEXT and b'"s' in payload[:6]:
            self._fleet.refused += payload[1:2] == b"4"
            self._fleet.heard()
            if self._left:
                self._next()

    def _write(self, payload: bytes) -> None:
        self._send(framed(payload))

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _frame(data: bytes) -> tuple[int, bytes, int] | None:
    """Return opcode, payload and size of the first whole frame of a server, which masks nothing."""
    if len(data) < 2:
        return None
    size, begin = data[1], 2
    if size == 126:
        size, begin = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, begin = int.from_bytes(data[2:10], "big"), 10
    if len(data) < begin + size:
        return None
    return data[0] & 0xF, data[begin : begin + size], begin + size


def main() -> None:
    """Serve the parent: arguments are port, stations (`7` or `7-20`), whether they boot, and the rest.

    `tls`: they connect by wss. `storm`: all at the same time.
    """
    port, words = int(sys.argv[1]), sys.argv[4:]
    first, _, end = sys.argv[2].rpartition("-")
    numbers = range(int(first or 0), int(end))
    fleet = Fleet(sys.argv[3] == "boot", trusting() if "tls" in words else None)
    run(_serve(port, numbers, fleet, _STORM if "storm" in words else _AT_ONCE))


def trusting() -> ssl.SSLContext:
    """Return TLS that takes any certificate: the server is our own child, with one made just now."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _serve(port: int, numbers: range, fleet: Fleet, at_once: int) -> None:
    await fleet.connect("127.0.0.1", port, numbers, at_once)
    tell(open=len(fleet.stations), turned_away=fleet.turned_away, dropped=fleet.dropped)
    while words := await read_line():
        match words:
            case ["say", each]:
                tell(said=await fleet.say(int(each)), refused=fleet.refused)
            case ["spoil"]:
                fleet.spoil()
                tell(spoiled=True)
            case ["stall"]:
                fleet.first().stall()
                tell(stalled=1)
            case ["resume"]:
                fleet.first().resume()
                tell(stalled=0)
            case ["answer", text]:
                fleet.answer = text.encode()
                tell(answer=text)
            case _:
                raise ValueError(f"a fleet does not know {words}")

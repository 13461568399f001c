"""The gateway as a contender: endpoint, sessions, rules, audit, and what one utility event makes of them.

One event is read once and translated once for each ratings profile, on which its numbers rest; each station
gets its own control id. One intent, which names every station, is durable before the first frame, and every
answer is a record of the chained audit: SQLite with `synchronous=FULL`, then the segments, in groups as the
runtime has them.
What the engine adds (the state of each command, its retries and its Responses) is not in it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from gateway.bench.contender import Told, attend
from gateway.bench.fleet import PASSWORD, name_of
from gateway.bench.lines import run
from gateway.bench.rivals import CHUNK
from gateway.bench.volt_var import CONTROL, CURVE, station
from gateway.bench.wire import PLAIN, Wire
from gateway.core.effects import Audit, SendToStation
from gateway.core.events import (
    Event,
    ReplyStatus,
    SamplesTaken,
    StationConnected,
    StationReplied,
)
from gateway.core.guard import guarded
from gateway.protocols.rates import Rate
from gateway.security.credentials import make_verifier
from gateway.settings.packs import shipped_book
from gateway.stations.context import StationEntry
from gateway.stations.endpoint import Endpoint, EndpointConfig
from gateway.stations.facade import Stations
from gateway.stations.session import Clocks, Rhythm
from gateway.store.audit import AuditSegments
from gateway.store.sqlite import SqliteStore
from gateway.store.verification import verify
from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand, Revision
from translators.canonical.telemetry import Phase
from translators.chain import Press, control_id
from translators.ieee2030_5.inbound import ProgramContext, Served
from translators.ieee2030_5.xml import parse
from translators.units import Kind

PROFILES_AT_ONCE = 50
"""Translations, after which the loop may turn to what came in."""
GROUP_S = 0.05
"""How long answers gather for one transaction."""
GROUP = 1_000
"""Answers of which a transaction does not have more."""
_MRID = b"0000000000000000000000010000C0DE"
_CURVE = CURVE.replace(b"<yRefType>2<", b"<yRefType>1<")
"""In percent of the active power: what a station is told rests on its ratings."""
_NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
_PACE = Rate(1e6, burst=1e7)
"""What no station of the fleet says in a second: it is counted, and none is slowed down."""
_REST = Rhythm(ping_interval_s=3600.0, boot_grace_s=3600.0)
"""No ping falls into a window that is measured."""


type Made = tuple[list[str], str, dict[str, Any]]
"""Stations of one ratings profile, with action and payload as they are for all of them."""


class Gateway:
    """The station side over a durable store, and one utility's events."""

    def __init__(
        self, folder: Path, stations: int, profiles: int, verifier: str, wire: Wire = PLAIN
    ) -> None:
        """Enrol the stations, in turns of the given number of ratings profiles."""
        self._book = shipped_book()
        self._store = SqliteStore(folder / "state.sqlite")
        self._audit = AuditSegments(folder / "audit")
        self._folder = folder
        self._stations = Stations(self._post)
        self._press = Press(self._book)
        self._groups: list[tuple[StationProfile, list[str]]] = []
        self._enrol(stations, profiles)
        names = [name_of(number) for number in range(stations)]
        entries = (
            StationEntry(name, verifier, Fraction(60), station().evses, self._book)
            for name in names
        )
        clocks = Clocks(lambda: datetime.now(UTC), time.monotonic)
        config = EndpointConfig(
            "127.0.0.1",
            0,
            rhythm=_REST,
            messages=_PACE,
            transport=wire.transport,
            **wire.files(folder / "tls"),
        )
        self._endpoint = Endpoint(config, entries, self._stations, self._post, clocks)
        self._open = AsyncExitStack()
        self._events = itertools.count(1)
        self._came: set[str] = set()
        self._replies: list[StationReplied] = []
        self._left = 0
        self._changed = asyncio.Event()
        self._done: Counter[str] = Counter()
        self._heard: deque[SamplesTaken] = deque(maxlen=stations)
        self._flushing: asyncio.TimerHandle | None = None

    def _enrol(self, stations: int, profiles: int) -> None:
        first = station()
        (evse,) = first.evses
        for index in range(min(profiles, stations)):
            ratings = replace(evse.ratings, max_var=Fraction(11000 + index))
            profile = replace(first, evses=(replace(evse, ratings=ratings),))
            names = [name_of(n) for n in range(index, stations, profiles)]
            self._groups.append((profile, names))

    async def open(self) -> int:
        """Listen."""
        await self._open.enter_async_context(self._endpoint)
        return self._endpoint.port

    async def connected(self, count: int) -> None:
        """Wait until so many stations have booted and been announced."""
        while len(self._came) < count:
            self._changed.clear()
            await self._changed.wait()

    async def fan_out(self) -> Told:
        """Translate one event for all stations, send it, and have every answer on disk."""
        mrid = f"{next(self._events):032X}"
        self._left = self._expected()
        self._changed.clear()
        before = self._done.copy()
        begin, cpu, written = time.perf_counter(), time.process_time(), dict[str, float]()
        made = await self._translated(mrid)
        self._intend(mrid, made)
        for chunk in batched(self._orders(mrid, made), CHUNK):
            for order in chunk:
                self._stations.send(order)
            written = {
                "written_ms": (time.perf_counter() - begin) * 1000,
                "written_cpu_ms": (time.process_time() - cpu) * 1000,
            }
            await asyncio.sleep(0)  # answers to what was told before are taken in here
        await self._changed.wait()
        self._flush()
        self._audit.drain(self._store)
        now = self._done - before
        return {"done": now[ReplyStatus.ACCEPTED.value], **written, **now}

    def _expected(self) -> int:
        """Return how many answers an event has."""
        return sum(len(names) for _, names in self._groups)

    def counts(self) -> Told:
        """Say what was done since the start; all sessions of the endpoint share their templates."""
        session = self._stations.current(name_of(0))
        return {**self._done, "templates": 0 if session is None else len(session.templates)}

    def audited(self) -> Told:
        """Check the audit as an auditor would: its records, and the first that is not sound."""
        self._flush()
        self._audit.drain(self._store)
        found = verify(self._folder / "audit")
        fault = None if found.fault is None else str(found.fault)
        rows = self._done["rows"]
        return {"records": found.records, "rows": rows, "fault": fault, "watts": str(self._watts())}

    def _watts(self) -> Fraction:
        """Return what the stations exported together by the last report of each."""
        samples = [sample for event in self._heard for sample in event.samples]
        totals = [s for s in samples if s.kind is Kind.POWER and s.phase is Phase.ALL]
        return sum((sample.value for sample in totals), Fraction())

    async def _translated(self, mrid: str) -> list[Made]:
        """Return action and payload of the event for the stations of each ratings profile."""
        command = self._command(mrid)
        made: list[Made] = []
        for chunk in batched(self._groups, PROFILES_AT_ONCE):
            for profile, names in chunk:
                orders = self._press.orders(command, profile, Situation())
                (message,) = guarded(orders, profile).value.messages
                made.append((names, message.action, message.payload))
            await asyncio.sleep(0)
        return made

    def _command(self, mrid: str) -> DerCommand:
        """Return the event as it is read from its documents."""
        context = ProgramContext("u", "bench", Revision.IEEE2030_5_2018, "P", 1, _NOW)
        control = parse(CONTROL.replace(_MRID, mrid.encode()))
        served = Served(control, {"/derp/1/dc/1": parse(_CURVE)}, context)
        (command,) = served.read(self._book).value
        return command

    def _orders(self, mrid: str, made: Iterable[Made]) -> Iterator[SendToStation]:
        """Yield what each station is told, under a control id of its own."""
        for names, action, payload in made:
            kind = payload["controlType"]
            for name in names:
                number = control_id(mrid, name, kind)
                yield SendToStation(name, number, action, {**payload, "controlId": number})

    def _intend(self, mrid: str, made: Iterable[Made]) -> None:
        """Have it on disk, once and before anything is sent, who is about to be told what."""
        told = [
            {
                "stations": names,
                "action": action,
                "payload": hashlib.sha256(orjson.dumps(payload)).hexdigest(),
            }
            for names, action, payload in made
        ]
        details = {"told": told, "rules": self._book.digest}
        self._done["rows"] += 1
        self._store.commit([Audit("control.dispatched", "u", mrid, details)], datetime.now(UTC))

    def _post(self, event: Event) -> None:
        match event:
            case StationReplied():
                self._replied(event)
            case SamplesTaken():
                self._done["samples"] += len(event.samples)
                self._done["taken"] += 1
                self._heard.append(event)
            case StationConnected():
                self._came.add(event.station)
                self._changed.set()
            case _:
                pass

    def _replied(self, event: StationReplied) -> None:
        self._replies.append(event)
        if len(self._replies) >= GROUP:
            self._flush()
        elif self._flushing is None:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_later(GROUP_S, self._flush)
        self._left -= 1
        if not self._left:
            self._changed.set()

    def _flush(self) -> None:
        """Have on disk what the stations answered since the last time."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        replies, self._replies = self._replies, []
        if replies:
            self._done.update([reply.status.value for reply in replies])
            self._done["rows"] += len(replies)
            self._store.commit([_record(reply) for reply in replies], datetime.now(UTC))


def _record(reply: StationReplied) -> Audit:
    """Return the record of an answer."""
    status, number = reply.status.value, reply.request_id
    kind = "control.accepted" if reply.status is ReplyStatus.ACCEPTED else "control.refused"
    return Audit(kind, reply.station, number, {"reason": reply.reason, "status": status})


def quick_verifier() -> str:
    """Return a verifier of the fleet's password that costs nothing: sessions are measured, not scrypt."""
    digest = hashlib.scrypt(PASSWORD.encode(), salt=b"salt", n=2, r=1, p=1, dklen=32)
    salt, expected = (base64.b64encode(part).decode() for part in (b"salt", digest))
    return f"scrypt$2$1$1${salt}${expected}"


def main(kind: type[Gateway] = Gateway) -> None:
    """Serve the parent; arguments are stations, profiles, `quick` or `real` passwords, and the wire."""
    stations, profiles, passwords = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    verifier = quick_verifier() if passwords == "quick" else make_verifier(PASSWORD)
    wire = Wire.read(sys.argv[4:])
    run(_main(lambda folder: kind(folder, stations, profiles, verifier, wire)))


async def _main(make: Callable[[Path], Gateway]) -> None:
    with TemporaryDirectory() as folder:
        await attend(lambda: make(Path(folder)))


if __name__ == "__main__":
    main()

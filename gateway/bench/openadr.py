"""`dergate bench openadr`: what a VTN's events cost, from the pages as they came to what holds when.

The pages are answered from memory: no socket is in the figures.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import batched
from pathlib import Path
from typing import Any

import orjson

from gateway.bench.clock import Pair, Ratio, compare, settled
from gateway.protocols.openadr_access import Resource, VenAccess
from gateway.protocols.openadr_changes import EventServed
from gateway.protocols.openadr_http import Answer, Request
from gateway.protocols.openadr_problem import items_of
from gateway.protocols.openadr_reading import reading
from gateway.protocols.openadr_ven import Ven
from gateway.settings.packs import shipped_book
from translators.canonical.commands import Revision
from translators.openadr.intervals import Clock, Expansion, expand
from translators.openadr.judging import Judging
from translators.openadr.payloads import EventContext
from translators.openadr.timeline import Entry, Timeline, timeline
from translators.openadr.wire import Event, event_of

EVENTS, INTERVALS, PAGE = 1_000, 24, 50
LONG = 10_000
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
_POLL_S = 30.0
_JSON_ALONE = "the same pages as JSON values (orjson)"
_ROOT = Path(__file__).resolve().parents[2]
_PEERS = {"openadr3-client": "openadr3_client", "openadr3": "openadr3"}
"""Foreign readers by name: the folder under tests/peers and .venv-peers."""


def events(count: int = EVENTS) -> Iterator[dict[str, Any]]:
    """Yield events of 24 hours each that begin over two days, of eleven priorities, limits and setpoints."""
    kinds = "IMPORT_CAPACITY_LIMIT", "EXPORT_CAPACITY_LIMIT", "DISPATCH_SETPOINT"
    for number in range(count):
        kind = kinds[number % 3]
        begin = NOON + timedelta(minutes=15 * (number * 7 % 192) - 720)
        yield {
            "id": f"event-{number}",
            "objectType": "EVENT",
            "createdDateTime": "2026-12-01T00:00:00Z",
            "modificationDateTime": "2026-12-01T00:00:00Z",
            "programID": "flex",
            "eventName": f"day {number}",
            "priority": number % 11,
            "targets": [],
            "payloadDescriptors": [
                {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": kind, "units": "KW"}
            ],
            "intervalPeriod": {"start": begin.isoformat(), "duration": "PT1H"},
            "intervals": [
                {"id": hour, "payloads": [{"type": kind, "values": [1 + (number + hour) % 50]}]}
                for hour in range(INTERVALS)
            ],
        }


def a_long_event() -> Event:
    """Return one event of many intervals, each of a length of its own."""
    (told,) = events(1)
    payload = {"type": "IMPORT_CAPACITY_LIMIT", "values": [7]}
    intervals = [
        {"id": n, "intervalPeriod": {"duration": f"PT{n % 900 + 1}S"}, "payloads": [payload]}
        for n in range(LONG)
    ]
    return event_of({**told, "intervals": intervals})


class Pages:
    """A VTN of one program, in memory; with ETags it says what is unchanged."""

    def __init__(self, *, etags: bool, count: int = EVENTS) -> None:
        """Write every page once."""
        self._etags = etags
        self.events = [orjson.dumps(list(page)) for page in batched(events(count), PAGE)]
        self._tags = [f'"{sha256(page).hexdigest()[:16]}"' for page in self.events]
        self._programs = orjson.dumps([{"id": "flex", "programName": "flex"}])

    def answer(self, request: Request) -> Answer:
        """Return what is served."""
        page = int(dict(request.query).get("skip", 0)) // PAGE
        listed = self.events if request.path == "/events" else [self._programs]
        body = listed[page] if page < len(listed) else b"[]"
        if not self._etags or listed is not self.events or page >= len(listed):
            return Answer(200, {}, body)
        tag = self._tags[page]
        if request.headers.get("If-None-Match") == tag:
            return Answer(304, {"etag": tag})
        return Answer(200, {"etag": tag}, body)


class Session:
    """A VEN at such a VTN, and the line of time of its one station."""

    def __init__(self, pages: Pages, judge: Judging) -> None:
        """Ask nothing yet."""
        self._pages, self._judge = pages, judge
        access = VenAccess(
            "vtn", "https://vtn.example", "", resources=(Resource("CS1", "CS1"),), poll_s=_POLL_S
        )
        self._ven = Ven(access)
        self._ven.revision = Revision.OPENADR_3_1
        self._now = 0.0
        self.entries: dict[str, Entry] = {}

    def poll(self) -> int:
        """Walk once through everything; return how many events came or changed."""
        served = 0
        while (request := self._ven.due(self._now)) is not None:
            answer, utc = self._pages.answer(request), NOON + timedelta(seconds=self._now)
            for change in self._ven.answered(request, answer, self._now, utc, 0.5):
                if isinstance(change, EventServed) and isinstance(change.held.event, Event):
                    served += 1
                    context = EventContext(
                        "vtn", "CS1", Revision.OPENADR_3_1, change.held.program, received=NOON
                    )
                    entry = Entry(change.held.key, change.held.event, context)
                    self.entries[entry.key] = entry
        self._now = self._ven.wake_at()
        return served

    def arbitrate(self) -> Timeline:
        """Return what holds from now on."""
        return timeline(list(self.entries.values()), self._judge, NOON)


@dataclass(frozen=True, slots=True)
class Found:
    """Microseconds of CPU for all events, each against the same pages read as JSON alone."""

    ratios: tuple[Ratio, ...]
    peers: dict[str, float]
    """Milliseconds in which foreign models read the same events, by package; only where installed."""
    events: int
    stretches: int

    def plain(self) -> dict[str, object]:
        """Return the figures as JSON values."""
        ratios = [
            {"name": it.name, "cpu_ms": it.micros / 1000, "times_json": it.times}
            for it in self.ratios
        ]
        return {
            "events": self.events,
            "intervals": self.events * INTERVALS,
            "stretches": self.stretches,
            "ratios": ratios,
            "peers_cpu_ms": self.peers,
        }

    def lines(self) -> Iterator[str]:
        """Yield the figures for people."""
        yield f"{self.events} events of {INTERVALS} intervals, {self.stretches} stretches held"
        for it in self.ratios:
            yield f"{it.micros / 1000:9.2f} ms  {it.name}: {it.times:.1f} x {it.baseline}"
        for name, cpu_ms in self.peers.items():
            yield f"{cpu_ms:9.2f} ms  read by the models of {name}, in a process of its own"


def measure(rounds: int, *, count: int = EVENTS) -> Found:
    """Measure all of it in this run."""
    judge = Judging(shipped_book())
    pages, tagged = Pages(etags=False, count=count), Pages(etags=True, count=count)
    walked, warm, plain = Session(pages, judge), Session(tagged, judge), Session(pages, judge)
    if {session.poll() for session in (walked, warm, plain)} != {count}:
        raise RuntimeError("a session did not see every event")
    held = walked.arbitrate()

    def first() -> Timeline:
        session = Session(pages, judge)
        session.poll()
        return session.arbitrate()

    def alone() -> int:
        return sum(len(orjson.loads(page)) for page in pages.events)

    long_one = a_long_event()

    def lengthy() -> Expansion:
        return expand(long_one, Clock(Revision.OPENADR_3_1))

    def read() -> int:
        return sum(len([reading(item) for item in items_of(page)]) for page in pages.events)

    works: list[tuple[str, Callable[[], object]]] = [
        ("polled, compared, expanded and arbitrated, all new", first),
        ("read alone", read),
        ("expanded and arbitrated alone", walked.arbitrate),
        (f"one event of {LONG} intervals, expanded", lengthy),
        ("polled, all unchanged, by ETags", warm.poll),
        ("polled, all unchanged, without ETags", plain.poll),
    ]
    with settled():
        ratios = tuple(
            compare(Pair(name, work, _JSON_ALONE, alone), rounds=rounds, calls=1)
            for name, work in works
        )
    return Found(ratios, _foreign(count, rounds), count, len(held.stretches))


def _foreign(count: int, rounds: int) -> dict[str, float]:
    """Return how long foreign models take for the same events, in processes of their own."""
    text = orjson.dumps(list(events(count)))
    found = {}
    for name, folder in _PEERS.items():
        python = _ROOT / ".venv-peers" / folder / "bin" / "python"
        script = _ROOT / "tests" / "peers" / folder / "timed.py"
        if python.exists() and script.exists():
            words = [str(python), str(script), str(rounds)]
            ended = subprocess.run(words, input=text, stdout=subprocess.PIPE, check=True)  # noqa: S603 - paths of the checkout
            found[name] = float(json.loads(ended.stdout)["cpu_ms"])
    return found

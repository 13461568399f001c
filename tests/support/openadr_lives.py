"""Lives of a VTN's events through schedule and engine to the profiles of a station; minutes count from noon.

What holds at the station is reckoned from the messages alone, what should hold from the events alone.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.connectors.openadr.handing import handed_before
from gateway.connectors.openadr.schedule import Schedule
from gateway.core.effects import Table
from gateway.core.events import HeldControl
from gateway.core.records import from_document
from gateway.protocols.openadr_access import Resource, VenAccess
from gateway.protocols.openadr_changes import Held
from support.engine_bench import NOON, Bench, an_engine
from support.openadr import LIMIT, a_payload, an_event, an_interval
from support.translation import book
from translators.canonical.commands import Revision
from translators.openadr.wire import event_of

ACCESS = VenAccess("dso", "https://vtn", "depot", resources=(Resource("CS1", "CS1"),))


@dataclass(frozen=True)
class Wish:
    """An import limit: kW of each interval, each so many minutes long; no priority loses to all."""

    id: str
    kw: tuple[int, ...] = (7,)
    start: int = 0
    minutes: int = 60
    priority: int | None = 5

    def now(self, minute):
        """Return the kW that it asks for at a minute, None where none."""
        number = (minute - self.start) // self.minutes
        return self.kw[number] if 0 <= number < len(self.kw) else None

    @property
    def held(self):
        begin = NOON + timedelta(minutes=self.start)
        event = an_event(
            *(an_interval(a_payload(LIMIT, kw)) for kw in self.kw),
            id=self.id,
            priority=self.priority,
            intervalPeriod={
                "start": begin.isoformat().replace("+00:00", "Z"),
                "duration": f"PT{self.minutes}M",
            },
        )
        raw = json.dumps(event).encode()
        return Held(self.id, event, raw, str(hash(raw)), event_of(event), None, NOON)


@dataclass
class Life:
    """A VTN, a gateway and a station."""

    wishes: dict = field(default_factory=dict)
    minute: int = 0
    held: dict = field(default_factory=dict)
    """The profiles that the station has, by id."""

    def __post_init__(self):
        self.bench = Bench(an_engine(book()))
        self.bench.connect()
        self.schedule = Schedule(ACCESS, book(), {})
        self.seen = 0

    def serve(self, wish):
        self.wishes[wish.id] = wish
        self.schedule.served(wish.held)

    def remove(self, id_):
        if self.wishes.pop(id_, None) is not None:
            self.schedule.removed(id_)

    def later(self, minutes):
        """Let time pass, a minute at a time, as deadlines do."""
        for _ in range(minutes):
            self.minute += 1
            self.bench.at(self.minute)
            self.settle()

    def restart(self):
        """Let another gateway go on from what was kept; the station has what it has."""
        self.settle()
        self.bench = self.bench.restart(book())
        self.seen = 0
        records = map(from_document, self.bench.kept[Table.COMMANDS].values())
        self.schedule = Schedule(ACCESS, book(), {"CS1": handed_before(records)})
        told = [HeldControl(str(key), "SetChargingProfile", it) for key, it in self.held.items()]
        self.bench.connect(held=told)
        for wish in self.wishes.values():
            self.schedule.served(wish.held)

    def settle(self):
        """Plan what is due, and let the station answer all that it is asked."""
        self.schedule.complete()
        utc = self.bench.now
        for subject in self.schedule.due(utc):
            for event in self.schedule.plan(subject, Revision.OPENADR_3_1, "s", utc).events:
                self.bench.hear(event)
        while self.bench.outstanding():
            self._carry_out()
            self.bench.reply()
        self._carry_out()

    def _carry_out(self):
        calls = self.bench.calls()
        for call in calls[self.seen :]:
            if call.action == "SetChargingProfile":
                self.held[call.payload["chargingProfile"]["id"]] = call.payload
            elif call.action == "ClearChargingProfile":
                del self.held[call.payload["chargingProfileId"]]
        self.seen = len(calls)

    @property
    def holds(self):
        """Return the kW of the profile of the highest level that is valid now, None where none is."""
        valid = [
            (profile["stackLevel"], limit)
            for payload in self.held.values()
            for profile in [payload["chargingProfile"]]
            if (limit := _limit(profile["chargingSchedule"][0], self.bench.now)) is not None
        ]
        return max(valid)[1] if valid else None

    @property
    def should_hold(self):
        """Return the kW that the best events ask for: lowest priority number, then the tightest."""
        asked = [
            (1e9 if wish.priority is None else wish.priority, kw)
            for wish in self.wishes.values()
            if (kw := wish.now(self.minute)) is not None
        ]
        return min(asked)[1] if asked else None


def _limit(schedule, now):
    """Return the kW of a charging schedule at an instant."""
    begin = datetime.fromisoformat(schedule["startSchedule"])
    offset = (now - begin).total_seconds()
    if offset < 0 or ("duration" in schedule and offset >= schedule["duration"]):
        return None
    periods = [it for it in schedule["chargingSchedulePeriod"] if it["startPeriod"] <= offset]
    return periods[-1]["limit"] / 1000

"""A world around the engine: a station that decides by R04 itself, and who should hold what.

`Life` drives one engine against the shipped model of a station's DER controls (its own code, its own
reading of R04). `Reference` says who holds a function, instant by instant, with no look at the engine.
"""

import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

import orjson

from gateway.core.effects import (
    Audit,
    Persist,
    PostSamples,
    ReadBack,
    ReportStation,
    RespondToUtility,
    SendToStation,
    Table,
    WakeAt,
)
from gateway.core.events import (
    CommandReceived,
    CommandWithdrawn,
    ControlsReported,
    HeldControl,
    NoticeReceived,
    ReplyStatus,
    StationConnected,
    StationDisconnected,
    StationReplied,
    Tick,
)
from gateway.simulators.station_controls import Controls
from gateway.simulators.station_rules import CURVE, MEMBERS
from gateway.store.memory import MemoryStore
from support.engine_bench import NOON, Bench, a_profile, an_engine
from translators.canonical.telemetry import ControlNotice
from translators.chain import control_id

TYPES = {"FixedPowerFactor.injecting": "FixedPFInject", "FixedVar": "FixedVar"}
SUPPORTED = (*TYPES.values(), "LimitMaxDischarge")
ORDER = (
    Persist,
    Audit,
    RespondToUtility,
    WakeAt,
    SendToStation,
    ReadBack,
    PostSamples,
    ReportStation,
)


def minute(count):
    return NOON + timedelta(minutes=count)


def covers(schedule, now):
    """Say whether the schedule of a charging profile holds at an instant."""
    start = datetime.fromisoformat(schedule["startSchedule"])
    return start <= now and (
        "duration" not in schedule or now < start + timedelta(seconds=schedule["duration"])
    )


@dataclass
class Claim:
    """What a utility asked for, in minutes after noon."""

    functions: frozenset
    primacy: int
    created: int
    start: int
    end: int


@dataclass
class Reference:
    """Minute by minute over the whole schedule: the best that covers a minute and was not beaten.

    A holder that loses its function to another one while its own interval runs is beaten for good
    (2018), unless it may `resume`. Commands that are over keep their past; what a command lost, it does
    not claim again.
    """

    claims: dict = field(default_factory=dict)
    lost: set = field(default_factory=set)
    now: int = 0
    resume: bool = False

    def rank(self, mrid):
        claim = self.claims[mrid]
        return claim.primacy, -claim.created, mrid

    def holders(self, function):
        """Return who holds the function in each minute of the schedule."""
        claims = {
            mrid: claim
            for mrid, claim in self.claims.items()
            if function in claim.functions and (mrid, function) not in self.lost
        }
        holders, beaten, holder = {}, set(), None
        first = min((claim.start for claim in claims.values()), default=0)
        for number in range(first, max((claim.end for claim in claims.values()), default=0)):
            covering = [m for m, c in claims.items() if c.start <= number < c.end]
            winner = min((m for m in covering if m not in beaten), key=self.rank, default=None)
            if not self.resume and None not in {holder, winner} and holder != winner:
                beaten.add(holder)
            holders[number] = holder = winner
        return holders

    def step(self):
        """Let this minute decide who lost what for good."""
        for function in {f for claim in self.claims.values() for f in claim.functions}:
            ahead = {m for number, m in self.holders(function).items() if number >= self.now}
            for mrid, claim in self.claims.items():
                runs = function in claim.functions and claim.start <= self.now < claim.end
                if runs and mrid not in ahead:
                    self.lost.add((mrid, function))

    def over(self, mrid):
        claim = self.claims[mrid]
        lost = all((mrid, function) in self.lost for function in claim.functions)
        return self.now >= claim.end or (self.now >= claim.start and lost)

    def receive(self, mrid, claim):
        """Take a command in, or a new edition; what is over stays over."""
        known = self.claims.get(mrid)
        if known is None or not self.over(mrid):
            self.claims[mrid] = claim
        self.step()

    def cancel(self, mrid):
        if mrid in self.claims and not self.over(mrid):
            self.claims[mrid].end = min(self.claims[mrid].end, self.now)
        self.step()

    def advance(self, to):
        while self.now < to:
            self.now += 1
            self.step()


class Life:
    """One engine, its station, and the line between them."""

    def __init__(self, book, utilities=("dso",), offsets=None):
        self.book = book
        self.bench = Bench(an_engine(book, *utilities), others=offsets or {})
        self.station = Controls(SUPPORTED)
        self.begin()
        self.profiles = {}
        self.connected = False
        self.notices = []
        self.owed = []
        self.connect()

    def begin(self):
        """Let another kind of life have an engine or a station of its own."""

    @property
    def seconds(self):
        return self.bench.now.timestamp()

    @property
    def state(self):
        return self.bench.engine.world.stations["CS1"]

    def hear(self, event):
        """Let the engine handle one event; its effects come in order, each answer once."""
        effects = self.bench.hear(event)
        kinds = [ORDER.index(type(effect)) for effect in effects]
        assert kinds == sorted(kinds)
        for effect in effects:
            if isinstance(effect, RespondToUtility):
                assert effect.key not in self.owed
                self.owed.append(effect.key)
        return effects

    def connect(self):
        if not self.connected:
            self.connected = True
            self.hear(StationConnected("CS1", self.described()))
            self.pump()

    def described(self):
        """Return what the station is."""
        return a_profile()

    def disconnect(self):
        if self.connected:
            self.connected = False
            self.hear(StationDisconnected("CS1"))

    def receive(self, command):
        self.hear(CommandReceived(command))

    def withdraw(self, mrid, reason, utility="dso"):
        self.hear(CommandWithdrawn(utility, "CS1", mrid, reason))

    def pump(self, silent=None):
        """Answer until nothing is outstanding; `silent` first loses answers (True: calls arrive)."""
        for _ in range(200):
            calls = self.bench.outstanding()
            if calls:
                for call in calls:
                    self._answer(call, silent)
                silent = None
            elif self.state.reading and self.connected:
                request = self.bench.last(ReadBack).request_id
                self.hear(ControlsReported("CS1", request, tuple(self.held())))
            elif self.notices and self.connected:
                self.hear(NoticeReceived(self.notices.pop(0)))
            else:
                return
        raise AssertionError("engine and station never come to rest")

    def _answer(self, call, silent):
        arrived = self.connected and silent is not False
        payload = self._take(call) if arrived else {}
        status = ReplyStatus(payload.get("status", "NoAnswer"))
        if silent is not None:
            status, payload = ReplyStatus.NO_ANSWER, {}
        elif not self.connected:
            status = ReplyStatus.NOT_SENT
        self.hear(StationReplied("CS1", call.request_id, status, "", payload))

    def _take(self, call):
        """Let the station do what it is told."""
        payload = orjson.loads(orjson.dumps(call.payload))
        match call.action:
            case "SetDERControl":
                answer = self.station.set(payload, self.seconds)
                self.listen()
                return answer
            case "ClearDERControl":
                answer = self.station.clear(payload)
                self.listen()
                return answer
            case "SetChargingProfile":
                self.profiles[str(payload["chargingProfile"]["id"])] = payload
                return {"status": "Accepted"}
            case "UpdateDynamicSchedule":
                return self._update(payload)
            case "ClearChargingProfile":
                known = self.profiles.pop(str(payload["chargingProfileId"]), None)
                return {"status": "Accepted" if known else "NotFound"}
            case _:
                return {"status": "NotSupported"}

    def _update(self, payload):
        """Change the numbers of a Dynamic profile; what is not held, or is another kind, is rejected."""
        held = self.profiles.get(str(payload["chargingProfileId"]))
        if held is None or held["chargingProfile"]["chargingProfileKind"] != "Dynamic":
            return {"status": "Rejected"}
        period = held["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]
        period.update(payload["scheduleUpdate"])
        return {"status": "Accepted"}

    def listen(self):
        """Let the station start and end what is due; its notices wait for the line."""
        for notice in self.station.advance(self.seconds):
            ids = tuple(notice.get("supersededIds", ()))
            self.notices.append(
                ControlNotice("CS1", notice["controlId"], notice["started"], self.bench.now, ids)
            )

    def held(self):
        """Say what the station holds, as its read-back does."""
        for item in self.station.held:
            payload = {
                "isDefault": item.is_default,
                "controlId": item.id,
                "controlType": item.type,
                MEMBERS.get(item.type, CURVE): dict(item.body),
            }
            yield HeldControl(item.id, "SetDERControl", payload, item.superseded)
        for key, payload in self.profiles.items():
            yield HeldControl(key, "SetChargingProfile", payload)

    def advance(self, to, *, tick_first=False):
        """Let time pass to minute `to`, stopping wherever engine or station has something to do."""
        target = minute(to)
        while self.bench.now < target:
            self.bench.now = min([target, *self._instants()])
            steps = [self.listen, lambda: self.hear(Tick())]
            for step in reversed(steps) if tick_first else steps:
                step()
                self.pump()

    def _instants(self):
        wake = self.state.wake_at
        if wake is not None:
            yield max(wake, self.bench.now + timedelta(microseconds=1))
        for item in self.station.held:
            if not item.is_default:
                for seconds in (item.start, item.end):
                    ahead = seconds - self.seconds
                    if ahead > 0:
                        yield self.bench.now + timedelta(seconds=ahead)

    def restarted(self):
        """Return another life that continues from what was kept; the station lives on."""
        other = copy.copy(self)
        store = MemoryStore()
        documents = self.bench.kept.items()
        changes = [Persist(table, key, kept[key]) for table, kept in documents for key in kept]
        store.commit(changes, self.bench.now)
        kept = {table: store.load(table) for table in Table}
        other.bench = replace(self.bench, kept=kept).restart(self.book)
        other.station, other.profiles = Controls(SUPPORTED), dict(self.profiles)
        other.station._held = copy.deepcopy(self.station._held)
        other.station._numbers = count(1 + max((c.number for c in self.station.held), default=0))
        other.notices, other.owed = list(self.notices), list(self.owed)
        if self.connected:
            other.connected = False
            other.connect()
        return other

    def running(self):
        """Return the id of what the station runs, by control type; defaults left out."""
        active = self.station.active.items()
        return {kind: item.id for kind, item in active if not item.is_default}

    def picture(self):
        """Return what counts after all calls are answered: commands, ledger, station."""
        records = self.bench.engine.world.records["CS1"].values()
        return {
            "commands": {r.key: (r.state, sorted(r.told), sorted(r.lost)) for r in records},
            "ledger": {
                key: (entry.desired.start, entry.desired.end, entry.state, entry.evidence)
                for key, entry in self.state.ledger.entries.items()
            },
            "running": self.running(),
            "profiles": sorted(self.profiles),
        }


def expected_running(reference):
    """Return what a station should run for the holders of the reference."""
    held = {kind: reference.holders(name).get(reference.now) for name, kind in TYPES.items()}
    return {kind: control_id(mrid, "CS1", kind) for kind, mrid in held.items() if mrid is not None}

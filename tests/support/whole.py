"""The whole engine at once: two utilities, a site with a meter, a feeder, a canary, holds, trials, restarts.

`World` drives the real engine and its stations. It judges every event by
what leaves the engine and by what stations hold, never by what the engine believes (`support.whole_judge`).
"""

import copy
from datetime import datetime, timedelta
from fractions import Fraction

import orjson

from gateway.core.effects import Persist, ReadBack, SendToStation, Table
from gateway.core.events import (
    ControlsReported,
    NoticeReceived,
    Now,
    ReplyStatus,
    SamplesTaken,
    StationConnected,
    StationDisconnected,
    StationReplied,
    Tick,
    TransactionsChanged,
)
from gateway.core.orders import RulesReplaced
from gateway.simulators.station_controls import Controls
from gateway.store.memory import MemoryStore
from support.engine_bench import NOON, a_profile
from support.whole_judge import Judge, Mute
from support.whole_stations import HOUR, MEMBERS_OF_SITE, STATIONS, SUPPORTED, UTILITIES, Station
from translators.canonical.capability import Transaction
from translators.canonical.telemetry import Sample
from translators.units import Kind

MOST_TURNS = 3000


class World:
    """One engine, its stations, and the lines between them."""

    def __init__(self, setup, books, flows=0):
        self.setup, self.books, self.flows = setup, books, flows
        self.true_s = 0.0
        """Seconds that truly passed."""
        self.jumped = timedelta()
        """What our clock was set by."""
        self.known = dict.fromkeys(UTILITIES, True)
        self.measured = {}
        """Offsets as the links last measured them."""
        self.measure()
        self.stations = {name: Station(name) for name in STATIONS}
        self.kept = {table: {} for table in Table}
        self.began_at = 0.0
        self.judge = Judge()
        self.begin()

    @property
    def now(self):
        return NOON + timedelta(seconds=self.true_s) + self.jumped

    @property
    def time(self):
        return Now(self.now, self.true_s - self.began_at, dict(self.measured))

    def kept_responses(self):
        """Return the keys of answers that are owed."""
        return tuple(self.kept[Table.RESPONSES])

    def measure(self):
        """Let the links read the clocks of utilities: `iso` is an hour fast."""
        apart = {"dso": timedelta(), "iso": HOUR}
        self.clocks_known = True
        self.measured = {n: apart[n] - self.jumped for n in UTILITIES if self.known[n]}

    def utility_now(self, utility):
        """Return the true time of a utility."""
        return NOON + timedelta(seconds=self.true_s) + (HOUR if utility == "iso" else timedelta())

    def begin(self):
        """Let a process begin from what was kept."""
        self.began_at = self.true_s
        self.engine = self.setup.engine(self.books(self.setup.rules))
        store = MemoryStore()
        changes = [Persist(t, key, kept[key]) for t, kept in self.kept.items() for key in kept]
        store.commit(changes, self.now)
        kept = {table: store.load(table) for table in Table}
        effects = self.engine.restore(kept, self.time)
        self.judge.began(self, kept, effects)
        self.take(effects)
        self.flow()

    def hear(self, event):
        now = self.time
        effects = self.engine.handle(event, now)
        self.judge.heard(self, event, now, effects)
        self.take(effects)
        self.judge.after(self, event)
        return effects

    def take(self, effects):
        for effect in effects:
            match effect:
                case Persist(document=None):
                    self.kept[effect.table].pop(effect.key, None)
                case Persist():
                    self.kept[effect.table][effect.key] = orjson.loads(
                        orjson.dumps(effect.document)
                    )
                case SendToStation() | ReadBack():
                    sent = self.true_s, self.loosest()
                    self.stations[effect.station].line.append((sent, effect))

    def loosest(self):
        """Return the loosest envelope by which something is under way, None where there was none."""
        under_way = [sent[1] for n in MEMBERS_OF_SITE for sent, _ in self.stations[n].line]
        bounds = [self.judge.envelope(self.true_s), *under_way]
        return None if None in bounds else max(bounds)

    def connect(self, name, *, forgets=False):
        station = self.stations[name]
        if station.online:
            return
        station.online = True
        if forgets:
            station.controls, station.profiles = Controls(SUPPORTED), {}
            station.notices.clear()
        version = STATIONS[name]
        profile = a_profile(name, version=version, der=version == "2.1")
        self.hear(StationConnected(name, profile))
        running = (Transaction(1, f"T-{name}"),) if station.charging and name != "METER" else ()
        self.hear(TransactionsChanged(name, running))
        self.flow()

    def disconnect(self, name):
        station = self.stations[name]
        if not station.online:
            return
        station.online = False
        calls = [call for _, call in station.line]
        station.line.clear()
        station.fates.clear()
        for call in calls:
            if isinstance(call, SendToStation):
                self.hear(StationReplied(name, call.request_id, ReplyStatus.NO_ANSWER))
        self.hear(StationDisconnected(name))
        self.flow()

    def flow(self):
        """Let calls arrive, and answers and notices come, until nothing moves any more."""
        for _ in range(MOST_TURNS):
            moved = False
            for station in self.stations.values():
                moved |= self._move(station)
            if not moved:
                self.judge.rested(self)
                return
        raise AssertionError("engine and stations never come to rest")

    def _move(self, station):
        late = station.online and station.fates and station.fates[0] == "late"
        if station.line and not late:
            self._deliver(station)
            return True
        if station.notices and station.online:
            self.hear(NoticeReceived(station.notices.popleft()))
            return True
        return False

    def _deliver(self, station):
        sent, call = station.line.popleft()
        if isinstance(call, ReadBack):
            if station.online:
                held = tuple(station.held())
                self.hear(ControlsReported(station.name, call.request_id, held))
            return
        if not station.online:
            self.hear(StationReplied(station.name, call.request_id, ReplyStatus.NOT_SENT))
            return
        counts = call.action.startswith(("Set", "Clear", "Update"))
        fate = station.fates.popleft() if station.fates and counts else "ok"
        if fate == "reject" and call.action.startswith("Clear"):
            fate = "ok"
        self._arrive(station, call, sent, fate)

    def _arrive(self, station, call, sent, fate):
        answer = {"status": "Rejected"} if fate == "reject" else {}
        station.rejected |= fate == "reject"
        if fate in {"ok", "mute"}:
            before = station.limit(self.now)
            payload = orjson.loads(orjson.dumps(call.payload))
            answer = station.take(call.action, payload, self.now)
            station.listen(self.now)
            if station.limit(self.now) > before and station.name in MEMBERS_OF_SITE:
                self.judge.grew(self, station, sent)
        status = ReplyStatus.NO_ANSWER
        if fate in {"ok", "reject"}:
            status = (
                ReplyStatus(answer["status"])
                if answer["status"] != "Unknown"
                else ReplyStatus.NOT_FOUND
            )
        payload = answer if fate == "ok" else {}
        self.hear(StationReplied(station.name, call.request_id, status, "", payload))

    def show(self):
        """Let all meters show what flows: the same charge always, and no load beside the stations."""
        for name in ("CS1", *MEMBERS_OF_SITE):
            if self.stations[name].online:
                sample = Sample(name, 1, Kind.POWER, Fraction(-self.flows), self.now)
                self.hear(SamplesTaken(name, (sample,)))
        if self.stations["METER"].online:
            total = Fraction(-self.flows * len(MEMBERS_OF_SITE))
            sample = Sample("METER", None, Kind.POWER, total, self.now)
            self.hear(SamplesTaken("METER", (sample,)))
        self.flow()

    def wait(self, seconds, *, most=600.0):
        """Let time pass, stopping wherever engine or stations have something to do."""
        end, turns = self.true_s + seconds, 0
        while self.true_s < end:
            ahead = [s for s in self._instants() if s > self.true_s]
            self.true_s = min([end, self.true_s + most, *ahead])
            for station in self.stations.values():
                station.listen(self.now)
            self.hear(Tick())
            self.flow()
            turns += 1
            assert turns < MOST_TURNS, f"time stands still: {self.now}"

    def _instants(self):
        world = self.engine.world
        shift = self.jumped + (NOON - datetime.fromtimestamp(0, NOON.tzinfo))
        for state in (*world.stations.values(), *world.sites.values()):
            if state.wake_at is not None:
                yield (state.wake_at - NOON - self.jumped).total_seconds()
        for station in self.stations.values():
            for item in station.controls.held:
                if not item.is_default:
                    yield item.start - shift.total_seconds()
                    yield item.end - shift.total_seconds()

    def restart(self):
        """Let another process continue; what was under way has no answer, and stations come anew.

        The one before lives on beside it for a moment, and comes to the same.
        """
        online = [s.name for s in self.stations.values() if s.online]
        old, alike = copy.copy(self), self.alike()
        old.judge, old.kept = Mute(), copy.deepcopy(self.kept)
        self.judge.ends(self)
        self.stations = {name: station.copied() for name, station in old.stations.items()}
        self.begin()
        for name in online:
            self.connect(name)
            old.disconnect(name)
        if old.engine.world.translator.kept:  # a restart translates all by the rules in force
            old.hear(RulesReplaced(self.books(self.setup.rules), at_once=True))
        for name in online:
            old.connect(name)
        if alike and old.alike():
            self.judge.compare(old, self)

    def alike(self):
        """Say whether what this life knows could be known to another one that begins now."""
        world = self.engine.world
        states = world.stations.values()
        trials = any(s.trial is not None and s.trial.step is not None for s in states)
        cold = any(s.rules.fail_safe.cold for s in (*states, *world.sites.values()))
        starts = all(rules.starts for rules in world.utilities.values())
        return starts and not (cold or trials or any(s.watch.unfollowed for s in states))

    def picture(self):
        """Return what counts after all calls are answered."""
        world = self.engine.world
        records = [
            r for found in world.records.values() for r in found.values() if r.utility in UTILITIES
        ]
        return {
            "commands": {r.key: (r.state, sorted(r.told), r.declined, r.refused) for r in records},
            "holds": (world.hold, world.holds),
            "limit": self.stations["CS1"].limit(self.now),
            "owed": set(world.owed),
        }

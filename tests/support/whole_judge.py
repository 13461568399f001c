"""What has to hold at every instant of a whole engine, judged by what leaves it and what stations hold."""

from collections import defaultdict

import orjson

from gateway.core.effects import (
    Audit,
    PostSamples,
    ReportStation,
    RespondToUtility,
    SendToStation,
    Table,
    WakeAt,
)
from gateway.core.events import Tick
from gateway.core.inputs import digest, event_document, event_from, now_document, now_from
from gateway.core.records import to_document
from gateway.core.replaying import Beginning, Input, replay
from gateway.core.station import entry_document, entry_from_document
from support.engine_bench import a_profile
from support.engine_worlds import ORDER
from support.nameplate import exceeds
from translators.canonical.telemetry import ControlOutcome as Told

LAST = {
    Told.COMPLETED,
    Told.NO_PARTICIPATION,
    Told.CANCELLED,
    Told.SUPERSEDED,
    Told.OUTRANKED,
    Told.OVERRULED,
    Told.LATE,
    Told.COMPLETED_OPTED_OUT,
    Told.COMPLETED_OPTED_IN,
}
GOES_ON = {Told.RECEIVED, Told.STARTED, Told.OPTED_IN}
UTILITIES = frozenset({"dso", "iso"})
SLACK = 1


class Judge:
    """Remembers what was told and sent; raises `AssertionError` where something is wrong."""

    def __init__(self):
        self.told = defaultdict(list)
        self.keys = set()
        self.holds = {}
        """By station, or "" for all: whether what ran was released."""
        self.envelopes = []
        """What was asked of the site: (start, end, W), in seconds that truly passed."""
        self.inputs = []
        self.beginning = None
        self.tally = defaultdict(int)

    def began(self, world, kept, effects):
        self.inputs = []
        self.beginning = Beginning(world.setup, kept, world.time, digest(effects))
        again = kept[Table.RESPONSES].keys()  # what was owed before is told the runtime once more
        told = [e for e in effects if not (isinstance(e, RespondToUtility) and e.key in again)]
        self._effects(world, told)

    def heard(self, world, event, now, effects):
        self.inputs.append((event, now, digest(effects)))
        self._effects(world, effects)

    def _effects(self, world, effects):
        ranks = [ORDER.index(type(effect)) for effect in effects]
        assert ranks == sorted(ranks), "effects are out of order"
        for effect in effects:
            match effect:
                case RespondToUtility():
                    self._responds(world, effect)
                case Audit(kind="hold.begun" | "hold.ended", subject=name):
                    self._holds(effect, "" if name == "dispatch" else name)
        for effect in effects:
            self.tally[type(effect).__name__] += 1
            match effect:
                case PostSamples(utility=name) | ReportStation(utility=name):
                    assert name in UTILITIES, f"{name} is no utility: {effect}"
                case SendToStation():
                    self._sends(effect)
                case WakeAt(utc=at):
                    assert at > world.now, f"wakes in the past: {at} at {world.now}"
                case Audit(kind="control.dispatched"):
                    self._dispatches(world, effect)
                case Audit():
                    self.tally[effect.kind] += 1

    def _holds(self, told, name):
        self.holds.pop(name, None)
        if told.kind == "hold.begun":
            self.holds[name] = told.details["release"]

    def _responds(self, world, answer):
        assert answer.utility in UTILITIES, f"{answer.utility} is no utility: {answer}"
        assert answer.key not in self.keys, f"told twice: {answer.key}"
        self.keys.add(answer.key)
        name = answer.utility, answer.station, answer.mrid
        before = self.told[name]
        assert not LAST & set(before), f"{name} is told {answer.outcome} after {before}"
        if answer.outcome in {Told.COMPLETED, Told.STARTED, Told.COMPLETED_OPTED_IN}:
            assert Told.RECEIVED in before, f"{name} is told {answer.outcome} after {before}"
        if answer.outcome is Told.COMPLETED:
            assert Told.STARTED in before, f"{name} is told {answer.outcome} after {before}"
        before.append(answer.outcome)
        if (answer.station, answer.mrid[:1]) == ("depot", "E") and answer.outcome not in GOES_ON:
            self.cut(world.true_s)
        self.tally[answer.outcome.value] += 1

    @staticmethod
    def _sends(call):
        if call.action in {"SetDERControl", "SetChargingProfile"}:
            version = "2.0.1" if call.station == "CS3" else "2.1"
            profile = a_profile(call.station, version=version, der=version == "2.1")
            assert not exceeds(profile, call), f"beyond the nameplate: {call}"

    def _dispatches(self, world, told):
        station, command = told.details["station"], told.details["command"]
        utility, _, mrid = command.split("/", 2)
        words = [
            t for t in self.told[utility, station, mrid] if t in {Told.OPTED_OUT, Told.OPTED_IN}
        ]
        assert words[-1:] != [Told.OPTED_OUT], f"{command} was declined, and is set"
        held = [r for _, r in sorted((n, r) for n, r in self.holds.items() if n in {"", station})]
        new = told.subject not in world.stations[station].ids()
        assert not (new and False in held[:1]), f"{told.subject} is set while {station} is on hold"

    def after(self, world, event):
        """Judge what is kept against what is known, and that time goes on."""
        known, kept = world.engine.world, world.kept
        records = {
            r.key: _plain(to_document(r))
            for found in known.records.values()
            for r in found.values()
        }
        assert records == kept[Table.COMMANDS], _differences(records, kept[Table.COMMANDS])
        entries = {
            f"{s.id}/{e.desired.id}": _plain(entry_document(s.id, e))
            for s in known.stations.values()
            for e in s.ledger.entries.values()
        }
        ledger = {
            key: _plain(entry_document(document["station"], entry_from_document(document)))
            if entries.get(key) != document
            else document
            for key, document in kept[Table.LEDGER].items()
        }  # what was under way at a start counts as unknown
        assert entries == ledger, _differences(entries, ledger)
        assert known.owed.keys() == kept[Table.RESPONSES].keys()
        if isinstance(event, Tick):
            for state in (*known.stations.values(), *known.sites.values()):
                late = state.wake_at is not None and state.wake_at <= world.now
                assert not late, f"{state.id} wants to be woken at {state.wake_at}, in the past"

    def envelope(self, at):
        """Return the tightest limit of the site at an instant, None without."""
        return min((w for start, end, w in self.envelopes if start <= at < end), default=None)

    def cut(self, at):
        """From now on the site is asked for nothing that is known here."""
        self.envelopes = [(start, min(end, at), w) for start, end, w in self.envelopes]

    def grew(self, world, station, sent):
        """A member of the site may draw more now: only into room that nobody else may still use."""
        sent, first = sent
        edges = {e for start, end, _ in self.envelopes for e in (start, end)}
        instants = [sent, world.true_s, *(e for e in edges if sent <= e <= world.true_s)]
        bounds = [first, *(self.envelope(at) for at in instants)]
        if None in bounds or not world.clocks_known:
            return
        total = sum(world.stations[n].limit(world.now) for n in ("CS2", "CS3"))
        assert total <= max(bounds) + SLACK, f"{station.name} grew to {total} of {max(bounds)}"

    def rested(self, world):
        """Judge what stations hold when nothing is under way: a setpoint keeps to the limits."""
        for station in world.stations.values():
            state = world.engine.world.stations[station.name]
            judged = station.online and not (station.line or station.fates or station.rejected)
            if not judged or state.calls or state.reading or False in self._held(station.name):
                continue
            low, high = -station.discharge(), station.limit(world.now)
            for watts in station.setpoints(world.now):
                self.tally["setpoints judged"] += 1
                inside = low - SLACK <= watts <= high + SLACK
                assert inside, f"{station.name} follows {watts} W, not within {low} to {high}"

    def _held(self, station):
        return [release for name, release in self.holds.items() if name in {"", station}]

    def compare(self, old, new):
        """Judge that a new life comes to what the one before it comes to."""
        self.tally["lives compared"] += 1
        was, is_ = old.picture(), new.picture()
        for name, value in was.items():
            told = _differences(value, is_[name]) if isinstance(value, dict) else (value, is_[name])
            assert value == is_[name], f"after a restart {name}: {told}"

    def ends(self, world):
        """Decide the recorded run once more: the same has to come of it."""
        books = world.books
        inputs = [
            Input(
                number,
                now_from(_plain(now_document(now))),
                event_from(_plain(event_document(event)), books),
                told,
            )
            for number, (event, now, told) in enumerate(self.inputs, 1)
        ]
        for decision in replay(self.beginning, inputs, books):
            assert decision.same, f"replayed otherwise: {decision.number} {decision.event}"


def _plain(document):
    return orjson.loads(orjson.dumps(document))


def _differences(known, kept):
    keys = known.keys() | kept.keys()
    return {k: (known.get(k), kept.get(k)) for k in keys if known.get(k) != kept.get(k)}


class Mute(Judge):
    """Judges nothing: for a life that goes on beside the one that is judged."""

    def heard(self, world, event, now, effects):
        """Hear nothing."""

    def after(self, world, event):
        """Say nothing."""

    def rested(self, world):
        """Say nothing."""

    def grew(self, world, station, sent):
        """Say nothing."""

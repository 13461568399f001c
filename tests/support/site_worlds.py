"""A world around a site: stations that hold charging profiles, a line that loses, and who judges the sum.

Nothing here looks into the engine: what a station may draw follows from the profiles that it took itself,
what the envelope is from what the utility was made to serve.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction

import orjson

from gateway.core.allocation import Policy
from gateway.core.effects import Audit, Persist, ReadBack, RespondToUtility, SendToStation, Table
from gateway.core.engine import Engine
from gateway.core.events import (
    CommandReceived,
    CommandWithdrawn,
    ControlsReported,
    HeldControl,
    NoticeReceived,
    Now,
    ReplyStatus,
    StationConnected,
    StationDisconnected,
    StationReplied,
    Tick,
    TransactionsChanged,
    Withdrawal,
)
from gateway.core.site_state import Member, SiteRules
from gateway.core.slots import Slot
from gateway.core.station import StationRules
from support.engine_bench import NOON, a_command, a_profile, limit, the_book
from translators.canonical.capability import Transaction
from translators.canonical.commands import Target
from translators.canonical.controls import ActiveSetpoint, LimitOn, Quantity
from translators.canonical.telemetry import ControlNotice
from translators.units import parse_unit

SITE = "depot"


def a_member(name, watts=22000, **changes):
    most = {Slot.CHARGE.value: Fraction(watts), Slot.DISCHARGE.value: Fraction(watts)}
    return Member(name, most, **changes)


def site_rules(*members, **changes):
    return SiteRules(SITE, ("dso",), members, **changes)


def for_the_site(mrid="E1", *controls, watts=30000, on=LimitOn.IMPORT, **changes):
    """Return a command of the utility for the site: by default a limit of import from now on."""
    fields = {"start": 0, "target": Target(SITE)} | changes
    return a_command(mrid, *(controls or (limit(on, watts),)), **fields)


def setpoint(watts, unit="W"):
    return ActiveSetpoint(Quantity(Fraction(watts), parse_unit(unit)))


@dataclass
class Charger:
    """A station behind the site: what it took, and how it treats the next call."""

    name: str
    rating: int
    profiles: dict = field(default_factory=dict)
    controls: dict = field(default_factory=dict)
    """DER controls by id, as they were set."""
    online: bool = False
    fates: deque = field(default_factory=deque)
    """What happens to the next calls: `ok`, `lost`, `mute` (taken, answer lost), `late`, `reject`."""
    line: deque = field(default_factory=deque)
    """Calls under way, with the instant of their sending and the envelope then."""

    def bound(self, now):
        """Return what it draws at most, in W: of its station profiles the highest level decides."""
        running = [
            p
            for p in self.profiles.values()
            if p["chargingProfilePurpose"] == "ChargingStationMaxProfile" and _covers(p, now)
        ]
        best = max(running, key=lambda p: p["stackLevel"], default=None)
        if best is None:
            return Fraction(self.rating)
        period = best["chargingSchedule"][0]["chargingSchedulePeriod"][0]
        return min(Fraction(str(period["limit"])), Fraction(self.rating))

    def take(self, action, payload):
        match action:
            case "SetChargingProfile":
                profile = payload["chargingProfile"]
                self.profiles[profile["id"]] = profile
                return {"status": "Accepted"}
            case "ClearChargingProfile":
                known = self.profiles.pop(payload["chargingProfileId"], None)
                return {"status": "Accepted" if known else "Unknown"}
            case "SetDERControl":
                self.controls[payload["controlId"]] = payload
                return {"status": "Accepted"}
            case "ClearDERControl":
                known = self.controls.pop(payload["controlId"], None)
                return {"status": "Accepted" if known else "NotFound"}
            case "GetCompositeSchedule":
                return {"status": "Rejected"}
            case _:
                return {"status": "NotSupported"}

    def held(self):
        profiles = tuple(
            HeldControl(str(key), "SetChargingProfile", {"evseId": 0, "chargingProfile": profile})
            for key, profile in self.profiles.items()
        )
        controls = self.controls.items()
        return profiles + tuple(HeldControl(key, "SetDERControl", c) for key, c in controls)

    def setpoints(self):
        """Return what transactions are told to follow, in W (+ charges)."""
        return [
            period["setpoint"]
            for profile in self.profiles.values()
            for schedule in profile["chargingSchedule"]
            for period in schedule["chargingSchedulePeriod"]
            if "setpoint" in period
        ]


def _covers(profile, now):
    (schedule,) = profile["chargingSchedule"]
    start = _instant(schedule["startSchedule"])
    duration = schedule.get("duration")
    return start <= now and (duration is None or now < start + timedelta(seconds=duration))


def _instant(text):
    return datetime.fromisoformat(text)


def _started(payload):
    (start,) = [body["startTime"] for body in payload.values() if isinstance(body, dict)]
    return _instant(start)


@dataclass
class SiteWorld:
    """An engine with one site, its stations, and everything that came out."""

    rules: SiteRules
    now: object = NOON
    chargers: dict = field(default_factory=dict)
    effects: list = field(default_factory=list)
    kept: dict = field(default_factory=lambda: {table: {} for table in Table})
    envelopes: list = field(default_factory=list)
    """What the utility served: (mrid, start, end, W)."""
    engine: Engine | None = None
    version: str = "2.0.1"
    notices: bool = True
    """Whether stations say that DER controls start."""

    def __post_init__(self):
        for member in self.rules.members:
            rating = int(member.most[Slot.CHARGE])
            self.chargers[member.station] = Charger(member.station, rating)
        self.engine = self._fresh()

    def _fresh(self):
        stations = [StationRules(name, ()) for name in self.chargers]
        if self.rules.meter is not None:
            stations.append(StationRules(self.rules.meter.station, ()))
        return Engine(the_book(), stations, sites=[self.rules])

    @property
    def site(self):
        return self.engine.world.sites[SITE]

    def hear(self, event):
        return self._take(self.engine.handle(event, self._at()))

    def _at(self):
        return Now(self.now, (self.now - NOON).total_seconds(), {"dso": timedelta()})

    def _take(self, effects):
        for effect in effects:
            match effect:
                case Persist(document=None):
                    self.kept[effect.table].pop(effect.key, None)
                case Persist():
                    document = orjson.loads(orjson.dumps(effect.document))
                    self.kept[effect.table][effect.key] = document
                case SendToStation() | ReadBack():
                    sent = self.now, self.envelope(self.now)
                    self.chargers[effect.station].line.append((sent, effect))
        self.effects += effects
        return effects

    def join(self, *names, forgets=False, charging=True):
        """Let stations connect; one that `forgets` holds nothing any more."""
        for name in names or self.chargers:
            charger = self.chargers[name]
            if charger.online:
                continue
            charger.online = True
            if forgets:
                charger.profiles.clear()
            der = self.version == "2.1"
            profile = replace(a_profile(name, version=self.version, der=der), id=name)
            self.hear(StationConnected(name, profile))
            running = (Transaction(1, f"T-{name}"),) if charging else ()
            self.hear(TransactionsChanged(name, running))
        self.flow()

    def leave(self, name):
        """Let a line break: what is under way has no answer."""
        charger = self.chargers[name]
        if not charger.online:
            return
        charger.online = False
        for _, call in self._emptied(charger):
            if isinstance(call, SendToStation):
                self.hear(StationReplied(name, call.request_id, ReplyStatus.NO_ANSWER))
        charger.fates.clear()
        self.hear(StationDisconnected(name))
        self.flow()

    def _emptied(self, charger):
        calls = list(charger.line)
        charger.line.clear()
        return calls

    def serve(self, command, *, told=True):
        """Let the utility serve a limit of import for the site."""
        if told:
            self.note(command)
        self.hear(CommandReceived(command))
        self.flow()

    def note(self, command):
        for control in command.controls:
            interval = command.interval
            self.envelopes.append((command.mrid, interval.start, interval.end, control.value.value))

    def withdraw(self, mrid):
        self.envelopes = [
            (name, start, min(end, self.now) if name == mrid else end, watts)
            for name, start, end, watts in self.envelopes
        ]
        self.hear(CommandWithdrawn("dso", SITE, mrid, Withdrawal.CANCELLED))
        self.flow()

    def envelope(self, now):
        """Return the tightest limit in force, None where there is none."""
        bounds = [watts for _, start, end, watts in self.envelopes if start <= now < end]
        return min(bounds, default=None)

    def tightest_soon(self):
        """Return the tightest envelope from now on for the ten seconds that count already."""
        soon = self.now + timedelta(seconds=10)
        starts = [start for _, start, _, _ in self.envelopes if self.now <= start <= soon]
        bounds = [self.envelope(at) for at in (self.now, *starts)]
        return min(bound for bound in bounds if bound is not None)

    def flow(self):
        """Let calls arrive and answers come until nothing moves any more."""
        for _ in range(500):
            ready = [c for c in self.chargers.values() if c.line and self._moves(c)]
            if not ready:
                return
            for charger in ready:
                self._deliver(charger)
        raise AssertionError("engine and stations never come to rest")

    @staticmethod
    def _moves(charger):
        return not charger.online or not charger.fates or charger.fates[0] != "late"

    def _deliver(self, charger):
        sent, call = charger.line.popleft()
        if isinstance(call, ReadBack):
            if charger.online:
                self.hear(ControlsReported(charger.name, call.request_id, charger.held()))
            return
        if not charger.online:
            self.hear(StationReplied(charger.name, call.request_id, ReplyStatus.NOT_SENT))
            return
        counts = call.action.startswith(("Set", "Clear"))
        fate = charger.fates.popleft() if charger.fates and counts else "ok"
        if fate == "reject" and call.action.startswith("Clear"):
            fate = "ok"  # what it would not let go of nobody could take from it
        self._arrive(charger, call, sent, fate)

    def _arrive(self, charger, call, sent, fate):
        answer = {"status": "Rejected"} if fate == "reject" else {}
        if fate in {"ok", "mute"}:
            before = charger.bound(self.now)
            answer = charger.take(call.action, orjson.loads(orjson.dumps(call.payload)))
            if charger.bound(self.now) > before:
                self.grew(charger, sent)
        status = {"Accepted": "Accepted", "Unknown": "NotFound"}.get(
            answer.get("status"), "Rejected"
        )
        lost = fate in {"lost", "mute"}
        status = ReplyStatus.NO_ANSWER if lost else ReplyStatus(status)
        self.hear(StationReplied(charger.name, call.request_id, status))
        if call.action == "SetDERControl" and answer.get("status") == "Accepted":
            self.start(charger, call.payload)

    def start(self, charger, payload):
        """Let a station say that a control has started, where its time has come."""
        due = not payload["isDefault"] and _started(payload) <= self.now
        if due and self.notices:
            control = payload["controlId"]
            self.hear(NoticeReceived(ControlNotice(charger.name, control, True, self.now)))

    def grew(self, charger, sent):
        """Judge that a station may draw more now: only into room that nobody else may still use."""
        allowed = self.most_allowed(sent)
        if allowed is not None and charger.name in self.engine.world.homes:
            assert self.total() <= allowed, f"{charger.name} grew to {self.total()} of {allowed}"

    def most_allowed(self, since):
        """Return the loosest envelope since something was sent, None where there was none."""
        since, first = since
        edges = {edge for _, start, end, _ in self.envelopes for edge in (start, end)}
        instants = [since, self.now, *(edge for edge in edges if since <= edge <= self.now)]
        bounds = [first, *(self.envelope(at) for at in instants)]
        return None if None in bounds else max(bounds)

    def total(self):
        """Return what all stations together may draw now."""
        members = (self.chargers[member.station] for member in self.rules.members)
        return sum((charger.bound(self.now) for charger in members), Fraction())

    def bounds(self):
        return {name: int(c.bound(self.now)) for name, c in self.chargers.items()}

    def wait(self, seconds):
        """Let time pass, stopping wherever the engine has something to do."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            world = self.engine.world
            wakes = [s.wake_at for s in (*world.stations.values(), *world.sites.values())]
            ahead = [at for at in wakes if at is not None and at > self.now]
            self.now = min([end, *ahead])
            self.hear(Tick())
            self.flow()

    def restart(self):
        """Let another process continue from what was kept; what was under way has no answer."""
        for charger in self.chargers.values():
            charger.line.clear()
            charger.fates.clear()
        online = [c.name for c in self.chargers.values() if c.online]
        for name in online:
            self.chargers[name].online = False
        self.engine = self._fresh()
        self._take(self.engine.restore(self.kept, self._at()))
        self.flow()
        if online:
            self.join(*online)

    def audited(self, kind):
        return [e for e in self.effects if isinstance(e, Audit) and e.kind == kind]

    def told(self, mrid="E1"):
        owed = [e for e in self.effects if isinstance(e, RespondToUtility)]
        return [e.outcome for e in owed if e.mrid == mrid]


def three(version="2.0.1", member=None, **changes):
    """Return a world of three stations of 22 kW behind one connection."""
    policy = {"policy": Policy.EQUAL} | changes
    members = (a_member(name, **(member or {})) for name in ("CS1", "CS2", "CS3"))
    return SiteWorld(site_rules(*members, **policy), version=version)


RATED = {"CS1": 22000, "CS2": 22000, "CS3": 22000}
"""What the three may draw where nothing bounds them."""


def joined(**changes):
    """Return the world of three, all of them there."""
    world = three(**changes)
    world.join()
    return world


def shares(watts):
    """Return the same bound for each of the three."""
    return dict.fromkeys(RATED, watts)

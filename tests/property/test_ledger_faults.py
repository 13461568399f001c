"""Whatever goes wrong between engine and station: once the station behaves, it holds what is wanted."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.engine import Engine
from gateway.core.events import HeldControl, TransactionsChanged, Withdrawal
from gateway.core.ledger import EntryState
from gateway.core.payloads import same_payload
from gateway.core.station import StationRules
from gateway.simulators.station_rules import CURVE, MEMBERS
from support.engine_bench import Bench, a_command, a_default, a_profile, limit, pf, the_book
from support.engine_worlds import Life, minute
from translators.canonical.capability import Transaction
from translators.canonical.controls import ActiveSetpoint, FixedVar, Quantity
from translators.units import Base, parse_unit, percent

CONTROLS = {
    "factor": pf(),
    "var": FixedVar(Quantity(pf("1").displacement * 40, percent(Base.MAX_VAR))),
    "import": limit(watts=7000),
}
SETPOINTS = {watts: ActiveSetpoint(Quantity(Fraction(watts), parse_unit("W"))) for watts in (5, -5)}
FOREIGN_TYPE = "VoltVar"
PRIORITY = frozenset({"priority"})


@cache
def book():
    return the_book()


class FaultyLife(Life):
    """A life whose station reboots, forgets, takes orders of others, and lies in its reports."""

    def __init__(self, policy):
        self.policy = policy
        self.foreign = 0
        self.lie = None
        self.lied = False
        self.needless = []
        super().__init__(book())

    def begin(self):
        policy = {"foreign_controls": self.policy, "dynamic_watchdog_s": "600"}
        self.bench = Bench(Engine(book(), [StationRules("CS1", ("dso",), policy=policy)]))
        self.station.supported |= {FOREIGN_TYPE}

    def described(self):
        profile = a_profile()
        return replace(profile, evses=(replace(profile.evses[0], dynamic_profiles=True),))

    def reboot(self, *, forgets):
        self.disconnect()
        if forgets:
            self.station._held.clear()
            self.profiles.clear()
        self.connect()

    def foreign_set(self):
        self.foreign += 1
        body = {"curveData": [{"x": 90, "y": 0}], "yUnit": "PctMaxVar", "priority": 1}
        body |= {"startTime": minute(0).isoformat(), "duration": 1e6}
        request = {"isDefault": False, "controlId": f"foreign-{self.foreign}"}
        self.station.set(request | {"controlType": FOREIGN_TYPE, "curve": body}, self.seconds)

    def foreign_change(self):
        """Let somebody else change a number of one of ours, under our id."""
        for item in self.station.held:
            for name in item.body.keys() & {"setpoint", "displacement"}:
                item.body = {**item.body, name: 0.5}
                return

    def foreign_clear(self, *, is_default):
        self.station.clear({"isDefault": is_default})
        self.listen()

    def _take(self, call):
        self._note(call.action, orjson.loads(orjson.dumps(call.payload)))
        return super()._take(call)

    def _note(self, action, payload):
        """Remember a control that is set although the station holds just that and never said otherwise."""
        if not action.startswith("Set") or self.lied:
            return
        number = payload.get("controlId") or str(payload["chargingProfile"]["id"])
        held = {item.id: item for item in super().held()}.get(number)
        if held is None or held.superseded or _renews(payload):
            return
        if same_payload(payload, held.payload, but=PRIORITY):
            self.needless.append((action, number))

    def held(self):
        """Say what it holds, less or other than that where it lies, once."""
        truth = tuple(super().held())
        lie, self.lie = self.lie, None
        ours = [item for item in truth if item.action == "SetDERControl"]
        if lie is None or not ours:
            return truth
        self.lied = True
        first = ours[0]
        rest = tuple(item for item in truth if item is not first)
        if lie == "omits":
            return rest
        member = MEMBERS.get(first.payload["controlType"], CURVE)
        body = {**first.payload[member], "priority": 99}
        other = {**first.payload, member: body}
        return (*rest, HeldControl(first.id, first.action, other, first.superseded))

    def ours(self):
        """Return what the station holds of us, as it is set."""
        truth = {item.id: item for item in super().held()}
        return {key: item for key, item in truth.items() if not key.startswith("foreign")}


def _renews(payload):
    """Say whether a profile lapses unless it is set again."""
    return payload.get("chargingProfile", {}).get("chargingProfileKind") == "Dynamic"


@dataclass(frozen=True)
class Do:
    """One thing that happens: a method of `Play` with its arguments."""

    what: str
    args: tuple = ()


def serve(mrid, functions, start, minutes, version):
    return Do("serve", (mrid, frozenset(functions), start, minutes, version))


things = st.one_of(
    st.builds(
        serve,
        st.sampled_from("ABC"),
        st.sets(st.sampled_from(sorted(CONTROLS)), min_size=1),
        st.integers(-5, 20),
        st.integers(1, 60),
        st.integers(0, 9),
    ),
    st.builds(
        Do,
        st.just("setpoint"),
        st.tuples(
            st.sampled_from("XY"),
            st.sampled_from(sorted(SETPOINTS)),
            st.integers(1, 60),
            st.integers(0, 9),
        ),
    ),
    st.builds(Do, st.just("default"), st.tuples(st.sampled_from("DE"))),
    st.builds(Do, st.just("withdraw"), st.tuples(st.sampled_from("ABCDEXY"))),
    st.builds(Do, st.just("wait"), st.tuples(st.integers(1, 15))),
    st.builds(Do, st.just("silence"), st.tuples(st.booleans())),
    st.builds(Do, st.just("line"), st.tuples(st.booleans())),
    st.builds(Do, st.just("reboot"), st.tuples(st.booleans())),
    st.builds(Do, st.just("foreign_set")),
    st.builds(Do, st.just("foreign_change")),
    st.builds(Do, st.just("foreign_clear"), st.tuples(st.booleans())),
    st.builds(Do, st.just("lie"), st.tuples(st.sampled_from(["omits", "alters"]))),
)


class Play:
    """Plays what happens to one life."""

    def __init__(self, policy):
        self.life = FaultyLife(policy)
        self.life.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))
        self.now = 0
        self.silent = None

    def do(self, thing):
        """Let one thing happen, and every call be answered as far as `silence` lets it."""
        getattr(self, thing.what)(*thing.args)
        if thing.what != "silence":
            self.life.pump(self.silent if self.life.bench.outstanding() else None)
            self.silent = None

    def serve(self, mrid, functions, start, minutes, version):
        controls = [CONTROLS[name] for name in sorted(functions)]
        times = {"start": self.now + start, "minutes": minutes}
        self.life.receive(a_command(mrid, *controls, version=version, **times))

    def setpoint(self, mrid, watts, minutes, version):
        times = {"start": self.now, "minutes": minutes}
        self.life.receive(a_command(mrid, SETPOINTS[watts], version=version, **times))

    def default(self, mrid):
        self.life.receive(a_default(mrid, pf("0.98"), primacy=1 + "DE".index(mrid)))

    def withdraw(self, mrid):
        self.life.withdraw(mrid, Withdrawal.CANCELLED)

    def wait(self, minutes):
        self.now += minutes
        self.life.advance(self.now)

    def silence(self, arrived):
        self.silent = arrived

    def line(self, up):
        (self.life.connect if up else self.life.disconnect)()

    def reboot(self, forgets):
        self.life.reboot(forgets=forgets)

    def foreign_set(self):
        self.life.foreign_set()

    def foreign_change(self):
        self.life.foreign_change()

    def foreign_clear(self, is_default):
        self.life.foreign_clear(is_default=is_default)

    def lie(self, how):
        self.life.lie = how

    def behave(self):
        """Let the station come back, say the truth, and answer everything."""
        life = self.life
        life.lie = None
        life.disconnect()
        life.connect()
        life.pump()


@given(happens=st.lists(things, max_size=14), policy=st.sampled_from(["keep", "clear"]))
def test_a_station_that_behaves_again_holds_what_is_wanted(happens, policy):
    play = Play(policy)
    for thing in happens:
        play.do(thing)
    foreign = {item.id for item in play.life.station.held if item.id.startswith("foreign")}
    play.behave()
    life = play.life
    wanted = {k: e for k, e in life.state.ledger.entries.items() if not e.expired(life.bench.now)}
    assert {e.state for e in wanted.values()} <= {EntryState.HELD}
    held = life.ours()
    assert {k for k, item in held.items() if not _over(life, item)} == wanted.keys()
    for key, entry in wanted.items():
        assert same_payload(entry.desired.payload, held[key].payload)
    left = {item.id for item in life.station.held if item.id.startswith("foreign")}
    assert left == (foreign if policy == "keep" else set())
    assert life.bench.engine.quiet


def _over(life, item):
    ends = {control.id: control.end for control in life.station.held}
    return ends.get(item.id, float("inf")) <= life.seconds


@given(happens=st.lists(things, max_size=14))
def test_no_control_is_set_that_the_station_holds_already(happens):
    play = Play("keep")
    for thing in happens:
        play.do(thing)
    play.behave()
    assert play.life.needless == []

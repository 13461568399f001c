"""What holds for a simulated station whatever is asked of it, in any order."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.simulators.station_car import Car
from gateway.simulators.station_controls import Control, Controls
from gateway.simulators.station_inverter import Inverter
from gateway.simulators.station_options import ALL_MODES, V2X_MODES, Nameplate
from gateway.simulators.station_profile_rules import Situation
from gateway.simulators.station_profiles import Profiles
from gateway.simulators.station_rules import body_of
from gateway.simulators.station_schedules import Around, Order
from gateway.simulators.station_schema import check_request, check_response
from support.station_messages import BODIES, EPOCH, set_control, set_profile

IDS = st.sampled_from(["a", "b", "c", "d"])
KINDS = st.sampled_from(["VoltVar", "FixedVar"])
SETS = st.builds(
    lambda kind, name, default, priority, delay, length: (
        "set",
        (kind, name, default, priority, delay, length),
    ),
    KINDS,
    IDS,
    st.booleans(),
    st.integers(0, 3),
    st.integers(-5, 20),
    st.integers(1, 20),
)
CLEARS = st.builds(lambda default, name: ("clear", (default, name)), st.booleans(), IDS)
WAITS = st.builds(lambda seconds: ("wait", (seconds,)), st.integers(1, 10))
MOVES = st.lists(st.one_of(SETS, CLEARS, WAITS), max_size=25)


class Play:
    """Moves of a peer on one set of controls; every message fits its schema."""

    def __init__(self):
        self.now = EPOCH
        self.controls = Controls(ALL_MODES, part=2)
        self.notices = []

    def do(self, move, values):
        getattr(self, f"_{move}")(*values)
        for notice in self.controls.advance(self.now):
            check_request("2.1", "NotifyDERStartStop", notice)
            self.notices.append((notice["controlId"], notice["started"]))

    def _set(self, kind, name, default, priority, delay, length):
        request = set_control(
            kind,
            name,
            default=default,
            priority=priority,
            start=self.now + delay,
            duration=length,
        )
        check_response("2.1", "SetDERControl", self.controls.set(request, self.now))

    def _clear(self, default, name):
        answer = self.controls.clear({"isDefault": default, "controlId": name})
        check_response("2.1", "ClearDERControl", answer)

    def _wait(self, seconds):
        self.now += seconds


@given(MOVES)
@settings(max_examples=150, deadline=None)
def test_one_control_of_a_type_runs_and_no_superseded_one(moves):
    play = Play()
    for move, values in moves:
        play.do(move, values)
        running = [item for item in play.controls.held if item.running]
        assert len({item.type for item in running}) == len(running)
        assert not any(item.superseded or item.is_default for item in running)
        assert all(item.start <= play.now < item.end for item in running)
        assert not any(item.superseded for item in play.controls.active.values())


@given(MOVES)
@settings(max_examples=150, deadline=None)
def test_nothing_better_stands_beside_what_runs(moves):
    play = Play()
    for move, values in moves:
        play.do(move, values)
        for item in play.controls.active.values():
            rivals = [
                other
                for other in play.controls.held
                if (other.type, other.is_default) == (item.type, item.is_default)
                and not other.superseded
                and other.start <= play.now
            ]
            assert all(item.priority <= other.priority for other in rivals)


@given(MOVES)
@settings(max_examples=150, deadline=None)
def test_a_control_is_told_to_end_only_after_it_started(moves):
    play = Play()
    for move, values in moves:
        play.do(move, values)
    for name in "abcd":
        told = [started for control, started in play.notices if control == name]
        ends = [number for number, started in enumerate(told) if not started]
        assert all(number > 0 and told[number - 1] for number in ends)


@given(MOVES)
@settings(max_examples=100, deadline=None)
def test_all_that_is_held_is_reported_once(moves):
    play = Play()
    for move, values in moves:
        play.do(move, values)
    answer, reports = play.controls.get({"requestId": 1})
    check_response("2.1", "GetDERControl", answer)
    found = []
    for report in reports:
        check_request("2.1", "ReportDERControl", report)
        found += [i["id"] for items in report.values() if isinstance(items, list) for i in items]
    assert sorted(found) == sorted(item.id for item in play.controls.held)
    assert [report.get("tbc", False) for report in reports] == [True] * (len(reports) - 1) + [
        False
    ] * bool(reports)


PLATE = Nameplate(
    max_w=10_000,
    max_charge_w=11_000,
    max_discharge_w=8_000,
    max_va=9_000,
    max_var=5_000,
    max_var_neg=4_000,
)
PHYSICAL = sorted(set(BODIES) - {"EnterService"})
WATTS = st.floats(-20_000, 20_000)
GRIDS = st.tuples(st.floats(0.7, 1.3), st.floats(45, 55))


def in_force(kinds):
    return {
        kind: Control(kind, kind, False, body_of(set_control(kind)), number, running=True)
        for number, kind in enumerate(kinds)
    }


@given(
    st.sets(st.sampled_from(PHYSICAL)),
    WATTS,
    st.floats(0, 30_000),
    st.lists(st.tuples(st.floats(0.01, 5), GRIDS), min_size=1, max_size=6),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_ratings_hold_under_any_controls_and_any_grid(kinds, setpoint, demand, steps, first):
    inverter = Inverter(PLATE, 50.0, reactive_first=first)
    order = Order("CentralSetpoint", p_w=setpoint)
    for dt, grid in steps:
        inverter.step(dt, order, in_force(kinds), Car(demand_w=demand), grid)
        assert -11_000.001 <= inverter.p_w <= 8_000.001
        assert -4_000.001 <= inverter.q_var <= 5_000.001
        assert math.hypot(inverter.p_w, inverter.q_var) <= 9_000.001
        if "LimitMaxDischarge" in kinds and "Gradients" not in kinds:
            assert inverter.p_w <= 0.6 * 8_000 + 0.001


@given(WATTS, st.floats(0, 30_000), st.floats(0, 30_000), GRIDS)
def test_limits_of_profiles_hold_against_droop(setpoint, most_in, most_out, grid):
    inverter = Inverter(PLATE, 50.0)
    order = Order("CentralSetpoint", p_w=setpoint, low_w=-most_in, high_w=most_out)
    for _ in range(3):
        inverter.step(1.0, order, in_force(["FreqDroop"]), Car(), grid)
        assert -most_in - 0.001 <= inverter.p_w <= most_out + 0.001


LIMITS = st.lists(
    st.tuples(
        st.sampled_from(["ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"]),
        st.integers(0, 2),
        st.integers(0, 22_000),
        st.integers(0, 500),
        st.integers(1, 500),
    ),
    max_size=8,
)


@given(LIMITS)
@settings(max_examples=100, deadline=None)
def test_a_composite_schedule_says_what_is_ordered(limits):
    profiles = Profiles()
    situation = Situation(modes=frozenset(V2X_MODES), transaction_id="tx-1")
    for number, (purpose, level, watts, start, length) in enumerate(limits, start=1):
        request = set_profile(
            purpose,
            number,
            level=level,
            start=EPOCH + start,
            schedule={"duration": length},
            period={"limit": watts},
        )
        profiles.set(request, situation, EPOCH)
    request = {"evseId": 1, "duration": 1_200}
    answer = profiles.composite(request, EPOCH, [Around()], 22_000)
    check_response("2.1", "GetCompositeSchedule", answer)
    periods = answer["schedule"]["chargingSchedulePeriod"]
    for second in range(0, 1_200, 37):
        told = [period for period in periods if period["startPeriod"] <= second][-1]
        assert told["limit"] == min(22_000, -profiles.order(EPOCH + second).low_w)

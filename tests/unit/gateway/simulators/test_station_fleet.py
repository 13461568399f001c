"""Fleets: how kinds are dealt, what each is, what is counted."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.station_fleet import KINDS, Fleet, Plan, Tally, dealt, summary
from support.station_messages import EPOCH

WHERE = ("ws://x/ocpp", "correct-horse-battery")


def a_plan(**changes):
    return Plan(*WHERE, **changes)


@given(
    st.dictionaries(st.sampled_from(sorted(KINDS)), st.integers(1, 9), min_size=1),
    st.integers(1, 200),
)
def test_every_stretch_has_the_proportions_of_the_mix(mix, count):
    kinds, total = dealt(mix, count), sum(mix.values())
    assert len(kinds) == count
    for end in range(1, count + 1):
        seen = Counter(kinds[:end])
        assert all(abs(seen[kind] - share * end / total) < len(mix) for kind, share in mix.items())


def test_kinds_are_interleaved():
    assert dealt({"v2g": 2, "old": 1}, 6) == ["v2g", "old", "v2g", "v2g", "old", "v2g"]


def test_ids_count_up_and_everything_common_is_common():
    members = [options for _, options in a_plan(stations=3, nominal_frequency_hz=60).members()]
    assert [options.id for options in members] == ["SIM-00001", "SIM-00002", "SIM-00003"]
    assert {options.password for options in members} == {"correct-horse-battery"}
    assert {options.nominal_frequency_hz for options in members} == {60}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_station(kind):
    fleet = Fleet(a_plan(stations=1, mix={kind: 1}), clock=lambda: EPOCH)
    [station] = fleet.stations
    station.advance()
    assert station.personality == KINDS[kind].personality
    assert station.core.evses[0].car.present is (kind != "empty")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"mix": {"tesla": 1}}, "'tesla' is none of v2g"),
        ({"mix": {"v2g": 0}}, "counts from 1"),
        ({"mix": {}}, "counts from 1"),
        ({"stations": 0}, "a station at least"),
    ],
)
def test_a_plan_that_makes_no_fleet_is_refused(changes, problem):
    with pytest.raises(ValueError, match=problem):
        a_plan(**changes)


def test_only_calls_and_errors_are_counted():
    tally = Tally()
    for frame in (
        ("in", [2, "a", "SetDERControl", {}]),
        ("in", [2, "b", "SetDERControl", {}]),
        ("out", [2, "c", "Heartbeat", {}]),
        ("out", [3, "a", {}]),
        ("out", [4, "b", "InternalError", "", {}]),
        ("in", "no frame"),
    ):
        tally.append(frame)
    assert tally.asked == {"SetDERControl": 2}
    assert tally.told == {"Heartbeat": 1}
    assert tally.errors == {"InternalError": 1}


def test_power_is_that_of_all_evses():
    now = [EPOCH]
    fleet = Fleet(a_plan(stations=2, mix={"twin": 1, "charger": 1}), clock=lambda: now[0])
    now[0] += 2
    for station in fleet.stations:
        station.advance()
    assert fleet.p_w == 10_000 + 10_000 - 11_000
    assert summary(fleet) == "0 of 2 online, P +9.0 kW"

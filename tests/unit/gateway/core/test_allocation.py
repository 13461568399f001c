"""A site's bound over its stations: who gets what, and who may grow when."""

from fractions import Fraction

import pytest

from gateway.core.allocation import Participant, Policy, allocate, headroom, steps

SITE = {"W": Fraction(1)}
ALL = dict.fromkeys(("L1", "L2", "L3"), Fraction(1))


def a(name, most=10, **changes):
    """A participant in watts, or with `uses` in amps of its phases."""
    fields = {"uses": SITE, "held": Fraction(most)} | changes
    return Participant(name, Fraction(most), **fields)


def targets(bound, policy, *participants, turn=0):
    envelope = bound if isinstance(bound, dict) else {"W": Fraction(bound)}
    found = allocate(envelope, participants, policy, turn)
    return {
        name: int(value) if value.denominator == 1 else value
        for name, value in found.targets.items()
    }


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(
            Policy.EQUAL, {"A": 5, "B": 10, "C": 15}, id="equal above minima, up to ratings"
        ),
        pytest.param(
            Policy.PROPORTIONAL, {"A": 3, "B": 9, "C": 18}, id="the same part of each rating"
        ),
        pytest.param(Policy.PRIORITY, {"A": 0, "B": 0, "C": 30}, id="the best priority first"),
        pytest.param(Policy.FIRST_COME, {"A": 5, "B": 15, "C": 10}, id="who came first"),
    ],
)
def test_each_policy_shares_in_its_own_way(policy, expected):
    crowd = (
        a("A", 5, priority=2, since=2.0),
        a("B", 15, priority=1, since=1.0),
        a("C", 30, priority=0, since=3.0),
    )
    if policy is Policy.EQUAL:
        crowd = (a("A", 5), a("B", 10), a("C", 30))
    assert targets(30, policy, *crowd) == expected


def test_where_there_is_enough_everybody_has_its_rating():
    for policy in Policy:
        assert targets(100, policy, a("A", 10), a("B", 20)) == {"A": 10, "B": 20}


def test_minima_come_before_shares():
    crowd = (a("A", 20, least=Fraction(6)), a("B", 20, least=Fraction(6), priority=1))
    assert targets(16, Policy.PRIORITY, *crowd) == {"A": 10, "B": 6}
    assert targets(16, Policy.EQUAL, *crowd) == {"A": 8, "B": 8}


def test_who_cannot_have_its_minimum_pauses_and_others_take_their_turn():
    crowd = tuple(a(name, 20, least=Fraction(6)) for name in "ABC")
    found = [allocate({"W": Fraction(13)}, crowd, Policy.EQUAL, turn) for turn in range(4)]
    assert [sorted(one.paused) for one in found] == [["C"], ["A"], ["B"], ["C"]]
    assert found[0].targets == {"A": Fraction(13, 2), "B": Fraction(13, 2), "C": 0}


def test_by_priority_the_best_is_never_paused_for_another():
    crowd = (a("A", 20, least=Fraction(6), priority=5), a("B", 20, least=Fraction(6)))
    for turn in range(3):
        assert targets(8, Policy.PRIORITY, *crowd, turn=turn) == {"A": 0, "B": 8}


def test_what_cannot_be_revoked_counts_first():
    away = a("A", 22, held=Fraction(11), revocable=False)
    found = allocate({"W": Fraction(20)}, (away, a("B", 22)), Policy.EQUAL)
    assert (found.targets, found.excess) == ({"A": 11, "B": 9}, {})


def test_a_station_that_is_away_and_holds_nothing_counts_with_its_rating():
    away = a("A", 22, held=None, revocable=False)
    found = allocate({"W": Fraction(20)}, (away, a("B", 22)), Policy.EQUAL)
    assert (found.targets, found.excess) == ({"A": 22, "B": 0}, {"W": 2})


def test_phases_are_bounds_of_their_own():
    single = a("A", 32, uses={"L1": Fraction(1)})
    envelope = {"L1": Fraction(40), "L2": Fraction(20), "L3": Fraction(30)}
    crowd = (single, a("B", 32, uses=ALL), a("C", 32, uses={"L3": Fraction(1)}))
    assert targets(envelope, Policy.EQUAL, *crowd) == {"A": 25, "B": 15, "C": 15}


def test_watts_and_phases_may_both_be_bounds_of_one_amount():
    watts = {"W": Fraction(1)}
    single = a("A", 7000, uses=watts | {"L1": Fraction(1, 230)})
    three = a("B", 22000, uses=watts | dict.fromkeys(ALL, Fraction(1, 690)))
    amps = dict.fromkeys(ALL, Fraction(32))
    room = targets({"W": Fraction(12000)} | amps, Policy.EQUAL, single, three)
    assert room == {"A": 5520, "B": 5520}
    assert targets({"W": Fraction(8000)} | amps, Policy.EQUAL, single, three) == {
        "A": 4000,
        "B": 4000,
    }


def test_one_phase_that_is_full_stops_nobody_on_the_others():
    envelope = {"L1": Fraction(10), "L2": Fraction(50), "L3": Fraction(50)}
    crowd = (a("A", 32, uses=ALL), a("B", 32, uses={"L2": Fraction(1)}))
    assert targets(envelope, Policy.EQUAL, *crowd) == {"A": 10, "B": 32}


def test_nothing_grows_into_what_another_may_still_use():
    greedy, small = a("A", 40, held=Fraction(30)), a("B", 40, held=Fraction(5))
    crowd, wanted = (greedy, small), {"A": Fraction(10), "B": Fraction(30)}
    assert steps({"W": Fraction(40)}, crowd, wanted) == {"A": 10, "B": 10}
    shrunk = (a("A", 40, held=Fraction(10)), a("B", 40, held=Fraction(10)))
    assert steps({"W": Fraction(40)}, shrunk, wanted) == {"B": 30}


def test_who_holds_no_bound_is_bounded_even_by_its_rating():
    assert steps({"W": Fraction(40)}, (a("A", 10, held=None),), {"A": Fraction(10)}) == {"A": 10}


def test_who_has_what_it_should_is_told_nothing():
    assert steps({"W": Fraction(40)}, (a("A", 10, held=Fraction(7)),), {"A": Fraction(7)}) == {}


def test_who_pauses_begins_again_only_with_its_minimum():
    crowd = (a("A", 20, held=Fraction(16)), a("B", 20, least=Fraction(6), held=Fraction()))
    wanted = {"A": Fraction(10), "B": Fraction(10)}
    assert steps({"W": Fraction(20)}, crowd, wanted) == {"A": 10}
    assert steps({"W": Fraction(22)}, crowd, wanted) == {"A": 10, "B": 6}


def test_who_is_away_is_told_nothing():
    away = a("A", 20, held=Fraction(5), revocable=False)
    assert steps({"W": Fraction(40)}, (away,), {"A": Fraction(20)}) == {}
    assert steps({"W": Fraction(40)}, (away,), {"A": Fraction(1)}) == {}


def test_nobody_shares_nothing():
    found = allocate({"W": Fraction(40)}, (), Policy.EQUAL)
    assert (found.targets, found.excess, found.paused) == ({}, {}, frozenset())


def test_measured_load_takes_room_and_generation_gives_some():
    assert headroom(Fraction(100), Fraction(60), Fraction(20), Fraction(5)) == 55
    assert headroom(Fraction(10), Fraction(60), Fraction()) == -50

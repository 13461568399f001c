"""Who shakes hands at one time, and who waits for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stations.admission_lobby import Lobby


def a_lobby(**changes):
    return Lobby(
        **{"inside_most": 3, "inside_each": 2, "outside_most": 10, "outside_each": 4} | changes
    )


def come(lobby, *guests):
    """Let guests come and speak; return those that go on at once. A guest is named `address.number`."""
    gone_on = []
    for guest in guests:
        address = guest.split(".")[0]
        assert lobby.arrive(address)
        if lobby.ready(address, guest):
            gone_on.append(guest)
    return gone_on


def test_while_there_is_room_everybody_goes_on():
    assert come(a_lobby(), "a.1", "b.1", "c.1") == ["a.1", "b.1", "c.1"]


def test_one_address_has_its_own_places_and_no_others():
    assert come(a_lobby(), "a.1", "a.2", "a.3", "b.1") == ["a.1", "a.2", "b.1"]


def test_who_leaves_lets_the_oldest_of_its_address_in():
    lobby = a_lobby()
    come(lobby, "a.1", "a.2", "a.3", "a.4")
    assert [lobby.leave("a"), lobby.leave("a")] == ["a.3", "a.4"]
    assert lobby.leave("a") is None


def test_addresses_take_turns_however_many_wait_at_one():
    lobby = a_lobby(inside_most=1, inside_each=1)
    come(lobby, "x.1", "a.1", "a.2", "a.3", "b.1", "c.1")
    turns = [lobby.leave(last) for last in ("x", "a", "b", "c", "a")]
    assert turns == ["a.1", "b.1", "c.1", "a.2", "a.3"]


def test_one_that_comes_later_does_not_overtake_its_own_address():
    lobby = a_lobby(inside_most=2, inside_each=1)
    assert come(lobby, "a.1", "a.2") == ["a.1"]
    assert lobby.leave("a") == "a.2"
    assert come(lobby, "a.3") == []


def test_of_one_address_no_more_are_taken_than_may_wait():
    lobby = a_lobby()
    assert [lobby.arrive("a") for _ in range(5)] == [True, True, True, True, False]
    assert lobby.arrive("b")


def test_who_says_nothing_is_outside_and_takes_no_room_inside():
    lobby = a_lobby()
    for _ in range(4):
        lobby.arrive("a")
    assert lobby.inside == 0
    assert come(lobby, "b.1") == ["b.1"]


def test_who_gives_up_makes_room_outside_and_gets_no_turn():
    lobby = a_lobby(inside_each=1)
    come(lobby, "a.1", "a.2", "a.3")
    lobby.give_up("a", "a.2")
    assert lobby.leave("a") == "a.3"
    assert lobby.leave("a") is None


def test_it_is_full_where_all_places_outside_are_taken():
    lobby = a_lobby(outside_most=2)
    lobby.arrive("a")
    assert not lobby.full
    lobby.arrive("b")
    assert lobby.full
    lobby.give_up("a", "a.1")
    assert not lobby.full


@given(st.lists(st.sampled_from(["come", "speak", "give up", "leave"]), max_size=80), st.data())
def test_the_bounds_hold_and_nobody_is_lost_whatever_happens(acts, data):
    lobby = a_lobby()
    silent, waiting, inside, number = [], [], [], 0
    for act in acts:
        if act == "come":
            number += 1
            guest = f"{data.draw(st.sampled_from('abc'))}.{number}"
            if lobby.arrive(guest[0]):
                silent.append(guest)
        elif act == "speak" and silent:
            guest = silent.pop(0)
            (inside if lobby.ready(guest[0], guest) else waiting).append(guest)
        elif act == "give up" and silent + waiting:
            guest = data.draw(st.sampled_from(silent + waiting))
            lobby.give_up(guest[0], guest)
            (silent if guest in silent else waiting).remove(guest)
        elif act == "leave" and inside:
            following = lobby.leave(inside.pop(0)[0])
            if following is not None:
                waiting.remove(following)
                inside.append(following)
        assert lobby.inside == len(inside) <= 3
        for address in "abc":
            assert sum(guest[0] == address for guest in inside) <= 2
            assert sum(guest[0] == address for guest in silent + waiting) <= 4
            free = len(inside) < 3 and sum(guest[0] == address for guest in inside) < 2
            assert not (free and any(guest[0] == address for guest in waiting))


@pytest.mark.parametrize("limit", ["inside_most", "inside_each", "outside_most", "outside_each"])
def test_every_bound_has_a_default(limit):
    assert getattr(Lobby(), limit) > 0

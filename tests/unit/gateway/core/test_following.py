"""Between which values a station may be by now, and when it is judged not to follow."""

from dataclasses import replace

import pytest

from gateway.core.following import Bound, Track, Watch, together, within_apparent
from gateway.core.shown import Aim, Sense
from translators.units import Kind

W, VAR = Kind.POWER, Kind.REACTIVE


def an_aim(low, high=None, *, sense=Sense.TARGET, response=5.0, ramped=False, kind=W):
    return Aim(kind, sense, low, low if high is None else high, response, ramped)


def a_track(*moves, rate=None, low=-100.0, high=100.0):
    """Return a track that began at 0 and was moved by (instant, aim)."""
    track = Track("source", 0.0, low, high)
    for at, aim in moves:
        track.move(aim, at, rate)
    return track


def envelope(track):
    return round(track.low), round(track.high)


RESPONSES = {
    "at the response time a tenth is left": ([(5, an_aim(0))], (-10, 10)),
    "after two of them a hundredth": ([(10, an_aim(0))], (-1, 1)),
    "in steps as in one": ([(2.5, an_aim(0)), (5, an_aim(0))], (-10, 10)),
    "without a response time at once": ([(1, an_aim(7, response=0.0))], (7, 7)),
    "a quicker one is inside as well": ([(5, an_aim(50))], (35, 55)),
    "between samples it may have been either": (
        [(20, an_aim(0)), (40, an_aim(50))],
        (0, 50),
    ),
    "what was asked before the latency counts no more": (
        [(20, an_aim(0)), (38, an_aim(50)), (40, an_aim(50)), (60, an_aim(50))],
        (50, 50),
    ),
    "an instant that is older changes nothing": ([(10, an_aim(0)), (5, an_aim(0))], (-1, 1)),
}


@pytest.mark.parametrize(("moves", "expected"), RESPONSES.values(), ids=RESPONSES)
def test_a_station_nears_its_aim_as_its_response_time_says(moves, expected):
    assert envelope(a_track(*moves)) == expected


@pytest.mark.parametrize(
    ("aim", "rate", "expected"),
    [
        (an_aim(0, ramped=True), 5.0, (-50, 50)),
        (an_aim(0, ramped=True), 1000.0, (-1, 1)),
        (an_aim(0, ramped=False), 5.0, (-1, 1)),
        (an_aim(0, ramped=True), None, (-1, 1)),
        (an_aim(-100, ramped=True), 5.0, (-100, 50)),
    ],
    ids=["slower than its response", "quicker", "not by the ramp", "no gradient", "one side"],
)
def test_a_gradient_widens_what_may_be_while_it_lasts(aim, rate, expected):
    assert envelope(a_track((10, aim), rate=rate)) == expected


@pytest.mark.parametrize(
    ("sense", "expected"),
    [(Sense.TARGET, (-11, 11)), (Sense.CEILING, (None, 11)), (Sense.FLOOR, (-11, None))],
)
def test_a_bound_leaves_its_slack(sense, expected):
    aim = an_aim(0, sense=sense, response=0.0)
    bound = a_track((1, aim)).bound(aim, 0.0, 11.0)
    assert (bound.low, bound.high) == expected


@pytest.mark.parametrize(
    ("sense", "at", "settled"),
    [
        (Sense.TARGET, 5, False),
        (Sense.TARGET, 6.6, True),
        (Sense.CEILING, 5, False),
        (Sense.FLOOR, 6.6, True),
    ],
)
def test_a_value_inside_tells_something_once_the_station_had_its_time(sense, at, settled):
    assert a_track((at, an_aim(0, sense=sense))).settled(sense, 5.0) is settled


def a_bound(sense, low, high, measured, *, kind=W, slack=0.0):
    own = (low, high)
    bottom = None if sense is Sense.CEILING else low - slack
    top = None if sense is Sense.FLOOR else high + slack
    return Bound(kind, sense, bottom, top, measured, own, slack)


@pytest.mark.parametrize(
    ("measured", "holds"), [(9, False), (10, True), (15, True), (20, True), (21, False)]
)
def test_a_bound_holds_at_its_ends(measured, holds):
    assert a_bound(Sense.TARGET, 10, 20, measured).holds is holds


def test_two_judgements_in_a_row_make_it_not_followed_and_one_good_one_ends_that():
    track = a_track()
    assert [track.judge(1, holds=False), track.unfollowed] == [False, False]
    assert [track.judge(2, holds=False), track.unfollowed] == [True, True]
    assert [track.judge(3, holds=False), track.unfollowed] == [False, True]
    assert [track.judge(4, holds=True), track.unfollowed] == [True, False]
    assert [track.judge(5, holds=False), track.unfollowed] == [False, False]
    assert track.judged_at == 5


T, C, F = Sense.TARGET, Sense.CEILING, Sense.FLOOR
BESIDE = {
    "two targets, the first is followed": ([(T, -10, 0), (T, 20, 30)], -5, [True, True]),
    "two targets, neither is followed": ([(T, -10, 0), (T, 20, 30)], 40, [False, False]),
    "a limit above does not bite": ([(T, 8, 10), (C, 12, 12)], 5, [False, True]),
    "a limit short of the target holds it down": ([(T, 8, 10), (C, 6, 6)], 5.5, [False, True]),
    "so far, and no farther": ([(T, 8, 10), (C, 6, 6)], 6, [True, True]),
    "a limit that may be lower still": ([(T, 8, 10), (C, 2, 6)], 5, [True, True]),
    "neither the limit nor the target is kept": ([(T, 8, 10), (C, 6, 6)], 11, [False, False]),
    "a floor short of the target holds it up": ([(T, -10, -8), (F, -6, -6)], -6, [True, True]),
    "a floor below does not bite": ([(T, -10, -8), (F, -12, -12)], -5, [False, True]),
    "limits that exclude each other": ([(C, -6, -6), (F, -2, -2)], -4, [True, True]),
    "limits stand alone": ([(C, 6, 6), (F, -6, -6)], 7, [False, True]),
}


@pytest.mark.parametrize(("asked", "measured", "holds"), BESIDE.values(), ids=BESIDE)
def test_a_station_does_one_thing_at_a_time(asked, measured, holds):
    bounds = [a_bound(sense, low, high, measured) for sense, low, high in asked]
    assert [item.holds for item in together(bounds)] == holds


@pytest.mark.parametrize(
    ("aim", "stops"),
    [
        (an_aim(0), True),
        (an_aim(0, 5), False),
        (an_aim(0, sense=C), False),
        (an_aim(0, kind=VAR), False),
    ],
)
def test_where_nothing_may_flow_nothing_else_that_is_asked_excuses(aim, stops):
    bound = a_track((20, aim)).bound(aim, 9.0, 1.0)
    assert bound.stops is stops
    other = a_bound(T, 8, 10, 9, kind=aim.kind)
    assert together([bound, other])[0].holds is (not stops and aim.sense is T)


def test_beside_others_the_slack_stays():
    bounds = [
        a_bound(T, 8, 10, 4.5, slack=2),
        a_bound(C, 6, 6, 4.5, slack=2),
        a_bound(F, 1, 1, 4.5, slack=2),
    ]
    assert [(b.low, b.high) for b in together(bounds)] == [(4, 12), (None, 8), (-1, None)]


def test_quantities_do_not_excuse_each_other():
    bounds = [a_bound(T, 8, 10, 0), a_bound(T, 0, 1, 0, kind=VAR)]
    assert [item.holds for item in together(bounds)] == [False, True]


@pytest.mark.parametrize(
    ("bound", "other", "holds"),
    [
        (a_bound(T, 90, 90, 60), 80, True),
        (a_bound(T, -90, -90, -60), 80, True),
        (a_bound(T, 90, 90, 0), 80, False),
        (a_bound(T, 90, 90, -60), 80, False),
        (a_bound(T, 90, 90, 60), None, False),
        (a_bound(F, 90, 90, 60), 80, False),
    ],
    ids=["P leaves less Q", "absorbed", "room is left", "the wrong way", "not measured", "a limit"],
)
def test_where_apparent_power_is_used_up_a_target_yields(bound, other, holds):
    assert within_apparent(bound, other, 100.0).holds is holds


def test_a_side_that_is_open_stays_open():
    open_below = replace(a_bound(T, 90, 90, 60), low=None)
    open_above = replace(a_bound(T, 90, 90, 60), high=None)
    assert within_apparent(open_below, 80, 100.0).low is None
    assert within_apparent(open_above, 80, 100.0).high is None


def test_a_disturbance_begins_every_track_anew_and_keeps_its_verdict():
    track = a_track()
    watch = Watch(tracks={("c", "f", 1): track})
    track.unfollowed = True
    watch.disturb(10.0)
    watch.disturb(5.0)
    assert watch.disturbed == 10
    assert track.source is None
    assert watch.unfollowed


def test_what_is_not_in_force_any_more_is_forgotten():
    watch = Watch(tracks={("c", "f", 1): a_track(), ("d", "f", 1): a_track()})
    watch.keep(frozenset({("d", "f", 1)}))
    assert list(watch.tracks) == [("d", "f", 1)]


@pytest.mark.parametrize(
    ("place", "at", "away"),
    [(1, 5, True), (1, 10, False), (2, 5, False), (0, 5, True)],
    ids=["while it lasts", "after it", "another place", "the whole station"],
)
def test_a_place_may_be_off_after_the_grid_was_abnormal(place, at, away):
    watch = Watch(away_until={1: 10.0})
    assert bool(watch.away(place, at)) is away


def test_a_station_that_tripped_may_be_off_everywhere():
    assert Watch(tripped={"HVMustTrip"}).away(7, 0.0) == "tripped by HVMustTrip"

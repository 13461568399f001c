"""The demo's own arithmetic."""

import math

import pytest

from gateway.demo import judge
from gateway.demo.report import Step


@pytest.mark.parametrize(
    ("p_w", "displacement", "absorbing", "var"),
    [
        (10_000, 0.8, True, -7_500),
        (10_000, 0.8, False, 7_500),
        (-10_000, 0.8, True, -7_500),
        (10_000, 1.0, True, 0),
        (0, 0.9, False, 0),
    ],
)
def test_var_that_go_with_a_power_factor(p_w, displacement, absorbing, var):
    found = judge.reactive_of_power_factor(p_w, displacement, absorbing_var=absorbing)
    assert math.isclose(found, var, abs_tol=1e-9)


CURVE = ((92, 44), (98, 0), (102, 0), (108, -44))


@pytest.mark.parametrize(
    ("x", "y"),
    [(80, 44), (92, 44), (95, 22), (98, 0), (100, 0), (105, -22), (108, -44), (120, -44)],
)
def test_a_curve_is_straight_between_its_vertices_and_level_outside(x, y):
    assert judge.on_curve(CURVE, x) == y


@pytest.mark.parametrize(("hz", "w"), [(60.0, 0), (59.964, 0), (59.664, 2_000), (61.0, 0)])
def test_droop_asks_for_more_power_below_its_dead_band(hz, w):
    droop = judge.Droop(nominal_hz=60, dead_band_hz=0.036, slope=0.05)
    assert math.isclose(droop.more_power(hz, 20_000), w, abs_tol=1e-6)


def test_the_steepest_slope_is_taken_over_two_seconds_at_least():
    samples = [(0.0, 0.0), (0.1, 3000.0), (2.0, 4000.0), (3.0, 6000.0), (5.0, 7000.0)]
    assert judge.steepest(samples) == 2000


def test_a_single_sample_has_no_slope():
    assert judge.steepest([(0.0, 5.0)]) == 0


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        (judge.near("q", 100, 109, 10, "var"), True),
        (judge.near("q", 100, -100, 10, "var"), False),
        (judge.at_most("p", 100, 100, "W"), True),
        (judge.at_most("p", 100, 101, "W"), False),
        (judge.at_least("p", 100, 100, "W"), True),
        (judge.at_least("p", 100, 99, "W"), False),
        (judge.same("status", [1, 2], [1, 2]), True),
        (judge.same("status", [1, 2], [1, 252]), False),
    ],
)
def test_a_check_says_whether_it_holds(check, holds):
    assert check.holds is holds


def test_a_step_without_a_judgement_is_not_right():
    assert not Step("nothing was looked at", "CS1").holds
    assert Step("seen", "CS1", checks=[judge.same("x", 1, 1)]).holds
    assert not Step("seen", "CS1", checks=[judge.same("x", 1, 1), judge.same("x", 1, 2)]).holds


@pytest.mark.parametrize(
    ("due", "seen", "words", "holds"),
    [
        (None, None, ("none", "none"), True),
        (set(), {"b", "a"}, ("none", "['a', 'b']"), False),
        ([1, 252], [1], ("[1, 252]", "[1]"), False),
        (0, 0, ("0", "0"), True),
        ([], None, ("[]", "none"), False),
    ],
)
def test_equal_things_hold_and_read_well(due, seen, words, holds):
    check = judge.same("it", due, seen)
    assert ((check.due, check.seen), check.holds) == (words, holds)


def test_a_zero_has_no_sign():
    assert judge.near("var", -0.2, -0.4, 20, "var") == judge.Check(
        "var", "0 ± 20 var", "0 var", holds=True
    )

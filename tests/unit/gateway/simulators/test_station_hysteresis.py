"""How a curve lets go after the grid is back."""

import pytest

from gateway.simulators.station_dialect import Dialect, as_meant
from gateway.simulators.station_hysteresis import Hold
from support.station_messages import curve

MAX_W = 10_000
FALLING = [(50.2, 100), (51.2, 0)]


def body(**hysteresis):
    found = curve(*FALLING, unit="PctMaxW")
    return found | {"hysteresis": hysteresis} if hysteresis else found


def meant(**hysteresis):
    return as_meant("FreqWatt", body(**hysteresis), Dialect(hysteresis_unit="x"), 230)


def course(rule, *moves):
    """Return what is allowed after each (seconds, Hz), in steps of a second."""
    hold, found = Hold(), []
    for seconds, hertz in moves:
        alone = 100 * min(100.0, max(0.0, 100 - 100 * (hertz - 50.2)))
        for _ in range(seconds):
            allowed = hold.step(1.0, rule, hertz, alone, MAX_W)
        found.append(round(allowed))
    return found


AWAY, LESS, BACK = (5, 50.7), (5, 50.4), (1, 50.0)
COURSES = {
    "without one the curve alone counts": (body(), [AWAY, LESS, BACK], [5_000, 8_000, 10_000]),
    "what it held stays until the grid is back": (
        meant(hysteresisHigh=50.1),
        [AWAY, LESS, (9, 50.15), BACK],
        [5_000, 5_000, 5_000, 10_000],
    ),
    "less is held as well": (
        meant(hysteresisHigh=50.1),
        [LESS, AWAY, LESS],
        [8_000, 5_000, 5_000],
    ),
    "and stays for its delay": (
        meant(hysteresisHigh=50.1, hysteresisDelay=10),
        [AWAY, (9, 50.0), BACK],
        [5_000, 5_000, 10_000],
    ),
    "the delay begins anew where it leaves again": (
        meant(hysteresisHigh=50.1, hysteresisDelay=10),
        [AWAY, (9, 50.0), (1, 50.15), (9, 50.0), BACK],
        [5_000, 5_000, 5_000, 5_000, 10_000],
    ),
    "it rises no faster than its gradient": (
        meant(hysteresisHigh=50.1, hysteresisGradient=10),
        [AWAY, BACK, (2, 50.0), (5, 50.0)],
        [5_000, 6_000, 8_000, 10_000],
    ),
    "and is held where it was on its way": (
        meant(hysteresisHigh=50.1, hysteresisGradient=10),
        [AWAY, (2, 50.0), LESS, BACK],
        [5_000, 7_000, 7_000, 8_000],
    ),
    "a low bound counts too": (
        meant(hysteresisHigh=50.1, hysteresisLow=49.9),
        [AWAY, (9, 49.8), BACK],
        [5_000, 5_000, 10_000],
    ),
    "by the text the bounds are what y says": (
        body(hysteresisLow=90),
        [AWAY, LESS, (1, 50.25)],
        [5_000, 5_000, 9_500],
    ),
    "a grid that was never away is not held": (
        meant(hysteresisHigh=49.0),
        [BACK],
        [10_000],
    ),
    "a gradient of nothing is none": (
        meant(hysteresisHigh=50.1, hysteresisGradient=0),
        [AWAY, BACK],
        [5_000, 10_000],
    ),
}


@pytest.mark.parametrize(("rule", "moves", "allowed"), COURSES.values(), ids=COURSES)
def test_a_curve_lets_go_as_its_hysteresis_says(rule, moves, allowed):
    assert course(rule, *moves) == allowed


def test_a_control_without_hysteresis_ends_what_was_held():
    hold = Hold()
    hold.step(1.0, meant(hysteresisHigh=50.1), 50.7, 5_000, MAX_W)
    assert hold.held_w == 5_000
    assert hold.step(1.0, body(), 50.7, 5_000, MAX_W) == 5_000
    assert hold.held_w is None


@pytest.mark.parametrize("kind", ["VoltVar", "FreqWatt"])
def test_only_curves_of_watts_with_a_hysteresis_read_its_unit(kind):
    plain = body() if kind == "FreqWatt" else body(hysteresisHigh=1)
    assert as_meant(kind, plain, Dialect(hysteresis_unit="x"), 230) == plain

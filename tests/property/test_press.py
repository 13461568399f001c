"""Whatever a fleet and its event are: a press says of each station what the long way says."""

import math
from dataclasses import replace
from itertools import cycle

from hypothesis import given
from hypothesis import strategies as st

from support import strategies as drawn
from support.translation import F, a_command, a_default, a_station, an_evse, book, situation
from translators.canonical.capability import Dialect
from translators.chain import Press, to_station
from translators.rules.emission import Number
from translators.rules.schema import TargetField
from translators.units import Rounding, round_to, to_json_number

MILD = drawn.vertices(y_low=-25, y_high=25)
"""Points that few ratings move beyond a range: those that many stations have in common."""


def mild(control):
    """Return strategies of the same control with mild points, now and then on one side of 0."""

    def drawn_through(points, above):
        bent = tuple(replace(p, y=abs(p.y)) for p in points) if above else points
        return replace(control, curve=replace(control.curve, points=bent))

    return st.builds(drawn_through, MILD, st.booleans())


CURVES = (drawn.volt_vars | drawn.volt_watts | drawn.watt_vars | drawn.freq_watts).flatmap(
    lambda control: st.one_of(mild(control), st.just(control))
)
WATTS = st.sampled_from([17000, 20000, F(44000, 3), 22000])
RATINGS = st.fixed_dictionaries(
    dict.fromkeys(("max_w", "max_charge_rate_w", "max_va"), WATTS),
    optional={"max_var": WATTS, "max_var_neg": WATTS},
)
ODD = RATINGS | st.sampled_from([{"max_w": None}, {"max_var": 100}, {"max_va": 0}])
SITUATIONS = st.sampled_from(
    [situation(), situation(unequal_ratings="sum"), situation(settings={"setMaxW": 9000})]
)


def fleets(ratings, dialect=None):
    """Return up to five stations that differ in their ratings."""
    known = dialect or Dialect()

    def station(number, of_first, of_second):
        evses = (an_evse(1, **of_first), *([] if of_second is None else [an_evse(2, **of_second)]))
        return replace(a_station(*evses), id=f"CS{number}", dialect=known)

    second = st.none() | st.none() | st.none() | ratings
    return st.lists(st.builds(station, st.integers(0, 99), ratings, second), min_size=3, max_size=5)


def compare(command, fleet, *situations):
    """Compare both ways, the stations in turns in these situations."""
    press = Press(book())
    for station, told in zip(fleet, cycle(situations), strict=False):
        pressed = press.orders(command, station, told)
        long_way = to_station(press.book, command, station, told)
        assert pressed == long_way
        assert str(pressed.value) == str(long_way.value)  # an int is no float


@given(
    asked=st.lists(CURVES, min_size=1, max_size=2, unique_by=type),
    fleet=fleets(RATINGS),
    make=st.sampled_from([a_command, a_default]),
)
def test_a_press_says_of_curves_what_the_long_way_says(asked, fleet, make):
    compare(make(*asked), fleet, situation(unequal_ratings="sum"))


@given(
    asked=drawn.asked_together(3) | st.lists(CURVES, min_size=1, max_size=1),
    fleet=fleets(ODD) | fleets(RATINGS, Dialect(vref="bake_additive")),
    told=st.lists(SITUATIONS, min_size=1, max_size=3),
    make=st.sampled_from([a_command, a_default]),
)
def test_a_press_says_of_anything_what_the_long_way_says(asked, fleet, told, make):
    compare(make(*asked), fleet, *told)


MODES = st.sampled_from(["half_even", "down"])


@given(value=drawn.numbers(), places=st.integers(0, 9), mode=MODES, larger=st.integers(1, 1000))
def test_a_ratio_in_any_terms_is_rounded_as_its_number_is(value, places, mode, larger):
    field = TargetField.model_validate(
        {"from": "y", "unit": "1", "round": {"places": places, "mode": mode}}
    )
    number = Number("y", field, "r", {})
    whole, parts = value.numerator * larger, value.denominator * larger
    rounded = round_to(value, places, Rounding(mode))
    (wire,), first = number.wires([(whole, parts)])
    assert (wire, type(wire)) == (to_json_number(rounded), type(to_json_number(rounded)))
    assert (first is None) is (rounded == value)
    assert number.residual(whole, parts) == value - rounded
    assert math.isfinite(wire)

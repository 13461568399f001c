"""Every source rule of the book, with sources drawn from its own model, through every law."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.laws import Crossing, faults
from support.sources import by_rule, sources
from support.translation import a_station, an_evse, book, charge_only, running, situation

RULES = by_rule()
STATIONS = (
    a_station(),
    a_station(nominal=50),
    a_station(version="2.0.1"),
    a_station(an_evse(modes=())),
    a_station(
        excitation="inverted",
        wattpf_y="inverted",
        droop="percent",
        vref="bake_multiplicative",
        gradient="seconds_full_scale",
        enter_service_voltage="volts",
        enter_service_ramp="pct_per_s",
        trip_axes="time_x",
        central_setpoint_limits="include",
    ),
    a_station(vref="bake_additive"),
    charge_only(),
    charge_only("2.0.1", units=("W",)),
)
SITUATIONS = (
    situation(),
    situation(running(-5000)),
    situation(running(9000)),
    situation(running(), settings={"setMaxW": 9000, "setMaxVar": 5000}),
)
stations, situations = st.sampled_from(STATIONS), st.sampled_from(SITUATIONS)


@pytest.mark.parametrize("rule", RULES)
@given(data=st.data())
def test_what_a_rule_makes_of_any_source_is_lawful(rule, data):
    edition = data.draw(st.sampled_from(RULES[rule]))
    control, _ = edition.read(data.draw(sources(edition)))
    crossing = Crossing(
        book(), (control,), data.draw(stations), data.draw(situations), data.draw(st.booleans())
    )
    assert faults(crossing) == []

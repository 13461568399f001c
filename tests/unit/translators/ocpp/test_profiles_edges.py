"""Setpoints at zero and one step beside it, and what is cut from them."""

import pytest

from support.translation import (
    charge_only,
    only,
    period,
    q,
    refused,
    running,
    situation,
    translated,
)
from translators.canonical.controls import ActiveSetpoint, ReactiveSetpoint

WATTS = charge_only("2.1", units=("W",))


def asked(watts):
    return translated(
        ActiveSetpoint(q(f"{watts} W")), station=WATTS, situation=situation(running())
    )


@pytest.mark.parametrize(("watts", "limit"), [("0", 0), ("-1", 1)])
def test_a_station_that_only_charges_can_do_nothing_and_more(watts, limit):
    assert period(only(asked(watts))) == {"limit": limit}


def test_a_station_that_only_charges_cannot_feed_in_a_watt():
    assert refused(asked("1")) == [("not_supported", "ActiveSetpoint")]


def reactive(value, **settings):
    """Return the reactive setpoint on the wire and the residuals of what was cut."""
    asked = ActiveSetpoint(q("0 W")), ReactiveSetpoint(q(value))
    made = translated(*asked, situation=situation(running(), settings=settings))
    cut = [loss.residual for loss in made.losses if loss.kind == "clip"]
    return period(only(made))["setpointReactive"], cut


@pytest.mark.parametrize(
    ("value", "sent", "cut"),
    [
        ("10000 var", -10000, []),
        ("10001 var", -10000, ["1"]),
        ("-8000 var", 8000, []),
        ("-8001 var", 8000, ["-1"]),
    ],
)
def test_reactive_power_beyond_the_rating_is_cut_and_the_rest_declared(value, sent, cut):
    assert reactive(value) == (sent, cut)


@pytest.mark.parametrize(
    ("value", "sent", "cut"),
    [
        ("4000 var", -4000, []),
        ("4001 var", -4000, ["1"]),
        ("-3000 var", 3000, []),
        ("-3001 var", 3000, ["-1"]),
    ],
)
def test_a_setting_below_the_rating_bounds_its_own_side(value, sent, cut):
    assert reactive(value, setMaxVar=4000, setMaxVarNeg=3000) == (sent, cut)

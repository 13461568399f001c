"""What controls make of voltage, frequency and power, at many points."""

import math

import pytest

from gateway.simulators import station_functions as functions
from gateway.simulators.station_options import Nameplate
from support.station_messages import V_VAR, curve

PLATE = Nameplate(
    max_w=10_000,
    max_charge_w=11_000,
    max_discharge_w=8_000,
    max_va=11_000,
    max_var=4_840,
    max_var_neg=2_750,
)


@pytest.mark.parametrize(
    ("x", "y"),
    [(-1, 10), (0, 10), (1, 15), (2, 20), (3, 20), (4, 50), (5, 25), (6, 0), (99, 0)],
)
def test_interpolation_is_straight_between_points_and_flat_outside(x, y):
    points = [(0, 10), (2, 20), (4, 20), (4, 50), (6, 0)]
    assert functions.interpolate(points, x) == y


def test_one_point_is_a_constant():
    assert functions.interpolate([(1, 7)], 0) == functions.interpolate([(1, 7)], 1) == 7


def test_a_response_time_is_the_time_to_nine_tenths():
    assert functions.first_order(0, 100, dt=5, response_s=5) == pytest.approx(90)
    assert functions.first_order(0, 100, dt=10, response_s=5) == pytest.approx(99)
    assert functions.first_order(0, 100, dt=0.1, response_s=0) == 100


def test_steps_of_a_response_add_up():
    value = 0.0
    for _ in range(50):
        value = functions.first_order(value, 100, dt=0.1, response_s=5)
    assert value == pytest.approx(90)


@pytest.mark.parametrize(
    ("percent", "unit", "p_w", "var"),
    [
        (50, "PctMaxVar", 0, 2_420),
        (-50, "PctMaxVar", 0, -1_375),  # the negative side has its own rating
        (100, "PctVarAvail", 0, 4_840),
        (100, "PctVarAvail", 10_500, math.sqrt(11_000**2 - 10_500**2)),
        (-100, "PctVarAvail", 10_500, -2_750),
        (100, "PctVarAvail", 11_000, 0),
        (20, "PctMaxW", 0, 2_000),
        (-20, "PctMaxW", 0, -2_000),
    ],
)
def test_a_percentage_of_reactive_power_has_a_base(percent, unit, p_w, var):
    assert functions.var_of(percent, unit, PLATE, p_w) == pytest.approx(var)
    body = {"setpoint": percent, "unit": unit}
    assert functions.fixed_var(body, PLATE, p_w) == pytest.approx(var)


@pytest.mark.parametrize("displacement", [1.0, 0.95, 0.9, 0.8, 0.5])
@pytest.mark.parametrize("p_w", [-8_000, -100, 0, 100, 8_000])
@pytest.mark.parametrize("absorbing", [True, False])
def test_a_power_factor_is_kept_and_absorbs_on_request(displacement, p_w, absorbing):
    q_var = functions.fixed_power_factor(displacement, absorbing=absorbing, p_w=p_w)
    assert math.cos(math.atan2(abs(q_var), abs(p_w) or 1e-9)) == pytest.approx(
        displacement if p_w else 1.0
    )
    assert q_var <= 0 if absorbing else q_var >= 0


def test_a_power_factor_of_zero_is_finite():
    assert math.isfinite(functions.fixed_power_factor(0, absorbing=False, p_w=1000))


@pytest.mark.parametrize(
    ("voltage_pct", "percent"),
    [
        (80, 100),
        (92, 100),
        (93.5, 75),
        (95, 50),
        (98, 0),
        (100, 0),
        (102, 0),
        (103.5, -25),
        (105, -50),
        (108, -100),
        (120, -100),
    ],
)
def test_volt_var_follows_its_curve(voltage_pct, percent):
    rating = PLATE.max_var if percent >= 0 else PLATE.max_var_neg
    q_var = functions.volt_var(curve(*V_VAR), PLATE, 0, voltage_pct)
    assert q_var == pytest.approx(percent / 100 * rating)


@pytest.mark.parametrize(
    ("p_w", "percent"),
    [(0, 0), (2_000, 0), (5_000, 0), (7_500, -50), (10_000, -100), (-11_000, 0)],
)
def test_watt_var_follows_power(p_w, percent):
    body = curve((20, 0), (50, 0), (100, -100))
    assert functions.watt_var(body, PLATE, p_w) == pytest.approx(percent / 100 * 2_750)


def test_watt_var_counts_charging_in_per_cent_of_the_charge_rate():
    body = curve((-100, 40), (0, 0), (100, 0))
    assert functions.watt_var(body, PLATE, -11_000) == pytest.approx(0.4 * 4_840)
    assert functions.watt_var(body, PLATE, -5_500) == pytest.approx(0.2 * 4_840)


def test_watt_pf_absorbs_where_y_is_positive():
    body = curve((50, 1), (100, 0.9), unit="Not_Applicable")
    tangent = math.tan(math.acos(0.95))
    assert functions.watt_power_factor(body, PLATE, 7_500) == pytest.approx(-7_500 * tangent)
    body = curve((50, -1), (100, -0.9), unit="Not_Applicable")
    assert functions.watt_power_factor(body, PLATE, 7_500) == pytest.approx(7_500 * tangent)


@pytest.mark.parametrize(
    ("x", "unit", "watts"),
    [
        (100, "PctMaxW", 10_000),
        (106, "PctMaxW", 10_000),
        (108, "PctMaxW", 5_000),
        (110, "PctMaxW", 0),
        (108, "PctWAvail", 4_000),
    ],
)
def test_a_ceiling_falls_with_its_curve(x, unit, watts):
    assert functions.ceiling_w(curve((106, 100), (110, 0), unit=unit), PLATE, x) == watts


def test_a_ceiling_below_zero_wants_charging():
    body = curve((106, 100), (110, -100), unit="PctMaxW")
    assert functions.ceiling_w(body, PLATE, 112) == -11_000


DROOP = {"overFreq": 60.036, "underFreq": 59.964, "overDroop": 0.05, "underDroop": 0.04}


@pytest.mark.parametrize(
    ("frequency_hz", "watts"),
    [
        (60, 0),
        (60.036, 0),
        (59.964, 0),
        (60.336, -0.3 / (60 * 0.05) * 10_000),
        (63.036, -10_000),
        (59.664, 0.3 / (60 * 0.04) * 10_000),
    ],
)
def test_droop_is_per_unit_of_the_nominal_frequency(frequency_hz, watts):
    assert functions.droop_w(DROOP, PLATE, frequency_hz, 60) == pytest.approx(watts)


@pytest.mark.parametrize(("body", "watts"), [({"pctMaxDischargePower": 66}, 5_280), ({}, 8_000)])
def test_a_discharge_limit_is_of_the_discharge_rating(body, watts):
    assert functions.discharge_cap_w(body, PLATE) == pytest.approx(watts)

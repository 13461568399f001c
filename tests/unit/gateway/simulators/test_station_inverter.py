"""The inverter against grid and controls, step by step."""

import math
from itertools import pairwise

import pytest

from gateway.simulators.station_car import Car
from gateway.simulators.station_controls import Control
from gateway.simulators.station_inverter import Inverter
from gateway.simulators.station_options import Nameplate
from gateway.simulators.station_rules import body_of
from gateway.simulators.station_schedules import Order
from support.station_messages import V_VAR, curve, set_control

PLATE = Nameplate(
    max_w=10_000,
    max_charge_w=11_000,
    max_discharge_w=10_000,
    max_va=11_000,
    max_var=5_000,
    max_var_neg=4_000,
)
EXPORTING = Car(discharge_w=6_000)
CHARGING = Car(demand_w=7_000)


def control(kind, *, default=False, priority=5, **body):
    request = set_control(kind, default=default, priority=priority, **body)
    return Control(kind, kind, default, body_of(request), number=1, running=True)


def controls(*found):
    return {item.type: item for item in found}


class Bench:
    """An inverter with what surrounds it; `run` goes on in steps."""

    def __init__(self, *found, car=EXPORTING, order=None, plate=PLATE, **options):
        self.inverter = Inverter(plate, 50.0, **options)
        self.active, self.car, self.order = controls(*found), car, order or Order()
        self.voltage_pu, self.frequency_hz = 1.0, 50.0

    def run(self, seconds=1.0, step=0.1, **grid):
        for name, value in grid.items():
            setattr(self, name, value)
        events = []
        for _ in range(round(seconds / step)):
            place = (self.voltage_pu, self.frequency_hz)
            events += self.inverter.step(step, self.order, self.active, self.car, place)
        return events

    @property
    def p_w(self):
        return self.inverter.p_w

    @property
    def q_var(self):
        return self.inverter.q_var


def ran(*found, **options):
    bench = Bench(*found, **options)
    bench.run()
    return bench


# Active power


@pytest.mark.parametrize(
    ("car", "watts"),
    [
        (Car(demand_w=7_000), -7_000),
        (Car(discharge_w=6_000), 6_000),
        (Car(demand_w=99_000), -11_000),
        (Car(discharge_w=99_000), 10_000),
        (Car(present=False, demand_w=7_000), 0),
        (Car(demand_w=7_000, soc_pct=100), 0),
        (Car(discharge_w=7_000, soc_pct=0), 0),
        (Car(demand_w=7_000, soc_pct=0), -7_000),
    ],
)
def test_the_car_gets_what_it_wants_within_ratings_and_battery(car, watts):
    assert ran(car=car).p_w == watts


@pytest.mark.parametrize(
    ("order", "watts"),
    [
        (Order("CentralSetpoint", p_w=-3_000), -3_000),
        (Order("CentralSetpoint", p_w=9_000), 9_000),
        (Order("Idle", p_w=0), 0),
        (Order(low_w=-4_000), -4_000),
        (Order("CentralSetpoint", p_w=-9_000, low_w=-2_000), -2_000),
        (Order("CentralSetpoint", p_w=9_000, high_w=1_500), 1_500),
    ],
)
def test_profiles_order_and_limit(order, watts):
    assert ran(car=CHARGING, order=order).p_w == watts


def test_a_discharge_limit_caps_export_and_leaves_charging():
    limit = control("LimitMaxDischarge", pctMaxDischargePower=30)
    assert ran(limit).p_w == 3_000
    assert ran(limit, car=CHARGING).p_w == -7_000


def test_a_gradient_ramps_by_per_cent_of_max_w_a_second():
    bench = Bench(control("Gradients", default=True, gradient=10, softGradient=0))
    bench.run(2)
    assert bench.p_w == pytest.approx(2_000)
    bench.run(9)
    assert bench.p_w == 6_000
    bench.active |= controls(control("LimitMaxDischarge", pctMaxDischargePower=20))
    bench.run(3)
    assert bench.p_w == pytest.approx(3_000)
    bench.run(3)
    assert bench.p_w == 2_000


def test_a_gradient_of_zero_is_none():
    assert ran(control("Gradients", default=True, gradient=0)).p_w == 6_000


@pytest.mark.parametrize("frequency_hz", [49.0, 49.5, 49.9, 50.0, 50.1, 50.5, 51.0, 52.0])
def test_droop_moves_power_by_frequency(frequency_hz):
    bench = Bench(control("FreqDroop", responseTime=0.5), car=Car())
    bench.run(5, frequency_hz=frequency_hz)
    over = max(0, frequency_hz - 50.036)
    under = max(0, 49.964 - frequency_hz)
    wanted = (under - over) / (50 * 0.05) * 10_000
    assert bench.p_w == pytest.approx(max(-11_000, min(10_000, wanted)), abs=1)


def test_droop_answers_in_its_response_time_and_returns():
    bench = Bench(control("FreqDroop", responseTime=5))
    bench.run(5, frequency_hz=50.536)
    assert bench.p_w == pytest.approx(6_000 - 0.9 * 2_000, abs=1)
    bench.run(30, frequency_hz=50.0)
    assert bench.p_w == pytest.approx(6_000, abs=1)
    bench.active = {}
    bench.run(0.1)
    assert bench.p_w == 6_000


def test_limits_hold_against_the_droop():
    droop = control("FreqDroop", responseTime=0)
    capped = Bench(droop, control("LimitMaxDischarge", pctMaxDischargePower=50))
    capped.run(frequency_hz=49.0)
    assert capped.p_w == 5_000
    importing = Bench(droop, car=CHARGING, order=Order(low_w=-5_000))
    importing.run(frequency_hz=51.0)
    assert importing.p_w == -5_000


@pytest.mark.parametrize(
    ("voltage_pu", "watts"), [(1.0, 6_000), (1.07, 6_000), (1.09, 2_500), (1.10, 0), (1.2, 0)]
)
def test_volt_watt_lowers_the_ceiling(voltage_pu, watts):
    bench = Bench(control("VoltWatt"))
    bench.run(voltage_pu=voltage_pu)
    assert bench.p_w == pytest.approx(watts)


def test_volt_watt_leaves_charging_alone():
    bench = Bench(control("VoltWatt"), car=CHARGING)
    bench.run(voltage_pu=1.2)
    assert bench.p_w == -7_000


def test_volt_watt_answers_in_its_response_time_and_is_gone_with_its_control():
    bench = Bench(control("VoltWatt", responseTime=10))
    bench.run(10, voltage_pu=1.1)
    assert bench.p_w == pytest.approx(1_000, abs=1)
    bench.active = {}
    bench.run(0.1)
    assert bench.p_w == 6_000


def test_freq_watt_lowers_the_ceiling():
    bench = Bench(control("FreqWatt"))
    bench.run(frequency_hz=51.1)
    assert bench.p_w == pytest.approx(5_000)


# Reactive power


@pytest.mark.parametrize(
    "voltage_pct", [85, 90, 92, 93, 95, 97.5, 98, 100, 102, 104, 107, 108, 115]
)
def test_measured_var_lies_on_the_volt_var_curve(voltage_pct):
    points = [*V_VAR]
    percent = next(
        (
            y0 + (y1 - y0) * (voltage_pct - x0) / (x1 - x0)
            for (x0, y0), (x1, y1) in pairwise(points)
            if x0 <= voltage_pct < x1
        ),
        100 if voltage_pct < 92 else -100,
    )
    bench = Bench(control("VoltVar"))
    bench.run(voltage_pu=voltage_pct / 100)
    rating = PLATE.max_var if percent >= 0 else PLATE.max_var_neg
    assert bench.q_var == pytest.approx(percent / 100 * rating)


def test_volt_var_answers_in_its_response_time():
    bench = Bench(control("VoltVar", responseTime=5))
    bench.run(5, voltage_pu=0.92)
    assert bench.q_var == pytest.approx(0.9 * 5_000, abs=1)


def test_v_ref_moves_the_curve():
    bench = Bench(control("VoltVar", reactivePowerParams={"vRef": 95}))
    bench.run(voltage_pu=0.95)
    assert bench.q_var == 0
    bench.run(voltage_pu=0.95 * 0.92)
    assert bench.q_var == pytest.approx(5_000)


def test_an_autonomous_reference_follows_the_grid():
    params = {"autonomousVRefEnable": True, "autonomousVRefTimeConstant": 100}
    bench = Bench(control("VoltVar", reactivePowerParams=params))
    bench.run(1, voltage_pu=0.95)
    assert bench.q_var > 2_000
    bench.run(600, step=1)
    assert bench.q_var == pytest.approx(0, abs=10)


@pytest.mark.parametrize(("excitation", "sign"), [(True, -1), (False, 1)])
def test_excitation_true_absorbs(excitation, sign):
    bench = ran(control("FixedPFInject", displacement=0.9, excitation=excitation))
    assert bench.q_var == pytest.approx(sign * 6_000 * math.tan(math.acos(0.9)))


def test_inject_and_absorb_rule_each_side_of_power():
    both = (
        control("FixedPFInject", displacement=0.9, excitation=True),
        control("FixedPFAbsorb", displacement=0.95, excitation=False),
    )
    exporting, charging = ran(*both), ran(*both, car=CHARGING)
    assert exporting.q_var == pytest.approx(-6_000 * math.tan(math.acos(0.9)))
    assert charging.q_var == pytest.approx(7_000 * math.tan(math.acos(0.95)))
    assert ran(both[0], car=CHARGING).q_var == 0


@pytest.mark.parametrize(
    ("kind", "body", "var"),
    [
        ("FixedVar", {"setpoint": 40, "unit": "PctMaxVar"}, 2_000),
        ("FixedVar", {"setpoint": -40, "unit": "PctMaxVar"}, -1_600),
        ("WattVar", curve((0, 0), (100, -100)), -0.6 * 4_000),
        (
            "WattPF",
            curve((0, 0.95), (100, 0.95), unit="Not_Applicable"),
            -6_000 * math.tan(math.acos(0.95)),
        ),
    ],
)
def test_other_reactive_controls_act(kind, body, var):
    assert ran(control(kind, **body)).q_var == pytest.approx(var, abs=0.01)


def test_a_scheduled_control_comes_before_a_default_then_priority_decides():
    base = control("FixedVar", default=True, priority=0, setpoint=100)
    factor = control("FixedPFInject", priority=9)
    assert ran(base, factor).q_var < 0
    better = control("VoltVar", priority=1)
    assert ran(base, factor, better).q_var == 0
    assert ran(base).q_var == 5_000


def test_a_profile_gives_var_only_while_no_control_does():
    order = Order("CentralSetpoint", p_w=5_000, q_var=2_000)
    assert ran(order=order).q_var == 2_000
    assert ran(control("FixedVar", setpoint=-50), order=order).q_var == -2_000


def test_var_stays_within_its_ratings():
    order = Order("CentralSetpoint", p_w=0, q_var=9_000)
    assert ran(order=order).q_var == 5_000
    assert ran(control("FixedVar", setpoint=-100, unit="PctMaxW")).q_var == -4_000


# Apparent power

TIGHT = Nameplate(
    max_w=10_000,
    max_charge_w=10_000,
    max_discharge_w=10_000,
    max_va=10_000,
    max_var=6_000,
    max_var_neg=6_000,
)
FULL = Car(discharge_w=10_000)


def test_active_power_yields_where_reactive_comes_first():
    bench = ran(control("FixedVar", setpoint=-100), car=FULL, plate=TIGHT)
    assert (bench.p_w, bench.q_var) == (pytest.approx(8_000), -6_000)


def test_reactive_power_yields_where_active_comes_first():
    bench = ran(
        control("FixedVar", setpoint=-100),
        car=Car(discharge_w=9_000),
        plate=TIGHT,
        reactive_first=False,
    )
    assert (bench.p_w, bench.q_var) == (9_000, pytest.approx(-math.sqrt(10_000**2 - 9_000**2)))


def test_a_power_factor_is_kept_at_the_apparent_limit():
    bench = ran(control("FixedPFInject", displacement=0.9), car=FULL, plate=TIGHT)
    assert bench.p_w == pytest.approx(9_000)
    assert math.hypot(bench.p_w, bench.q_var) == pytest.approx(10_000)


def test_charging_keeps_its_sign_at_the_apparent_limit():
    bench = ran(control("FixedVar", setpoint=100), car=Car(demand_w=10_000), plate=TIGHT)
    assert bench.p_w == pytest.approx(-8_000)


# Trips


def test_a_trip_stops_everything_and_enter_service_lets_it_back_softly():
    bench = Bench(
        control("HVMustTrip"),
        control("EnterService", default=True, delay=10),
        control("Gradients", default=True, gradient=0, softGradient=5),
    )
    bench.run(1)
    assert bench.p_w == 6_000
    events = bench.run(3, voltage_pu=1.12)
    assert [(e.control_type, e.fault, e.ended) for e in events] == [
        ("HVMustTrip", "OverVoltage", False)
    ]
    assert (bench.p_w, bench.q_var) == (0, 0)
    bench.run(9, voltage_pu=1.0)
    assert bench.p_w == 0
    events = bench.run(2)
    assert [event.ended for event in events] == [True]
    bench.run(3)
    assert bench.p_w == pytest.approx(2_000, abs=600)  # 500 W a second
    bench.run(20)
    assert bench.p_w == 6_000
    bench.car = Car(discharge_w=2_000)
    bench.run(0.1)
    assert bench.p_w == 2_000  # soft only after the trip


def test_enter_service_ramps_in_seconds_where_no_soft_gradient_is_set():
    bench = Bench(
        control("HVMustTrip"), control("EnterService", default=True, delay=0, rampRate=20)
    )
    bench.run(3, voltage_pu=1.12)
    bench.run(4, voltage_pu=1.0)
    assert bench.p_w == pytest.approx(2_000, abs=100)


# The car


def test_the_battery_fills_and_empties():
    car = Car(soc_pct=50, capacity_wh=1_000)
    assert car.after(-1_000, 360).soc_pct == pytest.approx(60)
    assert car.after(1_000, 360).soc_pct == pytest.approx(40)
    assert car.after(1_000, 36_000).soc_pct == 0


def test_voltage_is_measured_in_volts():
    bench = ran()
    bench.run(voltage_pu=1.05)
    assert bench.inverter.voltage_v == pytest.approx(241.5)
    assert bench.inverter.frequency_hz == 50


# Current, cessation, the way back


def test_amps_limit_the_apparent_power_at_the_voltage_that_there_is():
    plate = Nameplate(max_a=10)
    bench = ran(car=CHARGING, plate=plate)
    assert bench.p_w == pytest.approx(-3 * 10 * 230)
    bench.run(voltage_pu=0.9)
    assert bench.p_w == pytest.approx(-3 * 10 * 207)


def test_amps_are_of_each_phase():
    assert ran(car=CHARGING, plate=Nameplate(max_a=10), phases=1).p_w == pytest.approx(-2300)


def test_amps_go_to_var_first_where_var_comes_first():
    exporting = Car(discharge_w=20_000)
    bench = ran(control("FixedVar", setpoint=20), plate=Nameplate(max_a=10), car=exporting)
    assert bench.q_var == 2200
    assert math.hypot(bench.p_w, bench.q_var) == pytest.approx(6900)


@pytest.mark.parametrize(
    ("kept", "p_w", "q_var"), [(None, 0, 0), ("Active", 6000, 0), ("Reactive", 0, 2000)]
)
def test_a_cessation_keeps_what_it_says(kept, p_w, q_var):
    body = {"curveData": [{"x": 110, "y": 0.5}]}
    if kept is not None:
        body["voltageParams"] = {"powerDuringCessation": kept}
    ceasing, fixed = control("HVMomCess", **body), control("FixedVar", setpoint=40)
    bench = Bench(ceasing, fixed)
    bench.run(voltage_pu=1.15)
    assert (bench.p_w, bench.q_var) == (p_w, q_var)
    bench.run(voltage_pu=1.0)
    assert (bench.p_w, bench.q_var) == (6000, 2000)


@pytest.mark.parametrize("percent", [95, 100, 103])
def test_an_additive_reference_voltage_shifts_the_curve(percent):
    params = {"reactivePowerParams": {"vRef": percent}}
    bench = Bench(control("VoltVar", **params), additive_v_ref=True)
    bench.run(voltage_pu=(percent - 5) / 100)
    assert bench.q_var == pytest.approx(0.5 * 5000)
    bench.run(voltage_pu=percent / 100)
    assert bench.q_var == 0


def test_a_freq_watt_curve_with_hysteresis_holds_on():
    body = curve((50.2, 100), (51.2, 0), unit="PctMaxW") | {
        "hysteresis": {"hysteresisLow": 100, "hysteresisDelay": 5}
    }
    bench = Bench(control("FreqWatt", **body), car=Car(discharge_w=9_000))
    bench.run(1, frequency_hz=50.7)
    assert bench.p_w == pytest.approx(5_000)
    bench.run(4, frequency_hz=50.0)
    assert bench.p_w == pytest.approx(5_000)
    bench.run(2)
    assert bench.p_w == pytest.approx(9_000)
    bench.run(1, frequency_hz=50.7)
    bench.active = {}
    bench.run(1)
    bench.active = controls(control("FreqWatt", **body))
    bench.run(1, frequency_hz=50.0)
    assert bench.p_w == pytest.approx(9_000)


@pytest.mark.parametrize(("mode", "watts"), [("Idle", 0), ("CentralSetpoint", 4_000)])
def test_who_is_idle_follows_no_frequency(mode, watts):
    droop = {"overFreq": 50.1, "underFreq": 49.9, "overDroop": 0.05, "underDroop": 0.05}
    body = {**droop, "responseTime": 0}
    bench = Bench(control("FreqDroop", **body), order=Order(mode, 0.0, 0.0))
    bench.run(1, frequency_hz=48.9)
    assert bench.p_w == pytest.approx(watts)

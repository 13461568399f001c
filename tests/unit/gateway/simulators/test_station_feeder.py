"""Stations behind a feeder: what one does the others feel, and volt-var settles."""

import pytest

from gateway.simulators.grid import Grid
from gateway.simulators.station_core import Core
from gateway.simulators.station_handlers import handle
from gateway.simulators.station_options import StationOptions
from support.station_bench import OPTIONS, Bench
from support.station_messages import EPOCH, set_control

FEEDER = {"r_ohm": 0.5, "x_ohm": 0.3}


def test_export_raises_the_voltage_that_the_station_measures():
    bench = Bench(grid=FEEDER, discharge_w=16_000.0)
    bench.go(2)
    assert bench.core.inverter.voltage_v == pytest.approx(230 * 1.05)


def test_volt_var_holds_the_voltage_down():
    bench = Bench(grid=FEEDER, discharge_w=16_000.0)
    bench.grid.set_voltage(1.02)
    bench.go(2)
    before = bench.core.inverter.voltage_pu
    bench.ask("SetDERControl", set_control("VoltVar", default=True, responseTime=5))
    bench.go(60)
    p_w, q_var = bench.flow()
    after = bench.core.inverter.voltage_pu
    assert before == pytest.approx(1.07)
    assert after < before - 0.01
    assert after == pytest.approx(1.02 + (0.5 * p_w + 0.3 * q_var) / 400**2, abs=1e-4)
    assert q_var == pytest.approx(-(100 * after - 102) / 6 * 11_000, rel=0.01)


def test_what_one_station_exports_its_neighbour_feels():
    moment = [EPOCH]
    grid = Grid(**FEEDER, clock=lambda: moment[0])
    both = [
        Core(StationOptions(**OPTIONS | {"id": name, "discharge_w": watts}), grid, EPOCH)
        for name, watts in (("one", 16_000.0), ("two", 0.0))
    ]
    handle(both[1], "SetDERControl", set_control("VoltVar", default=True), EPOCH)
    for _ in range(4):
        moment[0] += 0.5
        for core in both:
            core.advance(moment[0])
    assert both[1].inverter.voltage_pu > 1.03
    assert both[1].inverter.q_var < -1000

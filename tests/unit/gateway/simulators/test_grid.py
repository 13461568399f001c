import pytest

from gateway.simulators.grid import Course, Grid


@pytest.mark.parametrize(
    ("now", "value"),
    [(0, 1.0), (10, 1.0), (11, 1.025), (12, 1.05), (14, 1.1), (99, 1.1)],
)
def test_a_course_goes_in_a_straight_line(now, value):
    assert Course(1.0, 1.1, since=10, over_s=4).at(now) == pytest.approx(value)


def test_a_course_without_time_jumps():
    assert Course(1.0, 1.0).moved(0.9, now=5).at(5) == 0.9


def test_a_new_course_begins_where_the_old_one_is():
    halfway = Course(50.0, 51.0, since=0, over_s=10).moved(49.5, now=5, over_s=10)
    assert halfway.at(5) == 50.5
    assert halfway.at(10) == 50.0


def test_time_cannot_run_backwards():
    with pytest.raises(ValueError, match="less than none"):
        Course(1, 1).moved(2, now=0, over_s=-1)


def test_voltage_and_frequency_move_apart_from_each_other():
    time = [100.0]
    grid = Grid(frequency_hz=60, clock=lambda: time[0])
    grid.set_voltage(1.06, over_s=2)
    grid.set_frequency(59.5)
    assert (grid.voltage_pu(), grid.frequency_hz()) == (1.0, 59.5)
    time[0] = 101.0
    assert grid.voltage_pu() == pytest.approx(1.03)
    assert grid.voltage_pu(102) == pytest.approx(1.06)
    assert grid.frequency_hz(0) == 60


# Feeder


def test_a_stiff_grid_feels_nobody():
    grid = Grid()
    grid.feed("a", 1e6, 1e6)
    assert grid.voltage_pu() == 1.0


def test_a_feeder_rises_by_what_is_exported_and_injected():
    grid = Grid(r_ohm=0.4, x_ohm=0.2)
    grid.feed("a", 20_000, 0)
    assert grid.voltage_pu() == pytest.approx(1 + 0.4 * 20_000 / 400**2)
    grid.feed("b", 0, -20_000)
    assert grid.voltage_pu() == pytest.approx(1 + (0.4 - 0.2) * 20_000 / 400**2)
    grid.feed("a", 0, 0)
    grid.feed("b", 0, 0)
    assert grid.voltage_pu() == 1.0


def test_a_feeder_sinks_when_cars_charge():
    grid = Grid(voltage_pu=1.02, r_ohm=0.4)
    grid.feed("a", -16_000, 0)
    assert grid.voltage_pu() == pytest.approx(1.02 - 0.04)

"""Intervals, ratings and defaults of the canonical model."""

from datetime import timedelta

import pytest

from support.translation import NOON, F, a_command, an_evse, some_ratings
from translators.canonical.capability import Dialect, Ratings
from translators.canonical.commands import Interval, Randomization, ResponseDuty
from translators.canonical.telemetry import GridFault, Phase, Quality, Sample
from translators.units import Base, Kind

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("shift", "inside"),
    [(-timedelta(seconds=1), False), (timedelta(), True), (HOUR / 2, True), (HOUR, False)],
)
def test_an_interval_holds_its_start_and_not_its_end(shift, inside):
    assert Interval(NOON, NOON + HOUR).covers(NOON + shift) is inside


def test_an_interval_without_end_never_ends():
    open_ended = Interval(NOON, None)
    assert open_ended.duration is None
    assert open_ended.covers(NOON + timedelta(days=9999))
    assert not open_ended.covers(NOON - timedelta(microseconds=1))


def test_a_duration_is_the_distance_of_the_ends():
    assert Interval(NOON, NOON + HOUR).duration == HOUR


def test_each_base_has_its_own_rating():
    ratings = some_ratings()
    found = {base: ratings.base(base) for base in Base}
    assert {base: value for base, value in found.items() if value is not None} == {
        Base.MAX_W: 20000,
        Base.MAX_CHARGE_W: 22000,
        Base.MAX_DISCHARGE_W: 16000,
        Base.MAX_VA: 25000,
        Base.MAX_VAR: 10000,
        Base.MAX_VAR_NEG: 8000,
        Base.V_NOM: 240,
        Base.V_REF: 240,
    }


@pytest.mark.parametrize(("negative", "expected"), [(None, 10000), (0, 0), (8000, 8000)])
def test_the_absorbing_side_is_the_injecting_one_unless_it_is_stated(negative, expected):
    assert some_ratings(max_var_neg=negative).base(Base.MAX_VAR_NEG) == expected


def test_nothing_is_known_of_a_bare_nameplate():
    assert all(Ratings().base(base) is None for base in Base)


def test_the_first_reading_of_every_dialect_key_is_the_default():
    assert Dialect() == Dialect(
        excitation="as_spec",
        wattpf_y="as_spec",
        droop="per_unit",
        vref="native",
        gradient="pct_per_s",
        enter_service_voltage="pct",
        enter_service_ramp="seconds",
        trip_axes="value_x",
        central_setpoint_limits="omit",
        hysteresis_unit="y",
    )


def test_a_command_asks_for_nothing_that_it_does_not_say():
    command = a_command()
    assert command.randomization == Randomization(0, 0, None, None)
    assert command.response == ResponseDuty(received=False, specific=False, reply_to="")
    assert command.ramp_time is None
    assert not command.is_default


def test_there_are_eleven_grid_faults():
    assert len(GridFault) == 11


def test_a_sample_is_of_all_phases_and_good_unless_it_says_otherwise():
    sample = Sample("CS1", 1, Kind.POWER, F(1), NOON)
    assert (sample.phase, sample.quality) == (Phase.ALL, Quality.GOOD)
    assert an_evse().charging_rate_units == ("W", "A")

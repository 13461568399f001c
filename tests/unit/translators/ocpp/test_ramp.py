"""The ramp time of one event: steps whose middles lie on the line, and when there are none."""

from dataclasses import replace

import pytest

from support.translation import (
    F,
    a_station,
    an_evse,
    charge_only,
    kinds,
    limit,
    only,
    payloads,
    pf,
    q,
    running,
    situation,
    translated,
)
from translators.canonical.controls import ActiveSetpoint, ReactiveSetpoint


def made(target="5000 W", before=0, time=5, *beside, station=None, periods=None):
    evse = replace(an_evse(), periods_per_schedule=periods)
    return translated(
        ActiveSetpoint(q(target)),
        *beside,
        station=station or a_station(evse),
        situation=replace(situation(running()), baseline_w=None if before is None else F(before)),
        ramp_time=None if time is None else F(str(time)),
    )


def steps(translation, member="setpoint"):
    (payload,) = payloads(translation, "SetChargingProfile")
    (schedule,) = payload["chargingProfile"]["chargingSchedule"]
    return [(p["startPeriod"], p[member]) for p in schedule["chargingSchedulePeriod"]]


def test_each_step_lies_with_its_middle_on_the_line():
    sent = steps(made("4000 W", 1000, 3))
    assert sent == [(0, -1500), (1, -2500), (2, -3500), (3, -4000)]


@pytest.mark.parametrize(
    ("time", "periods", "begins"),
    [
        (2, None, [0, 1, 2]),
        (2.9, None, [0, 1, 2]),
        (1, None, [0, 1]),
        (100, None, list(range(0, 101, 10))),
        (100, 3, [0, 50, 100]),
        (100, 2, [0, 100]),
        (15, None, [0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15]),
    ],
)
def test_steps_are_whole_seconds_and_no_more_than_the_station_takes(time, periods, begins):
    assert [begin for begin, _ in steps(made(time=time, periods=periods))] == begins


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"time": None}, []),
        ({"before": None}, ["drop"]),
        ({"before": 5000}, ["drop"]),
        ({"time": 0.9}, ["drop"]),
        ({"periods": 1}, ["drop"]),
    ],
    ids=["no ramp", "nobody knows where from", "there already", "under a second", "one period"],
)
def test_without_steps_the_target_holds_at_once(changes, lost):
    translation = made(**changes)
    assert steps(translation) == [(0, -5000)]
    assert kinds(translation) == lost


@pytest.mark.parametrize(
    ("time", "off"), [(5, 500), (4, 625), (20, 250), ("4.5", F(5000, 9)), ("1.9", F(45000, 19))]
)
def test_the_largest_distance_from_the_line_is_declared(time, off):
    """Half a step; or, where the last whole second comes early, what is left of the line then."""
    (loss,) = (x for x in made(time=time).losses if x.kind.value == "approximate")
    assert F(loss.residual) == off


def test_reactive_power_stands_beside_every_step():
    translation = made("2000 W", 0, 2, ReactiveSetpoint(q("300 var")))
    assert steps(translation, "setpointReactive") == [(0, -300), (1, -300), (2, -300)]


def test_a_limit_is_not_stepped():
    translation = translated(
        limit("load", "5000 W"),
        situation=replace(situation(running()), baseline_w=F(0)),
        ramp_time=F(10),
    )
    assert steps(translation, "limit") == [(0, 5000)]
    assert kinds(translation) == ["drop"]


def test_what_has_no_steps_beside_what_has_is_dropped_once():
    assert kinds(made("5000 W", 0, 5, pf())) == ["approximate", "drop"]


def test_a_limit_in_place_of_a_setpoint_is_stepped_from_no_charge_at_the_least():
    translation = made(
        "-6900 W", 1000, 2, station=charge_only(units=("W",), max_discharge_rate_w=0)
    )
    assert steps(translation, "limit") == [(0, 975), (1, 4925), (2, 6900)]
    assert kinds(translation) == ["approximate", "approximate"]


def test_digits_that_only_steps_lose_are_declared():
    translation = made("0.0002 W", 0, 3)
    assert steps(translation)[0] == (0, 0)
    assert "round" in kinds(translation)


def test_no_step_is_told_of_one_message_alone():
    assert only(made())["chargingProfile"]["chargingProfileKind"] == "Absolute"


def test_a_step_that_begins_beyond_a_limit_is_cut_to_it():
    translation = made("0 W", 1000, 1, limit("export", "0 W"))
    assert steps(translation) == [(0, 0), (1, 0)]
    assert [loss.residual for loss in translation.losses if loss.kind.value == "clip"] == ["500"]


def test_a_step_is_cut_to_what_the_station_can_do():
    assert steps(made("0 W", 90_000, 2))[0] == (0, -16_000)


def test_a_limit_of_charge_in_steps_is_cut_as_well():
    station = charge_only(units=("W",))
    sent = made("-1000 W", -9000, 2, limit("import", "2000 W"), station=station)
    (own,) = [p for p in payloads(sent) if p["evseId"] == 1]
    (schedule,) = own["chargingProfile"]["chargingSchedule"]
    assert [p["limit"] for p in schedule["chargingSchedulePeriod"]] == [2000, 2000, 1000]

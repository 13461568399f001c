"""A step of our own clock, and what a site tells its stations: it begins and ends when it should."""

from datetime import timedelta

import pytest

from gateway.core.events import CommissioningOrdered, Now, Tick
from support.engine_bench import NOON, pf
from support.site_worlds import for_the_site, three

HOUR = timedelta(hours=1)


def joined(version="2.0.1"):
    """Return a world whose clock can be set; that of its utility goes on."""
    world = three(version)
    world.step = timedelta()
    world._at = lambda: Now(
        world.now, (world.now - world.step - NOON).total_seconds(), {"dso": -world.step}
    )
    world.join()
    return world


def set_clock(world, step):
    world.step += step
    world.now += step
    world.hear(Tick())
    world.flow()


def bounded(world, minutes=30, watts=30000):
    """Serve a limit of import from now on; `start` is in the utility's time."""
    start = (world.now - world.step - NOON).total_seconds() / 60
    world.serve(for_the_site("E1", watts=watts, start=start, minutes=minutes), told=False)
    return world.bounds()


EACH = {"CS1": 10000, "CS2": 10000, "CS3": 10000}


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_share_begins_at_once_after_a_step(step):
    world = joined()
    set_clock(world, step)
    assert bounded(world) == EACH


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_share_that_holds_goes_on_over_a_step(step):
    world = joined()
    bounded(world)
    set_clock(world, step)
    assert world.bounds() == EACH


def test_a_share_goes_on_over_a_start_of_the_gateway_after_a_step_back():
    world = joined()
    world.wait(60)
    bounded(world)
    set_clock(world, -HOUR)
    world.restart()
    assert world.bounds() == EACH


def test_a_share_begins_anew_where_our_clock_was_set_back_while_the_gateway_was_down():
    world = joined()
    bounded(world)
    world.step, world.now = -HOUR, world.now - HOUR
    world.restart()
    assert world.bounds() == EACH


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_what_is_passed_on_keeps_the_utilitys_time_over_a_step(step):
    world = joined("2.1")
    set_clock(world, step)
    world.serve(for_the_site("E1", pf(), start=10), told=False)
    (control,) = world.chargers["CS1"].controls.values()
    starts = NOON + timedelta(minutes=10) + step
    assert control["fixedPFInject"]["startTime"] == f"{starts:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_trial_takes_its_time_over_a_step(step):
    world = joined()
    set_clock(world, step)
    world.hear(CommissioningOrdered("CS1", "new meter", "ann"))
    world.flow()
    assert world.bounds()["CS1"] < 22000
    set_clock(world, step)
    world.wait(34)
    assert not world.audited("commissioning.step")
    world.wait(2)
    (first, *_) = world.audited("commissioning.step")
    assert first.details["step"] == "charge within a limit"

"""A step of our own clock, and what a site tells its stations: it begins and ends when it should."""

from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.allocation import Policy
from gateway.core.effects import SendToStation, Table
from gateway.core.events import CommandReceived, CommandWithdrawn, Now, Tick, Withdrawal
from gateway.core.orders import CommissioningOrdered
from gateway.core.slots import Slot
from support.engine_bench import NOON, a_default, limit, pf
from support.site_worlds import for_the_site, setpoint, three
from translators.canonical.commands import Interval, Target

HOUR = timedelta(hours=1)


def joined(version="2.0.1", stations=(), **changes):
    """Return a world whose clock can be set; that of its utility goes on."""
    world = three(version, **changes)
    world.step = timedelta()
    world._at = lambda: Now(
        world.now, (world.now - world.step - NOON).total_seconds(), {"dso": -world.step}
    )
    world.join(*stations)
    return world


def set_clock(world, step):
    world.step += step
    world.now += step
    world.hear(Tick())
    world.flow()


def bounded(world, minutes=30, watts=30000, mrid="E1", **changes):
    """Serve a limit of import from now on; `start` is in the utility's time."""
    now = world.now - world.step
    times = {"start": (now - NOON).total_seconds() / 60, "minutes": minutes, "created": now}
    world.serve(for_the_site(mrid, watts=watts, **times | changes), told=False)
    return world.bounds()


def may_draw(world):
    return [world.site.held[Slot.CHARGE, name] for name in EACH]


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


def test_a_share_that_begins_later_by_our_clock_bounds_nothing_before_it_is_set_anew():
    world = joined()
    bounded(world)
    world.chargers["CS1"].fates.append("late")
    set_clock(world, -HOUR)
    world.wait(1)
    assert bounded(world, watts=36000, mrid="E2") == EACH | {"CS1": 22000}
    world.chargers["CS1"].fates.clear()
    world.flow()
    assert world.bounds() == dict.fromkeys(EACH, 12000)


def test_who_is_away_while_our_clock_is_set_back_counts_with_its_rating():
    world = joined()
    bounded(world)
    world.leave("CS1")
    set_clock(world, -HOUR)
    assert world.bounds() == {"CS1": 22000, "CS2": 4000, "CS3": 4000}
    assert may_draw(world) == [None, 4000, 4000]
    world.restart()
    assert may_draw(world) == [None, 4000, 4000]
    world.join("CS1")
    assert world.bounds() == EACH


def test_a_default_that_bounds_who_is_back_is_let_go_once_its_share_holds_by_our_clock():
    world = joined()
    default = a_default("D1", limit(watts=15000), target=Target("CS1"))
    world.hear(CommandReceived(default))
    world.flow()
    bounded(world)
    world.leave("CS1")
    set_clock(world, -HOUR)
    world.hear(CommandWithdrawn("dso", "CS1", "D1", Withdrawal.CANCELLED))
    assert world.bounds()["CS1"] == 15000
    before = len(world.effects)
    world.join("CS1")
    sent = [e.action for e in world.effects[before:] if isinstance(e, SendToStation)]
    assert sent.index("SetChargingProfile") < sent.index("ClearChargingProfile")


def test_who_is_away_while_our_clock_is_set_a_little_back_counts_with_what_it_holds():
    world = joined()
    bounded(world, minutes=100)
    world.wait(4000)
    world.leave("CS1")
    set_clock(world, -HOUR)
    assert world.bounds() == EACH
    world.restart()
    assert may_draw(world) == [10000] * 3


def test_the_default_of_a_station_is_not_less_than_what_it_may_hold_when_our_clock_is_set_back():
    world = joined(member={"away": Fraction(6000)})
    bounded(world)
    world.leave("CS1")
    set_clock(world, -HOUR)
    assert world.bounds() == {"CS1": 22000, "CS2": 10000, "CS3": 10000}


def test_a_share_that_lapses_since_its_renewals_are_lost_bounds_nothing():
    world = joined()
    bounded(world, interval=Interval(NOON, None))
    world.wait(20)
    world.chargers["CS1"].fates.extend(["lost"] * 6)
    world.wait(30 * 24 * 3600 - 21)
    assert world.bounds() == EACH
    world.wait(1)
    assert world.bounds() == {"CS1": 22000, "CS2": 4000, "CS3": 4000}


def test_what_was_kept_without_its_time_holds_on():
    world = joined()
    bounded(world)
    world.leave("CS1")
    for document in world.kept[Table.SITE].values():
        document.pop("spans", None)
    world.restart()
    assert may_draw(world) == [10000] * 3


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
def test_what_is_passed_on_goes_on_over_a_step_and_a_start_of_the_gateway(step):
    world = joined("2.1")
    set_clock(world, step)
    start = (world.now - world.step - NOON).total_seconds() / 60
    world.serve(for_the_site("E1", setpoint(-6000), start=start, minutes=30), told=False)
    set_clock(world, step)
    world.restart()
    world.wait(60)
    parts = [charger.setpoints() for charger in world.chargers.values()]
    assert parts == [[2000]] * 3
    world.wait(30 * 60)
    assert [charger.setpoints() for charger in world.chargers.values()] == [[]] * 3


def test_where_our_clock_was_set_back_while_the_gateway_was_down_earlier_steps_count_no_more():
    world = joined()
    set_clock(world, HOUR)
    world.step, world.now = -HOUR, world.now - 2 * HOUR
    world.restart()
    assert world.engine.world.jumped == timedelta()
    assert bounded(world) == EACH


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_who_pauses_takes_turns_after_the_same_time_over_a_step(step):
    world = joined(member={"least": Fraction(4140)})
    first = {"CS1": 4500, "CS2": 4500, "CS3": 0}
    assert bounded(world, watts=9000) == first
    world.wait(600)
    set_clock(world, step)
    assert world.bounds() == first
    world.wait(299)
    assert world.bounds() == first
    world.wait(1)
    assert world.bounds() == {"CS1": 0, "CS2": 4500, "CS3": 4500}


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_who_came_first_stays_the_first_over_a_step(step):
    world = joined(policy=Policy.FIRST_COME, stations=("CS2", "CS3"))
    set_clock(world, step)
    world.wait(1)
    world.join("CS1")
    assert bounded(world, watts=44000) == {"CS1": 0, "CS2": 22000, "CS3": 22000}


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

"""A site's envelope over its stations, through the whole engine."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.core.allocation import Policy
from gateway.core.effects import Table
from gateway.core.events import CommandReceived, UtilityChanged
from gateway.core.orders import ParticipationChanged
from gateway.core.slots import Slot
from support.engine_bench import limit
from support.site_worlds import (
    RATED,
    SITE,
    SiteWorld,
    a_member,
    for_the_site,
    joined,
    shares,
    site_rules,
    three,
)
from translators.canonical.commands import Target
from translators.canonical.controls import LimitOn, LimitScope, Quantity
from translators.canonical.telemetry import ControlOutcome as Told
from translators.units import Base, parse_unit, percent


def test_an_envelope_is_shared_out_over_all_stations():
    world = joined()
    world.serve(for_the_site(watts=30000))
    assert world.bounds() == shares(10000)
    assert world.told() == [Told.RECEIVED, Told.STARTED]


def test_without_an_envelope_stations_are_told_nothing():
    world = joined()
    assert world.bounds() == RATED
    assert not world.site.shares


def test_what_is_over_is_taken_back():
    world = joined()
    world.serve(for_the_site(watts=30000, minutes=10))
    world.wait(601)
    assert world.bounds() == RATED
    assert world.told() == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]


def test_what_is_withdrawn_is_taken_back_and_answered():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.withdraw("E1")
    assert world.bounds() == RATED
    assert world.told()[-1] is Told.CANCELLED


def test_a_default_of_the_site_is_its_floor():
    world = joined()
    default = for_the_site("D1", watts=15000, interval=None, is_default=True)
    world.serve(default, told=False)
    assert world.bounds() == shares(5000)
    world.serve(for_the_site(watts=30000, minutes=10), told=False)
    assert world.bounds() == shares(10000)
    world.wait(601)
    assert world.bounds() == shares(5000)


def test_what_tightens_soon_is_told_before_its_time():
    world = joined()
    world.serve(for_the_site(watts=30000, start=10))
    world.wait(585)
    assert world.bounds() == RATED
    world.wait(6)
    assert world.bounds() == shares(10000)
    assert world.told() == [Told.RECEIVED]
    world.wait(10)
    assert world.told() == [Told.RECEIVED, Told.STARTED]


def test_of_all_limits_in_a_direction_the_tightest_counts():
    world = joined()
    devices = replace(limit(LimitOn.LOAD, 12000), scope=LimitScope.DEVICE)
    world.serve(for_the_site("E1", limit(watts=30000), devices))
    assert world.bounds() == shares(4000)


def test_a_percentage_is_of_the_ratings_in_sum():
    world = joined()
    half = Quantity(Fraction(50), percent(Base.MAX_CHARGE_W))
    world.serve(for_the_site("E1", replace(limit(), value=half)), told=False)
    assert world.bounds() == shares(11000)


def test_a_percentage_of_what_nobody_knows_is_refused():
    world = joined()
    odd = replace(limit(), value=Quantity(Fraction(50), percent(Base.W_AVAILABLE)))
    world.serve(for_the_site("E1", odd), told=False)
    assert world.bounds() == RATED
    assert world.told() == [Told.RECEIVED, Told.NOT_APPLICABLE]


def test_before_a_station_has_come_the_ratings_of_the_settings_count():
    world = three()
    world.join("CS1", "CS2")
    half = Quantity(Fraction(100), percent(Base.MAX_CHARGE_W))
    world.serve(for_the_site("E1", replace(limit(), value=half)), told=False)
    assert world.bounds() == RATED
    assert not world.audited("site.excess")


def test_one_grows_only_after_another_has_confirmed():
    world = joined(policy=Policy.PRIORITY)
    world.serve(for_the_site(watts=30000))
    world.chargers["CS1"].fates.append("late")
    before = world.bounds()
    world.serve(for_the_site("E2", watts=24000, created=world.now), told=False)
    assert sum(world.bounds().values()) <= sum(before.values())
    world.chargers["CS1"].fates.clear()
    world.flow()
    assert sum(world.bounds().values()) <= 24000


def test_who_cannot_have_its_minimum_pauses_by_turns():
    world = joined(member={"least": Fraction(4140)})
    world.serve(for_the_site(watts=9000))
    assert world.bounds() == {"CS1": 4500, "CS2": 4500, "CS3": 0}
    world.wait(901)
    assert world.bounds() == {"CS1": 0, "CS2": 4500, "CS3": 4500}
    world.restart()
    assert world.bounds() == {"CS1": 0, "CS2": 4500, "CS3": 4500}
    world.wait(901)
    assert world.bounds() == {"CS1": 4500, "CS2": 0, "CS3": 4500}
    assert world.audited("site.paused")[0].details["stations"] == ["CS3"]


def test_by_priority_the_first_has_its_rating():
    members = [a_member(name, priority=n) for n, name in enumerate(("CS1", "CS2", "CS3"))]
    world = SiteWorld(site_rules(*members, policy=Policy.PRIORITY))
    world.join()
    world.serve(for_the_site(watts=30000))
    assert world.bounds() == {"CS1": 22000, "CS2": 8000, "CS3": 0}


def test_who_charges_first_is_served_first():
    world = three(policy=Policy.FIRST_COME)
    world.join("CS1", charging=False)
    world.join("CS2")
    world.wait(1)
    world.join("CS3")
    world.serve(for_the_site(watts=30000))
    assert world.bounds() == {"CS1": 0, "CS2": 22000, "CS3": 8000}
    assert sorted(world.site.since) == ["CS2", "CS3"]
    world.wait(1)
    world.restart()
    assert world.bounds() == {"CS1": 0, "CS2": 22000, "CS3": 8000}


def test_phases_are_bounds_of_their_own_whatever_a_utility_says():
    phases = ("L1", "L2", "L3")
    alone = {"alone": dict.fromkeys(phases, Fraction(1, 230)), "amps": {}}
    world = three(member=alone, fuse=dict.fromkeys(phases, Fraction(60)))
    world.join()
    assert world.bounds() == shares(4600)
    world.serve(for_the_site(watts=6000))
    assert world.bounds() == shares(2000)


def test_an_export_limit_is_shared_out_over_those_that_feed_in():
    world = joined(version="2.1")
    world.serve(for_the_site(watts=30000, on=LimitOn.EXPORT), told=False)
    percents = [
        control["limitMaxDischarge"]["pctMaxDischargePower"]
        for charger in world.chargers.values()
        for control in charger.controls.values()
    ]
    assert percents == [50, 50, 50]
    assert world.told() == [Told.RECEIVED, Told.STARTED]


def test_a_share_cannot_be_declined_by_itself():
    world = joined()
    world.serve(for_the_site(watts=30000))
    share = world.site.shares[Slot.CHARGE, "CS1"]
    world.hear(ParticipationChanged(share.mrid, out=True, reason="no", actor="me"))
    world.flow()
    assert world.bounds() == shares(10000)


def test_a_site_goes_on_after_a_restart():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.effects.clear()
    world.restart()
    assert world.bounds() == shares(10000)
    assert world.told() == [Told.RECEIVED, Told.STARTED]  # owed still
    assert not [e for e in world.effects if getattr(e, "action", "").startswith("Set")]


def test_who_is_no_member_any_more_is_let_go():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.rules = replace(world.rules, members=world.rules.members[:2])
    world.restart()
    assert world.bounds() == {"CS1": 15000, "CS2": 15000, "CS3": 22000}


def test_a_station_may_follow_a_utility_of_its_own_besides():
    world = joined()
    own = for_the_site("X1", watts=3000, target=Target("CS1"))
    world.engine.world.stations["CS1"].rules = replace(
        world.engine.world.stations["CS1"].rules, utilities=("dso",)
    )
    world.serve(for_the_site(watts=30000))
    world.hear(CommandReceived(own))
    world.flow()
    assert world.bounds() == {"CS1": 3000, "CS2": 10000, "CS3": 10000}


def test_the_link_of_a_site_is_known():
    world = joined()
    world.hear(UtilityChanged("dso", SITE, up=False, problem="gone"))
    assert world.audited("utility.down")[-1].subject == SITE


@pytest.mark.parametrize("kind", ["W", "kW"])
def test_the_unit_does_not_matter(kind):
    world = joined()
    value = Quantity(Fraction(30000 if kind == "W" else 30), parse_unit(kind))
    world.serve(for_the_site("E1", replace(limit(), value=value)), told=False)
    assert world.bounds() == shares(10000)


def test_a_share_that_is_just_being_taken_back_is_regained():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.chargers["CS1"].fates.append("late")
    world.withdraw("E1")
    before = world.site.spells
    world.serve(for_the_site("E2", watts=15000, created=world.now), told=False)
    world.chargers["CS1"].fates.clear()
    world.flow()
    assert world.bounds() == shares(5000)
    assert world.site.spells == before + 2


def test_a_site_that_is_new_in_the_settings_begins_with_what_its_stations_do():
    world = joined()
    world.kept[Table.SITE].clear()
    world.restart()
    world.serve(for_the_site(watts=30000))
    assert world.bounds() == shares(10000)


def test_a_station_that_is_new_at_a_site_counts_with_its_rating_until_it_comes():
    world = joined()
    world.rules = replace(world.rules, members=world.rules.members[:2])
    world.restart()
    world.serve(for_the_site(watts=30000))
    world.rules = replace(world.rules, members=(*world.rules.members, a_member("CS3")))
    world.restart()
    assert world.bounds() == shares(10000)

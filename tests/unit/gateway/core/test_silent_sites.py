"""A utility of a site that falls silent: what then bounds the site is shared out over its stations."""

import pytest

from gateway.core.events import UtilityHeard
from gateway.core.failsafe import FailSafe, UtilityRules
from support.engine_bench import limit
from support.site_worlds import SITE, SiteWorld, a_member, for_the_site, site_rules
from translators.canonical.controls import LimitOn

SAFE = FailSafe((limit(LimitOn.IMPORT, 6000),), after_s=600)
RATED = {"CS1": 22000, "CS2": 22000}


def word(world):
    world.hear(UtilityHeard("dso", SITE, 60.0))
    world.flow()


def silent(world, minutes):
    """Let time pass as the heart of the gateway beats."""
    for _ in range(minutes * 2):
        world.wait(30)


@pytest.fixture
def world():
    found = SiteWorld(site_rules(a_member("CS1"), a_member("CS2"), fail_safe=SAFE))
    found.engine.world.utilities["dso"] = UtilityRules(silent_s=180, return_s=50, poll_s=60)
    found.join()
    word(found)
    return found


def test_the_fail_safe_of_a_site_is_shared_out_and_ends_with_the_return(world):
    silent(world, 9)
    assert world.bounds() == RATED
    silent(world, 2)
    assert world.bounds() == {"CS1": 3000, "CS2": 3000}
    (told,) = world.audited("failsafe.limited")
    assert (told.actor, told.subject) == ("dso", SITE)
    word(world)
    silent(world, 1)
    word(world)
    world.wait(1)
    assert world.bounds() == RATED


def test_an_event_of_a_site_runs_to_its_end_first(world):
    world.serve(for_the_site(watts=20000, minutes=20))
    silent(world, 19)
    assert world.bounds() == {"CS1": 10000, "CS2": 10000}
    silent(world, 2)
    assert world.bounds() == {"CS1": 3000, "CS2": 3000}


def test_the_fail_safe_of_a_site_outlives_a_restart(world):
    silent(world, 11)
    world.restart()
    assert world.bounds() == {"CS1": 3000, "CS2": 3000}


def test_events_of_a_site_need_not_begin_while_its_utility_is_silent(world):
    world.engine.world.utilities["dso"] = UtilityRules(silent_s=180, poll_s=60, starts=False)
    world.serve(for_the_site(watts=20000, start=5), told=False)
    silent(world, 6)
    assert world.bounds() == RATED

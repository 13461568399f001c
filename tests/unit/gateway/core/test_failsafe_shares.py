"""A station with a fail-safe limit of its own behind a site that is bounded."""

import pytest

from gateway.core.engine import Engine
from gateway.core.events import UtilityHeard
from gateway.core.failsafe import FailSafe, UtilityRules
from gateway.core.station import StationRules
from support.engine_bench import limit, the_book
from support.site_worlds import SITE, SiteWorld, a_member, for_the_site, site_rules
from translators.canonical.controls import LimitOn

SAFE = FailSafe((limit(LimitOn.IMPORT, 2000),), after_s=600)


def word(world, *subjects):
    for subject in subjects:
        world.hear(UtilityHeard("dso", subject, 60.0))
    world.flow()


def heard_for_the_site_alone(world, minutes):
    for _ in range(minutes * 2):
        world.wait(30)
        word(world, SITE)


@pytest.fixture
def world():
    """A site of two with a limit; CS1 holds its fail-safe limit, for nothing is heard for itself."""
    found = SiteWorld(site_rules(a_member("CS1"), a_member("CS2")))
    rules = [StationRules("CS1", ("dso",), fail_safe=SAFE), StationRules("CS2", ())]
    found.engine = Engine(the_book(), rules, sites=[found.rules])
    found.engine.world.utilities["dso"] = UtilityRules(silent_s=180, return_s=0, poll_s=60)
    found.join()
    word(found, SITE, "CS1")
    found.serve(for_the_site(watts=20000, minutes=60))
    heard_for_the_site_alone(found, 12)
    return found


def test_a_share_follows_a_fail_safe_limit(world):
    assert world.bounds()["CS1"] == 2000
    word(world, "CS1")
    world.wait(60)
    assert world.bounds() == {"CS1": 10000, "CS2": 10000}


def test_a_fail_safe_limit_stays_where_the_share_that_would_follow_it_is_refused(world):
    world.chargers["CS1"].fates.append("reject")
    word(world, "CS1")
    world.wait(60)
    assert world.bounds()["CS1"] == 2000


def test_it_ends_with_the_limit_of_the_site(world):
    world.chargers["CS1"].fates.append("reject")
    word(world, "CS1")
    heard_for_the_site_alone(world, 60)
    word(world, "CS1")
    world.wait(60)
    assert world.bounds() == {"CS1": 22000, "CS2": 22000}

"""What an operator sees of a site: what bounds it, who has how much, and who cannot be told."""

import json

from gateway.admin.metrics import Meters
from gateway.admin.views import View
from gateway.core.events import Now
from support.site_worlds import SITE, for_the_site, three


def seen(world):
    return View(world.engine.world, world.now)


def of_charge(found):
    return {row["station"]: row for row in found["shares"] if row["direction"] == "charge"}


def test_a_site_without_bounds_is_one_row():
    world = three()
    world.join("CS1")
    (row,) = seen(world).sites()
    assert (row["site"], row["stations"], row["listening"], row["policy"]) == (SITE, 3, 1, "equal")
    assert (row["bounds"], row["kept"], row["excess"], row["meter"]) == ({}, {}, {}, None)
    assert seen(world).site("yard") is None


def test_shares_are_shown_with_what_each_may_use_at_most_and_why():
    world = three()
    world.join("CS1", "CS2")
    world.serve(for_the_site(watts=30000))
    found = seen(world).site(SITE)
    assert (found["bounds"], found["kept"]) == ({"charge": "W 30000"}, {"charge": True})
    rows = of_charge(found)
    assert (rows["CS1"]["share_w"], rows["CS1"]["at_most_w"], rows["CS1"]["sure"]) == (
        4000,
        4000,
        True,
    )
    assert (rows["CS3"]["share_w"], rows["CS3"]["at_most_w"]) == (None, 22000)
    assert (rows["CS1"]["without"], rows["CS3"]["without"]) == ("", "away or on hold")
    json.dumps(found)


def test_a_command_of_a_site_shows_who_takes_part():
    world = three()
    world.join("CS1", "CS2")
    world.serve(for_the_site(watts=30000))
    (row,) = seen(world).event("E1")
    assert (row["station"], row["shared"]["extent"], row["controls"]) == (SITE, "some", [])
    assert row["shared"]["without"] == {"CS3": "away or on hold"}
    assert {one["site"] for one in seen(world).sites()} == {SITE}


def test_an_excess_is_a_gauge_and_is_shown():
    world = three()
    world.join("CS1")
    meters = Meters(world.engine.world, lambda: Now(world.now, 0.0))
    assert b"dergate_site_excess{" not in meters.text()
    world.serve(for_the_site(watts=30000))
    line = b'dergate_site_excess{direction="charge",resource="W",site="depot"} 14000.0'
    assert line in meters.text()
    assert seen(world).sites()[0]["excess"] == {"charge": "W 14000"}

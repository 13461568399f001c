"""A site's envelope over its stations, through the whole engine."""

from support.site_worlds import for_the_site, three
from translators.canonical.telemetry import ControlOutcome as Told


def test_an_envelope_is_shared_out_over_all_stations():
    world = three()
    world.join()
    world.serve(for_the_site(watts=30000))
    assert world.bounds() == {"CS1": 10000, "CS2": 10000, "CS3": 10000}
    assert world.told() == [Told.RECEIVED, Told.STARTED]


def test_without_an_envelope_stations_are_told_nothing():
    world = three()
    world.join()
    assert world.bounds() == {"CS1": 22000, "CS2": 22000, "CS3": 22000}


def test_what_is_over_is_taken_back():
    world = three()
    world.join()
    world.serve(for_the_site(watts=30000, minutes=10))
    world.wait(601)
    assert world.bounds() == {"CS1": 22000, "CS2": 22000, "CS3": 22000}
    assert world.told() == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]


def test_a_station_that_refuses_keeps_what_it_took_and_others_make_room():
    world = three()
    world.join()
    world.serve(for_the_site(watts=30000))
    world.chargers["CS1"].fates.append("reject")
    world.serve(for_the_site("E2", watts=15000, created=world.now))
    assert world.bounds() == {"CS1": 10000, "CS2": 2500, "CS3": 2500}

"""A site with a meter: what flows beside the stations counts, and its silence is the worst case."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from gateway.core.effects import PostSamples, ReportStation
from gateway.core.events import ReadingsSigned, SamplesTaken
from gateway.core.site_state import MeterRules
from gateway.core.slots import Slot
from support.engine_bench import limit
from support.site_worlds import SITE, SiteWorld, a_member, for_the_site, site_rules, three
from translators.canonical.controls import LimitOn, LimitScope
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.units import Kind

NAMES = ("CS1", "CS2", "CS3")


def sample(world, name, watts, evse=None, **changes):
    return Sample(name, evse, Kind.POWER, Fraction(watts), world.now, **changes)


def shows(world, name, watts, **changes):
    """Let a station's meter show power, + exports."""
    effects = world.hear(SamplesTaken(name, (sample(world, name, watts, **changes),)))
    world.flow()
    return effects


def metered(version="2.0.1", **meter):
    """Return a world of three stations with a fourth that measures the connection point."""
    rules = site_rules(
        *(a_member(name) for name in NAMES),
        meter=MeterRules("METER", **{"stale": timedelta(seconds=60)} | meter),
        step=Fraction(500),
    )
    world = SiteWorld(rules, version=version)
    world.join(*NAMES)
    for name in NAMES:
        shows(world, name, 0)
    return world


def bounds(world):
    return [int(world.chargers[name].bound(world.now)) for name in NAMES]


def test_measured_load_takes_room():
    world = metered()
    shows(world, "METER", -15000)
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [5000, 5000, 5000]


def test_what_the_stations_take_themselves_is_no_load():
    world = metered()
    world.wait(5)
    for name in NAMES:
        shows(world, name, -6000)
    world.wait(5)
    for name in NAMES:
        shows(world, name, -6000)
    shows(world, "METER", -18000 - 15000)
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [5000, 5000, 5000]


def test_what_a_station_may_have_taken_less_is_load_of_others():
    world = metered()
    world.wait(5)
    shows(world, "CS1", -6000)
    shows(world, "METER", -6000)
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [8000, 8000, 8000]


def test_what_a_station_took_before_the_sites_meter_showed_it_is_not_known():
    world = metered()
    world.leave("CS1")
    world.join("CS1")
    shows(world, "METER", 0)
    world.wait(5)
    shows(world, "CS1", -6000)
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [10000, 10000, 10000]


def test_what_a_station_showed_long_before_the_sites_meter_does_not_count():
    world = metered()
    world.wait(1)
    shows(world, "CS1", -6000)
    world.wait(61)
    shows(world, "METER", 0)
    world.wait(5)
    shows(world, "CS1", -6000)
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [10000, 10000, 10000]


def test_what_a_station_takes_since_the_sites_meter_was_read_gives_no_room():
    world = metered()
    shows(world, "METER", 0)
    for _ in range(3):
        world.wait(5)
        shows(world, "CS1", -6000)
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [10000, 10000, 10000]
    world.wait(5)
    shows(world, "METER", -9000)
    assert bounds(world) == [9000, 9000, 9000]


def test_a_main_meter_that_shows_no_power_says_nothing_of_what_a_station_takes():
    world = metered()
    world.leave("CS1")
    world.join("CS1")
    varying = Sample("CS1", None, Kind.REACTIVE, Fraction(100), world.now)
    world.hear(SamplesTaken("CS1", (varying,)))
    world.wait(5)
    shows(world, "CS1", -6000, evse=1)
    shows(world, "METER", -6000)
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [8000, 8000, 8000]


def test_local_generation_gives_room():
    world = metered()
    shows(world, "METER", 9000)
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [13000, 13000, 13000]


def test_shares_shrink_at_once_and_grow_in_steps():
    world = metered()
    shows(world, "METER", -15000)
    world.serve(for_the_site(watts=30000), told=False)
    for load, share in [(14100, 5000), (14000, 5333), (14400, 5166), (15100, 4833)]:
        world.wait(1)
        shows(world, "METER", -load)
        assert bounds(world) == [share] * 3


def test_a_meter_that_is_silent_leaves_nothing_where_nobody_knows_the_load():
    world = metered()
    shows(world, "METER", -15000)
    world.serve(for_the_site(watts=30000), told=False)
    world.wait(61)
    assert bounds(world) == [0, 0, 0]
    shows(world, "METER", -15000)
    assert bounds(world) == [5000, 5000, 5000]


def test_a_meter_that_is_silent_stands_for_the_largest_load():
    world = metered(load=Fraction(24000))
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [2000, 2000, 2000]


def test_load_that_is_beyond_the_limit_leaves_nothing():
    world = metered()
    shows(world, "METER", -45000)
    world.serve(for_the_site(watts=30000), told=False)
    assert bounds(world) == [0, 0, 0]


def test_limits_of_the_devices_do_not_ask_the_meter():
    world = metered()
    shows(world, "METER", -15000)
    world.serve(for_the_site("E1", limit(LimitOn.LOAD, 30000)), told=False)
    assert bounds(world) == [5000, 5000, 5000]
    from_devices = for_the_site("E2", _load(30000))
    world.withdraw("E1")
    world.serve(from_devices, told=False)
    assert bounds(world) == [10000, 10000, 10000]


def _load(watts):
    return replace(limit(LimitOn.LOAD, watts), scope=LimitScope.DEVICE)


def test_export_is_measured_the_other_way():
    world = metered(version="2.1")
    shows(world, "METER", 9000)
    world.serve(for_the_site(watts=15000, on=LimitOn.EXPORT), told=False)
    assert {share.amount for share in world.site.shares.values()} == {2000}


def test_a_fuse_counts_measured_load_on_each_phase_at_worst():
    phases = dict.fromkeys(("L1", "L2", "L3"), Fraction(1, 690))
    rules = site_rules(
        *(a_member(name, alone=phases) for name in NAMES),
        meter=MeterRules("METER"),
        fuse=dict.fromkeys(phases, Fraction(63)),
        volts=Fraction(230),
    )
    world = SiteWorld(rules)
    world.join(*NAMES)
    shows(world, "METER", -6900)
    room = (63 - Fraction(6900, 230)) // Fraction(500, 230) * Fraction(500, 230)
    assert bounds(world) == [int(room * 230)] * 3
    assert world.site.kept[Slot.CHARGE]


def test_the_meter_of_a_site_speaks_for_it():
    world = metered()
    effects = shows(world, "METER", -15000)
    (post,) = [e for e in effects if isinstance(e, PostSamples) and e.station == SITE]
    assert (post.utility, post.samples) == ("dso", (sample(world, SITE, -15000),))
    assert not [e for e in shows(world, "CS1", 0) if isinstance(e, PostSamples)]


def test_an_evse_of_the_meter_is_not_the_connection_point():
    world = metered()
    effects = shows(world, "METER", -15000, evse=1)
    assert not [e for e in effects if isinstance(e, PostSamples)]


def test_without_a_meter_the_sum_goes_up_once_each_has_shown_one():
    world = three()
    world.join()
    for name in NAMES[:2]:
        assert not shows(world, name, -5000)
    (post,) = [e for e in shows(world, "CS3", -7000) if isinstance(e, PostSamples)]
    assert post.samples == (sample(world, SITE, -17000),)


def test_evses_add_up_where_a_station_has_no_main_meter():
    world = three()
    world.join("CS1")
    (post,) = [e for e in shows(world, "CS1", -5000, evse=1) if isinstance(e, PostSamples)]
    assert post.samples == (sample(world, SITE, -5000, quality=Quality.QUESTIONABLE),)


def test_the_sum_is_questionable_while_a_station_is_away():
    world = three()
    world.join()
    for name in NAMES:
        shows(world, name, -5000)
    world.leave("CS1")
    world.wait(1)
    (post,) = [e for e in shows(world, "CS2", -6000) if isinstance(e, PostSamples)]
    assert [(s.value, s.quality) for s in post.samples] == [(-11000, Quality.QUESTIONABLE)]


def test_what_is_long_past_is_no_part_of_a_sum():
    world = three()
    world.join()
    for name in NAMES:
        shows(world, name, -5000)
    world.wait(901)
    assert not [e for e in shows(world, "CS2", -6000) if isinstance(e, PostSamples)]


def test_phases_and_other_values_are_no_part_of_a_sum():
    world = three()
    world.join("CS1")
    volts = Sample("CS1", None, Kind.VOLTAGE, Fraction(231), world.now, Phase.ALL)
    assert not [e for e in world.hear(SamplesTaken("CS1", (volts,))) if isinstance(e, PostSamples)]


def test_what_a_meter_signed_moves_nothing():
    world = three()
    world.join("CS1")
    assert not world.hear(ReadingsSigned("CS1", ()))


def test_a_station_that_draws_more_than_its_share_counts_with_its_rating():
    world = three()
    world.join()
    for name in NAMES:
        shows(world, name, 0)
    world.serve(for_the_site(watts=30000))
    for _ in range(40):
        world.wait(10)
        shows(world, "CS1", -20000)
    assert world.site.views["CS1"].without(Slot.CHARGE) == "does not follow"
    assert world.bounds() == {"CS1": 10000, "CS2": 4000, "CS3": 4000}
    reports = [e for e in world.effects if isinstance(e, ReportStation) and e.station == SITE]
    assert reports[-1].faulted
    for _ in range(40):
        world.wait(10)
        shows(world, "CS1", -9000)
    assert world.bounds() == {"CS1": 10000, "CS2": 10000, "CS3": 10000}

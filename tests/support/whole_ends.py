"""How a story of a whole gateway ends: faults are over, bounds are kept, and nothing is left behind."""

from gateway.core.orders import HoldChanged
from support.site_worlds import SITE
from support.whole_stations import MEMBERS_OF_SITE, STATIONS


def calm(story):
    """Let faults end, and time pass till every event is over."""
    world = story.world
    for station in world.stations.values():
        station.fates.clear()
    world.flow()
    for name in sorted(world.judge.holds):
        world.hear(HoldChanged(False, "test", "ann", station=name))
    world.flow()
    world.wait(1)  # nobody is back at the instant at which it refused something
    for name in STATIONS:
        world.disconnect(name)
        world.connect(name)
    story.happened.append("bounds")
    for _ in range(2):
        story.speaks("CS1", "CS2", SITE)
        world.wait(20)
    if not story.world.flows:
        probe(story)
    story.happened.append("ends")
    world.wait(8000)
    leftovers(story)
    world.judge.ends(world)


def probe(story):
    """Bound everything, and see whether it is."""
    world = story.world
    story.speaks("CS1", "CS2", SITE)
    story.envelop(SITE, 6000)
    story.envelop("CS1", 3000)
    world.wait(30)
    held = world.engine.world.holds
    now = world.now
    total = sum(world.stations[name].limit(now) for name in MEMBERS_OF_SITE)
    assert total <= 6001 or held.keys() & {*MEMBERS_OF_SITE}, f"the site may draw {total}"
    if "CS1" not in held:
        assert world.stations["CS1"].limit(now) <= 3000, "CS1 is not bounded"


def leftovers(story):
    """See that nothing is left of events that are over."""
    for station in story.world.stations.values():
        left = [item.id for item in station.controls.held if not item.is_default]
        assert not left, f"{station.name} still holds {left}"
    for found in story.world.engine.world.records.values():
        for record in found.values():
            planned = record.planned
            if planned is not None and planned.end is not None:
                assert record.over, f"{record.key} is {record.state} long after its end"

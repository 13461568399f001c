"""A VEN in the whole gateway: shadows, sites, priorities."""

import pytest

from gateway.settings.mode import Mode
from gateway.simulators.vtn import Options, Quirk
from gateway.simulators.vtn_world import Kind
from support.openadr_site import PATIENCE_S, a_limit
from support.site import a_station, an_evse


@pytest.fixture
def edition():
    return "3.1"


async def test_a_shadow_reads_and_tells_nobody_anything(vtn, depot):
    vtn.add_event(depot.program, **a_limit(7))
    await depot.begin(Mode(shadow=True))
    records = depot.running.runtime.parts.engine.world.records["CS1"]
    await depot.polled()
    assert [record.command.interval is not None for record in records.values()] == [True]
    await depot.end()
    assert depot.limits() == []
    assert vtn.entries(Kind.VEN) == vtn.entries(Kind.RESOURCE) == vtn.reports == []
    assert {it.path for it in vtn.exchanges if it.method != "GET"} == {"/auth/token"}


async def test_a_better_event_takes_the_place_of_another_and_gives_it_back(vtn, depot):
    vtn.add_event(depot.program, **a_limit(7, priority=5))
    await depot.begin()
    await depot.station_holds(7000)
    better = vtn.add_event(depot.program, **a_limit(3, priority=1))
    await depot.station_holds(3000)
    vtn.delete_event(better)
    await depot.station_holds(7000)


async def test_a_limit_of_a_site_is_shared_by_its_stations(vtn, depot):
    rated = an_evse(ratings={"MaxChargeRateW": 50_000})
    site = {
        "stations": [a_station(evses=[rated])],
        "sites": [{"id": "yard", "stations": [{"id": "CS1"}]}],
    }
    event = vtn.add_event(depot.program, **a_limit(7))
    await depot.begin(site=site, resources=[{"site": "yard"}])
    await depot.station_holds(7000)
    vtn.delete_event(event)
    await depot.station.wait_for(lambda: depot.limits() != [7000], PATIENCE_S)


async def test_what_names_a_target_of_a_resource_is_asked_for(vtn, depot):
    vtn.add_ven("depot", client="ven_client", targets=["feeder 7"])
    vtn.add_event(depot.program, **a_limit(7, targets=["feeder 7"]))
    await depot.begin(resources=[{"station": "CS1", "targets": ["feeder 7"]}])
    await depot.station_holds(7000)


class TestTargetsThatNobodyAskedFor:
    @pytest.fixture
    def options(self):
        return Options(revision="3.1", quirks=frozenset({Quirk.UNASKED_TARGETS}))

    async def test_what_other_stations_are_told_is_not_ours(self, vtn, depot):
        vtn.add_event(depot.program, **a_limit(3, targets=["elsewhere"]))
        vtn.add_event(depot.program, **a_limit(7, targets=["CS1"]))
        vtn.add_ven("depot", targets=["CS1", "elsewhere"])
        await depot.begin(targets=["CS1"])
        await depot.station_holds(7000)
        await depot.polled()
        assert depot.limits() == [7000]

"""An import limit from a VTN to a station and back, over real sockets."""

from support.openadr_site import a_limit


async def test_an_import_limit_reaches_the_station_and_goes_when_it_is_deleted(vtn, depot):
    event = vtn.add_event(depot.program, **a_limit(7))
    await depot.begin()
    await depot.station_holds(7000)
    assert [held.purpose for held in depot.station.profiles.held] == ["ChargingStationMaxProfile"]
    vtn.delete_event(event)
    await depot.station_holds()
    assert not depot.station.problems
    assert vtn.complaints == []


async def test_a_limit_that_is_changed_is_changed_in_place(vtn, depot):
    event = vtn.add_event(depot.program, **a_limit(7))
    await depot.begin()
    await depot.station_holds(7000)
    vtn.change_event(event, intervals=a_limit(5)["intervals"])
    await depot.station_holds(5000)


async def test_a_restart_keeps_what_is_in_force_and_tells_the_station_nothing(vtn, depot):
    vtn.add_event(depot.program, **a_limit(7))
    await depot.begin()
    await depot.station_holds(7000)
    told = len(depot.sets())
    await depot.end()
    await depot.begin()
    await depot.polled()
    await depot.station_holds(7000)
    assert len(depot.sets()) == told


async def test_what_was_deleted_while_the_gateway_was_away_is_released(vtn, depot):
    event = vtn.add_event(depot.program, **a_limit(7))
    await depot.begin()
    await depot.station_holds(7000)
    await depot.end()
    vtn.delete_event(event)
    await depot.begin()
    await depot.station_holds()

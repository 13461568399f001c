"""`dergate station commission` beside a real gateway and a station, whatever its meter is wired like."""

import json

from gateway.simulators.station import IN, Personality
from support.runtime_bench import until

QUICK = ("--times", "1", "1.5", "--reason", "new meter")
BARE = {
    "der_modes": (),
    "v2x_modes": (),
    "demand_w": 4_300.0,  # within what each step allows: however late it follows, its meter is plausible
    "meters_phases": True,
    "meter_interval_s": 0.25,
}


async def ready(here):
    world = here.running.runtime.parts.engine.world
    state = world.stations["CS1"]
    await until(lambda: state.ready and state.profile is not None, within_s=60)
    return world


async def test_a_reversed_meter_is_found_and_the_station_stays_on_hold(site, admin):
    async with site(admin=admin) as here:
        assert (await here.ask("station", "commission", "CS1", *QUICK))[0] == 4
        async with here.station(**BARE) as station:
            station.personality = Personality(reversed_clamps=frozenset({"L1", "L2", "L3"}))
            world = await ready(here)
            status, out, _ = await here.ask(
                "station", "commission", "CS1", "--power", "4000", *QUICK
            )
            assert (status, out.splitlines()[-1]) == (1, "failed")
            assert "wrong sign" in out
            assert world.holds["CS1"].reason == "commissioning failed"
            station.personality = Personality()
            words = ("--power", "4000", "-o", "json", *QUICK)
            status, out, _ = await here.ask("station", "commission", "CS1", *words)
            assert (status, json.loads(out)["verdict"]) == (0, "passed"), out
            assert not world.holds
            assert station.payloads(IN, "SetChargingProfile")


async def test_what_cannot_begin_is_said(site, admin):
    async with site(admin=admin) as here:
        status, _, err = await here.ask("station", "commission", "CS1", *QUICK)
        assert (status, "CS1 is not connected and read" in err) == (4, True)
        status, _, err = await here.ask("station", "commission", "CS9", *QUICK)
        assert (status, "no station CS9" in err) == (4, True)


async def test_without_a_token_nobody_commissions(site):
    async with site() as here:
        status, _, err = await here.ask("station", "commission", "CS1", *QUICK)
        assert (status, "orders need admin.token_file" in err) == (4, True)

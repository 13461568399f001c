"""A station that floods is read more slowly, and the others are not."""

import asyncio
import json

from gateway.core.events import SecurityNoticed
from gateway.stations.rates import Rate
from support.stations import Wire, a_site, an_entry, dial


async def test_a_flood_is_answered_in_order_and_no_faster_than_its_rate():
    entries = (an_entry(), an_entry("CS2"))
    async with (
        a_site(*entries, messages=Rate(per_s=100, burst=20)) as site,
        dial(site) as flooding,
        dial(site, "CS2") as quiet,
    ):
        await Wire(quiet).boot()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(60):
            await flooding.send(json.dumps([2, f"f{number}", "Heartbeat", {}]))
        assert (await Wire(quiet).ask("Heartbeat", {}))[0] == 3
        answers = []
        async with asyncio.timeout(20):
            while len(answers) < 60:
                frame = json.loads(await flooding.recv())
                answers += [frame[1]] if frame[0] == 3 else []
        lasted = loop.time() - begun
        noticed = await site.posted.next(SecurityNoticed)
    assert answers == [f"f{number}" for number in range(60)]
    assert lasted >= 0.39
    assert (noticed.kind, noticed.station) == ("station.slowed", "CS1")


async def test_a_station_within_its_rate_is_not_slowed():
    async with a_site(messages=Rate(per_s=100, burst=20)) as site, dial(site) as socket:
        station = Wire(socket)
        await station.boot()
        for _ in range(10):
            assert (await station.ask("Heartbeat", {}))[0] == 3
        assert site.posted.of(SecurityNoticed) == []

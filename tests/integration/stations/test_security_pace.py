"""A station that floods is read more slowly, and the others are not."""

import asyncio
import json
from dataclasses import replace

from gateway.core.events import SecurityNoticed
from gateway.protocols.rates import Rate
from support.security_campaign import status
from support.stations import PATIENT, Wire, a_site, an_entry, basic, dial


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


async def test_what_a_station_notices_itself_is_passed_on_word_for_word():
    event = {"type": "TamperDetectionActivated", "timestamp": "2026-12-01T12:00:00Z"}
    async with a_site() as site, dial(site) as socket:
        station = Wire(socket)
        await station.boot()
        answer = await station.ask("SecurityEventNotification", event | {"techInfo": "door open"})
        noticed = await site.posted.next(SecurityNoticed)
    assert answer[2] == {}
    assert (noticed.kind, noticed.station, noticed.address) == (event["type"], "CS1", "CS1")
    assert (noticed.problem, noticed.reported_at) == ("door open", event["timestamp"])


async def test_what_was_only_counted_is_told_after_its_time(monkeypatch):
    for module in ("endpoint", "admission_notices"):
        monkeypatch.setattr(f"gateway.stations.{module}.GATHER_S", 0.3)
    async with a_site() as site:
        for _ in range(3):
            await status(site, "/nowhere", {})
        told = [await site.posted.next(SecurityNoticed, nth) for nth in (1, 2)]
        assert [event.count for event in told] == [1, 2]
        await asyncio.sleep(0.7)
        assert site.endpoint._telling is None


async def test_a_station_within_its_rate_is_not_slowed():
    async with a_site(messages=Rate(per_s=100, burst=20)) as site, dial(site) as socket:
        station = Wire(socket)
        await station.boot()
        for _ in range(10):
            assert (await station.ask("Heartbeat", {}))[0] == 3
        assert site.posted.of(SecurityNoticed) == []


async def a_flooding_station(site, socket):
    """Let a station say so much that what comes later, its pongs too, is not read for two seconds."""
    await Wire(socket).boot()
    for number in range(30):
        await socket.send(json.dumps([2, f"f{number}", "Heartbeat", {}]))
    await site.posted.next(SecurityNoticed)
    return site.stations.current("CS1").transport


SLOW = Rate(per_s=10, burst=10)


async def test_a_slowed_station_is_not_taken_for_dead():
    brisk = replace(PATIENT, ping_interval_s=0.1)
    async with a_site(messages=SLOW, rhythm=brisk) as site, dial(site) as socket:
        transport = await a_flooding_station(site, socket)
        await asyncio.sleep(1)
        assert transport.close_code is None
        assert await Wire(socket).answer_to("f25")


async def test_a_slowed_station_gives_way_to_no_second_one():
    async with a_site(messages=SLOW) as site, dial(site) as socket:
        transport = await a_flooding_station(site, socket)
        assert await transport.alive(0.02)
        assert await status(site, "/ocpp/CS1", basic("CS1")) == 409


async def test_a_slowed_station_that_left_is_gone():
    async with a_site(messages=SLOW) as site:
        async with dial(site) as socket:
            transport = await a_flooding_station(site, socket)
            transport.abort()
        assert not await transport.alive(0.02)

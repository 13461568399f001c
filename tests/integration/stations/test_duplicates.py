"""Two connections with one id: the old one is probed, and only a dead one is replaced."""

import asyncio
from dataclasses import replace

from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.core.effects import SendToStation
from gateway.core.events import ReplyStatus, StationConnected, StationDisconnected, StationReplied
from support.stations import (
    PATIENT,
    UNBOOTED,
    Wire,
    a_mute_station,
    a_site,
    basic,
    dial,
)

BRISK = replace(PATIENT, probe_timeout_s=0.1)
CLEAR = SendToStation("CS1", "r1", "ClearChargingProfile", {"chargingProfileId": 5})


async def attempt(site, *, hold=False, **options):
    """Try to connect as CS1; return the status of the handshake, or how the connection ended."""
    try:
        async with dial(site, **options) as socket:
            await Wire(socket).boot()
            await asyncio.sleep(60 if hold else 0)
            return "served"
    except InvalidStatus as refusal:
        return refusal.response.status_code
    except ConnectionClosed:
        return "closed"


async def test_while_the_old_connection_lives_a_second_one_is_refused():
    async with a_site() as site, dial(site) as socket:
        old = Wire(socket)
        await old.boot()
        assert await attempt(site) == 409
        assert (await old.ask("Heartbeat", {}))[0] == 3
        assert site.posted.of(StationDisconnected) == []


async def test_a_hundred_impostors_displace_nobody_and_get_no_command():
    async with a_site() as site, dial(site) as socket:
        station = Wire(socket)
        await station.boot()
        for _ in range(20):
            assert set(await asyncio.gather(*(attempt(site) for _ in range(5)))) == {409}
        site.stations.send(CLEAR)
        call = await station.call_of("ClearChargingProfile")
        await station.say([3, call[1], {"status": "Accepted"}])
        assert (await site.posted.next(StationReplied)).status is ReplyStatus.ACCEPTED


async def test_a_dead_connection_is_replaced_and_its_calls_are_told_as_unanswered():
    async with a_site(rhythm=BRISK) as site, a_mute_station(site) as mute:
        current = await settled(site)
        site.stations.send(CLEAR)
        async with dial(site) as socket:
            await Wire(socket).boot()
            assert site.stations.current("CS1").generation > current.generation
            assert (await site.posted.next(StationReplied)).status is ReplyStatus.NO_ANSWER
            assert await gone(mute)


async def settled(site):
    """Wait until a session of CS1 counts."""
    async with asyncio.timeout(5):
        while (current := site.stations.current("CS1")) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    return current


async def gone(mute):
    """Say whether the gateway dropped a connection."""
    reader, _ = mute
    async with asyncio.timeout(5):
        try:
            while await reader.read(4096):
                pass
        except ConnectionError:
            return True
    return True


async def test_the_end_of_the_old_connection_does_not_end_the_new_one():
    async with a_site(rhythm=BRISK) as site:
        async with a_mute_station(site):
            await settled(site)
            async with dial(site) as socket:
                station = Wire(socket)
                await station.boot()
                await asyncio.sleep(0.05)
                assert (await station.ask("Heartbeat", {}))[0] == 3
                assert site.stations.current("CS1") is not None
        assert len(site.posted.of(StationConnected)) == 1


async def test_only_who_knows_the_password_may_ask_whether_the_old_one_lives():
    async with a_site(rhythm=BRISK) as site, a_mute_station(site):
        current = await settled(site)
        assert await attempt(site, headers=basic("CS1", "wrong")) == 401
        assert site.stations.current("CS1") is current


async def test_of_two_that_come_at_once_one_is_served():
    async with a_site() as site:
        tries = [asyncio.create_task(attempt(site, hold=True)) for _ in range(2)]
        done, _ = await asyncio.wait(tries, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        assert done.pop().result() in {409, "closed"}
        for task in tries:
            task.cancel()
        await asyncio.gather(*tries, return_exceptions=True)


async def test_one_that_got_past_the_first_check_is_closed_by_the_second():
    async with a_site() as site, dial(site) as socket:
        station = Wire(socket)
        await station.boot()

        looked, occupied = 0, site.endpoint._occupied

        async def nobody_at_first(name):
            nonlocal looked
            looked += 1
            return looked > 1 and await occupied(name)

        site.endpoint._occupied = nobody_at_first
        async with dial(site) as late:
            await late.wait_closed()
        assert late.close_code == 1008
        assert (await station.ask("Heartbeat", {}))[0] == 3


async def test_a_station_may_come_back_at_once_after_it_left():
    async with a_site() as site:
        for _ in range(5):
            async with dial(site) as socket:
                await Wire(socket).boot()
        await site.posted.next(StationDisconnected, 5)
        assert len(site.posted.of(StationConnected)) == 5


async def test_a_station_that_comes_without_booting_is_announced_too():
    async with a_site(rhythm=UNBOOTED) as site, dial(site) as socket:
        station = Wire(socket)
        call = await station.call_of("GetBaseReport")
        await station.say([3, call[1], {"status": "NotSupported"}])
        await site.posted.next(StationConnected)

"""While another gateway may lead, a session writes nothing; afterwards what it owes."""

import asyncio

from gateway.core.effects import SendToStation
from gateway.leading import LAPSED_S
from gateway.stations.session import Clocks
from support.stations import a_session, announce, fixed_clocks

CONTROL = {"controlId": "c1"}


class Lead:
    lapsed = False

    def clocks(self):
        fixed = fixed_clocks()
        return Clocks(fixed.utc, fixed.monotonic, lambda: self.lapsed)


async def test_calls_and_answers_wait_until_the_gateway_leads_again():
    lead = Lead()
    async with a_session(clocks=lead.clocks()) as (station, session, posted):
        await announce(station, posted)
        before, lead.lapsed = len(station.sent), True
        station.say(2, "h1", "Heartbeat", {})
        session.submit(SendToStation("CS1", "r1", "ClearDERControl", {"isDefault": False}))
        await asyncio.sleep(2 * LAPSED_S)
        assert len(station.sent) == before
        lead.lapsed = False
        await station.answered("h1")
        await station.called("ClearDERControl")


async def test_a_session_that_ends_meanwhile_says_nothing_more():
    lead = Lead()
    async with a_session(clocks=lead.clocks()) as (station, _, posted):
        await announce(station, posted)
        before, lead.lapsed = len(station.sent), True
        station.say(2, "h1", "Heartbeat", {})
        await asyncio.sleep(0)
    lead.lapsed = False
    await asyncio.sleep(2 * LAPSED_S)
    assert len(station.sent) == before

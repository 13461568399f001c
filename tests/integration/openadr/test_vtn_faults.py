"""What a VTN may do to a gateway: stations keep what they have, and follow again when it is back."""

import pytest

from gateway.simulators import vtn_faults as faults
from gateway.simulators.station import IN
from gateway.simulators.vtn import Options, Quirk
from gateway.simulators.vtn_world import Kind
from support.openadr_site import PATIENCE_S, a_limit

FAULTS = {
    "an internal error": faults.status(500),
    "too many requests": faults.status(429),
    "a page for people": faults.html(),
    "half an answer": faults.cut(),
    "half a list": faults.cut_json(),
    "a connection that breaks": faults.reset(),
    "an answer without end": faults.huge(),
}


@pytest.fixture
def edition():
    return "3.1"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_while_the_vtn_fails_a_station_keeps_what_it_has(vtn, depot, fault):
    event = vtn.add_event(depot.program, **a_limit(7))
    await depot.begin()
    await depot.station_holds(7000)
    vtn.spoil("/events*", fault)
    vtn.delete_event(event)
    await depot.polled(2)
    assert depot.limits() == [7000]
    vtn.heal()
    await depot.station_holds()


async def test_a_token_that_was_revoked_is_renewed(vtn, depot, monkeypatch):
    monkeypatch.setattr("gateway.protocols.openadr_token._YOUNG_S", 0.0)
    await depot.begin()
    await depot.polled()
    vtn.revoke_tokens()
    vtn.add_event(depot.program, **a_limit(7))
    await depot.station_holds(7000)


async def test_a_vtn_that_is_silent_leaves_the_fail_safe_limit_until_it_is_back(vtn, depot):
    silent = {"silent_after_s": 1.5, "return_after_s": 0.5}
    vtn.add_event(depot.program, **a_limit(7, start_s=0, duration="PT4S"))
    await depot.begin(site={"fail_safe": {"max_import_w": 1500, "after_s": 2}}, **silent)
    await depot.station_holds(7000)
    vtn.spoil("*", faults.status(503))
    await depot.station_holds(1500)
    vtn.heal()
    await depot.station_holds()


async def test_nothing_begins_while_the_clock_of_the_vtn_is_off(vtn, depot):
    vtn.time_offset_s = 3600.0
    vtn.add_event(depot.program, **a_limit(7))
    await depot.begin()
    asked = len(vtn.exchanges)
    await vtn.wait_for(lambda: len(vtn.exchanges) > asked + 1, PATIENCE_S)
    assert depot.limits() == []
    vtn.time_offset_s = 0.0
    await depot.station_holds(7000)


class TestAPublicVtn:
    @pytest.fixture
    def options(self):
        return Options(revision="3.1", open=True)

    async def test_one_that_is_not_there_yet_is_followed_when_it_comes(self, vtn, depot):
        vtn.add_event(depot.program, **a_limit(7))
        await vtn.down()
        await depot.begin()
        await vtn.up()
        await depot.station_holds(7000)

    async def test_a_gateway_that_begins_while_the_vtn_is_away_goes_on_with_what_it_had(
        self, vtn, depot
    ):
        event = vtn.add_event(depot.program, **a_limit(7))
        await depot.begin()
        await depot.station_holds(7000)
        await depot.end()
        await vtn.down()
        asked = depot.station.payloads(IN, "GetChargingProfiles")
        await depot.begin()
        await depot.station.wait_for(
            lambda: len(depot.station.payloads(IN, "GetChargingProfiles")) > len(asked), PATIENCE_S
        )
        assert depot.limits() == [7000]
        vtn.delete_event(event)
        await vtn.up()
        await depot.station_holds()


class TestIdsThatBeginAgain:
    @pytest.fixture
    def options(self):
        return Options(revision="3.1", quirks=frozenset({Quirk.REUSED_IDS}))

    async def test_another_event_under_the_same_id_takes_the_place_of_the_first(self, vtn, depot):
        first = vtn.add_event(depot.program, **a_limit(7))
        await depot.begin()
        await depot.station_holds(7000)
        await vtn.wait_for(lambda: vtn.entries(Kind.RESOURCE), PATIENCE_S)
        vtn.forget()
        program = vtn.add_program("flex")
        assert vtn.add_event(program, **a_limit(4)) == first
        await depot.station_holds(4000)
        await depot.end()
        await depot.begin()
        await depot.polled()
        assert depot.limits() == [4000]


class TestEventsThatComeTwice:
    @pytest.fixture
    def options(self):
        return Options(revision="3.1", quirks=frozenset({Quirk.DUPLICATE_EVENTS}))

    async def test_they_are_one_limit(self, vtn, depot):
        vtn.add_event(depot.program, **a_limit(7))
        await depot.begin(ven="")
        await depot.station_holds(7000)
        await depot.polled()
        assert len(depot.sets()) == 1


async def test_one_bad_event_hides_no_other_and_is_kept_as_it_came(vtn, depot):
    vtn.add_event(depot.program, **a_limit(5, intervals="none"))
    vtn.add_event(depot.program, **a_limit(7))
    await depot.begin()
    await depot.station_holds(7000)
    await vtn.wait_for(lambda: vtn.reports, PATIENCE_S)
    await depot.end()
    (refused,) = depot.audited("document.refused")
    assert refused["details"]["station"] == "CS1"
    assert refused["details"]["refusals"][0]["outcome"] == "invalid"
    assert len(refused["raw"]) == 1
    assert len(vtn.reports) == 1

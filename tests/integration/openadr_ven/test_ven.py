"""The driver of a session at a simulated VTN: what it posts, for whom, and in which order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.core.effects import PostSamples, ReportStation
from gateway.core.events import (
    CommandReceived,
    SessionKept,
    UtilityChanged,
    UtilityHeard,
)
from gateway.protocols.openadr_access import Auth, Client
from gateway.simulators.vtn import Options, SimulatedVtn
from gateway.simulators.vtn_world import Kind
from support.engine_bench import a_profile
from support.openadr_site import a_limit
from support.openadr_work import PAIR, PATIENCE_S, an_access, at_work
from support.translation import book


@pytest.fixture
async def vtn():
    async with SimulatedVtn(Options(open=True)) as opened:
        opened.add_program("flex")
        yield opened


async def test_links_of_one_ven_share_its_session(vtn):
    vtn.add_event("flex", **a_limit(7))
    async with at_work(an_access(vtn, poll_s=60.0)) as working:
        await working.until(lambda: len(working.of(UtilityHeard)) == 2)
    assert sum(it.path == "/events" for it in vtn.exchanges) == 2  # a page, and none behind it
    assert {event.command.target.station for event in working.of(CommandReceived)} == {"CS1", "CS2"}
    assert {event.station for event in working.of(UtilityChanged)} == {"CS1", "CS2"}


async def test_what_must_be_kept_comes_first_and_the_word_that_all_was_heard_last(vtn):
    vtn.add_event("flex", **a_limit(7))
    async with at_work(an_access(vtn)) as working:
        await working.until(lambda: working.of(UtilityHeard))
    kinds = [type(event) for event in working.posted]
    first = kinds.index(CommandReceived)
    assert SessionKept in kinds[:first]
    assert UtilityHeard not in kinds[:first]
    assert all(event.timed for event in working.of(UtilityHeard))


async def test_our_clock_counts_once_a_vtn_was_heard_by_one_that_is_near_it(vtn):
    vtn.time_offset_s = 3600.0
    vtn.add_event("flex", **a_limit(7))
    async with at_work(an_access(vtn)) as working:
        await working.until(lambda: working.of(UtilityChanged))
        assert working.clock.now().offsets == {}
        vtn.time_offset_s = 0.0
        await working.until(lambda: working.of(UtilityHeard))
        assert abs(working.clock.now().offsets["vtn"]) < timedelta(seconds=0.1)


async def test_setting_our_clock_brings_nothing_into_sight(vtn):
    vtn.add_event("flex", **a_limit(7))
    vtn.add_event("flex", **a_limit(5, start_s=30 * 3600))
    ahead = [timedelta()]
    clock = SystemClock(lambda: datetime.now(UTC) + ahead[0])
    access = an_access(vtn, poll_s=600.0, resources=PAIR[:1])
    async with at_work(access, clock=clock) as working:
        await working.until(lambda: working.of(UtilityHeard))
        ahead[0] = timedelta(days=1)
        working.ven.hint()
        await working.until(lambda: not working.of(UtilityChanged)[-1].up)
    assert len(working.of(CommandReceived)) == 1


async def test_a_hint_reads_at_once(vtn):
    async with at_work(an_access(vtn, poll_s=600.0)) as working:
        await vtn.wait_for(lambda: vtn.entries(Kind.RESOURCE), PATIENCE_S)
        await working.until(lambda: len(working.of(UtilityHeard)) == 2)
        vtn.add_event("flex", **a_limit(7))
        working.ven.hint()
        await working.until(lambda: working.of(CommandReceived))


async def test_a_resource_gets_the_ratings_of_its_station(vtn):
    async with at_work(an_access(vtn)) as working:
        report = ReportStation("vtn", "CS1", a_profile(), True, frozenset(), datetime.now(UTC))
        await working.links["CS1"].report_station(replace(report, profile=None))
        await working.links["CS1"].report_station(report)
        await working.links["CS1"].post_samples(PostSamples("vtn", "CS1", ()))
        await vtn.wait_for(lambda: attributes(vtn, "CS1"), PATIENCE_S)
    assert not attributes(vtn, "CS2")


def attributes(vtn, name):
    found = [it for it in vtn.entries(Kind.RESOURCE) if it.body["resourceName"] == name]
    return found and found[0].body.get("attributes")


async def test_many_events_are_bounded_and_worked_out_beside_the_loop(vtn):
    for number in range(250):
        vtn.add_event("flex", **a_limit(7, start_s=600 * number, duration="PT10M"))
    resources = PAIR[:1]
    async with at_work(an_access(vtn, resources=resources)) as working:
        await working.until(lambda: working.of(UtilityHeard))
    assert len(working.of(CommandReceived)) == 96


async def test_trust_anchors_that_cannot_be_read_are_told_as_a_utility_that_is_away(vtn):
    access = replace(an_access(vtn), trust_anchor=Path("nowhere.pem"))
    async with at_work(access) as working:
        await working.until(lambda: len(working.of(UtilityChanged)) == 2)
    assert all(not event.up and "nowhere.pem" in event.problem for event in working.posted)


async def test_without_a_token_nothing_is_read_and_the_reason_is_told():
    client = Client(Auth.POST, "ven_client", "wrong")
    async with (
        SimulatedVtn(Options()) as vtn,
        at_work(an_access(vtn, client=client)) as working,
    ):
        await working.until(lambda: len(working.of(UtilityChanged)) == 2)
    told = working.of(UtilityChanged)
    assert all(not event.up and "no token: " in event.problem for event in told)
    assert not any("wrong" in event.problem for event in told)


async def test_a_silent_one_reads_and_tells_nothing(vtn):
    vtn.add_event("flex", **a_limit(7, intervals="none"))
    async with at_work(an_access(vtn), silent=True) as working:
        await working.until(lambda: len(working.of(UtilityHeard)) >= 4)
    assert {it.method for it in vtn.exchanges} == {"GET"}


async def test_other_rules_are_taken(vtn):
    async with at_work(an_access(vtn)) as working:
        working.ven.use(book())
        vtn.add_event("flex", **a_limit(7))
        await working.until(lambda: working.of(CommandReceived))

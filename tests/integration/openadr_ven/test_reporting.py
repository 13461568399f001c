"""Reports and answers on their way to a VTN of either edition, over real sockets."""

import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.connectors.openadr import reporting
from gateway.errors import PeerError, ResponseRefusedError
from support.openadr_reporting import restarted, telling
from support.openadr_reports import told
from translators.canonical.telemetry import ControlOutcome

QUARTERS = {
    "intervalPeriod": {"start": "2027-03-09T12:00:00Z", "duration": "PT15M"},
    "intervals": [
        {"id": number, "payloads": [{"type": "PRICE", "values": [0.2]}]} for number in (4, 7)
    ],
}
USAGE = {"payloadType": "USAGE"}
EACH = {"startInterval": 0, "numIntervals": 1, "frequency": 1, "repeat": -1}


@pytest.fixture(params=["3.0", "3.1"])
def revision(request):
    return request.param


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(reporting, "_SLICE_S", 0.02)


async def an_event(vtn, teller, *descriptors, **changes):
    event = vtn.add_event(
        vtn.add_program("flex"), **{**QUARTERS, "reportDescriptors": list(descriptors), **changes}
    )
    teller.describe()
    await teller.read()
    return event


async def test_usage_is_reported_by_interval_and_updated_by_late_data(revision):
    async with telling(revision) as (vtn, teller):
        event = await an_event(vtn, teller, USAGE)
        for seconds, watts in ((100, -4000), (1000, -8000)):
            teller.pass_to(seconds)
            teller.measure(watts)
        teller.pass_to(1810)
        (report,) = await teller.told(1)
        assert report["eventID"] == event
        assert told(report)[1] == [
            {"USAGE": 1, "DATA_QUALITY": "OK"},
            {"USAGE": 2, "DATA_QUALITY": "OK"},
        ]
        assert [it["id"] for it in report["resources"][0]["intervals"]] == [4, 7]
        teller.clock.seconds = 1100.0
        teller.measure(0)
        teller.pass_to(1820)
        await vtn.wait_for(lambda: vtn.reports[0].body != report, 3)
        assert told(vtn.reports[0].body)[1][1]["USAGE"] == 1
        assert (len(vtn.reports), vtn.complaints) == (1, [])


async def test_an_answer_is_told_once_though_the_vtn_lost_the_first(revision):
    async with telling(revision) as (vtn, teller):
        await an_event(vtn, teller)
        vtn.lose_answers("/reports")
        with pytest.raises(PeerError, match="cannot be reached"):
            await teller.respond()
        teller.pass_to(60)
        await teller.respond()
        (report,) = vtn.reports
        assert told(report.body) == ("EVSE-1", [{"OPERATING_STATE": "RUNNING_OPTED_OUT"}])
        assert vtn.complaints == []


async def test_what_nobody_asked_for_needs_no_answer(revision):
    async with telling(revision) as (vtn, teller):
        await an_event(vtn, teller)
        await teller.respond("started")
        assert vtn.reports == []


async def test_an_answer_that_the_vtn_never_takes_is_refused(revision):
    async with telling(revision) as (vtn, teller):
        vtn.delete_event(await an_event(vtn, teller))
        with pytest.raises(ResponseRefusedError, match="eventID does not refer"):
            await teller.respond()


async def test_no_answer_is_filed_while_the_list_of_reports_is_none(revision):
    async with telling(revision) as (vtn, teller):
        await an_event(vtn, teller)
        vtn.fail("/reports", 200)
        with pytest.raises(PeerError):
            await teller.respond()
        assert vtn.reports == []


async def test_an_answer_waits_until_the_events_were_read(revision):
    async with telling(revision) as (vtn, teller):
        await an_event(vtn, teller)
        async with restarted(teller) as again:
            again.ven = teller.ven
            with pytest.raises(PeerError, match="not been read"):
                await again.respond()


async def test_an_answer_under_way_is_told_later_where_the_connection_ends(revision):
    async with telling(revision) as (vtn, teller):
        await an_event(vtn, teller)
        await vtn.down()
        vtn.fail("/reports*", 503, times=9)
        await vtn.up()
        with pytest.raises(PeerError, match="503"):
            await teller.respond()
        waiting = asyncio.create_task(teller.respond())
        await asyncio.sleep(0)
        await teller.stop()
        with pytest.raises(PeerError, match="not open"):
            await waiting
        teller.start()


async def test_reports_wait_for_a_vtn_that_fails(revision):
    async with telling(revision) as (vtn, teller):
        await an_event(vtn, teller, {**USAGE, **EACH})
        teller.pass_to(100)
        teller.measure(-4000)
        vtn.fail("/reports*", 503, times=2)
        for seconds in (910, 1000, 1200):
            teller.pass_to(seconds)
            await asyncio.sleep(0.1)
        (report,) = await teller.told(1)
        assert told(report)[1][0]["USAGE"] == 1
        assert [it.status for it in vtn.exchanges if it.path == "/reports"] == [503, 503, 200, 201]


async def test_a_restart_goes_on_and_files_nothing_twice(revision):
    async with telling(revision) as (vtn, teller):
        await an_event(vtn, teller, {**USAGE, **EACH})
        teller.pass_to(100)
        teller.measure(-4000)
        teller.pass_to(910)
        await teller.told(1)
        teller.pass_to(1000)
        teller.measure(-8000)
        await teller.stop()
        async with restarted(teller) as again:
            again.describe()
            await again.read()
            again.pass_to(1810)
            reports = await again.told(2)
            assert [told(it)[1][0]["USAGE"] for it in reports] == [1, 2]
            assert vtn.complaints == []
        teller.start()


async def test_what_is_refused_before_there_is_a_command_is_told_once(revision):
    async with telling(revision) as (vtn, teller):
        await an_event(vtn, teller)
        key = teller.ven.held[0].key
        for _ in range(2):
            teller.reporting.refused(key, "CS1", ControlOutcome.INVALID)
            await teller.told(1)
        assert len(vtn.reports) == 1


async def test_an_event_that_goes_takes_its_reports_along(revision):
    async with telling(revision) as (vtn, teller):
        event = await an_event(vtn, teller, USAGE)
        teller.pass_to(100)
        teller.measure(-4000)
        vtn.delete_event(event)
        await teller.read()
        teller.pass_to(1810)
        await asyncio.sleep(0.1)
        assert vtn.reports == []


async def test_what_cannot_be_told_is_logged_with_its_reason(revision):
    with capture_logs() as logs:
        async with telling(revision) as (vtn, teller):
            await an_event(vtn, teller, {"payloadType": "BASELINE"})
            teller.reporting.refused(teller.ven.held[0].key, "CS1", ControlOutcome.INVALID)
            await teller.told(1)
    (line,) = [line for line in logs if line["event"] == "report.untold"]
    assert "BASELINE is not told here" in line["problem"]

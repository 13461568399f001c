"""Measurements of a known form through a session: the same events and answers as the first ones had."""

from fractions import Fraction

from gateway.core.events import SamplesTaken
from gateway.stations.registration import Registration
from support.stations import SILENT, a_session


def a_report(number, watts):
    at = f"2026-12-01T12:00:{number:02}Z"
    value = {"value": watts, "measurand": "Power.Active.Import"}
    return {"evseId": 1, "meterValue": [{"timestamp": at, "sampledValue": [value]}]}


async def say(station, posted, *values):
    """Say a report for each value, and return what was posted of each."""
    for number, watts in enumerate(values):
        before = len(posted.of(SamplesTaken))
        station.say(2, f"m{number}", "MeterValues", a_report(number, watts))
        assert await station.answered(f"m{number}") == [3, f"m{number}", {}]
        assert len(posted.of(SamplesTaken)) == before + 1
    return [event.samples for event in posted.of(SamplesTaken)]


async def test_reports_of_a_known_form_are_posted_and_answered_as_the_first_ones_were():
    async with a_session(rhythm=SILENT) as (station, session, posted):
        found = await say(station, posted, 5000, 5000.5, -7, 0.25)
        assert len(session.reports) == 1
        assert [[s.value for s in samples] for samples in found] == [
            [Fraction(value)] for value in ("-5000", "-5000.5", "7", "-0.25")
        ]
        assert [samples[0].at.second for samples in found] == [0, 1, 2, 3]
        assert {(s.station, s.evse) for samples in found for s in samples} == {("CS1", 1)}


async def test_a_report_of_a_known_form_that_is_late_is_counted_too():
    async with a_session(rhythm=SILENT) as (station, session, posted):
        await say(station, posted, 1, 2, 3)
        station.say(2, "late", "MeterValues", a_report(0, 4))
        await station.answered("late")
        assert session.meter.counts == {"late_reports": 1}


async def test_a_faulty_report_in_between_is_refused_as_ever():
    async with a_session(rhythm=SILENT) as (station, _, posted):
        await say(station, posted, 1, 2, 3)
        station.say(2, "bad", "MeterValues", a_report(4, "4"))
        assert (await station.answered("bad"))[2] == "TypeConstraintViolation"
        assert len(posted.of(SamplesTaken)) == 3


async def test_what_is_followed_of_nothing_is_answered_and_posts_nothing():
    async with a_session(rhythm=SILENT) as (station, session, posted):
        for number in range(4):
            report = a_report(number, 50)
            report["meterValue"][0]["sampledValue"][0]["measurand"] = "Power.Offered"
            station.say(2, f"m{number}", "MeterValues", report)
            assert await station.answered(f"m{number}") == [3, f"m{number}", {}]
        assert len(session.reports) == 1
        assert posted.of(SamplesTaken) == []


async def test_a_station_that_waits_to_be_accepted_is_refused_in_a_known_form_too():
    async with a_session(rhythm=SILENT) as (station, session, posted):
        await say(station, posted, 1, 2, 3)
        session._context.registration = Registration.PENDING
        station.say(2, "waits", "MeterValues", a_report(4, 4))
        assert (await station.answered("waits"))[2] == "SecurityError"
        assert len(posted.of(SamplesTaken)) == 3

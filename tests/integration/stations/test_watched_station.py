"""The shipped simulated station, watched: what it notices reaches the engine, however the line behaves."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.core.events import SamplesTaken, StationConnected, StationDescribed
from gateway.simulators.station import IN, OUT, Personality, SimulatedStation, StationOptions
from support.stations import PASSWORD, PATIENT, a_site, an_entry, an_evse

MONITORED = "SetVariableMonitoring"
RETURNING = replace(PATIENT, boot_grace_s=0.2)
POWERED = replace(PATIENT, power_s=1)
HASTY = replace(PATIENT, report_timeout_s=0.3)


@asynccontextmanager
async def a_watched_station(version="2.1", *, rhythm=PATIENT, personality=None, **options):
    """Let a simulated station connect; wait until it is watched, unless it cannot be."""
    entry = an_entry(evses=(an_evse(1), an_evse(2)))
    async with a_site(entry, rhythm=rhythm) as site:
        told = StationOptions(
            id="CS1",
            password=PASSWORD,
            url=site.endpoint.url,
            versions=(f"ocpp{version}",),
            evses=2,
            meter_interval_s=60.0,
            backoff_s=0.05,
            report_part=100,
            **options,
        )
        async with SimulatedStation(told, personality=personality) as station:
            await site.posted.next(StationConnected)
            yield site, station


async def until_monitored(station, count):
    """Wait until the station has so many monitors."""
    await station.wait_for(lambda: len(station.core.monitoring._monitors) >= count, 60)


def kinds(station):
    """Return (component, variable, EVSE, kind) of each monitor that the station has."""
    return {
        (*monitor.variable.key[:2], monitor.variable.key[3], monitor.kind)
        for monitor in station.core.monitoring._monitors.values()
    }


async def described(site, predicate):
    """Wait for a description that satisfies a predicate."""
    nth = 0
    while True:
        nth += 1
        event = await site.posted.next(StationDescribed, nth)
        if predicate(event.profile):
            return event.profile


async def test_what_changes_at_a_station_is_known_at_once():
    async with a_watched_station() as (site, station):
        await until_monitored(station, 20)
        assert ("DCDERCtrlr", "ModesSupported", 2, "Delta") in kinds(station)
        station.core.vary("DCDERCtrlr", "ModesSupported", "VoltVar", 2)
        profile = await described(site, lambda p: p.evses[1].der_modes == {"VoltVar"})
        assert "FixedVar" in profile.evses[0].der_modes


async def test_a_car_of_less_power_is_a_change_of_ratings():
    async with a_watched_station() as (site, station):
        await until_monitored(station, 20)
        station.plug_in(1, most_discharge_w=3000.0)
        await described(site, lambda p: p.evses[0].ratings.max_discharge_rate_w == 3000)


async def test_an_old_station_tells_whether_it_can_be_used():
    async with a_watched_station("2.0.1") as (_, station):
        await until_monitored(station, 2)
        assert kinds(station) == {("EVSE", "AvailabilityState", n, "Delta") for n in (1, 2)}
        station.unplug(1)
        await station.wait_for(lambda: station.payloads(OUT, "NotifyEvent"), 60)
        await station.wait_for(lambda: answered(station, "NotifyEvent"), 60)


def answered(station, action):
    """Return how many of the station's calls of an action were answered."""
    ids = {f[1] for way, f in station.frames if way == OUT and f[0] == 2 and f[2] == action}
    return len([f for way, f in station.frames if way == IN and f[0] == 3 and f[1] in ids])


@pytest.mark.parametrize(
    ("version", "streams", "message"),
    [
        ("2.1", 4, "NotifyPeriodicEventStream"),
        ("2.1", 0, "NotifyEvent"),
        ("2.0.1", 4, "NotifyEvent"),
    ],
)
async def test_power_comes_by_itself_where_a_site_asks_for_it(version, streams, message):
    async with a_watched_station(
        version, rhythm=POWERED, event_streams=streams, demand_w=7000.0
    ) as (site, station):
        await station.wait_for(lambda: message in sent(station), 60)
        measured, nth = set(), 0
        while measured != {1, 2}:
            nth += 1
            event = await site.posted.next(SamplesTaken, nth)
            measured |= {
                s.evse for s in event.samples if len(event.samples) == 1 and s.value == -7000
            }


def sent(station):
    """Return the actions that the station called or sent."""
    return {f[2] for way, f in station.frames if way == OUT and f[0] in {2, 6}}


async def test_monitors_are_set_once_however_often_the_line_breaks():
    async with a_watched_station(rhythm=RETURNING) as (site, station):
        await until_monitored(station, 20)
        before = len(station.payloads(IN, MONITORED))
        await station.disconnect()
        await site.posted.next(StationConnected, 2)
        assert len(station.payloads(IN, "GetMonitoringReport")) == 1
        site.stations.current("CS1").plate.watch = None  # as after a start of the gateway
        await station.disconnect()
        await station.wait_for(lambda: len(station.payloads(IN, "GetMonitoringReport")) == 2, 60)
        await site.posted.next(StationConnected, 3)
        assert len(station.payloads(IN, "GetMonitoringReport")) == 2
        assert len(station.payloads(IN, MONITORED)) == before
        assert len(kinds(station)) == len(station.core.monitoring._monitors)


async def test_a_station_that_forgets_is_told_anew():
    faults = Personality(forgets_on_reboot=True)
    async with a_watched_station(personality=faults) as (_, station):
        await until_monitored(station, 20)
        known = kinds(station)
        await station.reboot()
        assert kinds(station) == set()
        await until_monitored(station, len(known))
        assert kinds(station) == known


async def test_a_report_that_lost_its_beginning_is_asked_for_again():
    faults = Personality(cuts_reports=True)
    async with a_watched_station(rhythm=HASTY, personality=faults) as (site, station):
        assert site.posted.of(StationConnected)[0].profile.evses[0].ratings.max_var is None
        station.personality = Personality()
        await described(site, lambda p: p.evses[0].ratings.max_var == 11000)


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(Personality(rejects=frozenset({MONITORED})), id="refuses monitors"),
        pytest.param(Personality(unsupported=frozenset({MONITORED})), id="knows no monitors"),
        pytest.param(Personality(errors={"GetMonitoringReport": "InternalError"}), id="fails"),
        pytest.param(Personality(mute_events=True), id="accepts them and says nothing"),
        pytest.param(Personality(twice=frozenset({"NotifyEvent"})), id="says everything twice"),
    ],
)
async def test_a_station_that_is_bad_at_it_is_served_all_the_same(faults):
    async with a_watched_station(personality=faults) as (site, station):
        await station.wait_for(lambda: station.payloads(IN, MONITORED), 60)
        station.core.vary("DCDERCtrlr", "MaxW", "9000", 1)
        await station.wait_for(lambda: station.core.device.value("EVSE", "Power", 1) != "", 60)
        assert site.stations.current("CS1").announced
        assert station.sessions == 1

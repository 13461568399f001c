"""The shipped simulated station at our endpoint: a peer that executes what it is told, or misbehaves."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import (
    ControlsReported,
    ReplyStatus,
    SamplesTaken,
    StationConnected,
    StationDisconnected,
    StationReplied,
)
from gateway.core.payloads import clear_call, same_payload
from gateway.simulators.station import Personality, SimulatedStation, StationOptions
from support.stations import PASSWORD, PATIENT, a_site

VAR = {
    "isDefault": True,
    "controlId": "default-var",
    "controlType": "FixedVar",
    "fixedVar": {"priority": 1, "setpoint": 20, "unit": "PctMaxVar"},
}
LIMIT = {
    "evseId": 0,
    "chargingProfile": {
        "id": 1_000_000_001,
        "stackLevel": 1,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 1_000_000_001,
                "startSchedule": "2026-11-01T00:00:00Z",
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000}],
            }
        ],
    },
}


@asynccontextmanager
async def a_simulated_station(version="2.1", personality=None, rhythm=PATIENT):
    async with a_site(rhythm=rhythm) as site:
        options = StationOptions(
            id="CS1",
            password=PASSWORD,
            url=site.endpoint.url,
            versions=(f"ocpp{version}",),
            meter_interval_s=0.1,
            backoff_s=0.05,
        )
        async with SimulatedStation(options, personality=personality) as station:
            yield site, station


async def ask(site, number, action, payload):
    """Make the engine's call; return its outcome."""
    nth = len(site.posted.of(StationReplied)) + 1
    site.stations.send(SendToStation("CS1", f"r{number}", action, payload))
    return await site.posted.next(StationReplied, nth)


@pytest.mark.parametrize(("version", "has_der"), [("2.1", True), ("2.0.1", False)])
async def test_it_says_what_it_can_do_and_measures(version, has_der):
    async with a_simulated_station(version) as (site, _):
        found = (await site.posted.next(StationConnected)).profile
        (evse,) = found.evses
        assert found.ocpp_version == version
        assert ("FixedVar" in evse.der_modes) is has_der
        assert evse.ratings.max_var == (11000 if has_der else None)
        assert (await site.posted.next(SamplesTaken)).station == "CS1"


PAYLOADS = [("2.1", "SetDERControl", VAR), ("2.1", "SetChargingProfile", LIMIT)]
PAYLOADS += [("2.0.1", "SetChargingProfile", LIMIT)]


@pytest.mark.parametrize(("version", "action", "payload"), PAYLOADS)
async def test_what_it_is_told_it_holds_and_what_is_cleared_it_does_not(version, action, payload):
    async with a_simulated_station(version) as (site, _):
        await site.posted.next(StationConnected)
        assert (await ask(site, 1, action, payload)).status is ReplyStatus.ACCEPTED
        site.stations.read_back(ReadBack("CS1", "b1"))
        found = await site.posted.next(ControlsReported)
        assert found.complete
        (held,) = found.held
        assert same_payload(payload, held.payload)
        assert (await ask(site, 2, *clear_call(action, payload))).status is ReplyStatus.ACCEPTED
        assert (await ask(site, 3, *clear_call(action, payload))).status is ReplyStatus.NOT_FOUND
        site.stations.read_back(ReadBack("CS1", "b2"))
        assert await site.posted.next(ControlsReported, 2) == ControlsReported(
            "CS1", "b2", (), True
        )


async def test_it_keeps_its_controls_over_a_reboot_and_is_announced_again():
    async with a_simulated_station() as (site, station):
        await site.posted.next(StationConnected)
        await ask(site, 1, "SetDERControl", VAR)
        await station.reboot()
        await site.posted.next(StationConnected, 2)
        assert len(site.posted.of(StationDisconnected)) == 1
        site.stations.read_back(ReadBack("CS1", "b1"))
        assert [held.id for held in (await site.posted.next(ControlsReported)).held] == [
            "default-var"
        ]


MISBEHAVIOURS = [
    ("silent", Personality(silent=frozenset({"SetDERControl"})), ReplyStatus.NO_ANSWER),
    ("late", Personality(late_s={"SetDERControl": 0.3}), ReplyStatus.NO_ANSWER),
    ("answering twice", Personality(twice=frozenset({"SetDERControl"})), ReplyStatus.ACCEPTED),
    ("failing", Personality(errors={"SetDERControl": "InternalError"}), ReplyStatus.CALL_ERROR),
    (
        "lacking it",
        Personality(errors={"SetDERControl": "NotImplemented"}),
        ReplyStatus.NOT_SUPPORTED,
    ),
    ("unwilling", Personality(rejects=frozenset({"SetDERControl"})), ReplyStatus.REJECTED),
    ("leaving", Personality(disconnects=frozenset({"SetDERControl"})), ReplyStatus.NO_ANSWER),
]


@pytest.mark.parametrize(
    ("personality", "status"),
    [row[1:] for row in MISBEHAVIOURS],
    ids=[row[0] for row in MISBEHAVIOURS],
)
async def test_each_misbehaviour_has_its_outcome_once(personality, status):
    hasty = replace(PATIENT, call_timeout_s=0.2)
    async with a_simulated_station(personality=personality, rhythm=hasty) as (site, station):
        await site.posted.next(StationConnected)
        assert (await ask(site, 1, "SetDERControl", VAR)).status is status
        station.personality = Personality()
        await station.wait_for(lambda: station.ready, timeout_s=5)
        assert len(site.posted.of(StationReplied)) == 1

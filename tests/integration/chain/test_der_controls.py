"""All 22 types of DER controls through the whole chain: engine, endpoint, station, read-back, ledger.

One table on two paths: what a station takes, and what it refuses. The station's notices may come late,
doubled, and once more after a reboot: nothing may change by that.
"""

from dataclasses import replace

import pytest

from gateway.simulators.station import Personality
from gateway.simulators.station_options import ALL_MODES
from support.der_chain import a_chain, quiet, ready
from support.translation import EVERY_CONTROL, droop, enter_service, limit, trip
from translators.canonical.controls import (
    EnterService,
    FixedPowerFactor,
    FixedVar,
    FreqDroop,
    FreqWatt,
    Gradients,
    PowerMonitoring,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
    WattVar,
)

DEFAULT_ONLY = frozenset({"EnterService", "Gradients"})
ALONE = (
    FixedPowerFactor,
    FixedVar,
    VoltVar,
    VoltWatt,
    WattVar,
    WattPowerFactor,
    FreqWatt,
    FreqDroop,
    PowerMonitoring,
    EnterService,
    Gradients,
)
TRIPS = tuple(
    trip("110 13, 120 0.16", quantity="voltage", side=side, region=region)
    for side in ("high", "low")
    for region in ("must_trip", "may_trip", "momentary_cessation")
) + tuple(
    trip("51 300, 52 0.16", quantity="frequency", side=side, region=region)
    for side, region in (("high", "must_trip"), ("high", "may_trip"), ("low", "must_trip"))
)
LIMIT = limit("export", "5000 W", "connection_point")
CONTROLS = (*(c for c in EVERY_CONTROL if isinstance(c, ALONE)), *TRIPS, LIMIT)
SCHEDULED = tuple(c for c in CONTROLS if not isinstance(c, EnterService | Gradients))
TABLE = {(kind, True): "held" for kind in ALL_MODES} | {
    (kind, False): "held" for kind in ALL_MODES if kind not in DEFAULT_ONLY
}
TWICE = frozenset({"NotifyDERStartStop"})


def held(station):
    return {(item.type, item.is_default) for item in station.controls.held}


def running(station):
    return {kind for kind, item in station.controls.active.items() if not item.is_default}


async def test_the_table_names_every_type_once():
    assert len(CONTROLS) == len(ALL_MODES) == 22
    assert len(TABLE) == 42


@pytest.mark.parametrize(
    "personality",
    [
        Personality(),
        Personality(twice=TWICE, late_notices_s=0.3, replays_notices=True),
    ],
    ids=["by the book", "notices late, doubled and replayed"],
)
async def test_what_a_station_takes_is_held_run_read_back_restored_and_let_go(personality):
    async with a_chain(personality) as (gateway, station):
        gateway.serve("D", *CONTROLS)
        gateway.serve("E", *SCHEDULED, start_s=1)
        await station.wait_for(lambda: len(running(station)) == 20, timeout_s=10)
        await station.wait_for(lambda: gateway.told("E") == ["received", "started"], timeout_s=10)
        assert held(station) == TABLE.keys()
        assert gateway.states() == TABLE
        assert len(gateway.sent("SetDERControl")) == 42

        asked = len(station.payloads("in", "GetDERControl"))
        await station.disconnect()
        await station.wait_for(lambda: not gateway.engine.world.stations["CS1"].ready, 60)
        await ready(gateway, station)
        flags = [p["isDefault"] for p in station.payloads("in", "GetDERControl")[asked:]]
        assert flags == [True, False]
        assert gateway.states() == TABLE
        assert len(gateway.sent("SetDERControl")) == 42

        station.personality = replace(personality, forgets_on_reboot=True)
        await station.reboot()
        assert station.controls.held == ()
        await station.wait_for(lambda: len(running(station)) == 20, timeout_s=10)
        await quiet(gateway, station)
        assert gateway.states() == TABLE
        assert len(gateway.sent("SetDERControl")) == 84

        gateway.withdraw("E")
        await station.wait_for(lambda: not running(station), timeout_s=10)
        await quiet(gateway, station)
        assert set(station.controls.active) == set(ALL_MODES)
        gateway.withdraw("D")
        await station.wait_for(lambda: not station.controls.held, timeout_s=10)
        await quiet(gateway, station)
        assert gateway.states() == {}
        assert gateway.told("E") == ["received", "started", "cancelled"]


@pytest.mark.parametrize(
    ("personality", "outcome"),
    [
        (Personality(rejects=frozenset({"SetDERControl"})), "not_applicable"),
        (Personality(unsupported=frozenset({"SetDERControl"})), "not_supported"),
        (Personality(errors={"SetDERControl": "InternalError"}), "not_applicable"),
    ],
    ids=["Rejected", "NotSupported", "CALLERROR"],
)
async def test_what_a_station_refuses_is_told_once_and_never_sent_again(personality, outcome):
    async with a_chain(personality) as (gateway, station):
        gateway.serve("D", *CONTROLS)
        gateway.serve("E", *SCHEDULED, start_s=1)
        await station.wait_for(lambda: len(gateway.audited("control.refused")) == 42, timeout_s=10)
        await quiet(gateway, station)
        assert station.controls.held == ()
        assert gateway.told("E") == ["received", outcome]
        assert len(gateway.sent("SetDERControl")) == 42
        await station.disconnect()
        await station.wait_for(lambda: not gateway.engine.world.stations["CS1"].ready, 60)
        await ready(gateway, station)
        await quiet(gateway, station)
        assert len(gateway.sent("SetDERControl")) == 42


async def test_more_controls_of_one_type_than_a_list_of_ids_holds_are_read_back_in_parts():
    async with a_chain(report_part=24) as (gateway, station):
        var = next(c for c in CONTROLS if isinstance(c, FixedVar))
        for number in range(30):
            gateway.serve(f"{number:02X}", var, start_s=600 * (number + 1), seconds=600)
        await station.wait_for(lambda: len(station.controls.held) == 30, timeout_s=10)
        await station.disconnect()
        await station.wait_for(lambda: not gateway.engine.world.stations["CS1"].ready, 60)
        await ready(gateway, station)
        reports = station.payloads("out", "ReportDERControl")
        assert [len(report["fixedVar"]) for report in reports[-2:]] == [24, 6]
        assert {entry.state.value for entry in gateway.ledger.values()} == {"held"}
        assert len(gateway.sent("SetDERControl")) == 30


async def test_equal_primacies_that_overlap_let_the_newer_one_run():
    async with a_chain() as (gateway, station):
        var = next(c for c in CONTROLS if isinstance(c, FixedVar))
        gateway.serve("A1", var, start_s=1)
        await station.wait_for(lambda: gateway.told("A1")[-1:] == ["started"], timeout_s=10)
        first = station.controls.active["FixedVar"].id
        gateway.serve("A2", replace(var, setpoint=replace(var.setpoint, value=7)), start_s=1)
        await station.wait_for(lambda: gateway.told("A2")[-1:] == ["started"], timeout_s=10)
        assert station.controls.active["FixedVar"].id != first
        assert gateway.told("A1") == ["received", "started", "superseded"]
        assert [item.is_default for item in station.controls.held] == [False]


async def test_alarms_of_a_trip_are_told_and_their_end_too():
    async with a_chain(discharge_w=5000.0) as (gateway, station):
        gateway.serve("D", trip("51 0.1, 52 0.1", quantity="frequency"), enter_service(), droop())
        await station.wait_for(lambda: len(station.controls.held) == 3, timeout_s=10)
        station.grid.set_frequency(53)
        await station.wait_for(lambda: gateway.audited("station.alarm"), timeout_s=10)
        state = gateway.engine.world.stations["CS1"]
        assert [fault.value for fault in state.alarms] == ["OverFrequency"]
        assert gateway.audited("station.alarm")[0].subject == "HFMustTrip"

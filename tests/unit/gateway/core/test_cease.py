"""To cease to energize is a limit of zero and Idle for what runs; both go when it is over."""

from fractions import Fraction

import pytest

from gateway.core.events import TransactionsChanged
from support.engine_bench import a_command, a_default, limit
from translators.canonical.capability import Transaction
from translators.canonical.controls import ActiveSetpoint, Energize, Quantity
from translators.units import parse_unit

CEASE = Energize(energized=False)
ZERO, IDLE = ("ChargingStationMaxProfile", 0, 0), ("TxProfile", 1, None)


@pytest.fixture
def charging(ready):
    """A station with a car that charges."""
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "tx-1"),)))
    return ready


def sent(bench):
    """Return (purpose, EVSE, limit) by the id of each profile that was set."""
    found = {}
    for call in bench.calls("SetChargingProfile"):
        profile = call.payload["chargingProfile"]
        (period,) = profile["chargingSchedule"][0]["chargingSchedulePeriod"]
        purpose = profile["chargingProfilePurpose"]
        found[profile["id"]] = (purpose, call.payload["evseId"], period.get("limit"))
    return found


def cleared(bench):
    set_before = sent(bench)
    calls = bench.calls("ClearChargingProfile")
    return {set_before[call.payload["chargingProfileId"]] for call in calls}


def answered(bench):
    """Answer until nothing is outstanding: one call waits for the one before it."""
    while bench.outstanding():
        bench.reply(payload={"status": "Accepted"})


def test_a_limit_of_zero_and_idle_are_sent(charging):
    charging.command(a_command("M1", CEASE))
    answered(charging)
    assert set(sent(charging).values()) == {ZERO, IDLE}
    assert cleared(charging) == set()


@pytest.mark.parametrize("end", ["over", "cancelled"])
def test_both_are_taken_back(charging, end):
    charging.command(a_command("M1", CEASE, start=0))
    answered(charging)
    if end == "over":
        charging.at(61)
    else:
        charging.withdraw("M1")
    answered(charging)
    assert cleared(charging) == {ZERO, IDLE}
    assert charging.engine.world.stations["CS1"].ledger.entries == {}


def test_a_limit_that_held_beside_it_holds_on(charging):
    charging.command(a_command("M1", CEASE, start=0, minutes=30))
    charging.command(a_command("M2", limit(watts=7000), start=0, minutes=60))
    answered(charging)
    charging.at(31)
    answered(charging)
    entries = charging.engine.world.stations["CS1"].ledger.entries.values()
    held = [entry.desired.payload["chargingProfile"] for entry in entries]
    periods = [p["chargingSchedule"][0]["chargingSchedulePeriod"][0] for p in held]
    assert [period["limit"] for period in periods] == [7000]


WATTS = ActiveSetpoint(Quantity(Fraction(6_000), parse_unit("W")))


def setpoints(bench):
    """Return the ledger's setpoints."""
    entries = bench.engine.world.stations["CS1"].ledger.entries.values()
    return [e for e in entries if "ActiveSetpoint" in e.desired.functions and e.may_be_held]


@pytest.mark.parametrize("first", [CEASE, WATTS], ids=["before it", "after it"])
def test_a_setpoint_of_another_event_lets_nothing_flow_meanwhile(charging, first):
    second = WATTS if first is CEASE else CEASE
    minutes = {CEASE: 30, WATTS: 60}
    charging.command(a_command("M1", first, start=0, minutes=minutes[first]))
    answered(charging)
    charging.command(a_command("M2", second, start=0, minutes=minutes[second]))
    answered(charging)
    assert setpoints(charging) == []
    charging.at(31)
    answered(charging)
    assert len(setpoints(charging)) == 1


def test_a_setpoint_goes_when_a_cease_begins_and_comes_again(charging):
    charging.command(a_command("M1", WATTS, start=0, minutes=60))
    charging.command(a_command("M2", CEASE, start=20, minutes=20))
    answered(charging)
    found = []
    for minute in (19, 21, 41):
        charging.at(minute)
        answered(charging)
        found.append(len(setpoints(charging)))
    assert found == [1, 0, 1]


def test_a_default_that_ceases_holds_a_setpoint_back(charging):
    charging.command(a_default("D1", CEASE))
    charging.command(a_command("M1", WATTS, start=0))
    answered(charging)
    assert setpoints(charging) == []

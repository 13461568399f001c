"""To cease to energize is a limit of zero and Idle for what runs; both go when it is over."""

import pytest

from gateway.core.events import TransactionsChanged
from support.engine_bench import a_command, limit
from translators.canonical.capability import Transaction
from translators.canonical.controls import Energize

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

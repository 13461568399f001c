"""What is kept of a station and of its ledger comes back as it was."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import orjson
import pytest

from gateway.core.effects import Persist, Table
from gateway.core.events import TransactionsChanged
from gateway.core.ledger import Desired, Entry, EntryState, Evidence
from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord, forgettable, from_document, to_document
from gateway.core.station import (
    StationRules,
    StationState,
    continue_from,
    entry_document,
    entry_from_document,
    station_document,
)
from support.engine_bench import NOON, a_command, a_profile, limit, pf
from translators.canonical.capability import Transaction
from translators.canonical.commands import Randomization
from translators.canonical.controls import ActiveSetpoint, LimitOn, Quantity
from translators.canonical.telemetry import ControlOutcome as Told
from translators.units import parse_unit


def through_json(document):
    return orjson.loads(orjson.dumps(document))


def a_wish(**changes):
    wish = Desired("c1", "u/s/m", "SetDERControl", {"x": 0.95}, ("F", "G"), NOON, NOON)
    return replace(wish, **changes)


ENTRIES = {
    "as new": Entry(a_wish()),
    "a default": Entry(a_wish(start=None, end=None, is_default=True), EntryState.HELD),
    "all set": Entry(
        a_wish(yields=True), EntryState.REFUSED, Evidence.ENDED, 2, "Rejected: no", older=True
    ),
    **{
        state.value: Entry(a_wish(), state)
        for state in EntryState
        if state not in {EntryState.SETTING, EntryState.CLEARING}
    },
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_ledger_entry_comes_back_as_it_was(entry):
    assert entry_from_document(through_json(entry_document("s", entry))) == entry


@pytest.mark.parametrize("state", [EntryState.SETTING, EntryState.CLEARING])
def test_a_call_that_was_under_way_comes_back_as_unknown(state):
    document = through_json(entry_document("s", Entry(a_wish(), state)))
    assert entry_from_document(document).state is EntryState.UNKNOWN


STATIONS = {
    "nothing known": StationState(StationRules("CS1", ("dso",))),
    "a profile": StationState(StationRules("CS1", ("dso",)), a_profile()),
    "a transaction": StationState(
        StationRules("CS1", ("dso",)),
        a_profile(),
        transactions=(Transaction(1, "tx", Fraction(1, 3)), Transaction(2, "ty")),
    ),
}


@pytest.mark.parametrize("state", STATIONS.values(), ids=STATIONS)
def test_a_station_comes_back_as_it_was_but_not_connected(state):
    fresh = StationState(state.rules)
    continue_from(fresh, through_json(station_document(state)))
    assert fresh == state
    assert not fresh.connected


RECORDS = {
    "as new": CommandRecord(a_command()),
    "all set": CommandRecord(
        a_command("M1", pf(), limit(), randomization=Randomization(60, -60, 30, -30)),
        State.CANCELLING,
        (("FixedPowerFactor.injecting", Told.INVALID),),
        frozenset({"x", "a"}),
        frozenset({Told.RECEIVED, Told.STARTED}),
        NOON,
        3,
    ),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_command_comes_back_as_it_was(record):
    assert from_document(through_json(to_document(record))) == record


def test_a_command_without_end_is_forgettable_only_after_its_withdrawal():
    record = CommandRecord(a_command(interval=None, is_default=True))
    assert not forgettable(record, NOON.replace(year=2036))
    assert forgettable(replace(record, withdraw_at=NOON), NOON.replace(year=2036))


def setpoint(watts):
    return ActiveSetpoint(Quantity(Fraction(watts), parse_unit("W")))


def with_setpoint(bench, watts=-5000, start=-1):
    bench.hear(TransactionsChanged("CS1", (Transaction(1, "tx"),)))
    bench.command(a_command("M1", setpoint(watts), start=start))
    return bench.calls("SetChargingProfile")[-1]


def test_our_own_setpoint_is_known_once_the_station_holds_it(ready):
    with_setpoint(ready)
    state = ready.engine.world.stations["CS1"]
    assert state.situation(NOON).transactions[0].running_setpoint_w is None
    ready.reply()
    assert state.situation(NOON).transactions[0].running_setpoint_w == -5000


@pytest.mark.parametrize(("minute", "watts"), [(4, None), (5, -5000), (64, -5000), (65, None)])
def test_our_own_setpoint_counts_while_it_is_in_force(ready, minute, watts):
    with_setpoint(ready, start=5)
    ready.reply()
    situation = ready.engine.world.stations["CS1"].situation(NOON + timedelta(minutes=minute))
    assert situation.transactions[0].running_setpoint_w == watts


def test_a_limit_before_a_setpoint_sets_nothing_in_motion(ready):
    with_setpoint(ready, 5000, start=30)
    ready.reply()
    ready.command(a_command("L", limit(LimitOn.EXPORT, 3000), start=-1, minutes=10))
    ready.reply()
    assert [call.action for call in ready.calls()][1:] == ["SetDERControl"]


def test_our_setpoint_counts_for_its_own_transaction_only(ready):
    with_setpoint(ready)
    ready.reply()
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "other"),)))
    state = ready.engine.world.stations["CS1"]
    assert state.situation(NOON).transactions[0].running_setpoint_w is None


def test_a_limit_in_place_of_a_setpoint_is_no_setpoint(bench):
    bench.connect(a_profile(der=False))
    with_setpoint(bench)
    bench.reply()
    state = bench.engine.world.stations["CS1"]
    assert state.situation(NOON).transactions[0].running_setpoint_w is None


def test_transactions_outlive_a_restart(ready, book):
    with_setpoint(ready)
    ready.reply()
    fresh = ready.restart(book)
    assert fresh.engine.world.stations["CS1"].transactions[0].transaction_id == "tx"
    assert Told.NOT_APPLICABLE not in fresh.told()


def test_what_needs_a_car_waits_for_one_until_its_start(ready):
    ready.command(a_command("M1", setpoint(-5000)))
    assert ready.told() == [Told.RECEIVED]
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "tx"),)))
    assert len(ready.calls("SetChargingProfile")) == 1


def test_without_a_car_at_its_start_it_is_refused(ready):
    ready.command(a_command("M1", setpoint(-5000)))
    ready.at(10)
    assert ready.told() == [Told.RECEIVED, Told.NOT_APPLICABLE]


def test_a_change_of_transactions_is_kept(ready):
    effects = ready.hear(TransactionsChanged("CS1", (Transaction(1, "tx"),)))
    (kept,) = [e for e in effects if isinstance(e, Persist) and e.table is Table.STATIONS]
    assert kept.document["transactions"][0]["transaction_id"] == "tx"

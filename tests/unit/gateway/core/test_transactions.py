"""Which transactions run: told by the station, and asked for when it connects."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.core.effects import Table
from gateway.core.engine import Engine
from gateway.core.events import (
    ReplyStatus,
    StationConnected,
    StationDisconnected,
    TransactionsChanged,
)
from gateway.core.station import StationRules
from support.engine_bench import Bench, a_command, a_profile
from translators.canonical.capability import Current, Transaction
from translators.canonical.controls import ActiveSetpoint, Quantity
from translators.units import parse_unit


@pytest.fixture
def back(ready):
    """A bench whose station connected again while two transactions were believed to run."""
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "T1"), Transaction(2, "T2"))))
    ready.hear(StationConnected("CS1", a_profile()))
    return ready


def running(bench):
    state = bench.engine.world.stations["CS1"]
    return [transaction.transaction_id for transaction in state.transactions]


def test_a_station_that_connects_is_asked_for_each(back):
    asked = [c.payload["transactionId"] for c in back.calls("GetTransactionStatus")]
    assert asked == ["T1", "T2"]


def test_what_is_over_is_believed_and_kept(back):
    call = back.calls("GetTransactionStatus")[0]
    back.reply(call=call, payload={"ongoingIndicator": False, "messagesInQueue": True})
    assert running(back) == ["T2"]
    assert [t["transaction_id"] for t in back.kept[Table.STATIONS]["CS1"]["transactions"]] == ["T2"]
    assert [e.subject for e in back.audited("transaction.over")] == ["T1"]


@pytest.mark.parametrize(
    ("status", "payload"),
    [
        (ReplyStatus.ACCEPTED, {"ongoingIndicator": True, "messagesInQueue": False}),
        (ReplyStatus.ACCEPTED, {"messagesInQueue": False}),
        (ReplyStatus.CALL_ERROR, {"ongoingIndicator": False}),
        (ReplyStatus.NOT_SUPPORTED, {}),
        (ReplyStatus.NO_ANSWER, {}),
    ],
    ids=["runs on", "does not tell", "breaks its schema", "not supported", "no answer"],
)
def test_all_else_changes_nothing(back, status, payload):
    back.reply(status, payload=payload)
    assert running(back) == ["T1", "T2"]


FORBIDDEN = {"discharge": "forbid"}


def a_bench(book, policy, profile=None):
    bench = Bench(Engine(book, [StationRules("CS1", ("dso",), policy=policy)]))
    bench.connect(profile or a_profile())
    bench.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))
    return bench


def allowed(bench):
    return [c.payload for c in bench.calls("NotifyAllowedEnergyTransfer")]


@pytest.mark.parametrize(
    ("current", "modes"),
    [(Current.DC, ["DC"]), (Current.AC, ["AC_single_phase", "AC_two_phase", "AC_three_phase"])],
)
def test_where_the_site_forbids_it_a_car_is_told_that_it_may_only_charge(book, current, modes):
    profile = a_profile()
    evses = (replace(profile.evses[0], current=current),)
    bench = a_bench(book, FORBIDDEN, replace(profile, evses=evses))
    assert allowed(bench) == [{"transactionId": "T1", "allowedEnergyTransfer": modes}]
    bench.reply(ReplyStatus.REJECTED, reason="TxNotFound")
    assert bench.audited("transfer.answered")[0].details["reason"] == "TxNotFound"
    assert bench.engine.quiet


@pytest.mark.parametrize(
    ("policy", "der"), [({}, True), ({"discharge": "allow"}, True), (FORBIDDEN, False)]
)
def test_else_nothing_is_said_of_it(book, policy, der):
    assert allowed(a_bench(book, policy, a_profile(der=der))) == []


def test_each_car_is_told_once_and_again_on_a_new_connection(book):
    bench = a_bench(book, FORBIDDEN)
    both = (Transaction(1, "T1"), Transaction(1, "T2"))
    bench.hear(TransactionsChanged("CS1", both))
    assert [a["transactionId"] for a in allowed(bench)] == ["T1", "T2"]
    bench.hear(StationDisconnected("CS1"))
    bench.hear(TransactionsChanged("CS1", (*both, Transaction(1, "T3"))))
    bench.hear(StationConnected("CS1", a_profile()))
    assert [a["transactionId"] for a in allowed(bench)] == ["T1", "T2", "T1", "T2", "T3"]


@pytest.mark.parametrize(("policy", "watts"), [(FORBIDDEN, 0), ({}, -5000)])
def test_no_setpoint_asks_a_car_to_discharge_where_the_site_forbids_it(book, policy, watts):
    bench = a_bench(book, policy)
    setpoint = ActiveSetpoint(Quantity(Fraction(5000), parse_unit("W")))
    bench.command(a_command("M1", setpoint, start=0))
    (call,) = bench.calls("SetChargingProfile")
    (schedule,) = call.payload["chargingProfile"]["chargingSchedule"]
    assert schedule["chargingSchedulePeriod"][0]["setpoint"] == watts
    losses = [x["kind"] for x in bench.audited("control.dispatched")[0].details["losses"]]
    assert losses == (["clip"] if policy else [])

"""Which transactions run: told by the station, and asked for when it connects."""

import pytest

from gateway.core.effects import Table
from gateway.core.events import ReplyStatus, StationConnected, TransactionsChanged
from support.engine_bench import a_profile
from translators.canonical.capability import Transaction


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

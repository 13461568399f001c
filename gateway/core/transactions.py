"""Which transactions run at a station: as it says itself, and as it says when it is asked.

Its messages may have been lost with a restart of either side, so what is believed to run is asked for
when it connects.
"""

from __future__ import annotations

from gateway.core.effects import Persist, SendToStation, Table
from gateway.core.events import ReplyStatus, StationReplied
from gateway.core.station import Purpose, StationState, station_document
from gateway.core.world import Turn
from translators.canonical.capability import Transaction


def changed(turn: Turn, state: StationState, transactions: tuple[Transaction, ...]) -> None:
    """Know which transactions run from now on."""
    state.transactions = transactions
    state.watch.disturb(turn.now.utc.timestamp())
    turn.emit(Persist(Table.STATIONS, state.id, station_document(state)))


def ask(turn: Turn, state: StationState) -> None:
    """Ask a station that has just connected whether what ran there still does (E14)."""
    for transaction in state.transactions:
        number, request = transaction.transaction_id, turn.world.next_request(state.id)
        state.calls[request] = (number, Purpose.TRANSACTION)
        payload = {"transactionId": number}
        turn.emit(SendToStation(state.id, request, "GetTransactionStatus", payload))


def transaction_replied(
    turn: Turn, state: StationState, number: str, event: StationReplied
) -> None:
    """Believe a station that says that a transaction is over; all else changes nothing."""
    over = event.payload.get("ongoingIndicator") is False
    if event.status is not ReplyStatus.ACCEPTED or not over:
        return
    turn.audit("transaction.over", state.id, number)
    changed(turn, state, tuple(t for t in state.transactions if t.transaction_id != number))

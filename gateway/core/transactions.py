"""Which transactions run at a station: as it says itself, and as it says when it is asked.

Its messages may have been lost with a restart of either side, so what is believed to run is asked for
when it connects.
"""

from __future__ import annotations

from gateway.core.effects import Persist, Table
from gateway.core.events import CarSuspended, ReplyStatus, StationReplied
from gateway.core.station import Purpose, StationState, station_document
from gateway.core.world import Turn
from translators.canonical.capability import Current, Transaction

_CHARGING = {
    Current.AC: ["AC_single_phase", "AC_two_phase", "AC_three_phase"],
    Current.DC: ["DC"],
}
"""EnergyTransferModeEnumType without what discharges."""


def changed(turn: Turn, state: StationState, transactions: tuple[Transaction, ...]) -> None:
    """Know which transactions run from now on."""
    before = {transaction.transaction_id for transaction in state.transactions}
    state.transactions = transactions
    state.suspended &= {transaction.evse_id for transaction in transactions}
    state.watch.disturb(turn.now.utc.timestamp())
    turn.emit(Persist(Table.STATIONS, state.id, station_document(state)))
    for transaction in transactions if state.connected else ():
        if transaction.transaction_id not in before:
            _allow(turn, state, transaction)


def suspended(turn: Turn, state: StationState, event: CarSuspended) -> None:
    """Know whether a car wants energy; from when it does again it has its time to come to a setpoint."""
    known, evse = state.suspended, frozenset({event.evse})
    state.suspended = known | evse if event.suspended else known - evse
    if state.suspended != known:
        state.watch.disturb(turn.now.utc.timestamp())
        turn.emit(Persist(Table.STATIONS, state.id, station_document(state)))


def ask(turn: Turn, state: StationState) -> None:
    """Ask a station that has just connected whether what ran there still does (E14)."""
    for transaction in state.transactions:
        number = transaction.transaction_id
        payload = {"transactionId": number}
        turn.call(state, number, Purpose.TRANSACTION, "GetTransactionStatus", payload)
        _allow(turn, state, transaction)


def _allow(turn: Turn, state: StationState, transaction: Transaction) -> None:
    """Tell a station that can discharge that this car may not, where the site forbids it (Q)."""
    evses = () if state.profile is None else state.profile.evses
    evse = next((e for e in evses if e.id == transaction.evse_id), None)
    forbidden = state.rules.policy.get("discharge") == "forbid"
    if not forbidden or evse is None or not evse.v2x_operation_modes:
        return
    number, allowed = transaction.transaction_id, _CHARGING[evse.current]
    turn.audit("transfer.allowed", "gateway", number, station=state.id, modes=allowed)
    payload = {"transactionId": number, "allowedEnergyTransfer": allowed}
    turn.call(state, number, Purpose.TRANSFER, "NotifyAllowedEnergyTransfer", payload)


def transfer_replied(turn: Turn, state: StationState, number: str, event: StationReplied) -> None:
    """A station took note of what a car may do, or did not: setpoints stay within it anyway."""
    turn.audit("transfer.answered", state.id, number, status=event.status, reason=event.reason)


def transaction_replied(
    turn: Turn, state: StationState, number: str, event: StationReplied
) -> None:
    """Believe a station that says that a transaction is over; all else changes nothing."""
    over = event.payload.get("ongoingIndicator") is False
    if event.status is not ReplyStatus.ACCEPTED or not over:
        return
    turn.audit("transaction.over", state.id, number)
    changed(turn, state, tuple(t for t in state.transactions if t.transaction_id != number))

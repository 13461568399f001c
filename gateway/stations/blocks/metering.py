"""J, E: measurements and transactions."""

from __future__ import annotations

from collections import deque

import structlog

from gateway.core.events import SamplesTaken, StationDescribed, TransactionsChanged
from gateway.stations.context import Context, Handler, Json
from translators.canonical.capability import Transaction
from translators.ocpp.metering import samples

log = structlog.get_logger()


_REMEMBERED = 32
"""Ended transactions whose late messages do not bring them back."""


class Metering:
    """Follows the running transactions of one station, over all its connections."""

    def __init__(self) -> None:
        """Know no transaction yet."""
        self._running: dict[str, Transaction] = {}
        self._ended: deque[str] = deque(maxlen=_REMEMBERED)

    def meter_values(self, context: Context, payload: Json) -> Json:
        """Pass measurements on (J01)."""
        self._pass_on(context, payload["evseId"], payload["meterValue"])
        return {}

    def transaction_event(self, context: Context, payload: Json) -> Json:
        """Follow a transaction and pass its measurements on (E01, J02)."""
        number = payload["transactionInfo"]["transactionId"]
        known = self._running.get(number)
        evse = payload.get("evse", {}).get("id")
        evse_id = known.evse_id if evse is None and known is not None else evse
        before = tuple(self._running.values())
        if payload["eventType"] == "Ended":
            self._running.pop(number, None)
            self._ended.append(number)
            _left(context, evse_id)
        elif evse_id is not None and number not in self._ended:
            self._start(Transaction(evse_id, number))
        after = tuple(self._running.values())
        if after != before:
            context.post(TransactionsChanged(context.entry.id, after))
        self._pass_on(context, evse_id, payload.get("meterValue", []))
        # E05: a token that came with the event is answered; nobody is barred here
        return {"idTokenInfo": {"status": "Accepted"}} if "idToken" in payload else {}

    def _start(self, transaction: Transaction) -> None:
        """Note what runs; an EVSE runs one transaction, an older one there is over."""
        if self._running.get(transaction.transaction_id) == transaction:
            return
        for other in tuple(self._running.values()):
            if other.evse_id == transaction.evse_id:
                del self._running[other.transaction_id]
        self._running[transaction.transaction_id] = transaction

    def _pass_on(self, context: Context, evse: int | None, values: list[Json]) -> None:
        read = samples(context.entry.id, evse, values)
        for problem in read.problems:
            log.warning("sample.unreadable", station=context.entry.id, problem=problem)
        if read.samples:
            context.post(SamplesTaken(context.entry.id, read.samples))

    def handlers(self) -> dict[str, Handler]:
        """Return what this block answers."""
        return {"MeterValues": self.meter_values, "TransactionEvent": self.transaction_event}


def _left(context: Context, evse: int | None) -> None:
    """With the transaction goes what the car could do."""
    entry = context.entry
    known = None if evse is None else context.plate.unplugged(entry, context.version, evse)
    if known is not None:
        context.post(StationDescribed(entry.id, known))

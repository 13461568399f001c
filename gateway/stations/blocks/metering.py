"""J, E: measurements and transactions."""

from __future__ import annotations

import structlog

from gateway.core.events import SamplesTaken, TransactionsChanged
from gateway.stations.context import Context, Handler, Json
from translators.canonical.capability import Transaction
from translators.ocpp.inbound import samples

log = structlog.get_logger()


class Metering:
    """Follows the running transactions of one connection."""

    def __init__(self) -> None:
        """Know no transaction yet."""
        self._running: dict[str, Transaction] = {}

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
        if payload["eventType"] == "Ended":
            self._running.pop(number, None)
        elif evse_id is not None:
            self._running[number] = Transaction(evse_id, number)
        if (number in self._running) is not (known is not None):
            running = tuple(self._running.values())
            context.post(TransactionsChanged(context.entry.id, running))
        self._pass_on(context, evse_id, payload.get("meterValue", []))
        return {}

    def _pass_on(self, context: Context, evse: int | None, values: list[Json]) -> None:
        read = samples(context.entry.id, evse, values)
        for problem in read.problems:
            log.warning("sample.unreadable", station=context.entry.id, problem=problem)
        if read.samples:
            context.post(SamplesTaken(context.entry.id, read.samples))

    def handlers(self) -> dict[str, Handler]:
        """Return what this block answers."""
        return {"MeterValues": self.meter_values, "TransactionEvent": self.transaction_event}

"""J, E: measurements and transactions, whole and in order or with a word on what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import orjson
import structlog

from gateway.core.events import (
    CarSuspended,
    EventsMissed,
    ReadingsSigned,
    SamplesTaken,
    StationDescribed,
    TransactionsChanged,
)
from gateway.stations.context import Context, Handler, Json
from gateway.stations.reports import Report
from gateway.stations.sequence import Place, Sequence
from translators.canonical.capability import Transaction
from translators.canonical.telemetry import Sample
from translators.ocpp.metering import made, samples
from translators.ocpp.wire import place_of

log = structlog.get_logger()


_REMEMBERED = 32
"""Ended transactions whose late messages do not bring them back."""
_FOLLOWED = 64
"""Transactions whose events are counted; the one that began first is forgotten first."""
_PLACES = 256
"""EVSEs whose newest report, and whose transaction, is known; no station has so many."""
_NAMED = 32
"""Problems of values that are named in the log, each once."""


class Metering:
    """Follows transactions and measurements of one station, over all its connections.

    `counts` says how much was not as it should be: `missed` and `late` events of transactions, those that
    came `again` or bear an `odd` number, `late_reports` of older values than came before, and values that
    are `unreadable`.
    """

    def __init__(self) -> None:
        """Know no transaction yet."""
        self.counts: Counter[str] = Counter()
        self._running: dict[str, Transaction] = {}
        self._suspended: dict[int, bool] = {}
        """By EVSE: whether its car takes and gives nothing, as it said last."""
        self._ended: dict[str, None] = {}
        self._sequences: dict[str, Sequence] = {}
        self._newest: dict[int | None, datetime] = {}
        self._named: dict[str, None] = {}

    def meter_values(self, context: Context, payload: Json) -> Json:
        """Pass measurements on (J01)."""
        self._pass_on(context, place_of(payload["evseId"]), payload["meterValue"])
        return {}

    def known_report(self, context: Context, report: Report) -> None:
        """Pass measurements on that came in a form seen before (J01)."""
        _, evse, at, plan, numbers = report
        self._post(context, evse, tuple(made(context.entry.id, evse, at, plan, numbers)))

    def transaction_event(self, context: Context, payload: Json) -> Json:
        """Follow a transaction and pass its measurements on (E01, J02)."""
        number = payload["transactionInfo"]["transactionId"]
        known = self._running.get(number)
        evse = place_of(payload.get("evse", {}).get("id"))
        evse_id = known.evse_id if evse is None and known is not None else evse
        place = self._placed(context, number, payload)
        if place is not Place.AGAIN:
            before = tuple(self._running.values())
            if payload["eventType"] == "Ended":
                self._end(number)
                context.schedules.ended(number)
                _left(context, evse_id)
            elif place is not Place.LATE and evse_id is not None and number not in self._ended:
                self._start(Transaction(evse_id, number))
            after = tuple(self._running.values())
            if after != before:
                context.post(TransactionsChanged(context.entry.id, after))
            if place is not Place.LATE and evse_id is not None:
                self._note_state(context, evse_id, payload)
            self._pass_on(context, evse_id, payload.get("meterValue", []), number)
        # E05: a token that came with the event is answered; nobody is barred here
        return {"idTokenInfo": {"status": "Accepted"}} if "idToken" in payload else {}

    def _note_state(self, context: Context, evse: int, payload: Json) -> None:
        """Tell where a car wants no energy, and where one does again (E)."""
        told = payload["transactionInfo"].get("chargingState")
        if told is None:
            return
        suspended = told == "SuspendedEV" and payload["eventType"] != "Ended"
        if self._suspended.get(evse) is not suspended:
            self._suspended[evse] = suspended
            context.post(CarSuspended(context.entry.id, evse, suspended))
        if len(self._suspended) > _PLACES:
            del self._suspended[next(iter(self._suspended))]

    def _end(self, number: str) -> None:
        """Note what runs no more, and is not brought back by a late word."""
        self._running.pop(number, None)
        self._ended[number] = None
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def _start(self, transaction: Transaction) -> None:
        """Note what runs; an EVSE runs one transaction, an older one there is over."""
        if self._running.get(transaction.transaction_id) == transaction:
            return
        for other in tuple(self._running.values()):
            if other.evse_id == transaction.evse_id:
                del self._running[other.transaction_id]
        self._running[transaction.transaction_id] = transaction
        if len(self._running) > _PLACES:
            del self._running[next(iter(self._running))]

    def _placed(self, context: Context, number: str, payload: Json) -> Place:
        """Return where an event stands in its transaction; numbers that it skips are told once."""
        station = context.entry.id
        sequence = self._sequences.setdefault(number, Sequence())
        if len(self._sequences) > _FOLLOWED:
            del self._sequences[next(iter(self._sequences))]
        place, missing = sequence.take(payload["seqNo"], hash(orjson.dumps(payload)))
        if missing:
            first, last = missing.start, missing.stop - 1
            self.counts["missed"] += last - first + 1
            log.warning(
                "transaction.events_missed",
                station=station,
                transaction=number,
                first=first,
                last=last,
            )
            context.post(EventsMissed(station, number, first, last))
        elif place is not Place.NEXT:
            self.counts[place.value] += 1
            if self.counts[place.value] == 1:
                where = {"station": station, "transaction": number, "place": place.value}
                log.info("transaction.event_out_of_order", **where)
        return place

    def _pass_on(
        self, context: Context, evse: int | None, values: list[Json], transaction: str | None = None
    ) -> None:
        station = context.entry.id
        read = samples(station, evse, values, transaction)
        if read.problems:
            self._name(station, read.problems)
        self._post(context, evse, read.samples)
        if read.signed:
            context.post(ReadingsSigned(station, read.signed))

    def _post(self, context: Context, evse: int | None, read: tuple[Sample, ...]) -> None:
        if not read:
            return
        station, newest = context.entry.id, read[-1].at
        if newest >= self._newest.get(evse, newest):
            self._newest[evse] = newest
        else:
            self._late(station, evse)
        if len(self._newest) > _PLACES:
            self._newest.clear()
        context.post(SamplesTaken(station, read))

    def _late(self, station: str, evse: int | None) -> None:
        """Count a report that is older than another one; whoever keeps samples goes by their instants."""
        self.counts["late_reports"] += 1
        if self.counts["late_reports"] == 1:
            log.info("samples.late", station=station, evse=evse)

    def _name(self, station: str, problems: Iterable[str]) -> None:
        """Say what cannot be read; the same again, and what comes after many others, is counted only."""
        for problem in problems:
            self.counts["unreadable"] += 1
            if problem not in self._named and len(self._named) < _NAMED:
                self._named[problem] = None
                log.warning("sample.unreadable", station=station, problem=problem)

    def handlers(self) -> dict[str, Handler]:
        """Return what this block answers."""
        return {"MeterValues": self.meter_values, "TransactionEvent": self.transaction_event}


def _left(context: Context, evse: int | None) -> None:
    """With the transaction goes what the car could do."""
    entry = context.entry
    known = None if evse is None else context.plate.unplugged(entry, context.version, evse)
    if known is not None:
        context.post(StationDescribed(entry.id, known))

"""What goes back to an IEEE 2030.5 utility about events and devices: responses, registration, status."""

from __future__ import annotations

from datetime import UTC, datetime

from translators.canonical.commands import Revision
from translators.canonical.status import Availability, StationStatus
from translators.canonical.telemetry import ControlOutcome
from translators.ieee2030_5.elements import told, whole
from translators.ieee2030_5.identity import sfdi
from translators.ieee2030_5.wire import Resource
from translators.rules import facts
from translators.rules.book import Book
from translators.rules.facts import Facts, Value
from translators.rules.trace import Translation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def status_code(book: Book, outcome: ControlOutcome, revision: Revision) -> int:
    """Return the ResponseType of an outcome; 251 is unknown to 2018, where 252 stands for it."""
    known = facts.answer(outcome, event="", device="", at=_EPOCH)
    return int(response(book, revision, known).text_at("status"))


def response(book: Book, revision: Revision, answer: Facts) -> Resource:
    """Return the DERControlResponse for one event, of the facts of `facts.answer`.

    `event` is its mRID, `device` the LFDI, `at` the utility's time. `elements` names the modes of the
    event's DERControlBase: 2023 wants them as bits.
    """
    return whole(told(book, revision, "DERControlResponse", answer))


def end_device(book: Book, revision: Revision, lfdi: str, at: datetime) -> Resource:
    """Return the EndDevice that registers an EVSE in band; `at` is the utility's time."""
    values: dict[str, Value] = {"device": lfdi, "short_device": str(sfdi(lfdi)), "at": at}
    return whole(told(book, revision, "EndDevice", Facts("device", values)))


def der_status(
    book: Book, revision: Revision, status: StationStatus
) -> Translation[Resource | None]:
    """Return the DERStatus of a station.

    A silent station says nothing of its contacts: its connection status is left out, and it is off in
    no mode that it told (operationalModeStatus 0, not applicable).
    """
    return told(book, revision, "DERStatus", facts.status(status))


def der_availability(
    book: Book, revision: Revision, availability: Availability
) -> Translation[Resource | None]:
    """Return the DERAvailability of a station; what is not known is left out."""
    return told(book, revision, "DERAvailability", facts.availability(availability))

"""From the commands of one event, an interval each, to the messages that one station is owed."""

from __future__ import annotations

from collections.abc import Sequence

from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand
from translators.ocpp.orders import StationOrders, to_station
from translators.rules.book import Book
from translators.rules.trace import Translation


def to_station_series(
    book: Book, commands: Sequence[DerCommand], profile: StationProfile, situation: Situation
) -> Translation[StationOrders]:
    """Return the messages for all commands of one event, in the order of time."""
    parts = [to_station(book, command, profile, situation) for command in commands]
    orders = StationOrders(
        tuple(message for part in parts for message in part.value.messages),
        tuple(name for part in parts for name in part.value.vacuous),
    )
    return Translation(
        orders,
        tuple(step for part in parts for step in part.steps),
        tuple(loss for part in parts for loss in part.losses),
        tuple(refusal for part in parts for refusal in part.refusals),
    )
